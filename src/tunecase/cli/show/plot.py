"""The learning curve as text: points with their spread, band, target, ceiling and budget in a terminal."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence

from tunecase.blocks import Curve
from tunecase.quantities import count, plain_score, score

WIDTH, HEIGHT = 60, 12
SHORT_HEIGHT = 6
LABEL = 13  # columns left of the axis
BESIDE = 24  # columns right of a short picture, for the words on its band
NARROWEST = 10
BLANK = " ░"  # what a line may be drawn over

Knots = Sequence[tuple[int, float, float, float]]


class _Grid:
    """Cells of the picture, and where sizes (logarithmic) and scores lie on them."""

    def __init__(self, chart: Curve, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.first = chart.points[0][0]
        self.last = max(chart.band[-1][0], chart.points[-1][0] + 1)
        values = [score for _, score in chart.points] + [end for _, low, _, high in chart.band for end in (low, high)]
        values += [end for _, low, high in chart.spread for end in (low, high)]
        values += [value for value in (chart.target, chart.ceiling) if value is not None]
        self.low, self.high = min(values), max(values)
        self.cells = [[" "] * width for _ in range(height)]

    def column(self, n: float) -> int:
        """The column of a size."""
        return round((self.width - 1) * math.log(n / self.first) / math.log(self.last / self.first))

    def row(self, value: float) -> int:
        """The row of a score, the best-looking end on top; what lies beyond the picture is at its edge."""
        share = (self.high - value) / (self.high - self.low)
        return round((self.height - 1) * min(max(share, 0.0), 1.0))

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


def curve_lines(chart: Curve, width: int = WIDTH, height: int = HEIGHT) -> list[str]:
    """The curve as text with its legend; x is logarithmic. `width` + 15 columns wide, none without a band."""
    grid = _drawn(chart, width, height)
    if grid is None:
        return []
    _assumed(chart, grid)
    if chart.n_budget is not None and grid.shows(chart.n_budget):
        grid.upright(chart.n_budget, "┊")
    half = _half(chart, grid)
    if half is not None and chart.target is not None:
        grid.cells[grid.row(chart.target)][grid.column(half)] = "◆"
    names = _names(chart, grid)
    lines = [f"{names.get(y, ''):>{LABEL}} │{''.join(cells).rstrip()}" for y, cells in enumerate(grid.cells)]
    lines += [f"{'':>{LABEL}} └{'─' * width}", f"{'':>{LABEL + 2}}{_axis(chart, grid)}"]
    return [*lines, *_legend(chart, grid, half)]


def short_curve(chart: Curve, width: int) -> list[str]:
    """The curve in a few lines without a legend: what its lines and its band are stands beside them.

    Args:
        chart: what is drawn.
        width: of a whole line in columns, the words on the band included.
    Returns: SHORT_HEIGHT lines and one of sizes; none without a band.
    """
    grid = _drawn(chart, max(2 * NARROWEST, min(WIDTH, width - LABEL - 2 - BESIDE)), SHORT_HEIGHT)
    if grid is None:
        return []
    names = _names(chart, grid, plain_score if _of_one(chart) else score)
    _, low, middle, high = chart.band[-1]
    plain = [plain_score(end, of_one=_of_one(chart)) for end in (low, high)]
    beside = {grid.row(middle): f" {plain[0].removesuffix('%')} to {plain[1]}, 8 in 10"}
    lines = [
        f"{names.get(y, ''):>{LABEL}} │{''.join(cells)}{beside.get(y, '')}".rstrip()
        for y, cells in enumerate(grid.cells)
    ]
    return [*lines, f"{'':>{LABEL + 2}}{_axis(chart, grid)}"]


def _of_one(chart: Curve) -> bool:
    """True where every score is a share of 1 that is right, and reads best in percent."""
    scores = [value for _, *values in (*chart.points, *chart.band) for value in values]
    return chart.direction == "higher" and all(0 <= value <= 1 for value in scores)


def _drawn(chart: Curve, width: int, height: int) -> _Grid | None:
    """What is measured, its band, the target and the ceiling; None where there is nothing to draw."""
    if not chart.band or not chart.points:
        return None
    grid = _Grid(chart, width, height)
    if not grid.high > grid.low:
        return None
    for x, lows, mids, highs in _band_columns(chart.band, chart, grid.column):
        for y in range(grid.row(highs), grid.row(lows) + 1):
            grid.cells[y][x] = "░"
        grid.cells[grid.row(mids)][x] = "━"
    if chart.target is not None:
        grid.level(chart.target, "┄")
    if chart.ceiling is not None:
        grid.level(chart.ceiling, "╌")
    _measured(chart, grid)
    return grid


def _assumed(chart: Curve, grid: _Grid) -> None:
    """The edges of the band that is assumed of another model, where nothing else is drawn."""
    for x, low, _, high in _band_columns(chart.assumed, chart, grid.column):
        for end in (low, high):
            if grid.low <= end <= grid.high and grid.cells[grid.row(end)][x] in " ┄╌":
                grid.cells[grid.row(end)][x] = "·"


def _measured(chart: Curve, grid: _Grid) -> None:
    for n, low, high in chart.spread:
        for y in range(grid.row(high), grid.row(low) + 1):
            grid.cells[y][grid.column(n)] = "┃"
    for n, value in chart.points:
        grid.cells[grid.row(value)][grid.column(n)] = "●"


def _half(chart: Curve, grid: _Grid) -> int | None:
    """The size at which half of the worlds reach the target, where it lies ahead and on the picture."""
    half = chart.needed[1] if chart.needed is not None else None
    return half if grid.shows(half) else None


def _names(chart: Curve, grid: _Grid, words: Callable[[float], str] = score) -> dict[int, str]:
    names = {0: words(grid.high), grid.height - 1: words(grid.low)}
    if chart.ceiling is not None:
        names[grid.row(chart.ceiling)] = f"{words(chart.ceiling)} ceiling"
    if chart.target is not None:
        names[grid.row(chart.target)] = f"{words(chart.target)} target"
    return {y: name[:LABEL] for y, name in names.items()}


def _axis(chart: Curve, grid: _Grid) -> str:
    """The first size and the last, and between them the largest one measured where there is room."""
    first, last, seen = f"{count(grid.first)} examples", count(grid.last), count(chart.points[-1][0])
    middle = grid.column(chart.points[-1][0]) - len(seen) // 2
    free = range(len(first) + 2, grid.width - len(last) - 2 - len(seen))
    axis = f"{first:<{middle}}{seen}" if middle in free else first
    return f"{axis}{last:>{max(1, grid.width - len(axis))}}"


def _legend(chart: Curve, grid: _Grid, half: int | None) -> list[str]:
    """What each mark is, wrapped to the picture's width."""
    entries = ["● measured"]
    if chart.spread:
        entries.append("┃ standard deviation of runs")
    entries += ["░ true score, 8 times in 10", "━ its middle"]
    if chart.target is not None:
        entries.append("┄ target")
    if chart.ceiling is not None:
        entries.append("╌ human ceiling")
    if any("·" in cells for cells in grid.cells):
        entries.append(f"· assumed of {chart.assumed_name}"[: grid.width])
    if half is not None:
        entries.append(f"◆ half of the cases: {count(half)}")
    if chart.n_budget is not None:
        where = "┊ budget buys" if grid.shows(chart.n_budget) else "beyond: the budget buys"
        entries.append(f"{where} {count(chart.n_budget)}")
    lines = [""]
    for entry in entries:
        joined = f"{lines[-1]}   {entry}".strip()
        lines[-1:] = [joined] if len(joined) <= grid.width or not lines[-1] else [lines[-1], entry]
    start = LABEL + 2 if grid.width >= WIDTH else 1
    return [f"{'':>{start}}{line}" for line in lines]


def _band_columns(
    band: Knots, chart: Curve, column: Callable[[float], int]
) -> Iterator[tuple[int, float, float, float]]:
    """(column, low, mid, high) for every column of the plot, between the sizes of the band."""
    knots = [(column(n), low, mid, high) for n, low, mid, high in band if n >= chart.points[0][0]]
    for (x0, *a), (x1, *b) in itertools.pairwise(knots):
        for x in range(x0, x1 + (x1 == knots[-1][0])):
            part = (x - x0) / max(1, x1 - x0)
            low, mid, high = (p + (q - p) * part for p, q in zip(a, b, strict=True))
            yield x, low, mid, high
