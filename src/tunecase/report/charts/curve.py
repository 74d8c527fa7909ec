"""The learning curve: measured points, its forecast, the assumed band of a model nobody measured, target and budget.

Everything is named where it lies: labels look for a free place, so that none lies on another one or on a measured point
where any place is left. What is assumed is dashed and of its own colour.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

from tunecase.blocks import Curve
from tunecase.quantities import count, one_line, plain_score
from tunecase.report.charts.marks import dot, frame, letter, line, log_ticks, nice_ticks, path, px, text, wrapped

TALL_LETTERS = 16.0  # px: height of a line of letters
BOLDER = 1.08  # how much wider strong letters are
POINT = 7.0  # px of room that a measured point keeps around itself
NAMES = 216.0  # px right of a wide drawing for the names of the bands
MOST_TICKS = 5

Box = tuple[float, float, float, float]
Place = tuple[float, float, str]  # x, baseline, anchor
Band = Sequence[tuple[int, float, float, float]]


class Plane:
    """Where sizes (logarithmic) and scores lie on the picture of a curve."""

    def __init__(self, chart: Curve, width: int) -> None:
        self.width, self.wide = float(width), width > 500
        self.top, self.base = 14.0, 300.0 if self.wide else 270.0
        sizes = [n for n, _ in chart.points] + [at[0] for at in (*chart.band, *chart.assumed)] + [chart.n_max]
        self.n_low, self.n_high = max(1, min(sizes)), max(2, *sizes)
        scores = [value for _, value in (*chart.points, *chart.runs)]
        scores += [value for at in (*chart.band, *chart.spread, *chart.assumed) for value in at[1:]]
        scores += [value for value in (chart.target, chart.ceiling) if value is not None]
        low, high = min(scores), max(scores)
        self.is_share = low >= 0 and high <= 1
        if self.is_share and high > 0.5 and chart.direction == "higher":
            low, high = 0.0, 1.0
        else:
            room = (high - low) * 0.07 or abs(high) * 0.05 or 1.0
            low, high = low - room, high + room
        self.low, self.high = low, high
        self.ticks = nice_ticks(low, high, MOST_TICKS)
        if self.is_share and (low, high) == (0.0, 1.0):
            self.ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
        longest = max(len(self.score(tick)) for tick in self.ticks)
        self.left = (longest + 1) * letter(width) + 6
        self.right = width - (NAMES if self.wide and (chart.band or chart.assumed) else 8.0)

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

    def score(self, value: float) -> str:
        """A score as the picture writes it."""
        return plain_score(value, of_one=self.is_share)


class Labels:
    """Words on the picture, each where nothing stands yet."""

    def __init__(self, plane: Plane, taken: Iterable[Box]) -> None:
        self.plane, self.taken = plane, list(taken)
        self.parts: list[str] = []

    def put(self, words: str, kind: str, places: Sequence[Place]) -> None:
        """Writes at the first free one of (x, baseline, anchor), or at the one that hides least."""
        boxes = [(self._box(words, kind, place), place[2]) for place in places]
        box, anchor = min(boxes, key=lambda place: self._hidden(place[0]))
        self.taken.append(box)
        x = {"start": box[0], "middle": (box[0] + box[2]) / 2, "end": box[2]}[anchor]
        self.parts.append(text(x, box[3] - 3, words, f"{kind} halo label", anchor))

    def hides(self, words: str, place: Place) -> float:
        """How much of what stands already words at a place would hide, in square px."""
        return self._hidden(self._box(words, "", place))

    def _box(self, words: str, kind: str, place: Place) -> Box:
        x, y, anchor = place
        long = len(words) * letter(self.plane.width) * (BOLDER if "strong" in kind else 1)
        left = {"start": x, "middle": x - long / 2, "end": x - long}[anchor]
        left = min(max(left, self.plane.left + 2), self.plane.right - long)
        return left, y - TALL_LETTERS + 2, left + long, y + 3

    def _hidden(self, box: Box) -> float:
        outside = max(0.0, self.plane.top - 12 - box[1]) + max(0.0, box[3] - self.plane.base)
        return outside * (box[2] - box[0]) * 3 + sum(_shared(box, other) for other in self.taken)


def _shared(box: Box, other: Box) -> float:
    wide = min(box[2], other[2]) - max(box[0], other[0])
    tall = min(box[3], other[3]) - max(box[1], other[1])
    return max(0.0, wide) * max(0.0, tall)


def draw_curve(chart: Curve, width: int) -> str:
    """The whole picture, everything named where it lies."""
    plane = Plane(chart, width)
    parts = [*_axes(chart, plane), *_bands(chart, plane), *_levels(chart, plane)]
    parts += [line(plane.x(n), plane.top, plane.x(n), plane.base, kind) for n, kind, _ in _ends(chart, plane)]
    parts += [line(plane.x(n), plane.y(low), plane.x(n), plane.y(high), "spread") for n, low, high in chart.spread]
    parts.append(path([(plane.x(n), plane.y(v)) for n, v in chart.points], "between"))
    parts += [dot(plane.x(n), plane.y(v), 2.2, "run") for n, v in chart.runs]
    parts += [dot(plane.x(n), plane.y(v), 4.5, "acc") for n, v in chart.points]
    parts += [*_first_test(chart, plane), *_needed(chart, plane), *_labels(chart, plane)]
    return frame(chart, width, plane.base + 44, parts)


def _axes(chart: Curve, plane: Plane) -> list[str]:
    parts = [line(plane.left, plane.base, plane.right, plane.base, "axis")]
    for tick in plane.ticks:
        parts.append(line(plane.left, plane.y(tick), plane.right, plane.y(tick), "grid"))
        parts.append(text(plane.left - 7, plane.y(tick) + 4, plane.score(tick), "", "end"))
    free = -math.inf
    for n in log_ticks(plane.n_low, plane.n_high, MOST_TICKS):
        half = len(count(n)) * letter(plane.width) / 2
        place = min(max(plane.x(n), half), plane.width - half)
        if place - half < free:
            continue
        free = place + half + 8
        parts.append(line(plane.x(n), plane.base, plane.x(n), plane.base + 4, "axis"))
        parts.append(text(place, plane.base + 20, count(n), "", "middle"))
    parts.append(
        text((plane.left + plane.right) / 2, plane.base + 40, "examples to learn from, log scale", "", "middle")
    )
    return parts


def _bands(chart: Curve, plane: Plane) -> list[str]:
    parts = [_area(chart.assumed, plane, "wait-t"), _area(chart.band, plane, "band")]
    parts.append(path([(plane.x(at[0]), plane.y(at[2])) for at in chart.band], "forecast"))
    edges = [[(plane.x(at[0]), plane.y(at[end])) for at in chart.assumed] for end in (1, 3)]
    return [*parts, *(path(edge, "assumed") for edge in edges)]


def _area(band: Band, plane: Plane, kind: str) -> str:
    upper = [(plane.x(n), plane.y(high)) for n, _, _, high in band]
    lower = [(plane.x(n), plane.y(low)) for n, low, _, _ in band]
    return path([*upper, *reversed(lower)], kind, closed=True)


def _levels(chart: Curve, plane: Plane) -> list[str]:
    levels = ((chart.target, "target"), (chart.ceiling, "ceiling"))
    return [line(plane.left, plane.y(v), plane.right, plane.y(v), kind) for v, kind in levels if v is not None]


def _ends(chart: Curve, plane: Plane) -> Iterator[tuple[int, str, str]]:
    """(size, kind, words) of what ends the curve: what the budget buys, and how far a forecast goes beyond that."""
    if chart.n_budget is not None and plane.shows(chart.n_budget):
        yield chart.n_budget, "limit", f"the budget buys {count(chart.n_budget)}"
    if chart.n_budget != chart.n_max and (chart.band or chart.assumed):
        yield chart.n_max, "join", f"at most {count(chart.n_max)}"


def _first_test(chart: Curve, plane: Plane) -> list[str]:
    """Where the first test of the assumed model may land: the left edge of its band."""
    if not chart.assumed:
        return []
    n, low, _, high = chart.assumed[0]
    return [line(plane.x(n), plane.y(low), plane.x(n), plane.y(high), "landing")]


def _needed(chart: Curve, plane: Plane) -> list[str]:
    """On the target's line: a bar over the sizes at which 8 cases in 10 reach it, and a diamond where half do."""
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
    return f'<polygon points="{corners}" class="acc"/>'


