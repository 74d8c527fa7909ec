"""Pieces: whatever the format and the size, they give the rows of the whole once, in order, and carry none of them."""

import gzip
import json
import os
import pickle
import random
import sys
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.reading.test_blocks import files, told
from tunecase.data import reading
from tunecase.data.reading import columnar, vetting
from tunecase.data.reading.rows import Row
from tunecase.errors import InputError

MODULE = sys.modules["tunecase.data.reading.pieces"]
SIZES = (1, 60, 1 << 40)
ROWS = [{"text": f"row {at} " + "word " * (at % 7), "label": "xyz"[at % 3]} for at in range(40)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
BROKEN = 'text,label\n"a\nb",x\n' + "some words,y\n" * 20 + 'a 5" screen,x\n"open,y\n' + "more words,x\n" * 20
TEXTS = {
    "d.jsonl": LINES.encode(),
    "marked.jsonl": b"\xef\xbb\xbf" + LINES.replace("\n", "\r\n").encode(),
    "cut.jsonl": LINES.encode()[:-9],
    "wide.jsonl": LINES.encode("utf-16"),
    "d.jsonl.gz": gzip.compress(LINES.encode()),
    "cut.jsonl.gz": gzip.compress(LINES.encode())[:-12],
    "d.csv": ("text,label\n" + "".join(f'"a ""{at}"",\n{at}",{at % 3}\n' for at in range(40))).encode(),
    "marked.csv": b"\xef\xbb\xbf" + ("text,label\n" + "".join(f"words {at},{at % 3}\n" for at in range(40))).encode(),
    "broken.csv": BROKEN.encode(),
    "d.csv.gz": gzip.compress(BROKEN.encode()),
    "d.json": json.dumps(ROWS).encode(),
    "cut.json": json.dumps(ROWS).encode()[:-9],
    "splits.json": json.dumps({"test": ROWS[:3], "train": ROWS}).encode(),
    "nested.json": json.dumps({name: [row[name] for row in ROWS] for name in ROWS[0]}).encode(),
    "d.conll": "".join(f"word{at} {'B-PER' if at % 3 else 'O'}\n" + "\n" * (at % 4 == 3) for at in range(60)).encode(),
}  # fmt: skip


def by_pieces(path, layout, size, shuffled=False):
    """The rows as compared, out of all pieces, each sent as to another process, in the order of their places."""
    found = [pickle.loads(pickle.dumps(piece)) for piece in reading.pieces(path, layout, size)]
    assert list(range(len(found))) == [piece.index for piece in found]
    if shuffled:
        random.Random(size).shuffle(found)
    placed = [pair for piece in found for pair in reading.read_piece(piece, layout)]
    places = [place for place, _ in placed]
    assert len(set(places)) == len(places)
    assert shuffled or places == sorted(places)
    rows, number, line = [], 0, 1
    for _, block in sorted(placed, key=lambda pair: pair[0]):
        own = list(reading.read_block(block, layout))
        rows += [(*told(row, number, line), row.output if isinstance(row, Row) else row.text) for row in own]
        number, line = number + len(own), line + reading.block_lines(block, layout)
    return rows


def by_reading(path, layout):
    """The same, read from front to back."""
    rows = reading.read_rows(path, layout)
    return [(*told(row), row.output if isinstance(row, Row) else row.text) for row in rows]


def shared(monkeypatch, shares=3):
    """Makes every file large enough to be read by several."""
    monkeypatch.setattr(MODULE, "SHARE_BYTES", 1)
    monkeypatch.setattr(MODULE, "MOST_SHARES", shares)
    monkeypatch.setattr("tunecase.data.reading.sources.CHUNK", 16)


@pytest.mark.parametrize("shares", [1, 3])
def test_pieces_give_the_rows_of_the_whole(tmp_path, monkeypatch, shares):
    """Rows, numbers, lines and the one bad row of a file that is cut off agree for every size, in any order of work."""
    layouts = {}
    for name, content in TEXTS.items():
        (tmp_path / name).write_bytes(content)
        layouts[name] = reading.detect(tmp_path / name)
    if shares > 1:
        shared(monkeypatch, shares)
    for name, layout in layouts.items():
        whole = by_reading(tmp_path / name, layout)
        assert len(whole) > 10
        for size in SIZES[shares > 1 :]:
            assert whole == by_pieces(tmp_path / name, layout, size, shuffled=size == 60), (name, size)


@given(files(), st.sampled_from([1, 7, 20, 64]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pieces_of_junk_give_the_rows_of_the_whole(tmp_path, file, size):
    """So they do whatever stands between good records; how much of a bad row is shown may depend on the size."""
    path = tmp_path / file[0]
    path.write_bytes(file[1])
    try:
        layout = reading.detect(path)
    except InputError:
        return
    whole = [row[:3] for row in by_reading(path, layout)]
    assert whole == [row[:3] for row in by_pieces(path, layout, size, shuffled=True)]


def tables(folder):
    """A Parquet file of many row groups, an Arrow file and an Arrow stream, each of 40 rows."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = pa.table({name: [row[name] for row in ROWS] for name in ROWS[0]})
    pq.write_table(table, folder / "d.parquet", row_group_size=7)
    for name, new in (("file.arrow", pa.ipc.new_file), ("stream.arrow", pa.ipc.new_stream)):
        with new(folder / name, table.schema) as writer:
            writer.write_table(table, max_chunksize=7)
    return [folder / name for name in ("d.parquet", "file.arrow", "stream.arrow")]


@pytest.mark.usefixtures("vetted_here")
def test_tables_are_handed_out_by_row_groups(tmp_path, monkeypatch):
    """Groups are joined up to the size, one above it is alone, a stream is whole; rows are those of the whole."""
    shared(monkeypatch, 2)
    counts = {}
    for path in tables(tmp_path):
        layout = reading.detect(path)
        counts[path.name] = [len(list(reading.pieces(path, layout, size))) for size in (1, 1300, 1 << 30)]
        for size in SIZES:
            assert by_reading(path, layout) == by_pieces(path, layout, size, shuffled=size == 60)
    assert {"d.parquet": [6, 3, 1], "file.arrow": [6, 3, 1], "stream.arrow": [2, 2, 2]} == counts


@pytest.mark.usefixtures("vetted_here")
def test_handing_out_a_table_decodes_no_row(tmp_path, monkeypatch):
    """A file is vetted once, then only what it says of itself is read; whoever reads a piece does not vet again."""
    asked = []
    ask = vetting._ask
    monkeypatch.setattr(vetting, "_ask", lambda files, rows: asked.append(len(files)) or ask(files, rows))
    for path in tables(tmp_path)[:2]:
        layout = reading.detect(path)
        with monkeypatch.context() as patch:
            patch.setattr(columnar, "_checked", None)
            patch.setattr("pyarrow.parquet.ParquetFile.iter_batches", None)
            found = list(reading.pieces(path, layout, 1))
        vetting._FOUND.clear()
        assert 40 == sum(block.lines for piece in found for _, block in reading.read_piece(piece, layout))
    assert [1, 1] == asked


def test_folders_count_on_in_small_pieces(tmp_path, monkeypatch):
    """Places, bytes and rows go on from file to file; a piece takes less than 2 kB, whatever it spans."""
    for at, ending in enumerate(("jsonl", "jsonl.gz", "jsonl")):
        data = LINES.encode()
        (tmp_path / f"train-{at}.{ending}").write_bytes(gzip.compress(data) if ending.endswith("gz") else data)
    layout = reading.detect(tmp_path)
    found = list(reading.pieces(tmp_path, layout, 500))
    done = [piece.bytes_done for piece in found]
    assert sorted(done) == done
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == done[-1]
    assert [0, 1, 2] == sorted({piece.file for piece in found})
    for piece in found:
        assert [piece.bytes_done] == [block.bytes_done for _, block in reading.read_piece(piece, layout)][-1:]
    for size in SIZES:
        assert by_reading(tmp_path, layout) == by_pieces(tmp_path, layout, size, shuffled=True)
    (tmp_path := tmp_path / "second").mkdir()
    folder = tmp_path / ("long" * 50)
    folder.mkdir()
    path = folder / "d.csv"
    path.write_text("text,label\n" + "some words,x\n" * 5000, encoding="utf-8")
    monkeypatch.setattr(MODULE, "BLOCK_BYTES", 100)
    found = list(reading.pieces(path, reading.detect(path), 1 << 40))
    assert 7 == len(found)
    assert max(len(pickle.dumps(piece)) for piece in found) < 2000
    monkeypatch.setattr(MODULE, "BLOCK_BYTES", 200)
    for name in ("d.jsonl", "d.jsonl.gz", "d.csv", "d.json", "d.conll"):
        (tmp_path / name).write_bytes(TEXTS[name])
        layout = reading.detect(tmp_path / name)
        (piece,) = reading.pieces(tmp_path / name, layout, 1 << 40)
        blocks = [block for _, block in reading.read_piece(piece, layout)]
        assert len(blocks) > 3, name
        assert max(len(block.data) or block.end - block.start for block in blocks) < 400, name


def test_shares_are_parts_of_the_file(tmp_path, monkeypatch):
    """Each gives its rows, none all; a packed file counts eight times, nested JSON has none."""
    found = {}
    for name in ("d.jsonl", "d.jsonl.gz", "d.json", "nested.json", "wide.jsonl"):
        (tmp_path / name).write_bytes(TEXTS[name])
        layout = reading.detect(tmp_path / name)
        (whole,) = MODULE.whole_files(tmp_path / name, 1000)
        for size in (31_000_000, 32_000_000, 300_000_000, 2_000_000_000):
            large = replace(whole, size_bytes=size)
            found.setdefault(name, []).append(len(list(MODULE._parts(large, layout, 1 << 40))))
    assert {
        "d.jsonl": [1, 1, 1, 1], "d.jsonl.gz": [1, 2, 8, 8], "d.json": [1, 1, 2, 8], "nested.json": [1, 1, 1, 1],
        "wide.jsonl": [1, 1, 2, 8],
    } == found  # fmt: skip
    (tmp_path := tmp_path / "second").mkdir()
    shared(monkeypatch)
    for name in ("d.jsonl.gz", "d.csv.gz", "d.json", "wide.jsonl", "d.conll"):
        data = TEXTS[name]
        (tmp_path / name).write_bytes(gzip.compress(gzip.decompress(data), 0) if name.endswith("gz") else data)
        layout = reading.detect(tmp_path / name)
        found = list(reading.pieces(tmp_path / name, layout, 50))
        counts = [sum(1 for _ in reading.read_piece(piece, layout)) for piece in found]
        assert 3 == len(counts)
        assert min(counts) > 0.2 * sum(counts)


def test_growing_files_and_bombs_in_pieces(tmp_path, monkeypatch):
    """Added lines belong to no piece; handing out a packed file unpacks its head, reading refuses rows too many."""
    for name in ("d.jsonl", "d.json", "d.jsonl.gz", "d.csv"):
        path = tmp_path / name
        path.write_bytes(TEXTS[name])
        layout = reading.detect(path)
        whole, found = by_reading(path, layout), list(reading.pieces(path, layout, 500))
        with path.open("ab") as file:
            file.write(gzip.compress(LINES.encode()) if name.endswith("gz") else b'{"text": "a", "label": "b"}\n')
        blocks = [block for piece in found for _, block in reading.read_piece(piece, layout)]
        assert len(whole) == sum(1 for block in blocks for _ in reading.read_block(block, layout)), name
    (tmp_path := tmp_path / "second").mkdir()
    monkeypatch.setattr(MODULE, "MOST_ROWS", 20_000)
    monkeypatch.setattr(MODULE, "SMALL_BYTES", 0)
    path = tmp_path / "d.csv.gz"
    path.write_bytes(gzip.compress(b"input,output\n" + b"q,a\n" * 30_000))
    layout = reading.detect(path)
    shared(monkeypatch)
    found = list(reading.pieces(path, layout, 1 << 30))
    assert 3 == len(found)
    with pytest.raises(InputError, match=r"30,001 lines in \d+ bytes"):
        list(reading.read_piece(found[-1], layout))


@pytest.mark.parametrize("change", ["gone", "shorter", "rewritten", "while it is read"])
@pytest.mark.usefixtures("vetted_here")
def test_a_file_that_changes_is_refused(tmp_path, change):
    """Whoever reads a piece of a file that is no longer what it was says so, whenever that happens; of a table too."""
    path = tmp_path / "d.jsonl"
    path.write_bytes(TEXTS["d.jsonl"])
    layout = reading.detect(path)
    piece = next(iter(reading.pieces(path, layout, 1 << 30)))
    blocks = reading.read_piece(piece, layout)
    if change == "while it is read":
        next(blocks)
    if change == "gone":
        path.unlink()
    elif change == "rewritten":
        os.utime(path, ns=(1, 1))
    else:
        path.write_bytes(TEXTS["d.jsonl"][:-100])
    with pytest.raises(InputError, match="is gone, or" if change == "gone" else "changes while it is read"):
        list(blocks)
    path = tables(tmp_path)[0]
    layout = reading.detect(path)
    (piece,) = reading.pieces(path, layout, 1 << 30)
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(InputError, match="changes while it is read"):
        list(reading.read_piece(piece, layout))
