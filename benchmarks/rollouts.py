"""Scores the seconds of a sampled step against published reinforcement runs, each publisher counting once.

    python benchmarks/rollouts.py [--table FILE] [--rows]

A row of catalog/tables/rollout_runs.csv is predicted from its set-up alone: model, method, cards, prompts, group,
lengths, sampler. Its truth is the stated seconds of a step, else hours / steps, which hold tests and start-up too; what
was worked out for a row stands in its column `derived`. Sealed publishers, whose name's SHA-256 begins with an even
byte, stand apart: nothing may be tuned to them. A figure is the mean over publishers of that publisher's median error,
of its 90% point and of its share inside the 80% band; `width` is the median of P90 / P10 over publishers. The part
`length_stated`
holds the same steps where the mean length of an answer is stated, `sampling` and `training` those parts where the
source states them. Rows without a card, a batch or a time are left out, and
so are models whose dimensions are not known here; `left_out` says why. The last line is one JSON object.

What flatters: `rollout.slower` of defaults.csv was read off open rows. What is unkind: where the mean length of an
answer is not stated it is assumed from the limit, and the band holds that doubt.
"""

import argparse
import collections
import csv
import json
import math
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
sys.path.insert(0, str(Path(__file__).parent))

from rollout_rows import rollout_step_of

from tunecase import catalog
from tunecase.compute.speed.rollout import RolloutStep
from tunecase.errors import InputError
from tunecase.inference import sampled
from tunecase.quantities import Z80

NEEDED = ("gpu", "gpus", "prompts_per_step", "group_size", "completion_tokens_limit")
CARDS = {"A100": "A100-80GB"}  # where a page does not say which
SAME_SHAPE = {  # models that are not in models.csv, and one there with the same dimensions
    "Qwen/Qwen2.5-Math-7B": "Qwen/Qwen2.5-7B",
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B": "Qwen/Qwen2.5-1.5B",
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B": "Qwen/Qwen2.5-7B",
    "Qwen/Qwen3-30B-A3B-Base": "Qwen/Qwen3-30B-A3B",
    "lkevinzc/rho-1b-sft-GSM8K": "TinyLlama/TinyLlama-1.1B-Chat-v1.0",
    "deepseek-ai/deepseek-llm-7b-chat": "huggyllama/llama-7b",
}
PARTS = {"sampling": ("sampling",), "training": ("training",)}


@dataclass(frozen=True)
class Score:
    """One number of one row: what was told, with its 80% band, and what was measured [s]."""

    row: Mapping[str, str]
    low: float
    mid: float
    high: float
    truth: float

    @property
    def error(self) -> float:
        """|told / measured - 1|."""
        return abs(self.mid / self.truth - 1)

    @property
    def inside(self) -> bool:
        """True where the measured number lies in the 80% band."""
        return self.low <= self.truth <= self.high


def seconds_of(row: Mapping[str, str]) -> float | None:
    """Stated seconds of a step, else hours / steps; None where neither is there."""
    if row["seconds_per_step"]:
        return float(row["seconds_per_step"])
    return 3600 * float(row["hours"]) / float(row["steps"]) if row["hours"] and row["steps"] else None


def measured_cards() -> set[str]:
    """Cards of which it is known how much of their memory a run can hold."""
    return {row["gpu"] for row in catalog.read_table("usable_memory")}


def step_or_why(row: Mapping[str, str]) -> RolloutStep | str:
    """The step predicted for a row, or why there is none."""
    lacking = [name for name in NEEDED if not row[name]]
    if lacking:
        return f"no {', '.join(lacking)}"
    if catalog.gpu(card := CARDS.get(row["gpu"], row["gpu"])).name not in measured_cards():
        return f"nobody measured what a {card} can hold"
    known = {**row, "gpu": card, "model": SAME_SHAPE.get(row["model"], row["model"])}
    try:
        step = rollout_step_of(known, sampled)
    except InputError as error:
        return str(error).splitlines()[0]
    return step if math.isfinite(float(step.seconds)) else "the cards do not hold what samples"


