"""Questions with several options: the input lists the options, the output is the text of the right one.

Letters and numbers only point at an option: as classes they would look random to every check that reads the text.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tunecase.data.reading.rows import NOTHING, BadRow, Layout, Make, Row, shown
from tunecase.data.reading.shapes import folded

SCHEMA, FROM_ONE = "multiple choice", "multiple choice, counted from 1"
LISTS = ("choices", "options", "endings", "mc_options")
ANSWERS = ("answerkey", "answer_key", "answer_idx", "answer_index", "correct", "correct_option",
           "correct_answer", "cop", "answer", "label", "target", "gold")  # fmt: skip
ASKED = ("premise", "context", "passage", "article", "support", "ctx", "startphrase", "question",
         "question_stem", "query", "problem", "goal", "sentence", "sent", "input", "prompt",
         "instruction")  # fmt: skip
SERIES = (
    ("a", "b", "c", "d", "e"), ("opa", "opb", "opc", "opd", "ope"), ("answera", "answerb", "answerc", "answerd"),
    ("answer0", "answer1", "answer2", "answer3"), ("answer1", "answer2", "answer3", "answer4"),
    ("ending0", "ending1", "ending2", "ending3"), ("option1", "option2", "option3", "option4", "option5"),
    ("choice1", "choice2", "choice3", "choice4"), ("sol1", "sol2"), ("option_a", "option_b", "option_c", "option_d"),
    ("optiona", "optionb", "optionc", "optiond"), ("choice_a", "choice_b", "choice_c", "choice_d"),
)  # fmt: skip
LETTERS = "ABCDEFGHIJ"
_LABELLED = re.compile(r"^\s*\(?([A-Ja-j])[).:]\s*")


def layout(start: Layout, names: dict[str, str], sample: Sequence[dict[str, Any]]) -> Layout | None:
    """How to read rows with options and the place, letter or text of the right one; None for other rows."""
    options = _option_columns(names, sample)
    asked = [names[name] for name in ASKED if name in names and names[name] not in options]
    if not options or not asked:
        return None
    texts = [name for name in asked if all(isinstance(record.get(name), str) for record in sample)]
    for name in ANSWERS:
        answer = names.get(name)
        if answer and texts and answer not in (*options, *texts):
            layout = replace(start, schema=SCHEMA, input=(*texts, *options), output=answer)
            for schema in (SCHEMA, FROM_ONE):
                if _fits(replace(layout, schema=schema), sample):
                    return replace(layout, schema=schema)
    return None


def without_names(start: Layout, columns: Sequence[str], sample: Sequence[dict[str, Any]]) -> Layout | None:
    """The same for tables without a header: a question, three to five options, and last the letter of the right one."""
    if not start.headless or not 5 <= len(columns) <= 7 or len(sample) < 5:
        return None
    letters = set(LETTERS[: len(columns) - 2])
    answers = {str(record.get(columns[-1])).strip() for record in sample}
    if not answers <= letters or len(answers) < 2:
        return None
    return replace(start, schema=SCHEMA, input=tuple(columns[:-1]), output=columns[-1])


def _fits(layout: Layout, sample: Sequence[dict[str, Any]]) -> bool:
    """True where nine in ten rows can be made, and no count from 0 is needed where options count from 1."""
    make = maker(layout)
    answers = [str(record.get(str(layout.output))) for record in sample]
    if layout.schema == SCHEMA and all(answer.isdigit() for answer in answers) and "0" not in answers:
        return False
    return sum(isinstance(make(0, 0, record), Row) for record in sample) >= 0.9 * len(sample)


def _option_columns(names: dict[str, str], sample: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    for name in LISTS:
        if name in names and any(isinstance(record.get(names[name]), list | dict) for record in sample):
            return (names[name],)
    series = next((series for series in SERIES if all(name in names for name in series[:2])), ())
    return tuple(names[name] for name in series if name in names)


def options_of(value: object) -> list[tuple[str, str]] | None:
    """The options in one cell as (letter, text); None where it holds none.

    Example:
        >>> options_of({"label": ["1", "2"], "text": ["a moth", "a moss"]})
        [('1', 'a moth'), ('2', 'a moss')]
    """
    if isinstance(value, dict):
        texts, labels = value.get("text"), value.get("label")
        if not isinstance(texts, list):
            plain = all(isinstance(text, str) for text in value.values())
            return [(str(key), text) for key, text in value.items()] if value and plain else None
        named = labels if isinstance(labels, list) and len(labels) == len(texts) else LETTERS
        return [(str(label), str(text)) for label, text in zip(named, texts, strict=False)]
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(each, dict) and "text" in each for each in value):
        return [(str(each.get("label", LETTERS[at % 10])), str(each["text"])) for at, each in enumerate(value)]
    if any(isinstance(each, list | dict) or each is None for each in value):
        return None
    return [(LETTERS[at % 10], _LABELLED.sub("", str(each))) for at, each in enumerate(value)]


def maker(layout: Layout) -> Make:
    """Rows whose input is the question and a line for each option, and whose output is the right option's text."""
    options = _Options(layout)
    asked = [name for name in layout.input if name not in options.columns]
    answer, first = str(layout.output), 1 if layout.schema == FROM_ONE else 0
    used = {*layout.input, answer}

    def make(number: int, line: int, record: dict[str, Any]) -> Row | BadRow:
        offered = options.read(record)
        if not offered or len(offered) < 2:
            return BadRow(number, line, "fewer than two options", shown(record))
        right = _right(record.get(answer), offered, first)
        texts = [str(record[name]) for name in asked if record.get(name) not in (None, "")]
        if right is None or not texts:
            reason = f"{answer!r} names no option" if texts else f"no {asked[-1]!r}"
            return BadRow(number, line, reason, shown(record))
        listed = "\n".join(f"{letter}. {text}" for letter, text in offered)
        other = {key: value for key, value in record.items() if key not in used} or NOTHING
        return Row(number, line, "\n\n".join([*texts, listed]), right, other)

    return make


class _Options:
    """Reads the options of a record from one column that holds them all, or from a column each."""

    def __init__(self, layout: Layout) -> None:
        names = {name: folded(name) for name in layout.input}
        lists = [name for name in layout.input if names[name] in LISTS]
        wanted = {name for series in SERIES for name in series}
        self.columns: Sequence[str] = lists[-1:] or [name for name in layout.input if names[name] in wanted]
        if layout.headless:
            self.columns = layout.input[1:]
        self.read: Callable[[dict[str, Any]], list[tuple[str, str]] | None] = self._of_list if lists else self._of_each

    def _of_list(self, record: dict[str, Any]) -> list[tuple[str, str]] | None:
        return options_of(record.get(self.columns[0]))

    def _of_each(self, record: dict[str, Any]) -> list[tuple[str, str]] | None:
        texts = [record.get(name) for name in self.columns]
        there = [str(text) for text in texts if text not in (None, "")]
        return [(LETTERS[at], text) for at, text in enumerate(there)]


def _right(answer: object, offered: list[tuple[str, str]], first: int) -> str | None:
    """The text of the right option, from its letter, its text or its place; None where there is no such option."""
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    said = str(int(answer)) if isinstance(answer, bool | int) else str(answer).strip()
    place = int(said) - first if said.isdecimal() and len(said) < 3 else -1
    by_place = offered[place][1] if 0 <= place < len(offered) else None
    if isinstance(answer, int):
        return by_place
    for letter, text in offered:
        if said in (letter, text.strip()) or (len(said) == 1 and said.upper() == letter):
            return text
    return by_place
