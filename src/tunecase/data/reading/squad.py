"""Questions on a text, as in SQuAD and its cousins: a context, a question, and the answers that are accepted."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tunecase.data.reading.rows import NOTHING, BadRow, Layout, Make, Row, shown

SCHEMA = "context/question/answers"
UNANSWERABLE = "unanswerable"
CONTEXTS = ("context", "passage", "paragraph", "document", "article", "story", "document_plaintext", "passage_text",
            "contexts", "support", "passages")  # fmt: skip
QUESTIONS = ("question", "question_text", "query", "title")
ANSWERS = ("answers", "answer", "answers_spans", "annotations", "gold_answers", "final_decision")
TEXT_KEYS = ("text", "value", "answer", "minimal_answers_text", "input_text", "normalized_value", "aliases",
             "spans")  # fmt: skip
IMPOSSIBLE = ("is_impossible", "unanswerable")


def layout(start: Layout, names: dict[str, str], sample: Sequence[dict[str, Any]]) -> Layout | None:
    """How to read rows with a question whose answers are lists or objects, None for other rows."""
    question = next((names[name] for name in QUESTIONS if name in names), None)
    context = next((names[name] for name in CONTEXTS if name in names and names[name] != question), None)
    inside = context is not None and all(isinstance(record.get(context), dict | list) for record in sample)
    told = [names[name] for name in ANSWERS if name in names and _are_answers(names[name], sample, inside)]
    if question is None or not told:
        return None
    return replace(start, schema=SCHEMA, input=(context, question) if context else (question,), output=told[0])


def _are_answers(name: str, sample: Sequence[dict[str, Any]], plain: bool) -> bool:
    """True for a column of answers in lists or objects; with `plain`, of texts too."""
    values = [record[name] for record in sample if record.get(name) is not None]
    kinds = (dict, list, str) if plain else (dict, list)
    return bool(values) and all(isinstance(value, kinds) and texts_of(value) is not None for value in values)


def texts_of(value: object) -> list[str] | None:
    """The accepted answers in a cell, the first of them first; None where it holds none in a form known here.

    Example:
        >>> texts_of({"text": ["in Bonn", "Bonn"], "answer_start": [3, 6]}), texts_of([{"text": "Bonn"}])
        (['in Bonn', 'Bonn'], ['Bonn'])
    """
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, list):
        found = [texts_of(each) for each in value]
        return None if None in found else [text for texts in found if texts for text in texts]
    if isinstance(value, dict):
        key = next((key for key in TEXT_KEYS if key in value), None)
        return texts_of(value[key]) if key else None
    return [str(value)] if isinstance(value, int | float) else None


def maker(layout: Layout) -> Make:
    """Rows whose input is the context and then the question, and whose output is the first accepted answer.

    A question without an answer gets the answer "unanswerable". All accepted answers stay in `other`, with the column
    that says whether there is one.
    """
    *contexts, question = layout.input
    answers = str(layout.output)
    used = set(layout.input)

    def make(number: int, line: int, record: dict[str, Any]) -> Row | BadRow:
        asked = next(iter(texts_of(record.get(question)) or []), "")
        texts = [_passage(record.get(name)) for name in contexts]
        if not asked.strip() or None in texts:
            missing = contexts[0] if asked.strip() else question
            return BadRow(number, line, f"no text in {missing!r}", shown(record))
        value = record.get(answers)
        accepted = [] if _is_impossible(record) else texts_of(value)
        if accepted is None or (value is None and not _is_impossible(record)):
            return BadRow(number, line, f"no {answers!r} with a text", shown(record))
        text = "\n\n".join([text for text in texts if text] + [asked])
        other = {key: each for key, each in record.items() if key not in used} or NOTHING
        return Row(number, line, text, accepted[0] if accepted else UNANSWERABLE, other)

    return make


def _is_impossible(record: dict[str, Any]) -> bool:
    return any(record.get(name) is True for name in IMPOSSIBLE)


def _passage(value: object) -> str | None:
    """A context as text: lists and objects of texts, such as titles and sentences, are joined; None where none is."""
    if isinstance(value, str):
        return "" if value.startswith(("http://", "https://")) else value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if parts is None:
        return None
    return "\n".join(text for text in map(_passage, parts) if text)
