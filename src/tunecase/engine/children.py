"""Child processes for files that nobody vouches for: no secrets in their environment, bounds on time and output."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# What Python and its libraries need on Linux, macOS and Windows; no token, key or proxy is among them.
KEPT = (
    "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP",
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "APPDATA", "PYTHONHOME", "PYTHONPATH",
    "PYTHONUSERBASE", "PYTHONNOUSERSITE", "PYTHONHASHSEED",
)  # fmt: skip
SET = {
    "PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1", "ARROW_DEFAULT_MEMORY_POOL": "system",
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",  # each thread asks for address space, which is bounded
}  # fmt: skip
MOST_OUTPUT_BYTES = 64_000_000
BEGIN = """import runpy, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
except (ImportError, ValueError):  # Windows; or a lower bound holds already
    pass
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def child_environment() -> dict[str, str]:
    """The environment of a child process that works on somebody else's file."""
    kept = {name: value for name, value in os.environ.items() if name.upper() in KEPT}
    return {**kept, **SET}


def ask_child(script: Path, given: object, limit_s: float) -> tuple[int | None, list[Any]]:
    """The exit code of a Python child, None where its time was up, and the JSON values that it wrote, one a line.

    Args:
        given: what it reads as JSON on its standard input.
        limit_s: wall clock, after which it is killed.
    Returns: the values end at the first line that is no JSON, such as one that was cut off, or after 64 MB.

    Leaves out the bound on what it may write on Windows: more than 64 MB are written there, and not read.
    """
    command = [sys.executable, "-P", "-c", BEGIN, str(script), str(MOST_OUTPUT_BYTES)]
    with tempfile.TemporaryFile() as output:  # a pipe would be gathered in memory without a bound
        try:
            ended: int | None = subprocess.run(  # noqa: S603 - this Python
                command, input=json.dumps(given).encode(), stdout=output, stderr=subprocess.DEVNULL,
                timeout=limit_s, env=child_environment(), check=False,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            ended = None
        output.seek(0)
        return ended, list(_values(output.read(MOST_OUTPUT_BYTES)))


def _values(written: bytes) -> Iterator[Any]:
    for line in written.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            return
