"""What was verified of a ledger file, kept in memory: where each line stands, its hash, its kind and verb.

A file is verified once for each process. While size, moments and inode of the file stay as they are, look-ups take it
for what it was. A file that only grew is held against the hashes of its old lines, and what came behind is verified.
Anything else is verified anew. A line is parsed when it is asked for, and held against its hash first, so what was
verified is what is read, whatever became of the file meanwhile.

Kept of each entry are 8 bytes of its end, 32 of its hash and 4 of its number, and of the latest that were read the
parsed entries. Charges stay, some 1,600 bytes each, for every sum goes over all of them.

*Left out:* a file system whose clock ticks in seconds: an edit that keeps the size, made in the tick of the write
before, is noticed when its line is read, or by the next process.
"""

import contextlib
import gc
import hashlib
import os
import threading
import time
from array import array
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from tunecase.errors import InputError, Problem, TunecaseError
from tunecase.ledger.bodies import FaultError, fields_of
from tunecase.ledger.files import lines_in, reading
from tunecase.ledger.lines import FIRST, Entry, bare, entry_of, follows, group, id_of, is_own, line_fault, read_line

SET_ASIDE = "set-aside"
MOST_PARSED = 2**23  # bytes of the lines whose entries are kept, charges left out
MOST_LEDGERS = 20  # files of which an index is kept
TICK_NS = 20_000_000  # clocks of file systems tick no slower
ACTS = (b"record", SET_ASIDE.encode())
UNREAD = (b"", b"")  # the group of a line that does not say of which kind it is

Made = TypeVar("Made")
Group = tuple[bytes, bytes]  # kind and verb
Stamp = tuple[int, ...]


class ChainError(Exception):
    """A line that does not follow the one before, or is another one than was verified; with its number from 1."""

    def __init__(self, number: int, line: bytes) -> None:
        super().__init__(number)
        self.number, self.line = number, line


def changed_meanwhile(path: Path) -> TunecaseError:
    """What is told where a sound ledger is another one than a moment before."""
    return TunecaseError(f"{path}: the ledger changed while it was read.\nFix: run this again")


class _Body(Mapping[str, Any]):
    """The body of a charge, read again where somebody asks for it: the charge itself is kept."""

    __slots__ = ("_index", "_number")

    def __init__(self, index: "Index", number: int) -> None:
        self._index, self._number = index, number

    def _fields(self) -> Mapping[str, Any]:
        try:
            (line,) = self._index.lines([self._number])
        except ChainError:
            raise changed_meanwhile(self._index.path) from None
        return fields_of(line)["body"]  # type: ignore[no-any-return]

    def __getitem__(self, name: str) -> Any:
        return self._fields()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields())

    def __len__(self) -> int:
        return len(self._fields())


