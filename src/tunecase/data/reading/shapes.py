"""What the columns of a file mean: which hold the input, which the output."""

from collections.abc import Sequence
from typing import Any

from tunecase.data.reading.kinds import LONGEST_LABEL, is_object, looks_like_classes
from tunecase.data.reading.preferences import PROMPTS

# Input columns, output columns, schema name ("" for one made of the columns'); the first shape that the rows have wins.
# What the answers of prompts for reinforcement learning are held against.
REWARDED = ("reward_model", "ground_truth", "solution")
_SHAPES: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...] = (
    (("system_prompt", "question"), ("response", "answer"), "system/question/response"),
    (("system", "instruction"), ("output", "response"), "instruct"),
    (("system", "prompt"), ("response", "completion"), "prompt/completion"),
    (("question", "sentence"), ("label",), "pair/label"),
    (("claim", "evidence"), ("label", "verdict"), "pair/label"),
    (("query", "passage"), ("label", "relevance"), "pair/label"),
    (("query", "document"), ("label", "relevance"), "pair/label"),
    (("passage", "question"), ("answer",), "question/answer"),
    (("document", "question"), ("answer",), "question/answer"),
    (("article", "question"), ("answer",), "question/answer"),
    (("schema", "question"), ("query", "sql"), "question/sql"),
    (("sql_context", "sql_prompt"), ("sql",), "question/sql"),
    (("text",), ("label", "category", "intent", "labels", "target"), ""),
    (("utterance",), ("intent",), ""),
    (("sentence",), ("label",), ""),
    (("instruction", "input"), ("output",), "instruct"),
    (("instruction", "context"), ("response", "output"), "instruct"),
    (("instruction", "input"), ("response",), "instruct"),
    (("instruction",), ("output", "response", "completion", "answer"), "instruct"),
    (("prompt",), ("completion", "response", "output", "answer"), "prompt/completion"),
    (("prompt",), REWARDED, "prompt/ground truth"),
    (("context", "question"), ("answer", "answers"), "question/answer"),
    (("passage", "question"), ("answer", "answers", "label"), "question/answer"),
    (("question",), ("answer", "response", "answers"), "question/answer"),
    (("query",), ("response", "answer", "answers"), "query/response"),
    (("problem",), ("solution", "response", "answer"), "question/answer"),
    (("user",), ("assistant",), "prompt/completion"),
    (("input",), ("output",), ""),
    (("inputs",), ("targets",), "input/output"),
    (("input",), ("target",), "input/output"),
    (("source",), ("target",), ""),
    (("article",), ("highlights",), "text/summary"),
    (("document",), ("summary",), "text/summary"),
    (("dialogue",), ("summary",), "text/summary"),
    (("text",), ("summary",), ""),
    (("premise", "hypothesis"), ("label",), "pair/label"),
    (("sentence1", "sentence2"), ("label",), "pair/label"),
    (("question1", "question2"), ("label",), "pair/label"),
    (("text1", "text2"), ("label",), "pair/label"),
    (("text_a", "text_b"), ("label",), "pair/label"),
    (("sentence_a", "sentence_b"), ("label",), "pair/label"),
    (("sentence_1", "sentence_2"), ("label",), "pair/label"),
)
SHAPES = tuple(
    (inputs, output, schema or f"{inputs[0]}/{output}") for inputs, outputs, schema in _SHAPES for output in outputs
)
INSTANCES = "instruction/instances"  # the shape of Self-Instruct
ASKING = ("user", "human", "prompter")  # roles that an answer follows
CHAT_KEYS = ("messages", "conversations", "conversation", "dialog", "dialogue", "turns", "chat")
SYSTEM = ("system", "system_prompt", "system_message")
THINKING = ("reasoning_content", "reasoning", "thinking", "thoughts", "thought", "complex_cot",
            "chain_of_thought", "cot", "reasoning_trace", "thinking_trajectory")  # fmt: skip
# The shapes whose answers are written, so that reasoning before them is taught and a system prompt goes in.
WRITTEN = ("instruct", "prompt/completion", "prompt/completion/label", "question/answer", "query/response", "chat",
           "input/output", "preference")  # fmt: skip
TEXTS = ("text", "utterance", "sentence", "query", "question", "review", "content", "message", "comment", "tweet",
         "document", "body", "description", "title", "input", "prompt", "email", "ticket", "phrase",
         "texts")  # fmt: skip
LABELS = ("label", "category", "intent", "class", "labels", "target", "label_text", "label_name", "sentiment", "topic",
          "emotion", "tag", "tags", "type", "stars", "rating", "y", "entities", "json", "extraction")  # fmt: skip
LEAST_ROWS_TO_GUESS = 10


def folded(name: object) -> str:
    """A column name as it is compared: case does not matter, and blanks, hyphens and underscores are alike."""
    return str(name).strip().casefold().replace(" ", "_").replace("-", "_")


def chat_key(names: dict[str, str], sample: Sequence[dict[str, Any]]) -> str:
    """The folded name of the column of turns, "" for none; all but the first two CHAT_KEYS must also hold lists."""
    for key in CHAT_KEYS:
        if key in names:
            values = [record[names[key]] for record in sample if record.get(names[key]) is not None]
            lists = sum(isinstance(value, list) or (isinstance(value, str) and value.lstrip()[:2] in ("[{", "[]"))
                        for value in values)  # fmt: skip
            if key in CHAT_KEYS[:2] or lists > len(values) // 2:
                return key
    return ""


