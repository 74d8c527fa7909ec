"""Works a bill out again in altered worlds: what would have to be true to stay within the budget."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tunecase.decide import NOT_SURE, SURE, budget_flips, change
from tunecase.prices import PRICE, ROUNDS, highest
from tunecase.project import Project
from tunecase.quantities import AlteredWorlds, Const, Quantity, Worlds
from tunecase.records import Flip, WhatIf

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tunecase.quantities import Draws

Goal = Literal["stay", "reach"]

DRAWS = 4_000
MOST_ROUNDS = 12
RATE = "source.rate"
# Shares of a label's price, and doubts that nobody can change by typing another number.
PART_OF_A_PRICE = (
    "source.effort", "source.rework", "source.fee", "source.usable", "source.management", "source.label_over_review",
)  # fmt: skip
NOT_TYPED = ("repairs", "tokens per row", "working_hours", "review_minutes", "stand_in.factor", "unknowns")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A bill's total, and whether the target was reached, None without a curve; both have shape (draws,)."""

    total: "Draws"
    reached: "NDArray[np.bool_] | None" = None


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill that can be worked out again: its project, its worlds with what was drawn, and its outcome.

    `again` is the outcome of a project in other worlds; `rounds` their number at P50, `label_prices` the median price
    of a label by source.
    """

    project: Project
    worlds: Worlds
    now: Outcome
    again: Callable[[Project, Worlds], Outcome]
    rounds: float
    label_prices: Mapping[str, float] = field(default_factory=dict)


def what_if(
    bill: Bill, budget: float, wanted: float, done: Callable[[int, int], None] | None = None
) -> tuple[WhatIf, ...]:
    """Which change of one input alone brings the chance to stay within the budget to `wanted`, or would lose it.

    Where a curve is known, then also which one brings the chance to reach the target within the budget there. An
    input is scaled in every world (its doubt with it) and the bill worked out again; the labels' price is moved as one,
    by its rate; rounds are set to a whole number.

    Args:
        bill: of some thousand draws; a chance near `wanted` has a standard error of .006 with 4,000.
        budget: in the bill's currency.
        wanted: the chance asked for.
        done: told how many inputs of how many were looked at.
    Returns: one WhatIf for each goal, its flips with the smallest change first.
    Leaves out changes of two inputs at once, and inputs that nobody sets: the luck of tests, the time of a step against
    its prediction, the length of the rows.
    """
    now, scaled = _typed(bill)
    goals: tuple[Goal, ...] = ("stay",) if bill.now.reached is None else ("stay", "reach")
    known: dict[tuple[tuple[str, float], ...], dict[Goal, float]] = {(): _chances(bill.now, budget)}

    def chances(scales: "Mapping[str, float]") -> dict[Goal, float]:
        key = tuple(scales.items())
        if key not in known:
            scale = {scaled.get(name, name): factor for name, factor in scales.items()}
            known[key] = _chances(bill.again(bill.project, AlteredWorlds(bill.worlds, scale)), budget)
            if done is not None:
                done(len({name for pairs in known for name, _ in pairs}), len(now))
        return known[key]

    most = {name: highest(name) for name in now}
    found = []
    for goal in goals:
        flips = budget_flips(lambda scales, goal=goal: chances(scales)[goal], now, wanted, most=most)  # type: ignore[misc]
        chance = known[()][goal]
        rounds = (_rounds(bill, budget, wanted, chance >= wanted),) if goal == "stay" else ()
        ways = sorted((flip for flip in (*flips, *rounds) if flip.at is not None), key=change)
        never = [flip for flip in (*flips, *rounds) if flip.at is None]
        found.append(WhatIf(goal, budget, wanted, chance, (*ways, *never)))
    return tuple(found)


def _chances(outcome: Outcome, budget: float) -> "dict[Goal, float]":
    within = outcome.total <= budget
    chances: dict[Goal, float] = {"stay": float(within.mean())}
    if outcome.reached is not None:
        chances["reach"] = float((outcome.reached & within).mean())
    return chances


def _of_rounds(name: str) -> bool:
    return name.startswith(ROUNDS)


def _typed(bill: Bill) -> "tuple[dict[str, float], dict[str, str]]":
    """The inputs that a person can set, at their medians, and the drawn name behind one that has another."""
    import numpy as np

    now: dict[str, float] = {}
    scaled: dict[str, str] = {}
    for name, draws in bill.worlds.drawn.items():
        middle = float(np.median(draws))
        source = name.removesuffix(RATE).strip()
        if name.endswith(RATE) and source in bill.label_prices:
            price = f"{source} {PRICE}"
            scaled[price], name, middle = name, price, bill.label_prices[source]
        skipped = _of_rounds(name) or name.endswith((*PART_OF_A_PRICE, *NOT_TYPED)) or name.startswith("time against")
        if not skipped and middle > 0:
            now[name] = middle
    return now, scaled


def _rounds(bill: Bill, budget: float, wanted: float, holds: bool) -> Flip:
    """Rounds as a whole number, from P50 towards fewer, or towards more where the chance is high enough already."""
    middle = max(round(bill.rounds), 1)
    tried = range(middle + 1, MOST_ROUNDS + 1) if holds else range(min(middle, MOST_ROUNDS), 0, -1)
    for count in tried:
        fixed = bill.project.model_copy(update={"rounds": Quantity(Const(float(count)), "")})
        chance = _chances(bill.again(fixed, Worlds(bill.worlds.seed, bill.worlds.n)), budget)["stay"]
        if (chance >= wanted) != holds:
            return Flip(ROUNDS, float(middle), float(count), NOT_SURE if holds else SURE)
    return Flip(ROUNDS, float(middle))


def fewer(worlds: Worlds, draws: int = DRAWS) -> Worlds:
    """Worlds of the same seed, at most `draws` of them."""
    return Worlds(worlds.seed, min(worlds.n, draws))
