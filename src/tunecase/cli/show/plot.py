"""The learning curve as text: points with their spread, band, target, ceiling and budget in a terminal."""

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from tunecase.quantities import count, counted, score
from tunecase.records import Forecast, Run

WIDTH, HEIGHT = 60, 12
LABEL = 13  # columns left of the axis
NARROWEST = 10
BLANK = " ░"  # what a line may be drawn over


class _Grid:
    """Cells of the picture, and where sizes (logarithmic) and scores lie on them."""

    def __init__(self, record: Forecast, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.first = record.points[0].n
        self.last = max(record.band[-1].n, record.points[-1].n + 1)
        values = [p.score for p in record.points] + [v for b in record.band for v in (b.score.low, b.score.high)]
        values += [p.score + side * p.sd for p in record.points if p.sd is not None for side in (-1, 1)]
        values += [value for value in (record.target, record.ceiling) if value is not None]
        self.low, self.high = min(values), max(values)
        self.cells = [[" "] * width for _ in range(height)]

    def column(self, n: float) -> int:
        """The column of a size."""
        return round((self.width - 1) * math.log(n / self.first) / math.log(self.last / self.first))

    def row(self, value: float) -> int:
        """The row of a score, the best-looking end on top."""
        return round((self.height - 1) * (self.high - value) / (self.high - self.low))

    def shows(self, n: int | None) -> bool:
        """True when a size lies on the picture."""
        return n is not None and self.first <= n <= self.last

    def level(self, value: float, mark: str) -> None:
        """A line from side to side, behind what is measured."""
        cells = self.cells[self.row(value)]
        for x, cell in enumerate(cells):
            if cell in BLANK:
                cells[x] = mark

    def upright(self, n: int, mark: str) -> None:
        """A line from top to bottom, behind what is measured."""
        for cells in self.cells:
            if cells[self.column(n)] in BLANK:
                cells[self.column(n)] = mark


def curve_lines(record: Forecast, width: int = WIDTH, height: int = HEIGHT) -> list[str]:
    """The curve as text with its legend; x is logarithmic. `width` + 15 columns wide, none without a band."""
    if not record.band or not record.points:
        return []
    grid = _Grid(record, width, height)
    if not grid.high > grid.low:
        return []
    for x, lows, mids, highs in _band_columns(record, grid.column):
        for y in range(grid.row(highs), grid.row(lows) + 1):
            grid.cells[y][x] = "░"
        grid.cells[grid.row(mids)][x] = "━"
    if record.target is not None:
        grid.level(record.target, "┄")
    if record.ceiling is not None:
        grid.level(record.ceiling, "╌")
    if record.n_budget is not None and grid.shows(record.n_budget):
        grid.upright(record.n_budget, "┊")
    _measured(record, grid)
    half = _half(record, grid)
    if half is not None and record.target is not None:
        grid.cells[grid.row(record.target)][grid.column(half)] = "◆"
    names = _names(record, grid)
    lines = [f"{names.get(y, ''):>{LABEL}} │{''.join(cells).rstrip()}" for y, cells in enumerate(grid.cells)]
    lines += [f"{'':>{LABEL}} └{'─' * width}", f"{'':>{LABEL + 2}}{_axis(record, grid)}"]
    return [*lines, *_legend(record, grid, half)]


def _measured(record: Forecast, grid: _Grid) -> None:
    for point in record.points:
        for y in _rows_between(grid, point.score, point.sd or 0.0):
            grid.cells[y][grid.column(point.n)] = "┃"
    for point in record.points:
        grid.cells[grid.row(point.score)][grid.column(point.n)] = "●"


def _rows_between(grid: _Grid, middle: float, around: float) -> range:
    return range(grid.row(middle + around), grid.row(middle - around) + 1)


def _half(record: Forecast, grid: _Grid) -> int | None:
    """The size at which half of the worlds reach the target, where it lies ahead and on the picture."""
    half = record.needed.p50 if record.needed is not None and record.verdict != "reached" else None
    return half if grid.shows(half) else None


def _names(record: Forecast, grid: _Grid) -> dict[int, str]:
    names = {0: score(grid.high), grid.height - 1: score(grid.low)}
    if record.ceiling is not None:
        names[grid.row(record.ceiling)] = f"{score(record.ceiling)} ceiling"
    if record.target is not None:
        names[grid.row(record.target)] = f"{score(record.target)} target"
    return {y: name[:LABEL] for y, name in names.items()}


def _axis(record: Forecast, grid: _Grid) -> str:
    """The first size and the last, and between them the largest one measured where there is room."""
    first, last, seen = f"{count(grid.first)} examples", count(grid.last), count(record.points[-1].n)
    middle = grid.column(record.points[-1].n) - len(seen) // 2
    free = range(len(first) + 2, grid.width - len(last) - 2 - len(seen))
    axis = f"{first:<{middle}}{seen}" if middle in free else first
    return f"{axis}{last:>{max(1, grid.width - len(axis))}}"


def _legend(record: Forecast, grid: _Grid, half: int | None) -> list[str]:
    """What each mark is, wrapped to the picture's width."""
    entries = ["● measured"]
    if any(point.sd for point in record.points):
        entries.append("┃ standard deviation of runs")
    entries += ["░ true score, 8 times in 10", "━ its middle"]
    if record.target is not None:
        entries.append("┄ target")
    if record.ceiling is not None:
        entries.append("╌ human ceiling")
    if half is not None:
        entries.append(f"◆ half of the worlds: {count(half)}")
    if record.n_budget is not None:
        where = "┊ budget buys" if grid.shows(record.n_budget) else "beyond: the budget buys"
        entries.append(f"{where} {count(record.n_budget)}")
    lines = [""]
    for entry in entries:
        joined = f"{lines[-1]}   {entry}".strip()
        lines[-1:] = [joined] if len(joined) <= grid.width or not lines[-1] else [lines[-1], entry]
    start = LABEL + 2 if grid.width >= WIDTH else 1
    return [f"{'':>{start}}{line}" for line in lines]


def _band_columns(record: Forecast, column: Callable[[float], int]) -> Iterator[tuple[int, float, float, float]]:
    """(column, low, mid, high) for every column of the plot, between the sizes of the band."""
    knots = [(column(b.n), b.score.low, b.score.mid, b.score.high) for b in record.band if b.n >= record.points[0].n]
    for (x0, *a), (x1, *b) in itertools.pairwise(knots):
        for x in range(x0, x1 + (x1 == knots[-1][0])):
            part = (x - x0) / max(1, x1 - x0)
            low, mid, high = (p + (q - p) * part for p, q in zip(a, b, strict=True))
            yield x, low, mid, high


def live_curve(runs: Sequence[Run], sizes: Sequence[int] = (), width: int = WIDTH) -> list[str]:
    """A pilot's curve so far, one line for each size: ● the mean, ━ from the worst run to the best, in words behind.

    Args:
        runs: those that ended, in any order; failed and unconverged ones are counted, not drawn.
        sizes: the pilot's sizes, to show those still to come.
        width: of the whole line in columns.
    Returns: a line per size, none without sizes.
    """
    ladder = [run for run in runs if run.purpose == "ladder"]
    scores: dict[int, list[float]] = {n: [] for n in sorted({run.n for run in ladder} | set(sizes))}
    if not scores:
        return []
    counting = [run for run in ladder if run.converged and not run.failed]
    for run in counting:
        scores[run.n].append(run.score)
    begun = Counter(run.n for run in ladder)
    words = {n: _so_far(of_size, begun[n] - len(of_size)) for n, of_size in scores.items()}
    left = max(len(count(n)) for n in scores)
    room = width - left - 4
    short = room - max(len(full) for full, _ in words.values()) < NARROWEST
    columns = max(NARROWEST, room - max(len(pair[short]) for pair in words.values()))
    drawn = [run.score for run in counting] or [0.0, 1.0]
    ends = min(drawn), max(drawn)
    return [
        f"{count(n):>{left}} │{_strip(of_size, ends, columns)}│ {words[n][short]}".rstrip()
        for n, of_size in scores.items()
    ]


def _strip(scores: Sequence[float], ends: tuple[float, float], columns: int) -> str:
    """The scores of one size on an axis from the lowest of all to the highest: ━ from worst to best, ● the mean."""
    low, high = ends

    def place(value: float) -> int:
        return round((columns - 1) * (value - low) / (high - low)) if high > low else columns // 2

    cells = [" "] * columns
    if scores:
        for column in range(place(min(scores)), place(max(scores)) + 1):
            cells[column] = "━"
        cells[place(sum(scores) / len(scores))] = "●"
    return "".join(cells)


def _so_far(scores: Sequence[float], lost: int) -> tuple[str, str]:
    """The mean of a size with its worst and best run, and the runs lost; once in full, once in short."""
    if not scores:
        nothing = f"{counted(lost, 'run')} lost" if lost else "to come"
        return nothing, nothing
    mean = score(sum(scores) / len(scores), even=True)
    ends = f" ({score(min(scores), even=True)} to {score(max(scores), even=True)})" if len(scores) > 1 else ""
    also = f", {lost} lost" if lost else ""
    return f"{mean}{ends}{also}", f"{mean}{also}"
