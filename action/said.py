"""Words for a pull request: names that stay names in Markdown, annotations, and what GitHub reads from files."""

import os
import tempfile
from pathlib import Path

MOST_LETTERS = 60_000  # of a comment; GitHub takes 65,536


def shown(text: str) -> str:
    """A text that strangers chose, which Markdown and HTML leave as it is: no link, picture, call or tag."""
    plain = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(letter if letter.isalnum() or letter in " /" else f"&#{ord(letter)};" for letter in plain)


def annotate(kind: str, text: str, file: str = "", line: int = 0, title: str = "") -> None:
    """One line that GitHub shows at a file: an "error", a "warning" or a "notice"."""
    place = [f"file={_property(file)}"] * bool(file) + [f"line={line}"] * bool(line)
    place += [f"title={_property(title)}"] * bool(title)
    print(f"::{kind} {','.join(place)}".rstrip() + f"::{_data(text)}", flush=True)


def _data(text: str) -> str:
    plain = text.encode("utf-8", "replace").decode("utf-8")
    return plain.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def append(variable: str, text: str) -> None:
    """Adds to the file that GitHub names in a variable, such as GITHUB_OUTPUT; nowhere without one."""
    if path := os.environ.get(variable):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


def work_folder() -> Path:
    """Where the steps of this action leave what the next one reads."""
    folder = Path(os.environ.get("RUNNER_TEMP") or tempfile.gettempdir()) / "tunecase-pull-request"
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def cut(text: str) -> str:
    """The text as far as a comment can be long."""
    if len(text) <= MOST_LETTERS:
        return text
    return text[:MOST_LETTERS].rpartition("\n")[0] + "\n\nThe rest is too long for a comment.\n"
