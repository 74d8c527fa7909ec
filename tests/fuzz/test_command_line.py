"""Whatever is typed, on whatever case, ends in an answer or a whole refusal."""

import pytest
from hypothesis import given, settings

from tests.fuzz.command_line import CASE, VERBS, attempt_command, cases, command_lines
from tests.fuzz.holding import FIXED
from tests.fuzz.surface import Tree

QUICK, MANY = 6, 150


def _attempt(words: tuple[str, ...], tree: Tree) -> None:
    assert [] == attempt_command(words, tree).faults


def test_every_verb_is_attempted() -> None:
    """The attempts know all verbs of the command line, and the case that they change is sound."""
    assert 31 <= len(VERBS)
    assert 0 == attempt_command(("spend", "list"), CASE).code


def test_a_few_attempts() -> None:
    """Some lines of any verb."""
    settings(FIXED, max_examples=QUICK)(given(command_lines(), cases())(_attempt))()


@pytest.mark.slow
def test_many_attempts() -> None:
    """Many lines of any verb."""
    settings(FIXED, max_examples=MANY)(given(command_lines(), cases())(_attempt))()
