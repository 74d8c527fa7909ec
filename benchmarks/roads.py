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
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

from roads_answers import (  # noqa: E402
    TOLD,
    WALKS,
    Told,
    Walked,
    read_answers,
    scenarios,
    told,
    walked,
    write_rows,
)
from roads_curves import RUNS, Curve, read_curves  # noqa: E402


def make_answers(curves: Sequence[Curve], told_at: Path, walks_at: Path, *, anew: bool = False) -> None:
    """Brings both tables of answers up to date with the curves, writing them after each curve.

    Answers of other runs, or of curves that are not there any more, are dropped.
    """
    forecasts, roads = ([], []) if anew else (read_answers(told_at, Told), read_answers(walks_at, Walked))
    held = {(curve.key, curve.pilot_digest) for curve in curves}, {(curve.key, curve.digest) for curve in curves}
    forecasts = [one for one in forecasts if ((one.task, one.learner, one.part), one.digest) in held[0]]
    roads = [one for one in roads if ((one.task, one.learner, one.part), one.digest) in held[1]]
    done = {((one.task, one.learner, one.part), one.aim, one.value, one.price) for one in roads}
    began = time.process_time()
    for curve in sorted(curves, key=lambda curve: ("," in curve.task, curve.learner != "probe")):
        if curve.key not in {(one.task, one.learner, one.part) for one in forecasts}:
            forecasts += told(curve)
        for road in scenarios(curve) if curve.walkable else ():
            if (curve.key, road[0], road[2], road[3]) not in done:
                roads.append(walked(curve, *road))
        write_rows(told_at, Told, forecasts)
        write_rows(walks_at, Walked, roads)
        print(f"{', '.join(curve.key)}: {time.process_time() - began:.0f} CPU s", file=sys.stderr, flush=True)


def main() -> None:
    """Make what is asked, print the tables and one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=RUNS, help="the table of runs")
    parser.add_argument("--told", type=Path, default=TOLD, help="the table of forecasts")
    parser.add_argument("--walks", type=Path, default=WALKS, help="the table of roads")
    parser.add_argument("--answers", action="store_true", help="make the answers that are missing")
    parser.add_argument("--anew", action="store_true", help="make all answers again")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/track-record.md")
    parser.add_argument("--measure", action="store_true", help="make the runs that are missing")
    parser.add_argument("--quick", action="store_true", help="make the runs of three tasks again")
    given = parser.parse_args()
    if given.measure or given.quick:
        words = ["--quick"] if given.quick else []
        subprocess.run([sys.executable, str(Path(__file__).with_name("roads_measure.py")), *words], check=True)
    curves = read_curves(given.runs)
    if given.answers or given.anew:
        make_answers(curves, given.told, given.walks, anew=given.anew)


if __name__ == "__main__":
    main()
