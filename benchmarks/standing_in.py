"""What a stand-in's error says of the model to be tuned: learnt from pairs of models on one task at the same rows.

    python benchmarks/standing_in.py [--write] [--measure]

A pair is the error of the model to be tuned over that of its stand-in, same task, same training rows, same test rows.
Pairs are of the library of curves and, measured here, of catalog/tables/stand_in_pairs.csv. For each pair of kinds the
ln of the ratio has a heavy-tailed predictive interval (Student's t); each publisher counts once, whatever its tasks and
sizes. It is scored with all pairs of one publisher left out (of one task, where all are of one publisher), beside
today's default: the share of the left-out pairs in the 80% band, each task once, and the width of the band.

Where there are fewer than 5 tasks from fewer than 3 publishers, the default stands; losses, which have pairs of many
models on two tasks, are told apart from shares of errors. --write writes catalog/tables/stand_in.csv; --measure makes
the runs of stand_in_pairs.csv again (n-grams, the encoder's head where it is here, LoRA of a small model; about half an
hour on one core) and prints its rows. The last line is one JSON object.
"""

import argparse
import csv
import itertools
import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

import numpy as np  # noqa: E402
from piloting import SETS, SHARED, Data, clinc  # noqa: E402
from scipy.stats import t as student  # noqa: E402

from tunecase import catalog  # noqa: E402
from tunecase.pilot.ladder import deal  # noqa: E402
from tunecase.pilot.trainers.task import Task  # noqa: E402
from tunecase.quantities import Z80, Z90  # noqa: E402

TABLES = ROOT / "src" / "tunecase" / "catalog" / "tables"
DATE = "2026-11-28"
LEAST_TASKS, LEAST_PUBLISHERS = 5, 3
LEAST_MODELS = 20  # pairs of models, where all are of one publisher
LEAST_WRONG = 20  # of both models together: the ratio of fewer wrong rows is the luck of the test set
LEAST_ROWS = 50  # of training; below it the library's ratios are those of two guesses
# Field, stand-in, scale of the error, parameters of the larger model over the smaller one's (from, to), the most
# parameters of a model to be tuned that was measured, and the default that stood before.
PAIRS = (
    ("stand_in.n_grams_to_small", "n-grams", "share", 0.0, math.inf, 0.35e9, "stand_in.factor"),
    ("stand_in.encoder_to_small", "encoder", "share", 0.0, math.inf, 0.135e9, "stand_in.smaller_model_factor"),
    ("stand_in.causal_to_causal", "causal", "share", 0.0, math.inf, 0.0, "stand_in.smaller_model_factor"),
    ("stand_in.loss_near", "causal", "loss", 1.0, 4.0, 6.7e9, "stand_in.smaller_model_factor"),
    ("stand_in.loss_far", "causal", "loss", 4.0, 60.0, 6.7e9, "stand_in.smaller_model_factor"),
)
CAUSAL_SIZES = {  # parameters of decoder-only models of the library whose names do not tell them
    "gpt2": 124e6, "gpt2-medium": 355e6, "gpt2-large": 774e6, "gpt2-xl": 1558e6, "microsoft/phi-1_5": 1.4e9,
    "microsoft/phi-2": 2.7e9, "ai-forever/mGPT": 1.4e9,
}  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """ln of the error of the model to be tuned over the stand-in's, on one task at n rows."""

    kind: str
    scale: str
    publisher: str
    task: str
    n: float
    size_ratio: float
    ln_ratio: float


def library() -> Iterator[Pair]:
    """The pairs of the library: n-grams beside GPT-3 ada, and causal models of two sizes."""
    curves = catalog.read_table("curve_library")
    for one, other in itertools.permutations([row for row in curves if row["unit"] == "gptchem"], 2):
        same = one["task"] == other["task"] and one["metric"] == other["metric"] == "accuracy"
        if same and (one["model"], other["model"]) == ("ngram", "gpt3-ada-finetuned"):
            yield from _at_same_rows(one, other, "n-grams", "share", 1.0)
    losses = [row for row in curves if row["metric"] == "test_loss" and _params(row["model"])]
    for one, other in itertools.permutations(losses, 2):
        ratio = _params(other["model"]) / _params(one["model"])
        if one["task"] == other["task"] and ratio > 1.2:
            yield from _at_same_rows(one, other, "causal", "loss", ratio)


def _at_same_rows(one: dict[str, str], other: dict[str, str], kind: str, scale: str, size: float) -> Iterator[Pair]:
    stood, tuned = (
        {float(n): float(score) for n, score in zip(row["n"].split(), row["score"].split(), strict=True)}
        for row in (one, other)
    )
    publisher = one["unit"] if scale == "share" else one["source"]
    for n in sorted(set(stood) & set(tuned)):
        errors = (stood[n], tuned[n]) if one["direction"] == "lower" else (1 - stood[n], 1 - tuned[n])
        if n >= LEAST_ROWS and min(errors) > 0:
            yield Pair(kind, scale, publisher, one["task"], n, size, math.log(errors[1] / errors[0]))


