"""The reader: formats, shapes of rows, and everything that can be wrong with a file."""

import itertools
import json
import os
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tunecase.data import reading
from tunecase.data.reading.blocks import raw_records
from tunecase.data.reading.detection import detect
from tunecase.data.reading.load import load
from tunecase.data.reading.rows import BadRow, Row
from tunecase.data.reading.writing import Writer
from tunecase.errors import InputError

GOOD = b'{"text": "a", "label": "x"}\n'


def written(folder: Path, name: str, content: bytes | str) -> Path:
    """A file with this content."""
    path = folder / name
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def table_file(path: Path, table) -> Path:
    """A Parquet file or an Arrow stream with this table."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_stream(str(path), table.schema) as writer:
            writer.write_table(table)
    return path


def read_table(path: Path):
    """The table in a Parquet file or an Arrow stream."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    if path.suffix == ".parquet":
        return pq.read_table(path)
    with pa.ipc.open_stream(path.read_bytes()) as stream:
        return stream.read_all()


USUAL_ROWS = (
    ({"text": "a", "label": 1}, "text/label", "a", "1"),
    ({"text": "a", "category": "x"}, "text/category", "a", "x"),
    ({"instruction": "do", "input": "it", "output": "done"}, "instruct", "do\n\nit", "done"),
    ({"instruction": "do", "input": "", "output": "done"}, "instruct", "do", "done"),
    ({"instruction": "do", "output": "done"}, "instruct", "do", "done"),
    ({"prompt": "p", "completion": "c"}, "prompt/completion", "p", "c"),
    ({"question": "q", "answer": "a"}, "question/answer", "q", "a"),
    ({"messages": [{"role": "system", "content": "s"}, {"role": "assistant", "content": "a"}]}, "chat", "s", "a"),
    ({"conversations": [{"from": "human", "value": "h"}, {"from": "gpt", "value": "g"}]}, "chat", "h", "g"),
)


def test_shapes_of_rows_are_recognised(tmp_path):
    """Each usual shape gives its input and output; named columns override them; few short outputs are classes."""
    read = []
    for row, *_ in USUAL_ROWS:
        table = load(written(tmp_path, "d.jsonl", json.dumps(row)))
        read.append((row, table.layout.schema, table.rows[0].input, table.rows[0].output))
    assert list(USUAL_ROWS) == read
    table = load(written(tmp_path, "d.jsonl", '{"text": "a", "label": "x", "note": "n"}'), "note", "text")
    assert (table.rows[0].input, table.rows[0].output, table.rows[0].other) == ("n", "a", {"label": "x"})
    table = load(written(tmp_path, "d.jsonl", '{"text": "a"}'), labelled=False)
    assert (table.layout.output, table.rows[0].input, table.rows[0].output) == (None, "a", "")
    assert reading.looks_like_classes(["a", "b"] * 5)
    assert not reading.looks_like_classes([])
    assert not reading.looks_like_classes(str(number) for number in range(100))
    assert not reading.looks_like_classes(["x" * 100] * 10)


UNREADABLE = (
    ("d.jsonl", b"", "an empty file"), ("d.jsonl", b"\n  \n", "no rows"), ("d.csv", b"text,label\n", "no rows"),
    ("d.jsonl", "hä".encode("utf-16"), "no row can be read"), ("d.jsonl", b"\x00\x01\x02\n", "not UTF-8"),
    ("d.csv", b"text,label\ncaf\xe9,a\n", "save the file as UTF-8"),
    ("d.jsonl", b"hello\nworld\n", "no row can be read"), ("d.jsonl", b"[1]\n[2]\n", "not a JSON object"),
    ("d.jsonl", b'{"a": 1, "b": 2}\n', "columns a (1), b (2)"), ("d.txt", b"x", "the ending .txt"),
    ("d", b"x", "a name without an ending"), ("d.parquet", b"PAR1 half of it", "Parquet"),
    ("d.csv", b"text,text\na,b\n", "twice"),
)  # fmt: skip


