"""Every account keeps to its lines and to plain words by default."""

from pathlib import Path

import pytest

from tests.accounts.reading import breaches
from tests.command import tunecase

MOST_LINES = 14


@pytest.mark.slow
def test_the_example_is_told_in_short_and_plain_lines(tmp_path: Path) -> None:
    """What the commands print of the shipped example keeps to the same lines and words."""
    assert 0 == tunecase("init", "--example", "support-tickets", "--to", tmp_path).code
    label, fix = ("label", "--trial", "20", "--to", "trial"), ("audit", "--fix", "cleaned")
    for words in (("audit",), ("define",), ("sources",), fix, ("audit", "--next", "20"), label):
        text = tunecase(*words, cwd=tmp_path).out
        assert len(text.splitlines()) <= MOST_LINES, text
        assert [] == breaches(text), text
