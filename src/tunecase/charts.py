"""Draws chart data as SVG: pure functions from content to mark-up, every text escaped, colours left to the page.

Each chart is drawn for a width in the viewBox's own unit, about one CSS pixel, so that letters keep their size on a
telephone and on a wide screen.
"""

import math
from collections.abc import Sequence
from html import escape

from tunecase.content import Bars, Chart, Curve, Histogram, Shares
from tunecase.wording import count, figures, money, one_line, score, share

WIDE, NARROW = 760, 344
CHARACTER = 6.7  # width of one letter at 12 px, about
TINTS = 7


def svg(chart: Chart, width: int) -> str:
    """One chart as an SVG element, its words as the label for those who do not see it."""
    match chart:
        case Shares():
            return _shares(chart, width)
        case Histogram():
            return _histogram(chart, width)
        case Curve():
            return _curve(chart, width)
        case Bars():
            return _bars(chart, width)


def _frame(chart: Chart, width: float, height: float, parts: Sequence[str]) -> str:
    label = escape(f"{chart.caption}: {chart.summary}")
    box = f'viewBox="0 0 {_px(width)} {_px(height)}" width="{_px(width)}" height="{_px(height)}"'
    return f'<svg {box} role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{_px(x)}" y="{_px(y)}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line x1="{_px(x1)}" y1="{_px(y1)}" x2="{_px(x2)}" y2="{_px(y2)}" class="{kind}"/>'


def _rect(x: float, y: float, width: float, height: float, kind: str) -> str:
    size = f'width="{_px(max(0.0, width))}" height="{_px(max(0.0, height))}"'
    return f'<rect x="{_px(x)}" y="{_px(y)}" {size} class="{kind}"/>'


def _shares(chart: Shares, width: int) -> str:
    whole = sum(part for _, part in chart.parts) or 1.0
    parts, at = [], 0.0
    for index, (name, part) in enumerate(chart.parts):
        wide = part / whole * width
        parts.append(_rect(at, 0, wide - 2, 40, f"s{index % TINTS}"))
        for label in (f"{one_line(name, 28)} {share(part)}", share(part)):
            if len(label) * CHARACTER < wide - 16:
                parts.append(_text(at + 9, 25, label, f"on s{index % TINTS}"))
                break
        at += wide
    return _frame(chart, width, 40, parts)


def _histogram(chart: Histogram, width: int) -> str:
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
                parts.append(_rect(x(left), base - tall, x(right) - x(left) - 1, tall, kind))
    parts.append(_line(0, base, width, base, "axis"))
    parts += _money_ticks(chart, low, high, width, base)
    for row, (name, value) in enumerate(chart.marks):
        label = f"{name} {money(value, chart.currency)}"
        parts += _flag(x(value), 13 + 16 * row, base, label, width, "mark")
    if chart.limit is not None:
        budget = f"budget {money(chart.limit, chart.currency)}"
        said = budget if chart.over is None else f"{budget}: {share(chart.over)} cost more"
        y = 13.0 + 16 * len(chart.marks)
        parts += _flag(x(chart.limit), y, base, said, width, "limit", short=budget)
    return _frame(chart, width, base + 36, parts)


def _money_ticks(chart: Histogram, low: float, high: float, width: int, base: float) -> list[str]:
    parts = []
    for tick in nice_ticks(low, high, 6 if width > 500 else 4):
        at = 1 + (tick - low) / (high - low) * (width - 2)
        label = figures(tick)
        half = len(label) * CHARACTER / 2
        parts.append(_line(at, base, at, base + 4, "axis"))
        parts.append(_text(min(max(at, half), width - half), base + 17, label, "tick", "middle"))
    parts.append(_text(width, base + 33, f"total, {chart.currency}", "tick", "end"))
    return parts


