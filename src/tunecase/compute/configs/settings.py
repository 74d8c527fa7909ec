"""The fields of a training configuration: read by type, with the line of each that is not what its tool takes."""

import difflib
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tunecase.errors import Problem, nearest
from tunecase.io import Lines

MOST_SHOWN = 60
MOST_IDLE = 200  # unread fields that a note names
MOST_NEAR = 20  # unread fields that are held against the known ones, which takes time
MISSPELT = 0.85  # similarity from which an unread field is taken for a misspelt one
NO_GPUS = "the file does not say how many GPUs"
YES, NO = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}
NOTHING = {"", "none", "null", "~", "auto"}  # what files say where the tool is to decide
_REFERENCE = re.compile(r"\$\{([A-Za-z_]\w*)\}")


class Content(dict[str, Any]):
    """The fields of a file as text, with the line of each."""

    def __init__(self, fields: Mapping[str, Any], lines: Lines | None = None) -> None:
        super().__init__(fields)
        self.lines: Lines = lines or {}


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What one configuration says of a run.

    Args:
        kind: the tool that the file belongs to.
        values: values by the names of `recipe.Recipe`'s fields, and besides them `model` (path or hub id), `epochs`,
            `steps` (of the optimizer), `train_tokens`, and `trained_layers` (blocks at the top that learn, where the
            file counts from there). A field that neither the file nor its tool's defaults settle is absent.
        notes: what was taken as a default, and what was not understood and could move the answer.
        problems: mistakes, each with its line.
        stated: the names in `values` that the file itself gives; the others are the tool's documented defaults.
        companions: paths of further files that this one names.
        alone: False for a file that only accompanies another (accelerate, DeepSpeed).
        defaults: notes by the name in `values` that each is about; one goes once another file settles its name.
        where: the file's name.
    """

    kind: str
    values: Mapping[str, object]
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    stated: frozenset[str] = frozenset()
    companions: tuple[str, ...] = ()
    alone: bool = True
    defaults: Mapping[str, str] = field(default_factory=dict)
    where: str = ""


@dataclass(slots=True)
class Run:
    """A run while it is being read: values, which of them the file states, notes, problems, further files.

    `held` are the names of the file's own fields, `looked_at` those that a reader asked for.
    """

    kind: str
    where: str
    values: dict[str, object] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    stated: set[str] = field(default_factory=set)
    companions: list[str] = field(default_factory=list)
    defaults: dict[str, str] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    looked_at: set[str] = field(default_factory=set)

    def take(self, name: str, value: object) -> None:
        """A value that the file states; None leaves the field as it is."""
        if value is not None:
            self.values[name] = value
            self.stated.add(name)

    def take_or(self, name: str, value: object, default: object, words: str) -> None:
        """A value that the file states, or the tool's default with a note that says so in words."""
        self.take(name, value)
        if value is None:
            self.values.setdefault(name, default)
            self.unsettled(name, f"{words} is not set: {default}, the default of {self.kind}")

    def unsettled(self, name: str, words: str) -> None:
        """A note that goes once another file settles the name."""
        self.defaults[name] = words
        self.note(words)

    def note(self, words: str) -> None:
        """Something that a reader of the answer should know; noted once."""
        if words not in self.notes:
            self.notes.append(words)

    def finished(self, alone: bool = True) -> RunConfig:
        """The run as read; notes name the fields that no reader looked at, and a missing number of GPUs."""
        if alone and "gpus" not in self.values:
            self.unsettled("gpus", NO_GPUS)
        self._note_unread()
        return RunConfig(
            kind=self.kind,
            values=dict(self.values),
            notes=tuple(self.notes),
            problems=tuple(self.problems),
            stated=frozenset(self.stated),
            companions=tuple(self.companions),
            alone=alone,
            defaults=dict(self.defaults),
            where=self.where,
        )

    def _note_unread(self) -> None:
        unread, near = sorted(self.held - self.looked_at), dict[str, str]()
        for key in unread[:MOST_NEAR]:
            close = difflib.get_close_matches(key, sorted(self.looked_at), n=1, cutoff=MISSPELT)
            near |= {key: close[0]} if close else {}
        for key, meant in near.items():
            self.note(f"{key} is not a field that {self.kind} reads for memory or time: did you mean {meant}?")
        idle = [key for key in unread if key not in near]
        if idle:
            more = f" and {len(idle) - MOST_IDLE:,} more" if len(idle) > MOST_IDLE else ""
            shown = ", ".join(key[:MOST_SHOWN] for key in idle[:MOST_IDLE])
            self.note(f"not read, assumed to affect neither memory nor time: {shown}{more}")


