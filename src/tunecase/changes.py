"""What changed between two readings of one case: the answers side by side, only those that moved."""

from collections.abc import Iterator, Mapping
from typing import Any

from tunecase.records import Change, Decision, Estimate, Forecast, Needed, Pilot
from tunecase.wording import count, interval, money_band, score, score_interval, share


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Change, ...]:
    """The answers that differ between two sets of records, by verb.

    Args:
        before, now: records by verb (pilot, forecast, estimate, decide); what either lacks is not compared.
    Returns: one Change for each answer whose words differ; none when nothing was known before.

    Example:
        >>> changes({}, {})
        ()
    """
    told_before, told_now = dict(_answers(before)), dict(_answers(now))
    return tuple(
        Change(name, told_before[name], told_now[name])
        for name in told_now
        if name in told_before and told_before[name] != told_now[name]
    )


def _answers(records: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for verb, answers in (("pilot", _pilot), ("forecast", _forecast), ("estimate", _estimate), ("decide", _decision)):
        if records.get(verb) is not None:
            yield from answers(records[verb])


def _pilot(record: Pilot) -> Iterator[tuple[str, str]]:
    yield "piloted", record.model
    if record.mean_scores:
        n, mean = record.mean_scores[-1]
        yield "largest run", f"{record.metric} {score(mean)} with {count(n)} examples"


def _forecast(record: Forecast) -> Iterator[tuple[str, str]]:
    yield "verdict", record.verdict.replace("n_max", f"{count(record.n_max)} examples")
    if record.p_target is not None:
        yield "chance of the target in the forecast", share(record.p_target)
    if record.band:
        last = record.band[-1]
        yield f"score at {count(last.n)} examples", score_interval(last.score.low, last.score.mid, last.score.high)
    if record.needed is not None:
        yield "examples needed", _needed(record.needed)


def _needed(needed: Needed) -> str:
    if needed.p50 is None:
        return "more often than not never reached"
    if needed.p10 is None or needed.p90 is None:
        return f"{count(needed.p50)}, often never reached"
    return interval(needed.p10, needed.p50, needed.p90)


def _estimate(record: Estimate) -> Iterator[tuple[str, str]]:
    yield "bill", money_band(record.total, record.currency)
    if record.reached is not None:
        yield "chance of the target within the budget", share(record.reached)


def _decision(record: Decision) -> Iterator[tuple[str, str]]:
    yield "advice", record.action
    if record.best is not None and record.best.p_reach is not None:
        yield "chance of its plan", share(record.best.p_reach)
