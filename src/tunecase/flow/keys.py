"""What a record rests on: the key it is kept under, and why a record on file is not used.

    key = digest of the data - digest of the settings - v and the schema of the record

Neither the version of tunecase nor the seed is part of a key: a pilot keeps the splits that it was dealt, and a record
that only redraws doubt is looked up by its seed beside the key. Where a new version makes a record mean something else,
the number of its schema is raised.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple, cast

from tunecase.errors import InputError
from tunecase.ledger import Entry
from tunecase.quantities import day, one_line
from tunecase.records import SCHEMAS, Pilot, to_json

PROJECT, DAY, PRICE_BOOK, TASK = "the project file", "the day of the prices", "price book", "task, columns or metric"
Parts = Mapping[str, Mapping[str, str]]
SHORT = 12  # hexadecimal digits that tell two digests apart
ASIDE = ("reused", "seconds", "what_if")  # fields that depend on how a record was asked for, not on its grounds
MOST_NAMED = 3  # names in one reason


class DataFile(NamedTuple):
    """A file of the data: the field that names it, its name there and the SHA-256 of its content.

    `sha256_as_is` is that of its bytes, where a byte-order mark or line ends tell them apart from the content.
    """

    field: str
    name: str
    sha256: str
    sha256_as_is: str = ""

    @property
    def as_is(self) -> "DataFile":
        """The file under the digest of its bytes, on which keys once rested."""
        return DataFile(self.field, self.name, self.sha256_as_is or self.sha256)


class Grounds(NamedTuple):
    """What the record of a verb rests on.

    `files` are (field, name, SHA-256) of the data that it read, `settings` (name, text) of all else that decides it,
    `fields` (name, text) of what the project file sets. `earlier_files` and `earlier_settings` are what keys held
    before entries kept `rests_on` beside them, where that was more; `named_settings` are the settings of the time when
    the project's name counted among them.
    """

    verb: str
    files: Sequence[DataFile]
    settings: Mapping[str, str]
    fields: Mapping[str, str] = {}
    earlier_files: Sequence[DataFile] = ()
    earlier_settings: Mapping[str, str] = {}
    named_settings: Mapping[str, str] = {}

    @property
    def data(self) -> str:
        """The digest of the data."""
        return _data_digest(self.files)

    @property
    def key(self) -> str:
        """The key that the record is kept under."""
        return f"{self.data}-{_settings_digest(tuple(self.settings.items()))}-v{SCHEMAS.get(self.verb, 1)}"

    def parts(self) -> Parts:
        """What the ledger keeps beside a key, so that a later reader can say what changed."""
        return {
            "files": {name: sha256[:SHORT] for _, name, sha256, _ in self.files},
            "settings": {name: text if name == DAY else _digest(text) for name, text in self.settings.items()},
            "fields": {name: _digest(text) for name, text in self.fields.items()},
        }

    def holds(self, entry: Entry) -> bool:
        """Whether an entry was made on these very grounds; its seed and the version that wrote it do not matter."""
        key = entry.meta.get("key")
        if not isinstance(key, str):
            return False
        mine, other = key_parts(self.key), key_parts(key)
        if "rests_on" in entry.meta:
            settings = (mine[1], _settings_digest(tuple((self.named_settings or self.settings).items())))
            return self.on_same_data(entry) and other[1] in settings and other[2] == mine[2]
        earlier = _digest("".join((self.earlier_settings or self.settings).values()), 16)
        return self.on_same_data(entry) and (earlier, mine[2]) == other[1:]

    def on_same_data(self, entry: Entry) -> bool:
        """Whether an entry was made on the same data, whatever its settings were."""
        data = key_parts(str(entry.meta.get("key", "")))[0]
        if "rests_on" in entry.meta:
            return data in (self.data, _data_digest([file.as_is for file in self.files]))
        return data in (_joined(self.files), _joined(self.earlier_files or self.files))

    def why_not(self, entry: Entry) -> str:
        """Why an entry is not used, as the end of "the pilot of 12 May …"; empty where it is."""
        if self.holds(entry):
            return _unreadable(entry)
        schema = key_parts(str(entry.meta.get("key", "")))[2]
        mine, was = key_parts(self.key), parts_of(entry)
        if schema != mine[2]:
            return f"was written in another form ({schema}, now {mine[2]})"
        if was is None:
            if not self.on_same_data(entry):
                return f"was made on other data: {_named([file.name for file in self.files], 'or')} changed"
            return "was made with other settings" + (", or with prices of another day" if DAY in self.settings else "")
        now = self.parts()
        if not self.on_same_data(entry) and (files := _changed_files(was["files"], now["files"])):
            return f"was made on other data: {files}"
        if not self.on_same_data(entry):
            return "was made on other data: a file serves another purpose now"
        named = {name: _digest(text) for name, text in self.named_settings.items()}
        changed = [
            name for name in _changed(was["settings"], now["settings"]) if was["settings"].get(name) != named.get(name)
        ]
        words = [_setting_words(name, was, now) for name in changed]
        return f"was made {_listed(words)}"


def hash_of(parts: Mapping[str, str]) -> str:
    """The hash of something that rests on parts, each named with its digest; their order does not matter."""
    return _digest(repr(sorted(parts.items())))


def digests(texts: Mapping[str, str]) -> dict[str, str]:
    """A short digest of each text, by the same names."""
    return {name: _digest(text) for name, text in texts.items()}


def moved(was: Mapping[str, str], now: Mapping[str, str]) -> str:
    """The names of parts that changed, came or went, three at most and how many more; empty where none did.

    Example:
        >>> moved({"budget": "5f", "the pilot": "77"}, {"budget": "5f", "the pilot": "0c", "reviews": "1a"})
        'the pilot and reviews'
    """
    return _named(_changed(was, now))


def _setting_words(name: str, was: Parts, now: Parts) -> str:
    """One setting that changed, as the end of "was made …"."""
    if name == DAY:
        return f"with the prices of {_day_of(was['settings'].get(DAY, ''))}"
    if name == PRICE_BOOK:
        return "with another price book"
    if name == TASK:
        return "for another task, other columns or another metric"
    if name != PROJECT:
        return f"with other {one_line(name, 40)}"
    fields = _changed(was["fields"], now["fields"])
    return f"for another project file: {_named(fields)} changed" if fields else "for another project file"


def _changed_files(was: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Which files changed, came or went; empty where none did."""
    names = _changed(was, now)
    kinds = {
        "changed": [name for name in names if name in was and name in now],
        "was added": [name for name in names if name not in was],
        "is no longer read": [name for name in names if name not in now],
    }
    plural = {"was added": "were added", "is no longer read": "are no longer read"}
    words = [
        f"{_named(some)} {plural.get(word, word) if len(some) > 1 else word}" for word, some in kinds.items() if some
    ]
    return "; ".join(words)


