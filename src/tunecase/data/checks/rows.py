"""Rows that cannot be read and rows that are empty."""

from collections import Counter

from tunecase.data.checks.columns import NO_TEXT, Split
from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence
from tunecase.quantities import Array, Flags, Rows
from tunecase.records import Severity

BLOCKING_BAD_SHARE = 0.5
WARN_BAD_SHARE = 0.01


def format_train(evidence: Evidence) -> Defect | None:
    """Training rows that cannot be read: broken lines, missing columns, wrong roles."""
    split = evidence.train
    share = split.bad / max(split.rows, 1)
    stops = share > BLOCKING_BAD_SHARE or split.end is not None
    severity: Severity = "stop" if stops else "warn" if share >= WARN_BAD_SHARE else "note"
    why = "these rows cannot be read and take no part"
    fix = "they are set aside; correct them in the quarantine file where the data are scarce"
    return _bad(split, Defect("format", severity, why, fix))


def format_test(evidence: Evidence) -> Defect | None:
    """Test rows that cannot be read."""
    why = "these test rows cannot be read, and the test is smaller by them"
    fix = "correct them in the test file; what that takes is not known"
    return _bad(evidence.test, Defect("format_test", "warn", why, fix, where="test", unpriced=True))


def _bad(split: Split | None, defect: Defect) -> Defect | None:
    if split is None or not split.bad:
        return None
    reasons = Counter(row.reason for row in split.bad_rows).most_common(3)
    defect.why += f": {'; '.join(f'{reason} ({count})' for reason, count in reasons)}"
    defect.bad, defect.count, defect.share = True, split.bad, split.bad / split.rows
    return defect


def empty(evidence: Evidence) -> Defect | None:
    """Training rows with a blank input or a blank answer."""
    rows = _blank(evidence.train)
    why = "a row without an input or without an answer teaches nothing, or teaches to answer nothing"
    return Defect("empty", "warn", why, "delete them", rows=rows, removed=rows) if len(rows) else None


def empty_test(evidence: Evidence) -> Defect | None:
    """Test rows with a blank input or a blank answer."""
    if evidence.test is None or not len(rows := _blank(evidence.test)):
        return None
    fix = "delete them from the test file"
    return Defect("empty_test", "warn", "a blank test row measures nothing", fix, rows=rows, where="test")


def _blank(split: Split) -> "Rows":
    def is_blank(columns: "dict[str, Array]") -> "Flags":
        blank: Flags = columns["raw"] == NO_TEXT
        return blank | (columns["target"] & (columns["answer"] == NO_TEXT)) if split.labelled else blank

    return split.where(["raw", "target", "answer"], is_blank)
