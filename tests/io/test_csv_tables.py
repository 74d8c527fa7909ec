"""CSV tables keep the line of every row; numbers are read as people write them, or not at all."""

import csv
import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.errors import InputError
from tunecase.io import csv_tables
from tunecase.io.csv_tables import as_it_was, no_formula, read_number, read_table, whole_number


def test_rows_keep_their_lines(tmp_path) -> None:
    """Whatever parts the cells; blank lines are passed over, missing cells are empty, those beyond are dropped."""
    path = tmp_path / "t.csv"
    for mark in (",", ";", "\t"):
        path.write_text(f"\ufeffn{mark}Score \n\n1{mark}2{mark}3\n4\n", encoding="utf-8")
        expected = ["n", "Score"], [(3, {"n": "1", "Score": "2"}), (4, {"n": "4", "Score": ""})]
        assert expected == read_table(path), mark


def test_a_column_named_twice_is_refused(tmp_path, monkeypatch):
    """Which of the two is meant cannot be known; a file that is too long is refused before it is held in memory."""
    path = tmp_path / "t.csv"
    path.write_text("n,score,n\n1,2,3\n", encoding="utf-8")
    with pytest.raises(InputError, match="the column n twice"):
        read_table(path)
    monkeypatch.setattr(csv_tables, "MOST_CHARACTERS", 10)
    with pytest.raises(InputError, match="at most 10"):
        read_table(path)


def test_numbers_as_people_write_them() -> None:
    """Thousands, powers of ten, percent; a decimal comma is none: it must not be read as thousands."""
    numbers = {"1,000": 1000, "1e3": 1000, "85%": 0.85, "1_000.5": 1000.5, " -2 ": -2}
    assert numbers == {text: read_number(text) for text in numbers}
    for text in ("0,85", "1,00", "", None, "many", "%"):
        assert (True, None) == (math.isnan(read_number(text)), whole_number(text)), text


BEGINNINGS = ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]


def test_a_cell_never_begins_a_formula() -> None:
    """Signs of every width, behind blanks, quotes and marks without width, follow an apostrophe and come back."""
    before = ["", " ", "\u00a0 ", "'", '"', "'' ", "\ufeff", "\u200b"]
    texts = [f"{mark}{sign}HYPERLINK(1)" for mark in before for sign in BEGINNINGS]
    assert [f"'{text}" for text in texts] == [no_formula(text) for text in texts]
    assert texts == [as_it_was(no_formula(text)) for text in texts]


@given(st.lists(st.text(st.sampled_from([*BEGINNINGS, "'", '"', " ", "a", "1", ",", ";"]), max_size=8), max_size=4))
def test_a_sheet_gives_back_what_was_written(cells) -> None:
    """What is written as cells of a CSV file is the same text once read."""
    sheet = io.StringIO(newline="")
    csv.writer(sheet).writerow(map(no_formula, cells))
    read = next(csv.reader(io.StringIO(sheet.getvalue(), newline="")), [])
    assert cells == [as_it_was(cell) for cell in read]


def test_words_and_numbers_stay_as_they_are() -> None:
    """An apostrophe of the text's own stays, and plain cells get none."""
    for text in ("us-east-1", "'tis", "'quoted'", "3", "a=b", "", "'", "''a"):
        assert text == no_formula(text) == as_it_was(text)
