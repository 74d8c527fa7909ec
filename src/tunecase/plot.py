"""The learning curve as text: points, band and target in a terminal."""

import itertools
import math
from collections.abc import Callable, Iterator

from tunecase.records import Forecast
from tunecase.wording import count, score

WIDTH, HEIGHT = 60, 12


def curve_lines(record: Forecast, width: int = WIDTH, height: int = HEIGHT) -> list[str]:
    """The curve as text: ● measured, ░ the 80% band, ━ its middle, ┄ the target; x is logarithmic."""
    if not record.band or not record.points:
        return []
    first, last = record.points[0].n, max(record.band[-1].n, record.points[-1].n + 1)
    values = [p.score for p in record.points] + [v for b in record.band for v in (b.score.low, b.score.high)]
    values += [record.target] if record.target is not None else []
    low, high = min(values), max(values)
    if not high > low:
        return []

    def column(n: float) -> int:
        return round((width - 1) * math.log(n / first) / math.log(last / first))

    def row(value: float) -> int:
        return round((height - 1) * (high - value) / (high - low))

    grid = [[" "] * width for _ in range(height)]
    if record.target is not None:
        grid[row(record.target)] = ["┄"] * width
    for x, lows, mids, highs in _band_columns(record, column):
        for y in range(row(highs), row(lows) + 1):
            grid[y][x] = "░"
        grid[row(mids)][x] = "━"
    for point in record.points:
        grid[row(point.score)][column(point.n)] = "●"
    labels = {0: score(high), height - 1: score(low)}
    if record.target is not None:
        labels[row(record.target)] = f"{score(record.target)} target"
    lines = [f"{labels.get(y, ''):>12} │{''.join(cells).rstrip()}" for y, cells in enumerate(grid)]
    axis = f"{count(first)} examples"
    return [*lines, f"{'':>12} └{'─' * width}", f"{'':>14}{axis}{count(last):>{max(1, width - len(axis))}}"]


def _band_columns(record: Forecast, column: Callable[[float], int]) -> Iterator[tuple[int, float, float, float]]:
    """(column, low, mid, high) for every column of the plot, between the sizes of the band."""
    knots = [(column(b.n), b.score.low, b.score.mid, b.score.high) for b in record.band if b.n >= record.points[0].n]
    for (x0, *a), (x1, *b) in itertools.pairwise(knots):
        for x in range(x0, x1 + (x1 == knots[-1][0])):
            part = (x - x0) / max(1, x1 - x0)
            low, mid, high = (p + (q - p) * part for p, q in zip(a, b, strict=True))
            yield x, low, mid, high
