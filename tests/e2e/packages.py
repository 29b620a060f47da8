#!/usr/bin/python3
"""Runs a command with the npm packages of package.json at hand.

Usage: packages.py [--need PROGRAM] COMMAND...

They are in the directory RTAI_E2E, or in build/e2e of this tree, and installed there as package-lock.json has them.
Without the program, the command is skipped.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools import HERE, TREE, need_program, skip

NO_NETWORK = r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|network"


def home():
    return Path(os.environ.get("RTAI_E2E") or TREE / "build/e2e").resolve()


def install(place):
    need_program("node", "nodejs")
    need_program("npm", "npm")
    place.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package-lock.json").read_bytes()
    done = place / "installed"
    with open(place / "lock", "w") as lock:  # for one test at a time
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists() and done.read_bytes() == wanted:
            return
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, place)
        npm = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=place,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=150)
        if npm.returncode != 0:
            print(npm.stdout)
            if re.search(NO_NETWORK, npm.stdout):
                skip("npm's registry can not be reached")
            sys.exit("FAILED: npm ci")
        done.write_bytes(wanted)


def main():
    command = sys.argv[1:]
    if command[:1] == ["--need"]:
        need_program(command[1], command[1])
        command = command[2:]
    install(home())
    os.execvpe(command[0], command, dict(os.environ, RTAI_E2E=str(home())))


if __name__ == "__main__":
    main()
