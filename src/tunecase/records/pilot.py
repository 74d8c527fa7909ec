"""A pilot's settings and what it found: runs, baselines, mistakes of the best run, what a search gained, variants."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from tunecase.quantities import Interval80, duration, paired_change, share, unpaired_change
from tunecase.records.disclosure import Disclosure
from tunecase.records.forecast import Point
from tunecase.records.tabular import Tabular

NOT_ASKED = " was not asked: "  # after the name of a model, before why


@dataclass(frozen=True, slots=True)
class PilotSettings:
    """How a pilot is to be run; what is None or empty is left to the trainer.

    Args:
        trainer: a name in TRAINERS; "" for the encoder where its weights are here, else n-grams.
        model: what is trained, a name or a folder; "" is the trainer's own.
        settings: of the trainer, where they differ from its defaults.
        sizes: training rows per run; None doubles from about 2 per class up to all usable rows (at most 20,000); for a
            heavy trainer the five largest of these, up to 2,000.
        draws: shuffles, >= 1; None: 3, for a heavy trainer 2.
        seed: of the draws of rows; None: the case's. No other draw of the case depends on it.
        adaptive: True chooses each run by what it is expected to tell for its price, and stops when enough is known;
            False makes all runs; None: True for a heavy trainer.
        tune: how many settings to search, the default among them; 0 searches none.
        hosted: settings of each hosted model to compare with, by its name.
        race: what is measured beside the trainer on the same test rows, cheapest first: names of models, of the
            trainers "probe" and "encoder", or of decision models; "auto" stands for all that costs neither money nor a
            download. Empty: nothing.
        keep_all: True makes every run of what is raced, also where it cannot win any more.
        with_baselines: False leaves out what needs no fine-tune.
        workers: processes; None takes one per core (one per GPU share) for a heavy trainer, as many as are worth their
            start for a light one, judged by its first run.
        engine, address, gpus_per_task: where runs are made, as for `engine.run_tasks`.
        max_minutes, max_usd: no run is begun that would pass them by its predicted time; one run is always made.
        usd_per_hour: price of the hour of what the pilot runs on; 0 where it is free, None where it is unknown.
        send_flagged: True sends secrets and personal data to hosted models as they are; else their kinds go instead.
    """

    trainer: str = "probe"
    model: str = ""
    settings: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    sizes: tuple[int, ...] | None = None
    draws: int | None = None
    seed: int | None = None
    adaptive: bool | None = None
    tune: int = 0
    hosted: Mapping[str, Mapping[str, str | int | float | bool]] = field(default_factory=dict)
    race: tuple[str, ...] = ()
    keep_all: bool = False
    with_baselines: bool = True
    workers: int | None = None
    engine: Literal["local", "ray"] = "local"
    address: str | None = None
    gpus_per_task: float = 0
    max_minutes: float | None = None
    max_usd: float | None = None
    usd_per_hour: float | None = 0.0
    send_flagged: bool = False

    @property
    def capped(self) -> bool:
        """True when time or money is bounded.

        Example:
            >>> PilotSettings(max_minutes=5).capped, PilotSettings().capped
            (True, False)
        """
        return self.max_minutes is not None or self.max_usd is not None


# What gives the answers: n-grams and a linear model, an encoder and a head, a causal language model that is tuned, a
# hosted model that is prompted, a decision model that is asked, or a search among rows or documents.
ModelKind = Literal["n-grams", "encoder", "causal", "hosted", "decision", "search", ""]
TIMED = "Times of 1,000 answers are those of one core; of language models and endpoints, one answer after another."


@dataclass(frozen=True, slots=True)
class Promise:
    """Answering only when sure: the share of answers that may be given while few of them are wrong.

    Of the answers whose confidence is at least `threshold`, a share of `coverage` of all, at most `error` are wrong,
    with the chance `sure`, the best of the `tried` thresholds: `bound` is the upper bound of their error by these rows,
    at most `error`. `coverage`, `threshold` and `bound` are None where so many `rows` promise no coverage.
    `net_per_answer` is what one answer brings on average where an error and a person have a price [base currency], None
    where they have none.
    `next_rows` test rows are likely to promise `next_coverage`, a larger one, if the error seen there is the true one;
    both are None where no number of rows is.
    """

    error: float
    coverage: float | None
    threshold: float | None
    bound: float | None
    rows: int
    tried: int
    sure: float = 0.9
    net_per_answer: float | None = None
    next_coverage: float | None = None
    next_rows: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to give the answers that a pilot measured with points of its own, on the same test rows as all others.

    `points` has one entry for each run that ended well, the draws of a size one by one; `score` is their mean at the
    largest size `n`, `interval` its 80% interval over test rows. `seconds` and `usd` are what measuring it took,
    `seconds_per_answer` is by one process. `dropped` says why no further runs were made; empty where all were.
    `beaten` is the chance that the pilot's best candidate scores higher; None for that one, and without answers.
    """

    name: str
    kind: ModelKind
    trainer: str
    model: str
    points: tuple[Point, ...]
    n: int
    score: float
    test_rows: int
    interval: Interval80 | None = None
    seconds: float = 0.0
    usd: float | None = None
    seconds_per_answer: float | None = None
    usd_per_1k_answers: float | None = None
    promise: Promise | None = None
    dropped: str = ""
    beaten: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Run(Tabular):
    """One small training run: n examples, one draw of them, scored on the fixed test set.

    `seconds` is the whole run's wall time, `usd` what it cost at the pilot's price of an hour (0 where the hour is
    free, None where its price is unknown). `interval` is the 80% interval of the score over test rows. `purpose`
    says what the run was made for: a rung of the ladder, something that needs no fine-tune (`n` is then 0, but for
    the probe), or a trial of the search over settings. `skill_before` and `skill_after` are the shares right of a
    small fixed set of `skill_rows` general questions, of which `skill_lost_rows` were right before and wrong after,
    and `skill_won_rows` the other way round; None in older records. `answers_per_s` is how fast the test rows were
    answered after training, by one process; None where that was not timed. `longest_row` is the longest training row as
    the model read it [tokens], which with the batch sets the peak of memory; None where the trainer does not say.
    `commonest_share` is the share of the test rows that got the commonest answer; None without answers. `disclosed` is
    what went to the endpoint of a hosted model; None for a run on this machine.
    """

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
    interval: Interval80 | None = None
    steps: int | None = None
    train_tokens: int | None = None
    tokens_per_s: float | None = None
    peak_memory_gib: float | None = None
    hardware: str = ""
    gpus: int = 0
    usd: float | None = None
    skill_before: float | None = None
    skill_after: float | None = None
    skill_rows: int = 0
    purpose: Literal["ladder", "baseline", "tuning"] = "ladder"
    settings: str = ""
    answers_per_s: float | None = None
    skill_lost_rows: int | None = None
    skill_won_rows: int | None = None
    longest_row: int | None = None
    commonest_share: float | None = None
    disclosed: Disclosure | None = None

    @property
    def point(self) -> Point:
        """The run as a point of a learning curve.

        Example:
            >>> run = pilot.runs[0]
            >>> run.point.n == run.n, run.point.draws
            (True, 1)
        """
        return Point(self.n, self.score, 1, self.test_rows, commonest_share=self.commonest_share)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The score of something that needs no training here, and what 1,000 of its answers cost, where that is known.

    `beaten` is the chance that the pilot's runs at the largest size score higher, over test rows and draws alike; None
    where answers were not kept. `kind` and `promise` are as in Candidate, `disclosed` as in Run.
    """

    name: str
    score: float
    test_rows: int
    interval: Interval80 | None = None
    usd_per_1k_answers: float | None = None
    seconds_per_answer: float | None = None
    beaten: float | None = None
    note: str = ""
    kind: ModelKind = ""
    promise: Promise | None = None
    disclosed: Disclosure | None = None


def time_of_1k(one: Candidate | Baseline) -> str:
    """How long one process takes for 1,000 answers, in words; empty where unknown. See TIMED for what that is."""
    return duration(1_000 * one.seconds_per_answer) if one.seconds_per_answer else ""


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often one label was answered with another."""

    label: str
    answer: str
    rows: int
    share_of_label: float


