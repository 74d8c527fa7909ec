"""How fast and how lean an audit is, how both grow, which planted copies it finds, what it says of known sets.

    python benchmarks/auditing.py [--rows 1000000] [--repeats 5] [--known]
    python benchmarks/auditing.py --growth 100k,1M,10M [--engine local,ray] [--cgroup 4GB] [--full] [--memory 2GB]
                                  [--data FOLDER]

Rows are made up (peers/rows.py): about 600 bytes, 2.5% exact copies, 1.6% cosmetic ones, 10% near copies with 1 to 10%
of the words changed. An audit is a whole process, `tunecase audit FILE --fast --json`: format, exact and near copies,
balance, personal data and secrets; with a tenth of the rows as a test file also leaks. Recall and false flags are
measured on 100,000 rows. The real sets of `--known` are read from ../shared/data/text where they are present.

`--growth` measures only how an audit grows (growth.py): seconds, processor seconds and memory of all its processes,
memory of the driver, scratch disk, and what each stage took. With two engines the records of each size are compared.
`--cgroup` holds all processes to so much memory, and tells whether the audit ended and how often the limit was hit.
`--data` keeps the rows for the next time. The figures go to auditing_growth.json, which sizing.py reads.
The last line is one JSON object.

What flatters: the words are random, so that rows of their own are unlike; truth is by the audit's own word triples; and
no text has more than one copy, so that no crowd meets.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
sys.path.insert(0, str(Path(__file__).parent))

from growth import FIGURES, Way, audited, grown, quantity
from peers.rows import Copy, closest, write_rows
from process_tree import NotRunError, tidy_when_ended

from tunecase.data.audit.audit import Files, audit
from tunecase.prices.basis import Basis
from tunecase.quantities.spread import Worlds
from tunecase.records import Audit

TEXTS = Path(__file__).parents[1] / ".." / "shared" / "data" / "text"
BUCKETS = ((0.7, 0.8), (0.8, 0.9), (0.9, 1.0))
RECALL_ROWS = 100_000
TRUE_NEIGHBOUR = 0.5


def judged(train: Path, test: Path) -> Audit:
    """One fast audit with default prices, in this process."""
    return audit(None, Files(train, test), basis=Basis(None, date(2026, 11, 24), Worlds(0, 500)), fast=True)


def recall(path: Path, copies: list[Copy]) -> dict:
    """Planted near copies found by true Jaccard, and rows flagged that have no neighbour at Jaccard .5 or more."""
    import numpy as np

    from tunecase.data.checks.evidence import Asked, Evidence
    from tunecase.data.checks.scan import read_split
    from tunecase.data.reading.detection import detect

    evidence = Evidence(read_split(path, detect(path)), None, Asked(2048))
    near = evidence.near_train
    found = {tuple(pair) for pair in np.sort(near.rows, axis=1).tolist()}
    hits, total = Counter(), Counter()
    for copy in copies:
        bucket = next((b for b in BUCKETS if copy.kind == "near" and b[0] <= copy.jaccard < b[1]), None)
        if bucket:
            total[bucket] += 1
            hits[bucket] += (copy.source, copy.row) in found
    flagged = set(near.rows[near.copy].ravel().tolist())
    false = sum(best < TRUE_NEIGHBOUR for best in closest(path, flagged - {c.row for c in copies}).values())
    return {
        "recall": {f"{b[0]:.1f}-{b[1]:.1f}": [hits[b], total[b]] for b in BUCKETS},
        "false_flags": false,
        "flagged": len(flagged),
        "rows": RECALL_ROWS,
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
        record = judged(TEXTS / train, TEXTS / test)
        counts[name] = {"verdict": record.verdict, "rows": record.rows, "test_rows": record.test_rows}
        counts[name] |= {finding.check: finding.count for finding in record.findings}
        print(f"{name}: {counts[name]}", flush=True)
    return counts


def with_leaks(rows: int, repeats: int, folder: Path) -> dict:
    """The whole fast pass: training rows, and a tenth as many test rows of which some are planted in training."""
    train, test = folder / "train.jsonl", folder / "test.jsonl"
    copies = write_rows(train, rows, seed=4)
    write_rows(test, rows // 10, seed=5, truth=False)
    with train.open() as source:
        stolen = [next(source) for _ in range(500)]
    with test.open("a") as file:
        file.writelines(stolen)
    runs = [audited(train, Way(sampled=False), test) for _ in range(repeats)]
    first = audited(train, Way(), test)
    if first.record is None:
        raise NotRunError(f"the audit ends with {first.usage.returncode}: {first.last_line}")
    read = rows + rows // 10 + len(stolen)
    speeds = sorted(read / each.usage.seconds for each in runs) or [read / first.usage.seconds]
    return {
        "rows": read,
        "row_bytes": round(train.stat().st_size / rows),
        "rows_per_s": round(statistics.median(speeds)),
        "rows_per_s_range": [round(speeds[0]), round(speeds[-1])],
        "cpu_seconds": round(first.usage.cpu_seconds or 0.0, 1),
        "peak_mb": first.usage.peak_mb and round(first.usage.peak_mb),
        "planted": {**Counter(copy.kind for copy in copies), "leaks": len(stolen)},
        "found": {finding["check"]: finding["count"] for finding in first.record["findings"]},
    }


def growth(asked: argparse.Namespace) -> dict:
    """How an audit grows, in every way asked for."""
    sizes = [quantity(each) for each in asked.growth.split(",")]
    ways = [Way(engine, asked.full, asked.cgroup, asked.memory, asked.limit_s) for engine in asked.engine.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        data = asked.data or Path(folder)
        data.mkdir(parents=True, exist_ok=True)
        return {"growth": grown(sizes, ways, data, asked.figures)}


def whole(asked: argparse.Namespace) -> dict:
    """Recall, and the whole pass with leaks."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recall.jsonl"
        near = recall(path, write_rows(path, RECALL_ROWS, seed=3))
        print(near, flush=True)
        passed = with_leaks(asked.rows, asked.repeats, Path(folder))
        print(passed, flush=True)
    return {"near": near, "whole": passed}


def main() -> None:
    """All figures asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=quantity, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--known", action="store_true", help="only what it says of the real sets")
    parser.add_argument("--growth", help="only how it grows over these sizes, for example 100k,1M,10M")
    parser.add_argument("--engine", default="local", help="local, ray, or both parted by a comma")
    parser.add_argument("--cgroup", type=quantity, help="the memory that all processes may have together: 4GB")
    parser.add_argument("--memory", help="what the audit is told of memory: its own --memory")
    parser.add_argument("--full", action="store_true", help="the whole audit, not the fast one")
    parser.add_argument("--limit-s", type=float, default=3600.0, help="the longest that one audit may take")
    parser.add_argument("--data", type=Path, help="keeps the rows here, and scratch files while an audit runs")
    parser.add_argument("--figures", type=Path, default=FIGURES, help="where figures of growth are kept")
    asked = parser.parse_args()
    tidy_when_ended()
    figures: dict = {"benchmark": "auditing", "cores": os.cpu_count()}
    try:
        figures |= growth(asked) if asked.growth else {"known_sets": known()}
        figures |= {} if asked.growth or asked.known else whole(asked)
    except NotRunError as error:
        parser.exit(1, f"not run: {error}\n")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
