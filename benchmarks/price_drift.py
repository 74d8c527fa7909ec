"""How far prices of a GPU hour have moved between two dates: where `prices.drift` in tables/defaults.csv comes from.

Usage: python benchmarks/price_drift.py [--before 2026-05] [--from 2025-09] [--months 4]

A pair is the lowest price on demand of one card at one provider, whatever the region: among the rows from before the
split in the table that the history of this repository holds at EARLIER, and among those from the split on in the
shipped table. Without that history (a shallow clone, an sdist) nothing is measured, and the last line says so. Left
out: rows from before `--from`, pairs less than `--months` apart, and vast.ai, whose earlier rows are the lowest offer
and whose later ones are a median. Nothing else is: a price that fell because another source reads another region
counts, as it would in a bill. Factors within 0.5% of 1 count as stayed. Last line: JSON.
"""

import argparse
import csv
import io
import json
import math
import statistics
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tunecase.catalog import gpu_prices

HERE = Path(__file__).parents[1]
EARLIER = "fd69587"  # the last commit with the earlier table

SAME = 0.005
LEFT_OUT = ("vast.ai",)
Z90 = 1.6449


class Price(NamedTuple):
    """The price on demand of one card's hour at a provider on a day."""

    gpu: str
    provider: str
    usd_per_gpu_hour: float
    date: str


def earlier() -> list[Price]:
    """The prices on demand of the earlier table; none without the history of the repository."""
    name = f"{EARLIER}:src/tunecase/catalog/tables/prices/gpu_prices.csv"
    ran = subprocess.run(["git", "show", name], cwd=HERE, capture_output=True, text=True, check=False)
    rows = csv.DictReader(io.StringIO(ran.stdout if ran.returncode == 0 else ""))
    return [
        Price(row["gpu"], row["provider"], float(row["usd_per_gpu_hour"]), row["date"])
        for row in rows
        if row["terms"] == "on_demand"
    ]


def lowest(rows: Iterable[Price]) -> dict[tuple[str, str], Price]:
    """The lowest price of each card at each provider."""
    found: dict[tuple[str, str], Price] = {}
    for row in sorted(rows, key=lambda row: -row.usd_per_gpu_hour):
        found[row.gpu, row.provider] = row
    return found


def month(day: str) -> int:
    """Months since the year 0."""
    return 12 * int(day[:4]) + int(day[5:7])


def drift(old: list[Price], new: list[Price], months: int) -> dict[str, object]:
    """The pairs in numbers: how many rose, stayed and fell, and the 90% range of a lognormal of their factors."""
    then, now = lowest(old), lowest(new)
    pairs = [(at, then[at], now[at]) for at in then if at in now and at[1] not in LEFT_OUT]
    pairs = [(at, was, is_) for at, was, is_ in pairs if month(is_.date) - month(was.date) >= months]
    factors = [is_.usd_per_gpu_hour / was.usd_per_gpu_hour for _, was, is_ in pairs]
    if len(factors) < 2:
        return {"pairs": len(factors)}
    logs = [math.log(factor) for factor in factors]
    mean, sd = statistics.fmean(logs), statistics.stdev(logs)
    return {
        "pairs": len(pairs), "providers": len({at[1] for at, _, _ in pairs}),
        "rose": sum(factor > 1 + SAME for factor in factors),
        "stayed": sum(abs(factor - 1) <= SAME for factor in factors),
        "fell": sum(factor < 1 - SAME for factor in factors), "mean": round(statistics.fmean(factors), 3),
        "log_mean": round(mean, 3), "log_sd": round(sd, 3), "low": round(math.exp(mean - Z90 * sd), 2),
        "high": round(math.exp(mean + Z90 * sd), 2),
    }  # fmt: skip


def main() -> None:
    """Prints the numbers as one JSON object; those of AWS alone and of all others beside them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", default="2026-05")
    parser.add_argument("--from", dest="since", default="2025-09")
    parser.add_argument("--months", type=int, default=4)
    asked = parser.parse_args()
    old = [price for price in earlier() if asked.since <= price.date < asked.before]
    if not old:
        print(json.dumps({"skipped": f"the history of the repository has no commit {EARLIER}"}))
        return
    new = [
        Price(row.gpu, row.provider, row.usd_per_gpu_hour, row.date)
        for row in gpu_prices()
        if row.terms == "on_demand" and row.date >= asked.before
    ]
    others = [price for price in old if price.provider != "aws"]
    print(json.dumps({**drift(old, new, asked.months), "without_aws": drift(others, new, asked.months)}))


if __name__ == "__main__":
    main()
