"""Rows: one axis for all of them, a dot and its bar, and figures; other charts of names become rows."""

import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.blocks import Bars, Rests, Row, Rows, Scored, Shares, Tornado
from tunecase.report import charts


def rows(*made: Row, **more: object) -> Rows:
    """Rows under a head."""
    return Rows("options", ("step", "price"), made, "USD", **more)  # type: ignore[arg-type]


def places(drawn: str, tag: str, name: str) -> list[float]:
    """An attribute of all marks of a kind."""
    return [float(one.get(name, 0)) for one in ElementTree.fromstring(drawn).iter(tag)]


def test_all_rows_share_one_axis_from_zero() -> None:
    """A dot of half the amount lies half as far from zero as that of the whole."""
    chart = rows(Row("a", "", 0, 50.0, 100.0, ()), Row("b", "", 0, 100.0, 100.0, ()), Row("c", "", 0, 0.0, 0.0, ()))
    half, whole, zero = (places(charts.plot(chart, row), "circle", "cx")[0] for row in chart.rows)
    assert abs((half - zero) * 2 - (whole - zero)) < 0.2


@pytest.mark.parametrize(("rests", "kinds"), [
    ("measured", ["ink"]), ("stated", ["ring ink-line", "ink"]), ("assumed", ["ring"]), ("", ["ink"]),
])  # fmt: skip
def test_what_a_figure_rests_on_is_a_shape(rests: Rests, kinds: list[str]) -> None:
    """Full where measured, half where stated, a ring where assumed."""
    row = Row("a", "", 1.0, 2.0, 3.0, (), rests)
    marks = ElementTree.fromstring(charts.plot(rows(row), row))
    assert kinds == [one.get("class") for one in marks if one.tag.endswith(("circle", "path"))]


def test_a_limit_far_beyond_the_rows_stands_on_no_axis() -> None:
    """A budget a thousand times as large would press all rows against zero."""
    row = Row("a", "", 1.0, 2.0, 3.0, ("2",))
    near, far = (rows(row, limit=limit) for limit in (10.0, 10_000.0))
    assert "limit" in charts.plot(near, row)
    assert "budget 10" in charts.axis(near)
    assert "limit" not in charts.plot(far, row)
    assert "budget" not in charts.axis(far).partition(">")[2]


def test_a_row_of_figures_alone_has_no_plot() -> None:
    """Nothing is drawn where nothing is known."""
    row = Row("a", "", None, None, None, ("not measured",))
    assert "" == charts.plot(rows(row), row)


def test_ways_with_scores_are_rows() -> None:
    """A measured way has a dot, another none and says so; the target stands across; a loss is no share."""
    chart = Scored("ways", "accuracy", (("a", (0.4, 0.5, 0.6), "1 USD"), ("b", None, "")), 0.8)
    made = charts.as_rows(chart)
    assert [("50%", "1 USD"), ("not measured", "")] == [row.figures for row in made.rows]
    assert (0.8, "target") == (made.limit, made.limit_name)
    assert "target 80%" in charts.axis(made)
    loss = charts.as_rows(Scored("ways", "loss", (("a", (1.1, 1.25, 1.3), ""),)))
    assert "1.25" == loss.rows[0].figures[0]


def test_what_moves_a_total_and_parts_of_it_are_rows() -> None:
    """A tornado has bars from the lower total to the higher one, whichever end of the input gives it."""
    falling = charts.as_rows(Tornado("t", (("rate", 9_000.0, 1_500.0, "1", "6"),), "USD")).rows[0]
    assert (1_500.0, None, 9_000.0, ("9,000", "1,500")) == (falling.low, falling.mid, falling.high, falling.figures)
    for chart in (Bars("b", (("people", 0.7),)), Shares("s", (("people", 0.7),))):
        assert ("70%",) == charts.as_rows(chart).rows[0].figures


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e6)), max_size=4), st.one_of(st.none(), st.floats(-1e6, 1e6))
)
def test_any_rows_can_be_drawn(amounts: list[tuple[float, float]], limit: float | None) -> None:
    """Nothing, zeros, amounts below zero: no number on the picture is not one."""
    chart = rows(*(Row("a", "", low, low, low + more, ()) for low, more in amounts), limit=limit, base=limit)
    for drawn in (charts.axis(chart), *(charts.plot(chart, row) for row in chart.rows)):
        assert not any(word in drawn.partition(">")[2] for word in ("nan", "inf"))


def test_names_of_rows_are_escaped() -> None:
    """Mark-up in a name or a unit stays text."""
    row = Row("<b>", "", 1.0, 2.0, 3.0, ())
    assert "<b>" not in charts.plot(rows(row), row) + charts.axis(Rows("c", ("h",), (row,), "<b>", 2.0, "<b>"))
