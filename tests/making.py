"""Small data sets and project files made for tests, in words of our own."""

import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

COLOURS = ("red", "green", "blue", "amber")
NOUNS = (
    "lamp kettle ladder anchor basket mirror pencil blanket bucket candle hammer violin rudder saddle thimble".split()
)
VERBS = "broke vanished arrived doubled leaked stalled shrank glowed rattled froze drifted cracked hummed sank".split()


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    """Rows as JSONL."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def tickets(n: int, seed: int, *, labels: Sequence[str] = COLOURS, shuffled: bool = False) -> list[dict[str, str]]:
    """n rows whose label mostly shows in words of its own, not in a quarter of them; `shuffled`: labels are random."""
    rng = random.Random(seed)
    rows = []
    for k in range(n):
        label = labels[k % len(labels)]
        shown = label if rng.random() < 0.7 else rng.choice(labels)
        own = [f"{shown}{rng.choice(NOUNS)}", f"{shown}{rng.choice(VERBS)}"]
        noise = rng.sample(NOUNS, 4) + rng.sample(VERBS, 3) + [f"case{seed}x{k}"]
        words = own + noise
        rng.shuffle(words)
        rows.append({"text": " ".join(words), "label": rng.choice(labels) if shuffled else label})
    return rows


def project_text(**changes: str) -> str:
    """A sound project file as YAML text; a keyword replaces the line that begins with it (dots for the level)."""
    lines = {
        "name": "name: colours",
        "metric": "  metric: accuracy",
        "target": "  target: 90%",
        "value": "  value: 0.40 USD per correct",
        "volume": "  volume: 20k to 60k per month",
        "owner": "  owner: Ines",
        "criteria": "  criteria: [one colour, from the list, no other text]",
        "train": "  train: train.jsonl",
        "test": "  test: test.jsonl",
        "second_label": "",
        "source": "    - {kind: label, pool: 20k, effort: 1 to 2 min per label, rate: 12 to 25 USD per hour}",
        "models": "models: [meta-llama/Llama-3.1-8B]",
        "compute": "compute: {tier: neocloud, gpus: [A100-80GB, H100]}",
        "team": "team: [{role: ml engineer, rate: 75 to 150 USD per hour, share: 50%}]",
        "budget": "budget: 30k USD",
        "extra": "",
    } | changes
    order = ["name", None, "metric", "target", "value", "volume", "owner", "criteria"]
    text = [lines["name"], "problem:", *(lines[k] for k in order[2:] if k), "data:", lines["train"], lines["test"]]
    text += [lines["second_label"], "  sources:" if lines["source"] else "", lines["source"]]
    text += [lines[k] for k in ("models", "compute", "team", "budget", "extra")]
    return "\n".join(line for line in text if line) + "\n"


def case_folder(folder: Path, *, train_rows: int = 240, test_rows: int = 200, **changes: str) -> Path:
    """A folder with a sound case; returns the project file."""
    write_jsonl(folder / "train.jsonl", tickets(train_rows, 1))
    write_jsonl(folder / "test.jsonl", tickets(test_rows, 2))
    path = folder / "tunecase.yaml"
    path.write_text(project_text(**changes), encoding="utf-8")
    return path