def test_files_that_cannot_be_read_say_why(tmp_path):
    """In words: a wrong path or column is named, all wrong columns at once."""
    answers = {}
    for name, content, reason in UNREADABLE:
        with pytest.raises(InputError) as refused:
            load(written(tmp_path, name, content))
        answers[name, content] = reason if reason in str(refused.value) else str(refused.value)
    assert {(name, content): reason for name, content, reason in UNREADABLE} == answers
    with pytest.raises(InputError, match="no such file"):
        detect(tmp_path / "b")
    (tmp_path / "b").mkdir()
    with pytest.raises(InputError, match="no data files"):
        detect(tmp_path / "b")
    with pytest.raises(InputError) as caught:
        detect(written(tmp_path / "b", "d.jsonl", GOOD), "words", "klass")
    assert len(caught.value.problems) == 2


def test_an_arrow_file_whose_offsets_lie_is_refused(tmp_path):
    """Arrow checks no offset when it reads: one that points outside its text must not end the process."""
    pa = pytest.importorskip("pyarrow")
    path = table_file(tmp_path / "d.arrow", pa.table({"text": ["four", "more", "text"], "label": [1, 2, 3]}))
    sound, broken = struct.pack("<4i", 0, 4, 8, 12), struct.pack("<4i", 0, 4, -(2**30), 12)
    assert 1 == path.read_bytes().count(sound)
    path.write_bytes(path.read_bytes().replace(sound, broken))
    with pytest.raises(InputError, match="the file is cut off or broken"):
        load(path)


def test_what_the_system_and_the_libraries_refuse_is_told_in_plain_words(tmp_path):
    """Their own words stand in brackets at most; the fix is about what is wrong."""
    loop, quote, table = tmp_path / "loop.jsonl", tmp_path / "quote.csv", tmp_path / "cut.parquet"
    loop.symlink_to(loop)
    quote.write_text('text,label\n"never closed,a\n', encoding="utf-8")
    table.write_bytes(b"PAR1" + bytes(100))
    for path, words in (
        (loop, "too many levels of symbolic links; wanted a data file"),
        (quote, "close the quote"),
        (table, "cut off, broken or no Parquet file (Parquet magic bytes"),
    ):
        with pytest.raises(InputError) as caught:
            detect(path)
        assert words in str(caught.value)
        assert "Errno" not in str(caught.value)


BAD_LINES = (
    (b'{"text": "a"', "not JSON"), (b'{"text": "a\xff", "label": "x"}', "not UTF-8"),
    (b'{"text": "\\ud800", "label": "x"}', "not JSON"), (b'{"text": "a\x00", "label": "x"}', "not JSON"),
    (b'{"text": ' + b"[" * 100_000, "not JSON"),
    (b'{"text": "a", "label": ' + b"[" * 300 + b"]" * 300 + b"}", "not JSON"), (b'{"label": "x"}', "no 'text'"),
    (b'{"text": null, "label": "x"}', "no 'text'"), (b'{"text": {"a": 1}, "label": "x"}', "'text' is not text"),
    (b"[1, 2]", "not a JSON object"), (b"17", "not a JSON object"),
)  # fmt: skip


def test_broken_rows_and_line_ends(tmp_path):
    """A bad line costs one row, with its reason; LF, CRLF, CR and a BOM read alike; an open quote costs a row."""
    breaches = []
    for line, reason in BAD_LINES:
        table = load(written(tmp_path, "d.jsonl", GOOD + b"\n" + line + b"\n" + GOOD))
        (bad,) = table.bad
        numbers = ([row.number for row in table.rows], bad.number, bad.line)
        if numbers != ([0, 2], 1, 3) or reason not in bad.reason or len(bad.text) > 200:
            breaches.append((line[:60], numbers, bad))
    assert [] == breaches
    good = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    chats = (good, *({"messages": turns} for turns, _ in BROKEN_CHATS))
    bad = load(written(tmp_path, "d.jsonl", "\n".join(map(json.dumps, chats)))).bad
    assert [] == [(row, part) for row, (_, part) in zip(bad, BROKEN_CHATS, strict=True) if part not in row.reason]
    table = load(written(tmp_path, "d.jsonl", b"bad\n" * 300 + GOOD))
    assert (len(table.bad), [row.number for row in table.rows]) == (300, [300])
    (tmp_path := tmp_path / "second").mkdir()
    read = {}
    for end, mark in itertools.product(("\n", "\r\n", "\r"), (b"", b"\xef\xbb\xbf")):
        lines = written(tmp_path, "d.jsonl", mark + end.join(['{"text": "a", "label": "x"}'] * 3).encode())
        cells = written(tmp_path, "d.csv", mark + end.join(["text,label", '"a",x', "b,y", ""]).encode())
        read[end, mark] = [(row.number, row.line, row.input) for path in (lines, cells) for row in load(path).rows]
    assert {key: [(0, 1, "a"), (1, 2, "a"), (2, 3, "a"), (0, 2, "a"), (1, 3, "b")] for key in read} == read
    (tmp_path := tmp_path / "third").mkdir()
    content = b'text,label\na,x\n"open,y\nb,x\n"c, d",z\n\xff,x\n1,2,3\ne,x\n"open again,y\n'
    table = load(written(tmp_path, "d.csv", content))
    assert [row.input for row in table.rows] == ["a", "b", "c, d", "e"]
    reasons = [(3, "not CSV"), (6, "not UTF-8"), (7, "3 cells"), (9, "not CSV")]
    assert reasons == [(bad.line, bad.reason[: len(text)]) for bad, (_, text) in zip(table.bad, reasons, strict=True)]


