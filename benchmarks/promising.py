"""Is the promised error kept among the answers given, and what share of answers does each way of promising give?

    python benchmarks/promising.py [--quick] [--splits N] [--rows N] [--sets NAME ...] [--simulated]

Each learner answers the test rows once. Then the test rows are split, 200 times: one half promises (or --rows of them),
the others show whether the error among their answered rows stays within. A promise that is not made cannot be broken;
how often none is made is told beside it. The learners are the n-grams and, where its weights are here, the head on a
small encoder. Beside the promise run, on the same splits: three walks from fixed starts, each at a third of the chance
(the former rule); the threshold whose error on the promising half is low enough, without a bound; Bonferroni over a
grid of thresholds; split conformal sets of one class; and MAPIE where it is here.

The halves of one test set share its rows, so 200 splits are not 200 test sets: a share kept has more noise than its
number suggests, and the fresh half has a noise of its own, so that a true error just within breaks it half of the time.
With --simulated the true error of every threshold is known instead, and how often it is broken is told: few rows, equal
confidences, rows in groups, errors that are flat, rise, or lie among the most confident rows. Data sets that are not
here are passed over with a line. The last line is one JSON object.
"""

import argparse
import itertools
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

import numpy as np  # noqa: E402
from piloting import SETS, SHARED, Data, clinc, example  # noqa: E402
from scipy.special import bdtr, betainc  # noqa: E402

from tunecase.pilot.ladder import deal  # noqa: E402
from tunecase.pilot.scoring import promise  # noqa: E402
from tunecase.pilot.trainers.task import Task  # noqa: E402

ERRORS = (0.02, 0.05, 0.10, 0.20)
GRID = 20
LEARNERS = ("probe", "encoder")
MOST_ROWS = 2_000  # of training, so that a learner takes seconds


@dataclass(frozen=True)
class Answered:
    """What a learner answered: of each test row whether it is right, and how sure it was."""

    data: str
    learner: str
    right: np.ndarray
    sure: np.ndarray


def walks(right: np.ndarray, sure: np.ndarray, error: float) -> float | None:
    """Three walks up to the first threshold that fails, each at a third of a tenth: the former rule.

    They begin with the fewest rows that pass without a mistake, with two mistakes, and with half of all rows.
    """
    answered, wrong, levels = _levels(right, sure)
    chance = np.where(wrong < answered, betainc(np.maximum(answered - wrong, 1e-9), wrong + 1, 1 - error), 1.0)
    rows, best = np.arange(1, len(sure) + 1), -1
    for allowed, part in ((0, 0.0), (2, 0.0), (0, 0.5)):
        enough = rows[bdtr(allowed, np.maximum(rows, allowed), error) <= 0.1 / 3]
        if not len(enough):
            continue
        ranks = np.linspace(max(enough[0], part * len(sure)), len(sure), GRID)
        places = np.unique(np.searchsorted(answered, ranks - 1e-9))
        passed = int(np.cumprod(chance[places] <= 0.1 / 3).sum())
        best = max(best, int(places[passed - 1]) if passed else -1)
    return float(levels[best]) if best >= 0 else None


def plain(right: np.ndarray, sure: np.ndarray, error: float) -> float | None:
    """The lowest threshold whose error on these rows is low enough: no bound at all."""
    answered, wrong, levels = _levels(right, sure)
    good = np.flatnonzero(wrong <= error * answered)
    return float(levels[good[-1]]) if len(good) else None


def bonferroni(right: np.ndarray, sure: np.ndarray, error: float) -> float | None:
    """Learn-then-Test over a grid of thresholds at ranks, each at a tenth over their number."""
    answered, wrong, levels = _levels(right, sure)
    least = math.log(0.1) / math.log(1 - error)
    places = np.unique(np.searchsorted(answered, np.linspace(least, len(sure), GRID) - 1e-9))
    places = places[places < len(levels)]
    chance = np.where(
        wrong[places] < answered[places],
        betainc(np.maximum(answered[places] - wrong[places], 1e-9), wrong[places] + 1, 1 - error),
        1.0,
    )
    good = places[chance <= 0.1 / max(len(places), 1)]
    return float(levels[good[-1]]) if len(good) else None


def conformal(right: np.ndarray, sure: np.ndarray, error: float) -> float | None:
    """Split conformal prediction as often used to abstain: sets of classes at 1 - error, answered if one class is in.

    With the score 1 - p(label), a set holds a single class only where the answer's own chance passes the quantile; of
    wrong answers the score is at least the answer's chance, which is all that is known here. It promises that sets
    cover, over all rows, not among the rows answered.
    """
    scores = np.where(right, 1 - sure, sure)
    rank = math.ceil((len(scores) + 1) * (1 - error))
    if rank > len(scores):
        return None
    quantile = float(np.sort(scores)[rank - 1])
    return max(1 - quantile, quantile) if quantile < 1 else None


