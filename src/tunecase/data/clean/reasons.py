"""Why each row is dropped or has to be reviewed: the findings, by row."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence, Where

if TYPE_CHECKING:
    from tunecase.data.arrays import Flags, Rows

MOST_OTHERS = 3  # how many rows are named that one row repeats or contradicts
LEAST_NOTED = 50  # rows that notes may name where little else was found
TEMPLATE = 2.0  # rows named for each row to look at, above which a sample is enough


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


def removed_rows(evidence: Evidence, defects: Sequence[Defect]) -> dict[int, list[Reason]]:
    """Every reason for which a row is dropped, by row number."""
    reasons: dict[int, list[Reason]] = {}
    for defect in defects:
        partners = _partners(evidence, defect, set(defect.removed.tolist()))
        for index in defect.removed.tolist():
            others = _numbers(evidence, defect, partners.get(index, []))
            reasons.setdefault(int(evidence.train.number[index]), []).append(Reason(defect.check, others, defect.where))
    return reasons


def rows_to_look_at(evidence: Evidence, defects: Sequence[Defect], without: "Flags") -> dict[int, list[Reason]]:
    """Every reason to look at a training row, by its index; `without` marks rows to leave out, shape (rows,).

    A finding wants rows looked at where it counts rows to review, or has a fix that cannot be priced. Of ranked rows
    only the first are taken, as many as it counts; likewise where it names far more rows than it wants looked at, since
    a template needs no more. Rows that only notes name are at most as many as the others, but a page of them is kept.
    """
    reasons: dict[int, list[Reason]] = {}
    room = LEAST_NOTED
    for defect in sorted(defects, key=lambda defect: defect.severity == "note"):
        rows = _enough(defect, [row for row in _wanted(defect) if not without[row]])
        if defect.severity == "note":
            noted = [row for row in rows if row not in reasons][: max(room, 0)]
            rows = [row for row in rows if row in reasons or row in set(noted)]
            room -= len(noted)
        else:
            room = max(len({*reasons, *rows}), LEAST_NOTED)
        partners = _partners(evidence, defect, set(rows))
        places = {row: place for place, row in enumerate(defect.rows.tolist())} if defect.where == "train" else {}
        for row in rows:
            reasons.setdefault(row, []).append(_reason(evidence, defect, partners.get(row, []), places.get(row)))
    return reasons


def _reason(evidence: Evidence, defect: Defect, others: Sequence[int], place: int | None) -> Reason:
    """Why to look at one row; `place` is its place among the rows of the finding, if it is one of them."""
    reason = Reason(defect.check, _numbers(evidence, defect, others), defect.where, _in_words(evidence, defect, others))
    if place is None:
        return reason
    return replace(
        reason,
        score=None if defect.scores is None else float(defect.scores[place]),
        suggested=defect.suggested[place] if defect.suggested else "",
    )


def _is_ranked(defect: Defect) -> bool:
    return defect.scores is not None and defect.where == "train"


def _wanted(defect: Defect) -> list[int]:
    """Training rows that a finding wants looked at; those of a pair in the order of the pairs."""
    looked = defect.review_rows > 0 or (defect.unpriced and defect.where == "train")
    if not looked or defect.bad:
        return []
    rows = defect.rows.tolist() if defect.where == "train" else []
    if defect.pairs is None or _is_ranked(defect):
        return rows
    sides = defect.pairs[:, 1:] if defect.where == "test" else defect.pairs
    return list(dict.fromkeys([*sides.ravel().tolist(), *rows]))


def _enough(defect: Defect, rows: list[int]) -> list[int]:
    """As many of the rows as the finding wants looked at; all training rows where it is about test rows."""
    if defect.where == "test" or not defect.review_rows:
        return rows
    enough = defect.scores is not None or len(rows) > TEMPLATE * defect.review_rows
    return rows[: ceil(defect.review_rows)] if enough else rows


def _partners(evidence: Evidence, defect: Defect, wanted: set[int]) -> dict[int, list[int]]:
    """By training row, the rows that a finding joins it with, in the file that `where` names; at most three each."""
    if defect.pairs is None or not wanted:
        return {}
    joined = _joined(defect.pairs, defect.where)
    first_normal, first_raw = evidence.first_normal, evidence.first_raw
    partners = {}
    for row in wanted:
        # A pair names the first row of a text; the others of the same text go for the same reason.
        same_text = (row, int(first_raw[row]), int(first_normal[row]))
        others = next((joined[named] for named in same_text if named in joined), None)
        if others is not None:
            partners[row] = [other for other in others if defect.where == "test" or other != row]
    return partners


def _joined(pairs: "Rows", where: Where) -> dict[int, list[int]]:
    joined: dict[int, list[int]] = {}
    for first, second in pairs.tolist():
        for row, partner in ((second, first),) if where == "test" else ((first, second), (second, first)):
            partners = joined.setdefault(row, [])
            if len(partners) < MOST_OTHERS:
                partners.append(partner)
    return joined


def _numbers(evidence: Evidence, defect: Defect, others: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(evidence.split(defect.where).number[other]) for other in others)


def _in_words(evidence: Evidence, defect: Defect, others: Sequence[int]) -> str:
    """The finding in a few words; none for a ranked row, so that the reviewer is not led."""
    if _is_ranked(defect):
        return ""
    split = evidence.split(defect.where)
    name = defect.check.replace("_", " ")
    side = "test row" if defect.where == "test" else "row"
    named = [f"{side} {int(split.number[o])} “{split.example(o)}” → {split.label(o)}" for o in others]
    return f"{name}: {'; '.join(named)}" if named else name
