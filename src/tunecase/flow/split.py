"""Holds rows out for `init`: a training and a test file beside the data, and the project file that names them."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tunecase.errors import InputError, Problem, refuse_any
from tunecase.flow.opened import read_confidence
from tunecase.io import read_value
from tunecase.project import PROJECT_FILE
from tunecase.records import SplitMade

if TYPE_CHECKING:
    from tunecase.data.reading import Layout

TRAIN_AT_END = re.compile(r"[-_. ]*train$", re.IGNORECASE)  # of a file's name
WRITTEN = {"jsonl": ".jsonl", "json": ".json", "csv": ".csv", "parquet": ".parquet", "arrow": ".arrow"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a first project file.

    Args:
        input, output: columns, where they are not recognised.
        test: the held-out file; without one the test split of a folder, or a file with a usual name beside the data.
        share: of the rows to hold out in a file of their own, as typed, such as 15%; empty for none.
        group: a column whose values stay on one side.
        seed: the same seed splits the same rows alike.
    """

    input: str | None = None
    output: str | None = None
    test: Path | None = None
    share: str = ""
    group: str | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Parts:
    """The two files that rows were split into, and what is told of it.

    Args:
        columns: (input, output) that all rows show and those of one file do not; None where both files show them.
        new: the files that were not there before.
    """

    train: Path
    test: Path
    made: SplitMade
    columns: tuple[str, str] | None = None
    new: tuple[Path, ...] = ()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keeps the files where what follows comes to its end; else what was not there before is taken away."""
        try:
            yield
        except BaseException:
            for path in self.new:
                path.unlink(missing_ok=True)
            raise


@dataclass(frozen=True, slots=True)
class Amended:
    """A project file that names the data without a test file, as text."""

    text: str
    folder: Path

    def with_parts(self, parts: Parts) -> str:
        """The file with the names of the two parts; all else as it was."""
        root = self.folder.resolve()
        train, test = (path.resolve().relative_to(root).as_posix() for path in (parts.train, parts.test))
        lines = [line for line in self.text.splitlines() if not re.match(r"\s+(# )?test:", line)]
        at = next(number for number, line in enumerate(lines) if re.match(r"\s+train:", line))
        indent = re.match(r"\s*", lines[at])
        assert indent is not None
        lines[at : at + 1] = [f'{indent[0]}train: "{train}"', f'{indent[0]}test: "{test}"']
        input, output = parts.columns or ("", "")
        for name, column in {"group": parts.made.group, "output": output, "input": input}.items():
            if column and not re.search(rf"^{indent[0]}{name}:", self.text, re.MULTILINE):
                lines.insert(at + 2, f"{indent[0]}{name}: {json.dumps(column)}")
        return "\n".join(lines) + "\n"


def amended(project: Path, data: Path, share: str) -> Amended | None:
    """The project file that is there, where rows are to be held out of the data that it names and it names no test."""
    if not share or not project.is_file():
        return None
    try:
        text = project.read_text(encoding="utf-8")
        named = read_value(text, project.name)["data"]
        train, test = str(named["train"]), named.get("test")
    except (InputError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        return None
    named_once = len(re.findall(r"(?m)^[^\S\n]+train:", text)) == 1
    is_this = named_once and test is None and (project.parent / train).resolve() == data.resolve()
    return Amended(text, project.parent) if is_this else None


def split_rows(data: Path, share: str, to: Path, wanted: Wanted, *, may_write: bool, force: bool) -> Parts:
    """Writes the two files beside one another in the folder `to`; the data stay as they are.

    Args:
        share: of the rows to hold out as typed, such as 15%.
        may_write: whether a project file that is there may be replaced.
    Raises: InputError with all that stands in the way: a share that cannot be, a test file that is named or there,
        files of the same names, rows that cannot be split.
    """
    from tunecase.data.reading import detect, own_test, split_file

    held, problems = read_confidence("--split", share)
    layout = detect(data, wanted.input, wanted.output)
    train, test = _names(data, layout, to)
    if wanted.test is not None:
        got = f"a test file beside it: {wanted.test}"
        problems.append(Problem("--split", got, "one of the two", "leave --split out"))
    elif there := own_test(data):
        fix = f"leave --split out, or name the split to tear: {data}::train"
        problems.append(Problem("--split", f"data with a test split of their own: {there.name}", "one file", fix))
    fix = "name another folder with --to, or give --force to replace it"
    project = to / PROJECT_FILE
    in_the_way = [path for path in (train, test) if path.exists() and not force]
    in_the_way += [project] if project.exists() and not may_write else []
    problems += [Problem(str(path), "a file that is there already", "no such file", fix) for path in in_the_way]
    refuse_any(problems)
    new = tuple(path for path in (train, test) if not path.exists())
    made = split_file(data, layout, train, test, held, seed=wanted.seed, group=wanted.group)
    parts = Parts(train, test, made, new=new)
    with parts.kept():
        return replace(parts, columns=_columns_to_say(layout, parts, wanted))


def _columns_to_say(layout: "Layout", parts: Parts, wanted: Wanted) -> tuple[str, str] | None:
    """The columns that all rows show, where the rows of a part alone would be read otherwise or not at all."""
    from tunecase.data.reading import columns_to_name, detect

    for path in (parts.train, parts.test):
        try:
            own = detect(path, wanted.input, wanted.output)
        except InputError:
            return columns_to_name(layout)
        if (own.input, own.output) != (layout.input, layout.output):
            return columns_to_name(layout)
    return None


def _names(data: Path, layout: "Layout", to: Path) -> tuple[Path, Path]:
    """Names for the two files: those of the data with -train and -test, the ending that of the rows as written."""
    stem, _, ending = data.name.partition("::")[0].partition(".")
    ending = f".{ending}" if data.is_file() and ending else WRITTEN[layout.format]
    stem = TRAIN_AT_END.sub("", stem) or "split"
    if (to / f"{stem}-train{ending}").resolve() == data.resolve():
        stem = f"{stem}-split"
    return to / f"{stem}-train{ending}", to / f"{stem}-test{ending}"
