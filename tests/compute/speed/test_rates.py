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


def figures(name: str, gpus: int, **fields: int) -> dict[str, float]:
    """What a card of a run on several can do, in GB/s for its links."""
    run = RUN.but(gpu=catalog.gpu(name), gpus=gpus, **fields)
    return {key: float(value) / 1e9 for key, value in rates.card_figures(run).items()}


def test_the_slowest_link_that_a_ring_crosses_counts():
    """Inside a domain the fast link; beyond it in the machine the host's; beyond the machine the network."""
    for name, inside, gpus in (("GB200", True, 72), ("H100", True, 8), ("H100-NVL", True, 2), ("H100-NVL", False, 4)):
        assert math.isinf(figures(name, gpus)["board"]) == inside, (name, gpus)
        assert math.isinf(figures(name, gpus)["node"])
    assert figures("H100-NVL", 4)["board"] == 64
    for name, gpus in (("GB200", 73), ("H100", 9), ("RTX4090", 9)):
        assert not math.isinf(figures(name, gpus)["node"])
    assert not math.isinf(figures("H100", 8, gpus_per_node=4)["node"])
    assert math.isinf(figures("GB200", 72, gpus_per_node=4)["node"])  # a rack's NVLink joins its machines
    assert math.isinf(figures("A100-80GB", 16, gpus_per_node=16)["node"])


def test_a_mesh_sends_to_all_its_cards_at_once():
    """Each pair of a board has a link of its own, so that eight cards reach seven times what two do."""
    assert [64, 3 * 64, 7 * 64, 7 * 64] == [figures("MI300X", gpus)["link"] for gpus in (2, 4, 8, 16)]
    assert 450 == figures("H100", 8)["link"] == figures("H100", 2)["link"]


def test_a_generation_nobody_measured_is_in_more_doubt():
    """The same run on an MI300X against an H200, on one card and on eight."""
    constants = rates.shipped()
    for gpus in (1, 8):
        runs = [RUN.but(gpu=catalog.gpu(name), gpus=gpus, sharding="fsdp") for name in ("H200", "MI300X")]
        terms = [rates.seconds(work(run), rates.card_figures(run), rates.roles(run, constants)) for run in runs]
        measured, unmeasured = (float(rates.sigma(run, each, constants)) for run, each in zip(runs, terms, strict=True))
        assert unmeasured > 1.5 * measured