def _labels(chart: Curve, plane: Plane) -> list[str]:
    around = [(plane.x(n), plane.y(v)) for n, v in (*chart.points, *chart.runs)]
    labels = Labels(plane, [(x - POINT, y - POINT, x + POINT, y + POINT) for x, y in around])
    labels.taken += [(plane.x(n) - 3, plane.top, plane.x(n) + 3, plane.base) for n, _, _ in _ends(chart, plane)]
    for value, words, kind in ((chart.target, "target {}", "strong ink"), (chart.ceiling, "people agree up to {}", "")):
        if value is None:
            continue
        y = plane.y(value)
        sides = [(plane.left + 6, "start"), (plane.right - 8, "end"), ((plane.left + plane.right) / 2, "middle")]
        places = [(x, at, anchor) for x, anchor in sides for at in (y - 6, y + 16)]
        labels.put(words.format(plane.score(value)), kind, places)
    levels = [plane.y(value) for value in (chart.target, chart.ceiling) if value is not None]
    labels.taken += [(plane.left, y - 2, plane.right, y + 2) for y in levels]
    _name_half(chart, plane, labels)
    _name_ends(chart, plane, labels)
    _name_measured(chart, plane, labels)
    _name_landing(chart, plane, labels)
    bands = _names_beside(chart, plane) if plane.wide else _names_inside(chart, plane, labels)
    return [*labels.parts, *bands]


