"""The decision: gates in their order, the laws of money, and flips that hold when they are typed."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import samples
from tests.plan.ways import candidate, curve, promise, with_ways
from tests.projects import basis, written
from tunecase.decide.choice import decide
from tunecase.estimate.bill import estimate
from tunecase.forecast.forecast import Measured, forecast
from tunecase.forecast.stakes import Prospect
from tunecase.plan import drawn
from tunecase.plan import plan as planned
from tunecase.plan.known import Known
from tunecase.prices.examples import supply
from tunecase.project import Project, read_score
from tunecase.quantities import Interval80, sampled
from tunecase.quantities.spread import Band
from tunecase.records import (
    Alternative,
    AtHand,
    Candidate,
    Decision,
    Definition,
    EvalLog,
    Flip,
    Forecast,
    Point,
    from_json,
    to_json,
)

DRAWS = 1_500
TEXT = """\
name: colours
problem: {{metric: accuracy, target: {target}, baseline: 60%, value: {value}, volume: {volume}, horizon: 12 months}}
data:
  train: data/train.jsonl
  sources: [{{kind: label, pool: 20k, price: {price}}}]
team: [{{role: ml engineer, rate: 100 USD per hour, share: 50%}}]
effort_per_round: 20 h per round
budget: {budget}
after_launch: {{monitoring: {monitoring}}}
"""
USUAL = {
    "target": "85%",
    "value": "0.10 to 0.40 USD per correct",
    "volume": "20k per month",
    "price": "0.50 USD per example",
    "budget": "15k USD",
    "monitoring": "0 h per month",
}
POINTS = tuple(Point(n, 1 - 0.5 * (n / 50) ** -0.33, 1, 400) for n in (50, 100, 200, 400, 800))


def project(folder: Path, *, extra: str = "", **changes: str) -> Project:
    """A project in few lines; a change to "" leaves that field out."""
    text = TEXT.format(**{**USUAL, **changes})
    text = re.sub(r"\w+: (?=[,}\n])", "", text).replace(", ,", ",").replace(", ,", ",").replace(", }", "}")
    return written(text + extra, folder)


PIECES: dict[tuple[Any, ...], tuple[Definition, Forecast]] = {}
DECISIONS: dict[tuple[str, bool], Decision] = {}


def definition() -> Definition:
    """A well-posed problem."""
    return replace(samples.definition(), verdict="go to pilot", majority=0.3, probe=0.8, in_use=None)


def pieces(
    asked: Project, *, points: tuple[Point, ...] = POINTS, stand_in: bool = False, ceiling: float | None = None
) -> tuple[Definition, Forecast]:
    """The records that a decision rests on, made as the road makes them, once for each project and curve."""
    key = (asked.model_dump_json(), points, stand_in, ceiling)
    if key not in PIECES:
        given, model = asked.problem.target, "the probe" if stand_in else ""
        curve = Measured(points, asked.problem.metric or "accuracy", "higher", model=model, stand_in=stand_in)
        ahead = Prospect(
            target=None if given is None else read_score(given), ceiling=ceiling, supply=supply(basis(asked, DRAWS)),
            basis=basis(asked, DRAWS),
        )  # fmt: skip
        PIECES[key] = definition(), forecast(curve, ahead)
    return PIECES[key]


def known(asked: Project, seen: Forecast | None, *, seed: int = 0, **facts: Any) -> Known:
    """What is known of a project with 800 rows at hand."""
    return Known(basis(asked, DRAWS, seed), 800, **{"definition": definition(), "forecast": seen, **facts})


def chosen(facts: Known, flips: bool = False, **given: Any) -> Decision:
    """The decision on what is known, with the figures of its own plan; values at which it turns only where asked."""
    walked = drawn(facts)
    with pytest.MonkeyPatch.context() as patch:
        if not flips:
            patch.setattr("tunecase.decide.choice.value_flips", lambda drawn: ())
            patch.setattr("tunecase.decide.choice.miss_flip", lambda drawn: None)
        return decide(walked, planned(walked), **given)


def made_anew(asked: Project, *, seed: int = 0, seen: Forecast | None = None, **given: Any) -> Decision:
    """The decision worked out now; a forecast that is not given is made."""
    facts = known(asked, seen or pieces(asked)[1], seed=seed)
    changes = {name: given.pop(name) for name in list(given) if hasattr(facts, name)}
    return chosen(replace(facts, **changes), **given)


def decided(asked: Project, *, flips: bool = False, **given: Any) -> Decision:
    """The decision; of a project alone it is worked out once for all tests."""
    if given:
        return made_anew(asked, flips=flips, **given)
    key = asked.model_dump_json(), flips
    if key not in DECISIONS:
        DECISIONS[key] = made_anew(asked, flips=flips)
    return DECISIONS[key]


def worths(record: Decision) -> dict[str, float]:
    """Net value by lever, where there is one."""
    return {one.lever: one.worth.value for one in record.options if one.worth is not None}


def test_the_advice_is_the_lever_with_the_best_worth(tmp_path: Path) -> None:
    """Worth = gain - cost for each option; the runner-up comes next."""
    record = decided(project(tmp_path))
    found = worths(record)
    assert max(found, key=found.__getitem__) == record.advice
    assert record.ok
    for one in record.options:
        if one.worth is not None:
            assert one.cost.p10 <= one.gain.value - one.worth.value <= 3 * one.cost.p90
    second = sorted((worth, lever) for lever, worth in found.items() if lever not in (record.advice, "stop"))[-1][1]
    action = next(one.action for one in record.options if one.lever == second)
    assert record.runner_up.startswith(action)
    assert "baseline of 0.60" in record.assumptions[0]
    assert record == from_json(Decision, json.loads(to_json(record)))


def test_a_budget_below_the_first_purchase_is_told_before_the_pilot(tmp_path: Path) -> None:
    """A pilot may still ship for nothing, so it is advised, with the news that nothing after it can be paid."""
    poor, rich = project(tmp_path / "poor", budget="50 USD"), project(tmp_path / "rich")
    told = [chosen(known(one, None)) for one in (poor, rich)]
    assert ["pilot", "pilot"] == [record.advice for record in told]
    assert "(50 USD) pays for nothing after it: to fine-tune once costs at least" in told[0].reason
    assert "pays for nothing" not in told[1].reason


def test_same_seed_same_decision(tmp_path: Path) -> None:
    """Two runs agree to the byte; another seed draws other worlds."""
    asked = project(tmp_path)
    assert to_json(decided(asked)) == to_json(made_anew(asked))
    assert to_json(decided(asked, seed=1)) != to_json(decided(asked))


def test_worth_nothing_means_stop(tmp_path: Path) -> None:
    """As V goes to zero the advice is to stop, nothing is worth its price, and the flip lies above."""
    record = decided(project(tmp_path, value="0.001 USD per correct"), flips=True)
    assert (record.advice, record.ok) == ("stop", False)
    assert max(worths(record).values()) == 0
    assert ["up"] == [flip.direction for flip in record.value_flips]


def test_ten_times_all_money_changes_no_advice(tmp_path: Path) -> None:
    """The same project counted in a currency of which ten make a dollar: same advice, ten times every amount."""
    plain = decided(project(tmp_path / "usd"))
    tenth = "currency: DKK\nrates: [{currency: USD, value: 10, date: 2026-11-24}]\n"
    other = decided(project(tmp_path / "dkk", extra=tenth))
    assert (plain.advice, plain.action) == (other.advice, other.action)
    few, many = worths(plain), worths(other)
    assert few.keys() == many.keys()
    assert all(pytest.approx(10 * few[name], rel=1e-6) == many[name] for name in few)


def test_a_dearer_label_never_raises_a_worth_that_buys_labels(tmp_path: Path) -> None:
    """At the same forecast, each dearer label lowers the worth of labelling or leaves it."""
    asked = project(tmp_path)
    _, seen = pieces(asked)
    found = []
    for price in ("0.05", "8"):
        dearer = project(tmp_path, price=f"{price} USD per example")
        found.append(worths(decided(dearer, seen=seen)).get("label", -math.inf))
    assert found == sorted(found, reverse=True)
    assert found[0] > found[-1]


def nets(facts: Known) -> dict[str, np.ndarray]:
    """What every lever that can be taken brings less what it costs, in each world."""
    made = drawn(facts).bound()
    able = [offer for offer in made.solved.offers if not made.solved.blocked(offer)]
    walked = {offer.lever: made.walked if offer is made.offer else made.along(offer) for offer in able}
    return {lever: one.gain - one.tuning for lever, one in walked.items() if one is not None and one.gain is not None}


def fallen(before: dict[str, np.ndarray], now: dict[str, np.ndarray]) -> float:
    """By how many Monte Carlo errors of the difference the worth of a lever has fallen most."""
    changes = [sampled(before[name] - now[name], np.mean) for name in before if name != "stop"]
    return max((one.value / max(one.error, 1e-9) for one in changes), default=0.0)


def test_without_a_budget_plans_may_cost_any_amount_and_say_so(tmp_path: Path) -> None:
    """No budget: no chance to pass it, and the assumption is told."""
    free = decided(project(tmp_path, budget=""))
    assert "no budget given: plans may cost any amount" in free.assumptions
    assert (None, None) == (free.plan.budget_left, free.plan.total.over)


@pytest.mark.slow
def test_money_already_spent_is_no_longer_there(tmp_path: Path) -> None:
    """A spent budget blocks what cannot be paid any more; with nothing left the advice is to stop, whatever V is."""
    for value in (USUAL["value"], "5 USD per correct"):
        for spent in (14_999.0, 20_000.0):
            record = decided(project(tmp_path, value=value), spent=spent)
            assert ("stop", {"stop": 0.0}) == (record.advice, worths(record))
            assert all(one.blocked for one in record.options if one.lever != "stop")
            assert record.reason == "What is left of the budget pays for no first step with a release after it."
            assert (False, True) == (record.plan.advised, record.plan.beyond_budget)
    asked = project(tmp_path)
    seen = pieces(asked)[1]
    assert fallen(nets(known(asked, seen, spent=9_000.0)), nets(known(asked, seen))) <= 4


BEYOND = {"down": 0.85, "up": 1.2}  # other worlds may turn a little later


def turns(record: Decision, direction: str) -> Flip:
    """The value on that side at which other advice is given."""
    (flip,) = (flip for flip in record.value_flips if flip.direction == direction)
    return flip


def flipped(folder: Path, record: Decision, direction: str) -> tuple[str, Decision]:
    """(the lever named by the flip of that side, the decision with a value beyond it typed into the project file)."""
    flip = turns(record, direction)
    value = f"{flip.at * BEYOND[direction]:g} USD per correct"
    return flip.to, decided(project(folder, value=value))


@pytest.mark.slow
def test_the_lower_flip_holds_when_typed(tmp_path: Path) -> None:
    """Below today's value another lever wins."""
    record = decided(project(tmp_path), flips=True)
    lever, after = flipped(tmp_path, record, "down")
    assert lever == after.advice != record.advice
    assert lever in [flip.to for flip in record.value_flips if flip.direction == "down"]


