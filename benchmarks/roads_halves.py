"""Each run's score on either half of its test items: what a team is shown on one half can be held against the other.

    python benchmarks/roads_halves.py [--table FILE] [--store FOLDER] [--to FILE] [--tasks NAME ...]

Reads the answers that `roads_measure.py` kept; no run is made. A score that is shown and a truth that is taken on the
same items agree too well, for luck in the items is then no error. Test items are split once by a seed, the same way
for every run of a task, so that the halves of two runs can be compared.
"""

import argparse
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from roads_measure import NATURAL, PILOTS, TRUTH, TRUTH_SEED, Store, Unit, rows_of, split_of, units
from roads_measure import _pilot as made_again
from roads_tasks import FRESH, TASKS, Task

from tunecase.pilot import Answers
from tunecase.pilot.scoring.score import score_of

TABLE = Path(__file__).parent / "roads_halves.csv"
COLUMNS = ("task", "learner", "part", "n", "draw", "seed", "items_a", "score_a", "items_b", "score_b")
SEED = 41
LEARNERS = ("probe", "encoder")


def halves(task: Task, labels: Sequence[str], answers: Answers) -> dict[str, Any]:
    """The score on each half, by the task's metric."""
    order = np.random.default_rng(SEED).permutation(len(labels))
    cells: dict[str, Any] = {}
    for name, part in zip("ab", (order[: len(order) // 2], order[len(order) // 2 :]), strict=True):
        score = score_of(task.metric, [labels[i] for i in part], [answers.predictions[i] for i in part])
        cells |= {f"items_{name}": len(part), f"score_{name}": f"{score:.5f}"}
    return cells


def rows(wanted: Iterator[Unit], store: Store) -> Iterator[dict[str, Any]]:
    """A row for each run whose answers were kept."""
    for unit in wanted:
        split = split_of(unit.task, unit.learner)
        n = None if split is None or unit.part in PILOTS else round(len(split[0]) / unit.share)
        if split is None or store.mark(unit).exists() or not store.done(unit, n):
            continue
        given = rows_of(unit, split, store.folder)
        record = made_again(unit, store, given, split[1], len(split[0]), n or len(given))  # every run of it is kept
        for run in record.runs:
            answers = store.answers(run.key)
            if answers is None:
                continue
            seed = 0 if unit.part in PILOTS else TRUTH_SEED + (unit.draw or 0)
            place = {"task": unit.task.name, "learner": unit.learner, "part": unit.part, "n": run.n}
            place |= {"draw": run.draw if unit.draw is None else unit.draw, "seed": seed}
            yield {**place, **halves(unit.task, [row[1] for row in split[1]], answers)}


def main() -> None:
    """Writes the table, beside rows of other tasks that it holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--to", type=Path, default=TABLE)
    parser.add_argument("--tasks", nargs="+", default=[task.name for task in (*TASKS, *FRESH)])
    asked = parser.parse_args()
    tasks = [task for task in (*TASKS, *FRESH) if task.name in asked.tasks]
    kept = []
    if asked.to.exists():
        with asked.to.open(encoding="utf-8", newline="") as file:
            kept = list(csv.DictReader(file))
    made = list(rows(units(tasks, LEARNERS, (*PILOTS, TRUTH, NATURAL)), Store(asked.table, asked.store)))
    names = {row["task"] for row in made}
    every = [
        {name: str(row[name]) for name in COLUMNS} for row in (*(r for r in kept if r["task"] not in names), *made)
    ]
    every.sort(key=lambda row: (row["task"], row["learner"], row["part"], int(row["n"]), int(row["draw"])))
    with asked.to.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(every)
    print(f"{len(made):,} runs of {len(names)} tasks")


if __name__ == "__main__":
    main()
