"""From which score on a step's model is put to use, and what follows its test."""

from typing import TYPE_CHECKING

from tunecase.plan.drawn import Drawn
from tunecase.quantities import Sampled, sampled
from tunecase.records import Limits, Outcome

if TYPE_CHECKING:
    from tunecase.plan.rounds import Step
    from tunecase.quantities import Draws, Flags


def limits_of(drawn: Drawn) -> Limits | None:
    """The score from which on the step's model is put to use, and the rows that it is trained on."""
    step = _step(drawn)
    if step is None:
        return None
    assert drawn.solved is not None
    ships = drawn.walk.shipped
    assert ships is not None
    at = float(step.shown[ships].min()) if ships.any() else None
    # Without a test of known items what is shown is the error, its sign turned.
    if at is not None and step.test_rows is None:
        at = drawn.solved.state.score(-at)
    return Limits(at, None, drawn.solved.board.sizes[step.size])


def outcomes(drawn: Drawn, shown: "Flags") -> tuple[Outcome, ...]:
    """What follows the step's test, in shares that sum to 1.

    Args:
        drawn: the plan, whose first step is on the board; else there is no test, and nothing follows.
        shown: where a model is put to use that meets the target, within the budget, shape (draws,).
    """
    if _step(drawn) is None:
        return ()
    walk = drawn.walk
    assert walk.ships is not None
    assert walk.settled is not None
    named = {"ship": walk.ships & ~walk.settled, "settle": walk.settled, "stop": ~walk.ships}
    return tuple(
        Outcome(name, sampled(worlds.astype(float), _mean), sampled(shown[worlds].astype(float), _mean))  # type: ignore[arg-type]
        for name, worlds in named.items()
        if worlds.any()
    )


def _step(drawn: Drawn) -> "Step | None":
    at = drawn.walked.at
    return None if at is None or drawn.solved is None else drawn.solved.board.steps[at]


def _mean(values: "Draws") -> float:
    return float(values.mean()) if len(values) else 0.0
