"""Writes the rows that cannot be read beside the data, so that nothing is lost."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from tunecase.data.detectors.personal import masked
from tunecase.data.reading.rows import SHOWN_CHARACTERS, BadRow
from tunecase.errors import TunecaseError
from tunecase.io import part_beside

CUT_CHARACTERS = 40


@contextmanager
def quarantined(path: Path | None) -> Iterator[tuple[Callable[[BadRow], None], list[bool]]]:
    """A writer of bad rows to a temporary file that becomes `path` at the end, if there were any and all went well.

    Yields the writer, and a list that is not empty once the file is in place.
    Raises: TunecaseError when the disk is full or the folder cannot be written to; nothing is left behind.
    """
    import orjson

    file: IO[bytes] | None = None
    part, stands = Path(), list[bool]()
    held = ExitStack()

    def write(row: BadRow) -> None:
        nonlocal file, part
        if path is None:
            return
        body = {"row": row.number, "line": row.line, "reason": row.reason, "text": _shown(row.text)}
        try:
            if file is None:
                part = held.enter_context(part_beside(path))
                file = part.open("wb")
            file.write(orjson.dumps(body) + b"\n")
        except OSError as error:
            raise _refused(path, error) from None

    with held:
        try:
            yield write, stands
            if file is not None and path is not None:
                try:
                    file.close()
                    part.replace(path)
                except OSError as error:
                    raise _refused(path, error) from None
                stands.append(True)
        finally:
            if file is not None:
                with suppress(OSError):  # what is left in its buffer has no room either
                    file.close()


def _refused(path: Path | None, error: OSError) -> TunecaseError:
    return TunecaseError(
        f"{path}: the quarantine of bad rows cannot be written ({error.strerror or error}).\n"
        "Fix: make room on the disk, or run it in a folder that you may write to"
    )


def _shown(text: str) -> str:
    """The beginning of a bad row, masked; where it was cut, the last words go, as the cut may run through a number."""
    whole = len(text) < SHOWN_CHARACTERS
    return masked(text if whole else text[:-CUT_CHARACTERS].rpartition(" ")[0])
