"""Rows with all that could differ when an audit is cut into parts: crowds, blanks, many labels, bad rows, leaks."""

import json
import random
from pathlib import Path


def write_files(folder: Path, rows: int = 1500, labels: int = 7) -> tuple[Path, Path]:
    """A training and a test file; `labels` different ones, or one for each row."""
    rng = random.Random(5)
    words = [f"w{at}" for at in range(900)]

    def text(length: int) -> str:
        return " ".join(rng.choice(words) for _ in range(length))

    def near(source: str, changes: int = 1) -> str:
        cut = source.split()
        for _ in range(changes):
            cut[rng.randrange(len(cut))] = rng.choice(words)
        return " ".join(cut)

    def label() -> str:
        return f"c{rng.randrange(labels)}"

    base, crowd = [text(rng.randrange(5, 40)) for _ in range(rows)], text(40)
    made = [(each, label()) for each in base]
    made += [(near(crowd, rng.randrange(4)), rng.choice(["c1", "c2"])) for _ in range(60)]
    made += [(rng.choice(base), label()) for _ in range(rows // 20)]
    made += [(rng.choice(base).upper() + "!", label()) for _ in range(rows // 20)]
    made += [(near(rng.choice(base)), label()) for _ in range(rows // 12)]
    made += [pair for _ in range(8) for pair in (("  ", "c1"), ("?!", rng.choice(["c1", "c2"])), (text(5), ""))]
    made += [(f"{text(30)} mail ann.lee{at}@example.org", label()) for at in range(5)]
    rng.shuffle(made)
    lines = [json.dumps({"text": each, "label": name}) for each, name in made]
    for _ in range(9):
        lines.insert(rng.randrange(len(lines)), "{broken")
    tests = [(text(20), label()) for _ in range(80)]
    tests += [pair for _ in range(20) for pair in ((rng.choice(base), "c1"), (near(crowd, 2), "c1"), ("?!", "c1"))]
    tests += [(near(rng.choice(base)), "c3") for _ in range(20)]
    tests += tests[:15]
    rng.shuffle(tests)
    train, test = folder / "train.jsonl", folder / "test.jsonl"
    train.write_text("\n".join(lines) + "\n", encoding="utf-8")
    test.write_text("\n".join(json.dumps({"text": a, "label": b}) for a, b in tests) + "\n", encoding="utf-8")
    return train, test
