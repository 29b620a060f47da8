#!/usr/bin/env python3
"""Checks that the headers of rtai include only downwards.

include/rtai is a house of floors, listed below from low to high. A header may include its own floor
and lower ones. The umbrella header of a floor, include/rtai/<floor>.hpp, belongs to that floor.
A folder detail/ is for its own floor only; tests and benchmarks may look into it, examples may not.
Public headers are included as <rtai/floor/name.hpp>, so that an include means the same everywhere.

Usage: includes.py [root of the tree]
"""

import re
import sys
from pathlib import Path

FLOORS = ["core", "data", "net", "auth", "http", "ws", "observe", "media", "graph", "ai", "rpc", "rtc", "store", "service",
          "gateway"]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def floor_of(path):
    """The floor of a path below include/rtai, such as core/task.hpp or core.hpp."""
    return path.split("/")[0].removesuffix(".hpp")


def mistakes(root):
    headers = root / "include" / "rtai"
    files = sorted(headers.rglob("*.hpp")) + sorted((root / "examples").rglob("*.[ch]pp"))
    for file in files:
        public = file.is_relative_to(headers)
        floor = floor_of(file.relative_to(headers).as_posix()) if public else None
        if public and floor not in FLOORS:
            yield file, 1, f"'{floor}' is no floor of the house; the floors are {', '.join(FLOORS)}"
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            quote, target = match.groups()
            if public and quote == '"':
                yield file, number, f'"{target}": write <rtai/...>, which means the same everywhere'
            if not target.startswith("rtai/"):
                continue
            inside = target.removeprefix("rtai/")
            below = floor_of(inside)
            if below not in FLOORS:
                yield file, number, f"<{target}>: '{below}' is no floor of the house"
            elif not public:
                if "/detail/" in target:
                    yield file, number, f"<{target}>: an example keeps to what is public, and detail/ is not"
            elif FLOORS.index(below) > FLOORS.index(floor):
                yield file, number, f"<{target}>: {below} is above {floor}; move one of the two, or what they share"
            elif below != floor and "/detail/" in target:
                yield file, number, f"<{target}>: detail/ is for {below} only"


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    found = list(mistakes(root))
    for file, line, text in found:
        print(f"{file.relative_to(root)}:{line}: error: {text}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
