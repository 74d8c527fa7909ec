"""What if one input of the bill were different: which change alone would keep the budget, or break it."""

from collections.abc import Callable, Mapping
from typing import Literal

from tunecase.decide import ENDS, NOT_SURE, RINGS, SURE, Inputs, change, inputs_of, what_if
from tunecase.plan import Drawn, Known, drawn
from tunecase.prices import ROUNDS
from tunecase.quantities import AlteredWorlds, Const, Quantity, Worlds, band
from tunecase.records import Flip, WhatIf

Goal = Literal["stay", "reach"]
Chances = dict[Goal, float]

DRAWS = 2_000
MOST_ROUNDS = 12
# Shares of a label's price, and doubts that nobody can change by typing another number.
PART_OF_A_PRICE = (
    "source.effort", "source.rework", "source.fee", "source.usable", "source.management", "source.label_over_review",
)  # fmt: skip
NOT_TYPED = ("repairs", "tokens per row", "working_hours", "review_minutes", "unknowns")


def budget_what_if(
    bill: Drawn, wanted: float, progress: Callable[[int, int], None] | None = None
) -> tuple[WhatIf, ...]:
    """Which change of one input alone raises a chance to `wanted`, or lowers it below: to stay within the budget.

    Where a target is known it is the chance to reach it within the budget. An input is scaled in every world (its doubt
    with it) and the bill worked out again; the labels' price is moved as one, by its rate; rounds are set to a whole
    number.

    Args:
        bill: the plan, of a project with a budget; it is worked out again in at most 2,000 worlds, which gives a chance
            near `wanted` a standard error of .009.
        wanted: the chance asked for.
        progress: told how many of how many inputs were looked at, once for each goal.
    Returns: one WhatIf, its flips with the smallest change first.
    Leaves out changes of two inputs at once, and inputs that nobody sets: the luck of tests, the time of a step against
        its prediction, the length of the rows.
    """
    budget, middle = bill.work.project.budget, round(band(bill.walk.rounds).p50)
    assert budget is not None
    again = _Bill(bill.facts.in_worlds(_fewer(bill.work.basis.worlds)), budget.spread.median)
    # Where a policy follows the tests it stops as money runs out: what can be asked for is to reach the target.
    goal: Goal = "stay" if len(again.now) == 1 else "reach"
    rings = ENDS if goal == "stay" else RINGS
    flips = what_if(_answer(again, goal, wanted), again.inputs.now, rings=rings, progress=progress)
    if goal == "stay":
        flips = (*flips, _rounds(again, middle, wanted))
    return (WhatIf(goal, again.budget, wanted, again.now[goal], tuple(sorted(flips, key=change))),)


class _Bill:
    """A bill worked out again and again, each altered one once."""

    def __init__(self, facts: Known, budget: float) -> None:
        self.facts, self.budget = facts, budget
        self.now = self._chances(drawn(facts))
        self.inputs: Inputs = inputs_of(facts.basis, _typed)
        self._altered: dict[tuple[tuple[str, float], ...], Chances] = {(): self.now}

    def chances(self, factors: Mapping[str, float]) -> Chances:
        """The chance of each goal where inputs are scaled."""
        key = tuple(factors.items())
        if key not in self._altered:
            worlds = AlteredWorlds(self.facts.basis.worlds, self.inputs.scales(factors))
            self._altered[key] = self._chances(drawn(self.facts.in_worlds(worlds)))
        return self._altered[key]

    def chance_in_rounds(self, count: int) -> float:
        """The chance to stay within the budget in so many rounds."""
        fixed = self.facts.project.model_copy(update={"rounds": Quantity(Const(float(count)), "")})
        worlds = self.facts.basis.worlds
        return self._chances(drawn(self.facts.in_worlds(Worlds(worlds.seed, worlds.n), fixed)))["stay"]

    def _chances(self, bill: Drawn) -> Chances:
        within, reached = bill.total <= self.budget - self.facts.spent, bill.walk.reached
        chances: Chances = {"stay": float(within.mean())}
        if reached is not None and bill.grounded:
            chances["reach"] = float((reached & within).mean())
        return chances


def _answer(bill: _Bill, goal: Goal, wanted: float) -> Callable[[Mapping[str, float]], str]:
    return lambda factors: _sure(bill.chances(factors)[goal] >= wanted)


def _sure(enough: bool) -> str:
    return SURE if enough else NOT_SURE


def _typed(name: str) -> bool:
    return not name.startswith((ROUNDS, "time against", "stand_in.")) and not name.endswith(
        (*PART_OF_A_PRICE, *NOT_TYPED)
    )


def _rounds(bill: _Bill, half: int, wanted: float) -> Flip:
    """Rounds as a whole number, from P50 towards fewer, or towards more where the chance is high enough already."""
    holds, now = bill.now["stay"] >= wanted, max(half, 1)
    tried = range(now + 1, MOST_ROUNDS + 1) if holds else range(min(now, MOST_ROUNDS), 0, -1)
    for count in tried:
        if (bill.chance_in_rounds(count) >= wanted) != holds:
            return Flip(ROUNDS, float(now), float(count), _sure(not holds))
    return Flip(ROUNDS, float(now))


def _fewer(worlds: Worlds) -> Worlds:
    return Worlds(worlds.seed, min(worlds.n, DRAWS))
