"""Charges from elsewhere: a cloud's FOCUS bill, MLflow, the callback's runs, time sheets; each row booked once."""

from tunecase.books.importers.book_check import book_check
from tunecase.books.importers.booked import Compared, compare, refuse_restated
from tunecase.books.importers.cells import bare_address
from tunecase.books.importers.charge import Brought, HourPrice, Mistakes, SpendAsked, digest_of, shortened
from tunecase.books.importers.focus import focus_bill
from tunecase.books.importers.mlflow import spent_mlflow
from tunecase.books.importers.runs import spent_runs
from tunecase.books.importers.serving import (
    MoneyRead,
    PeriodText,
    Stated,
    meter_table,
    new_periods,
    read_period,
    refuse_paid_twice,
)
from tunecase.books.importers.timesheet import timesheet
