"""What the rounds rest on, and how they go where there is no target to reach."""

from collections.abc import Sequence
from dataclasses import replace

from tunecase import catalog
from tunecase.forecast import adding
from tunecase.plan import levers
from tunecase.plan.costs import Work
from tunecase.plan.known import Known
from tunecase.plan.rounds import Walk, counted, parted, random_rounds
from tunecase.plan.solved import Solved
from tunecase.prices import ROUNDS, Basis, review_price
from tunecase.quantities import Beta, Draws, np
from tunecase.records import Forecast

NO_PILOT, NO_TARGET = "no pilot", "no target"
MOST_STATED = 100  # rounds that a project file can ask for


def rounds_without_target(work: Work, facts: Known) -> tuple[Walk, tuple[str, ...]]:
    """The rounds where no target says when they end: as many as the project file states, else assumed; in words."""
    project, basis = work.project, work.basis
    most, limit = int(basis.text("rounds.most")), work.supply.limit
    n_max = float("inf") if limit is None else facts.rows + limit - project.data.first_purchase
    if project.rounds is None:
        return _assumed_rounds(basis, adding(facts.rows, n_max, most))
    rounds = basis.worlds.draw(ROUNDS, project.rounds.spread).clip(1, MOST_STATED)
    words = (
        "the number of rounds is the project file's",
        f"each round after the first adds as many examples as there are now ({facts.rows:,}), as far as the sources "
        "reach",
    )
    return counted(rounds, adding(facts.rows, n_max, MOST_STATED)), words


def _assumed_rounds(basis: Basis, sizes: Sequence[int]) -> tuple[Walk, tuple[str, ...]]:
    """Rounds of a random number, each with its chance to be the last; as many sizes as there can be rounds."""
    most = len(sizes)
    stop = basis.draw("rounds.stop_share")
    walk = _mixed_rounds(basis, random_rounds(stop, basis.worlds.draw("rounds.luck", Beta(1, 1)), most), sizes)
    words = (
        f"no target: rounds are assumed. The chance that a round is the last is drawn from "
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
    later = rounds - 1
    buying = parted(later, basis.draw("rounds.data_share"), basis.worlds.draw("rounds.luck of data", Beta(1, 1)))
    tuning = parted(
        later - buying, basis.draw("rounds.tune_share"), basis.worlds.draw("rounds.luck of tuning", Beta(1, 1))
    )
    cleaning = later - buying - tuning
    bought = counted(1 + buying, sizes)
    last, runs = sizes[0] + bought.bought, float(basis.text("levers.tuning_runs"))
    review = 0.0 * last
    if cleaning.any():
        # Labels are mended once, however many rounds are spent on it.
        suspicious = last * basis.draw("levers.label_noise") * basis.draw("levers.rows_per_wrong_label")
        review = (cleaning > 0) * suspicious * review_price(1, basis)
    return replace(
        bought, rounds=rounds, rows_trained=bought.rows_trained + (tuning + cleaning) * last,
        search_rows=tuning * last * runs, search_runs=tuning * runs, reviewed=np.asarray(review),
    )  # fmt: skip


def based_on(facts: Known) -> str:
    """What the rounds rest on, in words: the pilot, points measured elsewhere, or none."""
    forecast = facts.forecast
    if facts.way is not None and facts.way.flat and forecast is not None:
        return f"{facts.way.words}, as measured on {facts.way.test_rows:,} test rows"
    if facts.project.problem.target is None and (forecast is None or forecast.target is None):
        return NO_TARGET
    if forecast is None:
        return NO_PILOT
    return _pilot_words(forecast) if levers.measured_curve(forecast) else "no usable pilot"


def policy_words(solved: Solved, first: str, rows: int) -> tuple[str, ...]:
    """What the steps take for granted, in words; `first` names its first step, `rows` are those at hand."""
    state, forecast, project = solved.state, solved.state.forecast, solved.state.basis.project
    test = f"a test of {state.test_rows:,} rows" if state.test_rows else "a test without noise"
    if state.way is not None and state.way.flat:
        return (f"each world has the error of {state.way.words} as its test shows it; nothing is trained",)
    most = f"{forecast.n_max:,} ({forecast.n_max_why or 'as the forecast says'})"
    curve = "an assumed curve" if state.assumed else "one curve of the forecast"
    words = [
        f"each world follows {curve}, from {rows:,} rows up to {most}; a model is put to use "
        f"from that score of {test} on from which it pays on average",
        f"the first step is {first.replace('_', ' ')}; rows bought on after a test, where that pays, are in this bill",
        *([state.assumed] if state.assumed else _stand_in_words(forecast)),
        "a step is chosen on the price of its rows, runs and hours; storage and egress are in the bill alone",
    ]
    asked = None if project is None else project.problem.miss_cost
    if asked is not None and asked.currency and state.value is None:
        words.append(
            "without a worth of the target problem.miss_cost is not used: a miss costs as much as the target is worth"
        )
    if project is not None and project.rounds is not None:
        words.append("rounds follow from what each test shows: those of the file are for a bill without a target")
    if project is not None and project.budget is not None:
        words.append("no step is taken unless what is left of the budget pays for it with a chance of 80%")
    return tuple(words)


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