@pytest.mark.slow
def test_flips_of_doubtful_values_hold_when_typed(tmp_path: Path) -> None:
    """Also where today's value is in much doubt; nearer to it nothing has changed yet."""
    for value in ("0.02 to 2 USD per correct", "0.3 USD per correct"):
        record = decided(project(tmp_path, value=value), flips=True)
        lever, after = flipped(tmp_path, record, "down")
        assert lever == after.advice != record.advice, value
    inside = decided(project(tmp_path, value=f"{turns(record, 'down').at * BEYOND['up']:g} USD per correct"))
    assert record.advice == inside.advice


@pytest.mark.slow
def test_the_upper_flip_holds_when_typed(tmp_path: Path) -> None:
    """Above today's value stopping is no longer best."""
    for value in ("0.01 to 0.03 USD per correct", "0.001 to 0.03 USD per correct"):
        record = decided(project(tmp_path, value=value), flips=True)
        assert record.advice == "stop"
        lever, after = flipped(tmp_path, record, "up")
        assert lever == after.advice != "stop", value


UNFIT = replace(samples.audit(), verdict="not fit", reason="half of the test is in training")


def unposed(posed: Definition) -> Definition:
    """The definition with a failed rule that stops."""
    rule = replace(posed.criteria[0], status="fail", severity="stop", fix="write a target", price=Band(50, 60, 70, 80))
    return replace(posed, verdict="do not start", reason="failed a rule", criteria=(rule, *posed.criteria[1:]))


