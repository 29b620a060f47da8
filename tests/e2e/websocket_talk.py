#!/usr/bin/python3
"""The gateway's WebSocket, used by Python's websockets.

Usage: websocket_talk.py WS_ADDRESS HTTP_ADDRESS
"""

import asyncio
import base64
import json
import sys

from serving import get, sessions
from talk import Pace, Transcript, check_answer, check_interrupted_story, loudness, microphone
from tools import check, need_modules, wait_until

need_modules(websockets="python3-websockets")
import websockets  # noqa: E402


class Talk(Transcript):
    """A session: what comes is in the transcript."""

    def __init__(self, address, **more):
        super().__init__()
        self.socket = websockets.connect(address, subprotocols=["rtai.v1"], max_size=None, **more)

    async def __aenter__(self):
        self.ws = await self.socket.__aenter__()
        self.reader = asyncio.create_task(self.read())
        return self

    async def __aexit__(self, *failed):
        await self.socket.__aexit__(*failed)
        await self.reader

    async def read(self):
        try:
            async for message in self.ws:
                self.add(message if isinstance(message, bytes) else json.loads(message))
        except websockets.ConnectionClosed:
            pass

    async def say(self, **message):
        await self.ws.send(json.dumps(message))

    async def wait_for(self, holds, what, patience=15.0, start=0):
        """The index of the first message that is so."""
        for _ in range(int(patience / 0.02)):
            if self.index(holds, start) is not None:
                break
            await asyncio.sleep(0.02)
        found = self.index(holds, start)
        check(found is not None, what)
        return found

    async def ended(self, code):
        await asyncio.wait_for(self.ws.wait_closed(), 15)
        check(self.ws.close_code == code, f"it is closed with {self.ws.close_code}: {self.ws.close_reason}")


def event(name):
    return lambda m: m["type"] == "event" and m["event"] == name


async def a_spoken_question(address):
    rate, pieces = microphone()
    async with Talk(address) as talk:
        check(talk.ws.subprotocol == "rtai.v1", "the subprotocol is agreed on")
        await talk.say(type="start", audio={"rate": rate}, play={"rate": 24_000})
        pace = Pace()
        for piece in pieces:
            if talk.turn(2) is not None:
                break
            await talk.ws.send(piece)
            await asyncio.sleep(pace.left())
        check_interrupted_story(talk, 24_000)


async def a_typed_question(address):
    async with Talk(address) as talk:
        await talk.say(type="start")
        await talk.say(type="text", text="tell me a story")
        await talk.wait_for(event("playout_start"), "a typed question is answered")
        await asyncio.sleep(1)
        await talk.say(type="interrupt")
        cut = await talk.wait_for(event("interruption"), "and interrupted by a word")
        await asyncio.sleep(0.5)
        check(loudness(talk.sound(0, cut)) > 300 and not talk.sound(cut), "after which there is no sound")
        await talk.say(type="text", text="thank you")
        end = await talk.wait_for(event("playout_end"), "the next question is answered")
        await talk.wait_for(lambda m: m["type"] == "turn", "and its turn told", start=end)
        check_answer(talk, talk.all[end]["turn"], talk.all[0]["play"]["rate"], cut)


async def mistakes(address, http):
    async with Talk(address) as talk:
        await talk.say(type="start")
        await talk.say(type="ping", id=7)
        pong = await talk.wait_for(lambda m: m["type"] == "pong", "a ping has a pong")
        check(talk.all[pong]["id"] == 7, "with its id")
        wrong = {
            "JSON": "{not json",
            "a message needs a \"type\"": "{}",
            "there is no message of type \"sing\"": '{"type":"sing"}',
            "a text message needs \"text\"": '{"type":"text"}',
            "sound has a rate of": '{"type":"start","play":{"rate":1}}',
            "audio.channels": '{"type":"start","audio":{"channels":9}}',
            "base64": '{"type":"image","data":"???"}',
            "takes no": json.dumps({"type": "image", "data": base64.b64encode(b"x").decode()}),
            "no whole number of samples": b"odd",
            "a text may have 16384 bytes": json.dumps({"type": "text", "text": "x" * 20_000}),
            "deep": "[" * 100_000,
        }
        for told, message in wrong.items():
            before = len(talk.all)
            await talk.ws.send(message)
            at = await talk.wait_for(lambda m: m["type"] == "error", f"a mistake is told: {told}", start=before)
            if told not in ("JSON", "deep"):
                check(told in talk.all[at]["message"], f"in these words: {talk.all[at]['message']}")
            else:
                print(f"    {talk.all[at]['message']}")
        await talk.say(type="text", text="hello")
        await talk.wait_for(event("playout_end"), "and the session goes on")
        for _ in range(25):
            await talk.say(type="sing")
        await talk.ended(1008)
    async with Talk(address) as talk:
        await talk.ws.send(bytes(2 << 20))
        await talk.ended(1009)
    async with Talk(address) as talk:
        await talk.say(type="text", text="hello")
        await talk.wait_for(event("first_audio"), "a client that does not say how it wants things is served")
        await talk.ws.close()
        check(talk.ws.close_code == 1000, "and its farewell is answered")
    try:
        async with websockets.connect(address, origin="https://other.example"):
            got = None
    except websockets.InvalidStatusCode as refusal:
        got = refusal.status_code
    check(got == 403, "a page of another site is refused")
    async with websockets.connect(address, origin=http):
        check(True, "the server's own page is not")


async def main():
    address, http = sys.argv[1:]
    await a_spoken_question(address)
    await a_typed_question(address)
    await mistakes(address, http)
    status, body = get(http + "/ws")
    check(status in (400, 426), f"without a handshake, it is {status}: {body.strip()}")
    wait_until(lambda: not sessions(http), "all sessions have ended")
    check("\nrelay_sessions_active 0\n" in get(http + "/metrics")[1], "and are not counted as active any more")


if __name__ == "__main__":
    asyncio.run(main())
