"""The rounds that the bill pays for: as the policy goes, as many as the file states, or assumed without a pilot."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.forecast import adding, doubling
from tunecase.plan import Known, costs, levers
from tunecase.plan.costs import Cost, Work
from tunecase.plan.levers import belief_of, standing, test_rows
from tunecase.plan.rounds import Walk, best_policy, counted, of_the_model, parted, random_rounds, rounds_of, walk_rounds
from tunecase.prices import ROUNDS, Basis, review_price, value_or_saving
from tunecase.quantities import Beta
from tunecase.records import Forecast

if TYPE_CHECKING:
    from tunecase.quantities import Draws

COSTS: tuple[Callable[[Work], Cost], ...] = (
    costs.gpu,
    costs.failed_runs,
    costs.idle,
    costs.storage,
    costs.egress,
    costs.labour,
    costs.data,
    costs.evaluation,
    costs.inference,
    costs.unknowns,
)
MOST_STATED = 100  # rounds that a project file can ask for


@dataclass(frozen=True, slots=True)
class Route:
    """The walk, what it rests on, and what it assumes, in words; `fixed` is paid whatever the walk is."""

    walk: Walk
    based_on: str
    assumptions: tuple[str, ...]
    fixed: float = 0.0


def route_of(work: Work, facts: Known) -> Route:
    """The route from what is known: the curve and the policy, the project file's rounds, or assumed ones."""
    project, basis, forecast = work.project, work.basis, facts.forecast
    if forecast is not None and _usable(forecast):
        return _under_the_policy(work, facts, forecast) if project.rounds is None else _fixed_rounds(facts, forecast)
    most, limit = int(basis.text("rounds.most")), work.supply.limit
    n_max = float("inf") if limit is None else facts.rows + limit - project.data.first_purchase
    if project.rounds is None:
        walk, words = _assumed_rounds(basis, adding(facts.rows, n_max, most))
    else:
        rounds = basis.worlds.draw(ROUNDS, project.rounds.spread).clip(1, MOST_STATED)
        walk = counted(rounds, adding(facts.rows, n_max, MOST_STATED))
        words = (
            "the number of rounds is the project file's",
            f"each round after the first adds as many examples as there are now ({facts.rows:,}), as far as the "
            "sources reach",
        )
    based_on = "no pilot" if forecast is None else "no usable pilot" if forecast.target is not None else "no target"
    return Route(walk, based_on, words)


def _assumed_rounds(basis: Basis, sizes: Sequence[int]) -> tuple[Walk, tuple[str, ...]]:
    """Rounds of a random number, each with its chance to be the last; as many sizes as there can be rounds."""
    most = len(sizes)
    stop = basis.draw("rounds.stop_share")
    walk = _mixed_rounds(basis, random_rounds(stop, basis.worlds.draw("rounds.luck", Beta(1, 1)), most), sizes)
    words = (
        f"no pilot: assumed. The chance that a round is the last is drawn from "
        f"{basis.used['rounds.stop_share'].value}; at most {most} rounds",
        f"of the rounds after the first a share drawn from {basis.used['rounds.data_share'].value} adds as many "
        f"examples as there are now ({sizes[0]:,}), as far as the sources reach; the others search over settings or "
        "read suspicious labels",
    )
    return walk, words


def _mixed_rounds(basis: Basis, rounds: "Draws", sizes: Sequence[int]) -> Walk:
    """A walk of assumed rounds: after the first each buys data, searches over settings, or cleans.

    Rounds that buy come first, so that rows trained err high.
    """
    import numpy as np

    later = rounds - 1
    buying = parted(later, basis.draw("rounds.data_share"), basis.worlds.draw("rounds.luck of data", Beta(1, 1)))
    tuning = parted(
        later - buying, basis.draw("rounds.tune_share"), basis.worlds.draw("rounds.luck of tuning", Beta(1, 1))
    )
    cleaning = later - buying - tuning
    bought = counted(1 + buying, sizes)
    last = sizes[0] + bought.bought
    review = 0.0 * last
    if cleaning.any():
        # Labels are mended once, however many rounds are spent on it.
        suspicious = last * basis.draw("levers.label_noise") * basis.draw("levers.rows_per_wrong_label")
        review = (cleaning > 0) * suspicious * review_price(1, basis)
    return replace(
        bought, rounds=rounds, rows_trained=bought.rows_trained + (tuning + cleaning) * last,
        search_rows=tuning * last * float(basis.text("levers.tuning_runs")), reviewed=np.asarray(review),
    )  # fmt: skip


def _usable(forecast: Forecast) -> bool:
    sizes = {point.n for point in forecast.points if point.n > 0}
    return forecast.target is not None and forecast.verdict != "not a pilot yet" and len(sizes) > 1


