"""Holds out rows of a data file as a test: two new files of the same format, the file itself left as it is."""

import hashlib
from pathlib import Path

from tunecase.data.reading.blocks import raw_records, read_rows
from tunecase.data.reading.rows import Layout, Row
from tunecase.data.reading.writing import Writer
from tunecase.data.text import normalise


def hold_out(path: Path, layout: Layout, train: Path, test: Path, share: float) -> tuple[int, int]:
    """Writes about a share of the rows as a test file and the others as a training file.

    A row goes where the SHA-256 of its input sends it, so that copies of a row stay together, no row of the test is in
    training, and a file that grows keeps the side of each row. What cannot be read goes to training, where the audit
    tells of it.

    Args:
        path: the data file.
        layout: how it is read.
        train, test: the files to write.
        share: of the rows, to hold out [0 to 1].
    Returns: rows written for training and for the test.
    Raises: TunecaseError when the disk refuses.
    Leaves out rows that are alike without being equal, and classes: rare ones may miss in the test.
    """
    with Writer(train, path, layout) as to_train, Writer(test, path, layout) as to_test:
        for row, (_, _, raw, record) in zip(read_rows(path, layout), raw_records(path, layout), strict=True):
            held = isinstance(row, Row) and _place(row.input) < share
            (to_test if held else to_train).write(raw, record)
        return to_train.written, to_test.written


def _place(text: str) -> float:
    """Where the input stands between 0 and 1, the same each time."""
    return int.from_bytes(hashlib.sha256(normalise(text).encode("utf-8", "replace")).digest()[:6]) / 2**48
