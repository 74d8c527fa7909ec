"""What a tool answers: content that keeps to the schema of its verb, cut to a bound, and what was left out of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tunecase.quantities import counted

MOST_BYTES = 48_000  # of an answer as JSON; about 12 thousand tokens of a language model
MOST_LINES = 14  # of the short answer
STEPS = (1_000, 300, 100, 50, 20, 10, 6)  # items that are left of each list, until the whole is small enough
LETTERS = 300  # characters that are left of a text once the fewest items are not few enough
MOST_TOLD = 8  # places that are named where something was left out


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: content as JSON has it, the short answer in words, and the exit code that the terminal would give."""

    content: Any
    text: str
    code: int = 0


def bounded(content: Any, most_bytes: int = MOST_BYTES) -> tuple[Any, tuple[str, ...]]:
    """The content with its longest lists shortened until it is small enough, and what was left out, in sentences.

    Lists keep their first items; nothing is renamed or taken out of an object, so the same schema holds.

    Returns: the content, None where it cannot be made small enough; and one sentence for each list that was cut.
    """
    if _size(content) <= most_bytes:
        return content, ()
    for items, letters in (*((step, 0) for step in STEPS), (STEPS[-1], LETTERS)):
        told: list[str] = []
        cut = _cut(content, "", items, letters, told)
        if _size(cut) <= most_bytes:
            return cut, _told(told)
    return None, (f"the whole answer as data: {_size(content):,} bytes are more than the {most_bytes:,} allowed here",)


def _size(content: Any) -> int:
    return len(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(errors="backslashreplace"))


def _cut(value: Any, place: str, items: int, letters: int, told: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {
            name: _cut(part, f"{place}.{name}" if place else name, items, letters, told) for name, part in value.items()
        }
    if isinstance(value, list):
        if len(value) > items:
            told.append(f"{place}: the first {items} of {len(value):,} are here")
        return [_cut(part, f"{place}[{at}]", items, letters, told) for at, part in enumerate(value[:items])]
    if isinstance(value, str) and letters and len(value) > letters:
        told.append(f"{place}: the first {letters} of {len(value):,} characters are here")
        return f"{value[:letters]}…"
    return value


def _told(told: list[str]) -> tuple[str, ...]:
    more = len(told) - MOST_TOLD
    return (*told[:MOST_TOLD], *([f"and {counted(more, 'further place')}"] if more > 0 else []))


def short(text: str, most_lines: int = MOST_LINES) -> str:
    """The first lines of a text, told how many follow.

    Example:
        >>> short("a\\nb\\nc\\n", 2)
        'a\\n… (2 further lines)'
    """
    lines = text.rstrip("\n").split("\n")
    if len(lines) <= most_lines:
        return "\n".join(lines)
    rest = len(lines) - most_lines + 1
    return "\n".join([*lines[: most_lines - 1], f"… ({counted(rest, 'further line')})"])
