"""The curve in a terminal has its size, its labels and its points inside."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import samples
from tunecase.accounts import Material
from tunecase.accounts.forecast import curve
from tunecase.cli.show.plot import HEIGHT, LABEL, SHORT_HEIGHT, WIDTH, curve_lines, short_curve
from tunecase.quantities import Interval80
from tunecase.records import CurveBand, Forecast, Needed, Point

FORECAST = samples.forecast()


def lines_of(record: Forecast, width: int = WIDTH, height: int = HEIGHT) -> list[str]:
    """The curve of a forecast as text."""
    return curve_lines(curve(record, Material()), width, height)


def area(lines: list[str]) -> list[str]:
    """What stands right of the axis."""
    return [line[LABEL + 2 :] for line in lines if line[LABEL + 1 : LABEL + 2] == "│"]


@pytest.mark.parametrize(("width", "height"), [(WIDTH, HEIGHT), (40, 8), (25, 5)])
def test_the_picture_has_the_size_asked_for(width: int, height: int) -> None:
    """One line for each row, the axis, the sizes and the legend; no line wider than labels, axis and width."""
    lines = lines_of(FORECAST, width, height)
    assert height == len(area(lines))
    assert max(len(line) for line in lines) <= LABEL + 2 + width
    assert "─" * width in lines[height]
    assert "● measured" in lines[height + 2]


def test_the_middle_lies_in_the_band() -> None:
    """In every column the middle stands among the band's cells, without a gap."""
    rows = area(lines_of(replace(FORECAST, points=FORECAST.points[:1], target=None, ceiling=None)))
    grid = [row.ljust(WIDTH) for row in rows]
    for x in range(1, WIDTH):
        column = "".join(row[x] for row in grid).strip()
        assert 1 == column.count("━")
        assert set(column) <= {"░", "━"}


def test_every_mark_is_in_the_legend() -> None:
    """Spread, ceiling, budget and the size at which half get there are drawn, and the legend says what each is."""
    points = tuple(replace(point, sd=0.02) for point in FORECAST.points)
    lines = lines_of(replace(FORECAST, points=points, n_budget=2_500, needed=Needed(900, 3_000, None)))
    drawn, legend = "".join(area(lines)), " ".join(lines[HEIGHT + 2 :])
    for mark in "●┃░━┄╌◆┊":
        assert mark in drawn
        assert mark in legend
    assert "budget buys 2,500" in legend
    assert "half of the cases: 3,000" in legend


SCORES = st.lists(st.floats(0.01, 0.99), min_size=2, max_size=6)


@given(SCORES, SCORES, st.none() | st.floats(0.01, 1.0), st.integers(1, 10**6))
def test_any_curve_fits(measured: list[float], believed: list[float], target: float | None, first: int) -> None:
    """Whatever the scores and sizes, the picture has its size and raises nothing."""
    points = tuple(Point(first * 2**k, score) for k, score in enumerate(measured))
    band = tuple(
        CurveBand(first * 3**k, Interval80(s * 0.9, s, s + (1 - s) / 2), Interval80(s, s, s), None, None)
        for k, s in enumerate(believed)
    )
    lines = lines_of(any_forecast(points, band, target))
    assert HEIGHT == len(area(lines))
    assert all(len(line) <= LABEL + 2 + WIDTH for line in lines)
    assert any("●" in line for line in lines)


def any_forecast(points: tuple[Point, ...], band: tuple[CurveBand, ...], target: float | None) -> Forecast:
    """The sample with another curve."""
    assert all(math.isfinite(point.score) for point in points)
    return replace(FORECAST, points=points, band=band, target=target)


def test_a_short_curve_labels_its_lines_and_has_no_legend() -> None:
    """A few lines in whole percent, the band's end beside it, the sizes below; no mark that only a legend explains."""
    for width in (80, 60, 40):
        lines = short_curve(curve(replace(FORECAST, n_budget=4_000), Material()), width)
        assert SHORT_HEIGHT + 1 == len(lines)
        assert all(len(line) <= max(width, 60) for line in lines)
        assert any(line.endswith(" 89 to 91%, 8 in 10") for line in lines)
        assert any("90% target" in line for line in lines)
        assert not any(mark in line for line in lines for mark in "┊◆·└")
    assert lines[-1].endswith("4,000")
    assert [] == short_curve(curve(replace(FORECAST, band=()), Material()), 80)