class Settings:
    """A set of fields; each reading returns None for a field that is absent or left to the tool.

    A value of the wrong type becomes one of the run's problems, with its line, and is read as absent.
    """

    def __init__(self, content: Mapping[str, Any], where: str, run: Run, at: tuple[str | int, ...] = ()) -> None:
        self.content, self.where, self.run, self.at = content, where, run, at
        self.lines: Lines = getattr(content, "lines", {})
        self.top: Mapping[str, Any] = content
        if not at:
            run.held |= {str(key) for key in content}

    def __contains__(self, key: str) -> bool:
        """Whether the field is there with anything in it."""
        return self._raw(key) is not None

    def __iter__(self) -> Iterator[str]:
        """The names of the fields."""
        return (str(key) for key in self.content)

    def first(self, *keys: str) -> str:
        """The first of some spellings of a field that is there; the first of all where none is."""
        return next((key for key in keys if key in self), keys[0])

    def take(self, fields: "Sequence[Field]") -> None:
        """Settles the names of some fields, each by what the file states or by the tool's default with a note."""
        for item in fields:
            self.run.take_or(item.name, item.read(self, item.key), item.default, item.key)

    def note_if(self, words: Mapping[str, str]) -> None:
        """A note for each of some fields that is true."""
        for key, note in words.items():
            if self.flag(key):
                self.run.note(note)

    def folded(self, key: str) -> str:
        """A text in lower case, empty where there is none."""
        return (self.text(key) or "").casefold()

    def several(self, key: str, least: int = 1) -> int | None:
        """A number of cards that share something; None where it is one card, which shares nothing."""
        cards = self.whole(key, least)
        return cards if cards and cards > 1 else None

    def text(self, key: str) -> str | None:
        """A text."""
        value = self._raw(key)
        if value is None or not _is_plain(value):
            self._refuse(key, value, "one value", "write one value")
            return None
        text = str(value).strip()
        if _REFERENCE.search(text):
            text = _REFERENCE.sub(lambda match: _named(self.top, match[1]), text)
        return None if text.casefold() in NOTHING else text

    def whole(self, key: str, least: int = 1, most: int = 10**9) -> int | None:
        """A whole number within bounds."""
        number = self._number(key, "a whole number")
        if number is None:
            return None
        if number != int(number):
            self._refuse(key, self._raw(key), "a whole number", "write it without a fraction")
            return None
        if not least <= number <= most:
            wanted = f"{least:,} to {most:,}"
            self._refuse(key, self._raw(key), wanted, f"set {key} within these bounds")
            return None
        return int(number)

    def number(self, key: str, least: float = 0.0, most: float = 1e12) -> float | None:
        """A number within bounds."""
        number = self._number(key, "a number")
        if number is not None and not least <= number <= most:
            self._refuse(key, self._raw(key), f"{least:g} to {most:g}", f"set {key} within these bounds")
            return None
        return number

    def flag(self, key: str) -> bool | None:
        """Yes or no."""
        value = self.text(key) if not isinstance(self._raw(key), bool) else str(self._raw(key))
        if value is None:
            return None
        if value.casefold() in YES | NO:
            return value.casefold() in YES
        self._refuse(key, value, "true or false", "write true or false without quotes")
        return None

    def word(self, key: str, words: Sequence[str]) -> str | None:
        """One of some words, in their own spelling, whatever the case in the file."""
        value = self.text(key)
        if value is None:
            return None
        by_fold = {word.casefold(): word for word in words}
        if value.casefold() in by_fold:
            return by_fold[value.casefold()]
        self._refuse(key, value, "one of " + ", ".join(words), nearest(value, words))
        return None

    def word_or(self, key: str, words: Sequence[str], default: str) -> str:
        """One of some words, or the tool's default, with a note where the field is absent."""
        word = self.word(key, words)
        if word is None and key not in self:
            self.run.note(f"{key} is not set: {default}, the default of {self.run.kind}")
        return word or default

    def names(self, key: str) -> tuple[str, ...] | None:
        """Names in a list, or in one text with commas or blanks between them."""
        value = self._raw(key)
        if value is None:
            return None
        items = value if _is_list(value) else re.split(r"[,\s]+", str(value))
        if isinstance(value, Mapping) or not all(map(_is_plain, items)):
            self._refuse(key, value, "a list of names", "write [one, two]")
            return None
        names = (str(item).strip() for item in items)
        return tuple(name for name in names if name.casefold() not in NOTHING) or None

    def part(self, key: str) -> "Settings":
        """The fields below a field; a value of another kind is a problem."""
        if not self.holds_fields(key):
            self._refuse(key, self._raw(key), "fields below it", "write them indented, one a line")
        return self.fields(key)

    def fields(self, key: str) -> "Settings":
        """The fields below a field; none where it is absent or holds a value of another kind."""
        value = self._raw(key)
        below = Settings(value if isinstance(value, Mapping) else {}, self.where, self.run, (*self.at, key))
        below.lines, below.top = self.lines, self.top
        return below

    def content_of(self, key: str) -> Content:
        """The fields below a field as content of its own, with their lines."""
        place = (*self.at, key)
        lines = {at[len(place) :]: line for at, line in self.lines.items() if at[: len(place)] == place}
        return Content(self.content[key], lines)

    def holds_fields(self, key: str) -> bool:
        """Whether there are fields below the field."""
        return isinstance(self._raw(key), Mapping)

    def problem(self, key: str, got: str, wanted: str, fix: str) -> None:
        """A mistake at a field; the same mistake is kept once, however often the field is read."""
        line = self.lines.get((*self.at, key))
        name = ".".join(str(step) for step in (*self.at, key))
        place = f"{self.where}:{line}" if line else self.where
        problem = Problem(f"{place}: {name}", got, wanted, fix)
        if problem not in self.run.problems:
            self.run.problems.append(problem)

    def _raw(self, key: str) -> Any:
        if not self.at:
            self.run.looked_at.add(key)
        value = self.content.get(key)
        return None if isinstance(value, str) and not value.strip() else value

    def _number(self, key: str, wanted: str) -> float | None:
        value = self._raw(key)
        if isinstance(value, bool):
            self._refuse(key, value, wanted, "write a number")
            return None
        text = self.text(key)
        if text is None:
            return None
        try:
            number = float(text.replace("_", ""))
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self._refuse(key, value, wanted, "write the number in digits")
            return None
        return number

    def _refuse(self, key: str, value: Any, wanted: str, fix: str) -> None:
        if value is not None:
            self.problem(key, _shown(value), wanted, fix)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a tool that settles one name of the recipe as it stands.

    `read` is how the field is read, a method of Settings or a function of `meanings`; `default` is the tool's own.
    """

    key: str
    name: str
    read: Callable[[Settings, str], object]
    default: object


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _is_plain(value: Any) -> bool:
    """One value, neither a list nor fields."""
    return not isinstance(value, Mapping) and not _is_list(value)


def _named(top: Mapping[str, Any], name: str) -> str:
    """What ${name} stands for: another field at the top of the file."""
    value = top.get(name)
    return str(value) if value is not None and _is_plain(value) else ""


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "fields below it"
    if _is_list(value):
        return f"a list of {len(value)}"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"
