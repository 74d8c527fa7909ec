"""A trace is summed up as it is: volume, hours, burst and lengths."""

import numpy as np
import pytest

from tunecase.inference.trace import Tally, Trace, no_lengths


def tallied(arrival_s: np.ndarray, output: float = 10.0, start_hour: int = 0) -> Trace:
    """The trace of requests at these times, all alike."""
    tally = Tally(0.0, start_hour)
    for part in np.array_split(arrival_s, 3):
        tally.add(part, np.full(len(part), 100.0), np.full(len(part), output))
    return tally.trace(float(arrival_s[0]))


def test_an_even_trace_has_no_burst_and_no_hours() -> None:
    """One request each second for two weeks: every weight is one, and the volume is that of a month."""
    trace = tallied(np.arange(0.0, 14 * 86_400))
    assert trace.weights is not None
    assert trace.weights == pytest.approx(np.ones(168), rel=1e-3)
    assert (730.5 * 3600, 1.0, 1.0) == pytest.approx(
        (trace.answers_per_month, trace.burst, trace.burst_per_minute), rel=1e-3
    )
    assert (100.0, 10.0, 14.0) == pytest.approx((trace.input_tokens, trace.output_tokens, trace.days), rel=1e-3)
    assert () == trace.notes


def test_a_part_of_a_further_week_moves_no_weight() -> None:
    """Ten days of one request a second are as even as two weeks, from any hour."""
    trace = tallied(np.arange(0.0, 10 * 86_400), start_hour=30)
    assert trace.weights is not None
    assert trace.weights == pytest.approx(np.ones(168), rel=2e-3)
    assert 730.5 * 3600 == pytest.approx(trace.answers_per_month, rel=2e-3)


def test_weights_start_with_the_hour_of_the_week_of_the_first_row() -> None:
    """A busy first hour that is a Tuesday 06:00 is hour 30."""
    arrival_s = np.sort(np.concatenate([np.arange(0.0, 8 * 86_400, 60), np.arange(0.0, 3600, 2)]))
    trace = tallied(arrival_s, start_hour=30)
    assert 30 == int(trace.weights.argmax())


def test_a_short_trace_gives_burst_and_lengths_alone() -> None:
    """An hour says nothing of the month, and says so."""
    trace = tallied(np.arange(0.0, 3000))
    assert (None, None) == (trace.answers_per_month, trace.weights)
    assert "shorter than a week" in trace.notes[0]


def test_the_burst_is_of_the_busiest_hour() -> None:
    """Ten seconds of five times the load are a burst of about five, and of less in their minute."""
    extra = np.repeat(np.arange(1000.0, 1010.0), 4)
    trace = tallied(np.sort(np.concatenate([np.arange(0.0, 3600), extra])))
    assert 5 / (1 + 40 / 3600) == pytest.approx(trace.burst, rel=0.01)
    assert (60 + 40) / 60 / (1 + 40 / 3600) == pytest.approx(trace.burst_per_minute, rel=0.01)
    assert 1.0 == pytest.approx(trace.windows.mean())


def test_a_trace_shorter_than_a_minute_has_no_burst_over_a_minute() -> None:
    """There is nothing to compare it with."""
    assert 1.0 == tallied(np.arange(0.0, 25, 0.5)).burst_per_minute


def test_lengths_keep_quantiles_within_a_percent() -> None:
    """Of a lognormal, as numpy has them; the mean is exact."""
    tokens = np.round(np.random.default_rng(0).lognormal(6, 1, 50_000)) + 1
    lengths = no_lengths()
    for part in np.array_split(tokens, 4):
        lengths.add(part)
    wanted = np.quantile(tokens, np.linspace(0, 1, 101)) / tokens.mean()
    assert wanted[5:96] == pytest.approx(lengths.quantiles()[5:96], rel=0.01)
    assert lengths.total == tokens.sum()
