"""Files that nobody vouches for: bombs are refused in bounded memory, links and long rows are said."""

import gzip
import json
import os
import sys

import pytest

from benchmarks import bombs
from tunecase.data.reading import vetting
from tunecase.data.reading.blocks import blocks, files_of, read_rows
from tunecase.data.reading.detection import detect
from tunecase.data.reading.load import load
from tunecase.data.reading.other_splits import link_beside
from tunecase.data.reading.other_splits import test_beside as beside
from tunecase.data.reading.rows import BadRow
from tunecase.data.reading.sources import Source
from tunecase.errors import InputError, MissingExtraError

ROW = '{"input": "q", "output": "a"}\n'


def test_a_table_that_unpacks_to_gigabytes_is_refused(tmp_path):
    """One text, a million times in a few bytes, is read by a child alone, and refused with the reason."""
    pytest.importorskip("pyarrow")
    bombs.parquet_one_value(tmp_path / "d.parquet")
    with pytest.raises(InputError, match=r"packed data that grow|MB to unpack"):
        vetting.batch_rows(Source(tmp_path / "d.parquet", "parquet"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux")
@pytest.mark.parametrize(("make", "ending"), bombs.BOMBS)
def test_every_bomb_is_harmless(tmp_path, make, ending):
    """No bomb takes more than 500 MB, ends in a traceback, or runs on."""
    row = bombs.audited(bombs.made(make, ending, tmp_path), 120)
    assert row["passed"], row


def test_rows_that_shrink_and_empty_ones(tmp_path, monkeypatch):
    """Honest rows that pack well are read, many times their size; a billion short ones are a bomb."""
    monkeypatch.setattr("tunecase.data.reading.sources.LEAST_BOMB_BYTES", 100_000)
    records = ({"input": f"Which plan has order {at}? " * 12, "output": "yes"} for at in range(2000))
    rows = "".join(json.dumps(record) + "\n" for record in records)
    (tmp_path / "d.jsonl.gz").write_bytes(gzip.compress(rows.encode()))
    assert 2000 == len(load(tmp_path / "d.jsonl.gz").rows)
    assert (tmp_path / "d.jsonl.gz").stat().st_size * 20 < len(rows)
    monkeypatch.undo()
    (tmp_path := tmp_path / "second").mkdir()
    monkeypatch.setattr(sys.modules["tunecase.data.reading.pieces"], "MOST_ROWS", 20_000)
    (tmp_path / "d.csv.gz").write_bytes(gzip.compress(b"input,output\n" + b"q,a\n" * 30_000))
    with pytest.raises(InputError, match=r"30,001 lines in \d+ bytes, more than 10 in each"):
        load(tmp_path / "d.csv.gz")
    monkeypatch.undo()
    (tmp_path := tmp_path / "third").mkdir()
    forms = {
        "d.conll": "".join(
            f"word{at % 50} {'B-PER' if at % 7 == 0 else 'O'}\n" + "\n" * (at % 10 == 9) for at in range(250_000)
        ),
        "d.csv": "input,output\n" + "".join(f"q{at % 60},{at % 2}\n" for at in range(140_000)),
    }
    for name, text in forms.items():
        path = tmp_path / f"{name}.gz"
        path.write_bytes(gzip.compress(text.encode(), 1))
        assert sum(1 for _ in blocks(path, detect(path)))


@pytest.mark.slow
def test_columns_of_few_templates_are_read(tmp_path):
    """600,000 rows of 60 texts are data, however few bytes they take."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    texts = [f"question {at}" for at in range(60)]
    rows = {"input": [texts[at % 60] for at in range(600_000)], "output": ["yes", "no"] * 300_000}
    pq.write_table(pa.table(rows), tmp_path / "d.parquet", compression="zstd")
    assert 600_000 == sum(block.lines for block in blocks(tmp_path / "d.parquet", detect(tmp_path / "d.parquet")))


def shards(folder, count):
    """Tables in columns of one row each."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    for at in range(count):
        pq.write_table(pa.table({"input": ["q"], "output": ["a"]}), folder / f"{at:03}.parquet")
    return sorted(folder.iterdir())


@pytest.mark.usefixtures("vetted_here")
def test_one_child_reads_many_files_once(tmp_path, monkeypatch):
    """A folder of shards costs a child for 64 of them, and none at the second pass; a changed file is read again."""
    asked = []
    told = vetting._ask
    monkeypatch.setattr(vetting, "_ask", lambda files, rows: asked.append(len(files)) or told(files, rows))
    paths = shards(tmp_path, 66)
    assert 66 == len(load(tmp_path).rows) == len(load(tmp_path).rows)
    assert [64, 2] == asked
    kept = paths[0].stat()
    paths[0].write_bytes(b"x" * kept.st_size)
    os.utime(paths[0], ns=(kept.st_atime_ns, kept.st_mtime_ns))
    with pytest.raises(InputError, match="a whole Parquet file"):
        vetting.batch_rows(Source(paths[0], "parquet"))


@pytest.mark.usefixtures("vetted_here")
def test_large_files_do_not_wait_for_one_another(tmp_path, monkeypatch):
    """The rows of the first file need not wait until all that follow have been read too."""
    asked = []
    told = vetting._ask
    monkeypatch.setattr(vetting, "_ask", lambda files, rows: asked.append(len(files)) or told(files, rows))
    paths = shards(tmp_path, 5)
    monkeypatch.setattr(vetting, "AHEAD_BYTES", 2.5 * paths[0].stat().st_size)
    assert 5 == len(load(tmp_path).rows)
    assert [2, 2, 1] == asked


def test_a_bad_file_among_good_ones_is_the_only_one_refused(tmp_path, monkeypatch):
    """A child that a file ends is followed by others: for the file alone, with ever fewer rows, and for the rest."""
    paths, asked = shards(tmp_path, 4), []

    def ask(_, files, limit_s):
        asked.append([(path[-11:-8], rows) for path, _, rows, _ in files])
        at = next((at for at, file in enumerate(files) if file[0] == str(paths[1])), len(files))
        return (vetting.TOO_MUCH if at < len(files) else 0), [[]] * at

    monkeypatch.setattr("tunecase.engine.ask_child", ask)
    vetting.vet([Source(path, "parquet") for path in paths])
    whole = [[(name, 4096) for name in names] for names in (("000", "001", "002", "003"), ("001", "002", "003"))]
    assert [*whole, [("001", 64)], [("001", 1)], [("002", 4096), ("003", 4096)]] == asked
    assert 4096 == vetting.batch_rows(Source(paths[0], "parquet")) == vetting.batch_rows(Source(paths[3], "parquet"))
    with pytest.raises(InputError, match="more than 220 MB to unpack"):
        vetting.batch_rows(Source(paths[1], "parquet"))


def test_the_reason_is_told_where_no_file_can_be_read(tmp_path, monkeypatch):
    """Without pyarrow the part to install is named; an error of the child keeps its words."""
    (path,) = shards(tmp_path, 1)
    monkeypatch.setattr("tunecase.engine.ask_child", lambda *_: (0, ["KeyError: 'x'"]))
    with pytest.raises(RuntimeError, match="KeyError: 'x'"):
        vetting.batch_rows(Source(path, "parquet"))
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtraError, match="parquet"):
        vetting.batch_rows(Source(path, "parquet"))


def test_a_row_beyond_8_mb_is_bad_and_the_others_are_read(tmp_path):
    """A row of 9 MB is one bad row with its size, packed too."""
    long = "word " * 1_800_000
    texts = {"d.csv": f"input,output\nq,a\n{long},b\nr,c\n", "d.jsonl.gz": f'{ROW}{{"input": "{long}"}}\n{ROW}'}
    for name, text in texts.items():
        packed = name.endswith("gz")
        data = text.encode() + os.urandom(80_000 * packed).hex().encode()
        (tmp_path / name).write_bytes(gzip.compress(data, 1) if packed else data)
        rows = list(read_rows(tmp_path / name, detect(tmp_path / name)))
        assert "a record of 9 MB, more than 8 MB" == next(row.reason for row in rows if isinstance(row, BadRow))
        assert 2 == sum(not isinstance(row, BadRow) for row in rows)


def test_long_headers_and_many_quotes(tmp_path):
    """Columns are read whole however long the header; quotes at the end of what was read are not looked at again."""
    names = [f"column_{at:06}" for at in range(6_000)]
    cells = ",".join(["1"] * 6_000)
    (tmp_path / "d.csv").write_text(f"input,output,{','.join(names)}\nq,a,{cells}\nr,b,{cells}\n", encoding="utf-8")
    assert ["a", "b"] == [row.output for row in load(tmp_path / "d.csv").rows]
    (tmp_path / "d.csv").write_bytes(b"a,b\n" + b'"' * 990_000)
    with pytest.raises(InputError, match="no row can be read"):
        load(tmp_path / "d.csv")


@pytest.mark.usefixtures("vetted_here")
def test_a_dictionary_of_labels_is_read_whole(tmp_path):
    """Honest columns that repeat a few texts are read, each row with its text."""
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    labels = pa.DictionaryArray.from_arrays(pa.array([0, 1] * 2000, pa.int32()), ["a refund of the order", "other"])
    table = pa.table({"text": [f"question {at}" for at in range(4_000)], "label": labels})
    pq.write_table(table, tmp_path / "d.parquet")
    with pa.ipc.new_stream(tmp_path / "d.arrow", table.schema) as writer:
        writer.write_table(table)
    for name in ("d.parquet", "d.arrow"):
        assert ["a refund of the order", "other"] * 2000 == [row.output for row in load(tmp_path / name).rows]


def test_links_lead_nowhere(tmp_path):
    """Files and folders that a folder links to are left out and said; no card or usual name follows one."""
    (tmp_path / "secret.jsonl").write_text('{"input": "key", "output": "hidden"}\n', encoding="utf-8")
    folder = tmp_path / "data"
    (folder / "in").mkdir(parents=True)
    (folder / "in" / "a.jsonl").write_text(ROW * 3, encoding="utf-8")
    (folder / "b.jsonl").symlink_to(tmp_path / "secret.jsonl")
    (folder / "c").symlink_to(tmp_path)
    (folder / ".venv").mkdir()
    (folder / ".venv" / "d.jsonl").symlink_to(tmp_path / "secret.jsonl")
    (folder / "python").symlink_to(tmp_path / "secret.jsonl")
    table = load(folder)
    assert ["q"] * 3 == [row.input for row in table.rows]
    assert table.layout.notes == ("2 links in the folder are not followed (the first: b.jsonl)",)
    (tmp_path := tmp_path / "second").mkdir()
    (tmp_path / "a.jsonl").write_text(ROW, encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.jsonl").symlink_to(tmp_path / "a.jsonl")
    with pytest.raises(InputError, match=r"a link in the folder is not followed: train\.jsonl"):
        load(tmp_path / "data")
    with pytest.raises(InputError):
        load(tmp_path / "data::train.jsonl")
    assert 1 == len(load(tmp_path / "data" / "train.jsonl").rows)
    (tmp_path := tmp_path / "third").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x.jsonl").write_text(ROW, encoding="utf-8")
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "train.jsonl").write_text(ROW, encoding="utf-8")
    (folder / "test.jsonl").symlink_to(tmp_path / "out" / "x.jsonl")
    (folder / "link").symlink_to(tmp_path / "out")
    (folder / "README.md").write_text("---\nconfigs:\n- data_files: link/*.jsonl\n---\n", encoding="utf-8")
    assert beside(folder / "train.jsonl") is None
    assert folder / "test.jsonl" == link_beside(folder / "train.jsonl")
    assert (folder / "train.jsonl",) == files_of(folder)


def test_a_test_file_may_be_a_link(tmp_path):
    """It is found where it stays in its folder, and where the training file is a link too; only if it is data."""
    for name in ("a.jsonl", "b.jsonl", "secret"):
        (tmp_path / name).write_text(ROW, encoding="utf-8")
    (tmp_path / "train.jsonl").write_text(ROW, encoding="utf-8")
    (tmp_path / "test.jsonl").symlink_to("a.jsonl")
    assert tmp_path / "test.jsonl" == beside(tmp_path / "train.jsonl")
    assert link_beside(tmp_path / "train.jsonl") is None
    folder = tmp_path / "links"
    folder.mkdir()
    (folder / "train.jsonl").symlink_to(tmp_path / "a.jsonl")
    (folder / "test.jsonl").symlink_to(tmp_path / "b.jsonl")
    assert folder / "test.jsonl" == beside(folder / "train.jsonl")
    (folder / "test.jsonl").unlink()
    (folder / "test.jsonl").symlink_to(tmp_path / "secret")
    assert beside(folder / "train.jsonl") is None
