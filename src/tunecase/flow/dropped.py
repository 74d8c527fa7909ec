"""The training rows that an audit leaves out: in its record where they are few, else in a file beside it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tunecase.errors import TunecaseError
from tunecase.flow.opened import Flow
from tunecase.io import read_row_numbers, row_numbers_digest, write_row_list, write_row_numbers
from tunecase.records import Audit

if TYPE_CHECKING:
    from tunecase.data.audit import Audited

FOLDER = "audit"
MOST_LISTED = 100_000  # in a record that is not kept: 4 MB of memory
NAME_CHARACTERS = 16  # of the digest, by which a file is named: audits of different rows keep theirs side by side


def keep_dropped(flow: Flow, audited: "Audited") -> "Audited":
    """The audit with its record naming the file of the rows left out, which is written; as it is where they are few.

    A flow that does not write, or that cannot, holds them in the record, which is kept in this process only.
    Raises: TunecaseError when the disk refuses.
    """
    record = audited.record
    if record.dropped == len(record.dropped_rows):
        return audited
    digest = row_numbers_digest(audited.dropped)
    name = f"{FOLDER}/dropped-{digest[:NAME_CHARACTERS]}.rows"
    try:
        if flow.writes:
            write_row_numbers(flow.folder / name, audited.dropped)
            return replace(audited, record=replace(record, dropped_file=name, dropped_sha256=digest))
    except TunecaseError:
        if flow.on_unrecorded is None:
            raise
    return replace(audited, record=replace(record, dropped_rows=tuple(audited.dropped.tolist())))


def list_dropped(audited: "Audited", path: Path | None) -> "Audited":
    """The audit with a record for scripts, which lists the rows left out, or names a text file of them if it is long.

    Args:
        path: of that file, which is written for more than MOST_LISTED rows only; None names so many nowhere.
    Raises: TunecaseError when the disk refuses.
    """
    record, rows = audited.record, audited.dropped
    if len(rows) <= MOST_LISTED:
        return replace(audited, record=replace(record, dropped_rows=tuple(rows.tolist())))
    if path is None:
        return audited
    what = f"rows of {record.train}, counted from 0, that the free fixes of tunecase audit would drop"
    place = write_row_list(path, rows, " ".join(what.split()))
    named = replace(record, dropped_file=str(place), dropped_sha256=row_numbers_digest(rows))
    return replace(audited, record=named)


def dropped_rows(flow: Flow, audit: Audit) -> frozenset[int]:
    """Numbers of the training rows that the audit's fixes would drop.

    Raises: InputError where the file that holds them is missing or was changed.
    """
    if audit.dropped_file is None:
        return frozenset(audit.dropped_rows)
    path = flow.folder / audit.dropped_file
    return frozenset(read_row_numbers(path, audit.dropped, audit.dropped_sha256, "run `tunecase audit` again").tolist())
