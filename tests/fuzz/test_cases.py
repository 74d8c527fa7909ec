"""What crashed once, found by fuzzing, never crashes again."""

from importlib import import_module
from typing import Any

import pytest

from tests.fuzz.surface import attempt


@pytest.fixture(scope="module")
def kept() -> Any:
    """The cases, loaded where they are tried: their inputs take a while to make."""
    return import_module("tests.fuzz.cases")


def test_inputs_that_crashed_once(kept: Any) -> None:
    """Each is read, or refused whole with the words that it must be."""
    by_name = import_module("tests.fuzz.surfaces").BY_NAME
    said = [(case.surface, case.said, attempt(by_name[case.surface], case.tree)) for case in kept.CASES]
    assert [] == [told for told in said if told[1] not in told[2] or bool(told[1]) != bool(told[2])]


def test_command_lines_that_crashed_once(kept: Any) -> None:
    """Each ends with the code that it must, says why, and leaves no report of a bug."""
    typing = import_module("tests.fuzz.command_line")
    for typed in kept.TYPED:
        attempted = typing.attempt_command(typed.words, {**typing.CASE, **typed.tree})
        assert ([], typed.code) == (attempted.faults, attempted.code)
        assert typed.said in attempted.printed
