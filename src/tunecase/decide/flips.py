"""Where the advice flips: the nearest value per correct answer, or of any other input, at which another lever wins."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tunecase.decide.what_if import Inputs, both_sides, change, inputs_of, what_if
from tunecase.plan import Drawn, Solved, drawn, merit_of, solve_again
from tunecase.plan.costs import ACTIVITIES
from tunecase.plan.levers import Scaled
from tunecase.prices import PRICE, error_cost, worth_of_correct
from tunecase.quantities import AlteredWorlds, Worlds, band, figures
from tunecase.records import Flip

if TYPE_CHECKING:
    from tunecase.quantities import Draws

RUN, BUDGET, VALUE, MISS = "one training run", "budget", "problem.value", "problem.miss_cost"
LEAST_MISS = 0.01  # of the target's worth: where the search begins when a miss costs nothing
SIDES = {"down": "below", "up": "above"}
SOME = 2_000  # worlds in which other advice is looked for
# What only money moves leaves every test as it was; these change what is true in the worlds, each by one step.
EFFECTS = {
    "levers.tuning_factor": "tune", "levers.bigger_model_factor": "bigger_model", "levers.label_noise": "clean",
}  # fmt: skip
MONEY = (VALUE, "effort_per_round", "levers.first_run_hours", "levers.bigger_model_run_cost",
         "today.price_per_1k", "serving.price_per_1k_today", "serving.price_per_1k_answers",
         *(f"effort.{activity.field}" for activity in ACTIVITIES))  # fmt: skip
ERRORS = "problem.errors "


def value_flips(bill: Drawn) -> tuple[str, tuple[Flip, ...]]:
    """The nearest values per correct answer, below and above today's mean, at which another lever or way wins.

    Returns: these in words, each in one digit, since another seed moves the second; and as flips. Empty where no value
    is stated and no error has a cost. What an error costs stays as it is; where no value is stated it is the error's
    cost that moves.
    """
    solved = bill.solved
    assert solved is not None
    basis, worth = solved.state.basis, solved.state.value
    each, cost = worth_of_correct(basis), error_cost(basis)
    if each is None or worth is None or basis.project is None:
        return "", ()
    stated = basis.project.problem.value
    answers = worth / each if each.min() > 0 < worth.mean() else 0 * worth + 1.0

    def mean(of_answer: "Draws") -> float:
        """The mean weighs each world by the answers that it is worth."""
        return float((of_answer * answers).mean() / answers.mean())

    # V with one certain value v is (v + kept) answers.
    moved = each if stated is None or cost is None else basis.worlds.draw(VALUE, stated.spread)
    worth_each, value = mean(each), mean(moved)
    some = _few(bill)
    unit = f"{basis.currency} per {'error' if stated is None and cost is not None else 'correct'}"

    def winner(factors: Mapping[str, float]) -> str:
        scale = (value * factors.get(VALUE, 1.0) + worth_each - value) / worth_each
        return _best(replace(one, solved=one.solved.scaled(scale)) for one in some) if factors else _best(some)

    flips = tuple(flip for flip in both_sides(winner, VALUE, value) if flip.at is not None)
    words = [
        f"{SIDES[flip.direction]} about {figures(flip.at, 1)} {unit} to {flip.to.replace('_', ' ')}" for flip in flips
    ]
    return "; ".join(words) or f"nowhere between a thousandth and a thousand times {figures(value)} {unit}", flips


def miss_flip(bill: Drawn) -> Flip | None:
    """The nearest price of a miss, in worths of the target, at which another lever or way wins; None without one."""
    assert bill.solved is not None
    miss, some = bill.solved.state.miss, _few(bill)
    if miss is None or bill.solved.state.value is None:
        return None

    def winner(factors: Mapping[str, float]) -> str:
        if not factors:
            return _best(some)
        at = least * factors[MISS]
        return _best(replace(one, solved=one.solved.at_miss(at)) for one in some)

    least = max(miss, LEAST_MISS)
    found = [flip for flip in both_sides(winner, MISS, least) if flip.at is not None]
    return min(found, key=change, default=None)


def _few(bill: Drawn) -> "list[_Way]":
    """The ways that may win, in few worlds."""
    return [_Way.of(one, one.solved.in_some(SOME)) for one in bill.rivals if one.solved is not None]


def input_flips(bill: Drawn, progress: Callable[[int, int], None] | None = None) -> tuple[Flip, ...]:
    """What would have to be true for another step: each input's nearest value at which another lever wins.

    An input is scaled in every world, its doubt with it; the labels' price is moved as one, by its rate.

    Args:
        bill: the plan, of a project whose target has a value; it is solved again in at most 2,000 worlds.
        progress: told how many of how many inputs were looked at.
    Returns: flips, the smallest change first; `to` names the lever.
    Leaves out looks, which are worth no more than the step they lead to, and changes of two inputs at once.
    """
    worlds = bill.work.basis.worlds
    few = Worlds(worlds.seed, min(worlds.n, SOME))
    drawn_anew = [drawn(each.facts.in_worlds(few)).bound() for each in bill.rivals]
    ways = [_Way.of(each, each.solved) for each in drawn_anew if each.solved is not None]
    inputs = _together(
        [_inputs(one.solved, _typed_amounts(each)) for one, each in zip(ways, drawn_anew, strict=True)]
    )  # fmt: skip

    def advise(factors: Mapping[str, float]) -> str:
        if not factors:
            return _best(ways)
        scales = inputs.scales(factors)
        scaled = Scaled(factors.get(BUDGET, 1.0), factors.get(RUN, 1.0))
        again = []
        for one, each in zip(ways, drawn_anew, strict=True):
            altered = each.facts.in_worlds(AlteredWorlds(each.facts.basis.worlds, scales))
            again.append(replace(one, solved=solve_again(altered, one.solved, scaled=scaled)))
        return _best(again)

    return what_if(advise, inputs.now, progress=progress)


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """A solution, with what gives the answers in words."""

    words: str
    solved: Solved

    @classmethod
    def of(cls, drawn: Drawn, solved: Solved) -> "_Way":
        """Of a plan."""
        way = drawn.facts.way
        return cls("the fine-tune" if way is None else way.words, solved)


def _best(ways: "Iterable[_Way]") -> str:
    """The lever of the best way; with the way's name where there are several."""
    held = list(ways)
    best = max(held, key=lambda one: merit_of(one.solved))
    lever = best.solved.winner.lever
    return lever if len(held) == 1 or lever == "stop" else f"{lever} ({best.words})"


