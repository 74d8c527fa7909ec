"""Loads all rows of a data file into memory, whatever its format and shape; also of an archive, a folder or a split.

A bad row never spoils its file: it comes out as a BadRow with its line and reason. Only a file that cannot be opened,
or that holds no readable row, raises an error.
"""

from pathlib import Path

from tunecase.data.reading.blocks import read_rows
from tunecase.data.reading.detection import detect
from tunecase.data.reading.rows import BadRow, Row, Table


def load(path: Path, input: str | None = None, output: str | None = None, labelled: bool = True) -> Table:
    """All rows of a file; see detect for the arguments and read_rows for the rows."""
    layout = detect(path, input, output, labelled)
    rows: list[Row] = []
    bad: list[BadRow] = []
    for row in read_rows(path, layout):
        if isinstance(row, Row):
            rows.append(row)
        else:
            bad.append(row)
    return Table(layout, tuple(rows), tuple(bad))
