"""What maintenance of the ledger found: whether its chain is whole, and how two histories became one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from tunecase.quantities import day
from tunecase.records.spend import Amount
from tunecase.records.tabular import Tabular


@dataclass(frozen=True, slots=True)
class Verified(Tabular):
    """A ledger whose every line is as it was written: how many entries, and how often it was chained again.

    `unfinished` counts the bytes [B] behind the last whole entry: what a killed process left, or the rest of an entry
    that was cut. They are no entry; the next one moves them away. `set_aside` counts the lines that nobody reads.
    `anchor` is what the ledger was held against, `COUNT:HASH`, empty where there was none, and `anchored` whether the
    anchor was given, or kept by this machine. `changed` says what became of the entries up to the anchor, empty where
    they are as they were. `backwards` counts entries recorded more than a day before the one before them, `ahead` says
    that the last one lies ahead of this machine's clock. `faces` counts the entries by the code of the face that they
    came through, "" for those that do not say.
    """

    path: str
    entries: int
    rechained: int = 0
    whole: bool = True
    unfinished: int = 0
    set_aside: int = 0
    anchor: str = ""
    anchored: Literal["given", "kept", "none"] = "none"
    changed: str = ""
    backwards: int = 0
    ahead: str = ""
    faces: Mapping[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the ledger still has what it was held against.

        Example:
            >>> Verified("ledger.jsonl", entries=12).ok
            True
        """
        return not self.changed


@dataclass(frozen=True, slots=True)
class Anchored:
    """How far a ledger goes: its entries, and the SHA-256 of the last one's line, which covers all before it.

    `changed` says what became of the entries that this machine wrote; empty where they are as they were, or accepted.
    """

    entries: int
    head: str
    accepted: bool = False
    changed: str = ""


@dataclass(frozen=True, slots=True)
class SetAside(Tabular):
    """A line of the ledger that cannot be read and that nobody reads from now on; it stays in the file.

    `id` is that of the entry, `line` its number when it was set aside (from 1), `what` its kind or verb where that
    could be told, `got` what was wrong with it; `by` whoever set it aside, and `why` in their words.
    """

    id: str
    line: int
    what: str
    got: str
    why: str
    by: str


@dataclass(frozen=True, slots=True)
class Adopted:
    """A charge that came into the ledger from another history than its longest: entry, day, amount, what for.

    Of an approval, `description` is who gave it. `face` is the code of the face that it came through.
    """

    id: str
    on: str
    amount: Amount
    currency: str
    description: str = ""
    face: str = ""


@dataclass(frozen=True, slots=True)
class Rechained(Tabular):
    """Joined histories put into one chain.

    `moved` entries of `entries` name another line than before, the first of them at `from_line` of the new file (0 when
    none does: lines were only put back or dropped). `heads` are the hashes of the last line of each of the `histories`
    as they were; `copies` is how many lines said what another one had said, `markers` how many lines of version
    control stood between; `version` is that of the tool, `copy` the name of
    the file with everything as it was. `adopted` entries stood beside the longest history and count now, too: `charges`
    are those of them that are money, the first hundred, `amounts` the sums of all by currency, `approved` the approvals
    among them, the last hundred.
    """

    entries: int
    moved: int
    from_line: int
    histories: int
    heads: tuple[str, ...]
    copies: int
    markers: int
    version: str
    copy: str
    adopted: int = 0
    charges: tuple[Adopted, ...] = ()
    amounts: Mapping[str, Amount] = field(default_factory=dict)
    approved: tuple[Adopted, ...] = ()


NOUNS = {"define": "definition", "estimate": "bill", "decide": "decision", "judge": "judgement"}


@dataclass(frozen=True, slots=True)
class NotUsed:
    """The last record of a verb on file, where no answer rests on it: its entry, its day, and the reason."""

    verb: str
    entry: str
    made_on: date
    reason: str

    def __str__(self) -> str:
        """In one line.

        Example:
            >>> str(NotUsed("pilot", "5f0c", date(2026, 5, 12), "was made on other data: train.jsonl changed"))
            'the pilot of 12 May 2026 was made on other data: train.jsonl changed'
        """
        return f"the {NOUNS.get(self.verb, self.verb)} of {day(self.made_on)} {self.reason}"

    @property
    def remedy(self) -> str:
        """The command that makes it anew; empty where a person set it aside.

        Example:
            >>> NotUsed("decide", "5f0c", date(2026, 5, 12), "was made with other charges").remedy
            'tunecase decide'
        """
        return "" if self.reason.startswith("was set aside") else f"tunecase {self.verb}"
