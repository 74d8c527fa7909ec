"""The rows to label next, as files with a price; mistakes are told, nothing is overwritten."""

import codecs
import csv
import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.command import tunecase
from tests.making import COLOURS, case_folder, tickets, write_jsonl
from tunecase.case import Case
from tunecase.errors import InputError
from tunecase.flow import LabelAsked, label, next_labels_file
from tunecase.prices import clock_words, label_minutes
from tunecase.records import NextLabel


def test_a_batch_is_priced_and_written_beside_the_last(tmp_path):
    """Two batches give two pairs of files, a price and minutes."""
    train = write_jsonl(tmp_path / "train.jsonl", tickets(60, 1))
    pool = write_jsonl(tmp_path / "pool.jsonl", [{"text": row["text"]} for row in tickets(40, 2)])
    asked = (LabelAsked(5, train, pool, to=tmp_path / "next.csv"), 0, date(2026, 11, 24))
    first, second = next_labels_file(*asked), next_labels_file(*asked)
    assert [str(tmp_path / name) for name in ("next-2.csv", "next-2.jsonl")] == list(second.files)
    assert first.rows == second.rows
    assert 5 == len(first.rows) == len((tmp_path / "next.jsonl").read_text(encoding="utf-8").splitlines())
    assert first.price.p50 > 0
    assert first.minutes.p50 > 0


def test_no_cell_is_taken_for_a_formula(tmp_path):
    """The sheet guards texts that begin a formula; the JSON lines have them as they were."""
    row = NextLabel(0, 1, "=HYPERLINK(1)", "-a", None, "doubtful")
    table, lines = label._write((row,), tmp_path / "next.csv")
    assert table.read_bytes().startswith(codecs.BOM_UTF8)
    (cells,) = csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines())
    assert ("'=HYPERLINK(1)", "'-a") == (cells["text"], cells["suggested"])
    assert "=HYPERLINK(1)" == json.loads(lines.read_bytes())["text"]


def test_private_data_are_masked_in_what_readers_get(tmp_path):
    """In a batch and in a trial, unless somebody said so; the record has how many rows hold which kinds."""
    rows = [{**row, "text": f"{row['text']} from ann{at}@example.org"} for at, row in enumerate(tickets(40, 5))]
    pool = write_jsonl(tmp_path / "pool.jsonl", rows)
    case = Case(case_folder(tmp_path), today=date(2026, 11, 24))
    for send in (False, True):
        batch = case.next_labels(20, pool, send_flagged=send)
        task = case.label_task(20, pool, send_flagged=send)
        for record in (batch, task):
            read = "".join(Path(file).read_text(encoding="utf-8") for file in record.files)
            assert (send, not send) == ("@example.org" in read, "[e-mail]" in read)
            assert (20, {"e-mail": 20}, not send) == (
                record.disclosed.flagged, record.disclosed.kinds, record.disclosed.masked
            )  # fmt: skip


def test_without_a_pool_it_says_so(tmp_path):
    """No pool is the user's mistake."""
    with pytest.raises(InputError, match="pool"):
        next_labels_file(LabelAsked(5, tmp_path / "a.jsonl", None), 0, date(2026, 11, 24))


def test_a_large_pool_is_drawn_from_and_a_small_one_is_read_whole(tmp_path, monkeypatch):
    """Never more rows in memory than the bound, each of the pool as likely as any other; the pool is counted whole."""
    pool = write_jsonl(tmp_path / "pool.jsonl", [{"text": f"text {at}"} for at in range(60)])
    whole = label._drawn(pool, None, 0)
    assert (60, list(range(60))) == (whole.count, [row.number for row in whole.rows])
    monkeypatch.setattr(label, "MOST_POOL", 10)
    drawn = [label._drawn(pool, None, seed) for seed in range(60)]
    assert {(60, 10)} == {(part.count, len({row.number for row in part.rows})) for part in drawn}
    assert set(range(60)) == {row.number for part in drawn for row in part.rows}


