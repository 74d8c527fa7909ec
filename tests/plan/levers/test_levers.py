"""Levers are transforms of the same worlds; their steps obey the laws of money."""

import math
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import samples
from tests.laws import law
from tests.projects import basis, written
from tunecase.plan import Solved, levers
from tunecase.plan import solve as solved_anew
from tunecase.plan.levers.data import _wrong_labels
from tunecase.plan.levers.ending import rated
from tunecase.plan.levers.offers import LEVERS
from tunecase.plan.levers.standing import belief_of
from tunecase.plan.levers.state import Offer, State
from tunecase.plan.limits import shown_score
from tunecase.plan.rounds.board import RoundPrices, Step
from tunecase.prices.examples import OtherSource, Stock, Supply
from tunecase.prices.worth import Worth
from tunecase.quantities import Interval80
from tunecase.quantities.spread import Beta, Worlds
from tunecase.records import Accuracy, Finding, Measured, Reviews

DRAWS = 1_200
SIZES = (500, 1_000, 2_000, 4_000)
BELIEF = belief_of(samples.forecast(), basis(None, DRAWS))
NAMES = tuple(lever.__name__ for lever in LEVERS)


def label_supply(price: float = 0.5, draws: int = DRAWS, limit: float | None = None) -> Supply:
    """One source at one price in every world."""
    prices = np.full(draws, price)
    return Supply(((limit or np.inf, prices, np.zeros(draws)),), limit, prices, ())


@cache
def usual() -> State:
    """A project at 500 rows and an error of about .20; the target is .12; reaching it is worth 20k or so."""
    worlds = Worlds(0, DRAWS)
    floor, slope = worlds.draw("floor", Beta(4, 46)), 0.2 + 0.4 * worlds.draw("slope", Beta(2, 2))
    paths = floor[:, None] + 0.12 * (np.asarray(SIZES) / 500.0) ** -slope[:, None]
    given: dict[str, Any] = {
        "paths": paths, "sizes": SIZES, "error_target": 0.12, "error_baseline": 0.30, "error_floor": 0.0,
        "test_rows": 400, "value": 20_000 * (0.5 + worlds.draw("value", Beta(2, 2))),
        "prices": RoundPrices(1_000.0, 500.0, 0.08, 1.0, 0.0), "supply": label_supply(), "others": (),
        "budget_left": float("inf"), "forecast": samples.forecast(), "audit": None, "basis": basis(None, DRAWS),
        "model": "the model", "belief": BELIEF,
    }  # fmt: skip
    return State(**given)


def state(**changes: Any) -> State:
    """The usual project with something changed."""
    return replace(usual(), **changes) if changes else usual()


@lru_cache(maxsize=8)
def solve(at: State) -> Solved:
    """A state as it is solved, once for all that a test asks of it."""
    return solved_anew(at)


def step(lever: str, at: State) -> Step:
    """The best first step of one lever, which must have one."""
    board = solve(at).board
    first = board.first(lever)
    assert first is not None
    return board.steps[first]


def price(lever: str, at: State) -> float:
    """What that step costs in the middle of the worlds."""
    return float(np.median(step(lever, at).cost))


def worths(at: State) -> dict[str, float]:
    """What every lever that can be taken is worth."""
    solved = solve(at)
    return {name: worth for name in NAMES if np.isfinite(worth := solved.worth(name))}


def bought(at: State) -> float:
    """Examples that the best step and those after it buy, averaged over worlds."""
    solved = solve(at)
    first = solved.board.first(solved.winner.lever)
    return 0.0 if first is None else float(solved.board.walk(first).bought.mean())


def stand_in(at: State) -> State:
    """The same project after a pilot with a cheap learner."""
    return replace(at, forecast=replace(at.forecast, stand_in=True, model="the probe"), trained=False)


def offer(name: str, at: State) -> levers.Offer:
    """What one lever says."""
    return next(lever for lever in LEVERS if lever.__name__ == name)(at)


@law(8)
@given(a_row=st.floats(0, 2), dearer=st.floats(1, 30), budget=st.floats(500, 50_000))
def test_a_dearer_label_is_worth_no_more(a_row: float, dearer: float, budget: float) -> None:
    """No lever's worth rises with the price of a label, and none can be taken that could not before."""
    cheap, dear = (worths(state(supply=label_supply(one), budget_left=budget)) for one in (a_row, a_row * dearer))
    assert dear.keys() <= cheap.keys()
    assert all(dear[name] <= cheap[name] + 1e-6 for name in dear)


