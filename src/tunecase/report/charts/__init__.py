"""Draws chart data as SVG: pure functions from content to mark-up, every text escaped, colours left to the page."""

from tunecase.report.charts.marks import CHARACTER, log_ticks, nice_ticks
from tunecase.report.charts.svg import NARROW, WIDE, svg

__all__ = ["CHARACTER", "NARROW", "WIDE", "log_ticks", "nice_ticks", "svg"]
