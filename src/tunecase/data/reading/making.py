"""Makes rows from records: one function per kind of shape, chosen once per file."""

from collections.abc import Callable
from typing import Any

from tunecase.data.reading import choices, marked, segments, spans, squad, translation
from tunecase.data.reading.beside import around
from tunecase.data.reading.cells import answer_text, joined_inputs, turns_in, value_text
from tunecase.data.reading.chat import BadTurnsError, Turn, chat_of, joined, simple_calls
from tunecase.data.reading.pairs import preference
from tunecase.data.reading.rows import NOTHING, BadRow, Layout, Make, Row, shown
from tunecase.data.reading.shapes import INSTANCES
from tunecase.data.reading.thinking import is_open, without_thinking


def maker(layout: Layout) -> Make:
    """The function that makes a row of a file with this layout from (number, line, record)."""
    make = next((make for schema, make in MAKERS if layout.schema == schema), _plain)
    return around(make(layout), layout)


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
            turns, cut, muted = chat_of(record.get(key), key)
        except BadTurnsError as error:
            return BadRow(number, line, str(error), shown(record))
        other = {k: v for k, v in record.items() if k != key} if len(record) > 1 else NOTHING
        before = turns[0][1] if len(turns) == 2 else joined(turns[:-1])
        answer = turns[-1][1]
        if not cut and not muted and "<" not in answer:
            return Row(number, line, before, answer, other, "", turns)
        thinking, answer = taught(answer)
        return Row(number, line, before, answer, other, "", turns, "", "", thinking, True, cut, muted)

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
        if "<" in answer:
            thinking, answer = taught(answer)
            return Row(number, line, text, answer, other, "", turns, "", "", thinking)
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
    answer = _checked(answer)
    prompt, reply = turns_in(record[first]), turns_in(answer)
    if prompt is not None:
        said = reply or (("assistant", value_text(answer)),) if output else ()
        return joined(prompt), joined(said), (*prompt, *said)
    text = joined_inputs(record, layout.input)
    return text, joined(reply) if reply else answer_text(answer, output, layout.classes), ()


def _checked(value: object) -> object:
    """The answer in what a reward is worked out from, which holds its ground truth; calls go without their ids."""
    if isinstance(value, dict) and "ground_truth" in value:
        value = value["ground_truth"]
    calls = value if isinstance(value, list) else [value]
    called = bool(calls) and all(isinstance(call, dict) and isinstance(call.get("function"), dict) for call in calls)
    return simple_calls(value) if called else value


def taught(text: str) -> tuple[str, str]:
    """The reasoning and the answer of a text to be learnt; a trace that never ends is an answer that was cut."""
    return ("", text) if is_open(text) else without_thinking(text)


# The schemas whose records need more than their columns joined, each with what makes the maker of their rows.
MAKERS: tuple[tuple[str, Callable[[Layout], Make]], ...] = (
    ("chat", _chat),
    ("preference", preference),
    (INSTANCES, _instances),
    (squad.SCHEMA, squad.maker),
    *((schema, spans.maker) for schema in spans.SCHEMAS),
    (choices.SCHEMA, choices.maker),
    (choices.FROM_ONE, choices.maker),
    (marked.SCHEMA, marked.maker),
    (translation.SCHEMA, translation.maker),
    (segments.SCHEMA, segments.maker),
)
