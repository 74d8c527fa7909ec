"""A measured way is weighed as a project of its own: its curve without a factor, its cores, its prices, its promise."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.decide.test_decide import known, pieces, project
from tests.plan.ways import HEAD, candidate, curve, pilot_of, promise, with_ways
from tunecase.plan import Drawn, drawn, measured_ways
from tunecase.plan.known import Known
from tunecase.prices import core_hour, price_of_answers, served_answers
from tunecase.problem.ways.grounds import Grounds, Standing, value_when_sure
from tunecase.records import Baseline, Candidate

LUNA = Baseline("gpt-6-luna few-shot", 0.9, 400, usd_per_1k_answers=0.1, seconds_per_answer=1.0, kind="hosted")


def facts(folder: Path, *candidates: Candidate, extra: str = "", stand_in: bool = True, **given: object) -> Known:
    """A project whose pilot measured these beside a stand-in for the model to be tuned."""
    asked = project(folder, extra=extra, **{name: str(value) for name, value in given.items() if name != "baselines"})
    baselines = given.get("baselines", ())
    seen = pieces(asked, stand_in=stand_in)[1]
    return with_ways(known(asked, seen), *candidates, baselines=baselines)  # type: ignore[arg-type]


def by_way(of: Known) -> dict[str, Drawn]:
    """Every plan of a project by its way; the fine-tune's under the empty name."""
    best = drawn(of)
    return {each.way: each for each in (best, *best.others)}


def test_a_candidate_follows_its_own_curve_without_a_factor(tmp_path: Path) -> None:
    """The tuned model's errors are those of its stand-in times an assumed factor; the encoder's are its own."""
    plans = by_way(facts(tmp_path, candidate(points=curve(0.17))))
    own, tuned = plans["encoder"].solved, plans[""].solved
    assert 0.17 == pytest.approx(float(np.median(own.state.paths[:, 0])), rel=0.1)
    assert own.state.evidence == "measured"
    assert tuned.state.evidence == "assumed"
    assert "stand_in.factor" not in plans["encoder"].work.basis.used
    assert "stand_in.factor" in plans[""].work.basis.used


def test_a_candidate_trains_on_plain_cores_for_what_its_runs_took(tmp_path: Path) -> None:
    """20 ms a row at the price of a core's hour; nothing of the fine-tune's cards, storage or hosted model is paid."""
    of = by_way(facts(tmp_path, candidate(points=curve(0.17)), extra="compute: {gpus: [H100]}\n"))["encoder"]
    run = of.work.run_price(800)
    assert run.tolist() == pytest.approx((800 * 0.02 / 3600 * core_hour(of.work.basis)).tolist())
    assert of.lines["gpu"].unit == "core hour"
    assert not of.lines["storage"].amount.any()


def test_answers_of_a_candidate_cost_its_seconds_on_a_core(tmp_path: Path) -> None:
    """Also where the project file prices the tuned model's answers; a prompt costs what the pilot was billed."""
    text = "serving: {price_per_1k_answers: 5 USD}\n"
    plans = by_way(facts(tmp_path, candidate(points=curve(0.17)), extra=text, baselines=(LUNA,)))
    own, hosted, tuned = (price_of_answers(plans[way].work.basis) for way in ("encoder", LUNA.name, ""))
    assert own.tolist() == pytest.approx((core_hour(plans["encoder"].work.basis) * 0.02 / 3600 * 1000).tolist())
    assert {0.1} == set(hosted.tolist())
    assert {5.0} == set(tuned.tolist())


def test_a_prompt_costs_what_the_project_file_states_as_in_define(tmp_path: Path) -> None:
    """The stated price comes before the bill; without any price it is not advised, and says why."""
    text = "alternatives: {prompt_hosted: {price_per_1k_answers: 4 USD}}\n"
    unbilled = replace(LUNA, usd_per_1k_answers=None)
    stated, unknown = (
        facts(tmp_path, candidate(points=curve(0.17)), extra=extra, baselines=(unbilled,)) for extra in (text, "")
    )
    price = price_of_answers(by_way(stated)[LUNA.name].work.basis)
    assert {4.0} == set(price.tolist())
    assert "nobody knows what its answers cost" in unknown.ways[-1].blocked


@pytest.mark.parametrize("at_800", [0.17, *(pytest.param(at, marks=pytest.mark.slow) for at in (0.1, 0.25, 0.4))])
def test_the_same_curve_cheaper_to_serve_is_never_worth_less(tmp_path: Path, at_800: float) -> None:
    """A candidate with the points of the tuned model itself, on cores in place of cards, wins or draws."""
    asked = project(tmp_path, extra="serving: {price_per_1k_answers: 2 USD}\n")
    seen = pieces(asked, points=curve(at_800))[1]
    same = candidate("causal", curve(at_800))
    plans = by_way(with_ways(known(asked, seen), same))
    own, tuned = plans["causal"].merit[1], plans[""].merit[1]
    assert own >= tuned - 1e-9
    if tuned > 0:
        assert own > tuned


