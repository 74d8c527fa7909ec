"""What the ledger asks of the disk: the last line of a file, a block written whole or not at all, a durable name."""

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from tunecase.errors import InputError, LedgerBusyError, Problem, TunecaseError
from tunecase.ledger.bodies import MOST_BYTES
from tunecase.ledger.lines import RESTORE

CHUNK = 65_536
MOST_READ = 8 * MOST_BYTES  # of a line that is too long; its hashes are looked at, so that it can be set aside


def tail_of(file: BinaryIO, size: int) -> tuple[bytes, int]:
    """The last line, with its end if it has one, and where it starts; read backwards.

    Raises: InputError for a line that does not go into memory.
    """
    tail, at, step = b"", size, CHUNK
    while at > 0:
        step = min(step, at)
        at -= step
        file.seek(at)
        tail = _read(file, step) + tail
        cut = tail.rfind(b"\n", 0, len(tail) - 1)
        if cut >= 0:
            return tail[cut + 1 :], at + cut + 1
        if len(tail) > MOST_READ:
            raise InputError(too_long(f"{file.name}, last line"))
        # Doubled, or reading a long line would copy it once for each chunk.
        step = min(2 * step, MOST_READ + 1 - len(tail))
    return tail, 0


def too_long(where: str) -> Problem:
    """The problem of a line that does not go into memory."""
    got, wanted = (f"{most // 2**20} MiB" for most in (MOST_READ, MOST_BYTES))
    return Problem(where, f"a line of more than {got}", f"at most {wanted}", RESTORE)


def _read(file: BinaryIO, count: int) -> bytes:
    parts = b""
    while len(parts) < count:
        part = file.read(count - len(parts))
        if not part:
            break
        parts += part
    return parts


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raises TunecaseError where the system does not let a file be read."""
    try:
        yield
    except OSError as error:
        raise TunecaseError(
            f"{path}: the ledger cannot be read ({error.strerror or error}).\n"
            "Fix: check that it is a file that you may read"
        ) from error


def lines_in(path: Path, start: int = 0, number: int = 1) -> Iterator[tuple[int, bytes]]:
    """(number, line with its end) from a byte on, up to the size that the file has now; none of a missing file.

    Raises: InputError for a line that does not go into memory; a shorter one is read, and named if it is too long.
    """
    with reading(path), contextlib.suppress(FileNotFoundError), path.open("rb", buffering=1 << 20) as file:
        left = os.fstat(file.fileno()).st_size - start
        file.seek(start)
        for at, raw in enumerate(iter(lambda: file.readline(MOST_READ + 1), b""), number):
            if len(raw) > MOST_READ:
                raise InputError(too_long(f"{path}:{at}"))
            raw, left = raw[:left], left - len(raw)
            if raw:
                yield at, raw
            if left <= 0:
                return


def write_at(file: BinaryIO, end: int, blocks: Iterable[bytes]) -> None:
    """Writes all blocks at the end of the file and to the disk, or nothing of them."""
    file.seek(end)
    try:
        for block in blocks:
            left = memoryview(block)
            while left:
                left = left[file.write(left) :]
        os.fsync(file.fileno())
    except BaseException:  # Ctrl-C, too: whoever is told that it failed writes it again
        with contextlib.suppress(OSError):
            file.truncate(end)
            os.fsync(file.fileno())
        raise


def put_in_place(path: Path, content: bytes, copy: Path) -> None:
    """Replaces a file's content atomically, after keeping a copy of the old file: all of it or nothing.

    Once the new file may stand in the old one's place, whatever stops this, the copy stays: it is the only one.
    """
    new = path.with_name(f"{path.name}.new")
    try:
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        shutil.copyfile(path, copy)
        with copy.open("rb+") as file:
            os.fsync(file.fileno())
        new.chmod(path.stat().st_mode)
        new.replace(path)
    except BaseException:
        if new.exists():  # it was not put in place
            for part in (new, copy):
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextlib.contextmanager
def locked(lock: Path, timeout_s: float, busy: str) -> Iterator[None]:
    """Holds a lock file, which one process at a time can.

    Args:
        lock: the file; it is made where it is missing, and stays.
        timeout_s: how long another process is waited for [s].
        busy: what another process does that holds it, with where.
    Raises: LedgerBusyError where another process does not let go in time; TunecaseError where no file can be locked.
    """
    from filelock import FileLock, Timeout

    held = FileLock(lock, timeout=timeout_s)
    try:
        held.acquire(poll_interval=0.01)
    except Timeout:
        fix = "wait for it to end, or stop it, then run this again"
        raise LedgerBusyError(f"{busy} for {timeout_s:g} s.\nFix: {fix}") from None
    except OSError as error:
        fix = "take away what stands there if it is a folder or a link, and check the permissions of its folder"
        got = f"this lock of the ledger could not be written ({error.strerror or error})"
        raise TunecaseError(f"{lock}: {got}; nothing was booked.\nFix: {fix}") from error
    try:
        yield
    finally:
        held.release()


def free_name(path: Path) -> Path:
    """The path, or the path with the lowest number appended, that no file has yet."""
    names = [path, *(path.with_name(f"{path.name}-{number}") for number in range(2, 10_000))]
    return next(name for name in names if not name.exists())


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable."""
    # A new file's name is durable only when its folder is; Windows cannot open a folder and needs no such step.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
