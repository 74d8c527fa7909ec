"""From which score on a step's model is put to use, and what follows its test."""

from tunecase.plan.drawn import Drawn
from tunecase.plan.levers import State
from tunecase.plan.rounds import Step
from tunecase.quantities import Draws, Flags, np, sampled
from tunecase.records import Limits, Outcome


def limits_of(drawn: Drawn) -> Limits | None:
    """The score from which on the step's model is put to use, and the rows that it is trained on."""
    step = _step(drawn)
    if step is None:
        return None
    assert drawn.solved is not None
    ships = _at_once(drawn)
    at = shown_score(drawn.solved.state, step, ships) if ships.any() else None
    return Limits(at, drawn.solved.board.sizes[step.size])


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
    if _step(drawn) is None:
        return ()
    ships, settled = _at_once(drawn), drawn.walk.settled
    assert settled is not None
    named = {"ship": ships & ~settled, "settle": ships & settled, "ask again": ~ships}
    return tuple(
        Outcome(name, sampled(worlds.astype(float), _mean), sampled(shown[worlds].astype(float), _mean))  # type: ignore[arg-type]
        for name, worlds in named.items()
        if worlds.any()
    )


def _at_once(drawn: Drawn) -> "Flags":
    """Where a model is put to use right after the first test, shape (draws,)."""
    solved, at = drawn.solved, drawn.walked.at
    assert solved is not None
    assert at is not None
    return np.asarray(solved.board.ships[at] & np.isfinite(solved.board.steps[at].cost))


def _step(drawn: Drawn) -> Step | None:
    at = drawn.walked.at
    return None if at is None or drawn.solved is None else drawn.solved.board.steps[at]


def _mean(values: "Draws") -> float:
    return float(values.mean()) if len(values) else 0.0
