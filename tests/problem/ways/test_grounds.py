"""Prices of a core, and what it brings to answer only when sure."""

from dataclasses import replace
from typing import Any

import pytest

from tests.problem_cases import basis, project
from tunecase.problem.ways.grounds import Grounds, Standing, core_price_per_1k, value_of, value_when_sure
from tunecase.records import Promise

HALF = Promise(0.05, 0.5, 0.9, 0.04, 400, 20)
STANDING = Standing(0.6, 0.6, 0.8, "higher", True)
FIXED: dict[str, Any] = {"value": "2 USD per correct", "volume": "1000 per month", "horizon": "10 months"}


def worth(promise: Promise | None, by_hand: str | None = None, **serving: Any) -> float | None:
    """What answering only when sure brings, P50, over 10,000 answers."""
    of = project(**FIXED, by_hand=by_hand, serving=serving)
    found = value_when_sure(Grounds(basis(of), STANDING), promise)
    return None if found is None else found.p50


def test_the_answered_share_gains_up_to_the_target() -> None:
    """2 USD x 10,000 x 50% x (80% - 60%); today's price is spared for half, or people give the rest and meet it."""
    assert pytest.approx(2_000) == worth(HALF)
    assert pytest.approx(2_000 + 5_000) == worth(HALF, price_per_1k_today="1k USD")
    assert pytest.approx(4_000 - 5_000) == worth(HALF, "1 USD per answer")
    assert pytest.approx(2_000 + 5_000) == worth(HALF, "1 USD per answer", price_per_1k_today="1k USD")


def test_what_was_promised_for_a_lower_target_brings_nothing_known() -> None:
    """20% wrong keep a target of 80%, 25% do not."""
    assert None is not worth(replace(HALF, error=0.2, bound=0.19))
    assert None is worth(replace(HALF, error=0.25, bound=0.19))


def test_more_coverage_brings_more_and_nothing_promised_nothing_known() -> None:
    """At the same error; without a coverage, a value or a promise the worth is unknown, not zero."""
    half, most = worth(HALF, "1 USD per answer"), worth(replace(HALF, coverage=0.9), "1 USD per answer")
    assert half < most
    assert None is worth(None) is worth(replace(HALF, coverage=None, bound=None))
    of = project(value=None)
    assert None is value_when_sure(Grounds(basis(of), STANDING), HALF)


def test_all_answers_promised_are_worth_what_the_score_is() -> None:
    """The bound on the error would say less than the score does."""
    assert None is worth(replace(HALF, coverage=1.0))


@pytest.mark.parametrize(("score", "gain"), [(0.99, 0.0), (0.95, 0.0), (0.9, -0.05), (0.7, 0.0)])
def test_a_score_loses_only_what_it_lacks_to_the_one_in_use(score: float, gain: float) -> None:
    """With 95% in use and 80% wanted: what is as good loses nothing; short of the target it is not put to use."""
    found, lacks = value_of(Grounds(basis(project(**FIXED)), Standing(0.95, 0.95, 0.8, "higher", True)), score)
    assert () == lacks
    assert pytest.approx(20_000 * gain) == found.p50


def test_a_thousand_answers_on_a_core_cost_their_seconds() -> None:
    """An hour for 3.6 s an answer: the price of a core's hour, from the cheapest provider to the dearest."""
    price = core_price_per_1k(basis(), 3.6)
    assert 0.01 < price.min()
    assert price.max() < 0.1
    assert pytest.approx(2 * price) == core_price_per_1k(basis(), 7.2)
