"""JSON files whose rows lie deeper than in one list: read whole, and given as an array of flat rows.

Known are the form of SQuAD and CoQA (articles, paragraphs, questions), columns side by side, what pandas writes
(`split`, `index`, `columns`, `table`), and rows under further keys. A file written from them is a plain array of rows.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

import orjson

from tunecase.data.reading.rows import Block
from tunecase.data.reading.sources import Source, beginning, encoding_of, open_stream
from tunecase.errors import InputError, Problem

MOST_BYTES = 1_000_000_000  # unpacked; such a file is held in memory, about six times as large
HEAD_BYTES = 1 << 18
DEEPEST, MOST_INNER = 4, 20
FIRST_LISTS = ("train", "training", "data", "rows", "examples", "records", "items", "instances", "samples")
# Columns of a row that hold lists: an object that begins with a list of objects under one of these is a row.
ROW_KEYS = ("messages", "conversations", "conversation", "dialog", "dialogue", "turns", "tools", "functions", "chosen",
            "rejected", "prompt", "completion", "entities", "answers", "output", "spans", "qas")  # fmt: skip
# Lists of equal length under these are the cells of one row, however long they are.
CELLS = {*ROW_KEYS, "tokens", "words", "tags", "ner_tags", "pos_tags", "labels", "choices", "options"}
Rows = list[dict[str, Any]]
_ARTICLES = re.compile(rb'"(?:paragraphs|qas)"\s*:\s*\[\s*\{|"story"\s*:')


def holds_articles(head: bytes) -> bool:
    """True where the beginning of a JSON file holds articles with questions, as SQuAD and CoQA do."""
    asks = b'"qas"' in head or (b'"story"' in head and b'"input_text"' in head)
    return _ARTICLES.search(head) is not None and asks


def is_nested(source: Source) -> bool:
    """True for a JSON file whose rows lie in a form known here, and not simply in one list."""
    stat = source.path.stat()
    return _is_nested(replace(source, start=0, end=0), stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _is_nested(source: Source, changed_ns: int, size_bytes: int) -> bool:
    head = beginning(source, HEAD_BYTES).lstrip()
    if holds_articles(head):
        return True
    if source.kind != "json" or head[:1] != b"{" or source.part or _is_lines(head) or size_bytes > MOST_BYTES:
        return False
    value = _whole(source)
    return isinstance(value, dict) and rows_of(value) is not None


def _is_lines(head: bytes) -> bool:
    """True where the first line is a whole JSON value, and more lines follow."""
    first, _, rest = head.partition(b"\n")
    if not rest.strip():
        return False
    try:
        orjson.loads(first)
    except orjson.JSONDecodeError:
        return False
    return True


def _whole(source: Source) -> Any:
    """The value of a JSON file, the list of its values where each has a line; None where it is broken.

    Raises: InputError beyond 1 GB.
    """
    stream = open_stream(source, encoding_of(source))
    pieces, size = [], 0
    try:
        while piece := stream.read(1 << 22):
            pieces.append(piece)
            size += len(piece)
            if size > MOST_BYTES:
                got = f"nested JSON of more than {MOST_BYTES / 1e9:.0f} GB"
                raise InputError(Problem(str(source.path), got, "one row a line", "write it as .jsonl first"))
    finally:
        stream.close()
    data = b"".join(pieces)
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return _of_lines(data) if holds_articles(data[:HEAD_BYTES]) else None


def _of_lines(data: bytes) -> list[Any] | None:
    try:
        return [orjson.loads(line) for line in data.splitlines() if line.strip()]
    except orjson.JSONDecodeError:
        return None


def cut(source: Source, size: int) -> Iterator[Block]:
    """The rows of a nested file as blocks of an array, each of about `size` bytes."""
    value, path = _whole(source), str(source.path)
    rows = None if value is None else rows_of(value)
    length = source.path.stat().st_size
    if rows is None:
        yield Block(0, path, data=b"", lines=1, fault="not JSON: the file is cut off or broken", bytes_done=length)
        return
    held: list[bytes] = []
    begun, bytes_held = 0, 0
    for row in rows:
        text = orjson.dumps(row)
        held.append(text)
        bytes_held += len(text)
        if bytes_held >= size:
            begun += len(held)
            yield _block(path, held, int(length * begun / len(rows)))
            held, bytes_held = [], 0
    if held:
        yield _block(path, held, length)


def _block(path: str, rows: list[bytes], bytes_done: int) -> Block:
    return Block(0, path, data=b",\n".join(rows), lines=len(rows), bytes_done=bytes_done)


def rows_of(value: Any) -> Rows | None:
    """The flat rows in a nested value, None where it has none of the forms known here.

    Example:
        >>> rows_of({"text": ["a", "b"], "label": [1, 0]})
        [{'text': 'a', 'label': 1}, {'text': 'b', 'label': 0}]
    """
    for form in FORMS:
        rows = form(value)
        if rows:
            return rows
    return None


def _of_articles(value: Any) -> Rows | None:
    """One row for each question of SQuAD's articles, in its flat form: context, question, answers."""
    articles = value.get("data") if isinstance(value, dict) else value
    if not isinstance(articles, list) or not all(isinstance(article, dict) for article in articles):
        return None
    rows: Rows = []
    for article in articles:
        title = {"title": article["title"]} if isinstance(article.get("title"), str) else {}
        for paragraph in _dicts(article.get("paragraphs")) or ([article] if "qas" in article else []):
            context = {"context": paragraph.get("context")}
            rows += [{**title, **context, **question} for question in _dicts(paragraph.get("qas"))]
    return rows or None


