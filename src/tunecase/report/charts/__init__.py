"""Charts as SVG, and rows as tables with a plot."""

from tunecase.report.charts.marks import NARROW, WIDE, letter, log_ticks, nice_ticks
from tunecase.report.charts.rows import RowChart, as_rows, axis, plot
from tunecase.report.charts.svg import svg
