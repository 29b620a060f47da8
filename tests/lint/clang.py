#!/usr/bin/env python3
"""Runs clang-tidy-19, and the search for forms that g++-12 miscompiles, over a compile database.

The forms are in gcc12.query and explained in docs/compilers.md. A false alarm is silenced as clang-tidy's are,
with NOLINT(gcc12-coroutine) on the line, NOLINTNEXTLINE above it, or NOLINTBEGIN and NOLINTEND around it.

Of the tests only generated code is looked at: clang-tidy is slow on tests, g++-12 runs them, and one that fails
says more.

A file that was clean is not looked at again until it, a header it includes, its command or a rule has changed.

Usage: clang.py <build directory> [only the files whose path contains this]
"""

import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
QUERY = HERE / "gcc12.query"
RULES = [ROOT / ".clang-tidy", *sorted(ROOT.glob("*/.clang-tidy")), QUERY, Path(__file__).resolve()]
BOUND = re.compile(r'^(/[^:]+):(\d+):(\d+): note: "gcc12" binds here')
ERROR = re.compile(r"\b(fatal )?error: |^\d+:\d+: Error |^Error ")
HEADERS = "/tests/headers/"
TESTS = "/tests/"
GENERATED = "/tests/golden/"
GROUPED = ("codegen/", "benchmarks/")
# What is compiled otherwise than the files beside it.
OWN = {str(ROOT / "codegen" / name) for name in ("built_in.cpp", "main.cpp")}
SILENCE = re.compile(r"NOLINT(NEXTLINE|BEGIN|END)?\([^)]*\bgcc12-coroutine\b")


def run(command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, **more)


def silenced(path, line):
    inside = False
    for number, text in enumerate(Path(path).read_text().splitlines(), 1):
        kinds = [match[1] for match in SILENCE.finditer(text)]
        if "BEGIN" in kinds:
            inside = True
        if "END" in kinds:
            inside = False
        if (number == line and (inside or None in kinds)) or (number == line - 1 and "NEXTLINE" in kinds):
            return True
    return False


def tidy(build, file):
    answer = run(["clang-tidy-19", "--quiet", "-p", build, file])
    if answer.returncode == 0:
        return []
    return [answer.stdout.strip() or answer.stderr.strip()]


def gcc12(build, file):
    answer = run(["clang-query-19", "--extra-arg=-Wno-error", "-p", build, "-f", str(QUERY), file])
    found = []
    lines = answer.stdout.splitlines() + answer.stderr.splitlines()
    for number, line in enumerate(lines):
        match = BOUND.match(line)
        if match:
            path, at = match[1], int(match[2])
            if not silenced(path, at):
                quote = "\n".join(lines[number + 1 : number + 3])
                found.append(f"{path}:{at}:{match[3]}: error: g++-12 miscompiles this form, see docs/compilers.md "
                             f"[gcc12-coroutine]\n{quote}")
        elif ERROR.search(line):
            found.append(line)
    return sorted(set(found))


def read(path):
    try:
        return Path(path).read_bytes()
    except OSError:
        return b"?"


class Source:
    """A file of the compile database, and what the build directory remembers of it."""

    def __init__(self, build, entry, members=()):
        self.entry = entry
        self.members = members
        self.file = entry["file"]
        self.stamp = Path(build) / "clean" / (hashlib.sha256(self.file.encode()).hexdigest()[:16] + ".json")
        try:
            known = json.loads(self.stamp.read_text())
            self.includes = known["includes"]
            self.clean = known["key"] == self.key()
        except (OSError, ValueError, KeyError):
            self.includes = []
            self.clean = False
        self.whole = True  # false: it includes code that is generated, and is not here without a build

    def key(self):
        hash = hashlib.sha256(self.entry["command"].encode())
        for file in [*RULES, *self.includes]:
            hash.update(str(file).encode() + b"\0" + read(file) + b"\0")
        return hash.hexdigest()

    def find_includes(self):
        """Which files it includes, itself among them, without those of the system."""
        command = shlex.split(self.entry["command"])
        command = command[next(n for n, word in enumerate(command) if "clang++" in word) :]
        if "-o" in command:
            del command[command.index("-o") : command.index("-o") + 2]
        answer = run([*command, "-MM"], cwd=self.entry["directory"])
        self.whole = answer.returncode == 0
        words = answer.stdout.replace("\\\n", " ").partition(": ")[2].split()
        self.includes = sorted(os.path.join(self.entry["directory"], word) for word in words)

    def remember_clean(self):
        if self.includes:
            self.stamp.parent.mkdir(exist_ok=True)
            self.stamp.write_text(json.dumps({"key": self.key(), "includes": self.includes}))


