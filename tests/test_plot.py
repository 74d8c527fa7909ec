"""The curve in a terminal has its size, its labels and its points inside."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import samples
from tunecase.plot import HEIGHT, WIDTH, curve_lines
from tunecase.records import CurveBand, Forecast, Interval80, Point

FORECAST = samples.forecast()


def area(lines: list[str]) -> list[str]:
    """What stands right of the axis."""
    return [line.split("│", 1)[1] for line in lines if "│" in line]


@pytest.mark.parametrize(("width", "height"), [(WIDTH, HEIGHT), (40, 8), (20, 5)])
def test_the_picture_has_the_size_asked_for(width: int, height: int) -> None:
    """One line for each row, the axis and the sizes; no line wider than labels, axis and width."""
    lines = curve_lines(FORECAST, width, height)
    assert height == len(area(lines))
    assert height + 2 == len(lines)
    assert max(len(line) for line in lines) == 14 + width
    assert "─" * width in lines[-2]


def test_it_fits_eighty_columns() -> None:
    """With the usual size it fits a terminal of 80 columns."""
    assert all(len(line) <= 80 for line in curve_lines(FORECAST))


def test_labels() -> None:
    """The target is named at its line, the ends of both axes at theirs."""
    lines = curve_lines(FORECAST)
    (target,) = [line for line in lines if "0.90 target" in line]
    assert "┄" in target
    assert "100 examples" in lines[-1]
    assert lines[-1].endswith("4,000")
    low = min(at.score.low for at in FORECAST.band)
    assert lines[-3].split("│")[0].strip() == f"{low:.3f}".rstrip("0")


def test_every_point_is_inside() -> None:
    """Each measured point is drawn, rising to the right as it rises in score."""
    rows = area(curve_lines(FORECAST))
    places = sorted((row.index("●"), -y) for y, row in enumerate(rows) if "●" in row)
    assert len(FORECAST.points) == sum(row.count("●") for row in rows)
    assert [height for _, height in places] == sorted(height for _, height in places)


def test_the_middle_lies_in_the_band() -> None:
    """In every column the middle stands among the band's cells, without a gap."""
    rows = area(curve_lines(replace(FORECAST, points=FORECAST.points[:1], target=None)))
    grid = [row.ljust(WIDTH) for row in rows]
    for x in range(1, WIDTH):
        column = "".join(row[x] for row in grid).strip()
        assert 1 == column.count("━")
        assert set(column) <= {"░", "━"}


def test_without_a_target_no_line_is_drawn() -> None:
    """What is not asked for is not drawn."""
    assert not any("┄" in line or "target" in line for line in curve_lines(replace(FORECAST, target=None)))


def test_nothing_to_draw() -> None:
    """No band, no points, or a curve without any height give no picture."""
    flat = Interval80(0.5, 0.5, 0.5)
    level = replace(
        FORECAST, target=None, points=(Point(10, 0.5), Point(20, 0.5)), band=(CurveBand(40, flat, flat, None, None),)
    )
    assert [] == curve_lines(replace(FORECAST, band=()))
    assert [] == curve_lines(replace(FORECAST, points=()))
    assert [] == curve_lines(level)


def test_a_band_of_one_size() -> None:
    """A single size is drawn as points over an empty area."""
    lines = curve_lines(replace(FORECAST, band=FORECAST.band[-1:]))
    assert HEIGHT == len(area(lines))


SCORES = st.lists(st.floats(0.01, 0.99), min_size=2, max_size=6)


@settings(max_examples=60, deadline=None)
@given(SCORES, SCORES, st.none() | st.floats(0.01, 1.0), st.integers(1, 10**6))
def test_any_curve_fits(measured: list[float], believed: list[float], target: float | None, first: int) -> None:
    """Whatever the scores and sizes, the picture has its size and raises nothing."""
    points = tuple(Point(first * 2**k, score) for k, score in enumerate(measured))
    band = tuple(
        CurveBand(first * 3**k, Interval80(s * 0.9, s, s + (1 - s) / 2), Interval80(s, s, s), None, None)
        for k, s in enumerate(believed)
    )
    lines = curve_lines(any_forecast(points, band, target))
    assert HEIGHT + 2 == len(lines)
    assert all(len(line) <= 14 + WIDTH for line in lines)
    assert any("●" in line for line in lines)


def any_forecast(points: tuple[Point, ...], band: tuple[CurveBand, ...], target: float | None) -> Forecast:
    """The sample with another curve."""
    assert all(math.isfinite(point.score) for point in points)
    return replace(FORECAST, points=points, band=band, target=target)
