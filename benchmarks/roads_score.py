"""Scores what was told against what was measured: bands, chances, rows needed. Each source counts once.

Tasks of one publisher are not independent, so a figure is the mean over publishers of their own means, and its 95%
interval draws publishers again. With five of them such an interval is itself rough, and likely too narrow.
"""

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from roads_curves import Curve, Key, Told, aims
from roads_rivals import LANGUAGE, chance_of_cut

LEARNERS = ("probe", "encoder", "encoder-tuned", "lora", "floor")
RESAMPLES = 4_000
EDGES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
LEAST_CHANCE = 0.005  # of the log score: a chance told as 0 or 1 is read as this far from it
DIGITS = 6  # of every figure, so that a table and a sentence round the same number
Cells = list[str]


@dataclass(frozen=True)
class Table:
    """Rows of cells under a header, as Markdown."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __str__(self) -> str:
        lines = [self.header, ["---"] * len(self.header), *self.rows]
        return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


@dataclass(frozen=True)
class Mean:
    """A mean of which each source counts once, its 95% interval over sources, and what it rests on."""

    mean: float
    low: float
    high: float
    sources: int
    count: int

    def words(self, form: str = ".2f") -> str:
        """As .78 [.61, .92]; without an interval below two sources."""
        if not self.count:
            return "–"
        middle, low, high = (_short(round(x, DIGITS), form) for x in (self.mean, self.low, self.high))
        return middle if self.sources < 2 else f"{middle} [{low}, {high}]"

    def figures(self) -> dict[str, float | int | None]:
        """For JSON."""
        numbers = {name: getattr(self, name) for name in ("mean", "low", "high")}
        return {name: None if math.isnan(x) else round(x, DIGITS) for name, x in numbers.items()} | {
            "sources": self.sources, "count": self.count
        }  # fmt: skip


def _short(value: float, form: str) -> str:
    text = format(value, form)
    return text.replace("0.", ".", 1) if form.startswith((".", "+.")) and abs(value) < 1 else text


def by_source(values: Iterable[tuple[str, float]]) -> Mean:
    """The mean of values, each with its source, with its interval.

    Example:
        >>> by_source([("a", 1.0), ("a", 1.0), ("b", 0.0)]).mean
        0.5
    """
    groups: dict[str, list[float]] = defaultdict(list)
    for source, value in values:
        groups[source].append(value)
    if not groups:
        return Mean(math.nan, math.nan, math.nan, 0, 0)
    means = np.array([np.mean(groups[source]) for source in sorted(groups)])
    drawn = np.random.default_rng(0).integers(len(means), size=(RESAMPLES, len(means)))
    low, high = np.quantile(means[drawn].mean(1), (0.025, 0.975))
    count = sum(map(len, groups.values()))
    return Mean(float(means.mean()), float(low), float(high), len(means), count)


Pair = tuple[Told, Curve]


def pairs(told: Sequence[Told], curves: Mapping[Key, Curve]) -> list[Pair]:
    """Each forecast with the curve it is about; forecasts of other runs are left out."""
    found = ((one, curves.get((one.task, one.learner, one.part))) for one in told)
    return [
        (one, curve)
        for one, curve in found
        if curve is not None and curve.pilot_digest == one.digest and (one.aim, one.target) in set(aims(curve))
    ]


def learners_of(found: Sequence[Pair]) -> list[str]:
    """The learners, those that learn first, and all but the floor together at the end."""
    return [name for name in LEARNERS if any(curve.learner == name for _, curve in found)]


def bands(found: Sequence[Pair]) -> tuple[Table, dict[str, Any]]:
    """The 80% band of the final score, by learner and part: one forecast for each curve."""
    once = list({curve.key: (one, curve) for one, curve in found if one.low is not None}.values())
    rows, figures = [], {}
    groups: list[tuple[str, Callable[[Curve], bool]]] = [
        (name, lambda curve, name=name: curve.learner == name) for name in learners_of(once)  # type: ignore[misc]
    ]  # fmt: skip
    groups.append(("all that learn", lambda curve: curve.learner != "floor"))
    for part in ("1/16", "1/4"):
        for name, holds in groups:
            some = [(one, curve) for one, curve in once if curve.part == part and holds(curve)]
            if some:
                cells, figures[f"{name}, {part}"] = _band(some)
                rows.append([part, name, *cells])
    header = ("from", "learner", "curves", "sources", "inside", "share inside", "width", "error of the middle", "bias")
    return Table(header, rows), figures


def _band(some: Sequence[Pair]) -> tuple[Cells, dict[str, Any]]:
    of = {
        "inside": [(c.publisher, float(one.low <= c.final <= one.high)) for one, c in some],
        "width": [(c.publisher, one.high - one.low) for one, c in some],
        "error": [(c.publisher, abs(one.mid - c.final)) for one, c in some],
        "bias": [(c.publisher, one.mid - c.final) for one, c in some],
    }  # type: ignore[operator]
    means = {name: by_source(values) for name, values in of.items()}
    hits = sum(int(value) for _, value in of["inside"])
    cells = [
        str(len(some)), str(means["inside"].sources), f"{hits} of {len(some)}", means["inside"].words(),
        means["width"].words(".3f"), means["error"].words(".3f"), means["bias"].words("+.3f"),
    ]  # fmt: skip
    return cells, {name: mean.figures() for name, mean in means.items()}


@dataclass(frozen=True)
class Chance:
    """A chance that was told, two that base rates give, and whether the target was reached by all rows."""

    source: str
    part: str
    aim: str
    told: float
    library: float
    others: float
    came: bool


def chances(found: Sequence[Pair]) -> list[Chance]:
    """Every chance told of something that learns, beside the library's rate and that of the other sources here."""
    asked = [(one, c) for one, c in found if one.chance is not None and c.learner != "floor"]
    came = [(c.publisher, c.part, one.aim, c.first(one.target) is not None) for one, c in asked]
    made = []
    for (one, c), (source, part, aim, hit) in zip(asked, came, strict=True):
        wanted = math.log(max(1 - one.target, 1e-9) / max(1 - c.last, 1e-9))
        elsewhere = by_source((s, float(h)) for s, p, a, h in came if s != source and (p, a) == (part, aim))
        rate = elsewhere.mean if elsewhere.count else 0.5
        library = chance_of_cut(c.learner in LANGUAGE, c.ratio, wanted)
        made.append(Chance(source, part, aim, one.chance or 0.0, library, rate, hit))
    return made


