"""Ways that a pilot measured beside the model to be tuned, made up: an encoder, n-grams, a prompted model."""

from dataclasses import replace
from typing import Any

from tests.projects import basis
from tunecase.forecast import Measured, Prospect, own_curve
from tunecase.plan import measured_ways
from tunecase.plan.known import Known
from tunecase.prices.examples import supply
from tunecase.project import Project, read_score
from tunecase.records import Baseline, Candidate, Forecast, ModelKind, Pilot, Point, Promise

MODELS: dict[ModelKind, str] = {"encoder": "all-MiniLM-L6-v2", "n-grams": "", "causal": "a small model"}
HEAD = "a head on all-MiniLM-L6-v2"


def curve(at_800: float, exponent: float = 0.33, test_rows: int = 400) -> tuple[Point, ...]:
    """Five sizes of a power law through an error at 800 rows."""
    return tuple(
        Point(n, 1 - at_800 * (n / 800) ** -exponent, 1, test_rows) for n in (50, 100, 200, 400, 800)
    )  # fmt: skip


def candidate(kind: ModelKind = "encoder", points: tuple[Point, ...] = (), **given: Any) -> Candidate:
    """What a pilot measured, 20 ms a row on one core."""
    points = points or curve(0.1)
    last = points[-1]
    made = Candidate(
        kind, kind, "trainer", MODELS.get(kind, ""), points, last.n, last.score, last.test_rows or 0,
        seconds=0.02 * sum(point.n for point in points), seconds_per_answer=0.02,
    )  # fmt: skip
    return replace(made, **given)


def promise(coverage: float | None = 0.7, **given: Any) -> Promise:
    """At most 15% wrong among the share that is answered."""
    made = Promise(0.15, coverage, None if coverage is None else 0.8, None if coverage is None else 0.14, 400, 20)
    return replace(made, **given)


def pilot_of(*candidates: Candidate, baselines: tuple[Baseline, ...] = ()) -> Pilot:
    """A pilot that measured these."""
    return Pilot(
        "probe", "n-grams", "accuracy", "higher", (), baselines, (50, 800), 1, 800, 400, 1.0, 0, stand_in=True,
        candidates=candidates,
    )  # fmt: skip


def with_ways(facts: Known, *candidates: Candidate, baselines: tuple[Baseline, ...] = ()) -> Known:
    """The same with the ways that a pilot measured, each with its own curve."""
    assert facts.forecast is not None
    asked, seen = facts.project, raced(facts.project, facts.forecast, candidates, facts.basis.worlds.n)
    facts = replace(facts, forecast=seen)
    ways = measured_ways(pilot_of(*candidates, baselines=baselines), seen, basis(asked, facts.basis.worlds.n), 800)
    return replace(facts, ways=ways)


def raced(asked: Project, seen: Forecast, candidates: tuple[Candidate, ...], draws: int) -> Forecast:
    """A forecast with the curves of candidates, made as the road makes them."""
    given = asked.problem.target
    ahead = Prospect(
        target=None if given is None else read_score(given), supply=supply(basis(asked, draws)),
        basis=basis(asked, draws),
    )  # fmt: skip
    curves = tuple(
        own_curve(one.name, Measured(one.points, "accuracy", "higher", one.model or one.name, fine_tune=False), ahead)
        for one in candidates
    )
    return replace(seen, candidates=curves)