@dataclass(frozen=True, slots=True)
class Slice:
    """The score of a part of the test rows; `by` is length, label, field, call or source."""

    by: str
    name: str
    rows: int
    score: float
    interval: Interval80 | None
    worse: bool


@dataclass(frozen=True, slots=True)
class WorstRow:
    """A test row that the best run gets wrong with confidence; `row` is its number in the test file, from 0."""

    row: int
    text: str
    label: str
    answer: str
    score: float
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Mistakes:
    """What the best run gets wrong; `review_file` holds the rows to look at."""

    run: str
    n: int
    confusions: tuple[Confusion, ...]
    slices: tuple[Slice, ...]
    worst: tuple[WorstRow, ...]
    wrong_rows: int
    review_file: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting of a search, scored on the rows held out of training for choosing."""

    settings: str
    score: float
    rows: int
    seconds: float
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a search over K settings gained at one size, less the luck of the best of K.

    `error_factor` is the winner's error as a share of the default's, an 80% interval; below 1 it helped.
    """

    n: int
    trials: tuple[Trial, ...]
    best: str
    default_score: float
    best_score: float
    luck: float
    gain: Interval80
    error_factor: Interval80
    seconds: float
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """The problem put another way, and the score that the answers of the pilot's largest size have under it.

    Of `rows` test rows in scope, `correct` are right, both as means; `interval` is the 80% interval of their share, and
    `covered` the share of all answers that stay in scope, 1 for merged classes. The change was chosen on one half of
    the rows and scored on the other, over several splits, while `name` and `classes` tell what all rows choose.
    `unchanged_score` is that of the same answers to the problem as it stands.
    """

    kind: Literal["merge", "drop", "confident"]
    name: str
    rows: float
    correct: float
    interval: Interval80
    covered: float
    unchanged_score: float
    classes: tuple[str, ...] = ()


