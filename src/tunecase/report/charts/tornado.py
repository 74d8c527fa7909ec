"""A tornado: for each input a bar from the total's mean where it is low to the mean where it is high."""

from collections.abc import Callable

from tunecase.blocks import Tornado
from tunecase.quantities import figures, one_line
from tunecase.report.charts.marks import CHARACTER, frame, line, nice_ticks, rect, text

ROW, BAR, NAME = 46.0, 14.0, 17.0


def draw_tornado(chart: Tornado, width: int) -> str:
    """The bars below one another on one axis of money; at each end what the input is there."""
    ends = [value for _, low, high, _, _ in chart.rows for value in (low, high)]
    least, most = min(ends), max(ends)
    left, right = 8.0, width - 8.0

    def x(value: float) -> float:
        return left + (value - least) / ((most - least) or 1.0) * (right - left)

    parts, base = [], 4 + ROW * len(chart.rows)
    for tick in nice_ticks(least, most, 6 if width > 500 else 4):
        half = len(figures(tick)) * CHARACTER / 2
        parts.append(line(x(tick), 0, x(tick), base + 4, "grid"))
        parts.append(text(min(max(x(tick), half), width - half), base + 17, figures(tick), "tick", "middle"))
    for index, row in enumerate(chart.rows):
        parts += _row(row, index * ROW, x, width)
    parts.append(line(0, base, width, base, "axis"))
    parts.append(text(width, base + 33, f"mean of the total, {chart.currency}", "tick", "end"))
    return frame(chart, width, base + 36, parts)


def _row(row: tuple[str, float, float, str, str], top: float, x: Callable[[float], float], width: int) -> list[str]:
    name, low, high, at_low, at_high = row
    start, end = sorted((x(low), x(high)))
    letters = int((width - 16) / CHARACTER)
    words = f"{one_line(name, max(letters - len(at_low) - len(at_high) - 6, 12))}: {at_low} → {at_high}"
    middle = (start + end) / 2
    first, second = ("low", "high") if low <= high else ("high", "low")
    return [
        text(8, top + 13, one_line(words, letters), "name"),
        rect(start, top + NAME + 3, max(middle - start, 1.0), BAR, f"bar {first}"),
        rect(middle, top + NAME + 3, max(end - middle, 1.0), BAR, f"bar {second}"),
    ]
