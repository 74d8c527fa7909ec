"""The shapes of rows and folders that data sets come in."""

import csv
import json

import pytest

from tunecase.data.reading.blocks import raw_records, read_rows
from tunecase.data.reading.detection import detect
from tunecase.data.reading.load import detect_beside, load
from tunecase.data.reading.rows import Row
from tunecase.data.reading.writing import Writer
from tunecase.errors import InputError

pytestmark = pytest.mark.usefixtures("vetted_here")

CALL = [
    {"role": "user", "content": "Weather in Bonn?"},
    {"role": "assistant", "content": None, "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Bonn"}'}}]},
    {"role": "tool", "tool_call_id": "c1", "content": "rain"},
    {"role": "assistant", "content": "It rains."},
]  # fmt: skip


def lines(path, rows):
    """A file with one JSON value a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def only(path, row):
    """The one row, good or bad, of a file with a good chat before it."""
    good = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
    return list(read_rows(lines(path / "d.jsonl", [good, row]), detect(path / "d.jsonl")))[1]


def test_an_object_of_splits(tmp_path):
    """One object of lists of pairs: `::NAME` chooses, without it the training split is read; rows of pairs."""
    splits = {
        "oos_val": [["g h", "oos"]], "train": [["a b", "x"], ["c d", "y"]], "test": [["e f", "x"]],
    }  # fmt: skip
    path = tmp_path / "data.json"
    path.write_text(json.dumps(splits), encoding="utf-8")
    tables = [load(path.with_name(f"data.json{part}")) for part in ("", "::test", "::oos_val")]
    assert [["a b", "c d"], ["e f"], ["g h"]] == [[row.input for row in table.rows] for table in tables]
    assert {"text/label"} == {table.layout.schema for table in tables}
    with pytest.raises(InputError, match="no split 'dev'"):
        load(tmp_path / "data.json::dev")
    rows = [["a b", "x"], ["c d", "y", "z"], ["e f", "x"]]
    array = tmp_path / "d.json"
    array.write_text(json.dumps(rows), encoding="utf-8")
    for path in (lines(tmp_path / "d.jsonl", rows), array):
        table = load(path)
        assert [("a b", "x"), ("e f", "x")] == [(row.input, row.output) for row in table.rows]
        assert ["3 cells for 2 columns"] == [row.reason for row in table.bad]


def test_names_of_columns(tmp_path):
    """A first line that is plainly a row is read as one; texts and few labels are told apart in either order."""
    path = tmp_path / "d.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([f"words of row {k} and some more of them", "yn"[k % 2]] for k in range(30))
    table = load(path)
    assert (30, True, ("1",), "2") == (
        len(table.rows), table.layout.headless, table.layout.input, table.layout.output
    )  # fmt: skip
    named = load(path, "2", "1")
    assert ("y", "words of row 0 and some more of them") == (named.rows[0].input, named.rows[0].output)
    (tmp_path := tmp_path / "second").mkdir()
    rows = [{"klass": "ab"[k % 2], "said": f"these are the words {k} of it"} for k in range(30)]
    table = load(lines(tmp_path / "d.jsonl", rows))
    assert (("said",), "klass") == (table.layout.input, table.layout.output)
    for unclear in (rows[:5], [{"one": f"words here {k} a", "two": f"words there {k} b"} for k in range(30)]):
        with pytest.raises(InputError, match=r"--input (said --output klass|one --output two)"):
            load(lines(tmp_path / "unclear.jsonl", unclear))


def turns(*said):
    """A list of turns, user first."""
    return [{"role": ("user", "assistant")[k % 2], "content": text} for k, text in enumerate(said)]


PAIRS = (
    {"prompt": "q", "chosen": "good", "rejected": "bad"},
    {"chosen": turns("q", "good"), "rejected": turns("q", "bad")},
    {"prompt": turns("q"), "chosen": turns("q", "good")[1:], "rejected": turns("q", "bad")[1:]},
    {"chosen": "\n\nHuman: q\n\nAssistant: good", "rejected": "\n\nHuman: q\n\nAssistant: bad"},
)


def test_preferences_and_calls_of_tools(tmp_path):
    """Texts, chats, transcripts; a call is the assistant's turn, its result a tool's; out of order is a bad row."""
    read = []
    for row in PAIRS:
        table = load(lines(tmp_path / "d.jsonl", [row]))
        (pair,) = table.rows
        prompt = pair.input.removeprefix("Human: ").removesuffix("Assistant:").strip()
        read.append((table.layout.schema, prompt, pair.output, pair.rejected))
    assert [("preference", "q", "good", "bad")] * len(PAIRS) == read
    rows = [{"prompt": "q", "completion": "a", "label": k % 2 == 0} for k in range(4)]
    table = load(lines(tmp_path / "d.jsonl", rows))
    assert "prompt/completion/label" == table.layout.schema
    assert [("a", "", True), ("", "a", False)] == [(r.output, r.rejected, r.is_target) for r in table.rows[:2]]
    assert [True, False] == [row.other["label"] for row in table.rows[:2]]
    (tmp_path := tmp_path / "second").mkdir()
    row = only(tmp_path, {"messages": CALL})
    assert isinstance(row, Row)
    assert ["user", "assistant", "tool", "assistant"] == [role for role, _ in row.turns]
    assert {"name": "weather", "arguments": {"city": "Bonn"}} == json.loads(row.turns[1][1])
    assert "It rains." == row.output
    bad = only(tmp_path, {"messages": [CALL[0], CALL[2], CALL[3]]})
    assert "a tool's result without a call" == bad.reason
    order = {
        "no turn before the last answer": [{"role": "assistant", "content": "a"}],
        "the role 'wizard' is not known": [{"role": "wizard", "content": "a"}],
    }
    assert list(order) == [only(tmp_path, {"messages": said}).reason for said in order.values()]


@pytest.fixture
def table():
    """Three rows with integer labels, whose names the metadata tell as the `datasets` library writes them."""
    pa = pytest.importorskip("pyarrow")
    features = {"text": {"dtype": "string", "_type": "Value"}, "label": {"names": ["no", "yes"], "_type": "ClassLabel"}}
    table = pa.table({"text": ["a", "b", "c"], "label": [1, 0, 7]})
    return table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})


def stream(folder, table, names=("data-00000-of-00001.arrow",)):
    """A folder as save_to_disk leaves it, its files listed in this order."""
    pa = pytest.importorskip("pyarrow")
    folder.mkdir(parents=True)
    for name in names:
        with pa.ipc.new_stream(str(folder / name), table.schema) as writer:
            writer.write_table(table)
    state = {"_data_files": [{"filename": name} for name in names]}
    (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")
    return folder


def test_data_sets_saved_to_disk(tmp_path, table):
    """In the order of state.json, labels by name, `::NAME` for a split; a broken list is said, never followed."""
    folder = stream(tmp_path / "saved", table, ("b.arrow", "a.arrow"))
    found = load(folder)
    assert ["yes", "no", "yes", "no"] == [row.output for row in found.rows]
    assert ["no 'label': 7 has no name"] * 2 == [row.reason for row in found.bad]
    assert ("no", "yes") == found.layout.classes
    (folder / "a.arrow").unlink()
    with pytest.raises(InputError, match=r"without a\.arrow"):
        load(folder)
    (tmp_path := tmp_path / "second").mkdir()
    for name in ("train", "validation"):
        stream(tmp_path / "dict" / name, table.slice(0, 1 if name == "train" else 2))
    (tmp_path / "dict/dataset_dict.json").write_text('{"splits": ["train", "validation"]}', encoding="utf-8")
    counts = [len(load(tmp_path / name).rows) for name in ("dict", "dict::train", "dict::dev", "dict::validation")]
    assert [1, 1, 2, 2] == counts
    with pytest.raises(InputError, match="name a split: dict::train"):
        load(tmp_path / "dict::test")
    (tmp_path := tmp_path / "third").mkdir()
    stream(tmp_path / "saved", table)
    (tmp_path / "saved/state.json").write_text(json.dumps({"_data_files": [{"filename": "x" * 300}]}), encoding="utf-8")
    with pytest.raises(InputError, match="a data set without x"):
        load(tmp_path / "saved")
    (tmp_path / "dict").mkdir()
    for split in ("", ".", "..", "../saved", "/", "\0", "x" * 300):
        (tmp_path / "dict/dataset_dict.json").write_text(json.dumps({"splits": [split]}), encoding="utf-8")
        with pytest.raises(InputError, match="name a split"):
            load(tmp_path / "dict")


def hub(folder, table):
    """A folder as the Hub lays it out."""
    pq = pytest.importorskip("pyarrow.parquet")
    (folder / "data").mkdir(parents=True)
    for name, rows in (("train-00000-of-00002", 2), ("train-00001-of-00002", 1), ("test-00000-of-00001", 1)):
        pq.write_table(table.slice(0, rows), folder / "data" / f"{name}.parquet")
    (folder / "README.md").write_text("# a card", encoding="utf-8")
    return folder


def test_a_folder_as_the_hub_lays_it_out(tmp_path, table, monkeypatch):
    """The files of a split are one table, in order; in the Hub's cache, too, at the revision that main names."""
    hub(tmp_path / "set", table)
    assert ["a", "b", "a"] == [row.input for row in load(tmp_path / "set").rows]
    assert ["yes"] == [row.output for row in load(tmp_path / "set::test").rows]
    kept = tmp_path / "b" / "datasets--owner--name"
    hub(kept / "snapshots" / "abc", table)
    (kept / "snapshots" / "old").mkdir()
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("abc\n", encoding="utf-8")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "b"))
    from pathlib import Path

    assert [3, 1] == [len(load(Path(f"hf://datasets/owner/name{part}")).rows) for part in ("", "/test")]
    with pytest.raises(InputError, match="write hf://datasets/OWNER/NAME"):
        load(Path("hf://models/owner"))


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_tables_are_written_back_with_their_schema(tmp_path, table, ending):
    """Chosen rows of a table come back as they were, with the metadata that name the labels."""
    pq = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "d.parquet"
    pq.write_table(table, path)
    if ending == "arrow":
        path = stream(tmp_path / "saved", table) / "data-00000-of-00001.arrow"
    layout = detect(path)
    copy = tmp_path / f"copy.{ending}"
    with Writer(copy, path, layout) as writer:
        for number, _, raw, record in raw_records(path, layout):
            if number != 1:
                writer.write(raw, record)
    assert [("a", "yes")] == [(row.input, row.output) for row in load(copy).rows]
    assert (layout.classes, 1) == (detect(copy).classes, len(load(copy).bad))
    if ending == "parquet":
        assert table.schema.equals(pq.read_table(copy).schema, check_metadata=True)
    assert [path.name for path in tmp_path.glob(".*.part")] == []


def test_a_test_file_is_read_by_its_own_columns_else_by_those_of_the_training_file(tmp_path):
    """What its own rows show counts; where neither file's columns help, the refusal is that of the test file."""
    many = [{"message": f"the {n}th lamp broke again", "team": "ab"[n % 2]} for n in range(40)]
    train, few = lines(tmp_path / "train.jsonl", many), lines(tmp_path / "few.jsonl", many[:3])
    assert (("message",), "team") == (detect_beside(few, train).input, detect_beside(few, train).output)
    own = lines(tmp_path / "own.jsonl", [{"text": "a b c", "label": "x"}])
    assert ("text",) == detect_beside(own, train).input
    for test in (lines(tmp_path / "odd.jsonl", [{"one": "a", "two": "b"}]), tmp_path / "missing.jsonl"):
        with pytest.raises(InputError) as alone:
            detect(test)
        with pytest.raises(InputError) as beside:
            detect_beside(test, train)
        assert str(alone.value) == str(beside.value)
    with pytest.raises(InputError, match=r"data\.input: message; data\.output: team"):
        detect(few)
