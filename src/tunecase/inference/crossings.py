"""The volume from which one way to get the answers costs less than another, in every world."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tunecase.inference.bills import Answers, Cheapest, Payer, Tokens, scaled
from tunecase.inference.crossing_words import crossing_words
from tunecase.inference.ground import Ground, WayDraws
from tunecase.inference.traffic import Traffic
from tunecase.quantities import Draws, np
from tunecase.records import Crossing

STEPS = tuple(step / 2 for step in range(-8, 9))  # powers of ten times the volume that are looked at
HALVINGS = 4
NEVER, ALWAYS = float("inf"), 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Volumes:
    """The volumes of each world from which one way costs no more than another [answers a month], shape (worlds,).

    `never` costs more up to the largest volume looked at, `always` costs no more from the smallest on.
    """

    at: "Draws"

    def point(self, share: float) -> float | None:
        """The volume at which so many of the worlds have crossed; None where it lies beyond what was looked at."""
        value = float(np.quantile(self.at, share, method="nearest"))
        return value if 0.0 < value < NEVER else None

    @property
    def always(self) -> float:
        """The share of the worlds in which the way costs no more at every volume looked at."""
        return float((self.at == ALWAYS).mean())

    @property
    def never(self) -> float:
        """The share of the worlds in which it costs more at every volume looked at."""
        return float((self.at == NEVER).mean())


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """What a way costs a month at any multiple of a traffic's volume, remembered: of its alternatives the cheapest."""

    traffic: Traffic
    payer: Payer
    known: "dict[float, Draws]" = field(default_factory=dict)

    @classmethod
    def of(cls, traffic: Traffic, payers: Sequence[Payer]) -> "Costs":
        """The costs of those alternatives that are the cheapest on average at one of the volumes at least."""
        if len(payers) == 1:
            return cls(traffic, payers[0])
        volumes = [scaled(traffic, 10.0**step) for step in STEPS[::4]]
        means = [[float(payer.bill(at).per_month.mean()) for payer in payers] for at in volumes]
        best = {row.index(min(row)) for row in means}
        return cls(traffic, Cheapest(tuple(payers[at] for at in sorted(best))))

    def at(self, power: float) -> "Draws":
        """A month at ten to a power times the volume, shape (worlds,)."""
        if power not in self.known:
            self.known[power] = self.at_each(power)
        return self.known[power]

    def at_each(self, power: "Draws | float") -> "Draws":
        """The same with a power for each world."""
        return self.payer.bill(scaled(self.traffic, 10.0**power)).per_month


def crossings(ground: Ground, ways: Sequence[WayDraws]) -> tuple[Crossing, ...]:
    """Where the cheapest tuned model on replicas begins to cost less than each way that pays by the token.

    Args:
        ground: traffic and worlds.
        ways: from `priced_ways`.
    Returns: one Crossing for each way by the token that has a rank; none where no way with replicas has one.
    """
    ranked = [way for way in ways if way.record.rank is not None]
    rented = next((way for way in ranked if not pays_tokens(way) and way.record.tuned), None)
    if rented is None:
        return ()
    traffic = ground.sketched.traffic
    fleet = Costs.of(traffic, rented.payers)
    pairs = [(way, Costs.of(traffic, way.payers)) for way in ranked if pays_tokens(way)]
    return tuple(
        _crossing(rented.record.name, way.record.name, crossing_volumes(fleet, tokens)) for way, tokens in pairs
    )


def pays_tokens(way: WayDraws) -> bool:
    """Whether a way pays for its answers one by one, by the token or as a whole."""
    return isinstance(way.payers[0], Tokens | Answers)


def _crossing(one: str, other: str, found: Volumes) -> Crossing:
    points = found.point(0.1), found.point(0.5), found.point(0.9)
    return Crossing(one, other, *points, crossing_words(one, other, points, found.always, found.never))


def crossing_volumes(one: Costs, other: Costs) -> Volumes:
    """The volume of each world from which on `one` costs no more than `other`, up to the largest volume looked at.

    Bills are steps, so that they may cross more than once: the last crossing counts. Volumes from a ten thousandth to
    ten thousand times the traffic's are looked at by half decades, and the half decade of the crossing is halved four
    times, to 7%.

    Args:
        one, other: what two ways cost, of the same traffic.
    """
    dearer = np.array([one.at(step) > other.at(step) for step in STEPS])
    last = len(STEPS) - 1 - np.argmax(dearer[::-1], axis=0)  # the last step at which `one` is dearer
    steps = np.array(STEPS)
    low, high = steps[last], steps[np.minimum(last + 1, len(STEPS) - 1)]
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = one.at_each(middle) > other.at_each(middle)
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    at = np.where(dearer[-1], NEVER, one.traffic.answers_per_month * 10.0**high)
    return Volumes(np.where(dearer.any(axis=0), at, ALWAYS))
