"""What is assumed of the model to be tuned, where a smaller one was piloted in its place."""

import math

from tunecase import catalog
from tunecase.quantities import Z80, Z90, Interval80, Wanted, read_quantity
from tunecase.records import Forecast


def assumed_band(record: Forecast) -> tuple[tuple[int, float, float, float], ...]:
    """The 80% band of the model to be tuned, where only a stand-in was measured.

        ln error of the model = ln error of the stand-in + ln factor,   an error of at most 1, as the plan draws it

    Both are taken as normal on this scale, each side of the stand-in's band for itself, so that their spreads add as
    squares.

    Returns: (n, low, mid, high) at each size of the band; none where the points are of the model itself.
    What is left out: a larger model may gain more from data than its stand-in, and the plan's draws cut the error at 1
    before they are counted, not after; both are small beside the factor's own range.
    """
    if not record.stand_in or not record.stand_in_factor:
        return ()
    factor = read_quantity(catalog.default(record.stand_in_factor).value, Wanted()).spread
    spread = math.log(factor.high / factor.low) / (2 * Z90)
    return tuple((at.n, *_shifted(at.score, record.direction == "higher", factor.median, spread)) for at in record.band)


def _shifted(ends: Interval80, higher: bool, factor: float, spread: float) -> tuple[float, float, float]:
    """Low, middle and high score of what makes `factor` times the errors; `spread` is the deviation of its log."""
    least, middle, most = (1 - ends.high, 1 - ends.mid, 1 - ends.low) if higher else (ends.low, ends.mid, ends.high)
    if middle <= 0 or least <= 0:
        return ends.low, ends.mid, ends.high
    centre = math.log(middle * factor)
    fewer = math.exp(centre - math.hypot(math.log(middle / least), Z80 * spread))
    more = math.exp(centre + math.hypot(math.log(most / middle), Z80 * spread))
    errors = [min(error, 1.0) for error in (fewer, math.exp(centre), more)]
    return (1 - errors[2], 1 - errors[1], 1 - errors[0]) if higher else (errors[0], errors[1], errors[2])
