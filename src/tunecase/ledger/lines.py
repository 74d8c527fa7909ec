"""The form of a line: how an entry is written, hashed and read back.

    {"id": sha256 of the content, "prev": sha256 of the line before, "body": …, "kind": …, "meta": …, "recorded_at": …}

The content is the JSON with sorted keys of everything but id and prev, and stands in the line exactly as it was hashed,
so that checking it needs no second writing. Line ends are no part of a hash: a checkout for Windows does no harm.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass
from datetime import UTC, datetime
from typing import Any

from tunecase.errors import InputError, Problem
from tunecase.ledger.bodies import KINDS, MOST_BYTES, Fault, FaultError, Kind, bounded, fields_of, form_of, record_in
from tunecase.records import RECORDS, from_json, reading_fault, to_json

FIRST = "0" * 64
BOM = b"\xef\xbb\xbf"
RESTORE = "take the line back from version control or a copy; a correction is a new entry, never an edit"

STRAY = (
    "delete the line if somebody added it: tunecase did not write it, and no entry rests on it; if it was an entry, "
    "take it back from version control or a copy"
)
CLEAN = (
    "where an entry stood here take it back from version control; else run `tunecase ledger rechain`, which cleans it"
)

_HEAD = re.compile(rb'\{"id":"([0-9a-f]{64})","prev":"([0-9a-f]{64})",')
# Where in a line the key prev stands, and where the content goes on.
PREV_AT, CONTENT_AT = 73, 147
# Keys are sorted: kind comes after the body, verb is the last.
_KIND, _VERB = b'},"kind":"', b',"verb":"'
_IN_ORDER = ("recorded_at", "kind", "verb", "body", "meta", "made")
_MOMENT = re.compile(rb',"recorded_at":"([-+:.0-9T]{10,40})","verb":"[^"]*"\}\Z')
_FACE = re.compile(rb',"meta":\{"face":"([a-z]{1,20})"')  # the first of its sorted keys
_MARKER = re.compile(rb"(<{7}|\|{7}|>{7})( .*)?|={7}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger; `body` is plain JSON, amounts as text. `_made` is its record, once it was asked for."""

    id: str
    prev: str
    recorded_at: datetime
    kind: Kind
    verb: str
    body: Mapping[str, Any]
    meta: Mapping[str, Any]
    _made: Any = field(default=None, compare=False, repr=False)

    def record(self) -> Any:
        """The body as the record that its verb returns, that of a run or a charge as a Run or a Spending.

        Raises: InputError when the body is no such record, for example one written by another version.
        """
        if self._made is not None:
            return self._made
        form, where = form_of(self.kind, self.verb), f"ledger entry {self.id[:12]}"
        fix = f"run `tunecase {form}` again, or read the ledger with the version that wrote it"
        if form not in RECORDS:
            raise InputError(Problem(where, f"{form or 'nothing'}, which is no record", "a record", fix))
        try:
            return self._keeping(from_json(RECORDS[form], self.body))
        except ValueError as error:
            raise InputError(Problem(where, *reading_fault(form, error), fix)) from None

    def _keeping(self, record: Any) -> Any:
        object.__setattr__(self, "_made", record)
        return record

    @property
    def through(self) -> tuple[str, str]:
        """The code of the face that it came through, and how the person behind an agent was seen; empty if not said."""
        return self.meta.get("face", ""), self.meta.get("seen", "")

    @property
    def fault(self) -> Fault | None:
        """Why the body is not the record that it must be; None where it is."""
        try:
            if self._made is None:
                self._keeping(record_in(self.kind, self.verb, self.meta, self.body))
        except FaultError as error:
            return error.fault
        return None


def content_of(kind: Kind, body: Any, verb: str, meta: Mapping[str, Any], recorded_at: datetime) -> bytes:
    """What an entry says, as it is hashed.

    Raises: ValueError for an unknown kind, a moment without a time zone, or what passes the bounds of a line;
        InputError for a record that could not be read back, such as an amount of 10^30.
    """
    import orjson

    verb = verb or verb_of(body)
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; wanted one of {', '.join(KINDS)}")
    if recorded_at.tzinfo is None:
        raise ValueError("recorded_at has no time zone")
    fields = {
        "kind": kind,
        "verb": verb,
        "recorded_at": recorded_at.astimezone(UTC).isoformat(),
        "meta": dict(meta),
        "body": body if is_dataclass(body) else dict(body),
    }
    # Once through plain JSON: dataclasses keep their field order, dicts are sorted.
    plain = orjson.loads(to_json(fields))
    content = orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)
    # Nothing is written that could not be read back.
    if len(content) > MOST_BYTES:
        raise ValueError(f"the {verb or kind} has {len(content):,} bytes; a line has at most {MOST_BYTES:,}")
    bounded(plain)
    try:
        if is_dataclass(body):
            record_in(kind, verb, meta, plain["body"])
    except FaultError as error:
        raise InputError(Problem("the ledger", *error.fault, "correct what was given")) from None
    return content


def verb_of(body: Any) -> str:
    """The verb whose record a body is; empty for another body."""
    return next((name for name, record in RECORDS.items() if record is type(body)), "")


def chained(contents: Iterable[bytes], prev: str) -> Iterator[bytes]:
    """Lines without their ends, each naming the hash of the one before; `prev` is that of the line they follow."""
    for content in contents:
        line = b'{"id":"%s","prev":"%s",%s' % (sha(content).encode(), prev.encode(), content[1:])
        prev = sha(line)
        yield line


