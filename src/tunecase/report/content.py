"""What a report is made of: plain blocks of words, tables and chart data, without any mark-up.

Sections make them, and each face (HTML, Markdown, a terminal) draws them in its own way. Texts are untrusted: a face
escapes them all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tunecase.quantities import Sampled, count, firm_money, firm_share, money, score, score_interval, share

Tone = Literal["plain", "good", "warn", "bad", "unknown"]

SYMBOLS: dict[Tone, str] = {"plain": "", "good": "✓", "warn": "▲", "bad": "✕", "unknown": "?"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table; a tone comes with its word in `text`, so that colour never speaks alone."""

    text: str
    tone: Tone = "plain"
    swatch: int | None = None

    @property
    def marked(self) -> str:
        """The text with the tone's symbol before it."""
        return f"{SYMBOLS[self.tone]} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; `numeric` columns are set right, `strong` rows (totals, the advice) stand out."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: tuple[int, ...] = ()
    strong: tuple[int, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values."""

    title: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Sentences under a title."""

    title: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shares:
    """Parts of a whole, drawn as one bar; shares of 1."""

    caption: str
    parts: tuple[tuple[str, float], ...]

    @property
    def summary(self) -> str:
        """The chart in words."""
        return "; ".join(f"{name} {share(part)}" for name, part in self.parts)


@dataclass(frozen=True, slots=True)
class Histogram:
    """How a total is spread: (middle, share of worlds) by bar, the last with all dearer; a limit and marked values.

    Marked values and the share over the limit are figures of the headline, in its digits.
    """

    caption: str
    bins: tuple[tuple[float, float], ...]
    marks: tuple[tuple[str, Sampled], ...]
    limit: float | None
    over: Sampled | None
    currency: str
    limit_name: str = "budget"

    @property
    def summary(self) -> str:
        """The chart in words."""
        marks = ", ".join(f"{name} {firm_money(value, self.currency)}" for name, value in self.marks)
        if self.limit is None:
            return f"{marks}; no budget was given"
        limit = f"{self.limit_name} {money(self.limit, self.currency)}"
        return f"{marks}; {limit}, passed in {firm_share(self.over)} of worlds"


@dataclass(frozen=True, slots=True)
class Curve:
    """A learning curve: runs, mean scores, the 80% band of the true score, target, ceiling and limit.

    `spread` is (n, low, high), a standard deviation from run to run around each mean; `n_budget` what the budget buys;
    `needed` the sizes at which a tenth, half and nine tenths of the worlds reach the target, None where they never do.
    """

    caption: str
    metric: str
    direction: Literal["higher", "lower"]
    runs: tuple[tuple[int, float], ...]
    points: tuple[tuple[int, float], ...]
    band: tuple[tuple[int, float, float, float], ...]
    target: float | None
    ceiling: float | None
    n_max: int
    spread: tuple[tuple[int, float, float], ...] = ()
    n_budget: int | None = None
    needed: tuple[int | None, int | None, int | None] | None = None

    @property
    def summary(self) -> str:
        """The chart in words."""
        phrases = []
        if self.points:
            (first, low), (last, high) = self.points[0], self.points[-1]
            phrases.append(f"measured {score(low)} at {count(first)} examples and {score(high)} at {count(last)}")
        if self.band:
            n, low, _, high = self.band[-1]
            phrases.append(f"80% band at {count(n)} examples {score(low)} to {score(high)}")
        if self.target is not None:
            phrases.append(f"target {score(self.target)}")
        if self.ceiling is not None:
            phrases.append(f"human ceiling {score(self.ceiling)}")
        if self.needed is not None and self.needed[1] is not None:
            phrases.append(f"half of the worlds reach the target by {count(self.needed[1])} examples")
        if self.n_budget is not None:
            phrases.append(f"the budget buys {count(self.n_budget)} examples")
        return "; ".join(phrases)


@dataclass(frozen=True, slots=True)
class Bars:
    """Names with shares of 1, the largest first."""

    caption: str
    rows: tuple[tuple[str, float], ...]

    @property
    def summary(self) -> str:
        """The chart in words."""
        return "; ".join(f"{name} {share(part)}" for name, part in self.rows)


@dataclass(frozen=True, slots=True)
class Tornado:
    """A total's mean where an input is low and where it is high: (name, low, high, what low is, what high is)."""

    caption: str
    rows: tuple[tuple[str, float, float, str, str], ...]
    currency: str

    @property
    def summary(self) -> str:
        """The chart in words."""
        phrases = []
        for name, low, high, at_low, at_high in self.rows:
            low_words, high_words = money(low, self.currency), money(high, self.currency)
            phrases.append(f"{name}: {low_words} at {at_low} or less, {high_words} at {at_high} or more")
        return "; ".join(phrases)


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long rows are: (from, to, rows) for each bar, edges growing as powers do; a limit and the share beyond it."""

    caption: str
    unit: str
    bins: tuple[tuple[int, int, int], ...]
    marks: tuple[tuple[str, float], ...] = ()
    limit: int | None = None
    over: float | None = None

    @property
    def summary(self) -> str:
        """The chart in words."""
        most = max(self.bins, key=lambda bar: bar[2])
        phrases = [f"most rows have {count(most[0])} to {count(most[1])} {self.unit}"]
        phrases += [f"{name} {count(value)}" for name, value in self.marks]
        if self.limit is not None:
            phrases.append(f"limit {count(self.limit)}, passed by {share(self.over or 0.0, 1)} of the rows")
        return "; ".join(phrases)


@dataclass(frozen=True, slots=True)
class Compared:
    """Names with a share in each of two or three series; None where a series does not know the name."""

    caption: str
    series: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]

    @property
    def summary(self) -> str:
        """The chart in words."""
        phrases = []
        for name, parts in self.rows:
            shares = zip(self.series, parts, strict=True)
            words = (f"{series} {share(part, 1)}" for series, part in shares if part is not None)
            phrases.append(f"{name}: {', '.join(words)}")
        return "; ".join(phrases)


@dataclass(frozen=True, slots=True)
class Scored:
    """Ways with their scores: (name, 80% interval, what stands beside it), None for a way that nobody measured.

    Beside a measured way stands what 1,000 of its answers cost, beside another what it costs to measure it.
    """

    caption: str
    metric: str
    rows: tuple[tuple[str, tuple[float, float, float] | None, str], ...]
    target: float | None = None

    @property
    def summary(self) -> str:
        """The chart in words."""
        phrases = []
        for name, interval, beside in self.rows:
            words = "not measured" if interval is None else score_interval(*interval)
            phrases.append(f"{name}: {words}, {beside}" if beside else f"{name}: {words}")
        if self.target is not None:
            phrases.append(f"target {score(self.target)}")
        return "; ".join(phrases)


Chart = Shares | Histogram | Curve | Bars | Tornado | Lengths | Compared | Scored
Block = Table | Facts | Listing | Chart


@dataclass(frozen=True, slots=True)
class Section:
    """One question, its answer in a sentence, what shows it, and (folded away) what it rests on."""

    id: str
    title: str
    answer: str
    blocks: tuple[Block, ...] = ()
    evidence: tuple[Block, ...] = ()
    tone: Tone = "plain"
    word: str = ""
    done: bool = True


@dataclass(frozen=True, slots=True)
class Light:
    """The word on one of the two questions that decide."""

    question: str
    word: str
    tone: Tone
    reason: str
    section: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the summary: what it is, the number, what stands beside it, and the section that shows it."""

    name: str
    value: str
    beside: str
    section: str


@dataclass(frozen=True, slots=True)
class Content:
    """The whole report, the answer first; `records` and `meta` are what it was made from, for the JSON."""

    project: str
    goal: str
    owner: str
    answer: str
    lights: tuple[Light, ...]
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]
    version: str
    records: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
