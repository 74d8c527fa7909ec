"""Levers are transforms of the same worlds; their plans obey the laws of money."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import samples
from tests.projects import basis
from tunecase import levers
from tunecase.decide import LEVERS
from tunecase.levers import Plan, State, planned
from tunecase.loop import passing_count, walk
from tunecase.prices import Supply
from tunecase.records import Accuracy, Finding, Interval80, Measured, Reviews
from tunecase.spread import Beta, Worlds

DRAWS = 600
SIZES = (500, 1_000, 2_000, 4_000)


def label_supply(price: float = 0.5, draws: int = DRAWS, limit: float | None = None) -> Supply:
    """One source at one price in every world."""
    prices = np.full(draws, price)
    return Supply(((limit or np.inf, prices, np.zeros(draws)),), limit, prices, ())


def state(**changes: Any) -> State:
    """A project at 500 rows and an error of about .20; the target is .12; reaching it is worth 20k or so."""
    worlds = Worlds(0, DRAWS)
    floor, slope = worlds.draw("floor", Beta(4, 46)), 0.2 + 0.4 * worlds.draw("slope", Beta(2, 2))
    paths = floor[:, None] + 0.12 * (np.asarray(SIZES) / 500.0) ** -slope[:, None]
    given = {
        "paths": paths, "sizes": SIZES, "error_target": 0.12, "error_baseline": 0.30, "error_floor": 0.0,
        "test_rows": 400, "value": 20_000 * (0.5 + worlds.draw("value", Beta(2, 2))), "round_cost": 1_000.0,
        "run_cost": 40.0, "supply": label_supply(), "budget_left": float("inf"), "forecast": samples.forecast(),
        "audit": None, "estimate": samples.estimate(), "basis": basis(None, DRAWS), "model": "the model",
    }  # fmt: skip
    return State(**{**given, **changes})


def plan_of(lever: str, at: State) -> Plan:
    """The plan of one lever, which must have one."""
    plan = getattr(levers, lever)(at).plan
    assert plan is not None
    return plan


def worths(at: State) -> dict[str, float]:
    """What every lever with a plan is worth."""
    offers = [lever(at) for lever in LEVERS]
    return {offer.lever: offer.plan.worth() for offer in offers if offer.plan is not None}


def bought(plan: Plan) -> float:
    """Largest size of each group's cap, averaged."""
    return float(plan.weight @ np.asarray(plan.sizes)[plan.chosen()])


def stand_in(at: State) -> State:
    """The same project after a pilot with a cheap learner."""
    return replace(at, forecast=replace(at.forecast, stand_in=True, model="the probe"))


def test_a_plan_is_the_rule_worked_out_by_hand() -> None:
    """Mean of value times credit where the test is passed, less rounds and labels up to there."""
    at = state()
    plan = planned(at, at.paths, SIZES, 0.0)
    assert plan is not None
    walked = walk(at.paths, 0.12, SIZES, test_rows=400, seed=0)
    assert walked.reached is not None
    last = walked.rounds.astype(int) - 1
    error = at.paths[np.arange(DRAWS), last]
    gain = at.value.mean() * walked.reached * np.clip((0.30 - error) / 0.18, 0, 1)
    cost = 1_000 * walked.rounds + 0.5 * (np.asarray(SIZES)[last] - 500)
    assert pytest.approx(gain.mean()) == plan.weight @ plan.gain[:, -1]
    assert pytest.approx(cost.mean()) == plan.weight @ plan.cost[:, -1]
    assert pytest.approx(walked.reached.mean()) == plan.weight @ plan.reach[:, -1]
    assert pytest.approx(cost) == plan.paid[:, -1]


def test_a_plan_that_looks_after_its_first_test_is_never_worse_than_the_best_fixed_cap() -> None:
    """The best cap of each group is at least the best cap for all, at every value."""
    for at in (state(), stand_in(state()), state(test_rows=None), state(round_cost=3_000.0)):
        for name in ("label", "clean", "tune", "fine_tune", "bigger_model"):
            plan = getattr(levers, name)(at).plan
            if plan is None:
                continue
            for scale in (0.05, 0.3, 1.0, 4.0):
                fixed = (plan.weight @ (scale * plan.gain - plan.cost)).max()
                assert plan.worth(scale) >= fixed - 1e-9


