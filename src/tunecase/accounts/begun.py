"""What `init` says: which files it wrote and what to do now, or which examples there are."""

from collections.abc import Mapping
from pathlib import Path
from shlex import quote

from tunecase.accounts.material import Material
from tunecase.blocks import Account, Facts, Words
from tunecase.quantities import count, counted
from tunecase.records import Begun, SplitMade

SPLIT = "15%"  # of the rows, as the command is offered that holds them out


def written(record: Begun, _: Material) -> Account:
    """The files that were written, the project file first, how rows were held out, and what to run next."""
    project, *others = record.files
    beside = f", with {counted(len(others), 'file')} beside it" if others else ""
    words = [
        "What only you can know is a question in it, in a line that begins with #. The first run needs no answer: "
        "it does all that is free, and says what looks reachable."
    ]  # fmt: skip
    folder = "" if project.parent == Path() else f"cd {quote(str(project.parent))} && "
    if record.split is not None:
        words.insert(0, split_words(record.split))
    elif not record.test:
        command = f"tunecase init {quote(record.data)} --split {SPLIT}"
        words.insert(0, f"No test file is named, so nothing can be measured yet. This holds out rows: {command}")
    paths = Facts("Files", tuple((str(path), "") for path in record.files))
    short = tuple(Words((line,)) for line in words)
    return Account("init", f"{project} is written{beside}.", "good", short, (paths,), next=f"{folder}tunecase run")


def split_words(made: SplitMade) -> str:
    """How rows were split, in one line."""
    told = [f"{counted(made.train_rows, 'row')} to train on, {count(made.test_rows)} to test"]
    if made.group:
        told.append(f"each {made.group} on one side ({count(made.groups)} of them)")
    if made.together:
        told.append(f"{counted(made.together, 'copy', 'copies')} kept beside what they copy")
    if made.alike:
        told.append(f"{counted(made.alike, 'row')} too alike throughout to be kept together")
    if not made.near_copies:
        told.append("near copies not looked for in so large a file")
    return f"{'; '.join(told)}."


def examples(record: Mapping[str, str], _: Material) -> Account:
    """The shipped examples with one line each, and how to copy one."""
    answer = f"{counted(len(record), 'example')} to copy and change."
    short = (Facts("", tuple(record.items())),)
    return Account("init", answer, "plain", short, next="tunecase init --example NAME --to FOLDER")
