"""Each line of the bill is arithmetic that a reader can redo."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.projects import basis, written
from tunecase.compute.cheapest import Machine
from tunecase.plan.costs.cloud import egress, storage
from tunecase.plan.costs.data import data
from tunecase.plan.costs.lines import COSTS, lines_of, total_of
from tunecase.plan.costs.people import evaluation, labour
from tunecase.plan.costs.per_step import once
from tunecase.plan.costs.serving import inference
from tunecase.plan.costs.training import failed_runs, gpu, gpu_hours, idle
from tunecase.plan.costs.unknowns import unknowns
from tunecase.plan.costs.work import Work
from tunecase.plan.rounds.walk import Walk, counted
from tunecase.prices.examples import supply
from tunecase.prices.gpu import GpuHour
from tunecase.quantities.spread import Band

SURE = """
training: {epochs: 2, runs_per_round: 5, failed: 20%}
team: [{role: ml engineer, rate: 100 USD per hour, share: 50%}]
effort_per_round: 40 h per round
rounds: 3
data:
  train: data/train.jsonl
  sources: [{kind: buy, price: 0.50 USD per example, pool: 5k, set_up: 70 USD}]
"""


def work(folder: Path, text: str = SURE, **changes: object) -> Work:
    """Three rounds on 1,000, 2,000 and 3,000 rows of 500 tokens, half a GPU hour per million tokens at 2 USD."""
    project = written(text, folder)
    at = basis(project, draws=50)
    machine = Machine("H100", 1, np.full(50, 0.5), GpuHour(np.full(50, 2.0), "neocloud", ("x",), ("2026-11",), 0))
    walk = counted(np.full(50, 3.0), (1_000, 2_000, 3_000))
    made = Work(project, at, walk, machine, "", np.full(50, 500.0), supply(at))
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def test_gpu_is_runs_times_tokens_times_hours_times_price(tmp_path: Path) -> None:
    """5 runs of 6,000 rows x 500 tokens x 2 epochs = 30 Mtok, half an hour each, 2 USD an hour; a fifth more fail."""
    cost = gpu(work(tmp_path))
    assert cost.amount.tolist() == pytest.approx([30.0] * 50)
    assert "H100" in cost.basis


def test_the_least_that_is_billed_is_a_rental_in_every_round(tmp_path: Path) -> None:
    """3 rounds of 10 hours at 2 USD: 30 for runs, 20% of failed ones, the rest unused; owned cards have no least."""
    text = SURE.replace("failed: 20%", "failed: 20%, idle: 0%") + "compute: {minimum_hours: 10 h}\n"
    made = work(tmp_path, text)
    all_runs = sum(line(made).amount for line in (gpu, failed_runs, idle))  # type: ignore[misc]
    assert all_runs.tolist() == pytest.approx([60.0] * 50)
    assert "the least that is billed adds 24" in gpu(made).basis
    own = dataclasses.replace(made.machine, hour=dataclasses.replace(made.machine.hour, tier="owned"))
    assert gpu(dataclasses.replace(made, machine=own)).amount.tolist() == pytest.approx([30.0] * 50)  # type: ignore[union-attr]


def test_gpu_without_tokens_or_machine_is_unpriced_with_the_reason(tmp_path: Path) -> None:
    """Unknown data are not free data."""
    for cost in (
        gpu(work(tmp_path, tokens_per_row=None)),
        gpu(work(tmp_path, machine=None, no_machine="H100: no price")),
    ):
        assert cost.amount is None
        assert cost.unpriced[0].startswith("gpu: ")


def test_labour_and_evaluation_share_all_hours(tmp_path: Path) -> None:
    """3 rounds x 40 h x 100 USD, split by the evaluation share."""
    made = work(tmp_path)
    people, tests = labour(made).amount, evaluation(made).amount
    assert (people + tests).tolist() == pytest.approx([12_000.0] * 50)
    assert 0.6 < np.median(tests / (people + tests)) < 0.8


def test_data_is_examples_bought_with_the_set_up_paid_once(tmp_path: Path) -> None:
    """2,000 examples at .50 and 70 for the set-up."""
    amount = data(work(tmp_path)).amount
    assert amount.tolist() == pytest.approx([1_070.0] * 50)


def test_data_includes_repairs_and_missing_test_rows(tmp_path: Path) -> None:
    """The audit's band is drawn from; test rows cost a label each."""
    sure = "sources: [{kind: label, price: 0.25 USD per example}]"
    text = SURE.replace("sources: [{kind: buy, price: 0.50 USD per example, pool: 5k, set_up: 70 USD}]", sure)
    cost = data(work(tmp_path, text, repair=Band(30, 30, 30, 30), test_rows_missing=400))
    assert cost.amount.tolist() == pytest.approx([500 + 30 + 100] * 50)
    assert "repairs" in cost.basis
    assert "400 test rows" in cost.basis


