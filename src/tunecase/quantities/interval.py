"""An estimate with its 80% interval."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval80:
    """An estimate with its 80% interval, in the unit its owner states."""

    low: float
    mid: float
    high: float
