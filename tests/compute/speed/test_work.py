"""What a step asks of a card: operations, bytes, kernels."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase import catalog
from tunecase.compute import lengths, recipe
from tunecase.compute.model.blocks import Shape
from tunecase.compute.model.reading import from_config, read_shape
from tunecase.compute.prediction import pace
from tunecase.compute.recipe import Recipe
from tunecase.compute.speed.work import (
    AGAIN,
    LOSS_BYTES,
    attended_tokens,
    flops_per_token,
    passes,
    small_operations,
    useful_share,
    work,
)

LLAMA = read_shape("llama-2-7b")
FULL = Recipe(LLAMA, catalog.gpu("A100-80GB"), method="full", checkpointing="none")


def test_full_training_takes_six_operations_per_parameter():
    """Without attention a token costs 6 N, and checkpointing makes it a third dearer."""
    short = FULL.but(sequence_tokens=0)
    assert 6 * LLAMA.product_params == flops_per_token(short)
    assert 8 * LLAMA.product_params == flops_per_token(short.but(checkpointing="full"))
    assert 7 * LLAMA.product_params == flops_per_token(short.but(checkpointing="selective"))


def test_a_causal_kernel_skips_half_of_attention():
    """Flash attention forms the scores twice and skips what lies ahead; eager does neither."""
    flash = flops_per_token(FULL) - flops_per_token(FULL.but(sequence_tokens=0))
    eager = flops_per_token(FULL.but(attention="eager")) - flops_per_token(FULL.but(sequence_tokens=0))
    assert 14 / 2 * LLAMA.layers * LLAMA.query * 2048 == flash
    assert 12 * LLAMA.layers * LLAMA.query * 2048 == eager


@law(30)
@given(st.integers(1, 100_000), st.integers(1, 256), st.sampled_from(("none", "selective", "full")))
def test_adapters_never_cost_more_than_full(tokens, rank, checkpointing):
    """qlora counts as lora; both stay under full up to rank 256."""
    base = FULL.but(sequence_tokens=tokens, rank=rank, checkpointing=checkpointing)
    lora = flops_per_token(base.but(method="lora"))
    assert lora == flops_per_token(base.but(method="qlora"))
    assert lora <= flops_per_token(base)


def test_a_mixture_pays_for_the_experts_it_uses():
    """A token of Mixtral costs what a 13B model costs, though every weight is read."""
    mixture = FULL.but(shape=read_shape("mixtral-8x7b"))
    assert flops_per_token(mixture) < flops_per_token(FULL.but(shape=read_shape("codellama/CodeLlama-34b-hf")))
    assert work(mixture).weight_bytes > 2 * work(FULL).weight_bytes


def test_passes_of_frozen_layers_and_pairs():
    """Half the blocks frozen: half the backward pass; a reference model: one forward pass more."""
    assert (3.0, 3.0, 1.0) == (passes(FULL).products, passes(FULL).small, passes(FULL).weights)
    assert 2.0 == passes(FULL.but(frozen_layers=16)).products
    of_each = {"dpo": 1, "orpo": 0, "simpo": 0, "cpo": 0, "kto": 3}
    assert {name: 3.0 + more for name, more in of_each.items()} == {
        name: passes(FULL.but(objective=name)).products for name in of_each
    }
    assert 2.0 == passes(FULL.but(method="lora")).products


def test_selective_recomputation_differs_by_framework():
    """Megatron's forms attention alone again."""
    assert 3.5 == passes(FULL.but(checkpointing="selective", framework="torchtitan")).products
    assert 3.0 == passes(FULL.but(checkpointing="selective", framework="nemo")).products


def test_every_word_of_a_set_up_is_counted():
    """A loss or a checkpointing that a recipe can name has its bytes and passes."""
    assert set(get_args(recipe.Loss)) == set(LOSS_BYTES)
    assert set(get_args(recipe.Checkpointing)) == set(AGAIN)


def test_every_framework_answers():
    """A framework without habits of its own runs norms as transformers does."""
    kinds = {known.name: small_operations(FULL.but(framework=known.name)) for known in catalog.frameworks()}
    assert {} == {name: kind for name, kind in kinds.items() if kind not in ("eager", "native", "fused")}


def test_fused_kernels_move_less():
    """Norms, positions and gates in one kernel each; a LayerNorm is one kernel everywhere."""
    assert "eager" == small_operations(FULL)
    assert "fused" == small_operations(FULL.but(kernels="fused"))
    assert "native" == small_operations(FULL.but(shape=read_shape("falcon-7b")))
    assert work(FULL.but(kernels="fused")).moved_bytes < 0.5 * work(FULL).moved_bytes
    assert work(FULL.but(kernels="compiled")).loss_bytes < work(FULL).loss_bytes


