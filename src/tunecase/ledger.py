"""The project's memory: one append-only JSONL file in which every line holds its own hash and that of the line before.

    {"id": sha256 of the content, "prev": sha256 of the line before, "body": …, "kind": …, "meta": …, "recorded_at": …}

The content is the JSON with sorted keys of everything but id and prev, and stands in the line exactly as it was hashed,
so that checking it needs no second writing. Line ends are no part of a hash: a checkout for Windows does no harm.

*Left out:* lines cut off the end leave a shorter ledger that is valid, and whoever rewrites the whole file can rewrite
its hashes; the version control that keeps the file shows both.
"""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, get_args

from tunecase.errors import InputError, LedgerBusyError, Problem, TunecaseError
from tunecase.records import RECORDS, from_json, to_json

Kind = Literal["record", "run", "spend"]

FIRST = "0" * 64
CHUNK = 65_536
_LINE = re.compile(rb'\{"id":"([0-9a-f]{64})","prev":"([0-9a-f]{64})",(.*\})', re.DOTALL)
_FIELDS = {"body": dict, "kind": str, "meta": dict, "recorded_at": str, "verb": str}
_RESTORE = "take the line back from version control or a copy; a correction is a new entry, never an edit"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger; `body` is plain JSON, amounts as text."""

    id: str
    prev: str
    recorded_at: datetime
    kind: Kind
    verb: str
    body: Mapping[str, Any]
    meta: Mapping[str, Any]

    def record(self) -> Any:
        """The body as the record that its verb returns.

        Raises: InputError when the body is no such record, for example one written by another version.
        """
        try:
            return from_json(RECORDS[self.verb], self.body)
        except (KeyError, ValueError) as error:
            got = f"{self.verb or 'nothing'} that this version cannot read ({str(error).splitlines()[0]})"
            fix = f"run `tunecase {self.verb}` again, or read the ledger with the version that wrote it"
            raise InputError(Problem(f"ledger entry {self.id[:12]}", got, "a record of this version", fix)) from None


class NewEntry(NamedTuple):
    """What `append_many` writes: as the arguments of `append`."""

    kind: Kind
    body: Any
    verb: str = ""
    meta: Mapping[str, Any] = {}


def fold(
    entries: Iterable[Entry], start: Mapping[tuple[str, str], Entry] | None = None
) -> dict[tuple[str, str], Entry]:
    """The last entry of each kind and verb; folding on from `start` is folding the whole."""
    last = dict(start or {})
    last.update(((entry.kind, entry.verb), entry) for entry in entries)
    return last


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger file. Many processes may append; readers never wait, and see the file as it is when they start."""

    path: Path
    timeout_s: float = 30.0

    @property
    def torn(self) -> Path:
        """Where fragments of unfinished lines are kept."""
        return self.path.with_name(self.path.name + ".torn")

    def append(
        self, kind: Kind, body: Any, *, recorded_at: datetime, verb: str = "", meta: Mapping[str, Any] | None = None
    ) -> Entry:
        """Writes one entry and returns when it is on the disk.

        The cost does not grow with the file: only the last line is read. An unfinished last line, left by a process
        that was killed, is moved to `<ledger>.torn` first; one that is whole but for its line end is kept.

        Args:
            body: a record of tunecase.records or a plain dict; NaN and infinities become null, Decimals text.
            recorded_at: the moment, with its time zone; kept in UTC.
            verb: which record the body is; found from the record's type when left out.
            meta: what is not the record itself, such as seed and version.
        Raises: LedgerBusyError when another process keeps the lock; TunecaseError when the disk refuses the entry,
            in which case the ledger is as it was.
        """
        return self.append_many([NewEntry(kind, body, verb, meta or {})], recorded_at=recorded_at)[0]

    def append_many(self, new: Iterable[NewEntry], *, recorded_at: datetime) -> list[Entry]:
        """Writes entries under one lock and one wait for the disk; see `append`.

        A crash in between may leave the first few of them, each whole.
        """
        contents = [_content(*entry, recorded_at) for entry in new]
        try:
            with self._locked(), self._opened() as file:
                end, prev, missing = self._mend(file)
                lines = list(_chained(contents, prev))
                block = b"\n" * missing + b"".join(line + b"\n" for line in lines)
                _write(file, end, block)
        except OSError as error:
            raise TunecaseError(
                f"{self.path}: the entry could not be written ({error.strerror or error}); the ledger is as it was.\n"
                "Fix: make room on the disk or check the permissions of the file and its folder, then run it again"
            ) from error
        return [_entry(line) for line in lines]

    def entries(self, check: bool = True) -> Iterator[Entry]:
        """The entries in order, read as a stream; an unfinished last line is passed over, no file is no entries.

        Args:
            check: also check every line against its hash and the line before.
        Raises: InputError naming the first line that was edited, moved, inserted, or is no entry at all.
        """
        before = FIRST
        for number, line, whole in self._lines():
            entry = _read_line(f"{self.path}:{number}", line, check or not whole)
            if isinstance(entry, Problem):
                if not whole:
                    return
                raise InputError(entry)
            if check and entry.prev != before:
                got = "it does not follow the line before it"
                raise InputError(Problem(f"{self.path}:{number}", got, "the line that was written there", _RESTORE))
            before = _sha(line) if check else ""
            yield entry

    def verify(self) -> list[Problem]:
        """Every line that was edited, deleted, inserted or moved since it was written, in order; empty when sound.

        A last line that a killed process left unfinished is no entry and no edit: the next append moves it away.
        """
        problems: list[tuple[int, Problem]] = []
        broken_chain: list[tuple[int, str]] = []
        line_of: dict[str, int] = {FIRST: 0}
        before, edited = FIRST, False
        for number, line, whole in self._lines():
            where = f"{self.path}:{number}"
            entry = _read_line(where, line)
            if isinstance(entry, Entry):
                # After an edited line the chain breaks once by itself; that is the same fault, not a second one.
                if not edited and entry.prev != before:
                    broken_chain.append((number, entry.prev))
            # A killed process leaves the beginning of a line, never a whole one with something else for its end.
            elif whole or isinstance(_read_line(where, line[:-1]), Entry):
                problems.append((number, entry))
            edited = isinstance(entry, Problem)
            before = _sha(line)
            line_of.setdefault(before, number)
        problems += [(number, _misplaced(self.path, number, line_of.get(prev))) for number, prev in broken_chain]
        return [problem for _, problem in sorted(problems, key=lambda found: found[0])]

    def latest(self, kind: Kind, verb: str = "") -> Entry | None:
        """The last entry of a kind, and of a verb where one is named; None when there is none."""
        last = None
        for entry in self.entries():
            if entry.kind == kind and verb in ("", entry.verb):
                last = entry
        return last

    def _lines(self) -> Iterator[tuple[int, bytes, bool]]:
        """(number from 1, line without its end, whether it had one) up to the size the file has now."""
        try:
            with self.path.open("rb") as file:
                left = os.fstat(file.fileno()).st_size
                for number, raw in enumerate(file, 1):
                    raw, left = raw[:left], left - len(raw)
                    yield number, _bare(raw), raw.endswith(b"\n")
                    if left <= 0:
                        return
        except FileNotFoundError:
            return
        except OSError as error:
            raise TunecaseError(
                f"{self.path}: the ledger cannot be read ({error.strerror or error}).\n"
                "Fix: check that it is a file that you may read"
            ) from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        from filelock import FileLock, Timeout

        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{self.path}.lock", timeout=self.timeout_s)
        try:
            with lock.acquire(poll_interval=0.01):
                yield
        except Timeout:
            raise LedgerBusyError(
                f"{self.path}: another process has held the ledger for {self.timeout_s:g} s.\n"
                "Fix: wait for it to end, or stop it, then run this again"
            ) from None

    @contextlib.contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        fresh = not self.path.exists()
        # O_BINARY keeps Windows from rewriting line ends.
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(self.path, flags, 0o666), "r+b", buffering=0) as file:
            if fresh:
                _sync_folder(self.path.parent)
            yield file

    def _mend(self, file: BinaryIO) -> tuple[int, str, bool]:
        """(where to write, hash of the last line, whether that line lacks its end), a fragment moved away."""
        size = file.seek(0, os.SEEK_END)
        tail, start = _tail(file, size)
        if tail and not tail.endswith(b"\n") and isinstance(_read_line("", tail), Problem):
            with self.torn.open("ab") as torn:
                torn.write(tail + b"\n")
                torn.flush()
                os.fsync(torn.fileno())
            file.truncate(start)
            size = start
            tail, start = _tail(file, size)
        if not tail:
            return size, FIRST, False
        return size, _sha(_bare(tail)), not tail.endswith(b"\n")


