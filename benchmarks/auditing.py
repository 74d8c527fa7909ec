"""How fast and how lean one audit is, which share of planted near copies it finds, and what it says of known sets.

    python benchmarks/auditing.py [rows]

Rows are made up: ~600 bytes of words drawn by a Zipf law, 3% exact copies, 2% cosmetic ones, 12% near copies with 1 to
10% of the words changed. The audit runs in a process of its own, so that peak memory is the audit's. The real sets are
read from ../shared/data/text where they are present. The last line is one JSON object.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from tunecase.audit import audit
from tunecase.prices import Basis
from tunecase.records import Audit
from tunecase.spread import Worlds
from tunecase.text import jaccard, shingles

TEXTS = Path(__file__).parents[1] / ".." / "shared" / "data" / "text"
LABELS = 50
BUCKETS = ((0.7, 0.8), (0.8, 0.9), (0.9, 1.01))


def audited(train: Path, test: Path | None = None) -> Audit:
    """One audit with default prices."""
    return audit(None, train, test, basis=Basis(None, date(2026, 11, 24), Worlds(0, 500)))


def write_rows(path: Path, rows: int, seed: int = 0) -> tuple[Counter[str], Counter[tuple[float, float]], set[tuple]]:
    """Made-up rows with copies; planted counts by kind, near copies by true Jaccard, and the near pairs themselves."""
    rng = random.Random(seed)
    vocabulary = ["".join(rng.choices("abcdefghijklmnoprstuvw", k=rng.randint(2, 9))) for _ in range(20_000)]
    weights = [1 / (rank + 10) for rank in range(len(vocabulary))]
    texts: list[tuple[str, int]] = []
    planted: Counter[str] = Counter()
    truth: Counter[tuple[float, float]] = Counter()
    pairs: set[tuple] = set()
    copied: set[int] = set()
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            kind = rng.choices(("own", "exact", "cosmetic", "near"), (83, 3, 2, 12))[0] if number > 100 else "own"
            source = rng.randrange(len(texts)) if texts else 0
            if kind != "own" and source in copied:
                kind = "own"
            if kind == "own":
                text, label = " ".join(rng.choices(vocabulary, weights, k=rng.randint(70, 110))), rng.randrange(LABELS)
                texts.append((text, number))
            else:
                copied.add(source)
                text, of = texts[source]
                label = None
                if kind == "cosmetic":
                    text = text.capitalize() + " !"
                elif kind == "near":
                    words = text.split()
                    for place in rng.sample(range(len(words)), max(1, round(len(words) * rng.uniform(0.01, 0.1)))):
                        words[place] = rng.choice(vocabulary)
                    near = jaccard(shingles(text), shingles(" ".join(words)))
                    text = " ".join(words)
                    bucket = next((b for b in BUCKETS if b[0] <= near < b[1]), None)
                    if bucket:
                        truth[bucket] += 1
                        pairs.add((number, of, bucket))
                label = labels_of[of]
                planted[kind] += 1
            labels_of[number] = label
            file.write(json.dumps({"text": text, "label": f"class {label}"}) + "\n")
    return planted, truth, pairs


labels_of: dict[int, int] = {}


def measured(path: Path) -> dict:
    """Rows a second, peak memory in MB, and the findings of one audit in a fresh process."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", str(path)], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    return json.loads(done.stdout.splitlines()[-1])


def one(path: Path) -> None:
    """The child: audits one file and prints its figures."""
    start = time.perf_counter()
    record = audited(path)
    elapsed_s = time.perf_counter() - start
    try:
        import resource

        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    except ImportError:
        peak_mb = None
    found = {finding.check: finding.count for finding in record.findings}
    print(json.dumps({"rows_per_s": record.rows / elapsed_s, "peak_mb": peak_mb, "found": found}))


def recall(path: Path, pairs: set[tuple]) -> dict[str, float]:
    """Share of planted near pairs found, by true Jaccard."""
    import numpy as np

    from tunecase.checks.evidence import Asked, Evidence
    from tunecase.checks.scan import read_split
    from tunecase.datasets import detect

    evidence = Evidence(read_split(path, detect(path)), None, Asked(2048))
    found = {tuple(pair) for pair in np.sort(evidence.near_train.rows, axis=1).tolist()}
    hits: Counter[tuple[float, float]] = Counter()
    total: Counter[tuple[float, float]] = Counter()
    for number, of, bucket in pairs:
        total[bucket] += 1
        hits[bucket] += (of, number) in found
    return {
        f"{low:.1f}-{min(high, 1):.1f}": round(hits[low, high] / total[low, high], 4) for low, high in sorted(total)
    }


def known() -> dict:
    """Findings on the real sets, by set and check; empty where they are absent."""
    if not TEXTS.exists():
        print("skipped: ../shared/data/text not found")
        return {}
    sets = {
        "banking77": (TEXTS / "banking77/train.csv", TEXTS / "banking77/test.csv"),
        "gsm8k": (TEXTS / "gsm8k/train.jsonl", TEXTS / "gsm8k/test.jsonl"),
        "gsm8k test against test_socratic": (TEXTS / "gsm8k/test.jsonl", TEXTS / "gsm8k/test_socratic.jsonl"),
    }
    counts = {}
    for name, (train, test) in sets.items():
        record = audited(train, test)
        counts[name] = {"verdict": record.verdict} | {finding.check: finding.count for finding in record.findings}
        print(f"{name}: {counts[name]}")
    return counts


def main() -> None:
    """All figures."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        planted, truth, pairs = write_rows(path, rows)
        row_bytes = path.stat().st_size / rows
        print(f"{rows:,} rows of {row_bytes:.0f} bytes; planted {dict(planted)}, near by Jaccard {dict(truth)}")
        runs = [measured(path) for _ in range(3)]
        shares = recall(path, pairs)
    speeds = sorted(run["rows_per_s"] for run in runs)
    figures = {
        "benchmark": "auditing",
        "rows": rows,
        "row_bytes": round(row_bytes),
        "cores": os.cpu_count(),
        "rows_per_s": round(speeds[1]),
        "rows_per_s_range": [round(speeds[0]), round(speeds[-1])],
        "peak_mb": runs[0]["peak_mb"] and round(max(run["peak_mb"] for run in runs)),
        "planted": dict(planted),
        "found": runs[0]["found"],
        "near_recall_by_jaccard": shares,
        "known_sets": known(),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(Path(sys.argv[2]))
    else:
        main()
