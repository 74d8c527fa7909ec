"""Rates: constants and the doubt they carry."""

import math

import pytest

from tunecase import catalog
from tunecase.compute.model.reading import read_shape
from tunecase.compute.recipe import Recipe
from tunecase.compute.speed import rates
from tunecase.compute.speed.work import work

RUN = Recipe(read_shape("llama-2-7b"), catalog.gpu("A100-80GB"), micro_batch=4)


def test_every_card_has_its_constants():
    """Generation, kind of link and 8-bit products are rows of the table, each with a spread."""
    constants = rates.shipped()
    used = {
        (gpu.name, name)
        for gpu in catalog.gpus()
        for eight_bit in (False, True)
        for name in rates.of_card(gpu, eight_bit).values()
    }
    assert [] == [
        pair for pair in used if constants.values.get(pair[1], 0) <= 0 or constants.spreads.get(pair[1], -1) < 0
    ]


def test_the_table_is_physical():
    """Shares of a figure lie below it, and sustained products below the peak."""
    for row in catalog.read_table("step_constants"):
        if row["unit"] == "share":
            assert 0 < float(row["value"]) <= 1.05, row["name"]
        if row["unit"] == "factor":
            assert 0.5 < float(row["value"]) < 2, row["name"]
    for gpu in catalog.gpus():
        assert gpu.product_tflops <= gpu.peak_bf16_tflops
        assert gpu.product_fp8_tflops <= gpu.peak_fp8_tflops
        assert gpu.peak_fp8_tflops in (0, pytest.approx(2 * gpu.peak_bf16_tflops, rel=0.03))


def test_links_are_given_for_one_direction_in_gb_per_second():
    """Half of what data sheets print for both directions."""
    for name, one_way in (("A100-80GB", 300), ("H100", 450), ("B200", 900), ("RTX4090", 32)):
        assert one_way == catalog.gpu(name).link_gb_per_s


def test_seconds_and_the_doubt_of_a_step():
    """Every term has a doubt; what hangs on slow links is in more doubt than what hangs on products."""
    constants = rates.shipped()

    def sigma(run: Recipe) -> float:
        found = rates.seconds(work(run), rates.card_figures(run), rates.roles(run, constants))
        assert set(found) == set(rates.DOUBTS)
        assert min(float(value) for value in found.values()) >= 0
        return float(rates.sigma(run, found, constants))

    assert sigma(RUN) > 0
    slow = RUN.but(gpu=catalog.gpu("RTX3090"), gpus=2, sharding="fsdp", micro_batch=1, sequence_tokens=512)
    assert sigma(slow) > 1.3 * sigma(RUN)


def test_a_network_is_slower_than_the_links_of_a_machine():
    """Cards of one machine do not use it at all."""
    inside, across = (rates.card_figures(RUN.but(gpus=n)) for n in (8, 16))
    assert math.inf == float(inside["node"])
    assert float(across["node"]) == 8 * 25e9
