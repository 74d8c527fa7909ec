"""fit without a model: the run that a case's bill prices, what is typed in its place, and where there is none."""

from datetime import date
from pathlib import Path

import pytest

from tests.command import tunecase
from tunecase.errors import InputError
from tunecase.flow import FitAsked, Flow, fit, open_case
from tunecase.flow.known import known_of
from tunecase.plan import work_of
from tunecase.quantities import band

TODAY = date(2026, 11, 24)
CASE = """\
name: planned
data: {rows: 50k, tokens_per_row: 300 to 600}
problem: {metric: accuracy}
models: [meta-llama/Llama-3.1-8B]
method: qlora
training: {epochs: 2, sequence_tokens: 1024, micro_batch: 4, rank: 8}
compute: {gpus: [L40S, H100], gpu_count: 2, tier: hyperscaler}
"""


def case(folder: Path, text: str = CASE) -> Flow:
    """A case of a plan without data."""
    path = folder / "tunecase.yaml"
    path.write_text(text, encoding="utf-8")
    return open_case(path, 0, TODAY)


def test_the_run_of_the_bill_is_priced(tmp_path: Path) -> None:
    """Card, count, method, sizes and tokens are the bill's, and so is the speed that its GPU hours rest on."""
    flow = case(tmp_path)
    record, work = fit(FitAsked(), 0, TODAY, flow), work_of(known_of(flow))
    assert work.tokens_per_row is not None
    assert (work.machine.gpu, work.machine.count) == (record.gpu, record.gpu_count)
    sizes = dict(record.setup)
    asked = {name: str(sizes[name]) for name in ("method", "rank", "sequence_tokens", "micro_batch")}
    assert {"method": "qlora", "rank": "8", "sequence_tokens": "1024", "micro_batch": "4"} == asked
    assert record.train_tokens == pytest.approx(50_000 * 2 * band(work.tokens_per_row).p50)
    assert "hyperscaler" == record.tier
    hours_per_mtok = record.gpu_count * 1e6 / record.tokens_per_s.mid / 3600
    assert hours_per_mtok == pytest.approx(band(work.machine.hours_per_mtok).p50, rel=0.05)


def test_what_is_typed_goes_before_the_project(tmp_path: Path) -> None:
    """A card, a method or an amount that is typed takes the place of the project's; the rest stays."""
    flow = case(tmp_path)
    record = fit(FitAsked("", {"method": "lora", "train_tokens": "5M"}, ["A100-80GB"], ["1"]), 0, TODAY, flow)
    assert ("A100-80GB", 1, "lora", 5e6) == (record.gpu, record.gpu_count, record.method, record.train_tokens)
    assert not any("as in the bill" in words for words in record.assumptions)


@pytest.mark.parametrize(("typed", "rows", "epochs"), [({"examples": "1k"}, 1_000, 2), ({"epochs": "5"}, 50_000, 5)])
def test_one_amount_that_is_typed_leaves_the_others(
    typed: dict[str, str], rows: int, epochs: int, tmp_path: Path
) -> None:
    """Rows or epochs alone take the place of the bill's; the mean length of its rows stays, and a price comes of it."""
    flow = case(tmp_path)
    record, work = fit(FitAsked("", typed), 0, TODAY, flow), work_of(known_of(flow))
    assert work.tokens_per_row is not None
    assert record.train_tokens == pytest.approx(rows * epochs * band(work.tokens_per_row).p50)
    assert record.usd is not None
    told = f"but for what was typed: {rows:,} examples x {epochs} epochs"
    assert any(told in words for words in record.assumptions)


def test_an_amount_that_is_no_number_is_refused(tmp_path: Path) -> None:
    """What cannot be read as an amount is told as it was typed."""
    with pytest.raises(InputError) as refused:
        fit(FitAsked("", {"examples": "many"}), 0, TODAY, case(tmp_path))
    assert [("examples", "'many'")] == [(problem.where, problem.got) for problem in refused.value.problems]


