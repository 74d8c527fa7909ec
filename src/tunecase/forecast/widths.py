"""How wide bands must be to hold 80% of what came, beside what the models say, by kind of score.

The table `catalog/tables/curve_calibration.csv` is learnt from pilots of measured curves, each forecast without its own
publisher (`benchmarks/curve_widths.py`). Their test sizes are unknown; where items are known their noise is counted
by itself, and one number stands.
"""

import math
from dataclasses import dataclass
from functools import cache

from tunecase import catalog
from tunecase.forecast.points import LEAST_ERROR
from tunecase.forecast.scale import Scale

NARROWEST, WIDEST = 0.5, 1.5
# Of shares whose test items are known, whatever the level. On public tasks of five publishers whose end was measured
# (`benchmarks/roads.py`) the models' own width held .79 and this .83; chosen on the other four each time, .80.
TESTED = 1.15
MOST_ERROR = 0.97


@dataclass(frozen=True, slots=True)
class Calibration:
    """The width of the pool's bands for one kind of score, as a share of the models' own, and what that rests on.

        ln width = ln factor + per_level x level

    The level is held within `level_low` and `level_high`, where it was seen. `units` are independent publishers.
    """

    kind: str
    factor: float
    per_level: float
    level_low: float
    level_high: float
    units: int
    tasks: int
    source: str
    date: str

    def width(self, level: float) -> float:
        """The width for a pilot that ends at this level; between a half and 1.5."""
        held = min(max(level, self.level_low), self.level_high)
        return min(max(self.factor * math.exp(self.per_level * held), NARROWEST), WIDEST)


def level(error: float, scale: Scale) -> float:
    """How far a pilot has come: ln(e / (1 - e)) of a share's last error, 0 of any other score."""
    held = min(max(error, LEAST_ERROR), MOST_ERROR)
    return math.log(held / (1 - held)) if scale.bounded else 0.0


def kind_of(scale: Scale, language_model: bool) -> str:
    """The kind of score: a fine-tune's loss or any other of its scores; another learner's share or other score."""
    if language_model:
        return "tuned loss" if scale.loss else "tuned score"
    return "other share" if scale.bounded else "other score"


@cache
def calibration(kind: str) -> Calibration:
    """What was learnt of a kind of score; see `kind_of`."""
    row = next(row for row in catalog.read_table("curve_calibration") if row["kind"] == kind)
    factor, slope, low, high = (float(row[name]) for name in ("factor", "per_level", "level_low", "level_high"))
    return Calibration(kind, factor, slope, low, high, int(row["units"]), int(row["tasks"]), row["source"], row["date"])
