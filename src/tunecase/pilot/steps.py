"""The runs a pilot can make: each a task, the key that stands for it, and what a run becomes in the record."""

import hashlib
import importlib
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from tunecase.engine import CrashError
from tunecase.pilot.endpoint.client import disclosed
from tunecase.pilot.examples import Examples
from tunecase.pilot.ladder import deal
from tunecase.pilot.scoring.final import accepted, row_tests
from tunecase.pilot.scoring.score import METRICS, Kind, score_interval
from tunecase.pilot.trainers.task import Result, Setting, Task, Trainer
from tunecase.quantities import Interval80, counted, generator, one_line
from tunecase.records import Disclosure, ModelKind, Run

Purpose = Literal["ladder", "baseline", "tuning"]
# Trainers that ask a model which somebody bills.
BILLED = frozenset({"hosted", "decision"})
# What each trainer's model is; others are of no known kind.
KINDS: Mapping[str, ModelKind] = {
    "probe": "n-grams",
    "nearest": "search",
    "encoder": "encoder",
    "encoder-tuned": "encoder",
    "lora": "causal",
    "trl": "causal",
    "command": "causal",
    "hosted": "hosted",
    "decision": "decision",
}
FLOORS = ("probe", "nearest")  # what learns from rows and needs no model
MOST_REASON = 200  # characters
# What a floor made of a task in this process, by its module: the problem's baseline is also a rung of the pilot.
KNOWN: dict[str, tuple[Task, Result | Exception]] = {}
METRIC_FORMATS = {"exact_match": 2, "pass_at_1": 1}  # raised when a metric would give other scores to the same answers


