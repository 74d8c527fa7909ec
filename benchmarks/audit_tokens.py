"""Token counts: equal row by row, how fast, and whether the range of a sample holds the truth eight times in ten.

    python benchmarks/audit_tokens.py TOKENIZER.json [draws]

Texts: chats recombined from real sentences, code of Python's own library, banking77, GSM8K and Chinese. The speed is of
600-byte chats in batches of 2,048 rows. Chats made of the same sentences flatter a counter that remembers words. The
last line is one JSON object; "skipped" where ../shared is absent.
"""

import csv
import json
import random
import sys
import sysconfig
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

import numpy as np

from tunecase.data.tokens import counting
from tunecase.data.tokens.estimation import estimate
from tunecase.data.tokens.rows import characters_per_token

TEXTS = Path(__file__).parents[1] / ".." / "shared" / "data" / "text"
SAMPLE = 60  # rows counted of each draw


def lines(path: Path) -> list[dict[str, str]]:
    """The objects of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def sentences() -> list[str]:
    """Sentences of real instructions, questions and tickets."""
    told = json.loads((TEXTS / "self_instruct/alpaca-7b.json").read_text(encoding="utf-8"))
    texts = [f"{row['instruction']} {row['output']}" for row in told]
    texts += [row["question"] for row in lines(TEXTS / "gsm8k/train.jsonl")]
    return [part for text in texts for part in text.split(". ") if len(part) > 5] + banking()


def banking() -> list[str]:
    """Banking tickets."""
    with (TEXTS / "banking77/train.csv").open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


def chats(count: int, seed: int) -> list[str]:
    """Rows of 300 to 900 characters, sentences drawn at random."""
    rng, parts, rows = random.Random(seed), sentences(), []
    for _ in range(count):
        text, length = "", rng.randint(300, 900)
        while len(text) < length:
            text += rng.choice(parts) + ". "
        rows.append(text)
    return rows


def code() -> list[str]:
    """Pieces of 50 to 3,000 characters of Python's own library."""
    rng, rows = random.Random(0), []
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[:80]:
        text, at = path.read_text(encoding="utf-8", errors="replace")[:40_000], 0
        while at < len(text):
            length = rng.randint(50, 3000)
            rows.append(text[at : at + length])
            at += length
    return rows


def kinds() -> dict[str, list[str]]:
    """Texts by kind."""
    chinese = [row["text"] for path in sorted(TEXTS.glob("decontamination/rephrase/*chinese.jsonl"))
               for row in lines(path)]  # fmt: skip
    gsm8k = [f"{row['question']}\n{row['answer']}" for row in lines(TEXTS / "gsm8k/train.jsonl")[:3000]]
    return {"chats": chats(3000, 1), "code": code(), "banking77": banking()[:3000], "gsm8k": gsm8k, "chinese": chinese}


def coverage(texts: list[str], tokens: "np.ndarray", draws: int) -> tuple[float, float]:
    """How often the 80% range of a sample holds the sum, and its median half width as a share of the sum."""
    rng, characters = np.random.default_rng(3), np.array([len(text) for text in texts])
    order = np.argsort(characters, kind="stable")
    held, widths = 0, []
    for _ in range(draws):
        step = max(2, len(texts) // SAMPLE)
        places = np.arange(0, len(texts), step) + rng.integers(0, step, len(range(0, len(texts), step)))
        chosen = order[places[places < len(texts)]]
        seen = np.zeros(len(texts), np.int64)
        seen[chosen] = tokens[chosen]
        found = estimate(lambda seen=seen: [(characters, seen)])
        held += found.low <= tokens.sum() <= found.high
        widths.append((found.high - found.low) / 2 / tokens.sum())
    return held / draws, float(np.median(widths))


def speed(count: "object", rows: list[str]) -> float:
    """Rows a second in batches."""
    start = time.perf_counter()
    for at in range(0, len(rows), 2048):
        count(rows[at : at + 2048])  # type: ignore[operator]
    return len(rows) / (time.perf_counter() - start)


def main(arguments: list[str]) -> int:
    """Prints one line for each kind of text, then the JSON line."""
    if not TEXTS.exists() or not arguments:
        print(json.dumps({"benchmark": "audit_tokens", "skipped": "../shared/data/text or a tokenizer.json is absent"}))
        return 0
    path, draws = Path(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 300
    reference, fast = counting.read_tokenizer(path), counting.read_fast(path)
    result: dict[str, object] = {"benchmark": "audit_tokens", "tokenizer": path.parent.name, "draws": draws}
    for kind, texts in kinds().items():
        texts = [text for text in texts if text.strip()]
        tokens = counting.reference_counts(texts, reference)
        differ = int((counting.fast_counts(texts, fast) != tokens).sum()) if fast is not None else None
        held, width = coverage(texts, tokens, draws)
        characters = sum(map(len, texts))
        wide = sum(len(text.encode()) for text in texts) / characters
        low, high = characters_per_token(wide)
        inside = characters / high <= tokens.sum() <= characters / low
        row = {
            "rows": len(texts),
            "differ": differ,
            "held": round(float(held), 3),
            "half_width": round(width, 4),
            "by_characters": bool(inside),
            "characters_a_token": round(characters / float(tokens.sum()), 2),
        }
        print(kind, row)
        result[kind] = row
    rows = chats(40_000, 7)
    result["bytes_a_row"] = round(sum(len(row.encode()) for row in rows) / len(rows))
    result["reference_rows_s"] = round(speed(lambda texts: counting.reference_counts(texts, reference), rows[:8192]))
    if fast is not None:
        result["fast_rows_s"] = round(speed(lambda texts: counting.fast_counts(texts, fast), rows))
        counter = counting.Counter(path)
        result["checked_rows_s"] = round(speed(lambda texts: counter.count(texts, [""] * len(texts)), rows))
        result["how"] = counter.how
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
