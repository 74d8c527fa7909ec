"""What every way is judged by, and what its answers and its gain come to in money."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tunecase.pilot.scoring import keeps
from tunecase.prices import (
    Basis,
    core_hour,
    part_when_sure,
    person_hour,
    price_today,
    rest_by_others,
    served_answers,
    worth_of_correct,
)
from tunecase.project import Alternative as Stated
from tunecase.project import Project, read_score
from tunecase.quantities import Band, band
from tunecase.records import EvalLog, Pilot, Promise

if TYPE_CHECKING:
    from tunecase.quantities import Draws

CLASSES = "classification"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ways are held against: the score in use, the target, which way is better, and what the task is.

    `base` is the score that a gain counts from, `counts_items` whether the score is a share of right answers. `probe`
    is what n-grams scored before a pilot; `classes` are the different answers, `rows` the texts of both files,
    `lengths` the mean characters of a test row's input and of its answer.
    """

    base: float | None
    in_use: float | None
    target: float | None
    direction: str | None
    counts_items: bool
    probe: float | None = None
    task: str = CLASSES
    classes: int = 0
    rows: int = 0
    test_rows: int = 0
    lengths: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What every way is judged by; see `alternatives`."""

    basis: Basis
    standing: Standing
    pilot: Pilot | None = None
    tuning_cost: Band | None = None
    unpriced: tuple[str, ...] = ()
    logs: Mapping[str, EvalLog] = field(default_factory=dict)

    @property
    def project(self) -> Project:
        """The project, which every basis of a case has."""
        assert self.basis.project is not None
        return self.basis.project

    def stated(self, name: str) -> Stated:
        """What the project file says of a way; nothing of those that it has no field for."""
        stated: Stated = getattr(self.project.alternatives, name, None) or Stated()
        return stated

    def set_up(self, name: str) -> Band:
        """The hours of set-up at the price of an hour; assumed where they are not stated."""
        hours = self.basis.draw(f"alternatives.{name}", self.stated(name).set_up)
        return band(hours * person_hour(self.basis))

    def stated_price(self, name: str) -> "Draws | None":
        """1,000 answers of a way as the project file prices them, shape (draws,); None where it does not."""
        price = self.stated(name).price_per_1k_answers
        return None if price is None else self.basis.draw(f"alternatives.{name}.price_per_1k_answers", price)

    def log(self, name: str) -> EvalLog | None:
        """The evaluation log that the project file takes the score of a way from; None without one."""
        return self.logs.get(f"alternatives.{name}.score")

    def better(self, one: float, other: float) -> bool:
        """Whether the first score is better than the second."""
        return one < other if self.standing.direction == "lower" else one > other


def answers_given(grounds: Grounds) -> "Draws | None":
    """Answers over the horizon, shape (draws,); None without a volume."""
    basis, problem = grounds.basis, grounds.project.problem
    if problem.volume is None:
        return None
    return basis.draw("problem.volume", problem.volume) * basis.draw("problem.horizon", problem.horizon)


def running(grounds: Grounds, per_1k: "Draws | None", field: str) -> tuple[Band | None, tuple[str, ...]]:
    """What the answers of the horizon cost at a price of 1,000, and the fields that are missing for it."""
    answers = answers_given(grounds)
    if per_1k is None or answers is None:
        needed = {field: per_1k, "problem.volume": answers}
        return None, tuple(name for name, draws in needed.items() if draws is None)
    return band(answers / 1000 * per_1k), ()


def core_price_per_1k(basis: Basis, seconds_per_answer: float) -> "Draws":
    """What 1,000 answers cost on one plain core [base currency], shape (draws,).

        1,000 x seconds / 3,600 x price of a core's hour

    Leaves out idle hours, which `tunecase inference` counts.
    """
    return 1000 * seconds_per_answer / 3600 * core_hour(basis)


def value_of(grounds: Grounds, score: float | None) -> tuple[Band | None, tuple[str, ...]]:
    """What a score brings over the one in use, and what is missing to say so.

        value = worth of a correct answer x answers x (score, at most the target - score in use)

    A score short of the target, and of a fallback where one is named, would not be put to use: it brings nothing.
    """
    worth, answers, base = worth_of_correct(grounds.basis), answers_given(grounds), grounds.standing.base
    there = {
        "problem.value": worth is not None,
        "problem.volume": answers is not None,
        "a baseline": base is not None,
        "a metric that counts right answers": grounds.standing.counts_items,
    }
    lacks = tuple(name for name, is_there in there.items() if not is_there)
    if lacks or score is None or worth is None or answers is None or base is None:
        return None, lacks
    return band(worth * answers * _credited(grounds, score, base)), ()


def _credited(grounds: Grounds, score: float, base: float) -> float:
    """The points of a score that count: those between the score in use and the target, once it would be put to use."""
    target, fallback = grounds.standing.target, grounds.project.problem.fallback
    if target is None:
        return score - base
    least = target if fallback is None else read_score(fallback)
    if grounds.better(least, score):
        return 0.0
    # Where the score in use is beyond the target already, what is as good as it loses nothing.
    if grounds.better(1.0, 0.0):
        return min(score, max(target, base)) - base
    return max(score, min(target, base)) - base


def value_when_sure(grounds: Grounds, promise: Promise | None) -> Band | None:
    """What it brings to give only the answers that are sure, what they cost left out, as in `decide`.

        worth x answers x (target - score in use) x part + saved,   part as in `part_when_sure`
        saved = c x answers x today's price;   - (1 - c) x answers x by hand where people give the rest

    Args:
        grounds: the project with its prices. Without a target the gain is that of the sure answers alone.
        promise: of the measured way; c is its coverage, the bound of its error what the sure answers score.
    Returns: the band [base currency]; None where nothing is promised at the target's error, or a value is missing, and
        where all answers are promised and no person is spared: that is the value of the score.
    """
    basis, base, target = grounds.basis, grounds.standing.base, grounds.standing.target
    worth, answers = worth_of_correct(basis), served_answers(basis)
    if promise is None or promise.coverage is None or promise.bound is None:
        return None
    _, lacks = value_of(grounds, None)
    if lacks or worth is None or answers is None or base is None:
        return None
    # Where all answers are given, what they bring is the value of the score.
    all_given = promise.coverage == 1 and grounds.project.problem.by_hand is None
    if all_given or (target is not None and not keeps(promise, 1 - target)):
        return None
    gain = promise.coverage * (1 - promise.bound - base)
    if target is not None:
        wanted = max(0.0, target - base)
        credit = min(1.0, max(0.0, (1 - promise.bound - base) / wanted)) if wanted else 1.0
        gain = wanted * part_when_sure(basis, promise.coverage, credit)
    today = price_today(basis)
    saved = rest_by_others(basis, promise.coverage) + (0.0 if today is None else answers * today / 1000)
    return band(worth * answers * gain + saved)


def together(set_up: Band | None, answers: Band | None) -> Band | None:
    """Two costs added point by point: as if both were high at once, so the range is at its widest."""
    if set_up is None or answers is None:
        return None
    return Band(
        set_up.p10 + answers.p10, set_up.p50 + answers.p50, set_up.p80 + answers.p80, set_up.p90 + answers.p90
    )  # fmt: skip