def test_groups_split_the_worlds_by_what_the_first_test_shows() -> None:
    """Ten equal groups, rising; the band of costs averages to the expected cost."""
    plan = plan_of("label", state())
    assert pytest.approx(np.full(10, 0.1)) == plan.weight
    assert list(plan.shown) == sorted(plan.shown)
    assert [60] * 10 == np.bincount(plan.group_of).tolist()
    paid = plan.paid[np.arange(DRAWS), plan.chosen()[plan.group_of]]
    assert pytest.approx(plan.means()[1]) == paid.mean()
    assert plan.cost_band().p10 <= plan.means()[1] <= plan.cost_band().p90


def test_what_the_first_test_shows_and_what_passes_it_are_one_test() -> None:
    """A world that passes the first test shows at least the score that passes, up to the normal curve's error."""
    at = state(error_target=0.20)
    passed = walk(at.paths, 0.20, SIZES, test_rows=400, seed=0, most=1).reached
    shown = levers._first_test(at, at.paths[:, 0])
    bar = passing_count(0.80, 400) / 400
    assert passed is not None
    assert 0 < passed.sum() < DRAWS
    assert shown[passed].min() > bar - 0.005
    assert shown[~passed].max() < bar + 0.005


@settings(max_examples=15, deadline=None)
@given(price=st.floats(0.01, 20), dearer=st.floats(1, 30), budget=st.floats(500, 50_000))
def test_a_dearer_label_never_buys_more_and_never_is_worth_more(price: float, dearer: float, budget: float) -> None:
    """The label lever's worth and its purchases fall with the price of a label."""
    cheap = levers.label(state(supply=label_supply(price), budget_left=budget)).plan
    dear = levers.label(state(supply=label_supply(price * dearer), budget_left=budget)).plan
    if cheap is None:
        assert dear is None
    elif dear is not None:
        assert dear.worth() <= cheap.worth() + 1e-6
        assert bought(dear) <= bought(cheap)


@settings(max_examples=15, deadline=None)
@given(more=st.floats(1, 100))
def test_more_value_never_lowers_any_worth(more: float) -> None:
    """Every plan's worth rises with V, whether V or the scale is raised."""
    for at in (state(), stand_in(state())):
        before, after = worths(at), worths(replace(at, value=at.value * more))
        assert before.keys() == after.keys()
        assert all(after[name] >= before[name] - 1e-6 for name in before)
        assert pytest.approx(after["clean"]) == plan_of("clean", at).worth(more)


@settings(max_examples=15, deadline=None)
@given(budget=st.floats(0, 20_000), more=st.floats(0, 20_000))
def test_a_bigger_budget_never_lowers_a_worth(budget: float, more: float) -> None:
    """What could be bought before can still be bought."""
    before, after = worths(state(budget_left=budget)), worths(state(budget_left=budget + more))
    assert before.keys() <= after.keys()
    assert all(after[name] >= before[name] - 1e-6 for name in before)


@pytest.mark.parametrize("budget", [-5.0, 0.0, 999.0])
def test_a_first_step_beyond_the_budget_blocks_the_lever(budget: float) -> None:
    """Stop is what stays when nothing can be paid, also when more was spent than there was."""
    at = state(budget_left=budget)
    assert {"stop"} == set(worths(at))
    assert "more than what is left" in levers.label(at).blocked


def test_without_a_source_nothing_is_bought_whatever_the_budget() -> None:
    """No source: labels are blocked, and other levers plan with the rows at hand only."""
    at = state(supply=Supply((), None, None, ()))
    assert "no source of examples has a price" in levers.label(at).blocked
    assert (500,) == plan_of("clean", at).sizes
    assert np.isfinite(plan_of("clean", at).means()[1])


def test_a_source_that_runs_dry_ends_the_plan() -> None:
    """Sizes that the source cannot give are no part of any plan."""
    assert (1_000, 2_000) == plan_of("label", state(supply=label_supply(limit=1_600))).sizes


def test_free_rows_cost_rounds_only() -> None:
    """A source of rows that are there already is a lever too."""
    assert levers.label(state(supply=label_supply(0.0))).first_step_cost.p50 == 1_000


def test_one_size_only_leaves_no_labels_to_buy() -> None:
    """Sizes of length 1: labels are blocked with the reason, the other levers still have plans."""
    at = state()
    at = replace(at, sizes=SIZES[:1], paths=at.paths[:, :1], forecast=replace(at.forecast, n_max_why="the pool is dry"))
    assert levers.label(at).blocked == "no more can be had: the pool is dry"
    assert {"clean", "tune", "bigger_model", "stop"} == set(worths(at))
    assert plan_of("clean", at).give_up() == (500, None)


