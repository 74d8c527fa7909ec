"""The search: the best of a brute force, laws that hold for every model, and speed."""

import math
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.machine import allowed
from tests.projects import basis
from tunecase import catalog
from tunecase.compute import memory
from tunecase.compute.prediction import need, pace
from tunecase.compute.request import Request, settled, step_samples
from tunecase.compute.running import terms_of
from tunecase.compute.search import ALONE, FITS, LOOSE, MORE, TIGHT, TIGHT_MORE, TOO_BIG, UNLIKELY, most_cards, search
from tunecase.errors import InputError

MODELS = ("smollm2-135m", "llama-3.1-8b", "mixtral-8x7b")

pytestmark = pytest.mark.usefixtures("few_cards")


def ask(model="llama-3.1-8b", *, tokens="5M", cards=(), counts=(), deadline=None, batch=None, **given):
    """A settled request."""
    request = Request(
        model, given, cards=cards, counts=counts, train_tokens=tokens, deadline_hours=deadline, global_batch=batch
    )
    return settled(request)


@pytest.mark.parametrize("model", MODELS)
def test_the_columns_are_those_of_single_set_ups(model):
    """Verdict, hours and price of a choice equal those of its set-up computed alone, with plain numbers."""
    wanted, at = ask(model, method="lora"), basis(None, 500)
    found = search(wanted, at)
    terms = terms_of(at, wanted.job, wanted.shape)
    rng = np.random.default_rng(0)
    for index in rng.integers(0, len(found.columns["hours"]), 12):
        choice = found.choice(int(index))
        recipe = choice.recipe
        peak, usable = need(recipe), memory.usable_gb(recipe.gpu)
        alone = "fits" if peak.high_gb <= usable else "tight" if peak.low_gb <= usable else "does not fit"
        assert alone == choice.verdict
        assert choice.hours == pytest.approx(terms.hours(recipe, float(pace(recipe).tokens_per_s_per_gpu)))
        samples = recipe.gpus * recipe.micro_batch * recipe.accumulation
        assert samples == step_samples(wanted.given, None, recipe.gpus)


def test_the_cheapest_and_the_fastest_are_the_best_of_all_rows():
    """No row that fits is cheaper than the cheapest or faster than the fastest; the front holds both ends."""
    found = search(ask(), basis(None, 500))
    fits = found.columns["verdict"] == FITS
    assert found.cheapest().usd <= found.columns["usd"][fits].min() * MORE
    assert found.fastest().hours == pytest.approx(found.columns["hours"][fits].min())
    front = found.front(50)
    assert front[0].hours == pytest.approx(found.fastest().hours)
    assert front[-1].usd == pytest.approx(found.cheapest().usd)
    for one in front:
        sooner = found.columns["hours"] < one.hours * (1 - 1e-9)
        cheaper = found.columns["usd"] < one.usd / MORE
        assert not (fits & sooner & cheaper).any()


def test_every_choice_is_counted_once():
    """Rows and what was left out beforehand add up to the choices weighed; reasons name their nearest miss."""
    found = search(ask(cards=("L4",), method="lora"), basis(None, 500))
    assert found.count == len(found.columns["hours"]) + sum(found.left_out.values())
    reasons = {item.reason: item for item in found.rejected()}
    assert int((found.columns["verdict"] == TOO_BIG).sum()) == reasons["does not fit"].count
    near = reasons["does not fit"].nearest
    assert near is None or (near.usd < found.cheapest().usd and near.over > 1)


@settings(max_examples=4)
@given(
    model=st.sampled_from(MODELS),
    method=st.sampled_from(["lora", "qlora", "full"]),
    length=st.sampled_from([256, 1024, 2048]),
    tokens=st.sampled_from([1e5, 1e7, 1e9]),
)
def test_more_work_never_costs_less(model, method, length, tokens):
    """More tokens, more freedom and a later deadline: price and time move the way they must."""
    at = basis(None, 200)
    base = {"method": method, "sequence_tokens": length, "cards": ("A100-80GB", "H100")}
    some, more = (search(ask(model, tokens=t, **base), at).cheapest() for t in (tokens, 2 * tokens))
    if some is None:
        assert more is None
        return
    assert some.usd < more.usd
    assert some.hours <= more.hours * 2
    free = search(ask(model, tokens=tokens, method=method, sequence_tokens=length), at).cheapest()
    if free.verdict == some.verdict:
        assert free.usd <= some.usd * MORE


def test_a_deadline_never_makes_it_cheaper():
    """The cheapest in time is no cheaper than the cheapest, and none is in time when the deadline is seconds away."""
    at = basis(None, 200)
    cheapest = search(ask(tokens="50M"), at).cheapest()
    found = search(ask(tokens="50M", deadline=cheapest.hours / 3), at)
    assert found.cheapest(in_time=True).usd >= cheapest.usd
    assert search(ask(tokens="50M", deadline=0.01), at).cheapest(in_time=True) is None


