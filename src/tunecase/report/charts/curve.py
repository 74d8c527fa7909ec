"""The learning curve as SVG: points with their spread, the band, target and ceiling, the budget, where half get there.

Labels look for a free place: none lies on another one or on a measured point where any place is left.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

from tunecase.blocks import Curve
from tunecase.quantities import count, one_line, score
from tunecase.report.charts.marks import CHARACTER, frame, line, log_ticks, nice_ticks, px, rect, text

LETTER = 13.0  # height of a line of letters
BOLD, BOLDER = ("target", "half", "budget"), 1.12  # labels set in bold letters, and how much wider those are
POINT = 5.0  # room that a measured point keeps around itself
SWATCH, GAP = 22.0, 18.0  # of the legend: the mark's width, and the blank between two entries

Box = tuple[float, float, float, float]


class Plane:
    """Where sizes (logarithmic) and scores lie on the picture of a curve."""

    def __init__(self, chart: Curve, width: int) -> None:
        self.left, self.right = 46.0, width - 10.0
        self.top, self.base = 24.0, 296.0 if width > 500 else 256.0
        sizes = [n for n, _ in chart.points] + [at[0] for at in chart.band] + [chart.n_max]
        self.n_low, self.n_high = max(1, min(sizes)), max(2, *sizes)
        scores = [value for _, value in (*chart.points, *chart.runs)]
        scores += [value for at in (*chart.band, *chart.spread) for value in at[1:]]
        scores += [value for value in (chart.target, chart.ceiling) if value is not None]
        low, high = min(scores), max(scores)
        room = (high - low) * 0.07 or abs(high) * 0.05 or 1.0
        self.low, self.high = low - room, high + room

    def x(self, n: float) -> float:
        """The place of a size."""
        span = math.log(self.n_high / self.n_low) or 1.0
        return self.left + math.log(max(n, 1) / self.n_low) / span * (self.right - self.left)

    def y(self, value: float) -> float:
        """The place of a score."""
        return self.base - (value - self.low) / (self.high - self.low) * (self.base - self.top)

    def shows(self, n: int | None) -> bool:
        """True when a size lies on the picture."""
        return n is not None and self.n_low <= n <= self.n_high


class Labels:
    """Words on the picture, each where nothing stands yet."""

    def __init__(self, plane: Plane, taken: Iterable[Box]) -> None:
        self.plane, self.taken = plane, list(taken)
        self.parts: list[str] = []

    def put(self, words: str, kind: str, places: Sequence[tuple[float, float, str]]) -> None:
        """Writes at the first free one of (x, baseline, anchor), or at the one that hides least."""
        long = len(words) * CHARACTER * (BOLDER if kind in BOLD else 1)
        boxes = []
        for x, y, anchor in places:
            left = {"start": x, "middle": x - long / 2, "end": x - long}[anchor]
            left = min(max(left, self.plane.left), self.plane.right - long)
            boxes.append((left, y - LETTER + 2, left + long, y + 2))
        box = min(boxes, key=self._hidden)
        self.taken.append(box)
        self.parts.append(text(box[0], box[3] - 2, words, f"label {kind}"))

    def _hidden(self, box: Box) -> float:
        outside = max(0.0, self.plane.top - LETTER - box[1]) + max(0.0, box[3] - self.plane.base)
        return outside * (box[2] - box[0]) + sum(_shared(box, other) for other in self.taken)


def _shared(box: Box, other: Box) -> float:
    wide = min(box[2], other[2]) - max(box[0], other[0])
    tall = min(box[3], other[3]) - max(box[1], other[1])
    return max(0.0, wide) * max(0.0, tall)


def draw_curve(chart: Curve, width: int) -> str:
    """The whole picture with its legend."""
    plane = Plane(chart, width)
    parts = [*_axes(chart, plane, width), *_band(chart, plane), *_levels(chart, plane), *_uprights(chart, plane)]
    measured = " ".join(f"{px(plane.x(n))},{px(plane.y(v))}" for n, v in chart.points)
    parts.append(f'<polyline points="{measured}" class="between"/>')
    parts += [
        line(plane.x(n), plane.y(low), plane.x(n), plane.y(high), "spread") for n, low, high in chart.spread
    ]  # fmt: skip
    parts += [_dot(plane.x(n), plane.y(v), 2.2, "run") for n, v in chart.runs]
    parts += [_dot(plane.x(n), plane.y(v), 4.5, "mean") for n, v in chart.points]
    parts += [*_needed(chart, plane), *_labels(chart, plane)]
    legend, height = _legend(chart, plane, width)
    return frame(chart, width, plane.base + 42 + height, [*parts, *legend])


def _dot(x: float, y: float, radius: float, kind: str) -> str:
    return f'<circle cx="{px(x)}" cy="{px(y)}" r="{px(radius)}" class="{kind}"/>'


def _axes(chart: Curve, plane: Plane, width: int) -> list[str]:
    parts = [line(plane.left, plane.base, plane.right, plane.base, "axis")]
    for tick in nice_ticks(plane.low, plane.high, 6):
        parts.append(line(plane.left, plane.y(tick), plane.right, plane.y(tick), "grid"))
        parts.append(text(plane.left - 7, plane.y(tick) + 4, score(tick), "tick", "end"))
    for n in log_ticks(plane.n_low, plane.n_high, 9 if width > 500 else 5):
        at, half = plane.x(n), len(count(n)) * CHARACTER / 2
        parts.append(line(at, plane.base, at, plane.base + 4, "axis"))
        parts.append(text(min(at, width - half), plane.base + 17, count(n), "tick", "middle"))
    parts.append(text(plane.right, plane.base + 35, "training examples in all, log scale", "tick", "end"))
    parts.append(text(0, 11, one_line(chart.metric, 24), "tick"))
    return parts


def _band(chart: Curve, plane: Plane) -> list[str]:
    if not chart.band:
        return []
    upper = [(plane.x(n), plane.y(high)) for n, _, _, high in chart.band]
    lower = [(plane.x(n), plane.y(low)) for n, low, _, _ in chart.band]
    around = " ".join(f"{px(x)},{px(y)}" for x, y in (*upper, *reversed(lower)))
    middle = " ".join(f"{px(plane.x(n))},{px(plane.y(mid))}" for n, _, mid, _ in chart.band)
    return [f'<polygon points="{around}" class="band"/>', f'<polyline points="{middle}" class="middle"/>']


def _levels(chart: Curve, plane: Plane) -> list[str]:
    levels = ((chart.target, "target"), (chart.ceiling, "ceiling"))
    return [line(plane.left, plane.y(v), plane.right, plane.y(v), kind) for v, kind in levels if v is not None]


def _uprights(chart: Curve, plane: Plane) -> list[str]:
    return [line(plane.x(n), plane.top, plane.x(n), plane.base, kind) for n, kind, _ in _ends(chart, plane)]


def _ends(chart: Curve, plane: Plane) -> Iterator[tuple[int, str, str]]:
    """(size, kind, words) of what ends the curve: what the budget buys, and the limit where that is another one."""
    if chart.n_budget is not None and plane.shows(chart.n_budget):
        yield chart.n_budget, "budget", f"budget: {count(chart.n_budget)}"
    if chart.n_budget != chart.n_max:
        yield chart.n_max, "limit", f"limit: {count(chart.n_max)}"


def _needed(chart: Curve, plane: Plane) -> list[str]:
    """On the target's line: a bar over the sizes at which 80% of the worlds reach it, and a diamond where half do."""
    if chart.needed is None or chart.target is None:
        return []
    low, middle, high = chart.needed
    y, parts = plane.y(chart.target), []
    if low is not None and low < plane.n_high:
        end = plane.right if high is None else min(plane.x(high), plane.right)
        parts.append(line(max(plane.x(low), plane.left), y, end, y, "needed"))
    if middle is not None and plane.shows(middle):
        parts.append(_diamond(plane.x(middle), y))
    return parts


