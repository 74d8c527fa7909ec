"""Why each row is dropped: the findings, row by row in the order of the file; and the rows that a finding joins."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence, Where
from tunecase.data.clean.numbering import numbers_of
from tunecase.data.rowsets import union, within
from tunecase.quantities import Array, Rows, np

MOST_OTHERS = 3  # how many rows are named that one row repeats or contradicts
RUN_ROWS = 8192  # dropped rows whose reasons are in memory at once
NONE = -1  # in place of a row


@dataclass(frozen=True, slots=True)
class Reason:
    """One finding about one row; `others` are the numbers of the rows it repeats, contradicts or leaks to.

    `text` says the same for a reader, with the beginning of the other text; `score` is 0 to 1 where rows are ranked.
    """

    check: str
    others: tuple[int, ...] = ()
    file: Where = "train"
    text: str = ""
    score: float | None = None
    suggested: str = ""


class Partners:
    """The rows that a finding joins a training row with, in the file that `where` names.

    A pair names the first row of a text; the others of the same text have the partners of that one. Of the pairs it
    keeps an order, 8 bytes for each row named.
    """

    def __init__(self, evidence: Evidence, defect: Defect) -> None:
        self.evidence, self.of_test = evidence, defect.where == "test"
        self.pairs = np.zeros((0, 2), np.int64) if defect.pairs is None else np.asarray(defect.pairs)
        self.ends = np.ascontiguousarray(self.pairs[:, 1]) if self.of_test else np.ascontiguousarray(self.pairs).ravel()
        self.order = np.argsort(self.ends, kind="stable")

    def of(self, rows: "Rows") -> "Rows":
        """At most three partners of each row in the order of the pairs, NONE where there is none; shape (rows, 3)."""
        if not len(self.pairs):
            return np.full((len(rows), MOST_OTHERS), NONE, np.int64)
        found = self._named(rows)
        for same in (self.evidence.same_raw, self.evidence.same_normal):
            alone = np.flatnonzero(found[:, 0] == NONE)
            found[alone] = self._named(same.of(rows[alone]))
        if not self.of_test:
            found[found == rows[:, np.newaxis]] = NONE
        return found

    def _named(self, rows: "Rows") -> "Rows":
        starts, stops = (np.searchsorted(self.ends, rows, side, sorter=self.order) for side in ("left", "right"))
        places = starts[:, np.newaxis] + np.arange(MOST_OTHERS)
        there = places < stops[:, np.newaxis]
        at = self.order[places[there]]
        found = np.full(places.shape, NONE, np.int64)
        found[there] = self.pairs[at, 0] if self.of_test else self.pairs[at // 2, 1 - at % 2]
        return found


def removed_rows(evidence: Evidence, defects: Sequence[Defect]) -> Iterator[tuple[int, list[Reason]]]:
    """Every row that is dropped, ascending, with every reason; memory is that of some thousand rows and of the pairs.

    Yields: the number of the row in the file, and its reasons in the order of the findings.
    """
    removing = [(each, union(each.removed), Partners(evidence, each)) for each in defects if len(each.removed)]
    rows = union(*(removed for _, removed, _ in removing))
    for start in range(0, len(rows), RUN_ROWS):
        yield from _explained(evidence, removing, rows[start : start + RUN_ROWS])


def _explained(
    evidence: Evidence, removing: "Sequence[tuple[Defect, Rows, Partners]]", rows: "Rows"
) -> Iterator[tuple[int, list[Reason]]]:
    reasons: list[list[Reason]] = [[] for _ in rows]
    for defect, removed, partners in removing:
        places = within(rows, removed).nonzero()[0]
        numbers = other_numbers(evidence, defect, partners.of(rows[places]))
        for place, others in zip(places.tolist(), numbers, strict=True):
            reasons[place].append(Reason(defect.check, others, defect.where))
    return zip(numbers_of(evidence.train, rows).tolist(), reasons, strict=True)


def other_numbers(evidence: Evidence, defect: Defect, others: "Rows") -> Iterator[tuple[int, ...]]:
    """The numbers of the partners of each row, as `Partners.of` gives them."""
    named = others != NONE
    numbers: Array = np.full(others.shape, NONE, np.int64)
    numbers[named] = numbers_of(evidence.split(defect.where), others[named])
    return (tuple(number for number in row if number != NONE) for row in numbers.tolist())
