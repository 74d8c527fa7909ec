"""The answers of a log while it is read."""

import pytest

from tunecase.errors import InputError
from tunecase.evals import sheet as sheets
from tunecase.evals.sheet import Sheet


def test_too_many_answers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of more answers than are read is told, not cut."""
    monkeypatch.setattr(sheets, "MOST_ANSWERS", 2)
    sheet = Sheet("x")
    sheet.row("a")
    sheet.row("b")
    sheet.row("a")
    with pytest.raises(InputError, match="more than 2 answers"):
        sheet.row("c")


def test_too_many_metrics_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """So is one that invents a metric for each item."""
    monkeypatch.setattr(sheets, "MOST_COLUMNS", 1)
    sheet = Sheet("x")
    sheet.put(sheet.row("a"), ("", "m"), 1)
    with pytest.raises(InputError, match="more than 1 metrics"):
        sheet.put(sheet.row("b"), ("", "n"), 1)
