"""Reads data files row by row, whatever their format and shape; a file may be an archive, a folder or a split.

A bad row is never a bad file: it comes out as a BadRow with its line and reason. Only a file that cannot be opened or
holds no readable row raises. Memory stays flat.
"""

from pathlib import Path

from tunecase.data.reading.blocks import read_rows
from tunecase.data.reading.detection import detect
from tunecase.data.reading.rows import BadRow, Row, Table


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