def _params(model: str) -> float:
    """Parameters of a decoder-only model by its name; 0 where the name is of another kind."""
    if model in CAUSAL_SIZES:
        return CAUSAL_SIZES[model]
    read = re.fullmatch(r"(?:MBZUAI/LaMini-GPT|cerebras/Cerebras-GPT|facebook/opt)-([\d.]+)([MBmb])", model)
    return float(read[1]) * {"m": 1e6, "b": 1e9}[read[2].lower()] if read else 0.0


def measured_here() -> Iterator[Pair]:
    """The pairs measured here; half a row is added to the wrong ones, so that none is a ratio of nothing."""
    for row in catalog.read_table("stand_in_pairs"):
        stood, tuned = (int(row[name]) + 0.5 for name in ("wrong_from", "wrong_to"))
        if stood + tuned - 1 >= LEAST_WRONG:
            yield Pair(row["kind_from"], "share", row["set"], row["set"], float(row["n"]), 1.0, math.log(tuned / stood))


def weights(pairs: Sequence[Pair]) -> np.ndarray:
    """Each publisher once, its tasks alike, the pairs of a task alike."""
    tasks = {(pair.publisher, pair.task) for pair in pairs}
    per_task = [sum((o.publisher, o.task) == (p.publisher, p.task) for o in pairs) for p in pairs]
    per_publisher = [sum(name == pair.publisher for name, _ in tasks) for pair in pairs]
    raw = 1 / (np.array(per_task, float) * np.array(per_publisher, float))
    return raw / raw.sum()


def predictive(pairs: Sequence[Pair]) -> tuple[float, float, float]:
    """Low, middle and high end of the 80% band of ln ratio for a task of a new publisher.

    mean +- t s sqrt(1 + 1 / K), s the weighted spread of all pairs, K publishers, K - 1 degrees of freedom; of one
    publisher the spread of its pairs is taken as it is.
    """
    share, values = weights(pairs), np.array([pair.ln_ratio for pair in pairs])
    mean = float(share @ values)
    count = len({pair.publisher for pair in pairs})
    if count < 2:  # The pairs of one publisher are what there is, its tasks alike.
        half = float(Z80 * math.sqrt(share @ (values - mean) ** 2))
        return mean - half, mean, mean + half
    spread = math.sqrt(float(share @ (values - mean) ** 2) * count / (count - 1))
    half = float(student.ppf(0.9, count - 1)) * spread * math.sqrt(1 + 1 / count)
    return mean - half, mean, mean + half


def left_out(pairs: Sequence[Pair], default: tuple[float, float]) -> dict[str, float]:
    """With one publisher's pairs left out (one task's, where there is one publisher): held and widths, each once."""
    several = len({pair.publisher for pair in pairs}) > 1
    key: Callable[[Pair], str] = (lambda pair: pair.publisher) if several else (lambda pair: pair.task)
    held, old, width = [], [], []
    for group in sorted({key(pair) for pair in pairs}):
        inside, rest = [p for p in pairs if key(p) == group], [p for p in pairs if key(p) != group]
        low, _, high = predictive(rest)
        share = weights(inside)
        held.append(float(sum(w for w, p in zip(share, inside, strict=True) if low <= p.ln_ratio <= high)))
        old.append(float(sum(w for w, p in zip(share, inside, strict=True) if default[0] <= p.ln_ratio <= default[1])))
        width.append(high - low)
    names = ("held", "default_held", "width", "default_width")
    values = (float(np.mean(held)), float(np.mean(old)), float(np.mean(width)), default[1] - default[0])
    return {name: round(value, 3) for name, value in zip(names, values, strict=True)}


def default_band(field: str) -> tuple[float, float]:
    """The 80% band of ln of the default's factor, whose text gives 90%."""
    value = next(row.value for row in catalog.defaults() if row.field == field)
    low, high = (math.log(float(end)) for end in value.split(" to "))
    middle, half = (low + high) / 2, (high - low) / 2 * Z80 / Z90
    return middle - half, middle + half


def worded(band: tuple[float, float, float]) -> str:
    """The factor as a default words it: the 5% and 95% points of the log-normal with this 80% band."""
    middle, half = (band[0] + band[2]) / 2, (band[2] - band[0]) / 2 * Z90 / Z80
    return f"{math.exp(middle - half):.2g} to {math.exp(middle + half):.2g}"


def learnt() -> list[dict[str, Any]]:
    """One row for each pair of kinds: what is learnt, on how much it rests, how it does when left out."""
    every = [*library(), *measured_here()]
    rows = []
    for field, kind, scale, low, high, largest, default in PAIRS:
        alike = [pair for pair in every if (pair.kind, pair.scale) == (kind, scale)]
        pairs = [pair for pair in alike if scale == "share" or low < pair.size_ratio <= high]
        tasks, publishers = {(p.publisher, p.task) for p in pairs}, {p.publisher for p in pairs}
        row: dict[str, Any] = {
            "field": field, "kind_from": kind, "kind_to": "causal", "scale": scale, "size_above": low,
            "size_up_to": high, "most_params": largest,
            "pairs": len(pairs), "tasks": len(tasks), "publishers": len(publishers), "date": DATE,
        }  # fmt: skip
        enough = len(tasks) >= LEAST_TASKS and len(publishers) >= LEAST_PUBLISHERS
        if enough or (scale == "loss" and len(pairs) >= LEAST_MODELS and len(tasks) > 1):
            row |= {"value": worded(predictive(pairs)), **left_out(pairs, default_band(default))}
        rows.append(row)
    return rows


