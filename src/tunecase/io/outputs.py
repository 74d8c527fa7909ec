"""The one writer of single files: what a case needs stays, and each file appears whole or not at all."""

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tunecase.errors import Problem, TunecaseError, refuse_any
from tunecase.io.parts import part_beside

READ_FOR_MARK = 1 << 20  # bytes at either end of a file in which its mark is looked for


@dataclass(frozen=True, slots=True)
class Output:
    """A file that the user asked for.

    `mark` is text that every file of this kind holds; a file that is there and holds it was made by tunecase and may be
    replaced. An output that people edit has no mark. `content` is None while the file is only asked for. `makes_folder`
    is True where the user named a folder, which is made; the folder of a file that was named must be there.
    """

    path: Path
    content: bytes | None = None
    mark: bytes = b""
    makes_folder: bool = False


def write_outputs(outputs: Sequence[Output], needed: Iterable[Path] = (), *, force: bool = False) -> None:
    """Writes files that the user asked for, all of them or none.

    A file that is there is replaced with `force`, or where nothing is lost: it is empty, has the same content, or was
    made by tunecase. Symbolic links are not followed.

    Args:
        needed: files and folders that the case rests on. None of them is ever written over, whatever it is called, and
            nothing is written into such a folder.
    Raises: InputError with everything that stands in the way; TunecaseError when the disk refuses.
    """
    check_outputs(outputs, needed, force=force)
    _write({output.path: output.content or b"" for output in outputs})


def check_outputs(outputs: Sequence[Output], needed: Iterable[Path] = (), *, force: bool = False) -> None:
    """Refuses what `write_outputs` would refuse, before the work whose result is written.

    A file without a mark that is there already passes while its content is not known, since it may be the same.

    Raises: InputError with everything that stands in the way.
    """
    if not outputs:
        return
    kept = tuple(needed)
    with _told(outputs[0].path):
        in_the_way = (_in_the_way(output, kept, force) for output in outputs)
        # Several files into one place that is no folder are one mistake.
        problems = [*dict.fromkeys(problem for problem in in_the_way if problem)]
        problems += _named_twice(outputs)
    refuse_any(problems)


def write_whole(path: Path, content: str | bytes) -> None:
    """Writes a file of tunecase's own, whole or not at all; one that is there is replaced.

    Raises: TunecaseError when the disk refuses.
    """
    _write({path: content.encode() if isinstance(content, str) else content})


def refused_link(path: Path) -> Problem | None:
    """The problem of a path that is a symbolic link; None for any other."""
    if not path.is_symlink():
        return None
    fix = "name the place that it leads to, or delete the link"
    return Problem(str(path), "a symbolic link", "a path that is no link", fix)


def _in_the_way(output: Output, needed: Sequence[Path], force: bool) -> Problem | None:
    path, where = output.path, str(output.path)
    for place in needed:
        if _is_same(path, place):
            return Problem(where, "a file that this case needs", "a new file", "name another file")
        if place.is_dir() and place.resolve() in path.resolve().parents:
            return Problem(where, f"a file in {place}, which this case reads", "a new file", "name another folder")
    for above in path.parents:
        if above.exists() and not above.is_dir():
            return Problem(str(above), "a file", "a folder, to write files into", "name a folder")
    if not output.makes_folder and not path.parent.exists():
        return Problem(
            str(path.parent), "no such folder", "the folder of a file to write", "correct the path or make it"
        )
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return _no_plain_file(path)
    if force or not path.exists() or _may_be_replaced(output):
        return None
    fix = "name another one, or give --force to replace it"
    return Problem(where, "a file that is there already", "no such file", fix)


def _no_plain_file(path: Path) -> Problem:
    if path.is_dir() and not path.is_symlink():
        return Problem(str(path), "a folder", "a file", "name a file in it")
    return refused_link(path) or Problem(str(path), "a device or a pipe", "a file", "name a plain file")


def _is_same(path: Path, place: Path) -> bool:
    """True for one file under two names: another spelling, a symbolic or a hard link, or not there yet."""
    if path.exists() and place.exists():
        return path.samefile(place)
    return path.resolve() == place.resolve()


def _may_be_replaced(output: Output) -> bool:
    size = output.path.stat().st_size
    if size == 0:
        return True
    with output.path.open("rb") as file:
        begin = file.read(READ_FOR_MARK)
        file.seek(max(0, size - READ_FOR_MARK))
        end = file.read()
    if output.mark and (output.mark in begin or output.mark in end):
        return True
    if output.content is None:
        return not output.mark
    return size == len(output.content) and output.path.read_bytes() == output.content


def _named_twice(outputs: Sequence[Output]) -> Iterator[Problem]:
    seen = set()
    for output in outputs:
        place = output.path.resolve()
        if place in seen:
            yield Problem(str(output.path), "named for two outputs", "a file for each", "name another file")
        seen.add(place)


def _write(contents: Mapping[Path, bytes]) -> None:
    """Every file beside its name first, then renamed, so that none is ever seen half-written."""
    with contextlib.ExitStack() as held:
        parts: dict[Path, Path] = {}
        for path, content in contents.items():
            with _told(path):
                parts[path] = part = held.enter_context(part_beside(path))
                with part.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                if path.is_file():
                    part.chmod(path.stat().st_mode & 0o777)
        for path, part in parts.items():
            with _told(path):
                part.replace(path)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turns what the disk refuses into a sentence with a fix."""
    try:
        yield
    except OSError as error:
        raise TunecaseError(
            f"{path}: it could not be written ({error.strerror or error}).\n"
            "Fix: name another place, make room on the disk, or check the permissions of the folder"
        ) from error
