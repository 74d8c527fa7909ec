"""Where the advice flips: the nearest value per correct answer, or of any other input, at which another lever wins."""

import math
from collections.abc import Callable, Mapping

from tunecase.decide.plans import Solved, solve, winner_of
from tunecase.decide.what_if import Inputs, inputs_of, what_if
from tunecase.plan.levers import Offer, State
from tunecase.prices import PRICE, error_cost, worth_of_correct
from tunecase.quantities import AlteredWorlds, Worlds, figures
from tunecase.records import Flip

RUN, BUDGET = "one training run", "budget"
# What only money moves leaves every test as it was; these change what is true in the worlds, each by one step.
EFFECTS = {
    "levers.tuning_factor": "tune", "levers.bigger_model_factor": "bigger_model", "levers.label_noise": "clean",
}  # fmt: skip
MONEY = ("problem.value", "effort_per_round", "levers.first_run_hours", "levers.bigger_model_run_cost",
         "serving.price_per_1k_today", "serving.price_per_1k_answers")  # fmt: skip
ERRORS = "problem.errors "
SCALES = tuple(10 ** (k / 40) for k in range(-120, 121))


def value_flips(solved: Solved, best: Offer) -> str:
    """The nearest values per correct answer, below and above today's mean, at which another lever wins.

    Each is rounded away from today's value, so that the advice does flip when it is written into the project file. What
    an error costs stays as it is; where no value is stated it is the error's cost that moves. Empty where neither is.
    """
    basis, worth = solved.state.basis, solved.state.value
    each, cost = worth_of_correct(basis), error_cost(basis)
    if each is None or worth is None or basis.project is None:
        return ""
    stated = basis.project.problem.value
    answers = worth / each if each.min() > 0 < worth.mean() else 0 * worth + 1.0
    # V with one certain value v is (v + kept) answers: the means weigh each world by the answers that it is worth.
    worth_each = float((each * answers).mean() / answers.mean())
    moved = each if stated is None or cost is None else basis.worlds.draw("problem.value", stated.spread)
    value = float((moved * answers).mean() / answers.mean())
    kept = worth_each - value
    unit = f"{basis.currency} per correct" if stated is not None else f"{basis.currency} per error"
    words = []
    for scales, side in (
        (tuple(s for s in reversed(SCALES) if s < 1), "below"),
        (tuple(s for s in SCALES if s > 1), "above"),
    ):
        rounded = [_two_figures(value * scale, up=side == "above") for scale in scales]
        found = _first_flip(solved, best, [(one + kept) / worth_each for one in rounded])
        if found is not None:
            at, winner = found
            words.append(f"{side} {figures(rounded[at])} {unit} to {winner.lever.replace('_', ' ')}")
    return "; ".join(words) or f"nowhere between a thousandth and a thousand times {figures(value)} {unit}"


def _first_flip(solved: Solved, best: Offer, scales: list[float]) -> tuple[int, Offer] | None:
    """The first scale at which another lever wins, looked for in growing steps and then between the last two."""
    low, step = -1, 1
    while True:
        at = min(low + step, len(scales) - 1)
        winner = winner_of(solved, scales[at])
        if winner.lever != best.lever:
            break
        if at == len(scales) - 1:
            return None
        low, step = at, min(2 * step, 8)
    found = (at, winner)
    while found[0] - low > 1:
        middle = (low + found[0]) // 2
        winner = winner_of(solved, scales[middle])
        low, found = (middle, found) if winner.lever == best.lever else (low, (middle, winner))
    return found


def _two_figures(value: float, up: bool) -> float:
    """The nearest number of two significant figures at or above, or at or below, a positive value."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return (math.ceil if up else math.floor)(value / unit) * unit


def input_flips(
    solved: Solved,
    stand: Callable[[Worlds, Mapping[str, float], State], State],
    money: Mapping[str, float],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Flip, ...]:
    """What would have to be true for another step: each input's nearest value at which another lever wins.

    An input is scaled in every world, its doubt with it; the labels' price is moved as one, by its rate.

    Args:
        solved: the decision as it stands.
        stand: the State in altered worlds, with factors of the budget and of a training run by name; an earlier State
            lends it its curves.
        money: the whole budget and one training run at P50, by name, as far as they are known.
        progress: told how many of how many inputs were looked at.
    Returns: flips, the smallest change first; `to` names the lever.
    Leaves out looks, which are worth no more than the step they lead to, and changes of two inputs at once.
    """
    inputs = _inputs(solved, money)

    def advise(factors: Mapping[str, float]) -> str:
        if not factors:
            return winner_of(solved).lever
        scales = inputs.scales(factors)
        state = stand(AlteredWorlds(solved.state.basis.worlds, scales), factors, solved.state)
        tests_hold = not any(name in EFFECTS for name in scales)
        return winner_of(solve(state, solved.board if tests_hold else None)).lever

    return what_if(advise, inputs.now, progress=progress)


def _inputs(solved: Solved, money: Mapping[str, float]) -> Inputs:
    """What a person can set and what moves a plan: prices, money, and the effects of steps on the board."""
    steps = {step.name for node in solved.board.nodes for step in node.steps}

    def typed(name: str) -> bool:
        return (
            name in MONEY
            or name.startswith(ERRORS)
            or name.endswith((PRICE, "team.rate"))
            or EFFECTS.get(name) in steps
        )

    inputs = inputs_of(solved.state.basis, typed)
    return Inputs({**inputs.now, **money}, inputs.drawn_as)
