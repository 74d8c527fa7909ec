"""What the card of a data set (front matter of its README.md) says: configurations, their files, names of labels."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tunecase.io import is_own_file

MOST_BYTES = 2_000_000
_FRONT = re.compile(rb"\A(?:\xef\xbb\xbf)?---\r?\n(.*?)\r?\n---", re.DOTALL)
DEFAULT = "default"
Patterns = dict[str, list[str]]


def front_matter(folder: Path) -> dict[str, Any]:
    """The front matter of a folder's README.md, {} where there is none that can be read."""
    if not is_own_file(folder / "README.md"):
        return {}
    try:
        with (folder / "README.md").open("rb") as file:
            found = _FRONT.match(file.read(MOST_BYTES))
        told = yaml.load(found[1], getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if found else None  # noqa: S506
    except (OSError, yaml.YAMLError, RecursionError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def configurations(folder: Path) -> dict[str, Patterns]:
    """Of each configuration, the patterns of its files by split; the one called default, or so marked, comes first."""
    listed = front_matter(folder).get("configs")
    found: dict[str, Patterns] = {}
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and (patterns := _patterns(one.get("data_files"))):
            name = str(one.get("config_name", DEFAULT))
            found = {name: patterns, **found} if one.get("default") or name == DEFAULT else {**found, name: patterns}
    return found


def has_default(folder: Path) -> bool:
    """Whether the card says which configuration is meant where none is named."""
    listed = front_matter(folder).get("configs")
    ones = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return len(ones) == 1 or any(one.get("default") or one.get("config_name") == DEFAULT for one in ones)


def _patterns(files: Any) -> Patterns:
    if isinstance(files, str) or (isinstance(files, list) and all(isinstance(each, str) for each in files)):
        return {"train": [files] if isinstance(files, str) else files}
    pairs: list[tuple[Any, Any]] = []
    if isinstance(files, dict):
        pairs = list(files.items())
    elif isinstance(files, list):
        pairs = [(each.get("split"), each.get("path")) for each in files if isinstance(each, dict)]
    found: Patterns = {}
    for split, path in pairs:
        paths = [path] if isinstance(path, str) else path if isinstance(path, list) else []
        found.setdefault(str(split), []).extend(str(each) for each in paths)
    return {split: paths for split, paths in found.items() if paths}


def matching(folder: Path, patterns: list[str]) -> list[Path]:
    """The files that patterns of a card name, inside the folder only, sorted within each pattern."""
    return list(dict.fromkeys(path for pattern in patterns for path in _matching(folder, pattern)))


def _matching(folder: Path, pattern: str) -> Iterator[Path]:
    parts = Path(pattern).parts
    if not parts or ".." in parts or Path(pattern).is_absolute() or "\0" in pattern:
        return
    try:
        root = folder.resolve()
        found = sorted(path for path in folder.glob(pattern) if is_own_file(path))
        yield from (path for path in found if path.parent.resolve().is_relative_to(root))
    except (ValueError, NotImplementedError, OSError):
        return


def class_names(folder: Path) -> dict[str, tuple[str, ...]]:
    """The names of numbered labels and tags by column, from the card's dataset_info; {} where it names none."""
    told = front_matter(folder).get("dataset_info")
    found: dict[str, tuple[str, ...]] = {}
    for info in told if isinstance(told, list) else [told]:
        features = info.get("features") if isinstance(info, dict) else None
        for feature in features if isinstance(features, list) else []:
            names = _class_label(feature)
            if names and isinstance(feature, dict):
                found.setdefault(str(feature.get("name")), names)
    return found


def _class_label(feature: Any) -> tuple[str, ...]:
    """The names of a feature: `dtype: {class_label: {names: {'0': no, '1': yes}}}`, or a `sequence` or `list` of it."""
    if not isinstance(feature, dict):
        return ()
    for key in ("dtype", "sequence", "list", "class_label"):
        inner = feature.get(key)
        if key == "class_label" and isinstance(inner, dict):
            names = inner.get("names")
            return tuple(map(str, names.values() if isinstance(names, dict) else names or ()))
        if isinstance(inner, dict) and (found := _class_label(inner)):
            return found
    return ()
