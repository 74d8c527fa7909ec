"""How well the throughput of serving is predicted, and which card it names as the cheapest.

    python benchmarks/inference.py [--runs FILE] [--further FILE] [--points] [--peer PYTHON]

Without --runs: ../shared/data/serving_runs.csv, each publisher predicted by constants and a band learnt from the
others (and from --further, or serving_further.csv beside it). With --runs: the shipped constants on that file. --peer
is a Python in which aiconfigurator-core is installed. The last line is one JSON object.
"""

import argparse
import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from inference_fit import Stack, fitted, left_out, part_of, relative, shift_of, spread_of, stacked
from serving_rows import FURTHER, SHARED, Run, Skipped, read_runs

from tunecase import catalog
from tunecase.inference import Rate, Refusal, rate
from tunecase.inference.bands import NINETY, sizes

PEER = Path(__file__).parent / "peers" / "run_aiconfigurator.py"
PEER_SECONDS = 200
PEER_ROWS = 48
WITHIN = 0.15
Key = tuple[str, ...]


@dataclass(frozen=True)
class Scored:
    """A run with log(measured / predicted), and its band as logarithms of factors on the prediction."""

    run: Run
    error: float
    low: float
    high: float

    @property
    def inside(self) -> bool:
        """Whether the measured throughput lies in the band."""
        return self.low <= self.error <= self.high

    @property
    def predicted(self) -> float:
        """Predicted output tokens per second and card."""
        return self.run.tokens_per_s_per_card * float(np.exp(-self.error))


def main() -> None:
    """Prints errors by publisher, and the figures as one line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, help="a table with the columns of serving_runs.csv")
    parser.add_argument("--further", type=Path, default=FURTHER, help="runs of further publishers to learn from")
    parser.add_argument("--points", action="store_true", help="score one and three measured points as well")
    parser.add_argument("--peer", type=Path, help="a Python with aiconfigurator-core")
    asked = parser.parse_args()
    path, started = asked.runs or SHARED, time.perf_counter()
    if not path.is_file():
        print(f"skipped: {path} not found")
        return
    runs, skipped = read_runs(path)
    refusals = [(run, answer) for run in runs if isinstance(answer := rate(run.setup, run.load), Refusal)]
    scored = shipped(runs) if asked.runs else publishers_left_out(runs, asked.further)
    result = {
        "constants": "shipped" if asked.runs else "publishers left out",
        "throughput": throughput(scored, refusals, skipped),
        "one_point": None,
        "three_points": None,
        "gpu_choice": gpu_choice(scored),
        "latency": None,
        "peer": peer(scored, asked.peer),
    }
    if asked.points or not asked.runs:
        result |= points(runs)
    result["seconds"] = round(time.perf_counter() - started, 1)
    print(json.dumps(result))


def shipped(runs: Sequence[Run]) -> list[Scored]:
    """Runs beside the predictions that the package gives."""
    scored = []
    for run in runs:
        answer = rate(run.setup, run.load)
        if isinstance(answer, Rate):
            per_card = answer.output_tokens_per_s / run.setup.cards
            error = float(np.log(run.tokens_per_s_per_card / per_card))
            scored.append(Scored(run, error, float(np.log(answer.low)), float(np.log(answer.high))))
    return scored


def publishers_left_out(runs: Sequence[Run], beside: Path) -> list[Scored]:
    """Runs beside predictions and bands learnt without their publisher, the bands on errors left out once more."""
    further = read_runs(beside)[0] if beside.is_file() else []
    stack = stacked([*runs, *further])
    publishers = np.array([run.publisher for run in stack.runs])
    scored = []
    for publisher in dict.fromkeys(run.publisher for run in runs):
        mine = publishers == publisher
        others = part_of(stack, ~mine)
        at = fitted(others, np.ones(len(others.runs), bool))
        shift, spread = _band_of(others)
        errors = stack.error(at)[mine]
        for run, error in zip((r for r in stack.runs if r.publisher == publisher), errors.tolist(), strict=True):
            wide = _widened(run, spread)
            scored.append(Scored(run, error, shift - NINETY * wide, shift + NINETY * wide))
    return scored


def _band_of(others: Stack) -> tuple[float, float]:
    errors, _ = left_out(others)
    shift = shift_of(errors, others.weights)
    return shift, spread_of(errors, np.array([run.publisher for run in others.runs]), shift)


def _widened(run: Run, spread: float) -> float:
    """A spread with what the package widens this run's band by."""
    answer = rate(run.setup, run.load)
    assert isinstance(answer, Rate)
    whole = float(np.log(answer.high / answer.low)) / (2 * NINETY)
    return float(np.sqrt(max(whole**2 - sizes()["spread"] ** 2, 0.0) + spread**2))


