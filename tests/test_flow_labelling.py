"""The rows to label next, as files with a price; mistakes are told, nothing is overwritten."""

from datetime import date

import pytest

from tests.making import tickets, write_jsonl
from tunecase.errors import InputError
from tunecase.flow import next_labels_file


def test_a_batch_is_priced_and_written_beside_the_last(tmp_path):
    """Two batches give two pairs of files, a price and minutes."""
    train = write_jsonl(tmp_path / "train.jsonl", tickets(60, 1))
    pool = write_jsonl(tmp_path / "pool.jsonl", [{"text": row["text"]} for row in tickets(40, 2)])
    asked = (train, None, None, None, 5, pool, tmp_path / "next.csv", 0, date(2026, 11, 24))
    first, second = next_labels_file(*asked), next_labels_file(*asked)
    assert [str(tmp_path / name) for name in ("next-2.csv", "next-2.jsonl")] == list(second.files)
    assert first.rows == second.rows
    assert 5 == len(first.rows) == len((tmp_path / "next.jsonl").read_text(encoding="utf-8").splitlines())
    assert first.price.p50 > 0
    assert first.minutes.p50 > 0


def test_without_a_pool_it_says_so(tmp_path):
    """No pool is the user's mistake."""
    with pytest.raises(InputError, match="pool"):
        next_labels_file(tmp_path / "a.jsonl", None, None, None, 5, None, None, 0, date(2026, 11, 24))
