"""A figure from sampled worlds with its Monte Carlo error, and the digits of it that another seed would print too."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunecase.quantities.spread import batch_error

if TYPE_CHECKING:
    from tunecase.quantities.spread import Draws

# Two seeds print the same in 9 of 10 cases where a unit holds so many errors: E|a - b| / unit = 1.128 error / unit.
ERRORS_IN_A_UNIT = 11.3
DIGITS = 2  # the most that are printed of a guess


@dataclass(frozen=True, slots=True)
class Sampled:
    """A figure and its Monte Carlo standard error, in the figure's unit; the error is 0 where it is not known."""

    value: float
    error: float = 0.0

    @property
    def shown(self) -> float:
        """The figure in the digits that survive another seed: two at most, one at least.

        Example:
            >>> Sampled(8_343.0, 5.0).shown, Sampled(8_343.0, 30.0).shown, Sampled(8_343.0, 2_000.0).shown
            (8300.0, 8500.0, 8000.0)
        """
        return _rounded(self.value, _unit(abs(self.value), self.error))

    @property
    def digits(self) -> int:
        """How many digits it takes to write that: 1 or 2."""
        size = abs(self.shown)
        return 1 if size and math.isclose(size, _rounded(size, _power(size))) else DIGITS

    @property
    def shown_share(self) -> float:
        """The same of a share of 1, where the digits are those of the smaller of the share and what it lacks to 1.

        Example:
            >>> Sampled(0.3967, 0.002).shown_share, Sampled(0.967, 0.0005).shown_share
            (0.4, 0.97)
        """
        return min(_rounded(self.value, _unit(min(self.value, 1 - self.value), self.error)), 1.0)


def sampled(draws: "Draws", of: "Callable[[Draws], float]", times: float = 1.0) -> Sampled:
    """A figure of draws, shape (n,) or (n, columns), with its error by batch means.

    `times` is by how much the figure varies more between seeds than its batches do, since all batches share something.
    """
    error = times * batch_error(draws, of)
    return Sampled(float(of(draws)), error if math.isfinite(error) else 0.0)


def shares_shown(shares: Sequence[Sampled]) -> list[float]:
    """Shares that sum to 1, in whole percent that another seed would print too and that sum to 1 as printed.

    Example:
        >>> shares_shown([Sampled(0.335), Sampled(0.335), Sampled(0.33)])
        [0.34, 0.33, 0.33]
    """
    step = _step(ERRORS_IN_A_UNIT * max((part.error for part in shares), default=0.0))
    return adding_up([part.value for part in shares], min(max(step, 0.01), 0.1))


def adding_up(parts: Sequence[float], unit: float) -> list[float]:
    """Parts in whole units that add up to their rounded sum: the largest remainders are rounded up.

    Example:
        >>> adding_up([1_240.0, 5_240.0, 3_370.0], 100.0)
        [1200.0, 5200.0, 3400.0]
    """
    whole = [math.floor(part / unit + 1e-9) for part in parts]
    missing = round(sum(parts) / unit) - sum(whole)
    by_remainder = sorted(range(len(parts)), key=lambda at: whole[at] - parts[at] / unit)
    for at in by_remainder[: max(missing, 0)]:
        whole[at] += 1
    return [float(f"{count * unit:.12g}") for count in whole]


def _unit(size: float, error: float) -> float:
    """The least unit of 1, 2 or 5 times a power of ten that two seeds share, between two digits of the size and one."""
    if size <= 0 or not math.isfinite(size):
        return 0.0
    coarsest = _power(size)
    return min(max(_step(ERRORS_IN_A_UNIT * error), coarsest * 10.0 ** (1 - DIGITS)), coarsest)


def _rounded(value: float, unit: float) -> float:
    return float(f"{round(value / unit) * unit:.12g}") if unit else value


def _power(size: float) -> float:
    return 10.0 ** math.floor(math.log10(size) + 1e-12)


def _step(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is at least so much."""
    if least <= 0:
        return 0.0
    power = _power(least)
    return next(step * power for step in (1, 2, 5, 10) if step * power >= least * (1 - 1e-9))
