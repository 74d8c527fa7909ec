"""How wide bands must be to hold 80% of what came, beside what the models say, by kind of score.

The table `catalog/tables/curve_calibration.csv` is learnt from pilots of measured curves, each forecast without its own
publisher (`benchmarks/curve_widths.py`). Their test sizes are unknown; where items are known their noise is counted,
and the models' own width stands.
"""

import math
from dataclasses import dataclass
from functools import cache

from tunecase import catalog
from tunecase.forecast.scale import Scale

NARROWEST, WIDEST = 0.5, 1.5


@dataclass(frozen=True, slots=True)
class Calibration:
    """The width of the pool's bands for one kind of score, as a share of the models' own, and what that rests on.

        ln width = ln factor + per_gain x gain + unclear x [no clear signal];  gain = ln(e_first / e_last)

    The gain is held within `gain_low` and `gain_high`, where it was seen. `units` are independent publishers.
    """

    kind: str
    factor: float
    per_gain: float
    unclear: float
    gain_low: float
    gain_high: float
    units: int
    tasks: int
    source: str
    date: str

    def width(self, gain: float, clear: bool) -> float:
        """The width for a pilot that cut ln e by `gain`, with a clear signal or without; between a half and 1.5."""
        held = min(max(gain, self.gain_low), self.gain_high)
        log_width = math.log(self.factor) + self.per_gain * held + self.unclear * (not clear)
        return min(max(math.exp(log_width), NARROWEST), WIDEST)


def kind_of(scale: Scale, language_model: bool) -> str:
    """The kind of score: a fine-tune's loss or any other of its scores; another learner's share or other score."""
    if language_model:
        return "tuned loss" if scale.loss else "tuned score"
    return "other share" if scale.bounded else "other score"


@cache
def calibration(kind: str) -> Calibration:
    """What was learnt of a kind of score; see `kind_of`."""
    row = next(row for row in catalog.read_table("curve_calibration") if row["kind"] == kind)
    numbers = (float(row[name]) for name in ("factor", "per_gain", "unclear", "gain_low", "gain_high"))
    return Calibration(kind, *numbers, int(row["units"]), int(row["tasks"]), row["source"], row["date"])
