"""Writes the rows that cannot be read beside the data, so that nothing is lost."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tunecase.checks.privacy import masked
from tunecase.datasets import BadRow


@contextmanager
def quarantined(path: Path | None) -> Iterator[tuple[Callable[[BadRow], None], list[bool]]]:
    """A writer of bad rows to a temporary file that becomes `path` at the end, if there were any and all went well.

    Yields the writer, and a list that is not empty once the file stands.
    """
    import orjson

    part = path.with_name(f"{path.name}.{os.getpid()}.part") if path else None
    file = None
    stands: list[bool] = []

    def write(row: BadRow) -> None:
        nonlocal file
        if part is None:
            return
        if file is None:
            part.parent.mkdir(parents=True, exist_ok=True)
            file = part.open("wb")
        body = {"row": row.number, "line": row.line, "reason": row.reason, "text": masked(row.text)}
        file.write(orjson.dumps(body) + b"\n")

    try:
        yield write, stands
        if file is not None and part is not None and path is not None:
            file.close()
            part.replace(path)
            stands.append(True)
    finally:
        if file is not None:
            file.close()
        if part is not None:
            part.unlink(missing_ok=True)
