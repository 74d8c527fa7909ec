"""Child processes for files that nobody vouches for: no secrets in their environment, bounds on time and output."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

# What Python and its libraries need on Linux, macOS and Windows; no token, key or proxy is among them.
KEPT = (
    "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP",
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "APPDATA", "PYTHONHOME", "PYTHONPATH",
    "PYTHONUSERBASE", "PYTHONNOUSERSITE", "PYTHONHASHSEED",
)  # fmt: skip
MOST_OUTPUT_BYTES = 64_000_000


def child_environment() -> dict[str, str]:
    """The environment of a child process that works on somebody else's file."""
    kept = {name: value for name, value in os.environ.items() if name.upper() in KEPT}
    return {**kept, "PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}


def ask_child(arguments: Sequence[str], given: object, limit_s: float) -> tuple[int | None, Any]:
    """The exit code of a Python child and the JSON that it wrote; (None, None) where its time was up.

    Args:
        arguments: of Python, such as a script.
        given: what it reads as JSON on its standard input.
        limit_s: wall clock, after which it is killed.
    Returns: the JSON is None where the child failed, or wrote none or more than 64 MB.
    """
    command = [sys.executable, "-P", *arguments]
    with tempfile.TemporaryFile() as output:  # a pipe would be gathered in memory without a bound
        try:
            done = subprocess.run(  # noqa: S603 - this Python
                command, input=json.dumps(given).encode(), stdout=output, stderr=subprocess.DEVNULL,
                timeout=limit_s, env=child_environment(), check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return None, None
        size = output.seek(0, os.SEEK_END)
        if done.returncode or size > MOST_OUTPUT_BYTES:
            return done.returncode, None
        output.seek(0)
        try:
            return 0, json.loads(output.read())
        except ValueError:
            return 0, None
