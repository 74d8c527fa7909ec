"""A figure from sampled worlds with its Monte Carlo error, and the digits of it that another seed would print too."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tunecase.quantities.arrays import Draws
from tunecase.quantities.spread import batch_error

# One grid for all figures, so that what is equal is printed equal: 1.0 to 2.0 by tenths, 2 to 5 by halves, 5 to 10 by
# ones. Steps are 5% to 25% of a figure; the Monte Carlo error of most lies at 1% or 2%.
GRID = ((2.0, 0.1), (5.0, 0.5), (10.0, 1.0))
SHARE_STEP = 0.05  # between a tenth and nine tenths; beyond these in hundredths


@dataclass(frozen=True, slots=True)
class Sampled:
    """A figure and its Monte Carlo standard error, in the figure's unit; the error is 0 where it is not known."""

    value: float
    error: float = 0.0

    @property
    def shown(self) -> float:
        """The figure on the grid that two seeds share in most cases; one digit where the error exceeds a step.

        Example:
            >>> Sampled(1_843.0).shown, Sampled(3_343.0).shown, Sampled(8_343.0).shown, Sampled(1_843.0, 400.0).shown
            (1800.0, 3500.0, 8000.0, 2000.0)
        """
        return _rounded(self.value, _unit(abs(self.value), self.error))

    @property
    def step(self) -> float:
        """The step of the grid at the figure, 0 for nothing."""
        return _unit(abs(self.value), self.error)

    @property
    def digits(self) -> int:
        """How many digits it takes to write that: 1 or 2."""
        size = abs(self.shown)
        return 1 if not size or math.isclose(size, _rounded(size, _power(size))) else 2

    @property
    def shown_share(self) -> float:
        """The same of a share of 1: by hundredths up to a tenth and from nine tenths, by twentieths between.

        Example:
            >>> Sampled(0.3667).shown_share, Sampled(0.967).shown_share, Sampled(0.0295).shown_share
            (0.35, 0.97, 0.03)
        """
        inside = 0.1 <= self.value <= 0.9
        unit = 0.1 if inside and self.error > SHARE_STEP else SHARE_STEP if inside else 0.01
        return min(_rounded(self.value, unit), 1.0)


def sampled(draws: "Draws", of: "Callable[[Draws], float]", times: float = 1.0) -> Sampled:
    """A figure of draws, shape (n,) or (n, columns), with its error by batch means.

    `times` is by how much the figure varies more between seeds than its batches do, since all batches share something.
    """
    value, error = float(of(draws)), times * batch_error(draws, of)
    # Where there are too few draws to tell the error, one digit is all that is claimed.
    return Sampled(value, error if math.isfinite(error) else abs(value))


def shares_shown(shares: Sequence[Sampled]) -> list[float]:
    """Shares that sum to 1, on the grid of shares, so that they sum to 1 as printed.

    Example:
        >>> shares_shown([Sampled(0.335), Sampled(0.335), Sampled(0.33)])
        [0.35, 0.35, 0.3]
    """
    least = min((part.value for part in shares if part.value > 0), default=0.0)
    return adding_up([part.value for part in shares], 0.01 if least < SHARE_STEP else SHARE_STEP)


def adding_up(parts: Sequence[float], unit: float, total: float | None = None) -> list[float]:
    """Parts in whole units that add up to `total`, or else to their rounded sum: the largest remainders are rounded up.

    What `total` differs from the sum of the parts by is shared among them by size.

    Example:
        >>> adding_up([1_240.0, 5_240.0, 3_370.0], 100.0)
        [1200.0, 5200.0, 3400.0]
        >>> adding_up([430.0, 190.0], 100.0, 500.0)
        [300.0, 200.0]
    """
    size = sum(map(abs, parts))
    if total is not None and size:
        share = (total - sum(parts)) / size
        parts = [part + share * abs(part) for part in parts]
    whole = [math.floor(part / unit + 1e-9) for part in parts]
    missing = round(sum(parts) / unit) - sum(whole)
    by_remainder = sorted(range(len(parts)), key=lambda at: whole[at] - parts[at] / unit)
    for at in by_remainder[: max(missing, 0)]:
        whole[at] += 1
    return [float(f"{count * unit:.12g}") for count in whole]


def _unit(size: float, error: float) -> float:
    """The step of the grid at a size; the power of ten where the error exceeds the step."""
    if size <= 0 or not math.isfinite(size):
        return 0.0
    power = _power(size)
    step = power * next(step for end, step in GRID if size / power < end * (1 + 1e-9))
    return power if error > step else step


def _rounded(value: float, unit: float) -> float:
    return float(f"{round(value / unit) * unit:.12g}") if unit else value


def _power(size: float) -> float:
    return 10.0 ** math.floor(math.log10(size) + 1e-12)
