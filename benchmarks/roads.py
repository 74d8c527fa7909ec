"""The whole road backtested: what the product told from small pilots, held against what was measured at full size.

    python benchmarks/roads.py [--answers] [--anew] [--runs FILE] [--write] [--quick] [--measure]

Scores the answers in `roads_told.csv` and `roads_walks.csv` against the runs in `roads_runs.csv`, in seconds, and says
by which code they were made. --answers makes those of other runs or of other code again by the code as it is, and what
is missing; --anew makes all again (some 6 minutes of a core; what is ready is kept when it is cut short).
--write puts the tables into docs/track-record.md. --measure makes runs that are missing (hours), --quick makes those
of three tasks again and holds them against the table (minutes), exit 1 where one differs or none could be made; both
need ../shared/data/text. The last line is one JSON object.
"""

import argparse
import json
import math
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

from roads_answers import scenarios, told, walked  # noqa: E402
from roads_code import made_by, mark  # noqa: E402
from roads_curves import (  # noqa: E402
    PILOTS,
    RUNS,
    TOLD,
    TRUTH,
    WALKS,
    Curve,
    Told,
    Walked,
    read_answers,
    read_curves,
    read_rows,
    write_rows,
)
from roads_money import (  # noqa: E402
    best_rival,
    cleaning,
    confusions,
    endings,
    lost_by_source,
    money,
    promises,
    races,
    reasons,
    regrets,
    roads_of,
)
from roads_page import answer, counts, not_achievable, tasks, written, wrong  # noqa: E402
from roads_rivals import RIVALS  # noqa: E402
from roads_score import LEARNERS, bands, brier, chances, hopeless, needed, pairs, reliability  # noqa: E402
from roads_tasks import QUICK  # noqa: E402
from roads_widths import widths  # noqa: E402

PAGE = ROOT / "docs" / "track-record.md"
MEASURE = [sys.executable, str(Path(__file__).with_name("roads_measure.py"))]
SAME = 1e-4  # of a score


@dataclass(frozen=True)
class Scored:
    """The tables of the page by name, as Markdown, and the figures of the last line."""

    tables: Mapping[str, str]
    figures: Mapping[str, Any]


def make_answers(
    curves: Sequence[Curve], told_at: Path, walks_at: Path, *, anew: bool = False, minutes: float = math.inf
) -> None:
    """Brings both tables of answers up to date with the curves, writing them after each curve, for so many minutes.

    Answers of other runs, of other code, or of curves that are not there any more, are dropped.
    """
    code = mark()
    forecasts, roads = ([], []) if anew else (read_answers(told_at, Told), read_answers(walks_at, Walked))
    held = {(curve.key, curve.pilot_digest) for curve in curves}, {(curve.key, curve.digest) for curve in curves}
    forecasts = [one for one in forecasts if one.code == code and (_curve_of(one), one.digest) in held[0]]
    roads = [one for one in roads if one.code == code and (_curve_of(one), one.digest) in held[1]]
    done = {(_curve_of(one), one.aim, one.value, one.price) for one in roads}
    began, until = time.process_time(), time.monotonic() + 60 * minutes
    ordered = in_turn(curves)
    known = {_curve_of(one) for one in forecasts}
    forecasts += [one for curve in ordered if curve.key not in known for one in told(curve, code)]
    write_rows(told_at, Told, forecasts)
    for curve in ordered:
        if time.monotonic() > until:
            break
        for road in scenarios(curve) if curve.walkable else ():
            if (curve.key, road[0], road[2], road[3]) not in done:
                roads.append(walked(curve, code, *road))
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
    odds, walked_keys = chances(found), {_curve_of(road.walk) for road in roads}
    everything, roads = roads, [road for road in roads if road.game.curve.learner != "floor"]
    regret = regrets(roads)
    rival = best_rival(regret[1]) if roads else next(iter(RIVALS))
    made = {
        "bands": bands(found), "widths": widths(found), "brier": brier(odds), "reliability": reliability(odds),
        "needed": needed(found), "regret": regret, "confusions": confusions(roads), "endings": endings(roads, rival),
        "money": money(roads), "races": races(found), "cleaning": cleaning(),
        "promises": promises(sources={curve.task: curve.publisher for curve in curves}),
    }  # fmt: skip
    tables: dict[str, str] = {name: str(table) for name, (table, _) in made.items() if table.rows}
    figures: dict[str, Any] = {name: figures for name, (_, figures) in made.items() if figures}
    figures["hopeless"] = hopeless(found)
    figures["best_rival"], tables["tasks"] = rival, str(tasks(curves, lost_by_source(everything, rival)))
    figures["count"] = {
        "tasks": len({curve.task for curve in curves}), "sources": len({curve.publisher for curve in curves}),
        "curves": len(curves), "forecasts": len(found), "roads": len(roads),
        "sources_of_roads": len({road.source for road in roads}),
    }  # fmt: skip
    tables["answer"], tables["hopeless"] = answer(figures), not_achievable(figures["hopeless"])
    tables["counts"], figures["reasons"] = counts(curves, walked_keys), reasons(roads)
    tables["wrong"] = wrong(figures["reasons"])
    return Scored(tables, figures)


