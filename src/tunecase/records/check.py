"""What check found: what moved since a case was priced, and whether its advice still holds."""

from dataclasses import dataclass
from datetime import date

from tunecase.records.tabular import Tabular


@dataclass(frozen=True, slots=True)
class Shift:
    """One figure then and now, in `unit`; None where it was not known."""

    name: str
    before: float | None
    now: float | None
    unit: str

    @property
    def factor(self) -> float | None:
        """The figure now over the figure then; None where either is not known or nothing.

        Example:
            >>> Shift("L40S", 0.80, 1.00, "USD").factor
            1.25
        """
        return self.now / self.before if self.before and self.now is not None else None


@dataclass(frozen=True, slots=True)
class Check(Tabular):
    """An old case against the prices, retirements and exchange rates of another day.

    `since` is the day of the last estimate, `book_before` the first digits of the price book that it rests on, `total`
    its P80. `prices`, `lines` and `rates` hold what moved; `ended` what has ended or will within the horizon. `broken`
    says why the advice no longer holds, empty where it does; `notes` what else changed, or could not be checked.
    """

    since: date
    today: date
    currency: str
    book_before: str
    book_now: str
    advice_before: str
    advice_now: str
    total: Shift
    prices: tuple[Shift, ...] = ()
    lines: tuple[Shift, ...] = ()
    rates: tuple[Shift, ...] = ()
    ended: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the advice still holds.

        Example:
            >>> case.check().ok
            True
        """
        return not self.broken
