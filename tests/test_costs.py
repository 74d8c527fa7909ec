"""Each line of the bill is arithmetic that a reader can redo."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.projects import basis, written
from tunecase.costs import Work, data, evaluation, gpu, inference, labour
from tunecase.gpu_prices import GpuHour
from tunecase.hardware import Machine
from tunecase.loop import counted
from tunecase.prices import supply
from tunecase.spread import Band

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
    """5 x 1.2 runs of 6,000 rows x 500 tokens x 2 epochs = 36 Mtok, half an hour each, 2 USD an hour."""
    cost = gpu(work(tmp_path))
    assert cost.amount is not None
    assert cost.amount.tolist() == pytest.approx([36.0] * 50)
    assert "H100" in cost.basis


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
    assert people is not None
    assert tests is not None
    assert (people + tests).tolist() == pytest.approx([12_000.0] * 50)
    assert 0.6 < np.median(tests / (people + tests)) < 0.8


def test_data_is_examples_bought_with_the_set_up_paid_once(tmp_path: Path) -> None:
    """2,000 examples at .50 and 70 for the set-up."""
    amount = data(work(tmp_path)).amount
    assert amount is not None
    assert amount.tolist() == pytest.approx([1_070.0] * 50)


def test_data_includes_repairs_and_missing_test_rows(tmp_path: Path) -> None:
    """The audit's band is drawn from; test rows cost a label each."""
    sure = "sources: [{kind: label, price: 0.25 USD per example}]"
    text = SURE.replace("sources: [{kind: buy, price: 0.50 USD per example, pool: 5k, set_up: 70 USD}]", sure)
    cost = data(work(tmp_path, text, repair=Band(30, 30, 30, 30), test_rows_missing=400))
    assert cost.amount is not None
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
    assert scraped.unpriced == ("data: scrape (source 1): give price: ... per example",)


def test_known_repairs_stay_in_the_bill_when_new_examples_are_unpriced(tmp_path: Path) -> None:
    """The part that is known is priced and the part that is not is named."""
    cost = data(work(tmp_path, "rounds: 3", repair=Band(1, 2, 3, 4)))
    assert cost.amount is not None
    assert cost.unpriced
    assert 1 <= cost.amount.min() <= cost.amount.max() <= 4


def test_one_round_needs_no_new_examples_and_is_not_called_unpriced(tmp_path: Path) -> None:
    """Nothing bought costs nothing, and the line says so."""
    cost = data(work(tmp_path, "rounds: 1", walk=counted(np.ones(50), (1_000,))))
    assert cost.amount is not None
    assert not cost.amount.any()
    assert cost.basis == "no new examples"


def test_inference_is_priced_only_when_price_and_volume_are_given(tmp_path: Path) -> None:
    """12 months x 10,000 answers at 2 USD per thousand; outside the total unless asked for."""
    known = "problem: {volume: 10k per month, horizon: 12 months}\nserving: {price_per_1k_answers: 2 USD}"
    priced = inference(work(tmp_path, known))
    assert priced.amount is not None
    assert priced.amount.tolist() == pytest.approx([240.0] * 50)
    assert not priced.included
    left_out = inference(work(tmp_path))
    assert left_out.amount is None
    assert not left_out.unpriced
    asked = inference(work(tmp_path, "include_inference: true"))
    assert asked.included
    assert asked.unpriced == ("inference: serving.price_per_1k_answers is not given",)
    no_volume = inference(work(tmp_path, "include_inference: true\nserving: {price_per_1k_answers: 2 USD}"))
    assert no_volume.unpriced == ("inference: problem.volume is not given",)
