"""What was repaired: the cleaned copy and its review queue."""

from dataclasses import dataclass

from tunecase.quantities import Band
from tunecase.records.disclosure import Disclosure
from tunecase.records.tabular import Tabular


@dataclass(frozen=True, slots=True)
class Depth:
    """The queue read down to one depth: rows, hours and price."""

    rows: int
    hours: Band
    price: Band


@dataclass(frozen=True, slots=True)
class Written:
    """One file that was written: its name, what lies in it, how many rows, and the SHA-256 of its bytes."""

    name: str
    what: str
    rows: int | None
    sha256: str


@dataclass(frozen=True, slots=True)
class Cleaned(Tabular):
    """A cleaned copy of the training file: rows = kept + dropped + quarantined, the input never changed.

    `removed` counts dropped rows by check; a row that two checks drop counts in both. `deleted` rows are among the
    dropped: a reviewer took them out. `stale` corrections are of rows that have changed since; `unapplied` ones are of
    rows whose shape has no single answer. `queue_rows` wait for a person, the most suspicious of all;
    `unqueued` less suspicious ones are not handed out yet. `controls` are random rows among `review_rows`, drawn from
    those that were not handed out as suspicious. `disclosed` counts the rows of the queue that hold private data.
    `aside` is where an earlier folder with changes made by hand went.
    """

    folder: str
    train: str
    sha256: str
    rows: int
    kept: int
    dropped: int
    quarantined: int
    removed: dict[str, int]
    corrected: int
    deleted: int
    masked: int
    stale: int
    review_rows: int
    queue_rows: int
    controls: int
    depths: tuple[Depth, ...]
    currency: str
    files: tuple[Written, ...]
    verdict: str
    aside: str = ""
    ok: bool = True
    unapplied: int = 0
    unqueued: int = 0
    disclosed: Disclosure | None = None
