"""Folders of data files: which of them are read, in which order, and as which split."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import orjson

from tunecase.data.reading.sources import FORMATS, Source, source_of
from tunecase.errors import InputError, Problem

SPLITS = {
    "train": ("train", "training"),
    "test": ("test", "testing", "eval", "evaluation"),
    "validation": ("validation", "valid", "val", "dev"),
}
OURS = ("corrections.jsonl", "quarantine.jsonl")  # what tunecase itself writes beside data
NOT_DATA = {"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "package.json",
            "tokenizer.json", "config.json", "metadata.json", "quarantine.jsonl"}  # fmt: skip
MOST_FILES = 10_000


def files_of(folder: Path, part: str = "") -> tuple[Source, ...]:
    """The data files of a folder, sorted; those of one split where their names show the split.

    Args:
        part: the split wanted; "" takes the training split, or all files where no name shows one.
    Raises: InputError when there are no such files, or files of several formats.
    """
    if (folder / "dataset_dict.json").is_file():
        return files_of(_split_folder(folder, part))
    if (folder / "state.json").is_file():
        return _saved(folder)
    splits = {source: split_of(source.path.relative_to(folder)) for source in _walk(folder)}
    chosen = _of_split(splits, folder, part) if part else _all_of(splits, "train") or _all_of(splits, "")
    if not chosen:
        there = ", ".join(dict.fromkeys(filter(None, splits.values())))
        got = f"the splits {there}" if there else "no split" if splits else "no data files"
        wanted = f"the split {part or 'train'}" if splits else "data files: " + ", ".join(FORMATS)
        fix = f"name a split: {folder.name}::{there.partition(', ')[0]}" if there else "correct the path"
        raise InputError(Problem(str(folder), f"a folder with {got}", wanted, fix))
    kinds = {source.kind for source in chosen}
    if len(kinds) > 1:
        got = "files of several formats: " + ", ".join(sorted(kinds))
        raise InputError(Problem(str(folder), got, "one format", "name one file, or a folder of one format"))
    return tuple(chosen)


def _of_split(splits: dict[Source, str], folder: Path, part: str) -> list[Source]:
    """The files of a split: by its usual names, else those in a folder, or with a stem, of exactly that name."""
    inside = [source for source in splits if part in source.path.relative_to(folder).parts]
    named = [source for source in splits if source.path.name.split(".")[0] == part]
    return _all_of(splits, _usual(part)) or inside or named


def _all_of(splits: dict[Source, str], split: str) -> list[Source]:
    return [source for source, each in splits.items() if each == split]


def split_of(path: Path) -> str:
    """The split that a file's name or folder shows, "" for none.

    Example:
        >>> split_of(Path("data/train-00000-of-00001.parquet"))
        'train'
    """
    for part in reversed(path.parts):
        for word in re.split(r"[^a-z]+", part.lower()):
            for split, names in SPLITS.items():
                if word in names:
                    return split
    return ""


def _usual(part: str) -> str:
    return next((split for split, names in SPLITS.items() if part.lower() in names), part)


def _split_folder(folder: Path, part: str) -> Path:
    """The folder of one split of a data set that save_to_disk wrote with its splits."""
    names = _split_names(folder)
    if not part:
        chosen = ["train"] if "train" in names or len(names) != 1 else names
    else:
        chosen = [part, *(name for name in names if _usual(part) == _usual(name))]
    for name in chosen:
        if name in names:
            return folder / name
    fix = f"name a split: {folder.name}::{names[0] if names else 'NAME'}"
    got = f"the splits {', '.join(names)}" if names else "no split"
    raise InputError(Problem(str(folder), got, f"the split {part or 'train'}", fix))


def _split_names(folder: Path) -> list[str]:
    """The folders of splits, in the order that a data set lists them."""
    there = sorted(path.name for path in folder.iterdir() if path.is_dir())
    try:
        listed = orjson.loads((folder / "dataset_dict.json").read_bytes())["splits"]
        return [name for name in map(str, listed) if name in there]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return there


def _saved(folder: Path) -> tuple[Source, ...]:
    """The files of a data set that save_to_disk wrote, in the order that state.json lists them."""
    try:
        files = orjson.loads((folder / "state.json").read_bytes())["_data_files"]
        listed = [Path(str(file["filename"])).name for file in files]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        listed = sorted(path.name for path in folder.glob("*.arrow"))
    missing = [name for name in listed if not _is_file(folder / name)]
    if missing or not listed:
        got = f"a data set without {missing[0]}" if missing else "a data set without files"
        raise InputError(Problem(str(folder), got, "all files that state.json lists", "save it again"))
    return tuple(Source(folder / name, "arrow") for name in listed)


def _walk(folder: Path) -> Iterator[Source]:
    """The data files below a folder, each folder once even if links lead to it again.

    Raises: InputError beyond 10,000 files.
    """
    seen: set[tuple[int, int]] = set()
    count = 0
    for here, folders, names in os.walk(folder, followlinks=True):
        status = os.stat(here)
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        for source in filter(None, (_data_file(Path(here), name) for name in sorted(names))):
            count += 1
            if count > MOST_FILES:
                got = f"more than {MOST_FILES:,} files"
                raise InputError(Problem(str(folder), got, "fewer files", "name a subfolder, or one file"))
            yield source


def _data_file(folder: Path, name: str) -> Source | None:
    """A file to read; None for one of another kind, an empty one, and what tunecase or a library keeps beside data."""
    if name in NOT_DATA or name.startswith(".") or name.endswith(OURS):
        return None
    source = source_of(folder / name)
    return source if source and _is_file(source.path) else None


def _is_file(path: Path) -> bool:
    try:
        status = path.stat()
    except (OSError, ValueError):  # a name too long, or with a NUL in it
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size > 0


def class_names_beside(path: Path) -> dict[str, tuple[str, ...]]:
    """The names of integer labels from a dataset_info.json beside a file."""
    from tunecase.data.reading.columnar import names_of

    try:
        return names_of(orjson.loads((path.parent / "dataset_info.json").read_bytes())["features"])
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        return {}
