"""From which score on a step's model is put to use, and what follows its test."""

from tunecase.plan.drawn import Drawn
from tunecase.plan.levers import State
from tunecase.plan.rounds import Board, Step
from tunecase.quantities import Flags, Sampled, np, sampled
from tunecase.records import Limits, Outcome


def limits_of(drawn: Drawn) -> Limits | None:
    """The score from which on the step's model is put to use, and the rows that it is trained on."""
    solved, at = drawn.solved, drawn.walked.at
    if solved is None or at is None:
        return None
    step, ships = solved.board.steps[at], _at_once(solved.board, at)
    score = shown_score(solved.state, step, ships) if ships.any() else None
    return Limits(score, solved.board.sizes[step.size])


def shown_score(state: State, step: Step, ships: "Flags") -> float:
    """The least score that a step's test shows where its model is put to use, in the metric's own direction."""
    least = float(step.shown[ships].min())
    # Without a test of known items what is shown is the error, its sign turned.
    return state.score(-least) if step.test_rows is None else state.score(1 - least)


def outcomes(drawn: Drawn, shown: "Flags") -> tuple[Outcome, ...]:
    """What follows the step's test, in shares that sum to 1.

    Args:
        drawn: the plan, whose first step is on the board; else there is no test, and nothing follows.
        shown: where a model is put to use that meets the target, within the budget, shape (draws,).
    """
    solved, at, settled = drawn.solved, drawn.walked.at, drawn.walk.settled
    if solved is None or at is None:
        return ()
    assert settled is not None
    ships = _at_once(solved.board, at)
    named = {"ship": ships & ~settled, "settle": ships & settled, "ask again": ~ships}
    return tuple(
        Outcome(name, share_of(worlds), share_of(shown[worlds]))  # type: ignore[arg-type]
        for name, worlds in named.items()
        if worlds.any()
    )


def share_of(holds: "Flags") -> Sampled:
    """The share of the worlds in which something holds, with its error."""
    return sampled(holds.astype(float), np.mean)


def _at_once(board: Board, at: int) -> "Flags":
    """Where a model is put to use right after the test of a first step, shape (draws,)."""
    return np.asarray(board.ships[at] & np.isfinite(board.steps[at].cost))
