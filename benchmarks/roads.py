"""The whole road backtested: what the product told from small pilots, held against what was measured at full size.

    python benchmarks/roads.py [--answers] [--anew] [--runs FILE] [--write] [--quick] [--measure]

Scores the answers in `roads_told.csv` and `roads_walks.csv` against the runs in `roads_runs.csv`, in seconds.
--answers makes the answers again by the code as it is, those that are there for these very runs kept; --anew drops
them first (some 25 minutes of one core). --write puts the tables into docs/track-record.md. --measure makes runs that
are missing (hours), --quick makes those of three tasks again and holds them against the table (minutes); both need
../shared/data/text and say so where it is absent. The last line is one JSON object.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

from roads_answers import (  # noqa: E402
    TOLD,
    WALKS,
    Told,
    Walked,
    scenarios,
    told,
    walked,
)
from roads_curves import PILOTS, RUNS, TRUTH, Curve, read_answers, read_curves, read_rows, write_rows  # noqa: E402
from roads_money import (  # noqa: E402
    best_rival,
    cleaning,
    confusions,
    endings,
    lost_by_source,
    money,
    promises,
    races,
    regrets,
    roads_of,
)
from roads_page import answer, not_achievable, tasks, written  # noqa: E402
from roads_rivals import RIVALS  # noqa: E402
from roads_score import LEARNERS, bands, brier, chances, hopeless, needed, pairs, reliability  # noqa: E402

PAGE = ROOT / "docs" / "track-record.md"
MEASURE = [sys.executable, str(Path(__file__).with_name("roads_measure.py"))]
QUICK = ("banking77, ten intents a", "clinc, ten intents a", "sms_spam, one in two")
SAME = 1e-4  # of a score


@dataclass(frozen=True)
class Scored:
    """The tables of the page by name, as Markdown, and the figures of the last line."""

    tables: Mapping[str, str]
    figures: Mapping[str, Any]


def make_answers(curves: Sequence[Curve], told_at: Path, walks_at: Path, *, anew: bool = False) -> None:
    """Brings both tables of answers up to date with the curves, writing them after each curve.

    Answers of other runs, or of curves that are not there any more, are dropped.
    """
    forecasts, roads = ([], []) if anew else (read_answers(told_at, Told), read_answers(walks_at, Walked))
    held = {(curve.key, curve.pilot_digest) for curve in curves}, {(curve.key, curve.digest) for curve in curves}
    forecasts = [one for one in forecasts if (_curve_of(one), one.digest) in held[0]]
    roads = [one for one in roads if (_curve_of(one), one.digest) in held[1]]
    done = {(_curve_of(one), one.aim, one.value, one.price) for one in roads}
    began = time.process_time()
    ordered = in_turn(curves)
    known = {_curve_of(one) for one in forecasts}
    forecasts += [one for curve in ordered if curve.key not in known for one in told(curve)]
    write_rows(told_at, Told, forecasts)
    for curve in ordered:
        for road in scenarios(curve) if curve.walkable else ():
            if (curve.key, road[0], road[2], road[3]) not in done:
                roads.append(walked(curve, *road))
        write_rows(walks_at, Walked, roads)
        print(f"{', '.join(curve.key)}: {time.process_time() - began:.0f} CPU s", file=sys.stderr, flush=True)


def in_turn(curves: Sequence[Curve]) -> list[Curve]:
    """The curves, a task of each source in turn, so that answers that are cut short still hold every source."""
    names: dict[str, list[str]] = {}
    for curve in sorted(curves, key=lambda curve: (not list(scenarios(curve)), "," in curve.task, curve.task)):
        own = names.setdefault(curve.publisher, [""] if curve.learner == "floor" else [])
        if curve.task not in own:
            own.append(curve.task)
    return sorted(
        curves, key=lambda one: (names[one.publisher].index(one.task), LEARNERS.index(one.learner), one.publisher)
    )


def _curve_of(one: Told | Walked) -> tuple[str, str, str]:
    return one.task, one.learner, one.part


def score(curves: Sequence[Curve], forecasts: Sequence[Told], walks: Sequence[Walked]) -> Scored:
    """Every table of the page, and the figures of the last line."""
    by_key = {curve.key: curve for curve in curves}
    found, roads = pairs(forecasts, by_key), roads_of(walks, by_key)
    odds = chances(found)
    everything, roads = roads, [road for road in roads if road.game.curve.learner != "floor"]
    made = {
        "bands": bands(found), "brier": brier(odds), "reliability": reliability(odds), "needed": needed(found),
        "regret": regrets(roads), "confusions": confusions(roads), "endings": endings(roads), "money": money(roads),
        "races": races(found), "cleaning": cleaning(),
        "promises": promises(sources={curve.task: curve.publisher for curve in curves}),
    }  # fmt: skip
    tables: dict[str, str] = {name: str(table) for name, (table, _) in made.items() if table.rows}
    figures: dict[str, Any] = {name: figures for name, (_, figures) in made.items() if figures}
    figures["hopeless"] = hopeless(found)
    rival = best_rival(figures["regret"]) if roads else next(iter(RIVALS))
    figures["best_rival"], tables["tasks"] = rival, str(tasks(curves, lost_by_source(everything, rival)))
    figures["count"] = {
        "tasks": len({curve.task for curve in curves}), "sources": len({curve.publisher for curve in curves}),
        "curves": len(curves), "forecasts": len(found), "roads": len(roads),
        "sources_of_roads": len({road.source for road in roads}),
    }  # fmt: skip
    tables["answer"], tables["hopeless"] = answer(figures), not_achievable(figures["hopeless"])
    return Scored(tables, figures)


def quick(runs: Path) -> dict[str, Any]:
    """Makes the pilots and the truth of three tasks again, in a folder of their own, and holds them against the table.

    Returns: how many runs were made and are in the table, how many of those scored the same, and how far the rest lie.
    """
    with tempfile.TemporaryDirectory(prefix="roads-quick-") as folder:
        table = Path(folder) / "runs.csv"
        words = ["--tasks", *QUICK, "--learners", "probe", "--parts", *PILOTS, TRUTH]
        subprocess.run([*MEASURE, *words, "--table", str(table), "--store", folder], check=True)
        again = {_place(row): float(row["score"]) for row in read_rows(table)}
    held = {_place(row): float(row["score"]) for row in read_rows(runs)}
    both = [abs(score - held[place]) for place, score in again.items() if place in held]
    return {"made": len(again), "in_table": len(both), "same": sum(off < SAME for off in both),
            "farthest": round(max(both, default=0.0), 5)}  # fmt: skip


def _place(row: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(row[name] for name in ("task", "learner", "part", "n", "draw", "seed"))


def main() -> None:
    """Make what is asked, print the tables and one line of figures."""
    given = arguments()
    if given.measure:
        subprocess.run([*MEASURE, "--table", str(given.runs)], check=True)
    if given.quick:
        print(json.dumps({"quick": quick(given.runs)}))
        return
    curves = read_curves(given.runs)
    if given.answers or given.anew:
        make_answers(curves, given.told, given.walks, anew=given.anew)
    scored = score(curves, read_answers(given.told, Told), read_answers(given.walks, Walked))
    for name, table in scored.tables.items():
        print(f"\n{name}\n{table}")
    if given.write:
        PAGE.write_text(written(PAGE.read_text("utf-8"), scored.tables), encoding="utf-8")
    print(json.dumps(scored.figures))


def arguments() -> argparse.Namespace:
    """What was asked on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=RUNS, help="the table of runs")
    parser.add_argument("--told", type=Path, default=TOLD, help="the table of forecasts")
    parser.add_argument("--walks", type=Path, default=WALKS, help="the table of roads")
    parser.add_argument("--answers", action="store_true", help="make the answers that are missing")
    parser.add_argument("--anew", action="store_true", help="make all answers again")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/track-record.md")
    parser.add_argument("--measure", action="store_true", help="make the runs that are missing")
    parser.add_argument("--quick", action="store_true", help="make the runs of three tasks again")
    return parser.parse_args()


if __name__ == "__main__":
    main()
