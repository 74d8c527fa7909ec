"""Reports a failure of tunecase itself: one line for the user, and the traceback in a file without secrets."""

import os
import platform
import re
import sys
import tempfile
import traceback

from tunecase.quantities import one_line
from tunecase.version import __version__

SHORTEST_VALUE = 6  # characters; shorter values of the environment stand in any text
MOST_SHOWN = 200  # characters of the error in the line
_SENSITIVE = r"token|secret|passw|credential|api_?key|access_?key|private_?key|authorization"
# What looks like a secret, and its replacement; hiding too much is better than too little.
_HIDDEN = (
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@'\"]*@"), r"\1[hidden]@"),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://[^\s?#'\"]*)[?#][^\s'\"]*"), r"\1?[hidden]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 [hidden]"),
    (re.compile(rf"(?i)((?:{_SENSITIVE})\w*\\*['\"]?\s*[:=]\s*)(?:\"[^\"]*\"|'[^']*'|[^\s,;]+)"), r"\1[hidden]"),
    (re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,}"), "[hidden]"),
)


def kept_crash(error: BaseException) -> str:
    """Writes the traceback into a file that only this user can read; returns one line that names the file.

    The file holds neither locals nor the values of the environment, and nothing that looks like a key.
    """
    words = one_line(_without_secrets(f"{type(error).__name__}: {error}"), MOST_SHOWN)
    try:
        text = "".join(traceback.format_exception(error))
        handle, name = tempfile.mkstemp(prefix="tunecase-crash-", suffix=".txt")  # of mode 600
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"tunecase {__version__}, Python {platform.python_version()}, {sys.platform}\n")
            file.write(_without_secrets(text))
    except OSError as refused:
        return f"tunecase failed: {words}; its traceback could not be written ({refused.strerror}); please report it"
    return f"tunecase failed: {words}; the traceback is in {name}; please report it"


def _without_secrets(text: str) -> str:
    """The text with the values of environment variables replaced by their names, and likely secrets hidden."""
    for name, value in sorted(os.environ.items(), key=lambda item: -len(item[1])):
        if len(value) >= SHORTEST_VALUE or (value and re.search(_SENSITIVE, name, re.IGNORECASE)):
            text = text.replace(value, f"${name}")
    for shape, rest in _HIDDEN:
        text = shape.sub(rest, text)
    return text
