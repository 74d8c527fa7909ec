"""What the backtest measured, read from its tables: a pilot on a part of a task's rows, and the truth at all of them.

A curve is one learner on one task, seen from one part of the rows. Its truth is the mean score over draws at each size
that was measured, and between sizes a straight line in ln n. Below the full size the truth of classes is that of rows
as they come ("natural"), as a team gets them that labels more; runs dealt from all rows hold each class at its share,
none missing by chance, and score higher where classes are many and rows few.
"""

import csv
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
RUNS = HERE / "roads_runs.csv"
TOLD, WALKS = HERE / "roads_told.csv", HERE / "roads_walks.csv"
PILOTS, TRUTH, NATURAL = ("1/16", "1/4"), "all", "natural"
CLASSES = "classification"  # whose rows are dealt with classes in proportion
LEAST_DRAWS = 3  # of the truth at the full size
LEAST_SIZES = 3
NEAR = 0.1  # of ln n: one size is as good as the other
GRID = 400  # sizes at which the truth is looked at between the pilot and all rows

HIGHEST = 0.995  # of a pilot whose error is to be cut: what is left beyond is less than a test tells
# Stated before any answer was seen.
CUTS, SCORES = (0.1, 0.3, 0.5), (0.8, 0.9, 0.95)  # of the pilot's last error; scores as such

Key = tuple[str, str, str]  # task, learner, part


@dataclass(frozen=True)
class Run:
    """One run: `n` training rows, its draw, its score on `test_rows` items, and the CPU seconds it took."""

    n: int
    draw: int
    score: float
    test_rows: int
    cpu_s: float


@dataclass(frozen=True)
class Told:
    """A forecast for one target: the score at all rows (80% band), the chance of the target, the rows needed."""

    task: str
    learner: str
    part: str
    digest: str
    code: str  # see `roads_code.mark`
    made: str  # the day
    aim: str  # "cut 30%" of the pilot's last error, or "score 0.9"
    target: float
    verdict: str
    chance: float | None
    low: float | None
    mid: float | None
    high: float | None
    needed: int | None
    guess: int | None
    width: float | None  # of the band, as a share of the models' own, where test items are known


@dataclass(frozen=True)
class Walked:
    """A road: what is at stake, the first advice with its chance and its band of money, and where it ended."""

    task: str
    learner: str
    part: str
    digest: str
    code: str
    made: str
    aim: str
    target: float
    value: float
    price: float
    advice: str
    chance: float | None
    money_low: float
    money_mid: float
    money_high: float
    steps: str
    end_rows: int
    shipped: bool
    spent: float


@dataclass(frozen=True, eq=False)
class Curve:
    """A pilot and what was measured after it; `rows` are all training rows of the task."""

    task: str
    publisher: str
    kind: str
    metric: str
    learner: str
    part: str
    rows: int
    pilot: tuple[Run, ...]
    truth: tuple[Run, ...]

    @property
    def key(self) -> Key:
        """By which its answers are kept."""
        return self.task, self.learner, self.part

    @property
    def held(self) -> int:
        """Rows that the team had: the largest size of the pilot."""
        return max(run.n for run in self.pilot)

    @property
    def test_rows(self) -> int:
        """Items of the test."""
        return self.pilot[-1].test_rows

    @property
    def ratio(self) -> float:
        """All rows over those of the pilot."""
        return self.rows / self.held

    @cached_property
    def means(self) -> dict[int, float]:
        """The pilot's mean score by size, rising."""
        return _means(self.pilot)

    @property
    def last(self) -> float:
        """The pilot's mean score at its largest size."""
        return self.means[self.held]

    @cached_property
    def true_means(self) -> dict[int, float]:
        """The mean score by size, rising, as it was measured on all rows."""
        return _means(self.truth)

    @property
    def final(self) -> float:
        """The true score at all rows."""
        return self.true_means[max(self.true_means)]

    def true(self, n: float) -> float:
        """The true score at n rows, by a straight line in ln n between the sizes measured."""
        sizes = np.array(list(self.true_means), dtype=float)
        return float(np.interp(math.log(n), np.log(sizes), list(self.true_means.values())))

    def draws(self, n: int) -> tuple[float, ...]:
        """Scores of the single runs at the size nearest to n, moved along the truth to n."""
        nearest = min(self.true_means, key=lambda size: abs(math.log(size / n)))
        moved = self.true(n) - self.true_means[nearest]
        return tuple(min(max(run.score + moved, 0.0), 1.0) for run in self.truth if run.n == nearest)

    def first(self, target: float) -> int | None:
        """The fewest rows, from those held on, at which the truth meets a target; None where it never does."""
        if self.true(self.held) >= target:
            return self.held
        grid = np.unique(np.round(np.geomspace(self.held, self.rows, GRID)).astype(int))
        return next((int(n) for n in grid if self.true(float(n)) >= target), None)

    @property
    def walkable(self) -> bool:
        """Whether the truth was measured at the pilot's size and at every doubling from there."""
        doublings = self.held * 2.0 ** np.arange(round(math.log2(self.ratio)))
        logs = np.log(list(self.true_means))
        return all(float(np.abs(logs - math.log(size)).min()) < NEAR for size in doublings)

    @cached_property
    def pilot_digest(self) -> str:
        """A few letters of the hash of the pilot's runs: answers made from others are made again."""
        return _digest(self.pilot)

    @cached_property
    def digest(self) -> str:
        """The same of the pilot and the truth."""
        return _digest((*self.pilot, *self.truth))


