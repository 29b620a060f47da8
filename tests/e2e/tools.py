"""What the tests end to end share: what must be installed, and how a test is skipped."""

import shutil
import socket
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TREE = HERE.parent.parent
QUESTION = TREE / "examples/voice_assistant/question.wav"
SKIPPED = 77


def skip(why):
    print(f"e2e skipped: {why}", flush=True)
    sys.exit(SKIPPED)


def need_program(name, package):
    found = shutil.which(name)
    return found or skip(f"there is no {name}; Debian 12: apt-get install {package}")


def need_modules(**packages):
    """need_modules(grpc="python3-grpcio")"""
    for module, package in packages.items():
        try:
            __import__(module)
        except ImportError:
            skip(f"{sys.executable} has no module '{module}'; Debian 12: apt-get install {package}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def check(holds, words):
    """A promise, in words: printed when it is kept, the end of the test when it is not."""
    if not holds:
        print(f"FAILED: {words}", flush=True)
        sys.exit(1)
    print(f"ok: {words}", flush=True)


def wait_until(holds, words, patience=10.0):
    """What takes a moment to become true."""
    until = time.monotonic() + patience
    while not holds():
        if time.monotonic() > until:
            check(False, f"{words} (not within {patience:g} s)")
        time.sleep(0.05)
    check(True, words)
