"""Draws chart data as SVG: pure functions from content to mark-up, every text escaped, colours left to the page.

Each chart is drawn for a width in the viewBox's own unit, about one CSS pixel, so that letters keep their size on a
telephone and on a wide screen.
"""

from collections.abc import Callable
from typing import Any

from tunecase.blocks import Compared, Curve, Gates, Histogram, Lengths, Months, Waterfall
from tunecase.report.charts.curve import draw_curve
from tunecase.report.charts.files import draw_compared, draw_lengths
from tunecase.report.charts.gates import draw_gates
from tunecase.report.charts.histogram import draw_histogram
from tunecase.report.charts.months import draw_months
from tunecase.report.charts.waterfall import draw_waterfall

DRAWN: dict[type, Callable[[Any, int], str]] = {
    Gates: draw_gates,
    Waterfall: draw_waterfall,
    Months: draw_months,
    Histogram: draw_histogram,
    Curve: draw_curve,
    Lengths: draw_lengths,
    Compared: draw_compared,
}


def svg(chart: Any, width: int) -> str:
    """One chart as an SVG element, its words as the label for those who do not see it."""
    return DRAWN[type(chart)](chart, width)
