"""Peak memory: closed forms that runs obey, laws, the allocator's layer, verdicts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.laws import law
from tunecase import catalog
from tunecase.compute import memory
from tunecase.compute.measured import calibration
from tunecase.compute.measured import runs as measured
from tunecase.compute.memory.peak import fit_verdict, peak_gb, peak_memory, phases, reserved_gb, usable_gb
from tunecase.compute.memory.states import states_of
from tunecase.compute.model.reading import from_config, read_shape
from tunecase.compute.recipe import WORDS, Recipe

NAMES = ("smollm2-135m", "llama-2-7b", "llama-3.1-8b", "mixtral-8x7b", "pythia-1b")
SHARDED = ("ddp", "zero1", "zero2", "zero3", "fsdp")

setups = st.fixed_dictionaries(
    {
        "method": st.sampled_from(WORDS["method"]),
        "framework": st.sampled_from([known.name for known in catalog.frameworks()]),
        "sequence_tokens": st.integers(1, 8192),
        "micro_batch": st.integers(1, 16),
        "accumulation": st.integers(1, 4),
        "rank": st.integers(1, 128),
        "checkpointing": st.sampled_from(WORDS["checkpointing"]),
        "loss": st.sampled_from(WORDS["loss"]),
        "kernels": st.sampled_from(WORDS["kernels"]),
        "attention": st.sampled_from(WORDS["attention"]),
        "masters": st.sampled_from(("16-bit", "32-bit")),
        "optimizer": st.sampled_from([known.name for known in catalog.optimizers()]),
        "base": st.sampled_from(("16-bit", "32-bit")),
        "offload": st.sampled_from(WORDS["offload"]),
        "trained_ends": st.booleans(),
    }
)
ONE_SETUP = {
    "optimizer": "paged_adamw", "method": "full", "framework": "transformers", "accumulation": 4, "rank": 128,
    "loss": "fused", "kernels": "compiled", "attention": "flash", "masters": "16-bit", "base": "16-bit",
    "offload": "none", "trained_ends": False,
}  # fmt: skip
cards = st.sampled_from([("none", 1), *((kind, n) for kind in SHARDED for n in (2, 4, 8, 64))])


def recipe(name, setup, placed=("none", 1)):
    """A run of a model."""
    return Recipe(read_shape(name), **{"sharding": placed[0], "gpus": placed[1], **setup})


def anchors(*models):
    """Packed runs of the shipped table whose trainer's own probe told what was allocated."""
    mine = [run for run in measured.published() if run.publisher == "fms-acceleration" and run.statistic == "allocated"]
    shared = [run for run in mine if (run.recipe.gpus > 1) == (run.recipe.sharding != "none") and run.peak_gb]
    return [run for run in shared if run.packed and any(name in run.recipe.shape.name for name in models)]


def off(run):
    """|predicted / measured - 1| of a run."""
    return abs(calibration.predicted_gb(run) / run.peak_gb - 1)


@pytest.mark.parametrize(
    ("name", "gb"), [("mistralai/Mistral-7B-v0.1", 72.435), ("meta-llama/Meta-Llama-3-8B", 80.318)]
)
def test_full_fine_tuning_takes_ten_bytes_per_parameter(name, gb):
    """Full fine-tuning in bf16 peaks at the optimizer's step, 10 bytes per parameter, whatever the batch."""
    for batch in (1, 2):
        peak = peak_memory(Recipe(read_shape(name), method="full", sequence_tokens=2048, micro_batch=batch))
        assert "optimizer step" == peak.phase
        assert gb == pytest.approx(peak.mid_gb, abs=0.01)


