"""What a round of the project showed, and what changed with it."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from tunecase.quantities import Interval80
from tunecase.records.decide import Change, Decision
from tunecase.records.tabular import Tabular

Changed = Literal["label", "other_sources", "fine_tune", "clean", "tune", "bigger_model", "test_set"]


@dataclass(frozen=True, slots=True)
class Round(Tabular):
    """One round of collect, train, test as it was measured: training rows in all, the score, the one thing changed."""

    number: int
    n: int
    score: float
    test_rows: int | None
    changed: Changed
    on: date


@dataclass(frozen=True, slots=True)
class Next(Tabular):
    """After a round: what changed in belief, and what to do now.

    `told` are two sentences for the manager; `moved` has every answer that changed, before and now. `expected` is the
    80% interval in which the round's score was expected; None without a forecast.
    """

    told: tuple[str, str]
    round: Round | None
    expected: Interval80 | None
    moved: tuple[Change, ...]
    decision: Decision
    since: str

    @property
    def ok(self) -> bool:
        """False when the advice is to stop, or to mend something first.

        Example:
            >>> case.next().ok
            True
        """
        return self.decision.ok