def write(rows: Sequence[dict[str, Any]]) -> None:
    """The table of factors that were learnt."""
    names = (
        "field", "kind_from", "kind_to", "scale", "size_above", "size_up_to", "most_params", "value", "pairs", "tasks",
        "publishers", "held", "source", "date",
    )  # fmt: skip
    with (TABLES / "stand_in.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, names, lineterminator="\n", extrasaction="ignore")
        out.writeheader()
        for row in rows:
            if "value" in row:
                whole = "curve_library.csv" if row["scale"] == "loss" else "stand_in_pairs.csv"
                if row["kind_from"] == "n-grams":
                    whole += " and curve_library.csv"
                sizes = {name: f"{row[name]:g}" for name in ("size_above", "size_up_to", "most_params")}
                out.writerow({**row, **sizes, "source": f"{whole}, by benchmarks/standing_in.py"})


def back(name: str) -> Data | None:
    """One of the sets for backtests."""
    read = []
    for part in ("train", "test"):
        path = SHARED / "backtest" / name / f"{part}.jsonl"
        if not path.exists():
            return None
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        pairs = [(row.get("text") or row.get("input"), row.get("label") or row.get("output")) for row in lines]
        read.append([(str(text), str(label)) for text, label in pairs])
    return Data(name, read[0], read[1])


MEASURED: dict[str, Callable[[], Data | None]] = {
    "tweet_emotion": lambda: back("tweet_emotion"),
    "banking77, 10 intents": SETS["banking77"],
    "clinc, 10 intents": lambda: clinc(10),
    "sms_spam": lambda: back("sms_spam"),
    "support tickets": SETS["example"],
    "tos_unfair": lambda: back("tos_unfair"),
}


def measure() -> None:
    """Prints the rows of stand_in_pairs.csv: 80 and 320 rows, 400 test rows, one draw."""
    print("set,kind_from,model_from,kind_to,model_to,n,wrong_from,wrong_to,test_rows,source,date")
    for name, read in MEASURED.items():
        data = read()
        if data is None:
            print(f"skipped: {name} is not here", file=sys.stderr)
            continue
        test = [data.test[i] for i in np.random.default_rng(5).permutation(len(data.test))[:400]]
        order = deal([label for _, label in data.train], np.random.default_rng([7, 0]))
        for n in (80, 320):
            rows = [data.train[i] for i in order[:n]]
            wrong = {trainer: _wrong(trainer, data, rows, test) for trainer in ("probe", "encoder", "lora")}
            for trainer, kind, model in (("probe", "n-grams", "probe"), ("encoder", "encoder", "all-MiniLM-L6-v2")):
                if wrong[trainer] is not None and wrong["lora"] is not None:
                    counts = f"{n},{wrong[trainer]},{wrong['lora']},{len(test)}"
                    tuned = "causal,SmolLM2-135M-Instruct LoRA"
                    print(f'"{name}",{kind},{model},{tuned},{counts},measured here,{DATE}', flush=True)


def _wrong(trainer: str, data: Data, rows: Sequence[tuple[str, str]], test: Sequence[tuple[str, str]]) -> int | None:
    try:
        module: Any = import_module(f"tunecase.pilot.trainers.{trainer}")
    except ImportError:
        return None
    if module.missing(module.MODEL):
        return None
    (texts, labels), (test_texts, test_labels) = zip(*rows, strict=True), zip(*test, strict=True)
    settings = module.settings(len(rows), {})
    task = Task(
        trainer, module.MODEL, texts, labels, test_texts, test_labels, "accuracy", 7, settings, "classification",
        data.classes,
    )  # fmt: skip
    return len(test) - int(module.train(task).correct)


def main() -> None:
    """Learns, scores and prints; one JSON object last."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write catalog/tables/stand_in.csv")
    parser.add_argument("--measure", action="store_true", help="make the runs of stand_in_pairs.csv again")
    told = parser.parse_args()
    if told.measure:
        measure()
        return
    rows = learnt()
    for row in rows:
        words = "too few pairs: the default stands"
        if "value" in row:
            words = f"{row['value']}; left out: held {row['held']} (default {row['default_held']}), "
            words += f"width {row['width']} (default {row['default_width']})"
        counts = f"{row['pairs']} pairs, {row['tasks']} tasks, {row['publishers']} publishers"
        print(f"{row['field']} ({row['kind_from']} for causal, {row['scale']}): {counts}: {words}")
    if told.write:
        write(rows)
    good = [row for row in rows if "value" in row]
    names = ("held", "default_held", "width", "default_width")
    means = {name: round(float(np.mean([row[name] for row in good])), 3) for name in names if good}
    shown = [{name: value for name, value in row.items() if value != math.inf} for row in rows]
    print(json.dumps({"mean": means, "rows": shown}))


if __name__ == "__main__":
    main()