def ours(right: np.ndarray, sure: np.ndarray, error: float) -> float | None:
    """The threshold of `promise`."""
    return promise(error, list(right), list(sure)).threshold


def mapie() -> Callable[[np.ndarray, np.ndarray, float], float | None] | None:
    """MAPIE's control of the precision of a binary classifier, right or wrong by confidence; None where it is not."""
    try:
        control = import_module("mapie.risk_control").BinaryClassificationController
    except (ImportError, AttributeError):
        return None

    def threshold(right: np.ndarray, sure: np.ndarray, error: float) -> float | None:
        told = control(lambda x: np.column_stack([1 - x[:, 0], x[:, 0]]), "precision", 1 - error, confidence_level=0.9)
        try:
            told.calibrate(sure[:, None], right.astype(int))
        except ValueError:
            return None
        best = told.best_predict_param
        return None if best is None else float(np.ravel(best)[0])

    return threshold


def _levels(right: np.ndarray, sure: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    order = np.argsort(-sure, kind="stable")
    ranked, wrong = sure[order], np.cumsum(~right[order])
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    return last + 1, wrong[last], ranked[last]


def answered(data: Data, learner: str) -> Answered | None:
    """The answers of one learner to all test rows; None with a line where it is not here."""
    try:
        module: Any = import_module(f"tunecase.pilot.trainers.{learner}")
        missing = module.missing(module.MODEL)
    except ImportError as error:
        missing = str(error)
    if missing:
        print(f"skipped: {learner} on {data.name}: {missing}")
        return None
    order = deal([label for _, label in data.train], np.random.default_rng([7, 0]))
    rows = [data.train[i] for i in order[:MOST_ROWS]]
    (texts, labels), (test_texts, test_labels) = zip(*rows, strict=True), zip(*data.test, strict=True)
    result = module.train(
        Task(
            learner, module.MODEL, texts, labels, test_texts, test_labels, "accuracy", 7,
            module.settings(len(rows), {}), "classification", data.classes,
        )
    )  # fmt: skip
    if result.confidences is None:
        print(f"skipped: {learner} on {data.name}: no confidences")
        return None
    print(f"{learner} on {data.name}: {len(rows)} rows, score {result.score:.3f} on {result.test_rows}", flush=True)
    return Answered(data.name, learner, np.array(result.row_scores) >= 1, np.array(result.confidences))


def splits(answers: Answered, error: float, way: Callable[..., float | None], count: int, few: int) -> dict[str, float]:
    """Over the splits, `few` rows promising: the promise kept (or not made), the mean share answered, none made."""
    rng, rows = np.random.default_rng(3), len(answers.right)
    broken = none = 0
    covered = []
    for _ in range(count):
        order = rng.permutation(rows)
        one, other = order[:few], order[few:]
        threshold = way(answers.right[one], answers.sure[one], error)
        given = answers.sure[other] >= (math.inf if threshold is None else threshold)
        none += threshold is None
        broken += bool(given.any()) and float((~answers.right[other][given]).mean()) > error
        covered.append(float(given.mean()))
    made = count - none
    found = {"kept": 1 - broken / count, "coverage": float(np.mean(covered)), "none": none / count}
    return found | ({"kept_of_made": (made - broken) / made} if made else {})


# How an answer's chance to be wrong, in parts of the error allowed, goes with the share of answers that are surer.
SHAPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "just too high everywhere": lambda share: np.full(len(share), 1.001),
    "rising": lambda share: 0.4 + 2 * share,  # the mean passes 1 at .6
    "high among the surest tenth": lambda share: np.where(share < 0.1, 1.8, np.where(share < 0.6, 0.2, 3.0)),
}
KINDS = (("", 60), ("", 100), ("", 270), ("", 1_000), ("tied", 270), ("grouped", 270))
TIES, GROUP = 12, 3  # different confidences; rows of a group, which are all alike


