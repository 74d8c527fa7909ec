"""Replicas are whole, paid by the rules, and obey what every bill obeys."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.inference.making import OFFICE, WORLDS, traffic
from tests.laws import law
from tests.machine import allowed
from tests.projects import basis, written
from tunecase.inference.fleet import Rules, fleet, nightly, rules_of
from tunecase.inference.traffic import SECONDS_PER_MONTH, Traffic, Week, traffic_of

MONTH_H = 730.5
CAPACITY = np.full(WORLDS, 2.0)
PLAIN = Rules(spare=0, cold_start_min=0.0, keep_alive_min=0.0, minimum_billing_min=0.0)


def hours(what: Traffic, rules: Rules, capacity: np.ndarray = CAPACITY) -> float:
    """Replica hours of a month in the first world."""
    return float(fleet(what, capacity, rules).replica_hours_per_month[0])


def rate(answers_per_s: float) -> float:
    """Answers per month of a mean rate."""
    return answers_per_s * SECONDS_PER_MONTH


def test_replicas_are_whole() -> None:
    """A little more than one replica serves takes two, and a spare one more."""
    cases = [(0.1, 1), (2.0, 1), (2.1, 2), (9.9, 5)]
    for load, replicas in cases:
        even = traffic(rate(load))
        assert replicas * MONTH_H == pytest.approx(hours(even, PLAIN))
        assert (replicas + 1) * MONTH_H == pytest.approx(hours(even, replace(PLAIN, spare=1)))
        found = fleet(even, CAPACITY, replace(PLAIN, spare=1))
        assert (replicas + 1, replicas + 1) == (found.most[0], found.replicas_at_launch[0])
        assert {replicas + 1} == set(found.by_hour)


def test_busy_is_what_is_served_over_what_is_paid() -> None:
    """An idle replica is paid: busy divides the bill by the answers, and leaves the bill as it is."""
    found = fleet(traffic(rate(0.5)), CAPACITY, replace(PLAIN, spare=1))
    assert 0.5 / (2 * 2.0) == pytest.approx(found.busy[0])
    assert rate(0.5) == pytest.approx(found.answers_per_month[0])


def test_a_burst_takes_replicas_that_stand_idle_else() -> None:
    """The load of the objective's window counts: three times of 1.5 answers/s takes three replicas."""
    even = traffic(rate(1.5), burst=3.0, first_token_s=1.0)
    assert 3 * MONTH_H == pytest.approx(hours(even, PLAIN))


def test_only_a_fleet_that_scales_follows_the_hours() -> None:
    """Reserved and owned cards are paid for the busiest hour all the time."""
    office = traffic(rate(4.0), week=Week(OFFICE))
    needed = np.ceil(4.0 * OFFICE / OFFICE.mean() / 2.0)
    assert needed.max() * MONTH_H == pytest.approx(hours(office, PLAIN))
    assert needed.mean() * MONTH_H == pytest.approx(hours(office, replace(PLAIN, scales=True)))
    assert needed.tolist() == fleet(office, CAPACITY, PLAIN).by_hour.tolist()


def test_one_replica_is_kept_at_night_unless_it_may_scale_to_zero() -> None:
    """Also where nothing arrives."""
    nights = traffic(rate(0.2), week=Week(np.tile(np.r_[np.zeros(12), np.ones(12)], 7)))
    scaling = replace(PLAIN, scales=True)
    assert MONTH_H == pytest.approx(hours(nights, scaling))
    assert MONTH_H / 2 == pytest.approx(
        hours(nights, replace(scaling, scale_to_zero=True, keep_alive_min=10.0)), rel=0.02
    )


def test_a_replica_is_paid_from_its_start_to_the_end_of_its_keep_alive() -> None:
    """A day with one rise and one fall takes a quarter and a half of an hour more of the further replicas."""
    office = traffic(rate(4.0), week=Week(OFFICE))
    scaling = replace(PLAIN, scales=True)
    needed = np.ceil(4.0 * OFFICE / OFFICE.mean() / 2.0).reshape(7, 24)[0]
    rise, fall = needed[8] - needed[7], needed[17] - needed[18]
    late = needed[23] - needed[0]  # at midnight the load falls again
    more = 7 * (0.25 * rise + 0.5 * (fall + late)) * MONTH_H / 168
    assert more == pytest.approx(
        hours(office, replace(scaling, cold_start_min=15.0, keep_alive_min=30.0)) - hours(office, scaling)
    )


