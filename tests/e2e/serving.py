#!/usr/bin/python3
"""Runs a command beside a server.

Usage: serving.py BINARY [--in DIRECTORY] -- COMMAND...

Starts the binary on free ports, in the directory or in an empty one, and the command when it is ready. In the command,
{http}, {ws}, {grpc} and {pid} are the server's addresses and process. Then SIGTERM must end the server well within
15 seconds. What the server wrote is shown when anything went wrong.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from tools import SKIPPED, TREE


class Server:
    """A server that runs while this is entered: `arguments` are its own, `listens` says what it must tell before it is
    ready, `variables` are added to its environment."""

    def __init__(self, binary, directory=None, arguments=(), listens=("http", "grpc"), **variables):
        self.command = [str(Path(binary).resolve()), *arguments]
        self.listens = listens
        self.variables = variables
        self.empty = tempfile.TemporaryDirectory(prefix="rtai_e2e_")
        self.directory = directory or self.empty.name
        self.log = Path(self.empty.name, "server.log")
        self.process = None

    def __enter__(self):
        place = {**os.environ, "PORT": "0", "GRPC_PORT": "0", "LOG_JSON": "false", **self.variables}
        place.setdefault("RTAI_MODELS", str(TREE / "build/models"))
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(self.command, cwd=self.directory, env=place, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=subprocess.STDOUT)
        try:
            self.wait_until_ready()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        return self

    def wait_until_ready(self):
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended at once, with exit code {self.process.returncode}")
            log = self.log.read_text(errors="replace")
            http = re.search(r"http://localhost:(\d+)", log)
            grpc = re.search(r"gRPC on port (\d+)", log)
            if http:
                self.http = f"http://127.0.0.1:{http[1]}"
                self.ws = f"ws://127.0.0.1:{http[1]}/ws"
            if grpc:
                self.grpc = f"127.0.0.1:{grpc[1]}"
            if all({"http": http, "grpc": grpc}[kind] for kind in self.listens) and self.is_ready():
                return
            time.sleep(0.05)
        raise RuntimeError("the server was not ready within 30 s")

    def is_ready(self):
        return "http" not in self.listens or get(self.http + "/ready")[0] == 200

    def stop(self):
        """Its exit code after SIGTERM; None: it had to be killed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self):
        """Its exit code, once it was asked to end; None: it had to be killed."""
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def __exit__(self, *_):
        self.kill()
        self.empty.cleanup()


def get(address):
    """Status and body; 0 when nobody answers."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()
    except OSError:
        return 0, ""


def sessions(http):
    """The sessions that live."""
    return json.loads(get(http + "/api/status")[1])["sessions"]


def main():
    options = argparse.ArgumentParser(usage=__doc__)
    options.add_argument("binary")
    options.add_argument("--in", dest="directory")
    options.add_argument("command", nargs="+")
    given = options.parse_args()
    server = Server(given.binary, given.directory)
    failures = []
    code = 1
    try:
        with server:
            addresses = {"http": server.http, "ws": server.ws, "grpc": server.grpc, "pid": server.process.pid}
            command = [re.sub(r"\{(http|ws|grpc|pid)\}", lambda m: str(addresses[m[1]]), word) for word in given.command]
            code = subprocess.run(command).returncode
            if server.process.poll() is not None:
                failures.append(f"the server ended in the middle, with exit code {server.process.returncode}")
            else:
                begun = time.monotonic()
                end = server.stop()
                if end is None:
                    failures.append("the server did not end within 15 s of SIGTERM")
                elif end != 0:
                    failures.append(f"the server ended with exit code {end} after SIGTERM")
                else:
                    print(f"ok: SIGTERM ended the server in {time.monotonic() - begun:.1f} s", flush=True)
            if failures or code not in (0, SKIPPED):
                print("--- the server wrote:\n" + server.log.read_text(errors="replace")[-20_000:] + "---")
    except RuntimeError as mistake:
        failures.append(str(mistake))
    for failure in failures:
        print(f"FAILED: {failure}", flush=True)
    sys.exit(1 if failures else code)


if __name__ == "__main__":
    main()
