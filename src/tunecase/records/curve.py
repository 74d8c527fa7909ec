"""What pilot and forecast found: runs, points and the band of the curve."""

from dataclasses import dataclass
from typing import Literal

from tunecase.records.interval import Interval80
from tunecase.spread import Band


@dataclass(frozen=True, slots=True)
class Run:
    """One small training run: n examples, one draw of them, scored on the fixed test set."""

    key: str
    trainer: str
    model: str
    n: int
    draw: int
    score: float
    correct: int
    test_rows: int
    seconds: float
    train_loss: float | None = None
    converged: bool = True
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The score of something that needs no training here."""

    name: str
    score: float
    test_rows: int


@dataclass(frozen=True, slots=True)
class Pilot:
    """Small real runs on nested, class-balanced subsets, one held-out test set for all.

    `stand_in` is True when the learner is not the model that would be tuned but a cheap one in its place.
    """

    trainer: str
    model: str
    metric: str
    direction: Literal["higher", "lower"]
    runs: tuple[Run, ...]
    baselines: tuple[Baseline, ...]
    sizes: tuple[int, ...]
    draws: int
    train_rows: int
    test_rows: int
    seconds: float
    reused: int
    stopped: str = ""
    stand_in: bool = False
    notes: tuple[str, ...] = ()

    @property
    def mean_scores(self) -> tuple[tuple[int, float], ...]:
        """(n, mean score over draws), rising in n, failed runs left out."""
        good = [run for run in self.runs if not run.failed and run.converged]
        sizes = sorted({run.n for run in good})
        return tuple((n, sum(r.score for r in good if r.n == n) / sum(r.n == n for r in good)) for n in sizes)


@dataclass(frozen=True, slots=True)
class Point:
    """A measured point of a learning curve: mean score at n, over `draws` runs and `test_rows` items each.

    `sd` is the standard deviation of the score from run to run, where it was seen.
    """

    n: int
    score: float
    draws: int = 1
    test_rows: int | None = None
    sd: float | None = None


@dataclass(frozen=True, slots=True)
class CurveBand:
    """The forecast at one size: true score (80% interval) and the chance that the target is reached by then."""

    n: int
    score: Interval80
    next_test: Interval80
    p_target: float | None
    price: Band | None


@dataclass(frozen=True, slots=True)
class Needed:
    """Examples (in all) at which the target is reached; None where the 80% of worlds never reach it."""

    p10: int | None
    p50: int | None
    p90: int | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """Will more data do it? The verdict's words are those of docs/method.md.

    `model` is what the points were measured with; `stand_in` as in Pilot.
    """

    verdict: Literal[
        "above the ceiling", "reached", "not a pilot yet", "pilot uninformative",
        "not achievable within n_max", "unlikely", "open", "likely", "no target",
    ]  # fmt: skip
    reason: str
    points: tuple[Point, ...]
    band: tuple[CurveBand, ...]
    target: float | None
    ceiling: float | None
    n_max: int
    n_max_why: str
    p_target: float | None
    needed: Needed | None
    needed_price: Band | None
    next_pilot: str
    models: tuple[str, ...]
    metric: str
    direction: Literal["higher", "lower"]
    assumptions: tuple[str, ...]
    currency: str
    seed: int
    model: str = ""
    stand_in: bool = False

    @property
    def ok(self) -> bool:
        """False when the answer is no: above the ceiling, or not achievable with the model to be tuned."""
        hopeless = self.verdict == "not achievable within n_max" and not self.stand_in
        return self.verdict != "above the ceiling" and not hopeless