def _digest(runs: Iterable[Run]) -> str:
    return sha256(repr([(run.n, run.draw, run.score, run.test_rows) for run in runs]).encode()).hexdigest()[:10]


def _means(runs: Iterable[Run]) -> dict[int, float]:
    scores: dict[int, list[float]] = defaultdict(list)
    for run in runs:
        scores[run.n].append(run.score)
    return {n: sum(scores[n]) / len(scores[n]) for n in sorted(scores)}


def aims(curve: Curve) -> Iterator[tuple[str, float]]:
    """The targets of a curve: cuts of the pilot's last error, and those scores that the pilot has not shown."""
    for cut in CUTS if curve.last <= HIGHEST else ():
        yield f"cut {cut:.0%}", round(1 - (1 - curve.last) * (1 - cut), 4)
    for score in SCORES:
        if score > curve.last:
            yield f"score {score:g}", score


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table; none where it is not there."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_curves(path: Path = RUNS, learners: Sequence[str] = ()) -> list[Curve]:
    """Every curve of a table of runs whose pilot has three sizes and whose truth has three draws at all rows.

    Args:
        path: a table as `roads_measure.py` writes it.
        learners: those to read; all but single parts of a floor when left out.
    """
    by_part: dict[tuple[str, str], dict[str, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for row in read_rows(path):
        if row["learner"] != "nearest" and (not learners or row["learner"] in learners):
            by_part[row["task"], row["learner"]][row["part"]].append(row)
    curves = []
    for parts in by_part.values():
        truth = _truth(parts)
        for part in PILOTS:
            pilot = tuple(_run(row) for row in parts.get(part, ()))
            if len({run.n for run in pilot}) >= LEAST_SIZES and truth:
                curves.append(_curve(parts[part][0], part, pilot, truth))
    return curves


def _truth(parts: Mapping[str, list[dict[str, str]]]) -> tuple[Run, ...]:
    """The runs at all rows, and below them those on rows as they come; none where the full size lacks draws."""
    rows = parts.get(TRUTH, [])
    whole = max((int(row["n"]) for row in rows), default=0)
    full = [row for row in rows if int(row["n"]) == whole]
    if len(full) < LEAST_DRAWS or whole < 0.9 * int(full[0]["rows"]):
        return ()
    below = parts.get(NATURAL, []) if full[0]["kind"] == CLASSES else rows
    return tuple(_run(row) for row in (*full, *(row for row in below if int(row["n"]) < whole)))


def _run(row: Mapping[str, str]) -> Run:
    return Run(int(row["n"]), int(row["draw"]), float(row["score"]), int(row["test_rows"]), float(row["cpu_s"] or 0))


def _curve(row: Mapping[str, str], part: str, pilot: tuple[Run, ...], truth: tuple[Run, ...]) -> Curve:
    return Curve(
        row["task"], row["publisher"], row["kind"], row["metric"], row["learner"], part, int(row["rows"]), pilot, truth
    )  # fmt: skip


def today() -> str:
    """The day on which an answer is made."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def write_rows(path: Path, kind: type, rows: Sequence[Any]) -> None:
    """Writes a table of answers, sorted."""
    names = [field.name for field in fields(kind)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        for row in sorted(rows, key=lambda row: tuple(str(getattr(row, name)) for name in names)):
            writer.writerow({name: _cell(value) for name, value in asdict(row).items()})


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def read_answers(path: Path, kind: type) -> list[Any]:
    """The answers of a table."""
    names = {field.name: str(field.type) for field in fields(kind)}
    return [kind(**{name: _value(row.get(name, ""), of) for name, of in names.items()}) for row in read_rows(path)]


def _value(cell: str, of: str) -> Any:
    if not cell and "None" in of:
        return None
    if "bool" in of:
        return cell == "yes"
    return float(cell) if "float" in of else int(cell) if "int" in of else cell
