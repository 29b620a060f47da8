#!/usr/bin/python3
"""examples/grpc_assistant: its server made from its spec, and its client in C++, as a person would use them.

Usage: grpc_assistant.py SERVER DIRECTORY CLIENT
"""

import os
import re
import subprocess
import sys
import tempfile
import threading
import wave
from pathlib import Path

from serving import Server
from talk import loudness
from tools import QUESTION, check, free_port, wait_until

PLAIN = {name: value for name, value in os.environ.items() if not name.startswith("ASSISTANT_")}


def run(client, *words):
    """Its exit code, what it printed and what it complained of."""
    done = subprocess.run([client, *words], env=PLAIN, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90)
    return done.returncode, done.stdout, done.stderr


def recording(path):
    """(seconds, loudness) of what was saved."""
    with wave.open(str(path)) as file:
        check((file.getnchannels(), file.getsampwidth()) == (1, 2), f"{path.name} is WAV of one channel and 16 bits")
        sound = file.readframes(file.getnframes())
        return file.getnframes() / file.getframerate(), loudness(sound)


def is_a_voice(path, told, least):
    length, level = recording(path)
    check(abs(length - told) < 0.1, f"its {length:.2f} s are the {told:.1f} s that were told")
    check(length > least, f"which is more than {least} s")
    check(level > 300, f"it is a voice, of loudness {level:.0f}")


def last_words(out):
    """(turns, seconds) of the client's last line."""
    last = re.search(r"^(\d+) turns?, ([\d.]+) s of sound, in (.+)$", out, re.MULTILINE)
    check(last is not None, f"it ends with a summary: {out.splitlines()[-1:]}")
    return int(last[1]), float(last[2])


def latencies_sum(out):
    """Each line of a turn's latency has parts that make up the whole."""
    lines = re.findall(r"turn (\d+), at the server: (\d+) ms \((.*)\)", out)
    for number, whole, parts in lines:
        parts = [int(n) for n in re.findall(r"(\d+)(?:,|$)", parts)]
        check(len(parts) == 6 and abs(sum(parts) - int(whole)) <= 6, f"the times of turn {number} make up its {whole} ms: {parts}")
    return len(lines)


def a_recording(client, address, place):
    saved = place / "answer.wav"
    code, out, complaint = run(client, "--server", address, "--wav", str(QUESTION), "--save", str(saved))
    print("    " + out.strip().replace("\n", "\n    "), flush=True)
    check(code == 0 and not complaint, f"a conversation with a recording ends with {code} {complaint}")
    check(re.search(r"connected to \S+, session \w{32}\b", out), "it says where it is connected to, and which session")
    heard = re.findall(r"  heard: (.*)", out)
    check(len(heard) == 2 and "story" in heard[0], f"both questions are shown once: {heard}")
    check("lighthouse" in out, "and so is the answer")
    states = re.findall(r"  \[(\w+)\]", out)
    inside = iter(states)
    check(all(s in inside for s in ("hearing", "thinking", "speaking", "interrupted", "thinking", "speaking", "listening")),
          f"the states come in their order: {' '.join(states)}")
    check(all(a != b for a, b in zip(states, states[1:])), "none is told twice")
    check(latencies_sum(out) == 2, "each turn has its latency")
    waits = [int(n) for n in re.findall(r"the answer can be heard, after the question: (\d+) ms", out)]
    check(len(waits) == 2 and all(0 < w < 30_000 for w in waits), f"the answers could be heard after {waits} ms")
    check("the recording is over" in out and re.search(r"the conversation is over: done", out), "it says what is over")
    turns, told = last_words(out)
    check(turns == 2, "there were two turns")
    is_a_voice(saved, told, 3)


def words(client, address, place):
    saved = place / "words.wav"
    code, out, complaint = run(client, "--server", address, "--text", "hello", "--text", "thank you", "--save", str(saved))
    check(code == 0 and not complaint, f"a conversation in words ends with {code} {complaint}")
    said = re.findall(r"  said: (.*)", out)
    check(said[0].startswith("Hello!") and said[-1] == "You are welcome.", f"each is answered: {said}")
    turns, told = last_words(out)
    check(turns == 2, "each in its turn")
    is_a_voice(saved, told, 2)
    hello = place / "hello.wav"
    code, out, _ = run(client, "--server", address, "--text", "hello", "--save", str(hello))
    one, both = recording(hello)[0], recording(saved)[0]
    check(code == 0 and 1 < one < both, f"the first answer alone is shorter: {one:.2f} s of {both:.2f} s")