@law(8)
@given(a_row=st.floats(0, 2), dearer=st.floats(1, 30))
def test_a_dearer_label_is_bought_no_more(a_row: float, dearer: float) -> None:
    """Where no budget binds; one may leave a single large purchase alone to be paid."""
    cheap, dear = (bought(state(supply=label_supply(one), miss=2.0)) for one in (a_row, a_row * dearer))
    assert dear <= cheap


@law(8)
@given(more=st.floats(1, 100))
def test_more_value_never_lowers_any_worth(more: float) -> None:
    """Each lever's worth rises with V, or stays."""
    for at in (state(), stand_in(state())):
        before, after = worths(at), worths(replace(at, value=at.value * more))
        assert before.keys() == after.keys()
        assert all(after[name] >= before[name] - 1e-6 for name in before)


@law(4)
@given(budget=st.floats(0, 20_000), more=st.floats(0, 20_000))
def test_a_bigger_budget_never_lowers_a_worth(budget: float, more: float) -> None:
    """What could be bought before can still be bought."""
    before, after = worths(state(budget_left=budget)), worths(state(budget_left=budget + more))
    assert all(after[name] >= worth - 1e-6 for name, worth in before.items())


def test_a_first_step_beyond_the_budget_blocks_the_lever() -> None:
    """What is there and stop are what stays when nothing can be paid, also when more was spent than there was."""
    for budget in (-5.0, 0.0, 499.0):
        at = state(budget_left=budget)
        assert {"ship", "stop"} == set(worths(at))
        assert "more than what is left" in solve(at).blocked(offer("label", at))


def test_without_a_source_nothing_is_bought_whatever_the_budget() -> None:
    """No source: labels are blocked, and other levers train on the rows at hand only."""
    at = state(supply=Supply((), None, None, ()))
    assert "no source of examples has a price" in offer("label", at).blocked
    assert {0} == {one.size for one in solve(at).board.steps}


def test_a_source_that_runs_dry_leads_no_further() -> None:
    """No step buys up to a size that the source cannot give."""
    steps = solve(state(supply=label_supply(limit=1_600))).board.steps
    assert [1_000, 2_000] == [SIZES[one.size] for one in steps if one.name == "label"]


def test_free_rows_cost_rounds_only() -> None:
    """A source of rows that are there already is a lever too: one round and its run of 4,000 rows."""
    assert pytest.approx(1_000 + 320) == price("label", state(supply=label_supply(0.0)))


def test_one_size_only_leaves_no_labels_to_buy() -> None:
    """Sizes of length 1: labels are blocked with the reason, the other levers still have steps."""
    at = state()
    at = replace(at, sizes=SIZES[:1], paths=at.paths[:, :1], forecast=replace(at.forecast, n_max_why="the pool is dry"))
    assert offer("label", at).blocked == "no more can be had: the pool is dry"
    assert {"ship", "clean", "tune", "bigger_model", "test_set", "stop"} == set(worths(at))


@pytest.mark.parametrize("out_of_reach", [{"error_target": 0.001}, {"error_floor": 0.13}])
def test_where_no_world_meets_the_target_no_step_is_worth_its_price(out_of_reach: dict[str, float]) -> None:
    """Also where the labels allow no error as low: nothing is put to use after any test."""
    solved = solve(state(**out_of_reach))
    assert not any(ships.any() for ships in solved.board.ships)
    assert all(solved.worth(one.lever) < 0 for one in solved.offers if one.steps)


def test_more_sizes_never_lower_the_worth_of_labels() -> None:
    """What can be had in one round is the best of all sizes."""
    at = state()
    worth = [worths(replace(at, sizes=SIZES[:k], paths=at.paths[:, :k]))["label"] for k in range(2, len(SIZES) + 1)]
    assert sorted(worth) == worth
    assert worth[0] < worth[-1]


