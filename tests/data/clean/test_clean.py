"""A cleaned copy: rows are conserved, the input is untouched, the folder is whole or not there."""

import csv
import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.audit.test_audit import EXAMPLE, sentences
from tunecase.data.clean.clean import clean
from tunecase.data.reading.blocks import read_rows
from tunecase.data.reading.detection import detect
from tunecase.errors import InputError
from tunecase.flow.clean import DataFiles, FixAsked, fix_file, review_file
from tunecase.io.folders import digest
from tunecase.records import Audit, Cleaned

DAY = date(2026, 11, 24)


def fixed(train: Path, to: Path, test: Path | None = None, **options) -> tuple[Audit, Cleaned]:
    """One cleaned copy without a project."""
    return fix_file(DataFiles(train, test), FixAsked(to, **options), seed=0, today=DAY)


def lines(path: Path) -> list[dict]:
    """The JSON values of a file, one a line."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def rows_of(count: int = 60) -> list[dict]:
    """Rows of two labels, no two alike, with two repeats, a contradiction, and one that is blank."""
    rows = [{"text": text, "label": "ab"[at % 2]} for at, text in enumerate(sentences(count))]
    return [*rows, dict(rows[0]), dict(rows[1]), {"text": rows[2]["text"], "label": "b"}, {"text": " ", "label": "a"}]


def write(path: Path, rows: list[dict], bad: int = 0) -> Path:
    """The rows in the format of the ending, with some that cannot be read where the format can hold them."""
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".jsonl":
        body = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows) + "{broken\n" * bad
        path.write_text(body, encoding="utf-8")
    elif path.suffix == ".json":
        path.write_text(json.dumps([*rows, *[3] * bad]), encoding="utf-8")
    elif path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["text", "label"])
            writer.writerows([[row["text"], row["label"]] for row in rows])
            file.write("one,two,three\r\n" * bad)
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(rows), path)
    return path


@pytest.mark.usefixtures("vetted_here")
@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".json", ".parquet"])
def test_rows_are_conserved_in_every_format(tmp_path, ending):
    """kept + dropped + quarantined = read; the copy is read the same way and has none of the dropped defects."""
    if ending == ".parquet":
        pytest.importorskip("pyarrow")
    bad = 0 if ending == ".parquet" else 2
    train = write(tmp_path / f"train{ending}", rows_of(), bad)
    before = digest(train)
    found, record = fixed(train, tmp_path / "out")
    assert before == digest(train) == record.sha256
    assert (64 + bad, 61, 3, bad) == (record.rows, record.kept, record.dropped, record.quarantined)
    assert (found.usable, found.dropped, found.quarantined) == (record.kept, record.dropped, record.quarantined)
    assert [60, 61, 63] == [row["row"] for row in lines(tmp_path / "out/dropped.jsonl")]
    assert [{"check": "duplicate_exact", "repeats_rows": [0]}] == lines(tmp_path / "out/dropped.jsonl")[0]["reasons"]
    assert bad == len(lines(tmp_path / "out/quarantine.jsonl"))
    again, second = fixed(tmp_path / f"out/train{ending}", tmp_path / "again")
    assert (61, 61, 0, 0) == (second.rows, second.kept, second.dropped, second.quarantined)
    assert [] == [finding.check for finding in again.findings if finding.removed]
    if ending in (".jsonl", ".csv"):
        kept = (tmp_path / f"out/train{ending}").read_bytes()
        assert set(kept.splitlines()) <= set(train.read_bytes().splitlines())


TEXT = st.one_of(
    st.sampled_from(["", "a b c d", "A b, c d!", "=1+1", "é\u2028x", '"q",', "two\nlines"]), st.text(max_size=8)
)
ROW = st.fixed_dictionaries({"text": TEXT, "label": st.sampled_from(["p", "q", "", "-5"])})


@given(rows=st.lists(ROW, min_size=1, max_size=25), bad=st.integers(0, 2), ending=st.sampled_from([".csv", ".json"]))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_rows_are_conserved(tmp_path_factory, ending, rows, bad):
    """Whatever the texts, every record of the input is in exactly one of the three files."""
    folder = tmp_path_factory.mktemp("any")
    rows = [{key: value.replace("\0", "").replace("\r", "") for key, value in row.items()} for row in rows]
    rows = [{key: value.encode("utf-8", "ignore").decode() for key, value in row.items()} for row in rows]
    train = write(folder / f"train{ending}", rows, bad)
    try:
        found, record = fixed(train, folder / "out")
    except InputError:
        return
    assert found.rows == record.rows == record.kept + record.dropped + record.quarantined
    taken = [row["row"] for name in ("dropped", "quarantine") for row in lines(folder / f"out/{name}.jsonl")]
    assert len(taken) == len(set(taken)) == record.dropped + record.quarantined
    assert set(taken) <= set(range(record.rows))


@pytest.mark.slow
def test_the_example_says_why_each_row_goes(tmp_path):
    """Leaks name their test row, repeats the row they repeat; the queue holds each row once, controls among them."""
    out = tmp_path / "out"
    _, record = fixed(EXAMPLE / "data/train.jsonl", out, EXAMPLE / "data/test.jsonl")
    dropped, queue = lines(out / "dropped.jsonl"), lines(out / "review.jsonl")
    joined = [reason for row in dropped for reason in row["reasons"] if reason["check"] != "empty"]
    assert all(reason.get("leaks_to_test_rows") or reason.get("repeats_rows") for reason in joined)
    assert list(range(1, record.review_rows + 1)) == [row["rank"] for row in queue]
    assert len(queue) == len({row["row"] for row in queue})
    assert record.controls == sum(not row["checks"] for row in queue) == 7
    changes = json.loads((out / "changes.json").read_bytes())
    assert [row["row"] for row in queue if row["checks"]] == [row for row, _ in changes["queue"]["suspicion"]]
    assert 0 < changes["queue"]["expected_wrong"] < record.queue_rows
    tools = [json.loads((out / name).read_bytes()) for name in ("label_studio.json", "argilla.json")]
    assert not any(task.get("predictions") or task.get("suggestions") for tasks in tools for task in tasks)
    assert not {row["row"] for row in queue} & {row["row"] for row in dropped}
    assert all(digest(out / file["name"]) == file["sha256"] for file in changes["outputs"])
    assert (record.review_rows, True) == (record.depths[-1].rows, record.depths[-1].price.p50 > 0)


def test_masks_and_names_of_copies(tmp_path, monkeypatch):
    """An answer is left only where answers are labels; an input named as a file beside the copy gets another name."""
    monkeypatch.chdir(tmp_path)
    rows = [
        {"question": text, "answer": f"ask {text.split()[0]}{at}@example.org"} for at, text in enumerate(sentences(60))
    ]
    rows.append({"question": rows[0]["question"], "answer": "write to ann@example.org"})
    train = write(tmp_path / "train.jsonl", rows)
    _, record = fixed(train, tmp_path / "out", mask=True)
    assert record.kept == record.masked
    assert b"@example.org" not in (tmp_path / "out/train.jsonl").read_bytes()
    queue = lines(tmp_path / "out/review.jsonl")
    assert queue
    assert not any("@example.org" in row["given"] + row["input"] + row["why"] for row in queue)
    _, record = fixed(train, tmp_path / "plain")
    assert queue == lines(tmp_path / "plain/review.jsonl")
    assert (len(queue), {"e-mail": len(queue)}, True) == (
        record.disclosed.flagged, record.disclosed.kinds, record.disclosed.masked,
    )  # fmt: skip
    _, record = fixed(train, tmp_path / "sent", send_flagged=True)
    assert all("@example.org" in row["given"] for row in lines(tmp_path / "sent/review.jsonl"))
    assert not record.disclosed.masked
    said = write(tmp_path / "said.jsonl", [{**row, "decision": "right"} for row in queue])
    assert len(queue) == review_file(said, train, None, None).rows
    answers = [{**row, "decision": "wrong", "answer": f"please {row['given']}"} for row in queue]
    review_file(write(tmp_path / "said.jsonl", answers), train, None, None)
    fixed(train, tmp_path / "mended")
    mended = [row["answer"] for row in lines(tmp_path / "mended/train.jsonl")]
    assert len(queue) == sum(answer.startswith("please ") and "@example.org" in answer for answer in mended)
    assert not any("[e-mail]" in answer for answer in mended)
    monkeypatch.undo()
    (tmp_path := tmp_path / "second").mkdir()
    for folder, name in enumerate(("Review.jsonl", "changes.json")):
        train, out = write(tmp_path / f"data{folder}" / name, rows_of()), tmp_path / f"out{folder}"
        fixed(train, out)
        assert 61 == sum(1 for _ in read_rows(out / f"cleaned-{name}", detect(train)))
        assert "removed" in json.loads((out / "changes.json").read_bytes())


def test_splits_and_folders_of_one_file_are_mended_too(tmp_path):
    """What the audit reads as one file is copied under that file's name; of more files it says so, before anything."""
    whole = tmp_path / "data.json"
    whole.write_text(json.dumps({"train": rows_of(), "test": rows_of(20)}), encoding="utf-8")
    before = digest(whole)
    _, split = fixed(tmp_path / "data.json::train", tmp_path / "split")
    assert (61, before) == (split.kept, split.sha256)
    assert 61 == len(json.loads((tmp_path / "split/data.json").read_bytes()))
    write(tmp_path / "many/one.jsonl", rows_of())
    assert 61 == fixed(tmp_path / "many", tmp_path / "folder")[1].kept
    assert (tmp_path / "folder/one.jsonl").is_file()
    write(tmp_path / "many/two.jsonl", rows_of())
    for mend in (
        lambda: fixed(tmp_path / "many", tmp_path / "none"),
        lambda: review_file(tmp_path / "split/review.csv", tmp_path / "many", None, None),
    ):
        with pytest.raises(InputError, match="a folder of 2 files"):
            mend()
    assert not (tmp_path / "none").exists()