def quick(runs: Path) -> dict[str, Any]:
    """Makes the pilots and the truth of three tasks again, in a folder of their own, and holds them against the table.

    Returns: as `compared` does.
    """
    with tempfile.TemporaryDirectory(prefix="roads-quick-") as folder:
        table = Path(folder) / "runs.csv"
        words = ["--tasks", *QUICK, "--learners", "probe", "--parts", *PILOTS, TRUTH]
        subprocess.run([*MEASURE, *words, "--table", str(table), "--store", folder], check=True)
        again = {_place(row): float(row["score"]) for row in read_rows(table)}
    held = {_place(row): float(row["score"]) for row in read_rows(runs)}
    return compared(again, held)


def compared(again: Mapping[tuple[str, ...], float], held: Mapping[tuple[str, ...], float]) -> dict[str, Any]:
    """How many runs were made, how many of them the table holds and with the same score, how far the farthest lies."""
    both = [abs(score - held[place]) for place, score in again.items() if place in held]
    same = sum(off < SAME for off in both)
    return {"made": len(again), "in_table": len(both), "same": same,
            "farthest": round(max(both, default=0.0), 5), "passed": 0 < len(again) == same}  # fmt: skip


def _place(row: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(row[name] for name in ("task", "learner", "part", "n", "draw", "seed"))


def main() -> int:
    """Make what is asked, print the tables and one line of figures; 1 where a quick check failed."""
    given = arguments()
    if given.measure:
        subprocess.run([*MEASURE, "--table", str(given.runs)], check=True)
    if given.quick:
        found = quick(given.runs)
        print(json.dumps({"quick": found}))
        return 0 if found["passed"] else 1
    curves = read_curves(given.runs)
    if given.answers or given.anew:
        make_answers(curves, given.told, given.walks, anew=given.anew, minutes=given.minutes)
    forecasts, walks = read_answers(given.told, Told), read_answers(given.walks, Walked)
    scored = score(curves, forecasts, walks)
    tables = {**scored.tables, "code": made_by([*forecasts, *walks], mark())}
    for name, table in tables.items():
        print(f"\n{name}\n{table}")
    if given.write:
        PAGE.write_text(written(PAGE.read_text("utf-8"), tables), encoding="utf-8")
    print(json.dumps(scored.figures))
    return 0


def arguments() -> argparse.Namespace:
    """What was asked on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=RUNS, help="the table of runs")
    parser.add_argument("--told", type=Path, default=TOLD, help="the table of forecasts")
    parser.add_argument("--walks", type=Path, default=WALKS, help="the table of roads")
    parser.add_argument("--answers", action="store_true", help="make the answers that are missing or of other code")
    parser.add_argument("--anew", action="store_true", help="make all answers again")
    parser.add_argument("--minutes", type=float, default=math.inf, help="no road of a further curve after so many")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/track-record.md")
    parser.add_argument("--measure", action="store_true", help="make the runs that are missing")
    parser.add_argument("--quick", action="store_true", help="make the runs of three tasks again")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