BROKEN_CHATS = (
    ("hi", "not a list of turns"),
    ([], "not a list of turns"),
    ([{"role": "assistant", "content": None}], "without text"),
    ([{"role": "user", "content": "a"}], "no assistant turn"),
)


def test_delimiters_and_arrays(tmp_path):
    """Commas, semicolons and tabs part cells; a cut array gives the objects before the cut and one bad row."""
    text = '\n [{"text": "a", "label": "x"}, 3, {"text": "b", "label": "y"}'
    table = load(written(tmp_path, "d.json", text + "]"))
    assert ([row.input for row in table.rows], [row.number for row in table.bad], table.layout.format) == (
        ["a", "b"],
        [1],
        "json",
    )
    cut = load(written(tmp_path, "d.json", text))
    assert (["a"], [1, 2]) == ([row.input for row in cut.rows], [row.number for row in cut.bad])
    assert "cut off" in cut.bad[1].reason
    (tmp_path := tmp_path / "second").mkdir()
    read = {}
    for delimiter in (",", ";", "\t"):
        path = written(tmp_path, "d.csv", f"\r\n\ntext{delimiter}label\na{delimiter}x")
        read[delimiter] = [(row.input, row.output) for row in load(path).rows]
    assert {key: [("a", "x")] for key in read} == read
    big = "x" * 1_000_000
    table = load(written(tmp_path, "d.csv", f'text,label\n"a\nb, c",x\n\n"{big}",y\n'))
    assert [(2, "a\nb, c"), (5, big)] == [(row.line, row.input) for row in table.rows]
    (tmp_path := tmp_path / "third").mkdir()
    path = tmp_path / "tasks.jsonl"
    lines = [
        {"instruction": "Add.", "instances": [{"input": "1 2", "output": 3}]},
        {"instruction": "Say hi.", "instances": [{"input": "", "output": "hi"}]},
        {"instruction": "x", "instances": []},
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    table = load(path)
    assert [("Add.\n\n1 2", "3"), ("Say hi.", "hi")] == [(row.input, row.output) for row in table.rows]
    assert [2] == [row.number for row in table.bad]


@pytest.mark.usefixtures("vetted_here")
def test_parquet_is_read_in_batches(tmp_path):
    """Rows come as others do; bytes are no text, what is not UTF-8 or a date out of range spoils one row."""
    pa = pytest.importorskip("pyarrow")
    table = load(table_file(tmp_path / "d.parquet", pa.table({"text": ["a", None, "b"], "label": [1, 2, 3]})))
    assert ([row.input for row in table.rows], [row.reason for row in table.bad]) == (["a", "b"], ["no 'text'"])
    path = table_file(tmp_path / "b.parquet", pa.table({"text": [b"a"], "label": [1]}))
    assert load(path).bad[0].reason == "'text' is not text"
    pa = pytest.importorskip("pyarrow")
    texts = pa.array([b"a", b"\xff", "é".encode()], pa.binary()).view(pa.string())
    table = load(table_file(tmp_path / "d.parquet", pa.table({"text": texts, "label": [1, 2, 3]})))
    assert [(0, "a", "1"), (2, "é", "3")] == [(row.number, row.input, row.output) for row in table.rows]
    assert [(1, "not UTF-8")] == [(row.number, row.reason) for row in table.bad]
    pa = pytest.importorskip("pyarrow")
    dates = pa.array([[1], [10**15]], pa.list_(pa.timestamp("s")))
    table = load(table_file(tmp_path / "d.parquet", pa.table({"text": ["a", "b"], "label": [1, 2], "dates": dates})))
    assert ["a"] == [row.input for row in table.rows]
    assert ["a date or time out of range inside a list or object"] == [row.reason for row in table.bad]


@pytest.mark.usefixtures("vetted_here")
@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_dates_that_python_cannot_hold_are_read_as_integers(tmp_path, ending):
    """Years below 1 and beyond 9999 and unknown zones cost no row, and are written back as they were."""
    pa = pytest.importorskip("pyarrow")
    far = {
        "at": pa.array([0, -(10**17), 10**18], pa.timestamp("us")),
        "zoned": pa.array([1, 2, 3], pa.timestamp("ns", "Mars/Olympus")),
        "day": pa.array([0, 2**30, -(2**30)], pa.date32()),
        "took": pa.array([0, 2**60, 1], pa.duration("s")),
    }
    table = pa.table({"text": ["a", "b", "c"], "label": [1, 2, 3], **far})
    path = table_file(tmp_path / f"d.{ending}", table)
    rows = load(path).rows
    assert ["a", "b", "c"] == [row.input for row in rows]
    assert [-(10**17), 2, 2**30, 2**60] == [rows[1].other[name] for name in far]
    assert table.equals(read_table(copied(path)))


@pytest.mark.usefixtures("vetted_here")
def test_a_file_name_that_is_not_utf8_is_read_and_written(tmp_path):
    """Linux allows any bytes in a name; a table's library takes them as well as a text file does."""
    for ending in ("jsonl", "parquet", "arrow"):
        path = tmp_path / os.fsdecode(b"d\xff." + ending.encode())
        try:
            written(tmp_path, path.name, GOOD)
        except OSError:
            pytest.skip("this file system takes no such name")
        if ending != "jsonl":
            pa = pytest.importorskip("pyarrow")
            table_file(tmp_path / f"plain.{ending}", pa.table({"text": ["a"], "label": ["x"]})).replace(path)
        copy = copied(path)
        assert [("a", "x")] * 2 == [(row.input, row.output) for file in (path, copy) for row in load(file).rows]


JUNK = st.lists(st.binary(max_size=40), max_size=6)


@given(JUNK, st.sampled_from(["d.jsonl", "d.csv", "d.json"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_make_a_traceback(tmp_path, lines, name):
    """Whatever the bytes, rows come out or an InputError; records are numbered in order."""
    path = written(tmp_path, name, (b"text,label\n" if name == "d.csv" else GOOD) + b"\n".join(lines))
    try:
        table = load(path)
    except InputError:
        return
    rows: list[Row | BadRow] = sorted([*table.rows, *table.bad], key=lambda row: row.number)
    assert list(range(len(rows))) == [row.number for row in rows]
    assert sorted({row.line for row in rows}) == [row.line for row in rows]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "a", "user", "assistant", "["]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["role", "content", "tool_calls", "weight", "input"]), inner, max_size=3)
    ),
    max_leaves=6,
)
COLUMNS = (("text", "label"), ("messages",), ("instruction", "instances"), ("prompt", "chosen", "rejected"))


@given(st.sampled_from(COLUMNS).flatmap(lambda names: st.lists(st.tuples(*[VALUES] * len(names)).map(
    lambda cells: dict(zip(names, cells, strict=True))), min_size=1, max_size=5)))  # fmt: skip
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_values_make_a_traceback(tmp_path, records):
    """Whatever JSON a column holds, each record is a row with two texts or a bad row, unless the file is refused."""
    path = written(tmp_path, "d.jsonl", "\n".join(map(json.dumps, records)))
    try:
        table = load(path)
    except InputError:
        return
    assert len(records) == len(table.rows) + len(table.bad)
    assert {str} >= {type(text) for row in table.rows for text in (row.input, row.output, row.rejected)}


def copied(path: Path) -> Path:
    """A copy of all its records, beside it."""
    layout, copy = detect(path), path.with_name(f"copy-{path.name}")
    with Writer(copy, path, layout) as writer:
        for _, _, raw, record in raw_records(path, layout):
            writer.write(raw, record)
    return copy
