"""What the next dollar could buy: each lever is a transform of the same possible worlds, with a price.

A lever's plan is its first step and a test; what the test shows decides whether to go on doubling, and how far:

    EV(lever) = mean over what the first test may show of  max over caps of  mean [ V * credit * passed - cost ]

where cost is the first step, one round (labour, training, evaluation) for every size tried, and the examples bought.
V is the value of reaching the target; `credit` is the part of the wanted gain that the world truly has when the test
is passed, so that a false pass is not paid in full. The first test's scores are sorted into ten equal groups; the cap
"stop after the first test" is always among the choices. Leaves out what serving costs more or less than today, and
looking again after later tests, which could only raise a plan's value.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tunecase import catalog
from tunecase.loop import luck_of_round, walk
from tunecase.prices import Basis, Supply, person_hour, review_price
from tunecase.records import Audit, Estimate, Forecast, Interval80, Reviews, Tuning
from tunecase.spread import Z80, Z90, Band, Const, Interval, band, generator
from tunecase.wording import count, score
from tunecase.wording import share as percent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tunecase.spread import Draws

FREE = Band(0, 0, 0, 0)
GROUPS = 10
TOO_DEAR = "its first step costs more than what is left of the budget"


@dataclass(frozen=True, slots=True)
class State:
    """Where the project stands: the worlds, the prices, the target. Arrays have shape (worlds,) or (worlds, sizes)."""

    paths: "Draws"
    sizes: tuple[int, ...]
    error_target: float
    error_baseline: float
    error_floor: float
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
    tuning: Tuning | None = None
    reviews: Reviews | None = None

    @property
    def currency(self) -> str:
        """The project's currency."""
        return self.basis.currency


@dataclass(frozen=True, slots=True)
class Plan:
    """What a lever is worth: means by what the first test shows (rows) and by the size to give up at (columns).

    `gain`, `cost` and `reach` have shape (groups, sizes), money in the base currency; `weight` is each group's share
    of the worlds, `shown` its lowest score of the first test. `paid` is what each world pays, shape (worlds, sizes),
    and `group_of` the group of each world.
    """

    sizes: tuple[int, ...]
    gain: "Draws"
    cost: "Draws"
    reach: "Draws"
    weight: "Draws"
    shown: "Draws"
    paid: "Draws"
    group_of: "NDArray[np.intp]"

    def chosen(self, scale: float = 1.0) -> "NDArray[np.intp]":
        """The best cap of each group when V is `scale` times as large; the smaller one where two are equal."""
        import numpy as np

        return np.asarray((scale * self.gain - self.cost).argmax(axis=1), dtype=np.intp)

    def means(self, scale: float = 1.0) -> tuple[float, float, float]:
        """(gain, cost, chance to pass) over all worlds under the chosen caps; the gain at scale 1."""
        groups, caps = range(len(self.weight)), self.chosen(scale)
        gain, cost, reach = (float(self.weight @ grid[groups, caps]) for grid in (self.gain, self.cost, self.reach))
        return gain, cost, reach

    def worth(self, scale: float = 1.0) -> float:
        """Expected value when V is `scale` times as large."""
        gain, cost, _ = self.means(scale)
        return scale * gain - cost

    def cost_band(self) -> Band:
        """What the whole plan costs, over all worlds under the chosen caps."""
        caps = self.chosen()[self.group_of]
        return band(self.paid[range(len(caps)), caps])

    def give_up(self) -> tuple[int, float | None]:
        """The plan's largest size, and the score of the first test below which it ends there (None: it never does)."""
        caps = self.chosen()
        further = [float(shown) for cap, shown in zip(caps, self.shown, strict=True) if cap > 0]
        passed = [float(shown) for cap, shown in zip(caps, self.shown, strict=True) if cap == 0]
        threshold = min(further) if further and passed and min(passed) < min(further) else None
        return self.sizes[int(caps.max())], threshold


