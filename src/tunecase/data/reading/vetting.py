"""Reads tables in columns once in a child process, before this process does: a footer may lie about its file.

A few bytes of Parquet or Arrow may unpack to gigabytes, and broken ones may end the process that reads them. What the
child can read within its bounds, this process reads afterwards in the same blocks, within the same bounds.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tunecase.data.reading.sources import Source
from tunecase.errors import InputError, MissingExtraError, Problem

COLUMNS = ("parquet", "arrow")
MOST_BYTES = 220_000_000  # of memory, for Python, Arrow and the blocks of a small file
TIMES_FILE = 8  # further memory, for the row groups and batches of a large file
BATCH_ROWS = (4096, 64, 1)
AHEAD, AHEAD_BYTES = 64, 256_000_000  # files, and bytes of them, that are read before the rows of the first are
LEAST_S, BYTES_A_SECOND = 60, 2_000_000
TOO_MUCH = 77  # exit code of a child that would hold too much
FIX = "write it again with shorter values, in row groups or batches of at most 1,000 rows"
_FOUND: dict[tuple[object, ...], int | tuple[Problem, ...]] = {}  # for each file as it is now


def batch_rows(source: Source) -> int:
    """How many rows of a table in columns can be read at once within the bounds.

    Raises: InputError where not even one can, or where the file unpacks to far more than it may; MissingExtraError
        without pyarrow.

    Leaves out the bound on memory on Windows, where only those on time and on what is unpacked hold; and a file that
    somebody changes in the moment between the child's reading and this process's.
    """
    vet([source])
    found = _FOUND.get(_key(source), (changed(source),))
    if isinstance(found, tuple):
        raise InputError(found)
    return found


def changed(source: Source) -> Problem:
    """Why a file that is not what it was is refused."""
    return Problem(str(source.path), "a file that changes while it is read", "a file at rest", "wait for its end")


def vet(sources: Sequence[Source]) -> None:
    """Lets children read these files, up to 256 MB of them, where the first has not been read; one child reads many."""
    if not sources or sources[0].kind not in COLUMNS or _key(sources[0]) in _FOUND:
        return
    try:
        import pyarrow.parquet  # noqa: F401 - the child would need it
    except ImportError:
        raise MissingExtraError(f"reading {sources[0].path.name}", "parquet") from None
    left = list(_near(each for each in sources if each.kind in COLUMNS and _key(each) not in _FOUND))
    step = 0
    while left:
        asked = left[:1] if step else left
        keys = [_key(each) for each in asked]
        ended, told = _ask(asked, BATCH_ROWS[step])
        if not told and ended == TOO_MUCH and step + 1 < len(BATCH_ROWS):
            step += 1
            continue
        if not told:
            _FOUND[keys[0]] = (_refusal(left[0], ended),)
        for key, problems in zip(keys, told, strict=False):
            _FOUND[key] = tuple(Problem(*each) for each in problems) or BATCH_ROWS[step]
        left, step = left[len(told) or 1 :], 0  # the file at which a child ended is the first of the next one


def _near(sources: Iterable[Source]) -> Iterator[Source]:
    """The first of some files, whatever its size, and those that follow within the bound."""
    total = 0
    for each in sources:
        before, total = total, total + each.path.stat().st_size
        if before and total > AHEAD_BYTES:
            return
        yield each


def _key(source: Source) -> tuple[object, ...]:
    """A file as it is now."""
    now = source.path.stat()
    return source.path, source.kind, now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino


def _most_bytes(source: Source) -> int:
    return MOST_BYTES + TIMES_FILE * source.path.stat().st_size


def _ask(sources: Sequence[Source], rows: int) -> tuple[int | None, list[Any]]:
    """The exit code of a child, and the problems of each file that it read.

    Raises: RuntimeError where the child failed in a way that no file explains.
    """
    from tunecase.engine import ask_child

    files = [(str(each.path), each.kind, rows, _most_bytes(each)) for each in sources]
    limit_s = sum(each.path.stat().st_size for each in sources) / BYTES_A_SECOND + LEAST_S
    ended, told = ask_child(Path(__file__).with_name("vetting_child.py"), files, limit_s)
    if told and isinstance(told[-1], str):
        raise RuntimeError(f"reading {sources[len(told) - 1].path} in a child process: {told[-1]}")
    if ended == 1 and not told:
        raise RuntimeError(f"the child process that reads {sources[0].path} failed")
    return ended, told


def _refusal(source: Source, ended: int | None) -> Problem:
    """Why a file cannot be read, by how the child ended that read it."""
    if ended == TOO_MUCH:
        got = f"a row or a batch that takes more than {_most_bytes(source) / 1e6:,.0f} MB to unpack"
    else:
        got = "a file that takes too long to read" if ended is None else "bytes that end the process that reads them"
    return Problem(str(source.path), got, "a table that can be read in small pieces", FIX)
