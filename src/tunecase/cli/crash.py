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
MOST_LINE, MOST_LINES = 2_000, 200  # characters of a line, and lines: what is looked at for secrets, and written
_SENSITIVE = r"token|secret|passw|credential|api_?key|access_?key|private_?key|authorization"
_PART_OF_WORD = re.compile(r"(?<![\w-])[\w-]*\Z")
# What looks like a secret, and its replacement; hiding too much is better than too little.
_HIDDEN = (
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,20}://)[^\s/@'\"]*@"), r"\1[hidden]@"),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,20}://[^\s?#'\"]*)[?#][^\s'\"]*"), r"\1?[hidden]"),
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
    text = _shortened(text)
    for shape, rest in _HIDDEN:
        text = shape.sub(rest, text)
    return text


def _shortened(text: str) -> str:
    """The text with long lines cut behind a whole word, and of many lines the first and the last ones.

    The shapes of secrets take the square of a line's length; half a key would have no shape.
    """
    lines = [
        line if len(line) <= MOST_LINE else f"{_PART_OF_WORD.sub('', line[:MOST_LINE])}…" for line in text.split("\n")
    ]
    if len(lines) > MOST_LINES:
        lines[MOST_LINES // 2 : -MOST_LINES // 2] = ["…"]
    return "\n".join(lines)
