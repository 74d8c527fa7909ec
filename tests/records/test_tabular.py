"""Records give themselves as plain values and as data frames, with columns that follow from their fields' types."""

import json
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from tests import samples
from tunecase.errors import InputError, TunecaseError
from tunecase.records import RECORDS, Report, Spending, Tabular, to_json
from tunecase.records.tabular import _columns, _columns_of, _tables

ENDED = datetime(2026, 11, 24, 1, 30, tzinfo=timezone(timedelta(hours=2)))
PAID = Spending(date(2026, 11, 23), "gpu", Decimal("12.50"), "EUR", Decimal("13.75"), ended_at=ENDED, row=7)


def test_every_record_is_tabular() -> None:
    """Each kind of record has the methods, and keeps its slots: nothing can be added to one."""
    assert [] == [verb for verb, kind in RECORDS.items() if not issubclass(kind, Tabular)]
    assert not hasattr(samples.audit(), "__dict__")


def test_no_table_has_two_columns_of_one_name() -> None:
    """Whatever a record within a row is called, its columns do not fall together with others."""
    doubled = [
        (verb, table, name)
        for verb, kind in RECORDS.items()
        for table, row in {**_tables(kind), **({} if _tables(kind) else {"": kind})}.items()
        for name, count in Counter(column.name for column in _columns(row, ())).items()
        if count > 1
    ]
    assert [] == doubled


def test_plain_values_are_those_of_json() -> None:
    """to_dict() and to_json() hold what `--json` prints: exact money and days as text."""
    for record in (samples.estimate(), samples.charges(), samples.audit()):
        assert json.loads(to_json(record)) == record.to_dict() == json.loads(record.to_json())
    first = samples.charges().to_dict()["charges"][0]["charge"]
    assert ("262.40", "2026-11-03") == (first["amount"], first["on"])


def test_the_main_table_comes_first() -> None:
    """Tables are named as the fields are; those of a record within have its name before theirs."""
    assert "lines" == samples.estimate().tables[0]
    assert "plan.months" in samples.estimate().tables
    assert ("charges", "set_aside") == samples.charges().tables
    assert () == Report("yes", "a.html", "a.md", "a.json").tables


def test_values_keep_one_type() -> None:
    """Decimals become floats, days stay days, moments are in UTC, and what is a list or names becomes JSON text."""
    columns = {column.name: column for column in _columns_of(PAID, "")}
    assert ("number", [12.5]) == (columns["amount"].type, columns["amount"].values)
    assert ("day", [date(2026, 11, 23)]) == (columns["on"].type, columns["on"].values)
    assert [datetime(2026, 11, 23, 23, 30, tzinfo=UTC)] == columns["ended_at"].values
    assert ("json", ["{}"]) == (columns["tags"].type, columns["tags"].values)
    assert ("count", True, [7]) == (columns["row"].type, columns["row"].gaps, columns["row"].values)
    odd = replace(PAID, description="caf\udce9")
    assert ["caf\\udce9"] == next(column.values for column in _columns_of(odd, "") if column.name == "description")


def test_a_table_says_its_currency_once() -> None:
    """The record's currency is the last column, unless the rows have their own."""
    names = [column.name for column in _columns_of(samples.estimate(), "lines")]
    assert "currency" == names[-1]
    assert 1 == [column.name for column in _columns_of(samples.metered(), "charges")].count("currency")


def test_an_unknown_table_is_told_with_near_names() -> None:
    """A wrong name is an InputError with the nearest tables; so is any name where a record has none."""
    with pytest.raises(InputError) as wrong:
        samples.estimate().to_pandas("line")
    assert ("table", "did you mean lines?") == (wrong.value.problems[0].where, wrong.value.problems[0].fix)
    with pytest.raises(InputError, match="has no tables"):
        PAID.to_polars("charges")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_missing_library_is_told_with_its_remedy(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library the message says how to install it."""
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(TunecaseError, match=f"pip install {library}"):
        getattr(samples.estimate(), f"to_{library}")()


def test_pandas_columns_are_typed() -> None:
    """Every column of every table of the samples has one type, and an empty table has the same ones."""
    pandas = pytest.importorskip("pandas")
    bill = samples.estimate()
    lines = bill.to_pandas()
    assert len(bill.lines) == len(lines)
    assert bill.lines[0].amount.p50 == lines["amount_mid"][0]
    none = replace(bill, lines=()).to_pandas()
    assert lines.dtypes.to_dict() == none.dtypes.to_dict()
    assert 0 == len(none)
    paid = PAID.to_pandas()
    assert {"datetime64[s]", "datetime64[us, UTC]", "Int64", "float64", "string"} <= {*map(str, paid.dtypes)}
    assert pandas.Timestamp("2026-11-23") == paid["on"][0]
    assert [] == [
        (verb, table, name)
        for verb, record in samples.records().items()
        for table in record.tables or ("",)
        for name, type_ in record.to_pandas(table).dtypes.items()
        if str(type_) == "object"
    ]


def test_polars_columns_are_typed() -> None:
    """The same in polars: days are Date, moments Datetime in UTC, an empty table keeps its schema."""
    polars = pytest.importorskip("polars")
    bill = samples.estimate()
    lines = bill.to_polars()
    assert [line.name for line in bill.lines] == lines["name"].to_list()
    assert lines.schema == replace(bill, lines=()).to_polars().schema
    paid = PAID.to_polars()
    assert (polars.Date, polars.Datetime("us", "UTC")) == (paid.schema["on"], paid.schema["ended_at"])
    assert date(2026, 11, 23) == paid["on"][0]
    for record in samples.records().values():
        for table in record.tables or ("",):
            assert polars.Object not in record.to_polars(table).dtypes


def test_a_part_that_is_missing_gives_missing_values() -> None:
    """A band that a row lacks is missing in all its columns; a table of a record that is missing is empty."""
    bill = samples.estimate()
    unpriced = replace(bill, lines=(replace(bill.lines[0], amount=None),), plan=None)
    columns = {column.name: column.values for column in _columns_of(unpriced, "lines")}
    assert [None] == columns["amount_low"] == columns["amount_high"]
    months: list[Any] = [column.values for column in _columns_of(unpriced, "plan.months")]
    assert months
    assert not any(months)


@pytest.mark.slow
def test_many_charges_are_a_frame_in_seconds() -> None:
    """100,000 charges become a data frame within five seconds of processor time."""
    from time import process_time

    pytest.importorskip("pandas")
    book = samples.charges()
    many = replace(book, charges=book.charges[:1] * 100_000)
    begun = process_time()
    assert 100_000 == len(many.to_pandas())
    assert process_time() - begun < 5
