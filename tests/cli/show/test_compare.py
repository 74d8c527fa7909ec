"""A difference of two bills is printed in words."""

from dataclasses import replace

import pytest

from tests import samples
from tests.cli.show.printing import flat, printed
from tunecase.quantities.spread import Band


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            Band(-250, -100, -50, 20),
            "costs 100 USD less at P50 (8 times in 10: from 250 USD less to 20 USD more); it is",
        ),
        (Band(-250, -100, -50, -10), "costs 100 USD less at P50 (8 times in 10: 10 to 250 USD less)"),
        (Band(10, 100, 200, 250), "costs 100 USD more at P50 (8 times in 10: 10 to 250 USD more)"),
        (Band(0, 0, 10, 90), "costs the same at P50 (8 times in 10: 0 to 90 USD more)"),
        (Band(0, 0, 0, 0), "costs the same in 0% of cases, less in 90% and more in 10%"),
    ],
)
def test_a_difference_is_told_in_one_sentence(change: Band, words: str) -> None:
    """More and less are words, not signs."""
    record = samples.comparison()
    assert record.total is not None
    assert words in flat("compare", replace(record, total=replace(record.total, change=change)))


def test_a_comparison_without_changes_or_curve() -> None:
    """What is not known is said, and a bill alone shows only its verdict."""
    record = samples.comparison()
    assert record.second is not None
    bare = replace(
        record,
        first=replace(record.first, reached=None, budget=None, over_budget=None),
        second=replace(record.second, reached=None, budget=None, over_budget=None),
        changed=(), notes=(), judged=None,
    )  # fmt: skip
    text = printed("compare", bare)
    assert "The project files say the same." in text
    assert "Chance" not in text
    one = replace(record, first=replace(record.first, reached=None, budget=None, over_budget=None))
    assert "unknown → 59%" in printed("compare", one)
    assert "no budget → 29% of 18k USD" in printed("compare", one)
    alone = printed("compare", replace(record, second=None, lines=(), total=None, rounds=None))
    assert "keeps the limit: 80% sure" in " ".join(alone.split())
    assert "b less a" not in alone
