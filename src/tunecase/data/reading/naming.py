"""Which column is the input and which the output, where the words in their names say so."""

import re
from collections.abc import Sequence
from typing import Any

from tunecase.data.reading.shapes import LEAST_ROWS_TO_GUESS, folded

# Words of a column's name, the surest first. A word of both lists is an output only beside a surer input.
OUTPUT_WORDS = ("final", "gold", "expected", "ideal", "target", "targets", "tgt", "trg", "answer",
                "answers", "response", "output", "outputs", "completion", "reply", "solution",
                "canonical", "sql", "query", "cypher", "regex", "snippet", "summary", "highlights",
                "abstract", "impression", "translation", "paraphrase", "simplified", "simple",
                "corrected", "correction", "rewritten", "formal", "polite", "code", "docstring", "docs",
                "comment", "documentation", "cmd", "command", "bash", "headline", "title", "caption",
                "label", "category", "intent", "class", "sentiment", "topic", "verdict", "assistant",
                "bot", "agent", "out", "result")  # fmt: skip
INPUT_WORDS = ("question", "problem", "instruction", "instructions", "prompt", "user", "human",
               "customer", "nl", "utterance", "request", "task", "query", "source", "src", "input",
               "inputs", "article", "document", "passage", "report", "findings", "transcript", "dialogue",
               "dialog", "conversation", "context", "paragraph", "text", "texts", "sentence", "content",
               "body", "message", "email", "post", "review", "comment", "claim", "premise", "description",
               "original", "complex", "informal", "incorrect", "invocation", "func", "function", "code",
               "method", "diff", "intent", "english", "word", "term", "name", "title", "in")  # fmt: skip
# Names of columns that tell of a row, and are neither asked nor answered.
ASIDE_WORDS = ("id", "ids", "idx", "index", "uuid", "url", "uri", "link", "date", "time", "timestamp",
               "created", "hash", "source_id", "split", "lang", "language", "license", "licence", "model",
               "score", "scores", "len", "length", "tokens", "count", "num", "path", "file", "filename",
               "repo", "type", "difficulty", "level", "meta", "metadata", "author", "version",
               "explanation", "rationale", "reasoning")  # fmt: skip
_WORD = re.compile(r"[a-z]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
SHOWN_CHARACTERS = 20
LONG_CHARACTERS = 20
MOST_SHOWN = 12


def words_of(name: str) -> list[str]:
    """The words in a column's name.

    Example:
        >>> words_of("finalAnswer"), words_of("target_text")
        (['final', 'answer'], ['target', 'text'])
    """
    return _WORD.findall(folded(_CAMEL.sub("_", name)))


def by_names(columns: Sequence[str], sample: Sequence[dict[str, Any]]) -> tuple[str, str] | None:
    """(input, output) where the names of the columns say which is which, else None.

    Both must hold texts. One whose name says nothing is the other one where no third column of texts is left.
    """
    texts = [column for column in columns if _are_texts([record.get(column) for record in sample])]
    told = [column for column in texts if not _is_aside(column)]
    outputs = sorted((rank, at) for at, column in enumerate(told) if (rank := _rank(column, OUTPUT_WORDS)) is not None)
    asked = [column if _can_be_asked([record.get(column) for record in sample]) else "" for column in told]
    inputs = sorted((rank, at) for at, column in enumerate(asked) if (rank := _rank(column, INPUT_WORDS)) is not None)
    for _, output in outputs:
        for rank, input in inputs:
            if input != output and not _is_surer_output(told[input], told[output], rank):
                return told[input], told[output]
    if len(told) != 2 or len(sample) < LEAST_ROWS_TO_GUESS:
        return None
    if len(outputs) == 1 and not inputs:
        return told[1 - outputs[0][1]], told[outputs[0][1]]
    if len(inputs) == 1 and not outputs:
        return told[inputs[0][1]], told[1 - inputs[0][1]]
    return None


def _can_be_asked(values: Sequence[object]) -> bool:
    """True unless many rows show that a column holds classes or single words, which nothing can be answered to."""
    texts = [str(value) for value in values if value]
    longer = sum(" " in text.strip() or len(text) > LONG_CHARACTERS for text in texts)
    return len(values) < LEAST_ROWS_TO_GUESS or (longer >= 0.5 * len(texts) and len(set(texts)) >= 0.3 * len(texts))


def _is_surer_output(input: str, output: str, rank: int) -> bool:
    """True where the column taken as input is rather the output: its name comes first among outputs."""
    as_output, other = _rank(input, OUTPUT_WORDS), _rank(output, OUTPUT_WORDS)
    other_as_input = _rank(output, INPUT_WORDS)
    if as_output is None or other is None:
        return False
    return as_output < other and (other_as_input is not None and other_as_input <= rank)


def _rank(column: str, listed: Sequence[str]) -> int | None:
    """The place of the surest word of a column's name in a list, None where none is in it."""
    places = [listed.index(word) for word in words_of(column) if word in listed]
    return min(places, default=None)


def _is_aside(column: str) -> bool:
    words = words_of(column)
    return not words or words[-1] in ASIDE_WORDS or words[0] in ("is", "has", "num", "n")


def _are_texts(values: Sequence[object]) -> bool:
    """True where nearly all values are texts, and they are no addresses, numbers or one value throughout."""
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    if len(texts) < 0.9 * len(values) or (len(set(texts)) == 1 and len(texts) >= LEAST_ROWS_TO_GUESS):
        return False
    return sum(text.startswith(("http://", "https://")) for text in texts) < 0.5 * len(texts)


def shown_columns(columns: Sequence[str], sample: Sequence[dict[str, Any]]) -> str:
    """Columns, each with the beginning of its first value, for the message that asks which are which."""
    parts = []
    for column in columns[:MOST_SHOWN]:
        values = (record.get(column) for record in sample)
        value = next((value for value in values if value not in (None, "")), "nothing")
        text = " ".join(str(value).split())
        parts.append(f"{column} ({text[: SHOWN_CHARACTERS - 1] + '…' if len(text) > SHOWN_CHARACTERS else text})")
    return ", ".join(parts) + (f" and {len(columns) - MOST_SHOWN} more" if len(columns) > MOST_SHOWN else "")


def likely_pair(columns: Sequence[str], sample: Sequence[dict[str, Any]]) -> tuple[str, str]:
    """The pair to name in an example command, in the order of the file unless the first is far shorter than another.

    COL stands for one that is not there.
    """
    texts = [column for column in columns if _are_texts([record.get(column) for record in sample])]
    if not texts:
        return "COL", "COL"
    sizes = {column: sum(len(str(record.get(column))) for record in sample) for column in texts}
    longest = max(texts, key=sizes.__getitem__)
    input = longest if sizes[longest] > 3 * sizes[texts[0]] else texts[0]
    rest = [column for column in texts if column != input and not _is_aside(column)]
    return input, rest[-1] if rest else "COL"
