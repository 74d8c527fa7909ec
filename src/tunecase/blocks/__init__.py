"""Plain blocks that every face draws: words, tables, chart data, and what a record says in them."""

from tunecase.blocks.answer import Answer, Finding, Page, Part, Tile, Verdict, VerdictKind
from tunecase.blocks.blocks import SYMBOLS, Account, Block, Cell, Facts, Listing, Table, Words, is_empty
from tunecase.blocks.charts import (
    Bars,
    Branch,
    Chart,
    Compared,
    Curve,
    Gates,
    Histogram,
    Lengths,
    Months,
    Rests,
    Row,
    Rows,
    Scored,
    Shares,
    Step,
    Tone,
    Tornado,
    Waterfall,
)
from tunecase.blocks.markdown import shown
from tunecase.blocks.what_if import FIELDS, Axis, AxisKey, Grid, WayCells