def with_errors(folder: Path, cost: str, **changes: str) -> Project:
    """The project with one kind of error that costs something."""
    text = TEXT.format(**{**USUAL, **changes})
    line = next(one for one in text.splitlines() if one.startswith("problem:"))
    fields = [f"  {part}" for part in line.removeprefix("problem: {").removesuffix("}").split(", ")]
    errors = f"  errors: [{{kind: wrong team, cost: {cost} per error}}]"
    return written(text.replace(line, "\n".join(["problem:", *fields, errors])), folder)


@pytest.mark.slow
def test_with_a_cost_of_errors_the_flip_holds_when_typed(tmp_path: Path) -> None:
    """What an error costs is part of what a right answer is worth, and stays while the value is moved."""
    record = decided(with_errors(tmp_path, "0.02 USD"), flips=True)
    below = f"{turns(record, 'down').at * BEYOND['down']:g} USD per correct"
    assert decided(with_errors(tmp_path, "0.02 USD", value=below)).advice != record.advice


SAVING = "serving: {{price_per_1k_today: {today} USD, price_per_1k_answers: {tuned} USD}}\n"


def fallback(folder: Path, score: str, **changes: str) -> Project:
    """The project with a score that would be shipped all the same."""
    plain = project(folder, **changes)
    return plain.model_copy(update={"problem": plain.problem.model_copy(update={"fallback": score})})


def test_a_fallback_that_is_shown_is_shipped_where_nothing_beyond_it_pays(tmp_path: Path) -> None:
    """The pilot's 80% meets a fallback of 70%: what it brings is told, and shipping costs nothing."""
    record = decided(fallback(tmp_path, "70%", value="0.001 USD per correct"))
    assert "redefine" == record.advice
    assert 0 == record.best.first_step_cost.p90
    poor = decided(fallback(tmp_path, "70%", target="95%", value="0.1 USD per correct", budget="100 USD"))
    assert "redefine" == poor.advice


@pytest.mark.slow
def test_naming_a_fallback_lowers_no_worth(tmp_path: Path) -> None:
    """Whatever is lost on answers, nobody has to ship at the fallback."""
    for extra in ("", SAVING.format(today=2, tuned=122)):
        plain = project(tmp_path, value="0.6 USD per correct", extra=extra)
        settling = plain.model_copy(update={"problem": plain.problem.model_copy(update={"fallback": "65%"})})
        before, after = worths(decided(plain)), worths(decided(settling))
        assert all(after[name] >= before[name] - 30 for name in before)


def test_a_way_that_brings_a_part_is_not_said_to_do_it(tmp_path: Path) -> None:
    """With a linear gain, 80% right is shipped below a target of 85%."""
    record = of_ways(
        project(tmp_path, target="85%, gain: linear", value="0.01 USD per correct"), candidate(points=curve(0.2))
    )
    assert ("ship", "Do not fine-tune: a head on all-MiniLM-L6-v2 brings more than a fine-tune.") == (
        record.advice,
        record.instead,
    )


