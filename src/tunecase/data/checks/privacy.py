"""Rows that hold personal data, of the kinds that patterns and checksums can prove."""

from typing import Literal

from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence
from tunecase.data.detectors import personal


def pii(evidence: Evidence) -> Defect | None:
    """Training rows with an e-mail address, a phone, card, account or identity number, or a public IP address.

    Examples are masked. Leaves out names, street addresses and everything else that has no shape of its own.
    """
    return _personal(evidence, "train")


def pii_test(evidence: Evidence) -> Defect | None:
    """Test rows with personal data, the same kinds."""
    return _personal(evidence, "test") if evidence.test is not None else None


def _personal(evidence: Evidence, where: Literal["train", "test"]) -> Defect | None:
    split = evidence.test if where == "test" else evidence.train
    assert split is not None
    rows, told = split.marked("personal", personal.KINDS)
    if not len(rows):
        return None
    risk = "that a model can repeat" if where == "train" else "that whoever reads the test results will see"
    return Defect(
        check="pii" if where == "train" else "pii_test",
        severity="warn",
        why=f"personal data {risk}: {told}",
        fix="mask them, which a script can do; whether they may be used at all is a legal question, not priced",
        rows=rows,
        where=where,
        examples=tuple(split.example(int(row)) for row in rows[:3]),
    )
