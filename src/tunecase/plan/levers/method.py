"""Levers on the method and on what is measured: the first real run, settings, a bigger model, a larger test set."""

import math

from tunecase.plan.levers.state import Offer, State, words_of
from tunecase.plan.rounds.board import Move
from tunecase.prices import label_price
from tunecase.quantities import Z80, Z90, Const, Interval, count, score, winners_curse
from tunecase.records import Tuning

WITH_SIZES = ("encoder", "causal")  # kinds of measured ways that come in sizes
LARGER_TEST = 4  # times the rows of the test at hand: half the noise


def fine_tune(state: State) -> Offer:
    """Train the model itself on all rows at hand, where the pilot trained a stand-in, or fewer rows."""
    rows = count(state.sizes[0])
    action = f"fine-tune {state.model} on the {rows} rows at hand"
    if state.way is not None:
        action = f"train {state.way.words} on the {rows} rows at hand"
    if state.trained:
        itself = "the model itself" if state.way is None else state.way.words
        return Offer("fine_tune", action, blocked=f"the pilot measured {itself} on all rows at hand")
    step = f"{action} and test it"
    if not state.forecast.stand_in:
        return Offer("fine_tune", action, step, "measured", trains=True)
    factor = words_of(state.forecast.stand_in_factor, state)
    assumption = state.assumed or f"{state.model}: error {factor} times that of {state.forecast.model} at the same rows"
    return Offer("fine_tune", action, step, "assumed", assumption=assumption, trains=True)


def tune(state: State) -> Offer:
    """Search over settings: the error shrinks by a factor, measured by a search or assumed, less the winner's luck."""
    return _search(state) if state.tuning is None else _use_search(state, state.tuning)


def _use_search(state: State, search: Tuning) -> Offer:
    """The settings that a search has found already: nothing is paid for them but the next round."""
    low, high = search.error_factor.low, search.error_factor.high
    middle, wide = search.error_factor.mid, Z90 / Z80
    spread = Interval(middle * (low / middle) ** wide, middle * (high / middle) ** wide) if high > low > 0 else None
    factor = state.basis.worlds.draw("tuning factor, measured", spread or Const(middle))
    assumption = (
        f"tuning: {search.best} times the error {middle:.2f} ({low:.2f} to {high:.2f}), measured at "
        f"{count(search.n)} rows over {len(search.trials)} settings, the winner's luck taken off"
    )
    action = f"train with the settings found ({search.best})"
    return Offer(
        "tune", action, f"{action}, test once", "measured", _untrained(state), assumption,
        move=Move("tune", lambda paths: paths * factor[:, None], first=not state.forecast.stand_in),
    )  # fmt: skip


def _search(state: State) -> Offer:
    runs = int(state.basis.text("levers.tuning_runs"))
    factor = state.basis.draw("levers.tuning_factor")
    assumption = f"tuning: error times {words_of('levers.tuning_factor', state)}"
    if state.test_rows:
        error = float(state.paths[:, 0].mean())
        luck = winners_curse(runs) * (error * (1 - error) / state.test_rows) ** 0.5
        assumption += f"; the best of {runs} runs looks {score(luck)} better than it is, which is not counted as gain"
    return Offer(
        "tune", "tune the method", f"try {runs} settings on the rows at hand, measure the winner afresh", "assumed",
        _untrained(state), assumption,
        move=Move(
            "tune", lambda paths: paths * factor[:, None], search_runs=runs, first=not state.forecast.stand_in
        ),
    )  # fmt: skip


def bigger_model(state: State) -> Offer:
    """Train a bigger model: its error is the smaller one's times an assumed factor, its runs cost a multiple."""
    if state.way is not None and state.way.kind not in WITH_SIZES:
        return Offer("bigger_model", "train the next bigger model", blocked=f"{state.way.words} has no bigger one")
    factor = state.basis.draw("levers.bigger_model_factor")
    dearer = state.basis.draw("levers.bigger_model_run_cost")
    action = "train the next bigger model on the rows at hand"
    if state.way is not None:
        action = f"train a bigger model than {state.forecast.model} on the rows at hand"
    assumption = (
        f"a bigger model: error times {words_of('levers.bigger_model_factor', state)} at the same rows, "
        f"runs at {words_of('levers.bigger_model_run_cost', state)} times the price; serving it is not counted"
    )
    return Offer(
        "bigger_model", action, f"{action}, test once", "assumed", _untrained(state), assumption,
        move=Move(
            "bigger_model", lambda paths: paths * factor[:, None], run_factor=dearer, on_data=False,
            first=not state.forecast.stand_in,
        ),
    )  # fmt: skip


def test_set(state: State) -> Offer:
    """Label more test rows and score what is trained once more: the curve stays, the noise of every test shrinks.

    People's hours are those of a round without work on the data, in which nothing is trained.
    """
    action = "enlarge the test set"
    if state.test_rows is None:
        return Offer("test_set", action, blocked="only a metric that counts right answers has a test of known noise")
    more = math.ceil((LARGER_TEST - 1) * state.test_rows * state.design_effect)
    action = f"label {count(more)} more test rows"
    blocked = "" if state.trained else "the model itself has not been trained on the rows at hand yet"
    return Offer(
        "test_set", action, f"{action} and score the model again", "measured", blocked,
        move=Move(
            "test_set", price=more * label_price(state.basis), test_rows=LARGER_TEST * state.test_rows, on_data=False,
            trains=False, first=state.trained,
        ),
    )  # fmt: skip


def _untrained(state: State) -> str:
    return f"{state.model} itself has not been trained yet" if state.forecast.stand_in else ""