def together(build, members):
    """One source for many: a parse of what all of them include is most of the time."""
    by_group = {}
    for s in members:
        path = os.path.relpath(s.file, ROOT)
        if HEADERS in s.file:  # a floor
            name = Path(s.file.partition(HEADERS)[2].removesuffix(".cpp"))
            by_group.setdefault(("include", name.parts[1].removesuffix(".hpp")), []).append((f"<{name}>", s))
        elif GENERATED in s.file:  # each with a main() of its own
            header = Path(s.file).with_suffix(".hpp")
            if header.exists():
                by_group.setdefault(("golden",), []).append((f'"{header}"', s))
        elif path.startswith(GROUPED) and s.file not in OWN:
            by_group.setdefault(Path(path).parts[:-1], []).append((f'"{s.file}"', s))
    made = []
    for parts, of_group in sorted(by_group.items()):
        file = Path(build, "together", parts[0], "_".join(parts) + ".cpp").resolve()
        file.parent.mkdir(parents=True, exist_ok=True)
        rules = ROOT / parts[0] / ".clang-tidy"
        if rules.exists():
            shutil.copy(rules, file.parent)
        text = "".join(f"#include {name}  // NOLINT(bugprone-suspicious-include)\n" for name, _ in of_group)
        if read(file) != text.encode():
            file.write_text(text)
        like = of_group[0][1]
        command = like.entry["command"].replace(like.file, str(file)) + " -Wno-shadow"
        made.append(Source(build, {**like.entry, "file": str(file), "command": command}, [s for _, s in of_group]))
    return made


def sources(pool, build, only):
    """Those to look at: headers by themselves only where nothing else includes them."""
    entries = {e["file"]: e for e in json.loads(Path(build, "compile_commands.json").read_text())
               if e["file"].endswith(".cpp")}
    all_sources = [Source(build, entry) for file, entry in sorted(entries.items())
                   if only in file and (TESTS not in file or HEADERS in file or GENERATED in file)]
    list(pool.map(Source.find_includes, [s for s in all_sources if not s.clean]))
    for s in all_sources:
        if not s.whole:
            print(f"{os.path.relpath(s.file, ROOT)} is left out: it needs generated code")
    all_sources = [s for s in all_sources if s.whole]
    reached = {file for s in all_sources if TESTS not in s.file for file in s.includes}

    def alone(s):
        header = str(ROOT / "include" / s.file.partition(HEADERS)[2].removesuffix(".cpp"))
        return HEADERS in s.file and header not in reached

    all_sources = [s for s in all_sources if HEADERS not in s.file or alone(s)]
    groups = together(build, all_sources)
    list(pool.map(Source.find_includes, [s for s in groups if not s.clean]))
    grouped = {s.file for group in groups for s in group.members}
    chosen = groups + [s for s in all_sources if s.file not in grouped]
    database = Path(build, "together", "compile_commands.json")
    database.parent.mkdir(exist_ok=True)
    database.write_text(json.dumps([s.entry for s in all_sources + groups]))
    return chosen, str(database.parent)


def with_coroutines(some_sources):
    """Those in which the forms are to be searched: each file with coroutines once."""
    known = {}
    searched = set()
    chosen = set()
    for s in some_sources:
        for file in s.includes:
            if file not in known:
                known[file] = re.search(rb"\bco_(await|return|yield)\b", read(file)) is not None
        fresh = {file for file in s.includes if known[file]} - searched
        if fresh or not s.includes:
            searched |= fresh
            chosen.add(s.file)
    return chosen


def main():
    build = sys.argv[1]
    only = sys.argv[2] if len(sys.argv) > 2 else ""
    pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count())
    found_sources, database = sources(pool, build, only)
    stale = [s for s in found_sources if not s.clean]
    print(f"{len(found_sources)} files, {len(found_sources) - len(stale)} unchanged since they were clean", flush=True)

    searched = with_coroutines(stale)
    told = set()
    counter = 0
    lock = threading.Lock()

    def look(source):
        nonlocal counter
        found = gcc12(database, source.file) if source.file in searched else []
        found += tidy(database, source.file)
        if any("[clang-diagnostic-error]" in text for text in found) and source.members:  # not what can be one
            found = [text for s in source.members for text in gcc12(database, s.file) + tidy(database, s.file)]
        with lock:
            counter += 1
            print(f"[{counter}/{len(stale)}] {os.path.relpath(source.file, ROOT)}", flush=True)
            for text in found:
                if text not in told:
                    print(text, flush=True)
                    told.add(text)
        if not found:
            source.remember_clean()

    list(pool.map(look, stale))
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
