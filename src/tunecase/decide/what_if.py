"""What would have to be true: the smallest change of each input, one at a time, at which an answer becomes another."""

import math
from collections.abc import Callable, Mapping

from tunecase.records import Flip

RINGS = (1.5, 3.0, 10.0, 100.0, 1000.0)
PER_DECADE = 90  # numbers of two figures from 10 to 99
SURE, NOT_SURE = "sure", "not sure"

Advise = Callable[[Mapping[str, float]], str]


def flips(
    advise: Advise,
    now: Mapping[str, float],
    *,
    most: Mapping[str, float] | None = None,
    steady: bool = False,
) -> tuple[Flip, ...]:
    """For each input the value nearest to the one now at which the advice changes, all others staying as they are.

    Looks outwards, up and down by turns, at 1.5, 3, 10, 100 and 1000 times and parts of the value now; where the advice
    has changed, halves the numbers of two figures between. So the value returned is the nearest number of two figures
    that flips, rounded away from the value now: the advice does change when it is typed.

    Args:
        advise: the answer in words, given factors by name; a name left out keeps its value.
        now: the inputs with their values, >= 0; zero has no factor and never flips.
        most: the largest value an input can have, such as 1 for a share.
        steady: the advice changes at most once each way, so that the ends are looked at first: few calls for inputs
            that never flip.
    Returns: one Flip for each input, the smallest change |ln factor| first, those that never flip last.
    Raises: ValueError for a value below zero or not finite.
    Leaves out answers that change and change back between two of the factors looked at, and changes of two inputs at
    once, which may be much smaller.

    Example:
        >>> found = flips(lambda scale: "stop" if 0.31 * scale.get("label", 1) > 0.5 else "buy", {"label": 0.31})
        >>> found[0].at, found[0].to, found[0].direction
        (0.51, 'stop', 'up')
    """
    for name, value in now.items():
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} is {value}; wanted a finite value of zero or more")
    base = advise({})
    found = [_Search(advise, base, name, value, (most or {}).get(name, math.inf)).nearest(steady)
             for name, value in now.items()]  # fmt: skip
    return tuple(sorted(found, key=change))


def change(flip: Flip) -> float:
    """How far an input must move, |ln factor|; infinite where it never flips."""
    return math.inf if flip.factor is None else abs(math.log(flip.factor))


def budget_flips(
    chance: Callable[[Mapping[str, float]], float],
    now: Mapping[str, float],
    wanted: float = 0.8,
    *,
    most: Mapping[str, float] | None = None,
) -> tuple[Flip, ...]:
    """For each input the value nearest to the one now that brings a chance to `wanted`, or takes it away.

    Args:
        chance: the chance to stay within the budget, given factors by name; it moves one way with each input.
        now, most: as for `flips`.
        wanted: the chance asked for, 0 < wanted < 1.
    Returns: as for `flips`; `to` is "sure" or "not sure".
    Leaves out changes of two inputs at once.
    """
    return flips(lambda scales: SURE if chance(scales) >= wanted else NOT_SURE, now, most=most, steady=True)


class _Search:
    """The search along one input; values are numbers of two figures, counted by their place among all of them."""

    def __init__(self, advise: Advise, base: str, name: str, value: float, most: float) -> None:
        self.advise, self.base, self.name, self.value = advise, base, name, value
        self.most = most
        self.seen: dict[int, str] = {}

    def nearest(self, steady: bool) -> Flip:
        """The nearest value that flips, of both directions."""
        if self.value == 0:
            return Flip(self.name, self.value)
        rings = RINGS[-1:] if steady else RINGS
        held = {side: self._start(side) for side in (1, -1)}
        for ring in rings:
            for side in (1, -1):
                end = self._end(side, ring)
                if (end - held[side]) * side <= 0:
                    continue
                if self._flips(end):
                    at = self._between(held[side], end)
                    return self._nearer(at, side, held[-side])
                held[side] = end
        return Flip(self.name, self.value)

    def _nearer(self, at: int, side: int, held: int) -> Flip:
        """The other direction is looked at as far as the change found goes."""
        other = self._end(-side, max(_number(at) / self.value, self.value / _number(at)), inside=True)
        if (other - held) * -side > 0 and self._flips(other):
            at = self._between(held, other)
        return Flip(self.name, self.value, _number(at), self.seen[at])

    def _between(self, held: int, flipped: int) -> int:
        """The place nearest to the one that holds at which the advice differs."""
        while abs(flipped - held) > 1:
            middle = (flipped + held) // 2
            if self._flips(middle):
                flipped = middle
            else:
                held = middle
        return flipped

    def _flips(self, place: int) -> bool:
        if place not in self.seen:
            self.seen[place] = self.advise({self.name: _number(place) / self.value})
        return self.seen[place] != self.base

    def _start(self, side: int) -> int:
        """The last place that is no change in this direction."""
        place = _place(self.value)
        return math.floor(place + 1e-9) if side > 0 else math.ceil(place - 1e-9)

    def _end(self, side: int, ring: float, inside: bool = False) -> int:
        place = _place(self.value * ring if side > 0 else self.value / ring)
        end = math.ceil(place - 1e-9) if (side > 0) != inside else math.floor(place + 1e-9)
        return min(end, math.floor(_place(self.most) + 1e-9)) if side > 0 and math.isfinite(self.most) else end


def _place(value: float) -> float:
    """Where a value stands among the numbers of two figures; between two of them it is a broken number."""
    exponent = math.floor(math.log10(value) + 1e-12)
    return PER_DECADE * exponent + value / 10.0**exponent * 10 - 10


def _number(place: int) -> float:
    exponent, figures = divmod(place, PER_DECADE)
    return float(f"{figures + 10}e{exponent - 1}")
