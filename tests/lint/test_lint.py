#!/usr/bin/env python3
"""Tests of the lints: each gets a small tree with a mistake in it, and must find it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent


class LintTest(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def lint(self, script, *arguments):
        """What the script says, or an empty string when it finds nothing."""
        answer = subprocess.run([sys.executable, HERE / script, *arguments, self.root],
                                capture_output=True, text=True, check=False)
        self.assertEqual(answer.stderr, "")
        self.assertEqual(answer.returncode, 1 if answer.stdout else 0)
        return answer.stdout


class Includes(LintTest):
    def lint(self):
        return super().lint("includes.py")

    def test_downward_and_own_floor_are_fine(self):
        self.write("include/rtai/media/opus.hpp", "#include <vector>\n#include <rtai/core/task.hpp>\n"
                   "#include <rtai/media/detail/tables.hpp>\n#include <rtai/core.hpp>\n")
        self.assertEqual(self.lint(), "")

    def test_upward_is_found_with_file_and_line(self):
        self.write("include/rtai/core/task.hpp", "#pragma once\n#  include <rtai/media/opus.hpp>\n")
        self.assertIn("include/rtai/core/task.hpp:2: error: <rtai/media/opus.hpp>: media is above core", self.lint())

    def test_an_umbrella_belongs_to_its_floor(self):
        self.write("include/rtai/core.hpp", "#include <rtai/observe/log.hpp>\n")
        self.assertIn("observe is above core", self.lint())

    def test_detail_is_for_its_own_floor(self):
        self.write("include/rtai/media/opus.hpp", "#include <rtai/core/detail/list.hpp>\n")
        self.assertIn("detail/ is for core only", self.lint())

    def test_an_example_keeps_to_what_is_public(self):
        self.write("examples/a/a.cpp", "#include <rtai/core/task.hpp>\n#include <rtai/core/detail/list.hpp>\n")
        self.assertIn("examples/a/a.cpp:2: error", self.lint())

    def test_a_header_is_included_by_its_full_name(self):
        self.write("include/rtai/core/task.hpp", '#include "scope.hpp"\n')
        self.assertIn("write <rtai/...>", self.lint())

    def test_a_folder_that_is_no_floor_is_found(self):
        self.write("include/rtai/cellar/wine.hpp", "")
        self.assertIn("'cellar' is no floor", self.lint())


class Snippets(LintTest):
    CODE = "int a;\n    // [one]\n    int b;\n    if (b) {\n        b = 2;\n    }\n    // [/one]\n"
    BLOCK = "int b;\nif (b) {\n    b = 2;\n}"

    def document(self, comment, block, tag="cpp"):
        self.write("examples/x.cpp", self.CODE)
        self.write("docs/guide.md", f"# Guide\n\n{comment}\n```{tag}\n{block}\n```\nEnd.\n")

    def lint(self, *arguments):
        return super().lint("snippets.py", *arguments)

    def test_a_true_slice_is_fine(self):
        self.document("<!-- slice: examples/x.cpp#one -->", self.BLOCK)
        self.assertEqual(self.lint(), "")

    def test_a_changed_slice_is_found(self):
        self.document("<!-- slice: examples/x.cpp#one -->", self.BLOCK.replace("2", "3"))
        self.assertIn("docs/guide.md:4: error: line 7 is not what examples/x.cpp has", self.lint())

    def test_code_from_nowhere_is_found(self):
        self.document("", "int c;")
        self.assertIn("needs a line '<!-- slice:", self.lint())

    def test_a_missing_file_or_mark_is_found(self):
        self.document("<!-- slice: examples/y.cpp#one -->", self.BLOCK)
        self.assertIn("there is no file examples/y.cpp", self.lint())
        self.document("<!-- slice: examples/x.cpp#two -->", self.BLOCK)
        self.assertIn("// [two]", self.lint())

    def test_other_blocks_are_left_alone(self):
        self.document("", "./dev test", tag="sh")
        self.assertEqual(self.lint(), "")

    def test_write_fills_slices_in(self):
        self.document("<!-- slice: examples/x.cpp#one -->", "old")
        self.assertEqual(self.lint("--write"), "")
        self.assertIn(f"```cpp\n{self.BLOCK}\n```\nEnd.\n", (self.root / "docs/guide.md").read_text())
        self.assertEqual(self.lint(), "")


# Each line that must be found ends in a comment that says so.
COROUTINES = """
#include <coroutine>
#include <utility>
struct task {
    struct promise_type {
        task get_return_object();
        std::suspend_never initial_suspend();
        std::suspend_never final_suspend() noexcept;
        void return_void();
        void unhandled_exception();
    };
    ~task();
    bool await_ready();
    void await_suspend(std::coroutine_handle<>);
    int await_resume();
};
struct owner { owner(); owner(int); owner(const owner&); ~owner(); };
struct frame { owner pcm; int at; };
struct spot { int x, y; };
struct message { message(owner, int); ~message(); };
task send(frame);
task send_spot(spot);
task send_message(message);
task send_owner(owner);
task get();
template <class F> task call(F) { return get(); }
template <class F> void spawn(F) {}
task found(bool b, owner o) {
    co_await send({.pcm = owner(), .at = 1});           // found
    co_await send(frame{owner(), 1});                   // found
    co_await call([o] { (void)o; });                    // found
    co_await send_owner(b ? owner(1) : owner(2));       // found
    co_await (b ? send_owner(o) : get());               // found
    frame f{owner(co_await get()), 1};                  // found
    throw co_await get();                               // found
}
template <class T>
task found_in_a_template(T t) {
    co_await send(frame{owner(t), 1});                  // found
}
template task found_in_a_template<int>(int);
bool odd(bool);
task condition(bool b) {
    if (co_await get()) co_return;                      // found
    for (;;) {
        if (b && !odd(co_await get())) co_return;       // found
        while (co_await get() == 1) co_return;          // found
        do b = false; while (co_await get());           // found
        for (; co_await get();) co_return;              // found
    }
    switch (co_await get()) { default: co_return; }     // found
}
template <class T>
task condition_in_a_template(T) {
    if (!co_await get()) co_return;                     // found
}
template task condition_in_a_template<int>(int);
struct member { task operator()() {
    if (co_await get()) co_return;                      // found
} };
task silenced() {
    co_await send(frame{owner(), 1});  // NOLINT(gcc12-coroutine)
    // NOLINTNEXTLINE(gcc12-coroutine)
    co_await send(frame{owner(), 1});
    // NOLINTBEGIN(gcc12-coroutine)
    co_await send(frame{owner(), 1});
    // NOLINTEND(gcc12-coroutine)
}
task safe(bool b, owner o) {
    frame f{owner(), 1};
    co_await send(std::move(f));
    co_await send_spot({1, 2});
    co_await send_message({owner(), 1});
    co_await call([&o] { (void)o; });
    co_await send_owner(owner(co_await get()));
    spot s{co_await get(), b ? 1 : 2};
    spawn([o]() -> task { co_await get(); });
    spawn([o, b]() -> task { if (b) co_await send_owner(o); });
    if (b) co_await send_owner(owner(s.x));
    int n = b ? co_await send_owner(owner(1)) : 0;
    co_await send_owner(n > 0 ? o : f.pcm);
    if (!co_await get()) co_return;
}
task condition_beside_a_name(bool b) {
    for (;;) {
        if (b && !co_await get()) co_return;
        int n = co_await get();
        if (n > 0) co_return;
    }
}
task condition_of_a_name() {
    if (const bool b = co_await get(); !b) co_return;
    while (auto n = co_await get()) if (co_await get() == n) co_return;
}
task no_condition(bool b) {
    if (b) co_await get();
    b && co_await get();
    co_await send_owner(owner(b ? co_await get() : 0));
    for (;; co_await get()) co_await get();
}
task condition_beside_a_lambda() {
    co_await call([] {});
    if (co_await get()) co_return;
}
auto condition_in_a_lambda = []() -> task { if (co_await get()) co_return; };
"""


@unittest.skipUnless(shutil.which("clang-query-19") and shutil.which("clang-tidy-19"), "the clang tools are not installed")
class Gcc12(LintTest):
    def test_finds_the_unsafe_forms_and_only_these(self):
        self.write("forms.cpp", COROUTINES)
        file = str(self.root / "forms.cpp")
        self.write("compile_commands.json", json.dumps([
            {"directory": str(self.root), "file": file, "command": f"clang++-19 -std=c++20 -c {file}"}]))
        answer = subprocess.run([sys.executable, HERE / "clang.py", self.root], capture_output=True, text=True, check=False)
        lines = COROUTINES.splitlines()
        wanted = [n for n, line in enumerate(lines, 1) if line.endswith("// found")]
        found = [int(line.split(":")[1]) for line in answer.stdout.splitlines() if "[gcc12-coroutine]" in line]
        self.assertEqual(sorted(set(found)), wanted, answer.stdout)
        self.assertEqual(answer.returncode, 1)


if __name__ == "__main__":
    os.environ.pop("CLICOLOR_FORCE", None)
    unittest.main()
