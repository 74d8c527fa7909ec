"""Files of one token a line with its tags in columns (CoNLL, BIO): cut and read a sentence at a time."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tunecase.data.reading.lines import MOST_RECORD_BYTES, Records, bytes_of, cut_off, too_long
from tunecase.data.reading.rows import Block, Layout
from tunecase.data.reading.sources import Source, beginning, encoding_of, open_stream

FORMAT = "token lines"
COLUMNS = ("tokens", "tags")
HEAD_BYTES = 1 << 16
TAG = re.compile(r"(?:[BIESLUM][-_]\S+|[BIO])")
LEAST_LINES = 4
MOST_COLUMNS = 12
_BLANK = re.compile(rb"\n[ \t\r]*\n")


def columns_in(source: Source) -> tuple[str, ...]:
    """What each column of a file of token lines holds: "tokens", "tags" or "" ; () for a file of another kind."""
    head = beginning(source, HEAD_BYTES)
    if b"\0" in head:
        return ()
    lines = head.decode("utf-8", "replace").splitlines()
    whole = lines[:-1] if len(head) >= HEAD_BYTES else lines
    delimiter = delimiter_of(head)
    rows = [_cells(line, delimiter) for line in whole if line.strip() and not line.startswith("-DOCSTART-")]
    rows = [row for row in rows if not _is_comment(row)]
    if len(rows) < LEAST_LINES or rows[0][:1] in (["{"], ["["]):
        return ()
    width = Counter(map(len, rows)).most_common(1)[0][0]
    same = [row for row in rows if len(row) == width]
    if not 2 <= width <= MOST_COLUMNS or len(same) < 0.95 * len(rows):
        return ()
    return _roles(same, width)


def _roles(rows: list[list[str]], width: int) -> tuple[str, ...]:
    """The last column of which every cell is a tag, or the first, is the tags; of the others the first is the token."""
    places = [width - 1, *range(width - 1)]
    tags = next((place for place in places if _are_tags([row[place] for row in rows])), None)
    if tags is None:
        return ()
    token = 0 if tags else 1
    return tuple({token: "tokens", tags: "tags"}.get(place, "") for place in range(width))


def _are_tags(cells: list[str]) -> bool:
    return all(TAG.fullmatch(cell) for cell in cells) and any(len(cell) > 1 or cell in "BI" for cell in cells)


def _is_comment(cells: list[str]) -> bool:
    """True for a line that begins with # and holds no tag."""
    return cells[0].startswith("#") and not any(map(TAG.fullmatch, cells[1:]))


def delimiter_of(head: bytes) -> str:
    """What parts the columns: tabs where most lines have them, else blanks ("")."""
    lines = [line for line in head.splitlines()[:200] if line.strip()]
    return "\t" if sum(b"\t" in line for line in lines) > len(lines) // 2 else ""


def _cells(line: str, delimiter: str) -> list[str]:
    return [cell.strip() for cell in line.rstrip("\r\n").split("\t")] if delimiter else line.split()


def start(source: Source) -> Layout:
    """The beginning of the layout of a file of token lines."""
    columns = columns_in(source)
    return Layout(FORMAT, "", (), None, columns=columns, delimiter=delimiter_of(beginning(source, HEAD_BYTES)))


def cut(source: Source, size: int) -> Iterator[Block]:
    """Blocks that end at a blank line, so that no sentence is cut."""
    path, rest = str(source.path), b""
    stream = open_stream(source, encoding_of(source))
    while piece := stream.read(size):
        data = rest + piece
        end = max((match.end() for match in _BLANK.finditer(data)), default=0)
        if end:
            yield Block(0, path, data=data[:end], bytes_done=stream.consumed)
        elif len(data) > MOST_RECORD_BYTES:
            fault, count = too_long(len(data)), data.count(b"\n")
            yield Block(0, path, data=data[:800], lines=count, fault=fault, bytes_done=stream.consumed)
            end = len(data)
        rest = data[end:]
    stream.close()
    if stream.trouble:
        yield cut_off(path, stream, rest)
    elif rest.strip():
        yield Block(0, path, data=rest, bytes_done=stream.consumed)


def records(block: Block, layout: Layout) -> Records:
    """The sentences of a block, each with the lists of its tokens and tags; raw bytes end with a blank line."""
    held: list[bytes] = []
    first = 0
    for at, raw in enumerate([*bytes_of(block).splitlines(keepends=True), b""]):
        if raw.strip() and not raw.startswith(b"-DOCSTART-"):
            first = first if held else at
            held.append(raw)
            continue
        if held:
            record, reason = _sentence(held, layout)
            if record is not None or reason:
                yield first, _ended(held), record, reason
        held = []


def _ended(lines: list[bytes]) -> bytes:
    """A sentence's bytes with the blank line that parts it from the next."""
    end = b"\r\n" if lines[0].endswith(b"\r\n") else b"\n"
    whole = b"".join(lines)
    return whole + (end if whole.endswith((b"\n", b"\r")) else end + end)


def _sentence(lines: list[bytes], layout: Layout) -> tuple[dict[str, Any] | None, str]:
    """(record, ""), (None, why it is bad), or (None, "") for lines that are all comments."""
    token, tag = (layout.columns.index(name) for name in COLUMNS)
    tokens, tags = list[str](), list[str]()
    for line in lines:
        try:
            cells = _cells(line.decode("utf-8"), layout.delimiter)
        except UnicodeDecodeError:
            return None, "not UTF-8"
        if _is_comment(cells):
            continue
        if len(cells) != len(layout.columns):
            return None, f"{len(cells)} columns in a line, not {len(layout.columns)}"
        tokens.append(cells[token])
        tags.append(cells[tag])
    return (dict(zip(COLUMNS, (tokens, tags), strict=True)), "") if tokens else (None, "")


def rewritten(raw: bytes, record: Mapping[str, Any], layout: Layout) -> bytes:
    """The lines of a sentence with other tokens; the other columns stay as they are."""
    place = layout.columns.index("tokens")
    tokens = iter(record["tokens"])
    lines = raw.decode("utf-8", "surrogateescape").splitlines(keepends=True)
    return "".join(_with_token(line, place, tokens, layout) for line in lines).encode("utf-8", "surrogateescape")


def _with_token(line: str, place: int, tokens: Iterator[str], layout: Layout) -> str:
    cells = _cells(line, layout.delimiter)
    if not line.strip() or len(cells) != len(layout.columns):
        return line
    cells[place] = next(tokens)
    return (layout.delimiter or " ").join(cells) + line[len(line.rstrip("\r\n")) :]
