"""Charts of amounts: parts of a whole, how a total is spread, names with shares."""

from tunecase.blocks import Bars, Histogram, Shares
from tunecase.quantities import figures, firm_money, firm_share, money, one_line, share
from tunecase.report.charts.marks import CHARACTER, frame, line, nice_ticks, rect, text

TINTS = 7


def draw_shares(chart: Shares, width: int) -> str:
    """One bar, cut into its parts."""
    whole = sum(part for _, part in chart.parts) or 1.0
    parts, at = [], 0.0
    for index, (name, part) in enumerate(chart.parts):
        wide = part / whole * width
        parts.append(rect(at, 0, wide - 2, 40, f"s{index % TINTS}"))
        for label in (f"{one_line(name, 28)} {share(part)}", share(part)):
            if len(label) * CHARACTER < wide - 16:
                parts.append(text(at + 9, 25, label, f"on s{index % TINTS}"))
                break
        at += wide
    return frame(chart, width, 40, parts)


def draw_histogram(chart: Histogram, width: int) -> str:
    """Bars by amount, with marked values and the budget, the part beyond it coloured."""
    middles = [middle for middle, _ in chart.bins]
    step = middles[1] - middles[0] if len(middles) > 1 else max(1.0, abs(middles[0]) / 5)
    low, high = middles[0] - step / 2, middles[-1] + step / 2
    tallest = max(part for _, part in chart.bins) or 1.0
    top, base = 62.0, 190.0

    def x(value: float) -> float:
        return 1 + (min(max(value, low), high) - low) / (high - low) * (width - 2)

    parts = []
    for middle, part in chart.bins:
        edge = middle - step / 2
        tall = part / tallest * (base - top)
        split = min(max(chart.limit, edge), edge + step) if chart.limit is not None else edge + step
        for left, right, kind in ((edge, split, "bar"), (split, edge + step, "bar over")):
            if right > left:
                parts.append(rect(x(left), base - tall, x(right) - x(left) - 1, tall, kind))
    parts.append(line(0, base, width, base, "axis"))
    parts += _money_ticks(chart, low, high, width, base)
    for row, (name, value) in enumerate(chart.marks):
        label = f"{name} {firm_money(value, chart.currency)}"
        parts += _flag(x(value.value), 13 + 16 * row, base, label, width, "mark")
    if chart.limit is not None:
        budget = f"{chart.limit_name} {money(chart.limit, chart.currency)}"
        words = budget if chart.over is None else f"{budget}: {firm_share(chart.over)} cost more"
        y = 13.0 + 16 * len(chart.marks)
        parts += _flag(x(chart.limit), y, base, words, width, "limit", short=budget)
    return frame(chart, width, base + 36, parts)


def _money_ticks(chart: Histogram, low: float, high: float, width: int, base: float) -> list[str]:
    parts = []
    for tick in nice_ticks(low, high, 6 if width > 500 else 4):
        at = 1 + (tick - low) / (high - low) * (width - 2)
        label = figures(tick)
        half = len(label) * CHARACTER / 2
        parts.append(line(at, base, at, base + 4, "axis"))
        parts.append(text(min(max(at, half), width - half), base + 17, label, "tick", "middle"))
    parts.append(text(width, base + 33, f"total, {chart.currency}", "tick", "end"))
    return parts


def _flag(x: float, y: float, base: float, label: str, width: int, kind: str, short: str = "") -> list[str]:
    upright = line(x, y - 10, x, base, kind)
    for words in (label, short):
        long = len(words) * CHARACTER + 6
        if x + long < width:
            return [upright, text(x + 6, y, words, f"label {kind}")]
        if x - long > 0:
            return [upright, text(x - 6, y, words, f"label {kind}", "end")]
    return [upright]


def draw_bars(chart: Bars, width: int) -> str:
    """A bar for each name."""
    longest = max((part for _, part in chart.rows), default=0.0) or 1.0
    beside = width > 500
    left, row = (300.0, 26.0) if beside else (0.0, 40.0)
    most = 44 if beside else 48
    parts = []
    for index, (name, part) in enumerate(chart.rows):
        y = index * row
        bar = y + 5 if beside else y + 19
        long = max(2.0, part / longest * (width - left - 48))
        parts.append(text(left - 12 if beside else 0, y + 17 if beside else y + 13, one_line(name, most), "name",
                           "end" if beside else "start"))  # fmt: skip
        parts.append(rect(left, bar, long, 14, "bar"))
        parts.append(text(left + long + 7, bar + 12, share(part), "tick"))
    return frame(chart, width, max(row, len(chart.rows) * row), parts)