def throughput(
    scored: Sequence[Scored], refusals: Sequence[tuple[Run, Refusal]], skipped: Sequence[Skipped]
) -> dict[str, Any]:
    """Errors by publisher, coverage by source, and what was refused or left out and why."""
    for publisher, mine in _by(scored, lambda one: one.run.publisher).items():
        errors = np.array([one.error for one in mine])
        print(
            f"{publisher:22} {len(mine):5} runs, error {np.median(relative(errors)):.3f}, 90% within "
            f"{np.quantile(relative(errors), 0.9):.3f}, measured over predicted {np.exp(np.median(errors)):.2f}"
        )
    for why, count in Counter(answer.reason for _, answer in refusals).most_common(8):
        print(f"refused {count:5}: {why}")
    for why, count in Counter(f"{row.publisher}: {row.why}" for row in skipped).most_common(12):
        print(f"not a throughput {count:5}: {why}")
    widths = [float(np.exp(one.high - one.low)) for one in scored]
    return {
        **_errors(scored),
        "coverage80": _coverage(scored),
        "width": {"median": _digits(median(widths)), "widest": _digits(max(widths))} if widths else None,
        "answered": len(scored),
        "refused": dict(Counter(_kind(answer) for _, answer in refusals).most_common()),
        "not_comparable": dict(Counter(row.why for row in skipped).most_common(12)),
        "dense_80b_c16": _errors([one for one in scored if one.run.dense_at_work]),
        "measured": _errors([one for one in scored if one.run.measured]),
        "derived": _errors([one for one in scored if not one.run.measured]),
    }


def _kind(answer: Refusal) -> str:
    words = {"context": "context", "GiB": "memory", "software": "old AMD software", "engine": "engine"}
    return next((kind for word, kind in words.items() if word in answer.reason), "precision or load")


def _errors(scored: Sequence[Scored]) -> dict[str, Any]:
    if not scored:
        return {"n": 0}
    errors = np.array([one.error for one in scored])
    by = {name: _median_error(mine) for name, mine in _by(scored, lambda one: one.run.publisher).items()}
    return {
        "n": len(scored),
        "median_of_publishers": _digits(float(np.mean(list(by.values())))),
        "pooled_median": _digits(float(np.median(relative(errors)))),
        "p90": _digits(float(np.quantile(relative(errors), 0.9))),
        "bias": _digits(float(np.exp(np.median(errors)))),
        "by_publisher": {name: _digits(value) for name, value in by.items()},
    }


def _median_error(scored: Sequence[Scored]) -> float:
    return float(np.median(relative(np.array([one.error for one in scored]))))


def _coverage(scored: Sequence[Scored]) -> dict[str, Any]:
    by = {
        name: _digits(sum(one.inside for one in mine) / len(mine))
        for name, mine in _by(scored, lambda one: one.run.source).items()
    }
    pooled = sum(one.inside for one in scored) / len(scored) if scored else 0.0
    return {"worst": min(by.values(), default=None), "pooled": _digits(pooled), "by_source": by}


def gpu_choice(scored: Sequence[Scored]) -> dict[str, Any]:
    """How much dearer the card that we name is than the truly cheapest one, with prices and at equal prices."""
    prices = _prices()
    groups = list(_by(scored, _same_question).values())
    priced = [_regret([one for one in group if one.run.setup.card.name in prices], prices) for group in groups]
    equal = [_regret(group, dict.fromkeys((one.run.setup.card.name for one in group), 1.0)) for group in groups]
    return {**_regrets(priced), "at_equal_prices": _regrets(equal)}


def _same_question(one: Scored) -> Key:
    run = one.run
    load, setup = run.load, run.setup
    concurrency = None if load.concurrency is None else round(load.concurrency * run.replicas)
    return tuple(
        str(part)
        for part in (
            run.publisher, setup.engine, setup.model.name, setup.precision, load.input_tokens, load.output_tokens,
            concurrency, load.kind,
        )
    )  # fmt: skip


