"""What the rules may look at: the project, the data, the measured baselines, the audit and the cost, all read once."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.data.reading import Table, metric_for, task_of
from tunecase.errors import InputError
from tunecase.pilot import metrics_of
from tunecase.pilot.scoring import mean_interval, row_scores
from tunecase.prices import (
    Basis,
    label_price,
    labels_per_example,
    person_hour,
    price_of_answers,
    review_hours,
    saving_per_answer,
    served_answers,
    struck,
    worth_of_correct,
)
from tunecase.project import Project, read_score
from tunecase.quantities import LOST_SHARE, Band, Interval80, band, ceiling_range
from tunecase.records import AtHand, Audit, Baseline, EvalLog, LabelTrial, Promise

if TYPE_CHECKING:
    from tunecase.quantities import Draws

SECOND_LABEL_COLUMNS = ("label_second", "second_label", "label_2")
# Where a row has several answers of people, such as summary1 and summary2.
SECOND_ANSWER = re.compile(
    r"(label|summary|reference|answer|output|target|response|completion|translation)[ _]?2", re.I
)
LEAST_DOUBLES = 30  # rows with two answers that a score of answers against answers needs

UNTUNED = ("prompt_hosted", "prompt_open", "retrieval")  # ways that need no fine-tune, as the project file calls them


@dataclass(frozen=True)
class Facts:
    """All that is known when the problem is judged. Scores are shares of 1 unless the metric has its own unit.

    Args:
        project: what was asked.
        train, test: the rows as they were read.
        basis: prices, date and worlds.
        majority, probe: scores of the commonest answer and of the cheap probe on the test set, measured by a trainer
            with the project's metric; None where they have no meaning.
        audit: what the audit found; without it D5 and D7 are unknown.
        total_cost: the estimate's total over the horizon [base currency]; without it P8 is unknown.
        piloted: what a pilot scored by prompts alone.
        measured: what a pilot scored without tuning a language model and the constraints allow.
        tuning_cost: the total less the answers after launch [base currency]; None where the total holds none.
        chance: to reach the target for the total; None while no curve says, and then a target reached is weighed.
        had: what the plan's gain is on average where each part of it counts; None where it is all or nothing.
        put_to_use: what the plan is worth that puts to use what was measured, without a fine-tune; 0 without one.
        upkeep: what keeping it up takes after launch, expected, where the costs do not hold it [base currency].
        trial: what two readers said of the same rows, for the ceiling where the test rows have no second label.
        promises: what a pilot promises of all that it measured, where they answer only when sure.
        logs: the evaluation logs that scores of the project file were taken from, by field.
        lost: the share of items that the better of two models loses, measured by two logs; None where it is assumed.
        lost_on: which items, in words.
    """

    project: Project
    train: Table
    test: Table | None
    basis: Basis
    majority: float | None = None
    probe: float | None = None
    audit: Audit | None = None
    total_cost: Band | None = None
    piloted: tuple[Baseline, ...] = ()
    measured: tuple[AtHand, ...] = ()
    tuning_cost: Band | None = None
    chance: float | None = None
    had: float | None = None
    upkeep: float = 0.0
    put_to_use: float = 0.0
    trial: LabelTrial | None = None
    promises: tuple[Promise, ...] = ()
    logs: Mapping[str, EvalLog] = field(default_factory=dict)
    lost: Interval80 | None = None
    lost_on: str = ""

    @cached_property
    def metric(self) -> catalog.Metric | None:
        """The metric as the tables know it, None when it is missing or the user's own."""
        try:
            return catalog.metric(self.project.problem.metric) if self.project.problem.metric else None
        except InputError:
            return None

    @cached_property
    def direction(self) -> str | None:
        """Which way is better: said by the user, else by the tables."""
        return self.project.problem.direction or (self.metric.direction if self.metric else None)

    def direction_of(self, metric: str) -> str | None:
        """Which way a metric is better, None where the tables do not know it."""
        try:
            return catalog.metric(metric).direction
        except InputError:
            return None

    @cached_property
    def target(self) -> float | None:
        """The target as a number, None when it is missing or no possible score."""
        score = _score(self.project.problem.target)
        if score is None or score <= 0 or (score > 1 and self.metric is not None and self.metric.bounded):
            return None
        return score

    @cached_property
    def coverage(self) -> float | None:
        """The share of answers that must meet the target, people giving the rest; None where all must."""
        given = self.project.problem.coverage
        return None if given is None else round(given.spread.median, 12)

    @cached_property
    def counts_items(self) -> bool:
        """True when the score is a share of right items, so that binomial arithmetic holds."""
        return self.metric is not None and self.metric.binomial

    @cached_property
    def baselines(self) -> dict[str, float]:
        """The scores known before training, by name."""
        known = {"majority": self.majority, "probe": self.probe, "in use": self.in_use, **self.prompted}
        return {name: score for name, score in known.items() if score is not None and math.isfinite(score)}

    @cached_property
    def in_use(self) -> float | None:
        """The score of what is in use today: as stated, else that of its answers in the test file."""
        stated = _score(self.project.score_today)
        if stated is not None or not self.right_today:
            return stated
        return sum(self.right_today) / len(self.right_today)

    @cached_property
    def lost_share(self) -> float:
        """The share of items that the better of two models loses: measured by two logs, else assumed."""
        return LOST_SHARE if self.lost is None else self.lost.mid

    @cached_property
    def baseline_elsewhere(self) -> bool:
        """Whether what is in use was scored on other rows than the test's: as stated, else as its log shows."""
        stated, log = self.project.problem.baseline_on, self.logs.get("problem.baseline")
        return (stated or (log.on if log is not None else "")) == "elsewhere"

    def log_of(self, name: str) -> EvalLog | None:
        """The log that a score known before training was taken from, by the score's name in `baselines`."""
        field = "problem.baseline" if name == "in use" else f"alternatives.{name.replace(' ', '_')}.score"
        return self.logs.get(field)

    @cached_property
    def right_today(self) -> tuple[float, ...]:
        """Of each test row, whether today's answer to it is right; empty without the column or in another score."""
        column = self.project.data.answer_today
        rows = self.test.rows if self.test else ()
        if column is None or self.metric is None or not self.counts_items:
            return ()
        answers = [row.other.get(column) for row in rows]
        if not rows or any(answer is None for answer in answers):
            return ()
        return row_scores(self.metric.name, [row.output for row in rows], [str(answer) for answer in answers])

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The group of each test row; empty where no column is named or a row lacks it."""
        column = self.project.data.group
        rows = self.test.rows if self.test else ()
        found = [row.other.get(column) for row in rows] if column is not None else []
        return () if any(group is None for group in found) else tuple(map(str, found))

    @cached_property
    def stated(self) -> dict[str, float]:
        """Scores of prompts and retrieval as the project file states them.

        A score by a log of other rows than the test's is none of these: no score of the test rows is held against it.
        """
        logs = {name: self.logs.get(f"alternatives.{name}.score") for name in UNTUNED}
        stated = {
            name: _score(getattr(self.project.alternatives, name).score)
            for name, log in logs.items()
            if (name != "prompt_hosted" or not struck(self.project, "hosted")) and (not log or log.on != "elsewhere")
        }
        return {name.replace("_", " "): score for name, score in stated.items() if score is not None}

    @cached_property
    def prompted(self) -> dict[str, float]:
        """Scores reached without a fine-tune by prompts, retrieval or a search: as stated, and as piloted."""
        return self.stated | {one.name: one.score for one in self.piloted if one.name not in ("majority", "probe")}

    @cached_property
    def by_prompt(self) -> dict[str, float]:
        """Those of `prompted` that tell what a prompt does.

        A search for the nearest examples asks no model; one that scores below it, or below n-grams, follows no prompt.
        """
        searches = {one.name for one in self.piloted if one.kind == "search"}
        return {name: score for name, score in self.prompted.items() if name not in searches and self._tells(score)}

    def _tells(self, score: float) -> bool:
        return self.probe is None or (score < self.probe if self.direction == "lower" else score > self.probe)

    @cached_property
    def at_hand(self) -> AtHand | None:
        """The best of today's way, the commonest answer, and all that was stated or measured without a fine-tune.

        An answer copied from the nearest row is none of these: nobody would put it to use.
        """
        if self.direction is None:
            return None
        n_grams = self.probe if self.task == "classification" else None
        plain = {"today": self.in_use, "majority": self.majority, "n_grams": n_grams}
        found = [AtHand(way, "", score) for way, score in plain.items() if score is not None and math.isfinite(score)]
        found += [AtHand(name.replace(" ", "_"), "", score) for name, score in self.stated.items()]
        found += self.measured
        return (min if self.direction == "lower" else max)(found, key=lambda way: way.score, default=None)

    @property
    def best(self) -> float | None:
        """The score of the best way at hand, the way the metric is better."""
        return None if self.at_hand is None else self.at_hand.score

    @cached_property
    def gain(self) -> float | None:
        """How far the target lies beyond the best baseline; zero or less when it is already met."""
        if self.target is None or self.best is None:
            return None
        # Rounded, so that 0.92 - 0.87 asks for five points and not for 5.0000000000000044.
        return round(self.best - self.target if self.direction == "lower" else self.target - self.best, 12)

    @cached_property
    def task(self) -> str:
        """What kind of output: said by the user, else as the answers look; classification before there are any."""
        if self.project.problem.task or not self.train.rows:
            return self.project.problem.task or "classification"
        return task_of(self.train.rows).kind

    @cached_property
    def usual_metric(self) -> str:
        """The metric that fits the kind of task and the answers."""
        return metric_for(self.train.rows, self.project.problem.task) if self.train.rows else "accuracy"

    @cached_property
    def test_rows(self) -> int:
        """Usable test items."""
        return len(self.test.rows) if self.test else 0

    @cached_property
    def doubles(self) -> tuple[tuple[str, str], ...]:
        """(first, second) label of every test row that has both."""
        given, counts = self.project.data.second_label, self.counts_items
        pairs = (
            (row.output, _second(row.other, given, guess=not counts)) for row in (self.test.rows if self.test else ())
        )
        return tuple((first.strip(), str(second).strip()) for first, second in pairs if second)

    @cached_property
    def agreement(self) -> float | None:
        """Share of doubly labelled rows on which both labels are the same."""
        agreed, rows = self.agreed
        return agreed / rows if rows else None

    @cached_property
    def agreed(self) -> tuple[int, int]:
        """Rows on which two people give one label, of how many: of the test rows, else of the labelling trial."""
        if not self.doubles and self.trial is not None and self.trial.share is not None:
            return self.trial.agreed, self.trial.rows
        return sum(a == b for a, b in self.doubles), len(self.doubles)

    @cached_property
    def classes(self) -> int:
        """How many different outputs the data hold, second labels among them."""
        rows = (*self.train.rows, *(self.test.rows if self.test else ()))
        return len({row.output.strip() for row in rows} | {second for _, second in self.doubles})

    @cached_property
    def ceiling(self) -> Interval80 | None:
        """The highest honest score, from two people's answers to the same rows.

        Of a score that counts right items a range over few double labels and over how mistakes fall: evenly, or always
        on one look-alike. Of any other, what one person's answers score against the other's.
        """
        if self.counts_items:
            return ceiling_range(*self.agreed, self.classes)
        if len(self.doubles) < LEAST_DOUBLES or self.metric is None or self.metric.name not in metrics_of("nearest"):
            return None
        firsts, seconds = zip(*self.doubles, strict=True)
        scores = row_scores(self.metric.name, firsts, seconds)
        low, high = mean_interval(scores)
        return Interval80(low, sum(scores) / len(scores), high)

    @cached_property
    def value_of_all(self) -> "Draws | None":
        """What it is worth to turn every wrong answer of the horizon right: worth x answers, shape (draws,)."""
        answers = served_answers(self.basis)
        return None if self.worth is None or answers is None else self.worth * answers

    @cached_property
    def saving(self) -> "Draws | None":
        """What a tuned answer costs less than one today, per answer, shape (draws,); None where a price is missing."""
        return saving_per_answer(self.basis)

    @cached_property
    def serving(self) -> "Draws | None":
        """What serving adds to the worth of an answer, shape (draws,): the saving, else what it costs, as a negative.

        None where the tuned model's price is not known.
        """
        if self.saving is not None:
            return self.saving
        tuned = price_of_answers(self.basis)
        return None if tuned is None else -tuned / 1000

    @cached_property
    def cost(self) -> Band | None:
        """What is held against the worth: upkeep and the total, less its answers where the worth counts them."""
        cost = self.total_cost if self.serving is None else self.cost_of_tuning
        return None if cost is None else cost.shifted(self.upkeep)

    @cached_property
    def cost_of_tuning(self) -> Band | None:
        """The total less the answers after launch."""
        return self.tuning_cost or self.total_cost

    @cached_property
    def expected_cost(self) -> float | None:
        """What is held against an expected worth: the mean where a chance is known, else as likely more as less."""
        if self.cost is None:
            return None
        return self.cost.p50 if self.chance is None else self.cost.mean

    @cached_property
    def cost_case(self) -> bool:
        """Whether answers get cheaper, so that equal ones are worth a fine-tune as well."""
        return self.saving is not None and band(self.saving).p50 > 0

    @cached_property
    def worth(self) -> "Draws | None":
        """What one more correct answer is worth, the error it replaces counted, shape (draws,)."""
        return worth_of_correct(self.basis)

    def labels_price(self, labels: int) -> Band:
        """What so many usable labels cost, in the base currency, all votes of each counted."""
        return band(label_price(self.basis) * labels)

    def reading_price(self, answers: int) -> Band:
        """What it costs to have somebody of the team read so many answers, at the minutes of a review."""
        return band(review_hours(answers, self.basis) * person_hour(self.basis))

    def votes_price(self, votes: int) -> Band:
        """What so many single readings of a row cost, in the base currency."""
        return band(label_price(self.basis) * votes / labels_per_example(self.basis))

    def money(self, price: Band) -> str:
        """A price in words: the middle to three figures, with P10 and P90 where they differ."""
        low, mid, high = (three_figures(x) for x in (price.p10, price.p50, price.p90))
        unit = self.basis.currency
        return f"{mid} {unit}" if low == high else f"{mid} {unit} (80% sure: {low} to {high})"


def _second(other: Mapping[str, object], given: str | None, *, guess: bool) -> object:
    """A second person's answer beside a row's own: of the column named, else of one that is called so; None without.

    With `guess` a column such as summary2 counts too, which is no second label where answers are right or wrong.
    """
    if given or any(other.get(name) for name in SECOND_LABEL_COLUMNS):
        return next((other[name] for name in ((given,) if given else SECOND_LABEL_COLUMNS) if other.get(name)), None)
    return next((value for name, value in other.items() if guess and value and SECOND_ANSWER.fullmatch(name)), None)


def points(share: float) -> str:
    """A difference of scores in points, two figures.

    Example:
        >>> points(0.2569), points(0.05)
        ('26', '5')
    """
    return f"{float(f'{share * 100:.2g}'):g}"


def percent(share: float) -> str:
    """A score as a percentage, at most one decimal.

    Example:
        >>> percent(0.92), percent(0.8873)
        ('92%', '88.7%')
    """
    return f"{round(share * 100, 1):g}%"


def three_figures(number: float) -> str:
    """A large number as people say it.

    Example:
        >>> three_figures(18_237.4), three_figures(0.01234)
        ('18,200', '0.0123')
    """
    return f"{float(f'{number:.3g}'):,.10g}"


def _score(given: str | float | None) -> float | None:
    try:
        return None if given is None else read_score(given)
    except ValueError:
        return None
