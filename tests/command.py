"""Runs the command line in this process, as a person would type it, and gives back code, output and errors."""

import contextlib
import io
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunecase import cli
from tunecase.ledger import TALLY


@dataclass(frozen=True)
class Ran:
    """What a command did: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output parsed."""
        return json.loads(self.out)


def tunecase(*words: str | Path, cwd: Path | None = None) -> Ran:
    """`tunecase WORDS` in the folder cwd."""
    out, err = io.StringIO(), io.StringIO()
    before_argv, before_dir = sys.argv, Path.cwd()
    sys.argv = ["tunecase", *map(str, words)]
    try:
        if cwd:
            os.chdir(cwd)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                TALLY.entries = 0  # as in a process of its own
                cli.main()
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.argv = before_argv
        os.chdir(before_dir)
    return Ran(code, out.getvalue(), err.getvalue())