def test_what_is_given_is_not_searched():
    """Card, count, batch, sharding and checkpointing that are given leave one choice."""
    wanted = ask(
        cards=("H100",), counts=(4,), micro_batch=2, method="lora", sharding="fsdp", checkpointing="full"
    )  # fmt: skip
    found = search(wanted, basis(None, 200))
    assert 1 == len(found.columns["hours"])
    recipe = found.choice(0).recipe
    assert ("H100", 4, 2, "fsdp", "full") == (
        recipe.gpu.name, recipe.gpus, recipe.micro_batch, recipe.sharding, recipe.checkpointing,
    )  # fmt: skip


def test_parallel_cards_hold_their_part():
    """Counts are multiples of the cards that share a sample."""
    found = search(ask("llama-3.1-70b", method="full", tensor_parallel=8, framework="nemo"), basis(None, 200))
    assert {0} == set(np.unique(np.concatenate([group.recipe.gpus for group in found.groups])) % 8)


def test_frameworks_shard_in_their_own_way():
    """ZeRO stages come from DeepSpeed alone, FSDP from the others."""
    kinds = {
        name: {group.recipe.sharding for group in search(ask(framework=name), basis(None, 200)).groups}
        for name in ("transformers", "deepspeed")
    }
    assert {"none", "ddp", "fsdp"} == kinds["transformers"]
    assert {"none", "ddp", "zero2", "zero3"} == kinds["deepspeed"]


def test_unpriced_cards_are_ranked_by_their_hours():
    """A card without a price in any tier is still placed, with no dollars."""
    at = basis(None, 200)
    found = search(ask(cards=("RTX4080",), method="qlora"), at)
    assert found.cheapest().usd is None
    assert math.isfinite(found.cheapest().hours)


def test_the_whole_search_takes_less_than_a_second(few_cards, monkeypatch):
    """Every card, count, batch, sharding, checkpointing and method: under a second of a usual machine."""
    monkeypatch.setattr(sys.modules[search.__module__], "_cards", few_cards)
    at = basis(None, 500)
    start = time.process_time()
    found = search(ask(), at)
    assert time.process_time() - start < allowed(1.0)
    assert found.count > 3_000


def test_what_fits_goes_before_what_is_tight_even_when_late():
    """A tight choice that ends in time never stands in for one that fits and ends too late."""
    found = search(ask(cards=("H100",), counts=(8,), method="full", tokens="1B", batch=128), basis(None, 300))
    found.columns["in_time"] = found.columns["verdict"] == TIGHT
    assert found.columns["in_time"].any()
    assert "fits" == found.cheapest().verdict
    assert found.cheapest(in_time=True) is None


def test_the_rank_of_tight_choices_follows_their_middle():
    """Of what is tight, the middle of the peak below the card goes before the middle above it."""
    found = search(ask(cards=("A100-80GB", "L40S", "A10"), method="lora"), basis(None, 200))
    tight = np.flatnonzero(found.columns["verdict"] == TIGHT)
    assert len(tight)
    for index in tight[:20]:
        choice = found.choice(int(index))
        above = need(choice.recipe).mid_gb > memory.usable_gb(choice.recipe.gpu)
        assert (found.columns["rank"][index] == UNLIKELY) == above


def test_of_tight_choices_the_likeliest_to_fit_is_taken():
    """Nothing fits for sure: what costs up to a quarter more and is likelier to fit goes before the cheapest."""
    found = search(ask(cards=("A10G",), counts=(1,), method="lora", tokens="5M"), basis(None, 200))
    choice = found.cheapest()
    assert "tight" == choice.verdict
    rank, usd, over = (found.columns[name] for name in ("rank", "usd", "over"))
    near = (rank == rank.min()) & (usd <= TIGHT_MORE * usd[rank == rank.min()].min())
    assert choice.over == over[near].min()


def test_a_card_that_is_not_full_is_preferred_at_two_percent():
    """The cheapest leaves room for what the allocator reserves where a choice within 2% does."""
    found = search(ask(tokens="50M", method="qlora"), basis(None, 300))
    fits = (found.columns["rank"] == FITS) & found.columns["roomy"]
    least = found.columns["usd"][found.columns["rank"] == FITS].min()
    if (found.columns["usd"][fits] <= least * MORE).any():
        choice = found.cheapest()
        assert need(choice.recipe, statistic="reserved").high_gb <= memory.usable_gb(choice.recipe.gpu)


