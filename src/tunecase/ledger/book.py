"""The project's memory: one append-only JSONL file in which every line holds its own hash and that of the line before.

The form of a line stands in `lines`, what joins two histories to one again in `joined`.

Lines cut off the end leave a shorter ledger whose chain holds, and whoever rewrites the whole file can rewrite its
hashes: the anchor that is kept elsewhere shows both, see `anchor`.

*Left out:* a cut or a rewrite on a machine that never wrote this ledger, where no anchor of another place is given.
"""

import contextlib
import io
import os
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import merge
from itertools import chain, islice, pairwise
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, Literal, NamedTuple, NoReturn, TypeVar

from tunecase.errors import InputError, Problem, TunecaseError
from tunecase.faces import FACE
from tunecase.io import no_file
from tunecase.ledger.adopted import adopted, adopted_approvals
from tunecase.ledger.anchor import Anchor, keep_anchor, move_on, read_anchor
from tunecase.ledger.aside import Aside, aside_of, what_of
from tunecase.ledger.bodies import Kind
from tunecase.ledger.files import free_name, lines_in, locked, put_in_place, sync_folder, tail_of, write_at
from tunecase.ledger.index import SET_ASIDE, ChainError, Index, acts_in, changed_meanwhile, index_of
from tunecase.ledger.joined import MOST_FAULTS, RECHAIN, Order, breaks_explained, broken_at, in_one_order
from tunecase.ledger.lines import (
    BOM,
    FIRST,
    RESTORE,
    Entry,
    bare,
    chained,
    content_of,
    entry_of,
    face_of,
    following,
    group,
    hashes,
    id_of,
    is_marker,
    is_own,
    line_fault,
    moment_of,
    read_line,
    sha,
    stated_moment,
    verb_of,
    verb_tail,
)
from tunecase.ledger.tally import TALLY
from tunecase.records import SCHEMAS, Rechained, SetAside

__all__ = ["FIRST", "Entry", "Kind", "Ledger", "NewEntry", "fold"]

NO_LEDGER = "correct the path; if a ledger stood here, take it back from version control or a copy"
MONEY = frozenset((b"spend", b"approve", b"rejection"))  # kinds and verbs of entries that a person answers for
LINES_AT_ONCE = 1_000  # of many that are written
MOST_SPOOLED = 2**22  # bytes of new entries in memory, before they lie in a file of their own