@pytest.mark.parametrize("why", ["dropped", "struck"])
def test_what_is_dropped_or_struck_out_is_never_advised(tmp_path: Path, why: str) -> None:
    """However good it looked: it is no plan, and its reason is kept."""
    one = candidate(points=curve(0.05), dropped="it cannot win any more" if why == "dropped" else "")
    extra = "" if why == "dropped" else "constraints: {max_latency: 1 ms}\n"
    of = facts(tmp_path, one, extra=extra)
    assert ("cannot win" in of.ways[0].blocked) == (why == "dropped")
    best = drawn(of)
    assert "" == best.way
    assert () == best.others


def test_rows_that_may_not_leave_strike_out_a_hosted_model(tmp_path: Path) -> None:
    """`constraints.data_stays` leaves what runs on this machine alone."""
    of = facts(tmp_path, candidate(), extra="constraints: {data_stays: true}\n", baselines=(LUNA,))
    assert ["", "rows may not leave the machines of the company, and it runs at a provider"] == [
        way.blocked for way in of.ways
    ]


def test_without_candidates_every_figure_is_as_before(tmp_path: Path) -> None:
    """The fine-tune's own plan is the same, line by line, whatever stands beside it."""
    of = facts(tmp_path, candidate(points=curve(0.4, 0.1)))
    alone, beside = drawn(replace(of, ways=())), by_way(of)[""]
    assert alone.total.tolist() == beside.total.tolist()
    assert {} == {name: 1 for name, line in alone.lines.items() if line.basis != beside.lines[name].basis}


def test_a_prompted_model_is_used_as_it_is_or_not_at_all(tmp_path: Path) -> None:
    """It ships where it is likelier than not to meet the target of 85%; it has no step on data or method."""
    good, poor = (
        by_way(facts(tmp_path, candidate(points=curve(0.5, 0.05)), baselines=(replace(LUNA, score=scored),)))[LUNA.name]
        for scored in (0.9, 0.84)
    )
    assert "ship" == good.solved.winner.lever
    assert "stop" == poor.solved.winner.lever
    assert ["ship", "redefine", "stop"] == [offer.lever for offer in good.solved.offers]
    errors = good.solved.state.paths[:, 0]
    assert 0.1 == pytest.approx(float(errors.mean()), abs=0.003)
    assert (0.1 * 0.9 / 400) ** 0.5 == pytest.approx(float(errors.std()), rel=0.1)


def test_setting_up_a_prompt_takes_the_hours_of_its_alternative(tmp_path: Path) -> None:
    """In place of integration, stated or assumed."""
    text = "alternatives: {prompt_hosted: {set_up: 70 h}}\n"
    asked = project(tmp_path, extra=text, target="85%")
    written = asked.model_copy(update={"effort_per_round": None})
    seen = pieces(asked, stand_in=True)[1]
    of = with_ways(known(written, seen), candidate(points=curve(0.5, 0.05)), baselines=(LUNA,))
    shipped = by_way(of)[LUNA.name]
    assert 70 < float(shipped.lines["labour"].quantity.mean()) < 100


def test_too_few_sizes_make_no_curve(tmp_path: Path) -> None:
    """Two sizes that do not show the target leave nothing to weigh."""
    of = facts(tmp_path, candidate(points=curve(0.2)[-2:]))
    assert of.ways[0].flat
    assert "stop" == by_way(of)["encoder"].offer.lever  # type: ignore[union-attr]


def test_the_model_to_be_tuned_is_no_way_beside_itself(tmp_path: Path) -> None:
    """A pilot of the model itself is the fine-tune's own curve."""
    of = facts(tmp_path, candidate())
    itself = candidate("causal", model="meta-llama/Llama-3.1-8B")
    assert () == measured_ways(pilot_of(itself), of.forecast, of.basis, 800)
    assert () == measured_ways(pilot_of(candidate()), None, of.basis, 800)


