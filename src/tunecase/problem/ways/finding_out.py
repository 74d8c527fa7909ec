"""What it costs to find out whether a way would do: one command each, its price and its minutes, and the order to try.

Hosted models are asked about every test row by each of the pilot's prompts, the shown examples counted as inputs:

    cost = test rows x price of an answer x sum over prompts of (1 + examples shown)
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tunecase.pilot import EXAMPLES_SHOWN
from tunecase.prices import api_price
from tunecase.problem.ways.grounds import Grounds
from tunecase.quantities import Band, Interval, Interval80, band
from tunecase.records import Alternative

if TYPE_CHECKING:
    from tunecase.quantities import Draws

FREE = Band(0.0, 0.0, 0.0, 0.0)  # what runs on this machine
PILOT = "tunecase pilot"
CHARACTERS_PER_TOKEN = Interval(3.0, 5.0)  # of English prose; other scripts take more tokens


class Measure(NamedTuple):
    """The command that measures a way, what it costs [base currency] and how long it takes [minutes].

    No command where something must be named before; None is not known.
    """

    command: str = ""
    cost: Band | None = None
    minutes: Interval80 | None = None


NO_MEASURE = Measure()


def here(command: str, grounds: Grounds, pace: str = "") -> Measure:
    """A measurement on this machine, at the assumed pace of its kind for each row; without a pace its time is open."""
    return Measure(command, FREE, _minutes(grounds, pace, grounds.standing.rows))


def asking(
    model: str, grounds: Grounds, per_1k: "Draws | None", examples_shown: Sequence[int] = EXAMPLES_SHOWN
) -> Measure:
    """A measurement that sends every test row to the provider of a model, once for each prompt."""
    rows = grounds.standing.test_rows
    inputs = sum(1 + shown for shown in examples_shown)
    cost = None if per_1k is None or not rows else band(per_1k / 1000 * rows * inputs)
    return Measure(f"{PILOT} --hosted {model}", cost, _minutes(grounds, "hosted", rows * len(examples_shown)))


def by_lengths(model: str, grounds: Grounds) -> "Draws | None":
    """1,000 answers of a hosted model at the length of the test rows [base currency]; None without its token price.

    Tokens are characters over `CHARACTERS_PER_TOKEN`: for finding out, where the traffic after launch is not stated.
    """
    basis, (asked, answered) = grounds.basis, grounds.standing.lengths
    price = api_price(model, basis.today)
    if price is None or not asked:
        return None
    usd = asked * float(price.input_usd_per_mtok) + answered * float(price.output_usd_per_mtok)
    return usd / 1000 * basis.base_per_usd / basis.worlds.draw("characters per token", CHARACTERS_PER_TOKEN)


def _minutes(grounds: Grounds, pace: str, rows: int) -> Interval80 | None:
    if not (pace and rows):
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