def _under_the_policy(work: Work, facts: Known, forecast: Forecast) -> Route:
    """The rounds as the decision would take them: one world per path, a test after each round, the policy's answer."""
    import numpy as np

    project, basis = work.project, work.basis
    value = value_or_saving(project, basis, facts.definition) if facts.definition is not None else None
    per_row = work.run_price(1)
    fixed = _fixed_costs(work, facts.rows)
    budget = project.budget.spread.median if project.budget else float("inf")
    state = standing(facts, value=value, run_per_row=0.0 if per_row is None else per_row, budget_left=budget - fixed)
    offers = levers.offers_of(state)
    weighed = value is not None
    if not weighed:
        state, offers = levers.without_value(state, offers)
    if forecast.verdict == "reached" or not any(offer.steps for offer in offers):
        offers = levers.with_a_run(offers)
    board = levers.board(state, offers, begin_anyway=True)
    policy = best_policy(board.nodes)
    steps = board.nodes[0].steps
    worths = [float(policy.after(step).mean()) for step in steps]
    first = worths.index(max(worths))
    words = _policy_words(facts.rows, state, steps[first].name, worths[first] if weighed else None)
    return Route(board.walk(policy, first), _pilot_words(forecast), words, float(np.mean(fixed)))


def _fixed_costs(work: Work, rows: int) -> "Draws":
    """What is paid whatever the rounds: the bill of no round, without the test rows that are missing."""
    import numpy as np

    none = np.zeros(work.basis.worlds.n)
    walk = replace(rounds_of((rows,), 1, work.basis.worlds.n), rounds=none, rows_trained=none)
    nothing = replace(work, walk=walk, test_rows_missing=0)
    return total_of([cost(nothing) for cost in COSTS])


def _policy_words(rows: int, state: levers.State, first: str, worth: float | None) -> tuple[str, ...]:
    """What the policy does, in words; `worth` is that of its first step, None where no value weighs it."""
    forecast, project = state.forecast, state.basis.project
    test = f"a test of {state.test_rows:,} rows" if state.test_rows else "a test without noise"
    after = "after a test that fails, the step of the best expected value is taken, or none is"
    if worth is None:
        after = "without a value of the target every round but the first buys as many rows again, within the budget"
    words = [
        f"each world follows one curve of the forecast, from {rows:,} rows up to {_most_words(forecast)}; a round "
        f"succeeds when the lower end of the 80% interval of {test} meets the target",
        f"{after}; the first step is {first.replace('_', ' ')}, whatever it costs",
        *_stand_in_words(forecast),
        "a plan's steps carry failed runs, idle GPUs and the mean of unknowns; storage and egress only the bill",
    ]
    if worth is not None and worth <= 0:
        words.append("at these prices no step is worth its price: the bill is what going on all the same would cost")
    if project is not None and project.budget is not None:
        words.append("after the first, no step is taken whose end would pass the budget")
    return tuple(words)


def _most_words(forecast: Forecast) -> str:
    return f"{forecast.n_max:,} ({forecast.n_max_why or 'as the forecast says'})"


def _fixed_rounds(facts: Known, forecast: Forecast) -> Route:
    """As many rounds as the project file says, each on twice the rows, whatever the tests show."""
    import numpy as np

    from tunecase.forecast import to_error

    project, basis = facts.project, facts.basis
    assert forecast.target is not None
    assert project.rounds is not None
    belief = belief_of(forecast, basis)
    sizes = doubling(facts.rows, forecast.n_max, int(basis.text("rounds.most")))
    paths = of_the_model(belief.paths(sizes, draws=basis.worlds.n), forecast, basis)
    if forecast.ceiling is not None:
        paths = np.maximum(paths, to_error(forecast.ceiling, forecast.direction))
    rounds = basis.worlds.draw(ROUNDS, project.rounds.spread).clip(1, MOST_STATED)
    extra = max(int(np.rint(rounds.max())) - len(sizes), 0)
    sizes = (*sizes, *[sizes[-1]] * extra)
    paths = np.concatenate([paths, np.repeat(paths[:, -1:], extra, axis=1)], axis=1)
    walk = walk_rounds(
        paths, to_error(forecast.target, forecast.direction), sizes,
        test_rows=test_rows(facts.definition, facts.audit, forecast) if belief.scale.binomial else None,
        seed=basis.worlds.seed, most=rounds,
    )  # fmt: skip
    words = (
        "the number of rounds is the project file's, and rounds go on whatever the tests show",
        f"each world follows one curve of the forecast; the first round trains on {facts.rows:,} rows, each later one "
        f"on twice as many, up to {_most_words(forecast)}",
        *_stand_in_words(forecast),
    )
    return Route(walk, _pilot_words(forecast), words)


def total_of(costs: Sequence[Cost]) -> "Draws":
    """The sum of the lines that count and have a price, shape (draws,)."""
    import numpy as np

    return np.asarray(np.sum([cost.amount for cost in costs if cost.included and cost.amount is not None], axis=0))


def _pilot_words(forecast: Forecast) -> str:
    largest = max(point.n for point in forecast.points)
    count = len(forecast.points)
    points = f"pilot of {count} points" if forecast.source == "pilot" else f"{count} points of {forecast.source}"
    return f"{points} up to {largest:,} examples"


def _stand_in_words(forecast: Forecast) -> tuple[str, ...]:
    if not forecast.stand_in:
        return ()
    factor = catalog.default(forecast.stand_in_factor)
    return (
        f"the pilot was {forecast.model}; the tuned model's error is {factor.value} times as large ({factor.source})",
    )