def test_what_is_lost_on_answers_is_never_shipped(tmp_path: Path) -> None:
    """A target that is met but costs more to serve than it is worth means stop."""
    high = tuple(replace(point, score=0.95) for point in POINTS)
    dear = project(tmp_path, value="0.001 USD per correct", extra=SAVING.format(today=1, tuned=10))
    posed, seen = pieces(dear, points=high)
    assert "reached" == seen.verdict
    record = chosen(known(dear, seen, definition=posed))
    assert "stop" == record.advice


@pytest.mark.slow
def test_a_flip_with_dear_errors_is_a_value_that_can_be_typed(tmp_path: Path) -> None:
    """However the doubt of value, errors and volume falls, the flip is told in the value's own size or not at all."""
    changes = {"value": "0.001 USD per correct", "volume": "2k to 100k per month"}
    asked = with_errors(tmp_path, "0.1 to 3 USD", **changes)
    for seed in range(2):
        for flip in decided(asked, seed=seed, flips=True).value_flips:
            assert (flip.at > 0.001) == (flip.direction == "up")


def test_answers_that_the_bill_counts_are_held_against_the_budget(tmp_path: Path) -> None:
    """They are billed where something ships, and what they take of the budget buys no step."""
    asked = project(tmp_path, budget="4120 USD", extra="unknowns: none\n")
    # Answers of today cost as much, so that the worth of shipping is the same with them.
    prices = "price_per_1k_today: 12 USD, price_per_1k_answers: 12 USD"
    served = f"serving: {{{prices}}}\ninclude_inference: true\nunknowns: none\n"
    seen = pieces(asked)[1]
    free, counted = (drawn(known(one, seen)) for one in (asked, project(tmp_path, budget="7k USD", extra=served)))
    assert pytest.approx(free.total + 2_880 * counted.walk.shipped) == counted.total
    within, chance = counted.total <= 7_000, planned(counted).chance
    assert (counted.walk.reached & within).mean() == chance.shown.value
    assert pytest.approx(free.walked.tuning) == counted.walked.tuning


def test_the_first_steps_price_does_not_hang_on_the_budget(tmp_path: Path) -> None:
    """Tuning costs what it costs; what is bought is no more where less is left."""
    rich, poor = (
        decided(project(tmp_path, price="0.2 to 1.2 USD per example", budget=b)) for b in ("15k USD", "4k USD")
    )
    found = [{one.lever: one for one in record.options} for record in (rich, poor)]
    assert found[0]["tune"].first_step_cost == found[1]["tune"].first_step_cost is not None
    assert found[0]["label"].first_step_cost.p80 >= found[1]["label"].first_step_cost.p80


def test_what_meets_the_target_untrained_ends_the_case(tmp_path: Path) -> None:
    """A prompt at 86% against a target of 85% leaves nothing to tune for, unless tuned answers are cheaper."""
    asked = project(tmp_path)
    posed = replace(pieces(asked)[0], untrained=0.86, target=0.85, metric="accuracy")
    record = decided(asked, definition=posed)
    assert ("ship", "ship what meets the target without a fine-tune") == (record.advice, record.action)
    cheaper = project(tmp_path, extra=SAVING.format(today=200, tuned=4))
    assert "ship" != decided(cheaper, definition=posed).advice


@pytest.mark.parametrize("low", [0.86, 0.84])
def test_what_takes_the_place_of_a_fine_tune_is_named_with_its_doubt(tmp_path: Path, low: float) -> None:
    """The best that meets the target, whether its test shows it, what else does; no row of the plan is the advice."""

    def way(name: str, score: float | None, **more: Any) -> Alternative:
        return Alternative(name, name.replace("_", " "), score, None, None, None, None, "measured", **more)

    ways = (
        way("encoder", 0.9, interval=Interval80(low, 0.9, 0.92)), way("tune_small", 0.95), way("probe", 0.86),
        way("prompt", 0.99, struck="too dear"), way("today", 0.5), way("retrieval", None),
    )  # fmt: skip
    asked = project(tmp_path)
    posed = replace(pieces(asked)[0], untrained=0.9, target=0.85, metric="accuracy", alternatives=ways)
    record = decided(asked, definition=posed)
    assert "Do not fine-tune: use encoder." == record.instead
    doubt = "" if low > 0.85 else ", but too few test rows show it yet"
    assert f"0.90 (80% sure: {low:.2f} to 0.92) meets the target of 0.85{doubt}. " in record.reason
    assert "It is met as well by probe (0.86)." in record.reason
    assert record.best is None
    assert not record.plan.advised


def test_a_way_scored_on_other_rows_is_not_shipped(tmp_path):
    """By a log of other rows than the test's nothing is said of them; by one of the test rows the way is the advice."""
    asked = project(tmp_path)
    action = "prompt a hosted model"
    way = Alternative("prompt_hosted", action, 0.9, None, None, None, None, "stated")
    posed = replace(pieces(asked)[0], untrained=0.9, target=0.85, metric="accuracy", alternatives=(way,))
    log = EvalLog("a.eval", "Inspect", "", "m", "t", "2026-11-20", "match", "", 400, 400, 0.9, on="elsewhere")
    said = [
        decided(asked, definition=replace(posed, logs=(("alternatives.prompt_hosted.score", one),))).instead
        for one in (log, replace(log, on="test"))
    ]
    assert ["", "Do not fine-tune: prompt a hosted model."] == said


