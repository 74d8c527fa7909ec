"""The data of every chart, with the words that say what it shows; each face draws them in its own way."""

from dataclasses import dataclass
from typing import Literal

from tunecase.quantities import (
    Sampled,
    count,
    firm_money,
    firm_share,
    in_hundred,
    money,
    plain_money,
    score,
    score_interval,
    share,
)

Tone = Literal["plain", "good", "warn", "bad", "unknown"]
Rests = Literal["measured", "stated", "assumed", ""]  # what a figure rests on; empty: it needs no mark


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
        return f"{marks}; {limit}, passed in {firm_share(self.over)} of cases"


@dataclass(frozen=True, slots=True)
class Curve:
    """A learning curve: runs, mean scores, the 80% band of the true score, target, ceiling and limit.

    `spread` is (n, low, high), a standard deviation from run to run around each mean; `n_budget` what the budget buys;
    `needed` the sizes at which a tenth, half and nine tenths of the worlds reach the target, None where they never do.
    `assumed` is the 80% band of the model named `assumed_name`, which nobody has measured yet: (n, low, mid, high).
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
    assumed: tuple[tuple[int, float, float, float], ...] = ()
    assumed_name: str = ""

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
            phrases.append(f"half of the simulated cases reach the target by {count(self.needed[1])} examples")
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


@dataclass(frozen=True, slots=True)
class Branch:
    """What follows the first test in a share of the worlds: its rule in words, and how many then reach the target.

    `reaches` is a share of all worlds, so that those of all branches add up to the chance of the plan.
    """

    name: str
    rule: str
    share: float
    reaches: float
    tone: Tone


@dataclass(frozen=True, slots=True)
class Gates:
    """Chance as height: the first step, what its test decides, and how it ends. Shares of the branches sum to 1.

    `start` says what is done first, `reached` and `missed` how it ends; the first words of each stand out.
    """

    caption: str
    start: tuple[str, ...]
    branches: tuple[Branch, ...]
    reached: tuple[str, ...]
    missed: tuple[str, ...]

    @property
    def reach(self) -> float:
        """The share of all worlds that end with the target."""
        return sum(branch.reaches for branch in self.branches)

    @property
    def summary(self) -> str:
        """The chart in words."""
        told = [f"{one.name} {one.rule}: {in_hundred(one.share)}" for one in self.branches]
        return f"{'; '.join(told)}; in the end {in_hundred(self.reach)} reach the target"


@dataclass(frozen=True, slots=True)
class Step:
    """One bar of a waterfall: an amount that is added to those before it, or (`total`) all of them."""

    name: str
    beside: str
    amount: float
    kind: Literal["base", "added", "total"]


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Amounts that add up from left to right, as they are printed; a limit stands across them."""

    caption: str
    steps: tuple[Step, ...]
    currency: str
    limit: float | None = None
    limit_name: str = "budget"

    @property
    def summary(self) -> str:
        """The chart in words."""
        words = "; ".join(f"{step.name} {plain_money(step.amount, self.currency)}" for step in self.steps)
        limit = "" if self.limit is None else f"; {self.limit_name} {plain_money(self.limit, self.currency)}"
        return words + limit


@dataclass(frozen=True, slots=True)
class Months:
    """What is spent by the end of each month: (its name, expected so far, what nine of ten cases stay below)."""

    caption: str
    points: tuple[tuple[str, float, float], ...]
    currency: str
    budget: float | None = None

    @property
    def summary(self) -> str:
        """The chart in words."""
        if not self.points:
            return "nothing is spent"
        name, expected, high = self.points[-1]
        middle, dear = plain_money(expected, self.currency), plain_money(high, self.currency)
        words = f"{middle} by {name} in expectation, {dear} in a dear case"
        return words if self.budget is None else f"{words}; budget {plain_money(self.budget, self.currency)}"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of `Rows`: a name, what stands below it, a dot with its bar (or a bar from zero), and figures.

    `mid` is None for a bar alone (from `low` to `high`); all three are None for a row that has only figures.
    """

    name: str
    beside: str
    low: float | None
    mid: float | None
    high: float | None
    figures: tuple[str, ...]
    rests: Rests = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """One row pattern for options, lines, and plan beside actual: name, dot and bar on one axis, figures.

    `head` names the first column and the figures; `unit` is what the axis counts; `limit` and `base` stand across.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    unit: str
    limit: float | None = None
    limit_name: str = "budget"
    base: float | None = None
    total: tuple[str, ...] = ()
    as_share: bool = False

    @property
    def summary(self) -> str:
        """The chart in words."""
        return "; ".join(f"{row.name}: {', '.join(row.figures)}" for row in self.rows)


Chart = Shares | Histogram | Curve | Bars | Tornado | Lengths | Compared | Scored | Gates | Waterfall | Months | Rows