def _regret(group: Sequence[Scored], prices: dict[str, float]) -> float | None:
    """The true cost of a token on the card predicted to be cheapest, over that on the cheapest; None for one card."""
    predicted: dict[str, float] = {}
    true: dict[str, float] = {}
    for one in group:
        card = one.run.setup.card.name
        predicted[card] = min(predicted.get(card, np.inf), prices[card] / one.predicted)
        true[card] = min(true.get(card, np.inf), prices[card] / one.run.tokens_per_s_per_card)
    if len(true) < 2:
        return None
    return true[min(predicted, key=lambda card: predicted[card])] / min(true.values()) - 1


def _regrets(found: Sequence[float | None]) -> dict[str, Any]:
    regrets = np.array([regret for regret in found if regret is not None])
    if not len(regrets):
        return {"within15": None, "p90_regret": None, "groups": 0}
    within, p90 = float(np.mean(regrets <= WITHIN)), float(np.quantile(regrets, 0.9))
    return {"within15": _digits(within), "p90_regret": _digits(p90), "groups": len(regrets)}


def _prices() -> dict[str, float]:
    """The median price on demand of each card over providers, those not old first [USD per hour]."""
    by: dict[str, list[float]] = defaultdict(list)
    rows = [row for row in catalog.gpu_prices() if row.terms == catalog.ON_DEMAND]
    for row in [row for row in rows if not row.stale] or rows:
        by[row.gpu].append(row.usd_per_gpu_hour)
    return {card: median(prices) for card, prices in by.items()}


def points(runs: Sequence[Run]) -> dict[str, Any]:
    """What one and three measured points leave of the error; nothing where that benchmark is absent."""
    try:
        from inference_points import one_point, three_points
    except ImportError as absent:
        print(f"no measured points: {absent}")
        return {}
    return {"one_point": one_point(runs), "three_points": three_points(runs)}


def peer(scored: Sequence[Scored], python: Path | None) -> dict[str, Any]:
    """The error of aiconfigurator-core and ours on the same rows, where it answers; why not, where it is absent."""
    name = "aiconfigurator-core"
    if python is None:
        return {"name": name, "answered": None, "why": "no --peer PYTHON in which it is installed was given"}
    asked = list(scored)[:: max(1, len(scored) // PEER_ROWS)][:PEER_ROWS]
    lines = "\n".join(json.dumps(_question(one.run)) for one in asked)
    try:
        done = subprocess.run(
            [str(python), str(PEER)], input=lines, capture_output=True, text=True, timeout=PEER_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as failed:
        return {"name": name, "answered": None, "why": f"it did not run: {type(failed).__name__}"}
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    paired = zip(asked, answers, strict=False)  # it may have been cut off
    both = [(one, answer["tokens_per_s_per_card"]) for one, answer in paired if "tokens_per_s_per_card" in answer]
    theirs = np.array([np.log(one.run.tokens_per_s_per_card / told) for one, told in both])
    why = Counter(answer["why"] for answer in answers if "why" in answer)
    return {
        "name": name,
        "asked": len(asked),
        "answered": len(both),
        "error": _digits(float(np.median(relative(theirs)))) if both else None,
        "p90": _digits(float(np.quantile(relative(theirs), 0.9))) if both else None,
        "ours": _digits(_median_error([one for one, _ in both])) if both else None,
        "not_answered": dict(why.most_common(5)),
    }


def _question(run: Run) -> dict[str, Any]:
    setup, load = run.setup, run.load
    return {
        "model": setup.model.name,
        "card": setup.card.name,
        "engine": setup.engine,
        "version": run.layout[2],
        "precision": setup.precision,
        "tensor": setup.tensor,
        "input_tokens": round(load.input_tokens),
        "output_tokens": round(load.output_tokens),
        "concurrency": load.concurrency,
    }


def _by(scored: Sequence[Scored], key: Any) -> dict[Any, list[Scored]]:
    groups: dict[Any, list[Scored]] = defaultdict(list)
    for one in scored:
        groups[key(one)].append(one)
    return groups


def _digits(value: float) -> float:
    return round(value, 4)


if __name__ == "__main__":
    sys.exit(main())
