"""Marked stretches of text (named entities): tags of tokens, and spans by offset, as an object of texts by type.

The answer of a row is a JSON object from each type that occurs, in the order of the alphabet, to the texts marked with
it, in the order they stand: `{"LOC": ["Bonn"], "PER": ["Ann", "Bo"]}`; a row without a mark has `{}`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from tunecase.data.reading.chat import as_json
from tunecase.data.reading.rows import NOTHING, BadRow, Layout, Make, Row, shown

TAGS, INSIDE_BEGINS, PLAIN_TAGS = "tokens/tags", "tokens/tags (IOB1)", "tokens/tag of each"
SPANS, TOKEN_SPANS = "text/spans", "tokens/spans"
SCHEMAS = (TAGS, INSIDE_BEGINS, PLAIN_TAGS, SPANS, TOKEN_SPANS)
TOKENS = ("tokens", "words", "tokenized_text", "token", "sentence", "text", "sentences")
TAG_COLUMNS = ("ner_tags", "ner", "ner_tag", "tags", "labels", "bio_tags", "iob_tags", "entity_tags", "named_entities",
               "label", "tag", "fine_ner_tags", "slots", "chunk_tags", "pos_tags", "upos", "pos")  # fmt: skip
TEXTS = ("text", "sentence", "content", "document", "passage", "data", "utterance", "input")
SPAN_COLUMNS = ("spans", "entities", "label", "labels", "ner", "entity", "annotations", "entity_spans")
_TAG = re.compile(r"^(?:([BIESLUM])[-_](.+)|([BIO])|(O))$", re.DOTALL)
MOST_TAGS = 500
MOST_NUMBER = 10_000  # of a tag: each number up to the largest gets a name
OUTSIDE = ("O", "0", "OUT", "_")


class Span(NamedTuple):
    """A stretch from `start` up to but without `end`, in tokens or characters, and its type."""

    start: int
    end: int
    type: str


class BadSpansError(ValueError):
    """Why the marks of a row cannot be used."""


def layout(start: Layout, names: dict[str, str], sample: Sequence[dict[str, Any]]) -> Layout | None:
    """How to read rows of tokens and tags, or of a text and spans; None for other rows."""
    return _of_tags(start, names, sample) or _of_spans(start, names, sample)


def _of_tags(start: Layout, names: dict[str, str], sample: Sequence[dict[str, Any]]) -> Layout | None:
    tokens = next((names[name] for name in TOKENS if name in names and _mostly(sample, names[name], _is_texts)), None)
    if tokens is None:
        return None
    for name in TAG_COLUMNS:
        tags = names.get(name)
        if tags and tags != tokens and _in_step(sample, tokens, tags):
            return _with_scheme(replace(start, input=(tokens,), output=tags), sample)
    for name in SPAN_COLUMNS:
        spans = names.get(name)
        if spans and spans != tokens and _mostly(sample, spans, lambda value: spans_in(value) is not None):
            return replace(start, schema=TOKEN_SPANS, input=(tokens,), output=spans)
    return None


def _mostly(sample: Sequence[dict[str, Any]], name: str, holds: Callable[[Any], bool]) -> bool:
    values = [record.get(name) for record in sample]
    return bool(values) and sum(map(holds, values)) >= 0.9 * len(values)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)


def _in_step(sample: Sequence[dict[str, Any]], tokens: str, tags: str) -> bool:
    """True where most rows have a tag, a text or a number, for each token."""
    pairs = [(record.get(tokens), record.get(tags)) for record in sample]
    whole = [
        tag for token, tag in pairs if isinstance(token, list) and isinstance(tag, list) and len(token) == len(tag)
    ]
    plain = all(type(each) in (str, int) for tag in whole for each in tag)
    return plain and len(whole) > len(sample) // 2 and len({each for tag in whole for each in tag}) <= MOST_TAGS


def _with_scheme(layout: Layout, sample: Sequence[dict[str, Any]]) -> Layout:
    """The layout with the scheme of its tags; numbers get the names of the file, else those that they must have."""
    column = str(layout.output)
    rows = [record[column] for record in sample if isinstance(record.get(column), list)]
    tags = [row for row in rows if all(type(tag) is int and tag <= MOST_NUMBER for tag in row)]
    if any(tags):
        if not layout.classes:
            note = f"the tags in {layout.output!r} are numbers without names, so types are called by their number"
            layout = replace(layout, classes=_names_of(tags), notes=(*layout.notes, note))
        named = [[layout.classes[tag] for tag in row if 0 <= tag < len(layout.classes)] for row in tags]
    else:
        named = [row for row in rows if all(isinstance(tag, str) for tag in row)]
    return replace(layout, schema=scheme_of(named))


def _names_of(rows: Sequence[Sequence[int]]) -> tuple[str, ...]:
    """Names of numbered tags: 0 is outside; odd numbers begin what the next even one goes on with, where that holds."""
    most = max((tag for row in rows for tag in row), default=0)
    before = [(a, b) for row in rows for a, b in zip([0, *row], row, strict=False) if b and b % 2 == 0]
    if before and all(a in (b, b - 1) for a, b in before):
        pairs = [name for k in range(1, most // 2 + 2) for name in (f"B-{k}", f"I-{k}")]
        return ("O", *pairs)
    return ("O", *(str(k) for k in range(1, most + 1)))


def scheme_of(rows: Sequence[Sequence[str]]) -> str:
    """How tags mark entities: each begun by B, begun by I too where many are (IOB1), or one tag of its own each.

    Example:
        >>> scheme_of([["B-PER", "I-PER", "O"]]), scheme_of([["O", "I-PER"]]), scheme_of([["DET", "NOUN"]])
        ('tokens/tags', 'tokens/tags (IOB1)', 'tokens/tag of each')
    """
    tags = Counter(tag for row in rows for tag in row)
    if not any(tag in OUTSIDE for tag in tags) and not any(_TAG.match(tag) for tag in tags):
        return PLAIN_TAGS
    begun = Counter(_begins(before, tag) for row in rows for before, tag in zip(["O", *row], row, strict=False))
    return INSIDE_BEGINS if begun["I"] > 0.2 * (begun["I"] + begun["B"]) else TAGS


def _begins(before: str, tag: str) -> str:
    """How an entity begins at a tag: "B", "I" (without a B), or "" where none does."""
    prefix, kind = _parted(tag)
    if prefix in ("B", "S", "U"):
        return "B"
    if prefix == "I" and (_parted(before)[1] != kind or _parted(before)[0] not in ("B", "I", "M")):
        return "I"
    return ""


def _parted(tag: str) -> tuple[str, str]:
    """The prefix and the type of a tag; "" and the tag for one without a prefix, "O" and "" outside."""
    if tag in OUTSIDE:
        return "O", ""
    match = _TAG.match(tag)
    if match is None:
        return "", tag
    return (match[1], match[2]) if match[1] else (match[3], "entity")


def spans_of_tags(tags: Sequence[str], inside_begins: bool = False) -> list[Span]:
    """The spans that tags mark: BIO, BIOES and BILOU; equal tags without a prefix that follow each other are one span.

    Args:
        inside_begins: whether I after anything else begins a span (IOB1).
    Raises: BadSpansError where I, E or L goes on with nothing.
    Example:
        >>> spans_of_tags(["B-PER", "I-PER", "O", "LOC"])
        [Span(start=0, end=2, type='PER'), Span(start=3, end=4, type='LOC')]
    """
    spans: list[Span] = []
    last, open_type = "O", ""
    for at, tag in enumerate(tags):
        prefix, kind = _parted(tag)
        if prefix == "O":
            last, open_type = "O", ""
            continue
        follows = open_type == kind and last in ("B", "I", "M", "")
        if prefix in ("I", "E", "L", "M") and not follows and not inside_begins:
            raise BadSpansError(f"tag {at + 1}: {tag[:40]} without B-{kind[:40]} before it")
        if follows and prefix not in ("B", "S", "U"):
            spans[-1] = Span(spans[-1].start, at + 1, kind)
        else:
            spans.append(Span(at, at + 1, kind))
        last, open_type = prefix, kind if prefix not in ("E", "L", "S", "U") else ""
    return spans


def answer_of(marked: Iterable[tuple[str, str]]) -> str:
    """The answer of a row from (type, text) of its spans.

    Example:
        >>> answer_of([("PER", "Ann"), ("LOC", "Bonn"), ("PER", "Bo")])
        '{"LOC":["Bonn"],"PER":["Ann","Bo"]}'
    """
    texts: dict[str, list[str]] = {}
    for kind, text in marked:
        texts.setdefault(kind, []).append(text)
    return as_json(texts)


def _of_spans(start: Layout, names: dict[str, str], sample: Sequence[dict[str, Any]]) -> Layout | None:
    text = next((names[name] for name in TEXTS if name in names and _mostly(sample, names[name], _is_text)), None)
    if text is None:
        return None
    for name in SPAN_COLUMNS:
        column = names.get(name)
        if column and column != text and _are_spans(sample, column):
            return replace(start, schema=SPANS, input=(text,), output=column)
    return None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_spans(sample: Sequence[dict[str, Any]], column: str) -> bool:
    """True where nearly all cells are lists of spans, and at least one is not empty."""
    values = [record.get(column) for record in sample]
    read = [spans_in(value) for value in values if value is not None]
    return bool(read) and sum(each is not None for each in read) >= 0.9 * len(values) and any(read)


def spans_in(value: object) -> list[Span] | None:
    """The spans in a cell: [start, end, type], objects with these, or Label Studio's results; None for another cell.

    Example:
        >>> spans_in([[0, 3, "PER"], {"start": 7, "end": 11, "label": "LOC"}])
        [Span(start=0, end=3, type='PER'), Span(start=7, end=11, type='LOC')]
    """
    if not isinstance(value, list):
        return None
    spans = [_span(each) for each in value]
    return None if None in spans else [span for span in spans if span]


def _span(value: object) -> Span | None:
    if isinstance(value, dict):
        inner = value.get("value") if isinstance(value.get("value"), dict) else value
        start = _first(inner, ("start", "start_offset", "start_char", "begin", "start_idx"))
        end = _first(inner, ("end", "end_offset", "end_char", "stop", "end_idx"))
        kind = _first(inner, ("label", "type", "entity_group", "entity_type", "entity", "tag", "labels", "class"))
        value = [start, end, kind]
    if not isinstance(value, list | tuple) or len(value) != 3:
        return None
    start, end, kind = value
    if isinstance(kind, list) and len(kind) == 1:
        kind = kind[0]
    if type(start) is not int or type(end) is not int or not isinstance(kind, str):
        return None
    return Span(start, end, kind)


def _first(value: Any, keys: Sequence[str]) -> Any:
    return next((value[key] for key in keys if value.get(key) is not None), None)


def maker(layout: Layout) -> Make:
    """Rows whose input is the text, tokens joined by blanks, and whose output is the object of marked texts.

    A row is bad where tags and tokens differ in number, a tag goes on with nothing, or an offset lies outside the text.
    Where every token has a tag and none is outside (parts of speech), the output is the tags, joined by blanks.
    """
    given, marks = layout.input[0], str(layout.output)
    answer = {SPANS: _by_offsets, TOKEN_SPANS: _by_token_offsets}.get(layout.schema, _by_tags)

    def make(number: int, line: int, record: dict[str, Any]) -> Row | BadRow:
        try:
            text, output = answer(record.get(given), record.get(marks), layout)
        except BadSpansError as error:
            return BadRow(number, line, str(error), shown(record))
        other = {name: value for name, value in record.items() if name != given} if len(record) > 1 else NOTHING
        return Row(number, line, text, output, other)

    return make


def _by_offsets(text: object, marks: object, layout: Layout) -> tuple[str, str]:
    spans = spans_in([] if marks is None else marks)
    if not isinstance(text, str) or spans is None:
        raise BadSpansError(
            f"no text in {layout.input[0]!r}" if spans is not None else f"no spans in {layout.output!r}"
        )
    return text, answer_of((kind, text[start:end]) for start, end, kind in _inside(spans, len(text), "characters"))


def _by_token_offsets(tokens: object, marks: object, layout: Layout) -> tuple[str, str]:
    """GLiNER's form: both ends of a span are counted in tokens, and the last token belongs to it."""
    spans = spans_in([] if marks is None else marks)
    if not isinstance(tokens, list) or not tokens or spans is None:
        raise BadSpansError(f"no tokens in {layout.input[0]!r}, or no spans in {layout.output!r}")
    words = list(map(str, tokens))
    within = _inside([Span(start, end + 1, kind) for start, end, kind in spans], len(words), "tokens")
    return " ".join(words), answer_of((kind, " ".join(words[start:end])) for start, end, kind in within)


