"""One walk through the worlds gives the step, its bill and its gain; another step or other prices share its worlds."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from tests.decide.test_decide import TEXT, USUAL, known, pieces, project
from tests.plan.test_plan import CASES, COSTS, FOLDER, WALKED, asked, walked
from tests.projects import basis, written
from tunecase import catalog
from tunecase.plan import drawn, solve, work_of
from tunecase.plan.costs.data import data
from tunecase.plan.known import Known
from tunecase.plan.levers import standing
from tunecase.prices.contracts import Contract
from tunecase.project import Project
from tunecase.quantities import AlteredWorlds, Interval80, sampled
from tunecase.records import Tokens


def _mean(draws: np.ndarray) -> float:
    return float(np.mean(draws))


TOKENS = Tokens(False, Interval80(60_000, 80_000, 100_000), 90.0, 160.0, 400.0, "characters / 4")


@pytest.mark.parametrize("case", WALKED)
def test_the_first_step_is_part_of_the_walk(case: str) -> None:
    """Where every world takes it, no line of the first step costs more than the same line of the whole walk."""
    of = walked(case)
    begun = of.walk.begun
    for name, cost in of.walked.first.items():
        whole = of.lines[name].amount
        if name not in ("storage", "inference", "upkeep") and cost.amount is not None and whole is not None:
            assert (cost.amount[begun] <= whole[begun] * (1 + 1e-9) + 1e-9).all(), name


@pytest.mark.parametrize("case", CASES)
def test_the_total_is_the_sum_of_the_lines_that_count(case: str) -> None:
    """World by world; tuning is the total without answers after launch."""
    of = walked(case)
    counted = {name: cost.amount for name, cost in of.lines.items() if cost.included and cost.amount is not None}
    assert of.total.tolist() == pytest.approx(sum(counted.values()).tolist())
    answers = counted.get("inference", 0.0) + counted.get("upkeep", 0.0)
    assert of.walked.tuning.tolist() == pytest.approx((of.total - answers).tolist())


@pytest.mark.parametrize("case", ["usual", "with other costs"])
def test_the_board_and_the_bill_agree_on_what_a_step_costs(case: str) -> None:
    """A walk's lines, storage and egress apart, are what its steps cost on the board, on average over the worlds."""
    of = walked(case)
    assert of.walked.at is not None
    paid = of.solved.board.cost(of.walked.at) + of.walk.ships * of.solved.board.rules.release
    metered = sum(of.lines[name].amount for name in ("storage", "egress"))
    assert pytest.approx(paid.mean(), rel=0.001) == (of.walked.tuning - metered).mean()


def by_activity(extra: str = "", **changes: str) -> Project:
    """A project whose hours are a sum over activities."""
    project(FOLDER, extra=extra, **changes)
    text = (FOLDER / "tunecase.yaml").read_text(encoding="utf-8")
    return written(text.replace("effort_per_round: 20 h per round\n", ""), FOLDER)


def test_what_ships_at_once_costs_the_same_on_the_board_and_in_the_bill() -> None:
    """A release, what is paid once, the months that it takes and the shares on all of it."""
    ready = by_activity(COSTS, target="70%", value="2 USD per correct")
    of = drawn(known(ready, pieces(ready)[1]))
    shipped = of.along(of.solved.offer("ship"))
    once_each = {part.name: part.amount for part in shipped.lines["other"].parts}
    assert 500 <= once_each["security review"].mean() <= 900
    assert once_each["licence"].min() > 0
    assert pytest.approx(of.solved.worth("ship"), rel=1e-6) == (shipped.net_gain - shipped.tuning).mean()


