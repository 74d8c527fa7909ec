"""Rows that hold keys and passwords."""

from typing import Literal

from tunecase.data import detectors
from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence


def secrets(evidence: Evidence) -> Defect | None:
    """Training rows with a key, a token, a private key or a password; examples are masked.

    Leaves out passwords in running text and random strings without a name before them.
    """
    return _secret(evidence, "train")


def secrets_test(evidence: Evidence) -> Defect | None:
    """Test rows with secrets, the same kinds."""
    return _secret(evidence, "test") if evidence.test is not None else None


def _secret(evidence: Evidence, where: Literal["train", "test"]) -> Defect | None:
    split = evidence.test if where == "test" else evidence.train
    assert split is not None
    rows, told = split.marked("secret", detectors.secrets.KINDS)
    if not len(rows):
        return None
    return Defect(
        check="secrets" if where == "train" else "secrets_test",
        severity="warn",
        why=f"keys or passwords stand in the rows: {told}",
        fix="revoke each at its maker first, then mask it; what a stolen key costs cannot be told",
        rows=rows,
        where=where,
        examples=tuple(split.example(int(row)) for row in rows[:3]),
        unpriced=True,
    )