def test_four_bit_weights_are_unpacked_in_every_pass():
    """Read in 4 bit and written in 16, forward and backward."""
    run = FULL.but(method="qlora")
    assert 2 * (2 + 0.5 + 1 / 64 + 4 / (64 * 256)) * LLAMA.linear_params == pytest.approx(work(run).unpacked_bytes)
    assert 0 == work(run.but(method="lora")).unpacked_bytes


def test_what_is_looked_at():
    """Packed samples see themselves, padded ones the longest, a window cuts both."""
    found = lengths.of([100, 300], [1, 1])
    run = FULL.but(lengths=found, micro_batch=2, packing=False)
    assert (100**2 + 300**2) / 400 == attended_tokens(run.but(packing=True), 0)
    assert 280 == pytest.approx(attended_tokens(run, 0))  # E[max^2] / E[max] of two samples
    assert 2048 == attended_tokens(FULL, 0)


def test_useful_share_of_padding():
    """Mean over expected longest; the longest of all cards sets the pace; cut samples are nearer each other."""
    found = lengths.of([100, 300], [1, 1])
    run = FULL.but(lengths=found, micro_batch=2, packing=False)
    assert 200 / 250 == useful_share(run)
    assert useful_share(run.but(gpus=8)) < useful_share(run)
    assert useful_share(run.but(sequence_tokens=150)) > useful_share(run)
    assert 1 == useful_share(run.but(packing=True)) == useful_share(FULL)


def delta(layers: int = 4, **changes: object) -> Shape:
    """A little model of which one layer in four attends; changes are fields of its file."""
    sizes = {"hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 96}
    heads = {"linear_num_key_heads": 2, "linear_num_value_heads": 4, "vocab_size": 120, "head_dim": 16}
    body = {"model_type": "qwen3_5_text", "num_hidden_layers": layers, **sizes, **heads, **changes}
    return from_config(body, "config.json")


def attention(shape: Shape, tokens: int) -> float:
    """Operations per token beside the products with weights."""
    run = Recipe(shape, catalog.gpu("A100-80GB"), method="full", checkpointing="none", sequence_tokens=tokens)
    return float(flops_per_token(run)) - 6 * shape.product_params


def test_a_running_state_costs_the_same_at_any_length():
    """Only layers that attend cost more for a longer row: one in four of the gated delta rule."""
    shape = delta()
    grown = attention(shape, 8192) - attention(shape, 4096)
    assert pytest.approx(14 / 2 * 1 * shape.query * 4096) == grown
    none = delta(layer_types=["linear_attention"] * 4)
    state = sum(count * mixer.state for count, mixer in none.mixers)
    assert 3 * 8 * state == attention(none, 512) == attention(none, 8192)


def test_each_window_limits_its_own_layers():
    """Half of GPT-OSS's layers see 128 tokens, the other half all: attention grows half as fast as without windows."""
    oss = read_shape("gpt-oss-20b")
    grown = attention(oss, 8192) - attention(oss, 4096)
    assert pytest.approx(14 / 2 * oss.layers / 2 * oss.query * 4096) == grown


def test_indexed_attention_is_bounded_by_what_it_chooses():
    """Past index_topk tokens only the indexer grows, and it is narrower than the heads it spares."""
    sizes = {
        "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96, "vocab_size": 120,
        "q_lora_rank": 24, "kv_lora_rank": 16, "qk_nope_head_dim": 24, "qk_rope_head_dim": 8, "v_head_dim": 32,
        "n_routed_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 40, "first_k_dense_replace": 1,
    }  # fmt: skip
    index = {"index_n_heads": 2, "index_head_dim": 16, "index_topk": 512}
    indexed = from_config({"model_type": "deepseek_v32", **sizes, **index}, "config.json")
    dense = from_config({"model_type": "deepseek_v3", **sizes}, "config.json")
    grown = attention(indexed, 8192) - attention(indexed, 4096)
    assert 0 < grown < attention(dense, 8192) - attention(dense, 4096)
    assert pytest.approx(14 / 2 / 2 * 2 * 2 * 16 * 4096) == grown


def test_dora_takes_about_twice_as_long_as_lora():
    """ms-swift measured 0.51 samples a second with DoRA where LoRA had 0.95 (m0523 and m0537)."""
    run = Recipe(
        read_shape("Qwen/Qwen-7B"), catalog.gpu("A100-80GB"), method="lora", framework="ms-swift", rank=8,
        sequence_tokens=1024, accumulation=16,
    )  # fmt: skip
    lora, dora = (float(pace(run.but(adapter=name)).tokens_per_s_per_gpu) for name in ("lora", "dora"))
    assert 0.75 < lora / dora / (0.95 / 0.51) < 1.25
    slower = [float(pace(run.but(adapter=row.name)).tokens_per_s_per_gpu) <= lora * 1.01 for row in catalog.adapters()]
    assert all(slower)
