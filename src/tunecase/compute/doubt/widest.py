"""Which unsaid choice widens a band most, so that it can be asked for."""

import math
from dataclasses import dataclass

from tunecase.compute.doubt.bands import Band, peak_band
from tunecase.compute.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Widening:
    """One unsaid choice: the band of the peak [GB] if it were as the run is, and the share of the width it takes.

    `share` is of the width in logarithms, 0 to 1: 1 - ln(P90 / P10 with it said) / ln(P90 / P10).
    """

    choice: str
    band: Band
    share: float


def widest(recipe: Recipe, statistic: str = "allocated") -> tuple[Widening, ...]:
    """The unsaid choices of a run, the one that widens the band of its peak most first.

    Each in turn is taken as the run has it, the others are drawn as before.

    Args:
        recipe: the run, every size a plain number.
        statistic: allocated, reserved or card.
    Returns: one Widening for each unsaid choice that narrows the band once it is said.
    """
    whole = _width(peak_band(recipe, recipe.unsaid, statistic))
    found = []
    for choice in sorted(recipe.unsaid):
        told = peak_band(recipe, recipe.unsaid - {choice}, statistic)
        share = 1 - _width(told) / whole
        if share > 0:
            found.append(Widening(choice, told, share))
    return tuple(sorted(found, key=lambda one: -one.share))


def _width(band: Band) -> float:
    return math.log(float(band.high) / float(band.low))
