"""What is piped: a file called `-` is standard input where it is read, and standard output where it is written."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from tunecase.errors import InputError, Problem, TunecaseError, refuse_any
from tunecase.records import STANDARD_INPUT

P = TypeVar("P", bound="str | Path | None")
PIPE = "-"
NAME = "standard-input"  # of the file that it is kept in while a command reads it
MOST_BYTES = 4 * 2**30  # what is taken in; a larger file is named
CHUNK_BYTES = 2**20
# How a packed file, or one that is no text, begins, and the ending that tells it.
BEGINS = ((b"PAR1", ".parquet"), (b"PK\x03\x04", ".zip"))
PACKED = ((b"\x1f\x8b", "a gzip file"), (b"\x28\xb5\x2f\xfd", "a Zstandard file"), (b"BZh", "a bzip2 file"))


def is_piped(place: str | Path | None) -> bool:
    """Whether a file is standard input."""
    return str(place) == PIPE


@contextmanager
def piped(place: P, *, lines: bool = True) -> Iterator[P]:
    """Yields the path of a file as it is; of `-` that of a file of what came through standard input, gone at the end.

    Args:
        place: a path, an address, `-`, or None, which stays None.
        lines: an object of JSON alone on its line is a row among rows, and no whole file.
    Raises: InputError where nobody pipes anything in, nothing comes, too much, or it is packed. Mistakes in the file
        name it as standard input.
    """
    if not is_piped(place):
        yield place
        return
    from tempfile import TemporaryDirectory

    source = _source()
    with TemporaryDirectory(prefix="tunecase-") as folder:
        path = Path(folder) / NAME
        _spool(source, path)
        ending = ending_of(_beginning(path))
        whole = path.rename(path.with_suffix(ending if lines else ending.replace("jsonl", "json")))
        with _named(whole):
            yield cast(P, str(whole) if isinstance(place, str) else whole)


def refuse_beside(option: str, given: Mapping[str, bool]) -> None:
    """Refuses what cannot stand beside an option that writes to standard output. Raises: InputError with each of it."""
    refuse_any(
        Problem(option, f"{PIPE} beside {name}", "one of them on standard output", "name a file")
        for name, is_given in given.items()
        if is_given
    )


def print_alone(text: str) -> None:
    """Prints what would have been written into a file, and nothing else."""
    from tunecase.cli.show.progress import LINE

    LINE.end()
    sys.stdout.write(text)


def _source() -> BinaryIO:
    """Standard input as bytes. Raises: InputError at a terminal, which would wait for ever, and where it is closed."""
    wanted, fix = "rows that are piped in", f"pipe them in, as in `tunecase audit {PIPE} < rows.jsonl`, or name a file"
    if sys.stdin is None or sys.stdin.closed:
        raise InputError(Problem(PIPE, "a standard input that is closed", wanted, fix))
    if sys.stdin.isatty():
        raise InputError(Problem(PIPE, "a terminal as standard input", wanted, fix))
    # A stream of text in its place, as of a notebook, has no bytes of its own.
    return getattr(sys.stdin, "buffer", None) or BytesIO(sys.stdin.read().encode())


def _spool(source: BinaryIO, path: Path) -> None:
    size = 0
    with path.open("wb") as file:
        while block := source.read(CHUNK_BYTES):
            size += len(block)
            if size > MOST_BYTES:
                got = f"more than {MOST_BYTES / 2**30:.0f} GiB"
                raise InputError(Problem(STANDARD_INPUT, got, "at most that", "write it into a file and name that"))
            file.write(block)
    if not size:
        fix = "does the command before it print anything?"
        raise InputError(Problem(STANDARD_INPUT, "nothing", "a file", fix))


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(CHUNK_BYTES)


def ending_of(begin: bytes) -> str:
    r"""The ending of a file that begins so: JSON lines, JSON, tabs, a Parquet or zip file, else a CSV.

    Raises: InputError for what is packed.

    Example:
        >>> [ending_of(text) for text in (b'{"a": 1}\n{"a": 2}', b'[{"a": 1}]', b'{\n"a": 1}', b"a\tb\n", b"a,b\n")]
        ['.jsonl', '.json', '.json', '.tsv', '.csv']
    """
    for mark, ending in BEGINS:
        if begin.startswith(mark):
            return ending
    for mark, what in PACKED:
        if begin.startswith(mark):
            raise InputError(Problem(STANDARD_INPUT, what, "plain rows", "unpack it before the pipe, as with zcat"))
    line = begin.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")[0]
    if line.startswith(b"["):
        return ".json"
    if line.startswith(b"{"):
        return ".jsonl" if _is_json(line) or len(line) == len(begin) else ".json"
    return ".tsv" if b"\t" in line and b"," not in line else ".csv"


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Mistakes in the file of standard input are told of standard input."""

    def told(text: str) -> str:
        return text.replace(str(path), STANDARD_INPUT).replace(path.name, STANDARD_INPUT)

    try:
        yield
    except InputError as error:
        told_of = [Problem(*(told(getattr(one, field.name)) for field in fields(one))) for one in error.problems]
        raise InputError(told_of) from None
    except TunecaseError as error:
        error.args = tuple(told(word) if isinstance(word, str) else word for word in error.args)
        raise
