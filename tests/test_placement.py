"""The search: the best of a brute force, laws that hold for every model, and speed."""

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.projects import basis
from tunecase import catalog, memory
from tunecase.outlook import need, pace
from tunecase.placement import FITS, TOO_BIG, samples_per_step, search
from tunecase.request import Request, settled
from tunecase.running import terms_of

MODELS = ("smollm2-135m", "llama-3.1-8b", "mixtral-8x7b")


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
        assert recipe.gpus * recipe.micro_batch * recipe.accumulation == found.samples_per_step


def test_the_cheapest_and_the_fastest_are_the_best_of_all_rows():
    """No row that fits is cheaper than the cheapest or faster than the fastest; the front holds both ends."""
    found = search(ask(), basis(None, 500))
    fits = found.columns["verdict"] == FITS
    assert found.cheapest().usd == pytest.approx(found.columns["usd"][fits].min())
    assert found.fastest().hours == pytest.approx(found.columns["hours"][fits].min())
    front = found.front(50)
    assert front[0].hours == pytest.approx(found.fastest().hours)
    assert front[-1].usd == pytest.approx(found.cheapest().usd)
    for one in front:
        sooner, cheaper = (found.columns[name] < getattr(one, name) * (1 - 1e-9) for name in ("hours", "usd"))
        assert not (fits & sooner & cheaper).any()


def test_every_choice_is_counted_once():
    """Rows and what was left out beforehand add up to the choices weighed; reasons name their nearest miss."""
    found = search(ask(cards=("L4",), method="lora"), basis(None, 500))
    assert found.count == len(found.columns["hours"]) + sum(found.left_out.values())
    reasons = {item.reason: item for item in found.rejected()}
    assert int((found.columns["verdict"] == TOO_BIG).sum()) == reasons["does not fit"].count
    near = reasons["does not fit"].nearest
    assert near is None or (near.usd < found.cheapest().usd and near.over > 1)


@settings(max_examples=12, deadline=None)
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
        assert free.usd <= some.usd * (1 + 1e-9)


def test_a_deadline_never_makes_it_cheaper():
    """The cheapest in time is no cheaper than the cheapest, and none is in time when the deadline is seconds away."""
    at = basis(None, 500)
    cheapest = search(ask(tokens="50M"), at).cheapest()
    found = search(ask(tokens="50M", deadline=cheapest.hours / 3), at)
    assert found.cheapest(in_time=True).usd >= cheapest.usd
    assert search(ask(tokens="50M", deadline=0.01), at).cheapest(in_time=True) is None


@pytest.mark.parametrize(
    ("given", "samples"),
    [
        ({}, 16),
        ({"batch": 48}, 48),
        ({"counts": (32,)}, 32),
        ({"counts": (3,), "micro_batch": 2}, 18),
        ({"micro_batch": 2, "accumulation": 4, "counts": (2,)}, 16),
        ({"accumulation": 4}, None),
    ],
)
def test_samples_of_one_step(given, samples):
    """As given, as the file's own sizes make them, else 16 or what the cards asked for hold at once."""
    assert samples == samples_per_step(ask(**given))


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
    """A card without a price is still placed, with no dollars."""
    at = basis(None, 200)
    at.tier = "hyperscaler"
    found = search(ask(cards=("RTX3090",), method="qlora"), at)
    assert found.cheapest().usd is None
    assert math.isfinite(found.cheapest().hours)


def test_the_whole_search_takes_less_than_a_second():
    """Every card, count, batch, sharding, checkpointing and method: under a second."""
    at = basis(None, 500)
    search(ask(), at)
    start = time.perf_counter()
    found = search(ask(), at)
    assert time.perf_counter() - start < 1.0
    assert found.count > 3_000
    assert len(catalog.gpus()) > 20
