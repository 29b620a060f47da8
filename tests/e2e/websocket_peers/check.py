"""Python's websockets as a client of our echo server: check.py ws://127.0.0.1:PORT"""
import asyncio
import os
import sys
import urllib.request

import websockets

url = sys.argv[1]


def last_end():
    return urllib.request.urlopen(url.replace("ws://", "http://") + "/last", timeout=10).read().decode()


async def main():
    async with websockets.connect(url + "/echo", subprotocols=["echo"], max_size=2**24) as socket:  # it offers deflate
        assert socket.subprotocol == "echo"
        for size in (0, 1, 125, 126, 1920, 65535, 65536, 1_000_000):
            for message in (os.urandom(size), "é" * size):
                await socket.send(message)
                assert await socket.recv() == message, size
        await socket.send([b"in ", b"three ", b"fragments"])
        assert await socket.recv() == b"in three fragments"
        await socket.send(["\u00e9", "\U0001F600", ""])
        assert await socket.recv() == "\u00e9\U0001F600"
        pong = await socket.ping(b"are you there")
        await asyncio.wait_for(pong, 5)
        await socket.close(4000, "done")
    assert socket.close_code == 4000, socket.close_code
    await asyncio.sleep(0.1)
    assert last_end() == "4000 clean", last_end()

    async with websockets.connect(url + "/lively") as socket:  # pinged by the server, it stays
        await asyncio.sleep(1.5)
        await socket.send("still here")
        assert await socket.recv() == "still here"

    for message, code in ((b"x" * 1000, None), (b"x" * 1001, 1009)):
        async with websockets.connect(url + "/small") as socket:
            await socket.send(message)
            try:
                assert await socket.recv() == message and code is None
            except websockets.ConnectionClosed as e:
                assert code is not None and e.rcvd.code == code, e

    try:
        await websockets.connect(url + "/echo", extra_headers={"Sec-WebSocket-Version": "8"})
        raise AssertionError("version 8 was accepted")
    except websockets.InvalidStatusCode as e:
        assert e.status_code == 426, e

    await asyncio.gather(*(one_of_many(i) for i in range(200)))
    print("Python's websockets", websockets.__version__, "and our server understand each other")


async def one_of_many(number):
    async with websockets.connect(url + "/echo") as socket:
        for i in range(5):
            await socket.send(f"{number} {i}")
            assert await socket.recv() == f"{number} {i}"


asyncio.run(main())
