"""How well the audit finds answers in another language, and what it wrongly says of real English sets.

    python benchmarks/audit_languages.py

Sentences of our own (tests/sentences.py) in twelve languages stand in for 2 and 5% of the answers of real sets, five
seeds. What flatters: the sentences and the word lists have one author. The last line is one JSON object.
"""

import json
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from tests.sentences import SENTENCES

from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Asked, Evidence
from tunecase.data.checks.language import language_mismatch, language_mix
from tunecase.data.checks.scan import read_split
from tunecase.data.detectors import languages
from tunecase.data.reading.detection import detect

TEXTS = Path(__file__).parents[1] / ".." / "shared" / "data" / "text"
SETS = {"gsm8k": "gsm8k/train.jsonl", "socratic": "gsm8k/test_socratic.jsonl", "alpaca": "self_instruct/alpaca-7b.json"}
SEEDS, SHARES, ROWS = 5, (0.02, 0.05), 1000
LEAST_WORDS = 5


def evidence(path: Path) -> Evidence:
    """A file alone."""
    return Evidence(read_split(path, detect(path)), None, Asked(2048))


def planted() -> dict:
    """Precision and recall of language_mismatch by set; what real rows raise counts as wrong."""
    others = [text for code, listed in SENTENCES.items() if code != "en" for text in listed if len(text) > 15]
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        for name, file in SETS.items():
            texts = read_split(TEXTS / file, detect(TEXTS / file)).texts
            rows = list(zip(texts.inputs, texts.outputs, strict=True))[:ROWS]
            for share in SHARES:
                for seed in range(SEEDS):
                    rng = random.Random(seed)
                    chosen = set(rng.sample(range(len(rows)), round(share * len(rows))))
                    written = [
                        {"prompt": asked, "response": " ".join(rng.sample(others, 1)) if at in chosen else answer}
                        for at, (asked, answer) in enumerate(rows)
                    ]
                    path.write_text("".join(json.dumps(row) + "\n" for row in written), encoding="utf-8")
                    defect = language_mismatch(evidence(path))
                    flagged = set(defect.rows.tolist()) if isinstance(defect, Defect) else set()
                    counts.update({"hit": len(flagged & chosen), "flagged": len(flagged), "planted": len(chosen)})
                    counts[f"{name} hit"] += len(flagged & chosen)
                    counts[f"{name} planted"] += len(chosen)
    return {
        "precision": round(counts["hit"] / counts["flagged"], 3),
        "recall": round(counts["hit"] / counts["planted"], 3),
    } | {name: round(counts[f"{name} hit"] / counts[f"{name} planted"], 3) for name in SETS}


def sentences() -> dict:
    """Precision, and the share told, of the sentences with five words or more."""
    told = right = rows = 0
    for code, listed in SENTENCES.items():
        for text in listed:
            if code in ("zh", "ja") or len(text.split()) >= LEAST_WORDS:
                found = languages.detect(text)
                rows, told, right = rows + 1, told + (found is not None), right + (found == code)
    return {"sentences": rows, "sentence_precision": round(right / told, 3), "told": round(told / rows, 3)}


def main() -> None:
    """All figures."""
    if not TEXTS.exists():
        print("skipped: ../shared/data/text not found")
        print(json.dumps({"benchmark": "audit_languages", "skipped": True}))
        return
    real = (*SETS.values(), "banking77/train.csv")
    found = [check(evidence(TEXTS / file)) for file in real for check in (language_mix, language_mismatch)]
    alarms = sum(isinstance(one, Defect) for one in found)
    print(json.dumps({"benchmark": "audit_languages", "alarms_on_real_sets": alarms} | sentences() | planted()))


if __name__ == "__main__":
    main()