def test_before_money_the_cheaper_looks_are_told(tmp_path: Path) -> None:
    """Every way that nobody measured has its command and price; one that published cases speak for comes first."""
    free, minutes = Band(0.0, 0.0, 0.0, 0.0), Interval80(1.0, 2.0, 3.0)
    measures = {"measure_cost": free, "measure_minutes": minutes}
    ways = tuple(
        Alternative(name, name, None, None, None, None, None, "unknown", measure=f"tunecase pilot {name}", **measures)
        for name in ("encoder_tuned", "prompt_hosted")
    )
    asked = project(tmp_path)
    record = decided(asked, definition=replace(pieces(asked)[0], alternatives=ways))
    assert ("look", "prompt_hosted") == (record.advice, record.first_look)
    assert ["prompt_hosted", "encoder_tuned"] == [look.way for look in record.looks]
    assert "tunecase pilot prompt_hosted" == record.looks[0].command
    assert record.looks[0].price == record.looks[1].price > 0
    assert (None, True) == (record.looks[1].worth, record.looks[0].known > record.looks[0].cases > 0)


@pytest.mark.parametrize(("miss", "advice"), [("100%", "ship"), ("900%", "")])
def test_what_likely_meets_the_target_is_shipped_unless_a_miss_is_dear(tmp_path: Path, miss: str, advice: str) -> None:
    """86% of 400 rows meets 85% in about seven of ten worlds: enough for a miss of one worth, and not of nine."""
    asked = project(tmp_path, target=f"85%, miss_cost: {miss}")
    posed, seen = pieces(asked, points=(*POINTS[:-1], replace(POINTS[-1], score=0.86)))
    record = decided(asked, definition=posed, seen=seen)
    ship = next(one for one in record.options if one.lever == "ship")
    assert (advice == "ship") == (not ship.blocked)
    assert ship.blocked == "" or ship.blocked.endswith("too little for the price of a miss")


def test_the_advice_turns_at_a_price_of_a_miss(tmp_path: Path) -> None:
    """Just beyond the price told another lever is advised: at the latest where p = M / (1 + M)."""
    asked = project(tmp_path, target="75%")
    record = decided(asked, flips=True)
    assert "ship" == record.advice
    flip = record.miss_flip
    assert (flip.name, flip.direction, flip.now) == ("problem.miss_cost", "up", 1.0)
    beyond = decided(project(tmp_path, target=f"75%, miss_cost: {1.1 * flip.at * record.value_of_target.mean:.0f} USD"))
    assert "ship" != beyond.advice
    p = record.plan.bar.met.value
    assert 1 < flip.at < 1.2 * p / (1 - p)


def test_a_miss_priced_in_money_is_a_miss_priced_in_worths(tmp_path: Path) -> None:
    """Three times the mean worth of the target is 300%."""
    asked = project(tmp_path)
    worth = decided(asked).value_of_target.mean
    prices = ("300%", f"{3 * worth:.2f} USD")
    shares, money = (decided(project(tmp_path, target=f"85%, miss_cost: {price}")) for price in prices)
    assert 3.0 == shares.plan.bar.miss == pytest.approx(money.plan.bar.miss, rel=0.01)
    assert worths(shares) == pytest.approx(worths(money), rel=0.01, abs=5)


@pytest.mark.parametrize("target", ["75%", "90%"])
@pytest.mark.parametrize("price", ["5k USD", "100%"])
def test_a_miss_by_what_is_at_hand_costs_what_was_stated(tmp_path: Path, price: str, target: str) -> None:
    """Its gain counts from today's 60%, that of training from 80%: an amount stays, a share is of that gain."""
    asked = project(tmp_path, target=f"{target}, miss_cost: {price}")
    posed = replace(definition(), at_hand=AtHand("encoder", "all-MiniLM-L6-v2", 0.8))
    seen = pieces(asked, stand_in=True)[1]
    state = drawn(with_ways(known(asked, seen, definition=posed), candidate(points=curve(0.2)))).solved.state
    gain = state.worth + float(np.mean(state.more_today))
    assert gain > state.worth >= 0
    assert pytest.approx(5_000 if "USD" in price else gain) == gain * state.miss_at_hand
    missed = state.credit(np.array([1.0]), at_hand=True)
    assert pytest.approx(-state.miss_at_hand) == missed[0]


def test_with_a_linear_gain_nearly_is_as_good_as_met(tmp_path: Path) -> None:
    """What is at hand brings its part: it is shipped at once, and no chance is needed."""
    asked = project(tmp_path)
    whole, part = decided(asked), decided(project(tmp_path, target="85%, gain: linear"))
    ships = [next(one for one in record.options if one.lever == "ship") for record in (whole, part)]
    assert ["too little" in one.blocked for one in ships] == [True, False]
    assert ships[1].worth.value > 0
    assert part.plan.bar is None


