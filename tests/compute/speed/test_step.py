"""Speed: what a step takes, its band, and what measured runs teach."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase import catalog
from tunecase.compute import lengths
from tunecase.compute.model.reading import read_shape
from tunecase.compute.recipe import Recipe
from tunecase.compute.speed.step import doubt_name, step_time, tokens_per_card

LLAMA = read_shape("llama-2-7b")
A100, RTX3090 = catalog.gpu("A100-80GB"), catalog.gpu("RTX3090")
RUN = Recipe(LLAMA, A100, method="lora", micro_batch=4)


def seconds(recipe: Recipe) -> float:
    """The middle of a step's time."""
    return float(step_time(recipe).seconds_per_step)


def rate(recipe: Recipe) -> float:
    """The middle of one card's useful tokens per second."""
    return float(step_time(recipe).tokens_per_s_per_gpu)


def test_terms_add_up_to_the_step():
    """The terms are seconds of the same step; speed is its tokens over them."""
    step = step_time(RUN)
    assert math.fsum(float(value) for _, value in step.terms) == pytest.approx(float(step.seconds_per_step))
    assert step.tokens_per_s_per_gpu * step.seconds_per_step == pytest.approx(float(tokens_per_card(RUN)))
    assert "matrix products" == step.dominant
    assert step.rows > 100
    assert step.sources > 5


def test_a_run_needs_a_card():
    """Without a card there is memory but no time."""
    with pytest.raises(ValueError, match="card"):
        step_time(RUN.but(gpu=None))


SHAPES = ("smollm2-135m", "llama-2-7b", "mixtral-8x7b")
METHODS = ("full", "lora", "qlora")
SHARDINGS = ("none", "ddp", "zero1", "zero2", "zero3", "fsdp")
RUNS = st.builds(
    lambda shape, method, card, checkpointing, sharding, kernels, attention, gpus: Recipe(
        read_shape(shape),
        catalog.gpu(card),
        gpus=1 if sharding == "none" else gpus,
        method=method,
        checkpointing=checkpointing,
        sharding=sharding,
        kernels=kernels,
        attention=attention,
    ),
    st.sampled_from(SHAPES),
    st.sampled_from(METHODS),
    st.sampled_from(("T4", "RTX3090", "A100-80GB", "H100", "B200")),
    st.sampled_from(("none", "selective", "full", "offloaded")),
    st.sampled_from(SHARDINGS),
    st.sampled_from(("eager", "fused", "compiled")),
    st.sampled_from(("flash", "eager")),
    st.sampled_from((2, 8, 16, 64)),
)


@law(60)
@given(RUNS, st.integers(64, 8192), st.integers(1, 16), st.integers(1, 64))
def test_more_work_never_takes_less_time(run, tokens, batch, rank):
    """Longer samples, more of them, more rank and more accumulation never shorten a step."""
    base = run.but(sequence_tokens=tokens, micro_batch=batch, rank=rank)
    for more in (
        base.but(sequence_tokens=tokens * 2),
        base.but(micro_batch=batch + 1),
        base.but(rank=rank * 2),
        base.but(accumulation=2),
    ):
        assert seconds(base) <= seconds(more) * (1 + 1e-9)


@law(30)
@given(st.sampled_from(METHODS), st.integers(128, 8192))
def test_a_larger_model_never_takes_less_time(method, tokens):
    """7B, 13B, 70B."""
    times = [
        seconds(Recipe(read_shape(name), A100, method=method, sequence_tokens=tokens))
        for name in ("llama-2-7b", "llama-2-13b", "llama-2-70b")
    ]
    assert sorted(times) == times


@law(40)
@given(RUNS, st.integers(1, 8), st.integers(256, 4096))
def test_more_cards_never_train_fewer_tokens_together(run, batch, tokens):
    """Twice the cards over the same kind of link."""
    run = run.but(
        micro_batch=batch, sequence_tokens=tokens, sharding="fsdp" if run.sharding == "none" else run.sharding
    )
    for few, many in ((2, 4), (4, 8), (16, 32), (32, 128)):
        assert rate(run.but(gpus=few)) * few <= rate(run.but(gpus=many)) * many * (1 + 1e-9)


@law(40)
@given(
    st.lists(st.integers(1, 4000), min_size=1, max_size=8, unique=True),
    st.integers(1, 8),
    st.sampled_from((1, 2, 8)),
    st.sampled_from(METHODS),
)
def test_packing_never_slows(tokens, batch, gpus, method):
    """Useful tokens per second: a packed row has no padding, and its samples see themselves alone."""
    found = lengths.of(tokens)
    run = Recipe(LLAMA, A100, gpus=gpus, method=method, micro_batch=batch, sequence_tokens=4096, lengths=found)
    assert rate(run.but(packing=False)) <= rate(run.but(packing=True)) * (1 + 1e-9)


