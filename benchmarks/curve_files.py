"""Measured learning curves for the benchmarks: read from files or the shipped library; whose they are; the seal.

A unit is what is left out together: a publisher, but for the scaling-law source, whose two tasks are two units as they
share neither data nor metric's scale. A publisher is the owner of the repository, or the package, that a source names;
a file of sources beside a file of curves (`x_curves.csv`, `x_sources.csv`) names the licence.
"""

import csv
import hashlib
import math
import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from curve_widths import OWN  # noqa: E402

from tunecase import catalog  # noqa: E402
from tunecase.forecast.curves import Belief, believe  # noqa: E402
from tunecase.forecast.lessons import Lessons  # noqa: E402
from tunecase.forecast.points import LEAST_ERROR  # noqa: E402
from tunecase.forecast.scale import Scale, is_loss  # noqa: E402
from tunecase.records import Point  # noqa: E402

UNITS = {
    "tevenlescao/pet": "pet",
    "kjappelbaum/gptchem": "gptchem",
    "huggingface/setfit": "setfit",
    "google-research revisiting": "nmt",
}
HOSTS = re.compile(r"^(https?://)?(www\.)?(github\.com|gitlab\.com|huggingface\.co|hf\.co)/(datasets/|spaces/)?")
LICENCES = ("Apache-2.0", "MIT", "CC-BY-4.0")
ADDED = "2026-11-29"  # the day on which the added sources were read
PACKED = ("n", "score", "runs", "sd")  # one cell each, a number for each size


@dataclass(frozen=True)
class Curve:
    """One measured curve: runs averaged per size, as errors; what it is and where it is from."""

    name: str
    facts: dict[str, str]
    sizes: np.ndarray
    errors: np.ndarray
    runs: np.ndarray
    spreads: np.ndarray

    @property
    def unit(self) -> str:
        """What is left out together."""
        return self.facts["unit"]

    @property
    def publisher(self) -> str:
        """Who measured it: the unit, but for the one source of two units."""
        return "linhaowei1" if self.facts["source"].startswith("linhaowei1") else self.unit

    @property
    def sealed(self) -> bool:
        """Whether its publisher was set aside before any choice was made."""
        return self.facts.get("sealed") == "yes"

    @property
    def group(self) -> str:
        """loss, metric or other."""
        return self.facts["group"]

    @property
    def direction(self) -> str:
        """higher or lower."""
        return self.facts["direction"]

    @property
    def bounded(self) -> bool:
        """True for shares."""
        return self.facts["bounded"] == "yes"

    def belief(self, kept: Sequence[int], library: Lessons) -> Belief:
        """The belief from some of its sizes at native width; test sizes are unknown, so no score is binomial."""
        points = [
            Point(
                int(self.sizes[i]),
                1 - self.errors[i] if self.direction == "higher" else self.errors[i],
                int(self.runs[i]),
                None,
                None if math.isnan(self.spreads[i]) else float(self.spreads[i]),
            )
            for i in kept
        ]
        belief = believe(
            points, Scale(self.direction, self.bounded, binomial=False, loss=self.group == "loss"),
            language_model=self.group != "other",
            library=library,
        )  # fmt: skip
        return replace(belief, calibration=OWN[belief.calibration.kind])


def shipped_curves() -> list[Curve]:
    """The curves of the shipped library."""
    found = []
    for row in catalog.read_table("curve_library"):
        sizes, scores, runs = (np.array(row[name].split(), dtype=float) for name in ("n", "score", "runs"))
        spreads = np.array([float(cell) if cell != "-" else math.nan for cell in row["sd"].split()])
        found.append(_curve(row["curve"], row, sizes, scores, runs, spreads))
    return found


def read_curves(path: Path) -> list[Curve]:
    """The curves of a file in its order; those with nothing to score are left out."""
    told = _sources(path)
    rows = defaultdict(list)
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if _finite(row.get("n_train")) and _finite(row.get("score")):
                rows[row["curve_id"]].append(row)
    return [_averaged(name, group, told.get(group[0]["source"], {})) for name, group in rows.items()]


def _sources(path: Path) -> dict[str, dict[str, str]]:
    """What the file of sources beside a file of curves says, by source."""
    beside = path.with_name(path.name.replace("curves", "sources"))
    if beside == path or not beside.exists():
        return {}
    with beside.open(encoding="utf-8-sig", newline="") as file:
        return {row["source"]: row for row in csv.DictReader(file)}


def with_added(curves: Sequence[Curve], paths: Sequence[Path]) -> list[Curve]:
    """The curves, and those of files that can be asked about, each once; half of their publishers sealed."""
    known, found = {curve.unit for curve in curves}, list(curves)
    seen = {_content(curve) for curve in curves}
    for curve in (curve for path in paths for curve in read_curves(path)):
        if _content(curve) in seen or not _asks(curve):
            continue
        seen.add(_content(curve))
        aside = curve.unit not in known and is_sealed(curve.unit)
        facts = curve.facts | {"sealed": "yes" if aside else "no", "date": ADDED}
        found.append(replace(curve, name=f"{curve.unit}/{curve.name}", facts=facts))
    return found