def _together(inputs: "Sequence[Inputs]") -> Inputs:
    """The inputs of several ways as one: each is moved in all of them alike."""
    now = {name: value for one in reversed(inputs) for name, value in one.now.items()}
    return Inputs(now, {name: drawn for one in inputs for name, drawn in one.drawn_as.items()})


def _typed_amounts(bill: Drawn) -> dict[str, float]:
    """The budget and one training run at P50, by name, as far as they are known: a person can change them."""
    run, budget = bill.work.run_price(bill.facts.rows), bill.work.project.budget
    amounts = {RUN: band(run).p50 if run is not None else 0.0, BUDGET: budget.spread.median if budget else 0.0}
    return {name: amount for name, amount in amounts.items() if amount > 0}


def _inputs(solved: Solved, money: Mapping[str, float]) -> Inputs:
    """What a person can set and what moves a plan: prices, money, and the effects of steps on the board."""
    steps = {step.name for step in solved.board.steps}

    def typed(name: str) -> bool:
        return (
            name in MONEY
            or name.startswith(ERRORS)
            or name.endswith((PRICE, "team.rate"))
            or EFFECTS.get(name) in steps
        )

    inputs = inputs_of(solved.state.basis, typed)
    return Inputs({**inputs.now, **money}, inputs.drawn_as)
