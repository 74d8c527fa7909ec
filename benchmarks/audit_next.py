"""Whether the rows that `tunecase audit --next` chooses teach more than random rows: learning curves by simulation.

    python benchmarks/audit_next.py [seeds] [set ...]

Rows with known labels play the pool: 200 random rows are labelled (50 in the example), then 200 (50) more are chosen
five times by each strategy. After each step two learners are scored on the test: logistic regression on the directions
that also choose, and naive Bayes on words, which shares nothing with the choice. Rows saved: how many fewer labelled
rows reach what random choice reaches at the end. What flatters: the sets are short, clean texts of many classes; the
pool holds what the test asks; labels are those of the set, without a tired annotator. The last line is one JSON object.
"""

import csv
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))
warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402 - after the threads are set

from tunecase.data.label import _margin, _typicality, choose, embed  # noqa: E402

TEXTS = ROOT / ".." / "shared" / "data" / "text"
SETS = ("example", "banking77", "clinc_imbalanced", "clinc_full")
STEPS = 5


def pairs(name: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(text, label) of the training and the test rows."""
    if name == "banking77":
        return tuple(
            [(row["text"], row["category"]) for row in csv.DictReader((TEXTS / f"banking77/{part}.csv").open())]
            for part in ("train", "test")
        )
    if name.startswith("clinc"):
        splits = json.loads((TEXTS / f"clinc/data_{name[6:]}.json").read_text(encoding="utf-8"))
        return splits["train"], splits["test"]
    from tunecase.data.reading.load import load

    folder = ROOT / "examples" / "support-tickets" / "data"
    return tuple(
        [(r.input, r.output) for r in load(folder / f"{part}.jsonl").rows if r.input.strip() and r.output]
        for part in ("train", "test")
    )


def at_random(here, rest, chances, n, rng):
    """The control."""
    return rng.choice(len(rest), n, replace=False)


def by_margin(here, rest, chances, n, rng):
    """The rows the probe is most torn over."""
    return np.argsort(_margin(chances), kind="stable")[:n]


def by_clusters(here, rest, chances, n, rng):
    """TypiClust: the most typical row of each of the largest clusters that hold no labelled row."""
    from sklearn.cluster import MiniBatchKMeans

    k = min(len(here) + n, len(here) + len(rest) - 1)
    seed = int(rng.integers(1 << 30))
    found = MiniBatchKMeans(k, random_state=seed, n_init=1, batch_size=1024, max_iter=5).fit(np.vstack([here, rest]))
    cluster = found.labels_[len(here) :]
    labelled, size = np.bincount(found.labels_[: len(here)], minlength=k), np.bincount(found.labels_, minlength=k)
    typical, taken = _typicality(rest, rng), []
    for c in sorted(range(k), key=lambda c: (labelled[c], -size[c])):
        rows = np.flatnonzero(cluster == c)
        if len(rows) and len(taken) < n:
            taken.append(rows[np.argmax(typical[rows])])
    left = np.setdiff1d(np.arange(len(rest)), taken)
    return np.array(taken + list(rng.choice(left, n - len(taken), replace=False)))


def by_badge(here, rest, chances, n, rng):
    """BADGE: k-means++ over the gradients of the last layer."""
    pull = chances.copy()
    pull[np.arange(len(pull)), pull.argmax(axis=1)] -= 1
    size = (pull**2).sum(axis=1)

    def away(row):
        return np.maximum(size + size[row] - 2 * (pull @ pull[row]) * (rest @ rest[row]), 0)

    taken = [int(np.argmax(size))]
    far = away(taken[0])
    while len(taken) < n:
        far[taken] = 0
        taken.append(int(rng.choice(len(rest), p=far / far.sum())))
        far = np.minimum(far, away(taken[-1]))
    return np.array(taken)


def shipped(here, rest, chances, n, rng):
    """What the plan does."""
    return np.array(choose(here, rest, chances, n, rng)[0])


def shipped_without_probe(here, rest, chances, n, rng):
    """What the plan does without labels: typical and new rows."""
    return np.array(choose(here, rest, None, n, rng)[0])


STRATEGIES: tuple[Callable, ...] = (at_random, shipped, shipped_without_probe, by_margin, by_badge, by_clusters)


def curves(name: str, seeds: int) -> dict[str, dict[str, list[list[float]]]]:
    """Accuracy after each step, by learner, strategy and seed."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import ComplementNB

    train, test = pairs(name)
    start = 50 if name == "example" else 200
    texts, labels = [t for t, _ in train], np.array([label for _, label in train])
    asked, truth = [t for t, _ in test], np.array([label for _, label in test])
    places = embed([*texts, *asked])
    mine, theirs = places[: len(texts)].astype(np.float32), places[len(texts) :].astype(np.float32)
    words = TfidfVectorizer(sublinear_tf=True)
    bag = words.fit_transform(texts)
    bags = words.transform(asked)
    found: dict[str, dict[str, list[list[float]]]] = {"regression": {}, "naive bayes": {}}
    for strategy in STRATEGIES:
        started = time.perf_counter()
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            held = rng.choice(len(texts), start, replace=False)
            scores = []
            for step in range(STEPS + 1):
                model = LogisticRegression(C=10, max_iter=60, tol=1e-3).fit(mine[held], labels[held])
                other = ComplementNB(alpha=0.3).fit(bag[held], labels[held])
                scores.append(((model.predict(theirs) == truth).mean(), (other.predict(bags) == truth).mean()))
                if step < STEPS:
                    rest = np.setdiff1d(np.arange(len(texts)), held)
                    rows = strategy(mine[held], mine[rest], model.predict_proba(mine[rest]), start, rng)
                    held = np.concatenate([held, rest[rows]])
            for learner, column in zip(found, zip(*scores, strict=True), strict=True):
                found[learner].setdefault(strategy.__name__, []).append([float(score) for score in column])
        line = np.mean(found["regression"][strategy.__name__], axis=0).round(3).tolist()
        print(f"{name} {strategy.__name__} {line} {time.perf_counter() - started:.0f} s", flush=True)
    return found


def saved(curve: list[float], control: list[float]) -> float:
    """Share of the labelled rows saved: where the curve first reaches the control's end, counted from nothing."""
    for step in range(1, len(curve)):
        if curve[step] >= control[-1]:
            before, after = curve[step - 1], curve[step]
            at = step - 1 + (control[-1] - before) / max(after - before, 1e-9)
            return 1 - (1 + max(at, 0.0)) / len(curve)
    return 0.0


def figures(found: dict[str, list[list[float]]]) -> dict:
    """Area between the curves and the share of rows saved against random choice, mean and 80% interval over seeds."""
    from scipy.stats import t

    control, result = found["at_random"], {}
    for name, runs in found.items():
        if name == "at_random":
            continue
        areas = [np.mean(np.array(run[1:]) - np.array(base[1:])) for run, base in zip(runs, control, strict=True)]
        rows = [saved(run, base) for run, base in zip(runs, control, strict=True)]
        half = t.ppf(0.9, len(runs) - 1) / len(runs) ** 0.5 if len(runs) > 1 else float("nan")
        result[name] = {
            key: [
                round(float(x), 4)
                for x in (np.mean(v) - half * np.std(v, ddof=1), np.mean(v), np.mean(v) + half * np.std(v, ddof=1))
            ]
            for key, v in (("area", areas), ("rows_saved", rows))
        }
    return result


def main() -> None:
    """All figures."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    result = {}
    for name in sys.argv[2:] or SETS:
        if name != "example" and not TEXTS.exists():
            print(f"skipped: {name}: ../shared/data/text not found")
            continue
        found = curves(name, seeds)
        result[name] = {learner: figures(runs) for learner, runs in found.items()}
        print(name, json.dumps(result[name]), flush=True)
    print(json.dumps({"benchmark": "audit_next", "seeds": seeds, "low, mean, high against random": result}))


if __name__ == "__main__":
    main()