def _content(curve: Curve) -> tuple:
    return curve.unit, tuple(curve.sizes), tuple(np.round(curve.errors, 4))


def _asks(curve: Curve) -> bool:
    """Whether it leaves three sizes up to a quarter of its largest, and varies."""
    return len(curve.sizes) > 3 and len(pilot(curve.sizes, curve.sizes[-1] / 4)) >= 3 and np.ptp(curve.errors) > 0


def is_sealed(publisher: str) -> bool:
    """Half of the publishers, by nothing but their names: the last bit of SHA-256 is set."""
    return bool(hashlib.sha256(publisher.encode()).digest()[-1] & 1)


def _finite(cell: str | None) -> bool:
    try:
        return math.isfinite(float(cell or "nan"))
    except ValueError:
        return False


def _averaged(name: str, rows: Sequence[dict[str, str]], told: dict[str, str]) -> Curve:
    first = rows[0]
    scores, runs = defaultdict(list), defaultdict(int)
    for row in rows:
        n = int(float(row["n_train"]))
        scores[n].append(float(row["score"]))
        counted = re.fullmatch(r"mean(\d+)", row.get("seed") or "")
        runs[n] += int(counted.group(1)) if counted else 1
    sizes = sorted(n for n in scores if n >= 0)
    spreads = [np.std(scores[n], ddof=1) if len(scores[n]) > 1 else np.nan for n in sizes]
    means = np.array([np.mean(scores[n]) for n in sizes])
    facts = {
        key: (first.get(key) or "").strip() for key in ("source", "domain", "task", "model", "metric", "direction")
    }
    facts["direction"] = "higher" if facts["direction"].strip().casefold() == "higher" else "lower"
    facts |= {"unit": _unit(facts), "licence": _licence(told.get("licence", ""))}
    facts |= {"sealed": "no", "group": _group(facts), "bounded": _bounded(facts, means)}
    counts = np.array([runs[n] for n in sizes])
    cells = zip(sizes, means, counts, spreads, strict=True)
    packed = [
        (str(n), f"{mean:.5g}", str(count), "-" if math.isnan(sd) else f"{sd:.3g}") for n, mean, count, sd in cells
    ]
    facts |= {key: " ".join(column) for key, column in zip(PACKED, zip(*packed, strict=True), strict=True)}
    return _curve(name.strip(), facts, np.array(sizes, dtype=float), means, counts, np.array(spreads, dtype=float))


def _curve(name: str, facts: dict, sizes: np.ndarray, scores: np.ndarray, runs: np.ndarray, sd: np.ndarray) -> Curve:
    """A curve on the scale of errors, without the untouched model at n = 0."""
    used = sizes > 0
    higher = facts["direction"] == "higher"
    scale = 100 if higher and len(scores) and scores.max() > 1.5 else 1
    shares = scores[used] / scale
    errors = np.maximum(1 - shares if higher else shares, LEAST_ERROR)
    return Curve(name, facts, sizes[used], errors, runs[used], sd[used] / scale)


def _unit(facts: dict[str, str]) -> str:
    """The paper, the owner of the repository, or the package that the source names."""
    if facts["source"].startswith("linhaowei1"):
        return facts["task"]
    source = HOSTS.sub("", facts["source"])
    if paper := re.search(r"arxiv\W*(\d{4}\.\d{4,5})", source, re.IGNORECASE):
        return f"arxiv {paper.group(1)}"
    named = re.search(r"([\w.-]+)/[\w.-]", source)
    owner = (named.group(1) if named else re.split(r"[\s@]", source)[0]).casefold()
    return next((unit for start, unit in UNITS.items() if source.casefold().startswith(start)), owner)


def _licence(words: str) -> str:
    """The licence's short name; numbers without one are used as facts."""
    said = re.sub(r"[\s-]+", "-", words.strip()).casefold()
    return next((name for name in LICENCES if said.startswith(name.casefold())), "none stated")


def _group(facts: dict[str, str]) -> str:
    if facts["domain"] != "llm_finetune":
        return "other"
    return "loss" if is_loss(facts["metric"], facts["direction"]) else "metric"


def _bounded(facts: dict[str, str], scores: np.ndarray) -> str:
    """Whether scores are shares: by the metric's name, else where higher is better, or an error rate within 0 to 1."""
    known = next((m for m in catalog.metrics() if m.name == facts["metric"].casefold()), None)
    rate = "error" in facts["metric"] and "absolute" not in facts["metric"] and len(scores) and scores.max() <= 1
    return "yes" if (known.bounded if known else facts["direction"] == "higher" or rate) else "no"


def pilot(sizes: np.ndarray, most: float) -> tuple[int, ...]:
    """At most five sizes up to `most`, each at least 1.7 times the one before, the largest first chosen."""
    kept: list[int] = []
    for i in reversed(range(len(sizes))):
        near = kept and sizes[i] > sizes[kept[-1]] / 1.7
        if sizes[i] <= most and not near and len(kept) < 5:
            kept.append(i)
    return tuple(reversed(kept))
