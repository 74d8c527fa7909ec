"""Remedies: computed anew, cheapest first, none invented."""

import pytest

from tests.projects import basis as new_basis
from tunecase import catalog
from tunecase.compute import memory
from tunecase.compute.model.reading import read_shape
from tunecase.compute.prediction import need
from tunecase.compute.recipe import Recipe
from tunecase.compute.remedies import adapters, most_that_fits, remedies, verdict_of
from tunecase.compute.running import Job, samples_per_step


@pytest.fixture
def basis():
    """Prices of a fixed day and seed, without a project."""
    return new_basis(None, 1_000)


def run(model: str, gpu: str, **fields: object) -> Recipe:
    """A set-up on one card."""
    return Recipe(read_shape(model), catalog.gpu(gpu), **fields)  # type: ignore[arg-type]


def test_what_does_not_fit_has_remedies_that_do(basis):
    """A 70B LoRA does not fit one H100; each remedy is a computed fit."""
    recipe = run("llama-3.1-70b", "H100")
    found = remedies(recipe, basis)
    assert "does not fit" == verdict_of(recipe)
    assert 3 == len(found)
    assert all("fits" == verdict_of(item.recipe) == item.verdict for item in found)
    assert any("QLoRA" in item.line and "GiB" in item.line and "USD" in item.line for item in found)


def test_remedies_name_smaller_batches_and_checkpointing(basis):
    """Without checkpointing and with large micro-batches the cheap remedies are offered."""
    found = remedies(run("llama-2-7b", "A100-40GB", checkpointing="none", micro_batch=16), basis, most=9)
    assert any("checkpointing" in item.words or "micro-batch" in item.words for item in found)
    full = remedies(run("llama-3.1-8b", "RTX4090", method="full"), basis, most=9)
    assert any("LoRA" in item.words for item in full)


def test_smaller_micro_batches_keep_the_samples_of_a_step(basis):
    """Gradient accumulation takes over what the micro-batch gives up."""
    recipe = run("llama-2-7b", "A100-40GB", micro_batch=32, accumulation=2)
    smaller = [item.recipe for item in remedies(recipe, basis, most=9) if "micro-batch" in item.words]
    assert smaller
    assert all(samples_per_step(one) >= 64 for one in smaller)


def test_nothing_helps_is_an_empty_tuple(basis):
    """Where no change makes a run fit, no remedy is invented."""
    assert () == remedies(run("meta-llama/Llama-3.1-405B", "T4", sequence_tokens=131_072, precision="fp16"), basis)


def test_remedies_come_cheapest_first(basis):
    """The prices per million tokens rise down the list."""
    found = remedies(run("llama-2-7b", "A100-40GB", method="full", optimizer="adamw"), basis, most=9)
    priced = [item.usd_per_mtok for item in found if item.usd_per_mtok is not None]
    assert sorted(priced) == priced
    assert len(priced) >= 2


def test_several_changes_where_one_is_not_enough(basis):
    """Full fine-tuning without checkpointing on a small card needs more than one change; each is a fit."""
    recipe = run("llama-2-7b", "T4", method="full", sequence_tokens=4096, micro_batch=8, checkpointing="none")
    found = remedies(recipe.but(precision="fp16", masters="32-bit"), basis)
    assert found
    assert all("fits" == item.verdict for item in found)


def test_a_run_that_fits_needs_no_remedy(basis):
    """Where the run fits there is nothing better to offer."""
    assert () == remedies(run("smollm2-135m", "H100", sequence_tokens=512, rank=8), basis)


def test_the_largest_size_that_fits_is_the_last_one_that_does():
    """One more does not fit."""
    recipe = run("llama-2-7b", "A100-40GB")
    most = most_that_fits(recipe, "micro_batch", range(1, 65))
    usable = memory.usable_gb(recipe.gpu)
    assert need(recipe.but(micro_batch=most)).high_gb <= usable < need(recipe.but(micro_batch=most + 1)).high_gb
    assert most_that_fits(run("llama-3.1-70b", "T4"), "micro_batch", range(1, 4)) is None


def test_a_large_model_on_one_small_card_is_offered_cards_offload_and_a_larger_card(basis):
    """70B on one 24 GB card: sharded over more, offloaded over two, one larger card; each with time, price, options."""
    found = remedies(run("llama-3.1-70b", "RTX4090", method="qlora"), basis, most=4, job=Job(10e6))
    assert any("--offload all" in item.options and item.recipe.gpus == 2 for item in found)
    assert any("--gpus 4 --sharding fsdp" in item.options for item in found)
    assert any(item.recipe.gpus == 1 and item.recipe.gpu.memory_gib > 40 for item in found)
    assert all(item.hours > 0 and item.usd > 0 and item.options in item.line for item in found)
    assert len({item.options for item in found}) == len(found)


def test_long_samples_are_offered_context_parallelism(basis):
    """At 128k tokens a sample is shared among cards."""
    found = remedies(run("llama-3.1-8b", "A100-80GB", sequence_tokens=131_072), basis, most=9)
    assert any(item.recipe.context_parallel > 1 and "--context-parallel" in item.line for item in found)


@pytest.mark.parametrize("fields", [{"method": "full"}, {"sequence_tokens": 65_536}, {"micro_batch": 64}])
def test_no_remedy_more_likely_fails_than_not(fields, basis):
    """Every remedy fits, or is tight with the middle of its peak below the card."""
    for model, gpu in (("llama-3.1-8b", "A100-40GB"), ("llama-2-7b", "L4")):
        for item in remedies(run(model, gpu, **fields), basis, most=9):
            assert "does not fit" != item.verdict
            assert need(item.recipe).mid_gb <= memory.usable_gb(item.recipe.gpu)


def test_four_bit_remedies_compute_in_sixteen(basis):
    """QLoRA in place of an 8-bit or 32-bit run computes in 16 bit."""
    assert "bf16" == adapters(run("llama-2-7b", "H100", precision="fp8"), "qlora").precision
    assert "fp16" == adapters(run("llama-2-7b", "T4", precision="fp32"), "qlora").precision
