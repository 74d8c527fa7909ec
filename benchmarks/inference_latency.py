"""Fits and scores the time to the first token on published means of closed loops: met / not met / unsure.

Usage: python benchmarks/inference_latency.py [--runs FILE] [--write]

Each row with a time to the first token, a finite number of requests in flight and no rate of arrival is simulated by
`inference.queue`: so many clients, each of which asks again when it has its answer, ten times on average. The rows give
an engine's overhead, factor and spread of serving_first_token.csv; --write puts them there. All but eight of the rows
are of one publisher, so that here a model is left out in place of a publisher: its first tokens are scored with what
all other models' give, on a throughput whose constants were fitted without the row's publisher (inference_fit).

The published figures are means at a fixed number of requests in flight, not a 95th percentile under arrivals, of which
no public table exists: what is scored is the mean. Rows with more requests in flight than fit are simulated and
scored, but not fitted. Last line: JSON.
"""

import argparse
import csv
import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from inference_fit import left_out, stacked
from serving_rows import SHARED, Run, read_runs

from tunecase.catalog import read_table
from tunecase.inference import Rate, Server, rate, server_of
from tunecase.inference.queue import SURE, Requests, serve
from tunecase.inference.steps import Constants

TABLE = Path(__file__).parents[1] / "src" / "tunecase" / "catalog" / "tables" / "serving_first_token.csv"
OBJECTIVES_S = (0.2, 0.5, 1.0, 2.0, 5.0)
ROUNDS = 10  # requests of each client
LENGTHS = 0.1  # spread of the lengths, so that clients do not march in step
MOST_CLIENTS = 2_048
OTHER = "other"
OTHER_SPREAD = 1.3  # of an engine without rows, as a multiple of all rows' spread


@dataclass(frozen=True)
class Engine:
    """What a first token of one engine takes beside the queue: a row of serving_first_token.csv."""

    overhead_s: float
    factor: float
    experts_factor: float
    spread: float


@dataclass(frozen=True)
class Row:
    """A published mean time to the first token, and what the queue says at the middle of the band, in seconds."""

    publisher: str
    model: str
    engine: str
    experts: bool
    dense_at_work: bool
    fits: bool
    measured_s: float
    queued_s: float
    server: Server

    def with_engine(self, engine: Engine) -> Server:
        """The replica with an engine's overhead, factor and spread."""
        factor = engine.factor * (engine.experts_factor if self.experts else 1.0)
        return replace(self.server, overhead_s=engine.overhead_s, factor=factor, spread=engine.spread)

    def mean_s(self, engine: Engine, chance: float = 0.5) -> float:
        """The mean that is kept with a chance: in a closed loop all times go with the replica's speed."""
        return self.with_engine(engine).first_token_s(lambda speed: self.queued_s / speed, chance)

    def verdict(self, engine: Engine, objective_s: float) -> str:
        """Whether the mean is within an objective: met, not met or unsure."""
        if self.mean_s(engine, SURE) <= objective_s:
            return "met"
        return "not met" if self.mean_s(engine, 1 - SURE) > objective_s else "unsure"


def closed_loop_s(server: Server, clients: int, output_tokens: float, prefill_share: float) -> float:
    """The mean time to the first token where each client asks again as soon as it has its answer [s].

    All requests stand in one queue from the start; one of them arrives when another leaves so many places before it.
    """
    luck, n = np.random.default_rng(0), ROUNDS * clients
    inputs, outputs = (luck.uniform(1 - LENGTHS, 1 + LENGTHS, n) for _ in range(2))
    seen = replace(server, slots=min(server.slots, clients))
    answered = serve(
        Requests(np.zeros(n), server.prefill_s * inputs, output_tokens * outputs), seen, 1.0, prefill_share
    )
    slot_s, queued = np.array(answered.slot_s), clients - seen.slots
    arrival_s = np.concatenate([np.zeros(queued), slot_s[: n - queued]])
    return float(np.mean(np.array(answered.first_token_s) - arrival_s))


def row_of(run: Run, measured_s: float, at: Constants) -> Row | None:
    """A run as the queue sees it; None where it cannot be predicted."""
    full = rate(run.setup, run.load, at)
    alone = rate(run.setup, replace(run.load, concurrency=1.0), at)
    clients = round(run.load.concurrency or 0)
    if not (isinstance(full, Rate) and isinstance(alone, Rate) and 1 <= clients <= MOST_CLIENTS):
        return None
    server = server_of(run.setup, alone, full)
    share = min(full.requests_per_s * full.prefill_s, 0.95)
    model = run.setup.model
    return Row(
        run.publisher, model.name, run.setup.engine, model.experts > 0, run.dense_at_work, clients <= server.slots,
        measured_s, closed_loop_s(server, clients, run.load.output_tokens, share), server,
    )  # fmt: skip


def rows_of(path: Path) -> list[Row]:
    """Every row of a table that has a time to the first token in a closed loop and can be simulated."""
    runs = read_runs(path)[0]
    with path.open(encoding="utf-8", newline="") as file:
        measured_s = {row["id"]: float(row["ttft_ms"]) / 1000 for row in csv.DictReader(file) if row.get("ttft_ms")}
    _, constants = left_out(stacked(runs))
    closed = [run for run in runs if run.id in measured_s and run.load.kind == "steady" and run.load.concurrency]
    found = [row_of(run, measured_s[run.id], constants[run.publisher]) for run in closed]
    return [row for row in found if row is not None]


