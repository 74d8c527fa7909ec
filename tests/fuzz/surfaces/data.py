"""Data files and folders of every format and shape, through the faces of data.reading and through the audit."""

import csv
import gzip
import io
import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.data.reading.test_forms import FORMS
from tests.fuzz.surface import Surface, Tree
from tests.making import tickets
from tests.projects import basis
from tunecase.data.audit import Files, audit
from tunecase.data.reading import (
    block_lines,
    blocks,
    detect,
    load,
    own_test,
    raw_records,
    read_block,
    read_passages,
    split_file,
    task_of,
    test_beside,
)

CONLL = b"-DOCSTART- -X- O O\n\nAnn NNP B-NP B-PER\nran VB B-VP O\n\nBonn NNP B-NP B-LOC\nis VB B-VP O\nwet JJ B-NP O\n"
CARD = b"""\
---
license: cc-by-4.0
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train-*.jsonl
  - split: test
    path: data/test-*.jsonl
dataset_info:
  features:
  - name: label
    dtype:
      class_label:
        names: {'0': red, '1': green, '2': blue}
---
# Colours
"""
Rows = Sequence[Mapping[str, Any]]


def _lines(rows: Rows) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _table(rows: Rows, delimiter: str = ",") -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _columnar() -> list[Tree]:
    """Parquet and Arrow files with columns of many types."""
    import pyarrow as pa
    import pyarrow.feather as feather
    import pyarrow.parquet as pq

    rows = tickets(12, 1)
    typed = {
        "text": [row["text"] for row in rows],
        "label": pa.array([row["label"] for row in rows]).dictionary_encode(),
        "n": pa.array(range(12), pa.int8()),
        "when": pa.array(range(12), pa.timestamp("ns", "UTC")),
        "parts": pa.array([[{"a": 1, "b": "x"}]] * 12),
        "raw": pa.array([b"\xff"] * 12),
    }
    plain, chats = pa.table({k: [row[k] for row in rows] for k in rows[0]}), pa.table({"messages": [CHAT] * 5})
    trees: list[Tree] = []
    for table in (plain, pa.table(typed), chats):
        parquet, arrow, stream = io.BytesIO(), io.BytesIO(), io.BytesIO()
        pq.write_table(table, parquet, compression="zstd")
        feather.write_feather(table, arrow, compression="uncompressed")
        with pa.ipc.new_stream(stream, table.schema) as writer:
            writer.write_table(table)
        trees += [
            {"train.parquet": parquet.getvalue()}, {"train.arrow": arrow.getvalue()},
            {"train.arrow": stream.getvalue()},
        ]  # fmt: skip
    return trees


def _zstd(data: bytes) -> bytes:
    from tunecase.data.reading.sources import zstd_library

    return bytes(zstd_library("fuzzing").compress(data))


CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Who dances?"},
    {"role": "assistant", "content": "Bees."},
]
TOOLS = [
    {
        "messages": [
            {"role": "user", "content": "Weather in Bonn?"},
            {"role": "assistant", "content": None, "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "weather", "arguments": '{"place": "Bonn"}'}}]},
            {"role": "tool", "tool_call_id": "1", "content": "wet"},
            {"role": "assistant", "content": "It is wet."},
        ],
        "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object",
        "properties": {}}}}],
    }
]  # fmt: skip
CHATS: list[Rows] = [
    [{"messages": CHAT}] * 3,
    [{"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Yes"}]}],
    [{"prompt": CHAT[:2], "completion": CHAT[2:]}],
    [{"prompt": "Who?", "chosen": "Bees.", "rejected": "Rain."}],
    [{"chosen": CHAT, "rejected": [*CHAT[:2], {"role": "assistant", "content": "Rain."}]}],
    [
        {"prompt": "Who?", "completion": "Bees.", "label": True},
        {"prompt": "Who?", "completion": "Rain.", "label": False},
    ],
    [{"instruction": "Sort", "input": "b a", "output": "a b"}],
    [{"context": "Bees dance.", "question": "Who?", "response_a": "Bees", "response_b": "Rain", "winner": "model_a"}],
    [{"translation": {"en": "rain", "de": "Regen"}}],
]
SQUAD = {"data": [{"title": "Bees", "paragraphs": [{"context": "Bees dance.", "qas": [
    {"id": "1", "question": "Who?", "answers": [{"text": "Bees", "answer_start": 0}],
    "is_impossible": False}]}]}]}  # fmt: skip
