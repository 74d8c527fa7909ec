"""Peak memory: closed forms that runs obey, laws, verdicts."""

import importlib.util
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunecase import catalog, memory
from tunecase.memory import facts, fit_verdict, peak_memory, reserved_gb, usable_gb
from tunecase.shape import read_shape

ROOT = Path(__file__).parents[1]
RUNS = ROOT / ".." / "shared" / "data" / "training_runs.csv"
METHODS = ("full", "lora", "qlora")
NAMES = ("smollm2-135m", "llama-2-7b", "llama-3.1-8b", "mixtral-8x7b", "pythia-1b")

plans = st.fixed_dictionaries(
    {
        "method": st.sampled_from(METHODS),
        "sequence_tokens": st.integers(1, 8192),
        "micro_batch": st.integers(1, 16),
        "gpus": st.sampled_from((1, 2, 4, 8, 64)),
        "rank": st.integers(1, 128),
        "checkpointing": st.booleans(),
    }
)


def benchmark():
    """benchmarks/training.py as a module."""
    spec = importlib.util.spec_from_file_location("training_benchmark", ROOT / "benchmarks" / "training.py")
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "gb"), [("mistralai/Mistral-7B-v0.1", 72.435), ("meta-llama/Meta-Llama-3-8B", 80.318)]
)
def test_full_fine_tuning_takes_ten_bytes_per_parameter(name, gb):
    """Full fine-tuning in bf16 peaks at the optimizer's step, 10 bytes per parameter, whatever the batch."""
    for batch in (1, 2):
        peak = peak_memory(read_shape(name), method="full", sequence_tokens=2048, micro_batch=batch)
        assert "optimizer step" == peak.phase
        assert gb == pytest.approx(peak.mid_gb, abs=0.01)


@pytest.mark.skipif(not RUNS.is_file(), reason="skipped: ../shared/data/training_runs.csv not found")
def test_published_runs_obey_the_closed_forms():
    """Over 128 packed runs on 1, 2 and 4 GPUs agree to a median under 1% and nine in ten under 4%."""
    training = benchmark()
    rows = training.read_runs(RUNS)
    kept = training.memory_rows(rows, several=False) + training.memory_rows(rows, several=True)
    kept = [row for row in kept if training.publisher(row) == "fms-acceleration"]
    errors = sorted(score.error for score in training.score_memory(kept, training.own_profile)[0])
    assert 128 <= len(errors)
    assert errors[len(errors) // 2] < 0.01
    assert errors[int(len(errors) * 0.9)] < 0.04


@pytest.mark.skipif(not RUNS.is_file(), reason="skipped: ../shared/data/training_runs.csv not found")
def test_runs_of_two_dense_models_on_one_gpu_agree_closely():
    """Each Mistral-7B and Llama-3-8B run on one GPU lies within 4% of its closed form."""
    training = benchmark()
    kept = training.memory_rows(training.read_runs(RUNS), several=False)
    kept = [row for row in kept if training.publisher(row) == "fms-acceleration" and "8x7B" not in row["model"]]
    kept = [row for row in kept if "Mistral-7B" in row["model"] or "Llama-3-8B" in row["model"]]
    scores = training.score_memory(kept, training.own_profile)[0]
    assert 40 <= len(scores)
    assert [] == [score.row["id"] for score in scores if score.error > 0.04]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NAMES), plans, st.sampled_from(("sequence_tokens", "micro_batch", "rank")))
def test_more_never_takes_less(name, plan, grown):
    """More tokens, samples or rank never lower the peak."""
    shape = read_shape(name)
    less, more = peak_memory(shape, **plan), peak_memory(shape, **{**plan, grown: plan[grown] * 2})
    assert less.mid_gb <= more.mid_gb
    assert less.low_gb < less.mid_gb < less.high_gb


