"""Works out where a project stands from what is known of it: one State for the bill and for the decision."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunecase.compute import base_model, paid_besides
from tunecase.forecast import Belief, believe, doubling, scale_of, to_error
from tunecase.plan.known import Known
from tunecase.plan.levers.state import State
from tunecase.plan.rounds.board import RoundPrices
from tunecase.plan.rounds.walk import of_the_model
from tunecase.prices import Basis, baseline_score, expected_unknowns, label_price, person_hour, serving_saving, supply
from tunecase.project import read_score
from tunecase.quantities import LEAST_TEST_ROWS
from tunecase.records import Audit, Definition, Forecast

if TYPE_CHECKING:
    from tunecase.quantities import Draws

MOST_SIZES = 8
MADE = ("synthetic", "scrape")


def standing(
    facts: Known,
    *,
    value: "Draws | None",
    run_per_row: "Draws | float",
    budget_left: "Draws | float",
    earlier: State | None = None,
) -> State:
    """The State after a pilot.

    Args:
        facts: all that is known of the project; its forecast holds the pilot's points with a target.
        value: V in each world, None where not stated.
        run_per_row: one training run divided by its rows [base currency].
        budget_left: what may still be spent, infinite without a budget.
        earlier: a State of the same points and worlds, whose curves hold; only prices have changed.
    Returns: the State. Raises: ValueError where the forecast has no target or fewer than two sizes.
    """
    basis, forecast, definition, audit = facts.basis, facts.forecast, facts.definition, facts.audit
    if forecast is None or forecast.target is None:
        raise ValueError("the forecast has no target")
    belief = belief_of(forecast, basis) if earlier is None else earlier.belief
    last = max(point.n for point in forecast.points)
    # A pilot may end below the rows at hand (a cap on time or rows): those are paid for already.
    held = min(max(last, facts.rows), max(forecast.n_max, last))
    sizes = doubling(held, forecast.n_max, MOST_SIZES)
    paths = (
        of_the_model(belief.paths(sizes, draws=basis.worlds.n), forecast, basis) if earlier is None else earlier.paths
    )
    prices, saving = _round_prices(facts, run_per_row), serving_saving(basis)

    aims = _aims(facts, forecast)
    return State(
        paths=paths,
        sizes=sizes,
        error_target=to_error(forecast.target, forecast.direction),
        error_baseline=1.0 if aims.baseline is None else aims.baseline,
        error_floor=aims.floor or 0.0,
        error_fallback=aims.fallback,
        test_rows=test_rows(definition, audit, forecast) if belief.scale.binomial else None,
        value=value,
        prices=prices,
        supply=supply(basis, without=MADE),
        others=tuple((kind, made) for kind in MADE if (made := supply(basis, only=kind)).price is not None),
        budget_left=budget_left,
        forecast=forecast,
        audit=audit,
        basis=basis,
        model=base_model(basis),
        trained=not forecast.stand_in and last >= held,
        before=_before(basis, definition, audit),
        belief=belief,
        tuning=facts.tuning,
        reviews=facts.reviews,
        most_rounds=int(basis.text("rounds.most")),
        done=frozenset(facts.done),
        design_effect=definition.design_effect if definition is not None else 1.0,
        saving=0.0 if saving is None or value is None else float(saving.mean()),
    )


@dataclass(frozen=True, slots=True)
class _Aims:
    """Errors that a score is held against; None where the score is not known."""

    baseline: float | None
    floor: float | None
    fallback: float | None


def _aims(facts: Known, forecast: Forecast) -> _Aims:
    baseline = baseline_score(facts.project, facts.definition) if facts.definition is not None else None
    settle = facts.project.problem.fallback
    scores = (baseline, forecast.ceiling, None if settle is None else read_score(settle))
    return _Aims(*(None if score is None else to_error(score, forecast.direction) for score in scores))


def belief_of(forecast: Forecast, basis: Basis) -> Belief:
    """The belief in the curve through the points of a forecast, under the seed of the worlds."""
    scale = scale_of(forecast.metric, forecast.direction)
    return believe(forecast.points, scale, seed=basis.worlds.seed, language_model=forecast.language_model)


def _round_prices(facts: Known, run_per_row: "Draws | float") -> RoundPrices:
    basis, project = facts.basis, facts.project
    return RoundPrices(
        labour=basis.draw("effort_per_round", project.effort_per_round) * person_hour(basis),
        short_labour=basis.draw("levers.first_run_hours") * person_hour(basis),
        run_per_row=run_per_row,
        runs=basis.draw("training.runs_per_round", project.training.runs_per_round),
        besides=paid_besides(basis),
        # Nobody knows his world's overrun when a step is chosen: plans carry its mean.
        unforeseen=expected_unknowns(basis) - 1,
    )


def _before(basis: Basis, definition: Definition | None, audit: Audit | None) -> "Draws | float":
    missing = test_rows_to_buy(definition, audit)
    return missing * label_price(basis) if missing else 0.0


def test_rows(definition: Definition | None, audit: Audit | None, forecast: Forecast | None) -> int | None:
    """Items in the tests to come: those at hand and those that the definition lacks; None if unknown.

    A round may have been tested on more than the file held. Rows of one group count as their number over the design
    effect, where that was measured or stated.
    """
    measured = max((point.test_rows for point in forecast.points if point.test_rows), default=0) if forecast else 0
    if definition is None or not definition.test_rows:
        return measured or (audit.test_usable if audit else None) or None
    rows = max(definition.test_rows + _missing(definition), measured)
    return max(int(rows / definition.design_effect), 1)


def test_rows_to_buy(definition: Definition | None, audit: Audit | None) -> int:
    """Missing test rows that the audit's repair price does not already cover."""
    small = audit.finding("test_too_small") if audit else None
    repaired = max(LEAST_TEST_ROWS - audit.test_usable, 0) if audit and small else 0
    return max(_missing(definition) - repaired, 0)


def _missing(definition: Definition | None) -> int:
    return definition.test_rows_to_buy if definition else 0
