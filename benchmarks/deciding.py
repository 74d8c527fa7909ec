"""Plays policies of buying labels on measured learning curves, beside an oracle that knows every curve.

    python benchmarks/deciding.py [--curves FILE] [--episodes A B] [--seeds A B] [--noisy N] [--quick]

World A: five models of one task race on shared labels. World B: one metric curve. With --noisy N, also N episodes of
world C: B with tests of 200 items, the pilot's too. Regret is (oracle - utility) / V; "worth doing" is oracle > 0.
FILE has the columns curve_id, source, domain, task, model, metric, direction, n_train, score, seed; the collected
table when left out, the shipped library where that is absent. Our policy learns nothing from the source (of losses: the
task) of the curves that it plays on. The last line is one JSON object; progress goes to stderr.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

from deciding_policies import RIVALS  # noqa: E402
from deciding_race import Worlds, ours  # noqa: E402
from deciding_worlds import Episode, Policy, play, world_a, world_b, world_c  # noqa: E402
from forecasting import Curve, read_curves, shipped_curves  # noqa: E402

SHARED = ROOT / ".." / "shared" / "data" / "learning_curves.csv"
EPISODES, QUICK = (360, 600), (40, 60)
SEEDS = (72, 72)  # of 80, the one whose episodes give the rivals most nearly their published regret
NOISY_SEED = 0
RESAMPLES = 2_000
PUBLISHED = {  # on the collected table: regret, utility / oracle, wasted / V, by the same rules
    "world_a": {
        "shape_atoms": (0.048, 0.93, 0.013), "shape_atoms_one_arm": (0.079, 0.83, 0.010),
        "loc_opt_all_arms": (0.123, 0.64, 0.001), "loc_opt": (0.146, 0.56, 0.002), "point": (0.110, 0.68, 0.001),
        "mahmood": (0.215, 0.51, 0.077), "always": (0.427, 0.72, 0.648), "fixed": (0.466, 0.34, 0.460),
    },
    "world_b": {
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

    def figures(self) -> dict[str, float | None]:
        """Mean regret; utility / oracle and hit rate where worth doing; spent / V where not."""
        worth = self.oracle > 0
        share = self.utility[worth].sum() / self.oracle[worth].sum() if worth.any() else np.nan
        found = {
            "regret": self.regret.mean(),
            "utility_share": share,
            "wasted": self.spent[~worth].mean() if (~worth).any() else np.nan,
            "hits": self.hit[worth].mean() if worth.any() else np.nan,
        }
        return {name: round(float(value), 4) if np.isfinite(value) else None for name, value in found.items()}


def play_all(episodes: Sequence[Episode], policy: Policy) -> Played:
    """Every episode played by one policy."""
    outcomes = [play(episode, policy) for episode in episodes]
    value, oracle = (np.array(x) for x in zip(*((e.problem.value, e.oracle) for e in episodes), strict=True))
    utility, spent = (np.array(x) for x in zip(*((o.utility, o.spent) for o in outcomes), strict=True))
    hit, lucky = (np.array(x) for x in zip(*((o.hit, o.false_pass) for o in outcomes), strict=True))
    return Played((oracle - utility) / value, utility, oracle, spent / value, hit, lucky)


def paired_gap(theirs: Played, our: Played, seed: int = 0) -> tuple[float, float, float]:
    """(low, middle, high) of the mean regret they have more than we, 95% by bootstrap over episodes."""
    gap = theirs.regret - our.regret
    drawn = np.random.default_rng(seed).integers(len(gap), size=(RESAMPLES, len(gap)))
    low, high = np.quantile(gap[drawn].mean(axis=1), (0.025, 0.975))
    return round(float(low), 4), round(float(gap.mean()), 4), round(float(high), 4)


def policies() -> dict[str, Policy]:
    """Ours first, then the rivals; ours twice more, with one model and with costs at their plain weight."""
    drawn = Worlds()
    return {
        "ours": ours(drawn=drawn),
        "ours_one_arm": ours(one_arm=True, drawn=drawn),
        "ours_plain_costs": ours(caution=1.0, margin=0.0, drawn=drawn),
        **RIVALS,
    }


def judge(
    world: str,
    episodes: Sequence[Episode],
    played_by: Mapping[str, Policy],
    published: Mapping[str, tuple[float, float, float]],
) -> dict[str, object] | None:
    """The figures of one world, printed as a table beside what was published; None without episodes."""
    if not episodes:
        return None
    played = {}
    for name, policy in played_by.items():
        began = time.monotonic()
        played[name] = play_all(episodes, policy)
        print(f"{world} {name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    gaps = {name: paired_gap(one, played["ours"]) for name, one in played.items() if name != "ours"}
    worth = float(np.mean(played["ours"].oracle > 0))
    print(f"\n{world}: {len(episodes)} episodes, worth doing {worth:.2f}")
    beside = "off the published" if published else ""
    print(f"{'policy':<21}regret utility wasted   hits  regret above ours (95%)   {beside}")
    for name, one in played.items():
        cells = [np.nan if value is None else value for value in one.figures().values()]
        gap = "{1:+.3f} [{0:+.3f}, {2:+.3f}]".format(*gaps[name]) if name in gaps else ""
        off = [cell - told for cell, told in zip(cells, published.get(name, ()), strict=False)]
        print(f"{name:<21}" + " ".join(f"{cell:6.3f}" for cell in cells) + f"  {gap:<26}", *(f"{x:+.3f}" for x in off))
    if any(one.false_pass.any() for one in played.values()):
        print("false passes: " + ", ".join(f"{name} {one.false_pass.mean():.3f}" for name, one in played.items()))
    found: dict[str, object] = {name: one.figures() for name, one in played.items()}
    return found | {"paired_gap": {name: list(gap) for name, gap in gaps.items()}, "worth_doing": round(worth, 4)}


def run_on(
    curves: Sequence[Curve],
    episodes: tuple[int, int] = EPISODES,
    seeds: tuple[int, int] = SEEDS,
    noisy: int = 0,
    collected: bool = False,
) -> dict[str, object]:
    """The figures of every world that the curves allow; `collected` where they are those of the published figures."""
    published = PUBLISHED if collected else {}
    played_by = policies()
    worlds: dict[str, Callable[[], list[Episode]]] = {
        "world_a": lambda: world_a(curves, episodes[0], seeds[0]),
        "world_b": lambda: world_b(curves, episodes[1], seeds[1]),
    }
    if noisy:
        worlds["world_c"] = lambda: world_c(curves, noisy, NOISY_SEED)
    return {name: judge(name, made(), played_by, published.get(name, {})) for name, made in worlds.items()}


def main() -> None:
    """Print the tables and one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--curves", type=Path, help="play on these curves")
    parser.add_argument("--episodes", type=int, nargs=2, metavar=("A", "B"), help="of world A and of world B")
    parser.add_argument("--seeds", type=int, nargs=2, metavar=("A", "B"), default=SEEDS, help="of the episodes")
    parser.add_argument("--noisy", type=int, default=0, metavar="N", help="also so many episodes of world C")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK[0]} and {QUICK[1]} episodes")
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
