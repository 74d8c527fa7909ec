"""Does a race of candidates save runs, and does the one that would have won still win?

    python benchmarks/racing.py [--sets example banking77-10] [--candidates n-grams encoder encoder-tuned]
                                [--lora MODEL] [--pairs 200] [--adaptive]

(a) A pilot measures the candidates on each set twice: as it comes, and with every candidate kept to the end. The second
takes over the runs of the first, so that what it adds is what the race saved. Told are runs, seconds of runs, and
whether the best of all is the same.
(b) Pairs of made-up learners with known curves race in real pilots: how often is one dropped that would truly have been
the better at the largest size, how often one that would not, and how many runs does that save? The learners find the
same test rows hard, by half; their curves are power laws above a floor. `--adaptive` lets the second choose its runs as
a heavy learner does.

Only one seed of the pilot is run on each set, so (a) says little about chance; (b) is as true as its curves. Sets that
are not here and candidates without weights are passed over with a line. The last line is one JSON object.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

import numpy as np  # noqa: E402
from encoding import first_ten  # noqa: E402
from piloting import Data, example  # noqa: E402
from source_trials import table  # noqa: E402

from tunecase.pilot import Answers, Journal, Material, pilot, trial  # noqa: E402
from tunecase.pilot.trainers.task import Result, Task, scored  # noqa: E402
from tunecase.records import Candidate, Pilot, PilotSettings, Run  # noqa: E402

SETS: Mapping[str, Callable[[], Data | None]] = {"example": example, "banking77-10": first_ten}
CANDIDATES = ("n-grams", "encoder", "encoder-tuned")
TEST_ROWS, TRAIN_ROWS = 270, 663
SMALLEST = 21  # of the made-up ladder

# What the pilot wants of a trainer; `train` below is that of the made-up learners.
MODEL, STAND_IN, HEAVY, FORMAT = "none", False, False, 1
METRICS, KINDS = {"accuracy": "higher"}, ("classification",)
SETTINGS: Mapping[str, Any] = {}
BASELINES: Mapping[str, Any] = {}
SEARCH = ({},)
NEUTRAL = frozenset[str]()


@dataclass
class Kept:
    """The runs of earlier pilots and what they answered."""

    runs: dict[str, Run] = field(default_factory=dict)
    answers: dict[str, Answers] = field(default_factory=dict)

    def journal(self) -> Journal:
        """A journal that takes them over and adds to them."""

        def keep(key: str, result: Result) -> None:
            assert result.predictions is not None
            assert result.row_scores is not None
            self.answers[key] = Answers(result.predictions, result.row_scores, result.confidences)

        return Journal(dict(self.runs), self.answers.get, keep, lambda run: self.runs.update({run.key: run}))


def raced(data: Data, names: Sequence[str]) -> dict[str, Any]:
    """One set: the race, and what it saved."""
    material = Material(table(data.train), table(data.test), "accuracy", "higher")
    kept = Kept()
    found: dict[str, Pilot] = {}
    runs: dict[str, int] = {}
    seconds: dict[str, float] = {}
    for way in ("race", "all kept"):
        settings = PilotSettings("", race=tuple(names), keep_all=way == "all kept", with_baselines=False)
        found[way] = pilot(material, settings, kept.journal())
        runs[way], seconds[way] = len(kept.runs), sum(run.seconds for run in kept.runs.values())
        for one in found[way].candidates:
            print(
                f"  {way}: {one.name} {one.score:.3f} at {one.n} rows, {len(one.points)} runs {one.dropped}", flush=True
            )
    for line in found["race"].not_measured:
        print(f"  not measured: {line}")
    best = {way: record.candidates[0].name for way, record in found.items()}
    return {
        "runs": runs["race"], "runs_saved": runs["all kept"] - runs["race"],
        "seconds": round(seconds["race"], 1), "seconds_saved": round(seconds["all kept"] - seconds["race"], 1),
        "best": best["race"], "same_best": best["race"] == best["all kept"],
        "candidates": {one.name: _told(one) for one in found["race"].candidates},
    }  # fmt: skip


def _told(one: Candidate) -> dict[str, Any]:
    return {
        "score": round(one.score, 4), "rows": one.n, "runs": len(one.points), "seconds": round(one.seconds, 1),
        "dropped": bool(one.dropped),
    }  # fmt: skip


def settings(top_rows: int, chosen: Mapping[str, Any]) -> Mapping[str, Any]:
    """A made-up learner has none."""
    return {**chosen}


def missing(model: str) -> str:
    """Nothing is missing."""
    return ""


def prepare(model: str, tell: object) -> None:
    """Nothing has to be fetched."""


def identity(model: str, chosen: Mapping[str, Any] | None = None) -> str:
    """There are no weights."""
    return ""


def truth(model: str, rows: int) -> float:
    """The error that a made-up learner, named "pair 7 b", truly has at so many rows.

    error = floor + (start - floor) (rows / 21) ** -power
    """
    draw = np.random.default_rng(_numbers(model))
    floor, power, start = draw.uniform(0, 0.4), draw.uniform(0.1, 0.7), draw.uniform(0.5, 0.95)
    return float(floor + (start - floor) * (rows / SMALLEST) ** -power)


def _numbers(model: str) -> list[int]:
    _, pair, letter = model.split()
    return [int(pair), ord(letter)]


def train(task: Task) -> Result:
    """Answers wrongly where a row's own number, drawn once, lies below the error of the curve."""
    pair, letter = _numbers(task.model)
    rows = len(task.test_labels)
    shared, own = np.random.default_rng([pair, 0]).random(rows), np.random.default_rng([pair, letter, 1]).random(rows)
    run = np.random.default_rng([pair, letter, task.seed, len(task.texts)])
    hard = np.where(np.random.default_rng([pair, letter, 2]).random(rows) < 0.5, shared, own)
    hard = np.where(run.random(rows) < 0.2, run.random(rows), hard)
    wrong = hard < truth(task.model, len(task.texts))
    other = {"a": "b", "b": "a"}
    answers = [other[label] if miss else label for label, miss in zip(task.test_labels, wrong, strict=True)]
    return scored(task, answers, 1e-3)