def _diamond(x: float, y: float) -> str:
    corners = " ".join(f"{px(x + dx)},{px(y + dy)}" for dx, dy in ((0, -6), (6, 0), (0, 6), (-6, 0)))
    return f'<polygon points="{corners}" class="half"/>'


def _labels(chart: Curve, plane: Plane) -> list[str]:
    around = [(plane.x(n), plane.y(v)) for n, v in (*chart.points, *chart.runs)]
    labels = Labels(plane, [(x - POINT, y - POINT, x + POINT, y + POINT) for x, y in around])
    labels.taken += [(plane.x(n) - 2, plane.top, plane.x(n) + 2, plane.base) for n, _, _ in _ends(chart, plane)]
    if chart.needed and chart.target is not None and plane.shows(chart.needed[1]):
        assert chart.needed[1] is not None
        x, y = plane.x(chart.needed[1]), plane.y(chart.target)
        labels.taken.append((x - 6, y - 6, x + 6, y + 6))
        places = [(x, y - 10, "middle"), (x, y + 20, "middle"), (x - 10, y - 10, "end"), (x + 10, y + 20, "start")]
        labels.put(count(chart.needed[1]), "half", places)
    for name, value, kind in (("target", chart.target, "target"), ("human ceiling", chart.ceiling, "ceiling")):
        if value is not None:
            y = plane.y(value)
            sides = [(plane.left + 6, "start"), (plane.right - 6, "end"), ((plane.left + plane.right) / 2, "middle")]
            places = [(x, at, anchor) for x, anchor in sides for at in (y - 6, y + 15)]
            labels.put(f"{name} {score(value)}", kind, places)
    rows = [plane.base - 8, plane.base - 24, plane.top + 12, plane.top + 28, (plane.top + plane.base) / 2]
    if chart.direction == "lower":
        rows = [*rows[2:4], *rows[:2], rows[4]]
    for n, kind, words in _ends(chart, plane):
        x = plane.x(n)
        labels.put(words, kind, [(at, y, anchor) for y in rows for at, anchor in ((x - 6, "end"), (x + 6, "start"))])
    return labels.parts


