"""Points measured elsewhere: one function for each format, named in IMPORTERS of forecast/forecast.py.

Each takes the place as typed (a path or an address) and what the user says of it, and gives the points with what was
left out and why, or None where the place does not hold its format. It raises InputError with every mistake where the
format is its own. Formats are text only: JSON, CSV, the plain YAML of MLflow and SQLite; nothing is ever unpickled.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tunecase.records import Point


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user says of points measured elsewhere; empty where the file itself should tell.

    `size_column` and `score_column` name the columns of training examples and of scores, `sizes` the examples of runs
    by their names, `step` which score of a run counts, `experiment` the one to read of several.
    """

    metric: str = "accuracy"
    direction: Literal["higher", "lower"] = "higher"
    size_column: str = ""
    score_column: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)
    step: Literal["last", "best"] = "last"
    experiment: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """The points of a place, the name of its format, runs left out with the reason, and what a reader should know."""

    points: tuple[Point, ...]
    format: str
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
