"""All files of a queue, written side by side, one row at a time."""

import json
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from tunecase.data.review.queue import argilla, label_studio
from tunecase.data.review.queue.item import Item
from tunecase.data.review.queue.sheet import Sheet, line_of

FILES = {
    "review.csv": "the queue for a spreadsheet: fill in decision and answer",
    "review.jsonl": "the queue for a script: the same fields, one row per line",
    "label_studio.json": "the queue as tasks for Label Studio",
    "label_studio.xml": "the labelling config for Label Studio",
    "argilla.json": "the queue as records for Argilla",
    "argilla_settings.py": "a script that makes the Argilla dataset",
}


class QueueFiles:
    """Writes the files named in FILES into a folder; memory stays flat.

    Args:
        classes: the labels to choose from; empty where answers are free text.
    """

    def __init__(self, folder: Path, classes: tuple[str, ...]) -> None:
        self.folder, self.classes = folder, classes
        self.stack = ExitStack()
        self.rows = 0

    def __enter__(self) -> "QueueFiles":
        for name, text in (
            ("label_studio.xml", label_studio.config(self.classes)),
            ("argilla_settings.py", argilla.settings(self.classes)),
        ):
            (self.folder / name).write_text(text, encoding="utf-8", newline="\n")
        open_ = self.stack.enter_context
        self.sheet = Sheet(open_((self.folder / "review.csv").open("w", encoding="utf-8-sig", newline="")))
        self.lines = open_((self.folder / "review.jsonl").open("wb"))
        # Plain ASCII: the tools open these files in the encoding of their machine.
        self.tasks = open_((self.folder / "label_studio.json").open("w", encoding="ascii", newline="\n"))
        self.records = open_((self.folder / "argilla.json").open("w", encoding="ascii", newline="\n"))
        return self

    def write(self, item: Item) -> None:
        """One row, into every file."""
        self.sheet.write(item)
        self.lines.write(line_of(item))
        self._element(self.tasks, label_studio.task(item))
        self._element(self.records, argilla.record(item))
        self.rows += 1

    def _element(self, file: IO[str], body: dict[str, Any]) -> None:
        file.write(",\n" if self.rows else "[\n")
        json.dump(body, file)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self.stack:
            if error is None:
                for file in (self.tasks, self.records):
                    file.write("\n]\n" if self.rows else "[]\n")
