"""Whether the cost at completion holds: projects that the bill itself drew are stopped midway and weighed again.

    python benchmarks/booking.py [--projects 1000] [--draws 20000]

Every project is one world of a bill, drawn with another seed than the worlds it is judged in. It is looked at after
one, two and three rounds, and (rounds not known) when half of the plan's P50 and all of it is spent, as long as it
still goes on; what it will have cost is drawn anew, and held against what it did cost. `holds` is the share of projects
whose true total lies in P10 to P90 (80% promised), `width` the median width of that band over the plan's, `ratio` the
same for ln(P90 / P10); `plan holds` is how often the plan's own band, unmoved, holds these projects.
Flatters: projects come from the very model that judges them, and every line advances in step. Last line: JSON.
"""

import argparse
import json
import math
import statistics
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from tunecase import catalog
from tunecase.books.completion import LineDrawn, LinePaid, RoundsDrawn, as_booked, at_completion
from tunecase.plan import drawn
from tunecase.plan.costs import beside_rounds
from tunecase.plan.known import Known
from tunecase.prices.basis import Basis
from tunecase.project import read_project
from tunecase.quantities import Interval80
from tunecase.quantities.spread import Worlds, band
from tunecase.records import Tokens

Draws = np.ndarray
TODAY = date(2026, 11, 24)
PROJECT = """\
name: booked
problem: {task: classification, metric: accuracy}
data:
  train: train.jsonl
  sources:
    - {kind: label, pool: 20k, effort: 1 to 3 min per label, rate: 12 to 30 USD per hour, labels_per_example: 2}
models: [meta-llama/Llama-3.1-8B]
compute: {tier: neocloud, gpus: [H100]}
team:
  - {role: ml engineer, rate: 75 to 150 USD per hour, share: 50%}
budget: 15k USD
"""


@dataclass(frozen=True)
class Bill:
    """The lines of a bill in every world of a seed, as charges can be told apart, and its rounds."""

    lines: dict[str, LineDrawn]
    rounds: Draws

    @property
    def totals(self) -> Draws:
        """The sum of the lines, shape (draws,)."""
        return np.asarray(np.sum([line.amount for line in self.lines.values()], axis=0))


def bill_of(seed: int, draws: int) -> Bill:
    """The bill of the project over a random number of rounds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tunecase.yaml"
        (path.parent / "train.jsonl").write_text("{}\n", encoding="utf-8")
        path.write_text(PROJECT, encoding="utf-8")
        project = read_project(path, catalog.names())
    tokens = Tokens(False, Interval80(90_000, 100_000, 110_000), 90, 160, 400, "chars / 4")
    bill = drawn(Known(Basis(project, TODAY, Worlds(seed, draws)), 1_000, tokens))
    lines = {
        name: LineDrawn(cost.amount, cost.quantity)
        for name, cost in bill.lines.items()
        if cost.included and cost.amount is not None
    }
    before, after = beside_rounds(replace(bill.work, walk=bill.walk))
    lines["labour"] = replace(lines["labour"], before=before, after=after)
    return Bill(as_booked(lines), bill.walk.rounds)


def paid_of(truth: Bill, world: int, in_rounds: float, quantities: bool) -> dict[str, LinePaid]:
    """What one project has paid when a part of each line's work in rounds is done, and all that comes before them."""
    found = {}
    for name, line in truth.lines.items():
        before, after = (float(np.broadcast_to(of, line.amount.shape)[world]) for of in (line.before, line.after))
        part = before + in_rounds * (1 - before - after)
        spent = part * float(line.amount[world])
        much = None if line.quantity is None or not quantities else part * float(line.quantity[world])
        found[name] = LinePaid(spent, much, 0.0 if much is None else spent)
    return found


def weighed(plan: Bill, truth: Bill, stops: dict[int, float], quantities: bool, made: int | None) -> dict[str, float]:
    """How often the band drawn midway holds the true total, and how wide it is beside the plan's.

    `stops` holds, by world, the part of the work that is done; `made` the rounds made, None where they are not known.
    """
    before, totals = band(plan.totals), truth.totals
    rounds = None if made is None else RoundsDrawn(made, plan.rounds)
    inside, widths, spreads, seconds = [], [], [], []
    for world, part in stops.items():
        start = time.perf_counter()
        told = band(at_completion(plan.lines, paid_of(truth, world, part, quantities), (), rounds).total)
        seconds.append(time.perf_counter() - start)
        inside.append(told.p10 <= totals[world] <= told.p90)
        widths.append((told.p90 - told.p10) / (before.p90 - before.p10))
        spreads.append(math.log(told.p90 / told.p10) / math.log(before.p90 / before.p10))
    return {
        "projects": len(stops),
        "holds": round(float(np.mean(inside)), 3),
        "plan holds": round(float(np.mean([before.p10 <= totals[world] <= before.p90 for world in stops])), 3),
        "width": round(statistics.median(widths), 3),
        "ratio": round(statistics.median(spreads), 3),
        "s": round(statistics.median(seconds), 4),
    }


def main() -> None:
    """Prints a line for each point at which projects are looked at, then the JSON line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--projects", type=int, default=1_000)
    parser.add_argument("--draws", type=int, default=20_000)
    asked = parser.parse_args()
    plan, truth = bill_of(0, asked.draws), bill_of(1, asked.projects)
    before, totals = band(plan.totals), truth.totals
    holds = float(np.mean((totals >= before.p10) & (totals <= before.p90)))
    found: dict[str, Any] = {"projects": asked.projects, "draws": asked.draws, "plan holds": round(holds, 3)}
    for quantities in (True, False):
        words = "hours known" if quantities else "amounts alone"
        for made in (1, 2, 3):
            stops = {w: made / float(r) for w, r in enumerate(truth.rounds) if r > made}
            found[f"after {made} rounds, {words}"] = weighed(plan, truth, stops, quantities, made)
        for name, spent in (("half the P50", before.p50 / 2), ("the P50", before.p50)):
            stops = {w: spent / float(total) for w, total in enumerate(totals) if total > spent}
            found[f"{name} spent, {words}"] = weighed(plan, truth, stops, quantities, None)
    for name, line in found.items():
        if isinstance(line, dict):
            print(f"{name}: {line}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
