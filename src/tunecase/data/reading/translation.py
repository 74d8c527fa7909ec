"""Texts in two languages: one column that holds both by language, or a column for each."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tunecase.data.reading.rows import NOTHING, BadRow, Layout, Make, Row, shown

SCHEMA = "translation"
# ISO 639-1 codes and the English names of languages that name columns of parallel texts.
CODES = frozenset(
    (
        "af am ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fr ga gl gu ha he hi hr ht hu hy id "
        "ig is it ja jv ka kk km kn ko ku ky la lb lo lt lv mg mi mk ml mn mr ms mt my ne nl no ny or pa pl "
        "ps pt ro ru rw sd si sk sl sm sn so sq sr st su sv sw ta te tg th tk tl tr tt ug uk ur uz vi xh yi "
        "yo zh zu "
    ).split()
)
NAMES = frozenset(
    (
        "arabic bengali chinese czech danish dutch english estonian finnish french german greek gujarati "
        "hebrew hindi hungarian indonesian italian japanese korean latin latvian lithuanian malay marathi "
        "norwegian persian polish portuguese romanian russian spanish swahili swedish tamil telugu thai "
        "turkish ukrainian urdu vietnamese welsh yoruba "
    ).split()
)


def is_language(name: str) -> bool:
    """True for a column named after a language, by its code (also with a region or script) or its English name.

    Example:
        >>> is_language("pt_br"), is_language("eng_Latn"), is_language("German"), is_language("text")
        (True, True, True, False)
    """
    first, _, rest = name.casefold().replace("-", "_").partition("_")
    if rest in ("text", "sentence", "latn", "cyrl", "arab", "hans", "hant", "deva"):
        return first in CODES or first in NAMES or (len(first) == 3 and rest not in ("text", "sentence"))
    return (first in CODES and (not rest or len(rest) == 2)) or (first in NAMES and not rest)


def layout(start: Layout, names: dict[str, str], sample: Sequence[dict[str, Any]]) -> Layout | None:
    """How to read rows of texts in two languages, in the order that they stand in the file; None for other rows."""
    column = names.get("translation")
    if column and all(len(_texts(record.get(column))) == 2 for record in sample):
        return replace(start, schema=SCHEMA, input=(column,), output=column)
    languages = [real for name, real in names.items() if is_language(name)]
    languages = [name for name in languages if _are_sentences([record.get(name) for record in sample])]
    if len(languages) != 2:
        return None
    first, second = sorted(languages, key=list(sample[0]).index)
    return replace(start, schema=f"{first}/{second}", input=(first,), output=second)


def _are_sentences(values: Sequence[object]) -> bool:
    """True for texts of which half are longer than a word: `id` and `no` name languages and much else."""
    texts = [value for value in values if isinstance(value, str)]
    return len(texts) >= 0.9 * len(values) and sum(len(text) > 12 for text in texts) >= 0.5 * len(texts)


def _texts(value: object) -> list[str]:
    """The texts in a cell of texts by language."""
    if not isinstance(value, dict):
        return []
    return [text for name, text in value.items() if is_language(str(name)) and isinstance(text, str)]


def maker(layout: Layout) -> Make:
    """Rows from one text into the other language, in the order that each row has them."""
    column = layout.input[0]

    def make(number: int, line: int, record: dict[str, Any]) -> Row | BadRow:
        texts = _texts(record.get(column))
        if len(texts) != 2:
            return BadRow(number, line, f"no texts in two languages in {column!r}", shown(record))
        other = {name: value for name, value in record.items() if name != column} or NOTHING
        return Row(number, line, texts[0], texts[1], other)

    return make
