"""The headline figures of a plan in words: what every face prints, from one record, in the same digits."""

from collections.abc import Iterator
from dataclasses import dataclass

from tunecase.quantities import (
    adding_up,
    count,
    figures,
    firm,
    firm_difference,
    firm_money,
    firm_share,
    score,
    share,
    shares_shown,
)
from tunecase.records import Authorised, Bridge, Limits, Month, Plan, Release, Worth


@dataclass(frozen=True, slots=True)
class Headline:
    """One figure of a plan: its key, its name, the figure, what stands beside it, and what it rests on."""

    key: str
    name: str
    value: str
    beside: str = ""
    evidence: str = ""


def headline(plan: Plan) -> tuple[Headline, ...]:
    """The headline figures of a plan, in the order in which a manager asks for them."""
    return tuple(_figures(plan))


def _figures(plan: Plan) -> Iterator[Headline]:
    currency, kinds = plan.currency, plan.evidence
    release = plan.release
    over = ", beyond the budget" if plan.beyond_budget else ""
    yield Headline(
        "release", "Release now (P80)", f"{firm_money(release.p80, currency)}{over}", _release(release, currency),
        kinds.get("release", ""),
    )  # fmt: skip
    if plan.lost is not None:
        beside = "9 in 10 of the cases that end without the target spend less"
        yield Headline("lost", "Most you could lose", firm_money(plan.lost, currency), beside, kinds.get("total", ""))
    if (chance := plan.chance) is not None:
        budget = " within the budget" if plan.budget_left is not None else ""
        by_luck = chance.false_pass.shown_share
        # What is shown is truly reached or shown by luck: the three add up as they are printed.
        truly = share(max(chance.shown.shown_share - by_luck, 0.0))
        beside = f"truly reached {truly}, shown by luck {share(by_luck)}"
        if chance.settled is not None:
            beside += f"; ends at the fallback {firm_share(chance.settled)}"
        name = f"Chance to show {score(plan.target)}{budget}"
        yield Headline("chance", name, firm_share(chance.shown), beside, kinds.get("chance", ""))
    if (worth := plan.worth) is not None:
        yield Headline("value", "Value if reached", *_value(worth, currency), kinds.get("value", ""))
        yield Headline(
            "worth", "Expected worth", firm_money(worth.expected, currency),
            firm_difference(worth.expected, worth.cost, currency), kinds.get("worth", ""),
        )  # fmt: skip
    yield Headline(
        "total", "Expected total", firm_money(plan.total.expected, currency), _total(plan), kinds.get("total", "")
    )
    yield Headline("authorise", "Authorise", *authorised(plan.authorise, currency), kinds.get("total", ""))
    if (limits := plan.limits) is not None:
        yield Headline("limits", "After the first test", _limits(limits, plan.direction), _rows(limits))
    if plan.then:
        yield Headline("then", "Then", *_then(plan))


def _release(release: Release, currency: str) -> str:
    """Hours x rate + rest, in figures that multiply and add out as they are printed."""
    if not release.expected.value:
        return "nothing has to be bought"
    hours, rate = float(f"{release.hours:.2g}"), float(f"{release.rate:.2g}")
    rest = float(f"{max(release.rest, 0.0):.2g}")
    # The figures are whole where they are large enough for it, so that the sum is exact.
    total = hours * rate + (round(rest) if rest >= 1 else 0)
    others = f" + {count(rest)}" if rest >= 1 else ""
    return f"expected {hours:g} h x {rate:g}{others} = {total:,.0f} {currency}"


def _value(worth: Worth, currency: str) -> tuple[str, str]:
    above = "" if worth.baseline is None else f"; counted above {score(worth.baseline)}"
    band = f"8 in 10: {firm(worth.reached_p10)} to {firm(worth.reached_p90)}"
    return firm_money(worth.reached_p50, currency), f"{band}{above}"


def _total(plan: Plan) -> str:
    total = plan.total
    words = f"P50 {firm(total.p50)}, P80 {firm(total.p80)}, P90 {firm(total.p90)}"
    if total.over is None:
        return words
    return f"{words}; {firm_share(total.over)} over the budget"


def authorised(parts: Authorised, currency: str) -> tuple[str, str]:
    """What to authorise, and its three parts, which add up as they are printed."""
    unit = 10.0 ** (len(f"{parts.total:.0f}") - 2) if parts.total >= 10 else 1.0
    base, contingency, reserve = adding_up([parts.base, parts.contingency, parts.reserve], unit)
    words = f"{count(base)} base + {count(contingency)} contingency + {count(reserve)} reserve"
    if not parts.contingency and parts.base:
        words += "; the mean lies above the P80, so there is no contingency"
    return f"{count(base + contingency + reserve)} {currency}", words


def _limits(limits: Limits, direction: str) -> str:
    worse = "below" if direction == "higher" else "above"
    ship = "" if limits.ship_at is None else f"ship from {score(limits.ship_at)}"
    stop = "never stop" if limits.stop_at is None else f"stop {worse} {score(limits.stop_at.shown_share)}"
    return ", ".join(part for part in (ship, stop) if part)


def _rows(limits: Limits) -> str:
    return f"gives up at {count(limits.most_rows)} training rows"


def _then(plan: Plan) -> tuple[str, str]:
    parts = shares_shown([outcome.share for outcome in plan.then])
    words = [f"{outcome.name} {share(part)}" for outcome, part in zip(plan.then, parts, strict=True) if part]
    going = plan.outcome("go on")
    if going is None:
        return ", ".join(words), ""
    steps = f" ({' or '.join(step.replace('_', ' ') for step in going.steps)})" if going.steps else ""
    return ", ".join(words), f"chance after going on{steps}: {firm_share(going.reaches)}"


def months_words(months: tuple[Month, ...], currency: str) -> str:
    """Expected spending by month, one figure for each."""
    told = [
        f"{'later' if month.number == 0 else f'month {month.number}'} {figures(month.expected)}" for month in months
    ]
    return f"{', '.join(told)} {currency}" if told else ""


def bridge_words(bridge: Bridge, currency: str) -> str:
    """What moved the expected total since an earlier bill, in amounts that add up as they are printed."""
    size = max(abs(bridge.before), abs(bridge.after), *(abs(part.amount) for part in bridge.moved), 1.0)
    unit = 10.0 ** (len(f"{size:.0f}") - 2) if size >= 10 else 1.0
    before = round(bridge.before / unit) * unit
    amounts = adding_up([before, *(part.amount for part in bridge.moved)], unit)
    told = [f"{part.why} {amount:+,.0f}" for part, amount in zip(bridge.moved, amounts[1:], strict=True) if amount]
    return f"{count(amounts[0])} ({bridge.since}), {', '.join(told)}: {count(sum(amounts))} {currency}"
