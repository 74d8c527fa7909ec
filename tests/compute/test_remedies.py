"""Remedies: searched choices that fit, the fewest changes first, none invented."""

import pytest

from tests.compute.sampling_engine import engine
from tests.projects import basis as new_basis
from tunecase import catalog
from tunecase.compute import memory
from tunecase.compute.model.reading import read_shape
from tunecase.compute.prediction import need
from tunecase.compute.recipe import Recipe
from tunecase.compute.remedies import most_that_fits, remedies, verdict_of
from tunecase.compute.request import Request, settled
from tunecase.compute.running import samples_per_step
from tunecase.compute.search import search

pytestmark = pytest.mark.usefixtures("few_cards")


@pytest.fixture
def basis():
    """Prices of a fixed day and seed, without a project."""
    return new_basis(None, 100)


def asked(basis, model, gpu, count=1, tokens=None, **given):
    """A request on some cards, and the set-up that is nearest to fitting."""
    request = settled(Request(model, {"method": "lora", **given}, (gpu,), (count,), train_tokens=tokens, complete=True))
    table = search(request, basis)
    return request, (table.cheapest() or table.closest()).recipe


def offered(basis, *words, most=9, **given):
    """The remedies of a request, each of which more likely fits than not."""
    ways = remedies(*asked(basis, *words, **given), basis, most=most)
    assert all("does not fit" != way.verdict for way in ways)
    assert all(need(way.recipe).mid_gb <= memory.usable_gb(way.recipe.gpu) for way in ways)
    return ways


def test_what_does_not_fit_has_remedies_that_do(basis):
    """A 70B LoRA does not fit one H100; each remedy is a computed fit."""
    request, recipe = asked(basis, "llama-3.1-70b", "H100")
    ways = remedies(request, recipe, basis)
    assert "does not fit" == verdict_of(recipe)
    assert 3 == len(ways)
    assert all("fits" == verdict_of(way.recipe) == way.verdict for way in ways)
    assert any("QLoRA" in way.line and "GiB" in way.line and "USD" in way.line for way in ways)


def test_smaller_micro_batches_and_checkpointing_are_offered(basis):
    """Without checkpointing and with large micro-batches these come first; accumulation takes over their samples."""
    ways = offered(basis, "llama-2-7b", "A100-40GB", checkpointing="none", micro_batch=32, accumulation=2)
    smaller = [way.recipe for way in ways if "micro-batch" in way.words]
    assert any("micro-batch" in way.words for way in ways[:3])
    assert any("gradient checkpointing" in way.words for way in ways)
    assert all(samples_per_step(recipe) >= 64 for recipe in smaller)
    assert any("LoRA" in way.words for way in offered(basis, "llama-3.1-8b", "RTX4090", method="full"))


def test_nothing_helps_is_an_empty_tuple(basis):
    """Where no change makes a run fit, no remedy is invented."""
    assert () == offered(
        basis, "meta-llama/Llama-3.1-405B", "T4", sequence_tokens=131_072, precision="fp16", attention="eager"
    )


def test_a_run_that_fits_needs_no_remedy(basis):
    """Where the run fits there is nothing better to offer."""
    assert () == offered(basis, "smollm2-135m", "H100", sequence_tokens=512, rank=8)


def test_the_fewest_changes_come_first_then_the_cheapest(basis):
    """Single changes by price, then several; one that changes more of the same fields needs fewer cards."""
    ways = offered(basis, "llama-3.1-8b", "A100-80GB", method="full", optimizer="adamw", micro_batch=2)
    single = [way for way in ways if way.options.count("--") == 1]
    assert single
    assert single == list(ways[: len(single)])
    assert sorted(way.usd_per_mtok for way in single) == [way.usd_per_mtok for way in single]
    assert len({way.options for way in ways}) == len(ways)


def test_several_changes_where_one_is_not_enough(basis):
    """Full fine-tuning without checkpointing on a small card needs more than one change; each is a fit."""
    ways = offered(
        basis, "llama-2-7b", "T4", method="full", sequence_tokens=4096, micro_batch=8, checkpointing="none",
        precision="fp16",
    )  # fmt: skip
    assert ways
    assert all("fits" == way.verdict for way in ways)
    assert all(way.options.count("--") > 1 for way in ways)