def _of_stories(value: Any) -> Rows | None:
    """One row for each question of CoQA's stories; a question is asked after those before it, which the row keeps."""
    stories = _dicts(value.get("data")) if isinstance(value, dict) else []
    rows: Rows = []
    for story in stories:
        asked: list[str] = []
        pairs = zip(_dicts(story.get("questions")), _dicts(story.get("answers")), strict=False)
        for question, answer in pairs if isinstance(story.get("story"), str) else ():
            asked.append(str(question.get("input_text")))
            row = {"context": story["story"], "question": "\n".join(asked), "answers": [answer.get("input_text")]}
            rows.append(row)
            asked.append(str(answer.get("input_text")))
    return rows or None


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _of_split(value: Any) -> Rows | None:
    """Column names and lists of cells apart, as pandas writes with orient="split"."""
    if not isinstance(value, dict) or not {"columns", "data"} <= value.keys():
        return None
    columns, cells = value["columns"], value["data"]
    whole = isinstance(columns, list) and isinstance(cells, list) and bool(cells)
    if not whole or not all(isinstance(row, list) and len(row) == len(columns) for row in cells):
        return None
    return [dict(zip(map(str, columns), row, strict=True)) for row in cells]


def _of_columns(value: Any) -> Rows | None:
    """Columns of equal length side by side: lists, or objects from the row's number to its cell."""
    if not isinstance(value, dict) or len(value) < 2 or value.keys() & CELLS:
        return None
    columns = [list(each.values()) if _is_numbered(each) else each for each in value.values()]
    if not all(isinstance(column, list) and len(column) > 1 for column in columns):
        return None
    if len({len(column) for column in columns}) > 1 or not any(isinstance(column[0], str) for column in columns):
        return None
    return [dict(zip(value, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _is_numbered(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(key.isdigit() for key in value)


def _of_index(value: Any) -> Rows | None:
    """Rows by their number or name: {"0": {…}, "1": {…}}."""
    if not isinstance(value, dict) or len(value) < 2:
        return None
    rows = list(value.values())
    if not all(isinstance(row, dict) and len(row) > 1 and not _is_numbered(row) for row in rows):
        return None
    return rows if sum(row.keys() == rows[0].keys() for row in rows) >= 0.8 * len(rows) else None


def _of_wrapped(value: Any, depth: int = 0) -> Rows | None:
    """Rows under further keys: the list with a usual name, else the only one."""
    if not isinstance(value, dict) or depth >= DEEPEST:
        return None
    lists = {key: each for key, each in value.items() if isinstance(each, list) and _all_rows(each)}
    if lists.keys() & CELLS:
        return None
    name = next((name for name in FIRST_LISTS if name in lists), "")
    if lists and (name or len(lists) == 1):
        return lists[name] if name else next(iter(lists.values()))
    inner = [each for each in value.values() if isinstance(each, dict)]
    found = [rows for each in inner if (rows := _of_wrapped(each, depth + 1))] if len(inner) <= MOST_INNER else []
    return found[0] if len(found) == 1 else None


def _all_rows(value: list[Any]) -> bool:
    return len(value) > 1 and all(isinstance(each, dict) for each in value)


FORMS: tuple[Callable[[Any], Rows | None], ...] = (
    _of_articles, _of_stories, _of_split, _of_columns, _of_index, _of_wrapped,
)  # fmt: skip
