"""Plain blocks that every face draws: words, tables, chart data, and what a record says in them."""

from tunecase.blocks.answer import Answer, Finding, Page, Part, Tile, Verdict
from tunecase.blocks.blocks import (
    SYMBOLS,
    Account,
    Block,
    Cell,
    Content,
    Facts,
    Figure,
    Light,
    Listing,
    Section,
    Table,
    Words,
)
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
from tunecase.blocks.what_if import FIELDS, Axis, AxisKey, Grid, WayCells

__all__ = [
    "FIELDS", "SYMBOLS", "Account", "Answer", "Axis", "AxisKey", "Bars", "Block", "Branch", "Cell", "Chart", "Compared",
    "Content", "Curve", "Facts", "Figure", "Finding", "Gates", "Grid", "Histogram", "Lengths", "Light", "Listing",
    "Months", "Page", "Part", "Rests", "Row", "Rows", "Scored", "Section", "Shares", "Step", "Table", "Tile", "Tone",
    "Tornado", "Verdict", "Waterfall", "WayCells", "Words",
]  # fmt: skip