def _tail(file: BinaryIO, size: int) -> tuple[bytes, int]:
    """The last line, with its end if it has one, and where it starts; read backwards."""
    tail, at = b"", size
    while at > 0:
        step = min(CHUNK, at)
        at -= step
        file.seek(at)
        tail = _read(file, step) + tail
        cut = tail.rfind(b"\n", 0, len(tail) - 1)
        if cut >= 0:
            return tail[cut + 1 :], at + cut + 1
    return tail, 0


def _read(file: BinaryIO, count: int) -> bytes:
    parts = b""
    while len(parts) < count:
        part = file.read(count - len(parts))
        if not part:
            break
        parts += part
    return parts


def _write(file: BinaryIO, end: int, block: bytes) -> None:
    """All of the block at the end of the file and on the disk, or nothing of it."""
    file.seek(end)
    try:
        left = memoryview(block)
        while left:
            left = left[file.write(left) :]
        os.fsync(file.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            file.truncate(end)
            os.fsync(file.fileno())
        raise


def _sync_folder(folder: Path) -> None:
    # A new file's name is durable only when its folder is; Windows cannot open a folder and needs no such step.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _content(kind: Kind, body: Any, verb: str, meta: Mapping[str, Any], recorded_at: datetime) -> bytes:
    import orjson

    if kind not in get_args(Kind):
        raise ValueError(f"kind is {kind!r}; wanted one of {', '.join(get_args(Kind))}")
    if recorded_at.tzinfo is None:
        raise ValueError("recorded_at has no time zone")
    if not verb and is_dataclass(body):
        verb = next((name for name, record in RECORDS.items() if record is type(body)), "")
    fields = {
        "kind": kind,
        "verb": verb,
        "recorded_at": recorded_at.astimezone(UTC).isoformat(),
        "meta": dict(meta),
        "body": body if is_dataclass(body) else dict(body),
    }
    # Once through plain JSON: dataclasses keep their field order, dicts are sorted.
    return orjson.dumps(orjson.loads(to_json(fields)), option=orjson.OPT_SORT_KEYS)


def _chained(contents: Iterable[bytes], prev: str) -> Iterator[bytes]:
    for content in contents:
        line = b'{"id":"%s","prev":"%s",%s' % (_sha(content).encode(), prev.encode(), content[1:])
        prev = _sha(line)
        yield line


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _bare(line: bytes) -> bytes:
    return line.removesuffix(b"\r\n").removesuffix(b"\n")


def _read_line(where: str, line: bytes, check: bool = True) -> Entry | Problem:
    """The entry of a line without its end, or what is wrong with the line by itself."""
    match = _LINE.fullmatch(line)
    if match is None:
        got = "NUL bytes" if b"\0" in line else f"{line[:40].decode('utf-8', 'replace')!r}" if line else "an empty line"
        return Problem(where, got, "an entry of the ledger", _RESTORE)
    if check and _sha(b"{" + match[3]) != match[1].decode():
        return Problem(where, "a line that was edited", f"content with the hash {match[1].decode()[:12]}…", _RESTORE)
    try:
        return _entry(line)
    except (ValueError, KeyError, TypeError):
        return Problem(where, "a line that tunecase did not write", f"the fields {', '.join(_FIELDS)}", _RESTORE)


def _misplaced(path: Path, number: int, follows: int | None) -> Problem:
    """A sound line that stands in the wrong place."""
    if follows is None:
        got, wanted = (
            "it follows a line that is not here",
            f"the line that was deleted or replaced before line {number}",
        )
    elif follows == 0:
        got, wanted = "it was written as the first line", f"no line before it, or another line {number}"
    else:
        got, wanted = f"it was written after line {follows}", f"line {number} to follow line {number - 1}"
    return Problem(f"{path}:{number}", got, wanted, _RESTORE)


def _entry(line: bytes) -> Entry:
    import orjson

    fields = orjson.loads(line)
    for name, kind in _FIELDS.items():
        if not isinstance(fields[name], kind):
            raise TypeError(name)
    fields["recorded_at"] = datetime.fromisoformat(fields["recorded_at"])
    return Entry(**fields)