SURE = 0.9  # of the interval of the skill that is lost


class SkillLost(NamedTuple):
    """Share of general questions lost by a tune, negative where it gained, and its 90% interval over questions."""

    share: float
    low: float
    high: float
    rows: int

    @property
    def is_shown(self) -> bool:
        """Whether the interval excludes no loss."""
        return self.low > 0

    @property
    def words(self) -> str:
        """What the questions can tell of a loss, in words."""
        between = f"(9 in 10: {share(max(self.low, 0))} to {share(max(self.high, 0))})"
        if self.is_shown:
            return f"The tune forgets: it lost {share(self.share)} of {self.rows} general questions {between}."
        if self.high < 0:
            return f"The tune lost none of its general skill on {self.rows} questions."
        return f"{self.rows} general questions cannot tell a loss below {share(self.high)}."


@dataclass(frozen=True, slots=True)
class Pilot(Tabular):
    """Small real runs on nested subsets, classes in proportion, all scored on one held-out test set.

    `stand_in` is True when the learner is not the model that would be tuned but a cheap one in its place. `variants`
    are empty where an answer is no class, the metric is no share of rows right, or the record is an older one.
    `candidates` are all that were measured with points of their own, the pilot's own learner among them, best first;
    `not_measured` says of what was asked for and could not be measured why, and how it can be. `lora_minutes` are about
    those of a pilot that tunes a small language model here, where only answers of nearest rows were measured.
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
    kind: Literal["classification", "extraction", "generation"] = "classification"
    usd: float | None = None
    mistakes: Mistakes | None = None
    tuning: Tuning | None = None
    variants: tuple[Variant, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    not_measured: tuple[str, ...] = ()
    lora_minutes: Interval80 | None = None

    @property
    def only_baselines(self) -> tuple[Baseline, ...]:
        """The baselines that are not among the candidates too, where n-grams are both.

        Example:
            >>> [baseline.name for baseline in pilot.only_baselines]
            ['majority']
        """
        raced = any(one.kind == "n-grams" for one in self.candidates)
        return tuple(one for one in self.baselines if not (raced and one.name == "probe"))

    @property
    def not_asked(self) -> dict[str, str]:
        """Why each model behind an endpoint that was named could not be asked at all, by its name.

        Example:
            >>> pilot.not_asked
            {}
        """
        told = (note.partition(NOT_ASKED) for note in self.not_measured)
        return {name: why for name, mark, why in told if mark}

    @property
    def mean_scores(self) -> tuple[tuple[int, float], ...]:
        """(n, mean score over draws), rising in n, failed and unconverged runs left out.

        Example:
            >>> [n for n, score in pilot.mean_scores]
            [21, 42, 85, 170, 340, 680]
        """
        good = [run for run in self.runs if not run.failed and run.converged and run.purpose == "ladder"]
        sizes = sorted({run.n for run in good})
        return tuple((n, sum(r.score for r in good if r.n == n) / sum(r.n == n for r in good)) for n in sizes)

    @property
    def ok(self) -> bool:
        """False when runs were made and none of them ended well.

        Example:
            >>> pilot.ok
            True
        """
        return not self.runs or bool(self.mean_scores)

    @property
    def skill_lost(self) -> SkillLost | None:
        """General skill lost, mean over the runs that measured it; None if none did.

        The interval is over questions: of pairs where every run kept which questions changed sides, else as if the
        questions after were others than those before, which is wider. Runs ask the same questions and count as one.

        Example:
            >>> pilot.skill_lost is None  # n-grams have no general skill to lose
            True
        """
        asked = [(run, run.skill_before, run.skill_after) for run in self.runs]
        known = [(run, was, now) for run, was, now in asked if was is not None and now is not None and run.skill_rows]
        if not known:
            return None
        rows = max(run.skill_rows for run, _, _ in known)
        before, after = (
            sum(shares) / len(known) for shares in zip(*((was, now) for _, was, now in known), strict=True)
        )
        sides = [(run.skill_lost_rows, run.skill_won_rows) for run, _, _ in known]
        pairs = [(lost, won) for lost, won in sides if lost is not None and won is not None]
        if len(pairs) == len(known):
            lost, won = (sum(counts) / len(pairs) for counts in zip(*pairs, strict=True))
            low, high = paired_change(lost, won, rows, SURE)
        else:
            low, high = unpaired_change(after, before, rows, SURE)
        return SkillLost(before - after, low, high, rows)