class Index:
    """The verified lines of one ledger file, numbered from 0; `verified` counts the lines of this process."""

    verified = 0

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ends, self.hashes = array("Q"), bytearray()
        self.groups: dict[Group, array[int]] = {}
        self.acts: dict[bytes, Entry] = {}
        self.hidden: set[int] = set()
        self._stamp: Stamp = ()
        self._is_fresh = self._is_open = False
        self._checked = self._parsed_bytes = 0
        self._parsed: dict[int, Entry] = {}
        self._charges: dict[int, Entry] = {}
        self._metas: dict[Hashable, Mapping[str, Any]] = {}
        self._folded: dict[Hashable, tuple[Sequence[int], Any]] = {}

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def size(self) -> int:
        """The bytes up to the end of the last entry."""
        return self.ends[-1] if self.ends else 0

    def is_current(self, reads: bool = False) -> bool:
        """Whether the index is that of the file as it is now, extended where the file grew.

        Args:
            reads: also parse the new lines, see `can_be_read`.
        Raises: ChainError where a new line does not follow.
        """
        stamp = _stamp_of(self.path)
        if stamp == self._stamp and not self._is_fresh:
            return True
        is_fresh = _is_fresh(stamp)
        if self._is_open or not self._stamp or not stamp or stamp[0] < self.size or not self.stands():
            return False
        if stamp[0] > self.size:
            return self.extend(reads)
        self._stamp, self._is_fresh = stamp, is_fresh
        return True

    def stands(self) -> bool:
        """Whether every line that was verified stands where it stood."""
        at = number = 0
        for number, raw in islice(lines_in(self.path), len(self)):
            at += len(raw)
            if at != self.ends[number - 1] or hashlib.sha256(bare(raw)).digest() != self._hash(number - 1):
                return False
        return number == len(self)

    def _hash(self, number: int) -> bytes:
        return bytes(self.hashes[32 * number : 32 * number + 32])

    def has(self, entries: int, head: str) -> bool:
        """Whether the last of the first so many entries has a hash."""
        return entries <= len(self) and head == self.head(entries)

    def head(self, entries: int) -> str:
        """The hash of the last of the first so many entries."""
        return self._hash(entries - 1).hex() if entries else FIRST

    def extend(self, reads: bool = False) -> bool:
        """Verifies the lines behind those that are known; an unfinished last line is no entry.

        Returns: True, or False where a new line sets another one aside, so that all are to be looked at again.
        Raises: ChainError where a line does not follow the one before.
        """
        acts, known = len(self.groups.get(ACTS, ())), len(self)
        self._stamp = _stamp_of(self.path)
        self._is_fresh = _is_fresh(self._stamp)
        with _uncollected():
            self._verify(reads)
        Index.verified += len(self) - known
        return acts == len(self.groups.get(ACTS, ()))

    def _verify(self, reads: bool) -> None:
        for number, raw in lines_in(self.path, self.size, len(self) + 1):
            line = bare(raw)
            if raw[-1:] != b"\n" and not is_own(line):
                break
            after = follows(line, self.head(len(self)).encode())
            if after is None:
                raise ChainError(number, line)
            self._take(line, after.decode(), len(raw))
            self._is_open = raw[-1:] != b"\n"
            if reads and self._checked == number - 1:
                self._is_read(number - 1, line)

    def _take(self, line: bytes, own: str, size: int) -> None:
        # Other threads read meanwhile: what leads to the line is told last.
        number = len(self)
        self.hashes += bytes.fromhex(own)
        self.ends.append(self.size + size)
        if id_of(line) in self.acts and line_fault(line) is not None:
            self.hidden.add(number)
        else:
            self.groups.setdefault(group(line) or _group_of(line), array("I")).append(number)

    def hide(self) -> None:
        """Takes the lines that are set aside and cannot be read out of all groups."""
        self.acts = acts_in(self.lines(self.groups.get(ACTS, ())))
        if not self.acts:
            return
        self.hidden = {
            number for number, line in enumerate(self.lines(range(len(self))))
            if id_of(line) in self.acts and line_fault(line) is not None
        }  # fmt: skip
        seen = {name: [n for n in numbers if n not in self.hidden] for name, numbers in self.groups.items()}
        self.groups = {name: array("I", numbers) for name, numbers in seen.items() if numbers}

    def lines(self, numbers: Iterable[int]) -> Iterator[bytes]:
        """Lines without their ends. Raises: ChainError where one is no longer what was verified."""
        if not self.ends:  # there may be no file
            return
        with reading(self.path), self.path.open("rb", buffering=1 << 16) as file:
            at = 0
            for number in numbers:
                start = self.ends[number - 1] if number else 0
                if start != at:
                    file.seek(start)
                at = self.ends[number]
                line = bare(file.read(at - start))
                if hashlib.sha256(line).digest() != self._hash(number):
                    raise ChainError(number + 1, line)
                yield line

    def numbers(self, kind: str = "", verb: str = "") -> Sequence[int]:
        """The lines in use, of a kind and of a verb where these are named.

        Raises: InputError where a line does not even say of which kind it is.
        """
        for number in self.groups.get(UNREAD, ()):
            self._read(number)
        if not kind:
            return [number for number in range(len(self)) if number not in self.hidden]
        found = [
            numbers[:] for (of, word), numbers in list(self.groups.items())
            if of == kind.encode() and verb in ("", word.decode())
        ]  # fmt: skip
        return found[0] if len(found) == 1 else list(merge(*found))

    def entries(self, numbers: Iterable[int]) -> Iterator[Entry]:
        """The entries of some lines. Raises: InputError where one is none; ChainError as `lines`."""
        for number in numbers:
            entry = self._charges.get(number) or self._parsed.get(number)
            yield self._read(number) if entry is None else entry

    def _read(self, number: int) -> Entry:
        (line,) = self.lines([number])
        entry = read_line(f"{self.path}:{number + 1}", line, check=False)
        if isinstance(entry, Problem):
            raise InputError(entry)
        return self._kept(number, entry, len(line))

    def _kept(self, number: int, entry: Entry, size: int) -> Entry:
        if entry.kind != "spend":
            self._parsed_bytes += size
            if self._parsed_bytes > MOST_PARSED:
                self._parsed, self._parsed_bytes = {}, size
            self._parsed[number] = entry
        elif entry.fault is None:
            meta = entry.meta
            with contextlib.suppress(TypeError):  # a value that is no key
                meta = self._metas.setdefault(tuple(meta.items()), meta)
            own = entry.id, entry.prev, entry.recorded_at, entry.kind, entry.verb
            entry = self._charges[number] = Entry(*own, _Body(self, number), meta, entry._made)
        return entry

    def can_be_read(self) -> bool:
        """Whether each line holds what it must, set aside ones but for their hashes left out; each is read once."""
        numbers = range(self._checked, len(self))
        return all(map(self._is_read, numbers, self.lines(numbers)))

    def _is_read(self, number: int, line: bytes) -> bool:
        if id_of(line) not in self.acts:
            try:
                entry = entry_of(line)
            except FaultError:
                return False
            if entry.fault is not None:
                return False
            self._kept(number, entry, len(line))
        self._checked = number + 1
        return True

    def folded(self, what: Hashable, of: Collection[tuple[str, str]], make: Callable[[], Made]) -> Made:
        """What `make` works out of the entries of some kinds and verbs, kept until one more of them is there."""
        counts = [len(self.numbers(*kind_and_verb)) for kind_and_verb in of]
        known = self._folded.get(what)
        if known is None or known[0] != counts:
            with _uncollected():
                known = self._folded[what] = counts, make()
        return known[1]


