"""How often the audit's checks of shift and coverage are wrong, and which planted shifts they find.

    python benchmarks/audit_shift.py [splits]

False alarms: random halves of one set (banking77, CLINC, GSM8K, the example), 200 to 1,500 rows a side. Planted: one
half is changed (class shares tilted, classes missing in training, lower case, typing errors, longer texts), in a part
or all of its rows. Coverage: rows of classes that training does not hold among rows of classes it holds. Then what is
known of the real sets. What flatters: short English texts; planted changes are cleaner than real ones; a class that
nobody labelled is easier to see than a gap within one. The last line is one JSON object.
"""

import csv
import json
import os
import random
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

import numpy as np  # noqa: E402 - after the threads are set

from tunecase.data.checks.coverage import LEAST_SHARE  # noqa: E402
from tunecase.data.checks.coverage import P as COVER_P  # noqa: E402
from tunecase.data.checks.shift import CLEAR, SLIGHT, P  # noqa: E402
from tunecase.data.detectors.coverage import measure_cover, thin_regions  # noqa: E402
from tunecase.data.detectors.two_sample import contrast  # noqa: E402
from tunecase.quantities.statistics import wilson  # noqa: E402

TEXTS = ROOT / ".." / "shared" / "data" / "text"
Rows = list[tuple[str, str]]


def sets() -> dict[str, tuple[Rows, Rows]]:
    """(text, label) of training and test rows by set; GSM8K has no labels."""
    from tunecase.data.reading.load import load

    folder = ROOT / "examples" / "support-tickets" / "data"
    parts = [load(folder / f"{part}.jsonl").rows for part in ("train", "test")]
    found = {"example": tuple([(row.input, row.output) for row in rows] for rows in parts)}
    if not TEXTS.exists():
        print("skipped: ../shared/data/text not found")
        return found
    for part in ("full", "imbalanced"):
        splits = json.loads((TEXTS / f"clinc/data_{part}.json").read_text(encoding="utf-8"))
        found[f"clinc {part}"] = (splits["train"], splits["test"])
        found["clinc out of scope"] = (splits["train"], splits["oos_test"])
    found["banking77"] = tuple(
        [(row["text"], row["category"]) for row in csv.DictReader((TEXTS / f"banking77/{part}.csv").open())]
        for part in ("train", "test")
    )
    found["gsm8k"] = tuple(
        [(json.loads(line)["question"], "") for line in (TEXTS / f"gsm8k/{part}.jsonl").open(encoding="utf-8")]
        for part in ("train", "test")
    )
    return found


def alarm(first: list[str], second: list[str], seed: int) -> tuple[bool, bool, float]:
    """Significant at all, reported (AUC .55 and more), and the AUC."""
    found = contrast(first, second, seed=seed, draws=199)
    if found is None:
        return False, False, 0.5
    return found.p <= P, found.p <= P and found.auc.mid >= SLIGHT, found.auc.mid


def uncovered(first: list[str], second: list[str], seed: int) -> tuple[bool, set[int]]:
    """Reported, and the places of the far rows."""
    found = measure_cover(first, second, seed)
    share = len(found.far) / max(found.judged, 1)
    return found.p < COVER_P and share >= LEAST_SHARE, set(found.far.tolist())


def halves(rows: Rows, size: int, seed: int) -> tuple[Rows, Rows]:
    """Two random parts of one set."""
    picked = random.Random(seed).sample(rows, min(2 * size, len(rows)))
    return picked[: len(picked) // 2], picked[len(picked) // 2 :]


def misspelt(text: str, rng: random.Random) -> str:
    """Every fourth word with two letters exchanged."""
    words = text.split()
    for at, word in enumerate(words):
        if len(word) > 3 and rng.random() < 0.25:
            cut = rng.randrange(1, len(word) - 2)
            words[at] = word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :]
    return " ".join(words)


