"""How long a bill of 30 inputs takes with what moves it, and whether its indices are those of SALib.

Usage: python benchmarks/sensitivity.py [--draws 20000] [--repeats 7] [--cold-starts 3] [--no-salib]
A project with 30 inputs in doubt is billed over 1 to 8 rounds in 20,000 worlds on one core: with the rounds of the
project file, and along a pilot's curve. Times: the first bill of a fresh process, once the project file is read, then
the best and the median. SALib (a test oracle, never loaded by tunecase) samples the same function. Last line: JSON.
"""

import argparse
import contextlib
import io
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

SRC = Path(__file__).parents[1] / "src"
TODAY = date(2026, 11, 24)
PROJECT = """\
name: thirty inputs
problem: {task: classification, metric: accuracy, target: 92%, volume: 20k to 60k per month, horizon: 9 to 15 months}
data:
  train: train.jsonl
  sources:
    - {kind: label, pool: 300, effort: 1 to 2 min per label, rate: 12 to 25 USD per hour, rework: 5% to 20%,
       fee: 20% to 40%, usable: 80% to 95%, labels_per_example: 2, set_up: 300 to 600 USD}
    - {kind: label, pool: 600, effort: 1 to 4 min per label, rate: 20 to 40 USD per hour, rework: 5% to 20%,
       fee: 20% to 40%, usable: 80% to 95%, set_up: 100 to 900 USD}
    - {kind: buy, pool: 900, price: 0.5 to 2 USD per example, set_up: 200 to 400 USD}
    - {kind: synthetic, price: 0.05 to 0.2 USD per example}
models: [meta-llama/Llama-3.1-8B]
training: {runs_per_round: 2 to 8, failed: 5% to 30%}
compute: {tier: neocloud, gpus: [H100]}
team:
  - {role: ml engineer, rate: 75 to 150 USD per hour, share: 30% to 60%}
  - {role: data engineer, rate: 60 to 120 USD per hour, share: 10% to 40%}
  - {role: domain expert, rate: 50 to 90 USD per hour, share: 5% to 20%}
effort_per_round: 20 to 80 h per round
serving: {price_per_1k_answers: 0.5 to 2 USD}
include_inference: true
ROUNDS
"""
FIXED = "rounds: 1 / 2 / 8\nbudget: 15k USD"
POINTS = ((50, 0.62), (100, 0.70), (200, 0.77), (400, 0.82), (700, 0.85))


def main() -> None:
    """Times both bills, compares the first one's indices with SALib's, prints a table and the JSON line."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--cold-starts", type=int, default=3)
    parser.add_argument("--no-salib", action="store_true")
    parser.add_argument("--cold", action="store_true", help="one bill in this process; prints its seconds")
    asked = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if asked.cold:
        print(timed(FIXED, asked.draws, 1)["best_s"])
        return
    words = [sys.executable, __file__, "--cold", "--draws", str(asked.draws)]
    cold = [
        float(subprocess.run(words, capture_output=True, check=True, text=True).stdout)
        for _ in range(asked.cold_starts)
    ]
    found: dict[str, Any] = {"draws": asked.draws, "cold_s": min(cold)}
    print(f"a first bill in a fresh process: {min(cold):.2f} s (of {', '.join(f'{s:.2f}' for s in cold)})")
    for name, rounds, curve in (("rounds of the file", FIXED, False), ("along a curve", "budget: 60k USD", True)):
        line = timed(rounds, asked.draws, asked.repeats, curve=curve)
        found[name] = line
        print(f"{name}: {line['inputs']} inputs, rounds {line['rounds_p90']:.0f} at P90, best {line['best_s']:.2f} s, "
              f"median {line['median_s']:.2f} s; "
              f"what would have to be true {line.get('what_if_s', math.nan):.2f} s")  # fmt: skip
    if not asked.no_salib:
        found["salib"] = beside_salib(asked.draws)
    print(json.dumps(found))


def project_of(rounds: str) -> Any:
    """The project with its line about rounds or money."""
    from tunecase import catalog
    from tunecase.project import read_project

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tunecase.yaml"
        (path.parent / "train.jsonl").write_text("{}\n", encoding="utf-8")
        path.write_text(PROJECT.replace("ROUNDS", rounds), encoding="utf-8")
        return read_project(path, catalog.names())


def known(curve: bool, project: Any, worlds: Any) -> Any:
    """What the bill rests on: 700 rows, their tokens, and a pilot's curve where asked for."""
    from tunecase.plan.known import Known
    from tunecase.prices.basis import Basis
    from tunecase.prices.examples import supply
    from tunecase.quantities import Interval80
    from tunecase.quantities.spread import Worlds
    from tunecase.records import Point, Tokens

    tokens, seen = Tokens(False, Interval80(60_000, 70_000, 82_000), 90, 160, 400, "chars / 4"), None
    if curve:
        from tunecase.forecast.forecast import Measured, forecast
        from tunecase.forecast.stakes import Prospect

        basis = Basis(project, TODAY, Worlds(0, 2_000))
        points = [Point(n, score, 3, 500, 0.01) for n, score in POINTS]
        prospect = Prospect(target=0.92, supply=supply(basis), basis=basis, rows=700)
        seen = forecast(Measured(points, "accuracy", "higher"), prospect)
    return Known(Basis(project, TODAY, worlds), 700, tokens, forecast=seen)