def _inside(spans: list[Span], length: int, unit: str) -> list[Span]:
    """The spans in the order of the text.

    Raises: BadSpansError for one that lies outside it or is empty.
    """
    for start, end, kind in spans:
        if not 0 <= start < end <= length:
            raise BadSpansError(f"the span {start} to {end} ({kind[:40]}) in a text of {length} {unit}")
    return sorted(spans)


def _by_tags(tokens: object, marks: object, layout: Layout) -> tuple[str, str]:
    if not isinstance(tokens, list) or not isinstance(marks, list) or not tokens:
        raise BadSpansError(f"no tokens in {layout.input[0]!r}, or no tags in {layout.output!r}")
    if len(tokens) != len(marks):
        raise BadSpansError(f"{len(marks)} tags for {len(tokens)} tokens")
    words, tags = list(map(str, tokens)), [_named(tag, layout) for tag in marks]
    if layout.schema == PLAIN_TAGS:
        return " ".join(words), " ".join(tags)
    spans = spans_of_tags(tags, layout.schema == INSIDE_BEGINS)
    return " ".join(words), answer_of((kind, " ".join(words[start:end])) for start, end, kind in spans)


def _named(tag: object, layout: Layout) -> str:
    if isinstance(tag, int):
        if not 0 <= tag < len(layout.classes):
            raise BadSpansError(f"the tag {tag} has no name")
        return layout.classes[tag]
    if not isinstance(tag, str):
        raise BadSpansError("a tag that is neither text nor a number")
    return tag
