"""How steeply the error of a kind of learner fell on public tasks after a pilot ended: a regression of slopes of ln e.

    slope = at + per_slope s + per_level l + per_ratio ln r + spread z1,   ln e(N) = ln e(n) + slope ln r + run z2

with r = N/n, s the pilot's own slope over its last tenfold, held within -0.8 and 0.1, and l = ln(e / (1 - e)). A
pilot's slope counts less than half: the rest was noise. The table `catalog/tables/curve_slopes.csv` is fitted to curves
whose test items are known, each publisher once (`benchmarks/roads_slopes.py`); the kinds share all but `at`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from tunecase import catalog
from tunecase.forecast.points import LEAST_ERROR, error_of
from tunecase.quantities import Floats, Rng, np
from tunecase.records import Point

STEEPEST, FLATTEST = -0.8, 0.1
BACK = 10  # times fewer rows than the last size: what lies before tells nothing of what comes
NEAREST = 1.05  # least ratio for which a slope is told


@dataclass(frozen=True, slots=True)
class Slopes:
    """What was learnt of a kind of learner; `publishers` and `curves` are those that it rests on."""

    kind: str
    at: float
    per_slope: float
    per_level: float
    per_ratio: float
    spread: float
    run: float
    publishers: int
    curves: int
    source: str
    date: str

    def ahead(self, points: Sequence[Point], sizes: "Floats", start: "Floats", rng: "Rng") -> "Floats":
        """ln e at sizes beyond the last, each world on a slope of its own.

        Args:
            points: of the pilot, sizes rising, errors as shares.
            sizes: N, shape (sizes,), above the last.
            start: ln e of each world at the last size, shape (worlds,).
            rng: draws z1 and z2.
        Returns: shape (worlds, sizes).
        """
        ratio = np.log(np.maximum(sizes / points[-1].n, NEAREST))
        slope, level = causes(points)
        middle = self.at + self.per_slope * slope + self.per_level * level + self.per_ratio * ratio
        luck = rng.standard_normal((2, len(start), 1))
        return np.asarray(start[:, None] + (middle + self.spread * luck[0]) * ratio + self.run * luck[1])


def causes(points: Sequence[Point], direction: str = "higher") -> tuple[float, float]:
    """(the pilot's slope of ln e per ln n, ln(e / (1 - e)) at its last size) of points whose sizes rise."""
    near = [point for point in points if point.n >= points[-1].n / BACK]
    logs = [math.log(max(error_of(point, direction), LEAST_ERROR)) for point in near]
    sizes = [math.log(point.n) for point in near]
    slope = float(np.polyfit(sizes, logs, 1)[0]) if len(near) > 1 else 0.0
    last = min(max(error_of(points[-1], direction), LEAST_ERROR), 1 - LEAST_ERROR)
    return min(max(slope, STEEPEST), FLATTEST), math.log(last / (1 - last))


@cache
def slopes_of(kind: str) -> Slopes | None:
    """What was learnt of that kind of learner; None of one that was not measured so."""
    return next((one for one in catalog.table("curve_slopes", Slopes) if one.kind == kind), None)
