"""Makes rows of records: one function per kind of shape, chosen once for a file."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tunecase.data.reading.chat import BadTurnsError, Turn, as_json, joined, turns_of
from tunecase.data.reading.rows import BadRow, Layout, Row, shown
from tunecase.data.reading.shapes import INSTANCES

Make = Callable[[int, int, dict[str, Any]], Row | BadRow]
NOTHING: Mapping[str, Any] = {}


def maker(layout: Layout) -> Make:
    """The function that makes rows of a file with this layout: of (number, line, record)."""
    if layout.schema == "chat":
        return _chat(layout)
    if layout.schema.startswith("preference"):
        return _preference(layout)
    if layout.schema == INSTANCES:
        return _instances(layout)
    return _plain(layout)


def _instances(layout: Layout) -> Make:
    """Rows of an instruction with a list of inputs and outputs: the first of them is the row's."""
    first, key = layout.input

    def make(number: int, line: int, record: dict[str, Any]) -> Row | BadRow:
        told, several = record.get(first), record.get(key)
        one = several[0] if isinstance(several, list) and several else None
        if not isinstance(told, str) or not isinstance(one, dict):
            return BadRow(number, line, f"no text in {first!r}, or no object in {key!r}", shown(record))
        given, answer = one.get("input"), one.get("output")
        if answer is None or isinstance(given, dict | list):
            return BadRow(number, line, f"no 'output' in {key!r}, or an input that is not text", shown(record))
        text = f"{told}\n\n{given}" if given not in (None, "") else told
        other = {k: v for k, v in record.items() if k != first}
        return Row(number, line, text, value_text(answer), other)

    return make


def _chat(layout: Layout) -> Make:
    key = layout.input[0]

    def make(number: int, line: int, record: dict[str, Any]) -> Row | BadRow:
        try:
            turns = turns_of(record.get(key), key)
        except BadTurnsError as error:
            return BadRow(number, line, str(error), shown(record))
        other = {k: v for k, v in record.items() if k != key} if len(record) > 1 else NOTHING
        before = turns[0][1] if len(turns) == 2 else joined(turns[:-1])
        return Row(number, line, before, turns[-1][1], other, "", turns)

    return make


def _plain(layout: Layout) -> Make:
    first, output = layout.input[0], layout.output
    single = len(layout.input) == 1
    used = {*layout.input, output}
    classes = layout.classes

    def make(number: int, line: int, record: dict[str, Any]) -> Row | BadRow:
        text = record.get(first)
        answer = "" if output is None else record.get(output)
        turns: tuple[Turn, ...] = ()
        if not (single and type(text) is str and type(answer) is str):
            try:
                text, answer, turns = _careful(record, layout, classes)
            except BadTurnsError as error:
                return BadRow(number, line, str(error), shown(record))
        plain = single and len(record) == 2 and output is not None
        other = NOTHING if plain else {k: v for k, v in record.items() if k not in used}
        return Row(number, line, text, answer, other, "", turns)

    return make


def _careful(record: dict[str, Any], layout: Layout, classes: tuple[str, ...]) -> tuple[str, str, tuple[Turn, ...]]:
    first, output = layout.input[0], layout.output
    if record.get(first) is None:
        raise BadTurnsError(f"no {first!r}")
    answer = record.get(output) if output else ""
    if answer is None:
        raise BadTurnsError(f"no {output!r}")
    prompt, reply = said(record[first]), said(answer)
    if prompt is not None:
        return joined(prompt), joined(reply) if reply else value_text(answer), (*prompt, *(reply or ()))
    parts = [_input_text(record[name], name) for name in layout.input if record.get(name) not in (None, "")]
    return "\n\n".join(parts), joined(reply) if reply else _answer_text(answer, output, classes), ()


def said(value: object) -> tuple[Turn, ...] | None:
    """The turns in a cell that holds a list of them, None for any other value."""
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list) or not value or not all(isinstance(turn, dict) for turn in value):
        return None
    if not all(("role" in turn or "from" in turn) and ("content" in turn or "value" in turn) for turn in value):
        return None
    found = []
    for turn in value:
        # Beginnings of a chat need not end with the assistant: each turn is read as if it stood in a whole one.
        role = str(turn.get("role", turn.get("from")))
        whole = turns_of([{"role": "user", "content": ""}, {**turn, "role": "assistant"}], "turns")
        from tunecase.data.reading.chat import ROLES

        if role not in ROLES:
            raise BadTurnsError(f"the role {role[:40]!r} is not known")
        found.append((ROLES[role], whole[1][1]))
    return tuple(found)


