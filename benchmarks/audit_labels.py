"""How well wrong, random and mismatched labels are found, how often the ranges hold, and what replayed reviews cost.

    python benchmarks/audit_labels.py [seeds] [--small | --whole]

Flips are planted in banking77 and CLINC, whole (not with --small; --whole: nothing else) and in
random parts of them, and in the example. What
flatters: planted flips are independent of the text, people's mistakes are not. What does not: the sets hold wrong
labels of their own, which count as false here. Last line: one JSON object.
"""

import csv
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

import numpy as np

from tunecase.data.detectors.label_errors import (
    features,
    random_label_p,
    rank_labels,
    rank_mismatches,
    rank_probabilities,
)
from tunecase.data.review.depth import Review, plan_depth, wrong_unread
from tunecase.quantities.statistics import ceiling_range

TEXTS = Path(__file__).parents[1] / ".." / "shared" / "data" / "text"
EXAMPLE = Path(__file__).parents[1] / "examples/support-tickets/data/train.jsonl"


def readable(path):
    """Rows of a JSONL file, broken lines left out."""
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            yield row


def sets():
    """Name to texts and label codes."""
    with (TEXTS / "banking77/train.csv").open(encoding="utf-8", newline="") as file:
        banking = [(row["text"], row["category"]) for row in csv.DictReader(file)]
    clinc = json.loads((TEXTS / "clinc/data_full.json").read_text(encoding="utf-8"))["train"]
    tickets = [(row["text"], row["label"]) for row in readable(EXAMPLE) if row.get("text") and row.get("label")]
    found = {}
    for name, pairs in (("banking77", banking), ("clinc", clinc), ("tickets", tickets)):
        found[name] = [text for text, _ in pairs], np.unique([label for _, label in pairs], return_inverse=True)[1]
    return found


def part(texts, codes, classes, rows, rng):
    """Random rows of some random classes."""
    kept = rng.choice(codes.max() + 1, min(classes, codes.max() + 1), replace=False)
    at = rng.permutation(np.flatnonzero(np.isin(codes, kept)))[:rows]
    return [texts[i] for i in at], np.unique(codes[at], return_inverse=True)[1]


def flipped(texts, codes, share, kind, rng):
    """Labels with a share of them wrong: any other class, or one of the three whose centroids are nearest."""
    rows = rng.choice(len(codes), round(share * len(codes)), replace=False)
    classes, given = codes.max() + 1, codes.copy()
    weights = features(texts)
    middles = np.stack([np.asarray(weights[codes == k].mean(axis=0)).ravel() for k in range(classes)])
    middles /= np.linalg.norm(middles, axis=1, keepdims=True) + 1e-9
    alike = middles @ middles.T
    np.fill_diagonal(alike, -9)
    near = np.argsort(-alike, axis=1)[:, : min(3, classes - 1)]
    for row in rows:
        away = (codes[row] + rng.integers(1, classes)) % classes
        given[row] = away if kind == "random" else rng.choice(near[codes[row]])
    return given, set(rows.tolist())


def with_random_rows(depth, rows, seed):
    """Ranked rows in order, after every nine of them one drawn at random from beyond the depth."""
    wanted = min(round(depth / 9), rows - depth)
    beyond = iter((depth + np.random.default_rng(seed).permutation(rows - depth)[:wanted]).tolist())
    order = []
    for place in range(depth):
        order.append(place)
        if place % 9 == 8 and (row := next(beyond, None)) is not None:
            order.append(row)
    return [*order, *beyond]


