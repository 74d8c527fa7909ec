"""A folder or a file that appears whole or not at all, and the digests of files."""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tunecase.errors import InputError, Problem, TunecaseError

MARK = ".tunecase-part"


def digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(to: Path, text: str, kept: Sequence[Path] = ()) -> None:
    """Writes a text file whole or not at all; one that is there is replaced, unless it is one of `kept`.

    Raises: InputError where it would take the place of a file to keep; TunecaseError when the disk refuses.
    """
    if any(one.exists() and to.exists() and to.samefile(one) for one in kept):
        raise InputError(Problem(str(to), "a file that this case needs", "a new file", "name another file"))
    beside = to.with_name(f".{to.name}.{os.getpid()}.part")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8", newline="")
        beside.replace(to)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise TunecaseError(
            f"{to}: it could not be written ({error.strerror or error}).\n"
            "Fix: name another file, make room on the disk, or check the permissions of the folder"
        ) from error


@dataclass(slots=True)
class Place:
    """A folder in the making; `aside` tells, once it stands, where an earlier one went that must not be lost."""

    path: Path
    aside: Path | None = None


@contextmanager
def new_folder(target: Path, inputs: Sequence[Path], force: bool, told: str) -> Iterator[Place]:
    """Yields an empty folder that becomes `target` when all went well; on any error nothing stays.

    Args:
        inputs: files that the folder must not hold.
        force: a folder that is there is replaced; one that holds anything besides what its list says is moved aside.
        told: the file in the folder that lists what was written, with digests (`outputs`: name, sha256).
    Raises: InputError when the target cannot be taken; TunecaseError when the disk refuses.
    """
    _refuse(target, inputs, force)
    place = Place(target.with_name(f"{target.name}.{os.getpid()}.part"))
    begun = False
    try:
        _begin(place.path)
        begun = True
        yield place
        (place.path / MARK).unlink()
        _put(place, target, told)
        begun = False
    except OSError as error:
        raise TunecaseError(
            f"{target}: it could not be written ({error.strerror or error}); nothing of it was kept.\n"
            "Fix: make room on the disk or check the permissions of the folder, then run it again"
        ) from error
    finally:
        if begun:
            shutil.rmtree(place.path, ignore_errors=True)


def _refuse(target: Path, inputs: Sequence[Path], force: bool) -> None:
    if target.exists() and not target.is_dir():
        raise InputError(Problem(str(target), "a file", "a folder", "name a folder that is not there yet"))
    whole = target.resolve()
    for path in (*inputs, Path.cwd()):
        if whole == path.resolve() or whole in path.resolve().parents:
            fix = "name a folder of its own, for example `--fix cleaned`"
            raise InputError(Problem(str(target), f"a folder that holds {path}", "a folder without the inputs", fix))
    if target.is_dir() and any(target.iterdir()) and not force:
        fix = "name another folder, or add --force to replace it"
        raise InputError(Problem(str(target), "a folder that is not empty", "a new or an empty folder", fix))


def _begin(part: Path) -> None:
    if part.exists():
        if any(part.iterdir()) and not (part / MARK).exists():
            got = "a folder of this name that tunecase did not write"
            raise InputError(Problem(str(part), got, "no such folder", "move it away"))
        shutil.rmtree(part)
    part.mkdir(parents=True)
    (part / MARK).touch()


def _put(place: Place, target: Path, told: str) -> None:
    if not target.exists():
        place.path.rename(target)
        return
    untouched = _untouched(target, told)
    aside = _free(target)
    target.rename(aside)
    try:
        place.path.rename(target)
    except OSError:
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


def _untouched(target: Path, told: str) -> bool:
    """True when a folder holds only what was written into it, byte for byte."""
    there = {path.relative_to(target).as_posix() for path in target.rglob("*")}
    if not there:
        return True
    try:
        listed = {each["name"]: each["sha256"] for each in json.loads((target / told).read_bytes())["outputs"]}
        return there == {*listed, told} and all(digest(target / n) == sha for n, sha in listed.items())
    except (OSError, ValueError, KeyError, TypeError):
        return False
