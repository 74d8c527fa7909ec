"""The row pattern: a name, a dot and its bar on one axis that all rows share, and figures, as a table with a plot.

Scores of ways, what moves a total, parts of a whole and names with shares are rows too.
"""

from tunecase.blocks import Bars, Row, Rows, Scored, Shares, Tornado
from tunecase.quantities import plain_figure, plain_score, plain_share
from tunecase.report.charts.marks import dot, drawing, line, nice_ticks, rect, text, whole

PLOT, TALL, AXIS_TALL = 440.0, 26.0, 20.0  # px of one row's plot and of the axis above them all
EDGE, END_EDGE = 6.0, 34.0  # px left of the lowest value and right of the highest
TICK = 11.0  # px a letter of the axis, which a style sheet enlarges where it is shown small
MOST_TICKS = 3
FAR = 4.0  # times the largest value: a limit beyond that stands on no axis

RowChart = Rows | Scored | Tornado | Bars | Shares


def as_rows(chart: RowChart) -> Rows:
    """Any chart of names with amounts as rows."""
    match chart:
        case Scored():
            return _scored(chart)
        case Tornado():
            return _tornado(chart)
        case Bars() | Shares():
            parts = chart.rows if isinstance(chart, Bars) else chart.parts
            rows = tuple(Row(name, "", 0.0, None, part, (plain_share(part),)) for name, part in parts)
            return Rows(chart.caption, ("", "Share"), rows, "share", as_share=True)
        case _:
            return chart


def _scored(chart: Scored) -> Rows:
    values = [value for _, interval, _ in chart.rows if interval for value in interval]
    values += [] if chart.target is None else [chart.target]
    is_share = all(0 <= value <= 1 for value in values)
    rows = []
    for name, interval, beside in chart.rows:
        low, mid, high = interval or (None, None, None)
        score = "not measured" if mid is None else plain_score(mid, of_one=is_share)
        rows.append(Row(name, "", low, mid, high, (score, beside)))
    return Rows(
        chart.caption, ("Way", "Score", ""), tuple(rows), chart.metric, chart.target, "target", as_share=is_share
    )  # fmt: skip


def _tornado(chart: Tornado) -> Rows:
    rows = tuple(
        Row(
            name,
            f"{at_low} to {at_high}",
            min(low, high),
            None,
            max(low, high),
            (plain_figure(low), plain_figure(high)),
        )
        for name, low, high, at_low, at_high in chart.rows
    )
    return Rows(chart.caption, ("What changes", "Where it is low", "Where it is high"), rows, chart.currency)


class Scale:
    """Where amounts lie on the axis of some rows, from zero (or the lowest below it) to the highest."""

    def __init__(self, rows: Rows) -> None:
        values = [value for row in rows.rows for value in (row.low, row.mid, row.high) if value is not None]
        highest = max([*values, 0.0])
        self.limit = rows.limit if rows.limit is None or rows.limit <= FAR * highest else None
        shown = [value for value in (self.limit, rows.base) if value is not None]
        self.low = min([*values, *shown, 0.0])
        self.high = max([*values, *shown, self.low + 1e-9])
        self.as_share = rows.as_share
        self.target = rows.limit_name == "target"

    def x(self, value: float) -> float:
        """The place of an amount."""
        span = (self.high - self.low) or 1.0
        return EDGE + (PLOT - EDGE - END_EDGE) * (value - self.low) / span

    def words(self, value: float) -> str:
        """An amount as the axis writes it."""
        return f"{value * 100:.0f}%" if self.as_share else whole(value)


def axis(rows: Rows) -> str:
    """The axis above the rows: a few round amounts, and the limit by name where there is room for it."""
    scale = Scale(rows)
    label = f"{rows.unit}, {scale.words(scale.low)} to {scale.words(scale.high)}".removeprefix(", ")
    labels: list[tuple[float, str, str]] = []
    if scale.limit is not None:
        kind = "ink" if scale.target else "halt"
        labels.append((scale.x(scale.limit), f"{rows.limit_name} {scale.words(scale.limit)}", kind))
    labels += [(scale.x(tick), scale.words(tick), "") for tick in nice_ticks(scale.low, scale.high, MOST_TICKS)]
    return drawing(label, PLOT, AXIS_TALL, _free(labels))


def _free(labels: list[tuple[float, str, str]]) -> list[str]:
    """The labels that do not lie on an earlier one, each moved inside the plot."""
    parts: list[str] = []
    taken: list[tuple[float, float]] = []
    for at, words, kind in labels:
        half = len(words) * TICK / 2
        place = min(max(at, half), PLOT - half)
        if all(place + half + 6 <= left or place - half - 6 >= right for left, right in taken):
            taken.append((place - half, place + half))
            parts.append(text(place, 15, words, kind, "middle"))
    return parts


def plot(rows: Rows, row: Row) -> str:
    """One row's dot and bar; an empty text where it has neither."""
    scale = Scale(rows)
    if row.low is None and row.mid is None and row.high is None:
        return ""
    middle = TALL / 2
    parts = [line(EDGE, middle, PLOT - END_EDGE, middle, "grid")]
    if scale.limit is not None:
        parts.append(line(scale.x(scale.limit), 0, scale.x(scale.limit), TALL, "target" if scale.target else "limit"))
    if rows.base is not None:
        parts.append(line(scale.x(rows.base), 0, scale.x(rows.base), TALL, "base"))
    if row.high is not None:
        low = 0.0 if row.low is None else row.low
        tall = 8.0 if row.mid is not None else 14.0
        kind, corner = ("band", 4) if row.mid is not None else ("bar", 0)
        long = max(scale.x(row.high) - scale.x(low), 2.0)
        parts.append(rect(scale.x(low), middle - tall / 2, long, tall, kind, corner))
    if row.mid is not None:
        parts.append(_dot(scale.x(row.mid), middle, row))
    return drawing(_label(row, scale), PLOT, TALL, parts)


def _dot(x: float, y: float, row: Row) -> str:
    """Full where it was measured, half where it was stated, a ring where it is assumed."""
    tone = "acc" if row.strong else "ink"
    if row.rests == "assumed":
        return dot(x, y, 5, "ring")
    if row.rests == "stated":
        return dot(x, y, 5, f"ring {tone}-line") + f'<path d="M{x:.1f},{y - 5:.1f}a5,5 0 0 0 0,10Z" class="{tone}"/>'
    return dot(x, y, 5.5, tone)


def _label(row: Row, scale: Scale) -> str:
    """A row's plot in words."""
    ends = "" if row.high is None else f"{scale.words(row.low or 0.0)} to {scale.words(row.high)}"
    middle = "" if row.mid is None else f"middle {scale.words(row.mid)}"
    return f"{row.name}: {', '.join(part for part in (ends, middle) if part)}"
