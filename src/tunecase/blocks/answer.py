"""What the page says first: the verdict, four figures, the gates, and the findings of its parts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tunecase.blocks.blocks import Account, Block
from tunecase.blocks.charts import Gates, Rests, Tone

VerdictKind = Literal["yes", "stages", "measure", "instead", "ship", "no", "not yet", "books"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer in words: `lead`, then what stands out, then the rest make one sentence; `why` is two at most.

    `kind` is which of the verdicts it is: yes; in stages; measure first; another way does it; ship what is there; no;
    not yet (a question is open or the data are not fit). A page of the books alone says where they stand.
    """

    kind: VerdictKind
    lead: str
    emphasis: str
    rest: str
    why: str
    tone: Tone

    @property
    def sentence(self) -> str:
        """The verdict as one sentence."""
        return " ".join(part for part in (self.lead, self.emphasis, self.rest) if part)


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the four figures of the first screen, what stands below it, and what it rests on."""

    key: Literal["release", "lost", "chance", "value", "spent", "left", "forecast", "over"]
    name: str
    value: str
    unit: str
    beside: str
    rests: Rests


@dataclass(frozen=True, slots=True)
class Answer:
    """The first screen: verdict, tiles, gates, what would change it (a title and a sentence each), what to sign."""

    verdict: Verdict
    tiles: tuple[Tile, ...]
    gates: Gates | None
    gates_title: str
    gates_note: str
    changes: tuple[tuple[str, str], ...]
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A figure of the page under a heading that says what it shows; `note` stands below it.

    `about` names what it is about where another page shows it by itself: "data".
    """

    title: str
    beside: str
    blocks: tuple[Block, ...]
    note: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the page: money or evidence."""

    id: str
    title: str
    lede: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page: the answer first, its parts, and an appendix with the account of every record, folded.

    `status` is where the case stands, such as "For decision"; `grid` is what the page's what-if panel moves between,
    None where it has none; `foot` says what the page was made from; `records` and `meta` are that, for the JSON.
    """

    project: str
    goal: str
    owner: str
    day: str
    status: str
    answer: Answer
    parts: tuple[Part, ...]
    appendix: tuple[Account, ...]
    foot: tuple[str, ...]
    grid: Mapping[str, Any] | None = None
    version: str = ""
    records: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def heading(self) -> str:
        """The project's name as a heading, a capital first."""
        return self.project[:1].upper() + self.project[1:]