def test_scaling_to_zero_is_a_cycle_of_start_and_idle_time() -> None:
    """As a simulation of Poisson arrivals finds: share paid, starts, and answers that wait."""
    per_hour, cold_h, idle_h = 2.0, 0.1, 0.25
    rules = replace(PLAIN, scales=True, scale_to_zero=True, cold_start_min=6.0, keep_alive_min=15.0)
    found = fleet(traffic(rate(per_hour / 3600)), CAPACITY, rules)
    luck = np.random.default_rng(0)
    arrivals = np.cumsum(luck.exponential(1 / per_hour, 40_000))
    ready, off, paid, starts, waiting = -1.0, -1.0, 0.0, 0, 0
    for at in arrivals:
        if at > off:
            starts, ready, paid = starts + 1, at + cold_h, paid + cold_h + idle_h
            off = ready + idle_h
        elif at > ready:
            paid, off = paid + at + idle_h - off, at + idle_h
        waiting += at <= ready
    span = arrivals[-1]
    assert paid / span * MONTH_H == pytest.approx(found.replica_hours_per_month[0], rel=0.02)
    assert starts / span * MONTH_H == pytest.approx(found.cold_starts_per_month[0], rel=0.02)
    assert waiting / len(arrivals) == pytest.approx(found.waiting_share[0], rel=0.02)


def test_a_spare_stands_in_the_way_of_scaling_to_zero() -> None:
    """With a spare the fleet never is empty, and nothing waits for a start."""
    rules = Rules(spare=1, scales=True, scale_to_zero=True)
    found = fleet(traffic(100.0), CAPACITY, rules)
    assert 2 * MONTH_H == pytest.approx(found.replica_hours_per_month[0])
    assert (0.0, 0.0) == (found.cold_starts_per_month[0], found.waiting_share[0])


def test_growth_is_a_staircase() -> None:
    """The mean over the months is that of every day of them, and the most that of the last day."""
    growing = traffic(rate(3.0), months=24.0, growth=0.1)
    days = 1.1 ** np.linspace(0, 24, 20_001)
    assert np.ceil(3.0 * days / 2).mean() * MONTH_H == pytest.approx(hours(growing, PLAIN), rel=0.02)
    found = fleet(growing, CAPACITY, PLAIN)
    assert rate(3.0) * days.mean() == pytest.approx(found.answers_per_month[0], rel=1e-4)
    assert (2, np.ceil(1.5 * 1.1**24)) == (found.replicas_at_launch[0], found.most[0])


def test_a_batch_by_night_takes_as_long_as_its_work() -> None:
    """One start a day and the answers of the day; a further replica where the night is too short."""
    rules = replace(PLAIN, cold_start_min=30.0, night_h=8.0)
    daily_h = 3.0
    found = nightly(traffic(daily_h * 3600 * 2.0 * MONTH_H / 24), CAPACITY, rules)
    assert (daily_h + 0.5) * MONTH_H / 24 == pytest.approx(found.replica_hours_per_month[0])
    assert daily_h / (daily_h + 0.5) == pytest.approx(found.busy[0])
    assert 1 == found.most[0]
    double = nightly(traffic(10 * 3600 * 2.0 * MONTH_H / 24), CAPACITY, rules)
    assert (10 + 2 * 0.5) * MONTH_H / 24 == pytest.approx(double.replica_hours_per_month[0])
    assert 2 == double.most[0]
    assert ([2.0] * 8 + [0.0] * 16) * 7 == double.by_hour.tolist()


def test_the_night_is_long_enough_for_the_busiest_day() -> None:
    """Weekends without load leave more for each working day."""
    closed = Week(np.ones(168), 0.0)
    answers = 6 * 3600 * 2.0 * MONTH_H / 24
    assert 1 == nightly(traffic(answers), CAPACITY, PLAIN).most[0]
    assert 2 == nightly(traffic(answers, week=closed), CAPACITY, PLAIN).most[0]


def test_the_rules_are_those_of_the_project(tmp_path: Path) -> None:
    """What is stated, else defaults, which are noted; without a spare where it may scale to zero."""
    stated = "serving: {spare: 2, scale_to_zero: true, cold_start: 4 min, minimum_billing: 60 min}"
    rules = rules_of(basis(written(stated, tmp_path)), True)
    assert (2, True, True, 4.0, 60.0) == (
        rules.spare, rules.scales, rules.scale_to_zero, np.max(rules.cold_start_min), np.max(rules.minimum_billing_min)
    )  # fmt: skip
    at = basis(written("serving: {scale_to_zero: true}", tmp_path))
    assert 0 == rules_of(at, True).spare
    assert {f"serving.{name}" for name in ("cold_start", "keep_alive", "minimum_billing", "night")} == set(at.used)
    kept = rules_of(at, False)
    assert (1, False) == (kept.spare, kept.scale_to_zero)
    assert 1 == rules_of(basis(None), True).spare


def test_twenty_thousand_worlds_take_no_time(tmp_path: Path) -> None:
    """Drawn and counted, growing and scaling to zero; generous, for a busy machine."""
    stated = "problem: {volume: 20k to 60k per month}\nserving: {scale_to_zero: true, "
    stated += "traffic: {growth: 0% to 5% per month, hours: office, first_token: 1 s}}"
    at = basis(written(stated, tmp_path), 20_000)
    began = time.process_time()
    what = traffic_of(at, (500.0, 100.0))
    assert isinstance(what, Traffic)
    found = fleet(what, np.full(20_000, 3.0), rules_of(at, True))
    assert time.process_time() - began < allowed(0.5)
    assert (20_000,) == found.replica_hours_per_month.shape


