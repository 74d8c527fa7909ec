"""Do lines, months and parts add up as printed, to the cent? Twelve worked cases, the example, and books of five.

    python benchmarks/closing.py [--cases NAME ...] [--ledgers NAME ...] [--no-measures]

Every case is estimated and reported in a copy of its folder by the real command line, in a terminal of 80 columns; the
numbers are read off the terminal, the Markdown, the page's HTML and the JSON and must add up exactly as they stand
there. So must five unlike ledgers, in both tables for finance too (the real bill is left out where the shared sample
is absent). Also measured: what of each bill rests on one assumption and whether it is named, training's part of the
hours, whether hours grow with GPUs, runs and answers read, and old GPU prices that a newer one could replace. It shows
that figures agree with one another, never that they are right. The last line is one JSON object.
"""

import argparse
import itertools
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "src")]

from closing_bills import Bill, check_bill, printed, training  # noqa: E402
from closing_books import check_books, ledgers, made  # noqa: E402
from closing_books import printed as books_printed  # noqa: E402
from closing_faces import ROOT, Tally, command  # noqa: E402

from tunecase import catalog, flow  # noqa: E402
from tunecase.errors import InputError, TunecaseError  # noqa: E402
from tunecase.estimate import estimate  # noqa: E402
from tunecase.estimate.key_assumptions import TO_BE_NAMED, heavy_and_rest  # noqa: E402
from tunecase.flow.known import drawn_of, known_of  # noqa: E402
from tunecase.plan import drawn  # noqa: E402

EXAMPLE = ROOT / "examples" / "support-tickets"
WORKED = sorted(path.name for path in (ROOT / "examples" / "cases").iterdir())
BEFORE, AFTER, COSTS = "support-tickets, before", "support-tickets, after", "support-tickets, costs"
MORE_COSTS = """
costs:
  - {name: security review, amount: 2k to 4k USD, when: once, kind: people}
  - {name: annotation tool, amount: 90 to 110 USD, when: per month, kind: data}
  - {name: test licence, amount: 35 to 60 USD, when: per round}
  - {name: overhead, amount: 20%, of: people}
  - {name: tax, amount: 7%, of: all}
"""
USUAL = (0.10, 0.16)  # of the hours: training's part
# Bills of so many worlds tell whether hours grow; levels of each driver, from few to many.
WORLDS = 2_000
DRIVERS = {
    "gpus": ("compute", "gpu_count", "{}"),
    "runs": ("training", "runs_per_round", "{}"),
    "answers read": ("evaluation", "read", "{} per round"),
}
LEVELS = {"gpus": (1, 2, 4, 8, 16, 32), "runs": (1, 2, 4, 8, 16), "answers read": (25, 50, 100, 200, 400)}


def folder_of(name: str, home: Path) -> Path:
    """A copy of a case, piloted or with more costs where its name says so."""
    folder = home / name.replace(", ", "-")
    shutil.copytree(EXAMPLE if name.startswith("support-tickets") else ROOT / "examples" / "cases" / name, folder)
    if name == COSTS:
        with (folder / "tunecase.yaml").open("a", encoding="utf-8") as file:
            file.write(MORE_COSTS)
    if name == AFTER:
        for verb in ("estimate", "pilot", "decide"):
            command(verb, cwd=folder)
    return folder


def named_assumptions(bill: Bill, folder: Path) -> dict[str, Any]:
    """The largest part of a bill that rests on one assumption, and whether all above 30% stand first in the list."""
    opened = flow.open_case(folder / "tunecase.yaml")
    opened.writes = False
    flow.estimate(opened)
    heavy, rest = heavy_and_rest(drawn_of(opened))
    shares = {one.name: round(one.bill_share, 3) for one in (*heavy, *rest)}
    named = [one.name for one in bill.record.key_assumptions]
    largest = max(shares, key=lambda name: shares[name], default="")
    above = [name for name, part in shares.items() if part > TO_BE_NAMED]
    return {"largest": largest, "share": shares.get(largest, 0.0), "above_30": len(above),
            "named_first": set(named[: len(above)]) == set(above)}  # fmt: skip


def hours_grow(folder: Path, tally: Tally) -> None:
    """Whether more GPUs, runs or answers read ever take fewer hours, all else of the case being equal."""
    for driver, levels in LEVELS.items():
        hours = [(level, much) for level in levels if (much := _hours(folder, driver, level)) is not None]
        for (few, less), (many, more) in itertools.pairwise(hours):
            printed = f"{less:.2f} h at {few}, {more:.2f} h at {many}"
            tally.check(f"hours grow with {driver}", folder.name, more >= less - 1e-9, printed)


def _hours(folder: Path, driver: str, level: int) -> float | None:
    """People's expected hours of a case with so many of a driver; None where nobody offers so many GPUs."""
    section, field, written = DRIVERS[driver]
    stated = yaml.safe_load((folder / "tunecase.yaml").read_text("utf-8"))
    stated[section] = {**(stated.get(section) or {}), field: written.format(level)}
    (folder / "varied.yaml").write_text(yaml.safe_dump(stated), encoding="utf-8")
    opened = flow.open_case(folder / "varied.yaml")
    opened.writes = False
    try:
        record = estimate(drawn(known_of(opened, WORLDS)))
    except (InputError, TunecaseError):
        return None
    count = record.gpu_count if driver == "gpus" else level
    return sum(one.hours for one in record.effort) if count == level else None


def old_prices(today: date) -> Iterator[str]:
    """Cards, tiers and terms whose default price rests on a row older than 180 days although a newer one exists."""
    rows: dict[tuple[str, str, str], list[Any]] = {}
    for row in catalog.gpu_prices():
        rows.setdefault((row.gpu, row.tier, row.terms), []).append(row)
    for (gpu, tier, terms), held in rows.items():
        taken = catalog.standing(held, today)
        if any(row.is_stale(today) for row in taken) and not all(row.is_stale(today) for row in held):
            yield f"{gpu}, {tier}, {terms}"


def main() -> None:
    """Makes every case and ledger, checks what is printed, and prints what failed and the measures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="*", default=[*WORKED, BEFORE, AFTER, COSTS])
    parser.add_argument("--ledgers", nargs="*", default=list(ledgers()))
    parser.add_argument("--no-measures", action="store_true", help="only what adds up")
    asked = parser.parse_args()
    begun, tally, growing, measures = time.perf_counter(), Tally(), Tally(), {}
    with tempfile.TemporaryDirectory() as made_here:
        for name in asked.cases:
            folder = folder_of(name, Path(made_here))
            bill = printed(name, folder, command)
            check_bill(bill, tally)
            if not asked.no_measures:
                measures[name] = {"assumption": named_assumptions(bill, folder), "training": training(bill)}
                if name in WORKED:
                    hours_grow(folder, growing)
            print(f"{name}: {tally.total} checks, {len(tally.failures)} failed; {measures.get(name)}", file=sys.stderr)
        for name in asked.ledgers:
            folder = made(name, Path(made_here) / f"books-{name}", command)
            check_books(books_printed(name, folder, command), tally)
            print(f"books of {name}: {tally.total} checks, {len(tally.failures)} failed", file=sys.stderr)
    for failure in (*tally.failures, *growing.failures):
        print(failure, file=sys.stderr)
    print(json.dumps({
        "checks": tally.total, "failed": len(tally.failures), "by_kind": tally.made, "failures": tally.failures,
        "hours_grow": growing.total, "hours_shrink": len(growing.failures),
        "old_prices": list(old_prices(date.today())), "measures": measures,
        "seconds": round(time.perf_counter() - begun),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
