"""Writes the rows that cannot be read beside the data, so that nothing is lost."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain, count
from pathlib import Path
from typing import IO

from tunecase.data.detectors.private import masked
from tunecase.data.reading.rows import SHOWN_CHARACTERS, BadRow
from tunecase.errors import TunecaseError
from tunecase.io import part_beside

CUT_CHARACTERS = 40
NAME = "quarantine.jsonl"  # or how the name ends
MOST_ROW_BYTES = 1 << 16


class Quarantine:
    """Bad rows on their way to a file: in a scratch file, which becomes `path` at the end of a `with` that went well.

    Each row names the file that it is `of`. Only a quarantine of the same file is replaced: where anything else has the
    name, `path` becomes a free one beside it, such as `train.2.quarantine.jsonl`.
    `stands` is True once the file is in place; without a bad row, or without a path, there is none.
    Raises: TunecaseError when the disk is full or the folder cannot be written to; nothing is left behind.
    """

    def __init__(self, path: Path | None, of: Path) -> None:
        self.path, self.stands = path, False
        self.of = "" if path is None else _named_from(path.parent, of)
        self._part = Path()
        self._file: IO[bytes] | None = None
        self._held = ExitStack()

    def __enter__(self) -> "Quarantine":
        return self

    def write(self, row: BadRow) -> None:
        """Adds one row."""
        import orjson

        if self.path is None:
            return
        body = {"row": row.number, "line": row.line, "reason": row.reason, "text": _shown(row.text), "file": self.of}
        try:
            if self._file is None:
                self.path = next(place for place in _places(self.path) if self._may_stand(place))
                self._part = self._held.enter_context(part_beside(self.path))
                self._file = self._part.open("wb")
            self._file.write(orjson.dumps(body) + b"\n")
        except OSError as error:
            raise _refused(self.path, error) from None

    def _may_stand(self, place: Path) -> bool:
        """Whether nothing is at a place, or a quarantine of the same file."""
        import orjson

        if not os.path.lexists(place):
            return True
        if place.is_symlink() or not place.is_file():
            return False
        try:
            with place.open("rb") as file:
                row = orjson.loads(file.readline(MOST_ROW_BYTES))
        except (OSError, orjson.JSONDecodeError):
            return False
        return isinstance(row, dict) and {"row", "reason", "text"} <= row.keys() and row.get("file") == self.of

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._held:
            if self.path is None or self._file is None:
                return
            try:
                self._file.close()
                if kind is None:
                    self._part.replace(self.path)
                    self.stands = True
            except OSError as error:
                if kind is None:  # otherwise what is left in its buffer had no room either
                    raise _refused(self.path, error) from None


def _places(path: Path) -> Iterator[Path]:
    """A path, then others in its folder that end as it does."""
    begin = path.name.removesuffix(NAME)
    return chain((path,), (path.with_name(f"{begin}{number}.{NAME}") for number in count(2)))


def _named_from(folder: Path, path: Path) -> str:
    """A path as it is named from a folder, in UTF-8."""
    try:
        name = os.path.relpath(path, folder)
    except ValueError:  # on another drive of Windows
        name = str(path)
    return name.encode("utf-8", "replace").decode()


def _refused(path: Path, error: OSError) -> TunecaseError:
    return TunecaseError(
        f"{path}: the quarantine of bad rows cannot be written ({error.strerror or error}).\n"
        "Fix: make room on the disk, or run it in a folder that you may write to"
    )


def _shown(text: str) -> str:
    """The beginning of a bad row, masked; where it was cut, the last words go, as the cut may run through a number."""
    whole = len(text) < SHOWN_CHARACTERS
    return masked(text if whole else text[:-CUT_CHARACTERS].rpartition(" ")[0])
