"""Reads data files row by row, whatever their format and shape; a file may be an archive, a folder or a split.

A bad row is never a bad file: it comes out as a BadRow with its line and reason. Only a file that cannot be opened or
holds no readable row raises. Memory stays flat.
"""

from pathlib import Path

from tunecase.data.reading.blocks import block_lines, blocks, files_of, raw_records, read_block, read_rows, total_bytes
from tunecase.data.reading.detection import detect, own_test
from tunecase.data.reading.kinds import LONGEST_LABEL, are_classes, kind_of, looks_like_classes, repeat_like_classes
from tunecase.data.reading.rows import BadRow, Block, Layout, Row, Table
from tunecase.data.reading.sources import FORMATS
from tunecase.data.reading.writing import Writer

__all__ = [
    "FORMATS",
    "LONGEST_LABEL",
    "BadRow",
    "Block",
    "Layout",
    "Row",
    "Table",
    "Writer",
    "are_classes",
    "block_lines",
    "blocks",
    "detect",
    "files_of",
    "kind_of",
    "load",
    "looks_like_classes",
    "own_test",
    "raw_records",
    "read_block",
    "read_rows",
    "repeat_like_classes",
    "total_bytes",
]


def load(path: Path, input: str | None = None, output: str | None = None, labelled: bool = True) -> Table:
    """All rows of a file; see read_rows."""
    layout = detect(path, input, output, labelled)
    rows: list[Row] = []
    bad: list[BadRow] = []
    for row in read_rows(path, layout):
        if isinstance(row, Row):
            rows.append(row)
        else:
            bad.append(row)
    return Table(layout, tuple(rows), tuple(bad))
