"""What it costs to find out whether a way would do: one command each, its price and its minutes, and the order to try.

Hosted models are asked about every test row by each of the pilot's prompts, the shown examples counted as inputs:

    cost = test rows x price of an answer x sum over prompts of (1 + examples shown)
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tunecase.pilot import EXAMPLES_SHOWN
from tunecase.problem.ways.grounds import Grounds
from tunecase.quantities import Band, Interval80, band, count, duration, figures
from tunecase.records import Alternative, Definition

if TYPE_CHECKING:
    from tunecase.quantities import Draws

FREE = Band(0.0, 0.0, 0.0, 0.0)  # what runs on this machine
PILOT = "tunecase pilot"
CENT, HOUR_MINUTES = 0.01, 60


@dataclass(frozen=True, slots=True)
class Measure:
    """The command that measures a way, what it costs [base currency] and how long it takes [minutes].

    No command where something must be named before; None is not known.
    """

    command: str = ""
    cost: Band | None = None
    minutes: Interval80 | None = None


NO_MEASURE = Measure()


def here(command: str, grounds: Grounds, pace: str = "") -> Measure:
    """A measurement on this machine, at the assumed pace of its kind for each row; without a pace its time is open."""
    minutes = None if not pace else _minutes(grounds, pace, grounds.standing.rows)
    return Measure(command, FREE, minutes)


def asking(
    command: str, grounds: Grounds, per_1k: "Draws | None", examples_shown: Sequence[int] = EXAMPLES_SHOWN
) -> Measure:
    """A measurement that sends every test row to a provider, once for each prompt."""
    rows = grounds.standing.test_rows
    inputs = sum(1 + shown for shown in examples_shown)
    cost = None if per_1k is None or not rows else band(per_1k / 1000 * rows * inputs)
    return Measure(command, cost, _minutes(grounds, "hosted", rows * len(examples_shown)))


def _minutes(grounds: Grounds, pace: str, rows: int) -> Interval80 | None:
    if not rows:
        return None
    taken = band(grounds.basis.draw(f"measuring.{pace}") * rows / 60)
    return Interval80(taken.p10, taken.p50, taken.p90)


def order_to_try(ways: Sequence[Alternative], most_it_brings: float | None) -> tuple[str, ...]:
    """The names of the ways that nobody measured here, in the order to try them.

    First those that can pay: set-up and answers, both P50, cost less than reaching the target would bring. Among them
    the one that costs least to find out and to set up; what is not known comes last, then the table's order.

    Args:
        ways: all ways, in the table's order. Struck ones, and those with a score, are left out.
        most_it_brings: the value of reaching the target over the horizon, P50; None where it is not known.
    """
    untried = [way for way in ways if way.measure and not way.struck]

    def rank(way: Alternative) -> tuple[bool, bool, float]:
        dear = most_it_brings is not None and way.cost is not None and way.cost.p50 >= most_it_brings
        price = math.inf if way.measure_cost is None or way.set_up is None else way.measure_cost.p50 + way.set_up.p50
        return dear, way.measure_cost is None, price

    return tuple(way.name for way in sorted(untried, key=rank))


def steps_to_try(definition: Definition) -> tuple[str, ...]:
    """What to try, cheapest to know first: ways that one command measures are one step.

    Returns: sentences such as "a small word-count model: `tunecase pilot`, 0 USD, about 1 minute".
    """
    by_name = {way.name: way for way in definition.alternatives}
    steps: dict[str, list[Alternative]] = {}
    for name in definition.order:
        steps.setdefault(by_name[name].measure, []).append(by_name[name])
    return tuple(_step(command, ways, definition.currency) for command, ways in steps.items())


def untuned_to_try(definition: Definition) -> tuple[str, ...]:
    """The steps of `steps_to_try` that take no fine-tune and whose price and time are known."""

    def cheap(way: Alternative) -> bool:
        return not way.name.startswith("tune") and way.measure_cost is not None and way.measure_minutes is not None

    named = tuple(way.name for way in definition.alternatives if cheap(way))
    return steps_to_try(replace(definition, order=tuple(name for name in definition.order if name in named)))


def _step(command: str, ways: Sequence[Alternative], currency: str) -> str:
    *others, last = [way.action for way in ways]
    names = f"{', '.join(others)} and {last}" if others else last
    return f"{names}: `{command}`, {_cost(ways, currency)}, {_time(ways)}"


def _cost(ways: Sequence[Alternative], currency: str) -> str:
    known = [way.measure_cost.p50 for way in ways if way.measure_cost is not None]
    if len(known) < len(ways):
        return "at a price not known"
    return cost_words(sum(known), currency)


def cost_words(amount: float, currency: str) -> str:
    """What finding out costs, to two figures; what runs here costs nothing.

    Example:
        >>> cost_words(0.0, "USD"), cost_words(0.0037, "USD"), cost_words(1.234, "EUR")
        ('0 USD', 'under 0.01 USD', 'about 1.2 EUR')
    """
    if not amount:
        return f"0 {currency}"
    return f"under 0.01 {currency}" if amount < CENT else f"about {figures(amount)} {currency}"


def per_1k_words(amount: float) -> str:
    """What 1,000 answers cost, to two figures; what is less than a cent is not told closer.

    Example:
        >>> per_1k_words(0.0000054), per_1k_words(0.0224), per_1k_words(0.0)
        ('<0.01', '0.022', '0')
    """
    return "<0.01" if 0 < amount < CENT else figures(amount)


def _time(ways: Sequence[Alternative]) -> str:
    known = [way.measure_minutes for way in ways if way.measure_minutes is not None]
    if len(known) < len(ways):
        return "time not known"
    return minutes_words(sum(one.mid for one in known))


def minutes_words(minutes: float) -> str:
    """About how long it takes, in whole minutes; hours in two figures.

    Example:
        >>> minutes_words(0.2), minutes_words(3.4), minutes_words(200.0)
        ('about 1 minute', 'about 3 minutes', 'about 3.3 h')
    """
    whole = max(1, round(minutes))
    if whole >= HOUR_MINUTES:
        return f"about {duration(minutes * 60)}"
    return f"about {count(whole)} minute{'s' if whole > 1 else ''}"