def test_answering_when_sure_brings_its_share_of_the_value(tmp_path: Path) -> None:
    """c (baseline - e) / (baseline - target) of V, less the release: 70% where the bound meets the target."""
    one = candidate(points=curve(0.25, 0.2), promise=promise(0.7))
    solved = by_way(facts(tmp_path, one))["encoder"].solved
    offer, state = solved.offer("when_sure"), solved.state
    assert 0.7 == pytest.approx(offer.brings)
    assert f"ship {HEAD} for the 70% of answers it is sure of, today's way the rest" == offer.action
    assert state.worth * 0.7 + state.saving - float(np.mean(state.release_at_once)) == pytest.approx(
        solved.worth("when_sure")
    )
    halfway = by_way(facts(tmp_path, replace(one, promise=promise(0.7, bound=0.275))))["encoder"].solved
    assert 0.35 == pytest.approx(halfway.offer("when_sure").brings)


def test_people_who_give_the_rest_are_paid_and_are_right(tmp_path: Path) -> None:
    """With `problem.by_hand` and no price of today's answers the rest costs (1 - c) x answers x by_hand."""
    text = "serving: {price_per_1k_today: 40 USD}\n"
    one = candidate(points=curve(0.25, 0.2), promise=promise(0.7))
    by_hand = {"volume": "20k per month, by_hand: 0.05 USD per answer"}
    paid, today = (by_way(facts(tmp_path, one, extra=extra, **by_hand))["encoder"].solved for extra in ("", text))
    offer = paid.offer("when_sure")
    assert 1.0 == pytest.approx(offer.brings)
    assert -0.3 * 240_000 * 0.05 == pytest.approx(float(np.mean(offer.besides)))
    assert "people the rest" in offer.action
    assert -0.3 * 240 * 40 == pytest.approx(float(np.mean(today.offer("when_sure").besides)))
    assert 0.7 == pytest.approx(today.offer("when_sure").brings)


def test_what_cannot_be_promised_is_said(tmp_path: Path) -> None:
    """So few rows promise no coverage; a target that is shown for every answer leaves nothing to be unsure of."""
    unsure = by_way(facts(tmp_path, candidate(points=curve(0.25), promise=promise(None))))["encoder"].solved
    ready = by_way(facts(tmp_path, candidate(points=curve(0.05), promise=promise())))["encoder"].solved
    assert "no coverage can be promised with 400 rows" == unsure.offer("when_sure").blocked
    assert "the target is shown for every answer" == ready.offer("when_sure").blocked


@pytest.mark.parametrize(
    ("extra", "by_hand"), [("", ", by_hand: 0.05 USD per answer"), ("serving: {price_per_1k_today: 40 USD}\n", "")]
)
def test_answering_when_sure_is_worth_the_same_in_define_and_decide(tmp_path: Path, extra: str, by_hand: str) -> None:
    """What define says it brings, less what serving, the release and upkeep cost, is what decide says it is worth."""
    one = candidate(points=curve(0.25, 0.2), promise=promise(0.7))
    of = facts(tmp_path, one, extra=extra, value="0.40 USD per correct", volume=f"20k per month{by_hand}")
    plan = by_way(of)["encoder"]
    state = plan.solved.state
    offer, basis = plan.solved.offer("when_sure"), plan.work.basis
    answers, tuned = served_answers(basis), price_of_answers(basis)
    brings = state.worth * offer.brings + state.saving + np.mean(offer.besides) + np.mean(answers * tuned / 1000)
    base = state.score(state.error_baseline)
    defined = value_when_sure(Grounds(of.basis, Standing(base, base, 0.85, "higher", True)), one.promise)
    assert float(brings) == pytest.approx(defined.p50, rel=0.02)


@pytest.mark.parametrize(("asked", "reached"), [("60%", True), ("90%", False)])
def test_a_target_at_a_coverage_is_shown_by_a_promise_of_as_much(tmp_path: Path, asked: str, reached: bool) -> None:
    """`problem.coverage`: people give the rest, so that the target is shown, or is not."""
    one = candidate(points=curve(0.3, 0.05), promise=promise(0.7))
    of = by_way(facts(tmp_path, one, volume=f"20k per month, coverage: {asked}"))["encoder"]
    walked = of.along(of.solved.offer("when_sure"))
    assert reached == bool(walked.walk.reached.all())


def test_all_but_the_best_way_are_solved_in_few_worlds(tmp_path: Path) -> None:
    """The best is solved in all worlds where it may be the best of all."""
    asked = project(tmp_path)
    seen = pieces(asked, stand_in=True)[1]
    of = with_ways(known(asked, seen), candidate(points=curve(0.1)), candidate("n-grams", curve(0.5, 0.05)))
    many = of.in_worlds(type(of.basis.worlds)(0, 2_400))
    worlds = {way: each.work.basis.worlds.n for way, each in by_way(many).items()}
    assert {"encoder": 2_400, "": 2_400, "n-grams": 2_000} == worlds
