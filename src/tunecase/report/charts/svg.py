"""Draws chart data as SVG: pure functions from content to mark-up, every text escaped, colours left to the page.

Each chart is drawn for a width in the viewBox's own unit, about one CSS pixel, so that letters keep their size on a
telephone and on a wide screen.
"""

from collections.abc import Callable
from typing import Any

from tunecase.blocks import Bars, Chart, Compared, Curve, Histogram, Lengths, Scored, Shares, Tornado
from tunecase.report.charts.amounts import draw_bars, draw_histogram, draw_shares
from tunecase.report.charts.curve import draw_curve
from tunecase.report.charts.marks import CHARACTER, log_ticks, nice_ticks
from tunecase.report.charts.rows import draw_compared, draw_lengths
from tunecase.report.charts.scored import draw_scored
from tunecase.report.charts.tornado import draw_tornado

__all__ = ["CHARACTER", "NARROW", "WIDE", "log_ticks", "nice_ticks", "svg"]

WIDE, NARROW = 760, 344


DRAWN: dict[type, Callable[[Any, int], str]] = {
    Shares: draw_shares,
    Histogram: draw_histogram,
    Curve: draw_curve,
    Bars: draw_bars,
    Tornado: draw_tornado,
    Lengths: draw_lengths,
    Compared: draw_compared,
    Scored: draw_scored,
}


def svg(chart: Chart, width: int) -> str:
    """One chart as an SVG element, its words as the label for those who do not see it."""
    return DRAWN[type(chart)](chart, width)
