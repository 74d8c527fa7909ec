"""A folder that appears whole or not at all, and the digest of a file."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tunecase.errors import Problem, TunecaseError, refuse_any
from tunecase.io.outputs import refused_link
from tunecase.io.parts import LOCK_FILE, folder_beside


def digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(slots=True)
class Place:
    """A folder in the making; `aside` is where an earlier one went that must not be lost, once the new one stands."""

    path: Path
    aside: Path | None = None


@contextmanager
def new_folder(target: Path, inputs: Sequence[Path], force: bool, listing: str) -> Iterator[Place]:
    """Yields an empty folder that becomes `target` when all went well; on any error nothing stays.

    Args:
        inputs: files that the folder must not hold.
        force: a folder that is there is replaced; one that holds anything besides what its list says is moved aside.
        listing: the file in the folder that lists what was written, with digests (`outputs`: name, sha256).
    Raises: InputError when the target cannot be taken; TunecaseError when the disk refuses.
    """
    refuse_any(_in_the_way(target, inputs, force))
    try:
        with folder_beside(target) as part:
            place = Place(part)
            yield place
            _put(place, target, listing)
    except OSError as error:
        raise TunecaseError(
            f"{target}: it could not be written ({error.strerror or error}); nothing of it was kept.\n"
            "Fix: make room on the disk or check the permissions of the folder, then run it again"
        ) from error


def _in_the_way(target: Path, inputs: Sequence[Path], force: bool) -> Problem | None:
    where = str(target)
    if link := refused_link(target):
        return link
    if target.exists() and not target.is_dir():
        return Problem(where, "a file", "a folder", "name a folder that is not there yet")
    whole, own = target.resolve(), "name a folder of its own, for example `--fix cleaned`"
    for path in (*inputs, Path.cwd()):
        if whole in (path.resolve(), *path.resolve().parents):
            return Problem(where, f"a folder that holds {path}", "a folder without the inputs", own)
    for path in inputs:
        if path.is_dir() and path.resolve() in whole.parents:
            return Problem(where, f"a folder in {path}, which is read as data", "a folder outside the data", own)
    if force or not target.is_dir() or not any(target.iterdir()):
        return None
    fix = "name another folder, or add --force to replace it"
    return Problem(where, "a folder that is not empty", "a new or an empty folder", fix)


def _put(place: Place, target: Path, listing: str) -> None:
    if not target.exists():
        place.path.rename(target)
        return
    untouched = _untouched(target, listing)
    aside = _free(target)
    target.rename(aside)
    try:
        place.path.rename(target)
    except BaseException:
        if not target.exists():  # or it is the new one, which was put there
            aside.rename(target)
        raise
    if untouched:
        shutil.rmtree(aside, ignore_errors=True)
    else:
        place.aside = aside


def _free(target: Path) -> Path:
    number = 1
    while (aside := target.with_name(f"{target.name}.old-{number}")).exists():
        number += 1
    return aside


def _untouched(target: Path, listing: str) -> bool:
    """True when a folder holds only what was written into it, byte for byte."""
    there = {path.relative_to(target).as_posix() for path in target.rglob("*")} - {LOCK_FILE}
    if not there:
        return True
    try:
        listed = {each["name"]: each["sha256"] for each in json.loads((target / listing).read_bytes())["outputs"]}
        return there == {*listed, listing} and all(digest(target / n) == sha for n, sha in listed.items())
    except (OSError, ValueError, KeyError, TypeError):
        return False