def _flag(x: float, y: float, base: float, label: str, width: int, kind: str, short: str = "") -> list[str]:
    line = _line(x, y - 10, x, base, kind)
    for text in (label, short):
        long = len(text) * CHARACTER + 6
        if x + long < width:
            return [line, _text(x + 6, y, text, f"label {kind}")]
        if x - long > 0:
            return [line, _text(x - 6, y, text, f"label {kind}", "end")]
    return [line]


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between low and high, at most `most` of them.

    Example:
        >>> nice_ticks(0, 27_000, 6)
        [0.0, 5000.0, 10000.0, 15000.0, 20000.0, 25000.0]
    """
    if high <= low:
        return [low]
    size = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10, 20) if (high - low) / (size * factor) <= most - 0.5)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def log_ticks(low: float, high: float, most: int) -> list[int]:
    """Whole numbers 1, 2, 5 times a power of ten between low and high, thinned to at most `most`.

    Example:
        >>> log_ticks(100, 5_600, 8)
        [100, 200, 500, 1000, 2000, 5000]
    """
    powers = range(math.floor(math.log10(max(1.0, low))), math.ceil(math.log10(max(2.0, high))) + 1)
    for digits in ((1, 2, 5), (1, 3), (1,)):
        found = [digit * 10**power for power in powers for digit in digits if low <= digit * 10**power <= high]
        if 1 < len(found) <= most:
            return found
    return [round(low), round(high)] if high > low else [round(low)]


class _Plane:
    """Where sizes (logarithmic) and scores lie on the picture of a curve."""

    def __init__(self, chart: Curve, width: int) -> None:
        self.left, self.right = 46.0, width - 10.0
        self.top, self.base = 24.0, 296.0 if width > 500 else 256.0
        sizes = [n for n, _ in chart.points] + [at[0] for at in chart.band] + [chart.n_max]
        self.n_low, self.n_high = max(1, min(sizes)), max(2, *sizes)
        scores = [value for _, value in (*chart.points, *chart.runs)]
        scores += [value for at in chart.band for value in at[1:]]
        scores += [value for value in (chart.target, chart.ceiling) if value is not None]
        low, high = min(scores), max(scores)
        room = (high - low) * 0.07 or abs(high) * 0.05 or 1.0
        self.low, self.high = low - room, high + room

    def x(self, n: float) -> float:
        span = math.log(self.n_high / self.n_low) or 1.0
        return self.left + math.log(max(n, 1) / self.n_low) / span * (self.right - self.left)

    def y(self, value: float) -> float:
        return self.base - (value - self.low) / (self.high - self.low) * (self.base - self.top)


def _curve(chart: Curve, width: int) -> str:
    plane = _Plane(chart, width)
    parts = [*_axes(chart, plane, width), *_band(chart, plane), *_levels(chart, plane), *_limit(chart, plane)]
    measured = " ".join(f"{_px(plane.x(n))},{_px(plane.y(v))}" for n, v in chart.points)
    parts.append(f'<polyline points="{measured}" class="between"/>')
    parts += [f'<circle cx="{_px(plane.x(n))}" cy="{_px(plane.y(v))}" r="2.2" class="run"/>' for n, v in chart.runs]
    parts += [f'<circle cx="{_px(plane.x(n))}" cy="{_px(plane.y(v))}" r="4.5" class="mean"/>' for n, v in chart.points]
    return _frame(chart, width, plane.base + 42, parts)


def _axes(chart: Curve, plane: _Plane, width: int) -> list[str]:
    parts = [_line(plane.left, plane.base, plane.right, plane.base, "axis")]
    for tick in nice_ticks(plane.low, plane.high, 6):
        parts.append(_line(plane.left, plane.y(tick), plane.right, plane.y(tick), "grid"))
        parts.append(_text(plane.left - 7, plane.y(tick) + 4, score(tick), "tick", "end"))
    for n in log_ticks(plane.n_low, plane.n_high, 9 if width > 500 else 5):
        at, half = plane.x(n), len(count(n)) * CHARACTER / 2
        parts.append(_line(at, plane.base, at, plane.base + 4, "axis"))
        parts.append(_text(min(at, width - half), plane.base + 17, count(n), "tick", "middle"))
    parts.append(_text(plane.right, plane.base + 35, "training examples in all, log scale", "tick", "end"))
    parts.append(_text(0, 11, one_line(chart.metric, 24), "tick"))
    return parts


def _band(chart: Curve, plane: _Plane) -> list[str]:
    if not chart.band:
        return []
    upper = [(plane.x(n), plane.y(high)) for n, _, _, high in chart.band]
    lower = [(plane.x(n), plane.y(low)) for n, low, _, _ in chart.band]
    around = " ".join(f"{_px(x)},{_px(y)}" for x, y in (*upper, *reversed(lower)))
    middle = " ".join(f"{_px(plane.x(n))},{_px(plane.y(mid))}" for n, _, mid, _ in chart.band)
    parts = [f'<polygon points="{around}" class="band"/>', f'<polyline points="{middle}" class="middle"/>']
    x, y = (
        lower[min(len(lower) - 1, max(1, len(lower) // 4))] if chart.direction == "higher" else upper[len(upper) // 4]
    )
    drop = 16 if chart.direction == "higher" else -8
    return [*parts, _text(x + 8, y + drop, "80% band", "label quiet")]


def _levels(chart: Curve, plane: _Plane) -> list[str]:
    levels = [("target", chart.target, "target"), ("human ceiling", chart.ceiling, "ceiling")]
    parts: list[str] = []
    taken: list[float] = []
    for name, value, kind in levels:
        if value is None:
            continue
        y = plane.y(value)
        parts.append(_line(plane.left, y, plane.right, y, kind))
        close = any(abs(y - other) < 18 and y > other for other in taken)
        parts.append(_text(plane.left + 6, y + 15 if close else y - 6, f"{name} {score(value)}", f"label {kind}"))
        taken.append(y)
    return parts


def _limit(chart: Curve, plane: _Plane) -> list[str]:
    y = plane.base - 8 if chart.direction == "higher" else plane.top + 12
    x = plane.x(chart.n_max)
    parts = [
        _line(x, plane.top, x, plane.base, "limit"),
        _text(x - 6, y, f"limit {count(chart.n_max)}", "label limit", "end"),
    ]
    if chart.points:
        seen = plane.x(chart.points[-1][0])
        parts.append(_line(seen, plane.top, seen, plane.base, "seen"))
        if x - seen > (len(count(chart.n_max)) + 8) * CHARACTER:
            parts.append(_text(seen - 6, y, "measured", "label quiet", "end"))
    return parts


def _bars(chart: Bars, width: int) -> str:
    longest = max((part for _, part in chart.rows), default=0.0) or 1.0
    beside = width > 500
    left, row = (300.0, 26.0) if beside else (0.0, 40.0)
    most = 44 if beside else 48
    parts = []
    for index, (name, part) in enumerate(chart.rows):
        y = index * row
        bar = y + 5 if beside else y + 19
        long = max(2.0, part / longest * (width - left - 48))
        parts.append(_text(left - 12 if beside else 0, y + 17 if beside else y + 13, one_line(name, most), "name",
                           "end" if beside else "start"))  # fmt: skip
        parts.append(_rect(left, bar, long, 14, "bar"))
        parts.append(_text(left + long + 7, bar + 12, share(part), "tick"))
    return _frame(chart, width, max(row, len(chart.rows) * row), parts)
