"""Prices of a core, and what it brings to answer only when sure."""

from dataclasses import replace
from typing import Any

import pytest

from tests.problem_cases import basis, project
from tunecase.problem.ways.grounds import Grounds, Standing, core_price_per_1k, people_answer, value_of, value_when_sure
from tunecase.records import Promise

HALF = Promise(0.05, 0.5, 0.9, 0.04, 400, 20)
STANDING = Standing(0.6, 0.6, 0.8, "higher", True)
FIXED: dict[str, Any] = {"value": "2 USD per correct", "volume": "1000 per month", "horizon": "10 months"}


def worth(promise: Promise | None, by_hand: str | None = None, **serving: Any) -> float | None:
    """What answering only when sure brings, P50, over 10,000 answers."""
    of = project(**FIXED, by_hand=by_hand, serving=serving)
    found = value_when_sure(Grounds(basis(of), STANDING), promise)
    return None if found is None else found.p50


def test_the_answered_share_gains_what_is_promised() -> None:
    """2 USD x 10,000 x 50% x (96% - 60%); people who answered are spared, or take over the rest from a model."""
    assert pytest.approx(3_600) == worth(HALF)
    assert pytest.approx(3_600 + 5_000) == worth(HALF, "1 USD per answer")
    assert pytest.approx(3_600 - 5_000) == worth(HALF, "1 USD per answer", today="gpt-6-luna")
    assert pytest.approx(3_600 - 5_000) == worth(HALF, "1 USD per answer", price_per_1k_today="1 USD")


def test_more_coverage_brings_more_and_nothing_promised_nothing_known() -> None:
    """At the same error; without a coverage, a value or a promise the worth is unknown, not zero."""
    half, most = worth(HALF, "1 USD per answer"), worth(replace(HALF, coverage=0.9), "1 USD per answer")
    assert half is not None
    assert most is not None
    assert half < most
    assert None is worth(None) is worth(replace(HALF, coverage=None, bound=None))
    of = project(value=None)
    assert None is value_when_sure(Grounds(basis(of), STANDING), HALF)


def test_all_answers_promised_are_worth_what_the_score_is_unless_people_are_spared() -> None:
    """The bound on the error would say less than the score does; what people cost today is saved all the same."""
    everything = replace(HALF, coverage=1.0)
    assert None is worth(everything)
    assert pytest.approx(7_200 + 10_000) == worth(everything, "1 USD per answer")


@pytest.mark.parametrize(("score", "gain"), [(0.99, 0.0), (0.95, 0.0), (0.9, -0.05), (0.7, 0.0)])
def test_a_score_loses_only_what_it_lacks_to_the_one_in_use(score: float, gain: float) -> None:
    """With 95% in use and 80% wanted: what is as good loses nothing; short of the target it is not put to use."""
    found, lacks = value_of(Grounds(basis(project(**FIXED)), Standing(0.95, 0.95, 0.8, "higher", True)), score)
    assert () == lacks
    assert found is not None
    assert pytest.approx(20_000 * gain) == found.p50


def test_people_answer_where_no_model_is_named() -> None:
    """And where an answer costs about what a person's does."""
    assert people_answer(project())
    assert people_answer(project(by_hand="1 USD per answer", serving={"price_per_1k_today": "1k USD"}))
    assert not people_answer(project(by_hand="1 USD per answer", serving={"price_per_1k_today": "5 USD"}))


def test_a_thousand_answers_on_a_core_cost_their_seconds() -> None:
    """An hour for 3.6 s an answer: the price of a core's hour, from the cheapest provider to the dearest."""
    price = core_price_per_1k(basis(), 3.6)
    assert 0.01 < price.min()
    assert price.max() < 0.1
    assert pytest.approx(2 * price) == core_price_per_1k(basis(), 7.2)