def test_data_without_a_priced_source_is_unpriced_and_names_what_is_missing(tmp_path: Path) -> None:
    """Sources without a price are named; with no source at all the field is."""
    none = data(work(tmp_path, "rounds: 3"))
    assert none.amount is None
    assert none.unpriced == ("data: new examples have no price: give data.sources",)
    scraped = data(work(tmp_path, "data: {train: data/train.jsonl, sources: [{kind: scrape}]}"))
    assert scraped.amount is None
    assert scraped.unpriced == (
        "data: scrape (source 1): give credit_price: ... USD per credit, or price: ... per example",
    )


def test_known_repairs_stay_in_the_bill_when_new_examples_are_unpriced(tmp_path: Path) -> None:
    """The part that is known is priced and the part that is not is named."""
    cost = data(work(tmp_path, "rounds: 3", repair=Band(1, 2, 3, 4)))
    assert cost.unpriced
    assert 1 <= cost.amount.min() <= cost.amount.max() <= 4


def test_one_round_needs_no_new_examples_and_is_not_called_unpriced(tmp_path: Path) -> None:
    """Nothing bought costs nothing, and the line says so."""
    cost = data(work(tmp_path, "rounds: 1", walk=counted(np.ones(50), (1_000,))))
    assert not cost.amount.any()
    assert cost.basis == "no new examples"


def test_the_first_purchase_is_counted_until_a_round_was_measured(tmp_path: Path) -> None:
    """1,500 before the first round and 2,000 on the way; afterwards the 2,000 alone, at the price of one."""
    text = SURE.replace("train: data/train.jsonl", "buy_first: 1500\n  tokens_per_row: 500")
    made = work(tmp_path, text.replace(", set_up: 70 USD", ""))
    for begun, examples in ((False, 3_500.0), (True, 2_000.0)):
        cost = data(dataclasses.replace(made, begun=begun))
        assert [examples] * 50 == cost.quantity.tolist()
        assert (cost.amount / cost.quantity).tolist() == pytest.approx([0.5] * 50)


def test_inference_is_priced_only_when_price_and_volume_are_given(tmp_path: Path) -> None:
    """12 months x 10,000 answers at 2 USD per thousand; outside the total unless asked for."""
    known = "problem: {volume: 10k per month, horizon: 12 months}\nserving: {price_per_1k_answers: 2 USD}"
    priced = inference(work(tmp_path, known))
    assert priced.amount.tolist() == pytest.approx([240.0] * 50)
    assert not priced.included
    left_out = inference(work(tmp_path))
    assert left_out.amount is None
    assert not left_out.unpriced
    asked = inference(work(tmp_path, "include_inference: true"))
    assert asked.included
    assert asked.unpriced[0].startswith("inference: problem.volume is not given")
    no_volume = inference(work(tmp_path, "include_inference: true\nserving: {price_per_1k_answers: 2 USD}"))
    assert no_volume.unpriced == asked.unpriced
    no_price = inference(work(tmp_path, "include_inference: true\nproblem: {volume: 10k per month}"))
    assert no_price.unpriced[0].startswith("inference: nothing says what an answer costs")


def test_answers_are_billed_in_worlds_that_ship(tmp_path: Path) -> None:
    """Where a curve says which worlds ship, at the target or at the fallback, the others answer nothing."""
    known = "problem: {volume: 10k per month, horizon: 12 months}\nserving: {price_per_1k_answers: 2 USD}"
    made, flags = work(tmp_path, known), np.arange(50) % 5
    walk = dataclasses.replace(made.walk, reached=flags == 0, settled=flags == 1, ships=flags < 2)
    amount = inference(dataclasses.replace(made, walk=walk)).amount
    assert np.where(flags < 2, 240.0, 0.0).tolist() == pytest.approx(amount.tolist())


def test_lines_of_a_walk_that_does_nothing_cost_nothing(tmp_path: Path) -> None:
    """Repairs, missing test rows, the first purchase and ramp-up wait until something is begun."""
    text = SURE.replace("share: 50%", "share: 50%, ramp_up: 2 weeks").replace("kind: buy", "kind: label")
    text += "unknowns: 1.5\ncosts: [{name: review, amount: 100 USD, when: once}]\n"
    made = work(tmp_path, text, repair=Band(30, 30, 30, 30), test_rows_missing=400)
    nothing = Walk(*np.zeros((3, 50)), data_paid=np.zeros(50))
    assert 0 == total_of(lines_of(made, nothing)).max()
    begun = lines_of(made, made.walk)
    assert list(begun) == [cost.__name__ for cost in COSTS]
    whole = total_of(begun)
    assert pytest.approx(whole - begun["labour"].amount) == total_of(begun, without=("labour",))
    assert [30 + 400 * 0.5 + 1.5 * 3_800 + 100] * 50 == pytest.approx(once(made).tolist())


