"""Whether a program passes the tests of its row, run in a sandbox and nowhere else."""

import ast
import json
import re
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from tunecase.engine import cores, no_sandbox, run_sandboxed, sandbox_problem
from tunecase.errors import Problem
from tunecase.pilot.scoring.final import behind_trace, row_tests
from tunecase.pilot.scoring.programs import Tests
from tunecase.quantities import count, counted

METRIC = "pass_at_1"
LONGEST_PROGRAM = 100_000  # bytes; the kernel takes 128 KiB in one argument, and longer programs fail
MOST_LINES_DROPPED = 200

_FENCED = re.compile(r"^[ \t]*```[ \t]*(?![ \t])(\w*)(?!\w)[^\n]*\n(.*?)(?:^[ \t]*```|\Z)", re.MULTILINE | re.DOTALL)
_BEGINS = re.compile(r"(?:import|from|def|class|async def) \w|@\w|[A-Za-z_]\w* ?=[^=]|print\(|if __name__")
_PYTHON = ("", "python", "py", "python3")

# Runs in the sandbox: the program, its tests, and only then the token, on an output that the program does not have.
# The names it needs are taken before the program runs, which may replace them wherever they can be found.
_CHECK = """
def check():
    import json, os, sys, types
    job = json.loads(sys.stdin.buffer.read())
    case, load, runner = (), None, None
    if "unittest" in job["tests"]:
        import unittest
        case, load = unittest.TestCase, unittest.defaultTestLoader.loadTestsFromTestCase
        runner = unittest.TextTestRunner(open(os.devnull, "w"))
    run, make, write, leave, caught = exec, compile, os.write, os._exit, BaseException
    is_a, below, function, listed, same = isinstance, issubclass, types.FunctionType, list, id
    verdict = os.dup(1)
    for each in (0, 1, 2):
        os.dup2(os.open(os.devnull, os.O_RDWR), each)
    sys.modules["solution"] = module = types.ModuleType("solution")
    space = module.__dict__
    try:
        run(make(job["program"], "solution.py", "exec"), space)
        before = {name: same(value) for name, value in space.items()}
        run(make(job["tests"], "tests.py", "exec"), space)
        for name, value in listed(space.items()):
            if before.get(name) == same(value):
                continue
            if is_a(value, type) and below(value, case) and value is not case:
                if not runner.run(load(value)).wasSuccessful():
                    leave(1)
            elif is_a(value, function) and name.startswith("test_") and not value.__code__.co_argcount:
                value()
    except caught:
        leave(1)
    write(verdict, job["token"].encode())
    leave(0)

check()
"""


def code_of(answer: str) -> str:
    """The program in an answer, by one rule.

    Behind a reasoning trace: the first fenced block that is marked as Python or not at all; without a fence, the whole
    text where it is Python; else the lines from the first that begins like code to the last with which they are Python.

    Example:
        >>> code_of("Here it is:\\n```python\\ndef add(a, b):\\n    return a + b\\n```\\nIt adds.")
        'def add(a, b):\\n    return a + b\\n'
        >>> code_of("Sure.\\ndef one():\\n    return 1\\nThis gives 1.")
        'def one():\\n    return 1'
    """
    text = behind_trace(answer)
    if len(text) > LONGEST_PROGRAM:
        return text
    for language, block in _FENCED.findall(text):
        if language.casefold() in _PYTHON:
            return str(block)
    if _is_python(text):
        return text
    lines = text.splitlines()
    start = next((at for at, line in enumerate(lines) if _BEGINS.match(line)), None)
    if start is not None:
        for end in range(len(lines), max(start, len(lines) - MOST_LINES_DROPPED), -1):
            if _is_python(part := "\n".join(lines[start:end])):
                return part
    return text


def program_of(answer: str, tests: Tests) -> str:
    """The program that is tested: the answer's code, behind the beginning that the row gives where it only goes on."""
    code = code_of(answer)
    if not tests.begun or re.search(rf"def {re.escape(tests.name)}\b", code):
        return code
    return f"{tests.begun.rstrip()}\n{code}"


def passes_of(labels: Sequence[str], predictions: Sequence[str]) -> list[bool]:
    """Whether each answer's program passes all tests that its label carries; False for a label without tests.

    Raises: InputError where this machine has no sandbox.
    """
    pairs = [(program_of(guess, tests), tests) if (tests := row_tests(label)) else None
             for label, guess in zip(labels, predictions, strict=True)]  # fmt: skip
    different = [*dict.fromkeys(pair for pair in pairs if pair)]
    with ThreadPoolExecutor(cores()) as pool:
        passed = dict(zip(different, pool.map(lambda pair: _passes(*pair), different), strict=True))
    return [pair is not None and passed[pair] for pair in pairs]


@lru_cache(maxsize=20_000)
def _passes(program: str, tests: Tests) -> bool:
    """Kept, since score, row scores and interval each need it: a fifth of a second for each start of a sandbox."""
    if not program.strip() or "\0" in program or len(program.encode("utf-8", "replace")) > LONGEST_PROGRAM:
        return False
    program = program.encode("utf-8", "replace").decode()  # half a surrogate pair can be handed to no process
    if tests.code and not _holds(program, tests.code):
        return False
    return all(_same_stream(run_sandboxed(program, case.given.encode("utf-8", "replace")).output, case.wanted)
               for case in tests.cases)  # fmt: skip


def untested(metric: str, labels: Sequence[str]) -> list[Problem]:
    """What keeps a metric from being scored on these wanted answers: no sandbox here, rows without tests.

    Example:
        >>> untested("chrf", ["x = 1"])
        []
    """
    if metric != METRIC:
        return []
    reason, bare = no_sandbox(), sum(row_tests(label) is None for label in labels)
    problems = [sandbox_problem(reason)] if reason else []
    if bare:
        got = f"{counted(bare, 'test row')} of {count(len(labels))} without tests that can be run"
        wanted = "tests in each: a column such as test, test_list or input_output"
        problems.append(Problem("pass_at_1: tests", got, wanted, "add them, or choose chrf or exact_match"))
    return problems


def _holds(program: str, tests: str) -> bool:
    """Whether tests run to their end behind a program.

    Leaves out a program written against this very check: it shares a process with its tests and could search their
    memory, or give values that equal everything.
    """
    token = secrets.token_hex(16)
    job = json.dumps({"program": program, "tests": tests, "token": token}).encode()
    return run_sandboxed(_CHECK, job).output == token.encode()


def _same_stream(output: bytes, wanted: str) -> bool:
    """Whether two outputs are the same line by line, but for blanks at the ends."""
    given = output.decode("utf-8", "replace").strip().splitlines()
    return [line.rstrip() for line in given] == [line.rstrip() for line in wanted.strip().splitlines()]


def _is_python(text: str) -> bool:
    try:
        return bool(ast.parse(text).body)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