def made_up(pairs: int, adaptive: bool) -> dict[str, Any]:
    """Both learners of each pair in one pilot; the second may be dropped."""
    trial.TRAINERS = (*trial.TRAINERS, ("made-up", "racing"))
    rows = [(f"row {number}", "ab"[number % 2]) for number in range(TRAIN_ROWS + TEST_ROWS)]
    material = Material(table(rows[:TRAIN_ROWS]), table(rows[TRAIN_ROWS:]), "accuracy", "higher")
    dropped: dict[bool, list[bool]] = {True: [], False: []}
    saved, lost = [], []
    for pair in range(pairs):
        one, other = (f"pair {pair} {letter}" for letter in "ba")
        chosen = PilotSettings(
            "made-up", other, race=(f"made-up:{one}",), adaptive=adaptive, workers=1, with_baselines=False, seed=pair
        )
        record = pilot(material, chosen)
        beside = next(each for each in record.candidates if each.name == one)
        better = truth(one, TRAIN_ROWS) < truth(other, TRAIN_ROWS)
        dropped[better].append(bool(beside.dropped))
        if better and beside.dropped:
            lost.append(truth(other, TRAIN_ROWS) - truth(one, TRAIN_ROWS))
        whole = 3 * len(record.sizes) - 2  # all rows are drawn once
        saved.append(1 - len(beside.points) / whole if beside.dropped else 0.0)
    return {
        "pairs": pairs, "adaptive": adaptive,
        "truly_better": len(dropped[True]), "of_them_dropped": sum(dropped[True]),
        "points_lost_by_each": [round(points, 3) for points in sorted(lost)],
        "truly_worse": len(dropped[False]), "of_those_dropped": sum(dropped[False]),
        "runs_saved_share": round(statistics.mean(saved), 3) if saved else None,
    }  # fmt: skip


def main() -> None:
    """Runs both, and prints the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS))
    parser.add_argument("--candidates", nargs="*", default=list(CANDIDATES))
    parser.add_argument("--lora", default="", metavar="MODEL", help="a causal model whose weights are here")
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--adaptive", action="store_true")
    asked = parser.parse_args()
    pairs = made_up(asked.pairs, asked.adaptive) if asked.pairs else None
    print(f"made-up pairs: {pairs}", flush=True)
    found = {}
    for name in asked.sets:
        data = SETS[name]()
        if data is None:
            print(f"{name}: not here, passed over")
            continue
        print(f"{data.name}: {len(data.train)} + {len(data.test)} rows", flush=True)
        found[name] = raced(data, [*asked.candidates, *([f"lora:{asked.lora}"] if asked.lora else [])])
    print(json.dumps({"pairs": pairs, "sets": found}))


if __name__ == "__main__":
    main()
