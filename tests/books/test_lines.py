"""Bookable lines: what no charge can tell apart is one line of the plan."""

from tests.books.test_books import plan
from tunecase.books.lines import planned_lines
from tunecase.quantities.spread import Band
from tunecase.records import Line


def test_failed_and_idle_hours_stand_under_gpu():
    """Amounts and hours add up point by point; a part without hours leaves the line without."""
    one, hours = Band(1, 2, 3, 4), Band(10, 20, 30, 40)
    lines = (
        Line("gpu", one, 0.1, "b", True, hours, "GPU hour"),
        Line("failed_runs", one, 0.1, "b", True, hours, "GPU hour"),
    )
    found = planned_lines(plan(lines=lines))
    assert ["gpu"] == list(found)
    assert (Band(2, 4, 6, 8), Band(20, 40, 60, 80), "GPU hour") == (
        found["gpu"].amount,
        found["gpu"].quantity,
        found["gpu"].unit,
    )
    idle = (*lines, Line("idle", one, 0.1, "b"))
    assert (Band(3, 6, 9, 12), None) == (
        planned_lines(plan(lines=idle))["gpu"].amount,
        planned_lines(plan(lines=idle))["gpu"].quantity,
    )


def test_unpriced_parts_and_lines_left_out():
    """An unpriced part leaves the priced one; a line that is left out of the total is no line to book against."""
    one = Band(1, 2, 3, 4)
    lines = (
        Line("gpu", one, 0.1, "b"),
        Line("idle", None, None, "b"),
        Line("data", None, None, "b"),
        Line("inference", one, None, "b", included=False),
    )
    found = planned_lines(plan(lines=lines))
    assert ["gpu", "data"] == list(found)
    assert (one, None) == (found["gpu"].amount, found["data"].amount)