def measure(texts, codes, share, kind, seed, rng):
    """One planting: precision, recall, the estimate, and a replayed review."""
    given, wrong = flipped(texts, codes, share, kind, rng)
    start = time.perf_counter()
    ranking = rank_labels(texts, given, seed)
    if ranking is None:
        return None
    seconds = time.perf_counter() - start
    hits = np.isin(ranking.rows, list(wrong))
    n = max(len(wrong), 1)
    depth = plan_depth(ranking.scores, ranking.wrong)
    order = with_random_rows(depth.rows, len(ranking.scores), seed)
    half = order[: max(len(order) // 2, 50)]
    reviews = [Review(row, bool(hits[row])) for row in half]
    left = wrong_unread(reviews, ranking.scores, wrong=ranking.wrong, seed=seed)
    unread = int(hits.sum()) - int(hits[half].sum())
    found = int(hits[: depth.rows].sum())
    return {
        "planted": len(wrong), "precision": float(hits[:n].mean()), "recall_2n": float(hits[: 2 * n].sum() / n),
        "held": bool(ranking.wrong.low <= len(wrong) <= ranking.wrong.high),
        "width": (ranking.wrong.high - ranking.wrong.low) / len(hits), "accuracy": ranking.accuracy,
        "plan_held": bool(depth.errors.low <= found <= depth.errors.high), "depth": depth.rows,
        "left_held": bool(left.low <= unread <= left.high), "seconds": seconds,
    }  # fmt: skip


def mean(rows, key):
    """Of the rows that are there."""
    return round(float(np.mean([row[key] for row in rows])), 3) if rows else None


def told(name, rows):
    """One line of means."""
    keys = ("precision", "recall_2n", "held", "width", "plan_held", "left_held", "seconds")
    line = {"runs": len(rows), **{key: mean(rows, key) for key in keys}}
    print(name, line, flush=True)
    return line


def votes():
    """Precision on the 93 rows of 20news that people voted on, in the order of the scores."""
    folder = TEXTS / "label_errors"
    p = np.load(folder / "20news_test_set_pyx.npy")
    given = np.load(folder / "20news_test_set_original_labels.npy").astype(np.int64)
    bad = {row["id"]: row["mturk"]["given"] < 3 for row in json.loads((folder / "20news_mturk.json").read_text())}
    ranking = rank_probabilities(p, given)
    hits = [bad[row] for row in ranking.rows.tolist() if row in bad]
    wrong = [round(x) for x in (ranking.wrong.low, ranking.wrong.mid, ranking.wrong.high)]
    return {
        "at_40": float(np.mean(hits[:40])),
        "at_93": float(np.mean(hits)),
        "estimated": wrong,
        "at_least": sum(bad.values()),
    }


def random_labels(data, times):
    """Share of sets with shuffled labels that are caught, and of real ones that are called random, by rows."""
    caught, false = {}, {}
    for rows in (20, 50, 100, 300):
        for name in data:
            some = []
            for seed in range(times):
                rng = np.random.default_rng(seed)
                texts, codes = part(*data[name], [2, 4, 6][seed % 3], rows, rng)
                some.append((random_label_p(texts, rng.permutation(codes)), random_label_p(texts, codes)))
            some = [pair for pair in some if None not in pair]
            caught[f"{name} {rows}"] = round(float(np.mean([pair[0] > 0.05 for pair in some])), 2)
            false[f"{name} {rows}"] = round(float(np.mean([pair[1] > 0.05 for pair in some])), 2)
    return {"caught": caught, "false_alarms": false}


def mismatches(seeds):
    """Precision at the number of swapped answers, 5% of the rows."""
    gsm = [(row["question"], row["answer"]) for row in readable(TEXTS / "gsm8k/train.jsonl")][:3000]
    tasks = json.loads((TEXTS / "self_instruct/alpaca-7b.json").read_text(encoding="utf-8"))
    found = {}
    for name, pairs in (("gsm8k", gsm), ("alpaca", [(row["instruction"], row["output"]) for row in tasks])):
        inputs = [one for one, _ in pairs]
        got = []
        for seed in range(seeds):
            rows = np.random.default_rng(seed).choice(len(pairs), round(0.05 * len(pairs)), replace=False)
            outputs = [other for _, other in pairs]
            for row, source in zip(rows, np.roll(rows, 1), strict=True):
                outputs[row] = pairs[source][1]
            scores = rank_mismatches(inputs, outputs)
            top = np.argsort(-scores, kind="stable")[: len(rows)]
            flagged = scores > 0.1
            precise = np.isin(np.flatnonzero(flagged), rows).mean()
            got.append((np.isin(top, rows).mean(), flagged[rows].mean(), precise, (scores <= 0.01).mean()))
        keys = ("precision_at_n", "recall_flagged", "precision_flagged", "fitting")
        found[name] = dict(zip(keys, np.round(np.mean(got, axis=0), 3).tolist(), strict=True))
    return found


def ceilings(times=1000):
    """Share of simulated double labellings whose range holds the true ceiling, by how the errors fall."""
    rng, held = np.random.default_rng(0), {}
    for classes, rows, error, alike in ((10, 200, 0.1, 9), (10, 200, 0.1, 1), (77, 100, 0.05, 3), (4, 100, 0.2, 2)):
        inside = 0
        for _ in range(times):
            bad = rng.random((rows, 2)) < error
            away = rng.integers(0, alike, (rows, 2))
            agreed = int((~bad.any(axis=1) | (bad.all(axis=1) & (away[:, 0] == away[:, 1]))).sum())
            found = ceiling_range(agreed, rows, classes)
            inside += found.low <= 1 - error <= found.high
        held[f"K {classes}, rows {rows}, error {error}, on {alike}"] = inside / times
    return held


def main():
    """All parts."""
    if not TEXTS.exists():
        print("skipped: ../shared/data/text not found")
        return
    numbers = [word for word in sys.argv[1:] if word.isdigit()]
    seeds, small = int(numbers[0]) if numbers else 5, "--small" in sys.argv
    only_whole = "--whole" in sys.argv
    data, out = sets(), {} if only_whole else {"ceiling_held": ceilings(), "votes_20news": votes()}
    print(out, flush=True)
    for name in () if only_whole else data:
        for kind in ("random", "confusable"):
            rows = []
            for seed in range(seeds * 4):
                rng = np.random.default_rng(1000 + seed)
                share = (0.02, 0.05, 0.1)[seed % 3]
                texts, codes = part(*data[name], (5, 10, 20, 40)[seed % 4], (300, 800, 1500)[seed % 3], rng)
                rows.append(measure(texts, codes, share, kind, seed, rng))
            out[f"{name} parts, {kind}"] = told(f"{name} parts, {kind}", [row for row in rows if row])
    if not only_whole:
        out["random_labels"] = random_labels(data, 6 * seeds)
        print(out["random_labels"], flush=True)
        out["mismatches"] = mismatches(seeds)
        print(out["mismatches"], flush=True)
    for name in () if small else ("banking77", "clinc"):
        for kind, share in (("random", 0.05), ("confusable", 0.05)):
            rows = [measure(*data[name], share, kind, seed, np.random.default_rng(seed)) for seed in range(seeds)]
            out[f"{name} whole, {kind} {share}"] = told(f"{name} whole, {kind} {share}", rows)
    print(json.dumps(out))


if __name__ == "__main__":
    main()