def reliability(told: Sequence[Chance]) -> tuple[Table, dict[str, Any]]:
    """Chances told, in classes, against the share that came true."""
    rows, figures = [], {}
    for low, high in itertools.pairwise(EDGES):
        some = [one for one in told if low <= one.told < high or (high == 1.0 and one.told == 1.0)]
        if some:
            came, said = (
                by_source((one.source, value(one)) for one in some) for value in (_came, lambda one: one.told)
            )
            figures[f"{low:g} to {high:g}"] = {"told": round(said.mean, 3), "came": came.figures()}
            rows.append([f"{low:.0%} to {high:.0%}", str(len(some)), said.words().split(" [")[0], came.words()])
    return Table(("chance told", "targets", "mean told", "came true"), rows), figures


def _came(one: Chance) -> float:
    return float(one.came)


def brier(told: Sequence[Chance]) -> tuple[Table, dict[str, Any]]:
    """Brier and log scores of the chances, beside base rates, by kind of target and part; lower is better."""
    kinds: dict[str, Callable[[Chance], bool]] = {
        "all": lambda one: True,
        "from 1/16": lambda one: one.part == "1/16",
        "from 1/4": lambda one: one.part == "1/4",
        "cuts of the error": lambda one: one.aim.startswith("cut"),
        "scores": lambda one: one.aim.startswith("score"),
    }
    rows, figures = [], {}
    for name, holds in kinds.items():
        some = [one for one in told if holds(one)]
        if not some:
            continue
        squares = {of: by_source(_squares(some, of)) for of in ("told", "library", "others")}
        logs = {of: by_source(_logs(some, of)) for of in ("told", "others")}
        ratio = squares["told"].mean / max(min(squares["library"].mean, squares["others"].mean), 1e-9)
        figures[name] = {of: mean.figures() for of, mean in squares.items()} | {
            "ratio": round(ratio, 3), "log": {of: mean.figures() for of, mean in logs.items()}
        }  # fmt: skip
        rows.append([
            name, str(len(some)), *(squares[of].words(".3f") for of in squares), f"{ratio:.2f}",
            *(logs[of].words(".2f") for of in logs),
        ])  # fmt: skip
    header = (
        "targets", "count", "Brier", "library's base rate", "other sources' rate here", "of the better one",
        "log score", "other sources'",
    )  # fmt: skip
    return Table(header, rows), figures


def _squares(some: Sequence[Chance], of: str) -> Iterator[tuple[str, float]]:
    return ((one.source, (getattr(one, of) - one.came) ** 2) for one in some)


def _logs(some: Sequence[Chance], of: str) -> Iterator[tuple[str, float]]:
    for one in some:
        chance = min(max(getattr(one, of), LEAST_CHANCE), 1 - LEAST_CHANCE)
        yield one.source, -math.log(chance if one.came else 1 - chance)


def needed(found: Sequence[Pair]) -> tuple[Table, dict[str, Any]]:
    """Rows needed as told, against the fewest at which the truth meets the target, where it does beyond the pilot."""
    rows, figures = [], {}
    for part in ("1/16", "1/4"):
        some = []
        for one, c in found:
            first = c.first(one.target) if c.part == part and c.learner != "floor" else None
            if first is not None and first > c.held:
                some.append((c.publisher, first, one.guess or one.needed))
        if not some:
            continue
        within = by_source((s, float(said is not None and 0.5 <= said / true <= 2)) for s, true, said in some)
        silent = by_source((s, float(said is None)) for s, _, said in some)
        ratios = [said / true for _, true, said in some if said is not None]
        middle = float(np.median(ratios)) if ratios else math.nan
        figures[part] = {"within": within.figures(), "none": silent.figures(), "median": round(middle, 3)}
        rows.append([part, str(len(some)), within.words(), f"{middle:.2f}", silent.words()])
    return Table(("from", "targets reached", "within 2x", "median told / measured", "told never"), rows), figures


def hopeless(found: Sequence[Pair]) -> dict[str, Any]:
    """How often "not achievable" was said, and how often it was wrong; how much of what was not reached it named."""
    asked = [(one, c) for one, c in found if c.learner != "floor"]
    said = [c.first(one.target) is not None for one, c in asked if one.verdict.startswith("not achievable")]
    missed = [one.verdict.startswith("not achievable") for one, c in asked if c.first(one.target) is None]
    return {"said": len(said), "wrong": sum(said), "not_reached": len(missed), "named": sum(missed)}