Made = TypeVar("Made")


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

    def __post_init__(self) -> None:
        """Raises InputError where what stands at the path would hold its reader, or lead out of the folder."""
        wanted = "a plain file, the ledger itself"
        if self.path.is_symlink():
            fix = "put the ledger itself in its place: what is booked must not land in another file"
            raise InputError(Problem(str(self.path), "a symbolic link", wanted, fix))
        if self.path.exists() and (problem := no_file(self.path, wanted, "correct the path")):
            raise InputError(problem)

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
        return entry_of(self._append([NewEntry(kind, body, verb, meta or {})], recorded_at))

    def append_many(self, new: Iterable[NewEntry], *, recorded_at: datetime) -> None:
        """Writes entries under one lock and one wait for the disk; see `append`.

        A crash in between may leave the first few of them, each whole.
        """
        self._append(new, recorded_at)

    def _append(self, new: Iterable[NewEntry], recorded_at: datetime) -> bytes:
        """Appends entries; the last line of them."""
        with self._written("the entry"), SpooledTemporaryFile(MOST_SPOOLED) as spool:
            # All are made before the first is written, and not held in memory: a bill may have a hundred thousand.
            through: Mapping[str, str] = {"face": FACE.code}
            if FACE.code == "agent":
                new = list(new)
                if any({entry.kind.encode(), (entry.verb or verb_of(entry.body)).encode()} & MONEY for entry in new):
                    through = {**FACE.permit(self.path, new), **through}
            spool.writelines(
                content_of(entry.kind, entry.body, entry.verb, {**entry.meta, **through}, recorded_at) + b"\n"
                for entry in new
            )
            spool.seek(0)
            with self._locked(), self._opened() as file:
                end, prev, missing = self._mend(file)
                new_lines = _Writing(prev)
                write_at(file, end, chain([b"\n" * missing], new_lines.blocks(map(bare, spool))))
                TALLY.count(new_lines.twice)
                if new_lines.count:
                    move_on(self.path, Anchor(0, prev, end + missing), new_lines.count, sha(new_lines.last))
            return new_lines.last

    def entries(self, *kinds: Kind) -> Iterator[Entry]:
        """The entries in order, of some kinds where these are named; an unfinished last line is none.

        Raises: InputError naming what was edited, moved, inserted, joined, or is no entry at all.
        """
        with self._sound() as index:
            yield from index.entries(merge(*map(index.numbers, kinds or [""])))

    def entries_of(self, kind: Kind, verb: str = "") -> Iterator[Entry]:
        """The entries of a kind, and of a verb where one is named, in order; the others are not parsed."""
        with self._sound() as index:
            yield from index.entries(index.numbers(kind, verb))

    def latest(self, kind: Kind | Literal[""] = "", verb: str = "") -> Entry | None:
        """The last entry, of a kind and of a verb where these are named; None when there is none."""
        with self._sound() as index:
            return next(index.entries(index.numbers(kind, verb)[-1:]), None)

    def fold(self) -> dict[tuple[str, str], Entry]:
        """The last entry of each kind and verb, as `fold` gives it; only those lines are parsed."""
        with self._sound() as index:
            return fold(index.entries(sorted(numbers[-1] for numbers in list(index.groups.values()))))

    def counts(self) -> Counter[tuple[str, str]]:
        """How many entries of each kind and verb there are."""
        with self._sound() as index:
            index.numbers()
            groups = list(index.groups.items())
            return Counter({(kind.decode(), verb.decode()): len(of) for (kind, verb), of in groups})

    def folded(self, what: Hashable, of: Collection[tuple[str, str]], make: Callable[[], Made]) -> Made:
        """What `make` works out of the entries of some kinds and verbs, kept until one more of them is booked."""
        with self._sound() as index:
            return index.folded(what, of, make)

    def verify(self) -> list[Problem]:
        """What was edited, deleted, inserted or moved, what cannot be read, and where two histories were joined.

        In the order of the lines, empty when sound; of a file with too many the first says that it was not read to its
        end. A last line that a killed process left unfinished is no entry and no edit: the next append moves it away.
        """
        with contextlib.suppress(ChainError):
            index = index_of(self.path, reads=True)
            if index.stands() and index.can_be_read() and not self.unfinished():
                return []
        problems, breaks = broken_at(str(self.path), self._lines(), self.aside())
        if problems and self._is_no_ledger():
            return [Problem(str(self.path), "a file that is no ledger", "entries that tunecase wrote", NO_LEDGER)]
        if breaks:
            problems += breaks_explained(str(self.path), self._lines(), breaks)
        problems.sort(key=lambda problem: int(problem.where.rpartition(":")[2]))
        if len(problems) < MOST_FAULTS:
            return problems
        got = f"{len(problems):,} lines with a fault; what is behind them was not read"
        return [Problem(str(self.path), got, "a ledger", RESTORE), *problems]

    def _is_no_ledger(self) -> bool:
        """Whether no line has the form of an entry: any other file, whose lines say nothing to whoever reads faults."""
        return not any(hashes(line.removeprefix(BOM)) for _, line, _ in islice(self._lines(), MOST_FAULTS))

    def unfinished(self) -> int:
        """The bytes behind the last whole entry [B]: what a killed process left, or the rest of an entry that was cut.

        Of a ledger that verifies; no whole last line is looked at.
        """
        try:
            with self.path.open("rb") as file:
                tail, _ = tail_of(file, file.seek(0, os.SEEK_END))
        except FileNotFoundError:
            return 0
        return 0 if tail.endswith(b"\n") or is_own(tail) else len(tail)

    def rechain(self, *, recorded_at: datetime, version: str) -> Rechained | None:
        """Puts the lines of joined histories, and moved or doubled lines, into one chain, and records that it did.

        Every entry keeps its content, its id and its moment, so that what names an id still finds it; what changes is
        which line an entry names as the one before. The common beginning stays as it is, byte for byte. The new file
        takes the old one's place at once, and a copy of the old one stays beside it.

        Args:
            recorded_at: the moment, with its time zone.
            version: of the tool, for the record.
        Returns: what was done, appended as the last entry; None when the chain is whole and nothing was changed.
        Raises: InputError naming every line that was edited, or whose predecessor is gone: these are never chained
            again. TunecaseError when the disk refuses; the ledger is then as it was.
        """
        with self._written("the new chain"), self._locked():
            if not self.path.exists() or not (problems := self.verify()):
                return None
            if self._is_no_ledger():
                raise InputError(problems)
            with self._opened() as file:
                self._mend(file, strict=False)
            order = in_one_order(str(self.path), self._lines(), self.aside())
            if not isinstance(order, Order):
                raise InputError(order)
            lines, moved = _chained_again(order)
            charges, amounts = adopted(order.adopted)
            copy = free_name(self.path.with_name(f"{self.path.name}.before-rechain"))
            record = Rechained(
                entries=len(lines), moved=len(moved), from_line=min(moved, default=0), histories=len(order.heads),
                heads=order.heads, copies=order.copies, markers=order.markers, version=version, copy=copy.name,
                adopted=len(order.adopted), charges=charges, amounts=amounts, approved=adopted_approvals(order.adopted),
            )  # fmt: skip
            content = content_of("record", record, "", {"face": FACE.code, "version": version}, recorded_at)
            lines += chained([content], sha(lines[-1]) if lines else FIRST)
            old = read_anchor(self.path)
            is_known = old is None or any(sha(line) == old.head for _, line, _ in self._lines())
            put_in_place(self.path, b"".join(line + b"\n" for line in lines), copy)
            if is_known:
                keep_anchor(self.path, self.head())
        return record

    def head(self) -> Anchor:
        """The anchor of the ledger as it is: its entries, and the hash of the last one; of one that verifies."""
        with self._sound() as index:
            entries = len(index)
            return Anchor(entries, index.head(entries), index.ends[entries - 1] if entries else 0)

    def holds(self, anchor: Anchor) -> bool:
        """Whether the ledger has the anchored entry at its place, so that all before it is as it was."""
        with self._sound() as index:
            return index.has(anchor.entries, anchor.head)

    def anchored(self) -> Anchor | None:
        """What this machine last wrote of the ledger; None where it keeps no anchor of it."""
        return read_anchor(self.path)

    def accept(self) -> Anchor:
        """Keeps the ledger as it is now for what this machine last wrote. Raises TunecaseError where it cannot."""
        with self._written("the anchor"), self._locked():
            head = self.head()
            if not keep_anchor(self.path, head):
                raise TunecaseError(
                    f"{self.path}: no anchor could be kept on this machine.\n"
                    "Fix: unset TUNECASE_NO_ANCHOR, make the state folder writable, or keep the line that "
                    "`tunecase ledger anchor` prints"
                )
        return head

    def backwards(self, by: timedelta) -> int:
        """How many entries were recorded so much before the one before them: a clock was wrong."""
        with self._sound() as index:
            moments = list(map(moment_of, index.lines(range(len(index)))))
        return sum(before - after > by.total_seconds() for before, after in pairwise(moments) if after)

    def faces(self) -> Counter[str]:
        """How many entries came through each face, by its code; "" for those that do not say."""
        with self._sound() as index:
            return Counter(map(face_of, index.lines(range(len(index)))))

    def last_moment(self) -> datetime | None:
        """The moment that the last line states; None where it states none."""
        with contextlib.suppress(OSError), self.path.open("rb") as file:
            return stated_moment(bare(tail_of(file, file.seek(0, os.SEEK_END))[0]))
        return None

    def set_aside(self, id: str, *, why: str, by: str, recorded_at: datetime, version: str) -> SetAside:
        """Records that an unreadable line is set aside and never read again. The line stays in the file.

        Args:
            id: the beginning of the entry's id, as `verify` names it.
            why, by: the reason, and who decided it.
            recorded_at: the moment, with its time zone.
            version: of the tool, for the record.
        Returns: what was set aside, appended as an entry.
        Raises: InputError when no line has the id or several have it, when its hashes do not fit, or when the entry
            can be read: what was said is corrected by a new entry, never set aside.
        """
        record = self._faulty_line(id, why, by)
        self.append("record", record, recorded_at=recorded_at, meta={"version": version, "schema": SCHEMAS[SET_ASIDE]})
        return record

    def _faulty_line(self, id: str, why: str, by: str) -> SetAside:
        where = f"ledger set-aside {id}"
        lines = [(number, line) for number, line, _ in self._lines() if id and id_of(line).startswith(id.encode())]
        if len({id_of(line) for _, line in lines}) != 1:
            got = "several entries" if lines else "no entry of this id"
            fix = "copy it from `tunecase ledger verify`; a line for which it names no id is no entry: delete it"
            raise InputError(Problem(where, got, "the id of one entry", fix))
        number, line = lines[0]
        if not is_own(line):
            raise InputError(Problem(where, "a line that was edited", "a line whose hashes fit", RESTORE))
        fault = line_fault(line)
        if fault is None:
            fix = "leave it; a charge is corrected with `tunecase spend add --replaces ID`, a record by a new one"
            raise InputError(Problem(where, "an entry that can be read", "one that `ledger verify` names", fix))
        return SetAside(id_of(line).decode(), number, what_of(line), fault.got, why, by)

    def aside(self) -> frozenset[bytes]:
        """The ids of the lines that are set aside, whether the chain holds or not."""
        tail = verb_tail(SET_ASIDE)
        return frozenset(acts_in(line for _, line, _ in self._lines() if line.endswith(tail) and is_own(line)))

    def lines_aside(self) -> Sequence[Aside]:
        """The lines that nobody reads, in order: those that an act sets aside, and that cannot be read."""
        with self._sound() as index:
            hidden = {id_of(line): line for line in index.lines(sorted(index.hidden))}
            return [aside_of(index.acts[id], line) for id, line in hidden.items()]

    @contextlib.contextmanager
    def _sound(self) -> Iterator[Index]:
        """The index of the file as it is now. Raises: InputError where a hash does not fit."""
        try:
            yield index_of(self.path)
        except ChainError as error:
            self._fault(error.number, error.line)

    def _fault(self, number: int, line: bytes) -> NoReturn:
        """Raises the InputError that says what is wrong with a line, or with the chain at it."""
        if problems := self.verify():
            raise InputError(problems)
        if isinstance(problem := read_line(f"{self.path}:{number}", line, check=False), Problem):
            raise InputError(problem)
        raise changed_meanwhile(self.path)

    def _lines(self) -> Iterator[tuple[int, bytes, bool]]:
        """(number from 1, line without its end, whether it had one) up to the size that the file has now."""
        return ((number, bare(raw), raw[-1:] == b"\n") for number, raw in lines_in(self.path))

    @contextlib.contextmanager
    def _written(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise TunecaseError(
                f"{self.path}: {what} could not be written ({error.strerror or error}); the ledger is as it was.\n"
                "Fix: make room on the disk or check the permissions of the file and its folder, then run it again"
            ) from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with locked(Path(f"{self.path}.lock"), self.timeout_s, f"{self.path}: another process has held the ledger"):
            yield

    @contextlib.contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        fresh = not self.path.exists()
        # O_BINARY keeps Windows from rewriting line ends.
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        with io.FileIO(self.path, "r+", opener=lambda path, _: os.open(path, flags, 0o666)) as file:
            if fresh:
                sync_folder(self.path.parent)
            yield file

    def _mend(self, file: BinaryIO, strict: bool = True) -> tuple[int, str, bool]:
        """(where to write, hash of the last line, whether that line lacks its end), a fragment moved away.

        Raises: InputError when the last line is whole and no entry, unless not `strict`: nothing is chained to it. One
            whose hashes fit is followed whatever it holds, or nothing could be said about it.
        """
        size = file.seek(0, os.SEEK_END)
        tail, start = tail_of(file, size)
        if tail and not tail.endswith(b"\n") and isinstance(read_line("", tail.removeprefix(BOM)), Problem):
            with self.torn.open("ab") as torn:
                torn.write(tail + b"\n")
                torn.flush()
                os.fsync(torn.fileno())
            file.truncate(start)
            size = start
            tail, start = tail_of(file, size)
        if not tail:
            return size, FIRST, False
        last = bare(tail)
        if strict and not is_own(last) and isinstance(fault := read_line(f"{self.path}, last line", last), Problem):
            raise InputError(Problem(fault.where, fault.got, fault.wanted, RECHAIN if is_marker(last) else fault.fix))
        return size, sha(last), not tail.endswith(b"\n")


@dataclass(slots=True)
class _Writing:
    """Entries while they are appended: behind which hash, how many, the last line, and the ids that count twice."""

    prev: str
    count: int = 0
    last: bytes = b""
    twice: list[str] = field(default_factory=list)

    def blocks(self, contents: Iterable[bytes]) -> Iterator[bytes]:
        """The lines of the entries, many in a block."""
        lines = chained(contents, self.prev)
        while block := list(islice(lines, LINES_AT_ONCE)):
            self.last, self.count = block[-1], self.count + len(block)
            self.twice += [id_of(line).decode() for line in block if MONEY & set(group(line) or ())]
            yield b"".join(line + b"\n" for line in block)


def _chained_again(order: Order) -> tuple[list[bytes], list[int]]:
    """The lines, each naming the one before it, and the numbers from 1 of those that name another one than before."""
    lines: list[bytes] = []
    moved: list[int] = []
    before = FIRST
    for number, link in enumerate(order.links, 1):
        if link.prev != before:
            moved.append(number)
            lines.append(following(link.line, before))
            before = sha(lines[-1])
        else:
            lines.append(link.line)
            before = link.sha
    return lines, moved
