"""Temporary."""

from dataclasses import dataclass

from tunecase import datasets


@dataclass(frozen=True, slots=True)
class Block:
    index: int
    path: str
    start: int
    end: int
    data: bytes = b""
    bytes_done: int = 0


def total_bytes(path):
    return path.stat().st_size


def blocks(path, layout, size_bytes=4_000_000, skip=0):
    size = path.stat().st_size
    if layout.format != "jsonl":
        if not skip:
            yield Block(0, str(path), 0, size, b"", size)
        return
    at = 0
    index = 0
    with path.open("rb") as f:
        while at < size:
            end = min(at + size_bytes, size)
            if end < size:
                f.seek(end)
                f.readline()
                end = f.tell()
            if index >= skip:
                yield Block(index, str(path), at, end, b"", end)
            at = end
            index += 1


def read_block(block, layout):
    from pathlib import Path

    import orjson

    if layout.format != "jsonl":
        yield from datasets.read_rows(Path(block.path), layout)
        return
    with open(block.path, "rb") as f:
        f.seek(block.start)
        data = f.read(block.end - block.start)
    n = 0
    loads = orjson.loads
    row = datasets._row
    for line, raw in enumerate(data.splitlines(), 1):
        if not raw.strip():
            continue
        try:
            rec = loads(raw)
        except orjson.JSONDecodeError as e:
            yield datasets.BadRow(n, line, datasets._why_not_json(raw, e.msg), datasets._head(raw))
            n += 1
            continue
        if isinstance(rec, dict):
            yield row(n, line, rec, layout)
        else:
            yield datasets.BadRow(n, line, "not a JSON object", datasets._head(raw))
        n += 1


def block_lines(block):
    with open(block.path, "rb") as f:
        f.seek(block.start)
        return f.read(block.end - block.start).count(b"\n")