def _input_text(value: object, name: str) -> str:
    if isinstance(value, dict | list | bytes):
        raise BadTurnsError(f"{name!r} is not text")
    return str(value)


def _answer_text(value: object, name: str | None, classes: tuple[str, ...]) -> str:
    if classes and isinstance(value, int):
        if not 0 <= value < len(classes):
            raise BadTurnsError(f"no {name!r}: {value} has no name")
        return classes[value]
    if isinstance(value, bytes):
        raise BadTurnsError(f"{name!r} is not text")
    return value_text(value)


def value_text(value: object) -> str:
    """A value as the text of an answer: JSON with sorted keys for objects and lists."""
    return as_json(value) if isinstance(value, dict | list) else str(value)


def _preference(layout: Layout) -> Make:
    chosen_key, rejected_key = str(layout.output), str(layout.rejected)
    prompts = tuple(name for name in layout.input if name != chosen_key)
    used = {chosen_key, rejected_key, *prompts}

    def make(number: int, line: int, record: dict[str, Any]) -> Row | BadRow:
        try:
            for name in (chosen_key, rejected_key, *prompts[:1]):
                if record.get(name) is None:
                    raise BadTurnsError(f"no {name!r}")
            given = _prompt(record, prompts)
            text, chosen, rejected, turns = _pair(given, record[chosen_key], record[rejected_key])
        except BadTurnsError as error:
            return BadRow(number, line, str(error), shown(record))
        other = {k: v for k, v in record.items() if k not in used}
        return Row(number, line, text, chosen, other, rejected, turns)

    return make


def _prompt(record: dict[str, Any], names: tuple[str, ...]) -> tuple[str, tuple[Turn, ...]]:
    """The prompt as text, and as turns where it is a list of them."""
    values = [record[name] for name in names if record.get(name) not in (None, "")]
    if len(values) == 1 and (turns := said(values[0])) is not None:
        return joined(turns), turns
    return "\n\n".join(_input_text(value, name) for value, name in zip(values, names, strict=False)), ()


def _pair(
    given: tuple[str, tuple[Turn, ...]], chosen: object, rejected: object
) -> tuple[str, str, str, tuple[Turn, ...]]:
    """(prompt, chosen, rejected, turns) of a pair of texts or of lists of turns."""
    prompt, turns = given
    good, bad = said(chosen), said(rejected)
    if good is None or bad is None:
        if isinstance(chosen, bytes | list | dict) or isinstance(rejected, bytes | list | dict):
            raise BadTurnsError("a pair that is neither two texts nor two lists of turns")
        one, other = str(chosen), str(rejected)
        start = len(prompt) if prompt and one.startswith(prompt) and other.startswith(prompt) else 0
        start = start or (0 if prompt else _shared(one, other))
        return prompt or one[:start].strip(), one[start:].strip(), other[start:].strip(), _turns(turns, one[start:])
    shared = _alike(good, bad)
    shared = min(shared, len(good) - 1, len(bad) - 1)
    if good[-1][0] != "assistant" or bad[-1][0] != "assistant":
        raise BadTurnsError("the last turn of a pair is not the assistant's")
    before = good[:shared]
    text = joined(before) if before and not turns and (not prompt or shared > 1) else prompt
    whole = (*(before or turns or ((("user", prompt),) if prompt else ())), *good[shared:])
    return text, joined(good[shared:]), joined(bad[shared:]), whole


def _turns(prompt: tuple[Turn, ...], answer: str) -> tuple[Turn, ...]:
    return (*prompt, ("assistant", answer)) if prompt else ()


def _shared(one: str, other: str) -> int:
    """How far two texts begin alike, back to where an answer may begin: behind a speaker's name, or a line end."""
    length = _alike(one, other)
    for mark in ("Assistant:", "ASSISTANT:", "<|assistant|>", "assistant\n", "[/INST]", "### Response:"):
        place = one.rfind(mark, 0, length)
        if place >= 0:
            return place + len(mark)
    return one.rfind("\n\n", 0, length) + 2 if "\n\n" in one[:length] else 0


def _alike(one: Sequence[object], other: Sequence[object]) -> int:
    """How many items two sequences have in common from the front."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
