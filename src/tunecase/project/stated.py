"""A project stated in Python: nested values in place of the project file."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tunecase.errors import InputError, Problem, refuse_any
from tunecase.io import Lines, plain_fields, read_yaml, yaml_text

PROJECT_FILE = "tunecase.yaml"


class Stated:
    """The fields of a project, by name as in the file; relative paths in them count from `folder`.

    The values are copied: a mapping that changes later changes nothing here.

    Raises: InputError where the folder is none, or for more values than a project file may hold.
    """

    def __init__(self, fields: Mapping[str, Any], folder: Path) -> None:
        if not folder.is_dir():
            got = "a file" if folder.exists() else "nothing there"
            fix = "make the folder first, or leave it out for the current one"
            raise InputError(Problem(f"folder {folder}", got, "a folder, from which relative paths count", fix))
        self.path = folder / PROJECT_FILE
        self._raw, self._lines, self._problems = plain_fields(fields)

    def read(self) -> tuple[dict[str, Any], Lines, list[Problem]]:
        """What `read_yaml` gives for a file: the fields, the line of each, which is 0, and what is wrong with them."""
        return copy.deepcopy(self._raw), dict(self._lines), list(self._problems)


def project_text(source: "Path | Stated") -> str:
    """The project file of a project, without the comments of the one that it was read from."""
    raw, _, problems = source.read() if isinstance(source, Stated) else read_yaml(source)
    refuse_any(problems)
    return yaml_text(raw)
