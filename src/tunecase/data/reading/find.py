"""Finds the files behind a path: a file, an archive, a folder, a Hugging Face data set.

A path may end in `::NAME` to choose a split: of a folder, or of a JSON file that holds one object of splits.
"""

import stat
from pathlib import Path

from tunecase.data.reading.folders import files_of
from tunecase.data.reading.formats import unknown_ending
from tunecase.data.reading.hub import local_folder
from tunecase.data.reading.sources import Source, source_of, split_name
from tunecase.errors import InputError, Problem, refuse_any
from tunecase.io import no_file


def sources(path: Path) -> tuple[Source, ...]:
    """The files behind a path, in the order they are read.

    Raises: InputError when there is none, or none that can be read.
    """
    if "hf:" in path.parts:
        return files_of(*local_folder(path))
    try:
        bare, part = split_name(path)
        mode = bare.stat().st_mode
    except (OSError, ValueError):
        unread = Problem(str(path), "a name that cannot be read", "a data file", _fix(path))
        raise InputError(no_file(path, "a data file", _fix(path)) or unread) from None
    if stat.S_ISDIR(mode):
        return files_of(bare, part)
    refuse_any(no_file(bare, "a data file", _fix(path), str(path)))
    if bare.stat().st_size == 0:
        raise InputError(Problem(str(path), "an empty file", "at least one row", "check the export that wrote it"))
    source = source_of(bare, part)
    if source is None:
        raise InputError(unknown_ending(path, bare))
    return (source,)


def _fix(path: Path) -> str:
    """What to do about a path that is not there; one that looks like a name on the Hub is shown as such."""
    on_hub = {"huggingface.co", "datasets"} <= set(path.parts)
    parts = path.parts[path.parts.index("datasets") + 1 :] if on_hub else path.parts
    if on_hub and len(parts) >= 2:
        return f"for this data set of the Hub type hf://datasets/{'/'.join(parts[:2])}"
    if len(parts) == 2 and not path.is_absolute() and not path.suffix and not parts[0].startswith("."):
        return f"correct the path; for a data set of the Hub type hf://datasets/{'/'.join(parts)}"
    return "correct the path"