def test_a_model_brings_all_the_fallbacks_part_or_the_price_of_a_miss() -> None:
    """With a linear gain it brings its part of the wanted gain, or where none is wanted 1 for what meets the target."""
    at, errors = state(error_target=0.10, error_baseline=0.30), np.array([0.05, 0.10, 0.15, 0.20, 0.30, 0.40])
    settling = replace(at, error_fallback=0.15, miss=3.0)
    assert [1, 1, -1, -1, -1, -1] == at.credit(errors).tolist()
    assert [1, 1, 0.75, -3, -3, -3] == pytest.approx(settling.credit(errors).tolist())
    assert [1, 1, 0.75, 0.5, 0, 0] == pytest.approx(replace(settling, miss=None).credit(errors).tolist())
    assert [1, 1, 0, 0, 0, 0] == replace(at, error_baseline=0.10, miss=None).credit(errors).tolist()
    linear = replace(at, miss=None)
    assert [1, 1, 0.5, 0, 0, 0] == pytest.approx(
        replace(linear, error_today=0.20).credit(errors, at_hand=True).tolist()
    )
    at_hand = Offer("ship", "", errors=np.array([0.25]))
    assert [0.25, 0.5] == pytest.approx(
        [rated(replace(linear, error_today=today), at_hand).brings for today in (None, 0.40)]
    )


def test_another_source_pays_for_what_one_example_of_it_teaches() -> None:
    """Rows that a model writes: as many more as they teach less, at their own price, and the assumption is told."""
    at = state()
    worth = at.basis.draw("levers.synthetic_worth")
    supply = Supply((Stock(np.inf, 0.01 / worth, np.zeros(DRAWS), worth=worth),), None, 0.01 / worth, ())
    at = replace(
        at, others=(OtherSource("synthetic", "synthetic", supply, Worth(worth, 0.55, "30% to 100%", "assumed")),)
    )
    found = offer("other_sources", at)
    assert pytest.approx(500 / worth) == found.purchase.examples[0]
    assert pytest.approx(0.01 * 500 / worth) == found.purchase.costs[0]
    assert "one synthetic example teaches like 30% to 100%" in found.assumption
    assert "assumed" == found.evidence
    assert "no source of kind synthetic or scrape" in offer("other_sources", state()).blocked


def test_a_larger_test_set_buys_labels_and_no_training() -> None:
    """Three times the test rows more at a label's price each; it is blocked where nothing is trained yet."""
    at = state()
    minutes = 1_200 * float(np.median(at.basis.draw("source.effort", label="label")))
    assert price("test_set", at) > minutes / 60 * 12
    assert "has not been trained" in offer("test_set", stand_in(at)).blocked
    assert "noise" in offer("test_set", replace(at, test_rows=None)).blocked


def test_cleaning_mends_the_rows_at_hand_and_not_those_bought_later() -> None:
    """At the first size n rows teach like n / (1 - 2 rho)^2; what is gained shrinks with each doubling."""
    at = state()
    paths = np.tile(0.2 * (np.asarray(SIZES) / 500.0) ** -0.5, (DRAWS, 1))
    move = offer("clean", replace(at, paths=paths)).move
    assert move.change is not None
    mended = move.change(paths)
    rho = at.basis.draw("levers.label_noise")
    assert pytest.approx(0.2 * (1 - 2 * rho)) == mended[:, 0]
    gains = 1 - mended / paths
    assert (np.diff(gains.mean(axis=0)) < 0).all()
    assert (gains >= 0).all()


def test_cleaning_costs_minutes_for_each_flagged_row() -> None:
    """Rows at hand x share wrong x rows looked at for each wrong one x price of a look, and one round with its run."""
    at = state()
    flagged = 500 * at.basis.draw("levers.label_noise") * at.basis.draw("levers.rows_per_wrong_label")
    look = at.basis.draw("review_minutes") / 60 * at.basis.draw("source.rate", label="label")
    assert pytest.approx(np.median(flagged * look) + 1_000 + 40) == price("clean", at)


def with_labels_judged(at: State, **changes: Any) -> State:
    """The same project after an audit that judged 500 labels of two classes and estimated 50 wrong (30 to 80)."""
    found = Finding(
        "label_error", "warn", 50, 0.1, (), (), "", "", None, measured=Measured("wrong labels estimated", 30, 50, 80),
        accuracy=Accuracy(0.7, 0.8, "", ""), review_rows=100.0,
    )  # fmt: skip
    audited = replace(samples.audit(), findings=(found,), classes={"a": 250, "b": 250}, usable=500)
    return replace(at, audit=audited, **changes)


