"""What the price book holds: single prices, and the lowest, middle and highest of each tier."""

from dataclasses import dataclass

from tunecase.records.tabular import Tabular


@dataclass(frozen=True, slots=True)
class Price:
    """One price with where it is from and when; `amount` is its middle, in `currency` for one `unit`.

    `low` and `high` are the ends where the source gives a range; all three are None where no amount is known. `tier`,
    `terms` and `region` are empty where they do not apply. `stale` means older than 180 days.
    """

    kind: str
    item: str
    amount: float | None
    unit: str
    currency: str
    date: str
    source: str
    stale: bool = False
    provider: str = ""
    tier: str = ""
    terms: str = ""
    region: str = ""
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class PricesUpdated(Tabular):
    """A catalog taken over as a file of list prices: where it was written, what it holds, and of which day it is.

    `dated_by` says where the date is from. `in_use` is the file that the project reads its prices from, empty where it
    names none or there is no project; `is_in_use` says whether that is the file that was written.
    """

    file: str
    catalog: str
    provider: str
    prices: int
    cards: int
    date: str
    dated_by: str
    stale: bool
    project: str = ""
    in_use: str = ""
    is_in_use: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TierPrices:
    """The lowest, middle and highest price of a GPU hour in one tier, one minimum for each of `providers`."""

    gpu: str
    tier: str
    terms: str
    providers: int
    low: float
    middle: float
    high: float
    stale: int


@dataclass(frozen=True, slots=True)
class Prices(Tabular):
    """What the price book held on a day: the prices asked for, and the tiers of GPUs.

    `listed` says whether single prices were asked for; `held` counts all prices of the book, `stale` those asked for
    that are stale. `book` is the SHA-256 of the book, the user's own prices included.
    """

    currency: str
    today: str
    rows: tuple[Price, ...]
    tiers: tuple[TierPrices, ...]
    held: int
    stale: int
    book: str
    listed: bool
    notes: tuple[str, ...] = ()