def _legend(chart: Curve, plane: Plane, width: int) -> tuple[list[str], float]:
    """What each mark is, in rows below the picture; (parts, height)."""
    top = plane.base + 58
    start = plane.left if width > 500 else 0.0
    x, y, parts = start, top, []
    for kind, words in _entries(chart, plane):
        long = SWATCH + 6 + len(words) * CHARACTER
        if x > start and x + long > width:
            x, y = start, y + 18
        parts += [_swatch(kind, x, y - 4), text(x + SWATCH + 6, y, words, "tick")]
        x += long + GAP
    return parts, y - plane.base - 34


def _entries(chart: Curve, plane: Plane) -> Iterator[tuple[str, str]]:
    if chart.runs:
        yield "run", "a run"
    if chart.points:
        yield "mean", "mean of a size" if chart.runs or chart.spread else "measured"
    if chart.spread:
        yield "spread", "standard deviation of runs"
    if chart.band:
        yield "band", "true score, 8 times in 10"
        yield "middle", "its middle"
    if chart.target is not None:
        yield "target", "target"
    if chart.needed and plane.shows(chart.needed[1]):
        yield "half", "half of the worlds reach it"
    if chart.needed and chart.needed[0] is not None and chart.needed[0] < plane.n_high:
        yield "needed", "8 worlds in 10 reach it here"
    if chart.ceiling is not None:
        yield "ceiling", "human ceiling"
    for _, kind, _ in _ends(chart, plane):
        yield kind, "what the budget buys" if kind == "budget" else "most that can be had"


def _swatch(kind: str, x: float, y: float) -> str:
    middle = x + SWATCH / 2
    if kind in ("run", "mean"):
        return _dot(middle, y, 2.2 if kind == "run" else 4.5, kind)
    if kind == "half":
        return _diamond(middle, y)
    if kind == "band":
        return rect(x, y - 6, SWATCH, 12, kind)
    if kind in ("spread", "limit", "budget"):
        return line(middle, y - 7, middle, y + 7, kind)
    if kind == "middle":
        return f'<polyline points="{px(x)},{px(y)} {px(x + SWATCH)},{px(y)}" class="middle"/>'
    return line(x, y, x + SWATCH, y, kind)