def test_without_gain_the_bill_buys_no_more_than_with_a_little(tmp_path: Path) -> None:
    """A target that is no better than what is in use brings nothing: the bill does not buy as if it were priceless."""
    asked = project(tmp_path, target="90%")
    none = asked.model_copy(update={"problem": asked.problem.model_copy(update={"baseline": "90%"})})
    level, nothing = (drawn(known(one, pieces(none)[1])) for one in (asked, none))
    assert not nothing.advised
    assert np.median(nothing.total) <= np.median(level.total)
    assert np.quantile(nothing.walk.rounds, 0.9) <= 1


@pytest.mark.slow
def test_what_serving_saves_is_part_of_what_shipping_brings(tmp_path: Path) -> None:
    """A saving raises every plan by at most the whole of it; answers dearer than their gain are never shipped."""
    plain = worths(decided(project(tmp_path)))
    cheap = decided(project(tmp_path, extra=SAVING.format(today=20, tuned=4)))
    saved = (20 - 4) / 1000 * 20_000 * 12
    after = worths(cheap)
    assert plain["label"] + 0.2 * saved < after["label"] <= plain["label"] + saved
    assert any("cost 3.8k USD less than today's over the horizon" in note for note in cheap.assumptions)
    dear = decided(project(tmp_path, extra=SAVING.format(today=4, tuned=4_000)))
    assert "stop" == dear.advice


def test_a_saving_alone_can_carry_the_case(tmp_path: Path) -> None:
    """Without a value of right answers what serving saves is weighed, and no flip in that value is told."""
    record = decided(project(tmp_path, value="", extra=SAVING.format(today=200, tuned=4)), flips=True)
    assert record.advice in ("label", "test_set", "tune", "clean", "bigger_model", "look", "fine_tune")
    assert () == record.value_flips
    assert worths(record)[record.advice if record.advice != "look" else "label"] > 0


def test_gates_come_in_their_order(tmp_path: Path) -> None:
    """Data, problem, forecast, ceiling, pilot, target, value: with all of them shut the first speaks, and so on."""
    asked = project(tmp_path, value="", volume="")
    posed, _ = pieces(asked)
    flat = tuple(Point(n, 0.5 + 0.001 * k, 1, 60) for k, n in enumerate((50, 100, 200)))
    above = pieces(asked, ceiling=0.7)[1]
    uninformative = pieces(asked, points=flat)[1]
    good = pieces(asked)[1]

    def advice(audit: Any, definition: Definition, seen: Forecast | None) -> tuple[str, str]:
        record = chosen(known(asked, seen, definition=definition, audit=audit))
        return record.advice, record.reason

    bad = unposed(posed)
    assert advice(UNFIT, bad, None)[0] == "fix first"
    assert "write a target. Price: 60 USD" in advice(None, bad, None)[1].replace("Write", "write")
    assert advice(None, posed, above)[0] == "redefine"
    assert advice(None, posed, uninformative)[0] == "pilot"
    assert advice(None, posed, replace(good, target=None, verdict="no target"))[0] == "state the target"
    assert advice(None, posed, good)[0] == "state the value"


def test_a_noisy_pilot_of_all_rows_is_weighed_where_the_plan_goes_on(tmp_path: Path) -> None:
    """Where only a purchase shows more the plan is followed, and said to count the doubt; else another pilot comes."""
    noisy = tuple(Point(n, level, 1, 60) for n, level in ((50, 0.76), (100, 0.74), (200, 0.78)))
    asked = project(tmp_path)
    posed, seen = pieces(asked, points=noisy)
    assert "pilot uninformative" == seen.verdict
    whole, some = (chosen(replace(known(asked, seen, definition=posed), rows=rows)) for rows in (200, 2_000))
    assert ("pilot", False) == (some.advice, "too noisy" in some.reason)
    assert whole.advice not in ("pilot", "stop")
    assert "too noisy to show a curve" in whole.reason


def test_unfit_data_come_before_all_and_answer_no(tmp_path: Path) -> None:
    """Nothing is bought on data that are not fit, however much it is worth; the levers are shown all the same."""
    record = decided(project(tmp_path), audit=UNFIT)
    assert (record.advice, record.ok, record.best) == ("fix first", False, None)
    assert "label" in worths(record)


def test_without_value_no_purchase_is_advised(tmp_path: Path) -> None:
    """What is missing is named; chances and prices are shown, worths are not."""
    for missing, words in (
        (("value",), "Without problem.value no purchase"),
        (("volume",), "Without problem.volume no purchase"),
        (("value", "volume"), "Without problem.value and problem.volume no"),
    ):
        record = decided(project(tmp_path, **dict.fromkeys(missing, "")))
        assert (record.advice, record.value_of_target) == ("state the value", None)
        assert words in record.reason
        assert worths(record) == {}
        label = next(option for option in record.options if option.lever == "label")
        assert label.first_step_cost is not None
        assert 0 < label.chance.value < 1


