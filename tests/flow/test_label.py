"""The rows to label next, as files with a price; mistakes are told, nothing is overwritten."""

import codecs
import csv
import json
from datetime import date

import pytest

from tests.making import case_folder, tickets, write_jsonl
from tunecase.case import Case
from tunecase.errors import InputError
from tunecase.flow import LabelAsked, label, next_labels_file
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
