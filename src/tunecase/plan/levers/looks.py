"""Runs and readings that buy nothing but knowledge: what each would show in every world, and its price.

What a look is worth (EVSI) is worked out by `policy.worth_of_seeing` from what each first step brings in each world.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunecase.forecast import noise_of_run
from tunecase.plan.levers.data import wrong_share
from tunecase.plan.levers.method import LARGER_TEST
from tunecase.plan.levers.state import State
from tunecase.prices import label_price, person_hour, review_price, unknown_factor
from tunecase.quantities import count, generator

if TYPE_CHECKING:
    from tunecase.quantities import Draws

AUDITED = 100
SMALL_SHARE = 4  # a search on a small subset: the largest size of the pilot over this


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Something to find out: `shown` is what it would show in each world, `price` what it costs there, (worlds,)."""

    name: str
    action: str
    shown: "Draws | None" = None
    price: "Draws | float" = 0.0
    blocked: str = ""


def one_more_size(state: State) -> Look:
    """One more run of the pilot's learner, on twice its largest size."""
    import numpy as np

    last, held = state.measured.points[-1].n, state.sizes[0]
    n = held if last < held < 2 * last else 2 * last
    action = f"one more run of the pilot, on {count(n)} rows"
    rows: Draws | float = 0.0
    if n > held:
        if state.supply.price is None:
            return Look("one more size", action, blocked="no source of rows has a price")
        rows = state.supply.cost(n - held)
        if not np.isfinite(np.median(rows)):
            return Look("one more size", action, blocked="no source has as many rows")
    price = rows + _one_run(state, min(n, held) + state.supply.rows(n - held)) + _hours(state)
    return Look("one more size", action, _run(state, n, 1), price)


def one_more_seed(state: State) -> Look:
    """One more run at the pilot's largest size, with another draw of the rows."""
    n = state.measured.points[-1].n
    action = f"one more run of the pilot on {count(n)} rows, another draw"
    return Look("one more seed", action, _run(state, n, 1), _one_run(state, n) + _hours(state))


def larger_test(state: State) -> Look:
    """Score what the pilot trained on a larger test: the items' noise shrinks, the run's own stays."""
    import numpy as np

    action = "score the pilot on a larger test set"
    if state.test_rows is None:
        return Look("larger test", action, blocked="the metric counts no right answers")
    more = (LARGER_TEST - 1) * state.test_rows
    bought = math.ceil(more * state.design_effect)
    errors = _pilot_errors(state, state.measured.points[-1].n)
    noise = np.sqrt(np.clip(errors * (1 - errors), 1e-9, None) / more)
    luck = generator(state.basis.worlds.seed, "a larger test").standard_normal(len(errors))
    price = bought * label_price(state.basis) + _hours(state)
    return Look("larger test", f"score the pilot on {count(bought)} more test rows", errors + noise * luck, price)


def audit_labels(state: State) -> Look:
    """Have people read some labels again, which measures the share of wrong ones roughly."""
    rows = min(AUDITED, state.sizes[0])
    wrong = wrong_share(state)
    luck = generator(state.basis.worlds.seed, "audit of labels")
    price = review_price(rows, state.basis)
    return Look("audit labels", f"review {count(rows)} labels at random", luck.binomial(rows, wrong) / rows, price)


def bigger_run(state: State) -> Look:
    """One run of a bigger model on the same rows: by what factor its error differs."""
    action = "one run of a bigger model on the same rows"
    if state.forecast.stand_in:
        return Look("bigger model", action, blocked=f"{state.model} itself has not been trained yet")
    n = state.sizes[0]
    dearer = state.basis.draw("levers.bigger_model_run_cost")
    price = dearer * _one_run(state, n) + _hours(state)
    return Look("bigger model", action, _factor_seen(state, "levers.bigger_model_factor", n, "bigger"), price)


def tuning_runs(state: State) -> Look:
    """A search over settings on a small subset: by what factor the error shrinks, less the winner's luck."""
    runs = int(state.basis.text("levers.tuning_runs"))
    n = max(state.measured.points[-1].n // SMALL_SHARE, 1)
    action = f"try {runs} settings on {count(n)} rows"
    if state.forecast.stand_in:
        return Look("tuning runs", action, blocked=f"{state.model} itself has not been trained yet")
    if state.tuning is not None:
        return Look("tuning runs", action, blocked="the pilot has searched already")
    price = runs * _one_run(state, n) + _hours(state)
    return Look("tuning runs", action, _factor_seen(state, "levers.tuning_factor", n, "tuning"), price)


LOOKS: tuple[Callable[[State], Look], ...] = (
    one_more_size,
    one_more_seed,
    larger_test,
    audit_labels,
    bigger_run,
    tuning_runs,
)


def _one_run(state: State, n: "Draws | float") -> "Draws | float":
    """One training run of n rows, with what fails or stands idle and is paid all the same."""
    return state.prices.run_per_row * n * (1 + state.prices.besides)


def _hours(state: State) -> "Draws":
    return state.basis.draw("levers.look_hours") * person_hour(state.basis) * unknown_factor(state.basis)


def _pilot_errors(state: State, n: int) -> "Draws":
    """The pilot's learner's true error at n in each world, in step with the worlds of `paths`."""
    import numpy as np

    return np.asarray(state.measured.paths([float(n)], draws=len(state.paths))[:, 0])


def _run(state: State, n: int, draws: int) -> "Draws":
    """ln of the error that more runs of n rows would print in each world."""
    import numpy as np

    errors = _pilot_errors(state, n)
    variance = noise_of_run(state.measured, errors, n, draws, state.test_rows)
    luck = generator(state.basis.worlds.seed, f"look at {n}").standard_normal(len(errors))
    return np.asarray(np.log(np.maximum(errors, 1e-9)) + luck * np.sqrt(variance))


def _factor_seen(state: State, field: str, n: int, name: str) -> "Draws":
    """ln of a factor as two runs on the same test would show it: with the noise of one run against another."""
    import numpy as np

    errors = _pilot_errors(state, n)
    variance = 2 * noise_of_run(state.measured, errors, n, 1, state.test_rows, fresh=True)
    luck = generator(state.basis.worlds.seed, f"look at a {name} factor").standard_normal(len(errors))
    return np.asarray(np.log(state.basis.draw(field)) + luck * np.sqrt(variance))