COLOURS = [{"text": row["text"], "label": number % 3} for number, row in enumerate(tickets(9, 1))]
LINES: list[Tree] = [{"train.jsonl": _lines(rows)} for rows in (*(rows for rows, *_ in FORMS.values()), *CHATS, TOOLS)]
TEXTS: list[Tree] = [
    {"train.csv": _table(tickets(8, 1))}, {"train.tsv": _table(tickets(8, 1), "\t")},
    {"train.json": json.dumps(tickets(5, 1)).encode()},
    {"train.json": json.dumps({"train": tickets(4, 1), "test": tickets(4, 2)}).encode()},
    {"train.json": json.dumps({name: [row[name] for row in tickets(4, 1)] for name in ("text", "label")}).encode()},
    {"train.json": json.dumps(SQUAD).encode()}, {"train.conll": CONLL},
    {"train.iob2": b"Ann\tB-PER\nran\tO\n\nBonn\tB-LOC\nis\tO\nwet\tO\n"}, {"train.txt": _lines(tickets(4, 1))},
]  # fmt: skip
PACKED: list[Tree] = [
    {"train.jsonl.gz": gzip.compress(_lines(tickets(6, 1)))},
    {"train.csv.gz": gzip.compress(_table(tickets(6, 1)))},
    {"train.jsonl.zst": _zstd(_lines(tickets(6, 1)))},
]
FOLDERS: list[Tree] = [
    {"train/a.jsonl": _lines(tickets(4, 1)), "train/b.jsonl": _lines(tickets(4, 2)), "test/c.jsonl": _lines(tickets(4,
    3))},
    {"README.md": CARD, "data/train-00000-of-00001.jsonl": _lines(COLOURS),
    "data/test-00000-of-00001.jsonl": _lines(COLOURS)},
    {"dataset_info.json": json.dumps({"features": {"label": {"names": ["red", "green", "blue"],
    "_type": "ClassLabel"}}}).encode(),
     "train.jsonl": _lines(COLOURS), "validation.jsonl": _lines(COLOURS)},
    {"train.csv": _table(tickets(6, 1)), "test.csv": _table(tickets(6, 2)), "valid.csv": _table(tickets(6, 3))},
]  # fmt: skip
POOLS: list[Tree] = [{"pool.jsonl": _lines(CHATS[0])}, *({"pool.csv": _table(tickets(n, 1))} for n in (3, 8))]
LONG: list[Tree] = [
    {"train.csv": _table(tickets(24, 1))},
    {"train.jsonl": _lines([{"prompt": row["text"], "completion": row["label"]} for row in tickets(24, 2)])},
    {"train.jsonl": _lines([{**row, "group": n % 7} for n, row in enumerate(tickets(24, 1))])},
]
DOCUMENTS: list[Tree] = [
    {"a.txt": b"Bees dance in spring. " * 30, "b.md": b"# Rain\n\nIt falls.",
    "c.jsonl": b'{"title": "x", "parts": ["y"]}\n'},
    {"a.csv": b'name,fact\nFifth,"a, b"\n', "e.txt.gz": gzip.compress(b"Sixth"), "sub/h.txt": b"Seventh"},
]  # fmt: skip


def _only(folder: Path) -> Path:
    """The one file of a folder."""
    return next(path for path in folder.iterdir() if path.is_file())


def _faces(path: Path) -> object:
    """Whatever data.reading tells of a path."""
    table = load(path)
    layout = detect(path)
    for block in blocks(path, layout, 64):
        block_lines(block, layout)
        list(read_block(block, layout))
    list(raw_records(path, layout))
    return task_of(table.rows), own_test(path), test_beside(path)


def _split(folder: Path) -> object:
    path = _only(folder)
    return split_file(path, detect(path), folder / "new-train.jsonl", folder / "new-test.jsonl", 0.3)


def _pool(folder: Path) -> object:
    return list(itertools.islice(raw_records(_only(folder), detect(_only(folder), labelled=False)), 100))


def _audit(folder: Path) -> object:
    files = Files(folder / "train.jsonl", folder / "test.jsonl", quarantine=folder / "quarantine.jsonl")
    return audit(None, files, basis=basis(None, 200))


def _audit_pairs() -> list[Tree]:
    pairs = [(tickets(30, 1), tickets(12, 2)), *((list(rows) * 4, list(rows)) for rows in (CHATS[0], CHATS[3], TOOLS))]
    return [{"train.jsonl": _lines(train), "test.jsonl": _lines(test)} for train, test in pairs]


SURFACES = (
    Surface("rows as JSON lines", LINES, lambda folder: _faces(_only(folder)), examples=250),
    Surface("rows as text", TEXTS, lambda folder: _faces(_only(folder)), examples=250),
    Surface("rows as columns", _columnar(), lambda folder: _faces(_only(folder)), starts=True, examples=60),
    Surface("packed rows", PACKED, lambda folder: _faces(_only(folder))),
    Surface("folders of rows", FOLDERS, _faces),
    Surface("inputs alone", POOLS, _pool, examples=60),
    Surface("documents", DOCUMENTS, read_passages),
    Surface("rows to split", LONG, _split, examples=60),
    Surface("audit", _audit_pairs(), _audit, limit_s=20, examples=30),
)