class Typed:
    """The client, when it is typed to."""

    def __init__(self, client, *options):
        self.process = subprocess.Popen([client, *options], env=PLAIN, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.out = ""
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.out += line

    def type(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def tells(self, pattern, what, after=0):
        try:
            wait_until(lambda: re.search(pattern, self.out[after:]), what, 30)
        except SystemExit:
            print(self.out)
            raise

    def end(self):
        self.process.stdin.close()
        return self.process.wait(60)


def a_server_that_is_killed(binary, directory, client, place):
    """kill -9 of the far side in the middle of a stream: the client comes back by itself, and is answered."""
    saved = place / "killed.wav"
    port = str(free_port())
    serve = {"arguments": (), "listens": ("grpc",), "GRPC_PORT": port}
    with Server(binary, directory, **serve) as first:
        typed = Typed(client, "--server", f"localhost:{port}", "--save", str(saved))
        try:
            typed.tells("connected to", "a client is connected")
            typed.type("tell me a story")
            typed.tells(r"\[speaking\]", "and is told a story")
            first.kill()
            typed.tells("the connection is lost .* trying again", "when the server is killed, it says so and tries again")
            cut = len(typed.out)
            typed.type("hello")  # while nobody is there
            with Server(binary, directory, **serve):
                typed.tells(r"connected to \S+, session \w{32}", "it is connected again when there is a server", cut)
                typed.tells("said: Hello!", "what was asked in between is answered", cut)
                typed.tells(r"\[speaking\](.|\n)*\[listening\]", "to its end", cut)
                typed.type("thank you")
                typed.tells("said: You are welcome.", "and so is the next question", cut)
                check(typed.end() == 0, "it ends well")
        finally:
            typed.process.kill()
    sessions = re.findall(r"session (\w{32})", typed.out)
    check(len(set(sessions)) == 2, "there were two sessions")
    check(typed.out.count("the connection is lost") == 1, "the loss is told once")
    turns, told = last_words(typed.out)
    check(turns == 2, "the second had two turns")
    is_a_voice(saved, told, 2)


def a_server_that_stays_away(binary, directory, client):
    port = str(free_port())
    with Server(binary, directory, listens=("grpc",), GRPC_PORT=port) as server:
        typed = Typed(client, "--server", f"localhost:{port}")
        typed.tells("connected to", "a client is connected")
        server.kill()
        typed.tells("trying again", "its server is killed")
        typed.process.terminate()
        check(typed.process.wait(10) == 0 and "you left" in typed.out, "who does not want to wait for it can leave")


def mistakes(client, address, place):
    nobody = f"localhost:{free_port()}"
    (place / "no.wav").write_text("no sound")
    for options, code, told in [
        (["--server", nobody, "--text", "hello"], 1, f"{nobody} can not be talked to .*is it running"),
        (["--server", address, "--text", "hello", "--tls"], 1, "can not be talked to .*--tls-authority"),
        (["--server", address, "--text", "hello", "--tls-authority", str(place / "none.pem")], 1, "none.pem"),
        (["--server", address, "--wav", str(place / "none.wav")], 1, "none.wav"),
        (["--server", address, "--wav", str(place / "no.wav")], 1, "no.wav"),
        (["--server", address, "--text", "hello", "--save", str(place / "none/answer.wav")], 1, "none/answer.wav"),
        (["--sever", address], 2, "there is no '--sever'.*--help"),
        (["--text"], 2, "--text needs a value"),
        (["--server", "localhost"], 2, "--server needs a port, such as localhost:50051"),
        (["--wav", str(QUESTION), "--text", "hello"], 2, "--wav and --text: give one of them"),
        (["--key", "k", "--token", "t"], 2, "a key and a token: give one of them"),
    ]:
        got, out, complaint = run(client, *options)
        check(got == code and re.search("error: .*" + told, complaint, re.DOTALL), f"{' '.join(options[-2:])}: {complaint.strip()}")
        check(not out and "terminate" not in complaint, f"and nothing else, ending with {code}")
    code, out, _ = run(client, "--help")
    check(code == 0 and "--save FILE" in out, "--help lists what there is")


def main():
    binary, directory, client = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="rtai_e2e_") as empty:
        place = Path(empty)
        with Server(binary, directory, listens=("grpc",)) as server:
            try:
                mistakes(client, server.grpc, place)
                words(client, server.grpc, place)
                a_recording(client, server.grpc, place)
                end = server.stop()
                check(end == 0, f"the server ends with exit code {end} after SIGTERM")
            except SystemExit:
                print("--- the server wrote:\n" + server.log.read_text(errors="replace")[-20_000:] + "---", flush=True)
                raise
        a_server_that_is_killed(binary, directory, client, place)
        a_server_that_stays_away(binary, directory, client)


if __name__ == "__main__":
    main()
