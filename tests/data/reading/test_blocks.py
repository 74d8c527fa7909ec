"""Blocks: whatever the bytes and the size, they give the rows of the whole, and what is written is read back."""

import gzip

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tunecase.data import reading
from tunecase.data.reading.rows import Row
from tunecase.errors import InputError

RECORDS = {
    "jsonl": (b'{"text": "a", "label": "x"}', b'{"text": "b\\"[\\\\", "label": "y"}'),
    "json": (b'{"text": "a", "label": "x"}', b'{"text": "b\\"[\\\\", "label": {"k": [1, {"z": "]"}]}}'),
    "csv": (b"a,x", b'"b, ""c""",y', b'"d\ne",z', b'"f\r\ng",z'),
}
JUNK = (b'"', b"\\", b"\r", b"\n", b",", b"[", b"]", b"{", b"}", b"\xff", b"\0", b"NaN", b" ", b'",', b'""')


@st.composite
def files(draw):
    """(name, bytes) of a file with good records and junk between them, perhaps packed."""
    kind = draw(st.sampled_from(sorted(RECORDS)))
    good = st.sampled_from(RECORDS[kind])
    junk = st.lists(st.sampled_from(JUNK), min_size=1, max_size=3).map(b"".join)
    parts = draw(st.lists(good | good | good | junk, max_size=10))
    between = draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
    body = between.join([b"text,label", *parts]) if kind == "csv" else between.join(parts)
    if kind == "json":
        body = b"[" + b", ".join(parts) + draw(st.sampled_from([b"]", b"]\n", b""]))
    packed = draw(st.booleans())
    if packed:
        body = gzip.compress(body)
        body = body[: len(body) - draw(st.sampled_from([0, 0, 3, 12]))]
    return f"d.{kind}" + (".gz" if packed else ""), body


def told(row, number=0, line=0):
    """A row as compared."""
    return (number + row.number, line + row.line, row.input if isinstance(row, Row) else row.reason)


@given(files(), st.sampled_from([1, 7, 20, 64]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_blocks_give_the_rows_of_the_whole(tmp_path, file, size):
    """Numbers, lines and rows agree for every size, raw records are as many, and good ones are read back."""
    path = tmp_path / file[0]
    path.write_bytes(file[1])
    try:
        layout = reading.detect(path)
    except InputError:
        return
    whole = list(reading.read_rows(path, layout))
    found, number, line = [], 0, 1
    for block in reading.blocks(path, layout, size):
        rows = list(reading.read_block(block, layout))
        found += [told(row, number, line) for row in rows]
        number, line = number + len(rows), line + reading.block_lines(block, layout)
    assert [told(row) for row in whole] == found
    assert list(range(len(whole))) == [row.number for row in whole]
    raws = list(reading.raw_records(path, layout))
    assert [(row.number, row.line) for row in whole] == [(number, line) for number, line, _, _ in raws]
    copy = tmp_path / file[0].replace("d.", "copy.")
    with reading.Writer(copy, path, layout) as writer:
        for row, (_, _, raw, record) in zip(whole, raws, strict=True):
            if isinstance(row, Row):
                writer.write(raw, record)
    good = [(row.input, row.output) for row in whole if isinstance(row, Row)]
    assert good == [(row.input, row.output) for row in reading.read_rows(copy, layout)]


def test_a_csv_with_broken_quotes_is_cut_too(tmp_path):
    """One quote where none may stand does not make the whole file one piece, whose rows would fill memory."""
    path = tmp_path / "d.csv"
    path.write_bytes(b"text,label\n" + b'a 5" screen,x\n"open,y\n' + b"some words,x\n" * 500)
    layout = reading.detect(path)
    pieces = list(reading.blocks(path, layout, 1000))
    assert len(pieces) > 5
    assert max(len(piece.data) for piece in pieces) < 1100
    rows = list(reading.read_rows(path, layout))
    assert ([1], 502) == ([row.number for row in rows if not isinstance(row, Row)], len(rows))
