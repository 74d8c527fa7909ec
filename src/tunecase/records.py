"""What was found: one frozen record per verb, plain enough to be JSON and to come back from it.

Amounts of guessed money are a Band in the project's base currency; paid money is Decimal with its currency.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal, TypeVar

from tunecase.spread import Band

Status = Literal["pass", "fail", "unknown"]
Severity = Literal["stop", "warn", "note"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Interval80:
    """An estimate with its 80% interval, in the unit its owner states."""

    low: float
    mid: float
    high: float


# define


@dataclass(frozen=True, slots=True)
class Criterion:
    """One rule of a well-posed problem, judged."""

    id: str
    name: str
    status: Status
    severity: Severity
    got: str
    wanted: str
    reason: str
    fix: str = ""
    price: Band | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """Is the problem well posed and achievable? Scores are shares of 1 unless the metric has its own unit."""

    verdict: Literal["go to pilot", "fix first", "do not start"]
    reason: str
    criteria: tuple[Criterion, ...]
    task: str
    metric: str | None
    target: float | None
    majority: float | None
    probe: float | None
    ceiling: Interval80 | None
    agreement: float | None
    train_rows: int
    test_rows: int
    test_rows_needed: int | None
    smallest_gain: float | None
    value_per_point: Band | None
    currency: str

    @property
    def ok(self) -> bool:
        """True when no rule of severity stop failed."""
        return self.verdict != "do not start"


# audit


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of defect: how many, where, why it matters, how to mend it and at what price.

    `rows` are row numbers of the training file (of the test file where `where` says so), from 0, at most 1,000;
    `lines` are the matching line numbers from 1. `pairs` holds (row, other row) where a finding joins two rows.
    """

    check: str
    severity: Severity
    count: int
    share: float
    rows: tuple[int, ...]
    lines: tuple[int, ...]
    why: str
    fix: str
    price: Band | None
    where: Literal["train", "test"] = "train"
    pairs: tuple[tuple[int, int], ...] = ()
    examples: tuple[str, ...] = ()
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token counts of the usable rows; exact, or a range when no tokenizer file is at hand."""

    exact: bool
    total: Interval80
    per_row_p50: float
    per_row_p95: float
    per_row_max: float
    how: str


@dataclass(frozen=True, slots=True)
class Audit:
    """Are these the right data, and good enough? rows = kept + dropped + quarantined."""

    train: str
    test: str | None
    rows: int
    usable: int
    dropped: int
    quarantined: int
    quarantine_file: str | None
    test_rows: int
    test_usable: int
    verdict: Literal["fit", "fit after fixes", "not fit", "too little to say"]
    reason: str
    findings: tuple[Finding, ...]
    not_checked: tuple[str, ...]
    classes: dict[str, int]
    test_classes: dict[str, int]
    words_histogram: tuple[tuple[int, int], ...]
    tokens: Tokens
    repair_price: Band
    currency: str
    format: str
    schema: str
    seconds: float

    @property
    def ok(self) -> bool:
        """True unless the data are not fit or too few."""
        return self.verdict in ("fit", "fit after fixes")

    def finding(self, check: str) -> Finding | None:
        """The finding of one check, if it found anything."""
        return next((finding for finding in self.findings if finding.check == check), None)


# estimate


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the bill; an unpriced line has no amount and says why."""

    name: str
    amount: Band | None
    share: float | None
    basis: str
    included: bool = True

    @property
    def priced(self) -> bool:
        """True when the line has an amount."""
        return self.amount is not None


@dataclass(frozen=True, slots=True)
class Driver:
    """One input and the share of the total's variance that it carries alone (first order)."""

    name: str
    share: float


@dataclass(frozen=True, slots=True)
class DefaultUsed:
    """A field that the project file leaves out, and what was taken instead."""

    field: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """What will it cost? All amounts over the whole loop of rounds, in `currency`."""

    currency: str
    lines: tuple[Line, ...]
    total: Band
    rounds: Band
    months: Band
    budget: float | None
    over_budget: float | None
    reached: float | None
    drivers: tuple[Driver, ...]
    defaults: tuple[DefaultUsed, ...]
    assumptions: tuple[str, ...]
    unpriced: tuple[str, ...]
    gpu: str
    gpu_count: int
    gpu_hours: Band
    usd_per_gpu_hour: Band
    price_dates: tuple[str, ...]
    price_book: str
    label_price: Band | None
    round_price: Band
    run_price: Band
    histogram: tuple[tuple[float, float], ...]
    draws: int
    seed: int
    based_on: str

    def line(self, name: str) -> Line | None:
        """The line of that name, if the bill has it."""
        return next((line for line in self.lines if line.name == name), None)


