"""Every account keeps to its lines and to plain words by default."""

from pathlib import Path

import pytest

from tests.accounts.plain import breaches
from tests.cli.show.printing import ALL, printed
from tests.command import tunecase

VERBS = (
    "define", "define again", "audit", "clean", "review", "labelling", "label task", "label trial", "sources",
    "source trial", "judge",
)  # fmt: skip
MOST_LINES = 14


@pytest.mark.parametrize("verb", VERBS)
def test_the_default_print_is_short_and_plain(verb: str) -> None:
    """At most 14 lines of 80 columns, the answer first, no term or name of code in it, and more in full."""
    text = printed(verb, ALL[verb])
    assert len(text.splitlines()) <= MOST_LINES
    assert text.split()[0][0].isupper() or text[0].isdigit()
    assert [] == breaches(text, names=("how_to",))
    assert len(printed(verb, ALL[verb], full=True)) > len(text)


def test_banned_words_are_seen() -> None:
    """The search finds what it is made for, and lets commands be."""
    assert ["P50", "probe", "kappa", "1.5k", "leak_exact"] == breaches("P50 of a probe, kappa 1.5k, leak_exact")
    assert [] == breaches("next: tunecase pilot --some_thing\nquarantine.jsonl holds 2 rows")


@pytest.mark.slow
def test_the_example_is_told_in_short_and_plain_lines(tmp_path: Path) -> None:
    """What the commands print of the shipped example keeps to the same lines and words."""
    assert 0 == tunecase("init", "--example", "support-tickets", "--to", tmp_path).code
    label, fix = ("label", "--trial", "20", "--to", "trial"), ("audit", "--fix", "cleaned")
    for words in (("audit",), ("define",), ("sources",), fix, ("audit", "--next", "20"), label):
        text = tunecase(*words, cwd=tmp_path).out
        assert len(text.splitlines()) <= MOST_LINES, text
        assert [] == breaches(text), text
