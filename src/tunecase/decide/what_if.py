"""What if one input were otherwise? The smallest change of each at which an answer becomes another one."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from tunecase.prices import PRICE, Basis, highest, label_prices
from tunecase.quantities import np
from tunecase.records import Flip

RINGS = (1.5, 3.0, 10.0, 100.0, 1000.0)
ENDS = RINGS[-1:]
FINE_RINGS = (1.1, 1.3, 1.6, 2.5, 4.0, 6.3, 10.0, 16.0, 25.0, 40.0, 63.0, 100.0, 160.0, 250.0, 400.0, 630.0, 1000.0)
PER_DECADE = 90  # numbers of two figures from 10 to 99
SURE, NOT_SURE = "sure", "not sure"
RATE = "source.rate"

Answer = Callable[[Mapping[str, float]], str]


@dataclass(frozen=True, slots=True)
class Inputs:
    """Inputs that a person can set: their medians now, and the name each is drawn under where that differs."""

    now: Mapping[str, float]
    drawn_as: Mapping[str, str]

    def scales(self, factors: Mapping[str, float]) -> dict[str, float]:
        """Factors by the names under which inputs are drawn."""
        return {self.drawn_as.get(name, name): factor for name, factor in factors.items()}


def inputs_of(basis: Basis, typed: Callable[[str], bool]) -> Inputs:
    """The inputs that were drawn, lie above zero, and are `typed` by their name.

    A label's rate goes by the price of one label, which it moves.
    """
    labels = label_prices(basis)
    now: dict[str, float] = {}
    drawn_as: dict[str, str] = {}
    for drawn, draws in basis.worlds.drawn.items():
        name, middle = drawn, float(np.median(draws))
        source = drawn.removesuffix(RATE).strip()
        if drawn.endswith(RATE) and source in labels:
            name, middle = f"{source} {PRICE}", labels[source]
            drawn_as[name] = drawn
        if typed(name) and middle > 0:
            now[name] = middle
    return Inputs(now, drawn_as)


def what_if(
    answer: Answer,
    now: Mapping[str, float],
    *,
    rings: Sequence[float] = RINGS,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Flip, ...]:
    """For each input the value nearest to the one now at which the answer changes, all others staying as they are.

    Looks outwards, up and down by turns, at 1.5, 3, 10, 100 and 1000 times and parts of the value now; where the answer
    has changed, halves the numbers of two figures between. So the value returned is the nearest number of two figures
    that flips, rounded away from the value now: the answer does change when it is typed. A share stays at most 1.

    Args:
        answer: the answer in words, given factors by name; a name left out keeps its value.
        now: the inputs with their values, >= 0; zero has no factor and never flips.
        rings: other multiples to look at; `ENDS` where the answer changes at most once each way: few calls for inputs
            that never flip.
        progress: told how many of how many inputs were looked at.
    Returns: one Flip for each input, the smallest change |ln factor| first, those that never flip last.
    Raises: ValueError for a value below zero or not finite.
    Leaves out answers that change and change back between two of the factors looked at, and changes of two inputs at
    once, which may be much smaller.

    Example:
        >>> flip, = what_if(lambda factors: "stop" if 0.31 * factors.get("label", 1) > 0.5 else "buy", {"label": 0.31})
        >>> flip.at, flip.to, flip.direction
        (0.51, 'stop', 'up')
    """
    for name, value in now.items():
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} is {value}; wanted a finite value of zero or more")
    base = answer({})
    flips = []
    for count, (name, value) in enumerate(now.items(), 1):
        flips.append(_Search(answer, base, name, value).nearest(rings))
        if progress is not None:
            progress(count, len(now))
    return tuple(sorted(flips, key=change))


def both_sides(answer: Answer, name: str, value: float) -> tuple[Flip, Flip]:
    """The nearest value below the one now at which the answer changes, and the nearest above; see `what_if`."""
    search = _Search(answer, answer({}), name, value)
    return search.nearest(FINE_RINGS, (-1,)), search.nearest(FINE_RINGS, (1,))


def change(flip: Flip) -> float:
    """How far an input must move, |ln factor|; infinite where it never flips."""
    return math.inf if flip.factor is None else abs(math.log(flip.factor))


class _Search:
    """The search along one input; values are numbers of two figures, counted by their place among all of them."""

    def __init__(self, answer: Answer, base: str, name: str, value: float) -> None:
        self.answer, self.base, self.name, self.value = answer, base, name, value
        self.most = highest(name)
        self.seen: dict[int, str] = {}

    def nearest(self, rings: Sequence[float], sides: Sequence[int] = (1, -1)) -> Flip:
        """The nearest value that flips the answer, upwards (1) or downwards (-1)."""
        if self.value == 0:
            return Flip(self.name, self.value)
        held = {side: self._start(side) for side in sides}
        for ring, side in product(rings, sides):
            end = self._end(side, ring)
            if (end - held[side]) * side <= 0:
                continue
            if self._flips(end):
                at = self._between(held[side], end)
                return self._nearer(at, -side, held[-side]) if -side in held else self._found(at)
            held[side] = end
        return Flip(self.name, self.value)

    def _nearer(self, at: int, side: int, held: int) -> Flip:
        """The other direction is looked at as far as the change found goes."""
        end = self._end(side, max(_number(at) / self.value, self.value / _number(at)), inside=True)
        return self._found(self._between(held, end) if (end - held) * side > 0 and self._flips(end) else at)

    def _found(self, at: int) -> Flip:
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
            self.seen[place] = self.answer({self.name: _number(place) / self.value})
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
