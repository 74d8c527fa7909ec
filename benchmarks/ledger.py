"""How fast the ledger takes entries, whether that slows as it grows, how long a million are folded, what kills lose.

    python benchmarks/ledger.py [--entries N] [--kills N] [--each N]

The last line is one JSON object of figures. Appends wait for the disk, so they measure the disk as much as the code.
Kills: writers that append at the same time are killed one after another, each after its first acknowledged entry and
at a random moment; an entry counts as acknowledged when its writer was told so and said so.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tunecase.ledger.book import Ledger, NewEntry, fold
from tunecase.records import Run

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SRC = str(Path(__file__).parents[1] / "src")
BATCH = 10_000
MOST_AT_ONCE = 7

WRITER = """
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    from tunecase.ledger import Ledger, NewEntry
    ledger, who, most, at_once = Ledger(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    done = 0
    while done < most:
        size = min(1 + done % at_once, most - done)
        body = lambda n: {"who": who, "n": n, "text": "x" * (37 * n % 3_000)}
        new = [NewEntry("record", body(done + n), "note") for n in range(size)]
        ledger.append_many(new, recorded_at=datetime.now(UTC))
        done += size
        print(done, flush=True)
"""


def run(n: int) -> Run:
    """One run of a pilot, as a typical entry."""
    return Run(f"probe:{n}", "probe", "tf-idf + logistic regression", n, n % 3, 0.8, 216, 270, 0.31)


def appends_per_s(ledger: Ledger, count: int = 200) -> float:
    """Entries taken in a second, each waited for until it is on the disk."""
    start = time.perf_counter()
    for n in range(count):
        ledger.append("run", run(n), recorded_at=NOW)
    return count / (time.perf_counter() - start)


class Writer:
    """A process that appends until it is done or killed; what was acknowledged to it stands in a file."""

    def __init__(self, ledger: Path, who: str, most: int, at_once: int = 1) -> None:
        self.who, self.told = who, ledger.with_name(f"{who}.acknowledged")
        words = [sys.executable, "-c", textwrap.dedent(WRITER), str(ledger), who, str(most), str(at_once)]
        with self.told.open("wb") as out:
            self.process = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": SRC}, stdout=out)

    @property
    def acknowledged(self) -> int:
        """Entries that the writer was told of as safe."""
        whole = self.told.read_bytes().rpartition(b"\n")[0].split(b"\n")
        return int(whole[-1] or 0)


def killed(folder: Path, kills: int, writers: int = 3, seed: int = 0) -> dict[str, int]:
    """Kills `kills` of always `writers` processes that append to one ledger; counts what was lost of what they knew.

    Returns: kills, entries acknowledged, kept, lost, out of order, faults of the chain (also found in between).
    """
    ledger, rng = Ledger(folder / "ledger.jsonl"), random.Random(seed)
    at_work: list[Writer] = []
    told: dict[str, int] = {}
    faults = started = 0
    while len(told) < kills:
        while len(at_work) < writers:
            at_work.append(Writer(ledger.path, f"w{started}", 1_000_000, MOST_AT_ONCE))
            started += 1
        ready = [writer for writer in at_work if writer.acknowledged]
        time.sleep(rng.uniform(0, 0.03))
        if ready:
            one = rng.choice(ready)
            one.process.kill()
            one.process.wait()
            told[one.who] = one.acknowledged
            at_work.remove(one)
            if len(told) % 20 == 0:
                faults += len(ledger.verify())
    for one in at_work:
        one.process.kill()
        one.process.wait()
        told[one.who] = one.acknowledged
    ledger.append("run", run(0), recorded_at=NOW)
    kept: defaultdict[str, list[int]] = defaultdict(list)
    for entry in ledger.entries():
        if "who" in entry.body:
            kept[entry.body["who"]].append(entry.body["n"])
    return {
        "kills": len(told),
        "acknowledged": sum(told.values()),
        "kept": sum(map(len, kept.values())),
        "lost": sum(max(0, known - len(kept[who])) for who, known in told.items()),
        "out_of_order": sum(found != list(range(len(found))) for found in kept.values()),
        "never_asked": sum(max(0, len(kept[who]) - known - MOST_AT_ONCE) for who, known in told.items()),
        "faults": faults + len(ledger.verify()),
    }


def together(folder: Path, each: int, writers: int = 2) -> dict[str, float]:
    """Processes that append `each` entries one by one to one ledger at the same time; what is missing after."""
    ledger, start = Ledger(folder / "ledger.jsonl"), time.perf_counter()
    at_work = [Writer(ledger.path, f"w{number}", each) for number in range(writers)]
    codes = [one.process.wait() for one in at_work]
    elapsed_s = time.perf_counter() - start
    kept: defaultdict[str, list[int]] = defaultdict(list)
    for entry in ledger.entries():
        kept[entry.body["who"]].append(entry.body["n"])
    missing = sum(kept[one.who] != list(range(each)) for one in at_work)
    return {
        "writers": writers,
        "each": each,
        "failed": sum(map(bool, codes)),
        "missing": missing,
        "faults": len(ledger.verify()),
        "per_s": round(writers * each / elapsed_s),
    }


def big(folder: Path, entries: int) -> dict[str, float]:
    """A ledger that is filled, measured empty and full, and read in several ways."""
    ledger = Ledger(folder / "ledger.jsonl")
    figures: dict[str, float] = {"appends_per_s_empty": round(appends_per_s(ledger))}
    start = time.perf_counter()
    for at in range(0, entries, BATCH):
        new = [NewEntry("run", run(n)) for n in range(at, min(at + BATCH, entries))]
        ledger.append_many(new, recorded_at=NOW)
    figures["batch_entries_per_s"] = round(entries / (time.perf_counter() - start))
    figures["appends_per_s_full"] = round(appends_per_s(ledger))
    figures["entries"] = entries + 400
    figures["megabytes"] = round(ledger.path.stat().st_size / 1e6, 1)
    before_mb = _peak_mb()
    reads = (
        ("fold_s", ledger.fold),
        ("fold_again_s", ledger.fold),
        ("latest_s", lambda: ledger.latest("run")),
        ("verify_s", ledger.verify),
        ("every_entry_s", lambda: fold(ledger.entries())),
    )
    for name, read in reads:
        start, at_work = time.perf_counter(), time.process_time()
        read()
        figures[name] = round(time.perf_counter() - start, 2)
        figures[name.replace("_s", "_cpu_s")] = round(time.process_time() - at_work, 2)
    # Beside other work the processor's own time tells more than the clock.
    figures["reading_added_mb"] = round(_peak_mb() - before_mb, 1)
    return figures


def _peak_mb() -> float:
    try:
        import resource
    except ImportError:  # Windows has none
        return 0.0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main() -> None:
    """Measures each claim and prints the figures, the last line as JSON."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--entries", type=int, default=1_000_000)
    asked.add_argument("--kills", type=int, default=200)
    asked.add_argument("--each", type=int, default=10_000)
    given = asked.parse_args()
    figures: dict[str, Any] = {"benchmark": "ledger"}
    for name, measure, size in (
        ("", big, given.entries),
        ("kills", killed, given.kills),
        ("two", together, given.each),
    ):
        with tempfile.TemporaryDirectory() as folder:
            found = measure(Path(folder), size)
        figures |= {name: found} if name else found
        for part, value in found.items():
            print(f"{name:6} {part:22} {value:,}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