def fitted(rows: Sequence[Row]) -> dict[str, Engine]:
    """Each engine's overhead, factor and spread, and those of all engines as `other`; each model counts once."""
    fits = [row for row in rows if row.fits]
    found = {name: _fitted([row for row in fits if row.engine == name]) for name in sorted({r.engine for r in fits})}
    every = _fitted(fits)
    return found | {OTHER: replace(every, spread=OTHER_SPREAD * every.spread)}


def _fitted(rows: Sequence[Row]) -> Engine:
    from scipy.optimize import least_squares

    queued, measured = np.array([row.queued_s for row in rows]), np.array([row.measured_s for row in rows])
    experts, models = np.array([row.experts for row in rows]), [row.model for row in rows]
    weights = np.sqrt([1 / models.count(model) for model in models])
    priors = np.log([0.05, 1.2, 1.3])

    def errors(logarithms: np.ndarray) -> np.ndarray:
        overhead, factor, more = np.exp(logarithms)
        return np.asarray(np.log(overhead + factor * np.where(experts, more, 1.0) * queued) - np.log(measured))

    def residuals(logarithms: np.ndarray) -> np.ndarray:
        robust = errors(logarithms) / 0.3
        robust = np.sign(robust) * np.sqrt(2 * (np.sqrt(1 + robust**2) - 1))
        return np.concatenate([weights * robust, (logarithms - priors) / 0.7])

    at = least_squares(residuals, priors).x
    left = errors(at)
    order = np.argsort(left)
    share = np.cumsum(weights[order] ** 2) / np.sum(weights**2)
    low, high = (float(left[order][np.searchsorted(share, point)]) for point in (0.1, 0.9))
    overhead, factor, more = np.exp(at)
    return Engine(float(overhead), float(factor), float(more), (high - low) / (2 * 1.2816))


def without_its_model(rows: Sequence[Row]) -> list[Engine]:
    """For each row its engine's constants, fitted without the row's model."""
    held = {model: fitted([row for row in rows if row.model != model]) for model in {row.model for row in rows}}
    return [held[row.model].get(row.engine, held[row.model][OTHER]) for row in rows]


def score(rows: Sequence[Row], engines: Sequence[Engine], objective_s: float) -> dict[str, float | None]:
    """Precision and recall of both verdicts, and the share that is unsure."""
    verdicts = [
        (row.verdict(engine, objective_s), row.measured_s <= objective_s)
        for row, engine in zip(rows, engines, strict=True)
    ]
    figures: dict[str, float | None] = {"unsure": _share([verdict == "unsure" for verdict, _ in verdicts])}
    for name, truth in (("met", True), ("not met", False)):
        figures[f"{name} precision"] = _share([is_met == truth for verdict, is_met in verdicts if verdict == name])
        figures[f"{name} recall"] = _share([verdict == name for verdict, is_met in verdicts if is_met == truth])
    return figures


def _share(flags: Sequence[bool]) -> float | None:
    return round(sum(flags) / len(flags), 3) if flags else None


def report(rows: Sequence[Row], engines: Sequence[Engine], title: str) -> dict[str, object]:
    """Prints and returns the error of the mean and the scores of each objective."""
    ratio = np.array([row.mean_s(engine) / row.measured_s for row, engine in zip(rows, engines, strict=True)])
    error = float(np.median(np.abs(ratio - 1)))
    print(f"{title}: {len(rows)} rows, simulated / measured {np.median(ratio):.2f}, error {error:.2f}")
    scores = {f"{objective_s:g} s": score(rows, engines, objective_s) for objective_s in OBJECTIVES_S}
    for name, figures in scores.items():
        print(f"  {name:6}", ", ".join(f"{key} {value}" for key, value in figures.items()))
    return {"rows": len(rows), "median_error": round(error, 3), "objectives": scores}


def write(engines: dict[str, Engine], rows: Sequence[Row]) -> None:
    """Puts the constants into the table."""
    today = datetime.date.today().isoformat()
    kept = read_table("serving_first_token")
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(kept[0]), lineterminator="\n")
        writer.writeheader()
        for row in kept:
            at = engines[row["engine"]]
            held = [one for one in rows if one.fits and row["engine"] in (one.engine, OTHER)]
            words = f"{len(held):,} published means of {len({one.model for one in held})} models in closed loops"
            figures = {
                "overhead_ms": f"{1000 * at.overhead_s:.3g}", "factor": f"{at.factor:.3g}",
                "experts_factor": f"{at.experts_factor:.3g}", "spread": f"{at.spread:.2g}",
            }  # fmt: skip
            writer.writerow(row | figures | {"source": f"benchmarks/inference_latency.py: {words}", "date": today})


def main() -> None:
    """Prints the scores, with a model left out, and writes the constants where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=SHARED, help="a table with the columns of serving_runs.csv")
    parser.add_argument("--write", action="store_true", help="write the constants into the table")
    asked = parser.parse_args()
    if not asked.runs.is_file():
        print(f"{asked.runs} is not there: nothing is measured")
        print(json.dumps({"latency": None}))
        return
    rows = rows_of(asked.runs)
    engines = without_its_model(rows)
    found = {"all": report(rows, engines, "all")}
    fits = [at for at, row in enumerate(rows) if row.fits]
    found["fits"] = report([rows[at] for at in fits], [engines[at] for at in fits], "as many in flight as fit")
    for name in sorted({row.engine for row in rows}):
        mine = [at for at, row in enumerate(rows) if row.engine == name and row.dense_at_work]
        if mine:
            title = f"{name}, dense, 16 or more in flight"
            found[title] = report([rows[at] for at in mine], [engines[at] for at in mine], title)
    constants = fitted(rows)
    for name, engine in constants.items():
        print(f"{name:14} {engine}")
    if asked.write:
        write(constants, rows)
    print(json.dumps({"latency": found}))


if __name__ == "__main__":
    main()
