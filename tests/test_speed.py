"""Speed: operations per token, efficiencies, hours."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunecase import catalog
from tunecase.shape import read_shape
from tunecase.speed import (
    efficiencies,
    efficiency,
    efficiency_row,
    flops_per_token,
    gpu_hours,
    tokens_per_s,
    train_hours,
)

LLAMA = read_shape("llama-2-7b")


def test_full_training_takes_six_operations_per_parameter():
    """Without attention and recomputation a token costs 6 N."""
    assert 6 * LLAMA.product_params == flops_per_token(LLAMA, "full", 0, checkpointing=False)


def test_checkpointing_adds_a_forward_pass():
    """Recomputation makes a token of full training a third dearer."""
    plain = flops_per_token(LLAMA, "full", 2048, checkpointing=False)
    assert plain * 4 / 3 == pytest.approx(flops_per_token(LLAMA, "full", 2048))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 100_000), st.integers(1, 256), st.booleans())
def test_adapters_never_cost_more_than_full(tokens, rank, checkpointing):
    """qlora counts as lora; both stay under full up to rank 256."""
    lora = flops_per_token(LLAMA, "lora", tokens, checkpointing, rank)
    assert lora == flops_per_token(LLAMA, "qlora", tokens, checkpointing, rank)
    assert lora <= flops_per_token(LLAMA, "full", tokens, checkpointing)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 50_000), st.integers(1, 64), st.sampled_from(("full", "lora")))
def test_more_never_costs_less(tokens, rank, method):
    """Longer samples, more layers and more rank never take fewer operations."""
    base = flops_per_token(LLAMA, method, tokens, rank=rank)
    assert base <= flops_per_token(LLAMA, method, tokens * 2, rank=rank)
    assert base <= flops_per_token(LLAMA, method, tokens, rank=rank * 2)
    assert base < flops_per_token(
        replace(LLAMA, blocks=(replace(LLAMA.blocks[0], count=33),)), method, tokens, rank=rank
    )


def test_a_mixture_pays_for_the_experts_it_uses():
    """A token of Mixtral costs what a 13B model costs, adapters of idle experts left out."""
    shape = read_shape("mixtral-8x7b")
    assert flops_per_token(shape, "lora", 2048) < flops_per_token(
        read_shape("codellama/CodeLlama-34b-hf"), "lora", 2048
    )
    assert flops_per_token(shape, "lora", 2048, rank=16, targets="attention") < flops_per_token(shape, "lora", 2048)


def test_arrays_pass_through():
    """Lengths, tokens and efficiencies may be arrays."""
    flops = flops_per_token(LLAMA, "lora", np.array([512.0, 2048.0]))
    hours = gpu_hours(flops, np.array([1e6, 1e6]), 312.0, np.array([0.4, 0.4]))
    assert (2,) == hours.shape
    assert hours[0] < hours[1]


def test_hours_are_operations_over_speed():
    """Hours times speed give back the tokens; more GPUs share them."""
    flops = flops_per_token(LLAMA, "full", 2048.0)
    hours = gpu_hours(flops, 1e7, 312.0, 0.5)
    assert 1e7 == pytest.approx(tokens_per_s(flops, 312.0, 0.5) * hours * 3600)
    assert hours / 8 == train_hours(hours, 8)
    assert 0 == gpu_hours(flops, 0.0, 312.0, 0.5)


@pytest.mark.parametrize("gpu", catalog.gpus(), ids=lambda gpu: gpu.name)
@pytest.mark.parametrize("method", ["full", "lora", "qlora"])
def test_every_card_has_an_efficiency(gpu, method):
    """Every card and method has a 90% interval inside (0, 1], around the median and wider than 80%."""
    spread, row = efficiency(gpu, method), efficiency_row(gpu, method)
    assert 0 < spread.low < row.p10 < row.median < spread.high <= 1


def test_the_table_is_plausible():
    """Medians lie between a fifth and nine tenths of the peak, and rows without runs say so."""
    for row in efficiencies().values():
        assert 0.2 < row.median < 0.9
        assert (row.rows == 0) == ("no run" in row.source)
