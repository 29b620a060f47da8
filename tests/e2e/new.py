#!/usr/bin/python3
"""What a stranger does first: rtai new, rtai run, the page, a question; and the mistakes that are made on the way.

Usage: new.py RTAI COMPILER
"""

import asyncio
import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from serving import Server, get
from talk import Pace, check_answer, microphone
from tools import TREE, check, need_modules

need_modules(websockets="python3-websockets")
from websocket_talk import Talk, event  # noqa: E402


def typed(place, *words, **variables):
    """Exit code and what was printed."""
    done = subprocess.run(words, cwd=place, env={**os.environ, **variables}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=300)
    return done.returncode, done.stdout


def refused(place, told, *words, **variables):
    code, out = typed(place, *words, **variables)
    check(code != 0 and re.search(told, out, re.DOTALL), f"{' '.join(words[1:])}: {out.strip()}")


async def a_typed_question(address):
    async with Talk(address) as talk:
        await talk.say(type="start", play={"rate": 16_000})
        await talk.say(type="text", text="what is your name")
        await talk.wait_for(event("playout_end"), "a typed question is answered")
        check(talk.words("said") == ["My name is my_assistant."], f"by the element of one's own: {talk.words('said')}")
        check_answer(talk, 1, 16_000)


async def a_spoken_question(address):
    rate, pieces = microphone()
    async with Talk(address) as talk:
        await talk.say(type="start", audio={"rate": rate}, play={"rate": 16_000})
        pace = Pace()
        for piece in pieces:
            if talk.turn(2) is not None:
                break
            await talk.ws.send(piece)
            await asyncio.sleep(pace.left())
        heard, said = talk.words("heard", True), " ".join(talk.words("said"))
        check(heard and "story" in heard[0], f"a spoken one is heard: {heard}")
        check(f"You said: {heard[0]}." in said, f"and answered: {said}")
        check(talk.event("interruption") is not None, "the second interrupts the answer to the first")
        check(talk.all[talk.turn(2)]["latency"]["total"] > 0, "and is told with its times")


def mistakes(tool, place, compiler):
    spec = place / "my_assistant.yaml"
    good = spec.read_text()
    for was, wrong, told in [
        ("turn_taking", "turn_takin", "did you mean 'turn_taking'"),
        ("my::brain", "my::brian", "did you mean 'my::brain'"),
        ("from: brain.hpp", "from: brian.hpp", "'brian.hpp' is not there"),
        ("kind: gateway", "kind: gatway", "did you mean 'gateway'"),
        ("sentences ->", "sentnces ->", "did you mean 'sentences'"),
        ("tts: tts.flite", "tts: tts.flit", "did you mean 'tts.flite'"),
        ("-8080", "-80800", "my_assistant.yaml:\\d+:\\d+: error: 'port'"),
    ]:
        check(was in good, f"the spec has {was}")
        spec.write_text(good.replace(was, wrong))
        refused(place, told, tool, "check", "my_assistant.yaml", "--compiler", compiler)
    spec.write_text(good)
    refused(place.parent, "my_assistant.yaml.*there is no such file", tool, "run", "my_assistant.yaml")
    refused(place.parent, "there is something in 'my_assistant' already", tool, "new", "my_assistant")
    refused(place, "no C.. compiler|can not be started|not.*found|no-such-compiler", tool, "build", "my_assistant.yaml", "--compiler", "no-such-compiler")
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused(place, f"door: .*{port}.*another program listens there", tool, "run", "my_assistant.yaml", "--compiler", compiler, PORT=port)


def main():
    tool, compiler = str(Path(sys.argv[1]).resolve()), sys.argv[2]
    with tempfile.TemporaryDirectory(prefix="rtai_e2e_") as empty:
        code, out = typed(empty, tool, "new", "my_assistant")
        print("    " + out.strip().replace("\n", "\n    "))
        check(code == 0 and "cd my_assistant && rtai run my_assistant.yaml" in out, "rtai new says what is next")
        place = Path(empty, "my_assistant")
        code, out = typed(place, tool, "build", "my_assistant.yaml", "--compiler", compiler)
        check(code == 0, f"it compiles: {out.strip()}")
        with Server(tool, place, ["run", "my_assistant.yaml", "--compiler", compiler], listens=("http",)) as server:
            try:
                status, page = get(server.http + "/")
                check(status == 200 and "<title>" in page, "there is a page")
                asyncio.run(a_typed_question(server.ws))
                asyncio.run(a_spoken_question(server.ws))
                check(server.stop() == 0, "Ctrl-C ends it")
            except SystemExit:
                print("--- it wrote:\n" + server.log.read_text(errors="replace")[-20_000:] + "---", flush=True)
                raise
        mistakes(tool, place, compiler)
        # Without Silero's model it listens all the same.
        with Server(tool, place, ["run", "my_assistant.yaml", "--compiler", compiler], listens=("http",),
                    RTAI_MODELS=str(TREE / "nowhere")) as server:
            asyncio.run(a_spoken_question(server.ws))


if __name__ == "__main__":
    main()
