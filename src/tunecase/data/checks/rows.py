"""Rows that cannot be read and rows that say nothing."""

from collections import Counter
from typing import TYPE_CHECKING

from tunecase.data.checks.columns import NO_TEXT, Split
from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCKING_BAD_SHARE = 0.5
WARN_BAD_SHARE = 0.01


def format_train(evidence: Evidence) -> Defect | None:
    """Training rows that cannot be read: broken lines, missing columns, wrong roles."""
    split = evidence.train
    if not split.bad:
        return None
    share = split.bad / split.rows
    return Defect(
        check="format",
        severity="stop" if share > BLOCKING_BAD_SHARE else "warn" if share >= WARN_BAD_SHARE else "note",
        why=f"these rows cannot be read and take no part: {_reasons(split)}",
        fix="they are set aside; correct them in the quarantine file where the data are scarce",
        count=split.bad,
        share=share,
        bad=True,
    )


def format_test(evidence: Evidence) -> Defect | None:
    """Test rows that cannot be read."""
    split = evidence.test
    if split is None or not split.bad:
        return None
    return Defect(
        check="format_test",
        severity="warn",
        why=f"these test rows cannot be read, and the test is smaller by them: {_reasons(split)}",
        fix="correct them in the test file; what that takes is not known",
        where="test",
        count=split.bad,
        share=split.bad / split.rows,
        unpriced=True,
        bad=True,
    )


def _reasons(split: Split) -> str:
    counts = Counter(row.reason for row in split.bad_rows).most_common(3)
    return "; ".join(f"{reason} ({count})" for reason, count in counts)


def empty(evidence: Evidence) -> Defect | None:
    """Training rows with a blank input or a blank answer."""
    rows = _blank(evidence.train)
    if not len(rows):
        return None
    return Defect(
        check="empty",
        severity="warn",
        why="a row without an input or without an answer teaches nothing, or teaches to answer nothing",
        fix="delete them",
        rows=rows,
        removed=rows,
    )


def empty_test(evidence: Evidence) -> Defect | None:
    """Test rows with a blank input or a blank answer."""
    if evidence.test is None or not len(rows := _blank(evidence.test)):
        return None
    return Defect(
        check="empty_test",
        severity="warn",
        why="a blank test row measures nothing",
        fix="delete them from the test file",
        rows=rows,
        where="test",
    )


def _blank(split: Split) -> "NDArray[np.int64]":
    import numpy as np

    blank = split.raw == NO_TEXT
    return np.flatnonzero(blank | (split.answer == NO_TEXT) if split.labelled else blank)
