"""The text, the turns or the label in one cell of a record."""

from collections.abc import Sequence
from typing import Any

from tunecase.data.reading.chat import BadTurnsError, Turn, as_json, turn_of


def joined_inputs(record: dict[str, Any], names: Sequence[str]) -> str:
    """The texts of some columns, a blank line between them.

    Raises: BadTurnsError where one is not text.
    """
    return "\n\n".join(_input_text(record[name], name) for name in names if record.get(name) not in (None, ""))


def turns_in(value: object) -> tuple[Turn, ...] | None:
    """The turns in a cell that holds a list of them, None for any other value; they need not end with an answer."""
    turns = [value] if isinstance(value, dict) else value
    if not isinstance(turns, list) or not turns or not all(map(_is_turn, turns)):
        return None
    return tuple(turn_of(turn)[:2] for turn in turns)


def _is_turn(value: object) -> bool:
    return isinstance(value, dict) and ("role" in value or "from" in value) and ("content" in value or "value" in value)


def _input_text(value: object, name: str) -> str:
    if isinstance(value, dict | list | bytes):
        raise BadTurnsError(f"{name!r} is not text")
    return str(value)


def answer_text(value: object, name: str | None, classes: tuple[str, ...]) -> str:
    """A value as an answer, an integer label by its name.

    Raises: BadTurnsError where it has none, or is bytes.
    """
    if classes and isinstance(value, int):
        if not 0 <= value < len(classes):
            raise BadTurnsError(f"no {name!r}: {value} has no name")
        return classes[value]
    if classes and isinstance(value, list) and all(type(each) is int for each in value):
        return ", ".join(answer_text(each, name, classes) for each in value)
    if isinstance(value, bytes):
        raise BadTurnsError(f"{name!r} is not text")
    return value_text(value)


def value_text(value: object) -> str:
    """A value as the text of an answer: JSON with sorted keys for objects and lists."""
    return as_json(value) if isinstance(value, dict | list) else str(value)
