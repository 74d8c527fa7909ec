"""What people said of the rows they looked at."""

from dataclasses import dataclass

from tunecase.quantities import Interval80
from tunecase.records.checked import Minutes
from tunecase.records.tabular import Tabular


@dataclass(frozen=True, slots=True)
class DepthReviewed:
    """Rows of the queue reviewed down to a depth, and how many of them were wrong."""

    depth: int
    rows: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Reviews(Tabular):
    """What people said of the rows they looked at.

    `rows` were judged right, wrong or to be deleted; `unsure` rows and `disputed` ones, on which reviewers disagree,
    changed nothing. `error_rate` is that of the random control rows, which stand for all rows outside the queue;
    `remaining` are wrong answers that nobody has looked at yet, in the queue and outside; `minutes` is the time of one
    review by the reviewer's own clock. Each is None where too little is known. `agreement` is the share of rows with
    two reviewers on which they agree.
    """

    source: str
    format: str
    train: str
    rows: int
    wrong: int
    corrected: int
    deleted: int
    unsure: int
    disputed: tuple[int, ...]
    depths: tuple[DepthReviewed, ...]
    controls: int
    controls_wrong: int
    error_rate: Interval80 | None
    remaining: Interval80 | None
    timed: int
    minutes: Minutes | None
    reviewers: int
    twice: int
    agreement: Interval80 | None
    corrections_file: str
    corrections: int
    notes: tuple[str, ...] = ()