@settings(max_examples=40, deadline=None)
@given(plans)
def test_more_layers_never_take_less(plan):
    """A model with more layers of the same width never peaks lower."""
    from dataclasses import replace

    shape = read_shape("llama-2-7b")
    deeper = replace(shape, blocks=(replace(shape.blocks[0], count=shape.layers + 1),))
    assert peak_memory(shape, **plan).mid_gb < peak_memory(deeper, **plan).mid_gb


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(("llama-2-7b", "llama-3.1-8b", "llama-3.1-70b")), plans)
def test_adapters_take_no_more_than_full(name, plan):
    """With checkpointing and up to 8,192 tokens a step: qlora <= lora <= full, for 7B and larger."""
    batch = max(1, min(plan["micro_batch"], 8192 // plan["sequence_tokens"]))
    plan = {**plan, "checkpointing": True, "micro_batch": batch, "rank": min(plan["rank"], 64)}
    peaks = [peak_memory(read_shape(name), **{**plan, "method": m}).mid_gb for m in ("qlora", "lora", "full")]
    assert sorted(peaks) == peaks


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(NAMES), plans)
def test_more_gpus_never_raise_the_sharded_states(name, plan):
    """Weights and optimizer states per GPU fall, or stay, with the number of GPUs."""
    shape = read_shape(name)

    def states(gpus):
        terms = peak_memory(shape, **{**plan, "gpus": gpus}).terms
        return dict(terms)["weights"]

    assert states(plan["gpus"] * 2) <= states(plan["gpus"])


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(NAMES), plans)
def test_checkpointing_never_takes_more(name, plan):
    """Keeping every layer's tensors takes at least as much as keeping its input, on one GPU."""
    shape, plan = read_shape(name), {**plan, "gpus": 1}
    kept = peak_memory(shape, **{**plan, "checkpointing": False})
    assert peak_memory(shape, **{**plan, "checkpointing": True}).mid_gb <= kept.mid_gb * 1.35


def test_terms_add_up_to_the_peak():
    """The named terms sum to the middle of the band, largest first."""
    peak = peak_memory(read_shape("llama-3.1-8b"), method="lora", sequence_tokens=4096, micro_batch=4, gpus=4)
    assert peak.mid_gb == pytest.approx(sum(size for _, size in peak.terms))
    assert peak.dominant == peak.terms[0][0]
    assert "gathered whole" in dict(peak.terms)


def test_a_fused_loss_keeps_no_logits():
    """With a fused loss a large vocabulary no longer sets the peak."""
    shape = read_shape("llama-3.1-8b")
    stock = peak_memory(shape, method="lora", sequence_tokens=4096, micro_batch=4)
    fused = peak_memory(shape, method="lora", sequence_tokens=4096, micro_batch=4, profile="liger")
    assert "logits and loss" not in dict(fused.terms)
    assert fused.mid_gb < 0.6 * stock.mid_gb


def test_attention_targets_keep_less_than_all():
    """Adapters on fewer layers never take more."""
    shape = read_shape("llama-2-7b")
    peaks = [
        peak_memory(
            shape, method="lora", sequence_tokens=2048, micro_batch=1, checkpointing=False, targets=targets
        ).mid_gb
        for targets in ("qv", "attention", "all")
    ]
    assert sorted(peaks) == peaks


def test_an_unknown_profile_is_an_error():
    """A profile without a row is not guessed."""
    with pytest.raises(KeyError, match="no memory facts"):
        facts("nobody", "lora")


def test_every_card_has_usable_memory_below_its_total():
    """Every GPU has a usable figure under its nominal memory, and no less than the largest run known."""
    rows = {row["gpu"]: row for row in catalog.read_table("usable_memory")}
    for gpu in catalog.gpus():
        assert usable_gb(gpu) < gpu.memory_gib * memory.GB_PER_GIB
        assert float(rows[gpu.name]["largest_run_gb"] or 0) <= usable_gb(gpu)


def test_verdicts_follow_the_band():
    """Below the card is fits, across it tight, above it does not fit."""
    card, usable = catalog.gpu("A100-80GB"), usable_gb(catalog.gpu("A100-80GB"))
    peaks = [memory.Peak(a * usable, b * usable, c * usable, "loss", (("weights", b),)) for a, b, c in _BANDS]
    assert ["fits", "tight", "does not fit"] == [fit_verdict(peak, card) for peak in peaks]


_BANDS = ((0.5, 0.7, 0.9), (0.9, 1.0, 1.1), (1.01, 1.2, 1.4))


def test_the_allocator_holds_more_than_is_allocated():
    """Reserved memory lies above allocated, more so when logits are whole."""
    shape = read_shape("mistral-7b")
    peak = peak_memory(shape, method="lora", sequence_tokens=4096, micro_batch=4)
    assert peak.mid_gb < reserved_gb(peak, shape, 16384, logits_whole=False) < reserved_gb(peak, shape, 16384)


@pytest.mark.parametrize("table", ["memory_facts", "memory_bands", "usable_memory", "efficiency"])
def test_every_fact_states_source_and_date(table):
    """Each row of the tables of this part has a source and a date."""
    assert all(row["source"] and row["date"] for row in catalog.read_table(table))
