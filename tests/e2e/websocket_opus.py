#!/usr/bin/python3
"""Opus over a WebSocket, both ways: encoded and decoded by libopus itself, carried by Python's websockets.

Usage: websocket_opus.py WS_ADDRESS HTTP_ADDRESS
"""

import array
import asyncio
import random
import sys

from serving import sessions
from talk import FRAME, Pace, check_answer, check_interrupted_story, loudness, microphone
from tools import check, need_modules, wait_until

need_modules(websockets="python3-websockets")
from opus import Decoder, Encoder  # noqa: E402
from websocket_talk import Talk, event  # noqa: E402


class OpusTalk(Talk):
    """A session whose sound comes as Opus: the transcript has it decoded."""

    def __init__(self, address, rate, channels=1):
        super().__init__(address)
        self.decoder = Decoder(rate, channels)
        self.packets = []

    def add(self, message):
        if isinstance(message, bytes):
            self.packets.append(message)
            message = self.decoder.decode(message)
        super().add(message)


async def a_spoken_question(address, milliseconds, play):
    """Said in packets of so many milliseconds."""
    rate, pieces = microphone()
    at_once = milliseconds // int(FRAME * 1000)
    encoder = Encoder(rate)
    sent = plain = 0
    async with OpusTalk(address, play) as talk:
        await talk.say(type="start", audio={"codec": "opus", "rate": rate}, play={"codec": "opus", "rate": play})
        pace = Pace()
        for i in range(0, len(pieces), at_once):
            if talk.turn(2) is not None:
                break
            sound = b"".join(pieces[i : i + at_once])
            packet = encoder.encode(sound)
            sent, plain = sent + len(packet), plain + len(sound)
            await talk.ws.send(packet)
            for _ in range(at_once):
                left = pace.left()
            await asyncio.sleep(left)
        check(talk.all[0]["play"] == {"codec": "opus", "rate": play, "channels": 1}, f"the session says how it will sound: {talk.all[0]}")
        check(sent < plain / 5, f"{sent} bytes in packets of {milliseconds} ms were sent for {plain} of sound")
        check_interrupted_story(talk, play)
        came = sum(len(p) for p in talk.packets)
        seconds = len(talk.sound()) / 2 / play
        check(came < 8000 * seconds, f"and {came} bytes came for {seconds:.1f} s of sound")
        lengths = {len(Decoder(play).decode(p)) / 2 / play for p in talk.packets}
        check(lengths == {FRAME}, f"each packet has {lengths} s")


async def told(address, **play):
    """What is heard of an answer: samples of 16 bits."""
    opus = play.get("codec") == "opus"
    async with OpusTalk(address, play["rate"], play["channels"]) if opus else Talk(address) as talk:
        await talk.say(type="start", play=play)
        await talk.say(type="text", text="hello")
        await talk.wait_for(event("playout_end"), f"an answer is told in {play}")
        await asyncio.sleep(0.1)
        if play["channels"] == 1:
            check_answer(talk, 1, play["rate"])
        return array.array("h", talk.sound())


def envelope(samples, rate):
    """How loud each 20 ms are."""
    size = int(rate * FRAME)
    return [loudness(samples[i : i + size].tobytes()) for i in range(0, len(samples) - size, size)]


def likeness(a, b):
    """The correlation of two lists, at the shift of at most 60 ms where it is greatest."""
    def at(shift):
        pairs = list(zip(a[max(0, shift):], b[max(0, -shift):]))
        means = [sum(side) / len(pairs) for side in zip(*pairs)]
        x, y = [p[0] - means[0] for p in pairs], [p[1] - means[1] for p in pairs]
        return sum(p * q for p, q in zip(x, y)) / (sum(p * p for p in x) * sum(q * q for q in y)) ** 0.5

    return max(at(shift) for shift in range(-3, 4))


async def the_same_in_all_forms(address):
    plain = envelope(await told(address, codec="pcm", rate=48_000, channels=1), 48_000)
    for rate in (48_000, 24_000, 16_000, 8_000):
        squeezed = await told(address, codec="opus", rate=rate, channels=1)
        alike = likeness(plain, envelope(squeezed, rate))
        check(alike > 0.97, f"Opus of {rate} Hz sounds as the plain samples do, by {alike:.3f}")
    both = await told(address, codec="opus", rate=48_000, channels=2)
    left, right = envelope(both[0::2], 48_000), envelope(both[1::2], 48_000)
    check(likeness(plain, left) > 0.97 and likeness(plain, right) > 0.97, "and so do both channels of two")


async def mistakes(address):
    async with OpusTalk(address, 48_000) as talk:
        await talk.say(type="start", audio={"codec": "opus", "rate": 44_100})
        await talk.wait_for(lambda m: m["type"] == "error" and "Opus has rates of 8000, 12000, 16000, 24000 and 48000" in m["message"],
                            "a rate that Opus does not have is told")
    async with OpusTalk(address, 48_000) as talk:
        await talk.say(type="start", audio={"codec": "opus"}, play={"codec": "opus"})
        numbers = random.Random(2)
        for packet in [b"\xff\xff", bytes(numbers.randrange(256) for _ in range(3000))]:
            before = len(talk.all)
            await talk.ws.send(packet)
            at = await talk.wait_for(lambda m: m["type"] == "error", "what is no packet of Opus is told", start=before)
            check("Opus" in talk.all[at]["message"], f"in these words: {talk.all[at]['message']}")
        await talk.ws.send(Encoder(48_000).encode(bytes(1920)))
        await talk.say(type="text", text="hello")
        await talk.wait_for(event("playout_end"), "and the session goes on")
        check_answer(talk, 1, 48_000)


async def main():
    address, http = sys.argv[1:]
    await a_spoken_question(address, 20, 48_000)
    await a_spoken_question(address, 60, 24_000)
    await the_same_in_all_forms(address)
    await mistakes(address)
    wait_until(lambda: not sessions(http), "all sessions have ended")


if __name__ == "__main__":
    asyncio.run(main())
