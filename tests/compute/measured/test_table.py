"""Tables of measured runs: words as published become set-ups; what cannot be read is refused with a reason."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.compute.measured import table
from tunecase.compute.measured.table import run_of
from tunecase.errors import InputError

ROW = {
    "id": "r1", "source": "someone/somewhere page.md", "model": "meta-llama/Llama-2-7b-hf", "method": "lora",
    "seq_len": "2048", "micro_batch": "2", "gpu": "NVIDIA A100-SXM4-80GB", "n_gpus": "1", "grad_ckpt": "True",
    "peak_mem_gb_per_gpu": "20", "mem_unit": "GiB", "mem_stat": "torch peak allocated", "framework": "trl",
    "lora_rank": "8", "lora_targets": "q_proj v_proj", "date": "2026-01-01", "tokens_per_s_per_gpu": "3000",
}  # fmt: skip


def row(**changes):
    """A published run with some cells changed."""
    return run_of({**ROW, **changes}, "r1")


def test_a_row_becomes_a_set_up():
    """Every stated cell finds its place, and GiB become GB."""
    run = row()
    recipe = run.recipe
    assert ("lora", 8, 2048, 2, 1) == (
        recipe.method,
        recipe.rank,
        recipe.sequence_tokens,
        recipe.micro_batch,
        recipe.gpus,
    )
    assert ("A100-80GB", "full", "bf16", "none") == (
        recipe.gpu.name,
        recipe.checkpointing,
        recipe.precision,
        recipe.sharding,
    )
    assert 20 * 2**30 / 1e9 == pytest.approx(run.peak_gb)
    assert ("someone", "allocated", "") == (run.publisher, run.statistic, run.failed)


def test_what_cannot_be_predicted_is_refused_with_a_reason():
    """Unknown methods and models are refused, never guessed."""
    cases = [
        ({"method": "adapter"}, "not full, lora or qlora"),
        ({"method": "qlora", "quant": "8bit"}, "a base in '8bit' is not predicted"),
        ({"model": "nobody/nothing", "params_b": ""}, "not known and its size is not stated"),
        ({"model": "Odd-80B-A3B", "params_b": "80"}, "has experts, and its dimensions are not known"),
        ({"gpu": "Quadro 1", "peak_mem_gb_per_gpu": ""}, "card 'Quadro 1' is not in the tables"),
        ({"n_gpus": "", "sharding": "zero3"}, "how many they are (n_gpus) is not stated"),
    ]  # fmt: skip
    assert [] == [(cells, reason) for cells, reason in cases if reason not in row(**cells)]


def test_a_model_known_by_size_alone_tells_speed_and_no_memory():
    """A model whose dimensions are not known is guessed for its speed and says so."""
    run = row(model="nobody/nothing", params_b="7")
    assert run.guessed
    assert 6e9 < 12 * run.recipe.shape.layers * run.recipe.shape.hidden**2 < 8e9


def test_an_unknown_model_is_taken_as_the_nearest_of_its_family_and_size():
    """A release that is not in the tables has the shape of the one whose name and size are nearest."""
    near = row(model="Qwen3-33B-Special", params_b="33").recipe.shape
    assert ("Qwen/Qwen3-32B", False) == (near.name, row(model="Qwen3-33B-Special", params_b="33").guessed)
    assert "Qwen/Qwen3-30B-A3B" == row(model="Qwen3-31B-A3B", params_b="31").recipe.shape.name


def test_a_model_cut_to_some_layers_has_no_more():
    """A benchmark of a few layers of a model is told for those."""
    cut, whole = (row(model=f"Llama-2-7b-hf{more}").recipe.shape for more in (" cut to 4 layers", ""))
    assert (4, 32, cut.hidden) == (cut.layers, whole.layers, whole.hidden)
    assert row(model="Llama-like (dim 512, 16 layers)", params_b="7").guessed


def test_methods_are_known_however_they_are_spelt():
    """A quantised base makes LoRA a QLoRA."""
    cases = [
        ("sft", "", "full"), ("full (GaLore)", "", "full"), ("LoRA r=8", "", "lora"), ("lora", "AWQ int4", "qlora"),
        ("DoRA", "", "lora"), ("lora", "nf4 (bnb 4bit)", "qlora"),
    ]  # fmt: skip
    assert [] == [
        (method, quant, wanted)
        for method, quant, wanted in cases
        if wanted != row(method=method, quant=quant).recipe.method
    ]


def test_units_are_those_of_the_figure():
    """GiB and MiB become GB of 10^9 bytes, whatever the figure was converted from."""
    cases = [("GiB", 20 * 1.073741824), ("MiB/1024 -> GiB", 20 * 1.073741824), ("GB", 20), ("MiB", 20 * 2**20 / 1e9)]
    assert [] == [(unit, wanted) for unit, wanted in cases if abs(row(mem_unit=unit).peak_gb - wanted) > 1e-9]


def test_failures_are_marked():
    """A run that ran out of memory is no missing value, and one with a result ran."""
    blank = {"peak_mem_gb_per_gpu": "", "tokens_per_s_per_gpu": ""}
    notes = ("OOM", "OOM likely, not stated)", "no OOM", "out of memory at 4096")
    assert ["said", "likely", "", "said"] == [row(notes=said, **blank).failed for said in notes]
    assert "" == row(notes="OOM at twice the batch").failed


def test_a_table_names_complete_rows_and_unknown_cards(tmp_path):
    """Rows that state model, method, card, cards, length and micro-batch are known by id, unknown cards by name."""
    path = tmp_path / "x.csv"
    rows = [ROW, {**ROW, "id": "r2", "gpu": "Quadro 1"}, {**ROW, "id": "r3", "seq_len": ""}]
    with path.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, [*ROW, "notes"])
        writer.writeheader()
        writer.writerows(rows)
    found = table.read(path)
    assert (frozenset({"r1", "r2"}), ("Quadro 1",)) == (found.complete, found.unknown_cards)


def test_a_file_without_the_columns_is_refused(tmp_path):
    """A table of something else is refused with what was wanted."""
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="model, method, n_gpus"):
        table.read(path)
    with pytest.raises(InputError, match=r"none\.csv"):
        table.read(tmp_path / "none.csv")


@given(st.dictionaries(st.sampled_from(sorted(ROW)), st.text(max_size=12)))
def test_any_words_are_read_or_refused(cells):
    """Whatever stands in the cells, a row becomes a run or a reason."""
    assert row(**cells) is not None