def test_lengths_that_are_typed_bring_their_own_rows(tmp_path: Path) -> None:
    """Lengths of other samples take the place of the bill's rows and lengths; its epochs stay."""
    lengths = tmp_path / "lengths.csv"
    lengths.write_text("tokens,count\n100,500\n900,500\n", encoding="utf-8")
    record = fit(FitAsked("", lengths=lengths), 0, TODAY, case(tmp_path))
    assert 1_000 * 500 * 2 == record.train_tokens


def test_sampled_answers_are_the_bill_s(tmp_path: Path) -> None:
    """With an objective that samples, the engine is there, and the tokens are those of the bill's answers."""
    flow = case(tmp_path, CASE.replace("gpu_count: 2", "objective: grpo"))
    record, work = fit(FitAsked(), 0, TODAY, flow), work_of(known_of(flow))
    assert record.rollout is not None
    assert work.tokens_per_row is not None
    assert record.train_tokens == pytest.approx(50_000 * 2 * band(work.tokens_per_row).p50)


def test_another_objective_takes_rows_and_epochs_alone(tmp_path: Path) -> None:
    """An objective that is typed has no use for the lengths and the sampling of the project's own."""
    flow = case(tmp_path, CASE.replace("tier:", "objective: grpo, tier:"))
    record = fit(FitAsked("", {"objective": "sft"}), 0, TODAY, flow)
    assert record.rollout is None
    assert 50_000 * 2 * 1024 == record.train_tokens


def test_a_bill_without_a_machine_keeps_its_number_of_cards(tmp_path: Path) -> None:
    """Where no card of the project holds the run, the answer is for as many as it names, and that is told."""
    large = CASE.replace("Llama-3.1-8B", "Llama-3.1-70B").replace("[L40S, H100], gpu_count: 2", "[L4], gpu_count: 1")
    record = fit(FitAsked(), 0, TODAY, case(tmp_path, large))
    assert (False, "L4", 1) == (record.ok, record.gpu, record.gpu_count)
    assert any("has no machine: L4: the run does not fit on 1 card" in words for words in record.assumptions)
    assert not any("as in the bill" in words for words in record.assumptions)


def test_a_price_is_one_of_the_bill_s_card(tmp_path: Path) -> None:
    """A price needs no --gpu where the bill names one card, on spot terms too; with two kinds the card is asked for."""
    flow = case(tmp_path, CASE.replace("gpu_count: 2", "gpu_count: 2, terms: spot"))
    record = fit(FitAsked(price=1.5), 0, TODAY, flow)
    assert ("your own price", 1.5) == (record.placed.price_basis, record.usd_per_gpu_hour.mid)
    with pytest.raises(InputError) as refused:
        fit(FitAsked("", {}, ["L4,H100"], price=1.5), 0, TODAY, flow)
    assert ["a price for 2 kinds of card"] == [problem.got for problem in refused.value.problems]


def test_a_provider_s_own_cards_are_no_question(tmp_path: Path) -> None:
    """Where a provider trains its own model there is no card to ask about, and the message says what to type."""
    hosted = CASE.replace("gpu_count: 2,", "hosted: ft:gpt-4o-mini-2024-07-18,")
    with pytest.raises(InputError) as refused:
        fit(FitAsked(), 0, TODAY, case(tmp_path, hosted))
    assert "tunecase.yaml: compute.hosted" == refused.value.problems[0].where
    assert "tunecase fit MODEL" in refused.value.problems[0].fix


def test_a_model_is_asked_for_where_no_project_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder without a project the command says that a model is missing, beside every other mistake."""
    monkeypatch.chdir(tmp_path)
    ran = tunecase("fit", "--gpu", "no-such-card")
    assert 2 == ran.code
    assert "MODEL: nothing, and no project here" in ran.err
    assert "no-such-card" in ran.err
    assert "--project FILE" in ran.err
    kinds = tunecase("fit", "--gpu", "L4,H100", "--price", "1.5")
    assert 1 == kinds.err.count("a price for 2 kinds of card")
