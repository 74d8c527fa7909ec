"""The way through the rounds that the bill pays for: under the policy, as many as said, or assumed without a pilot."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.compute import base_model
from tunecase.forecast import adding, doubling
from tunecase.plan import costs, levers
from tunecase.plan.costs import Cost, Work
from tunecase.plan.levers import standing, test_rows
from tunecase.plan.rounds import Walk, best_policy, counted, of_the_model, parted, random_rounds, rounds_of, walk_rounds
from tunecase.prices import Basis, review_price, value_or_saving
from tunecase.quantities import Beta
from tunecase.records import Audit, Definition, Forecast, Reviews, Tuning

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
ROUNDS = "rounds"


@dataclass(frozen=True, slots=True)
class Route:
    """The walk, what it rests on, and what it assumes, in words; `fixed` is what is paid besides whatever the walk."""

    walk: Walk
    based_on: str
    assumptions: tuple[str, ...]
    fixed: float = 0.0


@dataclass(frozen=True, slots=True)
class Known:
    """What was found before the bill."""

    definition: Definition | None
    audit: Audit | None
    forecast: Forecast | None
    tuning: Tuning | None
    reviews: Reviews | None
    done: frozenset[str]


def route_of(work: Work, rows: int, known: Known) -> Route:
    """The route from what is known: the curve and the policy, the project file's rounds, or assumed ones."""
    project, basis, stock = work.project, work.basis, work.supply
    forecast = known.forecast
    if forecast is not None and _usable(forecast):
        if project.rounds is not None:
            return _fixed_rounds(work, rows, forecast, test_rows(known.definition, known.audit, forecast))
        return _under_the_policy(work, rows, forecast, known)
    most = int(basis.text("rounds.most"))
    n_max = rows + stock.limit - project.data.first_purchase if stock.limit is not None else float("inf")
    if project.rounds is not None:
        rounds = basis.worlds.draw(ROUNDS, project.rounds.spread).clip(1, 100)
        words, most = "the number of rounds is the project file's", 100
    else:
        stop = basis.draw("rounds.stop_share")
        rounds = random_rounds(stop, basis.worlds.draw("rounds.luck", Beta(1, 1)), most)
        words = (
            f"no pilot: assumed. The chance that a round is the last is drawn from "
            f"{basis.used['rounds.stop_share'].value}; at most {most} rounds"
        )
    walk = counted(rounds, adding(rows, n_max, most))
    growth = (
        f"each round after the first adds as many examples as there are now ({rows:,}), as far as the sources reach"
    )
    if project.rounds is None:
        walk = _mixed_rounds(basis, rounds, adding(rows, n_max, most))
        growth = (
            f"of the rounds after the first a share drawn from {basis.used['rounds.data_share'].value} adds as many "
            f"examples as there are now ({rows:,}), as far as the sources reach; the others search over settings or "
            "read suspicious labels"
        )
    based_on = "no pilot" if forecast is None else "no usable pilot" if forecast.target is not None else "no target"
    return Route(walk, based_on, (words, growth))


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


def _under_the_policy(work: Work, rows: int, forecast: Forecast, known: Known) -> Route:
    """The rounds as the decision would take them: one world per path, a test after each round, the policy's answer."""
    import numpy as np

    project, basis = work.project, work.basis
    value = value_or_saving(project, basis, known.definition) if known.definition is not None else None
    per_row: Draws | float = 0.0
    if work.machine is not None and work.tokens_per_row is not None:
        per_row = work.tokens_per_row * project.training.epochs / 1e6 * work.machine.price_per_mtok
    budget = project.budget.spread.median if project.budget else float("inf")
    nothing = replace(work, walk=rounds_of((rows,), 1, basis.worlds.n), test_rows_missing=0)
    none = np.zeros(basis.worlds.n)
    nothing = replace(nothing, walk=replace(nothing.walk, rounds=none, rows_trained=none))
    fixed = total_of([cost(nothing) for cost in COSTS])
    state = standing(
        basis, forecast, rows=rows, definition=known.definition, audit=known.audit, value=value, run_per_row=per_row,
        budget_left=budget - fixed, model=base_model(basis), tuning=known.tuning, reviews=known.reviews,
        done=known.done,
    )  # fmt: skip
    offers = levers.offers_of(state)
    weighed = value is not None
    if not weighed:
        state, offers = levers.without_value(state, offers)
    if forecast.verdict == "reached" or not any(offer.steps for offer in offers):
        offers = levers.with_a_run(offers)
    board = levers.board(state, offers, begin_anyway=True)
    policy = best_policy(board.nodes)
    steps = board.nodes[0].steps
    first = max(range(len(steps)), key=lambda index: float(policy.after(steps[index]).mean()))
    worth = float(policy.after(steps[first]).mean())
    words = _policy_words(rows, forecast, state, steps[first].name, weighed, worth)
    return Route(board.walk(policy, first), _pilot_words(forecast), words, float(np.mean(fixed)))