def scores_of(row: Mapping[str, str], step: RolloutStep) -> dict[str, Score]:
    """The whole step and its stated parts; a part has the step's band."""
    spread, terms = math.exp(Z80 * float(step.sigma)), dict(step.terms)
    truth = seconds_of(row)
    found = {"step": (float(step.seconds), truth)}
    if row["completion_tokens_mean"]:
        found["length_stated"] = found["step"]
    for part, names in PARTS.items():
        stated = row[f"{part}_seconds"]
        found[part] = (sum(float(terms[name]) for name in names), float(stated) if stated else None)
    return {
        name: Score(row, told / spread, told, told * spread, measured)
        for name, (told, measured) in found.items()
        if measured is not None
    }


def figures(scores: Iterable[Score]) -> dict[str, object]:
    """Means over publishers of median and 90% point of the error [%] and of the share inside; median width."""
    of: dict[str, list[Score]] = collections.defaultdict(list)
    for score in scores:
        of[score.row["publisher"]].append(score)
    if not of:
        return {"n": 0, "publishers": 0}
    lines = [_line(each) for each in of.values()]
    medians, p90s, inside, widths = zip(*lines, strict=True)
    return {
        "n": sum(map(len, of.values())), "publishers": len(of), "median_ape": round(statistics.mean(medians), 1),
        "p90_ape": round(statistics.mean(p90s), 1), "coverage80": round(statistics.mean(inside), 3),
        "width": round(statistics.median(widths), 2),
        "signed_median": round(100 * statistics.median(s.mid / s.truth - 1 for each in of.values() for s in each), 1),
    }  # fmt: skip


def _line(scores: Sequence[Score]) -> tuple[float, float, float, float]:
    errors = sorted(100 * score.error for score in scores)
    ninth = errors[math.ceil(0.9 * len(errors)) - 1]
    inside = sum(score.inside for score in scores) / len(scores)
    return statistics.median(errors), ninth, inside, statistics.median(score.high / score.low for score in scores)


def scored(rows: Iterable[Mapping[str, str]]) -> tuple[dict[str, list[Score]], dict[str, str]]:
    """Scores by what they are of, and why rows are left out."""
    by_part: dict[str, list[Score]] = {name: [] for name in ("step", "length_stated", *PARTS)}
    left_out = {}
    for row in rows:
        step = step_or_why(row) if seconds_of(row) else "no seconds of a step"
        if isinstance(step, str):
            left_out[row["id"]] = step
            continue
        for name, score in scores_of(row, step).items():
            by_part[name].append(score)
    return by_part, left_out


def main(given: Sequence[str] | None = None) -> None:
    """Prints figures of open and sealed publishers, and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", type=Path, help="rows of this file in the shape of rollout_runs.csv")
    parser.add_argument("--rows", action="store_true", help="print every open row")
    options = parser.parse_args(given)
    table = list(csv.DictReader(options.table.open())) if options.table else catalog.read_table("rollout_runs")
    by_part, left_out = scored(table)
    if options.rows:
        for score in sorted(by_part["step"], key=lambda score: -score.error):
            row = score.row
            if row["sealed"] == "no":
                print(
                    f"{row['id']} {row['publisher']} {row['model']} {row['gpus']} x {row['gpu']} {row['sampler']}: "
                    f"{score.low:.3g} {score.mid:.3g} {score.high:.3g} told, {score.truth:.3g} measured"
                )
    found: dict[str, object] = {}
    for kind, sealed in (("open", "no"), ("sealed", "yes")):
        parts = {name: figures(score for score in of if score.row["sealed"] == sealed) for name, of in by_part.items()}
        found[kind] = parts
        print(kind, *(f"{name}: {line}" for name, line in parts.items()), sep="\n  ")
    print(json.dumps({"rows": len(table), **found, "left_out": left_out}))


if __name__ == "__main__":
    main()
