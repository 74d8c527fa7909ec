"""A scorecard counts each hit once, says nothing of too few, and is what the next bill reads."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.books.scored import PLANNED, hours, scored, whole
from tunecase.books.scorecard import FURTHEST, LEAST, Past, merged, scorecard, weight
from tunecase.quantities.spread import Band
from tunecase.quantities.statistics import wilson
from tunecase.records import BandHeld, CaseScored, ChanceMet, LineHeld

K = 10.0

actuals = st.lists(st.floats(0.01, 20.0), max_size=4)
cases = st.lists(
    st.builds(
        lambda name, amounts, entries, chance, booked: scored(
            f"case {name}", *amounts, entries=entries, chance=chance, hours=hours(booked), default_rates=True
        ),
        st.integers(0, 12), actuals, st.integers(1, 50),
        st.none() | st.builds(ChanceMet, st.floats(0, 1), st.booleans()), st.floats(1, 1_000),
    ),
    max_size=20,
)  # fmt: skip


@given(cases, st.randoms(use_true_random=False))
def test_neither_order_nor_copies_change_a_scorecard(held: list[CaseScored], luck: random.Random) -> None:
    """A hit counts once however often its case is named; only the copies are told."""
    once = scorecard(held, K)
    shuffled = [*held, *held[:3]]
    luck.shuffle(shuffled)
    assert once == replace(scorecard(shuffled, K), copies=once.copies)
    assert once.copies + once.cases == len(held)


@given(cases, st.integers(0, 20))
def test_merging_two_halves_is_the_whole(held: list[CaseScored], cut: int) -> None:
    """What each half keeps of its copies, put together, gives the scorecard of all."""
    halves = [*merged(held[:cut])[0], *merged(held[cut:])[0]]
    assert replace(scorecard(held, K), copies=0) == replace(scorecard(halves, K), copies=0)


@given(cases)
def test_every_closed_line_is_held_or_not(held: list[CaseScored]) -> None:
    """The counts are those of the lines of every case, once."""
    record = scorecard(held, K)
    lines = [line for case in record.scored for line in case.lines]
    assert (len(lines), sum(line.inside for line in lines)) == (record.lines.of, record.lines.held)
    assert record.finished + record.unfinished == record.cases


def test_shares_chances_and_factors_are_said_from_enough_cases() -> None:
    """A share from ten lines of three cases on; chances against the rate of the others; means of five or nothing."""
    few = scorecard([scored("a", 1, 1, 1, 1), scored("b", 1, 1, 1, 1)], K)
    assert (8, 8, None, None) == (few.lines.of, few.lines.held, few.lines.low, few.aside)
    two_cases = scorecard([scored(f"{n}", *[1.0] * 4) for n in range(2)] * 3, K)
    assert two_cases.lines.low is None
    record = scorecard([scored(f"{n}", 1.0, 1.0, 1.0, 2.0) for n in range(3)], K)
    assert (12, 9, 3) == (record.lines.of, record.lines.held, record.lines.cases)
    assert wilson(9, 12, 0.9) == (record.lines.low, record.lines.high)
    ratios = [1.0 + n / 10 for n in range(10)]
    record = scorecard([scored(f"{n}", 19.0, total=BandHeld(PLANNED, ratio)) for n, ratio in enumerate(ratios)], K)
    assert 0.8 == sum(ratio <= record.aside for ratio in ratios) / len(ratios)
    assert scorecard([scored(f"{n}", 1.0, 1.0, 1.0, 1.0) for n in range(9)], K).aside is None
    came = [True] * 4 + [False] * 8
    knows = scorecard([scored(f"{n}", chance=ChanceMet(float(end), end)) for n, end in enumerate(came)], K).chances
    assert (12, 4, 0.0) == (knows.cases, knows.came, knows.brier)
    rate = scorecard([scored(f"{n}", chance=ChanceMet(1 / 3, end)) for n, end in enumerate(came)], K).chances
    assert rate.brier == pytest.approx(2 / 9)
    assert rate.brier < rate.base < 0.3
    few = scorecard([scored(f"{n}", chance=ChanceMet(0.5, True)) for n in range(LEAST - 1)], K).chances
    assert (LEAST - 1, None) == (few.cases, few.brier)
    made = [scored(f"{n}", rounds=BandHeld(PLANNED, 2.0 if n % 2 else 0.5)) for n in range(6)]
    ratios = {one.name: one for one in scorecard(made, K).told}
    assert (6, 1.0) == (ratios["rounds"].cases, pytest.approx(ratios["rounds"].ratio))
    assert None is {one.name: one for one in scorecard(made[:4], K).told}["rounds"].ratio


def test_endings_and_rates() -> None:
    """One that left a step did not follow; what the rates hold is not in the reserve once more."""
    held = [
        scored("a", advised=2, followed=2, ended="ship"),
        scored("b", advised=2, followed=1, ended="stop"),
        scored("c", ended="stop"),
        scored("d", advised=1, followed=1, finished=False),
        scored("e", advised=1, followed=1, ended=None),
    ]
    followed, left = scorecard(held, K).advice
    assert (True, 1, 1, 0) == (followed.followed, followed.ship, followed.go_on, followed.stop)
    assert (False, 0, 0, 1) == (left.followed, left.ship, left.go_on, left.stop)
    assert 3 == scorecard([scored("a", unread=1), scored("a", unread=1), scored("b", unread=2)], K).unread
    case = whole()
    early = replace(case, root=case.begun, entries=2, lines=())
    fork = replace(whole("fork"), begun=case.begun)
    assert (2, 1) == (len(merged([early, case, fork])[0]), merged([early, case, fork])[1])
    past = Past(tuple(scored(f"{n}", 1.5, hours=hours(150.0), default_rates=True) for n in range(400)))
    factor = past.hours_factor(K)
    assert factor == pytest.approx(1.5, rel=0.02)
    assert (1.5,) * 400 == past.overruns
    assert past.overruns_beyond(factor) == pytest.approx([1.5 / factor] * 400)
    past = Past(
        tuple(scored(f"{n}", 1.0, hours=hours(100.0), default_rates=True, hours_factor=1.2) for n in range(400))
    )
    factor = past.hours_factor(K)
    assert factor == pytest.approx(1.2, rel=0.01)
    assert past.overruns_beyond(factor) == pytest.approx([1.0] * 400, rel=0.01)
    known = [scored(f"a{n}", 1.5, default_rates=True, hours=hours(150.0)) for n in range(5)]
    unknown = [scored(f"b{n}", 1.5, default_rates=True) for n in range(5)]
    past = Past((*known, *unknown))
    assert past.overruns_beyond(1.2) == pytest.approx([1.5 / 1.2] * 10)
    past = Past((scored("a", 1.4, hours=hours(140.0)),))
    assert (0, 1.0, (1.4,)) == (past.hours_cases, past.hours_factor(K), past.overruns_beyond(2.0))
    record = scorecard([scored("a", 1.2, 1.3), scored("b", 1.1)], K)
    assert (2, weight(2, K)) == (record.next_case.cases, record.next_case.weight)
    assert 3 == len(Past(record.scored).overruns)


@given(cases, st.floats(1, 100))
def test_hours_lean_to_the_defaults_where_cases_are_few(held: list[CaseScored], k: float) -> None:
    """The factor lies between 1 and the mean of the cases; none leaves the defaults alone."""
    past = Past(tuple(held))
    ratios = [case.hours_ratio for case in held if case.hours_ratio]
    factor = past.hours_factor(k)
    if not ratios:
        assert 1.0 == factor
        return
    mean = math.exp(math.fsum(map(math.log, ratios)) / len(ratios))
    assert min(1.0, mean, FURTHEST) - 1e-9 <= factor <= max(1.0, mean, 1 / FURTHEST) + 1e-9
    assert 1 / FURTHEST <= factor <= FURTHEST


@pytest.mark.parametrize("booked", [5e-324, 0.0, math.inf, math.nan, -1.0])
def test_no_figure_stops_a_scorecard(booked: float) -> None:
    """A case that was made by hand with numbers that nobody books teaches the next bill nothing."""
    rounds = BandHeld(PLANNED, booked)
    line = LineHeld("labour", Band(0.0, 1e-320, 1.0, 1.0), 2.0)
    odd = [
        scored(f"{n}", hours=hours(booked), default_rates=True, hours_factor=0.1, rounds=rounds, lines=(line,))
        for n in range(6)
    ]
    record = scorecard(odd, K)
    assert (1.0, 0) == (Past(tuple(odd)).hours_factor(K), record.next_case.cases)
    assert all(one.ratio is None or math.isfinite(one.ratio) for one in record.told)
