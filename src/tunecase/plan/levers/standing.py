"""Works out where a project stands from what is known of it: one State for the bill and for the decision."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.compute import paid_besides
from tunecase.forecast import believe, doubling, to_error
from tunecase.plan.levers.state import State
from tunecase.plan.rounds.board import RoundPrices
from tunecase.plan.rounds.walk import of_the_model
from tunecase.prices import Basis, baseline_score, expected_unknowns, label_price, person_hour, serving_saving, supply
from tunecase.project import read_score
from tunecase.quantities import LEAST_TEST_ROWS
from tunecase.records import Audit, Definition, Forecast, Reviews, Tuning

if TYPE_CHECKING:
    from tunecase.quantities import Draws

MOST_SIZES = 8
MADE = ("synthetic", "scrape")


def standing(
    basis: Basis,
    forecast: Forecast,
    *,
    rows: int,
    definition: Definition | None,
    audit: Audit | None,
    value: "Draws | None",
    run_per_row: "Draws | float",
    budget_left: "Draws | float",
    model: str,
    tuning: Tuning | None = None,
    reviews: Reviews | None = None,
    done: Collection[str] = (),
    known: State | None = None,
) -> State:
    """The State after a pilot.

    Args:
        basis: prices, date and worlds.
        forecast: the pilot's points with a target.
        rows: usable rows at hand.
        definition: for the size of the test, the rows that it misses, and the baseline.
        audit, tuning, reviews: what the levers rest on, where known.
        value: V in each world, None where not stated.
        run_per_row: one training run divided by its rows [base currency].
        budget_left: what may still be spent, infinite without a budget.
        model: the model to be tuned, by name.
        done: levers that measured rounds have used.
        known: an earlier State of the same points and worlds, whose curves hold; only prices have changed.
    Returns: the State. Raises: ValueError where the forecast has no target or fewer than two sizes.
    """
    project = basis.project
    assert project is not None
    if forecast.target is None:
        raise ValueError("the forecast has no target")
    metric = next((one for one in catalog.metrics() if one.name == forecast.metric), None)
    bounded, binomial = bool(metric and metric.bounded), bool(metric and metric.binomial)
    belief = known.belief if known is not None and known.belief is not None else believe(
        forecast.points, direction=forecast.direction, bounded=bounded, binomial=binomial, seed=basis.worlds.seed,
        language_model=forecast.language_model,
    )  # fmt: skip
    last = max(point.n for point in forecast.points)
    # A pilot may end below the rows at hand (a cap on time or rows): those are paid for already.
    held = min(max(last, rows), max(forecast.n_max, last))
    sizes = doubling(held, forecast.n_max, MOST_SIZES)
    paths = known.paths if known is not None else None
    if paths is None:
        paths = of_the_model(belief.paths(sizes, draws=basis.worlds.n), forecast, basis)
    base = baseline_score(project, definition) if definition is not None else None
    labour = basis.draw("effort_per_round", project.effort_per_round) * person_hour(basis)
    settle, saving = project.problem.fallback, serving_saving(basis)
    return State(
        paths=paths, sizes=sizes,
        error_target=to_error(forecast.target, forecast.direction),
        error_baseline=to_error(base, forecast.direction) if base is not None else 1.0,
        error_floor=0.0 if forecast.ceiling is None else to_error(forecast.ceiling, forecast.direction),
        test_rows=test_rows(definition, audit, forecast) if binomial else None, value=value,
        prices=RoundPrices(
            labour, basis.draw("levers.first_run_hours") * person_hour(basis), run_per_row,
            basis.draw("training.runs_per_round", project.training.runs_per_round), paid_besides(basis),
            # Nobody knows his world's overrun when a step is chosen: plans carry its mean.
            expected_unknowns(basis) - 1,
        ),
        supply=supply(basis, without=MADE),
        others=tuple(
            (kind, found) for kind in MADE if (found := supply(basis, only=kind)).price is not None
        ),
        budget_left=budget_left, forecast=forecast, audit=audit, basis=basis, model=model,
        trained=not forecast.stand_in and last >= held, before=_before(basis, definition, audit), belief=belief,
        tuning=tuning, reviews=reviews, most_rounds=int(basis.text("rounds.most")), done=frozenset(done),
        error_fallback=None if settle is None else to_error(read_score(settle), forecast.direction),
        design_effect=definition.design_effect if definition is not None else 1.0,
        saving=0.0 if saving is None or value is None else float(saving.mean()),
    )  # fmt: skip


def _before(basis: Basis, definition: Definition | None, audit: Audit | None) -> "Draws | float":
    missing = test_rows_to_buy(definition, audit)
    return missing * label_price(basis) if missing else 0.0


def test_rows(definition: Definition | None, audit: Audit | None, forecast: Forecast | None) -> int | None:
    """Items that the tests to come are worth: those at hand and those that the definition misses; None where not known.

    A round may have been tested on more than the file held. Rows of one group count as their number over the design
    effect, where that was measured or stated.
    """
    measured = max((point.test_rows for point in forecast.points if point.test_rows), default=0) if forecast else 0
    if definition is None or not definition.test_rows:
        return measured or (audit.test_usable if audit else None) or None
    rows = max(definition.test_rows + _missing(definition), measured)
    return max(int(rows / definition.design_effect), 1)


def test_rows_to_buy(definition: Definition | None, audit: Audit | None) -> int:
    """Test rows that are missing and that the audit's repair price does not hold already."""
    small = audit.finding("test_too_small") if audit else None
    repaired = max(LEAST_TEST_ROWS - audit.test_usable, 0) if audit and small else 0
    return max(_missing(definition) - repaired, 0)


def _missing(definition: Definition | None) -> int:
    return definition.test_rows_to_buy if definition else 0