def planted(kind: str, share: float, first: Rows, second: Rows, seed: int) -> tuple[list[str], list[str]]:
    """Both sides' texts after a share of the second (of the classes, for shifts of classes) is changed."""
    rng = random.Random(seed)
    classes = sorted({label for _, label in first})
    if kind == "class shares":
        few = set(rng.sample(classes, max(1, len(classes) // 2)))
        second = [row for row in second if row[1] not in few or rng.random() > share]
    elif kind == "classes missing in training":
        gone = set(rng.sample(classes, max(1, round(share * len(classes)))))
        first = [row for row in first if row[1] not in gone]
    one, other = [text for text, _ in first], [text for text, _ in second]
    change = {
        "lower case": lambda text: text.lower().rstrip("?.!"),
        "typing errors": lambda text: misspelt(text, rng),
        "longer texts": lambda text: f"{text} {rng.choice(other)}",
    }.get(kind, lambda text: text)
    return one, [change(text) if kind in STYLES and rng.random() < share else text for text in other]


STYLES = ("lower case", "typing errors", "longer texts")
PLANTED = [
    *((kind, share) for kind in STYLES for share in (0.2, 0.5, 1.0)),
    ("class shares", 0.5), ("class shares", 0.9),
    ("classes missing in training", 0.05), ("classes missing in training", 0.2),
]  # fmt: skip


def false_alarms(known: dict[str, tuple[Rows, Rows]], splits: int) -> dict:
    """Alarms on random halves."""
    names = [name for name in known if name != "clinc out of scope"]
    counts = {"splits": 0, "significant": 0, "shift": 0, "uncovered": 0, "thin": 0}
    for seed in range(splits):
        rows = known[names[seed % len(names)]][0]
        first, second = halves(rows, (200, 500, 1500)[seed // len(names) % 3], seed)
        one, other = [text for text, _ in first], [text for text, _ in second]
        significant, reported, _ = alarm(one, other, seed)
        counts["splits"] += 1
        counts["significant"] += significant
        counts["shift"] += reported
        counts["uncovered"] += uncovered(one, other, seed)[0]
        counts["thin"] += bool(thin_regions(one, other, seed))
    print("false alarms", counts, flush=True)
    return counts


def power(known: dict[str, tuple[Rows, Rows]], seeds: int) -> dict:
    """Share of planted shifts found, by kind, share and rows a side."""
    result = {}
    for kind, share in PLANTED:
        for size in (300, 1500):
            hits, aucs = [], []
            for name in ("banking77", "clinc full", "gsm8k"):
                if name not in known or (name == "gsm8k" and kind not in STYLES):
                    continue
                for seed in range(seeds):
                    one, other = planted(kind, share, *halves(known[name][0], size, 1000 + seed), seed)
                    _, reported, auc = alarm(one, other, seed)
                    hits.append(reported)
                    aucs.append(auc)
            if hits:
                key = f"{kind} {share:.0%}, {size} rows"
                result[key] = {"found": round(float(np.mean(hits)), 2), "AUC": round(float(np.mean(aucs)), 3)}
                print(key, result[key], flush=True)
    return result


def coverage(known: dict[str, tuple[Rows, Rows]], seeds: int) -> dict:
    """Files reported, and precision and recall of rows, with classes that training does not hold."""
    result = {}
    for name in ("banking77", "clinc full"):
        for part in (0.1, 0.3):
            reported, right, flagged, there, thin = 0, 0, 0, 0, 0
            for seed in range(seeds if name in known else 0):
                rng = random.Random(seed)
                train, test = known[name]
                gone = set(rng.sample(sorted({label for _, label in train}), round(part * len({b for _, b in train}))))
                base = [text for text, label in train if label not in gone]
                asked = rng.sample(test, 1500)
                hit, far = uncovered(base, [text for text, _ in asked], seed)
                odd = {place for place, (_, label) in enumerate(asked) if label in gone}
                reported += hit
                right, flagged, there = right + len(far & odd), flagged + len(far), there + len(odd)
                thin += bool(thin_regions(base, [text for text, _ in asked], seed))
            if there:
                key = f"{name}, {part:.0%} of the classes not held"
                result[key] = {
                    "reported": f"{reported}/{seeds}", "thin regions reported": f"{thin}/{seeds}",
                    "precision": round(right / max(flagged, 1), 3), "recall": round(right / there, 3),
                }  # fmt: skip
                print(key, result[key], flush=True)
    return result


def of_real_sets(known: dict[str, tuple[Rows, Rows]]) -> dict:
    """What the checks say of training against test."""
    result = {}
    for name, (train, test) in known.items():
        started = time.perf_counter()
        one, other = [text for text, _ in train], [text for text, _ in test]
        classes = None if name in ("gsm8k", "clinc out of scope") else ([a for _, a in train], [a for _, a in test])
        found = contrast(one, other, classes=classes)
        hit, far = uncovered(one, other, 0)
        regions = thin_regions(one, other)
        result[name] = {
            "AUC": round(found.auc.mid, 3), "p": round(found.p, 3),
            "within classes": round(found.within.mid, 3) if found.within else None,
            "shift": "warn" if found.p <= P and found.auc.mid >= CLEAR else found.p <= P and found.auc.mid >= SLIGHT,
            "uncovered": hit, "far share": round(len(far) / min(len(other), 2000), 3), "thin regions": len(regions),
            "seconds": round(time.perf_counter() - started, 1),
        }  # fmt: skip
        print(name, result[name], flush=True)
    return result


def main() -> None:
    """All figures."""
    splits = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    known = sets()
    real = of_real_sets(known)
    covered = coverage(known, 5)
    alarms = false_alarms(known, splits)
    found = power(known, 4)
    intervals = {
        name: [round(end, 3) for end in wilson(alarms[name], alarms["splits"], 0.9)]
        for name in ("significant", "shift", "uncovered", "thin")
    }
    print(
        json.dumps(
            {
                "benchmark": "audit_shift",
                "real sets": real,
                "coverage": covered,
                "false alarms": alarms,
                "90% intervals": intervals,
                "planted": found,
            }
        )
    )


if __name__ == "__main__":
    main()
