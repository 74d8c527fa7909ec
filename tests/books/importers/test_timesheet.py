"""Time sheets: hours exact, rates from the row or the team, days and numbers that are read in one way only."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.books.importers.bills import asked
from tunecase.books.importers.charge import Brought, HourPrice
from tunecase.books.importers.timesheet import timesheet
from tunecase.errors import InputError

TOGGL = """User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration,Tags
Ann,ann@example.org,Plotline,Tickets,error analysis,read 50 mistakes,\
Yes,2026-11-02,09:00:00,2026-11-02,10:30:00,1:30:00,
Ann,ann@example.org,Plotline,Tickets,training,set up the run,Yes,2026-11-03,09:00:00,2026-11-03,13:00:00,04:00:00,
Bob,bob@example.org,Plotline,Other,training,else,Yes,2026-11-03,14:00:00,2026-11-03,15:00:00,01:00:00,
"""
CLOCKIFY = """Project,Client,Description,Task,User,Group,Email,Tags,Billable,Start Date,Start Time,Duration (h),\
Duration (decimal),Billable Rate (USD),Billable Amount (USD)
Tickets,Plotline,label the test set,,Ann,,a@example.org,,Yes,11/20/2026,09:00:00,00:20:00,0.33,90.00,29.70
Tickets,Plotline,prompt,,Ann,,a@example.org,,Yes,11/02/2026,09:00:00,02:00:00,2.00,90.00,180.00
"""
HARVEST = """Date,Client,Project,Project Code,Task,Notes,Hours,\
Billable?,Invoiced?,First Name,Last Name,Roles,\
Billable Rate,Billable Amount,Cost Rate,Cost Amount,Currency
2026-11-02,Plotline,Tickets,T1,Programming,evaluation harness,2.5,Yes,No,Ann,Lee,ml engineer,150,375,100,250,Euro - EUR
"""


def read(tmp_path: Path, text: str, **words: object) -> Brought:
    """The charges of a sheet."""
    path = tmp_path / "sheet.csv"
    path.write_text(text, encoding="utf-8")
    return timesheet(str(path), asked(**words))


def refusal(tmp_path: Path, text: str, **words: object) -> str:
    """What a sheet is refused with."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, text, **words)
    return str(caught.value)


def team(role: str) -> HourPrice | None:
    """A team with one role."""
    return HourPrice(Decimal("106.07"), "ml engineer: 75 to 150 USD per hour") if role in ("", "ml engineer") else None


def test_rates_lines_and_amounts_of_rows(tmp_path: Path) -> None:
    """Hours from minutes and seconds at the team's rate; a named line is taken; another amount is told."""
    found = read(tmp_path, TOGGL, person_hour=team, tags={"project": "Tickets"})
    assert (3, 1) == (found.rows, found.filtered)
    first, second = found.spendings
    told = (first.category, first.quantity, first.unit, first.amount)
    assert ("evaluation", Decimal("1.5"), "hour", Decimal("159.105")) == told
    assert ("labour", "estimated", "Ann", 3) == (second.category, second.basis, second.resource, second.row)
    assert "example.org" not in repr(found.spendings)
    # On days of which something is booked, and whatever mistakes they hold, rows that are not asked for stand beside.
    found = read(tmp_path, TOGGL, person_hour=team, tags={"project": "Tickets"}, booked=lambda _: {"x"})
    assert ["else"] == [charge.description for charge in found.beside]
    (tmp_path := tmp_path / "second").mkdir()
    text = "date,person,hours,rate,amount,currency,category\n"
    text += "2026-11-04,Ann,3,100,350,USD,evaluation\n2026-11-05,Ann,2,100,200,USD,Data\n"
    found = read(tmp_path, text)
    assert [("evaluation", Decimal(300)), ("data", Decimal(200))] == [(c.category, c.amount) for c in found.spendings]
    assert ("1 row with another amount under amount than hours x rate, which is booked",) == found.notes