def test_a_search_is_watched_on_the_board_and_in_the_bill() -> None:
    """Its runs take people's time: a first step that searches costs the same on both."""
    ready = by_activity(COSTS, budget="90k USD", value="2 USD per correct")
    of = drawn(known(ready, pieces(ready)[1], tokens=TOKENS))
    searched = of.along(of.solved.offer("tune"))
    assert 8 == np.asarray(searched.first_walk.search_runs).max()
    step = of.solved.board.steps[of.solved.board.first("tune")]
    metered = sum(searched.first[name].amount for name in ("storage", "egress"))
    # A tax of 19% is on storage and egress too, which the board leaves out.
    assert pytest.approx(step.cost.mean(), rel=0.001) == (searched.first_cost - 1.19 * metered).mean()


def test_rows_that_teach_less_are_bought_and_trained_on_in_full() -> None:
    """Two bought rows for each labelled one: the price of one is the seller's, and runs read every row."""
    text = TEXT.replace("kind: label", "kind: buy, worth: 50%")
    ready = written(text.format(**USUAL), FOLDER)
    of = drawn(known(ready, pieces(ready)[1]))
    assert of.walked.at is not None
    labelled = of.along(of.solved.offer("label"))
    cost = data(replace(of.work, walk=labelled.first_walk))
    assert (cost.amount / cost.quantity).tolist() == pytest.approx([0.5] * len(cost.quantity))
    # The least purchase doubles what the rows at hand teach: 1,600 rows of which each is worth half.
    assert "buy 4,800 more" in of.solved.offer("label").action
    least = next(step.paid for step in of.solved.board.steps if step.name == "label")
    assert pytest.approx(800 + 1_600) == float(np.mean(least.rows_trained))
    assert pytest.approx(1_600) == float(np.mean(least.bought))


@pytest.mark.parametrize(
    "compute", ["{gpus: [H100], minimum_hours: 24 h}", "{gpus: [H100], minimum_hours: 0.001 h}", "{hosted: mistral}"]
)
def test_minimum_rentals_are_in_the_board_and_in_the_bill(compute: str) -> None:
    """Every round pays at least its minimum, in the price of a step and in the gpu line alike."""
    extra = f"models: [meta-llama/Llama-3.1-8B]\ncompute: {compute}\n"
    of_project = project(FOLDER, extra=extra, budget="")
    facts = known(of_project, pieces(of_project)[1], tokens=TOKENS)
    own = Contract("", "mistral", "mistral", "", "", Decimal(3), "USD", 3.0, "2026-10-01", "a contract")
    of = drawn(replace(facts, basis=replace(facts.basis, contracts=(own,))))
    assert of.walked.at is not None
    paid = of.solved.board.cost(of.walked.at)
    metered = sum(of.lines[name].amount for name in ("storage", "egress"))
    stored = 0.0 if "hosted" not in compute else 24.0 * (of.walk.rounds > 0)
    assert pytest.approx(paid.mean(), rel=0.001) == (of.walked.tuning - metered - stored).mean()
    assert (of.walk.minimum.max() > 0) == ("0.001 h" not in compute)


@pytest.mark.parametrize("case", ["usual", "kept up"])
def test_another_first_step_is_walked_in_the_same_worlds(case: str) -> None:
    """Every lever that can be taken has its own walk; one that cannot has none."""
    of = walked(case)
    for offer in of.solved.offers:
        other = of.along(offer)
        assert (other is None) == bool(of.solved.blocked(offer))
        if other is not None:
            assert of.work.basis.worlds.n == len(other.total)
            assert of.instead(offer, other).offer is offer
            assert other.gain is not None
            # The board ships at the mean saving and upkeep, without storage; the worlds' own differ by drawing alone.
            brought = sampled(other.net_gain - other.tuning, _mean)
            assert abs(of.solved.worth(offer.lever) - brought.value) <= max(2 * brought.error, 1e-6)
    assert walked("without a target").along(of.solved.offers[0]) is None


