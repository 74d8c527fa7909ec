"""Whether `tunecase pilot --source` finds what a row of a source is worth, on real texts with planted faults.

    python benchmarks/source_trials.py [trials] [set ...]

Each trial draws 600 rows at hand, 300 rows of a source and 400 test rows from a real set, spoils the source in a known
way, and measures its worth with the probe as the command does. The reference is what such rows are worth over all
trials together; clean rows are worth 1 and rows that stand there twice 0.5 by construction, which the reference has to
find as well. Covered: the share of trials whose 80% interval holds the
reference. What flatters: the source is the set itself but for the fault, so that no trial meets another domain; the
trials of a set share its texts. The last line is one JSON object.
"""

import csv
import json
import os
import sys
import time
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))
warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402 - after the threads are set

from tunecase.data.reading import Row, Table  # noqa: E402
from tunecase.errors import InputError  # noqa: E402
from tunecase.pilot import Answers, Examples, Journal, Material, SourceRows, try_source  # noqa: E402
from tunecase.pilot.worth import Scored, worth_of_rows  # noqa: E402
from tunecase.records import PilotSettings  # noqa: E402

TEXTS = ROOT / ".." / "shared" / "data" / "text"
SETS = ("banking77", "clinc")
HELD, SOURCE, TESTS, DRAWS = 600, 300, 400, 8
FIRST_SEED = 100  # the share of runs that counts was set on the seeds below
Pair = tuple[str, str]


def pairs(name: str) -> list[Pair]:
    """(text, label) of all rows of a set, training and test together."""
    if name == "banking77":
        parts = [csv.DictReader((TEXTS / f"banking77/{part}.csv").open()) for part in ("train", "test")]
        return [(row["text"], row["category"]) for part in parts for row in part]
    splits = json.loads((TEXTS / "clinc/data_full.json").read_text(encoding="utf-8"))
    return [(text, label) for part in ("train", "val", "test") for text, label in splits[part]]


def clean(rows: list[Pair], labels: list[str], rng: np.random.Generator) -> list[Pair]:
    """As good as rows at hand."""
    return rows


def twice(rows: list[Pair], labels: list[str], rng: np.random.Generator) -> list[Pair]:
    """Half of the rows, each two times."""
    return [rows[at // 2] for at in range(len(rows))]


def flipped(rows: list[Pair], labels: list[str], rng: np.random.Generator) -> list[Pair]:
    """Fifteen labels in a hundred drawn at random."""
    return [(text, str(rng.choice(labels)) if rng.random() < 0.15 else label) for text, label in rows]


def senseless(rows: list[Pair], labels: list[str], rng: np.random.Generator) -> list[Pair]:
    """Every label drawn at random."""
    return [(text, str(rng.choice(labels))) for text, _ in rows]


PLANTED = (clean, twice, flipped, senseless)


def table(rows: list[Pair]) -> Table:
    """Rows as the reader gives them."""
    return Table(None, tuple(Row(at, at + 1, text, label, {}) for at, (text, label) in enumerate(rows)), ())


def keeping(kept: dict[str, Answers]):
    """What keeps the answers of runs, so that the faults of a trial share the runs on rows at hand."""
    return lambda key, result: kept.__setitem__(key, Answers(result.predictions, result.row_scores))


def trials(name: str, count: int) -> dict[str, dict[str, float]]:
    """What so many trials of a set found, by planted fault."""
    every = pairs(name)
    found: dict[str, list] = {fault.__name__: [] for fault in PLANTED}
    pooled: dict[str, list[Scored]] = {fault.__name__: [] for fault in PLANTED}
    for trial in range(count):
        rng = np.random.default_rng(FIRST_SEED + trial)
        chosen = set(rng.choice(sorted({label for _, label in every}), 30, replace=False).tolist())
        rows = [every[at] for at in rng.permutation(len(every)) if every[at][1] in chosen]
        held, source, tests = rows[:HELD], rows[HELD : HELD + SOURCE], rows[HELD + SOURCE : HELD + SOURCE + TESTS]
        done, kept = {}, {}
        journal = Journal(done, kept.get, keeping(kept), lambda run, done=done: done.__setitem__(run.key, run))
        material = Material(table(held), table(tests), "accuracy", "higher")
        for fault in PLANTED:
            spoilt = fault(source, sorted(chosen), rng)
            examples = Examples(tuple(text for text, _ in spoilt), tuple(label for _, label in spoilt))
            settings = PilotSettings(draws=DRAWS, seed=trial, workers=1)
            try:
                record = try_source(material, SourceRows("source", fault.__name__, examples), settings, journal)
            except InputError as error:
                print(f"{name} {fault.__name__} trial {trial}: {error}")
                continue
            found[fault.__name__].append(record)
            whole = [(record.base, record.added, record.error_with), *((n, 0, error) for n, error in record.errors)]
            pooled[fault.__name__] += [Scored(trial, n, added, np.full(TESTS, error)) for n, added, error in whole]
    return {fault: summed(found[fault], pooled[fault]) for fault in found if found[fault]}


def summed(records: list, pooled: list[Scored]) -> dict[str, float]:
    """How often the interval held the reference, and how wide it was."""
    reference = worth_of_rows(pooled).worth
    inside = [record.worth.low - 1e-9 <= reference.mid <= record.worth.high for record in records]
    return {
        "trials": len(records), "reference": round(reference.mid, 3),
        "reference_low": round(reference.low, 3), "reference_high": round(reference.high, 3),
        "median": round(float(np.median([record.worth.mid for record in records])), 3),
        "width": round(float(np.median([record.worth.high - record.worth.low for record in records])), 3),
        "covered": round(float(np.mean(inside)), 3), "told": round(float(np.mean([r.tells for r in records])), 3),
    }  # fmt: skip


def main() -> None:
    """Prints a line for each set and fault, and one JSON object."""
    words = sys.argv[1:]
    count = int(words[0]) if words else 20
    if not TEXTS.exists():
        print(json.dumps({"skipped": "no texts beside the repository"}))
        return
    results = {}
    for name in words[1:] or SETS:
        started = time.perf_counter()
        results[name] = trials(name, count)
        for fault, line in results[name].items():
            print(f"{name:<10} {fault:<10} {line}  {time.perf_counter() - started:.0f} s", flush=True)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
