"""The volume from which one way to get the answers costs less than another, in every world."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunecase.inference.bills import Cheapest, Payer, Tokens, first_worlds, scaled
from tunecase.inference.crossing_words import crossing_words
from tunecase.inference.ground import Ground, WayDraws
from tunecase.inference.traffic import Traffic
from tunecase.records.inference import Crossing

if TYPE_CHECKING:
    from tunecase.quantities import Draws

WORLDS = 400  # the first batch of the worlds, which is stratified like the whole
LEAST, MOST, PER_DECADE = 1e-4, 1e4, 2  # of the volume, and the steps that are looked at
HALVINGS = 7
NEVER, ALWAYS = float("inf"), 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Volumes:
    """The volumes of each world from which one way costs no more than another [answers a month], shape (worlds,).

    `never` costs more up to the largest volume looked at, `always` costs no more from the smallest on.
    """

    at: "Draws"

    def point(self, share: float) -> float | None:
        """The volume at which so many of the worlds have crossed; None where it lies beyond what was looked at."""
        import numpy as np

        value = float(np.quantile(self.at, share, method="lower"))
        return value if 0.0 < value < NEVER else None

    @property
    def always(self) -> float:
        """The share of the worlds in which the way costs no more at every volume looked at."""
        return float((self.at == ALWAYS).mean())

    @property
    def never(self) -> float:
        """The share of the worlds in which it costs more at every volume looked at."""
        return float((self.at == NEVER).mean())


def crossings(ground: Ground, ways: Sequence[WayDraws]) -> tuple[Crossing, ...]:
    """Where the cheapest way with replicas begins to cost less than each way that pays by the token.

    Args:
        ground: traffic and worlds.
        ways: from `priced_ways`.
    Returns: one Crossing for each way by the token that has a rank; none where no way with replicas has one.
    """
    return tuple(
        _crossing(ground, fleet, tokens)
        for fleet, tokens in _pairs([way for way in ways if way.record.rank is not None])
    )


def _pairs(ways: Sequence[WayDraws]) -> Iterator[tuple[WayDraws, WayDraws]]:
    """The cheapest tuned model on replicas beside each way by the token."""
    by_token = [way for way in ways if _pays_tokens(way)]
    rented = next((way for way in ways if not _pays_tokens(way) and way.record.tuned), None)
    if rented is not None:
        for way in by_token:
            yield rented, way


def _pays_tokens(way: WayDraws) -> bool:
    return isinstance(way.payers[0], Tokens)


def _crossing(ground: Ground, fleet: WayDraws, tokens: WayDraws) -> Crossing:
    found = crossing_volumes(ground.traffic, fleet.payers, tokens.payers)
    low, mid, high = (found.point(share) for share in (0.1, 0.5, 0.9))
    names = fleet.record.name, tokens.record.name
    return Crossing(*names, low, mid, high, crossing_words(*names, (low, mid, high), found.always, found.never))


def crossing_volumes(traffic: Traffic, one: Sequence[Payer], other: Sequence[Payer]) -> Volumes:
    """The volume of each world from which on `one` costs no more than `other`, up to the largest volume looked at.

    Bills are steps, so that they may cross more than once: the last crossing counts. Of several replicas of one kind
    the cheapest at a volume serves it. Volumes from a ten thousandth to ten thousand times the traffic's are looked at
    by half decades, and the half decade of the crossing is halved seven times, to 1%.

    Args:
        traffic: whose shape is kept and whose volume is scaled.
        one: alternatives of a way, such as one for each card.
        other: those of the way to compare with.
    """
    import numpy as np

    worlds = min(WORLDS, len(traffic.answers_per_month))
    traffic = first_worlds(traffic, worlds)
    steps = np.linspace(np.log10(LEAST), np.log10(MOST), round(PER_DECADE * np.log10(MOST / LEAST)) + 1)
    sides = [_best_somewhere(traffic, [first_worlds(payer, worlds) for payer in side], steps) for side in (one, other)]

    def dearer(power: "Draws | float") -> "Draws":
        """Whether `one` costs more at ten to a power times the volume, shape (worlds,)."""
        at = scaled(traffic, 10.0**power)
        mine, theirs = (side.bill(at).per_month for side in sides)
        return np.asarray(mine > theirs)

    is_dearer = np.array([dearer(step) for step in steps])
    last = len(steps) - 1 - np.argmax(is_dearer[::-1], axis=0)  # the last step at which it is dearer
    low = steps[last]
    high = steps[np.minimum(last + 1, len(steps) - 1)]
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = dearer(middle)
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    at = np.where(is_dearer[-1], NEVER, traffic.answers_per_month * 10.0**high)
    return Volumes(np.where(is_dearer.any(axis=0), at, ALWAYS))


def _best_somewhere(traffic: Traffic, payers: Sequence[Payer], steps: "Draws") -> Cheapest:
    """Those payers that are the cheapest on average at one of the volumes at least."""
    if len(payers) == 1:
        return Cheapest(tuple(payers))
    volumes = [scaled(traffic, 10.0**step) for step in steps[::2]]
    means = [[float(payer.bill(at).per_month.mean()) for payer in payers] for at in volumes]
    best = {row.index(min(row)) for row in means}
    return Cheapest(tuple(payers[at] for at in sorted(best)))
