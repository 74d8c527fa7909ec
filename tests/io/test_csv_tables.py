"""CSV tables keep the line of every row; numbers are read as people write them, or not at all."""

import math

import pytest

from tunecase.errors import InputError
from tunecase.io import csv_tables
from tunecase.io.csv_tables import read_number, read_table, whole_number


def test_rows_keep_their_lines(tmp_path) -> None:
    """Whatever parts the cells; blank lines are passed over, missing cells are empty, those beyond are dropped."""
    breaches = []
    for mark in [",", ";", "\t"]:
        path = tmp_path / "t.csv"
        path.write_text(f"\ufeffn{mark}Score \n\n1{mark}2{mark}3\n4\n", encoding="utf-8")
        expected = ["n", "Score"], [(3, {"n": "1", "Score": "2"}), (4, {"n": "4", "Score": ""})]
        breaches += [] if expected == read_table(path) else [mark]
    assert [] == breaches


def test_a_column_named_twice_is_refused(tmp_path):
    """Which of the two is meant cannot be known."""
    path = tmp_path / "t.csv"
    path.write_text("n,score,n\n1,2,3\n", encoding="utf-8")
    with pytest.raises(InputError, match="the column n twice"):
        read_table(path)


def test_a_file_that_is_too_long_is_refused(tmp_path, monkeypatch):
    """Before it is held in memory."""
    monkeypatch.setattr(csv_tables, "MOST_CHARACTERS", 10)
    path = tmp_path / "t.csv"
    path.write_text("n,score\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="at most 10"):
        read_table(path)


def test_numbers_as_people_write_them() -> None:
    """Thousands, powers of ten, percent."""
    breaches = []
    for text, number in [("1,000", 1000), ("1e3", 1000), ("85%", 0.85), ("1_000.5", 1000.5), (" -2 ", -2)]:
        breaches += [] if number == read_number(text) else [(text, number)]
    assert [] == breaches


def test_what_is_no_number() -> None:
    """A decimal comma is none: it must not be read as thousands."""
    breaches = []
    for text in ["0,85", "1,00", "", None, "many", "%"]:
        breaches += [] if math.isnan(read_number(text)) else [text]
        breaches += [] if whole_number(text) is None else [text]
    assert [] == breaches
