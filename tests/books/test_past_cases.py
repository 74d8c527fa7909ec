"""Earlier cases are found and read: ledgers, folders of them and exports, each checked, each counted once."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.books.test_books import plan
from tests.books.test_earlier_projects import DAY, START, charge
from tunecase.books.past_cases import FORM, MARK, exported, places_of, read_cases, read_past
from tunecase.errors import InputError
from tunecase.ledger.book import Ledger
from tunecase.records import Closing, Estimate, Spending


def ledger(folder: Path, *steps: Any) -> Ledger:
    """A case of its own: its first entry is no other's."""
    folder.mkdir(parents=True, exist_ok=True)
    found = Ledger(folder / "ledger.jsonl")
    apart = timedelta(microseconds=1 + sum(folder.name.encode()))
    for number, step in enumerate(steps):
        kind = "spend" if isinstance(step, Spending) else "record"
        found.append(kind, step, recorded_at=START + apart + timedelta(days=number))
    return found


def test_past_ledgers_are_read_by_file_or_folder(tmp_path):
    """Overruns are those of people's lines; what their ledgers hold is in the digest."""
    ledger(tmp_path / "a", plan(), charge("10500"), Closing(("labour", "gpu"), DAY))
    ledger(tmp_path / "b", plan(), charge("5", "gpu"))
    found = read_past(["a", "b/ledger.jsonl"], tmp_path)
    assert (1, 1, (1.5,)) == (len(found.lines), found.projects, found.overruns)
    ledger(tmp_path / "b", charge("6", "gpu"))
    assert found.digest != read_past(["a", "b"], tmp_path).digest


def test_broken_past_ledgers_are_refused_together(tmp_path):
    """A missing file, an edited line, a ledger named twice and the project's own are told at once."""
    book = ledger(tmp_path / "a", plan(), charge("9"))
    edited = ledger(tmp_path / "b", plan(), charge("9"))
    edited.path.write_bytes(edited.path.read_bytes().replace(b'"9"', b'"8"'))
    ledger(tmp_path / "c", charge("1"))
    with pytest.raises(InputError) as caught:
        read_past(["a", "b", "c", "c/ledger.jsonl", "d"], tmp_path, own=book.path)
    told = str(caught.value)
    for words in ("own ledger", "a line that was edited", "the same ledger as c", "no such ledger"):
        assert words in told


def test_a_ledger_that_went_on_is_no_second_project(tmp_path):
    """A copy with one more entry, or with a torn end, is refused; so is an earlier copy of the project's own."""
    book = ledger(tmp_path / "a", plan(), charge("9000"), Closing(("labour",), DAY))
    longer, torn = Ledger(tmp_path / "b" / "ledger.jsonl"), tmp_path / "c" / "ledger.jsonl"
    for path in (longer.path, torn):
        path.parent.mkdir()
        path.write_bytes(book.path.read_bytes())
    longer.append("record", plan(draws=2), recorded_at=START + timedelta(days=30))
    torn.write_bytes(torn.read_bytes() + b'{"id":"torn')
    for other in ("b", "c"):
        with pytest.raises(InputError, match="a copy of a, with other entries"):
            read_past(["a", other], tmp_path)
    with pytest.raises(InputError, match="a copy of this project's own ledger"):
        read_past(["a"], tmp_path, own=longer.path)