def key_parts(key: str) -> tuple[str, str, str]:
    """(digest of the data, digest of the settings, schema) of a key.

    Earlier keys end with the seed and the version in place of the schema: that was the first.

    Example:
        >>> key_parts("ab-cd-v2"), key_parts("ab-cd-0-0.1.0")
        (('ab', 'cd', 'v2'), ('ab', 'cd', 'v1'))
    """
    data, settings, rest = (*key.split("-", 2), "", "")[:3]
    return data, settings, rest if rest.startswith("v") else "v1"


def _joined(files: Sequence[DataFile]) -> str:
    """The digest of the data in keys without `rests_on`: hashes alone."""
    return hashlib.sha256(b"".join(bytes.fromhex(file.as_is.sha256) for file in files)).hexdigest()[:24]


def _data_digest(files: Sequence[DataFile]) -> str:
    return _digest(repr([(file.field, file.name, file.sha256) for file in files]), 24)


@lru_cache(maxsize=256)  # the names of 50,000 charges are 3 MB of text, and one key is asked for dozens of times
def _settings_digest(settings: tuple[tuple[str, str], ...]) -> str:
    return _digest(repr(list(settings)), 16)


def _digest(text: str, digits: int = SHORT) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:digits]


def _changed(was: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [name for name in {**now, **was} if was.get(name) != now.get(name)]


def parts_of(entry: Entry) -> Parts | None:
    """What an entry keeps beside its key; None where it was written without, or by another hand."""
    parts = entry.meta.get("rests_on")
    if not isinstance(parts, dict):
        return None
    named = {name: parts.get(name) for name in ("files", "settings", "fields")}
    return cast(Parts, named) if all(isinstance(part, dict) for part in named.values()) else None


def _unreadable(entry: Entry) -> str:
    try:
        entry.record()
    except InputError as error:
        return f"cannot be read: {error.problems[0].got}"
    return ""


def _day_of(text: str) -> str:
    try:
        return day(date.fromisoformat(text))
    except (TypeError, ValueError):
        return "another day"


def _listed(words: Sequence[str], last: str = "and") -> str:
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _named(names: Sequence[str], last: str = "and") -> str:
    """Names on one line, three at most, and how many more there are."""
    shown = [one_line(name, 60) for name in names[:MOST_NAMED]]
    more = len(names) - len(shown)
    return _listed([*shown, f"{more} more"] if more else shown, "and" if more else last)


def says_the_same(last: Entry, record: Any, meta: Mapping[str, Any]) -> bool:
    """Whether an entry holds a record already, made on the same grounds through whatever face."""
    grounds = {name: value for name, value in last.meta.items() if name not in ("face", "seen", "person")}
    if grounds != json.loads(to_json(meta)) or last.fault:
        return False
    return bool(settled(last.record()) == settled(record))


def settled(record: Any) -> Any:
    """A record without what differs though the same was found: how long it took, and what a rerun took over."""
    if isinstance(record, Pilot):
        without_notes = tuple(replace(one, note="") for one in record.baselines)
        return replace(record, seconds=0.0, reused=0, baselines=without_notes)
    return replace(record, seconds=0.0) if hasattr(record, "seconds") else record


def made_alike(one: Entry, other: Entry) -> bool:
    """Whether two entries hold the same answer, whatever a rerun reused and whatever else was asked of it."""
    one_body, other_body = ({k: v for k, v in entry.body.items() if k not in ASIDE} for entry in (one, other))
    return one.id == other.id or one_body == other_body
