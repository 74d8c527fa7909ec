"""Finds the files of a log by the names its tool gives them, and reads them as JSON up to a limit of size."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Protocol

from tunecase.errors import InputError, Problem

MOST_LINE_BYTES = 64_000_000
MOST_WHOLE_BYTES = 256_000_000
CHUNK = 1 << 20
MOST_LISTED = 12
MOST_FILES = 10_000  # of a folder
TIME = r"(?P<time>\d{4}-\d{2}-\d{2}T[\d.-]+)"  # of a run, as it stands in the names of its files
HALF = "wait for the run to end or run it again, and name the finished log"


class Readable(Protocol):
    """What bytes are read from, piece by piece."""

    def read(self, size: int = -1, /) -> bytes: ...  # noqa: D102 - as every file's


def lines_of(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file of JSON lines, each with the number of its line; empty lines are passed over.

    Raises: InputError for a line that is cut off, too long or no object.
    """
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MOST_LINE_BYTES + 1):
            number += 1
            if len(line) > MOST_LINE_BYTES:
                raise _too_long(f"{path}:{number}", "line", MOST_LINE_BYTES)
            if line.isspace():
                continue
            found = value_of(line)
            if not isinstance(found, dict):
                is_cut = found is None and not line.endswith(b"\n")
                got = "a line that is cut off" if is_cut else "no JSON object"
                fix = HALF if is_cut else "correct the line, or name another log"
                raise InputError(Problem(f"{path}:{number}", got, "one JSON object on each line", fix))
            yield number, found


def head(path: Path, most_bytes: int = 200_000) -> bytes:
    """The beginning of a file."""
    with path.open("rb") as file:
        return file.read(most_bytes)


def first_line(path: Path) -> dict[str, Any] | None:
    """The object on the first line of a file; None where there is none."""
    try:
        with path.open("rb") as file:
            line = file.readline(MOST_LINE_BYTES)
    except OSError:
        return None
    found = value_of(line) if line.lstrip()[:1] == b"{" else None
    return found if isinstance(found, dict) else None


def whole(path: Path) -> dict[str, Any]:
    """The one object of a JSON file.

    Raises: InputError for a file that is too large, cut off or no object.
    """
    with path.open("rb") as file:
        return object_of(str(path), file.read(MOST_WHOLE_BYTES + 1))


def object_of(place: str, data: bytes) -> dict[str, Any]:
    """The object that bytes hold.

    Raises: as `whole`.
    """
    if len(data) > MOST_WHOLE_BYTES:
        raise _too_long(place, "file", MOST_WHOLE_BYTES)
    found = value_of(data)
    if not isinstance(found, dict):
        is_cut = found is None and data.lstrip()[:1] == b"{"
        got = "JSON that is cut off or broken" if is_cut else "no JSON object"
        raise InputError(Problem(place, got, "a whole log", HALF if is_cut else "name the log of an evaluation"))
    return found


def value_of(data: bytes | str) -> Any:
    """The value of a JSON text; None for what is no JSON. Python's own reader knows NaN, which tools write."""
    import orjson

    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(data)
    except (ValueError, TypeError, RecursionError):
        return None


def elements(place: str, file: Readable) -> Iterator[dict[str, Any]]:
    """The objects of one JSON array, which is never held whole.

    Raises: InputError where it ends too early, where one object is too long, or where something else stands in it.
    """
    import codecs

    decoder, scan = codecs.getincrementaldecoder("utf-8")("replace"), json.JSONDecoder().raw_decode
    text, at, begun, ended = "", 0, False, False
    while not ended:
        piece = file.read(CHUNK)
        text, at = text[at:] + decoder.decode(piece, final=not piece), 0
        while True:
            at = _next(text, at, begun)
            if at >= len(text):
                break
            if not begun:
                if text[at] != "[":
                    raise _broken(place)
                begun, at = True, at + 1
                continue
            if text[at] == "]":
                ended = True
                break
            try:
                found, end = scan(text, at)
            except (ValueError, RecursionError):
                break  # the object goes on behind this piece, or is broken
            if not isinstance(found, dict):
                raise _broken(place)
            yield found
            at = end
        if len(text) - at > MOST_LINE_BYTES:
            raise _too_long(place, "object", MOST_LINE_BYTES)
        if not piece and not ended:
            raise _broken(place)


