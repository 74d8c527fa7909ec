"""Needs of an audit by its size: constants from measured runs, needs from constants."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import sizing
from sizing import DRIVER, Constants, NoFiguresError, learnt, needs, table

CONSTANTS = Constants(
    2.0, {"read": 50.0, "meet": 4.0, DRIVER: 6.0}, 1000.0, 2.0, 200.0, 150.0, 600.0, 10_000_000, "2026-11-28"
)


def run(rows, start=2.0, driver_mb=200.0, **changes):
    """A run of 50 + 4 microseconds a row in stages and 6 in the driver, of 2 bytes a row in the driver's memory."""
    stages = [
        {"name": "read", "cpu_seconds": 50e-6 * rows, "peak_mb": 150.0},
        {"name": "meet", "cpu_seconds": 4e-6 * rows, "peak_mb": 90.0},
    ]
    plain = {"rows": rows, "engine": "local", "full": False, "cgroup_mb": None, "ended": True, "date": "2026-11-28"}
    used = {"cpu_seconds": start + 60e-6 * rows, "driver_peak_mb": driver_mb + 2e-6 * rows, "peak_mb": 500.0}
    return plain | used | {"disk_peak_mb": rows / 1e3, "row_bytes": 600, "cores": 2, "stages": stages} | changes


def test_constants_of_a_straight_line_are_found_again():
    """Two sizes on a line give its start and its slope by stage, whatever stands between them."""
    found = learnt([run(10_000_000), run(100_000), run(1_000_000, start=7.0)])
    assert pytest.approx(2.0) == found.start_cpu_s
    assert pytest.approx(CONSTANTS.us_per_row) == found.us_per_row
    assert pytest.approx(1000) == found.scratch_bytes_per_row
    assert pytest.approx((2.0, 200.0)) == (found.driver_bytes_per_row, found.driver_mb)
    assert (150.0, 10_000_000) == (found.worker_mb, found.measured_rows)


def test_runs_that_say_nothing_of_the_need_are_left_out():
    """A run that did not end, one held to a limit and one of another engine are not learnt from."""
    others = [run(50_000_000, ended=False), run(60_000_000, cgroup_mb=4000), run(70_000_000, engine="ray")]
    assert 1_000_000 == learnt([run(100_000), run(1_000_000), *others]).measured_rows


def test_without_runs_it_says_what_to_run():
    """Nothing measured is told with the command that measures it."""
    with pytest.raises(NoFiguresError, match=r"auditing\.py --growth"):
        learnt([run(1000)], engine="ray")


def test_one_size_alone_is_a_line_from_nothing():
    """All of its time is by row."""
    found = learnt([run(1_000_000)])
    assert (0.0, pytest.approx(62.0)) == (found.start_cpu_s, sum(found.us_per_row.values()))


def test_a_run_without_stages_is_all_driver():
    """A tunecase that does not tell its stages has them in one number."""
    found = learnt([run(100_000, stages=[]), run(1_000_000, stages=[])])
    assert {DRIVER: pytest.approx(60.0)} == found.us_per_row
    assert pytest.approx((500 - 202) / 2) == found.worker_mb


def test_needs_follow_their_formulas():
    """A billion rows: core hours by all stages, time by the shared ones over the cores, disk and memory by row."""
    found = needs(10**9, CONSTANTS, 16, (0.02, 0.05))
    assert pytest.approx((2 + 60_000) / 3600) == found.core_hours
    assert pytest.approx((2 + 6_000 + 54_000 / 16) / 3600) == found.hours
    assert pytest.approx((600, 1000, 0.2 + 2 + 16 * 0.15)) == (found.text_gb, found.scratch_gb, found.memory_gb)
    assert pytest.approx((found.hours * 16 * 0.02, found.hours * 16 * 0.05)) == (found.usd_low, found.usd_high)


def test_more_cores_take_no_more_core_hours():
    """Cores shorten the time, and cost memory."""
    few, many = (needs(10**8, CONSTANTS, cores, (0.02, 0.05)) for cores in (2, 64))
    assert few.core_hours == many.core_hours
    assert few.hours > many.hours
    assert few.memory_gb < many.memory_gb


def test_the_table_marks_what_was_not_measured():
    """Sizes beyond the largest measured one have a star, and the note says which that is."""
    sizes = [needs(rows, CONSTANTS, 16, (0.02, 0.05)) for rows in (10**6, 10**7, 10**9)]
    lines = table(sizes, CONSTANTS, 16).splitlines()
    assert ["| 1 million |", "| 10 million |", "| 1 billion * |"] == [
        line[: line.index("|", 1) + 1] for line in lines[2:5]
    ]
    assert "the largest measured size is 10 million rows (2026-11-28)" in lines[-1]


@pytest.mark.parametrize(("hours", "words"), [(0.001, "3.6 s"), (0.5, "30 min"), (2.6, "2.6 h"), (170.4, "170 h")])
def test_times_have_the_unit_that_reads_best(hours, words):
    """Seconds, minutes or hours."""
    assert words == sizing.duration(hours)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.001, 0.002, "under $0.01"), (0.02, 0.05, "$0.02 to 0.05"), (0.05, 0.05, "$0.05"), (12.0, 40.4, "$12 to 40")],
)
def test_dollars_are_told_to_the_cent(low, high, words):
    """Large amounts without cents."""
    assert words == sizing.dollars(low, high)


def test_the_catalog_gives_the_price_of_a_core_hour():
    """From the cheapest plain core to the dearest."""
    low, high = sizing.catalog_prices()
    assert 0.005 < low < high < 0.5
