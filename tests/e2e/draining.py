#!/usr/bin/python3
"""SIGTERM with a hundred live calls: each hears its answer to the end, nobody new is let in, and the server ends. A
second one ends it at once.

Usage: draining.py BINARY DIRECTORY
"""

import asyncio
import json
import signal
import sys
import time

from serving import Server, get, sessions
from tools import check, need_modules

need_modules(grpc="python3-grpcio", google="python3-protobuf", websockets="python3-websockets")
import grpc  # noqa: E402
import websockets  # noqa: E402

from grpc_python import Call, pb, service, words  # noqa: E402
from websocket_talk import Talk  # noqa: E402

OVER_WEBSOCKETS, OVER_GRPC = 90, 10


async def listener(address, number):
    """How its session ended, and whether its answer was whole."""
    async with Talk(address, local_addr=(f"127.0.1.{number + 1}", 0)) as talk:
        await talk.say(type="start")
        await talk.say(type="text", text="hello")
        await asyncio.wait_for(talk.ws.wait_closed(), 40)
        await talk.reader
        return talk.ws.close_code, is_whole(talk, talk.all[0]["play"]["rate"])


def is_whole(talk, rate):
    told = talk.samples_told()
    return told is not None and abs(len(talk.sound()) / 2 / rate - told / 16_000) < 0.1


async def a_new_client(address):
    """The status it gets, and when it may come again."""
    try:
        async with websockets.connect(address):
            return None, None
    except websockets.InvalidStatusCode as error:
        return error.status_code, error.headers.get("Retry-After")


async def interrupt_twice(server):
    """Whoever asks twice does not want to wait."""
    channel = grpc.insecure_channel(server.grpc)
    call = Call(service.StreamingAIServiceStub(channel))
    call.say(words("tell me a story"))
    async with Talk(server.ws) as talk:
        await talk.say(type="start")
        await talk.say(type="text", text="tell me a story")
        for _ in range(600):
            live = await asyncio.to_thread(sessions, server.http)
            if sum(s["bytes_out"] > 1000 for s in live) == 2:
                break
            await asyncio.sleep(0.02)
        server.process.send_signal(signal.SIGINT)
        await asyncio.sleep(0.3)
        check(server.process.poll() is None, "asked once, the server lets two long answers go on")
        begun = time.monotonic()
        server.process.send_signal(signal.SIGINT)
        code = await asyncio.to_thread(server.wait)
        check(code == 0, f"asked again, it ends with exit code {code}, {time.monotonic() - begun:.1f} s later")
    ended = await asyncio.to_thread(call.over, 30)
    check(ended != grpc.StatusCode.OK, f"and its call over gRPC is cut off: {ended}")
    channel.close()


async def talk_until_the_end(server):
    channel = grpc.insecure_channel(server.grpc)
    stub = service.StreamingAIServiceStub(channel)
    calls = [Call(stub) for _ in range(OVER_GRPC)]
    for call in calls:
        call.say(words("hello"))
    listeners = [asyncio.create_task(listener(server.ws, i)) for i in range(OVER_WEBSOCKETS)]
    count = OVER_GRPC + OVER_WEBSOCKETS
    for _ in range(600):
        live = await asyncio.to_thread(sessions, server.http)
        if sum(s["bytes_out"] > 1000 for s in live) == count:
            break
        await asyncio.sleep(0.02)
    check(sum(s["bytes_out"] > 1000 for s in live) == count, f"{count} sessions are being answered")
    server.process.send_signal(signal.SIGTERM)
    await asyncio.sleep(0.3)
    status, body = await asyncio.to_thread(get, server.http + "/ready")
    check(status == 503 and "about to stop" in body, f"told to end, the server is not ready for more: {status} {body.strip()}")
    status, body = await asyncio.to_thread(get, server.http + "/health")
    health = json.loads(body)
    check(status == 200 and health["status"] == "draining", f"its health is 'draining', with {health['sessions']} sessions")
    status, body = await asyncio.to_thread(get, server.http + "/metrics")
    check(status == 200 and "relay_sessions_active" in body, "its metrics are there to the end")
    refused, later = await a_new_client(server.ws)
    check(refused == 503 and later, f"a new client is refused with {refused}, and told to come back in {later} s")
    try:
        await asyncio.to_thread(stub.CreateSession, pb.CreateSessionRequest(), timeout=10)
        refused = None
    except grpc.RpcError as error:
        refused = error.code()
    check(refused == grpc.StatusCode.UNAVAILABLE, f"over gRPC, too: {refused}")
    ends = await asyncio.gather(*listeners)
    check({code for code, _ in ends} == {1001}, f"the WebSockets are closed with {({code for code, _ in ends})}, going away")
    check(all(whole for _, whole in ends), f"{sum(w for _, w in ends)} of {len(ends)} answers were heard to their end")
    codes = {await asyncio.to_thread(call.over, 30) for call in calls}
    check(codes == {grpc.StatusCode.OK}, f"the gRPC streams end with {codes}")
    check(all(call.talk.all[-1].get("reason") == "drain" for call in calls), "and are told why")
    check(all(is_whole(call.talk, 16_000) for call in calls), "their answers, too, were heard to their end")
    channel.close()


def main():
    with Server(sys.argv[1], sys.argv[2]) as server:
        try:
            asyncio.run(talk_until_the_end(server))
            begun = time.monotonic()
            code = server.wait()
            check(code == 0, f"the server ends with exit code {code}, {time.monotonic() - begun:.1f} s later")
            check(get(server.http + "/health")[0] == 0, "and listens no longer")
        except SystemExit:
            show_log(server)
            raise
    with Server(sys.argv[1], sys.argv[2], arguments=("--set", "program.drain=1h")) as server:
        try:
            asyncio.run(interrupt_twice(server))
        except SystemExit:
            show_log(server)
            raise


def show_log(server):
    print("--- the server wrote:\n" + server.log.read_text(errors="replace")[-20_000:] + "---", flush=True)


if __name__ == "__main__":
    main()
