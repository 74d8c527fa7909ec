"""Traffic is drawn from what is stated, a trace, the training file or the tables, and lacks nothing in silence."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.inference.making import OFFICE, traffic
from tests.laws import law
from tests.projects import basis, written
from tunecase.errors import InputError
from tunecase.inference.trace import Tally, Trace
from tunecase.inference.traffic import SECONDS_PER_MONTH, Traffic, Week, traffic_of
from tunecase.prices import served_months

VOLUME = "problem: {volume: 20k to 60k per month}\n"


def read(
    text: str, folder: Path, tokens: tuple[float, float] | None = (500.0, 100.0), trace: Trace | None = None
) -> Traffic:
    """The traffic of a project file with this text."""
    found = traffic_of(basis(written(text, folder)), tokens, trace)
    assert isinstance(found, Traffic)
    return found


def week_of_trace() -> Trace:
    """Two weeks of one request a minute, from Monday 00:00, at night only every tenth."""
    minutes = np.arange(14 * 1440)
    arrival_s = 60.0 * minutes[(minutes % 1440 >= 480) | (minutes % 10 == 0)]
    tally = Tally(0.0, 0)
    tally.add(arrival_s, np.full(len(arrival_s), 300.0), np.full(len(arrival_s), 50.0))
    return tally.trace(0.0)


def test_what_is_missing_is_named_all_at_once(tmp_path: Path) -> None:
    """Volume and lengths have no default; a training file gives the lengths."""
    at = basis(written("rounds: 1", tmp_path))
    lengths = ["serving.traffic.input", "serving.traffic.output"]
    assert ["problem.volume", *lengths] == traffic_of(at, None)
    assert ["problem.volume"] == traffic_of(at, (500.0, 100.0))
    assert lengths == traffic_of(basis(written(VOLUME, tmp_path)), None)
    assert ["problem.volume", *lengths] == traffic_of(basis(None), None)


def test_the_draws_are_those_of_the_rest_of_the_plan(tmp_path: Path) -> None:
    """Volume and months are the draws that the value of the answers rests on."""
    at = basis(written(VOLUME, tmp_path))
    found = traffic_of(at, (500.0, 100.0))
    assert isinstance(found, Traffic)
    assert found.answers_per_month is at.worlds.drawn["problem.volume"]
    assert found.months.tolist() == served_months(at).tolist()
    assert np.allclose(found.answers_per_s * SECONDS_PER_MONTH, found.answers_per_month)


def test_what_is_left_out_is_a_default_with_its_source(tmp_path: Path) -> None:
    """Each default that was taken is noted; nothing that was stated is."""
    at = basis(written(VOLUME, tmp_path))
    traffic_of(at, (500.0, 100.0))
    taken = {name for name in at.used if name.startswith("serving.")}
    names = ("hours", "weekend", "burst", "growth", "instructions", "cached", "length_spread")
    assert {f"serving.traffic.{name}" for name in names} == taken
    assert all(at.used[name].source for name in taken)
    stated = "serving: {traffic: {hours: office, weekend: 10%, burst: 3, growth: 1% per month, instructions: 0, "
    stated += "cached: 20%, input: 700, output: 90, first_token: 500 ms, per_token: 0.05 s, may_wait: true}}\n"
    at = basis(written(VOLUME + stated, tmp_path))
    found = traffic_of(at, (500.0, 100.0))
    assert isinstance(found, Traffic)
    assert {"serving.traffic.length_spread"} == {name for name in at.used if name.startswith("serving.")}
    assert (3.0, 0.01, 0.0, 0.2) == tuple(
        float(draws[0]) for draws in (found.burst, found.growth, found.instructions_tokens, found.cached_share)
    )
    assert (700.0, 90.0) == (found.input_tokens[0], found.output_tokens[0])
    assert (0.5, 0.05, True) == (found.first_token_s, found.per_token_s, found.may_wait)


def test_the_default_burst_lies_between_chat_and_code(tmp_path: Path) -> None:
    """Nine in ten draws lie between those of the two traces, and none below one."""
    burst = read(VOLUME, tmp_path).burst
    assert np.quantile(burst, [0.05, 0.95]) == pytest.approx([1.7, 13.3], rel=0.03)
    assert burst.min() >= 1


def test_the_hours_of_the_week_have_a_mean_of_one(tmp_path: Path) -> None:
    """By their name or as 24 numbers; a weekend without load makes working days busier."""
    cases = [("even", 1.0), ("[" + ", ".join(["0"] * 12 + ["1"] * 12) + "]", 2.0), ("even, weekend: 0%", 1.4)]
    for hours, peak in cases:
        weekend = "" if "weekend" in hours or hours == "even" else ", weekend: 100%"
        week = read(VOLUME + f"serving: {{traffic: {{hours: {hours}{weekend}}}}}", tmp_path).week
        assert (168,) == week.weights.shape
        assert 1.0 == pytest.approx(week.weights.mean())
        assert [peak] * 2 == pytest.approx([week.weights.max(), float(np.max(week.peak))])


def test_a_day_without_load_is_refused(tmp_path: Path) -> None:
    """Where, what was given, what is wanted and a fix."""
    zeros = f"serving: {{traffic: {{hours: [{', '.join(['0'] * 24)}]}}}}"
    with pytest.raises(InputError) as refused:
        traffic_of(basis(written(VOLUME + zeros, tmp_path)), (500.0, 100.0))
    (problem,) = refused.value.problems
    assert ("serving.traffic.hours", "24 zeros") == (problem.where, problem.got)


def test_a_trace_gives_what_the_project_does_not_state(tmp_path: Path) -> None:
    """Volume, hours, burst and lengths; what is stated stands."""
    trace = replace(week_of_trace(), requests=10**7)  # dense enough for its bursts
    found = read("rounds: 1", tmp_path, None, trace)
    assert trace.answers_per_month is not None
    assert [trace.answers_per_month, 300.0, 50.0, trace.burst] == [
        draws[0] for draws in (found.answers_per_month, found.input_tokens, found.output_tokens, found.burst)
    ]
    assert trace.weights is not None
    assert found.week.weights == pytest.approx(trace.weights)
    assert found.windows is trace.windows
    stated = read(VOLUME + "serving: {traffic: {burst: 3, hours: even, input: 900}}", tmp_path, None, trace)
    assert (3.0, 900.0, 50.0) == (stated.burst[0], stated.input_tokens[0], stated.output_tokens[0])
    assert stated.windows is None
    assert {1.0} == set(stated.week.weights)


def test_a_sparse_trace_tells_no_burst(tmp_path: Path) -> None:
    """With a few requests in ten seconds chance alone makes bursts, so the assumed one counts."""
    trace = replace(week_of_trace(), requests=2_000)
    found, plain = read("rounds: 1", tmp_path, None, trace), read(VOLUME + "rounds: 1", tmp_path)
    assert found.windows is None
    assert found.burst == pytest.approx(plain.burst)


def test_the_burst_wears_off_over_a_longer_window() -> None:
    """Ten seconds is the burst itself, also for a shorter objective; without one it is that of a minute."""
    at = {
        seconds: traffic(burst=4.0, first_token_s=seconds).burst_in_window[0] for seconds in (0.5, 10, 40, 1000, None)
    }
    assert (4.0, 4.0, 2.5) == (at[0.5], at[10], at[40])
    assert 1 < at[1000] < at[None] < 4.0


loads = st.lists(st.floats(0.01, 10), min_size=24, max_size=24)


@law(40)
@given(loads, st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_levels_hold_all_hours_and_all_load(day: list[float], weekend: float, lead: float, after: float) -> None:
    """Their hours are those of a week; without a lead their load is the week's."""
    week = Week(np.tile(day, 7), weekend)
    lead, after = lead / 2, after / 2
    assert 168 == pytest.approx(sum(level.hours for level in week.levels(lead, after)))
    assert 168 == pytest.approx(sum(level.hours * level.weight for level in week.levels()))
    assert sum(level.hours * level.weight for level in week.levels(lead, after)) >= 168 * (1 - 1e-9)


def test_a_start_before_the_hour_is_paid_at_the_load_of_the_hour() -> None:
    """A quarter of the hour before a rise, and a half of the one after a fall."""
    levels = Week(OFFICE).levels(0.25, 0.5)
    mean = float(OFFICE.mean())
    hours = {round(float(level.weight) * mean, 6): 0.0 for level in levels}
    for level in levels:
        hours[round(float(level.weight) * mean, 6)] += level.hours
    assert {1.0: 7 * 10.75, 0.2: 7 * (5.5 + 0.5), 0.1: 7 * (8 - 0.25 - 0.5)} == pytest.approx(hours)


def test_many_loads_are_grouped_without_losing_any() -> None:
    """A trace's 168 loads become at most 24 levels in each part of the week."""
    week = Week(np.linspace(1, 2, 168))
    assert len(week.levels()) <= 48
    assert 168 == pytest.approx(sum(level.hours * float(level.weight) for level in week.levels()))
