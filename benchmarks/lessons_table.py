"""Writes what every published run teaches into abroad.csv and step_constants.csv, with how it did when left out."""

import csv
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from training_scores import Taught

from tunecase.compute.doubt import Abroad

TABLES = Path(__file__).parents[1] / "src" / "tunecase" / "catalog" / "tables"
HEAD = ("quantity", "part", "of", "value", "sigma", "publishers", "runs", "source", "date")
LEARNT = "benchmarks/training.py --write on training_runs.csv"
SCORED = "benchmarks/training.py: mean over publishers, each left out in turn"


def write(taught: Taught, figures: Mapping[str, Any], day: date) -> None:
    """Writes both tables.

    Args:
        taught: by every published run.
        figures: `memory_all` and `time` as training_figures.headline gives them, every publisher left out in turn.
        day: of writing.
    """
    rows = [*_rows("memory", taught.memory, day), *_rows("time", taught.time, day)]
    rows += [*_scores("memory", figures["memory_all"], day), *_scores("time", figures["time"], day)]
    path = TABLES / "abroad.csv"
    rows += [row for row in _read(path) if row["quantity"] not in ("memory", "time")]
    _save(path, HEAD, rows)
    path = TABLES / "step_constants.csv"
    constants = _read(path)
    for row in constants:
        row["value"] = f"{taught.constants.values[row['name']]:.4g}"
        row["rows"], row["sources"] = str(taught.constants.rows), str(taught.constants.sources)
    _save(path, tuple(constants[0]), constants)


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _rows(quantity: str, learnt: Abroad, day: date) -> Iterator[dict[str, str]]:
    """The spread of one quantity, a row for each value."""
    parts: list[tuple[str, str, float, float | None]] = [("new stack", "", learnt.new_stack, None)]
    parts += [("point", "", point, None) for point in learnt.points]
    parts += [("scale", name, value, None) for name, value in learnt.scales.items()]
    parts += [("middle", name, value, None) for name, value in learnt.middles.items()]
    parts += [("stack", name, effect.middle, effect.sigma) for name, effect in learnt.stacks.items()]
    for part, of, value, sigma in parts:
        told = "" if sigma is None else f"{sigma:.4f}"
        yield _row(quantity, part, of, f"{value:.4f}", told, learnt.publishers, learnt.runs, LEARNT, day)


def _scores(quantity: str, figures: Mapping[str, Any], day: date) -> Iterator[dict[str, str]]:
    """How bands did on publishers left out: errors as shares, not in percent."""
    told = {
        "median": figures["median_ape"] / 100, "p90": figures["p90_ape"] / 100, "inside": figures["coverage80"],
        "width": figures["width"],
    }  # fmt: skip
    for name, value in told.items():
        yield _row(quantity, "score", name, f"{value:.3f}", "", figures["publishers"], figures["n"], SCORED, day)


def _row(*values: object) -> dict[str, str]:
    return dict(zip(HEAD, map(str, values), strict=True))


def _save(path: Path, head: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, head, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