_KEPT: OrderedDict[str, Index] = OrderedDict()
_LOCK = threading.RLock()


def index_of(path: Path, reads: bool = False) -> Index:
    """The index of a ledger as it is now, its new lines parsed at once where `reads` says so.

    Raises: ChainError where a line does not follow the one before.
    """
    name = os.path.abspath(path)
    with _LOCK:
        index = _KEPT.pop(name, None)
        if index is None or not index.is_current(reads):
            index = Index(path)
            index.extend(reads)
            index.hide()
        _KEPT[name] = index
        while len(_KEPT) > MOST_LEDGERS:
            _KEPT.popitem(last=False)
        return index


def acts_in(lines: Iterable[bytes]) -> dict[bytes, Entry]:
    """The records of setting aside among lines whose hashes fit, by the id of the line, the first of each.

    A forged act that is no record of one sets nothing aside.
    """
    acts: dict[bytes, Entry] = {}
    for act in (entry_of(line) for line in lines if line_fault(line) is None):
        if act.kind == "record":
            acts.setdefault(act.body["id"].encode(), act)
    return acts


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without looks for garbage: none comes of a hundred thousand charges, and each look passes over all of them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _group_of(line: bytes) -> Group:
    try:
        entry = entry_of(line)
    except FaultError:
        return UNREAD
    return entry.kind.encode(), entry.verb.encode()


def _stamp_of(path: Path) -> Stamp:
    """What changes whenever a file does; empty where there is none."""
    try:
        seen = path.stat()
    except OSError:
        return ()
    return seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino, seen.st_dev


def _is_fresh(stamp: Stamp) -> bool:
    """Whether a file may change again without another moment: it was written in this tick.

    The last of the two moments counts: the third figure is that of the file's making on Windows.
    """
    return bool(stamp) and abs(time.time_ns() - max(stamp[1:3])) < TICK_NS