def test_without_a_baseline_or_right_answers_a_value_cannot_be_weighed(tmp_path: Path) -> None:
    """With value and volume stated, the score in use is what lacks; a gain in chrF is none in right answers."""
    asked = project(tmp_path)
    for field, value, words in (("baseline", None, "today.score"), ("metric", "chrf", "does not count right")):
        other = asked.model_copy(update={"problem": asked.problem.model_copy(update={field: value})})
        posed = replace(pieces(other)[0], majority=None, probe=None)
        record = decided(other, definition=posed)
        assert ("state the value", True) == (record.advice, words in record.reason)


def test_without_a_price_or_a_source_no_label_is_offered(tmp_path: Path) -> None:
    """A scrape without a price is no free lunch."""
    text = TEXT.format(**USUAL).replace("{kind: label, pool: 20k, price: 0.50 USD per example}", "{kind: scrape}")
    record = decided(written(text, tmp_path))
    label = next(one for one in record.options if one.lever == "label")
    assert "no source of examples has a price" in label.blocked
    assert record.advice != "label"
    for one in record.options:
        assert one.worth is None or np.isfinite(one.worth.value)


def test_a_target_that_is_met_is_shipped(tmp_path: Path) -> None:
    """Verdict "reached": ship, at no cost, for its gain; less value never flips that, its chance is that of truth."""
    asked = project(tmp_path, target="70%")
    record = decided(asked, flips=True)
    assert (record.advice, record.ok) == ("ship", True)
    assert "down" not in [flip.direction for flip in record.value_flips]
    best = record.best
    assert best.gain == best.worth
    assert 0.9 * record.value_of_target.mean < best.gain.value < 1.1 * record.value_of_target.mean
    assert record.plan.chance.shown == best.chance
    assert 0.95 < record.plan.chance.shown.value == record.plan.bar.met.value <= 1
    assert 0 == record.plan.total.p90.value == record.plan.release.p80.value


def test_a_target_that_is_met_is_shipped_also_without_gain_value_or_curve(tmp_path: Path) -> None:
    """A gain of nothing over what was measured, no value stated, or two sizes only: there is nothing to buy."""
    asked = project(tmp_path, target="70%")
    nothing = asked.model_copy(update={"problem": asked.problem.model_copy(update={"baseline": None})})
    assert decided(nothing).advice == "ship"
    valueless = decided(project(tmp_path, target="70%", value=""))
    assert valueless.advice == "ship"
    assert 0.9 < valueless.best.chance.value <= 1
    _, two = pieces(asked, points=POINTS[-2:])
    assert two.verdict == "reached"
    assert decided(asked, seen=two).advice == "ship"


def test_a_stand_in_leads_to_the_first_real_run(tmp_path: Path) -> None:
    """After a probe the model itself is the next thing to try, before labels that cost more."""
    asked = project(tmp_path)
    _, seen = pieces(asked, stand_in=True)
    record = decided(asked, seen=seen)
    assert record.advice == "fine_tune"
    blocked = {one.lever for one in record.options if one.blocked}
    assert {"ship", "tune", "bigger_model"} <= blocked


def test_no_pilot_here_says_why_and_what_to_bring(tmp_path: Path) -> None:
    """The advice names the pilot wanted and the command that reads its points."""
    asked = project(tmp_path)
    _, none = pieces(asked, points=())
    record = decided(asked, seen=none, no_pilot="no pilot here: the outputs are free text")
    assert (record.advice, record.ok) == ("pilot", True)
    assert "`tunecase forecast points.csv --metric accuracy --target 0.85`" in record.reason


@pytest.mark.slow
def test_what_would_have_to_be_true_names_another_lever_for_each_input(tmp_path: Path) -> None:
    """Every flip leads elsewhere, the nearest first; the value's agrees with the flip that is always shown."""
    record = decided(project(tmp_path), what_if=True, flips=True)
    turning = [flip for flip in record.what_if if flip.at is not None]
    assert turning
    assert all(flip.to != record.advice for flip in turning)
    changes = [abs(math.log(flip.factor)) for flip in turning if flip.factor]
    assert sorted(changes) == changes
    names = {flip.name for flip in record.what_if}
    assert {"problem.value", "budget", "effort_per_round", "levers.tuning_factor"} <= names
    assert () == decided(project(tmp_path)).what_if


def test_bill_and_decision_agree_on_every_figure(tmp_path: Path) -> None:
    """Both rest on one plan: the option advised has the bill's chance, its total is the bill's, to the last digit."""
    asked = project(tmp_path)
    walked = drawn(known(asked, pieces(asked)[1]))
    bill, record = estimate(walked), decide(walked, planned(walked))
    assert bill.plan == record.plan is not None
    assert bill.reached == record.best.chance.value == record.plan.chance.shown.value  # type: ignore[union-attr]
    assert bill.tuning == record.best.cost
    assert (record.plan.worth.gain, record.plan.worth.expected) == (record.best.gain, record.best.worth)


def of_ways(asked: Project, *candidates: Candidate, flips: bool = False, **given: Any) -> Decision:
    """The decision where a pilot measured these beside a stand-in for the model to be tuned."""
    seen = pieces(asked, stand_in=True)[1]
    return chosen(with_ways(known(asked, seen), *candidates, **given), flips)