def timed(rounds: str, draws: int, repeats: int, curve: bool = False) -> dict[str, float]:
    """Seconds of a whole bill with its first-order indices: best and median of some, and with what is asked besides."""
    from tunecase.estimate.bill import estimate
    from tunecase.plan import drawn
    from tunecase.quantities.spread import Worlds

    project = project_of(rounds)
    times = []
    for _ in range(repeats):
        about = known(curve, project, Worlds(0, draws))
        start = time.perf_counter()
        bill = estimate(drawn(about))
        times.append(time.perf_counter() - start)
    varied = [name for name, values in about.basis.worlds.drawn.items() if values.max() > values.min()]
    line = {"inputs": len(varied), "best_s": min(times), "median_s": statistics.median(times),
            "rounds_p90": bill.rounds.p90}  # fmt: skip
    if repeats > 1:
        about = known(curve, project, Worlds(0, draws))
        start = time.perf_counter()
        estimate(drawn(about), what_if=0.8)
        line["what_if_s"] = time.perf_counter() - start
    return line


def beside_salib(draws: int, base: int = 1_024) -> dict[str, Any]:
    """Our indices and SALib's of the bill with the file's rounds; the largest difference in errors and plain."""
    import numpy as np
    from SALib.analyze import delta, rbd_fast, sobol
    from SALib.sample import sobol as sampler
    from scipy.special import ndtri

    from tunecase.plan import drawn
    from tunecase.quantities import first_order
    from tunecase.quantities.spread import Worlds

    project = project_of(FIXED)

    def total_of(asked: Any, worlds: Worlds) -> Any:
        return drawn(known(False, asked, worlds)).total

    class Uniforms:
        """Stands in for a generator: gives the column of a sample."""

        def __init__(self, column: Any) -> None:
            self.column = np.clip(column, 1e-9, 1 - 1e-9)

        def random(self, n: int) -> Any:
            return self.column

        def standard_normal(self, n: int) -> Any:
            return ndtri(self.column)

    class Sampled(Worlds):
        """Worlds whose inputs are columns of a sample, found by name."""

        def __init__(self, columns: dict[str, Any]) -> None:
            super().__init__(0, len(next(iter(columns.values()))))
            self.columns = columns

        def draw(self, name: str, spread: Any) -> Any:
            if name not in self.drawn:
                self.drawn[name] = spread.draw(Uniforms(self.columns.get(name, np.array(0.5))), self.n)
            return self.drawn[name]

    worlds = Worlds(0, draws)
    total = total_of(project, worlds)
    inputs = {name: values for name, values in worlds.drawn.items() if values.max() > values.min()}
    start = time.perf_counter()
    first = first_order(inputs, total)
    first_s = time.perf_counter() - start
    names = list(inputs)
    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    sample = sampler.sample(problem, base, calc_second_order=False, seed=1)
    result = total_of(project, Sampled(dict(zip(names, sample.T, strict=True))))
    start = time.perf_counter()
    theirs = sobol.analyze(problem, result, calc_second_order=False, seed=1)
    columns = np.column_stack(list(inputs.values()))
    fast = rbd_fast.analyze(problem, columns[:8_000], total[:8_000], num_resamples=10, seed=1)["S1"]
    with contextlib.redirect_stderr(io.StringIO()):  # a notice about bins for each input
        by_delta = delta.analyze(problem, columns[:8_000], total[:8_000], num_resamples=10, seed=1)["S1"]
    rows, worst = [], 0.0
    for index, name in enumerate(names):
        mine = first[name]
        error = float(np.hypot(mine.error, theirs["S1_conf"][index] / 1.96)) + 1e-4
        worst = max(worst, abs(mine.value - theirs["S1"][index]) / error)
        rows.append((name, mine.value, mine.error, theirs["S1"][index], fast[index], by_delta[index]))
    rows.sort(key=lambda row: -row[1])
    print(f"\n{'input':<36}{'S1':>7}{'error':>7}{'Sobol':>7}{'RBD':>7}{'delta':>7}")
    for row in rows[:12]:
        print(f"{row[0][:35]:<36}" + "".join(f"{value:>7.3f}" for value in row[1:]))
    print(f"largest difference from Sobol' by Saltelli: {worst:.1f} standard errors")
    plain = max(abs(row[1] - row[3]) for row in rows)
    return {"first_order_s": first_s, "worst_errors": worst, "worst_s1": plain, "evaluations": len(sample)}


if __name__ == "__main__":
    main()
