"""The bill is printed with what moves it; what is not known is a word, not a zero."""

from dataclasses import replace

from tests import samples
from tests.cli.show.printing import flat, printed
from tunecase.quantities import Sampled
from tunecase.records import Driver, Flip, WhatIf


def test_nothing_known_is_said_so() -> None:
    """Missing prices, budgets, drivers and dates are words, not zeros."""
    made = samples.plan()
    unsaid = replace(made, budget_left=None, chance=None, worth=None, then=(), total=replace(made.total, over=None))
    bill = replace(samples.estimate(), budget=None, reached=None, over_budget=None, drivers=(), price_dates=(),
                   unpriced=("gpu", "labels"), plan=unsaid)  # fmt: skip
    text = flat("estimate", bill)
    assert "chance" not in text
    assert "What moves it" not in text
    assert "GPU prices of none used" in text
    hosted = flat("estimate", replace(bill, gpu="", price_dates=("2025-01-01",)))
    assert "Price of training of 2025-01-01; price book" in hosted
    assert "Plus 2 unpriced lines: gpu; labels." in text
    passed = replace(unsaid, total=replace(unsaid.total, over=Sampled(0.32)))
    assert "30% chance to exceed 18k" in flat("estimate", replace(bill, budget=18_000.0, plan=passed))
    assert "60% chance to show the target within 18k" in flat("estimate", replace(samples.estimate(), unpriced=()))


def test_more_notes_than_fit() -> None:
    """A long list is cut with the number of what is left."""
    bill = replace(samples.estimate(), assumptions=tuple(f"assumption {k}" for k in range(9)))
    assert "assumption 5" in flat("estimate", bill)
    assert "· and 3 more (see --json or the report)" in flat("estimate", bill)


def test_what_moves_a_bill_is_a_tornado() -> None:
    """A bar for each driver from the mean where it is low to the mean where it is high, what low is, and its share."""
    drivers = (
        Driver("rounds", 0.7, 0.01, 1, 6, 5_000, 50_000),
        Driver("effort_per_round", 0.1, 0.01, 23, 69, 30_000, 20_000),
    )
    text = printed("estimate", replace(samples.estimate(), drivers=drivers))
    assert f"5.0k  {'█' * 24}" in text
    assert "30k  ········█████" in text
    assert "low: 23 h per round or less; high: 69 h per round or more; within 1.3%" in " ".join(text.split())


def test_what_would_have_to_be_true_is_printed() -> None:
    """One sentence under the drivers."""
    what_if = WhatIf("stay", 15_000, 0.8, 0.74, (Flip("label price per example", 0.31, 0.12, "sure"),))
    text = flat("estimate", replace(samples.estimate(), what_if=(what_if,)))
    assert (
        "What would have to be true to be 80% sure of staying within 15k USD (now 74%): an example (label) at 0.12 USD"
        in text
    )
