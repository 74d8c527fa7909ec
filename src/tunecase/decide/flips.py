"""Where the advice flips: the nearest value per correct answer, or of any other input, at which another lever wins."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tunecase.decide.what_if import FINE_RINGS, Inputs, both_sides, inputs_of, what_if
from tunecase.plan import Drawn, Known, Solved, drawn, merit_of, solve, work_of
from tunecase.plan.costs import ACTIVITIES
from tunecase.plan.levers import standing
from tunecase.prices import PRICE, error_cost, worth_of_correct
from tunecase.quantities import AlteredWorlds, Draws, Worlds, band
from tunecase.records import Flip

RUN, BUDGET, VALUE, MISS = "one training run", "budget", "problem.value", "problem.miss_cost"
LEAST_MISS = 0.01  # of the target's worth: where the search begins when a miss costs nothing
SOME = 2_000  # worlds in which other advice is looked for
# What only money moves leaves every test as it was; these change what is true in the worlds, each by one step.
EFFECTS = {
    "levers.tuning_factor": "tune", "levers.bigger_model_factor": "bigger_model", "levers.label_noise": "clean",
}  # fmt: skip
MONEY = (VALUE, "effort_per_round", "levers.first_run_hours", "levers.bigger_model_run_cost",
         "today.price_per_1k", "serving.price_per_1k_today", "serving.price_per_1k_answers",
         *(f"effort.{activity.field}" for activity in ACTIVITIES))  # fmt: skip
ERRORS = "problem.errors "


def value_flips(bill: Drawn) -> tuple[Flip, ...]:
    """The nearest values per correct answer, below and above today's mean, at which another lever or way wins.

    Returns: none where no value is stated and no error has a cost. What an error costs stays as it is; where no value
    is stated it is the error's cost that moves.
    """
    solved = bill.solved
    assert solved is not None
    basis, worth = solved.state.basis, solved.state.value
    each, cost = worth_of_correct(basis), error_cost(basis)
    if each is None or worth is None or basis.project is None:
        return ()
    stated = basis.project.problem.value
    answers = worth / each if each.min() > 0 < worth.mean() else 0 * worth + 1.0

    def mean(of_answer: "Draws") -> float:
        """The mean weighs each world by the answers that it is worth."""
        return float((of_answer * answers).mean() / answers.mean())

    # V with one certain value v is (v + kept) answers.
    moved = each if stated is None or cost is None else basis.worlds.draw(VALUE, stated.spread)
    worth_each, value = mean(each), mean(moved)
    some = _few(bill)

    def winner(factors: Mapping[str, float]) -> str:
        scale = (value * factors.get(VALUE, 1.0) + worth_each - value) / worth_each
        return _best([replace(way, solved=way.solved.scaled(scale)) for way in some] if factors else some)

    return tuple(flip for flip in both_sides(winner, VALUE, value) if flip.at is not None)


def miss_flip(bill: Drawn) -> Flip | None:
    """The nearest price of a miss, in worths of the target, at which another lever or way wins; None without one."""
    assert bill.solved is not None
    miss, some = bill.solved.state.miss, _few(bill)
    if miss is None or bill.solved.state.value is None:
        return None
    least = max(miss, LEAST_MISS)

    def winner(factors: Mapping[str, float]) -> str:
        moved = [replace(way, solved=way.solved.at_miss(least * factors.get(MISS, 1.0))) for way in some]
        return _best(moved if factors else some)

    (flip,) = what_if(winner, {MISS: least}, rings=FINE_RINGS)
    return None if flip.at is None else flip


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
    rivals = [drawn(rival.facts.in_worlds(few)).bound() for rival in bill.rivals]
    ways = [_Way.of(rival, rival.solved) for rival in rivals if rival.solved is not None]
    inputs = _inputs(ways, _amounts(bill))

    def advise(factors: Mapping[str, float]) -> str:
        return _best([way.altered(factors, inputs) for way in ways] if factors else ways)

    return what_if(advise, inputs.now, progress=progress)


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """A way's solution, with what is known of it and what gives the answers in words."""

    words: str
    facts: Known
    solved: Solved

    @classmethod
    def of(cls, drawn: Drawn, solved: Solved) -> "_Way":
        """Of a plan."""
        way = drawn.facts.way
        return cls("the fine-tune" if way is None else way.words, drawn.facts, solved)

    def altered(self, factors: Mapping[str, float], inputs: Inputs) -> "_Way":
        """The same where inputs are so many times what they are; the curves hold."""
        facts = self.facts.in_worlds(AlteredWorlds(self.facts.basis.worlds, inputs.scales(factors)))
        state = standing(facts, work_of(facts), self.solved.state)
        prices = replace(state.prices, run_per_row=state.prices.run_per_row * factors.get(RUN, 1.0))
        more = (factors.get(BUDGET, 1.0) - 1) * inputs.now.get(BUDGET, 0.0)
        return replace(self, solved=solve(replace(state, prices=prices, budget_left=state.budget_left + more)))


def _few(bill: Drawn) -> list[_Way]:
    """The ways that may win, in few worlds."""
    return [_Way.of(rival, rival.solved.in_some(SOME)) for rival in bill.rivals if rival.solved is not None]


def _best(ways: Sequence[_Way]) -> str:
    """The lever of the best way; with the way's name where there are several."""
    best = max(ways, key=lambda way: merit_of(way.solved))
    lever = best.solved.winner.lever
    return lever if len(ways) == 1 or lever == "stop" else f"{lever} ({best.words})"


def _amounts(bill: Drawn) -> dict[str, float]:
    """The budget and one training run at P50, by name, as far as they are known: a person can change them."""
    run, budget = bill.work.run_price(bill.facts.rows), bill.work.project.budget
    amounts = {RUN: band(run).p50 if run is not None else 0.0, BUDGET: budget.spread.median if budget else 0.0}
    return {name: amount for name, amount in amounts.items() if amount > 0}


def _inputs(ways: Sequence[_Way], amounts: Mapping[str, float]) -> Inputs:
    """What a person can set and what moves a plan: prices, money, and the effects of steps on a board.

    An input of several ways is moved in all of them alike.
    """
    now, drawn_as = dict(amounts), dict[str, str]()
    for way in reversed(ways):
        steps = {step.name for step in way.solved.board.steps}

        def typed(name: str, steps: set[str] = steps) -> bool:
            money = name in MONEY or name.startswith(ERRORS) or name.endswith((PRICE, "team.rate"))
            return money or EFFECTS.get(name) in steps

        found = inputs_of(way.solved.state.basis, typed)
        now, drawn_as = {**now, **found.now}, {**drawn_as, **found.drawn_as}
    return Inputs(now, drawn_as)