def test_an_unreachable_target_costs_less_than_going_to_the_end() -> None:
    """The expected cost is finite and no more than the cap's; nothing is worth its price."""
    at = state(error_target=0.001, error_baseline=0.30)
    plan = plan_of("label", at)
    gain, cost, reach = plan.means()
    assert (gain, reach) == (0, 0)
    assert cost < (plan.weight @ plan.cost)[-1] < np.inf
    assert max(worth for name, worth in worths(at).items() if name != "stop") < 0


def test_a_false_pass_is_not_paid_in_full() -> None:
    """Worlds just short of the target that pass by luck are credited with what they have; those at the baseline with
    nothing.
    """
    at = state(test_rows=50, error_target=0.20, error_baseline=0.24)
    half, none = np.full((DRAWS, 4), 0.22), np.full((DRAWS, 4), 0.24)
    plan = planned(at, half, SIZES, 0.0)
    assert plan is not None
    assert (plan.weight @ plan.reach[:, -1]) > 0
    assert plan.weight @ plan.gain[:, -1] < 0.55 * at.value.mean() * (plan.weight @ plan.reach[:, -1])
    nothing = planned(at, none, SIZES, 0.0)
    assert nothing is not None
    assert pytest.approx(0) == nothing.means()[0]


def test_no_world_is_better_than_the_labels_allow() -> None:
    """A floor of the error lowers the chance to pass, for every lever."""
    at = state(error_target=0.10)
    capped = replace(at, error_floor=0.095)
    for name in ("label", "clean", "tune", "bigger_model"):
        free, held = plan_of(name, at), plan_of(name, capped)
        assert held.weight @ held.reach[:, -1] < free.weight @ free.reach[:, -1]


def test_cleaning_mends_the_rows_at_hand_and_not_those_bought_later() -> None:
    """At the first size n rows teach like n / (1 - 2 rho)^2; what is gained shrinks with each doubling."""
    at = state()
    at = replace(at, paths=np.tile(0.2 * (np.asarray(SIZES) / 500.0) ** -0.5, (DRAWS, 1)), test_rows=None)
    seen = {}

    def heard(_state: State, paths: np.ndarray, *_rest: object) -> None:
        seen["paths"] = paths

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levers, "planned", heard)
        levers.clean(at)
    rho = at.basis.draw("lever.label_noise")
    assert pytest.approx(0.2 * (1 - 2 * rho)) == seen["paths"][:, 0]
    gains = 1 - seen["paths"] / at.paths
    assert (np.diff(gains.mean(axis=0)) < 0).all()
    assert (gains >= 0).all()


def test_cleaning_costs_minutes_for_each_flagged_row() -> None:
    """Rows at hand x share wrong x rows looked at for each wrong one x price of a look, and one round."""
    at = state()
    flagged = 500 * at.basis.draw("lever.label_noise") * at.basis.draw("lever.rows_per_wrong_label")
    price = at.basis.draw("review_minutes") / 60 * at.basis.draw("source.rate", label="label")
    assert pytest.approx(np.median(flagged * price) + 1_000) == levers.clean(at).first_step_cost.p50


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
    assumed, audited = levers.clean(state()), levers.clean(with_labels_judged(state()))
    reviewed = levers.clean(with_labels_judged(state(), reviews=reviews()))
    blind = levers.clean(with_labels_judged(state(), reviews=reviews(remaining=None)))
    assert ("assumed", "measured", "measured") == (assumed.evidence, audited.evidence, reviewed.evidence)
    assert "cleaning: 1% to 8% of the labels are wrong, assumed" == assumed.assumption
    assert "10.0% of the labels are wrong (6.0% to 16.0%), measured by the audit" in audited.assumption
    assert "40 labels are wrong and about 10 more (5 to 20), measured by 120 reviews" in reviewed.assumption
    assert blind.assumption == audited.assumption
    assert "review about 100 suspicious rows" in audited.first_step
    assert "assumed" == levers.clean(stand_in(with_labels_judged(state()))).evidence


def test_what_the_audit_estimates_is_drawn_with_its_doubt() -> None:
    """The share's P10, P50 and P90 are the audit's, and what the queue misses stays wrong."""
    found = levers._wrong_labels(with_labels_judged(state()))
    assert pytest.approx([0.06, 0.1, 0.16], abs=0.012) == np.quantile(found.share, (0.1, 0.5, 0.9))
    assert pytest.approx(0.2 * found.share) == found.left
    assert [100.0] * DRAWS == found.looked_at.tolist()


