"""What `init` says: which files it wrote and what to do now, or which examples there are."""

from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from textwrap import shorten

from tunecase.accounts.material import Material
from tunecase.blocks import Account, Facts, Words
from tunecase.quantities import counted

ONE_LINE = 54  # characters beside the longest name, in 80 columns


def written(record: tuple[Path, ...], _: Material) -> Account:
    """The files that were written, the project file first, and what to run next."""
    project, *others = record
    beside = f", with {counted(len(others), 'file')} beside it" if others else ""
    short = (
        Words((
            "What only you can know is a question in it, in a line that begins with #. The first run needs no answer: "
            "it does all that is free, and says what looks reachable.",
        )),
    )  # fmt: skip
    folder = "" if project.parent == Path() else f"cd {quote(str(project.parent))} && "
    paths = Facts("Files", tuple((str(path), "") for path in record))
    return Account("init", f"{project} is written{beside}.", "good", short, (paths,), next=f"{folder}tunecase run")


def examples(record: Mapping[str, str], _: Material) -> Account:
    """The shipped examples with one line each, and how to copy one."""
    answer = f"{counted(len(record), 'example')} to copy and change."
    pairs = tuple((name, shorten(about, ONE_LINE, placeholder=" …")) for name, about in record.items())
    whole = Facts("In full", tuple(record.items()))
    short, full = (Facts("", pairs),), (whole,)
    return Account("init", answer, "plain", short, full, next="tunecase init --example NAME --to FOLDER")