@dataclass(frozen=True, slots=True)
class Offer:
    """One lever as it stands now; without a plan it cannot be chosen and `blocked` says why."""

    lever: str
    action: str
    plan: Plan | None = None
    first_step: str = ""
    first_step_cost: Band | None = None
    evidence: Literal["measured", "assumed", "none"] = "none"
    blocked: str = ""
    assumption: str = ""
    p_reach: float | None = None


def planned(
    state: State, paths: "Draws", sizes: tuple[int, ...], first_cost: "Draws | float", first_round: float | None = None
) -> Plan | None:
    """The Plan of a lever, as far as the budget goes in the median world; None when not even its first step fits.

    Args:
        paths: true error after the lever's transform, shape (worlds, sizes); none is better than the labels allow.
        sizes: rows trained on, round by round; the first may be the rows at hand.
        first_cost: paid before the first round, in the base currency.
        first_round: what the first round costs in place of a whole round.
    """
    import numpy as np

    paths = np.maximum(paths, state.error_floor)
    bought = np.column_stack([state.supply.cost(max(0, size - state.sizes[0])) for size in sizes])
    rounds = (state.round_cost if first_round is None else first_round) + state.round_cost * np.arange(len(sizes))
    spend = bought + rounds + np.asarray(first_cost).reshape(-1, 1)
    spend = np.broadcast_to(spend, paths.shape)
    # What no source can give costs infinity, which no budget covers, not even one without end.
    middle = np.median(spend, axis=0)
    within = int((np.isfinite(middle) & (middle <= state.budget_left)).sum())
    if within == 0:
        return None
    gains, costs, passes = [], [], []
    for cap in range(1, within + 1):
        gain, cost, passed = _outcome(state, paths, sizes, spend, cap)
        gains.append(gain)
        costs.append(cost)
        passes.append(passed)
    shown = _first_test(state, paths[:, 0])
    groups = np.array_split(np.argsort(shown, kind="stable"), min(GROUPS, len(shown)))

    def by_group(columns: "list[Draws]") -> "Draws":
        return np.array([[float(column[group].mean()) for column in columns] for group in groups])

    weight = np.array([len(group) for group in groups]) / len(shown)
    lowest = np.array([float(shown[group].min()) for group in groups])
    group_of = np.empty(len(shown), dtype=np.intp)
    for index, group in enumerate(groups):
        group_of[group] = index
    return Plan(
        sizes[:within], by_group(gains), by_group(costs), by_group(passes), weight, lowest, np.column_stack(costs),
        group_of,
    )  # fmt: skip


def _outcome(
    state: State, paths: "Draws", sizes: tuple[int, ...], spend: "Draws", cap: int
) -> "tuple[Draws, Draws, Draws]":
    """(gain, cost, passed) of every world when the plan gives up after `cap` rounds."""
    import numpy as np

    walked = walk(paths, state.error_target, sizes, test_rows=state.test_rows, seed=state.basis.worlds.seed, most=cap)
    assert walked.reached is not None
    worlds, last = np.arange(len(paths)), walked.rounds.astype(int) - 1
    wanted = state.error_baseline - state.error_target
    credit = np.clip((state.error_baseline - paths[worlds, last]) / wanted, 0.0, 1.0) if wanted > 0 else 1.0
    # What the target is worth does not hang on the curve, so its mean serves: no chance likeness of the draws enters.
    worth = float(state.value.mean())
    return worth * walked.reached * credit, spend[worlds, last], walked.reached.astype(float)


def _first_test(state: State, errors: "Draws") -> "Draws":
    """What the first test shows in each world, as a score with the test's noise, shape (worlds,)."""
    import numpy as np
    from scipy.special import ndtri

    right = 1 - errors if state.forecast.direction == "higher" else errors
    if state.test_rows is None:
        return right
    # The very luck by which `walk` passes its first round or not: what is shown and what is passed are one test.
    uniform = generator(state.basis.worlds.seed, luck_of_round(1)).random(len(errors))
    luck = ndtri(1 - np.clip(uniform, 1e-12, 1 - 1e-12))
    noise = np.sqrt(np.clip(right * (1 - right), 0, None) / state.test_rows)
    return np.asarray(np.clip(right + noise * luck, 0.0, 1.0))