def test_a_case_keeps_which_rows_it_asked_for(tmp_path):
    """Case.next_labels gives the batch; the ledger holds its rows without their texts."""
    path = case_folder(tmp_path)
    pool = write_jsonl(tmp_path / "pool.jsonl", [{"text": row["text"]} for row in tickets(40, 5)])
    case = Case(path, today=date(2026, 11, 24))
    batch = case.next_labels(5, pool)
    kept = case.flow.ledger.latest("record", "labelling").record()
    assert [row.row for row in batch.rows] == [row.row for row in kept.rows]
    assert all(row.text for row in batch.rows)
    assert not any(row.text for row in kept.rows)


def filled(path, labels, seconds):
    """A reader's file with these labels by row number, each in so many seconds."""
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    for row in rows:
        row["label"], row["seconds"] = labels(int(row["row"])), seconds
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_trial_of_two_readers_reaches_prices_and_ceiling(tmp_path):
    """Given out without answers, read back: the minutes replace the assumed ones, the ceiling enters the definition."""
    path = case_folder(tmp_path, source="    - {kind: label, pool: 20k, rate: 12 to 25 USD per hour}")
    pool = write_jsonl(tmp_path / "pool.jsonl", tickets(80, 5))
    assert 0 == tunecase("label", "--trial", "60", "--pool", pool, "--project", path).code
    files = [tmp_path / "label-trial" / name for name in ("reader-a.csv", "reader-b.csv")]
    sheets = [list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines())) for file in files]
    assert {row["row"] for row in sheets[0]} == {row["row"] for row in sheets[1]}
    assert [row["row"] for row in sheets[0]] != [row["row"] for row in sheets[1]]
    assert {row["label"] for sheet in sheets for row in sheet} == {""}
    assert sorted(COLOURS) == (tmp_path / "label-trial" / "labels.txt").read_text(encoding="utf-8").split()
    truth = lambda row: COLOURS[row % 4]  # noqa: E731
    filled(files[0], truth, "240")
    filled(files[1], lambda row: truth(row + (row % 10 == 0)), "300")
    ran = tunecase("label", "--read", *files, "--project", path, "--json")
    assert (0, 60, 4) == (ran.code, ran.json["rows"], ran.json["classes"])
    case = Case(path, today=date(2026, 11, 24))
    basis = case.flow.basis(2_000)
    assert pytest.approx(4.5, rel=0.05) == float(np.median(label_minutes(basis)))
    assert "in the labelling trial" in clock_words(basis)
    definition = case.define()
    assert definition.agreement == ran.json["agreed"] / 60
    assert definition.ceiling.mid == pytest.approx(ran.json["ceiling"]["mid"])


def test_trials_are_numbered_and_nothing_is_written_over(tmp_path):
    """A second trial lies beside the first; a folder of one's own that holds other files is left as it is."""
    path = case_folder(tmp_path)
    case = Case(path, today=date(2026, 11, 24))
    first, second = case.label_task(30), case.label_task(30)
    assert "label-trial-2" in second.files[0]
    assert first.id == second.id
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "reader-a.csv").write_text("half filled in", encoding="utf-8")
    with pytest.raises(InputError):
        case.label_task(30, to=mine)
    assert "half filled in" == (mine / "reader-a.csv").read_text(encoding="utf-8")


def test_a_trial_that_cannot_be_is_refused(tmp_path):
    """With exit code 2 and a fix, never a traceback."""
    path = case_folder(tmp_path)
    for words in (
        (), ("--trial", "5"), ("--trial", "9999999"), ("--trial", "30", "--read"), ("a.csv",), ("--read", "a.csv"),
        ("--read", "a.csv", "b.csv", "--to", "x"), ("--read", "none.csv", "none.csv"),
    ):  # fmt: skip
        ran = tunecase("label", *words, "--project", path)
        assert (2, True) == (ran.code, "; wanted " in ran.err), words
