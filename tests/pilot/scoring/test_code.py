"""A program is right where it passes the tests of its row, whatever it does to look so."""

import pickle

import pytest

from tunecase.engine import no_sandbox
from tunecase.errors import InputError
from tunecase.pilot.scoring import code, row_scores
from tunecase.pilot.scoring.code import code_of, passes_of, untested
from tunecase.pilot.scoring.final import reference_of, row_tests

needs_sandbox = pytest.mark.skipif(bool(no_sandbox()), reason=f"no sandbox on this machine: {no_sandbox()}")

ADDS = "def add(a, b):\n    return a + b\n"
TAKES = "def add(a, b):\n    return a - b\n"
ASSERTS = {"test_list": ["assert add(1, 2) == 3", "assert add(0, 5) == 5"]}
LABEL = reference_of(ADDS, ASSERTS)


@needs_sandbox
@pytest.mark.parametrize(
    "columns",
    [
        ASSERTS,
        {"test": "def check(candidate):\n    assert candidate(1, 2) == 3", "entry_point": "add"},
        {"test": "from solution import add\n\ndef test_add():\n    assert add(1, 2) == 3"},
        {"test": "import unittest\nclass T(unittest.TestCase):\n    def test_add(self):\n"
                 "        self.assertEqual(add(1, 2), 3)"},
        {"input_output": '{"fn_name": "add", "inputs": [[1, 2]], "outputs": [3]}'},
    ],
)  # fmt: skip
def test_right_and_wrong_programs_are_told_apart(columns):
    """In every form of tests, what adds passes and what takes away does not."""
    assert passes_of([reference_of(ADDS, columns)] * 2, [ADDS, TAKES]) == [True, False]


@needs_sandbox
def test_streams_are_compared_line_by_line():
    """A program that reads and writes passes where all its lines are right, but for blanks at their ends."""
    label = reference_of("x", {"input_output": {"inputs": ["1 2\n", "3 4\n"], "outputs": ["3\n", "7\n"]}})
    answers = ["print(sum(map(int, input().split())), '')", "print(3)"]
    assert passes_of([label] * 2, answers) == [True, False]


@needs_sandbox
def test_a_body_goes_on_from_its_prompt():
    """An answer that only goes on from the prompt is tested behind it."""
    columns = {"test": "def check(f):\n    assert f(1, 2) == 3", "entry_point": "add"}
    label = reference_of("    return a + b", columns, "def add(a, b):\n")
    assert passes_of([label] * 2, ["    return a + b", "    return a"]) == [True, False]


TRICKS = (
    "import sys; sys.exit(0)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "print('passed')",
    f"{TAKES}import builtins\nbuiltins.exec = builtins.AssertionError = builtins.compile = print",
    f"{TAKES}import atexit, os\natexit.register(lambda: os.write(1, b'passed'))",
)  # fmt: skip
MORE_TRICKS = (
    "import os; os._exit(0)",
    "raise KeyboardInterrupt",
    f"{TAKES}AssertionError = None\nimport os\nos.dup2 = os.write = print",
    f"{TAKES}import sys\nsys.settrace(lambda *a: None)\nsys.excepthook = sys.exit = print",
    f"{TAKES}import os\nfor each in range(64):\n    try: os.write(each, b'passed')\n    except OSError: pass",
    "def check(*a): pass",
    "",
    "def add(a, b) return",
    "\0",
    "\ud800",
    f"{ADDS}# {'a' * 200_000}",
)


@needs_sandbox
@pytest.mark.parametrize("programs", [TRICKS, pytest.param(MORE_TRICKS, marks=pytest.mark.slow)])
def test_tricks_do_not_pass(programs):
    """A program that ends before its tests, replaces what checks it, or cannot be run has not passed."""
    passed = passes_of([LABEL] * len(programs), programs)
    assert [] == [program for program, good in zip(programs, passed, strict=True) if good]


@needs_sandbox
def test_a_right_program_may_print_and_replace():
    """What a program prints, or replaces in the library, does not keep it from passing."""
    loud = f"print('a' * 3_000_000)\n{ADDS}import os, builtins\nos.write = os._exit = builtins.exec = None"
    assert row_scores("pass_at_1", [LABEL], [loud]) == (1.0,)


def test_a_label_carries_its_tests():
    """Tests go with the label into other processes; a row without tests has none."""
    assert row_tests(pickle.loads(pickle.dumps(LABEL))) == row_tests(LABEL)
    assert row_tests(LABEL).code.startswith("assert add")
    assert row_tests(reference_of(ADDS, {"source": "a"})) is row_tests(ADDS) is None


def test_fences_and_prose_are_left_out():
    """Of an answer the program is taken: behind the trace, out of the first fence of Python, without prose around."""
    cases = [
        ADDS, f"```python\n{ADDS}```", f"Here it is:\n\n```\n{ADDS}```\nIt adds:\n```python\nadd(1, 2)\n```",
        f"<think>```python\n{TAKES}```</think>\n```py\n{ADDS}```",
        f"Run this:\n```bash\nls\n```\nthen\n```python3\n{ADDS}", f"Of course.\n{ADDS}\nThis adds two numbers.",
    ]  # fmt: skip
    assert [] == [answer for answer in cases if code_of(answer).strip() != ADDS.strip()]


def test_what_cannot_be_scored_is_said(monkeypatch):
    """Rows without tests and a machine without a sandbox are refused together, other metrics never."""
    monkeypatch.setattr(code, "no_sandbox", lambda: "not found: unshare")
    assert [each.where for each in untested("pass_at_1", [LABEL, ADDS])] == ["pass_at_1: sandbox", "pass_at_1: tests"]
    assert untested("pass_at_1", [LABEL, ADDS])[1].got == "1 test row of 2 without tests that can be run"
    assert untested("chrf", [ADDS]) == []


def test_without_a_sandbox_nothing_is_scored(monkeypatch):
    """Where no sandbox is, scoring refuses."""

    def refuse(*given):
        raise InputError(code.sandbox_problem("not found: unshare"))

    monkeypatch.setattr(code, "run_sandboxed", refuse)
    code._passes.cache_clear()
    with pytest.raises(InputError, match="not found: unshare"):
        passes_of([LABEL], [ADDS])
