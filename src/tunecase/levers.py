"""What the next dollar could buy: each lever is a transform of the same possible worlds, with a price.

A lever's plan is its first step, then growth by doubling until the test is passed, given up at a cap:

    EV(lever, cap) = mean over worlds of  [ V * credit * passed  -  cost ]

where cost is the first step, one round (labour, training, evaluation) for every size tried, and the examples bought.
V is the value of reaching the target; `credit` is the part of the wanted gain that the world truly has when the test
is passed, so that a false pass is not paid in full. Leaves out what serving costs more or less than today.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tunecase import catalog
from tunecase.loop import STAND_IN, walk
from tunecase.prices import Basis, Supply, review_price
from tunecase.records import Audit, Estimate, Forecast
from tunecase.spread import Band, band
from tunecase.wording import count, score

if TYPE_CHECKING:
    from tunecase.spread import Draws


@dataclass(frozen=True, slots=True)
class State:
    """Where the project stands: the worlds, the prices, the target. Arrays have shape (worlds,) or (worlds, sizes)."""

    paths: "Draws"
    sizes: tuple[int, ...]
    error_target: float
    error_baseline: float
    test_rows: int | None
    value: "Draws"
    round_cost: float
    run_cost: float
    supply: Supply
    budget_left: float
    forecast: Forecast
    audit: Audit | None
    estimate: Estimate
    basis: Basis
    model: str

    @property
    def currency(self) -> str:
        """The project's currency."""
        return self.basis.currency


@dataclass(frozen=True, slots=True)
class Cap:
    """A plan that gives up at `size`: mean gain and cost over worlds, the chance to pass, the cost's band."""

    size: int
    gain: float
    cost: float
    p_reach: float
    band: Band


@dataclass(frozen=True, slots=True)
class Offer:
    """One lever as it stands now; without caps it cannot be chosen and `blocked` says why."""

    lever: str
    action: str
    caps: tuple[Cap, ...] = ()
    first_step: str = ""
    first_step_cost: Band | None = None
    evidence: Literal["measured", "assumed", "none"] = "none"
    blocked: str = ""
    assumption: str = ""
    p_reach: float | None = None


def plans(state: State, paths: "Draws", sizes: tuple[int, ...], first_cost: "Draws | float") -> tuple[Cap, ...]:
    """The plan's Cap for every size it could give up at, as far as the budget goes in the median world.

    Args:
        paths: true error after the lever's transform, shape (worlds, sizes).
        sizes: rows trained on, round by round; the first may be the rows at hand.
        first_cost: paid before the first round, in the base currency.
    """
    import numpy as np

    bought = [state.supply.cost(max(0, size - state.sizes[0])) for size in sizes]
    rounds = np.arange(1, len(sizes) + 1)
    spend = np.column_stack(bought) + state.round_cost * rounds + np.asarray(first_cost).reshape(-1, 1)
    affordable = [k for k in range(len(sizes)) if float(np.median(spend[:, k])) <= state.budget_left]
    caps = []
    for k in affordable:
        walked = walk(
            paths, state.error_target, sizes, test_rows=state.test_rows, seed=state.basis.worlds.seed, most=k + 1
        )
        assert walked.reached is not None
        last = walked.rounds.astype(int) - 1
        worlds = np.arange(len(paths))
        cost = spend[worlds, last]
        wanted = state.error_baseline - state.error_target
        credit = np.clip((state.error_baseline - paths[worlds, last]) / wanted, 0.0, 1.0) if wanted > 0 else 1.0
        gain = state.value * walked.reached * credit
        caps.append(Cap(sizes[k], float(gain.mean()), float(cost.mean()), float(walked.reached.mean()), band(cost)))
    return tuple(caps)


def label(state: State) -> Offer:
    """Buy as many examples again, train, test; double until the target is met or the cap is reached."""
    if state.supply.price is None:
        return Offer("label", "label more examples", blocked="no source of examples has a price (data.sources)")
    if len(state.sizes) < 2:
        return Offer("label", "label more examples", blocked=f"no more can be had: {state.forecast.n_max_why}")
    more = state.sizes[1] - state.sizes[0]
    cost = band(state.supply.cost(more) + state.round_cost)
    caps = plans(state, state.paths[:, 1:], state.sizes[1:], 0.0)
    blocked = "" if caps else f"the first {count(more)} labels and one round cost more than what is left of the budget"
    step = f"label {count(more)} more, train and test once"
    return Offer("label", f"buy {count(more)} more labelled examples", caps, step, cost, _evidence(state), blocked)


def clean(state: State) -> Offer:
    """Find and mend wrong labels: with a share rho wrong, n rows teach like n (1 - 2 rho)^2 clean ones."""
    import numpy as np

    rho = state.basis.draw("lever.label_noise")
    flagged = rho * state.sizes[0] * state.basis.draw("lever.rows_per_wrong_label")
    cost = review_price(1, state.basis) * flagged
    shift = -2 * np.log(np.clip(1 - 2 * rho, 0.05, 1.0))
    paths = _read_further(state, shift)
    assumption = f"cleaning: {_words('lever.label_noise')} of the labels are wrong"
    step = f"review about {count(float(np.median(flagged)))} suspicious rows, train and test once"
    return Offer(
        "clean", "clean the labels at hand", plans(state, paths, state.sizes, cost), step,
        band(cost + state.round_cost), "assumed", assumption=assumption,
    )  # fmt: skip