def test_published_runs_obey_the_closed_forms():
    """Over 128 packed runs on 1, 2 and 4 cards agree with constants from code, nine in ten of them to 2%."""
    errors = sorted(off(run) for run in anchors("Mistral-7B", "Llama-3-8B", "Llama-2-70b"))
    assert 128 <= len(errors)
    assert errors[len(errors) // 2] < 0.005
    assert errors[int(len(errors) * 0.9)] <= 0.02


def test_bytes_per_trained_parameter_follow_the_recipe():
    """Pure 16-bit AdamW takes 10 bytes a parameter at its step, 8 in place, 32-bit weights and DeepSpeed 20."""
    cases = [
        ("16-bit", "none", "transformers", 10), ("32-bit", "none", "transformers", 20),
        ("32-bit", "zero2", "deepspeed", 20), ("16-bit", "none", "unsloth", 8),
    ]  # fmt: skip
    for masters, sharding, engine, bytes_per_param in cases:
        shape = read_shape("llama-2-7b")
        run = Recipe(shape, method="full", masters=masters, sharding=sharding, framework=engine, gpus=1)
        states = states_of(run)
        whole = states.weights + states.masters + states.gradients + states.optimizer + states.step
        assert bytes_per_param == pytest.approx(whole / shape.params, abs=0.01)


@law(80)
@given(st.sampled_from(NAMES), setups, cards, st.sampled_from(("sequence_tokens", "micro_batch", "rank")))
def test_more_never_takes_less(name, setup, placed, grown):
    """More tokens, samples or rank never lower the peak, whatever the set-up."""
    less = recipe(name, setup, placed)
    more = recipe(name, {**setup, grown: setup[grown] * 2}, placed)
    assert peak_gb(less) <= peak_gb(more)


@law(60)
@given(setups, cards)
@example({**ONE_SETUP, "sequence_tokens": 7095, "micro_batch": 14, "checkpointing": "offloaded"}, ("zero3", 64))
def test_a_deeper_and_wider_model_never_takes_less(setup, placed):
    """A model with more layers of a larger width never peaks lower; with narrower layers it may."""
    small, large = read_shape("Qwen/Qwen2.5-7B"), read_shape("Qwen/Qwen2.5-32B")
    assert all(getattr(small, size) < getattr(large, size) for size in ("layers", "hidden", "ffn"))
    assert peak_gb(Recipe(small, sharding=placed[0], gpus=placed[1], **setup)) <= peak_gb(
        Recipe(large, sharding=placed[0], gpus=placed[1], **setup)
    )


@law(40)
@given(st.sampled_from(("llama-2-7b", "llama-3.1-8b", "llama-3.1-70b")), setups)
def test_adapters_take_no_more_than_full(name, setup):
    """With checkpointing and up to 8,192 tokens a step: qlora <= lora <= full, for 7B and larger."""
    batch = max(1, min(setup["micro_batch"], 8192 // setup["sequence_tokens"]))
    same = {**setup, "checkpointing": "full", "micro_batch": batch, "rank": min(setup["rank"], 64), "masters": "16-bit"}
    same |= {"optimizer": "adamw", "attention": "flash", "base": "16-bit", "offload": "none", "trained_ends": False}
    peaks = [peak_gb(recipe(name, {**same, "method": method})) for method in ("qlora", "lora", "full")]
    assert sorted(peaks) == peaks


@law(60)
@given(st.sampled_from(NAMES), setups, st.sampled_from(SHARDED), st.sampled_from((2, 4, 8)))
def test_more_gpus_never_raise_the_states(name, setup, sharding, gpus):
    """Everything that lies on a card whatever the batch falls, or stays, with the number of cards."""
    few, many = (states_of(recipe(name, setup, (sharding, n))) for n in (gpus, gpus * 2))
    assert all(many.lasting[term] <= few.lasting[term] for term in few.lasting)
    assert many.gradients <= few.gradients
    assert many.step <= few.step


@law(40)
@given(st.sampled_from(NAMES), setups, cards)
def test_sizes_may_be_arrays(name, setup, placed):
    """A search over arrays of sizes says what one call for each would."""
    sizes = {"micro_batch": [1, 2, 8], "sequence_tokens": [128, 2048, 512], "accumulation": [1, 4, 1]}
    told = peak_gb(recipe(name, {**setup, **{size: np.array(values) for size, values in sizes.items()}}, placed))
    one = [
        peak_gb(recipe(name, {**setup, **dict(zip(sizes, values, strict=True))}, placed))
        for values in zip(*sizes.values(), strict=True)
    ]
    assert one == pytest.approx(list(np.broadcast_to(told, 3)))


@law(60)
@given(st.sampled_from(NAMES), setups, cards)
def test_the_peak_is_the_largest_phase_and_the_sum_of_its_terms(name, setup, placed):
    """The terms told add up to the peak, which is the largest of the phases and never their sum."""
    run = recipe(name, setup, placed)
    peak = peak_memory(run)
    assert peak.mid_gb == pytest.approx(sum(size for _, size in peak.terms))
    assert peak.mid_gb == pytest.approx(max(sum(t.values()) for t in phases(run).values()) / 1e9 + memory.WORKSPACE_GB)
    assert peak.mid_gb == pytest.approx(peak_gb(run))


@law(60)
@given(st.sampled_from(NAMES), setups, cards)
def test_each_display_shows_more_than_the_one_before(name, setup, placed):
    """Allocated <= reserved < what the card shows."""
    run = recipe(name, setup, placed)
    assert peak_gb(run) <= reserved_gb(run) < memory.card_gb(run)


def test_what_is_meant_to_save_memory_does():
    """Every option that is sold as saving memory lowers the peak of a plain full fine-tune where its part rules."""
    cases = [
        ({"checkpointing": "full"}, 8192), ({"checkpointing": "selective"}, 8192),
        ({"checkpointing": "offloaded"}, 8192), ({"attention": "flash"}, 8192), ({"optimizer": "adamw_8bit"}, 64),
        ({"optimizer": "paged_adamw_8bit"}, 64), ({"step_in_backward": True}, 64), ({"frozen_layers": 16}, 64),
        ({"offload": "all"}, 64), ({"masters": "16-bit"}, 64),
    ]  # fmt: skip
    for lean, tokens in cases:
        plain = Recipe(
            read_shape("llama-3.1-8b"), method="full", checkpointing="none", attention="eager", masters="32-bit",
            sequence_tokens=tokens,
        )  # fmt: skip
        assert peak_gb(plain.but(**lean)) < peak_gb(plain)


def test_a_loss_that_never_holds_the_logits_saves_them():
    """With checkpointing and a vocabulary of 128,256 the logits rule, and a leaner loss saves most of them."""
    cases = [{"loss": "fused"}, {"loss": "chunked"}, {"loss": "compiled"}]
    for lean in cases:
        plain = Recipe(read_shape("llama-3.1-8b"), sequence_tokens=8192)
        assert peak_gb(plain.but(**lean)) < peak_gb(plain) - 5


def test_fused_kernels_keep_less():
    """Fused norms, rotary positions and gates keep fewer tensors than single operations."""
    for checkpointing in ("none", "full"):
        plain = Recipe(read_shape("llama-2-7b"), sequence_tokens=8192, checkpointing=checkpointing, loss="fused")
        assert peak_gb(plain.but(kernels="fused")) < peak_gb(plain)


def test_a_reference_model_lies_there_too():
    """DPO takes more than supervised tuning: twice the tokens, and a second copy of the weights where all learn."""
    shape = read_shape("llama-3.1-8b")
    for method in ("full", "lora"):
        sft = Recipe(shape, method=method, sequence_tokens=1024, micro_batch=2)
        dpo = sft.but(objective="dpo")
        assert peak_gb(sft) < peak_gb(dpo)
        assert (states_of(dpo).reference > 0) == (method == "full")
        pairs = {name: sft.but(objective=name) for name in ("orpo", "simpo", "kto")}
        assert (0, 0, method == "full") == tuple(states_of(run).reference > 0 for run in pairs.values())
        assert sft.tokens * 2 == pairs["orpo"].tokens == 2 * pairs["kto"].tokens


def test_eager_attention_grows_with_the_square_of_the_length():
    """Scores that are stored make a long sample dear; flash attention never stores them."""
    run = Recipe(read_shape("llama-2-7b"), checkpointing="none", sequence_tokens=4096)
    short, long = run.but(attention="eager", sequence_tokens=2048), run.but(attention="eager")
    scores = [phases(one)["loss"]["attention scores"] for one in (short, long)]
    assert scores[1] == pytest.approx(4 * scores[0])
    assert "attention scores" not in phases(run)["loss"]


def test_a_seven_billion_lora_with_flash_attention_stays_small():
    """Llama-2-7B LoRA at 2,048 tokens stays under 30 GB, where a tool that always stores scores says 177."""
    assert peak_gb(Recipe(read_shape("llama-2-7b"), checkpointing="none", sequence_tokens=2048)) < 30


def test_verdicts_follow_the_band():
    """fits below the band, does not fit above it, tight inside."""
    card = catalog.gpu("A100-80GB")
    usable = usable_gb(card)
    assert "fits" == fit_verdict(1, usable, card)
    assert "tight" == fit_verdict(1, usable + 0.1, card)
    assert "does not fit" == fit_verdict(usable + 0.1, usable + 2, card)


def test_every_card_has_usable_memory_below_its_nominal_one():
    """No card promises more than its total, and GB are not taken for GiB."""
    for card in catalog.gpus():
        assert 0.8 * card.memory_gib * memory.GB_PER_GIB < usable_gb(card) < card.memory_gib * memory.GB_PER_GIB


def test_half_the_experts_at_work_keep_less():
    """Experts that a token is not sent to keep no activations."""
    shape = read_shape("mixtral-8x7b")
    busy = replace(shape, active_experts=shape.active_experts * 2) if hasattr(shape, "active_experts") else shape
    run = Recipe(shape, checkpointing="none", sequence_tokens=2048)
    assert peak_gb(run) <= peak_gb(run.but(shape=busy))


def test_a_4_bit_base_as_loaded_keeps_its_layer_inputs_in_16_bit():
    """Frameworks that raise nothing of a 4-bit base to 32 bit keep half of what peft's preparation makes it keep."""
    cases = ["llama-factory", "axolotl", "ms-swift", "unsloth", "trl"]
    for name in cases:
        run = Recipe(read_shape("llama-2-7b"), method="qlora", sequence_tokens=32768)
        prepared, plain = (
            phases(run.but(framework=one))["loss"]["kept layer inputs"] for one in ("transformers", name)
        )
        assert prepared == pytest.approx(2 * plain)


def test_a_loss_in_parts_of_a_fixed_size_takes_no_more_for_a_longer_row():
    """Unsloth's loss works on 4 GiB of logits at most, and trl's on 256 tokens: only the hidden states grow."""
    run = Recipe(read_shape("qwen/qwen2.5-0.5b"), framework="unsloth", loss="chunked", kernels="fused")
    short, long = (run.but(sequence_tokens=tokens) for tokens in (16384, 131072))
    grown = phases(long)["loss"]["logits and loss"] - phases(short)["loss"]["logits and loss"]
    assert grown == pytest.approx(8 * run.shape.hidden * (131072 - 16384))
    whole = run.but(framework="trl-2025", loss="whole", kernels="eager", sequence_tokens=32768)
    assert 3 * peak_gb(whole.but(framework="trl", loss="chunked")) < peak_gb(whole)


def test_autocast_holds_16_bit_copies_of_32_bit_weights():
    """A 32-bit base needs a 16-bit copy of every layer in the backward pass, with checkpointing of one layer alone."""
    run = Recipe(read_shape("llama-2-7b"), base="32-bit", sequence_tokens=512)
    name = "16-bit copies of weights"
    kept, dropped = (phases(run.but(checkpointing=how))["first backward layer"][name] for how in ("none", "full"))
    assert kept == pytest.approx(run.shape.layers * dropped)
    assert name not in phases(run.but(base="16-bit"))["first backward layer"]
    assert name not in phases(run.but(sharding="fsdp", gpus=2))["first backward layer"]


def test_a_quantised_load_can_be_the_peak_of_a_mixture():
    """The experts of a layer lie there in 16 bit, apart and joined, before they are quantised."""
    run = Recipe(read_shape("mixtral-8x7b"), method="qlora", framework="axolotl", targets="attention", loss="fused")
    assert "loading" == peak_memory(run.but(sequence_tokens=64)).phase
    assert "loading" not in phases(run.but(quantiser="gptq"))
    assert "loading" not in phases(run.but(method="lora"))


def test_routed_experts_keep_a_copy_of_each_token_they_are_sent():
    """A mixture keeps its experts' inputs and outputs for every expert that a token is sent to."""
    shape = read_shape("qwen/qwen3-30b-a3b")
    dense = replace(shape, experts=0)
    run = Recipe(shape, method="full", checkpointing="none", sequence_tokens=4096)
    more = phases(run)["loss"]["kept activations"] - phases(run.but(shape=dense))["loss"]["kept activations"]
    assert more == pytest.approx(4 * shape.active_experts * shape.hidden * shape.layers * 4096)


def test_the_reserve_grows_less_than_the_row():
    """Holes in the allocator's blocks grow with the square root of what comes and goes."""
    run = Recipe(read_shape("llama-2-7b"), method="qlora", framework="llama-factory")
    reserves = [reserved_gb(one) - peak_gb(one) for one in (run, run.but(sequence_tokens=4 * run.sequence_tokens))]
    assert reserves[0] < reserves[1] < 2.2 * reserves[0]


def test_layers_that_keep_a_state_keep_their_own_features():
    """Without checkpointing a state-space layer keeps what its operations kept, whatever its width of attention."""
    sizes = {"hidden_size": 64, "num_hidden_layers": 4, "vocab_size": 120, "state_size": 8}
    body = {"model_type": "mamba2", **sizes, "num_heads": 8, "head_dim": 16, "n_groups": 2}
    narrow, wide = (from_config({**body, "num_heads": heads}, "config.json") for heads in (8, 16))
    kept = [phases(Recipe(each, checkpointing="none"))["loss"]["kept activations"] for each in (narrow, wide)]
    more = wide.mixed("kept") - narrow.mixed("kept")
    assert more > 0
    assert kept[1] - kept[0] >= 2 * 4 * more * Recipe(narrow).tokens
    lean = [phases(Recipe(each, checkpointing="full"))["loss"]["kept layer inputs"] for each in (narrow, wide)]
    assert lean[0] == lean[1]
