"""What crashed once, found by fuzzing, never crashes again."""

import pytest

from tests.fuzz.cases import CASES, TYPED, Case, Typed
from tests.fuzz.command_line import CASE, attempt_command
from tests.fuzz.surface import attempt
from tests.fuzz.surfaces import BY_NAME


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.surface)
def test_an_input_that_crashed_once(case: Case) -> None:
    """It is read, or refused whole with the words that it must be."""
    said = attempt(BY_NAME[case.surface], case.tree)
    assert case.said in said
    assert bool(case.said) == bool(said)


@pytest.mark.parametrize("typed", TYPED, ids=lambda typed: " ".join(typed.words)[:60])
def test_a_command_line_that_crashed_once(typed: Typed) -> None:
    """It ends with the code that it must, says why, and leaves no report of a bug."""
    attempted = attempt_command(typed.words, {**CASE, **typed.tree})
    assert ([], typed.code) == (attempted.faults, attempted.code)
    assert typed.said in attempted.printed
