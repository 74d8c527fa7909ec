"""Row numbers as a small file: runs of rows as the gaps between them and their lengths, packed, told by a digest."""

import hashlib
import json
import os
import zlib
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path

from tunecase.errors import InputError, Problem
from tunecase.io.outputs import write_whole
from tunecase.quantities import Rows, np

MAGIC = b"tunecase rows 1\n"
HEAD_BYTES = 200
LINES_AT_ONCE = 100_000
KINDS = ("<u1", "<u2", "<u4", "<u8")


def row_numbers_digest(rows: "Rows") -> str:
    """What tells a list of row numbers from any other: the SHA-256 of its runs, as hex."""
    return hashlib.sha256(_body(rows)).hexdigest()


def write_row_numbers(path: Path, rows: "Rows") -> None:
    """Writes ascending row numbers, each once, whole or not at all; about a byte or two for each run of rows.

    Raises: TunecaseError when the disk refuses.
    """
    write_whole(path, MAGIC + zlib.compress(_body(rows)))


def write_row_list(path: Path, rows: "Rows", what: str) -> Path:
    """Writes row numbers as text that people and scripts read: a line that says what they are, then one in each line.

    Only a list of the same is replaced: where anything else has the name, a free one beside it is taken, such as
    `train.2.dropped.txt`.

    Args:
        path: the numbers of others are put before its last two endings.
        what: they are, in words on one line.
    Returns: where the list stands.
    Raises: TunecaseError when the disk refuses.
    """
    head = f"# {what}\n".encode("utf-8", "replace")
    place = next(each for each in _places(path) if _may_stand(each, head))
    runs = (rows[start : start + LINES_AT_ONCE].tolist() for start in range(0, len(rows), LINES_AT_ONCE))
    write_whole(place, b"".join((head, *("".join(f"{row}\n" for row in run).encode() for run in runs))))
    return place


def _places(path: Path) -> Iterator[Path]:
    """A path, then others in its folder that end as it does."""
    stem, *endings = path.name.rsplit(".", 2)
    others = (path.with_name(".".join((stem, str(number), *endings))) for number in count(2))
    return chain((path,), others)


def _may_stand(place: Path, head: bytes) -> bool:
    """Whether nothing is at a place, or a list of the same."""
    if not os.path.lexists(place):
        return True
    if place.is_symlink() or not place.is_file():
        return False
    try:
        with place.open("rb") as file:
            return file.read(len(head)) == head
    except OSError:
        return False


def read_row_numbers(path: Path, count: int, digest: str, fix: str) -> "Rows":
    """The row numbers that were written to a file.

    Args:
        count, digest: of the rows that are wanted; see `row_numbers_digest`.
        fix: what helps where the file is not what it should be.
    Raises: InputError where the file is missing or holds anything else.
    """
    wanted = f"the file of {count:,} row numbers that belongs to the record"
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise InputError(Problem(str(path), error.strerror or "no such file", wanted, fix)) from None
    try:
        body = zlib.decompressobj().decompress(packed.removeprefix(MAGIC), HEAD_BYTES + 16 * count)
        if not packed.startswith(MAGIC) or hashlib.sha256(body).hexdigest() != digest:
            raise ValueError
        return _rows(body)
    except (ValueError, KeyError, zlib.error):
        raise InputError(Problem(str(path), "another list, or one that was changed", wanted, fix)) from None


def _body(rows: "Rows") -> bytes:
    """The head as a line of JSON, then gaps, then lengths, each in as few bytes as hold the largest."""
    rows = np.asarray(rows, np.int64)
    begins = np.flatnonzero(np.diff(rows, prepend=-2) != 1)
    lengths = np.diff(np.append(begins, len(rows)))
    ends = np.append(0, rows[begins] + lengths)[:-1]
    gaps = rows[begins] - ends
    kinds = [_kind(values) for values in (gaps, lengths)]
    head = json.dumps({"rows": len(rows), "runs": len(begins), "kinds": kinds}).encode() + b"\n"
    return head + b"".join(values.astype(kind).tobytes() for values, kind in zip((gaps, lengths), kinds, strict=True))


def _kind(values: "Rows") -> str:
    most = int(values.max()) if len(values) else 0
    return next(kind for kind in KINDS if most <= np.iinfo(kind).max)


def _rows(body: bytes) -> "Rows":
    line, _, columns = body.partition(b"\n")
    head = json.loads(line)
    gap_kind, length_kind = map(np.dtype, head["kinds"])
    cut = head["runs"] * gap_kind.itemsize
    gaps = np.frombuffer(columns[:cut], gap_kind).astype(np.int64)
    lengths = np.frombuffer(columns[cut:], length_kind).astype(np.int64)
    rows: Rows = np.repeat(np.cumsum(gaps), lengths) + np.arange(len(lengths) and int(lengths.sum()))
    return rows
