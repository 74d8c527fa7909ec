"""What the forecast found: points, the band of the curve, and what the next run is worth."""

from dataclasses import dataclass
from typing import Literal

from tunecase.quantities import Band, Interval80
from tunecase.records.tabular import Tabular

# The factors of what stands in without a model: its curve is not a fine-tune's.
COPIES = "stand_in.nearest_factor"  # of answers copied from the nearest rows, which no published pairs stand behind
N_GRAM_FACTORS = ("stand_in.factor", "stand_in.n_grams_to_small", COPIES)


@dataclass(frozen=True, slots=True)
class Point:
    """A measured point of a learning curve: mean score at n, over `draws` runs and `test_rows` items each.

    `sd` is the standard deviation of the score from run to run, where it was seen; `commonest_share` the share of the
    test rows that got the commonest answer, 1 where all answers are the same, None where answers were not kept.
    """

    n: int
    score: float
    draws: int = 1
    test_rows: int | None = None
    sd: float | None = None
    commonest_share: float | None = None


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
    """Examples, in all, at which that share of the worlds has reached the target; None where so many never reach it.

    `guess` is a single best guess. On measured curves it was closer to the truth than the median of the worlds.
    """

    p10: int | None
    p50: int | None
    p90: int | None
    guess: int | None = None


@dataclass(frozen=True, slots=True)
class NextRun:
    """The next run that tells the most for its price.

    `narrows` is the share of the doubt that it is expected to remove: of the variance of ln error at the size that
    matters. `worth` is the expected value of deciding with its result (EVSI), in the base currency and before its
    price; None where the project file states no value.
    """

    n: int
    draws: int
    narrows: float
    worth: float | None
    price: float | None
    why: str


@dataclass(frozen=True, slots=True)
class OwnCurve:
    """The curve of one of the pilot's candidates as itself, no stand-in for another; fields as those of Forecast."""

    name: str
    model: str
    verdict: str
    reason: str
    points: tuple[Point, ...]
    band: tuple[CurveBand, ...]
    n_max: int
    p_target: float | None = None
    p_now: float | None = None
    needed: Needed | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Forecast(Tabular):
    """Will more data do it? The verdict's words are those of docs/method/forecast.md.

    `model` is what the points were measured with; `stand_in` is as in Pilot, and `stand_in_factor` names the default
    ratio of the tuned model's error to the stand-in's. `source` is where the points come from, the pilot or a file's
    name; `rounds` is how many measured rounds were added to them. `n_budget` is the most examples that the budget buys,
    where there is one. `p_now` is the chance that the target is met at the largest size measured, `p_target` that it is
    met by n_max. `candidates` are the curves of what the pilot raced, each as itself and not as a stand-in. `fault` is
    what makes the points uninformative whatever their scatter: all answers are the same, or the score falls. `kind` is
    that of the learner that was measured, empty where it is not known, and `stays` the share of the belief in which
    more rows change nothing.
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
    stand_in_factor: str = "stand_in.factor"
    source: str = "pilot"
    next_run: NextRun | None = None
    n_budget: int | None = None
    rounds: int = 0
    p_now: float | None = None
    candidates: tuple[OwnCurve, ...] = ()
    fault: Literal["", "one answer", "falls"] = ""
    kind: str = ""
    stays: float = 0.0

    @property
    def language_model(self) -> bool:
        """False when the points are those of a probe or of nearest rows, whose curve is not a fine-tune's.

        Example:
            >>> forecast.language_model
            False
        """
        return not (self.stand_in and self.stand_in_factor in N_GRAM_FACTORS)

    @property
    def ok(self) -> bool:
        """False when the answer is no: above the ceiling, or not achievable with the model to be tuned.

        Example:
            >>> forecast.ok
            True
        """
        hopeless = self.verdict == "not achievable within n_max" and not self.stand_in
        return self.verdict != "above the ceiling" and not hopeless
