"""The tests of a row whose answer is a program, in the columns and forms that public sets of programming tasks use.

column                                             form                                             seen in
test, tests, test_code, unit_tests, …              Python: asserts, test functions, unittest        KodCode
the same, beside entry_point                       `def check(candidate)`                           HumanEval
test_list, with test_setup_code or test_imports    a list of asserts                                MBPP
input_output, public_tests, private_tests, …       inputs and outputs of standard streams, in JSON  APPS
the same, with fn_name                             arguments and results of a function              APPS, TACO
"""

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

CODE = ("test", "tests", "test_list", "test_code", "unit_test", "unit_tests", "test_cases", "assertions", "check")
CASES = ("input_output", "public_tests", "private_tests", "test_cases", "tests")
FIRST = ("test_setup_code", "test_imports", "setup_code")
NAMED = ("entry_point", "fn_name", "function_name")
INPUTS, OUTPUTS = ("inputs", "input", "stdin"), ("outputs", "output", "stdout", "expected_output")

_CALLED = """
_found = getattr(Solution(), {name!r}) if "Solution" in globals() else {name}
for _given, _wanted in {cases!r}:
    _got = _found(*_given)
    _got = [*_got] if isinstance(_got, tuple) else _got
    assert _got == _wanted or [_got] == _wanted
"""


def columns_with_tests(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a row's columns that may hold tests or belong to them, by their names in small letters."""
    held = {str(name).casefold(): value for name, value in columns.items()}
    found = any(held.get(name) for name in (*CODE, *CASES))
    return (
        {name: held[name] for name in dict.fromkeys((*CODE, *CASES, *FIRST, *NAMED)) if name in held} if found else {}
    )


@dataclass(frozen=True, slots=True)
class Case:
    """What a program reads on its standard input, and what it must then write to its standard output."""

    given: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Tests:
    """What a program must pass: Python that is run behind it, cases of input and output, or both.

    `name` is the function asked for, "" where none is named; `begun` the beginning of the program, which stands before
    an answer that does not define that function.
    """

    __test__ = False  # no test of ours, whatever its name

    code: str = ""
    cases: tuple[Case, ...] = ()
    name: str = ""
    begun: str = ""


def read_tests(columns: Mapping[str, Any], prompt: str = "") -> Tests | None:
    """The tests in the columns of a row; None where no column holds any that can be run.

    Args:
        columns: the row's further columns, by name.
        prompt: what the answer was asked with, which may be the beginning of the program.
    Example:
        >>> read_tests({"test_list": ["assert add(1, 2) == 3"]})
        Tests(code='assert add(1, 2) == 3', cases=(), name='', begun='')
        >>> read_tests({"test": "yes"}) is None
        True

    Leaves out columns in other languages than Python, and tests that need more than the standard library: these fail.
    """
    held = columns_with_tests(columns)
    name = next((held[each] for each in NAMED if _is_name(held.get(each))), "")
    begun = prompt if name and f"def {name}" in prompt else ""
    codes = [code for each in CODE if (code := _code(held.get(each)))]
    cases, calls = _cases(held, name)
    if calls:
        codes.append(calls)
    elif codes and name and "def check(" in codes[0] and f"check({name})" not in codes[0]:
        codes[0] += f"\ncheck({name})"
    if not codes and not cases:
        return None
    first = [text for each in FIRST if (text := _joined(held.get(each)))]
    return Tests("\n".join([*first, *codes]) if codes else "", cases, name, begun)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.isidentifier()


def _joined(value: object) -> str:
    if isinstance(value, list | tuple) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    return value if isinstance(value, str) else ""


def _code(value: object) -> str:
    """A column as Python that tests something; "" for any other text."""
    text = _joined(_json(value) if isinstance(value, str) and value.lstrip()[:1] == "[" else value)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return ""
    tests = any(isinstance(node, ast.Assert | ast.Raise | ast.ClassDef) for node in ast.walk(tree))
    return text if tests else ""


def _json(value: object) -> object:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value


def _cases(held: Mapping[str, Any], name: str) -> tuple[tuple[Case, ...], str]:
    """Cases of standard streams, and the Python that calls a function on its cases."""
    cases: list[Case] = []
    calls: list[tuple[list[Any], Any]] = []
    for column in CASES:
        value = _json(held.get(column))
        called = str(value.get("fn_name") or "") if isinstance(value, dict) else ""
        for given, wanted in _pairs(value):
            if called.isidentifier() and isinstance(given, list):
                calls.append((given, wanted))
                name = called
            elif (stdin := _stream(given)) is not None and (stdout := _stream(wanted)) is not None:
                cases.append(Case(stdin, stdout))
    code = _CALLED.format(name=name, cases=calls) if calls else ""
    return tuple(dict.fromkeys(cases)), code


def _pairs(value: object) -> Iterator[tuple[Any, Any]]:
    """Inputs with their outputs, of two lists side by side or a list of objects."""
    for each in value if isinstance(value, list) else [value]:
        if not isinstance(each, dict):
            continue
        given = next((each[key] for key in INPUTS if key in each), None)
        wanted = next((each[key] for key in OUTPUTS if key in each), None)
        if isinstance(given, list) and isinstance(wanted, list) and len(given) == len(wanted):
            yield from zip(given, wanted, strict=True)
        elif isinstance(given, str) and isinstance(wanted, str):
            yield given, wanted


def _stream(value: object) -> str | None:
    """A stream as one text; None for what is neither text nor lines of text."""
    return _joined(value) if isinstance(value, str | list) and (_joined(value) or not value) else None
