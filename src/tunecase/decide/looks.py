"""What runs and label readings that only inform are worth before any lever is taken."""

from dataclasses import replace
from typing import TYPE_CHECKING

from tunecase.plan import Solved, levers
from tunecase.plan.rounds import worth_of_knowing, worth_of_seeing
from tunecase.quantities import Worlds, band
from tunecase.records import Experiment

if TYPE_CHECKING:
    from tunecase.quantities import Draws

SURE = 1.64  # standard errors by which a look must be worth more than its price


def looks_of(solved: Solved) -> tuple[Experiment, ...]:
    """What each run or reading is worth before its price: deciding with its result against deciding without it."""
    import numpy as np

    # Worlds of their own with the same seed: same names, same draws, and no default is noted as the bill's.
    basis = solved.state.basis
    state = replace(solved.state, basis=replace(basis, worlds=Worlds(basis.worlds.seed, basis.worlds.n), used={}))
    values = _values(solved)
    left = state.budget_left
    experiments = []
    for made in (look(state) for look in levers.LOOKS):
        if made.shown is None:
            experiments.append(Experiment(made.name, made.action, None, None, None, None, made.blocked))
            continue
        worth, error = worth_of_seeing(values, made.shown)
        price = band(made.price + np.zeros(len(values)))
        mean = float(np.mean(made.price))
        blocked = "it costs more than what is left of the budget" if price.p80 > left else ""
        experiments.append(Experiment(made.name, made.action, price, worth, error, worth - mean, blocked))
    return tuple(experiments)


def best_look(looks: tuple[Experiment, ...]) -> Experiment | None:
    """The look that is worth most beyond its price, if that exceeds the noise of the draws."""
    paying = [look for look in looks if not look.blocked and look.net is not None and look.error is not None]
    paying = [look for look in paying if look.net > SURE * look.error]  # type: ignore[operator]
    return max(paying, key=lambda look: look.net or 0.0, default=None)


def certainty(solved: Solved) -> float:
    """What it would be worth to know the world before the first step is chosen."""
    return worth_of_knowing(_values(solved))


def _values(solved: Solved) -> "Draws":
    """What each first step, stopping among them, brings in each world, shape (worlds, steps)."""
    import numpy as np

    columns = [brings for offer in solved.offers if (brings := solved.brings(offer.lever)) is not None]
    return np.column_stack(columns)
