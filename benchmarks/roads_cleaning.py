"""Wrong labels planted in the tasks of the backtest, what `audit --fix` makes of them, and what it mends unplanted.

Planted are 10% wrong labels, each any other class at random, once for each task. "cleaned" is the same after
`audit --fix`, which drops rows that are wrong by a fact, such as repeats and leaks; rows that only look wrong it hands
to people. "reviewed" is the cleaned copy after a reviewer who never errs has read the rows that the audit ranks as
wrongly labelled, as many as it asks for: no people were asked. "fixed" is `audit --fix` on the rows as published.

What flatters: planted labels are wrong at random, while people mistake one class for another that is like it. Only row
numbers are kept between runs, no texts.
"""

import csv
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from roads_tasks import Rows, Split, Task

from tunecase.flow.audit import DataFiles
from tunecase.flow.clean import FixAsked, fix_file

SHARE, SEED = 0.10, 5
TODAY = date(2026, 11, 29)  # prices are of no account here
PARTS = ("planted", "cleaned", "reviewed", "fixed")
TASKS = (
    "tweet_emotion", "sms_spam", "banking77, ten intents a", "clinc, twenty intents", "tos_unfair, one in two",
)  # fmt: skip
COLUMNS = (
    "task", "learner", "kind", "rows", "removed", "relabelled", "planted_found", "gain_promised_low", "mid", "high",
    "score_before", "score_after", "draws", "read",
    "wrong_told_low", "wrong_told_mid", "wrong_told_high",
)  # fmt: skip
ENDS = ("low", "mid", "high")
# kind of a row: the part before, the part after.
KINDS: Mapping[str, tuple[str, str]] = {
    "planted": ("planted", "cleaned"), "planted, reviewed": ("planted", "reviewed"), "real": ("all", "fixed"),
}  # fmt: skip


def planted(rows: Rows) -> tuple[Rows, frozenset[int]]:
    """The rows with a tenth of their labels wrong, and which they are."""
    rng, names = np.random.default_rng(SEED), sorted({label for _, label, _ in rows})
    bad = sorted(rng.choice(len(rows), round(SHARE * len(rows)), replace=False).tolist())
    changed = list(rows)
    for i in bad:
        text, label, more = rows[i]
        others = [name for name in names if name != label]
        changed[i] = (text, others[rng.integers(len(others))], more)
    return tuple(changed), frozenset(bad)


def mended(rows: Rows, test: Rows) -> dict[str, list[float]]:
    """Which rows `audit --fix` takes out, which of the others people are to read, and how many labels it calls wrong.

    "told" is low, middle and high of an 80% interval, of all rows [rows]; empty where nothing was found.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{part}.jsonl") for part in ("train", "test")]
        for path, part in zip(paths, (rows, test), strict=True):
            lines = (json.dumps({"text": text, "label": label}) + "\n" for text, label, _ in part)
            path.write_text("".join(lines), encoding="utf-8")
        to = Path(folder, "fixed")
        audit, _ = fix_file(DataFiles(*paths, "text", "label"), FixAsked(to), seed=0, today=TODAY)
        removed = sorted({row for name in ("dropped", "quarantine") for row in _numbers(to / f"{name}.jsonl")})
    finding = audit.finding("label_error")
    asked = () if finding is None else finding.rows[: round(finding.review_rows)]
    measured = None if finding is None else finding.measured
    told = [] if measured is None else [measured.low, measured.middle, measured.high]
    return {"removed": removed, "to_read": sorted(set(asked) - set(removed)), "told": told}


def _numbers(path: Path) -> list[int]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line)["row"] for line in lines]


def found(task: Task, split: Split, folder: Path) -> dict[str, dict[str, list[float]]]:
    """What the audit finds of the rows planted and as they are; made once, kept as row numbers in the folder."""
    path = folder / "cleaning" / f"{task.name}.json"
    if not path.exists():
        made = {"planted": mended(planted(split[0])[0], split[1]), "real": mended(*split)}
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(made), encoding="utf-8")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def rows_of(part: str, task: Task, split: Split, folder: Path) -> Rows:
    """The training rows of a part."""
    train = split[0]
    spoilt, bad = planted(train)
    if part == "planted":
        return spoilt
    told = found(task, split, folder)["real" if part == "fixed" else "planted"]
    removed, read = set(told["removed"]), set(told["to_read"]) & bad if part == "reviewed" else set()
    start = train if part == "fixed" else spoilt
    return tuple(train[i] if i in read else row for i, row in enumerate(start) if i not in removed)


def cleaning_rows(
    tasks: Sequence[Task], runs: Sequence[Mapping[str, str]], folder: Path, test_of: Callable[[Task], Split | None]
) -> list[dict[str, Any]]:
    """The table of what cleaning changed, from the runs; the product states no gain in score, so none is written."""
    out = []
    for task in (task for task in tasks if task.name in TASKS):
        split = test_of(task)
        if split is None or not (folder / "cleaning" / f"{task.name}.json").exists():
            continue
        told, (_, bad) = found(task, split, folder), planted(split[0])
        for learner in sorted({run["learner"] for run in runs if run["part"] in PARTS}):
            for kind, parts in KINDS.items():
                before, after = (_scores(runs, task.name, learner, part, len(split[0])) for part in parts)
                if not before or not after:
                    continue
                own = told["real" if kind == "real" else "planted"]
                read = set(own["to_read"]) & bad if kind == "planted, reviewed" else set()
                gone = set(own["removed"]) & bad if kind != "real" else set()
                out.append({
                    "task": task.name, "learner": learner, "kind": kind, "rows": len(split[0]),
                    "removed": len(own["removed"]), "relabelled": len(read), "planted_found": len(read | gone),
                    "gain_promised_low": "", "mid": "", "high": "", "score_before": f"{mean(before):.5f}",
                    "score_after": f"{mean(after):.5f}", "draws": min(len(before), len(after)),
                    "read": len(own["to_read"]) if kind == "planted, reviewed" else 0,
                    **{f"wrong_told_{end}": f"{rows:.1f}" for end, rows in zip(ENDS, own["told"], strict=False)},
                })  # fmt: skip
    return out


def _scores(runs: Sequence[Mapping[str, str]], task: str, learner: str, part: str, rows: int) -> list[float]:
    own = [run for run in runs if (run["task"], run["learner"], run["part"]) == (task, learner, part)]
    return [float(run["score"]) for run in own if part != "all" or run["n"] == str(rows)]


def write_table(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """A table with these columns."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
