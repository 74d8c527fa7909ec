"""Rows that hold personal data, of the kinds that patterns and checksums can prove, and rows with keys or passwords."""

from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence, Where
from tunecase.data.detectors import personal
from tunecase.data.detectors import secrets as keys

MASK = "mask them, which a script can do; whether they may be used at all is a legal question, not priced"
REVOKE = "revoke each at its maker first, then mask it; what a stolen key costs cannot be told"


def pii(evidence: Evidence) -> Defect | None:
    """Training rows with an e-mail address, a phone, card, account or identity number, or a public IP address.

    Examples are masked. Leaves out names, street addresses and everything else that has no shape of its own.
    """
    return _personal(evidence, "pii", "train", "that a model can repeat")


def pii_test(evidence: Evidence) -> Defect | None:
    """Test rows with personal data, the same kinds."""
    return _personal(evidence, "pii_test", "test", "that whoever reads the test results will see")


def secrets(evidence: Evidence) -> Defect | None:
    """Training rows with a key, a token, a private key or a password; examples are masked.

    Leaves out passwords in running text and random strings without a name before them.
    """
    return _secret(evidence, "secrets", "train")


def secrets_test(evidence: Evidence) -> Defect | None:
    """Test rows with secrets, the same kinds."""
    return _secret(evidence, "secrets_test", "test")


def _personal(evidence: Evidence, check: str, where: Where, risk: str) -> Defect | None:
    why = f"personal data {risk}"
    return _marked(evidence, "personal", personal.KINDS, Defect(check, "warn", why, MASK, where=where))


def _secret(evidence: Evidence, check: str, where: Where) -> Defect | None:
    why = "keys or passwords stand in the rows"
    return _marked(evidence, "secret", keys.KINDS, Defect(check, "warn", why, REVOKE, where=where, unpriced=True))


def _marked(evidence: Evidence, mark: str, kinds: tuple[str, ...], defect: Defect) -> Defect | None:
    """The defect with the rows that are marked and how many of each kind; None without any."""
    if defect.where == "test" and evidence.test is None:
        return None
    split = evidence.split(defect.where)
    defect.rows, counts = split.marked(mark, kinds)
    defect.why += f": {counts}"
    defect.examples = tuple(map(split.example, defect.rows[:3].tolist()))
    return defect if len(defect.rows) else None