def test_folders_and_changing_files(tmp_path, monkeypatch):
    """A full folder needs --force, one that holds the inputs is refused, and so is a file that changes meanwhile."""
    train = write(tmp_path / "data/train.jsonl", rows_of())
    out = tmp_path / "out"
    fixed(train, out)
    with pytest.raises(InputError, match="--force"):
        fixed(train, out)
    with pytest.raises(InputError, match="without the inputs"):
        fixed(train, tmp_path / "data", force=True)
    assert not fixed(train, out, force=True)[1].aside
    with (out / "review.csv").open("a") as file:
        file.write("work of an hour\r\n")
    _, record = fixed(train, out, force=True)
    assert "work of an hour" in (Path(record.aside) / "review.csv").read_text(encoding="utf-8")
    assert {"data", "out", "out.old-1"} == {path.name for path in tmp_path.iterdir()}
    (tmp_path := tmp_path / "second").mkdir()
    train = write(tmp_path / "train.jsonl", rows_of())

    def meddling(*given, **named):
        train.write_bytes(train.read_bytes().replace(b'"b"', b'"a"'))
        return clean(*given, **named)

    monkeypatch.setattr("tunecase.data.clean.clean", meddling)
    with pytest.raises(InputError, match="the file that was audited"):
        fixed(train, tmp_path / "out")
    assert ["train.jsonl"] == [path.name for path in tmp_path.iterdir()]
