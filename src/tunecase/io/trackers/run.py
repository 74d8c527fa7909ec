"""The runs of a tracker as every importer takes them, and how much of a store is read."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tunecase.errors import InputError, Problem, nearest
from tunecase.quantities import counted, one_line

MOST_RUNS, MOST_VALUES = 50_000, 2_000_000
TOTAL_S = 1_800.0  # of reading a whole store
MOST_TEXT = 1_000  # characters of a tag or a parameter
MOST_LISTED = 12

Series = Sequence[tuple[float, float]]
InFull = Callable[[str], bool]  # whether every step of a metric is read, by its name; of others the last value only


@dataclass(frozen=True, slots=True)
class Tracked:
    """One run as a tracker keeps it.

    `facts` are what it was given (settings, sizes) as text; `scores` maps a name to its (step, value) pairs. `size`
    is the number of training examples where the format itself implies it. `key` identifies the run in its store.
    """

    name: str
    status: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, Series] = field(default_factory=dict)
    size: int | None = None
    test_rows: int | None = None
    key: str = ""
    began: datetime | None = None
    ended: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Store:
    """The runs of a place by the name of their experiment; `cut` says how much was read where a limit ended it."""

    place: str
    form: str
    experiments: Mapping[str, Sequence[Tracked]]
    cut: str = ""

    @property
    def used(self) -> Mapping[str, Sequence[Tracked]]:
        """The experiments that have runs."""
        return {name: runs for name, runs in self.experiments.items() if runs}

    @property
    def words(self) -> str:
        """The experiments that have runs, in words; the first of many."""
        listed = list(self.used.items())[:MOST_LISTED]
        return "experiments " + ", ".join(f"{name} ({counted(len(runs), 'run')})" for name, runs in listed)


class Room:
    """How much more of a store may be read; whatever a limit leaves out is reported."""

    def __init__(self) -> None:
        self.read: Counter[str] = Counter()
        self.cut = ""

    def takes(self, what: str) -> bool:
        """Whether one more of `experiments`, `runs` or `values` is read; after the first refusal, nothing more is."""
        most = MOST_VALUES if what == "values" else MOST_RUNS
        if self.read[what] >= most:
            self.cut = self.cut or f"read {most:,} of at least {most + 1:,} {what}"
        self.read[what] += not self.cut
        return not self.cut

    def whole(self, runs: Iterable[Tracked]) -> Iterator[Tracked]:
        """The runs, as they are read, up to the one that a limit cut; half a run is none."""
        for run in runs:
            if self.cut:
                return
            yield run


def chosen(names: Mapping[str, str], wanted: str) -> set[str]:
    """The numbers of the experiments to read: the one given by name or number, or all if none is given.

    Raises: InputError where no experiment is of that name.
    """
    numbers = {number for number, name in names.items() if wanted in ("", number, name)}
    if wanted and not numbers:
        listed = list(dict.fromkeys(names.values()))
        words = f"one of the experiments {', '.join(listed[:MOST_LISTED])}" if listed else "a store with experiments"
        raise InputError(Problem("--experiment", repr(wanted), words, nearest(wanted, listed or [""])))
    return numbers


def moment(milliseconds: Any) -> datetime | None:
    """The moment of milliseconds since 1970, as a number or text; None for an empty or invalid one."""
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if milliseconds else None
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def number_or_nan(raw: Any) -> float:
    """A metric's value; trackers write NaN and Infinity as words, and what is no number is NaN too."""
    try:
        return math.nan if isinstance(raw, bool) else float(raw if isinstance(raw, int | float) else str(raw))
    except (ValueError, OverflowError):
        return math.nan


def short(text: Any) -> str:
    """A tag or parameter as text that can be written, its first MOST_TEXT characters."""
    return str(text)[:MOST_TEXT].encode("utf-8", "replace").decode("utf-8")


def point(place: str, metric: str, step: Any, value: Any) -> tuple[float, float]:
    """A step and a value of a metric that is read in full; a step that is missing is the first, a value may be NaN.

    Raises: InputError for what is no number.
    """
    at, score = number_or_nan(step or 0), number_or_nan(value)
    if not math.isfinite(at):
        raise _no_number(place, f"step of {metric}", step)
    if math.isnan(score) and str(value).strip().casefold() != "nan":
        raise _no_number(place, f"value of {metric}", value)
    return at, score


def _no_number(place: str, what: str, raw: Any) -> InputError:
    fix = "log the number again, or export the runs as CSV and correct it"
    return InputError(Problem(f"{place}, {what}", one_line(repr(raw), 40), "a number", fix))