@dataclass(frozen=True, slots=True)
class School:
    """Who learns: the trainer's name and module, the model and the settings that were chosen."""

    name: str
    path: str
    module: Trainer
    model: str
    chosen: Mapping[str, Setting]

    def settled(self, top_rows: int, own: Mapping[str, Setting] | None = None) -> "School":
        """The same with every setting fixed for a ladder that ends at `top_rows`; `own` override those chosen.

        Raises: InputError for a setting that the trainer does not know or a value it cannot use.
        """
        return replace(self, chosen=self.module.settings(top_rows, {**self.chosen, **(own or {})}))


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is learnt: usable rows, the one test set, how answers are scored, the seed of all draws."""

    rows: Examples
    tests: Examples
    kind: Kind
    metric: str
    direction: str
    seed: int

    @property
    def classes(self) -> tuple[str, ...]:
        """All classes; none where answers are texts."""
        return self.rows.classes if self.kind == "classification" and self.rows.class_count > 1 else ()

    def order(self, draw: int) -> tuple[int, ...]:
        """The positions of a draw, classes in proportion throughout; plainly shuffled where there are no classes."""
        labels = self.rows.labels if self.classes else [""] * len(self.rows)
        return deal(labels, generator(self.seed, f"pilot draw {draw}"))


@dataclass(frozen=True, slots=True)
class Step:
    """One run to make: its purpose, draw and task, the module that trains it, and the key that stands for all of it."""

    purpose: Purpose
    draw: int
    task: Task
    path: str
    key: str
    settings: str
    name: str = ""

    @property
    def n(self) -> int:
        """Training rows; 0 for what is only scored."""
        return 0 if self.purpose == "baseline" and self.name not in FLOORS else len(self.task.texts)

    @property
    def weight(self) -> int:
        """Rows read, on which the time of a run mostly depends."""
        return len(self.task.texts) + len(self.task.test_texts)


def make(work: tuple[str, Task]) -> Result:
    """Trains a task with the module at that import path, in whatever process this is."""
    path, task = work
    known_task, known = KNOWN.get(path, (None, None))
    if isinstance(known, Result) and known_task == task:
        return known
    module: Any = importlib.import_module(path)
    result: Result = module.train(task)
    return result


def foreseen(step: Step) -> tuple[int, float | None]:
    """What asking a model at an endpoint would take: tokens in and out, and the most they cost [USD], None if unknown.

    Raises: TunecaseError for what cannot be asked.
    """
    module: Any = importlib.import_module(step.path)
    tokens, usd = module.foreseen(step.task)
    return tokens, usd


def leaving(step: Step) -> Disclosure:
    """What asking a model at an endpoint would send."""
    module: Any = importlib.import_module(step.path)
    return disclosed(*module.asks(step.task))


def ladder_steps(lesson: Lesson, school: School, sizes: Sequence[int], draws: int) -> list[Step]:
    """Every rung in order of size and draw.

    All rows are the same set in every draw, so that size is run once, except with a heavy trainer: its start and the
    order of the rows are luck too, which further draws show.
    """
    if not sizes:
        return []
    orders = [lesson.order(draw) for draw in range(draws)]
    settled = school.settled(max(sizes))
    return [
        step_of(lesson, settled, lesson.rows.only(orders[draw][:n]), draw)
        for n in sizes
        for draw in range(draws)
        if n < len(lesson.rows) or draw == 0 or school.module.HEAVY
    ]


def step_of(
    lesson: Lesson, school: School, subset: Examples, draw: int, purpose: Purpose = "ladder", name: str = ""
) -> Step:
    """A step that trains on these rows and scores on the lesson's test set; the school's settings must all be fixed."""
    tests, settings = lesson.tests, school.chosen
    task = Task(
        school.name, school.model, subset.texts, subset.labels, tests.texts, tests.labels, lesson.metric,
        int(generator(lesson.seed, f"pilot run {draw}").integers(2**31)), settings, lesson.kind, lesson.classes,
        tests.tools,
    )  # fmt: skip
    return Step(
        purpose, draw, task, school.path, key_of(task, draw, school.module),
        settings_words(settings, school.module.SETTINGS), name,
    )  # fmt: skip


def key_of(task: Task, draw: int, module: Trainer) -> str:
    """The digest of all that a run depends on: rows in order, test rows, trainer, weights, settings, metric, seed.

    The trainer's FORMAT stands for its code and prompts; its NEUTRAL settings are left out.
    """
    settings = sorted((name, value) for name, value in task.settings.items() if name not in module.NEUTRAL)
    parts: list[Any] = [task.trainer, module.FORMAT, task.model, module.identity(task.model, task.settings)]
    parts += [task.metric, task.seed, draw, settings]
    parts += [task.kind, task.choices, task.texts, task.labels, task.test_texts, task.test_labels]
    if task.metric in METRIC_FORMATS:
        parts += [METRIC_FORMATS[task.metric], [accepted(label) for label in task.test_labels]]
    if task.metric == "pass_at_1":
        parts.append([repr(row_tests(label)) for label in task.test_labels])
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]


def settings_words(settings: Mapping[str, Setting], defaults: Mapping[str, Setting]) -> str:
    """The settings that are not the trainer's defaults, in words.

    Example:
        >>> settings_words({"rank": 8, "steps": 120}, {"rank": 8, "steps": 0}), settings_words({}, {"rank": 8})
        ('steps 120', 'defaults')
    """
    own = [f"{name} {value}" for name, value in sorted(settings.items()) if defaults.get(name) != value]
    return ", ".join(own) or "defaults"


def run_of(step: Step, outcome: Result | Exception, elapsed_s: float, usd: float | None) -> tuple[Run, Result | None]:
    """The run that a step became, and its result where it can be relied on.

    Args:
        elapsed_s: from the step's start to its outcome [s], which is what a failed run cost.
        usd: what it cost [USD], None where the hour has no price.
    """
    task = step.task
    reason = _reason(outcome) if isinstance(outcome, Exception) else wrong_with(outcome, task)
    if reason or isinstance(outcome, Exception):
        return Run(
            step.key, task.trainer, task.model, step.n, step.draw, 0.0, 0, len(task.test_labels), elapsed_s,
            converged=False, failed=one_line(reason, MOST_REASON), usd=usd, purpose=step.purpose,
            settings=step.settings, disclosed=outcome.disclosed if isinstance(outcome, Result) else None,
        ), None  # fmt: skip
    return Run(
        step.key, task.trainer, task.model, step.n, step.draw, outcome.score, outcome.correct, outcome.test_rows,
        outcome.seconds, outcome.train_loss, outcome.converged, "", interval_of(task, outcome.predictions),
        outcome.steps, outcome.train_tokens, outcome.tokens_per_s, outcome.peak_memory_gib,
        one_line(outcome.hardware, MOST_REASON), outcome.gpus, usd, outcome.skill_before, outcome.skill_after,
        outcome.skill_rows, step.purpose, step.settings,
        outcome.test_rows / outcome.answer_s if outcome.answer_s else None,
        outcome.skill_lost_rows, outcome.skill_won_rows, outcome.longest_row, commonest_share(outcome.predictions),
        outcome.disclosed,
    ), outcome  # fmt: skip


def commonest_share(answers: Sequence[str] | None) -> float | None:
    """The share of the answers that are the commonest one; None without answers.

    Example:
        >>> commonest_share(["no", "no", "yes", "no"]), commonest_share(None)
        (0.75, None)
    """
    return max(Counter(answers).values()) / len(answers) if answers else None


def interval_of(task: Task, predictions: Sequence[str] | None) -> Interval80 | None:
    """The 80% interval of a score over test rows, where the answers are at hand."""
    if predictions is None or task.metric not in METRICS:
        return None
    return score_interval(task.metric, task.test_labels, predictions)


def wrong_with(result: Any, task: Task) -> str:
    """Why a result cannot be relied on, in words; empty when it can."""
    if not isinstance(result, Result):
        return f"the trainer returned {type(result).__name__}, not a result"
    return result.failed or _wrong_score(result, task) or _wrong_training(result) or _wrong_rows(result, task)


def _wrong_score(result: Result, task: Task) -> str:
    rows = len(task.test_labels)
    if not (isinstance(result.score, int | float) and math.isfinite(result.score)):
        return f"its score is {result.score!r}, not a number"
    if task.metric in METRICS and not 0 <= result.score <= 1:
        return f"its score is {result.score:g}, not between 0 and 1"
    if result.test_rows != rows or not 0 <= result.correct <= rows:
        return f"it counted {result.correct} of {result.test_rows} answers right, for {counted(rows, 'test row')}"
    return ""


def _wrong_training(result: Result) -> str:
    if not (math.isfinite(result.seconds) and result.seconds >= 0):
        return f"its time is {result.seconds!r} s, not a number >= 0"
    if result.train_loss is not None and not math.isfinite(result.train_loss):
        return f"its training loss is {result.train_loss}: it diverged"
    return ""


def _wrong_rows(result: Result, task: Task) -> str:
    rows = len(task.test_labels)
    for what, each in (("answer", result.predictions), ("row score", result.row_scores)):
        if each is not None and len(each) != rows:
            return f"it gave {counted(len(each), what)} for {counted(rows, 'test row')}"
    return ""


def _reason(error: Exception) -> str:
    plain = isinstance(error, CrashError | TimeoutError)
    return str(error) if plain else f"{type(error).__name__}: {error}"
