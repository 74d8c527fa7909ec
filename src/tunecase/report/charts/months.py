"""Spending over time: the average so far, the shade up to a dear case, and the budget across."""

from collections.abc import Callable

from tunecase.blocks import Months
from tunecase.quantities import plain_figure
from tunecase.report.charts.marks import dot, frame, letter, line, nice_ticks, path, text, whole

MOST_TICKS = 5
TOP, TALL = 24.0, 170.0


def draw_months(chart: Months, width: int) -> str:
    """The picture, with both ends named beside the last month."""
    wide = width > 500
    ends = (f"worst of ten {plain_figure(chart.points[-1][2])}", f"average {plain_figure(chart.points[-1][1])}")
    most = max([chart.budget or 0.0, *(high for _, _, high in chart.points), 1.0])
    ticks = nice_ticks(0.0, most, MOST_TICKS - 1)
    left = (max(len(whole(tick)) for tick in ticks) + 1) * letter(width) + 6
    right = width - (max(map(len, ends)) + 2) * letter(width) if wide else width - 14.0
    base = TOP + TALL

    def x(month: float) -> float:
        return left + (right - left) * month / max(len(chart.points), 1)

    def y(amount: float) -> float:
        return base - TALL * min(amount, most) / most

    parts = []
    for tick in ticks:
        parts.append(line(left, y(tick), right, y(tick), "grid"))
        parts.append(text(left - 8, y(tick) + 4, whole(tick), "", "end"))
    parts += _month_names(chart, x, base, width)
    average = [(x(0), y(0)), *((x(at), y(mid)) for at, (_, mid, _) in enumerate(chart.points, 1))]
    dear = [(x(0), y(0)), *((x(at), y(high)) for at, (_, _, high) in enumerate(chart.points, 1))]
    parts += [
        path([*dear, *reversed(average)], "band", closed=True),
        path(average, "forecast"),
        dot(x(0), y(0), 4.5, "ink"),
    ]
    above = TOP - 6
    if chart.budget is not None:
        parts.append(line(left, y(chart.budget), right, y(chart.budget), "limit"))
        above = y(chart.budget) - 6
        parts.append(text(left + 6, above, f"budget {whole(chart.budget)} {chart.currency}", "halt halo"))
    upper, lower = dear[-1][1], average[-1][1]
    if lower - upper < 20:
        upper = min(max(upper - 10, TOP), base - 24)
        lower = upper + 20
    if wide:
        parts.append(text(right + 12, upper + 4, ends[0], "ink"))
        parts.append(text(right + 12, lower + 4, ends[1], "strong acc"))
    else:
        near_budget = chart.budget is not None and abs(upper - 7 - above) < 16
        parts.append(text(right, upper + 17 if near_budget else upper - 7, ends[0], "ink halo", "end"))
        parts.append(
            text(
                right, min(lower + 17, base - 5) if lower - upper > 44 else base - 5, ends[1], "strong acc halo", "end"
            )
        )
    return frame(chart, width, base + 26, parts)


def _month_names(chart: Months, x: Callable[[float], float], base: float, width: int) -> list[str]:
    """Names of months below the line, as many as there is room for, and where one stands today."""
    per = letter(width)
    parts = [text(x(0), base + 20, "today", "", "start" if width < 500 else "middle")]
    free = x(0) + 5 * per
    last = len(chart.points)
    step = -(-last // (MOST_TICKS - 1)) or 1
    for at in range(step, last + 1, step):
        name = chart.points[at - 1][0]
        half = len(name) * per / 2
        place = min(x(at), width - half)
        if place - half < free:
            continue
        parts += [line(x(at), base, x(at), base + 4, "axis"), text(place, base + 20, name, "", "middle")]
        free = place + half + per
    return parts
