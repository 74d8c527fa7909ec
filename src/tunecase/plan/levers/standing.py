"""Works out where a project stands from what is known of it: one State for the bill and for the decision."""

from dataclasses import dataclass, replace

from tunecase.compute import base_model
from tunecase.forecast import Belief, believe, doubling, scale_of, to_error
from tunecase.plan.assumed import AssumedCurve, assumed_curve
from tunecase.plan.costs import (
    Work,
    inference,
    once,
    release,
    release_at_once,
    round_prices,
    upkeep,
    upkeep_by_rows,
    with_other,
)
from tunecase.plan.known import Known
from tunecase.plan.levers.state import MISS_COST, State
from tunecase.plan.measured_way import AsMeasured
from tunecase.plan.rounds.board import RoundPrices
from tunecase.plan.rounds.walk import of_the_model
from tunecase.prices import (
    MADE,
    Basis,
    Supply,
    baseline_score,
    made_sources,
    more_than_today,
    person_hour,
    rest_by_others,
    score_given_up,
    serving_saving,
    supply,
    unknown_factor,
    value_or_saving,
)
from tunecase.project import read_score
from tunecase.quantities import LEAST_TEST_ROWS, Draws, np
from tunecase.records import Audit, Definition, Forecast, Promise

MOST_SIZES = 8
MISS = 1.0  # worths of the target, unless stated: what is lost by a miss is as much as what is won without


@dataclass(frozen=True, slots=True, eq=False)
class _Curve:
    """The curve that worlds follow, with the forecast that it belongs to."""

    forecast: Forecast
    belief: Belief | AssumedCurve | AsMeasured
    sizes: tuple[int, ...]

    @property
    def assumed(self) -> str:
        """What the curve is taken from where nobody has measured it; empty where somebody has."""
        return self.belief.words if isinstance(self.belief, AssumedCurve) else ""

    @property
    def trained(self) -> bool:
        """Whether the model itself was measured on all rows at hand."""
        last = max((point.n for point in self.forecast.points), default=0)
        return not self.forecast.stand_in and last >= self.sizes[0]

    def paths(self, basis: Basis) -> "Draws":
        """True errors of the model to be tuned in the worlds of a basis, shape (worlds, sizes)."""
        if not isinstance(self.belief, Belief):
            return self.belief.paths(self.sizes)
        return of_the_model(self.belief.paths(self.sizes, draws=basis.worlds.n), self.forecast, basis)


def standing(facts: Known, work: Work, earlier: State | None = None) -> State:
    """The State of a project that states a target.

    Args:
        facts: all that is known of the project.
        work: what its rounds are made of, in the worlds of the bill.
        earlier: a State of the same points and worlds, whose curves hold; only prices have changed.
    Returns: the State.
    """
    basis, definition, audit = work.basis, facts.definition, facts.audit
    value = value_or_saving(facts.project, basis, definition)
    curve = _curve_of(facts) if earlier is None else _Curve(earlier.forecast, earlier.belief, earlier.sizes)
    forecast, saving, settle = curve.forecast, serving_saving(basis), facts.project.problem.fallback
    assert forecast.target is not None
    baseline = _error(baseline_score(facts.project, definition), forecast)
    saved = 0.0 if saving is None or value is None else float(saving.mean())
    more = 0.0 if value is None else more_than_today(facts.project, basis, definition)
    return State(
        paths=curve.paths(basis) if earlier is None else earlier.paths,
        sizes=curve.sizes,
        error_target=to_error(forecast.target, forecast.direction),
        error_baseline=1.0 if baseline is None else baseline,
        error_floor=_error(forecast.ceiling, forecast) or 0.0,
        error_fallback=_error(None if settle is None else read_score(settle), forecast),
        test_rows=test_rows(definition, audit, forecast) if curve.belief.scale.binomial else None,
        value=value,
        prices=prices_of(work),
        supply=labelled_supply(basis),
        others=made_sources(basis),
        budget_left=_budget(facts) - facts.spent - _answers(work),
        forecast=forecast,
        audit=audit,
        basis=basis,
        model=base_model(basis) if facts.way is None else facts.way.words,
        trained=curve.trained,
        before=once(work),
        belief=curve.belief,
        assumed=curve.assumed,
        tuning=facts.tuning,
        reviews=facts.reviews,
        done=frozenset(facts.done),
        design_effect=definition.design_effect if definition is not None else 1.0,
        saving=saved,
        upkeep=None if value is None else upkeep_by_rows(work),
        release=release(work),
        release_at_once=release_at_once(work),
        way=facts.way,
        promise=facts.promise,
        rest=_rest(facts.promise, basis),
        more_today=more,
        error_today=_error(score_given_up(facts.project, definition), forecast) if np.any(more) else None,
        miss=_miss(basis, 0.0 if value is None else float(value.mean()) or saved),
    )


def with_rows(state: State, facts: Known, n_max: int) -> State:
    """The same project where other sizes can be had, n_max rows at most: its measured curve is carried on to them.

    What was measured as it is, without a curve, stays as it is. Raises: ValueError where the curve is assumed.
    """
    if state.assumed:
        raise ValueError("nobody has measured this curve")
    if facts.way is not None and facts.way.flat:
        return state
    forecast = replace(state.forecast, n_max=n_max)
    curve = _Curve(forecast, state.belief, _sizes(forecast, facts.rows))
    paths = curve.paths(state.basis)
    return replace(state, forecast=forecast, sizes=curve.sizes, paths=paths, trained=curve.trained)


