"""What a check says: one kind of defect with every row it concerns, before prices and lines are added."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tunecase.quantities import Floats, Rows, np
from tunecase.records import Severity

if TYPE_CHECKING:
    from tunecase.data.checks.links import LinkedPairs


def _no_rows() -> "Rows":
    return np.zeros(0, np.int64)


@dataclass(slots=True)
class Defect:
    """One kind of defect; rows and removed are indices into the columns of a Split.

    Args:
        rows: the rows concerned, of the file that `where` names.
        removed: rows of the training file that the fix deletes.
        pairs: (row, other row), shape (pairs, 2); the other is of the training file.
        count: how often it occurs, where that is not the number of rows.
        share: of all rows of the file, where that is not count / rows.
        review_rows: rows somebody has to look at; new_rows: rows somebody has to label anew. Both zero: a free fix.
        unpriced: True where the fix has a cost that cannot be told.
        bad: the rows concerned are bad rows, by number and line, and no columns hold them.
        scores: how suspicious each of `rows` is, 0 to 1, shape (rows,), where rows are ranked, the worst first.
        suggested: an answer for each of `rows`, where the check has one.
        figure: what was found, in words, where count and share are of no rows.
        judged: of how many rows `count` is, where not all were judged.
        measured: what the check worked out besides a count: (its name, low, middle, high) with an 80% range.
    """

    check: str
    severity: Severity
    why: str
    fix: str
    rows: "Rows" = field(default_factory=_no_rows)
    removed: "Rows" = field(default_factory=_no_rows)
    pairs: "Rows | LinkedPairs | None" = None
    where: Literal["train", "test"] = "train"
    count: int | None = None
    share: float | None = None
    examples: tuple[str, ...] = ()
    review_rows: float = 0.0
    new_rows: float = 0.0
    unpriced: bool = False
    bad: bool = False
    scores: "Floats | None" = None
    suggested: tuple[str, ...] = ()
    measured: tuple[str, float, float, float] | None = None
    figure: str = ""
    judged: int | None = None


@dataclass(frozen=True, slots=True)
class NotChecked:
    """What a check could not judge, and why: one line for people, which begins with what was not checked."""

    what: str
