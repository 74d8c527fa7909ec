"""What the checks say, with the rows' numbers, the price of each fix and the check's own measured accuracy.

A finding that may be wrong stops a case only where the check was measured on text of this kind (see `weighed`).
"""

from collections.abc import Sequence

from tunecase import catalog
from tunecase.data.checks.columns import Split
from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence, Where
from tunecase.data.rowsets import union
from tunecase.prices import Basis, label_price, review_price
from tunecase.quantities import Band, Draws, band
from tunecase.records import Accuracy, Finding, Measured, Severity

FREE = Band(0.0, 0.0, 0.0, 0.0)
MOST_ROWS_SHOWN = 1000
WHERE: tuple[Where, ...] = ("train", "test")
SEVEREST_FIRST = ("stop", "warn", "note")


def findings(evidence: Evidence, defects: Sequence[Defect], basis: Basis) -> tuple[Finding, ...]:
    """Every defect as a finding, the most severe first."""
    priced = [_finding(evidence, defect, basis) for defect in defects]
    return tuple(sorted(priced, key=lambda finding: SEVEREST_FIRST.index(finding.severity)))


def weighed(severity: Severity, check: str, domain: str) -> Severity:
    """The severity of a finding: a guess that was not measured on this kind of text warns where it would stop.

    Example:
        >>> weighed("stop", "leak_exact", "code"), weighed("stop", "leak_translated", "code")
        ('stop', 'warn')
    """
    return "warn" if severity == "stop" and not catalog.may_stop(check, domain) else severity


def _finding(evidence: Evidence, defect: Defect, basis: Basis) -> Finding:
    split = evidence.split(defect.where)
    rows, lines = _shown(split, defect)
    count = len(defect.rows) if defect.count is None else defect.count
    return Finding(
        check=defect.check,
        severity=weighed(defect.severity, defect.check, evidence.domain),
        count=count,
        share=count / split.rows if defect.share is None else defect.share,
        rows=rows,
        lines=lines,
        why=defect.why,
        fix=defect.fix,
        price=_price(defect, basis),
        where=defect.where,
        pairs=_pairs(evidence, split, defect),
        examples=defect.examples,
        removed=len(defect.removed),
        scores=tuple(defect.scores[:MOST_ROWS_SHOWN].tolist()) if defect.scores is not None else (),
        suggested=defect.suggested[:MOST_ROWS_SHOWN],
        measured=Measured(*defect.measured) if defect.measured else None,
        accuracy=_accuracy(defect.check, evidence.domain),
        review_rows=defect.review_rows,
        figure=defect.figure,
        judged=defect.judged,
    )


def _shown(split: Split, defect: Defect) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if defect.bad:
        bad = split.bad_rows[:MOST_ROWS_SHOWN]
        return tuple(row.number for row in bad), tuple(row.line for row in bad)
    shown = defect.rows[:MOST_ROWS_SHOWN]
    return tuple(split.take("number", shown).tolist()), tuple(split.take("line", shown).tolist())


def _pairs(evidence: Evidence, split: Split, defect: Defect) -> tuple[tuple[int, int], ...]:
    """The row numbers of the first pairs: a row of the file concerned and a training row."""
    if defect.pairs is None:
        return ()
    some = defect.pairs[:MOST_ROWS_SHOWN]
    first, second = split.take("number", some[:, 0]), evidence.train.take("number", some[:, 1])
    return tuple(zip(first.tolist(), second.tolist(), strict=True))


def _accuracy(check: str, domain: str) -> Accuracy | None:
    row = catalog.check_accuracy(check, domain)
    return Accuracy(row.precision, row.recall, row.measured_on, row.date, domain, row.flags) if row else None


def _draws(defect: Defect, basis: Basis) -> "Draws | None":
    review = review_price(defect.review_rows, basis) if defect.review_rows else None
    if not defect.new_rows:
        return review
    labels = defect.new_rows * label_price(basis)
    return labels if review is None else review + labels


def _price(defect: Defect, basis: Basis) -> Band | None:
    if defect.unpriced:
        return None
    draws = _draws(defect, basis)
    return FREE if draws is None else band(draws)


def repair_price(defects: Sequence[Defect], basis: Basis) -> Band:
    """All priced fixes together, a row that two findings name read once; unpriced ones are named in theirs."""
    priced = [defect for defect in defects if not defect.unpriced]
    new_rows = sum(defect.new_rows for defect in priced)
    parts = [review_price(reviewed, basis)] if (reviewed := _reviewed_rows(priced)) else []
    parts += [new_rows * label_price(basis)] if new_rows else []
    return band(sum(parts[1:], parts[0])) if parts else FREE


def _reviewed_rows(defects: Sequence[Defect]) -> float:
    """How many rows somebody has to look at: each row once where findings want all of their rows looked at."""
    others, whole = 0.0, list[Defect]()
    for defect in defects:
        if defect.review_rows == len(defect.rows) and not defect.bad:
            whole.append(defect)
        else:
            others += defect.review_rows
    return others + sum(len(union(*(each.rows for each in whole if each.where == where))) for where in WHERE)
