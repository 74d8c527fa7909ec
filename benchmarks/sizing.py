"""What an audit of any size needs: core hours, time, scratch disk, memory and dollars, from what was measured.

    python benchmarks/sizing.py [--rows 1M,10M,100M,1G] [--cores 16] [--engine local] [--full]
                                [--usd-per-core-hour 0.048] [--figures FILE]

    core hours = (start + rows x sum over stages of CPU seconds a row) / 3600
    hours      = (start + rows x driver's seconds a row + rows x the other stages' / cores) / 3600
    scratch    = rows x bytes a row
    memory     = driver's + rows x driver's bytes a row + cores x the largest worker's
    dollars    = hours x cores x price of a core hour

Every constant is the straight line through the smallest and the largest size that `auditing.py --growth` measured on
one machine and kept in auditing_growth.json. A core hour costs what the catalog's plain cores cost, from the cheapest
to the dearest, unless a price is given. The last line is one JSON object; before it stands the table of docs/sizing.md.

Left out: the price of disk and of transfer, the time to read from a slow disk or an object store, cores that wait for
the last task of a stage. Other texts take other time: a row of 1,200 bytes about twice that of one of 600.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
sys.path.insert(0, str(Path(__file__).parent))

from growth import FIGURES, quantity

from tunecase import catalog

Run = dict[str, Any]
DRIVER = "driver"


class NoFiguresError(Exception):
    """Nothing was measured that the sizes can be worked out from."""


@dataclass(frozen=True, slots=True)
class Constants:
    """What one row costs, by stage, and what an audit costs whatever its rows.

    start_cpu_s: processor seconds of an audit of no rows. us_per_row: processor microseconds a row, by stage; those of
    the driver are not shared among cores. scratch_bytes_per_row, driver_bytes_per_row: of disk, of the driver's memory.
    driver_mb: the driver's memory without rows. worker_mb: the largest worker's. row_bytes: of a row's text.
    measured_rows: the largest size that was measured. date: the day of that.
    """

    start_cpu_s: float
    us_per_row: dict[str, float]
    scratch_bytes_per_row: float
    driver_bytes_per_row: float
    driver_mb: float
    worker_mb: float
    row_bytes: float
    measured_rows: int
    date: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What an audit of so many rows needs on a machine of so many cores."""

    rows: int
    text_gb: float
    core_hours: float
    hours: float
    scratch_gb: float
    memory_gb: float
    usd_low: float
    usd_high: float


def learnt(runs: Sequence[Run], engine: str = "local", full: bool = False) -> Constants:
    """The constants of one engine, from runs of different sizes.

    Args:
        runs: as growth.figures returns them; those that did not end, or were held to a limit, are left out.
    Raises: NoFiguresError where no run is left.
    """
    usable = [run for run in runs if run["ended"] and run["cgroup_mb"] is None]
    usable = sorted((run for run in usable if (run["engine"], run["full"]) == (engine, full)), key=_rows)
    if not usable:
        raise NoFiguresError(
            f"no {'full' if full else 'fast'} audit on {engine} was measured; run auditing.py --growth"
        )
    small, large = usable[0], usable[-1]
    start, _ = _line(small, large, lambda run: run["cpu_seconds"])
    names = {stage["name"]: None for stage in large["stages"]}
    per_row = {name: _line(small, large, lambda run, name=name: _cpu_s(run, name))[1] * 1e6 for name in names}
    per_row[DRIVER] = _line(small, large, lambda run: run["cpu_seconds"] - _cpu_s(run))[1] * 1e6
    driver_mb, driver_mb_per_row = _line(small, large, lambda run: run["driver_peak_mb"])
    workers = [stage["peak_mb"] for stage in large["stages"]]
    beside = (large["peak_mb"] - large["driver_peak_mb"]) / (large["cores"] or 1)
    return Constants(
        start,
        per_row,
        large["disk_peak_mb"] * 1e6 / large["rows"],
        driver_mb_per_row * 1e6,
        driver_mb,
        max(workers, default=max(beside, 0.0)),
        large["row_bytes"],
        large["rows"],
        large["date"],
    )


def needs(rows: int, constants: Constants, cores: int, usd_per_core_hour: tuple[float, float]) -> Needs:
    """What an audit of so many rows needs; the whole machine is paid for while it lasts."""
    cpu_s = {name: rows * us / 1e6 for name, us in constants.us_per_row.items()}
    alone = constants.start_cpu_s + cpu_s[DRIVER]
    shared = sum(cpu_s.values()) - cpu_s[DRIVER]
    hours = (alone + shared / cores) / 3600
    memory_mb = constants.driver_mb + rows * constants.driver_bytes_per_row / 1e6 + cores * constants.worker_mb
    return Needs(
        rows,
        rows * constants.row_bytes / 1e9,
        (alone + shared) / 3600,
        hours,
        rows * constants.scratch_bytes_per_row / 1e9,
        memory_mb / 1e3,
        hours * cores * usd_per_core_hour[0],
        hours * cores * usd_per_core_hour[1],
    )