def simulated(count: int) -> Iterator[dict[str, Any]]:
    """How often the true error of the answers given passes the one promised, and the share promised."""
    grid = (np.arange(20_000) + 0.5) / 20_000
    for (name, shape), error, (kind, rows) in itertools.product(SHAPES.items(), (0.04, 0.10, 0.13, 0.30), KINDS):
        mean = np.cumsum(error * shape(grid)) / np.arange(1, len(grid) + 1)
        row: dict[str, Any] = {"shape": name, "error": error, "rows": rows, "kind": kind}
        group = GROUP if kind == "grouped" else 1
        for way in (ours, walks):
            rng, broken, shares = np.random.default_rng(5), 0, 0.0
            for _ in range(count):
                share = rng.random(rows // group)
                right = rng.random(len(share)) >= error * shape(share)
                share = np.ceil(share * TIES) / TIES if kind == "tied" else share
                if way is ours:
                    design = float(group)
                    found = promise(error, list(np.repeat(right, group)), list(np.repeat(-share, group)), design=design)
                    threshold = found.threshold
                else:
                    threshold = way(right, -share, error)
                if threshold is not None:
                    broken += bool(mean[min(int(-threshold * len(grid)), len(grid)) - 1] > error)
                    shares += float((-share >= threshold).mean())
            row |= {f"{way.__name__} broken": broken / count, f"{way.__name__} coverage": round(shares / count, 3)}
        yield row


def backtest(name: str) -> Data | None:
    """A set of the folder of backtests: tweet_emotion, sms_spam or tos_unfair."""
    folder = SHARED / "backtest" / name
    if not folder.exists():
        return None
    read = {}
    for part in ("train", "test"):
        lines = (folder / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()
        read[part] = [(row["text"], row["label"]) for row in map(json.loads, lines)]
    return Data(name, read["train"], read["test"])


def sets(names: Sequence[str], quick: bool) -> Iterator[Data]:
    """The data sets that are here."""
    known: dict[str, Callable[[], Data | None]] = {
        "example": example,
        "banking77": SETS["banking77"],
        "banking77-all": SETS["banking77-all"],
        "clinc": lambda: clinc(150),
        **{name: partial(backtest, name) for name in ("tweet_emotion", "sms_spam", "tos_unfair")},
    }
    for name in names or (list(known)[:2] if quick else list(known)):
        data = known[name]()
        if data is None:
            print(f"skipped: {name}: its folder under shared/data/text is not here")
        else:
            yield data


def main() -> None:
    """Measures every way on every set and prints one JSON object last."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two sets, 50 splits")
    parser.add_argument("--splits", type=int, default=None)
    parser.add_argument("--rows", type=int, default=None, help="rows that promise; half of them where left out")
    parser.add_argument("--sets", nargs="*", default=())
    parser.add_argument(
        "--simulated", action="store_true", help="the true error is known; 2,000 test sets of each kind"
    )
    told = parser.parse_args()
    if told.simulated:
        rows = []
        for row in simulated(told.splits or (200 if told.quick else 2_000)):
            print(row, flush=True)
            rows.append(row)
        print(json.dumps({"most_broken": max(row["ours broken"] for row in rows), "rows": rows}))
        return
    count = told.splits or (50 if told.quick else 200)
    ways: dict[str, Callable[..., float | None]] = {
        "promise": ours, "walks": walks, "plain": plain, "bonferroni": bonferroni, "conformal": conformal,
    }  # fmt: skip
    peer = mapie()
    if peer is None:
        print("skipped: mapie cannot be imported")
    else:
        ways["mapie"] = peer
    found: list[dict[str, Any]] = []
    seconds = 0.0
    for data in sets(told.sets, told.quick):
        for learner in LEARNERS:
            answers = answered(data, learner)
            if answers is None:
                continue
            for error in ERRORS:
                row: dict[str, Any] = {
                    "set": data.name,
                    "learner": learner,
                    "error": error,
                    "rows": min(told.rows or len(answers.right) // 2, len(answers.right) // 2),
                }
                for name, way in ways.items():
                    began = time.process_time()
                    counted = splits(answers, error, way, count, row["rows"])
                    row[name] = {key: round(value, 3) for key, value in counted.items()}
                    seconds += time.process_time() - began if name == "promise" else 0.0
                found.append(row)
                words = "; ".join(
                    f"{name} kept {row[name]['kept']} ({row[name].get('kept_of_made', '-')} of those made), "
                    f"coverage {row[name]['coverage']}, none {row[name]['none']}"
                    for name in ways
                )
                print(f"  error {error:g}, {row['rows']} rows: {words}", flush=True)
    print(json.dumps(summary(found, list(ways), count, seconds)))


def summary(found: Sequence[dict[str, Any]], ways: Sequence[str], count: int, seconds: float) -> dict[str, Any]:
    """The rows, and the means of each way over them."""

    def mean(key: str) -> dict[str, float]:
        return {name: round(float(np.mean([row[name][key] for row in found])), 3) for name in ways if found}

    made = [row["promise"] for row in found if row["promise"]["none"] < 1]
    # A share of 1 has no error by the formula: that of .9 is the least.
    noise = [2 * math.sqrt(0.09 / (count * (1 - one["none"]))) for one in made]
    return {
        "splits": count,
        "least_kept_of_made_and_two_errors": min(
            (round(one["kept_of_made"] + error, 3) for one, error in zip(made, noise, strict=True)), default=None
        ),
        "least_kept": min((row["promise"]["kept"] for row in found), default=None),
        "ms_a_promise": round(1000 * seconds / max(count * len(found), 1), 2),
        "mean_kept": mean("kept"),
        "mean_coverage": mean("coverage"),
        "mean_none": mean("none"),
        "rows": found,
    }


if __name__ == "__main__":
    main()
