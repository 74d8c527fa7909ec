"""The test file that belongs to a training file: beside it by the usual names, or a split of the same data set."""

import re
from collections.abc import Callable
from pathlib import Path

from tunecase.data.reading.find import sources
from tunecase.data.reading.folders import SPLITS
from tunecase.data.reading.sources import FORMATS, PACKINGS, source_of, split_name
from tunecase.errors import InputError
from tunecase.io import is_own_file

TESTS = (*SPLITS["test"], "heldout", "holdout")
_TRAIN = re.compile(r"(?<![A-Za-z])(train(?:ing)?)(?=set|data|split|[^A-Za-z]|$)", re.IGNORECASE)


def own_test(path: Path) -> Path | None:
    """The test split of a folder or a Hub data set; None for a plain file, or where there is no such split."""
    return _split(path, TESTS)


def test_beside(path: Path) -> Path | None:
    """The test file of a training file or folder, by the usual names; None where there is none.

    `train.jsonl` has `test.jsonl`, `eval.json`; `x_train.csv` has `x_test.csv`; `train/` has `test/`; a folder or Hub
    data set has its own test split. A validation file is no test: models are chosen on it.
    """
    return own_test(path) or _beside(path, TESTS) or _in_the_same_file(path, TESTS)


def _split(path: Path, names: tuple[str, ...]) -> Path | None:
    path = path if path.name else path.resolve()  # the folder "." has no name of its own
    if not path.name or "::" in path.name or not ("hf:" in path.parts or path.is_dir()):
        return None
    for name in names:
        named = path.with_name(f"{path.name}::{name}")
        try:
            if {each.path for each in sources(named)} != {each.path for each in sources(path)}:
                return named
        except InputError:
            continue
    return None


def link_beside(path: Path) -> Path | None:
    """A link with the name of a test file that `test_beside` does not follow; None where there is none."""
    return _beside(path, TESTS, lambda found, train: found.is_symlink() and not _is_followed(found, train))


def _is_followed(found: Path, train: Path) -> bool:
    """Whether a path is a file, or a link to data: in the folder of the training file, or where that is a link too."""
    if is_own_file(found):
        return True
    target = found.resolve()
    inside = train.is_symlink() or target.is_relative_to(train.parent.resolve())
    return found.is_file() and inside and source_of(target) is not None


def _beside(path: Path, names: tuple[str, ...], fits: Callable[[Path, Path], bool] = _is_followed) -> Path | None:
    """The path with a usual name in place of "train": in the file's name, else in that of a folder."""
    bare, part = split_name(path)
    if part:
        return _other_split(path, bare, part, names)
    places = [at for at, each in enumerate(bare.parts) if _TRAIN.search(each)][-2:]
    for place in reversed(places):
        for name in names:
            found = _there(bare, place, name, fits)
            if found is not None:
                return found
    return None


def _other_split(path: Path, bare: Path, part: str, names: tuple[str, ...]) -> Path | None:
    """Another split of one file or folder that was named with `::train`."""
    for name in names if _TRAIN.search(part) else ():
        named = path.with_name(f"{bare.name}::{_TRAIN.sub(name, part)}")
        try:
            if bare.is_file():
                from tunecase.data.reading.arrays import splits

                source = source_of(bare)
                if source is None or _TRAIN.sub(name, part) not in splits(source):
                    continue
            sources(named)
        except InputError:
            continue
        return named
    return None


def _in_the_same_file(path: Path, names: tuple[str, ...]) -> Path | None:
    """A split of one JSON file that holds an object of splits."""
    from tunecase.data.reading.arrays import json_kind, splits

    try:
        bare, part = split_name(path)
        source = source_of(bare) if bare.is_file() and not part else None
        if source is None or source.kind != "json" or json_kind(source) != "json":
            return None
        lists = splits(source)
    except (InputError, OSError, ValueError):
        return None
    return next((path.with_name(f"{bare.name}::{name}") for name in names if name in lists), None)


def _there(bare: Path, place: int, name: str, fits: Callable[[Path, Path], bool]) -> Path | None:
    """The file or folder with `name` for "train" in one part of its path, its ending as it is or another one."""
    parts = [*bare.parts]
    parts[place] = _TRAIN.sub(lambda match: _cased(name, match[1]), parts[place])
    wanted = Path(*parts)
    if wanted == bare:
        return None
    if fits(wanted, bare) or (wanted.is_dir() and not wanted.is_symlink()):
        return wanted
    shard = re.sub(r"-\d{5}-of-\d{5}", "-00000-of-*", wanted.name)
    if shard != wanted.name:
        return next((each for each in sorted(wanted.parent.glob(shard)) if fits(each, bare)), None)
    stem = wanted.stem if wanted.suffix.lower() in PACKINGS else wanted.name
    stem = stem[: -len(Path(stem).suffix)] if Path(stem).suffix.lower() in FORMATS else stem
    endings = [kind + packing for kind in FORMATS if kind != ".txt" for packing in ("", *PACKINGS)]
    return next((other for ending in endings if fits(other := wanted.with_name(stem + ending), bare)), None)


def _cased(name: str, like: str) -> str:
    return name.upper() if like.isupper() else name.capitalize() if like[0].isupper() else name
