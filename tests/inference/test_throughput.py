"""Laws of the predicted throughput of one replica, its refusals, and its time."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase import catalog
from tunecase.inference import Load, Rate, Refusal, Setup, rate, served

MODELS = ("llama-3.1-8b", "qwen3-30b-a3b", "gemma-3-12b", "deepseek-v2-lite", "acme-13b")
CARDS = ("H100", "A100-80GB", "H200", "MI300X", "RTXPRO6000", "B200")
setups = st.builds(
    lambda model, card, engine, precision, tensor: Setup(
        served(model), catalog.gpu(card), precision, tensor, engine=engine
    ),
    st.sampled_from(MODELS),
    st.sampled_from(CARDS),
    st.sampled_from(("vllm", "sglang", "tensorrt-llm", "other")),
    st.sampled_from(("bf16", "fp8", "int4")),
    st.sampled_from((1, 2, 4)),
)
loads = st.builds(
    Load,
    st.floats(1, 3000),
    st.floats(1, 1000),
    st.one_of(st.none(), st.floats(1, 300)),
    st.sampled_from(("steady", "offline", "burst")),
    st.floats(0, 0.95),
)
few = law(60)


def answered(setup: Setup, load: Load) -> Rate:
    """The rate of a set-up that is known to serve."""
    found = rate(setup, load)
    assert isinstance(found, Rate), found
    return found


def plain(**changed: object) -> Setup:
    """Llama 3.1 8B on an H100 in bf16, or something else."""
    return replace(Setup(served("llama-3.1-8b"), catalog.gpu("H100")), **changed)  # type: ignore[arg-type]


@few
@given(setups, loads)
def test_a_rate_hangs_together(setup: Setup, load: Load) -> None:
    """Tokens are requests times the output, the batch is at most what was offered and what fits, the band holds one."""
    found = answered(setup, load)
    assert found.output_tokens_per_s == pytest.approx(found.requests_per_s * load.output_tokens)
    assert found.in_flight <= found.most_in_flight
    assert load.concurrency is None or found.in_flight <= load.concurrency
    assert 0 < found.low < 1 < found.high
    assert found.prefill_s > 0 < found.step_s


@few
@given(setups, loads, st.floats(1, 8), st.floats(0, 1))
def test_what_helps_never_slows(setup: Setup, load: Load, times: float, more: float) -> None:
    """More bandwidth and a larger cached share serve no fewer requests, longer answers no more.

    A fuller batch shares the reading of the weights among more requests, and a burst thins out at its end.
    """
    faster = replace(setup, card=replace(setup.card, bandwidth_tb_per_s=setup.card.bandwidth_tb_per_s * times))
    longer = replace(load, output_tokens=load.output_tokens * min(times, 4))
    cached = replace(load, cached_share=load.cached_share + (1 - load.cached_share) * more)
    plain_rate = answered(setup, load)
    assert answered(faster, load).requests_per_s >= plain_rate.requests_per_s * (1 - 1e-9)
    assert answered(setup, cached).requests_per_s >= plain_rate.requests_per_s * (1 - 1e-9)
    assert answered(setup, cached).in_flight == plain_rate.in_flight
    assert answered(setup, longer).requests_per_s <= plain_rate.requests_per_s * (1 + 1e-9)
    steady = replace(load, concurrency=load.concurrency or 8.0, kind="steady")
    fuller = replace(steady, concurrency=(load.concurrency or 8.0) * times)
    one, full, burst = (answered(setup, kind) for kind in (steady, fuller, replace(steady, kind="burst")))
    assert full.output_tokens_per_s >= one.output_tokens_per_s * (1 - 1e-9)
    assert burst.output_tokens_per_s <= one.output_tokens_per_s


@few
@given(setups, loads, st.integers(1, 100))
def test_merged_is_never_slower_than_adapters_beside_the_weights(setup: Setup, load: Load, adapters: int) -> None:
    """Unmerged adapters cost throughput, and make it less sure."""
    merged, beside = answered(setup, load), answered(replace(setup, adapters=adapters), load)
    assert merged.requests_per_s > beside.requests_per_s
    assert merged.high / merged.low < beside.high / beside.low


@few
@given(setups, loads, st.sampled_from(("2024-09", "2025-03", "2025-11", "2026-01")))
def test_an_older_release_is_never_faster(setup: Setup, load: Load, month: str) -> None:
    """Overheads fell from release to release; old software on AMD cards is refused instead."""
    older = rate(replace(setup, engine_date=month), load)
    if isinstance(older, Refusal):
        assert setup.card.generation == "cdna3"
        assert month < "2025"
    else:
        assert older.output_tokens_per_s <= answered(setup, load).output_tokens_per_s


def test_a_pipeline_is_not_tensor_parallelism() -> None:
    """With one request in flight a second stage helps nothing, while a second card of the same layer does."""
    load = Load(100, 200, 1)
    one, staged, split = (answered(plain(**layout), load) for layout in ({}, {"pipeline": 2}, {"tensor": 2}))
    assert staged.output_tokens_per_s == pytest.approx(one.output_tokens_per_s, rel=0.05)
    assert split.output_tokens_per_s > 1.2 * one.output_tokens_per_s


def test_two_replicas_give_more_tokens_than_one_of_twice_the_cards() -> None:
    """Cards of one replica wait for one another."""
    one, twice = answered(plain(), Load(500, 300)), answered(plain(tensor=2), Load(500, 300))
    assert 2 * one.output_tokens_per_s > twice.output_tokens_per_s


def test_fewer_bits_hold_more_and_read_faster() -> None:
    """8-bit weights leave more room and are read in less time."""
    load = Load(500, 300)
    wide, narrow = answered(plain(), load), answered(plain(precision="fp8"), load)
    assert narrow.most_in_flight >= wide.most_in_flight
    assert narrow.output_tokens_per_s > wide.output_tokens_per_s
    assert answered(plain(kv_precision="fp8"), replace(load, input_tokens=8000)).most_in_flight == pytest.approx(
        2 * answered(plain(), replace(load, input_tokens=8000)).most_in_flight
    )


def test_four_bit_weights_are_computed_in_16_bit_where_the_card_has_no_4_bit_units() -> None:
    """On Hopper a long input is no faster in 4 bit; on Blackwell it is."""
    load = Load(8000, 1)
    hopper, blackwell = (plain(card=catalog.gpu(card)) for card in ("H100", "B200"))
    assert answered(replace(hopper, precision="fp4"), load).prefill_s >= answered(hopper, load).prefill_s
    assert answered(replace(blackwell, precision="fp4"), load).prefill_s < answered(blackwell, load).prefill_s


def test_a_window_keeps_long_requests_small() -> None:
    """The cache of layers with a window stops growing."""
    model = served("gpt-oss-20b")
    setup, full = plain(model=model), plain(model=replace(model, window=0))
    load = Load(30_000, 500)
    assert answered(setup, load).most_in_flight > 1.5 * answered(full, load).most_in_flight


def test_what_cannot_be_said_is_refused_with_a_reason_and_a_fix() -> None:
    """A refusal names what is wrong and what would help."""
    cases = [
        ({"engine": "my-server"}, {}, "engine"), ({"precision": "int3"}, {}, "int3"),
        ({"kv_precision": "int3"}, {}, "int3"), ({"precision": ""}, {}, "precision"), ({"card": "T4"}, {}, "bf16"),
        ({"card": "T4", "precision": "fp8"}, {}, "fp8"), ({"card": "L4", "model": "llama-3.1-70b"}, {}, "GiB"),
        ({"card": "MI300X", "engine_date": "2024-08"}, {}, "AMD"),
        ({"model": "llama-2-7b"}, {"input_tokens": 5000}, "context"), ({}, {"output_tokens": 0}, "no load"),
        ({}, {"input_tokens": -1}, "no load"), ({}, {"output_tokens": float("nan")}, "no load"),
        ({}, {"cached_share": 1.5}, "no load"), ({}, {"concurrency": 0}, "no load"), ({"tensor": 0}, {}, "no replica"),
    ]  # fmt: skip
    for setup, load, word in cases:
        if "card" in setup:
            setup = {**setup, "card": catalog.gpu(str(setup["card"]))}
        if "model" in setup:
            setup = {**setup, "model": served(str(setup["model"]))}
        found = rate(plain(**setup), replace(Load(500, 300), **load))  # type: ignore[arg-type]
        assert isinstance(found, Refusal)
        assert word in found.reason
        assert found.fix


def test_what_was_not_measured_widens_the_band_and_says_so() -> None:
    """The band is wider than that of a usual set-up, and the reason is told."""
    cases = [
        ({"engine": "tgi"}, {}, "engine"), ({"card": "V100-32GB", "precision": "fp16"}, {}, "V100"),
        ({"card": "MI355X"}, {}, "AMD"), ({"precision": "fp32"}, {}, "fp32"), ({"model": "acme-8b"}, {}, "acme-8b"),
        ({}, {"input_tokens": 100_000}, "tokens"), ({"adapters": 3}, {}, "adapters"),
        ({"card": "A100-40GB", "model": "qwen3-32b", "precision": "int8"}, {}, "memory"),
    ]  # fmt: skip
    for setup, load, word in cases:
        if "card" in setup:
            setup = {**setup, "card": catalog.gpu(str(setup["card"]))}
        if "model" in setup:
            setup = {**setup, "model": served(str(setup["model"]))}
        usual = answered(plain(), Load(500, 300))
        found = answered(plain(**setup), replace(Load(500, 300), **load))  # type: ignore[arg-type]
        assert usual.widened == ()
        assert [words for words in found.widened if word in words]
        assert found.high / found.low > usual.high / usual.low


def test_what_bounds_a_replica_follows_the_load() -> None:
    """One request waits for memory, long inputs for products."""
    assert answered(plain(), Load(50, 500, 1)).bound_by == "memory bandwidth"
    assert answered(plain(), Load(8000, 10)).bound_by == "the input's products"
    assert answered(plain(model=served("smollm2-135m")), Load(50, 500, 1)).bound_by == "overheads of the engine"