# pilot


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
    """Small real runs on nested, class-balanced subsets, one held-out test set for all."""

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

    @property
    def mean_scores(self) -> tuple[tuple[int, float], ...]:
        """(n, mean score over draws), rising in n, failed runs left out."""
        good = [run for run in self.runs if not run.failed and run.converged]
        sizes = sorted({run.n for run in good})
        return tuple((n, sum(r.score for r in good if r.n == n) / sum(r.n == n for r in good)) for n in sizes)


# forecast


@dataclass(frozen=True, slots=True)
class Point:
    """A measured point of a learning curve: mean score at n, over `draws` runs and `test_rows` items each."""

    n: int
    score: float
    draws: int = 1
    test_rows: int | None = None


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
    """Will more data do it? The verdict's words are those of docs/method.md."""

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

    @property
    def ok(self) -> bool:
        """False when the answer is no: above the ceiling, or not achievable."""
        return self.verdict not in ("above the ceiling", "not achievable within n_max")


# decide


@dataclass(frozen=True, slots=True)
class Option:
    """One lever: what it does, costs and is worth; `expected_value` = value part - cost part, in base currency."""

    lever: str
    action: str
    cost: Band | None
    first_step: str
    first_step_cost: Band | None
    p_reach: float | None
    expected_gain: float | None
    expected_cost: float | None
    expected_value: float | None
    arithmetic: str
    evidence: Literal["measured", "assumed", "none"]
    give_up: str = ""
    blocked: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What should the next dollar buy?"""

    advice: str
    action: str
    reason: str
    options: tuple[Option, ...]
    value_of_target: Band | None
    flips_at: str
    runner_up: str
    assumptions: tuple[str, ...]
    currency: str

    @property
    def best(self) -> Option | None:
        """The option the advice names."""
        return next((option for option in self.options if option.lever == self.advice), None)


# books


@dataclass(frozen=True, slots=True)
class Spending:
    """Money that was paid: one charge, as the user or a bill states it."""

    on: date
    category: str
    amount: Decimal
    currency: str
    amount_base: Decimal
    description: str = ""
    quantity: Decimal | None = None
    unit: str = ""
    source: str = "manual"
    supersedes: str = ""


@dataclass(frozen=True, slots=True)
class BookLine:
    """Plan against actual for one line."""

    name: str
    planned: Band | None
    spent: Decimal
    inside: bool | None
    entries: int


@dataclass(frozen=True, slots=True)
class Books:
    """What did it cost so far, and does the plan still hold?"""

    currency: str
    lines: tuple[BookLine, ...]
    planned: Band | None
    spent: Decimal
    budget: float | None
    left: Decimal | None
    over_budget: float | None
    entries: int
    superseded: int
    verified: bool
    note: str

    @property
    def ok(self) -> bool:
        """False when more was spent than the budget holds."""
        return self.left is None or self.left >= 0


# fit


@dataclass(frozen=True, slots=True)
class Fit:
    """Memory, time and price of one training run on one kind of GPU. GB is 10^9 bytes, GiB 2^30."""

    model: str
    method: str
    gpu: str
    gpu_count: int
    verdict: Literal["fits", "tight", "does not fit"]
    memory_gib: Interval80
    usable_gib: float
    memory_terms: tuple[tuple[str, float], ...]
    dominant: str
    train_tokens: float | None
    tokens_per_s: Interval80
    hours: Interval80 | None
    usd_per_gpu_hour: Interval80 | None
    usd: Interval80 | None
    price_dates: tuple[str, ...]
    remedies: tuple[str, ...]
    assumptions: tuple[str, ...]
    not_counted: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True unless it does not fit."""
        return self.verdict != "does not fit"


# report


@dataclass(frozen=True, slots=True)
class Report:
    """The files written, and the one line that answers."""

    answer: str
    html: str
    markdown: str
    json: str
    sections: tuple[str, ...] = field(default=())


RECORDS: dict[str, type] = {
    "define": Definition,
    "audit": Audit,
    "estimate": Estimate,
    "pilot": Pilot,
    "forecast": Forecast,
    "decide": Decision,
    "books": Books,
    "fit": Fit,
    "report": Report,
    "run": Run,
    "spend": Spending,
}


def to_json(record: Any) -> bytes:
    """A record as JSON, Decimals as text, non-finite floats as null."""
    import orjson

    return orjson.dumps(record, default=_plain)


def from_json(kind: type[T], body: Any) -> T:
    """A record back from the parsed JSON of `to_json`."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind).validate_python(body)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not part of a record")