def _error(score: float | None, forecast: Forecast) -> float | None:
    """A score that another is held against, as an error; None where it is not known."""
    return None if score is None else to_error(score, forecast.direction)


def _sizes(forecast: Forecast, rows: int) -> tuple[int, ...]:
    """The rows at hand, and the sizes from there on.

    A pilot may end below the rows at hand (a cap on time or rows): those are paid for already.
    """
    last = max(point.n for point in forecast.points)
    held = min(max(last, rows), max(forecast.n_max, last))
    return doubling(held, forecast.n_max, MOST_SIZES)


def measured_curve(forecast: Forecast | None) -> bool:
    """Whether worlds can follow a forecast's curve: it has a target, points of two sizes, and a verdict."""
    if forecast is None or forecast.target is None or forecast.verdict == "not a pilot yet":
        return False
    return len({point.n for point in forecast.points if point.n > 0}) > 1


def _curve_of(facts: Known) -> _Curve:
    forecast, basis = facts.forecast, facts.basis
    if facts.way is not None and facts.way.flat:
        return _Curve(facts.way.forecast, AsMeasured.of(facts.way, basis), (max(facts.rows, 1),))
    if forecast is None or not measured_curve(forecast):
        assumed, forecast = assumed_curve(facts)
        return _Curve(forecast, assumed, doubling(assumed.rows, forecast.n_max, MOST_SIZES))
    tuned = facts.way is None or facts.way.kind == "causal"
    return _Curve(forecast, belief_of(forecast, basis, tuned=tuned), _sizes(forecast, facts.rows))


def _answers(work: Work) -> float:
    """What answers and upkeep after launch take from the budget where the bill counts them, at P80."""
    everywhere = replace(work, walk=replace(work.walk, reached=None, ships=None))
    costs = [cost.amount for cost in (inference(everywhere), upkeep(everywhere)) if cost.included]
    counted = [amount for amount in costs if amount is not None]
    return float(np.quantile(sum(counted), 0.8)) if counted else 0.0


def _budget(facts: Known) -> float:
    return facts.project.budget.spread.median if facts.project.budget else float("inf")


def _rest(promise: Promise | None, basis: Basis) -> "Draws | float":
    """What the answers that are left to others add to what serving saves, where only sure ones are given."""
    return 0.0 if promise is None or promise.coverage is None else rest_by_others(basis, promise.coverage)


def _miss(basis: Basis, worth: float) -> float | None:
    """What a miss that is put to use costs, in worths of the target; None where its part of the gain is had.

    `worth` is what the target brings, or serving saves where that is all [base currency].
    """
    problem = None if basis.project is None else basis.project.problem
    if problem is not None and problem.gain == "linear":
        return None
    if problem is None or problem.miss_cost is None:
        return MISS
    price = float(basis.draw(MISS_COST, problem.miss_cost).mean())
    if not problem.miss_cost.currency:
        return price
    return price / worth if worth > 0 else MISS


def belief_of(forecast: Forecast, basis: Basis, *, tuned: bool = True) -> Belief:
    """The belief in the curve through the points of a forecast, under the seed of the worlds.

    `tuned` is False for a way that is no fine-tune, whose curve is flatter.
    """
    scale = scale_of(forecast.metric, forecast.direction)
    language_model = tuned and forecast.language_model
    return believe(
        forecast.points, scale, seed=basis.worlds.seed, language_model=language_model, kind=forecast.kind,
        stays=forecast.stays,
    )  # fmt: skip


def labelled_supply(basis: Basis) -> Supply:
    """Where rows with labels of people come from: no model writes them and no scraper fetches them."""
    return supply(basis, without=MADE, as_labelled=_by_worth(basis))


def planned_supply(facts: Known) -> Supply:
    """All sources as the bill counts their rows: at their worth along a curve, one for one where none is walked."""
    target = facts.project.problem.target is not None or (facts.forecast is not None and facts.forecast.target)
    return supply(facts.basis, as_labelled=bool(target) and _by_worth(facts.basis))


def _by_worth(basis: Basis) -> bool:
    """Rows that the project file buys before the first round are so many rows, whatever they teach."""
    return basis.project is None or not basis.project.data.first_purchase


def prices_of(work: Work) -> RoundPrices:
    """What a round is made of, in the worlds of the bill."""
    hour = person_hour(work.basis) * unknown_factor(work.basis)
    return with_other(round_prices(work, hour), work)


def test_rows(definition: Definition | None, audit: Audit | None, forecast: Forecast | None) -> int | None:
    """Items in the tests to come: those at hand and those that the definition lacks; None if unknown.

    A round may have been tested on more than the file held. Rows of one group count as their number over the design
    effect, where that was measured or stated.
    """
    measured = max((point.test_rows for point in forecast.points if point.test_rows), default=0) if forecast else 0
    if definition is None or not definition.test_rows:
        return measured or (audit.test_usable if audit else None) or None
    rows = max(definition.test_rows + definition.test_rows_to_buy, measured)
    return max(int(rows / definition.design_effect), 1)


def test_rows_to_buy(definition: Definition | None, audit: Audit | None) -> int:
    """Missing test rows that the audit's repair price does not already cover."""
    small = audit.finding("test_too_small") if audit else None
    repaired = max(LEAST_TEST_ROWS - audit.test_usable, 0) if audit and small else 0
    return max((definition.test_rows_to_buy if definition else 0) - repaired, 0)
