"""Both parts of the page, made from the shipped example's own records."""

from pathlib import Path

import pytest

from tests.accounts.parts.said import numbers, texts, titles, under, words
from tests.accounts.reading import breaches
from tests.command import tunecase
from tunecase.accounts.parts import evidence, money
from tunecase.blocks import Curve, Rows
from tunecase.flow import copy_example, material, open_case

MOST_WORDS = 1_060  # what the first screen leaves of 1,200

pytestmark = pytest.mark.slow  # it makes a pilot


def test_the_example_is_told_in_plain_words_that_add_up(tmp_path: Path) -> None:
    """Its parts are short, its lines add up, and its stand-in's curve has the larger model's assumed band."""
    project = copy_example("support-tickets", to=tmp_path).files[0]
    for verb in ("audit", "pilot", "estimate", "decide"):
        assert 0 == tunecase(verb, "--project", project).code
    known = material(open_case(project))
    parts = money(known), evidence(known)
    assert [] == [text for part in parts for text in texts(part) if breaches(text)]
    assert sum(map(words, parts)) <= MOST_WORDS
    lines = under(parts[0], "People cost").blocks[0]
    assert isinstance(lines, Rows)
    assert numbers(lines.total[2]) == sum(numbers(row.figures[1]) for row in lines.rows)
    assert numbers(lines.total[1]) == sum(numbers(row.figures[0]) for row in lines.rows)
    curve = under(parts[1], "The small stand-in").blocks[0]
    assert isinstance(curve, Curve)
    assert curve.assumed
    assert any("data problems" in title for title in titles(parts[1]))
