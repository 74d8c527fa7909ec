"""What every reader of charges shares: what the user says of them, what was found, mistakes, identities of rows."""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeVar

from tunecase.books.charges import rate_fix, rate_on
from tunecase.books.importers.cells import CellError, text_of
from tunecase.errors import InputError, Problem
from tunecase.project import Rate
from tunecase.quantities import counted, one_line
from tunecase.records import Run, Spending

MOST_SHOWN = 20
MOST_BOOKED = 100_000  # charges of one import: written in one go, they lie in memory together
MOST_ROW = 1_000_000  # characters
MOST_WORDS = 500  # characters of each text of a charge, as of a note
TEXTS = (
    "description", "unit", "provider", "service", "region", "sku", "resource", "run", "source_file", "instance",
)  # fmt: skip


class HourPrice(NamedTuple):
    """What an hour costs in the project's currency, where that comes from, and whether it is a guess."""

    amount: Decimal
    words: str
    guessed: bool = True


@dataclass(frozen=True, slots=True)
class SpendAsked:
    """What the user says of charges elsewhere.

    `currency` and `rates` are the project's. `tags` must all hold, `services` name the only services wanted, `since`
    and `until` the first and the last day. `category` takes the place of what the row says. `run_tags` name the tags
    that hold a run's name. `gpu` and `gpu_count` say what runs trained on where nothing recorded it, `on` the day of
    runs that have none. `gpu_hour` gives the price of a GPU's hour by its name, `person_hour` that of a role, None
    where there is none; `booked` the lines that are booked on a day; `piloted` the pilot's runs with the moments of
    their end. `on_read` is called with the bytes read and in all.
    """

    today: date
    currency: str
    rates: Sequence[Rate] = ()
    category: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    services: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    run_tags: tuple[str, ...] = ("tunecase_run", "run_id", "mlflow_run_id", "run")
    cost: Literal["billed", "effective"] = "billed"
    gpu: str = ""
    gpu_count: int = 0
    on: date | None = None
    experiment: str = ""
    gpu_hour: Callable[[str], HourPrice | None] = lambda _: None
    person_hour: Callable[[str], HourPrice | None] = lambda _: None
    booked: Callable[[date], Collection[str]] = lambda _: ()
    piloted: Callable[[], Sequence[tuple[datetime, Run]]] = tuple
    on_read: Callable[[int, int], None] | None = None

    def in_days(self, day: date) -> bool:
        """Whether a day lies in the days asked for."""
        return (self.since is None or day >= self.since) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Brought:
    """The charges of a place: rows read, rows that were not asked for, what became no charge and why, notes.

    `beside` are charges that were not asked for, of days of which some are booked: see `booked.compare`.
    """

    spendings: tuple[Spending, ...]
    rows: int
    filtered: int = 0
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    beside: tuple[Spending, ...] = ()


def shortened(brought: Brought) -> Brought:
    """The same with every text of a charge cut at 500 characters, and a note on how many charges that concerns.

    Identities were taken of the whole texts, so that a row is known again whatever it is cut to.
    """
    charges, beside = (tuple(map(_short, part)) for part in (brought.spendings, brought.beside))
    cut = sum(new is not old for new, old in zip(charges, brought.spendings, strict=True))
    notes = [f"{counted(cut, 'charge')} with texts of more than {MOST_WORDS} characters, which are cut"] if cut else []
    return replace(brought, spendings=charges, beside=beside, notes=(*brought.notes, *notes))


def _short(charge: Spending) -> Spending:
    cut: dict[str, Any] = {
        name: one_line(text, MOST_WORDS) for name in TEXTS if len(text := getattr(charge, name)) > MOST_WORDS
    }
    for name, pairs in (("tags", charge.tags), ("apart", charge.apart)):
        if any(len(word) > MOST_WORDS for pair in pairs.items() for word in pair):
            cut[name] = {one_line(key, MOST_WORDS): one_line(value, MOST_WORDS) for key, value in pairs.items()}
    return replace(charge, **cut) if cut else charge


T = TypeVar("T")


class Mistakes:
    """Problems as they are found: the first are kept, all are counted."""

    def __init__(self) -> None:
        self.kept: list[Problem] = []
        self.count = 0

    def add(self, where: str, got: str, wanted: str, fix: str) -> None:
        """One more problem."""
        self.count += 1
        if len(self.kept) < MOST_SHOWN:
            self.kept.append(Problem(where, got, wanted, fix))

    def read(self, where: str, cell: Any, value_of: Callable[[Any], T], wanted: str = "") -> T | None:
        """A cell as a value; None, and one more mistake, where it cannot be read."""
        try:
            return value_of(cell)
        except CellError as error:
            text = text_of(cell)
            shown = repr(one_line(text, 60)) if text else "nothing"
            self.add(where, shown, wanted or error.wanted, error.fix)
            return None

    def rate(self, where: str, asked: SpendAsked, code: str, day: date, got: str = "") -> Decimal | None:
        """The rate of a currency on a day; None, and one more mistake, where the project has none."""
        rate = rate_on(code, asked.currency, asked.rates, day)
        if rate is None:
            self.add(where, got or code, f"{asked.currency}, or a dated rate for {code}", rate_fix(code, day))
        return rate

    def refuse(self, place: str) -> None:
        """Raises InputError with what was kept, and says how many more there are; nothing where none was found."""
        if not self.count:
            return
        more = self.count - len(self.kept)
        if more:
            fix = "correct these first: the rest are often of the same kind"
            self.kept.append(Problem(place, f"{counted(more, 'more mistake')}", "none", fix))
        raise InputError(self.kept)


class Identities:
    """The identity of rows by their content; equal rows of one place are told apart by their occurrence."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.latest = ""  # the digest of the last row, without its number

    def of(self, content: Mapping[str, str]) -> str:
        """SHA-256 of a row's content, columns sorted, with its number among equal ones."""
        digest = self.latest = digest_of(content)
        self.seen[digest] += 1
        return digest_of({"row": digest, "occurrence": str(self.seen[digest])})


def digest_of(content: Mapping[str, str]) -> str:
    """SHA-256 of names and values, whatever their order."""
    text = "\x1e".join(f"{name}\x1f{content[name]}" for name in sorted(content))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