def reviews(**changes: Any) -> Reviews:
    """120 reviews, 20 of them controls: 40 wrong, about 10 more where nobody has looked."""
    told = Reviews(
        source="", format="CSV", train="", rows=120, wrong=40, corrected=40, deleted=0, unsure=0, disputed=(),
        depths=(), controls=20, controls_wrong=0, error_rate=Interval80(0.0, 0.0, 0.1),
        remaining=Interval80(5, 10, 20), timed=0, minutes=None, reviewers=1, twice=0, agreement=None,
        corrections_file="", corrections=40,
    )  # fmt: skip
    return replace(told, **changes)


def test_cleaning_rests_on_the_audit_and_then_on_the_reviews() -> None:
    """Assumed, measured by the audit, measured by reviews: the latest of them speaks, and says which it is."""
    assumed, audited = offer("clean", state()), offer("clean", with_labels_judged(state()))
    reviewed = offer("clean", with_labels_judged(state(), reviews=reviews()))
    blind = offer("clean", with_labels_judged(state(), reviews=reviews(remaining=None)))
    assert ("assumed", "measured", "measured") == (assumed.evidence, audited.evidence, reviewed.evidence)
    assert 3 == len({one.assumption for one in (assumed, audited, reviewed)})
    assert blind.assumption == audited.assumption
    assert "assumed" == offer("clean", stand_in(with_labels_judged(state()))).evidence


def test_what_the_audit_estimates_is_drawn_with_its_doubt() -> None:
    """The share's P10, P50 and P90 are the audit's, and what the queue misses stays wrong."""
    found = _wrong_labels(with_labels_judged(state()))
    assert pytest.approx([0.06, 0.1, 0.16], abs=0.012) == np.quantile(found.share, (0.1, 0.5, 0.9))
    assert pytest.approx(0.2 * found.share) == found.left
    assert [100.0] * DRAWS == found.looked_at.tolist()


def test_only_rows_that_nobody_has_seen_cost_a_review() -> None:
    """40 wrong of 100 in the queue: 2.5 rows a wrong label, so 10 left cost 25 looks; those seen are mended free."""
    found = _wrong_labels(with_labels_judged(state(), reviews=reviews()))
    assert pytest.approx(25, abs=2) == np.median(found.looked_at)
    assert pytest.approx(0.1, abs=0.005) == np.median(found.share)
    assert (found.left == 0).all()


def test_cleaning_gains_what_effective_rows_say_is_lost() -> None:
    """n rows with a share of wrong labels teach like n (1 - share K/(K-1))^2, for K labels."""
    judged = with_labels_judged(state(test_rows=None))
    paths = np.tile(0.2 * (np.asarray(SIZES) / 500.0) ** -0.5, (DRAWS, 1))
    for classes in (2, 5, 50):
        audited = replace(judged.audit, classes=dict.fromkeys(map(str, range(classes)), 1))
        at = replace(judged, audit=audited, paths=paths)
        move = offer("clean", at).move
        assert move.change is not None
        wrong, spoilt = _wrong_labels(at), classes / (classes - 1)
        ratio = (1 - spoilt * wrong.left) / (1 - spoilt * wrong.share)
        assert pytest.approx(0.2 / ratio) == move.change(paths)[:, 0]


def test_tuning_says_how_much_luck_the_best_of_several_runs_has() -> None:
    """Eight runs and a round with its own; the winner's curse is told, and counted as no gain."""
    assert pytest.approx(8 * 40 + 1_000 + 40) == price("tune", state())
    assert "best of 8 runs looks 0.0" in offer("tune", state()).assumption
    assert "looks" not in offer("tune", state(test_rows=None)).assumption


def test_what_the_model_itself_must_show_is_blocked_after_a_stand_in() -> None:
    """Tuning and a bigger model wait for the first real run, and that run is offered only then."""
    real, cheap = state(), stand_in(state())
    assert not {"fine_tune"} & set(worths(real))
    assert {"tune", "bigger_model"} & set(worths(cheap)) == set()
    assert "the probe" in offer("fine_tune", cheap).assumption
    assert pytest.approx(500 + 40) == price("fine_tune", cheap)
    assert "assumed" == offer("label", cheap).evidence
    assert "measured" == offer("label", real).evidence


def test_rows_at_hand_that_the_pilot_left_out_can_be_trained_on() -> None:
    """A pilot of the model itself that ended below the rows at hand leaves a first step that buys nothing."""
    found = offer("fine_tune", state(trained=False))
    assert found.steps
    assert "measured" == found.evidence


