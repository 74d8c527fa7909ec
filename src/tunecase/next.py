"""What now? After a round: what it changed in belief, and the next step, in two sentences and a table."""

import math
from collections.abc import Mapping
from typing import Any

from tunecase.changes import changes
from tunecase.records import Decision, Forecast, Interval80, Next, Round
from tunecase.wording import count, money, money_band, score, share


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
    told = first, _step(decision)
    return Next(told, made, expected, changes(before, now), decision, since)


def _expected(earlier: Forecast, made: Round, n: int) -> Interval80 | None:
    """The interval of the next test at that size, read between the sizes of the forecast; None for another learner."""
    band = [one for one in earlier.band if one.n > 0]
    if earlier.stand_in or made.changed not in ("label", "fine_tune", "test_set") or not band:
        return None
    if not band[0].n <= n <= band[-1].n:
        return None
    for low, high in zip(band, band[1:] or band, strict=False):
        if low.n <= n <= high.n:
            part = 0.0 if high.n == low.n else math.log(n / low.n) / math.log(high.n / low.n)
            ends = zip(_ends(low.next_test), _ends(high.next_test), strict=True)
            return Interval80(*(a + part * (b - a) for a, b in ends))
    return None


def _ends(one: Interval80) -> tuple[float, float, float]:
    return one.low, one.mid, one.high


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
        return f"The chance {aim} by the plan advised is {share(chance_now)}."
    was, is_now = share(_chance(before)), share(chance_now)
    if was == is_now:
        return f"The chance {aim} stays at {was}."
    return f"The chance {aim} by the plan advised went from {was} to {is_now}."


def _chance(records: Mapping[str, Any]) -> float | None:
    """The chance of the plan advised, else that of the forecast."""
    decision: Decision | None = records.get("decide")
    if decision is not None and decision.best is not None and decision.best.p_reach is not None:
        return decision.best.p_reach
    if decision is not None and decision.advice == "look":
        reach = [one.p_reach for one in decision.options if one.p_reach is not None and one.expected_value]
        return max(reach, default=None)
    forecast: Forecast | None = records.get("forecast")
    return forecast.p_target if forecast is not None else None


def _step(decision: Decision) -> str:
    best = decision.best
    if decision.advice == "stop":
        return f"Now: stop; {_lower(decision.reason)}"
    if best is None:
        return f"Now: {decision.action}; {_lower(decision.reason)}"
    price = "" if best.first_step_cost is None else f" for {money_band(best.first_step_cost, decision.currency)}"
    if best.expected_value is None:
        return f"Now: {best.action}{price}."
    words = f"Now: {best.action}{price}; its plan is worth {money(best.expected_value, decision.currency)} on average"
    return f"{words}, and ends {best.give_up}." if best.give_up else f"{words}."


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if text else "nothing is known that says more."