def label(state: State) -> Offer:
    """Buy as many examples again, train, test; double until the target is met or the cap is reached."""
    if state.supply.price is None:
        return Offer("label", "label more examples", blocked="no source of examples has a price (data.sources)")
    if len(state.sizes) < 2:
        return Offer("label", "label more examples", blocked=f"no more can be had: {state.forecast.n_max_why}")
    more = state.sizes[1] - state.sizes[0]
    cost = band(state.supply.cost(more) + state.round_cost)
    plan = planned(state, state.paths[:, 1:], state.sizes[1:], 0.0)
    step = f"label {count(more)} more, train and test once"
    action = f"buy {count(more)} more labelled examples"
    return Offer("label", action, plan, step, cost, _evidence(state), _over_budget(plan))


def clean(state: State) -> Offer:
    """Find and mend wrong labels: with a share rho wrong, n rows teach like n (1 - rho K/(K-1))^2 clean ones.

    Only the rows at hand are cleaned; examples bought later are as noisy as those were.
    """
    import numpy as np

    found = _wrong_labels(state)
    whole = state.sizes[0]
    price = review_price(1, state.basis) * found.looked_at
    # Labels at random teach nothing: K/(K-1) is 2 with two labels and falls to 1 with many.
    spoilt = _spoilt(state)
    before, after = (np.clip(1 - spoilt * share, 0.05, 1.0) ** 2 for share in (found.share, found.left))
    gained = whole * (after / before - 1)
    shift = np.log1p(gained[:, None] / np.asarray(state.sizes, dtype=float))
    plan = planned(state, _read_further(state, shift), state.sizes, price)
    step = f"review about {count(float(np.median(found.looked_at)))} suspicious rows, train and test once"
    evidence = "assumed" if found.by == "assumed" else _evidence(state)
    return Offer(
        "clean", "clean the labels at hand", plan, step, band(price + state.round_cost), evidence, _over_budget(plan),
        f"cleaning: {found.words}",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Wrong labels at hand: the share before and after the review, rows looked at for it; arrays of shape (worlds,)."""

    by: Literal["reviews", "audit", "assumed"]
    share: "Draws"
    left: "Draws"
    looked_at: "Draws"
    words: str


def _wrong_labels(state: State) -> _Wrong:
    """By the reviews taken in, else by the audit's estimate, else by the default."""
    return _by_reviews(state) or _by_audit(state) or _by_default(state)


def _by_reviews(state: State) -> _Wrong | None:
    import numpy as np

    said, rows = state.reviews, state.sizes[0]
    if said is None or said.remaining is None or not said.rows:
        return None
    remaining = np.minimum(_draws(state, "wrong labels left, reviewed", said.remaining), rows)
    known = min(said.wrong, rows)
    # What reviewers have corrected is mended for nothing; only what they have not seen still costs a look.
    each = max(said.rows - said.controls, 1) / max(said.wrong - said.controls_wrong, 1)
    low, mid, high = (count(end) for end in (said.remaining.low, said.remaining.mid, said.remaining.high))
    told = f"{count(known)} labels are wrong and about {mid} more ({low} to {high})"
    words = f"{told}, measured by {count(said.rows)} reviews"
    share = np.clip((known + remaining) / rows, 0.0, 1.0)
    return _Wrong("reviews", share, 0 * share, np.minimum(remaining * each, rows), words)


def _by_audit(state: State) -> _Wrong | None:
    import numpy as np

    found = state.audit.finding("label_error") if state.audit else None
    if found is None or found.measured is None or not found.share or state.audit is None:
        return None
    told, judged = found.measured, found.measured.middle / found.share
    share = np.clip(_draws(state, "wrong labels, audited", Interval80(told.low, told.middle, told.high)) / judged, 0, 1)
    # Of the wrong labels a queue finds the part that was measured; the rest stays where it is.
    recall = found.accuracy.recall if found.accuracy and found.accuracy.recall is not None else 1.0
    looked_at = np.full(len(share), min(found.review_rows, judged))
    low, mid, high = (percent(end / judged, 1) for end in (told.low, told.middle, told.high))
    words = f"{mid} of the labels are wrong ({low} to {high}), measured by the audit; a review finds {percent(recall)}"
    return _Wrong("audit", share, share * (1 - recall), looked_at, words)


def _by_default(state: State) -> _Wrong:
    rho = state.basis.draw("lever.label_noise")
    looked_at = rho * state.sizes[0] * state.basis.draw("lever.rows_per_wrong_label")
    words = f"{_words('lever.label_noise')} of the labels are wrong, assumed"
    return _Wrong("assumed", rho, 0 * rho, looked_at, words)


def _spoilt(state: State) -> float:
    """K / (K - 1) for K labels; 2 where they are not known."""
    classes = len(state.audit.classes) if state.audit else 0
    return classes / (classes - 1) if classes > 1 else 2.0


def _draws(state: State, name: str, told: Interval80) -> "Draws":
    """Draws whose median is the middle and whose P10 and P90 are the ends: two half normals, cut at zero."""
    import numpy as np

    z = state.basis.worlds.draw(name, Interval(-Z90, Z90))
    sides = np.where(z < 0, told.mid - told.low, told.high - told.mid) / Z80
    return np.maximum(told.mid + sides * z, 0.0)


def tune(state: State) -> Offer:
    """Search over settings: the error shrinks by a factor, measured by a search or assumed, less the winner's luck."""
    if state.forecast.stand_in:
        return Offer("tune", "tune the method", blocked=f"{state.model} itself has not been trained yet")
    return _search_again(state) if state.tuning is None else _use_search(state, state.tuning)


def _use_search(state: State, found: Tuning) -> Offer:
    """The settings that a search has found already: nothing is paid for them but the next round."""
    low, high = found.error_factor.low, found.error_factor.high
    middle, wide = found.error_factor.mid, Z90 / Z80
    spread = Interval(middle * (low / middle) ** wide, middle * (high / middle) ** wide) if high > low > 0 else None
    factor = state.basis.worlds.draw("tuning factor, measured", spread or Const(middle))
    plan = planned(state, state.paths * factor[:, None], state.sizes, 0.0)
    assumption = (
        f"tuning: {found.best} times the error {middle:.2f} ({low:.2f} to {high:.2f}), measured at "
        f"{count(found.n)} rows over {len(found.trials)} settings, the winner's luck taken off"
    )
    action = f"train with the settings found ({found.best})"
    cost = band(state.round_cost + 0 * factor)
    return Offer("tune", action, plan, f"{action}, test once", cost, "measured", _over_budget(plan), assumption)


def _search_again(state: State) -> Offer:
    from tunecase.statistics import winners_curse

    runs = int(state.basis.text("lever.tuning_runs"))
    factor = state.basis.draw("lever.tuning_factor")
    cost = runs * state.run_cost
    assumption = f"tuning: error times {_words('lever.tuning_factor')}"
    if state.test_rows:
        error = float(state.paths[:, 0].mean())
        luck = winners_curse(runs) * (error * (1 - error) / state.test_rows) ** 0.5
        assumption += f"; the best of {runs} runs looks {score(luck)} better than it is, which is not counted as gain"
    plan = planned(state, state.paths * factor[:, None], state.sizes, cost)
    step = f"try {runs} settings on the rows at hand, measure the winner afresh"
    return Offer(
        "tune", "tune the method", plan, step, band(cost + state.round_cost + 0 * factor), "assumed",
        _over_budget(plan), assumption,
    )  # fmt: skip


def fine_tune(state: State) -> Offer:
    """Train the model itself on the rows at hand, where so far only a cheap learner stood in for it."""
    if not state.forecast.stand_in:
        return Offer("fine_tune", f"fine-tune {state.model}", blocked="the pilot measured the model itself")
    action = f"fine-tune {state.model} on the {count(state.sizes[0])} rows at hand"
    factor = _words(state.forecast.stand_in_factor)
    assumption = f"{state.model}: error {factor} times that of {state.forecast.model} at the same rows"
    hours = state.basis.draw("lever.first_run_hours")
    first = hours * person_hour(state.basis) + state.run_cost
    plan = planned(state, state.paths, state.sizes, first, first_round=0.0)
    step = f"{action} and test it, {_words('lever.first_run_hours')} of an engineer"
    return Offer("fine_tune", action, plan, step, band(first), "assumed", _over_budget(plan), assumption)


def bigger_model(state: State) -> Offer:
    """Train a bigger model on the rows at hand: its error is the smaller one's times an assumed factor."""
    if state.forecast.stand_in:
        return Offer("bigger_model", "train a bigger model", blocked=f"{state.model} itself is not measured yet")
    factor = state.basis.draw("lever.bigger_model_factor")
    assumption = f"a bigger model: error times {_words('lever.bigger_model_factor')} at the same rows"
    plan = planned(state, state.paths * factor[:, None], state.sizes, 0.0)
    cost = band(state.round_cost + 0 * factor)
    action = "train the next bigger model on the rows at hand"
    return Offer("bigger_model", action, plan, f"{action}, test once", cost, "assumed", _over_budget(plan), assumption)


def _over_budget(plan: Plan | None) -> str:
    return "" if plan else TOO_DEAR


def redefine(state: State) -> Offer:
    """Ask for less: the hardest target that four worlds in five reach with the budget."""
    import numpy as np

    reachable = float(np.quantile(state.paths.min(axis=1), 0.8))
    if reachable <= state.error_target:
        return Offer(
            "redefine",
            "redefine the target",
            blocked=f"four worlds in five reach it by {count(state.sizes[-1])} examples, at whatever cost",
        )
    easier = _score(state, reachable)
    blocked = f"only you can say what {score(easier)} is worth; with 80% chance it can be reached"
    return Offer("redefine", f"settle for {score(easier)}", blocked=blocked, p_reach=0.8)


def ship(state: State) -> Offer:
    """Ship what the pilot trained, when its lower bound meets the target."""
    if state.forecast.verdict != "reached":
        return Offer("ship", "ship what the pilot trained", blocked="the measured score does not meet the target")
    plan = _sure(state, float(state.value.mean()), reach=1.0)
    return Offer("ship", "ship what the pilot trained", plan, "ship", FREE, "measured")


def stop(state: State) -> Offer:
    """Spend nothing more."""
    return Offer("stop", "stop here", _sure(state, 0.0, reach=0.0), "nothing", FREE, "measured")


def _sure(state: State, gain: float, reach: float) -> Plan:
    """A plan that costs nothing and brings the same in every world."""
    import numpy as np

    one = np.ones((1, 1))
    only = np.zeros(1, dtype=np.intp)
    return Plan(state.sizes[:1], gain * one, 0 * one, reach * one, np.ones(1), np.zeros(1), 0 * one, only)


def _words(name: str) -> str:
    return catalog.default(name).value


def _evidence(state: State) -> Literal["measured", "assumed"]:
    return "assumed" if state.forecast.stand_in else "measured"


def _read_further(state: State, shift: "Draws") -> "Draws":
    """The same curves read at n e^shift rows, all (worlds, sizes): straight lines in log-log between the sizes."""
    import numpy as np

    logs, errors = np.log(np.asarray(state.sizes, dtype=float)), np.log(np.maximum(state.paths, 1e-9))
    if len(logs) < 2:
        return state.paths
    slopes = np.minimum(np.diff(errors, axis=1) / np.diff(logs), 0.0)
    slopes = np.column_stack([slopes, slopes[:, -1]])
    return np.asarray(np.exp(errors + slopes * shift))


def _score(state: State, error: float) -> float:
    return 1 - error if state.forecast.direction == "higher" else error