def _name_half(chart: Curve, plane: Plane, labels: Labels) -> None:
    if not chart.needed or chart.target is None or not plane.shows(chart.needed[1]):
        return
    assert chart.needed[1] is not None
    x, y = plane.x(chart.needed[1]), plane.y(chart.target)
    labels.taken.append((x - 6, y - 6, x + 6, y + 6))
    places = [(x, y - 10, "middle"), (x, y + 22, "middle"), (x - 10, y - 10, "end"), (x + 10, y + 22, "start")]
    labels.put(f"half get there by {count(chart.needed[1])}", "acc", places)


def _name_ends(chart: Curve, plane: Plane, labels: Labels) -> None:
    rows = [plane.base - 8, plane.base - 26, plane.top + 12, plane.top + 30, (plane.top + plane.base) / 2]
    if chart.direction == "lower":
        rows = [*rows[2:4], *rows[:2], rows[4]]
    for n, kind, words in _ends(chart, plane):
        sides = ((plane.x(n) - 7, "end"), (plane.x(n) + 7, "start"))
        labels.put(words, "halt" if kind == "limit" else "", [(x, y, side) for y in rows for x, side in sides])


def _name_measured(chart: Curve, plane: Plane, labels: Labels) -> None:
    """Below or above the measured points, where the curve leaves room."""
    if not chart.points:
        return
    middle = chart.points[len(chart.points) // 2]
    near = [(plane.x(middle[0]), plane.y(middle[1])), *((plane.x(n), plane.y(v)) for n, v in chart.points)]
    places = [(x + dx, y + dy, side) for x, y in near for dx, dy, side in ((10, 24, "start"), (-10, -12, "end"))]
    labels.put("measured", "strong acc", places)


def _name_landing(chart: Curve, plane: Plane, labels: Labels) -> None:
    """What the assumed model's first test may show."""
    if not chart.assumed or not plane.wide:
        return
    n, low, mid, high = chart.assumed[0]
    words = ("the first test lands", f"between {plane.score(min(low, high))} and {plane.score(max(low, high))}")
    x, y = plane.x(n), plane.y(mid)
    side, at = ("end", x - 12) if x - plane.left > 180 else ("start", x + 12)
    ends = sorted((plane.y(low), plane.y(high)))
    tops = [y, *(ends[0] + step for step in (20, 40, 60)), *(ends[1] - step for step in (24, 44, 64, -20))]
    top = min(
        tops, key=lambda place: sum(labels.hides(one, (at, place + row * 18, side)) for row, one in enumerate(words))
    )
    for row, one in enumerate(words):
        labels.put(one, "wait", [(at, top + row * 18, side)])


def _band_names(chart: Curve, plane: Plane) -> Iterator[tuple[float, list[str], str]]:
    """(height, words, kind) of each band's name, at its right end."""
    named = chart.assumed_name or "the model to be tuned"
    for band, name, kind in ((chart.assumed, f"{named}: assumed", "wait"), (chart.band, "forecast", "acc")):
        if band:
            _, low, mid, high = band[-1]
            ends = f"8 in 10: {plane.score(min(low, high))} to {plane.score(max(low, high))}"
            yield plane.y(mid), [name, ends], kind


def _names_beside(chart: Curve, plane: Plane) -> list[str]:
    """Right of the plot, from the top down, none on another."""
    parts, free = [], plane.top
    for height, (name, ends), kind in sorted(_band_names(chart, plane)):
        words = [*wrapped([name], NAMES - 20, plane.width), ends]
        at = max(height - 6, free + TALL_LETTERS)
        for row, one in enumerate(words):
            look = "" if row == len(words) - 1 else f"strong {kind}"
            parts.append(text(plane.right + 14, at + row * 18, one, look))
        free = at + 18 * len(words)
    return parts


def _names_inside(chart: Curve, plane: Plane, labels: Labels) -> list[str]:
    """On a telephone inside the plot, near the right end of each band."""
    before = len(labels.parts)
    for height, (name, _), kind in _band_names(chart, plane):
        short = one_line(name if len(name) < 30 else "larger model: assumed", 34)
        rows = [height - 6, height + 18, height - 30, height + 40, height - 52, height + 62]
        labels.put(short, f"strong {kind}", [(plane.right - 10, y, "end") for y in rows])
    added = labels.parts[before:]
    del labels.parts[before:]
    return added
