"""The headline figures of a plan in words: what every face prints, from one record, in the same digits."""

from collections.abc import Iterator
from dataclasses import dataclass

from tunecase.accounts.looks import above_words, chance_rests
from tunecase.quantities import (
    Sampled,
    adding_up,
    count,
    figures,
    firm,
    firm_difference,
    firm_money,
    firm_share,
    money,
    money_band,
    score,
    share,
    shares_shown,
    signed_figures,
    written,
)
from tunecase.records import Bar, Capital, Ending, Limits, Plan, Release, Worth

LEAST_MOVE = 0.1  # of a bill: smaller moves are no news


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
    over = ", beyond the budget with a release to come" if plan.beyond_budget else ""
    yield Headline(
        "release", "Release now (P80)", f"{firm_money(release.p80, currency)}{over}", _release(release, currency),
        kinds.get("release", ""),
    )  # fmt: skip
    if plan.lost is not None:
        beside = "of ten failures, nine cost less"
        yield Headline("lost", "Most you could lose", firm_money(plan.lost, currency), beside, kinds.get("total", ""))
    if (chance := plan.chance) is not None:
        budget = " within the budget" if plan.budget_left is not None else ""
        beside = f"{firm_share(chance.false_pass)} to put one to use that misses it"
        beside += f"; {rests}" if (rests := chance_rests(chance)) else ""
        if chance.settled is not None:
            beside += f"; {firm_share(chance.settled)} to end at the fallback"
        name = f"Chance to reach {score(plan.target)}{budget}"
        yield Headline("chance", name, firm_share(chance.shown), beside, kinds.get("chance", ""))
    if (bar := plan.bar) is not None:
        yield Headline("bar", "To put a model to use", *_bar(bar))
    if (worth := plan.worth) is not None:
        aside = ", if the budget were raised for it" if plan.beyond_budget else ""
        yield Headline("value", "Value if reached", *_value(worth, plan), kinds.get("value", ""))
        yield Headline(
            "worth", "Expected worth", firm_money(worth.expected, currency),
            firm_difference(worth.expected, worth.taken, currency) + aside, kinds.get("worth", ""),
        )  # fmt: skip
    yield Headline(
        "total", "Expected total", firm_money(plan.total.expected, currency), _total(plan), kinds.get("total", "")
    )
    if plan.ending is not None:
        yield Headline("ending", "Of use until", plan.ending.on, _ending(plan.ending), "stated")
    if plan.capital is not None:
        yield Headline("capital", "Capital, on purchase", *_capital(plan.capital, currency), "stated")
    yield Headline("authorise", "Authorise", *authorised(plan), kinds.get("total", ""))
    if (limits := plan.limits) is not None:
        yield Headline("limits", "After the first test", _limits(limits, plan), _rows(limits))
    if plan.then:
        yield Headline("then", "Then", *_then(plan))


def _release(release: Release, currency: str) -> str:
    """Hours x rate + rest, in figures that multiply and add out as they are printed."""
    if not release.expected.value:
        return "nothing has to be bought"
    hours, rate = float(f"{release.hours:.2g}"), float(f"{release.rate:.2g}")
    rest = round(max(release.rest, 0.0))
    others = f" + {rest:,}" if rest else ""
    total = f"{hours * rate + rest:,.1f}".removesuffix(".0")
    heavy = "; a few dear cases lift the mean" if release.expected.value > release.p80.value else ""
    return f"expected about {hours:g} h x {rate:g}{others} = {total} {currency}{heavy}"


def _value(worth: Worth, plan: Plan) -> tuple[str, str]:
    currency = plan.currency
    if not plan.advised and worth.baseline is not None and _meets(worth.baseline, plan):
        met = f"{score(worth.baseline)} is reached without the fine-tune, and the target is {score(plan.target)}"
        return "nothing is left to gain", met
    above = "" if worth.baseline is None else f"; counted {above_words(worth, None)}"
    band = f"8 in 10: {firm(worth.reached_p10)} to {firm(worth.reached_p90)}"
    return firm_money(worth.reached_p50, currency), f"{band}{above}"


def _meets(reached: float, plan: Plan) -> bool:
    if plan.target is None:
        return False
    return reached <= plan.target if plan.direction == "lower" else reached >= plan.target


def _total(plan: Plan) -> str:
    total = plan.total
    words = f"P50 {firm(total.p50)}, P80 {firm(total.p80)}, P90 {firm(total.p90)}"
    if total.over is None:
        return words
    left = "" if plan.budget_left is None else "what is left of "
    return f"{words}; {firm_share(total.over)} chance to exceed {left}the budget"


