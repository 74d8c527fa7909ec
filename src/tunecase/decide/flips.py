"""Where the advice flips: the nearest value per correct answer, or of any other input, at which another lever wins."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tunecase.decide.plans import Solved, solve, winner_of
from tunecase.decide.what_if import change, flips
from tunecase.plan.levers import Offer, State
from tunecase.prices import PRICE, Basis, error_cost, highest, label_prices, worth_of_correct
from tunecase.project import Project
from tunecase.quantities import AlteredWorlds, figures
from tunecase.records import Flip

if TYPE_CHECKING:
    from tunecase.quantities import Draws

RUN, BUDGET = "one training run", "budget"
RATE = "source.rate"
# What only money moves leaves every test as it was; these change what is true in the worlds.
EFFECTS = ("levers.tuning_factor", "levers.bigger_model_factor", "levers.label_noise")
MONEY = ("problem.value", "effort_per_round", "levers.first_run_hours", "levers.bigger_model_run_cost",
         "serving.price_per_1k_today", "serving.price_per_1k_answers")  # fmt: skip
ERRORS = "problem.errors "
SCALES = tuple(10 ** (k / 40) for k in range(-120, 121))


def value_flips(project: Project, solved: Solved, best: Offer, basis: Basis, worth: "Draws") -> str:
    """The nearest values per correct answer, below and above today's mean, at which another lever wins.

    Each is rounded away from today's value, so that the advice does flip when it is written into the project file. What
    an error costs stays as it is; where no value is stated it is the error's cost that moves. Empty where neither is.
    """
    each, cost, stated = worth_of_correct(basis), error_cost(basis), project.problem.value
    if each is None:
        return ""
    answers = worth / each if each.min() > 0 < worth.mean() else 0 * worth + 1.0
    # V with one certain value v is (v + kept) answers: the means weigh each world by the answers that it is worth.
    worth_each = float((each * answers).mean() / answers.mean())
    moved = each if stated is None or cost is None else basis.worlds.draw("problem.value", stated.spread)
    value = float((moved * answers).mean() / answers.mean())
    kept = worth_each - value
    unit = f"{basis.currency} per correct" if project.problem.value is not None else f"{basis.currency} per error"
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
    again: "Callable[[Basis, Mapping[str, float], State | None], State]",
    budget: float,
    run_price: float,
    told: Callable[[int, int], None] | None = None,
) -> tuple[Flip, ...]:
    """What would have to be true for another step: each input's nearest value at which another lever wins.

    An input is scaled in every world, its doubt with it; the labels' price is moved as one, by its rate.

    Args:
        solved: the decision as it stands.
        again: the State in altered worlds, with factors of the budget and of a training run by name; an earlier State
            may lend it its curves.
        budget: the whole of it, infinite without one.
        run_price: one training run at P50.
        told: told how many of how many inputs were looked at.
    Returns: flips, the smallest change first; `to` names the lever.
    Leaves out looks, which are worth no more than the step they lead to, and changes of two inputs at once.
    """
    basis = solved.state.basis
    now, drawn = _inputs(solved, budget, run_price)

    def advise(scales: Mapping[str, float]) -> str:
        if not scales:
            return winner_of(solved).lever
        named = {drawn.get(name, name): factor for name, factor in scales.items()}
        at = replace(basis, worlds=AlteredWorlds(basis.worlds, named), used={})
        kept = not any(name in EFFECTS for name in named)
        state = again(at, scales, solved.state)
        return winner_of(solve(state, solved.board if kept else None)).lever

    found: list[Flip] = []
    for at, (name, value) in enumerate(now.items(), 1):
        found += flips(advise, {name: value}, most={name: highest(name)})
        if told is not None:
            told(at, len(now))
    return tuple(sorted(found, key=change))


def _inputs(solved: Solved, budget: float, run_price: float) -> "tuple[dict[str, float], dict[str, str]]":
    """The inputs that a person can set, at their medians, and the drawn name behind one that has another."""
    import numpy as np

    basis = solved.state.basis
    used = {step.name for node in solved.board.nodes for step in node.steps}
    labels = label_prices(basis)
    now: dict[str, float] = {}
    drawn: dict[str, str] = {}
    for name, draws in basis.worlds.drawn.items():
        middle = float(np.median(draws))
        effect = (
            name in EFFECTS
            and {"levers.tuning_factor": "tune", "levers.label_noise": "clean"}.get(name, "bigger_model") in used
        )
        if name.endswith(RATE):
            source = name.removesuffix(RATE).strip()
            price = f"{source} {PRICE}"
            drawn[price], now[price] = name, labels.get(source, 0.0)
        elif name.endswith((PRICE, "team.rate")) or name in MONEY or name.startswith(ERRORS) or effect:
            now[name] = middle
    if run_price:
        now[RUN] = run_price
    if math.isfinite(budget) and budget > 0:
        now[BUDGET] = budget
    return {name: value for name, value in now.items() if value > 0}, drawn
