"""Why each row goes or wants a look, row by row: the findings turned round."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Literal

from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_OTHERS = 3  # rows named that one row repeats or contradicts
TEMPLATE = 2.0  # rows for each row to look at, from which on a sample is enough


@dataclass(frozen=True, slots=True)
class Reason:
    """One finding about one row; `others` are the numbers of the rows it repeats, contradicts or leaks to.

    `told` says the same for a reader, with the beginning of the other text; `score` is 0 to 1 where rows are ranked.
    """

    check: str
    others: tuple[int, ...] = ()
    file: Literal["train", "test"] = "train"
    told: str = ""
    score: float | None = None
    suggested: str = ""


def removed_rows(evidence: Evidence, defects: Sequence[Defect]) -> dict[int, list[Reason]]:
    """Row number to every reason for which the row is dropped."""
    found: dict[int, list[Reason]] = {}
    for defect in defects:
        partners = _partners(evidence, defect, {int(index) for index in defect.removed})
        for index in defect.removed.tolist():
            others = partners.get(index, [])
            number = int(evidence.train.number[index])
            found.setdefault(number, []).append(Reason(defect.check, _numbers(evidence, defect, others), defect.where))
    return found


def rows_to_look_at(
    evidence: Evidence, defects: Sequence[Defect], without: "NDArray[np.bool_]"
) -> dict[int, list[Reason]]:
    """Index of a training row to every reason to look at it; `without` marks rows that are left out, shape (rows,).

    A finding wants a look where it counts rows to review, or has a fix that cannot be priced. Of ranked rows the first
    are taken, as many as it counts; so they are where it wants far fewer rows looked at than it names: a template needs
    no more.
    """
    found: dict[int, list[Reason]] = {}
    for defect in defects:
        rows = [row for row in _wanted(defect) if not without[row]]
        enough = defect.scores is not None or len(rows) > TEMPLATE * defect.review_rows
        if defect.where != "test" and defect.review_rows and enough:
            rows = rows[: ceil(defect.review_rows)]
        partners = _partners(evidence, defect, set(rows))
        at = {int(row): place for place, row in enumerate(defect.rows)} if defect.where == "train" else {}
        for row in rows:
            others = partners.get(row, [])
            place = at.get(row)
            ranked = defect.scores is not None and place is not None
            found.setdefault(row, []).append(
                Reason(
                    check=defect.check,
                    others=_numbers(evidence, defect, others),
                    file=defect.where,
                    told=_told(evidence, defect, others),
                    score=float(defect.scores[place]) if ranked and defect.scores is not None else None,
                    suggested=defect.suggested[place] if defect.suggested and place is not None else "",
                )
            )
    return found


def _wanted(defect: Defect) -> Iterator[int]:
    """Training rows that a finding wants looked at; those of a pair in the order of the pairs."""
    looked = defect.review_rows > 0 or (defect.unpriced and defect.where == "train")
    if not looked or defect.bad:
        return
    if defect.pairs is None or (defect.scores is not None and defect.where == "train"):
        yield from defect.rows.tolist() if defect.where == "train" else ()
        return
    sides = defect.pairs[:, 1:] if defect.where == "test" else defect.pairs
    told = dict.fromkeys(sides.ravel().tolist())
    yield from told
    if defect.where == "train":
        yield from (row for row in defect.rows.tolist() if row not in told)


def _partners(evidence: Evidence, defect: Defect, wanted: set[int]) -> dict[int, list[int]]:
    """Training row to the rows that a finding joins it with, of the file that `where` names; at most three each."""
    if defect.pairs is None or not wanted:
        return {}
    joined: dict[int, list[int]] = {}
    for one, other in defect.pairs.tolist():
        ends = ((other, one),) if defect.where == "test" else ((one, other), (other, one))
        for row, partner in ends:
            known = joined.setdefault(row, [])
            if len(known) < MOST_OTHERS:
                known.append(partner)
    first_normal, first_raw = evidence.first_normal, evidence.first_raw
    result = {}
    for row in wanted:
        # A pair names the first row of a text; the others of the same text go for the same reason.
        for known_as in (row, int(first_raw[row]), int(first_normal[row])):
            if others := joined.get(known_as):
                result[row] = [other for other in others if defect.where == "test" or other != row]
                break
    return result


def _numbers(evidence: Evidence, defect: Defect, others: Sequence[int]) -> tuple[int, ...]:
    split = evidence.test if defect.where == "test" else evidence.train
    return tuple(int(split.number[other]) for other in others) if split is not None else ()


def _told(evidence: Evidence, defect: Defect, others: Sequence[int]) -> str:
    """The finding in a few words; a ranked row says nothing, so that the reviewer is not led."""
    split = evidence.test if defect.where == "test" else evidence.train
    if (defect.scores is not None and defect.where == "train") or split is None:
        return ""
    name = defect.check.replace("_", " ")
    side = "test row" if defect.where == "test" else "row"
    named = [f"{side} {int(split.number[o])} “{split.example(o)}” → {split.label(o)}" for o in others]
    return f"{name}: {'; '.join(named)}" if named else name
