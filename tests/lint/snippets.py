#!/usr/bin/env python3
"""Checks that the C++ and the specs in the documents are what the tests compile and run.

Each block ```cpp or ```yaml in README.md, CONTRIBUTING.md and docs/ has a line above it that says where it is from:

    <!-- slice: examples/hello/hello.cpp -->           the whole file
    <!-- slice: tests/core/gcc12_probes.cpp#name -->   its lines between // [name] and // [/name]

(in YAML the marks are # [name]). The block must equal that text, less its common indentation. A sketch that is
not meant to compile is a ```text block; such a block may have a slice, too, and is then checked. With --write the blocks are filled in from the files.

Usage: snippets.py [--write] [root of the tree]
"""

import re
import sys
import textwrap
from pathlib import Path

COMMENT = re.compile(r"^\s*<!-- slice: ([^\s#]+)(?:#(\S+))? -->\s*$")
MARK = re.compile(r"^\s*(?://|#) \[/?[\w.-]+\]\s*$")


class Mistake(Exception):
    pass


def slice_of(root, path, name):
    file = root / path
    if not file.is_file():
        raise Mistake(f"there is no file {path}")
    lines = file.read_text().splitlines()
    if name:
        texts = [re.sub(r"^# \[", "// [", line.strip()) for line in lines]
        if texts.count(f"// [{name}]") != 1 or texts.count(f"// [/{name}]") != 1:
            raise Mistake(f"{path} must have one line '// [{name}]' and one line '// [/{name}]'")
        lines = lines[texts.index(f"// [{name}]") + 1 : texts.index(f"// [/{name}]")]
    text = "\n".join(line for line in lines if not MARK.match(line))
    return textwrap.dedent(text).strip("\n").splitlines()


def examine(root, document, write):
    """Yields (line, text) for each mistake; with write, puts blocks right instead."""
    lines = document.read_text().splitlines()
    out = []
    at = 0
    while at < len(lines):
        out.append(lines[at])
        fence = re.match(r"^(`{3,})\s*(\S*)", lines[at])
        at += 1
        if not fence:
            continue
        start = at
        while at < len(lines) and lines[at].rstrip() != fence[1]:
            at += 1
        block = lines[start:at]
        comment = COMMENT.match(lines[start - 2]) if start >= 2 else None
        if comment or fence[2] in ("cpp", "c++", "cxx", "C++", "yaml"):
            try:
                if not comment:
                    raise Mistake("a block of C++ or YAML needs a line '<!-- slice: path#name -->' right above it; "
                                  "a sketch that does not compile is a text block")
                wanted = slice_of(root, *comment.groups())
                if block != wanted and not write:
                    first = next((n for n, (a, b) in enumerate(zip(block, wanted)) if a != b), min(len(block), len(wanted)))
                    raise Mistake(f"line {start + first + 1} is not what {comment[1]} has: "
                                  f"'{wanted[first] if first < len(wanted) else '(nothing)'}'")
                block = wanted
            except Mistake as mistake:
                yield start, str(mistake)
        out += block + lines[at : at + 1]
        at += 1
    if write and out != lines:
        document.write_text("\n".join(out) + "\n")


def main():
    arguments = [a for a in sys.argv[1:] if a != "--write"]
    write = "--write" in sys.argv
    root = Path(arguments[0] if arguments else ".")
    documents = [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").rglob("*.md"))]
    bad = False
    for document in filter(Path.is_file, documents):
        for line, text in examine(root, document, write):
            print(f"{document.relative_to(root)}:{line}: error: {text}")
            bad = True
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
