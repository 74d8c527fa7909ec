"""CSV tables keep the line of every row; numbers are read as people write them, or not at all."""

import math

import pytest

from tunecase.errors import InputError
from tunecase.io import csv_tables
from tunecase.io.csv_tables import read_number, read_table, whole_number


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_rows_keep_their_lines(tmp_path, mark):
    """Whatever parts the cells; blank lines are passed over, missing cells are empty, those beyond are dropped."""
    path = tmp_path / "t.csv"
    path.write_text(f"\ufeffn{mark}Score \n\n1{mark}2{mark}3\n4\n", encoding="utf-8")
    assert (["n", "Score"], [(3, {"n": "1", "Score": "2"}), (4, {"n": "4", "Score": ""})]) == read_table(path)


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


@pytest.mark.parametrize(
    ("text", "number"), [("1,000", 1000), ("1e3", 1000), ("85%", 0.85), ("1_000.5", 1000.5), (" -2 ", -2)]
)
def test_numbers_as_people_write_them(text, number):
    """Thousands, powers of ten, percent."""
    assert number == read_number(text)


@pytest.mark.parametrize("text", ["0,85", "1,00", "", None, "many", "%"])
def test_what_is_no_number(text):
    """A decimal comma is none: it must not be read as thousands."""
    assert math.isnan(read_number(text))
    assert whole_number(text) is None
