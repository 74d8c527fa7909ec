"""Where the advice flips: the nearest value per correct answer at which another lever wins."""

import math
from typing import TYPE_CHECKING

from tunecase.decide.plans import Solved, winner_of
from tunecase.levers import Offer
from tunecase.prices import Basis
from tunecase.project import Project
from tunecase.wording import figures

if TYPE_CHECKING:
    from tunecase.spread import Draws

SCALES = tuple(10 ** (k / 40) for k in range(-120, 121))


def value_flips(project: Project, solved: Solved, best: Offer, basis: Basis, worth: "Draws") -> str:
    """The nearest values per correct answer, below and above today's mean, at which another lever wins.

    Each is rounded away from today's value, so that the advice does flip when it is written into the project file.
    """
    assert project.problem.value is not None
    # The one certain value per correct answer that makes the target worth as much as the doubtful one does.
    each = basis.worlds.draw("problem.value", project.problem.value.spread)
    value = float(worth.mean() / (worth / each).mean() if each.min() > 0 < worth.mean() else each.mean())
    unit = f"{basis.currency} per correct"
    words = []
    for scales, side in (
        (tuple(s for s in reversed(SCALES) if s < 1), "below"),
        (tuple(s for s in SCALES if s > 1), "above"),
    ):
        rounded = [_two_figures(value * scale, up=side == "above") for scale in scales]
        found = _first_flip(solved, best, [one / value for one in rounded])
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