def test_rows_are_known_by_what_they_say(tmp_path: Path) -> None:
    """Equal rows are two pieces of work, a person's day is a line; empty rows are counted."""
    text = "date,hours,person,rate,note\n2026-11-02,1,Ann,90,x\n2026-11-02,1,Ann,90,x\n2026-11-02,2,Ann,90,x\n"
    one, two, three = read(tmp_path, text).spendings
    assert 3 == len({one.row_id, two.row_id, three.row_id})
    assert one.line_id == two.line_id == three.line_id
    sheets = (
        "date,hours,person,rate,note\n2026-11-02,8,Ann,50,x\n",
        "date,hours,person,rate,note\n2026-11-02,8,Ann,60,y\n",
        "date,hours,person,rate,role,note,project\n2026-11-02,8,Ann,50,ml engineer,x,Tickets\n",
    )
    first, second, third = (read(tmp_path, text).spendings[0] for text in sheets)
    assert first.line_id == second.line_id == third.line_id
    assert ({}, {"project": "Tickets"}) == (first.apart, third.apart)
    text = "day;hours;rate;activity\n2026-11-02;0;90;labelling\n02.11.2026;1.5;90 USD;labelling\n"
    found = read(tmp_path, text, category="evaluation")
    assert ("1 row: no hours",) == found.left_out
    assert [("evaluation", Decimal(135))] == [(one.category, one.amount) for one in found.spendings]
    text = "date,hours,user,rate,note\n2026-11-02,8,ann@example.org,50,for bob@example.org\n"
    (only,) = read(tmp_path, text).spendings
    assert ("ann", "for bob") == (only.resource, only.description)


def test_own_rates_and_what_can_be_misread(tmp_path: Path) -> None:
    """The clock before the rounded decimal, the cost rate first; refused by row and column, all together."""
    first, second = read(tmp_path, CLOCKIFY).spendings
    told = (first.category, first.quantity, first.amount, str(first.on))
    assert ("data", Decimal("0.333333"), Decimal("29.99997"), "2026-11-20") == told
    assert ("labour", "billed", "2026-11-02") == (second.category, second.basis, str(second.on))
    (only,) = read(tmp_path, HARVEST).spendings
    told = (only.category, only.amount, only.currency, only.amount_base, only.resource)
    assert ("evaluation", Decimal("250"), "EUR", Decimal("262.5"), "Ann Lee") == told
    (tmp_path := tmp_path / "b").mkdir()
    assert [] == [(text, told) for text, told in MISREAD if told not in refusal(tmp_path, text)]
    told = refusal(tmp_path, "date,hours,rate\n2026-11-02,x,90\nsoon,1,y\n")
    assert all(words in told for words in ("sheet.csv:2, hours", "sheet.csv:3, date", "sheet.csv:3, rate"))
    with pytest.raises(InputError, match="no such file"):
        timesheet(str(tmp_path / "none.csv"), asked())


MISREAD = [
    ("date,hours,rate\n2026-11-02,1,\n", "no rate, and no role"),
    ("date,hours,role\n2026-11-02,1,judge\n", "no rate for 'judge'"),
    ("date;hours;rate\n2026-11-02;1,5;90\n", "write 1.5 or 15"),
    ("date;hours;rate\n2026-11-02;1;1.234,50\n", "write 1234.50"),
    ("date,hours,rate\n2026-11-02,1,-90\n", "above zero"), ("date,hours,rate\n3/4/2026,1,90\n", "read in one way"),
    ("date,hours,rate\n13/4/2026,1,90\n4/13/2026,1,90\n", "one order"),
    ("date,hours,rate\n2026-11-31,1,90\n", "a day that exists"),
    ("date,hours,rate\n2026-11-25,1,90\n", "not after today, 2026-11-24"),
    ("date,hours,rate\n2026-11-02,800,90\n", "hours of one row"),
    ("date,hours,rate\n2026-11-02,-1,90\n", "hours of one row"),
    ("date,hours,rate\n2026-11-02,nan,90\n", "hours with a point"),
    ("date,hours,rate,currency\n2026-11-02,1,90,GBP\n", "currency: GBP"), ("when,what\n1,2\n", "a column of the day"),
    ("date,hours,rate\n", "a header and no rows"),
]  # fmt: skip
