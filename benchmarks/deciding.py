"""Plays policies of buying labels on measured learning curves, beside an oracle that knows every curve.

    python benchmarks/deciding.py [--curves FILE] [--episodes A B THREE] [--seeds A B THREE] [--noisy N] [--quick]

World A: five models of one task race on shared labels. World B: one metric curve, of every source that has one long
enough; `world_b_three` draws from the three sources of the published figures alone. With --noisy N, also N episodes of
world C: these three with tests of 200 items, the pilot's too. Regret is (oracle - utility) / V; "worth doing" is
oracle > 0. Each figure is also told source by source (of losses: task by task), and its errors are by curve, for
episodes of one curve are not independent: see `deciding_errors.py`.
FILE has the columns curve_id, source, domain, task, model, metric, direction, n_train, score, seed; the collected
table when left out, the shipped library where that is absent. Our policy learns nothing from the source (of losses: the
task) of the curves that it plays on. The last line is one JSON object; progress goes to stderr.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

from deciding_errors import estimate, rounded  # noqa: E402
from deciding_policies import RIVALS  # noqa: E402
from deciding_race import Worlds, ours  # noqa: E402
from deciding_worlds import THREE_SOURCES, Episode, Policy, play, world_a, world_b, world_c  # noqa: E402
from forecasting import Curve, read_curves, shipped_curves  # noqa: E402

SHARED = ROOT / ".." / "shared" / "data" / "learning_curves.csv"
EPISODES, QUICK = (360, 4_000, 600), (40, 100, 60)  # of world A, of world B, of the three sources alone
SEEDS = (72, 0, 72)  # 72: of 80, the one whose episodes give the rivals most nearly their published regret
NOISY_SEED = 0
FIGURES = ("regret", "utility_share", "wasted", "hits")
PUBLISHED = {  # on the collected table: regret, utility / oracle, wasted / V, by the same rules
    "world_a": {
        "shape_atoms": (0.048, 0.93, 0.013), "shape_atoms_one_arm": (0.079, 0.83, 0.010),
        "loc_opt_all_arms": (0.123, 0.64, 0.001), "loc_opt": (0.146, 0.56, 0.002), "point": (0.110, 0.68, 0.001),
        "mahmood": (0.215, 0.51, 0.077), "always": (0.427, 0.72, 0.648), "fixed": (0.466, 0.34, 0.460),
    },
    "world_b_three": {
        "shape_atoms": (0.122, 0.97, 0.044), "shape_atoms_one_arm": (0.122, 0.97, 0.047),
        "loc_opt_all_arms": (0.176, 0.81, 0.027), "loc_opt": (0.175, 0.93, 0.028), "point": (0.197, 0.94, 0.026),
        "mahmood": (0.224, 0.94, 0.210), "always": (0.274, 0.99, 0.481), "fixed": (0.649, 0.92, 0.869),
    },
}  # fmt: skip


@dataclass(frozen=True)
class Played:
    """What a policy came to over all episodes of a world, each array (episodes,), money as a share of V."""

    regret: np.ndarray
    utility: np.ndarray  # in money
    oracle: np.ndarray  # in money
    spent: np.ndarray
    hit: np.ndarray
    false_pass: np.ndarray

    def of(self, chosen: np.ndarray) -> "Played":
        """The same on some of the episodes."""
        return Played(**{name: values[chosen] for name, values in vars(self).items()})

    def figures(self) -> dict[str, float | None]:
        """Mean regret; utility / oracle and hit rate where worth doing; spent / V where not.

        Utility and oracle are summed as money, so where sources are mixed the one with the largest V is nearly all.
        """
        worth = self.oracle > 0
        found = {
            "regret": self.regret.mean(),
            "utility_share": self.utility[worth].sum() / self.oracle[worth].sum() if worth.any() else math.nan,
            "wasted": self.spent[~worth].mean() if (~worth).any() else math.nan,
            "hits": self.hit[worth].mean() if worth.any() else math.nan,
        }
        return {name: rounded(float(value)) for name, value in found.items()}


def play_all(episodes: Sequence[Episode], policy: Policy) -> Played:
    """Every episode played by one policy."""
    outcomes = [play(episode, policy) for episode in episodes]
    value, oracle = (np.array(x) for x in zip(*((e.problem.value, e.oracle) for e in episodes), strict=True))
    utility, spent = (np.array(x) for x in zip(*((o.utility, o.spent) for o in outcomes), strict=True))
    hit, lucky = (np.array(x) for x in zip(*((o.hit, o.false_pass) for o in outcomes), strict=True))
    return Played((oracle - utility) / value, utility, oracle, spent / value, hit, lucky)


def policies() -> dict[str, Policy]:
    """Ours first, then the rivals; ours twice more, with one model and buying no more than the next size at once."""
    drawn = Worlds()
    return {
        "ours": ours(drawn=drawn),
        "ours_one_arm": ours(one_arm=True, drawn=drawn),
        "ours_in_parts": ours(in_parts=True, drawn=drawn),
        **RIVALS,
    }


def summary(played: Mapping[str, Played], curves: Sequence[tuple[str, ...]], sources: Sequence[str]) -> dict[str, Any]:
    """The figures of every policy, its regret and its gap to ours with their errors; the curves of each episode."""
    our, estimates = played["ours"].regret, {}
    for name, one in played.items():
        estimates[name] = estimate(one.regret, curves, sources), estimate(one.regret - our, curves, sources)
    return {
        "curves": len({name for some in curves for name in some}),
        "episodes": len(curves),
        "worth_doing": rounded(float(np.mean(played["ours"].oracle > 0))),
        "policies": {
            name: one.figures() | {"regret_errors": estimates[name][0].figures()} for name, one in played.items()
        },
        "paired_gap": {name: gap.figures() for name, (_, gap) in estimates.items() if name != "ours"},
    }


def judge(
    world: str,
    episodes: Sequence[Episode],
    played_by: Mapping[str, Policy],
    published: Mapping[str, tuple[float, float, float]],
) -> dict[str, Any] | None:
    """The figures of one world and of each of its sources, printed as tables; None without episodes."""
    if not episodes:
        return None
    played = {}
    for name, policy in played_by.items():
        began = time.monotonic()
        played[name] = play_all(episodes, policy)
        print(f"{world} {name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    curves, sources = [one.curves for one in episodes], [one.source for one in episodes]
    found = summary(played, curves, sources)
    show(world, found, published)
    if any(one.false_pass.any() for one in played.values()):
        print("false passes: " + ", ".join(f"{name} {one.false_pass.mean():.3f}" for name, one in played.items()))
    found["by_source"] = {}
    for source in sorted(set(sources)):
        chosen = np.flatnonzero(np.array(sources) == source)
        some = {name: one.of(chosen) for name, one in played.items()}
        found["by_source"][source] = summary(some, [curves[i] for i in chosen], [source] * len(chosen))
    show_sources(found["by_source"])
    return found


def show(world: str, found: Mapping[str, Any], published: Mapping[str, tuple[float, float, float]]) -> None:
    """Prints one row for each policy, beside what was published."""
    print(
        f"\n{world}: {found['episodes']} episodes on {found['curves']} curves, worth doing {found['worth_doing']:.2f}\n"
        f"{'policy':<21}regret (standard error by curve, by episode) utility wasted   hits  regret above ours (95%)"
        + ("  off the published" if published else "")
    )
    for name, one in found["policies"].items():
        cells = [math.nan if one[key] is None else one[key] for key in FIGURES]
        off = [cell - told for cell, told in zip(cells, published.get(name, ()), strict=False)]
        print(
            f"{name:<21}{_number(one['regret'])} {_errors(one['regret_errors']):<38}",
            *(_number(cell) for cell in cells[1:]),
            f" {_interval(found['paired_gap'].get(name)):<26}",
            *(f"{x:+.3f}" for x in off),
        )


def show_sources(by_source: Mapping[str, Mapping[str, Any]]) -> None:
    """Prints one row for each source: ours, and the rival that loses least there."""
    print(
        f"{'source':<10}curves episodes worth | ours: regret (errors) utility wasted hits | best rival above ours (95%)"
    )
    for source, found in by_source.items():
        our = found["policies"]["ours"]
        rival = min(RIVALS, key=lambda name: found["policies"][name]["regret"])
        print(
            f"{source:<10}{found['curves']:>6}{found['episodes']:>9}{found['worth_doing']:>6.2f} | {our['regret']:.3f}",
            _errors(our["regret_errors"]),
            *(_number(our[key]) for key in FIGURES[1:]),
            f"| {rival} {_interval(found['paired_gap'][rival])}",
        )


def _number(value: float | None, form: str = "6.3f") -> str:
    return format(math.nan if value is None else value, form)


def _errors(of: Mapping[str, float | None]) -> str:
    return f"({_number(of['error_by_curve'], '.3f')}, {_number(of['error_by_episode'], '.3f')})"


def _interval(of: Mapping[str, float | None] | None) -> str:
    return "" if of is None else "{} [{}, {}]".format(*(_number(of[key], "+.3f") for key in ("mean", "low", "high")))


def run_on(
    curves: Sequence[Curve],
    episodes: tuple[int, int, int] = EPISODES,
    seeds: tuple[int, int, int] = SEEDS,
    noisy: int = 0,
    collected: bool = False,
) -> dict[str, Any]:
    """The figures of every world that the curves allow; `collected` where they are those of the published figures."""
    published = PUBLISHED if collected else {}
    played_by = policies()
    worlds: dict[str, Callable[[], list[Episode]]] = {
        "world_a": lambda: world_a(curves, episodes[0], seeds[0]),
        "world_b": lambda: world_b(curves, episodes[1], seeds[1]),
        "world_b_three": lambda: world_b(curves, episodes[2], seeds[2], only=THREE_SOURCES),
    }
    if noisy:
        worlds["world_c"] = lambda: world_c(curves, noisy, NOISY_SEED)
    return {name: judge(name, made(), played_by, published.get(name, {})) for name, made in worlds.items()}


def main() -> None:
    """Print the tables and one line of figures."""
    parser, names = argparse.ArgumentParser(description=__doc__.splitlines()[0]), ("A", "B", "THREE")
    parser.add_argument("--curves", type=Path, help="play on these curves")
    parser.add_argument("--episodes", type=int, nargs=3, metavar=names, help="of worlds A, B, B of three sources")
    parser.add_argument("--seeds", type=int, nargs=3, metavar=names, default=SEEDS, help="of the episodes")
    parser.add_argument("--noisy", type=int, default=0, metavar="N", help="also so many episodes of world C")
    parser.add_argument("--quick", action="store_true", help="{}, {} and {} episodes".format(*QUICK))
    given = parser.parse_args()
    if given.curves and not given.curves.exists():
        print(f"skipped: {given.curves} not found")
        return
    path = given.curves or (SHARED if SHARED.exists() else None)
    curves = read_curves(path) if path else shipped_curves()
    episodes = tuple(given.episodes) if given.episodes else QUICK if given.quick else EPISODES
    print(json.dumps(run_on(curves, episodes, tuple(given.seeds), given.noisy, collected=given.curves is None)))


if __name__ == "__main__":
    main()