def test_a_bill_beyond_the_budget_is_bound_for_the_decision() -> None:
    """The bill begins anyway; the board for the choice has no step, and one within the budget is as it was."""
    beyond, within = walked("poor"), walked("usual")
    assert beyond.beyond_budget
    assert beyond.solved.board.steps
    bound = beyond.bound().solved
    assert () == bound.board.steps
    assert "stop" == bound.winner.lever
    assert within.bound() is within


def test_solving_again_as_things_are_changes_nothing() -> None:
    """The same worths; a hundredth of the budget pays for nothing, and settings that help more are worth more."""
    of = walked("usual")
    again = solve(standing(of.facts, of.work, of.solved.state))
    assert [of.solved.worth(one.lever) for one in of.solved.offers] == [again.worth(one.lever) for one in again.offers]
    poorer = solve(replace(again.state, budget_left=again.state.budget_left / 100))
    assert "stop" == poorer.winner.lever
    tuned = AlteredWorlds(of.work.basis.worlds, {"levers.tuning_factor": 0.5})
    altered = of.facts.in_worlds(tuned)
    better = solve(standing(altered, work_of(altered), of.solved.state))
    assert better.worth("tune") > of.solved.worth("tune")


def test_the_length_of_a_row_is_the_audits_or_the_files() -> None:
    """Tokens over rows, with their doubt, at most the longest sample; unknown where nobody says."""
    text = asked("usual")
    of = drawn(Known(basis(text, 2_000), 800, TOKENS))
    assert of.work.tokens_per_row is not None
    assert pytest.approx(100, rel=0.05) == np.median(of.work.tokens_per_row)
    assert pytest.approx((75, 125), rel=0.05) == tuple(np.quantile(of.work.tokens_per_row, (0.1, 0.9)))
    assert drawn(Known(basis(text, 50), 800)).work.tokens_per_row is None
    long = replace(TOKENS, total=Interval80(8e7, 8e7, 8e7))
    cut = drawn(Known(basis(text, 50), 800, long)).work.tokens_per_row
    assert 1 == len(set(cut.tolist()))
    assert cut.max() < 1e5


def test_answers_are_billed_where_something_ships() -> None:
    """Worlds that end without a model to use pay for none."""
    of = walked("served")
    answers = of.lines["inference"].amount
    assert pytest.approx(2_880) == answers[of.walk.shipped].min() == answers[of.walk.shipped].max()
    assert 0 == answers[~of.walk.shipped].max()


def test_two_bills_of_one_seed_share_their_worlds() -> None:
    """A dearer label leaves every other named input as it was."""
    seen = pieces(asked("usual"))[1]
    one, other = (drawn(known(project(FOLDER, price=p), seen)) for p in ("0.50 USD per example", "2 USD per example"))
    drawn_in, also = (bill.work.basis.worlds.drawn for bill in (one, other))
    shared = [name for name in drawn_in.keys() & also.keys() if "source" not in name and "price" not in name]
    assert len(shared) > 8
    assert all(drawn_in[name].tolist() == also[name].tolist() for name in shared)


@pytest.mark.parametrize("objective", [row.name for row in catalog.objectives() if row.answers == 2])
@pytest.mark.parametrize("audited", [True, False])
def test_a_pair_costs_at_least_what_its_chosen_answer_costs(objective: str, audited: bool, tmp_path: Path) -> None:
    """Both answers of a pair pass through training, whether their length is counted or stated."""
    compute = "compute: {gpus: [H100], objective: %s}\n"
    text = "models: [Qwen/Qwen3-8B]\nmethod: lora\ndata: {rows: 12k, tokens_per_row: 300 to 600}\n" + compute
    tokens = TOKENS if audited else None
    one, pair = (
        drawn(Known(basis(written(text % goal, tmp_path), 200), 12_000, tokens)) for goal in ("sft", objective)
    )
    assert pytest.approx(2 * one.work.tokens_per_row) == pair.work.tokens_per_row
    costs = [float(of.lines["gpu"].amount.mean()) for of in (one, pair)]
    assert costs[1] >= costs[0]
