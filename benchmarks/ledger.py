"""How fast the ledger takes entries, whether that slows as it grows, and how long folding 100,000 entries takes.

    python benchmarks/ledger.py [ENTRIES]

The last line is one JSON object of figures. Appends wait for the disk, so they measure the disk as much as the code.
"""

import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from tunecase.ledger import Ledger, NewEntry, fold
from tunecase.records import Run

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def run(n: int) -> Run:
    """One run of a pilot, as a typical entry."""
    return Run(f"probe:{n}", "probe", "tf-idf + logistic regression", n, n % 3, 0.8, 216, 270, 0.31)


def appends_per_s(ledger: Ledger, count: int = 200) -> float:
    """Entries taken in a second, each waited for until it is on the disk."""
    start = time.perf_counter()
    for n in range(count):
        ledger.append("run", run(n), recorded_at=NOW)
    return count / (time.perf_counter() - start)


def main(entries: int) -> None:
    """Measures an empty ledger, fills it, measures it full, then reads it in three ways."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.jsonl")
        figures: dict[str, float] = {"appends_per_s_empty": round(appends_per_s(ledger))}
        start = time.perf_counter()
        ledger.append_many([NewEntry("run", run(n)) for n in range(entries)], recorded_at=NOW)
        figures["batch_entries_per_s"] = round(entries / (time.perf_counter() - start))
        figures["appends_per_s_full"] = round(appends_per_s(ledger))
        figures["entries"] = entries + 400
        figures["megabytes"] = round(ledger.path.stat().st_size / 1e6, 1)
        for name, read in (
            ("fold_s", lambda: fold(ledger.entries())),
            ("fold_unchecked_s", lambda: fold(ledger.entries(check=False))),
            ("verify_s", ledger.verify),
        ):
            start = time.perf_counter()
            read()
            figures[name] = round(time.perf_counter() - start, 2)
    for name, value in figures.items():
        print(f"{name:22} {value:,}")
    print(json.dumps({"benchmark": "ledger", **figures}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
