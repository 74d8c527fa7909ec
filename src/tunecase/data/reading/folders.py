"""Folders of data files: which of them are read, in which order, and as which split."""

import itertools
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson

from tunecase.data.reading import card
from tunecase.data.reading.sources import FORMATS, Source, source_of
from tunecase.errors import InputError, Problem
from tunecase.io import is_own_file

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
    if part and _is_inside(folder, part) and (source := source_of(folder / part)) and _is_file(source.path):
        return (source,)
    if is_own_file(folder / "dataset_dict.json"):
        return files_of(_split_folder(folder, part))
    if is_own_file(folder / "state.json"):
        return _saved(folder)
    if listed := _of_card(folder, part):
        return listed
    config, _, part = part.rpartition("/")
    if config or (part and (folder / part).is_dir() and not split_of(Path(part))):
        inner, split = (folder / config, part) if config else (folder / part, "")
        if inner.is_dir() and _is_inside(folder, str(inner.relative_to(folder))):
            return files_of(inner, split)
    splits = {source: split_of(source.path.relative_to(folder)) for source in _tables(_walk(folder))}
    _refuse_several(splits, folder, part)
    chosen = _of_split(splits, folder, part) if part else _all_of(splits, "train") or _all_of(splits, "")
    if not chosen:
        there = ", ".join(dict.fromkeys(filter(None, splits.values())))
        got = f"the splits {there}" if there else "no split" if splits else "no data files"
        wanted = f"the split {part or 'train'}" if splits else "data files: " + ", ".join(FORMATS)
        fix = f"name a split: {folder.name}::{there.partition(', ')[0]}" if there else "correct the path"
        if not splits and (said := links_note(folder)):
            got, fix = f"{got}; {said}", "copy the files into the folder, or name one of them"
        raise InputError(Problem(str(folder), f"a folder with {got}", wanted, fix))
    kinds = {source.kind for source in chosen}
    if len(kinds) > 1:
        got = "files of several formats: " + ", ".join(sorted(kinds))
        raise InputError(Problem(str(folder), got, "one format", "name one file, or a folder of one format"))
    return tuple(chosen)


def _is_inside(folder: Path, part: str) -> bool:
    """Whether a part of a folder stays in it, with all links on the way."""
    return ".." not in Path(part).parts and (folder / part).parent.resolve().is_relative_to(folder.resolve())


def _tables(files: Iterable[Source]) -> list[Source]:
    """The files without plain texts, which are data only where nothing else is there."""
    all_files = list(files)
    return [source for source in all_files if source.kind != "text"] or all_files


def _of_card(folder: Path, part: str) -> tuple[Source, ...]:
    """The files that the data set's card lists for a split; () where it lists none.

    Raises: InputError where it lists several configurations, and none is named or the default.
    """
    listed = card.configurations(folder)
    if not listed:
        return ()
    config, _, split = part.rpartition("/")
    if split in listed and not config:
        config, split = split, ""
    if not config and len(listed) > 1 and not card.has_default(folder):
        raise _several(folder, list(listed), split)
    patterns = listed.get(config or next(iter(listed)), {})
    wanted = _usual(split or "train")
    names = [name for name in patterns if split == name] or [name for name in patterns if _usual(name) == wanted]
    names = names or ([] if split else list(patterns)[:1])
    paths = card.matching(folder, [each for name in names for each in patterns[name]])
    found = [source for path in paths if (source := source_of(path)) and _is_file(path)]
    return tuple(found) if len({source.kind for source in found}) == 1 else ()


def _refuse_several(splits: dict[Source, str], folder: Path, part: str) -> None:
    """Raises InputError where subfolders hold a data set each: the same split stands in two of them."""
    places: dict[str, set[str]] = {}
    for source, split in splits.items():
        parents = source.path.relative_to(folder).parts[:-1]
        before = itertools.takewhile(lambda each: not split_of(Path(each)), parents)
        if split:
            places.setdefault("/".join(before), set()).add(split)
    wanted = _usual(part) if part else "train"
    holding = [place for place, there in places.items() if wanted in there]
    if len(holding) > 1 and "" not in holding and not {"default", "data"} & set(holding):
        raise _several(folder, holding, part)


def _several(folder: Path, names: list[str], part: str) -> InputError:
    got = f"a folder with the configurations {', '.join(names[:12])}"
    fix = f"name one: {folder.name}::{names[0]}{'/' + part if part else ''}"
    return InputError(Problem(str(folder), got, "one configuration", fix))


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
    there = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
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
        said = links_note(folder)
        got += f"; {said}" if said else ""
        raise InputError(Problem(str(folder), got, "all files that state.json lists", "save it again"))
    return tuple(Source(folder / name, "arrow") for name in listed)


def _walk(folder: Path) -> Iterator[Source]:
    """The data files below a folder; links are not followed, since they may lead out of it.

    Raises: InputError beyond 10,000 files.
    """
    count = 0
    for source in filter(None, map(_named_as_data, _paths(folder))):
        if not _is_file(source.path):
            continue
        count += 1
        if count > MOST_FILES:
            got = f"more than {MOST_FILES:,} files"
            raise InputError(Problem(str(folder), got, "fewer files", "name a subfolder, or one file"))
        yield source


def _paths(folder: Path) -> Iterator[Path]:
    """The files below a folder and the links in it; hidden folders are left out."""
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        links = (name for name in folders if Path(here, name).is_symlink())
        yield from (Path(here, name) for name in sorted((*names, *links)))


def _named_as_data(path: Path) -> Source | None:
    """A file that its name calls data; None for another kind, and what tunecase or a library keeps beside data."""
    if path.name in NOT_DATA or path.name.startswith(".") or path.name.endswith(OURS):
        return None
    source = source_of(path)
    return None if source is None or (source.kind == "text" and not split_of(Path(path.name))) else source


def _is_file(path: Path) -> bool:
    return is_own_file(path) and path.stat().st_size > 0


def links_note(folder: Path) -> str:
    """What to say of the links in a folder that lead to data, which are not followed; "" where there are none."""
    links = (path for path in _paths(folder) if path.is_symlink() and (path.is_dir() or _named_as_data(path)))
    found = [path.relative_to(folder) for path in links if not is_own_file(path)]
    if not found:
        return ""
    first = str(found[0])
    many = f"{len(found):,} links in the folder are not followed (the first: {first})"
    return many if len(found) > 1 else f"a link in the folder is not followed: {first}"


def class_names_beside(path: Path) -> dict[str, tuple[str, ...]]:
    """The names of integer labels from a dataset_info.json beside a file, or the data set's card there or above."""
    from tunecase.data.reading.columnar import names_of

    if not is_own_file(path.parent / "dataset_info.json"):
        return card.class_names(path.parent) or card.class_names(path.parent.parent)
    try:
        return names_of(orjson.loads((path.parent / "dataset_info.json").read_bytes())["features"])
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        return card.class_names(path.parent) or card.class_names(path.parent.parent)
