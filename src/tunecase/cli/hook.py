"""What pre-commit runs on the data files of a commit: a fast audit each, told in a line, and the gravest exit code."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tunecase.cli.show.paper import safe

MOST_KINDS = 6
GRAVEST = 3  # of the exit codes that an audit has; a process that was killed ends with another
AUDIT = ("-P", "-m", "tunecase", "audit", "--fast", "--json")


def main() -> None:
    """The command `tunecase-audit FILE...`: exits with 0, or as the gravest of `tunecase audit --fast` on each file.

    It writes nothing: rows that cannot be read are told by their number of lines, not kept in a file.
    """
    files = [word for word in sys.argv[1:] if word != "--"]
    sys.exit(max((_audited(Path(name)) for name in files), default=0))


def _audited(path: Path) -> int:
    """The exit code for one file; what is wrong with it is printed."""
    with tempfile.TemporaryDirectory() as aside:  # where the audit's files of bad rows go
        command = [sys.executable, *AUDIT, str(path.absolute())]
        ran = subprocess.run(command, cwd=aside, stdout=subprocess.PIPE, check=False)  # noqa: S603 - our own command
    code = ran.returncode if 0 <= ran.returncode <= GRAVEST else GRAVEST
    try:
        record = json.loads(ran.stdout)
    except ValueError:
        record, code = {"error": "the audit gave no answer"}, code or GRAVEST
    print(safe(" ".join(f"{path}: {_words(record, path)}".split())))
    return code


def _words(record: dict[str, Any], path: Path) -> str:
    if "error" in record:
        return str(record["error"]).replace(f"{path.absolute()}: ", "")
    rows = f"{record['usable']:,} of {record['rows']:,} rows usable"
    grave = [one for one in record["findings"] if one["severity"] in ("stop", "warn")]
    kinds = [
        f"{one['check'].replace('_', ' ')}: {one['figure'] or format(one['count'], ',')}" for one in grave[:MOST_KINDS]
    ]
    more = [f"{len(grave) - MOST_KINDS} more kinds"] if len(grave) > MOST_KINDS else []
    return f"{rows}, {record['verdict']}" + (f" ({', '.join([*kinds, *more])})" if grave else "")