def test_failed_runs_are_a_share_of_those_that_succeed(tmp_path: Path) -> None:
    """A fifth of 30; with the runs that succeed they are what all runs cost, world by world."""
    made = work(tmp_path, SURE.replace("failed: 20%", "failed: 5% to 30%"))
    cost, good, hours = failed_runs(made), gpu(made), gpu_hours(made)
    assert np.allclose(good.amount + cost.amount, hours * 2.0)
    assert failed_runs(work(tmp_path)).amount.tolist() == pytest.approx([6.0] * 50)  # type: ignore[union-attr]
    nothing = failed_runs(work(tmp_path, tokens_per_row=None))
    assert nothing.amount is None
    assert not nothing.unpriced


def test_idle_hours_are_a_share_of_all_that_is_billed(tmp_path: Path) -> None:
    """Runs of 36 USD are 80% of the bill, so that 9 are idle; none where the project file says so."""
    cost = idle(work(tmp_path, SURE.replace("failed: 20%", "failed: 20%, idle: 20%")))
    assert cost.amount.tolist() == pytest.approx([9.0] * 50)
    assert cost.quantity.tolist() == pytest.approx([4.5] * 50)
    none = idle(work(tmp_path, SURE.replace("failed: 20%", "failed: 20%, idle: 0%"))).amount
    assert not none.any()


def test_storage_is_gigabytes_times_months_times_price(tmp_path: Path) -> None:
    """100 GB for 6 months at .05 USD; without sizes, the weights and half of the checkpoints."""
    sure = "storage: {kept_gb: 100 GB, months: 6 months, price: 0.05 USD per GB-month}\n"
    cost = storage(work(tmp_path, SURE + sure))
    assert cost.amount.tolist() == pytest.approx([30.0] * 50)
    full = "storage: {checkpoints: 2, months: 1 month, price: 1 USD per GB-month}\nmethod: full\n"
    model = "models: [meta-llama/Llama-2-7b-hf]\n"
    kept = storage(work(tmp_path, SURE + full + model)).amount
    weights = 6_738_415_616 * 2 / 1e9
    assert kept.tolist() == pytest.approx([weights * (1 + 3 * 5 * 2 / 2)] * 50)
    adapter = storage(work(tmp_path, SURE + full.replace("method: full\n", "") + model)).amount
    assert weights < adapter.max() < 1.2 * weights


def test_egress_is_one_checkpoint_of_every_round_or_as_stated(tmp_path: Path) -> None:
    """3 rounds of 13.5 GB at .10, or 50 GB."""
    full = "method: full\nmodels: [meta-llama/Llama-2-7b-hf]\nstorage: {egress_price: 0.10 USD per GB}\n"
    moved = egress(work(tmp_path, SURE + full)).amount
    assert moved.tolist() == pytest.approx([3 * 6_738_415_616 * 2 / 1e9 * 0.1] * 50)
    stated = egress(work(tmp_path, SURE + full.replace("{egress", "{egress_gb: 0.05 TB, egress"))).amount
    assert stated.tolist() == pytest.approx([5.0] * 50)


def test_judges_of_answers_stand_under_evaluation(tmp_path: Path) -> None:
    """3 rounds x (500 answers x 2,000 tokens at 1 USD per million + 20 labels at .50) on top of the hours."""
    paid = "tokens_in: 1500, tokens_out: 500, price_in: 1 USD per Mtok, price_out: 1 USD per Mtok"
    source = SURE.replace("kind: buy", "kind: label")
    judged = source + f"evaluation: {{judged: 500 per round, {paid}, labels: 20 per round}}\n"
    before, after = evaluation(work(tmp_path, source)), evaluation(work(tmp_path, judged))
    assert (after.amount - before.amount).tolist() == pytest.approx([3 * (1.0 + 10.0)] * 50)
    assert after.quantity is None
    missing = evaluation(work(tmp_path, SURE + "evaluation: {judged: 500 per round, tokens_in: 9, tokens_out: 9}\n"))
    assert missing.amount is not None
    assert "price_in, price_out" in missing.unpriced[0]


def test_unknowns_are_the_factor_less_one_times_peoples_pay(tmp_path: Path) -> None:
    """12,000 USD of people's hours at a factor of 1.5 are 6,000 more; none where the project file says none."""
    made = work(tmp_path, SURE + "unknowns: 1.5\n")
    assert unknowns(made).amount.tolist() == pytest.approx([6_000.0] * 50)  # type: ignore[union-attr]
    none = unknowns(work(tmp_path, SURE + "unknowns: none\n"))
    assert not none.amount.any()


def test_ramp_up_and_what_no_cap_holds_are_told(tmp_path: Path) -> None:
    """38 hours once at 100 USD; 120 hours of work against a cap of 50."""
    once = labour(work(tmp_path, SURE.replace("share: 50%", "share: 50%, ramp_up: 2 weeks, hours: 50 h")))
    assert "38 h of ramp-up" in once.basis
    assert "do not hold all hours" in once.basis
    plain = labour(work(tmp_path)).amount
    assert (once.amount - plain).tolist() == pytest.approx([3_800.0] * 50)
