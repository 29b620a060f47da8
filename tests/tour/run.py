#!/usr/bin/env python3
"""Types what docs/tour.md says, and checks that what it says is printed.

In the ```console blocks, a line '$ command' is typed; the lines below it must be printed, where '...' stands for
anything, within a line or for any number of lines. A command that ends with '&' goes on in the background, and what
stands below it must be printed within a while.

Usage: run.py DOCUMENT DIRECTORY-OF-RTAI EXAMPLES COMPILER
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PATIENCE = 180  # seconds for what is compiled on a busy machine


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def steps(document):
    """(line, command, expected lines) of all console blocks."""
    inside, found = False, []
    for number, line in enumerate(document.read_text().splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            found.append((number, line[2:], []))
        elif inside:
            found[-1][2].append(line)
    return found


def matches(expected, printed):
    pattern = ""
    for line in expected:
        if line == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(re.escape(part) for part in line.split("...")) + "\n"
    return re.fullmatch(pattern, printed) is not None


class Shell:
    """One directory and environment for all commands; 'cd' is understood."""

    def __init__(self, directory, environment):
        self.directory, self.environment, self.background = directory, environment, []

    def type(self, command, expected):
        if command.startswith("cd "):
            self.directory = self.directory / command[3:]
            return ""
        if not command.endswith("&"):
            done = subprocess.run(["bash", "-c", command], cwd=self.directory, env=self.environment, timeout=PATIENCE,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            return done.stdout
        log = open(self.directory / f".log{len(self.background)}", "w+")
        self.background.append(subprocess.Popen(["bash", "-c", "exec " + command[:-1] if "=" not in command.split()[0] else command[:-1]],
                                                cwd=self.directory, env=self.environment, stdout=log,
                                                stderr=subprocess.STDOUT, start_new_session=True))
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            printed = Path(log.name).read_text()
            if matches(expected, printed):
                return printed
            time.sleep(0.1)
        return printed

    def close(self):
        for process in self.background:
            try:
                os.killpg(process.pid, signal.SIGINT)
                process.wait(10)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(process.pid, signal.SIGKILL)


def main():
    document, tools, examples, compiler = (Path(a).resolve() if n != 3 else a for n, a in enumerate(sys.argv[1:]))
    port = str(free_port())
    directory = Path(tempfile.mkdtemp(prefix="rtai_tour_"))
    environment = dict(os.environ, PATH=f"{tools}:{os.environ['PATH']}", PORT=port, CXX=compiler,
                       RTAI_EXAMPLES=str(examples), XDG_CACHE_HOME=str(directory / "cache"))
    shell = Shell(directory, environment)
    try:
        for number, command, expected in steps(document):
            printed = shell.type(command.replace("7000", port), [e.replace("7000", port) for e in expected])
            wanted = [e.replace("7000", port) for e in expected]
            if not matches(wanted, printed):
                print(f"{document}:{number}: '$ {command}' printed\n{printed}instead of\n" + "\n".join(wanted))
                return 1
        return 0
    finally:
        shell.close()
        shutil.rmtree(directory, ignore_errors=True)


sys.exit(main())
