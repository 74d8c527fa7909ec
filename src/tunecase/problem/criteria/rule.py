"""A rule of a well-posed problem: what it is called, what it wants and on whose word, and how it judges."""

from dataclasses import dataclass, replace

from tunecase.quantities import Band
from tunecase.records import Criterion, Severity, Status


@dataclass(frozen=True, slots=True)
class Rule:
    """What every judgement of one rule has in common.

    Args:
        id: such as P8, by which the guides and the report name it.
        name: two to five words.
        wanted: what passes.
        source: whose rule it is.
        question: what it asks, as somebody who knows no machine learning would put it.
        closing: how an open question is answered, in a few words.
        severity: how much a failure weighs, unless the judgement says otherwise.
    """

    id: str
    name: str
    wanted: str
    source: str
    question: str
    closing: str
    severity: Severity = "warn"

    def weighing(self, severity: Severity) -> "Rule":
        """The same rule with another severity."""
        return replace(self, severity=severity)

    def wanting(self, words: str) -> "Rule":
        """The same rule, what it wants said in numbers."""
        return replace(self, wanted=words)

    def passed(self, got: str, reason: str) -> Criterion:
        """What was wanted is there."""
        return self._judged("pass", got, reason)

    def failed(self, got: str, reason: str, fix: str, price: Band | None = None) -> Criterion:
        """What was wanted is missing; `fix` says what to do and `price` what that costs."""
        return self._judged("fail", got, reason, fix, price)

    def unknown(self, reason: str, fix: str = "", price: Band | None = None, got: str = "-") -> Criterion:
        """What it takes to judge is missing."""
        return self._judged("unknown", got, reason, fix, price)

    def _judged(self, status: Status, got: str, reason: str, fix: str = "", price: Band | None = None) -> Criterion:
        return Criterion(
            self.id, self.name, status, self.severity, got, self.wanted, reason, fix, price, self.source
        )  # fmt: skip
