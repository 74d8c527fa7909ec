"""Tables of measured runs: words as published become set-ups; what cannot be read is refused with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.compute.measured import table
from tunecase.compute.measured.table import run_of
from tunecase.compute.measured.words import card_of, framework_of, optimizer_of, publisher, statistic
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


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("A100", "A100-80GB"), ("a100_40gb", "A100-40GB"), ("A100 40GB SXM", "A100-40GB"),
        ("NVIDIA GeForce RTX 4090", "RTX4090"),
        ("H100 80GB SXM", "H100"), ("8xA100-80GB", "A100-80GB"), ("NVIDIA H200-SXM5-141GB", "H200"), ("Tesla T4", "T4"),
        ("RTX 3090 (280W, no NVLink)", "RTX3090"), ("A10G", "A10G"), ("unheard of", None), ("", None),
    ],
)  # fmt: skip
def test_cards_are_known_however_they_are_spelt(text, name):
    """Spellings of a card find its row; an unknown one finds none."""
    found = card_of(text)
    assert name == (found.name if found else None)


def test_frameworks_are_found_in_free_text():
    """The longest word of a framework that stands in the text wins; none means transformers."""
    cases = [
        ("HF transformers via something", "transformers"), ("TRL SFTTrainer", "trl"),
        ("LLaMA-Factory", "llama-factory"),
        ("Axolotl 0.8", "axolotl"),
        ("pytorch/torchtune recipes", "torchtune"), ("unsloth 2025.1", "unsloth"), ("NeMo/Megatron", "nemo"),
        ("DeepSpeed ZeRO", "deepspeed"), ("", "transformers"), ("own code", "transformers"),
    ]  # fmt: skip
    assert [] == [(text, name) for text, name in cases if name != framework_of(text).name]


def test_optimizers_are_known_however_they_are_spelt():
    """Spellings of an optimizer find its row."""
    cases = [
        ("AdamW (HF default)", "adamw"), ("paged_adamw_8bit", "paged_adamw_8bit"),
        ("PagedAdamW8bit", "paged_adamw_8bit"),
        ("adamw_bnb_8bit", "adamw_8bit"), ("8-bit Adam", "adamw_8bit"), ("Adafactor", "adafactor"),
        ("fused AdamW", "adamw_fused"),
        ("SGD", "sgd"), ("Lion", "lion"), ("", "adamw"), ("paged AdamW 32bit", "paged_adamw"),
    ]  # fmt: skip
    assert [] == [(text, name) for text, name in cases if name != optimizer_of(text)]


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ({"n_gpus": "8", "sharding": "zero3"}, ("zero3", 1, "none")),
        ({"n_gpus": "8", "sharding": "DeepSpeed ZeRO-2"}, ("zero2", 1, "none")),
        ({"n_gpus": "8", "sharding": "fsdp SHARD_GRAD_OP mp=DEFAULT"}, ("zero2", 1, "none")),
        ({"n_gpus": "8", "sharding": "TP4 PP2 CP1"}, ("fsdp", 4, "none")),
        ({"n_gpus": "2", "sharding": "fsdp + cpu offload"}, ("fsdp", 1, "all")),
        ({"n_gpus": "2", "sharding": ""}, ("fsdp", 1, "none")),
        ({"n_gpus": "1", "sharding": "fsdp"}, ("none", 1, "none")),
    ],
)
def test_sharding_is_read_from_words(cells, wanted):
    """ZeRO stages, FSDP, tensor parallelism and offload are told apart."""
    recipe = row(**cells).recipe
    assert wanted == (recipe.sharding, recipe.tensor_parallel, recipe.offload)


def test_accumulation_follows_from_the_whole_batch():
    """Samples per step over samples at once and cards is the accumulation."""
    assert 8 == row(n_gpus="2", micro_batch="4", global_batch="64", sharding="fsdp").recipe.accumulation


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"method": "adapter"}, "not full, lora or qlora"),
        ({"model": "nobody/nothing", "params_b": ""}, "not known and its size is not stated"),
    ],
)
def test_what_cannot_be_predicted_is_refused_with_a_reason(cells, reason):
    """Unknown methods and models are refused, never guessed."""
    assert reason in row(**cells)


def test_a_model_known_by_size_alone_tells_speed_and_no_memory():
    """A model whose dimensions are not known is guessed for its speed and says so."""
    run = row(model="nobody/nothing", params_b="7")
    assert run.guessed
    assert 6e9 < 12 * run.recipe.shape.layers * run.recipe.shape.hidden**2 < 8e9


def test_statistics_are_told_apart():
    """Allocated, reserved and what the card shows are three things."""
    cases = [("torch max_memory_allocated", "allocated"), ("peak reserved", "reserved"), ("as logged", "reserved"),
     ("nvidia-smi screenshot", "card"), ("not stated", "not stated"), ("", "not stated")]  # fmt: skip
    assert [] == [(words, wanted) for words, wanted in cases if wanted != statistic(words)]


def test_one_publisher_is_one_unit():
    """Several files of one owner are one publisher."""
    assert publisher("NVIDIA/NeMo docs") == publisher("NVIDIA-NeMo/Automodel docs")


def test_failures_are_marked():
    """A run that ran out of memory is no missing value."""
    assert ("said", "likely") == (row(notes="OOM").failed, row(notes="OOM likely, not stated)").failed)


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
