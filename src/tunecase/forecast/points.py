"""The points of a learning curve: read from a CSV file, averaged per size, put on the scale of errors."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tunecase.errors import InputError, Problem, refuse_any
from tunecase.io import EXAMPLE, MOST, read_number, read_table, whole_number
from tunecase.quantities import np
from tunecase.records import Point, Round

LEAST_ERROR = 0.005  # below this, logarithms of errors are mostly noise
SIZE_NAMES = ("n", "n_train")


def to_error(score: float, direction: str) -> float:
    """The error of a score: 1 - score where higher is better, else the score.

    Example:
        >>> to_error(0.75, "higher"), to_error(2.5, "lower")
        (0.25, 2.5)
    """
    return 1 - score if direction == "higher" else score


def to_score(error: float, direction: str) -> float:
    """The score of an error, the inverse of `to_error`."""
    return 1 - error if direction == "higher" else error


def error_of(point: Point, direction: str) -> float:
    """The error of a point, no less than 0.005."""
    return max(to_error(point.score, direction), LEAST_ERROR)


def merge(points: Sequence[Point], direction: str) -> tuple[Point, ...]:
    """One point per size, rising in n: scores averaged over draws, sizes of 0 left out, percent made shares.

    Several points of one size also give the spread from run to run there, unless the caller states it.
    """
    used = [point for point in points if point.n > 0]
    scale = 100 if direction == "higher" and any(point.score > 1.5 for point in used) else 1
    return tuple(_averaged([point for point in used if point.n == n], scale) for n in sorted({p.n for p in used}))


def _averaged(group: Sequence[Point], scale: int) -> Point:
    """The points of one size as one: its smallest test, the spread that was stated, else the one seen.

    The share of the commonest answer is the least of its runs': all answers are the same where they are in every run.
    """
    runs = sum(point.draws for point in group)
    score = sum(point.score * point.draws for point in group) / runs / scale
    sd = max((point.sd / scale for point in group if point.sd is not None), default=None)
    if sd is None and len(group) > 1:
        sd = float(np.std([point.score for point in group], ddof=1)) / scale
    test_rows = min((point.test_rows for point in group if point.test_rows), default=None)
    same = min((point.commonest_share for point in group if point.commonest_share is not None), default=None)
    return Point(group[0].n, score, runs, test_rows, sd, same)


def rebased(points: Sequence[Point], at: Point, direction: str) -> tuple[Point, ...]:
    """The points of one learner moved to another whose one point is known: all errors times one ratio.

        ratio = e_at / e(at.n),   e read between, or beyond, the two nearest sizes as a power law

    Args:
        points: of the learner so far, one per size, at least one.
        at: the new learner's point; it takes the place of an old one of its size.
    Returns: points rising in n, `at` among them. Every test counts as no larger than the new one's, as the level of all
    rests on it. Leaves out that the new learner may gain more, or less, from data than the old one did.

    Example:
        >>> old = [Point(100, 0.6), Point(400, 0.8)]
        >>> [round(point.score, 2) for point in rebased(old, Point(400, 0.9), "higher")]
        [0.8, 0.9]
    """
    nearest = sorted(merge(points, direction), key=lambda point: abs(math.log(point.n / at.n)))[:2]
    logs = [math.log(error_of(point, direction)) for point in nearest]
    here = logs[0]
    if len(nearest) == 2:
        slope = (logs[1] - logs[0]) / math.log(nearest[1].n / nearest[0].n)
        here += slope * math.log(at.n / nearest[0].n)
    ratio = error_of(at, direction) / math.exp(here)
    rows = at.test_rows
    moved = [
        Point(
            point.n, to_score(_capped(to_error(point.score, direction) * ratio, direction), direction), point.draws,
            min(rows, point.test_rows) if rows and point.test_rows else point.test_rows or rows,
            None if point.sd is None else point.sd * ratio, point.commonest_share,
        )
        for point in merge(points, direction)
        if point.n != at.n
    ]  # fmt: skip
    return tuple(sorted([*moved, at], key=lambda point: point.n))


def _capped(error: float, direction: str) -> float:
    return min(error, 1.0) if direction == "higher" else error


def with_rounds(
    points: Sequence[Point], rounds: Sequence[Round], direction: str, stand_in: bool, worth: float = 1.0
) -> tuple[tuple[Point, ...], bool]:
    """The points with measured rounds added, and whether they are still those of a stand-in.

    More rows of the same method are one more point of its curve. Whatever else was changed, and the first round of the
    model itself after a stand-in, moves the whole curve to what was measured. A larger test takes the place of the
    smaller one. Rows from other sources count as `worth` of a labelled one each, see `counted_as`.
    """
    curve = tuple(points)
    for made, n in zip(rounds, counted_as([point.n for point in points], rounds, worth), strict=True):
        new = Point(n, made.score, 1, made.test_rows)
        if made.changed in ("label", "other_sources") and not stand_in:
            curve = (*curve, new)
        elif made.changed == "test_set" and not stand_in:
            curve = (*(point for point in curve if point.n != n), new)
        else:
            curve, stand_in = rebased(curve, new, direction), False
    return curve, stand_in


def counted_as(sizes: Sequence[int], rounds: Sequence[Round], worth: float) -> tuple[int, ...]:
    """The labelled rows that the rows of each round count as: those from other sources teach like `worth` of one.

        n_counted = n - (1 - worth) x rows from other sources among them

    Args:
        sizes: training rows of the points before the rounds.
        rounds: as they came; those of other sources add what lies beyond the largest size before.
        worth: labelled rows that one such row teaches like, above 0.
    Leaves out rows at hand that no run was trained on: they count as brought by the round.

    Example:
        >>> from datetime import date
        >>> made = Round(1, 1_200, 0.79, 400, "other_sources", date(2026, 11, 24))
        >>> counted_as([200, 400], [made], 0.5)
        (800,)
    """
    counts: list[int] = []
    brought: list[tuple[int, int]] = []
    largest = max(sizes, default=0)
    for made in rounds:
        if made.changed == "other_sources" and made.n > largest:
            brought.append((largest, made.n - largest))
        less = sum(min(made.n - beyond, added) for beyond, added in brought if made.n > beyond)
        counts.append(max(round(made.n - (1 - worth) * less), 1))
        largest = max(largest, made.n)
    return tuple(counts)


def mixed_scales(points: Sequence[Point], direction: str) -> tuple[Point, Point] | None:
    """A point that looks like a share and one that looks like percent, when a curve holds both; else None.

    Example:
        >>> mixed_scales([Point(10, 0.71), Point(20, 84.0)], "higher") is None
        False
    """
    shares = [point for point in points if 0 < point.score <= 1]
    percent = [point for point in points if point.score > 1.5]
    return (shares[0], percent[0]) if direction == "higher" and shares and percent else None


def read_points(path: Path, direction: str | None = None) -> tuple[Point, ...]:
    """The points of a file, one per row, in its order; a point with n = 0 is the untouched model.

    Args:
        path: CSV with a header: n (or n_train), score, and perhaps seed or draw, test_rows, draws, sd, metric.
            One row per run; several rows of one n show the spread from run to run.
        direction: "higher" refuses scores above 100; None leaves that to the forecast.
    Returns: Points; scores as written (0.85 or 85), `85%` as 0.85.
    Raises: InputError with every mistake, each at its line.
    """
    written, rows = read_table(path)
    size = _size_column(path, [name.casefold() for name in written])
    points: list[Point] = []
    problems: list[Problem] = []
    metrics: dict[str, int] = {}
    for line, cells in rows:
        row = {name.casefold(): cell for name, cell in cells.items()}
        if metric := (row.get("metric") or "").strip():
            metrics.setdefault(metric, line)
        wrong = list(_row_problems(row, size, f"{path.name}:{line}", direction))
        problems += wrong
        if not wrong:
            points.append(_point(row, size))
    if len(metrics) > 1:
        problems.append(_two_metrics(path.name, metrics))
    if not points and not problems:
        problems.append(Problem(path.name, "a header and no rows", "at least one row", "add rows such as 100,0.81,300"))
    refuse_any(problems)
    return tuple(points)


def _size_column(path: Path, header: Sequence[str]) -> str:
    size = next((name for name in SIZE_NAMES if name in header), None)
    if size is not None and "score" in header:
        return size
    got = f"the columns {', '.join(header)}" if header else "an empty file"
    fix = f"write a first line such as {EXAMPLE}"
    raise InputError(Problem(f"{path.name}:1", got, "columns n and score", fix))


def _two_metrics(name: str, lines: Mapping[str, int]) -> Problem:
    (first, line), (second, other) = list(lines.items())[:2]
    got = f"{first!r} at line {line} and {second!r} at line {other}"
    fix = "keep one metric's rows, or one file for each"
    return Problem(f"{name}:{other}: metric", got, "one metric for the whole curve", fix)


def _row_problems(row: dict[str, str], size: str, where: str, direction: str | None) -> Iterator[Problem]:
    if whole_number(row[size]) is None:
        wanted = f"a whole number from 0 (the untouched model) to {MOST:g}"
        yield Problem(f"{where}: {size}", repr(row[size]), wanted, "write how many examples were trained on, e.g. 100")
    yield from _score_problems(row["score"], f"{where}: score", direction)
    for name in ("test_rows", "draws"):
        if row.get(name) and whole_number(row[name], 1) is None:
            wanted = f"a whole number from 1 to {MOST:g}"
            yield Problem(f"{where}: {name}", repr(row[name]), wanted, "or leave the cell empty")
    if row.get("sd") and not 0 <= read_number(row["sd"]) <= MOST:
        yield Problem(f"{where}: sd", repr(row["sd"]), "a number >= 0 in the score's unit", "or leave the cell empty")


def _score_problems(cell: str, where: str, direction: str | None) -> Iterator[Problem]:
    score = read_number(cell)
    if not math.isfinite(score):
        yield Problem(where, repr(cell), "a number", "write 0.85 or 85%, or delete the row")
    elif score < 0 or (direction == "higher" and score > 100):
        wanted = "a score between 0 and 1 (or 0 and 100)" if direction == "higher" else "a score that is not negative"
        yield Problem(where, repr(cell), wanted, "correct the score, or say which direction is better")


def _point(row: dict[str, str], size: str) -> Point:
    test_rows = int(read_number(row["test_rows"])) if row.get("test_rows") else None
    draws = int(read_number(row["draws"])) if row.get("draws") else 1
    sd = read_number(row["sd"]) if row.get("sd") else None
    return Point(int(read_number(row[size])), read_number(row["score"]), draws, test_rows, sd)
