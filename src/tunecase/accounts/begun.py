"""What `init` says: which files it wrote and what to do now, or which examples there are."""

from collections.abc import Mapping
from os.path import commonpath
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
        held = f"This holds out rows: {split_command(record.data)}"
        words.insert(0, f"No test file is named, so nothing can be measured yet. {held}")
    paths = Facts("Files", tuple((str(path), "") for path in record.files))
    short = tuple(Words((line,)) for line in words)
    return Account("init", f"{project} is written{beside}.", "good", short, (paths,), next=f"{folder}tunecase run")


def begin_command(train: str, test: str | None) -> str:
    """The command that begins a case of a training file and its test file, in a folder that holds both.

    Example:
        >>> begin_command("a/train.jsonl", "b/test.jsonl")
        'tunecase init a/train.jsonl --test b/test.jsonl --to .'
    """
    command = f"tunecase init {quote(train)}"
    if not test or "::" in test or "hf:" in test:  # a split of the data themselves
        return command
    folder = Path(train).parent
    holds = Path(test).is_relative_to(folder) and ".." not in Path(test).relative_to(folder).parts
    shared = folder if holds else Path(commonpath([folder, Path(test).parent]) if _alike(folder, Path(test)) else ".")
    return f"{command} --test {quote(test)}" + ("" if holds else f" --to {quote(str(shared))}")


def _alike(one: Path, other: Path) -> bool:
    """Whether two paths start from one place, so that what they share is a folder."""
    return one.is_absolute() == other.is_absolute()


def split_command(train: str) -> str:
    """The command that holds rows out of a training file."""
    return f"tunecase init {quote(train)} --split {SPLIT}"


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