def following(line: bytes, prev: str) -> bytes:
    """The same entry, id and content untouched, written after another line."""
    return b'%s"prev":"%s",%s' % (line[:PREV_AT], prev.encode(), line[CONTENT_AT:])


def sha(data: bytes) -> str:
    """The SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def bare(line: bytes) -> bytes:
    """A line without its end."""
    if line[-1:] != b"\n":
        return line
    return line[:-2] if line[-2:-1] == b"\r" else line[:-1]


def is_marker(line: bytes) -> bool:
    """Whether a line is one that git writes between two versions that it could not merge."""
    return len(line) < 1_000 and _MARKER.fullmatch(line) is not None


def hashes(line: bytes) -> tuple[str, str] | None:
    """(id, hash of the line before) as a line states them; None if it does not have the form of an entry."""
    match = _HEAD.match(line)
    return (match[1].decode(), match[2].decode()) if match and line[-1:] == b"}" else None


def follows(line: bytes, before: bytes) -> bytes | None:
    """The hash of a line whose content fits its id and which names `before` as the hash before it; None for another.

    Hashes are in ASCII. The two hashes decide the whole head, so one comparison does.
    """
    own = hashlib.sha256(b"{" + line[CONTENT_AT:]).hexdigest().encode()
    if line[-1:] != b"}" or not line.startswith(b'{"id":"%s","prev":"%s",' % (own, before)):
        return None
    return hashlib.sha256(line).hexdigest().encode()


def is_own(line: bytes) -> bool:
    """Whether a line has the form of an entry and its content is the one that its id is the hash of."""
    stated = hashes(line)
    return stated is not None and sha(b"{" + line[CONTENT_AT:]) == stated[0]


def read_line(where: str, line: bytes, check: bool = True) -> Entry | Problem:
    """The entry of a line without its end, or what is wrong with the line by itself."""
    stated = hashes(line)
    if stated is None and not line.strip():
        return Problem(where, "an empty line", "an entry of the ledger", CLEAN)
    if stated is None and line.startswith(BOM):
        return Problem(where, "a byte order mark before it, which an editor wrote", "an entry of the ledger", CLEAN)
    if stated is None:
        # Not quoted: it may be a line of whatever file somebody has put in the place of the ledger.
        got = "NUL bytes" if b"\0" in line else "a line that is no entry"
        return Problem(where, got, "an entry of the ledger", STRAY)
    if check and not is_own(line):
        return Problem(where, "a line that was edited", f"content with the hash {stated[0][:12]}…", RESTORE)
    try:
        return entry_of(line)
    except FaultError as error:
        return faulty(where, stated[0], error.fault)


def faulty(where: str, id: str, fault: Fault) -> Problem:
    """The problem of a line whose hashes fit, but whose content cannot be read."""
    fix = f"{RESTORE}. Where nobody of yours wrote it: `tunecase ledger set-aside {id[:12]} --why ...`"
    return Problem(where, fault.got, fault.wanted, fix)


def line_fault(line: bytes) -> Fault | None:
    """What keeps a line whose hashes fit from being read; None for one that can be."""
    try:
        return entry_of(line).fault
    except FaultError as error:
        return error.fault


def entry_of(line: bytes) -> Entry:
    """The entry of a line that is known to be one. Raises FaultError when its content is none."""
    fields = fields_of(line)
    return Entry(fields.get("id", ""), fields.get("prev", ""), *map(fields.__getitem__, _IN_ORDER))


def stated_moment(line: bytes) -> datetime | None:
    """The moment that a line states, whether the rest of it can be read or not; None where it states none."""
    stated = _MOMENT.search(line)
    try:
        return datetime.fromisoformat(stated[1].decode()) if stated else None
    except ValueError:
        return None


def moment_of(line: bytes) -> float:
    """The moment [s] that a line states; 0 where it states none."""
    stated = stated_moment(line)
    try:
        return stated.timestamp() if stated else 0.0
    except (ValueError, OverflowError):
        return 0.0


def face_of(line: bytes) -> str:
    """The code of the face that a line states; empty where it states none. Meta comes after the body."""
    stated = _FACE.match(line, max(line.rfind(b',"meta":{'), 0))
    return stated[1].decode() if stated else ""


def id_of(line: bytes) -> bytes:
    """The id that a line with the form of an entry states."""
    return line[len(b'{"id":"') : PREV_AT - 2]


def verb_tail(verb: str) -> bytes:
    """What the line of an entry with this verb, and no other line, ends with: verb is the last of the sorted keys."""
    import orjson

    return b'"verb":%s}' % orjson.dumps(verb)


def group(line: bytes) -> tuple[bytes, bytes] | None:
    """(kind, verb) without reading the body; None if only reading the whole line can tell."""
    kind, verb = line.rfind(_KIND) + len(_KIND), line.rfind(_VERB) + len(_VERB)
    # A body or meta may hold the same names; a text cannot, since its quotes are escaped.
    if line.count(_KIND, CONTENT_AT) != 1 or line.find(b'"', verb) != len(line) - 2 or line.find(b"\\", verb) > 0:
        return None
    return line[kind : line.find(b'"', kind)], line[verb:-2]
