#!/usr/bin/python3
"""The gRPC service from pages in Chromium, over gRPC-Web: of the server's own origin, of one that it allows, and of one
that it does not.

Usage: grpc_web.py BINARY DIRECTORY
"""

import http.server
import os
import subprocess
import sys
import threading

from packages import home, install
from serving import Server, get, sessions
from tools import HERE, check, need_program, wait_until


class Blank(http.server.BaseHTTPRequestHandler):
    """A page with nothing on it."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    def log_message(self, *_):
        pass


class Site:
    """Another origin."""

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Blank)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://localhost:{self.server.server_address[1]}"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def main():
    binary, directory = sys.argv[1:]
    need_program("chromium", "chromium")
    install(home())
    with Site() as friend, Site() as stranger, \
            Server(binary, directory, ["--set", f'gateway.listen.http.origins=["{friend}"]']) as server:
        code = subprocess.run(["node", HERE / "grpc_web.mjs", server.http, friend, stranger],
                              env=dict(os.environ, RTAI_E2E=str(home()))).returncode
        try:
            check(code == 0, f"the pages end with {code}")
            wait_until(lambda: not sessions(server.http), "all sessions have ended, also those whose pages went away")
            check("\nrelay_sessions_active 0\n" in get(server.http + "/metrics")[1], "and are not counted as active any more")
            check(server.stop() == 0, "the server ends well")
        except SystemExit:
            print("--- the server wrote:\n" + server.log.read_text(errors="replace")[-20_000:] + "---", flush=True)
            raise


if __name__ == "__main__":
    main()
