"""What now? What a round changed in the beliefs, and the next step, in two sentences and a table."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from tunecase.quantities import (
    Interval80,
    Sampled,
    count,
    firm_money,
    firm_share,
    interval_words,
    score,
    score_interval,
    share,
)
from tunecase.records import (
    Change,
    CurveBand,
    Decision,
    Estimate,
    Forecast,
    Needed,
    Next,
    Pilot,
    Plan,
    Round,
)


def next_step(
    before: Mapping[str, Any], now: Mapping[str, Any], made: Round | None, since: str, counts_as: int | None = None
) -> Next:
    """The two sentences and the table.

    Args:
        before: records by verb as they stood before the round (forecast, estimate, decide); may lack any.
        now: the same afterwards; `decide` must be there.
        made: the round, None where the news came from elsewhere (a pilot, reviews, prices).
        counts_as: labelled rows that the round's rows teach like, where some came from other sources.
        since: when `before` stood, in words; empty where there was nothing.
    Returns: the Next. Leaves out what did not move.
    """
    decision: Decision = now["decide"]
    earlier: Forecast | None = before.get("forecast")
    expected = _expected(earlier, made, counts_as or made.n) if earlier is not None and made is not None else None
    shown, moved = _shown(made, expected, counts_as), _moved(before, now)
    first = f"{shown}, and {moved[0].lower()}{moved[1:]}" if shown else moved
    sentences = first, _step(decision)
    return Next(sentences, made, expected, changes(before, now), decision, since)


def _expected(earlier: Forecast, made: Round, n: int) -> Interval80 | None:
    """The interval of the next test at that size, read between the sizes of the forecast; None for another learner."""
    if earlier.stand_in or made.changed not in ("label", "fine_tune", "test_set"):
        return None
    sizes = [size for size in earlier.band if size.n > 0]
    low = max((size for size in sizes if size.n <= n), key=lambda size: size.n, default=None)
    high = min((size for size in sizes if size.n >= n), key=lambda size: size.n, default=None)
    return None if low is None or high is None else _between(low, high, n)


def _between(low: CurveBand, high: CurveBand, n: int) -> Interval80:
    part = 0.0 if high.n == low.n else math.log(n / low.n) / math.log(high.n / low.n)
    a, b = low.next_test, high.next_test
    return Interval80(a.low + part * (b.low - a.low), a.mid + part * (b.mid - a.mid), a.high + part * (b.high - a.high))


def _shown(made: Round | None, expected: Interval80 | None, counts_as: int | None) -> str:
    if made is None:
        return ""
    words = f"Round {made.number} scored {score(made.score)} with {count(made.n)} examples"
    if counts_as is not None and counts_as != made.n:
        words += f", which count as {count(counts_as)} labelled ones"
    if expected is None:
        return words
    place = "as expected" if expected.low <= made.score <= expected.high else "outside what was expected"
    return f"{words}, {place} ({score(expected.low)} to {score(expected.high)})"


def _moved(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    chance_now = _chance(now)
    target = now["forecast"].target if now.get("forecast") is not None else None
    aim = f"to reach {score(target)}" if target is not None else "to reach the target"
    if chance_now is None:
        return f"The chance {aim} is not known."
    if _chance(before) is None:
        return f"The chance {aim} by the plan is {firm_share(chance_now)}."
    was, is_now = firm_share(_chance(before)), firm_share(chance_now)
    if was == is_now:
        return f"The chance {aim} stays at {was}."
    return f"The chance {aim} by the plan went from {was} to {is_now}."


def _chance(records: Mapping[str, Any]) -> Sampled | None:
    """The chance of the plan, on the decision or on the bill; else that of the forecast."""
    for verb in ("decide", "estimate"):
        made: Plan | None = getattr(records.get(verb), "plan", None)
        if made is not None and made.chance is not None:
            return made.chance.shown
    forecast: Forecast | None = records.get("forecast")
    return Sampled(forecast.p_target) if forecast is not None and forecast.p_target is not None else None


def _step(decision: Decision) -> str:
    best = decision.best
    if decision.look is not None:
        return f"Now: first try {decision.first_look.replace('_', ' ')}."
    if decision.advice == "stop":
        return f"Now: stop; {_lower(decision.reason)}"
    if best is None:
        return f"Now: {decision.action}; {_lower(decision.reason)}"
    price = "" if best.release is None else f" for {_price(best.release, decision.currency)}"
    if best.worth is None:
        return f"Now: {best.action}{price}."
    return f"Now: {best.action}{price}; its plan is worth {firm_money(best.worth, decision.currency)} on average."


def _price(release: Sampled, currency: str) -> str:
    return f"{firm_money(release, currency)} (P80)" if release.value else "nothing"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if text else "nothing is known that says more."


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
    return interval_words(needed.p10, needed.p50, needed.p90)


def _estimate(record: Estimate) -> Iterator[tuple[str, str]]:
    if record.plan is not None:
        yield "expected total", firm_money(record.plan.total.expected, record.currency)
    if record.plan is not None and record.plan.chance is not None:
        within = " within the budget" if record.budget is not None else ""
        yield f"chance to reach the target{within}", firm_share(record.plan.chance.shown)


def _decision(record: Decision) -> Iterator[tuple[str, str]]:
    yield "advice", record.action
