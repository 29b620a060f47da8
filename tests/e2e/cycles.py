#!/usr/bin/python3
"""Clients come, talk a little and go, in all the ways there are: the server is afterwards as it was.

Usage: cycles.py PID WS_ADDRESS GRPC_ADDRESS HTTP_ADDRESS [COUNT]
"""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

from serving import get, sessions
from tools import check, need_modules, skip, wait_until

need_modules(grpc="python3-grpcio", google="python3-protobuf", websockets="python3-websockets")
import websockets  # noqa: E402

from grpc_python import Call, grpc, service, words  # noqa: E402

SOUND = bytes(640)
AT_ONCE = 16


def measured(pid):
    """What the server holds: kilobytes in memory, descriptors, threads."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = {line.split(":")[0]: line.split()[1] for line in status if line.startswith(("VmRSS", "Threads"))}
    return {"memory": int(found["VmRSS"]), "descriptors": len(list(Path(f"/proc/{pid}/fd").iterdir())), "threads": int(found["Threads"])}


async def one(address, number):
    # From many addresses, for each has its limits.
    source = (f"127.0.1.{number % 200 + 1}", 0)
    socket = await websockets.connect(address, subprotocols=["rtai.v1"], local_addr=source, close_timeout=5, max_size=None)
    kind = number % 6
    try:
        if kind == 0:  # says nothing at all
            return
        await socket.send(json.dumps({"type": "start", "audio": {"rate": 16000}}))
        for _ in range(5):
            await socket.send(SOUND)
        if kind == 1:  # does not even wait for an answer
            socket.transport.abort()
            return
        ready = json.loads(await socket.recv())
        assert ready["type"] == "ready", ready
        if kind == 2:  # in the middle of a message
            socket.transport.write(b"\x82\xfe\x02\x80\x01\x02\x03\x04half of it")
            await asyncio.sleep(0.005)
            socket.transport.abort()
        elif kind == 3:  # in the middle of an answer
            await socket.send('{"type":"text","text":"hello"}')
            while isinstance(await socket.recv(), str):
                pass
            socket.transport.abort()
        elif kind == 4:  # what breaks the protocol
            socket.transport.write(b"\xff\xff\xff\xff")
            await asyncio.wait_for(socket.wait_closed(), 10)
        else:
            await socket.send('{"type":"ping"}')
            while json.loads(await socket.recv())["type"] != "pong":
                pass
    finally:
        await socket.close()


async def many(address, first, count):
    numbers = iter(range(first, first + count))

    async def some():
        for number in numbers:
            await asyncio.wait_for(one(address, number), 60)

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))


def killed_in_the_middle(ws, far, http):
    """kill -9 of clients in the middle of their calls."""
    victims = [subprocess.Popen([sys.executable, __file__, "--victim", address]) for address in [ws, far] * 3]
    try:
        wait_until(lambda: sum(s["bytes_out"] > 10_000 for s in sessions(http)) == len(victims), "six clients are told a story", 30)
    finally:
        for victim in victims:
            victim.kill()
            victim.wait()
    wait_until(lambda: not sessions(http), "killed, their sessions end")


def victim(address):
    if address.startswith("ws"):
        asyncio.run(listen_by_websocket(address))
    else:
        call = Call(service.StreamingAIServiceStub(grpc.insecure_channel(address)))
        call.say(words("tell me a story"))
        call.reader.join()


async def listen_by_websocket(address):
    async with websockets.connect(address) as socket:
        await socket.send('{"type":"start"}')
        await socket.send('{"type":"text","text":"tell me a story"}')
        async for _ in socket:
            pass


def main():
    pid, ws, far, http = sys.argv[1:5]
    count = int(sys.argv[5]) if len(sys.argv) > 5 else 10_000
    if not Path(f"/proc/{pid}/fd").exists():
        skip("there is no /proc")
    asyncio.run(many(ws, 0, 200))
    killed_in_the_middle(ws, far, http)
    wait_until(lambda: not sessions(http), "after 200 clients, none is left")
    time.sleep(1)
    before = measured(pid)
    print(f"    {before}", flush=True)
    begun = time.monotonic()
    asyncio.run(many(ws, 200, count))
    print(f"    {count / (time.monotonic() - begun):.0f} clients a second", flush=True)
    wait_until(lambda: not sessions(http), f"after {count} more, none is left")
    killed_in_the_middle(ws, far, http)
    wait_until(lambda: measured(pid)["descriptors"] <= before["descriptors"] + 2, "all descriptors are closed")
    after = measured(pid)
    print(f"    {after}", flush=True)
    check(after["threads"] <= before["threads"] + 2, "there are as many threads")
    check(after["memory"] < before["memory"] + 10_000, f"memory is what it was, within {after['memory'] - before['memory']} KiB")
    metrics = get(http + "/metrics")[1]
    check("\nrelay_sessions_active 0\n" in metrics and "\naiservice_pipeline_active 0\n" in metrics, "no session is counted as active")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--victim"]:
        victim(sys.argv[2])
    else:
        main()