def test_a_batch_that_the_cards_cannot_share_is_refused():
    """The problem names batch and cards, and offers a batch that works."""
    cases = [((4,), 10), ((2,), 3), ((2,), 7), ((2,), 17), ((32,), 16)]
    for counts, batch in cases:
        with pytest.raises(InputError) as caught:
            search(ask(cards=("H100",), counts=counts, batch=batch), basis(None, 100))
        (problem,) = caught.value.problems
        assert "global_batch" == problem.where
        assert f"{batch} on {counts[0]} cards" == problem.got
        near = int(problem.fix.split(",")[0].split()[-1])
        assert search(ask(cards=("H100",), counts=counts, batch=near, method="qlora"), basis(None, 100)).count


def test_a_list_of_counts_is_never_worse_than_one_of_them():
    """The batch that is assumed follows each count, so that more freedom never costs more."""
    at = basis(None, 200)
    one, many = (
        search(ask(cards=("H100",), counts=counts, method="full", tokens="1B"), at).cheapest()
        for counts in ((8,), (8, 16, 32, 64))
    )
    assert many.usd <= one.usd * MORE
    files = {"micro_batch": 2, "accumulation": 8}
    sizes = {
        choice.recipe.gpus: choice.recipe.gpus * choice.recipe.micro_batch * choice.recipe.accumulation
        for found in [search(ask(cards=("H100",), counts=(1, 4), **files), at)]
        for choice in map(found.choice, range(len(found.columns["hours"])))
    }
    assert {1: 16, 4: 64} == sizes


def test_open_counts_of_consumer_cards_end_at_a_machine():
    """Nobody is told to rent 64 workstation cards, unless they ask for them."""
    found = search(ask(method="qlora"), basis(None, 100))
    most = {group.recipe.gpu.name: int(np.max(group.recipe.gpus)) for group in found.groups}
    assert 8 == max(most[group.recipe.gpu.name] for group in found.groups if group.recipe.gpu.name.startswith("RTX"))
    assert 64 == most["H100"]
    assert found.left_out[LOOSE]
    asked = search(ask(cards=("RTXA6000",), counts=(16,), method="qlora"), basis(None, 100))
    assert 16 == asked.closest().recipe.gpus


def test_a_card_that_is_sold_alone_is_not_advised_by_the_dozen():
    """48 x GH200 of instances of one card share no fast link; a count that is asked for is still worked out."""
    at = basis(None, 100)
    found = search(ask("meta-llama/Llama-3.1-70B", method="full"), at)
    counts = {group.recipe.gpu.name: int(np.max(group.recipe.gpus)) for group in found.groups}
    assert (1, 64) == (counts["GH200"], counts["H100"])
    assert "GH200" != found.cheapest().recipe.gpu.name
    assert 8 == found.left_out[ALONE]  # counts of GH200
    named = search(ask(cards=("GH200",), counts=(16,)), at)
    assert 16 == named.closest().recipe.gpus


def test_cards_on_pcie_end_at_the_largest_machine():
    """A job of 64 A10 has no machine; of a card without a known instance nobody knows."""
    at = basis(None, 100)
    most = {name: most_cards(catalog.gpu(name), at) for name in ("A10", "RTX6000Ada", "L4", "RTX4090", "A30", "H100")}
    assert {"A10": 4, "RTX6000Ada": 2, "L4": 8, "RTX4090": 8, "A30": 64, "H100": 64} == most
    found = search(ask(cards=("A10",), counts=(8,), method="qlora"), at)
    assert 8 == found.closest().recipe.gpus


def test_a_card_priced_by_the_user_may_be_joined():
    """Who has a price of their own knows what joins their cards."""
    at = basis(None, 100)
    assert 1 == most_cards(catalog.gpu("GH200"), at)
    at.usd_per_gpu_hour = 2.0
    assert 64 == most_cards(catalog.gpu("GH200"), at)
    assert 8 == most_cards(catalog.gpu("RTX4090"), at)


def test_a_card_without_eight_bit_is_not_searched_for_it():
    """fp8 is placed only on cards that have units for it."""
    found = search(ask(method="lora", precision="fp8"), basis(None, 100))
    assert all(group.recipe.gpu.peak_fp8_tflops for group in found.groups)
    assert found.left_out["a card without fp8"]


def test_steps_of_a_step_that_grows_make_more_tokens():
    """With micro-batch and accumulation of each card, twice the cards read twice the tokens in as many steps."""
    files = {"micro_batch": 2, "accumulation": 8, "method": "lora"}
    wanted = settled(Request("llama-3.1-8b", files, cards=("H100",), counts=(1, 2), steps=100))
    found = search(wanted, basis(None, 100))
    tokens = {choice.recipe.gpus: wanted.job.tokens(choice.recipe) for choice in map(found.choice, range(found.count))}
    assert {1: 100 * 16 * 2048, 2: 100 * 32 * 2048} == tokens
