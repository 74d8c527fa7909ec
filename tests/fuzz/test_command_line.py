"""Whatever is typed, on whatever case, ends in an answer or a whole refusal."""

from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings

from tests.fuzz.holding import FIXED
from tests.fuzz.surface import Tree


def test_a_few_attempts(typing: Any) -> None:
    """The attempts know all verbs of the command line, the case that they change is sound, and some lines end well."""
    assert 31 <= len(typing.VERBS)
    assert 0 == typing.attempt_command(("spend", "list"), typing.CASE).code
    attempts(typing, 3)


@pytest.mark.slow
def test_many_attempts(typing: Any) -> None:
    """Many lines of any verb."""
    attempts(typing, 60)


@pytest.fixture(scope="module")
def typing() -> Any:
    """What is typed, loaded where it is tried: the case that is changed takes a while to make."""
    return import_module("tests.fuzz.command_line")


def attempts(typing: Any, examples: int) -> None:
    """So many lines of any verb."""

    def attempt(words: tuple[str, ...], tree: Tree) -> None:
        assert [] == typing.attempt_command(words, tree).faults

    settings(FIXED, max_examples=examples)(given(typing.command_lines(), typing.cases())(attempt))()
