#!/usr/bin/python3
"""A real Prometheus scrapes the server's metrics while somebody talks to it.

Usage: prometheus.py WS_ADDRESS HTTP_ADDRESS
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import urllib.parse
from pathlib import Path

from serving import get
from tools import check, free_port, need_program, wait_until
from websocket_talk import a_spoken_question

CONFIG = """\
global: {{ scrape_interval: 1s, scrape_timeout: 1s }}
scrape_configs:
  - job_name: rtai
    static_configs: [{{ targets: ["{target}"] }}]
"""


@contextlib.contextmanager
def prometheus(target):
    """The address of one that scrapes the target every second."""
    program = need_program("prometheus", "prometheus")
    with tempfile.TemporaryDirectory(prefix="rtai_e2e_") as place:
        config = Path(place, "prometheus.yml")
        config.write_text(CONFIG.format(target=target))
        address = f"127.0.0.1:{free_port()}"
        with open(Path(place, "log"), "w+") as log:
            running = subprocess.Popen([program, f"--config.file={config}", f"--storage.tsdb.path={place}/data",
                                        f"--web.listen-address={address}"], cwd=place, stdout=log, stderr=subprocess.STDOUT)
            try:
                yield f"http://{address}"
            except SystemExit:
                print(Path(place, "log").read_text()[-5000:])
                raise
            finally:
                running.terminate()
                try:
                    running.wait(20)
                except subprocess.TimeoutExpired:
                    running.kill()
                    running.wait()


def ask(address, question):
    """The value of a query that has one; nothing else."""
    status, body = get(f"{address}/api/v1/query?{urllib.parse.urlencode({'query': question})}")
    found = json.loads(body)["data"]["result"] if status == 200 else []
    return float(found[0]["value"][1]) if len(found) == 1 else None


def main():
    ws, http = sys.argv[1:]
    with prometheus(http.removeprefix("http://")) as address:
        wait_until(lambda: ask(address, "up") == 1, "Prometheus scrapes the server", 30)
        wait_until(lambda: ask(address, "relay_sessions_total") == 0, "there was no session yet")
        asyncio.run(a_spoken_question(ws))
        wait_until(lambda: ask(address, "relay_sessions_total") == 1, "one session is counted")
        wait_until(lambda: ask(address, "relay_sessions_active") == 0, "which has ended")
        wait_until(lambda: (ask(address, "rtai_turn_total_seconds_count") or 0) >= 1, "its turns are timed")
        for name in ("transcription", "thinking", "sentence", "synthesis"):
            value = ask(address, f"rtai_turn_{name}_seconds_sum / rtai_turn_{name}_seconds_count")
            check(value is not None and value > 0, f"and their {name}: {value} s")
        late = ask(address, "histogram_quantile(0.99, rtai_frame_lateness_seconds_bucket)")
        check(late is not None and late < 1, f"99 of 100 frames of sound were not later than {late} s")
        check(ask(address, "relay_media_bytes_rx") > 100_000 and ask(address, "relay_media_bytes_tx") > 100_000, "media is counted")
        check(ask(address, "process_resident_memory_bytes") > 1e6, "the process tells of itself")
        metadata = json.loads(get(f"{address}/api/v1/targets/metadata")[1])["data"]
        nameless = [m["metric"] for m in metadata if not m["help"] or m["type"] == "unknown"]
        check(len(metadata) > 20 and not nameless, f"{len(metadata)} metrics have a type and say what they are {nameless}")


if __name__ == "__main__":
    main()
