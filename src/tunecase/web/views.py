"""What the app's pages show: the cases of a folder, and one case with its pilot, plain values that any page draws."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tunecase.blocks import Page
from tunecase.flow import Glance
from tunecase.quantities import spelled
from tunecase.records import Approvals, Books, Charges

Tab = Literal["answer", "money", "data", "pilot", "books", "what-if"]
# The fields of each form, by its name; a mistake of another name stands above the form.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "charge": ("amount", "currency", "line", "on", "note"),
    "bill": ("bill",),
    "approve": ("amount", "by", "until", "note"),
    "pilot": ("trainer", "max_minutes", "max_usd"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow(Glance):
    """A glance at one case of the folder: `key` stands in its address, `place` is its folder below the shelf's."""

    key: str
    place: str = ""
    is_running: bool = False


@dataclass(frozen=True, slots=True)
class Shelf:
    """The cases of a folder, in the order of their names; `left_out` says what of the folder was not looked at."""

    folder: str
    cases: tuple[CaseRow, ...]
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class LiveRun:
    """A finished run of the pilot: its training rows, score [metric units], seconds, dollars, learner and failure."""

    key: str
    rows: int
    score: float | None
    seconds: float
    usd: float
    learner: str
    draw: int
    failed: str = ""


@dataclass(frozen=True, slots=True)
class PilotState:
    """The pilot as it stands, from the ledger and, while one runs that was started here, from what it tells.

    `planned`, `left_s` and `cap_usd` are None where they are not known. `said` is one sentence for people. `id` changes
    whenever anything else does.
    """

    id: str
    is_running: bool
    can_stop: bool
    runs: tuple[LiveRun, ...]
    planned: int | None
    left_s: float | None
    spent_usd: float
    cap_usd: float | None
    metric: str
    target: float | None
    said: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case: the content of its report page, its pilot, its books; `faults` say what could not be worked out.

    `page` is None where the answer cannot be drawn yet; the other tabs work all the same. `comes_at` is the address at
    which the page comes that is being worked out anew, while `page` is the last one; empty where that one still holds.
    `place` is the folder of the case below the one that is served. `has_rows` is False of a plan whose project file
    names no training rows.
    """

    key: str
    name: str
    currency: str
    lines: tuple[str, ...]
    page: Page | None
    pilot: PilotState
    books: Books | None
    charges: Charges | None
    approvals: Approvals | None
    faults: tuple[str, ...] = ()
    comes_at: str = ""
    place: str = ""
    has_rows: bool = True


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it is drawn: empty, or as it came back with what was typed, what is wrong with it and what was done.

    `form` is one of FIELDS; `typed` and `mistakes` are by the names of its fields, a mistake of another name stands
    above it. `confirm` holds what a bill would book, in sentences, and `held` the name under which the server keeps it
    until it is confirmed.
    """

    form: str
    typed: Mapping[str, str] = field(default_factory=dict)
    mistakes: Mapping[str, str] = field(default_factory=dict)
    done: str = ""
    confirm: tuple[str, ...] = ()
    held: str = ""

    @property
    def first(self) -> str:
        """The first field with a mistake, which gets the focus; empty where no field has one."""
        return next((name for name in FIELDS[self.form] if name in self.mistakes), "")

    @property
    def others(self) -> tuple[str, ...]:
        """The mistakes of no field."""
        return tuple(words for name, words in self.mistakes.items() if name not in FIELDS[self.form])

    @property
    def trouble(self) -> str:
        """How many things are wrong; empty where none is.

        Example:
            >>> Filled("charge", mistakes={"amount": "not clear"}).trouble
            'Nothing was done: one thing is wrong.'
        """
        wrong = len(self.mistakes)
        words = f"{spelled(wrong)} {'thing is' if wrong == 1 else 'things are'} wrong"
        return f"Nothing was done: {words}." if wrong else ""

    @property
    def came_back(self) -> bool:
        """Whether it has anything to say of its last sending."""
        return bool(self.mistakes or self.done or self.confirm)
