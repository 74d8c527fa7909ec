"""Measured points: how they move and narrow a predicted throughput, and how good the predictions before them were."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import exp, log

from tunecase import catalog
from tunecase.errors import InputError
from tunecase.inference.bands import NINETY
from tunecase.inference.engines import engine, released
from tunecase.inference.gaussian import Place, posterior
from tunecase.inference.model import served
from tunecase.inference.setup import Load, Rate, Refusal, Served, Setup
from tunecase.inference.throughput import rate
from tunecase.quantities import Interval80, counted
from tunecase.records import MeasuredLoad, MeasuredLoads, MeasuredPoint

Predict = Callable[[Setup, Load], Rate | Refusal]
FAR = 3.0  # a point farther off its prediction by this factor is told: a unit, a card or a layout may be another


@dataclass(frozen=True, slots=True)
class Seen:
    """Points that tell of a set-up: where they stand, log(measured / predicted), and which layout is the set-up's own.

    `notes` say which points tell nothing, and which are far off.
    """

    places: tuple[Place, ...] = ()
    gaps: tuple[float, ...] = ()
    own: str = ""
    notes: tuple[str, ...] = ()

    @property
    def alike(self) -> int:
        """Points of the set-up's own layout."""
        return sum(place.layout == self.own for place in self.places)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A prediction before and after measured points: how many were of the same layout, how many of another one."""

    rate: Rate
    before: Rate
    alike: int
    elsewhere: int
    notes: tuple[str, ...] = ()


def narrowed(setup: Setup, load: Load, points: Sequence[MeasuredPoint], predict: Predict = rate) -> Narrowed | Refusal:
    """How fast one replica answers at a load, given what was measured.

        throughput = predicted x exp(mean),   band = predicted band ^ (sd with points / its own sd), never wider

    Args:
        setup, load: what is asked about.
        points: measured points; those of another model, card or engine tell nothing and are named in the notes.
        predict: a prediction in place of `rate`.
    Returns: the rate before and after; seconds move with the throughput. The refusal of the prediction, if it refuses.
    Source: `gaussian.posterior`.
    Leaves out the age of the engine: a point of an older release counts in full.
    """
    before = predict(setup, load)
    if isinstance(before, Refusal):
        return before
    seen = seen_by(setup, points, predict)
    return Narrowed(moved(before, load, seen), before, seen.alike, len(seen.places) - seen.alike, seen.notes)


def moved(before: Rate, load: Load, seen: Seen) -> Rate:
    """A predicted rate moved and narrowed by points; see `narrowed`. Unchanged without points."""
    if not seen.places:
        return before
    prior_sd = log(before.high / before.low) / (2 * NINETY)
    told = posterior(place_of(load, before, seen.own), seen.places, seen.gaps, prior_sd)
    factor, share = exp(told.mean), min(told.sd / prior_sd, 1.0)
    return replace(
        before,
        requests_per_s=before.requests_per_s * factor,
        output_tokens_per_s=before.output_tokens_per_s * factor,
        prefill_s=before.prefill_s / factor,
        step_s=before.step_s / factor,
        low=before.low**share,
        high=before.high**share,
    )


def seen_by(setup: Setup, points: Sequence[MeasuredPoint], predict: Predict = rate) -> Seen:
    """What points tell of a set-up, beside what is predicted for them."""
    places: list[Place] = []
    gaps: list[float] = []
    notes: list[str] = []
    own, strangers = layout_of(setup), 0
    for point in points:
        ran = setup_of(point)
        if not _akin(setup, ran):
            strangers += 1
            continue
        load = load_of(point)
        predicted = predict(ran, load)
        if isinstance(predicted, Refusal):
            notes.append(f"a point measured at {point.concurrency:g} in flight tells nothing: {predicted.reason}")
            continue
        gap = log(point.output_tokens_per_s / predicted.output_tokens_per_s)
        if abs(gap) > log(FAR):
            words = (
                f"{point.output_tokens_per_s:,.0f} tokens/s where {predicted.output_tokens_per_s:,.0f} were predicted"
            )
            notes.append(f"{words}: check that card, precision and tensor parallel are those that ran")
        places.append(place_of(load, predicted, layout_of(ran)))
        gaps.append(gap)
    if strangers:
        notes.append(f"{counted(strangers, 'point')} of another model, card or engine: nothing is learnt from them")
    return Seen(tuple(places), tuple(gaps), own, tuple(dict.fromkeys(notes)))


def place_of(load: Load, predicted: Rate, layout: str) -> Place:
    """Where a load stands for the Gaussian process; what is cached of the input is no input."""
    in_flight = load.concurrency or predicted.most_in_flight
    sent = max(load.input_tokens * (1 - load.cached_share), 1.0)
    return Place(layout, load.kind, log(max(in_flight, 1.0)), log(sent), log(max(load.output_tokens, 1.0)))


def layout_of(setup: Setup) -> str:
    """What must be the same for a point to count in full, besides model, card and engine."""
    kv_precision = "" if setup.kv_precision == setup.precision else setup.kv_precision
    unmerged = "adapters" if setup.adapters else ""
    return f"{setup.tensor}x{setup.pipeline} {setup.precision} {kv_precision} {unmerged}"


def setup_of(point: MeasuredPoint) -> Setup:
    """The replica that a point was measured on. Raises InputError where its model or card is not known."""
    version = released(point.engine, point.engine_version) if point.engine_version else ""
    return Setup(
        served(point.model),
        catalog.gpu(point.card),
        point.precision,
        point.tensor,
        point.pipeline,
        point.engine,
        version or point.date[:7],
        point.kv_precision,
        point.adapters,
    )


def load_of(point: MeasuredPoint) -> Load:
    """The load that a point was measured at."""
    return Load(point.input_tokens, point.output_tokens, point.concurrency, point.kind, point.cached_share)


def _akin(setup: Setup, ran: Setup) -> bool:
    """Whether model, card and engine are the same; a tuned model is as fast as the one that it was tuned from."""
    return (
        _dimensions(setup.model) == _dimensions(ran.model)
        and setup.card.name == ran.card.name
        and (engine(setup.engine) == engine(ran.engine))
    )


def _dimensions(model: Served) -> tuple[float, ...]:
    return (model.params, model.active, model.layers, model.hidden, model.kv_elements)


def scored(
    points: Sequence[MeasuredPoint], earlier: Sequence[MeasuredPoint] = (), predict: Predict = rate
) -> MeasuredLoads:
    """Points beside what was predicted for them before they were known.

    Args:
        points: as they came together.
        earlier: points that were known before, which narrow the predictions.
        predict: a prediction in place of `rate`.
    Returns: each with its prediction in output tokens per second of a replica; the notes name those without one.
    """
    loads: list[MeasuredLoad] = []
    notes: list[str] = []
    for point in points:
        try:
            before = narrowed(setup_of(point), load_of(point), earlier, predict)
        except InputError as error:
            notes += [f"{problem.where}: {problem.got}" for problem in error.problems]
            continue
        if isinstance(before, Refusal):
            notes.append(before.reason)
            continue
        mid = before.rate.output_tokens_per_s
        loads.append(MeasuredLoad(point, Interval80(mid * before.rate.low, mid, mid * before.rate.high)))
    return MeasuredLoads(tuple(loads), tuple(dict.fromkeys(notes)))
