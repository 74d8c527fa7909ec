"""A waterfall: amounts that add up from left to right, with the budget across them."""

from tunecase.blocks import Waterfall
from tunecase.report.charts.marks import frame, letter, line, rect, text, whole

NAME = 250.0  # px for names left of the bars, on a wide drawing
ROW, NARROW_ROW, BAR = 42.0, 54.0, 22.0
HEAD = 24.0  # px above the first bar, for the limit's name
KINDS = {"base": "acc", "added": "bar", "total": "ink"}


def draw_waterfall(chart: Waterfall, width: int) -> str:
    """Each amount as a bar that starts where the one before ended, its figure after it."""
    wide = width > 500
    left, row = (NAME, ROW) if wide else (0.0, NARROW_ROW)
    widest = max(len(f"+ {step.amount:,.0f}") for step in chart.steps)
    right = width - (widest + 1) * letter(width) - 8
    reach = max([chart.limit or 0.0, *_ends(chart), 1.0])

    def x(amount: float) -> float:
        return left + (right - left) * amount / reach

    parts, y, so_far = [], HEAD if chart.limit is not None else 4.0, 0.0
    for index, step in enumerate(chart.steps):
        begin = 0.0 if step.kind == "total" else so_far
        bar = y if wide else y + 20
        so_far = begin + step.amount
        low, high = sorted((x(begin), x(so_far)))
        parts.append(rect(low, bar + 3, max(high - low, 1.0), BAR, KINDS[step.kind], 2))
        sign = "+ " if step.kind == "added" and step.amount >= 0 else ""
        parts.append(text(high + 8, bar + 19, f"{sign}{step.amount:,.0f}", "strong halo"))
        if index + 1 < len(chart.steps):
            parts.append(line(x(so_far), bar + 3 + BAR, x(so_far), bar + row + 3, "join"))
        parts.append(text(0, bar + 12 if wide else y + 13, step.name, "strong"))
        if wide:
            parts.append(text(0, bar + 30, step.beside))
        y += row
    if chart.limit is not None:
        at, words = x(chart.limit), f"{chart.limit_name} {whole(chart.limit)}"
        parts.insert(0, line(at, HEAD - 4, at, y - 6, "limit"))
        half = len(words) * letter(width) / 2
        parts.append(text(min(max(at, half), width - half), 13, words, "halt", "middle"))
    return frame(chart, width, y, parts)


def _ends(chart: Waterfall) -> list[float]:
    ends, so_far = [], 0.0
    for step in chart.steps:
        so_far = step.amount if step.kind == "total" else so_far + step.amount
        ends.append(so_far)
    return ends
