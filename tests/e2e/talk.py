"""What was said in a session, however it came, and what must be true of it."""

import array
import math
import random
import re
import time
import wave

from tools import QUESTION, check

FRAME = 0.02


def microphone(path=QUESTION, then=20):
    """(rate, pieces): what a microphone in a quiet room hears, to be sent one piece every FRAME seconds."""
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        speech = file.readframes(file.getnframes())
    size = int(rate * FRAME) * 2
    numbers = random.Random(1)
    quiet = b"".join(array.array("h", [numbers.randint(-30, 30)]).tobytes() for _ in range(rate))
    pieces = [speech[i : i + size] for i in range(0, len(speech) // size * size, size)]
    pieces += [quiet[i : i + size] for i in range(0, len(quiet) // size * size, size)] * then
    return rate, pieces


class Pace:
    """Keeps to the clock: what is late is made up for."""

    def __init__(self):
        self.next = time.monotonic()

    def left(self):
        self.next += FRAME
        return max(0.0, self.next - time.monotonic())


class Transcript:
    """Messages as over a WebSocket: dictionaries, and bytes for sound."""

    def __init__(self):
        self.all = []

    def add(self, message):
        self.all.append(message)

    def index(self, holds, start=0):
        return next((i for i in range(start, len(self.all)) if isinstance(self.all[i], dict) and holds(self.all[i])), None)

    def event(self, name, turn=None, start=0):
        return self.index(lambda m: m["type"] == "event" and m["event"] == name and turn in (None, m["turn"]), start)

    def samples_told(self, number=None):
        """How many samples were played of a turn; none: it did not come to its end. Where the machine is slow, playing
        ends between sentences, too: the last word counts."""
        told = [m["detail"] for m in self.all if isinstance(m, dict) and m["type"] == "event" and m["event"] == "playout_end"
                and number in (None, m["turn"])]
        return int(re.fullmatch(r"played (\d+) samples of turn \d+", told[-1])[1]) if told else None

    def turn(self, number):
        return self.index(lambda m: m["type"] == "turn" and m["turn"] == number)

    def sound(self, start=0, end=None):
        return b"".join(m for m in self.all[start:end] if isinstance(m, bytes))

    def words(self, stream, final=None):
        return [m["text"] for m in self.all if isinstance(m, dict) and m["type"] == "text" and m["stream"] == stream
                and final in (None, m["final"])]


def loudness(sound):
    samples = array.array("h", sound)
    return math.sqrt(sum(s * s for s in samples) / max(1, len(samples)))


def check_answer(talk, number, rate, start=0):
    """An answer that was not interrupted: as long as was told, and a voice."""
    told = talk.samples_told(number)
    check(told is not None, f"turn {number} is spoken to its end")
    sound = talk.sound(start)
    expected, got = told / 16_000, len(sound) / 2 / rate
    check(abs(expected - got) < 0.1, f"{got:.2f} s of sound came, where {expected:.2f} s were played")
    check(loudness(sound) > 300, f"it is a voice, of loudness {loudness(sound):.0f}")


def check_interrupted_story(talk, rate):
    """question.wav: asks for a story, and speaks again while it is told."""
    check(talk.all[0]["type"] == "ready", "the session says first that it is ready")
    heard = talk.words("heard", True)
    check(len(heard) == 2 and "story" in heard[0], f"both questions are captions: {heard}")
    check(len(talk.words("heard", False)) > 3, "and come as they are spoken")
    check("lighthouse" in " ".join(talk.words("said")), "the answer is the story")
    cut = talk.event("interruption", 1)
    check(cut is not None, "the second question interrupts the first answer")
    told = talk.sound(0, cut)
    check(len(told) / 2 / rate > 2 and loudness(told) > 300,
          f"{len(told) / 2 / rate:.1f} s of the story were heard, of loudness {loudness(told):.0f}")
    second = talk.event("first_audio", 2, cut)
    check(second is not None, "the second question is answered")
    check(not talk.sound(cut, second), "after the interruption no sound of the first answer comes")
    check_answer(talk, 2, rate, cut)
    first = talk.all[talk.turn(1)]
    check(first["interrupted"] and first["said"] and first["latency"]["total"] > 0,
          f"the first turn is told as interrupted after '{first['said'][-30:]}', answered in {first['latency']['total']:.2f} s")
    last = talk.all[talk.turn(2)]
    check(not last["interrupted"] and last["latency"]["total"] > 0, f"and the second as whole, answered in {last['latency']['total']:.2f} s")
