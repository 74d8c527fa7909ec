"""How fast and how lean one fast audit is, how both grow, which planted copies it finds, what it says of known sets.

    python benchmarks/auditing.py [--rows 1000000] [--repeats 5] [--growth 100000,300000,1000000,3000000] [--known]

Rows are made up (benchmarks/peers/rows.py): about 600 bytes, 3% exact copies, 2% cosmetic ones, 12% near copies with 1
to 10% of the words changed. An audit is a whole process, `tunecase audit FILE --fast --json`: format, exact and near
copies, balance, personal data and secrets; with a tenth of the rows as a test file also leaks. Memory is what all its
processes hold together (shared pages counted in parts), sampled 5 times a second in a run of its own. Sizes of the
growth are run in turn, round by round. Recall and false flags are measured on 100,000 rows. The real sets of `--known`
are read from ../shared/data/text where they are present. The last line is one JSON object.

What flatters: the words are random, so that rows of their own are unlike; truth is by the audit's own word triples.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
sys.path.insert(0, str(Path(__file__).parent))

from audit_peers import _pss_kb, _session
from peers.rows import Copy, closest, write_rows

from tunecase.data.audit.audit import Files, audit
from tunecase.prices.basis import Basis
from tunecase.quantities.spread import Worlds
from tunecase.records import Audit

TEXTS = Path(__file__).parents[1] / ".." / "shared" / "data" / "text"
BUCKETS = ((0.7, 0.8), (0.8, 0.9), (0.9, 1.01))
RECALL_ROWS = 100_000
TRUE_NEIGHBOUR = 0.5


def audited(train: Path, test: Path | None = None, fast: bool = False) -> Audit:
    """One audit with default prices."""
    return audit(None, Files(train, test), basis=Basis(None, date(2026, 11, 24), Worlds(0, 500)), fast=fast).record


def measured(path: Path, test: Path | None = None, sampled: bool = False) -> dict:
    """Seconds of one fast audit in a process of its own, its record, and the peak of all its processes [MB]."""
    command = [sys.executable, "-m", "tunecase", "audit", str(path), "--fast", "--json"]
    command += ["--test", str(test)] if test else []
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "src")}
    with tempfile.TemporaryFile("w+") as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=said, start_new_session=True, env=environment)
        peak_kb = 0
        while sampled and process.poll() is None:
            members = {process.pid, *_session(process.pid), *_children(process.pid)}
            peak_kb = max(peak_kb, sum(_pss_kb(member) for member in members))
            time.sleep(0.2)
        process.wait()
        seconds = time.perf_counter() - start
        said.seek(0)
        return {"seconds": seconds, "peak_mb": peak_kb / 1e3, "record": json.load(said)}


def _children(leader: int) -> list[int]:
    """Processes that a process started; workers lead groups of their own but stay its children."""
    try:
        return [int(each) for each in Path(f"/proc/{leader}/task/{leader}/children").read_text().split()]
    except OSError:
        return []


def recall(path: Path, copies: list[Copy]) -> dict:
    """Planted near copies found by true Jaccard, and rows flagged that have no neighbour at Jaccard .5 or more."""
    import numpy as np

    from tunecase.data.checks.block import Reading
    from tunecase.data.checks.evidence import Asked, Evidence
    from tunecase.data.checks.scan import read_split
    from tunecase.data.reading.detection import detect

    evidence = Evidence(read_split(path, detect(path), Reading(workers=1)), None, Asked(2048))
    near = evidence.near_train
    found = {tuple(pair) for pair in np.sort(near.rows, axis=1).tolist()}
    hits, total = Counter(), Counter()
    for copy in copies:
        bucket = next((b for b in BUCKETS if copy.kind == "near" and b[0] <= copy.jaccard < b[1]), None)
        if bucket and evidence.first_normal[copy.row] == copy.row:
            total[bucket] += 1
            hits[bucket] += (copy.source, copy.row) in found
    flagged = set(near.rows[near.copy].ravel().tolist())
    false = sum(best < TRUE_NEIGHBOUR for best in closest(path, flagged - {c.row for c in copies}).values())
    return {
        "recall": {f"{b[0]:.1f}-{min(b[1], 1):.1f}": [hits[b], total[b]] for b in BUCKETS},
        "false_flags": false,
        "flagged": len(flagged),
        "rows": len(evidence.first_raw),
    }


def known() -> dict:
    """Findings on the real sets, by set and check; empty where they are absent."""
    if not TEXTS.exists():
        print("skipped: ../shared/data/text not found")
        return {}
    sets = {
        "banking77": ("banking77/train.csv", "banking77/test.csv"),
        "clinc full": ("clinc/data_full.json::train", "clinc/data_full.json::test"),
        "clinc full, validation": ("clinc/data_full.json::train", "clinc/data_full.json::val"),
        "clinc imbalanced": ("clinc/data_imbalanced.json::train", "clinc/data_imbalanced.json::test"),
        "clinc imbalanced, validation": ("clinc/data_imbalanced.json::train", "clinc/data_imbalanced.json::val"),
        "gsm8k": ("gsm8k/train.jsonl", "gsm8k/test.jsonl"),
        "alpaca answers, user tasks": (
            "self_instruct/alpaca-7b.json",
            "self_instruct/user_oriented_instructions.jsonl",
        ),
        "alpaca, seed tasks": ("self_instruct/alpaca-7b.json", "self_instruct/seed_tasks.jsonl"),
        "gsm8k test against test_socratic": ("gsm8k/test_socratic.jsonl", "gsm8k/test.jsonl"),
    }
    counts = {}
    for name, (train, test) in sets.items():
        record = audited(TEXTS / train, TEXTS / test, fast=True)
        counts[name] = {"verdict": record.verdict, "rows": record.rows, "test_rows": record.test_rows}
        counts[name] |= {finding.check: finding.count for finding in record.findings}
        print(f"{name}: {counts[name]}", flush=True)
    return counts


def grown(sizes: list[int], repeats: int, folder: Path) -> dict:
    """Seconds by rows, sizes in turn; the time of each against the straight line from nothing through the first."""
    files = {rows: folder / f"{rows}.jsonl" for rows in sizes}
    for rows, path in files.items():
        write_rows(path, rows, seed=3)
    seconds: dict[int, list[float]] = {rows: [] for rows in sizes}
    peaks = {}
    for _ in range(repeats):
        for rows, path in files.items():
            seconds[rows].append(measured(path)["seconds"])
    for rows, path in files.items():
        peaks[rows] = round(measured(path, sampled=True)["peak_mb"])
        print(f"{rows:,} rows: {statistics.median(seconds[rows]):.1f} s, {peaks[rows]} MB", flush=True)
    return {
        "seconds": {str(rows): [round(each, 2) for each in sorted(runs)] for rows, runs in seconds.items()},
        "rows_per_s": {str(rows): round(rows / statistics.median(runs)) for rows, runs in seconds.items()},
        "peak_mb": {str(rows): peak for rows, peak in peaks.items()},
    }


def with_leaks(rows: int, repeats: int, folder: Path) -> dict:
    """The whole fast pass: training rows, and a tenth as many test rows of which some are planted in training."""
    train, test = folder / "train.jsonl", folder / "test.jsonl"
    copies = write_rows(train, rows, seed=4)
    write_rows(test, rows // 10, seed=5)
    with train.open() as source:
        stolen = [next(source) for _ in range(500)]
    with test.open("a") as file:
        file.writelines(stolen)
    runs = [measured(train, test) for _ in range(repeats)]
    peak = measured(train, test, sampled=True)["peak_mb"]
    read = rows + rows // 10 + len(stolen)
    speeds = sorted(read / each["seconds"] for each in runs)
    found = {finding["check"]: finding["count"] for finding in runs[0]["record"]["findings"]}
    planted = Counter(copy.kind for copy in copies)
    return {
        "rows": read,
        "row_bytes": round(train.stat().st_size / rows),
        "rows_per_s": round(statistics.median(speeds)),
        "rows_per_s_range": [round(speeds[0]), round(speeds[-1])],
        "peak_mb": round(peak),
        "planted": {**planted, "leaks": len(stolen)},
        "found": found,
    }


def main() -> None:
    """All figures asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--growth", default="", help="sizes, for example 100000,300000,1000000")
    parser.add_argument("--known", action="store_true", help="only what it says of the real sets")
    asked = parser.parse_args()
    figures: dict = {"benchmark": "auditing", "cores": os.cpu_count(), "known_sets": known()}
    if not asked.known:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "recall.jsonl"
            copies = write_rows(path, RECALL_ROWS, seed=3)
            figures["near"] = recall(path, copies)
            print(figures["near"], flush=True)
            figures["whole"] = with_leaks(asked.rows, asked.repeats, Path(folder))
            print(figures["whole"], flush=True)
            if asked.growth:
                sizes = [int(each) for each in asked.growth.split(",")]
                figures["growth"] = grown(sizes, asked.repeats, Path(folder))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