def test_padding_costs_what_the_longest_sample_adds():
    """Two lengths far apart, many of them at once: most of what is computed is padding."""
    found = lengths.of([100, 1000], [1, 1])
    run = RUN.but(lengths=found, packing=False, sequence_tokens=1000, micro_batch=8)
    assert rate(run) < 0.65 * rate(run.but(packing=True))
    assert rate(run.but(gpus=8, sharding="ddp")) < rate(run)  # the slowest card sets the pace


def test_fewer_layers_that_learn_take_less_time():
    """Frozen blocks have a forward pass alone."""
    full = RUN.but(method="full")
    assert seconds(full.but(frozen_layers=16)) < 0.75 * seconds(full)


def test_preference_pairs_cost_a_reference_pass():
    """A pair is two samples, and the reference model reads both."""
    assert 2 < seconds(RUN.but(objective="dpo")) / seconds(RUN) < 3


def test_slow_links_hurt_sharded_weights():
    """The same cards copy a 16-bit base with DDP and gather it with FSDP."""
    run = Recipe(LLAMA, RTX3090, gpus=2, sequence_tokens=512)
    assert rate(run.but(sharding="fsdp")) < 0.5 * rate(run.but(sharding="ddp"))
    assert rate(run.but(sharding="fsdp")) < rate(run.but(sharding="fsdp", method="qlora"))


def test_small_micro_batches_wait_for_launches_and_are_in_more_doubt():
    """A card that multiplies large matrices is predicted more surely than one that waits for Python."""
    tiny = step_time(RUN.but(micro_batch=1, sequence_tokens=128))
    assert "waiting for launches" == tiny.dominant
    assert tiny.sigma > 1.3 * step_time(RUN).sigma
    assert rate(RUN.but(micro_batch=1, sequence_tokens=128)) < 0.5 * rate(RUN)


def test_kinds_of_precision():
    """8-bit products help where the card has them; 32-bit ones cost several times as much."""
    hopper = RUN.but(gpu=catalog.gpu("H100"), micro_batch=8)
    assert rate(hopper) < rate(hopper.but(precision="fp8"))
    assert rate(RUN) == rate(RUN.but(precision="fp8"))
    assert rate(RUN.but(precision="fp32")) < 0.4 * rate(RUN)


def test_offloading_costs_time():
    """States in the host's memory, then the weights as well."""
    run = RUN.but(method="full", gpus=8, sharding="zero3")
    assert rate(run.but(offload="all")) < rate(run)
    assert rate(run.but(offload="optimizer")) < rate(run)


def test_arrays_of_sizes_pass_through():
    """Choices side by side give what each gives alone."""
    gpus, batch, tokens = np.array([1, 8, 64]), np.array([1, 4, 2]), np.array([512, 2048, 4096])
    found = lengths.of([100, 700, 3000], [5, 3, 1])
    for run in (RUN.but(sharding="fsdp"), RUN.but(sharding="fsdp", lengths=found, packing=False)):
        step = step_time(run.but(gpus=gpus, micro_batch=batch, sequence_tokens=tokens))
        for at in range(3):
            alone = run.but(gpus=int(gpus[at]), micro_batch=int(batch[at]), sequence_tokens=int(tokens[at]))
            assert float(step.tokens_per_s_per_gpu[at]) == pytest.approx(rate(alone))
        assert (3,) == step.sigma.shape


def test_every_card_answers_between_a_twentieth_and_all_of_its_peak():
    """Share of the dense peak that 7B adapters reach with full micro-batches."""
    from tunecase.compute.speed.work import flops_per_token

    shares = {}
    for gpu in catalog.gpus():
        run = RUN.but(gpu=gpu, precision="bf16" if gpu.bf16 else "fp16")
        shares[gpu.name] = flops_per_token(run) * rate(run) / (gpu.peak_bf16_tflops * 1e12)
    assert {} == {name: share for name, share in shares.items() if not 0.05 < share < 1}


def test_doubt_has_a_name_per_kind_of_card():
    """Worlds draw it once for every part of a case."""
    assert doubt_name(RUN) == doubt_name(RUN.but(micro_batch=1)) != doubt_name(RUN.but(gpu=catalog.gpu("H100")))
