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
    assert work.machine is not None
    assert work.tokens_per_row is not None
    assert (work.machine.gpu, work.machine.count) == (record.gpu, record.gpu_count)
    sizes = dict(record.setup)
    asked = {name: str(sizes[name]) for name in ("method", "rank", "sequence_tokens", "micro_batch")}
    assert {"method": "qlora", "rank": "8", "sequence_tokens": "1024", "micro_batch": "4"} == asked
    assert record.train_tokens == pytest.approx(50_000 * 2 * band(work.tokens_per_row).p50)
    assert "hyperscaler" == record.tier
    assert record.tokens_per_s is not None
    hours_per_mtok = record.gpu_count * 1e6 / record.tokens_per_s.mid / 3600
    assert hours_per_mtok == pytest.approx(band(work.machine.hours_per_mtok).p50, rel=0.05)


def test_what_is_typed_goes_before_the_project(tmp_path: Path) -> None:
    """A card, a method or an amount that is typed takes the place of the project's; the rest stays."""
    flow = case(tmp_path)
    record = fit(FitAsked("", {"method": "lora", "train_tokens": "5M"}, ["A100-80GB"], ["1"]), 0, TODAY, flow)
    assert ("A100-80GB", 1, "lora", 5e6) == (record.gpu, record.gpu_count, record.method, record.train_tokens)
    assert not any("as in the bill" in words for words in record.assumptions)


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


def test_the_command_finds_the_project_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Typed without a word it answers for the project here, and says whose run that is."""
    case(tmp_path)
    monkeypatch.chdir(tmp_path)
    ran = tunecase("fit", "--today", "2026-11-24")
    assert 0 == ran.code, ran.err
    assert "as in the bill of tunecase.yaml: 50,000 examples x 2 epochs" in " ".join(ran.out.split())