def tune(state: State) -> Offer:
    """Search over settings: the error shrinks by an assumed factor, less the luck of the best of K noisy runs."""
    from tunecase.statistics import winners_curse

    runs = int(state.basis.text("lever.tuning_runs"))
    factor = state.basis.draw("lever.tuning_factor")
    cost = runs * state.run_cost
    assumption = f"tuning: error times {_words('lever.tuning_factor')}"
    if state.test_rows:
        error = float(state.paths[:, 0].mean())
        luck = winners_curse(runs) * (error * (1 - error) / state.test_rows) ** 0.5
        assumption += f"; the best of {runs} runs looks {score(luck)} better than it is, which is not counted as gain"
    paths = state.paths * factor[:, None]
    step = f"try {runs} settings on the rows at hand, measure the winner afresh"
    return Offer(
        "tune", "tune the method", plans(state, paths, state.sizes, cost), step,
        band(cost + state.round_cost + 0 * factor), "assumed", assumption=assumption,
    )  # fmt: skip


def fine_tune(state: State) -> Offer:
    """Train the model itself on the rows at hand, where so far only a cheap learner stood in for it."""
    if not state.forecast.stand_in:
        return Offer("fine_tune", f"fine-tune {state.model}", blocked="the pilot measured the model itself")
    action = f"fine-tune {state.model} on the {count(state.sizes[0])} rows at hand"
    assumption = f"{state.model}: error {_words(STAND_IN)} times that of {state.forecast.model} at the same rows"
    cost = band(state.round_cost + 0 * state.value)
    caps = plans(state, state.paths, state.sizes, 0.0)
    step = f"{action}, test once: one round"
    return Offer("fine_tune", action, caps, step, cost, "assumed", _over_budget(caps), assumption)


def bigger_model(state: State) -> Offer:
    """Train a bigger model on the rows at hand: its error is the smaller one's times an assumed factor."""
    if state.forecast.stand_in:
        return Offer("bigger_model", "train a bigger model", blocked=f"{state.model} itself is not measured yet")
    factor = state.basis.draw("lever.bigger_model_factor")
    assumption = f"a bigger model: error times {_words('lever.bigger_model_factor')} at the same rows"
    caps = plans(state, state.paths * factor[:, None], state.sizes, 0.0)
    cost = band(state.round_cost + 0 * factor)
    action = "train the next bigger model on the rows at hand"
    return Offer("bigger_model", action, caps, f"{action}, test once", cost, "assumed", _over_budget(caps), assumption)


def _over_budget(caps: tuple[Cap, ...]) -> str:
    return "" if caps else "its first step costs more than what is left of the budget"


def redefine(state: State) -> Offer:
    """Ask for less: the hardest target that four worlds in five reach with the budget."""
    import numpy as np

    reachable = float(np.quantile(state.paths.min(axis=1), 0.8))
    if reachable <= state.error_target:
        return Offer(
            "redefine", "redefine the target", blocked="the target is already within reach of four worlds in five"
        )
    easier = _score(state, reachable)
    blocked = f"only you can say what {score(easier)} is worth; with 80% chance it can be reached"
    return Offer("redefine", f"settle for {score(easier)}", blocked=blocked, p_reach=0.8)


def ship(state: State) -> Offer:
    """Ship what the pilot trained, when its lower bound meets the target."""
    if state.forecast.verdict != "reached":
        return Offer("ship", "ship what the pilot trained", blocked="the measured score does not meet the target")
    value = float(state.value.mean())
    cap = Cap(state.sizes[0], value, 0.0, 1.0, Band(0, 0, 0, 0))
    return Offer("ship", "ship what the pilot trained", (cap,), "ship", Band(0, 0, 0, 0), "measured")


def stop(state: State) -> Offer:
    """Spend nothing more."""
    cap = Cap(state.sizes[0], 0.0, 0.0, 0.0, Band(0, 0, 0, 0))
    return Offer("stop", "stop here", (cap,), "nothing", Band(0, 0, 0, 0), "measured")


def _words(name: str) -> str:
    return catalog.default(name).value


def _evidence(state: State) -> Literal["measured", "assumed"]:
    return "assumed" if state.forecast.stand_in else "measured"


def _read_further(state: State, shift: "Draws") -> "Draws":
    """The same curves read at n e^shift rows, shape (worlds, sizes): straight lines in log-log between the sizes."""
    import numpy as np

    logs, errors = np.log(np.asarray(state.sizes, dtype=float)), np.log(np.maximum(state.paths, 1e-9))
    if len(logs) < 2:
        return state.paths
    slopes = np.minimum(np.diff(errors, axis=1) / np.diff(logs), 0.0)
    slopes = np.column_stack([slopes, slopes[:, -1]])
    return np.asarray(np.exp(errors + slopes * shift[:, None]))


def _score(state: State, error: float) -> float:
    return 1 - error if state.forecast.direction == "higher" else error
