"""Which replicas could serve a model: on each card the fewest that hold it, more only for an objective."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from tunecase import catalog
from tunecase.catalog import Gpu
from tunecase.inference.capacity import capacity
from tunecase.inference.setup import Load, Rate, Refusal, Served, Setup
from tunecase.inference.throughput import rate
from tunecase.inference.traffic import Traffic
from tunecase.quantities import Z80, Z90, Draws, Interval, Worlds, np

TENSOR = (1, 2, 4, 8)
THROUGHPUT = "throughput of serving"  # the input that says how fast replicas are against their prediction
USUAL = 1.6  # the upper end of a usual 80% band of the throughput, in which that input is drawn
STEP = 1.1  # by which lengths are moved to see what they do
NEAR = 1e-6  # lengths that vary by less are one number

CapacityOf = Callable[[Setup, Load, float | None, float | None], Rate | Refusal]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a replica; "" or None leaves it to the card. `adapters` is 0 where the weights are merged."""

    precision: str = ""
    engine: str = "vllm"
    cards: int | None = None
    adapters: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A replica that holds the model, and how fast it is.

    `online` is the most within the objectives, `offline` that with all work at hand. `meets` is False where no number
    of cards meets the objectives on its own; `online` is then without them. `by_input` and `by_output` say by which
    power of a length its answers fall.
    """

    setup: Setup
    online: Rate
    offline: Rate
    meets: bool = True
    by_input: float = 0.0
    by_output: float = 0.0

    @property
    def input_share(self) -> float:
        """The share of a replica's time that goes to reading input: what its steps of output leave."""
        return 1 - min(1.0, self.online.output_tokens_per_s * self.online.step_s / max(self.online.in_flight, 1.0))

    def answers_per_s(self, traffic: Traffic, worlds: Worlds, *, offline: bool = False) -> "Draws":
        """What one replica gives [answers/s], shape (worlds,): the median, its doubt, and the lengths of each world.

            median x exp(z s) x (input / its mean)^-a x (output / its mean)^-b

        with s from the band of the throughput, of each side its own. One draw z stands for all replicas: what makes
        one slower than predicted, such as the engine's release, mostly makes all of them slower.
        """
        speed = self.offline if offline else self.online
        most = USUAL ** (Z90 / Z80)
        z = np.log(worlds.draw(THROUGHPUT, Interval(1 / most, most))) / math.log(USUAL) * Z80
        sides = np.where(z < 0, -math.log(speed.low), math.log(speed.high)) / Z80
        lengths = (
            _over_mean(traffic.input_tokens) ** -self.by_input * _over_mean(traffic.output_tokens) ** -self.by_output
        )
        return np.asarray(speed.requests_per_s * np.exp(z * sides) * lengths)


def _over_mean(lengths: "Draws") -> "Draws":
    mean = float(lengths.mean())
    return lengths / mean if mean > 0 else lengths * 0 + 1.0


def candidates(
    model: Served, cards: Iterable[Gpu], traffic: Traffic, asked: Asked, capacity_of: CapacityOf = capacity
) -> tuple[tuple[Candidate, ...], dict[str, Refusal]]:
    """One replica for each card that can serve the model, and why the others cannot.

    The fewest cards that hold the model and meet the objectives: replicas are added for load, not cards. Where no
    number of cards meets the objectives, the fewest that hold it.

    Args:
        model: what is served.
        cards: kinds to look at.
        traffic: lengths and objectives.
        asked: precision (where left out, 16 bit), engine, cards of a replica, adapters.
        capacity_of: gives the Rate at the highest concurrency within the objectives, such as one narrowed by measured
            points.
    Returns: Candidates in the order of the cards, and refusals by the card's name.
    """
    tried = {card.name: _candidate(model, card, traffic, asked, capacity_of) for card in cards}
    good = tuple(one for one in tried.values() if isinstance(one, Candidate))
    return good, {name: one for name, one in tried.items() if isinstance(one, Refusal)}


def _candidate(
    model: Served, card: Gpu, traffic: Traffic, asked: Asked, capacity_of: CapacityOf
) -> Candidate | Refusal:
    load = load_of(traffic)
    first, each = traffic.first_token_s, traffic.per_token_s
    holds: Candidate | None = None
    refusal = Refusal(f"no replica of {card.name} was looked at", "state serving.gpus")
    for setup in _setups(model, card, asked):
        fits = rate(setup, replace(load, kind="offline"))
        if isinstance(fits, Refusal):
            refusal = fits
            continue
        meets = capacity_of(setup, load, first, each)
        if isinstance(meets, Rate):
            return _with_lengths(Candidate(setup, meets, fits), traffic, load)
        slow = capacity_of(setup, load, None, None)
        if holds is None and isinstance(slow, Rate):
            holds = _with_lengths(Candidate(setup, slow, fits, meets=False), traffic, load)
    return holds or refusal


def _setups(model: Served, card: Gpu, asked: Asked) -> Iterable[Setup]:
    """Replicas of one card to look at, from the fewest cards on, within one machine."""
    precision = asked.precision or ("bf16" if card.bf16 else "fp16")
    most = catalog.largest_instance(card.name) or TENSOR[-1]
    counts = (asked.cards,) if asked.cards else [count for count in TENSOR if count <= most]
    for count in counts:
        yield Setup(model, card, precision, tensor=count, engine=asked.engine, adapters=asked.adapters)


def load_of(traffic: Traffic) -> Load:
    """The mean request of a traffic, as many at once as fit."""
    cached = min(float(traffic.cached_share.mean()), 0.999)
    return Load(float(traffic.input_tokens.mean()), float(traffic.output_tokens.mean()), cached_share=cached)


def _with_lengths(one: Candidate, traffic: Traffic, load: Load) -> Candidate:
    """The candidate with what lengths do to it, where lengths are in doubt; the concurrency is held."""
    held = replace(load, concurrency=one.online.in_flight)
    longer_in = replace(held, input_tokens=load.input_tokens * STEP)
    longer_out = replace(held, output_tokens=load.output_tokens * STEP)
    return replace(
        one,
        by_input=_power(one, held, longer_in) if _varies(traffic.input_tokens) else 0.0,
        by_output=_power(one, held, longer_out) if _varies(traffic.output_tokens) else 0.0,
    )


def _varies(draws: "Draws") -> bool:
    return float(draws.max() - draws.min()) > NEAR * float(draws.max())


def _power(one: Candidate, held: Load, longer: Load) -> float:
    """By which power of a length the answers of a replica fall; 0 where longer ones are refused."""
    before, after = rate(one.setup, held), rate(one.setup, longer)
    if isinstance(before, Refusal) or isinstance(after, Refusal):
        return 0.0
    return max(0.0, math.log(before.requests_per_s / after.requests_per_s) / math.log(STEP))
