"""How often the checks that may be wrong are right on natural text, by kind of text.

    python benchmarks/alarms.py [SET ...]

Reads the sets of ../shared/data/text. Each set is one file of all its rows, cut at random into five parts, one of them
the test: what is found there was not planted. Near leaks are held against alarms_read.csv: for each pair of rows
(numbers in the whole set) whether a reader took both for the same request. A pair is true where the words that differ
are polite, small or spelt in another way; false where one of them names another thing, such as a place, a time or a
number. Rephrased leaks between random parts are all false. Labels: parts of 20 to 150 rows with their own labels and
with shuffled ones, in equal number: real files of random labels are far rarer, so the share of real files that are
stopped is what counts. The reader was one person, who wrote the rule while reading. The last line is one JSON object.
"""

import csv
import json
import random
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from tunecase.data.checks import leaks, rephrased
from tunecase.data.checks.block import Reading
from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.checks.evidence import Asked, Evidence
from tunecase.data.checks.labels import CHANCE, LEAST_SURE, SURELY_RANDOM
from tunecase.data.checks.scan import boilerplate, read_split
from tunecase.data.detectors.label_errors import random_label_p
from tunecase.data.domains import domain_of
from tunecase.data.reading.detection import detect

TEXTS = Path(__file__).parents[1] / ".." / "shared" / "data" / "text"
READ = Path(__file__).with_name("alarms_read.csv")
GORILLA, DEMOS = "shapes/gorilla_torchhub", "shapes/llama_factory_demos"
FILES: dict[str, tuple[str, ...]] = {
    "banking77": ("banking77/train.csv", "banking77/test.csv"),
    "clinc": ("clinc/data_full.json",),
    "gsm8k": ("gsm8k/train.jsonl", "gsm8k/test.jsonl"),
    "alpaca": ("self_instruct/alpaca-7b.json",),
    "gorilla": (f"{GORILLA}/train.json", f"{GORILLA}/eval.json"),
    **{name: (f"{DEMOS}/{name}_en_demo.json",) for name in ("lf_alpaca", "lf_dpo", "lf_kto", "lf_glaive_toolcall")},
    **{
        name: (f"backtest/{name}/train.jsonl", f"backtest/{name}/test.jsonl")
        for name in (
            "sms_spam", "webquestions", "tweet_emotion", "nl_regex", "advising_sql", "svamp_math", "tos_unfair",
            "ncbi_disease_json",
        )
    },
}  # fmt: skip
COLUMNS = {"gorilla": ("code", "api_call")}
CLASSES = ("banking77", "clinc", "sms_spam", "tweet_emotion", "tos_unfair")
MOST_ROWS = 2500  # of a set in which rewrites are looked for
SIZES, DRAWS = (20, 50, 100, 150), 20
FEW_CLASSES = (2, 5, 10)


def records(name: str) -> list[dict]:
    """All rows of a set, its files one after the other."""
    rows: list[dict] = []
    for file in FILES[name]:
        text = (TEXTS / file).read_text(encoding="utf-8")
        if name == "clinc":
            held = json.loads(text)
            rows += [{"text": said, "label": label} for part in ("train", "val", "test") for said, label in held[part]]
        elif file.endswith(".csv"):
            rows += csv.DictReader(text.splitlines(keepends=True))
        elif text.lstrip().startswith("["):
            rows += json.loads(text)
        else:
            rows += [json.loads(line) for line in text.splitlines() if line.strip()]
    return rows


