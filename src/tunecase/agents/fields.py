"""The inputs of a tool: their JSON Schema for clients, and what an agent gave, checked as a whole."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from tunecase.errors import InputError, Problem, nearest, one_of

Kind = Literal["text", "amount", "count", "number", "yes or no", "texts", "path", "paths", "model", "changes"]
MOST_ITEMS = 100  # of a list, or changes
MOST_LETTERS = 4_000  # of a text
OF_FILES = (".json", ".yaml", ".yml", ".toml", ".py")  # how a model that is a file ends


class _Kind(NamedTuple):
    """What values of a kind are: their types in Python, in words, and as JSON Schema."""

    types: tuple[type, ...]
    wanted: str
    shape: Mapping[str, Any]


_TEXT = {"type": "string", "maxLength": MOST_LETTERS}
_TEXTS = {"type": "array", "items": _TEXT, "maxItems": MOST_ITEMS}
_CHANGES = {"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": MOST_ITEMS}
KINDS: Mapping[Kind, _Kind] = {
    "text": _Kind((str,), "a text", _TEXT),
    "amount": _Kind((str, int, float), "a text or a number", {**_TEXT, "type": ["string", "number"]}),
    "count": _Kind((int,), "a whole number", {"type": "integer"}),
    "number": _Kind((int, float), "a number", {"type": "number"}),
    "yes or no": _Kind((bool,), "true or false", {"type": "boolean"}),
    "texts": _Kind((list,), "a list of texts", _TEXTS),
    "path": _Kind((str,), "the path of a file or folder, as a text", _TEXT),
    "paths": _Kind((list,), "a list of paths", _TEXTS),
    "model": _Kind((str,), "the name of a model, or the path of its file", _TEXT),
    "changes": _Kind((dict,), "an object of texts by dotted field", _CHANGES),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One input of a tool.

    Args:
        name: as an agent gives it.
        words: what it is, for the agent.
        kind: what it looks like.
        choices: the only values; any where empty.
        required: whether the tool needs it.
        least, most: bounds of a number.
    """

    name: str
    words: str
    kind: Kind = "text"
    choices: tuple[str, ...] = ()
    required: bool = False
    least: float | None = None
    most: float | None = None

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of its values."""
        shape = {**KINDS[self.kind].shape, "description": self.words}
        bounds = {"enum": list(self.choices) or None, "minimum": self.least, "maximum": self.most}
        return shape | {name: value for name, value in bounds.items() if value is not None}


def schema_of_fields(fields: Sequence[Field]) -> dict[str, Any]:
    """The JSON Schema of a tool's input: an object of these fields and no others.

    Example:
        >>> schema_of_fields([Field("rows", "How many.", "count", required=True)])["required"]
        ['rows']
    """
    return {
        "type": "object",
        "properties": {field.name: field.schema for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
    }


def checked(fields: Sequence[Field], given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """What was given, each path relative to the folder; null stands for what is left out.

    Args:
        fields: those of the tool.
        given: values by name, as a client sent them.
        folder: below which every path must lie, links followed.
    Raises: InputError with every mistake found.
    """
    by_name = {field.name: field for field in fields}
    stated = {name: value for name, value in given.items() if value is not None}
    problems = [_unknown(name, list(by_name)) for name in stated if name not in by_name]
    problems += [
        Problem(field.name, "nothing", field.words.rstrip("."), f"give {field.name}")
        for field in fields
        if field.required and field.name not in stated
    ]
    for name, value in stated.items():
        if name in by_name:
            problems += _mistakes(by_name[name], value, folder)
    if problems:
        raise InputError(problems)
    return {name: _plain(by_name[name], value, folder) for name, value in stated.items()}


def _unknown(name: str, names: Sequence[str]) -> Problem:
    wanted = "a field of this tool" if names else "no field: this tool takes none"
    return Problem(name, "an unknown field", wanted, nearest(name, names) if names else "leave it out")


def _mistakes(field: Field, value: Any, folder: Path) -> Iterator[Problem]:
    is_odd_truth = isinstance(value, bool) and field.kind != "yes or no"
    if not isinstance(value, KINDS[field.kind].types) or is_odd_truth:
        yield _wrong_kind(field, value)
    elif field.kind in ("texts", "paths", "changes"):
        yield from _mistakes_within(field, value, folder)
    elif isinstance(value, str):
        yield from _mistakes_of_text(field, field.name, value, folder)
    elif isinstance(value, int | float):
        yield from _beyond(field, value)


def _beyond(field: Field, value: float) -> Iterator[Problem]:
    if not math.isfinite(value):
        yield Problem(field.name, f"{value}", "a finite number", "give a number")
    elif field.least is not None and value < field.least:
        yield Problem(field.name, f"{value:g}", f"at least {field.least:g}", "give a larger number")
    elif field.most is not None and value > field.most:
        yield Problem(field.name, f"{value:g}", f"at most {field.most:g}", "give a smaller number")


def _wrong_kind(field: Field, value: Any) -> Problem:
    called = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list"}
    got = called.get(type(value), "an object")
    shown = f"{got}: {value!r}" if isinstance(value, bool | int | float | str) else got
    wanted = KINDS[field.kind].wanted
    return Problem(field.name, shown, wanted, f"give {wanted}")


def _mistakes_within(field: Field, value: Any, folder: Path) -> Iterator[Problem]:
    if len(value) > MOST_ITEMS:
        yield Problem(field.name, f"{len(value):,} of them", f"at most {MOST_ITEMS}", "give fewer")
        return
    for name, item in value.items() if isinstance(value, dict) else enumerate(value):
        where = f"{field.name}.{name}" if isinstance(value, dict) else f"{field.name}[{name}]"
        if not isinstance(item, str):
            yield Problem(where, type(item).__name__, "a text", "write it between quotes")
        else:
            yield from _mistakes_of_text(field, where, item, folder)


def _mistakes_of_text(field: Field, where: str, text: str, folder: Path) -> Iterator[Problem]:
    if field.required and not text.strip():
        yield Problem(where, "an empty text", field.words.rstrip("."), f"give {field.name}")
    elif len(text) > MOST_LETTERS:
        yield Problem(where, f"{len(text):,} characters", f"at most {MOST_LETTERS:,}", "shorten it")
    elif field.choices and text not in field.choices:
        yield one_of(where, text, field.choices)
    elif field.kind in ("path", "paths") or (field.kind == "model" and _is_file(text, folder)):
        yield from outside(where, text, folder)


def _is_file(text: str, folder: Path) -> bool:
    """Whether a model is named by a path: it begins or ends as one, or something lies there."""
    begins = text.startswith((".", "~", "/", "\\")) or ".." in text or "\0" in text or Path(text).is_absolute()
    return begins or text.casefold().endswith(OF_FILES) or (folder / text).exists()


def outside(where: str, text: str, folder: Path, start: Path | None = None) -> Iterator[Problem]:
    """Why a path may not be used, if it may not: it is an address, names a home, or leads out, by a link or not.

    Args:
        where: what names it.
        text: the path.
        folder: below which it must lie.
        start: from which a relative path counts; `folder` if left out.
    """
    fix = f"name a file below {folder.name or folder}, or start `tunecase mcp` in a folder that holds it"
    if "://" in text or "hf:" in Path(text).parts:
        yield Problem(where, repr(text), "a file on this machine: an agent's tools use no network", fix)
        return
    if any(part.startswith("~") for part in Path(_relative(text, folder)).parts):
        yield Problem(where, repr(text), "a path without ~, which may stand for the home of a user", fix)
        return
    try:
        inside = "\0" not in text and ((start or folder) / text).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # a name that no system takes, links in a circle
        inside = False
    if not inside:
        yield Problem(where, repr(text), "a path below the folder that the server was started in", fix)


def _plain(field: Field, value: Any, folder: Path) -> Any:
    """The value as the flow takes it: amounts as texts, paths relative to the folder."""
    if field.kind == "amount":
        return value if isinstance(value, str) else f"{value!r}"
    if field.kind == "path" or (field.kind == "model" and Path(value).is_absolute()):
        return _relative(value, folder)
    return [_relative(item, folder) for item in value] if field.kind == "paths" else value


def _relative(text: str, folder: Path) -> str:
    path = Path(text)
    return path.relative_to(folder).as_posix() if path.is_absolute() and path.is_relative_to(folder) else text