def _policy_words(
    rows: int, forecast: Forecast, state: levers.State, first: str, weighed: bool, worth: float
) -> tuple[str, ...]:
    told = (
        "a round succeeds when the lower end of the 80% interval of "
        + (f"a test of {state.test_rows:,} rows" if state.test_rows else "a test without noise")
        + " meets the target"
    )
    if not weighed:
        after = "without a value of the target every round but the first buys as many rows again, within the budget"
    else:
        after = "after a test that fails, the step of the best expected value is taken, or none is"
    words = [
        f"each world follows one curve of the forecast, from {rows:,} rows up to {forecast.n_max:,} "
        f"({forecast.n_max_why or 'as the forecast says'}); {told}",
        f"{after}; the first step is {first.replace('_', ' ')}, whatever it costs",
        *_stand_in_words(forecast),
        "a plan's steps carry failed runs, idle GPUs and the mean of unknowns; storage and egress only the bill",
    ]
    if weighed and worth <= 0:
        words.append("at these prices no step is worth its price: the bill is what going on all the same would cost")
    if state.basis.project is not None and state.basis.project.budget is not None:
        words.append("after the first, no step is taken whose end would pass the budget")
    return tuple(words)


def _fixed_rounds(work: Work, rows: int, forecast: Forecast, test_rows: int | None) -> Route:
    """As many rounds as the project file says, each on twice the rows, whatever the tests show."""
    import numpy as np

    from tunecase.forecast import believe, to_error

    project, basis = work.project, work.basis
    assert forecast.target is not None
    assert project.rounds is not None
    metric = next((metric for metric in catalog.metrics() if metric.name == forecast.metric), None)
    bounded, binomial = bool(metric and metric.bounded), bool(metric and metric.binomial)
    belief = believe(
        forecast.points, direction=forecast.direction, bounded=bounded, binomial=binomial, seed=basis.worlds.seed,
        language_model=forecast.language_model,
    )  # fmt: skip
    sizes = doubling(rows, forecast.n_max, int(basis.text("rounds.most")))
    paths = of_the_model(belief.paths(sizes, draws=basis.worlds.n), forecast, basis)
    if forecast.ceiling is not None:
        paths = np.maximum(paths, to_error(forecast.ceiling, forecast.direction))
    rounds = basis.worlds.draw(ROUNDS, project.rounds.spread).clip(1, 100)
    extra = max(int(np.rint(rounds.max())) - len(sizes), 0)
    sizes = (*sizes, *[sizes[-1]] * extra)
    paths = np.concatenate([paths, np.repeat(paths[:, -1:], extra, axis=1)], axis=1)
    walk = walk_rounds(
        paths, to_error(forecast.target, forecast.direction), sizes, test_rows=test_rows if binomial else None,
        seed=basis.worlds.seed, most=rounds, stops=False,
    )  # fmt: skip
    words = (
        "the number of rounds is the project file's, and rounds go on whatever the tests show",
        f"each world follows one curve of the forecast; the first round trains on {rows:,} rows, each later one on "
        f"twice as many, up to {forecast.n_max:,} ({forecast.n_max_why or 'as the forecast says'})",
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
