"""Makes rows from records: one function per kind of shape, chosen once per file."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tunecase.data.reading import choices, marked, spans, squad, translation
from tunecase.data.reading.chat import BadTurnsError, Turn, as_json, joined, turn_of, turns_of
from tunecase.data.reading.rows import NOTHING, BadRow, Layout, Make, Row, shown
from tunecase.data.reading.shapes import INSTANCES


def maker(layout: Layout) -> Make:
    """The function that makes a row of a file with this layout from (number, line, record)."""
    for schema, make in MAKERS:
        if layout.schema == schema:
            return make(layout)
    return _plain(layout)


def _instances(layout: Layout) -> Make:
    """Rows from an instruction with a list of inputs and outputs, of which only the first is used."""
    first, key = layout.input

    def make(number: int, line: int, record: dict[str, Any]) -> Row | BadRow:
        instruction, instances = record.get(first), record.get(key)
        instance = instances[0] if isinstance(instances, list) and instances else None
        if not isinstance(instruction, str) or not isinstance(instance, dict):
            return BadRow(number, line, f"no text in {first!r}, or no object in {key!r}", shown(record))
        given, answer = instance.get("input"), instance.get("output")
        if answer is None or isinstance(given, dict | list):
            return BadRow(number, line, f"no 'output' in {key!r}, or an input that is not text", shown(record))
        text = f"{instruction}\n\n{given}" if given not in (None, "") else instruction
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
    pair = single and output is not None
    used = {*layout.input, output}

    def make(number: int, line: int, record: dict[str, Any]) -> Row | BadRow:
        text, answer = record.get(first), "" if output is None else record.get(output)
        turns: tuple[Turn, ...] = ()
        if not (single and type(text) is str and type(answer) is str):
            try:
                text, answer, turns = _of_other_values(record, layout)
            except BadTurnsError as error:
                return BadRow(number, line, str(error), shown(record))
        other = NOTHING if pair and len(record) == 2 else {k: v for k, v in record.items() if k not in used}
        return Row(number, line, text, answer, other, "", turns)

    return make


def _of_other_values(record: dict[str, Any], layout: Layout) -> tuple[str, str, tuple[Turn, ...]]:
    """Input, answer and turns of a record that has several input columns, or values that are not text."""
    first, output = layout.input[0], layout.output
    if record.get(first) is None:
        raise BadTurnsError(f"no {first!r}")
    answer = record.get(output) if output else ""
    if answer is None:
        raise BadTurnsError(f"no {output!r}")
    prompt, reply = turns_in(record[first]), turns_in(answer)
    if prompt is not None:
        return joined(prompt), joined(reply) if reply else value_text(answer), (*prompt, *(reply or ()))
    text = _joined_inputs(record, layout.input)
    return text, joined(reply) if reply else _answer_text(answer, output, layout.classes), ()


def _joined_inputs(record: dict[str, Any], names: Sequence[str]) -> str:
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


def _answer_text(value: object, name: str | None, classes: tuple[str, ...]) -> str:
    if classes and isinstance(value, int):
        if not 0 <= value < len(classes):
            raise BadTurnsError(f"no {name!r}: {value} has no name")
        return classes[value]
    if classes and isinstance(value, list) and all(type(each) is int for each in value):
        return ", ".join(_answer_text(each, name, classes) for each in value)
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
            pair = _pair(_prompt(record, prompts), record[chosen_key], record[rejected_key])
        except BadTurnsError as error:
            return BadRow(number, line, str(error), shown(record))
        other = {k: v for k, v in record.items() if k not in used}
        return Row(number, line, pair.input, pair.chosen, other, pair.rejected, pair.turns)

    return make


class _Prompt(NamedTuple):
    """What both answers of a pair reply to: its text, and its turns where it is a list of them."""

    text: str
    turns: tuple[Turn, ...] = ()


class _Pair(NamedTuple):
    """A preference pair; `turns` are the prompt's and those of the chosen answer, none where all are plain texts."""

    input: str
    chosen: str
    rejected: str
    turns: tuple[Turn, ...]


def _prompt(record: dict[str, Any], names: tuple[str, ...]) -> _Prompt:
    values = [record[name] for name in names if record.get(name) not in (None, "")]
    if len(values) == 1 and (turns := turns_in(values[0])) is not None:
        return _Prompt(joined(turns), turns)
    return _Prompt(_joined_inputs(record, names))


def _pair(prompt: _Prompt, chosen: object, rejected: object) -> _Pair:
    good, bad = turns_in(chosen), turns_in(rejected)
    if good is not None and bad is not None:
        return _pair_of_chats(prompt, good, bad)
    if isinstance(chosen, bytes | list | dict) or isinstance(rejected, bytes | list | dict):
        raise BadTurnsError("a pair that is neither two texts nor two lists of turns")
    return _pair_of_texts(prompt, str(chosen), str(rejected))


def _pair_of_texts(prompt: _Prompt, chosen: str, rejected: str) -> _Pair:
    """Two answers as texts; each may repeat the prompt, or hold it where no column does."""
    start = 0
    if not prompt.text:
        start = _shared(chosen, rejected)
    elif chosen.startswith(prompt.text) and rejected.startswith(prompt.text):
        start = len(prompt.text)
    turns = (*prompt.turns, ("assistant", chosen[start:])) if prompt.turns else ()
    return _Pair(prompt.text or chosen[:start].strip(), chosen[start:].strip(), rejected[start:].strip(), turns)


def _pair_of_chats(prompt: _Prompt, chosen: tuple[Turn, ...], rejected: tuple[Turn, ...]) -> _Pair:
    """Two answers as lists of turns; the turns that both begin with are the prompt, or a part of it."""
    shared = min(_alike(chosen, rejected), len(chosen) - 1, len(rejected) - 1)
    if chosen[-1][0] != "assistant" or rejected[-1][0] != "assistant":
        raise BadTurnsError("the last turn of a pair is not the assistant's")
    before = chosen[:shared]
    text = joined(before) if before and not prompt.turns and (not prompt.text or shared > 1) else prompt.text
    alone = (("user", prompt.text),) if prompt.text else ()
    turns = (*(before or prompt.turns or alone), *chosen[shared:])
    return _Pair(text, joined(chosen[shared:]), joined(rejected[shared:]), turns)


def _shared(text: str, other: str) -> int:
    """How far two texts begin alike, back to where an answer may begin: after a speaker's mark or a blank line."""
    length = _alike(text, other)
    for mark in ("Assistant:", "ASSISTANT:", "<|assistant|>", "assistant\n", "[/INST]", "### Response:"):
        place = text.rfind(mark, 0, length)
        if place >= 0:
            return place + len(mark)
    return text.rfind("\n\n", 0, length) + 2 if "\n\n" in text[:length] else 0


def _alike(first: Sequence[object], second: Sequence[object]) -> int:
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


# The schemas whose records need more than their columns joined, each with what makes the maker of their rows.
MAKERS: tuple[tuple[str, Callable[[Layout], Make]], ...] = (
    ("chat", _chat),
    ("preference", _preference),
    (INSTANCES, _instances),
    (squad.SCHEMA, squad.maker),
    *((schema, spans.maker) for schema in spans.SCHEMAS),
    (choices.SCHEMA, choices.maker),
    (choices.FROM_ONE, choices.maker),
    (marked.SCHEMA, marked.maker),
    (translation.SCHEMA, translation.maker),
)