weeks = st.sampled_from(
    [Week(np.ones(168)), Week(OFFICE), Week(OFFICE, 0.2), Week(np.tile(np.r_[0, np.ones(23)], 7), 0.0)]
)
any_rules = st.builds(
    Rules,
    spare=st.integers(0, 2),
    scales=st.booleans(),
    scale_to_zero=st.booleans(),
    cold_start_min=st.floats(0, 70),
    keep_alive_min=st.floats(0, 70),
    minimum_billing_min=st.sampled_from([0.0, 1.0, 10.0, 60.0, 1440.0, 1e5]),
)
any_traffic = st.builds(
    traffic,
    st.floats(1, 1e8),
    months=st.floats(0, 60),
    growth=st.floats(0, 0.3),
    week=weeks,
    burst=st.floats(1, 15),
    first_token_s=st.sampled_from([None, 1.0, 30.0]),
)
capacities = st.floats(0.01, 100)
ways = st.sampled_from([fleet, nightly])
many = law(60)


@many
@given(any_traffic, any_rules, capacities, st.floats(1, 20), ways)
def test_more_traffic_never_takes_fewer_hours(
    what: Traffic, rules: Rules, each: float, more: float, way: object
) -> None:
    """By any rules, with or without growth, by the hour or by night."""
    capacity = np.full(WORLDS, each)
    busier = replace(what, answers_per_month=what.answers_per_month * more)
    fewer, greater = (way(one, capacity, rules).replica_hours_per_month for one in (what, busier))  # type: ignore[operator]
    assert (greater >= fewer * (1 - 1e-9)).all()


@many
@given(any_traffic, any_rules, capacities, st.floats(1, 20), ways)
def test_a_faster_replica_never_takes_more_hours(
    what: Traffic, rules: Rules, each: float, more: float, way: object
) -> None:
    """Nor does it ever make the bill of an answer larger."""
    slow, fast = (way(what, np.full(WORLDS, one), rules) for one in (each, each * more))  # type: ignore[operator]
    assert (fast.replica_hours_per_month <= slow.replica_hours_per_month * (1 + 1e-9)).all()


@many
@given(any_traffic, any_rules, capacities, st.floats(0.01, 0.3))
def test_growth_a_spare_and_standing_still_never_take_fewer_hours(
    what: Traffic, rules: Rules, each: float, growth: float
) -> None:
    """To zero costs no more than keeping one replica, and following the hours no more than the busiest hour always."""
    capacity = np.full(WORLDS, each)
    still = replace(what, growth=np.zeros(WORLDS))
    before, after = (fleet(one, capacity, rules) for one in (still, replace(what, growth=np.full(WORLDS, growth))))
    assert (after.replica_hours_per_month >= before.replica_hours_per_month * (1 - 1e-9)).all()
    assert (after.most >= before.most).all()
    more = fleet(still, capacity, replace(rules, spare=rules.spare + 1)).replica_hours_per_month
    assert (more >= before.replica_hours_per_month).all()
    to_zero, scaling, always = (
        fleet(what, capacity, replace(rules, scales=scales, scale_to_zero=zero)).replica_hours_per_month * (1 - 1e-9)
        for scales, zero in ((True, True), (True, False), (False, False))
    )
    assert (to_zero <= scaling).all()
    assert (scaling * (1 - 1e-9) <= always).all()


@many
@given(any_traffic, any_rules, capacities, ways)
def test_what_is_served_is_paid(what: Traffic, rules: Rules, each: float, way: object) -> None:
    """At least one minimum billing a month, at least the work itself, and whole replicas at the peak."""
    found = way(what, np.full(WORLDS, each), rules)  # type: ignore[operator]
    assert (
        found.replica_hours_per_month >= min(float(np.max(rules.minimum_billing_min)) / 60, MONTH_H) * (1 - 1e-9)
    ).all()
    assert (found.busy <= 1 + 1e-9).all()
    assert (found.busy > 0).all()
    assert (found.most == np.round(found.most)).all()
    assert (found.most >= found.replicas_at_launch).all()
    assert (found.waiting_share <= 1 + 1e-9).all()


@many
@given(any_traffic, any_rules, capacities, st.floats(1.01, 20))
def test_lower_use_never_lowers_the_price_of_an_answer(what: Traffic, rules: Rules, each: float, fewer: float) -> None:
    """The same replicas, kept all the time, with fewer answers: each costs as much or more."""
    capacity = np.full(WORLDS, each)
    rules = replace(rules, scales=False)
    full = fleet(what, capacity, rules)
    kept = full.replica_hours_per_month / (full.answers_per_month / fewer)
    assert (kept >= full.replica_hours_per_month / full.answers_per_month).all()
    quiet = fleet(replace(what, burst=what.burst * fewer), capacity, rules)
    assert (quiet.busy <= full.busy * (1 + 1e-9)).all()
    assert (quiet.replica_hours_per_month >= full.replica_hours_per_month).all()
