"""Which unsaid choice widens a band most, and what saying it in each way would do."""

import math
from dataclasses import dataclass

from tunecase.compute.doubt.bands import Band, peak_band
from tunecase.compute.doubt.ways import said
from tunecase.compute.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Widening:
    """One unsaid choice stated in one way: the run then, the band of its peak [GB], and how much of the width it takes.

    `share` is of the width in logarithms, at most 1: 1 - ln(P90 / P10 with it said) / ln(P90 / P10).
    """

    choice: str
    run: Recipe
    band: Band
    share: float


def widest(recipe: Recipe, statistic: str = "allocated") -> tuple[Widening, ...]:
    """Every way to state one unsaid choice, the choice that widens the band of the peak most first.

    Each choice in turn is stated, the others are drawn as before. Of each, the way that the run has comes first.

    Args:
        recipe: the run, every size a plain number.
        statistic: allocated, reserved or card.
    Returns: the ways to state each choice that narrows the band in at least one of them.
    """
    whole = _width(peak_band(recipe, recipe.unsaid, statistic))
    found: list[list[Widening]] = []
    for choice in sorted(recipe.unsaid):
        bands = [(run, peak_band(run, run.unsaid, statistic)) for run in said(recipe, choice)]
        told = [Widening(choice, run, band, 1 - _width(band) / whole) for run, band in bands]
        if max(one.share for one in told) > 0:
            found.append(told)
    return tuple(one for told in sorted(found, key=lambda told: -told[0].share) for one in told)


def _width(band: Band) -> float:
    return math.log(float(band.high) / float(band.low))
