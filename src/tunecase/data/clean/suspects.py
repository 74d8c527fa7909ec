"""The rows that the findings want looked at, how suspicious each is, and what is found about the worst of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from tunecase import catalog
from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence
from tunecase.data.clean.reasons import NONE, Partners, Reason, other_numbers
from tunecase.data.rowsets import both, union, without
from tunecase.quantities import Floats, Rows, np

LEAST_NOTED = 50  # rows that notes may name where little else was found
TEMPLATE = 2.0  # rows named for each row to look at, above which a sample is enough
UNMEASURED_SUSPICION = 0.5


@dataclass(frozen=True, slots=True)
class Wanted:
    """The training rows that one finding wants looked at, in its order."""

    defect: Defect
    rows: "Rows"

    @property
    def places(self) -> "Rows":
        """The place of each row among those of the finding, NONE where it is not one of them; shape of `rows`."""
        own = self.defect.rows
        if self.defect.where == "test" or not len(own):
            return np.full(len(self.rows), NONE, np.int64)
        order = np.argsort(own, kind="stable")
        at = order[np.minimum(np.searchsorted(own, self.rows, sorter=order), len(own) - 1)]
        return np.where(own[at] == self.rows, at, NONE)


def wanted_rows(defects: Sequence[Defect], left_out: "Rows") -> list[Wanted]:
    """What each finding wants looked at, notes last.

    A finding wants rows looked at where it counts rows to review, or has a fix that cannot be priced. Of ranked rows
    only the first are taken, as many as it counts; likewise where it names far more rows than it wants looked at, since
    a template needs no more. Rows that only notes name are at most as many as the others, but a page of them is kept.

    Args:
        left_out: training rows that nobody has to look at, ascending.
    """
    found: list[Wanted] = []
    seen, room = union(), LEAST_NOTED
    for defect in sorted(defects, key=lambda defect: defect.severity == "note"):
        rows = _enough(defect, without(_wanted(defect), left_out))
        if defect.severity == "note":
            noted = without(rows, seen)[: max(room, 0)]
            rows = both(rows, union(seen, noted))
            room -= len(noted)
        seen = union(seen, rows)
        if defect.severity != "note":
            room = max(len(seen), LEAST_NOTED)
        found.append(Wanted(defect, rows))
    return found


def _wanted(defect: Defect) -> "Rows":
    """Training rows that a finding wants looked at, each once; those of a pair in the order of the pairs."""
    looked = defect.review_rows > 0 or (defect.unpriced and defect.where == "train")
    if not looked or defect.bad:
        return union()
    rows = defect.rows if defect.where == "train" else union()
    if defect.pairs is not None and not _is_ranked(defect):
        pairs = np.asarray(defect.pairs)
        sides = pairs[:, 1:] if defect.where == "test" else pairs
        rows = np.concatenate([sides.ravel(), rows])
    _, first = np.unique(rows, return_index=True)
    return rows[np.sort(first)]


def _enough(defect: Defect, rows: "Rows") -> "Rows":
    """As many of the rows as the finding wants looked at; all training rows where it is about test rows."""
    if defect.where == "test" or not defect.review_rows:
        return rows
    enough = defect.scores is not None or len(rows) > TEMPLATE * defect.review_rows
    return rows[: ceil(defect.review_rows)] if enough else rows


def _is_ranked(defect: Defect) -> bool:
    return defect.scores is not None and defect.where == "train"


def worst_first(wanted: Sequence[Wanted], domain: str) -> "tuple[Rows, Floats]":
    """All rows to look at, the most suspicious first and then in the order of the file, and their suspicion.

        suspicion = 1 - product over findings of (1 - s),   s a ranked row's score, else the check's measured precision

    Args:
        domain: the kind of text, by which precision is looked up.
    """
    rows = union(*(each.rows for each in wanted))
    clear = np.ones(len(rows))
    for each in wanted:
        clear[np.searchsorted(rows, each.rows)] *= 1 - _chances(each, domain)
    suspicion: Floats = 1 - clear
    order = np.argsort(-suspicion, kind="stable")
    return rows[order], suspicion[order]


def _chances(wanted: Wanted, domain: str) -> "Floats":
    accuracy, scores = catalog.check_accuracy(wanted.defect.check, domain), wanted.defect.scores
    chance = UNMEASURED_SUSPICION if accuracy is None or accuracy.precision is None else accuracy.precision
    if scores is None:
        return np.full(len(wanted.rows), chance)
    places = wanted.places
    return np.where(places == NONE, chance, scores[places] if len(scores) else chance)


def reasons_for(evidence: Evidence, wanted: Sequence[Wanted], rows: "Rows") -> dict[int, list[Reason]]:
    """Every reason to look at some rows, by row id, in the order of the findings.

    Args:
        rows: those that are handed out, ascending.
    """
    reasons: dict[int, list[Reason]] = {}
    words = _Words(evidence)
    for each in wanted:
        chosen = Wanted(each.defect, both(each.rows, rows))
        if not len(chosen.rows):
            continue
        others = Partners(evidence, each.defect).of(chosen.rows)
        numbers = other_numbers(evidence, each.defect, others)
        told = zip(chosen.rows.tolist(), chosen.places.tolist(), others.tolist(), numbers, strict=True)
        for row, place, partners, named in told:
            text = "" if _is_ranked(each.defect) else words.of(each.defect, partners, named)
            reasons.setdefault(row, []).append(_reason(each.defect, place, named, text))
    return reasons


def _reason(defect: Defect, place: int, others: tuple[int, ...], text: str) -> Reason:
    if place == NONE:
        return Reason(defect.check, others, defect.where, text)
    score = None if defect.scores is None else float(defect.scores[place])
    suggested = defect.suggested[place] if defect.suggested else ""
    return Reason(defect.check, others, defect.where, text, score, suggested)


class _Words:
    """A finding about a row in a few words; of a ranked row nothing is said, so that the reviewer is not led."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.known: dict[tuple[str, int], str] = {}

    def of(self, defect: Defect, others: list[int], numbers: tuple[int, ...]) -> str:
        name = defect.check.replace("_", " ")
        rows = [row for row in others if row != NONE]
        named = [self._row(defect, row, number) for row, number in zip(rows, numbers, strict=True)]
        return f"{name}: {'; '.join(named)}" if named else name

    def _row(self, defect: Defect, row: int, number: int) -> str:
        key = (defect.where, row)
        if key not in self.known:
            split, side = self.evidence.split(defect.where), "test row" if defect.where == "test" else "row"
            self.known[key] = f"{side} {number} “{split.example(row)}” → {split.label(row)}"
        return self.known[key]