def halves(name: str, rows: list[dict], folder: Path) -> tuple[Evidence, list[int], list[int]]:
    """The Evidence of four random parts against the fifth, and which rows training and test hold."""
    order = list(range(len(rows)))
    random.Random(0).shuffle(order)
    cut = round(len(rows) * 0.2)
    parts = {"test": order[:cut], "train": order[cut:]}
    paths = {part: folder / f"{part}.jsonl" for part in parts}
    for part, places in parts.items():
        paths[part].write_text("".join(json.dumps(rows[at]) + "\n" for at in places), encoding="utf-8")
    layout = detect(paths["train"], *COLUMNS.get(name, ()))
    reading = Reading(boilerplate(paths["train"], layout))
    train, test = (read_split(paths[part], layout, reading) for part in ("train", "test"))
    return Evidence(train, test, Asked(2048)), parts["train"], parts["test"]


def near_leaks(name: str, marks: dict[tuple[str, int, int], bool]) -> dict:
    """Test rows that leak_near names, and how many of those read were the same request."""
    with tempfile.TemporaryDirectory() as folder:
        evidence, train, test = halves(name, records(name), Path(folder))
        found = leaks.leak_near(evidence)
        pairs: dict[int, int] = {}
        if found is not None and found.pairs is not None and evidence.test is not None:
            for one, other in found.pairs.tolist():
                pairs.setdefault(test[evidence.test.number[one]], train[evidence.train.number[other]])
    labels = [marks.get((name, one, other)) for one, other in pairs.items()]
    return {
        "domain": evidence.domain,
        "found": len(labels),
        "flags": sum(label is not None for label in labels),
        "true": labels.count(True),
    }


def rewrites(name: str) -> dict:
    """What leak_rephrased says of random parts: every row it names is a false alarm."""
    rows = records(name)
    rows = random.Random(9).sample(rows, MOST_ROWS) if len(rows) > MOST_ROWS else rows
    with tempfile.TemporaryDirectory() as folder:
        evidence, _, _ = halves(name, rows, Path(folder))
        found = rephrased.leak_rephrased(evidence)
        flagged = len(found.rows) if isinstance(found, Defect) else 0
    return {"domain": evidence.domain, "flagged": flagged, "abstains": isinstance(found, NotChecked)}


def label_files(name: str) -> dict:
    """Random parts with their own labels and with shuffled ones: how many were judged, flagged and stopped."""
    rows = records(name)
    column = "label" if "label" in rows[0] else "category"
    names = sorted({row[column] for row in rows})
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for size in SIZES:
        draw = random.Random(size)
        for turn in range(DRAWS):
            few = (*FEW_CLASSES, len(names))[turn % 4]
            chosen = set(draw.sample(names, min(few, len(names))))
            pool = [row for row in rows if row[column] in chosen]
            some = draw.sample(pool, min(size, len(pool)))
            texts, codes = [row["text"] for row in some], [names.index(row[column]) for row in some]
            domain = domain_of(texts, [""] * len(some))
            for kind, given in (("real", codes), ("shuffled", draw.sample(codes, len(codes)))):
                p = random_label_p(texts, given, 0)
                counts[domain][f"{kind}_judged"] += p is not None
                counts[domain][f"{kind}_flagged"] += p is not None and p > CHANCE
                counts[domain][f"{kind}_stopped"] += p is not None and p > SURELY_RANDOM and size >= LEAST_SURE
    return {domain: dict(count) for domain, count in counts.items()}


def main() -> None:
    """Everything, set by set, then as one JSON line."""
    if not TEXTS.is_dir():
        print("skipped: ../shared/data/text is not here")
        print(json.dumps({}))
        return
    with READ.open(encoding="utf-8", newline="") as file:
        marks = {
            (row["set"], int(row["row"]), int(row["other_row"])): row["label"] == "true" for row in csv.DictReader(file)
        }
    figures: dict = {"leak_near": {}, "leak_rephrased": {}, "labels_random": {}}
    for name in sys.argv[1:] or FILES:
        figures["leak_near"][name] = near_leaks(name, marks)
        figures["leak_rephrased"][name] = rewrites(name)
        if name in CLASSES:
            figures["labels_random"][name] = label_files(name)
        print(name, *(part.get(name, "") for part in figures.values()), flush=True)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
