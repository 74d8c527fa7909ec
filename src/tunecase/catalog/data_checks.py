"""The data checks: what each finds, whether it may be wrong, and how often it was right on each kind of text."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from tunecase.catalog.reading import table
from tunecase.quantities import wilson

LEAST_FLAGS = 100  # on natural text, before a guess may stop a case
LEAST_PRECISION, CONFIDENCE = 0.9, 0.9  # what the lower end of the Wilson interval must reach


@dataclass(frozen=True, slots=True)
class DataCheck:
    """One data check: what it finds and what to do about it, in plain words.

    `kind` is "fact" where a finding is true by definition, such as equal rows, and "guess" where it may be wrong.
    """

    check: str
    name: str
    action: str
    kind: str
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class CheckAccuracy:
    """How often one check was right on one kind of text (a domain of `data/domains.py`).

    `flags` is how many of its findings on natural text were judged, and `true` how many of them were right; None where
    its defects were planted. `precision` and `recall` are shares from 0 to 1, None where they were not measured.
    """

    check: str
    domain: str
    flags: int | None
    true: int | None
    precision: float | None
    recall: float | None
    measured_on: str
    source: str
    date: str

    @property
    def may_stop(self) -> bool:
        """Whether the check is right often enough on this kind of text to stop a case.

        Wilson's 90% interval of true / flags must begin at .90 or above, with at least 100 flags on natural text.
        """
        if self.flags is None or self.true is None or self.flags < LEAST_FLAGS:
            return False
        return wilson(self.true, self.flags, CONFIDENCE)[0] >= LEAST_PRECISION


def checks() -> tuple[DataCheck, ...]:
    """Every data check, with its plain name."""
    return table("checks", DataCheck)


@cache
def _accuracies() -> Mapping[tuple[str, str], CheckAccuracy]:
    return {(row.check, row.domain): row for row in table("check_accuracy", CheckAccuracy)}


def check_accuracy(check: str, domain: str) -> CheckAccuracy | None:
    """How often a check was right on a kind of text; None where nobody measured it there."""
    return _accuracies().get((check, domain))


def is_guess(check: str) -> bool:
    """Whether the findings of a check may be wrong; those of an unknown check may."""
    return next((row.kind for row in checks() if row.check == check), "guess") == "guess"


def may_stop(check: str, domain: str) -> bool:
    """Whether a finding of this check may stop a case of this kind of text: a fact may, a guess only where measured.

    Args:
        check: the name of the check.
        domain: the kind of text; "" where it is not known, and then no guess may stop.
    Example:
        >>> may_stop("leak_exact", ""), may_stop("leak_rephrased", "")
        (True, False)
    """
    if not is_guess(check):
        return True
    accuracy = check_accuracy(check, domain)
    return accuracy is not None and accuracy.may_stop
