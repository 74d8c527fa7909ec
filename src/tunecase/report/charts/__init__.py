"""Charts as SVG, and rows as tables with a plot."""

from tunecase.report.charts.marks import CHARACTER, NARROW, WIDE, log_ticks, nice_ticks
from tunecase.report.charts.rows import RowChart, as_rows, axis, plot
from tunecase.report.charts.svg import DRAWN, svg

__all__ = [
    "CHARACTER", "DRAWN", "NARROW", "WIDE", "RowChart", "as_rows", "axis", "log_ticks", "nice_ticks", "plot", "svg",
]  # fmt: skip
