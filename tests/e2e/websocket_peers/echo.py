"""An echo server on Python's websockets. Says its port."""
import asyncio
import sys

import websockets


async def echo(socket):
    try:
        async for message in socket:
            await socket.send(message)
    except websockets.ConnectionClosedError:  # with another code than 1000
        pass


async def main():
    async with websockets.serve(echo, "127.0.0.1", 0, subprotocols=["echo"], compression=None, max_size=2**24) as server:
        print("port", server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