def test_only_rows_that_nobody_has_seen_cost_a_review() -> None:
    """40 wrong of 100 in the queue: 2.5 rows a wrong label, so 10 left cost 25 looks; those seen are mended free."""
    found = levers._wrong_labels(with_labels_judged(state(), reviews=reviews()))
    assert pytest.approx(25, abs=2) == np.median(found.looked_at)
    assert pytest.approx(0.1, abs=0.005) == np.median(found.share)
    assert (found.left == 0).all()


@pytest.mark.parametrize("classes", [2, 5, 50])
def test_cleaning_gains_what_effective_rows_say_is_lost(classes: int) -> None:
    """n rows with a share of wrong labels teach like n (1 - share K/(K-1))^2, for K labels."""
    at = with_labels_judged(state(test_rows=None))
    audited = replace(at.audit, classes=dict.fromkeys(map(str, range(classes)), 1))
    at = replace(at, audit=audited, paths=np.tile(0.2 * (np.asarray(SIZES) / 500.0) ** -0.5, (DRAWS, 1)))
    seen = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levers, "planned", lambda _state, paths, *_rest: seen.update(paths=paths))
        levers.clean(at)
    found, spoilt = levers._wrong_labels(at), classes / (classes - 1)
    ratio = (1 - spoilt * found.left) / (1 - spoilt * found.share)
    assert pytest.approx(0.2 / ratio) == seen["paths"][:, 0]


def test_tuning_says_how_much_luck_the_best_of_several_runs_has() -> None:
    """Eight runs cost eight runs and a round; the winner's curse is told, and counted as no gain."""
    offer = levers.tune(state())
    assert pytest.approx(8 * 40 + 1_000) == offer.first_step_cost.p50
    assert "best of 8 runs looks 0.0" in offer.assumption
    assert "looks" not in levers.tune(state(test_rows=None)).assumption


def test_what_the_model_itself_must_show_is_blocked_after_a_stand_in() -> None:
    """Tuning and a bigger model wait for the first real run, and that run is offered only then."""
    real, cheap = state(), stand_in(state())
    assert not {"fine_tune"} & set(worths(real))
    assert {"tune", "bigger_model"} & set(worths(cheap)) == set()
    offer = levers.fine_tune(cheap)
    assert "the probe" in offer.assumption
    hours = cheap.basis.draw("lever.first_run_hours")
    assert offer.first_step_cost.p50 > 40 + 30 * float(np.median(hours))
    assert levers.label(cheap).evidence == "assumed"
    assert levers.label(real).evidence == "measured"


def test_redefine_offers_what_four_worlds_in_five_reach() -> None:
    """The easier target lies between today's and the asked one; an easy target needs none."""
    at = state(error_target=0.05)
    offer = levers.redefine(at)
    best = float(np.quantile(at.paths.min(axis=1), 0.8))
    assert f"settle for {1 - best:.3f}".rstrip("0") == offer.action
    assert (offer.plan, offer.p_reach) == (None, 0.8)
    assert "four worlds in five reach it by" in levers.redefine(state(error_target=0.5)).blocked


def test_what_meets_the_target_is_shipped_for_nothing() -> None:
    """Ship has a plan only when the verdict is "reached": its whole value, no cost, no doubt."""
    at = state()
    assert levers.ship(at).plan is None
    plan = plan_of("ship", replace(at, forecast=replace(at.forecast, verdict="reached")))
    assert plan.means() == (pytest.approx(at.value.mean()), 0, 1)
    assert (0, 0, 0, 0) == tuple(getattr(plan.cost_band(), p) for p in ("p10", "p50", "p80", "p90"))


def test_the_plan_gives_up_early_on_a_poor_first_test() -> None:
    """Where the first test tells the worlds apart, the words name the score below which the plan ends."""
    size, threshold = plan_of("label", state(value=np.full(DRAWS, 6_000.0), test_rows=2_000)).give_up()
    assert size > 1_000
    assert threshold is not None
    assert 0.7 < threshold < 0.88


def test_lower_is_better_has_plans_in_its_own_unit() -> None:
    """A loss is its own error: paths above 1 are no trouble, and shown scores are losses."""
    at = state()
    loss = replace(
        at, paths=at.paths * 10, error_target=1.2, error_baseline=3.0, test_rows=None,
        forecast=replace(at.forecast, direction="lower"),
    )  # fmt: skip
    plan = plan_of("label", loss)
    assert pytest.approx(loss.paths[:, 1].min()) == plan.shown[0]
    assert 0 < plan.means()[2] <= 1
    assert levers.redefine(replace(loss, error_target=0.5)).action.startswith("settle for 1")