def table(of: Sequence[Needs], constants: Constants, cores: int) -> str:
    """The needs as a Markdown table; sizes beyond the largest measured one are marked."""
    head = ["rows", "text", "core hours", f"time on {cores} cores", "scratch disk", "memory", "cores cost"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for need in of:
        beyond = " *" if need.rows > constants.measured_rows else ""
        cells = [short(need.rows) + beyond, gigabytes(need.text_gb), number(need.core_hours), duration(need.hours)]
        cells += [gigabytes(need.scratch_gb), gigabytes(need.memory_gb), dollars(need.usd_low, need.usd_high)]
        lines.append("| " + " | ".join(cells) + " |")
    note = f"\\* worked out; the largest measured size is {short(constants.measured_rows)} rows ({constants.date})."
    return "\n".join([*lines, "", note])


def stage_table(constants: Constants) -> str:
    """Processor time a row by stage as a Markdown table."""
    whole = sum(constants.us_per_row.values()) or 1.0
    rows = [f"| {name} | {us:.1f} | {us / whole:.0%} |" for name, us in constants.us_per_row.items()]
    return "\n".join(["| stage | µs a row | share |", "|---|---|---|", *rows])


def catalog_prices() -> tuple[float, float]:
    """The cheapest and the dearest price of a plain core's hour that the catalog knows."""
    prices = [row.usd_per_core_hour for row in catalog.core_hours()]
    return min(prices), max(prices)


def number(value: float) -> str:
    """Two digits that count, and never more than the value has: 0.013, 1.7, 17, 170."""
    if value >= 10:
        return f"{value:,.0f}"
    return f"{value:.2g}" if value >= 0.001 else "0.001" if value > 0 else "0"


def duration(hours: float) -> str:
    """A time in seconds, minutes or hours."""
    if hours < 1 / 60:
        return f"{number(hours * 3600)} s"
    return f"{number(hours * 60)} min" if hours < 1 else f"{number(hours)} h"


def dollars(low: float, high: float) -> str:
    """A range of dollars, to the cent."""
    if high < 0.01:
        return "under $0.01"
    if high < 10:
        return f"${low:.2f}" if f"{low:.2f}" == f"{high:.2f}" else f"${low:.2f} to {high:.2f}"
    return f"${low:,.0f}" if round(low) == round(high) else f"${low:,.0f} to {high:,.0f}"


def gigabytes(value: float) -> str:
    """An amount in MB, GB or TB."""
    if value < 1:
        return f"{number(value * 1000)} MB"
    return f"{number(value)} GB" if value < 1000 else f"{number(value / 1000)} TB"


def short(rows: int) -> str:
    """A number of rows in words."""
    for unit, name in ((10**9, "billion"), (10**6, "million"), (10**3, "thousand")):
        if rows >= unit:
            return f"{rows / unit:g} {name}"
    return str(rows)


def _line(small: Run, large: Run, value: Callable[[Run], float]) -> tuple[float, float]:
    """Start and slope by row of the line through two sizes; neither is below 0. One size alone starts at 0."""
    if small["rows"] == large["rows"]:
        return 0.0, value(large) / large["rows"]
    slope = max((value(large) - value(small)) / (large["rows"] - small["rows"]), 0.0)
    return max(value(small) - slope * small["rows"], 0.0), slope


def _cpu_s(run: Run, name: str | None = None) -> float:
    """Processor seconds of one stage of a run, or of all."""
    return sum(float(stage["cpu_seconds"]) for stage in run["stages"] if name in (None, stage["name"]))


def _rows(run: Run) -> int:
    return int(run["rows"])


def main() -> None:
    """The tables, then everything as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="1M,10M,100M,1G")
    parser.add_argument("--cores", type=int, default=16)
    parser.add_argument("--engine", default="local")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--usd-per-core-hour", type=float)
    parser.add_argument("--figures", type=Path, default=FIGURES)
    asked = parser.parse_args()
    given = asked.usd_per_core_hour
    prices = catalog_prices() if given is None else (given, given)
    try:
        runs = json.loads(asked.figures.read_text(encoding="utf-8")) if asked.figures.exists() else []
        constants = learnt(runs, asked.engine, asked.full)
    except NoFiguresError as error:
        parser.exit(1, f"{error}\n")
    found = [needs(quantity(each), constants, asked.cores, prices) for each in asked.rows.split(",")]
    print(table(found, constants, asked.cores), "\n", stage_table(constants), sep="\n")
    head = {"benchmark": "sizing", "engine": asked.engine, "cores": asked.cores, "usd_per_core_hour": prices}
    print(json.dumps(head | {"constants": asdict(constants), "needs": [asdict(need) for need in found]}))


if __name__ == "__main__":
    main()
