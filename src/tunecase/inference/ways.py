"""Every way to get the answers, priced side by side and ranked by expected cost."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from tunecase import catalog
from tunecase.errors import Problem
from tunecase.inference.by_token import adapter, hosted
from tunecase.inference.candidates import TENSOR, Candidate, load_of
from tunecase.inference.ground import Ground, WayDraws
from tunecase.inference.queue import first_token_met, server_of, unreachable
from tunecase.inference.self_hosted import by_night, endpoint, on_demand, own_cards, plain_cores, reserved, spot
from tunecase.inference.setup import Rate, Setup
from tunecase.inference.throughput import rate
from tunecase.inference.way_words import cold_starts, replica
from tunecase.records import Objective

Way = Callable[[Ground], list[WayDraws]]

LATE = 0.05  # of the answers: the objective is asked of 95 in 100
LEAST_WAITING = 0.005  # of the answers, from which it is told

WAYS: tuple[Way, ...] = (
    on_demand, reserved, spot, own_cards, endpoint, adapter, by_night, plain_cores, hosted,
)  # fmt: skip


def priced_ways(ground: Ground) -> tuple[WayDraws, ...]:
    """All ways to get the answers, the cheapest first; those without a rank last.

    A way has a rank where it has a price and meets the objectives, or may meet them. Ranks go by the expected bill of a
    month over the worlds.
    """
    verdicts: dict[Setup, Objective] = {}
    ways = [_cold(_queued(ground, way, verdicts)) for give in WAYS for way in give(ground)]
    if ground.basis.project is not None and ground.basis.project.compute.hosted is not None:
        ways = [_beside_hosted(way) for way in ways]
    ranked = sorted((way for way in ways if _counts(way)), key=_mean)
    rest = sorted((way for way in ways if not _counts(way)), key=lambda way: way.bill is None)
    numbered = [replace(way, record=replace(way.record, rank=at)) for at, way in enumerate(ranked, 1)]
    return (*numbered, *rest)


def _cold(way: WayDraws) -> WayDraws:
    """The way with what cold starts do to its objective: it is missed where more than one answer in twenty waits."""
    if way.bill is None or way.bill.waiting_share is None:
        return way
    waits = float(way.bill.waiting_share.mean())
    if waits < LEAST_WAITING:
        return way
    objective: Objective = way.record.objective
    if objective in ("met", "unsure"):
        objective = "not met" if waits > LATE else "unsure"
    notes = (cold_starts(waits), *way.record.notes)
    return replace(way, record=replace(way.record, objective=objective, notes=notes))


def _beside_hosted(way: WayDraws) -> WayDraws:
    """A way that serves another model than a hosted fine-tune, which its provider alone serves."""
    if way.record.kind == "adapter":
        return way
    return replace(way, record=replace(way.record, tuned=False))


def _counts(way: WayDraws) -> bool:
    return way.bill is not None and way.record.objective != "not met"


def _mean(way: WayDraws) -> float:
    return float(way.bill.per_month.mean()) if way.bill is not None else 0.0


def _queued(ground: Ground, way: WayDraws, verdicts: dict[Setup, Objective]) -> WayDraws:
    """The way with what its queue says of the objectives, where they are not ruled out already; each replica once."""
    if way.record.objective != "met" or way.candidate is None:
        return way
    setup = way.candidate.setup
    if setup not in verdicts:
        verdicts[setup] = _verdict(ground, way.candidate)
    return replace(way, record=replace(way.record, objective=verdicts[setup]))


def out_of_reach(ground: Ground) -> list[Problem]:
    """The objectives that one request alone misses on every replica that could serve, even at the fast end of the band.

    Returns: one Problem for each, of the fastest replica; none where a replica may meet it, or none could serve at all.
    """
    fastest: tuple[float, Setup, list[Problem]] | None = None
    for setup in _replicas(ground):
        alone = rate(setup, replace(load_of(ground.traffic), concurrency=1.0))
        if not isinstance(alone, Rate):
            continue
        missed = unreachable(ground.traffic, server_of(setup, alone, alone))
        if not missed:
            return []
        seconds = alone.prefill_s + alone.step_s
        if fastest is None or seconds < fastest[0]:
            fastest = seconds, setup, missed
    if fastest is None:
        return []
    _, setup, missed = fastest
    return [replace(one, wanted=f"{one.wanted} on {replica(setup)}, the fastest looked at") for one in missed]


def _replicas(ground: Ground) -> Iterator[Setup]:
    """Every replica of the cards that could serve: those at hand, and with more cards where their number is open."""
    project = ground.basis.project
    stated = project is not None and project.serving.gpu_count is not None
    for one in (*ground.merged, *ground.shared):
        most = 0 if stated else catalog.largest_instance(one.setup.card.name) or TENSOR[-1]
        more = (count for count in TENSOR if one.setup.tensor < count <= most)
        yield from (replace(one.setup, tensor=count) for count in (one.setup.tensor, *more))


def _verdict(ground: Ground, one: Candidate) -> Objective:
    """Whether answers begin and go on in time behind the queue of one replica."""
    alone = rate(one.setup, replace(load_of(ground.traffic), concurrency=1.0))
    if not isinstance(alone, Rate):
        return "unsure"
    worlds, server = ground.basis.worlds, server_of(one.setup, alone, one.online)
    return first_token_met(ground.traffic, one.answers_per_s(ground.traffic, worlds), server, worlds.seed).verdict
