"""The nearest change that flips an answer is found in few calls, and the answer does flip when the value is typed."""

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase.decide.what_if import ENDS, RINGS, what_if


def threshold(value: float, at: float):
    """Advice that is another one from `at` on, whichever side the value now lies on; every call is counted."""
    calls: list[float] = []

    def advise(scales: Mapping[str, float]) -> str:
        calls.append(scales.get("x", 1.0))
        return "high" if value * calls[-1] >= at else "low"

    return advise, calls


@law(100)
@given(value=st.floats(1e-6, 1e6), distance=st.floats(-2.9, 2.9).filter(lambda d: abs(d) > 0.02))
def test_the_nearest_typed_value_flips_the_advice(value: float, distance: float) -> None:
    """At the value found the advice differs; one number of two figures nearer to now it does not."""
    at = value * 10**distance
    advise, calls = threshold(value, at)
    (found,) = what_if(advise, {"x": value})
    assert ("high" if distance > 0 else "low") == found.to
    assert found.to == advise({"x": found.at / value})
    assert ("up" if distance > 0 else "down") == found.direction
    assert float(f"{found.at:.1e}") == found.at
    step = 10 ** math.floor(math.log10(found.at) + 1e-9) / 10
    nearer = found.at - math.copysign(step * 1.02, distance)
    if (nearer - value) * distance > 0:
        assert found.to != advise({"x": nearer / value})
    assert len(calls) <= 24


def test_what_never_flips_says_so_in_few_calls() -> None:
    """Eleven calls in general, three where the advice can change only once each way; zero has no factor."""
    for once, most in ((False, 11), (True, 3)):
        advise, calls = threshold(1.0, 1e9)
        (found,) = what_if(advise, {"x": 1.0}, rings=ENDS if once else RINGS)
        assert (None, "", None, "") == (found.at, found.to, found.factor, found.direction)
        assert len(calls) <= most
    assert None is what_if(lambda scales: "same", {"x": 0.0})[0].at


def test_the_nearer_direction_wins() -> None:
    """Up by a half and down by a fifth both flip: the fifth is told, also where both lie within one look."""

    def advise(scales: Mapping[str, float]) -> str:
        x = 100 * scales.get("x", 1.0)
        return "more" if x >= 140 else "less" if x <= 85 else "as now"

    for once in (False, True):
        (found,) = what_if(advise, {"x": 100.0}, rings=ENDS if once else RINGS)
        assert (85.0, "less", "down") == (found.at, found.to, found.direction)


def test_inputs_are_sorted_by_the_smallest_change() -> None:
    """The smallest |ln factor| first, what never flips last, others untouched while one is moved."""

    def advise(scales: Mapping[str, float]) -> str:
        assert len(scales) <= 1
        return "no" if scales.get("a", 1) > 4 or scales.get("b", 1) < 0.5 else "yes"

    assert ["b", "a", "c"] == [flip.name for flip in what_if(advise, {"a": 1.0, "c": 7.0, "b": 2.0})]


def test_a_share_stays_a_share() -> None:
    """No value beyond the largest one is proposed."""
    for value, at, expected in ((0.6, 0.999, 1.0), (0.6, 1.1, None), (1.0, 1.1, None)):

        def advise(factors: Mapping[str, float], value: float = value, at: float = at) -> str:
            return "high" if value * factors.get("evaluation_share", 1.0) >= at else "low"

        assert expected == what_if(advise, {"evaluation_share": value})[0].at


def test_values_without_a_factor_are_refused() -> None:
    """A negative or endless value cannot be scaled."""
    for value in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="zero or more"):
            what_if(lambda scales: "same", {"x": value})