def answer_beside_chats(names: dict[str, str], key: str, sample: Sequence[dict[str, Any]]) -> str | None:
    """The column of the answers to chats that hold none themselves, None where they do or no such column is there."""
    column = next(
        (names[name] for name in (*REWARDED, "answer", "response", "completion", "output") if name in names), None
    )
    chats = [chat for record in sample if isinstance(chat := record.get(names[key]), list) and chat]
    ended = sum(
        isinstance(chat[-1], dict) and (chat[-1].get("role") or chat[-1].get("from")) in ASKING for chat in chats
    )
    return column if ended > 0.9 * len(chats) > 0 else None


def columns_of(names: dict[str, str], output: str | None, labelled: bool) -> tuple[tuple[str, ...], str, str] | None:
    """(input columns, output column, schema) of the first shape that fits, as folded names.

    Args:
        output: the folded name of the output, where the user named it.
        labelled: False where no output is needed.
    """
    for inputs, usual, schema in SHAPES:
        target = output or usual
        if all(name in names for name in inputs) and (target in names or not labelled):
            return inputs, target, schema
    return _text_and_label(names, output, labelled)


def _text_and_label(
    names: dict[str, str], output: str | None, labelled: bool
) -> tuple[tuple[str, ...], str, str] | None:
    labels = [label for label in ((output,) if output else LABELS) if label in names or not labelled]
    pairs = ((text, label) for text in TEXTS if text in names for label in labels if label != text)
    return next((((text,), label, f"{text}/{label}") for text, label in pairs), None)


def output_beside(input: str, names: dict[str, str], output: str | None) -> tuple[str, str]:
    """(column, schema) of the output beside an input that the user named; ("", "") where no usual column is there.

    Args:
        names: columns by folded name.
        output: the folded name of the output, where the user named it.
    """
    for _, target, schema in SHAPES:
        column = names.get(output or target, input)
        if column != input:
            return column, schema
    return "", ""


def two_columns(columns: Sequence[str], sample: Sequence[dict[str, Any]]) -> tuple[str, str] | None:
    """(input, output) of two columns with unknown names where there is no doubt, else None.

    One column must hold distinct texts, the other a few short labels or JSON objects.
    """
    if len(columns) != 2 or len(sample) < LEAST_ROWS_TO_GUESS:
        return None
    values = [[record.get(column) for record in sample] for column in columns]
    fits = []
    for text, label in ((0, 1), (1, 0)):
        if _texts(values[text]) and _labels(values[label], values[text]):
            fits.append((columns[text], columns[label]))
    return fits[0] if len(fits) == 1 else None


def _texts(values: list[object]) -> bool:
    texts = [value for value in values if isinstance(value, str) and value]
    if len(texts) < 0.9 * len(values):
        return False
    many_words = sum(len(text.split()) >= 3 for text in texts) >= 0.5 * len(texts)
    return many_words and len(set(texts)) >= 0.8 * len(texts) and not _are_json(values)


def _labels(values: list[object], texts: list[object]) -> bool:
    if _are_json(values):
        return True
    labels = ["" if value is None else str(value) for value in values if not isinstance(value, dict | list)]
    if len(labels) < len(values) or not looks_like_classes(labels) or max(map(len, labels)) > LONGEST_LABEL:
        return False
    return sum(map(len, labels)) / len(labels) < 0.7 * sum(len(str(text)) for text in texts) / len(texts)


def _are_json(values: list[object]) -> bool:
    return sum(
        isinstance(v, dict) or (isinstance(v, str) and v[:1] == "{" and is_object(v)) for v in values
    ) >= 0.9 * len(values)


def headless(first: Sequence[str], later: Sequence[Sequence[str]]) -> bool:
    """True where the first line of a CSV is clearly a row: no cell is a known name, and at least one cannot be a name.

    A cell cannot be a name when it is a number, longer than 60 characters or six words, or is seen again below.
    """
    same = [row for row in later if len(row) == len(first)]
    cells = [(cell, [row[place] for row in same]) for place, cell in enumerate(first)]
    if any(_is_name(*each) for each in cells) or not later or len(set(first)) < len(first):
        return False
    return any(_is_value(*each) for each in cells)


def _is_name(cell: str, below: Sequence[str]) -> bool:
    """True for a known name, unless it recurs below, as a value such as y or n would."""
    return folded(cell) in KNOWN and below.count(cell) <= 0.1 * len(below)


def _is_value(cell: str, below: Sequence[str]) -> bool:
    again = bool(cell) and cell in below and len(below) >= LEAST_ROWS_TO_GUESS // 2
    return again or len(cell) > LONGEST_LABEL or len(cell.split()) > 6 or _number(cell)


def _number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


KNOWN = {name for inputs, output, _ in SHAPES for name in (*inputs, output)} | {*CHAT_KEYS, *PROMPTS, *TEXTS, *LABELS}
KNOWN |= {"chosen", "rejected", "id", "context"}