def test_the_largest_size_that_fits_is_the_last_one_that_does():
    """One more does not fit."""
    recipe = Recipe(read_shape("llama-2-7b"), catalog.gpu("A100-40GB"))
    most = most_that_fits(recipe, "micro_batch", range(1, 65))
    usable = memory.usable_gb(recipe.gpu)
    assert need(recipe.but(micro_batch=most)).high_gb <= usable < need(recipe.but(micro_batch=most + 1)).high_gb
    assert most_that_fits(Recipe(read_shape("llama-3.1-70b"), catalog.gpu("T4")), "micro_batch", range(1, 4)) is None


def test_a_large_model_on_one_small_card_is_offered_cards_offload_and_a_larger_card(basis):
    """32B on one 24 GB card: sharded over more, offloaded over a few, one larger card; each with its price."""
    ways = offered(basis, "qwen2.5-32b", "RTX4090", tokens=10e6, method="qlora", most=6)
    assert any("--offload all" in way.options and 2 <= way.recipe.gpus <= 4 for way in ways)
    assert any("--sharding fsdp" in way.options and way.recipe.gpus > 2 for way in ways)
    assert any(way.recipe.gpus == 1 and way.recipe.gpu.memory_gib > 40 for way in ways)
    assert all(way.hours > 0 and way.usd > 0 and way.options in way.line for way in ways)


def test_long_samples_are_offered_context_parallelism(basis):
    """At 128k tokens a sample is shared among cards, with a fused loss among fewer."""
    ways = offered(basis, "llama-3.1-8b", "A100-80GB", sequence_tokens=131_072)
    shared = [way for way in ways if way.recipe.context_parallel > 1]
    assert all("--context-parallel" in way.line for way in shared)
    assert {"whole", "fused"} == {way.recipe.loss for way in shared}
    fewest = {loss: min(way.recipe.gpus for way in shared if way.recipe.loss == loss) for loss in ("whole", "fused")}
    assert fewest["fused"] < fewest["whole"]


def test_four_bit_remedies_compute_in_sixteen(basis):
    """QLoRA in place of an 8-bit or 32-bit run computes in 16 bit, and says so."""
    for gpu, precision, sixteen in (("RTX4090", "fp8", "bf16"), ("V100-16GB", "fp32", "fp16")):
        ways = offered(basis, "llama-2-13b", gpu, precision=precision, most=20)
        four_bit = [way for way in ways if way.recipe.method == "qlora"]
        assert four_bit
        assert all(way.recipe.precision == sixteen and f"--precision {sixteen}" in way.options for way in four_bit)


def test_offloading_is_offered_with_a_sharding_that_can(basis):
    """DeepSpeed offloads weights in stage 3 alone."""
    ways = offered(
        basis, "llama-3.1-8b", "A100-40GB", 2, framework="deepspeed", method="full", sharding="zero2", most=20
    )
    offloaded = [way.recipe.sharding for way in ways if way.recipe.offload == "all"]
    assert {"zero3"} == set(offloaded)


def test_no_remedy_joins_cards_that_are_sold_alone():
    """Four GH200 that offload are no machine that anybody rents out."""
    at = new_basis(None, 100)
    wanted = settled(Request("meta-llama/Llama-3.1-70B", {"method": "full"}, cards=("GH200",)))
    shown = remedies(wanted, search(wanted, at).closest().recipe, at, most=9)
    assert shown
    assert all(remedy.recipe.gpu.name != "GH200" or remedy.recipe.gpus == 1 for remedy in shown)


@pytest.mark.slow
def test_an_engine_that_leaves_more_memory_to_training_is_offered(basis):
    """Where an engine beside the training takes the room, letting it sleep or take less is a change of its own."""
    given = {"method": "full", "objective": "grpo", "completion_tokens": 1024, "prompts": 64}
    request = settled(Request("qwen3-8b", given, ("H100",), (8,), steps=300, engine=engine))
    recipe = search(request, basis).cheapest().recipe
    ways = {way.options.partition("--engine")[2]: way for way in remedies(request, recipe, basis, most=9)}
    assert {"-sleeps", "-share 0.2"} <= ways.keys()
    assert all("fits" == verdict_of(ways[typed].recipe) for typed in ("-sleeps", "-share 0.2"))
