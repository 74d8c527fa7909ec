"""How a total is spread: bars by amount, marked values, and the budget with the part beyond it."""

from tunecase.blocks import Histogram
from tunecase.quantities import figures, firm_money, firm_share, money
from tunecase.report.charts.marks import frame, letter, line, nice_ticks, rect, text


def draw_histogram(chart: Histogram, width: int) -> str:
    """Bars by amount, with marked values and the budget, the part beyond it coloured."""
    middles = [middle for middle, _ in chart.bins]
    step = middles[1] - middles[0] if len(middles) > 1 else max(1.0, abs(middles[0]) / 5)
    low, high = middles[0] - step / 2, middles[-1] + step / 2
    tallest = max(part for _, part in chart.bins) or 1.0
    top, base = 68.0, 196.0

    def x(value: float) -> float:
        return 1 + (min(max(value, low), high) - low) / (high - low) * (width - 2)

    parts = []
    for middle, part in chart.bins:
        edge = middle - step / 2
        tall = part / tallest * (base - top)
        split = min(max(chart.limit, edge), edge + step) if chart.limit is not None else edge + step
        for left, right, kind in ((edge, split, "bar"), (split, edge + step, "halt")):
            if right > left:
                parts.append(rect(x(left), base - tall, x(right) - x(left) - 1, tall, kind))
    parts.append(line(0, base, width, base, "axis"))
    parts += _money_ticks(chart, low, high, width, base)
    for row, (name, value) in enumerate(chart.marks):
        label = f"{name} {firm_money(value, chart.currency)}"
        parts += _flag(x(value.value), 13 + 18 * row, base, label, width, "mark")
    if chart.limit is not None:
        budget = f"{chart.limit_name} {money(chart.limit, chart.currency)}"
        words = budget if chart.over is None else f"{budget}: {firm_share(chart.over)} cost more"
        y = 13.0 + 18 * len(chart.marks)
        parts += _flag(x(chart.limit), y, base, words, width, "limit", short=budget)
    return frame(chart, width, base + 42, parts)


def _money_ticks(chart: Histogram, low: float, high: float, width: int, base: float) -> list[str]:
    parts = []
    for tick in nice_ticks(low, high, 5 if width > 500 else 4):
        at = 1 + (tick - low) / (high - low) * (width - 2)
        label = figures(tick)
        half = len(label) * letter(width) / 2
        parts.append(line(at, base, at, base + 4, "axis"))
        parts.append(text(min(max(at, half), width - half), base + 19, label, "", "middle"))
    parts.append(text(width, base + 38, f"total, {chart.currency}", "", "end"))
    return parts


def _flag(x: float, y: float, base: float, label: str, width: int, kind: str, short: str = "") -> list[str]:
    upright = line(x, y - 10, x, base, kind)
    look = "halt label" if kind == "limit" else "ink label"
    for words in (label, short):
        long = len(words) * letter(width) + 6
        if x + long < width:
            return [upright, text(x + 6, y, words, look)]
        if x - long > 0:
            return [upright, text(x - 6, y, words, look, "end")]
    return [upright]
