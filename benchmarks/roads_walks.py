"""Walks the product on every road whose score is shown on one half of the test items and true on the other.

    python benchmarks/roads_walks.py [--part I/N] [--some K] [--misses M ...] [--minutes N] [--anew] [--sealed]

Each road of `roads_policies.games` is walked by the product as it is (`roads_answers.Road`) at each price of a miss;
`roads_policies.py` scores the walks. Rows of `roads_halves_walks.csv` that this code made are kept, so that a walk that
was cut short goes on; two processes share the work by --part 1/2 and --part 2/2. --some walks every K-th road.
"""

import argparse
import fcntl
import math
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import roads_slopes
from roads_answers import Ask, Road, points_of
from roads_code import mark
from roads_curves import CLASSES, Curve, Run, read_answers, write_rows
from roads_policies import METRICS, MISSES, SEALED_WALKS, WALKS, Game, Walk, games

CPU_S = 0.1  # of a run, which hardly moves a bill


@dataclass(frozen=True, eq=False)
class Halved(Curve):
    """A curve whose later runs show their scores on half A of the items; its truth is half B."""

    seen: Curve

    def draws(self, n: int) -> tuple[float, ...]:
        """What the runs near that size show."""
        return self.seen.draws(n)


def halved(curve: roads_slopes.Curve) -> Halved:
    """A curve of `roads_halves.csv` as roads are walked on it."""

    def runs(half: int) -> tuple[Run, ...]:
        draws = ((n, number, pair[half]) for n, pairs in curve.later.items() for number, pair in enumerate(pairs))
        return tuple(Run(*draw, curve.items, CPU_S) for draw in draws)

    pilot = tuple(Run(n, number, score, curve.items, CPU_S) for number, (n, score) in enumerate(curve.pilot))
    about = (curve.task, curve.source, CLASSES, METRICS[curve.task], curve.learner, curve.part, curve.rows, pilot)
    return Halved(*about, runs(1), Curve(*about, runs(0)))


def walk(game: Game, curve: Halved, code: str) -> Walk:
    """The product's road, to its end."""
    ask = Ask(curve, game.target, game.value, game.price, curve.held, points_of(curve), miss=game.miss)
    road = Road(curve, ask)
    first = road.walk()
    return Walk(*game.key, code, first.advice, " ".join(road.steps), road.ask.rows, road.shipped, round(road.spent, 2))


def chosen(
    misses: Sequence[float | None], part: int = 1, parts: int = 1, every: int = 1, halves: Path = roads_slopes.HALVES
) -> Iterator[list[Game]]:
    """The roads of each curve in turn, those of one target together: one part of so many, and every so manieth road."""
    of_curve = groupby(games(roads_slopes.read_curves(halves), misses), key=attrgetter("curve"))
    for number, (_, some) in enumerate(of_curve):
        kept = [game for game in some if random.Random(repr(game.key[:-1])).random() * every < 1]
        if number % parts == part - 1 and kept:
            yield sorted(kept, key=attrgetter("target"))


def keep(walks: Sequence[Walk], table: Path) -> None:
    """Puts walks into a table, in the place of older ones of the same roads."""
    with table.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        held = {one.key: one for one in (*read_answers(table, Walk), *walks)}
        write_rows(table, Walk, list(held.values()))


def main() -> None:
    """Walks what is asked, and says how long it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", default="1/1", help="which part of how many, such as 1/2")
    parser.add_argument("--some", type=int, default=1, help="every K-th road")
    parser.add_argument("--misses", nargs="+", default=[*MISSES, None], type=_miss, help="prices, or linear")
    parser.add_argument("--minutes", type=float, default=math.inf, help="no further curve after so many")
    parser.add_argument("--anew", action="store_true", help="also those that this code has walked")
    parser.add_argument("--sealed", action="store_true", help="the sources that nothing was fitted to")
    asked = parser.parse_args()
    table, halves = (SEALED_WALKS, roads_slopes.SEALED) if asked.sealed else (WALKS, roads_slopes.HALVES)
    code, (part, parts) = mark(), map(int, asked.part.split("/"))
    done = {one.key for one in read_answers(table, Walk) if one.code == code and not asked.anew}
    began, count = time.monotonic(), 0
    for some in chosen(asked.misses, part, parts, asked.some, halves):
        if time.monotonic() - began > 60 * asked.minutes:
            break
        curve = halved(some[0].curve)
        made = [walk(game, curve, code) for game in some if game.key not in done]
        keep(made, table)
        count += len(made)
        spent = f"{time.monotonic() - began:.0f} s, {time.process_time():.0f} CPU s"
        print(f"{', '.join(curve.key)}: {count} roads, {spent}", file=sys.stderr, flush=True)


def _miss(word: str) -> float | None:
    return None if word == "linear" else float(word)


if __name__ == "__main__":
    main()
