#!/usr/bin/python3
"""Tries our WebSockets against Python's websockets and npm's ws, in both roles.

Usage: run.py PATH/TO/websocket_peers [--bench] [--hold COUNT]

--bench times an echo of each on this machine, with our client; --hold measures the memory of quiet connections.
"""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"
sys.path.insert(0, str(HERE.parent))

import packages  # noqa: E402
import tools  # noqa: E402


class Server:
    """A program that says its port, and ends with this."""

    def __init__(self, *command, cwd=None):
        self.process = subprocess.Popen(command, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        words = self.process.stdout.readline().split()
        if len(words) != 2 or words[0] != "port":
            self.stop()
            sys.exit(f"{command[0]} did not say its port")
        self.url = f"ws://127.0.0.1:{words[1]}"

    def memory(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(0.5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def run(*command, cwd=None):
    print("+", " ".join(str(c) for c in command), flush=True)
    subprocess.run(command, cwd=cwd, check=True, timeout=300)


def bench(ours, url, size):
    out = subprocess.run([ours, "bench", url, str(size)], check=True, timeout=300, capture_output=True, text=True)
    return json.loads(out.stdout)


def main():
    ours = str(Path(sys.argv[1]).resolve())
    tools.need_modules(websockets="python3-websockets")
    packages.install(packages.home())
    servers = {
        "ours": [ours, "serve"],
        "python websockets": [PYTHON, HERE / "echo.py"],
        "npm ws": ["node", HERE / "echo.mjs"],
    }
    if "--bench" in sys.argv:
        for size in (640, 16000):
            for name, command in servers.items():
                with Server(*command) as server:
                    print(name, json.dumps(bench(ours, server.url + "/echo", size)), flush=True)
        return
    if "--hold" in sys.argv:
        count = int(sys.argv[sys.argv.index("--hold") + 1])
        for name, command in servers.items():
            with Server(*command) as server:
                before = server.memory()
                holder = subprocess.Popen([ours, "hold", server.url + "/echo", str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                print(holder.stdout.readline().strip(), end=": ")
                print(f"{name}: {(server.memory() - before) / count:.2f} KiB for each connection", flush=True)
                holder.stdin.close()
                holder.wait(60)
        return
    with Server(*servers["ours"]) as server:
        run(PYTHON, HERE / "check.py", server.url)
        run("node", HERE / "check.mjs", server.url)
        run(ours, "check", server.url + "/echo")
    for name in ("python websockets", "npm ws"):
        with Server(*servers[name]) as server:
            run(ours, "check", server.url + "/echo")
    print("all understand each other")


if __name__ == "__main__":
    main()