def _ending(ending: Ending) -> str:
    """Why it ends and how much of the horizon is left, to which its value is cut."""
    lived = f"{figures(ending.months)} of {figures(ending.horizon)} months of the horizon"
    return f"{ending.why}; {lived} on average, and value, savings and upkeep count these alone"


def _capital(capital: Capital, currency: str) -> tuple[str, str]:
    """What the hardware costs at once, and how much of it the bill holds."""
    used = "" if capital.charged is None else f", which holds {money(capital.charged, currency)} of it by the hour"
    beside = f"{capital.what}, {money_band(capital.price, '')}; paid at once, outside the total{used}"
    return money(capital.expected, currency), beside


def authorise_parts(plan: Plan) -> tuple[float, float, float]:
    """Base estimate, contingency and reserve in the currency, in the digits in which they are printed and add up."""
    parts = plan.authorise
    whole = Sampled(parts.total, plan.total.p90.error)
    base, contingency, reserve = adding_up([parts.base, parts.contingency, parts.reserve], max(whole.step, 1.0))
    return base, contingency, reserve


def authorised(plan: Plan) -> tuple[str, str]:
    """What to authorise, and its three parts, which add up as they are printed."""
    parts, currency = plan.authorise, plan.currency
    base, contingency, reserve = authorise_parts(plan)
    words = (
        f"base {written(base)} (expected, no overrun) + contingency {written(contingency)} (to the P80) + "
        f"reserve {written(reserve)} (to the P90)"
    )
    if parts.base > plan.total.p80.value:
        words += "; the mean lies above the P80, so there is no contingency"
    asked = base + contingency + reserve
    if plan.budget_left is not None and asked > plan.budget_left:
        words += f"; {written(asked - plan.budget_left)} more than is left of the budget"
    return firm_money(Sampled(asked), currency), words


def _bar(bar: Bar) -> tuple[str, str]:
    """The chance that is needed beside the one that is there, and the price of a miss that asks for it."""
    met = "" if bar.met is None else f", {firm_share(bar.met)} there on average"
    return f"{share(bar.needed)} needed{met}", f"a miss costs {times_worth(bar.miss)}"


def times_worth(miss: float) -> str:
    """A price of a miss in words.

    Example:
        >>> times_worth(1.0), times_worth(4.5), times_worth(0.0)
        ('as much as the target is worth', '4.5 times what the target is worth', 'nothing')
    """
    if not miss:
        return "nothing"
    return "as much as the target is worth" if miss == 1 else f"{figures(miss)} times what the target is worth"


def _limits(limits: Limits, plan: Plan) -> str:
    at, worse = limits.ship_at, "below" if plan.direction == "higher" else "above"
    if at is None:
        return "no result would be put to use"
    return f"ship from {score(at)}, ask again {worse} it"


def _rows(limits: Limits) -> str:
    return f"trains on {count(limits.most_rows)} rows"


def _then(plan: Plan) -> tuple[str, str]:
    parts = shares_shown([outcome.share for outcome in plan.then])
    words = [f"{outcome.name} {share(part)}" for outcome, part in zip(plan.then, parts, strict=True) if part]
    return ", ".join(words), ""


def bridge_words(plan: Plan) -> str:
    """What moved the expected total since an earlier bill; empty where little did, or there is no earlier bill.

    Both totals stand as their bills print them, and the amounts between add up to what these differ by.
    """
    if plan.bridge is None or not (moved := moved_amounts(plan)):
        return ""
    before = Sampled(plan.bridge.before, plan.bridge.before_error)
    parts = [f"{why} {signed_figures(amount)}" for why, amount in moved]
    after = firm_money(plan.total.expected, plan.currency)
    return f"from {firm(before)} ({plan.bridge.since}) to {after}: {', '.join(parts)}"


def moved_amounts(plan: Plan) -> tuple[tuple[str, float], ...]:
    """(reason, amount) of what moved the expected total since an earlier bill, adding up as printed.

    Empty where the total moved by less than a tenth, or there is no earlier bill.
    """
    if plan.bridge is None:
        return ()
    bridge, after = plan.bridge, plan.total.expected
    before = Sampled(bridge.before, bridge.before_error)
    size = max(abs(before.value), abs(after.value), 1.0)
    moved = after.shown - before.shown
    if abs(after.value - before.value) < LEAST_MOVE * size or not moved:
        return ()
    unit = min(end.step for end in (before, after) if end.step)
    amounts = adding_up([part.amount for part in bridge.moved], unit, moved)
    return tuple((part.why, amount) for part, amount in zip(bridge.moved, amounts, strict=True) if amount)