def _next(text: str, at: int, begun: bool) -> int:
    """The place of the next character that is neither white space nor a comma between two objects."""
    passed = " \t\r\n," if begun else " \t\r\n"
    while at < len(text) and text[at] in passed:
        at += 1
    return at


def _broken(place: str) -> InputError:
    return InputError(Problem(place, "JSON that is cut off or broken", "a whole log", HALF))


def _too_long(place: str, what: str, most: int) -> InputError:
    got, fix = f"a {what} of more than {most / 1e6:,.0f} MB", "log the scores without what was sent and answered"
    return InputError(Problem(place, got, f"a {what} of at most {most / 1e6:,.0f} MB", fix))


def one_of_several(place: str, what: str, names: Sequence[str], fix: str) -> InputError:
    """The mistake of a place that holds several where one is wanted."""
    got = f"{len(names):,} {what}s: {listed(names)}"
    return InputError(Problem(place, got, f"one {what}", fix))


def one_task(place: str, tasks: Iterable[str], wanted: str) -> str:
    """The task that is asked for, or the only one; a task NAME|FEW_SHOTS of lighteval is known by its name too.

    Raises: InputError where there is none of that name, or more than one.
    """
    names = sorted(set(tasks))
    fitting = [one for one in names if wanted in ("", one, one.partition("|")[0])]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise one_of_several(place, "task", fitting, f"say which: `--task '{fitting[0]}'`")
    fix = f"say one of these: `--task '{names[0]}'`" if names else "name another log"
    raise InputError(Problem(f"{place}: --task {wanted}", f"the tasks {listed(names)}", "one of them", fix))


@dataclass(frozen=True, slots=True)
class Naming:
    """How a tool calls its files: those of the items, by `task` and `time`, and the results of a run, by its `time`."""

    items: re.Pattern[str]
    results: re.Pattern[str]
    is_results: Callable[[bytes], bool]  # by the beginning of a file so called

    def of_items(self, path: Path) -> bool:
        """Whether a file is called as one of items."""
        return self.items.fullmatch(path.name) is not None

    def of_results(self, path: Path) -> bool:
        """Whether a file is called as the results of a run, and begins as they do."""
        return self.results.fullmatch(path.name) is not None and self.is_results(head(path))

    def part(self, path: Path, name: Literal["task", "time"]) -> str:
        """The task or the time in the name of a file; empty where there is none."""
        called = self.items.fullmatch(path.name) or self.results.fullmatch(path.name)
        return (called.groupdict().get(name) or "") if called else ""

    def below(self, folder: Path, pattern: str) -> tuple[list[Path], list[Path]]:
        """The files of items and of results below a folder, among the first MOST_FILES of a pattern."""
        files = list(islice(sorted(folder.rglob(pattern)), MOST_FILES))
        return [one for one in files if self.of_items(one)], [one for one in files if self.of_results(one)]

    def one(self, place: Path, files: Sequence[Path], task: str) -> Path:
        """The one file of a task and a run. Raises: InputError as `one_task`, and for several runs."""
        chosen = one_task(str(place), (self.part(one, "task") for one in files), task)
        return one_run(place, [one for one in files if self.part(one, "task") == chosen])

    def same_run(self, path: Path, results: Iterable[Path]) -> dict[str, Any]:
        """The first results of the run that a file is of; empty where there are none."""
        time = self.part(path, "time")
        fitting = (
            one for one in results if time and self.results.fullmatch(one.name) and self.part(one, "time") == time
        )
        found = next(fitting, None)
        return {} if found is None else whole(found)


def one_run(place: Path, files: Sequence[Path]) -> Path:
    """The only one of files. Raises: InputError where there are several."""
    if len(files) > 1:
        names = [str(one.relative_to(place) if one.is_relative_to(place) else one) for one in files]
        raise one_of_several(str(place), "run", names, f"name one: {files[-1]}")
    return files[0]


def listed(names: Sequence[str]) -> str:
    """Names with commas, the first of many."""
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return ", ".join(names[:MOST_LISTED]) + more
