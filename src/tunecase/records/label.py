"""Which rows to label next, and what that costs."""

from dataclasses import dataclass

from tunecase.quantities import Band


@dataclass(frozen=True, slots=True)
class NextLabel:
    """One row to label: its number in the pool from 0, its line from 1, the suggested label and why it was chosen."""

    row: int
    line: int
    text: str
    suggested: str | None
    chance: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Labelling:
    """A batch of rows to label next, the most informative first.

    `known` pool rows were left out as copies of training or test rows, `copies` as blank or copies of one another;
    `weighed` rows were compared. `minutes` are of all annotators together; `expects` says what such a choice saved
    where it was measured.
    """

    pool: str
    pool_rows: int
    asked: int
    rows: tuple[NextLabel, ...]
    known: int
    copies: int
    weighed: int
    probed: bool
    price: Band
    minutes: Band
    currency: str
    files: tuple[str, ...]
    expects: str

    @property
    def ok(self) -> bool:
        """True when there is a row to label."""
        return bool(self.rows)
