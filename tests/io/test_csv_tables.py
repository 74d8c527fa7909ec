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


def test_rows_and_columns_of_tables(tmp_path, monkeypatch):
    """Lines are kept, missing cells empty; a column named twice and a file that is too long are refused."""
    path = tmp_path / "t.csv"
    for mark in (",", ";", "\t"):
        path.write_text(f"\ufeffn{mark}Score \n\n1{mark}2{mark}3\n4\n", encoding="utf-8")
        expected = ["n", "Score"], [(3, {"n": "1", "Score": "2"}), (4, {"n": "4", "Score": ""})]
        assert expected == read_table(path), mark
    path = tmp_path / "t.csv"
    path.write_text("n,score,n\n1,2,3\n", encoding="utf-8")
    with pytest.raises(InputError, match="the column n twice"):
        read_table(path)
    monkeypatch.setattr(csv_tables, "MOST_CHARACTERS", 10)
    with pytest.raises(InputError, match="at most 10"):
        read_table(path)


def test_numbers_and_cells() -> None:
    """Numbers as people write them, no decimal comma; a cell never begins a formula, plain ones stay."""
    numbers = {"1,000": 1000, "1e3": 1000, "85%": 0.85, "1_000.5": 1000.5, " -2 ": -2}
    assert numbers == {text: read_number(text) for text in numbers}
    for text in ("0,85", "1,00", "", None, "many", "%"):
        assert (True, None) == (math.isnan(read_number(text)), whole_number(text)), text
    before = ["", " ", "\u00a0 ", "'", '"', "'' ", "\ufeff", "\u200b"]
    texts = [f"{mark}{sign}HYPERLINK(1)" for mark in before for sign in BEGINNINGS]
    assert [f"'{text}" for text in texts] == [no_formula(text) for text in texts]
    assert texts == [as_it_was(no_formula(text)) for text in texts]
    for text in ("us-east-1", "'tis", "'quoted'", "3", "a=b", "", "'", "''a"):
        assert text == no_formula(text) == as_it_was(text)


BEGINNINGS = ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]


@given(st.lists(st.text(st.sampled_from([*BEGINNINGS, "'", '"', " ", "a", "1", ",", ";"]), max_size=8), max_size=4))
def test_a_sheet_gives_back_what_was_written(cells) -> None:
    """What is written as cells of a CSV file is the same text once read."""
    sheet = io.StringIO(newline="")
    csv.writer(sheet).writerow(map(no_formula, cells))
    read = next(csv.reader(io.StringIO(sheet.getvalue(), newline="")), [])
    assert cells == [as_it_was(cell) for cell in read]
