"""Ways with their scores: a dot with its 80% interval for each that was measured, an open row for the others."""

from collections.abc import Callable

from tunecase.blocks import Scored
from tunecase.quantities import one_line, score
from tunecase.report.charts.marks import CHARACTER, frame, line, nice_ticks, px, text

ROW, TOP = 30.0, 22.0
NAME, BESIDE = 200.0, 170.0  # room for names left of the plot, and for prices right of it
LINE = 16.0  # height of a line of letters, where names stand above their rows


def draw_scored(chart: Scored, width: int) -> str:
    """The rows below one another on one axis of scores, with the target across them all."""
    wide = width > 500
    left, right = (NAME, width - BESIDE) if wide else (8.0, width - 8.0)
    tall = ROW if wide else ROW + LINE
    x = _axis(chart, left, right)
    base = TOP + tall * len(chart.rows)
    parts = _ticks(chart, x, base, left, right)
    if chart.target is not None:
        at = x(chart.target)
        words = f"target {score(chart.target)}"
        half = len(words) * CHARACTER / 2
        parts.append(line(at, TOP - 6, at, base, "target"))
        parts.append(text(min(max(at, half), width - half), 11, words, "label target", "middle"))
    for index, row in enumerate(chart.rows):
        parts += _row(row, TOP + index * tall, x, (left, right, width))
    return frame(chart, width, base + 36, parts)


def _axis(chart: Scored, left: float, right: float) -> Callable[[float], float]:
    """The place of a score: from the lowest end of an interval to the highest, the target among them."""
    values = [value for _, interval, _ in chart.rows if interval is not None for value in interval]
    values += [] if chart.target is None else [chart.target]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    room = (high - low) * 0.08 or abs(high) * 0.05 or 1.0
    low, high = low - room, high + room
    return lambda value: left + (value - low) / (high - low) * (right - left)


def _ticks(chart: Scored, x: Callable[[float], float], base: float, left: float, right: float) -> list[str]:
    parts = [line(left, base, right, base, "axis")]
    start, end = x(0.0), x(1.0)
    low, high = ((edge - start) / (end - start) for edge in (left, right))
    for tick in nice_ticks(low, high, 6 if right - left > 300 else 4):
        parts.append(line(x(tick), TOP, x(tick), base + 4, "grid"))
        parts.append(text(x(tick), base + 17, score(tick), "tick", "middle"))
    parts.append(text(right, base + 33, one_line(chart.metric, 40), "tick", "end"))
    return parts


def _row(
    row: tuple[str, tuple[float, float, float] | None, str],
    top: float,
    x: Callable[[float], float],
    edges: tuple[float, float, float],
) -> list[str]:
    """One way: its name, its dot and interval or a dashed line, and what stands beside it."""
    name, interval, beside = row
    left, right, width = edges
    is_wide = left >= NAME
    y = top + ROW / 2 + (0 if is_wide else LINE / 2)
    above = top + LINE - 5  # the baseline of words that stand above their row
    letters = int((NAME - 12 if is_wide else width * 0.54) / CHARACTER)
    place, anchor = ((left - 12, y + 4), "end") if is_wide else ((left, above), "start")
    parts = [text(*place, one_line(name, letters), "label quiet", anchor)]
    letters = int((BESIDE if is_wide else width * 0.46) / CHARACTER) - 1
    parts.append(text(width, y + 4 if is_wide else above, one_line(beside, letters), "label quiet", "end"))
    if interval is None:
        return [
            *parts,
            line(left, y, right, y, "open"),
            text((left + right) / 2, y + 4, "not measured", "label quiet", "middle"),
        ]
    low, middle, high = interval
    dot = f'<circle cx="{px(x(middle))}" cy="{px(y)}" r="4.5" class="mean"/>'
    return [*parts, line(x(low), y, x(high), y, "spread"), dot]
