"""What audit found: the data judged."""

from dataclasses import dataclass, field
from typing import Literal

from tunecase.quantities import Band, Interval80
from tunecase.records.tabular import Tabular

STANDARD_INPUT = "standard input"  # as rows that are piped in are named
Severity = Literal["stop", "warn", "note"]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a check worked out besides a count, with an 80% range."""

    name: str
    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often a check is right on one kind of text; None where it was not measured.

    `flags` is how many of its findings on natural text were judged, None where the defects were planted; `domain` the
    kind of text.
    """

    precision: float | None
    recall: float | None
    on: str
    date: str
    domain: str = ""
    flags: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of defect: how many, where, why it matters, how to mend it and at what price.

    `rows` are row numbers of the training file (of the test file where `where` says so), from 0, at most 1,000;
    `lines` are the matching line numbers from 1. `pairs` holds (row, other row) where a finding joins two rows.
    `scores` say how suspicious each of `rows` is, 0 to 1, where rows are ranked; `suggested` are answers for them.
    `removed` is how many usable rows the fix drops, `review_rows` how many rows a person has to look at. `figure` says
    in words what was found where `count` and `share` are of no rows, as in "AUC 0.65". `judged` is of how many rows
    `count` and `share` are, where not all were judged.
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
    scores: tuple[float, ...] = ()
    suggested: tuple[str, ...] = ()
    measured: Measured | None = None
    accuracy: Accuracy | None = None
    review_rows: float = 0.0
    figure: str = ""
    judged: int | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token counts of the usable rows; exact, or a range when rows were sampled or no tokenizer file is at hand.

    `useful_share` is the share of tokens that training learns, by `loss_on`; `answer_share` that of each row's last
    answer. `over_rows` are
    longer than `limit_tokens` and lose the end of their answer; `lost_answers` of them lose all of it. `cut_tokens` are
    cut off in all. `template_tokens` is what the chat template adds to a row. `histogram` holds (tokens from, rows).
    None is unknown.
    """

    exact: bool
    total: Interval80
    per_row_p50: float
    per_row_p95: float
    per_row_max: float
    how: str
    useful_share: float | None = None
    limit_tokens: int | None = None
    over_rows: int | None = None
    lost_answers: int | None = None
    cut_tokens: float = 0.0
    template_tokens: int | None = None
    histogram: tuple[tuple[int, int], ...] = ()
    answer_share: float | None = None
    loss_on: Literal["answers", "last_answer", "everything"] = "answers"


@dataclass(frozen=True, slots=True)
class Cluster:
    """Rows that say the same: how many, how alike the least alike are, their first row numbers, one masked example."""

    size: int
    kind: Literal["raw", "normalised", "near"]
    rows: tuple[int, ...]
    example: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the work: what it took, and the rows or pairs that went in and came out.

    `cpu_seconds` are those of its tasks, `peak_mb` is the most that the process of one of them ever held; `taken_up`
    tasks of `tasks` were done by an earlier audit that was interrupted.
    """

    name: str
    seconds: float
    cpu_seconds: float
    peak_mb: float
    tasks: int
    taken_up: int
    rows_in: int
    rows_out: int


@dataclass(frozen=True, slots=True)
class Audit(Tabular):
    """Are these the right data, and good enough? rows = usable + dropped + quarantined.

    `dropped` training rows the free fixes would delete; `dropped_rows` are their numbers from 0. Where they are many
    they stand in `dropped_file` instead, told by its digest: with a project for more than 1,000 rows, packed and named
    from its folder; without one for more than 100,000, as text with a number a line. `effective` is how many clean
    rows teach as much as the usable ones. `notes` are remarks on how the file was read; `normaliser`
    is the version of the rule by which texts count as the same. `domain` is the kind of text, by which the accuracy of
    the checks is known; "" where it is not known.
    """

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
    dropped_rows: tuple[int, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    clustered_rows: int = 0
    production_shares: dict[str, float] = field(default_factory=dict)
    effective: Interval80 | None = None
    notes: tuple[str, ...] = ()
    normaliser: int = 0
    domain: str = ""
    stages: tuple[Stage, ...] = ()
    dropped_file: str | None = None
    dropped_sha256: str = ""

    @property
    def ok(self) -> bool:
        """True unless the data are not fit or too few.

        Example:
            >>> audit.verdict, audit.ok
            ('fit after fixes', True)
        """
        return self.verdict in ("fit", "fit after fixes")

    @property
    def answer_tokens(self) -> tuple[float, float] | None:
        """Mean tokens of a question and of its answer, a chat's last; None where they were not told apart.

        Example:
            >>> audit.answer_tokens is None  # they are told apart where a tokenizer counts them
            True
        """
        if self.tokens is None or self.tokens.useful_share is None or not self.usable:
            return None
        each, share = self.tokens.total.mid / self.usable, self.tokens.answer_share
        share = self.tokens.useful_share if share is None else share
        return each * (1 - share), each * share

    def finding(self, check: str) -> Finding | None:
        """The finding of one check, if it found anything.

        Example:
            >>> audit.finding("leak_exact").count, audit.finding("no_such_check")
            (6, None)
        """
        return next((finding for finding in self.findings if finding.check == check), None)