def test_what_a_round_has_done_is_not_offered_again() -> None:
    """A lever that a measured round has used is blocked, and no step uses it."""
    at = state(done=frozenset({"tune", "clean"}))
    blocked = {one.lever: one.blocked for one in levers.offers_of(at)}
    assert levers.DONE == blocked["tune"] == blocked["clean"]
    assert not {one.name for one in solve(at).board.steps} & {"tune", "clean"}


def test_redefine_offers_what_four_worlds_in_five_reach() -> None:
    """The easier target lies between today's and the asked one; an easy target needs none."""
    at = state(error_target=0.05)
    found = offer("redefine", at)
    best = float(np.quantile(at.paths.min(axis=1), 0.8))
    assert f"settle for {math.floor((1 - best) * 100) / 100:.2f}" == found.action
    assert f"4 of 5 cases reach it by {at.sizes[-1]:,} examples" in found.blocked
    assert "four worlds in five reach it by" in offer("redefine", state(error_target=0.5)).blocked


def test_a_fallback_raises_every_worth() -> None:
    """What falls short of the target may then bring a part of it after any test, in place of a miss."""
    before, after = worths(state()), worths(state(error_fallback=0.15))
    assert all(after[name] >= worth - 1e-6 for name, worth in before.items())
    assert after["label"] > before["label"] + 1_000


@pytest.mark.parametrize(("target", "chosen", "other"), [(0.12, "ship", "redefine"), (0.10, "redefine", "ship")])
def test_what_is_there_is_used_as_whichever_it_is_likelier_to_meet(target: float, chosen: str, other: str) -> None:
    """The target or the fallback; the other one says which is likelier, and a stand-in's score is neither."""
    at = state(error_target=target, error_fallback=0.15)
    found = offer(chosen, at)
    assert ("", chosen == "ship") == (found.blocked, found.reaches)
    assert "likelier" in offer(other, at).blocked
    assert found.brings == pytest.approx(float(at.credit(found.errors).mean()))
    assert found.p_reach == pytest.approx((found.errors <= target).mean())
    assert solve(at).worth(chosen) == pytest.approx(at.worth * found.brings)
    assert "has not been trained yet" in offer(chosen, stand_in(at)).blocked


def test_the_users_own_word_takes_the_place_of_an_assumption(tmp_path: Path) -> None:
    """A factor in the project file is drawn, told as theirs, and moves the plan; so are runs."""
    text = "levers: {tuning_factor: 0.5, tuning_runs: 3, label_noise: 20%}"
    at = state(basis=basis(written(text, tmp_path), DRAWS))
    told = offer("tune", at)
    assert "tuning: error times 0.5 (yours); the best of 3 runs" in told.assumption
    assert "try 3 settings" in told.first_step
    assert worths(at)["tune"] > worths(state())["tune"] + 1_000
    assert "20% (yours) of the labels are wrong" in offer("clean", at).assumption
    assert "levers.tuning_factor" not in at.basis.used


def test_what_is_there_ships_where_the_chance_is_worth_the_price_of_a_miss() -> None:
    """Where p > M / (1 + M), at no cost; with the price of a miss unless stated, 1, it is the best, at 3 labels are."""
    errors = BELIEF.paths([float(samples.forecast().points[-1].n)], DRAWS)[:, 0]
    met = float((errors <= 0.12).mean())
    assert 0.5 < met < 0.75
    for miss in (0.0, 1.0, 0.99 * met / (1 - met), 1.01 * met / (1 - met)):
        found = offer("ship", state(miss=miss))
        assert (met > miss / (1 + miss)) == (not found.blocked)
        assert pytest.approx(met - miss * (1 - met)) == found.brings
    assert "ship" == solve(state()).winner.lever
    assert "label" == solve(state(miss=3.0)).winner.lever


def test_lower_is_better_in_its_own_unit() -> None:
    """A loss is its own error: paths above 1 are no trouble, and the score to put to use from is a loss."""
    at = state()
    loss = replace(
        at, paths=at.paths * 10, error_target=1.2, error_baseline=3.0, test_rows=None,
        value=np.full(DRAWS, 3_000.0), forecast=replace(at.forecast, direction="lower"),
    )  # fmt: skip
    board = solve(loss).board
    ships, errors = board.ships[board.first("label")], step("label", loss).errors
    assert ((errors <= 1.2) == ships).all()
    assert errors[ships].max() == shown_score(loss, step("label", loss), ships) <= 1.2
    assert offer("redefine", replace(loss, error_target=0.5)).action.startswith("settle for 1")
