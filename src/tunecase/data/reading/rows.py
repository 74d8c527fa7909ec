"""What a data file gives: rows, bad rows, and the layout that says how the file is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

SHOWN_CHARACTERS = 200
# How the reason of a bad row begins behind which rows may be missing.
CUT_OFF = ("the archive is cut off", "the archive is broken", "the file is cut off")


@dataclass(slots=True)
class Row:
    """One example: what goes in, what should come out, and the other columns as they stand.

    Args:
        rejected: the answer that was not preferred: of a pair, or of a row that was judged bad by itself.
        turns: a chat's (role, text), the last answer included; roles are system, user, assistant and tool.
        tools: the tools that the row declares, as JSON with sorted keys: a part of what goes in (see `prompt_of`).
        beside: what else tells the row from others with the same input: its tools, or both answers of a pair.
        thinking: the reasoning that stands before the answer; `output` begins behind it.
        is_target: False where there is no answer to learn: one judged bad by itself, or a tie. `output` is then "".
        cut_turns: how many turns stood behind the last answer and were left out.
        muted: places among the turns of answers that are not to be learnt.

    Not frozen: it would take three times as long to make.
    """

    number: int
    line: int
    input: str
    output: str
    other: Mapping[str, Any]
    rejected: str = ""
    turns: tuple[tuple[str, str], ...] = ()
    tools: str = ""
    beside: str = ""
    thinking: str = ""
    is_target: bool = True
    cut_turns: int = 0
    muted: tuple[int, ...] = ()


def prompt_of(row: Row) -> str:
    """All that a model is given for a row: the tools it may call, then the input."""
    return f"{row.tools}\n\n{row.input}" if row.tools else row.input


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used, with the reason; `text` is its first 200 characters."""

    number: int
    line: int
    reason: str
    text: str

    @property
    def ends_early(self) -> bool:
        """Whether the file breaks off here, so that rows are missing."""
        return self.reason.startswith(CUT_OFF)


@dataclass(frozen=True, slots=True)
class Winner:
    """What says which of two answers is better.

    Args:
        columns: one with the winner's name, or one for each answer with its score, of which the higher wins.
        first, second: folded names of the two answers in that one column.
        signed: True where a negative number stands for the first and a positive one for the second.
    """

    columns: tuple[str, ...]
    first: frozenset[str] = frozenset()
    second: frozenset[str] = frozenset()
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is read: its format, the shape of its rows, and the columns of input and output.

    `columns` names the cells of rows that carry no names (CSV, lists in JSON); `headless` is True where a CSV has no
    header. `rejected` is the column of the answer not preferred. `classes` are the names of integer labels.
    `notes` are remarks for the user, each one sentence. `winner` tells which of the columns `output` and `rejected` is
    better where the columns do not; `judged`, `tools`, `thinking` and `system` are the columns with a judgement of the
    answer, declared tools, the reasoning before the answer and a system prompt; `media` are (column, what it holds)
    that no text can stand for.
    """

    format: str
    schema: str
    input: tuple[str, ...]
    output: str | None
    columns: tuple[str, ...] = ()
    headless: bool = False
    delimiter: str = ","
    rejected: str | None = None
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    winner: Winner | None = None
    judged: str | None = None
    tools: str | None = None
    thinking: str | None = None
    system: str | None = None
    media: tuple[tuple[str, str], ...] = ()

    @property
    def compares(self) -> bool:
        """True for preference pairs, whose rows say which of two answers is better."""
        return self.rejected is not None


Make: TypeAlias = Callable[[int, int, dict[str, Any]], Row | BadRow]  # from a row's number, its line and its record


@dataclass(frozen=True, slots=True)
class Block:
    """A small part of a file that another process can read on its own; it begins and ends with whole records.

    Args:
        index: 0, 1, … in the order of the rows.
        path: the one file that holds the block, also where a folder is read.
        start, end: where the block lies in the file [bytes], to be read from there where `data` is empty.
        data: the block itself, unpacked and as UTF-8; for Parquet and Arrow, a stream of record batches.
        head: True for the first block of a CSV file, which holds the header.
        lines: how many lines it holds; -1 where they were not counted in cutting (see blocks.block_lines).
        broken: True where the quotes of a CSV file do not match, so that records are read one by one.
        fault: why the whole block is one bad row, "" where it is not.
        bytes_done: how much of all files is read by the end of this block [bytes], for progress.
    """

    index: int
    path: str
    start: int = 0
    end: int = 0
    data: bytes = b""
    head: bool = False
    lines: int = -1
    fault: str = ""
    broken: bool = False
    bytes_done: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A whole file in memory, for the verbs that need all of it at once."""

    layout: Layout
    rows: tuple[Row, ...]
    bad: tuple[BadRow, ...]


NOTHING: Mapping[str, Any] = {}


def shown(record: object) -> str:
    """The beginning of a bad row, for the quarantine file."""
    if isinstance(record, bytes):
        return record[: 4 * SHOWN_CHARACTERS].decode("utf-8", "replace").strip()[:SHOWN_CHARACTERS]
    if isinstance(record, str):
        return record[:SHOWN_CHARACTERS].encode("utf-8", "replace").decode("utf-8")
    try:
        return str(record)[:SHOWN_CHARACTERS].encode("utf-8", "replace").decode("utf-8")
    except RecursionError:
        return "(values nested too deeply to show)"