def test_what_does_it_without_a_fine_tune_is_advised_in_its_place(tmp_path: Path) -> None:
    """The sentence and the worth of both; the plan's figures are the way's."""
    record = of_ways(project(tmp_path), candidate(points=curve(0.1)))
    assert "Do not fine-tune: a head on all-MiniLM-L6-v2 does it." == record.instead
    assert ("ship", "encoder") == (record.advice, record.way)
    assert record.plan.worth.expected == record.best.worth
    against = next(one for one in record.options if not one.way)
    assert against.worth.value < record.best.worth.value


@pytest.mark.slow
def test_the_fine_tune_stays_where_a_way_is_worth_less(tmp_path: Path) -> None:
    """Its board is as it is without candidates; each of them has a row of its best step."""
    asked = project(tmp_path)
    alone, beside = of_ways(asked), of_ways(asked, candidate(points=curve(0.17)), candidate("n-grams", curve(0.5, 0.1)))
    assert ("", "") == (beside.way, beside.instead)
    assert alone.options == tuple(option for option in beside.options if not option.way)
    assert alone.advice == beside.advice
    assert alone.plan == beside.plan
    assert ["encoder", "n-grams"] == sorted(option.way for option in beside.options if option.way)
    assert all((one.worth is None) == bool(one.blocked) for one in beside.options if one.way)


def test_more_rows_for_a_way_come_before_a_fine_tune(tmp_path: Path) -> None:
    """Where nothing ships yet but a way's plan is worth more, the fine-tune is for later."""
    asked = project(tmp_path, extra="serving: {price_per_1k_answers: 30 USD}\n", volume="60k per month")
    record = of_ways(asked, candidate(points=curve(0.16)))
    assert "encoder" == record.way
    assert record.advice not in ("ship", "stop")
    assert f"Fine-tune later, if at all: first {record.action}." == record.instead


def test_a_share_of_the_answers_is_automated_in_words(tmp_path: Path) -> None:
    """Also where the curve says nothing: what is promised is put to use as it is."""
    record = of_ways(
        project(tmp_path, volume="60k per month", extra="serving: {price_per_1k_answers: 30 USD}\n"),
        candidate(points=curve(0.2, 0.01), promise=promise(0.71)),
    )
    assert ("when_sure", "encoder") == (record.advice, record.way)
    assert "Do not fine-tune: a head on all-MiniLM-L6-v2 automates 71%, today's way does the rest." == record.instead


def test_a_way_that_meets_the_target_needs_no_curve_of_the_fine_tune(tmp_path: Path) -> None:
    """A pilot that says nothing of the fine-tune does not hold up what ships."""
    asked = project(tmp_path)
    poor = tuple(replace(point, score=0.5 + 0.001 * number) for number, point in enumerate(POINTS))
    seen = pieces(asked, points=poor, stand_in=True)[1]
    record = chosen(with_ways(known(asked, seen), candidate(points=curve(0.05))))
    assert ("ship", "encoder") == (record.advice, record.way)


def test_a_measured_way_may_ship_where_no_value_is_stated(tmp_path: Path) -> None:
    """What meets the target is put to use; what it is worth nobody knows."""
    record = of_ways(project(tmp_path, value=""), candidate(points=curve(0.05)))
    assert ("ship", "encoder") == (record.advice, record.way)
    assert "Do not fine-tune: a head on all-MiniLM-L6-v2 does it." == record.instead


@pytest.mark.parametrize(("coverage", "named"), [(0.71, True), (1.0, True), (None, False)])
def test_where_no_step_is_advised_the_way_that_is_there_is_named(
    tmp_path: Path, coverage: float | None, named: bool
) -> None:
    """One that promises at least half of the answers at the target's error; a lesser promise is passed over."""
    dear = project(tmp_path, value="0.001 USD per correct", monitoring="10 h per month")
    record = of_ways(dear, candidate(points=curve(0.2, 0.01), promise=promise(coverage)))
    assert ("stop", "") == (record.advice, record.way)
    assert named == record.instead.startswith("Do not fine-tune: a head on all-MiniLM-L6-v2")
    assert (coverage == 0.71) == ("can give 71% of the answers" in record.instead)
    assert "stop" == record.best.lever


def test_what_is_dropped_is_shown_with_its_reason(tmp_path: Path) -> None:
    """It has a row that cannot be chosen."""
    record = of_ways(project(tmp_path), candidate(points=curve(0.05), dropped="n-grams score higher"))
    (row,) = [option for option in record.options if option.way]
    assert "the pilot dropped it: n-grams score higher" == row.blocked
    assert "" == record.way


@pytest.mark.slow
def test_flips_tell_where_the_advice_turns_to_the_fine_tune(tmp_path: Path) -> None:
    """With a way advised, a dearer mistake or a cheaper fine-tune turns it; the value typed there does turn it."""
    asked = project(tmp_path)
    one = candidate(points=curve(0.25, 0.2), promise=promise(0.6, bound=0.2))
    record = of_ways(asked, one, flips=True)
    flip = next(flip for flip in record.value_flips if "(" in flip.to)
    at = flip.at * (1.5 if flip.direction == "up" else 0.7)
    other = of_ways(project(tmp_path, value=f"{at:.4f} USD per correct"), one)
    assert (other.way, other.advice) != (record.way, record.advice)
