"""When a plan ships, when it stops after its first test, and what follows that test."""

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from tunecase.plan.drawn import Drawn
from tunecase.plan.rounds import Node, passing_count, smooth
from tunecase.plan.solved import Solved
from tunecase.quantities import BATCHES, Sampled, batch_edges, sampled
from tunecase.records import Limits, Outcome

if TYPE_CHECKING:
    from tunecase.quantities import Draws, Flags, Indices

BINS = 64  # of what the first test shows
SELDOM = 0.01  # a size that fewer worlds go to is not called the end of the plan
LEARNT = 4.0  # by how much shares vary more between seeds than between batches: a policy is learnt anew each time
OFTEN = 0.25  # of the worlds that go on: a step that so many take is named


def limits_of(drawn: Drawn) -> Limits | None:
    """The scores at which the plan ships and stops after its first test, and the most rows that it goes to."""
    import numpy as np

    solved, walked = drawn.solved, drawn.walked
    if solved is None or walked.at is None or walked.walk.ended_at is None:
        return None
    state, board = solved.state, solved.board
    rows = state.test_rows
    ship_at = None if rows is None else passing_count(1 - state.error_target, rows) / rows
    sizes = np.array([size for size, _ in board.places])[walked.walk.ended_at]
    shares = np.bincount(sizes, minlength=len(board.sizes)) / len(sizes)
    most = int(np.flatnonzero(shares >= SELDOM).max(initial=0))
    return Limits(ship_at, _stop_at(solved, _first_node(drawn)), board.sizes[most])


def outcomes(drawn: Drawn, shown: "Flags") -> tuple[Outcome, ...]:
    """What follows the first test, in shares that sum to 1.

    Args:
        drawn: the plan, whose first step is on the board; else there is no first test, and nothing follows.
        shown: where the target ends up shown within the budget, shape (draws,).
    """
    solved, walked = drawn.solved, drawn.walked
    if solved is None or walked.at is None:
        return ()
    node = solved.board.nodes[0].steps[walked.at].to
    place, taken = solved.board.nodes[node], solved.policy.taken[node]
    able = _able(place, taken)
    ships = solved.board.ships[node]
    done, settled = solved.board.passed[node] & ships, solved.board.settled[node] & ships
    named = {"ship": done, "settle": settled & ~able & ~done, "go on": able & ~done}
    named["stop"] = ~(named["ship"] | named["settle"] | named["go on"])
    steps = tuple(
        step.name
        for number, step in enumerate(place.steps)
        if (able & (taken == number)).mean() >= OFTEN * able.mean() > 0
    )
    return tuple(
        Outcome(name, _share(worlds), _reaching(worlds, shown), steps if name == "go on" else ())  # type: ignore[arg-type]
        for name, worlds in named.items()
        if worlds.any()
    )


def _share(worlds: "Flags") -> Sampled:
    return sampled(worlds.astype(float), _mean, LEARNT)


def _able(place: Node, taken: "Indices") -> "Flags":
    """The worlds that take a step which they can pay for, shape (draws,)."""
    import numpy as np

    able = np.zeros(len(taken), dtype=bool)
    for number, step in enumerate(place.steps):
        able |= (taken == number) & np.isfinite(step.cost)
    return able


def _first_node(drawn: Drawn) -> int:
    assert drawn.solved is not None
    assert drawn.walked.at is not None
    return drawn.solved.board.nodes[0].steps[drawn.walked.at].to


def _reaching(worlds: "Flags", shown: "Flags") -> Sampled:
    return sampled(shown[worlds].astype(float), _mean, LEARNT / 2)


def _mean(values: "Draws") -> float:
    return float(values.mean()) if len(values) else 0.0


def _stop_at(solved: Solved, node: int) -> Sampled | None:
    """The score below which going on is worth less than ending, after the first test; None where it never is.

    The gain of every step over ending is averaged over worlds that show alike and regressed on their rank, as the
    policy does; where the best step's crosses zero last is the threshold. Its error is that of leaving out one batch of
    worlds after the other.
    """
    import numpy as np

    place = solved.board.nodes[node]
    if place.shown is None or not place.steps:
        return None
    # Without a noisy test what is shown is the error: it is turned round, so that more is better in both cases.
    side = -1.0 if solved.state.test_rows is None else 1.0
    gains = np.array([solved.policy.after(step, node) - place.ends for step in place.steps])
    open_worlds = np.flatnonzero(~solved.board.passed[node])
    at = _crossing(side * place.shown, gains, open_worlds)
    # A crossing beyond what any world shows stops none of them.
    if at is None or (side * place.shown[open_worlds] < at).mean() < SELDOM:
        return None
    edges = batch_edges(len(place.ends))
    parts = [open_worlds[(open_worlds < low) | (open_worlds >= high)] for low, high in pairwise(edges)]
    again = [found for part in parts if (found := _crossing(side * place.shown, gains, part)) is not None]
    if len(again) < BATCHES / 2:
        return None
    error = float(np.std(again) * math.sqrt(len(again) - 1))
    return Sampled(solved.state.score(-at) if side < 0 else at, error)


def _crossing(shown: "Draws", gains: "Draws", worlds: "Indices") -> float | None:
    """Where the gain of the best step crosses zero for the last time as what is shown rises; None where it does not.

    `shown` has shape (draws,), `gains` (steps, draws); only `worlds` are looked at.
    """
    import numpy as np

    if len(worlds) < BINS:
        return None
    order = worlds[np.argsort(shown[worlds], kind="stable")]
    starts = np.arange(BINS) * len(order) // BINS
    sizes = np.diff(np.append(starts, len(order)))
    middles = np.add.reduceat(shown[order], starts) / sizes
    best = smooth(np.add.reduceat(gains[:, order], starts, axis=1) / sizes).max(axis=0)
    crossings = np.flatnonzero((best[:-1] <= 0) & (best[1:] > 0))
    if not len(crossings):
        return None
    at = int(crossings[-1])
    part = -best[at] / (best[at + 1] - best[at])
    return float(middles[at] + part * (middles[at + 1] - middles[at]))
