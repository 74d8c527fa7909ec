"""Charts of a file's rows: how long they are, and how classes share out over files."""

from tunecase.blocks import Compared, Lengths
from tunecase.quantities import count, one_line, share
from tunecase.report.charts.marks import frame, letter, line, rect, text

SERIES = ("acc", "bar", "wait")  # the colours of up to three files
LINE = 18.0  # height of one bar of a class, with the blank below


def draw_lengths(chart: Lengths, width: int) -> str:
    """A bar for each run of lengths, all equally wide as edges grow by powers; beyond the limit coloured."""
    most = max(rows for _, _, rows in chart.bins) or 1
    wide = width / len(chart.bins)
    base = 190.0
    top = 34.0 + 18 * len(chart.marks)

    def x(value: float) -> float:
        for at, (low, high, _) in enumerate(chart.bins):
            if value < high:
                return (at + max(0.0, value - low) / max(high - low, 1)) * wide
        return float(width)

    parts = []
    for at, (low, high, rows) in enumerate(chart.bins):
        tall = max(rows / most * (base - top), 1.5 if rows else 0.0)
        over = chart.limit is not None and low >= chart.limit
        cut = x(chart.limit) if chart.limit is not None and low < chart.limit < high else (at + 1) * wide
        parts.append(rect(at * wide, base - tall, cut - at * wide - 1, tall, "halt" if over else "bar"))
        if cut < (at + 1) * wide:
            parts.append(rect(cut, base - tall, (at + 1) * wide - cut - 1, tall, "halt"))
    parts.append(line(0, base, width, base, "axis"))
    parts += _ticks(chart, width, wide, base)
    for row, (name, value) in enumerate(chart.marks):
        parts += _flag(x(value), 13 + 18 * row, base, f"{name} {count(value)}", width, "mark")
    if chart.limit is not None:
        beyond = f"{share(chart.over, 1)} beyond" if chart.over else "no row beyond"
        at_limit = x(chart.limit) if chart.limit < chart.bins[-1][1] else width - 1.0
        sign = "" if chart.limit < chart.bins[-1][1] else " →"
        words = f"limit {count(chart.limit)}: {beyond}{sign}"
        parts += _flag(at_limit, 13.0 + 18 * len(chart.marks), base, words, width, "limit")
    return frame(chart, width, base + 42, parts)


def _ticks(chart: Lengths, width: int, wide: float, base: float) -> list[str]:
    parts, free = [], 0.0
    for at, (low, _, _) in enumerate(chart.bins):
        label, place = count(low), at * wide
        half = len(label) * letter(width) / 2
        left = max(0.0, place - half)
        if left < free or left + 2 * half > width:
            continue
        parts.append(line(place, base, place, base + 4, "axis"))
        parts.append(text(left, base + 19, label))
        free = left + 2 * half + 10
    parts.append(text(width, base + 38, f"{chart.unit} in a row, edges growing", "", "end"))
    return parts


def _flag(x: float, y: float, base: float, label: str, width: int, kind: str) -> list[str]:
    upright = line(x, y - 10, x, base, kind)
    look = "halt label" if kind == "limit" else "ink label"
    left = x + len(label) * letter(width) + 6 < width
    return [upright, text(x + 6 if left else x - 6, y, label, look, "start" if left else "end")]


def draw_compared(chart: Compared, width: int) -> str:
    """For each name a bar per series, below one another, with a legend on top."""
    longest = max((part or 0.0 for _, parts in chart.rows for part in parts), default=0.0) or 1.0
    beside = width > 500
    left = 230.0 if beside else 0.0
    most = 32 if beside else 46
    parts, x = [], left
    for index, name in enumerate(chart.series):
        parts += [rect(x, 2, 12, 12, SERIES[index % len(SERIES)]), text(x + 18, 13, name)]
        x += 34 + len(name) * letter(width)
    y = 28.0
    for name, shares in chart.rows:
        words = one_line(name, most)
        parts.append(text(left - 12 if beside else 0, y + 10, words, "ink", "end" if beside else "start"))
        y += 0 if beside else LINE
        for index, part in enumerate(shares):
            if part is not None:
                long = max(1.5, part / longest * (width - left - 56))
                parts.append(rect(left, y, long, LINE - 4, SERIES[index % len(SERIES)]))
                parts.append(text(left + long + 7, y + 10, share(part, 1)))
            y += LINE
        y += 7
    return frame(chart, width, y, parts)
