"""Finds the files behind a path: a file, an archive, a folder, a Hugging Face data set.

A path may end in `::NAME` to choose a split: of a folder, or of a JSON file that holds one object of splits.
"""

import stat
from pathlib import Path

from tunecase.data.reading import arrays
from tunecase.data.reading.folders import files_of
from tunecase.data.reading.hub import local_folder
from tunecase.data.reading.sources import FORMATS, PACKINGS, Source, source_of, split_name
from tunecase.errors import InputError, Problem


def sources(path: Path) -> tuple[Source, ...]:
    """The files behind a path, in the order they are read.

    Raises: InputError when there is none, or none that can be read.
    """
    if "hf:" in path.parts:
        return files_of(*local_folder(path))
    try:
        bare, part = split_name(path)
        mode = bare.stat().st_mode
    except (OSError, ValueError) as error:
        got = "no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise InputError(Problem(str(path), got, "a data file", "correct the path")) from None
    if stat.S_ISDIR(mode):
        return files_of(bare, part)
    if not stat.S_ISREG(mode):
        got = "a pipe" if stat.S_ISFIFO(mode) else "a device or socket"
        raise InputError(Problem(str(path), got, "a regular file", "write its content to a file first"))
    if bare.stat().st_size == 0:
        raise InputError(Problem(str(path), "an empty file", "at least one row", "check the export that wrote it"))
    source = source_of(bare, part)
    if source is None:
        raise InputError(_unknown_ending(path, bare))
    return (source,)


def _unknown_ending(path: Path, bare: Path) -> Problem:
    ending = "".join(bare.suffixes[-2:] if bare.suffix.lower() in PACKINGS else bare.suffixes[-1:]).lower()
    wanted = ", ".join(FORMATS) + "; the text formats also with " + " or ".join(PACKINGS)
    got = f"the ending {ending}" if ending else "a name without an ending"
    return Problem(str(path), got, wanted, "rename or convert the file")


def test_beside(path: Path) -> Path | None:
    """The test file that belongs to a training file: the test split in the same JSON file, or `test` for `train`."""
    try:
        bare, _ = split_name(path)
        beside = bare.with_name(bare.name.replace("train", "test"))
        if beside != bare and beside.is_file():
            return beside
        source = source_of(bare) if bare.is_file() else None
        if source is None or source.kind != "json" or arrays.json_kind(source) != "json":
            return None
        return path.with_name(f"{bare.name}::test") if "test" in arrays.splits(source) else None
    except (OSError, ValueError):
        return None
