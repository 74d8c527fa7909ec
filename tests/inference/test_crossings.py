"""From which volume on a way costs less: in each world, as an interval, and beyond what was looked at as such."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.inference.making import WORLDS, ground, traffic
from tests.laws import law
from tunecase.inference.bills import Replicas, Tokens, scaled
from tunecase.inference.crossings import Costs, Volumes, crossing_volumes, crossings
from tunecase.inference.fleet import Rules
from tunecase.inference.ways import priced_ways
from tunecase.prices import api

ONE = np.ones(WORLDS)
MONTH_H = 730.5
FLEET = Replicas(1e9 * ONE, 10.0 * ONE, Rules(spare=1))
installed = pytest.mark.skipif(not api.known(), reason="genai-prices is not installed")


def volumes(fleet: Replicas, tokens: Tokens, answers: float = 1e6) -> Volumes:
    """Where a fleet begins to cost less than tokens."""
    arrives = traffic(answers)
    return crossing_volumes(Costs.of(arrives, [fleet]), Costs.of(arrives, [tokens]))


def test_a_crossing_by_hand() -> None:
    """Two replicas at 10 an hour are 14,610 a month; at 0.0006 an answer that is 24.35 million answers."""
    found = volumes(FLEET, Tokens(0.8 * ONE, 2.0 * ONE))
    assert 2 * 10 * MONTH_H / 0.0006 == pytest.approx(found.at[0], rel=0.08)
    assert found.at[0] == pytest.approx(found.point(0.5))
    assert (0.0, 0.0) == (found.always, found.never)


@law(40)
@given(
    st.lists(st.floats(0.05, 50), min_size=WORLDS, max_size=WORLDS),
    st.lists(st.floats(0.1, 30), min_size=WORLDS, max_size=WORLDS),
    st.floats(1e3, 1e9),
)
def test_bills_agree_where_they_cross_and_ends_are_in_order(
    hour: list[float], token: list[float], answers: float
) -> None:
    """A little above the volume the fleet costs no more; P10, P50 and P90 rise."""
    fleet, tokens = replace(FLEET, hour=np.array(hour)), Tokens(np.array(token), np.array(token))
    found = volumes(fleet, tokens, answers)
    points = [point for share in (0.1, 0.5, 0.9) if (point := found.point(share)) is not None]
    assert sorted(points) == points
    crossed = np.isfinite(found.at) & (found.at > 0)
    above = traffic(np.where(crossed, found.at, 1.0).tolist())
    mine, theirs = fleet.bill(scaled(above, 1.001)).per_month, tokens.bill(scaled(above, 1.001)).per_month
    assert (mine <= theirs * (1 + 1e-9))[crossed].all()
    below = scaled(above, 1 / 1.2)
    assert (fleet.bill(below).per_month > tokens.bill(below).per_month)[crossed].all()


def test_what_always_or_never_costs_less_has_no_volume() -> None:
    """Beyond a ten thousandth and ten thousand times the traffic."""
    free, dear = volumes(replace(FLEET, hour=1e-9 * ONE), Tokens(ONE, ONE)), volumes(FLEET, Tokens(1e-9 * ONE, 0 * ONE))
    assert (1.0, None) == (free.always, free.point(0.5))
    assert (1.0, None) == (dear.never, dear.point(0.5))


def test_worlds_beyond_the_range_leave_an_end_open() -> None:
    """One world of three never crosses: the upper end is open, the lower is not."""
    found = volumes(replace(FLEET, hour=np.array([1.0, 2.0, 1e12])), Tokens(ONE, ONE))
    assert found.point(0.1) is not None
    assert found.point(0.9) is None
    assert 1 / 3 == pytest.approx(found.never)


def test_the_card_that_is_cheapest_at_a_volume_serves_it() -> None:
    """A small card crosses early; the large one alone would cross late."""
    small = replace(FLEET, hour=1.0 * ONE, capacity=1e-2 * ONE)
    large = replace(FLEET, hour=50.0 * ONE)
    arrives, tokens = traffic(1e6), Tokens(3.0 * ONE, 3.0 * ONE)
    both = crossing_volumes(Costs.of(arrives, [large, small]), Costs.of(arrives, [tokens]))
    alone = crossing_volumes(Costs.of(arrives, [large]), Costs.of(arrives, [tokens]))
    assert both.at[0] <= alone.at[0]


@installed
def test_each_way_by_the_token_crosses_the_cheapest_fleet() -> None:
    """In words that name both, and in answers a month."""
    held = ground(traffic(1e6), prompted=("openai/gpt-4.1-mini", "nobody/nothing"))
    ways = priced_ways(held)
    found = crossings(held, ways)
    assert {"Qwen3-8B tuned at tinker, paid by the token", "openai/gpt-4.1-mini, prompted"} == {c.dearer for c in found}
    assert 1 == len({c.cheaper for c in found})
    for crossing in found:
        assert crossing.cheaper in crossing.words
        assert crossing.dearer in crossing.words
        ends = [end for end in (crossing.low, crossing.mid, crossing.high) if end is not None]
        assert sorted(ends) == ends


def test_without_a_fleet_nothing_crosses() -> None:
    """A model that no card holds is compared with nothing."""
    held = ground(traffic(1e6), cards=("T4",), model="llama-3.1-405b")
    assert () == crossings(held, priced_ways(held))
