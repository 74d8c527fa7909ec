"""The boundary between a pilot and what trains: a task goes in, a result comes out, both plain and picklable.

A trainer is one file here and one name in TRAINERS of pilot/trial.py. It is a module with the names of Trainer.
`train` depends on its task alone, so that a run can happen in another process, on another machine, or be taken from
the ledger.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tunecase.errors import Problem, nearest, refuse_any
from tunecase.pilot.scoring.score import Kind, count_correct, row_scores, score_of
from tunecase.records import Disclosure

Setting = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Task:
    """One run to make: train on these texts and labels, score on the test set.

    `model` is a name or a folder. `labels` are the wanted answers: classes, JSON objects or free text, as `kind` says.
    `choices` are all classes of the whole training set, so that a small subset can still answer the ones it lacks.
    `test_tools` are the tools of each test row as JSON, which its text begins with; none where no row has any.
    """

    trainer: str
    model: str
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    test_texts: tuple[str, ...]
    test_labels: tuple[str, ...]
    metric: str
    seed: int
    settings: Mapping[str, Setting] = field(default_factory=dict)
    kind: Kind = "classification"
    choices: tuple[str, ...] = ()
    test_tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found; `correct` of `test_rows` answers equal their label, `train_loss` is per training label [nats].

    `row_scores` (0 to 1) and `confidences` (0 to 1) are one per test row. `seconds` is wall time of the whole run,
    `answer_s` that of answering the test rows alone. `tokens_per_s` counts training tokens over training time.
    `hardware` names the GPU, or the processor; `gpus` is 0 on a processor. `skill_before` and `skill_after` are the
    shares right of `skill_rows` general questions; `skill_lost_rows` of them were right before and wrong after,
    `skill_won_rows` the other way round, None where that is not known. `note` is one line for people, such as how
    many answers were refused. `usd_per_answer` is what a hosted model charged per test row; None where nobody
    charges or it is unknown. `for_all` is True where it failed at an endpoint for a reason that no other prompt of
    the model could escape. `longest_row` is the longest training row as the model read it [tokens]. `disclosed` is what
    went to an endpoint; None where nothing left this machine.
    """

    score: float
    correct: int
    test_rows: int
    seconds: float
    predictions: tuple[str, ...] | None = None
    train_loss: float | None = None
    converged: bool = True
    failed: str = ""
    row_scores: tuple[float, ...] | None = None
    confidences: tuple[float, ...] | None = None
    answer_s: float | None = None
    steps: int | None = None
    train_tokens: int | None = None
    tokens_per_s: float | None = None
    peak_memory_gib: float | None = None
    hardware: str = ""
    gpus: int = 0
    skill_before: float | None = None
    skill_after: float | None = None
    skill_rows: int = 0
    note: str = ""
    usd_per_answer: float | None = None
    for_all: bool = False
    skill_lost_rows: int | None = None
    skill_won_rows: int | None = None
    longest_row: int | None = None
    disclosed: Disclosure | None = None


class Trainer(Protocol):
    """What a trainer's module holds."""

    MODEL: str
    """The model it trains unless the task names another, as the record shows it."""

    METRICS: Mapping[str, str]
    """Metrics it can score, each with the direction that is better."""

    KINDS: tuple[Kind, ...]
    """Kinds of task it can learn."""

    SETTINGS: Mapping[str, Setting]
    """Its settings and their defaults; all but NEUTRAL are part of a run's key, so a change makes new runs."""

    NEUTRAL: frozenset[str]
    """Settings that cannot change what a run finds when it ends well, such as a time limit."""

    FORMAT: int
    """Part of a run's key: raised when the same settings would give other results (prompts, training code)."""

    BASELINES: Mapping[str, Mapping[str, Setting]]
    """What it can score without training: a name, and the settings that do it."""

    SEARCH: tuple[Mapping[str, Setting], ...]
    """Settings that a search tries, best guess first; empty when there is nothing to search."""

    STAND_IN: bool
    """True when nobody would ship it as the fine-tune: it shows the data's curve, not the model's."""

    HEAVY: bool
    """True when one run takes long enough to be worth the start of a process on every core."""

    def settings(self, top_rows: int, chosen: Mapping[str, Setting]) -> Mapping[str, Setting]:
        """The settings of every run of a ladder that ends at `top_rows`: the defaults, overridden by `chosen`.

        Raises: InputError for a setting it does not know or a value it cannot use.
        """

    def missing(self, model: str) -> str:
        """What is missing to train this model here, as a sentence with its fix; empty when nothing is."""

    def prepare(self, model: str, tell: Callable[[str], None]) -> None:
        """Fetches what is missing to train this model, telling what and how large before it does.

        Raises: TunecaseError when it cannot be had.
        """

    def identity(self, model: str, settings: Mapping[str, Setting]) -> str:
        """What tells the weights and scripts of a run apart, at little cost; empty where there are none."""

    def train(self, task: Task) -> Result:
        """Trains on the task's rows and scores on its test rows.

        Raises: ValueError without training or test rows.
        """


def scored(task: Task, predictions: Sequence[str], seconds: float, **more: Any) -> Result:
    """The Result of these answers to the task's test rows.

    Args:
        more: further fields of Result.
    Raises: ValueError or MissingExtraError for a metric that cannot be scored.
    """
    labels = task.test_labels
    return Result(
        score_of(task.metric, labels, predictions), count_correct(labels, predictions), len(labels), seconds,
        tuple(predictions), row_scores=row_scores(task.metric, labels, predictions), **more,
    )  # fmt: skip


# What a language model scores without training; few-shot shows it some training rows.
UNTRAINED: Mapping[str, Mapping[str, Setting]] = {
    "zero-shot": {"steps": 0, "shots": 0},
    "few-shot": {"steps": 0, "shots": 8},
}


def nothing_missing(model: str) -> str:
    """What a trainer that needs no model lacks: nothing."""
    return ""


def nothing_to_fetch(model: str, tell: Callable[[str], None]) -> None:
    """What a trainer that needs no model fetches: nothing."""


def no_weights(model: str, settings: Mapping[str, Setting]) -> str:
    """The identity of weights where there are none, or none that can be seen from here."""
    return ""


def checked(chosen: Mapping[str, Setting], settings: Mapping[str, Setting], trainer: str) -> Mapping[str, Setting]:
    """The chosen settings, each known to the trainer and of its default's type (a whole number will do for a float).

    Raises: InputError with every setting that is not known or not of that type.

    Example:
        >>> checked({"rank": 4}, {"rank": 8}, "lora")
        {'rank': 4}
    """
    problems = []
    for name, value in chosen.items():
        where = f"setting {name} of {trainer}"
        if name not in settings:
            problems.append(Problem(where, repr(name), "a setting of this trainer", nearest(name, list(settings))))
        elif not _alike(value, settings[name]):
            wanted = f"{type(settings[name]).__name__}, such as {settings[name]!r}"
            problems.append(Problem(where, repr(value), wanted, "correct the value"))
    refuse_any(problems)
    return dict(chosen)


def _alike(value: Setting, default: Setting) -> bool:
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)
