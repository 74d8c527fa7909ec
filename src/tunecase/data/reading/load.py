"""Loads all rows of a data file into memory, whatever its format and shape; also of an archive, a folder or a split.

A bad row never spoils its file: it comes out as a BadRow with its line and reason. Only a file that cannot be opened,
or that holds no readable row, raises an error.
"""

from pathlib import Path

from tunecase.data.reading.blocks import read_rows
from tunecase.data.reading.detection import detect
from tunecase.data.reading.rows import BadRow, Layout, Row, Table
from tunecase.errors import InputError


def detect_beside(path: Path, train: Path | None, input: str | None = None, output: str | None = None) -> Layout:
    """How to read a test file: by its own rows or, where too few of them show it, by the columns of the training file.

    Raises: InputError as `detect` does, of the test file.
    """
    try:
        return detect(path, input, output)
    except InputError as refused:
        try:
            columns = columns_to_name(detect(train, input, output)) if train is not None else None
            if columns is None:
                raise refused
            return detect(path, *columns)
        except InputError:
            raise refused from None


def columns_to_name(layout: Layout) -> tuple[str, str] | None:
    """(input, output) of a file of two columns, as a person names them; None where two names do not say it all."""
    if len(layout.input) != 1 or layout.output in (None, *layout.input) or layout.rejected or layout.judged:
        return None
    return layout.input[0], str(layout.output)


def load(
    path: Path, input: str | None = None, output: str | None = None, labelled: bool = True, beside: Path | None = None
) -> Table:
    """All rows of a file; see detect for the arguments and read_rows for the rows.

    Args:
        beside: of a test file, the training file: see detect_beside.
    """
    layout = detect(path, input, output, labelled) if beside is None else detect_beside(path, beside, input, output)
    rows: list[Row] = []
    bad: list[BadRow] = []
    for row in read_rows(path, layout):
        if isinstance(row, Row):
            rows.append(row)
        else:
            bad.append(row)
    return Table(layout, tuple(rows), tuple(bad))
