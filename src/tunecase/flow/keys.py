"""What a record rests on: the key it is kept under, and why a record on file is not used.

    key = digest of the data - digest of the settings - v and the schema of the record

Neither the version of tunecase nor the seed is part of a key. Another seed only redraws doubt; a pilot keeps the splits
that it was dealt. Where a new version makes a record mean something else, the number of its schema is raised.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple, cast

from tunecase.errors import InputError
from tunecase.ledger import Entry
from tunecase.quantities import day
from tunecase.records import SCHEMAS

PROJECT, DAY = "the project file", "the day of the prices"
Parts = Mapping[str, Mapping[str, str]]
SHORT = 12  # hexadecimal digits that tell two digests apart


class Grounds(NamedTuple):
    """What the record of a verb rests on.

    `files` are (name, SHA-256) of the data that it read, `settings` (name, text) of all else that decides it, `fields`
    (name, text) of what the project file sets. `earlier_files` is the data's digest as earlier keys held it, where
    those named more files.
    """

    verb: str
    files: Sequence[tuple[str, str]]
    settings: Mapping[str, str]
    fields: Mapping[str, str] = {}
    earlier_files: Sequence[tuple[str, str]] = ()

    @property
    def data(self) -> str:
        """The digest of the data."""
        return _of_files(self.files)

    @property
    def key(self) -> str:
        """The key that the record is kept under."""
        return f"{self.data}-{_digest(''.join(self.settings.values()), 16)}-v{SCHEMAS.get(self.verb, 1)}"

    def parts(self) -> Parts:
        """What the ledger keeps beside a key, so that a later reader can say what changed."""
        return {
            "files": {name: sha256[:SHORT] for name, sha256 in self.files},
            "settings": {name: text if name == DAY else _digest(text) for name, text in self.settings.items()},
            "fields": {name: _digest(text) for name, text in self.fields.items()},
        }

    def holds(self, entry: Entry) -> bool:
        """Whether an entry was made on these very grounds; its seed and the version that wrote it do not matter."""
        key = entry.meta.get("key")
        if not isinstance(key, str):
            return False
        mine, other = key_parts(self.key), key_parts(key)
        data = {mine[0]} if "rests_on" in entry.meta else {mine[0], _of_files(self.earlier_files or self.files)}
        return other[0] in data and mine[1:] == other[1:]

    def why_not(self, entry: Entry) -> str:
        """Why an entry is not used, as the end of "the pilot of 12 May …"; empty where it is."""
        if self.holds(entry):
            return _unreadable(entry)
        data, _, schema = key_parts(str(entry.meta.get("key", "")))
        mine, was = key_parts(self.key), _parts_of(entry)
        if schema != mine[2]:
            return f"was written in another form ({schema}, now {mine[2]})"
        if was is None:
            if data not in (mine[0], _of_files(self.earlier_files or self.files)):
                return f"was made on other data: {_listed([name for name, _ in self.files], 'or')} changed"
            return "was made with other settings" + (", or with prices of another day" if DAY in self.settings else "")
        now = self.parts()
        if files := _changed(was["files"], now["files"]):
            return f"was made on other data: {_listed(files)} changed"
        words = [_setting_words(name, was, now) for name in _changed(was["settings"], now["settings"])]
        return f"was made {_listed(words)}"


def _setting_words(name: str, was: Parts, now: Parts) -> str:
    """One setting that changed, as the end of "was made …"."""
    if name == DAY:
        return f"with the prices of {_day_of(was['settings'].get(DAY, ''))}"
    if name != PROJECT:
        return f"with other {name}"
    fields = _changed(was["fields"], now["fields"])
    return f"for another project file: {_listed(fields)} changed" if fields else "for another project file"


def key_parts(key: str) -> tuple[str, str, str]:
    """(digest of the data, digest of the settings, schema) of a key.

    Earlier keys end with the seed and the version in place of the schema: that was the first.

    Example:
        >>> key_parts("ab-cd-v2"), key_parts("ab-cd-0-0.1.0")
        (('ab', 'cd', 'v2'), ('ab', 'cd', 'v1'))
    """
    data, settings, rest = (*key.split("-", 2), "", "")[:3]
    return data, settings, rest if rest.startswith("v") else "v1"


def _of_files(files: Sequence[tuple[str, str]]) -> str:
    return hashlib.sha256(b"".join(bytes.fromhex(sha256) for _, sha256 in files)).hexdigest()[:24]


def _digest(text: str, digits: int = SHORT) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:digits]


def _changed(was: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [name for name in {**now, **was} if was.get(name) != now.get(name)]


def _parts_of(entry: Entry) -> Parts | None:
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


def rests_alike(one: Entry, other: Entry) -> bool:
    """Whether two records with the same key were made from the same points, or bills from the same curve."""
    return all(one.body.get(name) == other.body.get(name) for name in ("points", "based_on"))
