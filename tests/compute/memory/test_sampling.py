"""What sampling adds to a training card: engine, reward model, value model."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase import catalog
from tunecase.compute import Recipe, Sampled
from tunecase.compute.memory import engine_gb, phases
from tunecase.compute.memory.states import states_of
from tunecase.compute.model import read_shape
from tunecase.compute.prediction import need
from tunecase.compute.rollout import Rollout, texts_of
from tunecase.inference.model import served_shape
from tunecase.inference.setup import Setup
from tunecase.inference.work import cache_bytes

ROLLOUT = Rollout(4, 8, 100, 500, texts_of(100, 200, 500), lambda _: Sampled(1.0, 0.0, 0.01, 0.2, 1))
RUN = Recipe(
    read_shape("qwen2.5-1.5b"), catalog.gpu("H100"), method="full", objective="grpo", sequence_tokens=600,
    rollout=ROLLOUT,
)  # fmt: skip


def peak(run: Recipe) -> float:
    """The middle of the peak [GB]."""
    return float(need(run).mid_gb)


def test_an_engine_takes_its_share_of_the_card() -> None:
    """Thirty per cent of 80 GiB lie beside training, unless it sleeps or has cards of its own."""
    apart = RUN.but(rollout=ROLLOUT.but(sampler="separate", sampler_gpus=1))
    assert 0.3 * 80 * 2**30 / 1e9 == pytest.approx(engine_gb(RUN)) == pytest.approx(peak(RUN) - peak(apart))
    asleep = RUN.but(rollout=ROLLOUT.but(engine_sleeps=True))
    assert peak(apart) <= peak(asleep) <= peak(RUN)
    full = RUN.but(rollout=ROLLOUT.but(engine_sleeps=True, engine_share=0.9))
    assert 0.9 * 80 * 2**30 / 1e9 < peak(full)


def test_a_reference_lies_there_where_all_weights_learn() -> None:
    """Adapters are switched off instead; without a reference there is no copy."""
    judged = ROLLOUT.but(reference=True)
    assert 0 == states_of(RUN).reference < states_of(RUN.but(rollout=judged)).reference
    assert 0 == states_of(RUN.but(rollout=judged, method="lora")).reference


def test_value_and_reward_models_lie_beside_the_policy() -> None:
    """PPO's value model takes more than the policy's states; a reward model 2 bytes a parameter."""
    plain, both = phases(RUN)["loss"], phases(RUN.but(objective="ppo", rollout=ROLLOUT.but(reward_params=1e9)))["loss"]
    assert 2e9 == both["reward model"]
    assert both["value model"] > plain["weights"] + plain["optimizer states"]


@given(
    sharding=st.sampled_from(["ddp", "zero1", "zero2", "zero3", "fsdp"]), accumulation=st.integers(1, 8),
    method=st.sampled_from(["full", "lora"]), checkpointing=st.sampled_from(["none", "full", "selective"]),
    masters=st.sampled_from(["16-bit", "32-bit"]),
)  # fmt: skip
@law(40)
def test_a_value_model_holds_what_the_policy_holds(
    sharding: Any, accumulation: int, method: Any, checkpointing: Any, masters: Any
) -> None:
    """In every phase weights, states, gradients and what the forward pass keeps, not logits or the layer at work."""
    own = ("weights", "32-bit masters", "optimizer states", "communication buckets", "optimizer's step", "gradients")
    kept = ("kept layer inputs", "kept activations", "16-bit copies of weights")
    run = RUN.but(
        objective="ppo", gpus=8, sharding=sharding, accumulation=accumulation, method=method, masters=masters,
        checkpointing=checkpointing, micro_batch=2,
    )  # fmt: skip
    by_phase = phases(run)
    for name in ("loss", "first backward layer", "last backward layer", "optimizer step"):
        terms = by_phase[name]
        assert terms["value model"] >= sum(terms.get(term, 0.0) for term in own) * (1 - 1e-9), name
    loss = by_phase["loss"]
    assert loss["value model"] == pytest.approx(sum(loss.get(term, 0.0) for term in (*own, *kept)))
    lasting = by_phase["sampling"]
    assert lasting["value model"] == pytest.approx(sum(lasting.get(term, 0.0) for term in own))


def test_an_answer_keeps_what_its_layers_keep() -> None:
    """As an engine counts it: caches within their windows, running states; no width of layers that keep none."""
    cases = ["qwen2.5-1.5b", "qwen3-next-80b-a3b", "gemma-3-4b-it", "deepseek-v3"]
    for name in cases:
        shape = read_shape(name)
        run = RUN.but(shape=shape, rollout=ROLLOUT.but(sampler="generate", texts=texts_of(100, 2000, 4000)))
        held = phases(run)["sampling"]["keys and values"]
        assert held == pytest.approx(cache_bytes(Setup(served_shape(shape), catalog.gpu("H100")), 4100))
        both = phases(run.but(gpus=8, tensor_parallel=2, pipeline_parallel=2))["sampling"]["keys and values"]
        latent = any(mixer.latent for _, mixer in shape.mixers)
        assert both == pytest.approx(held / (2 if latent else 4))


def test_generate_keeps_keys_and_values_of_its_answers() -> None:
    """Without an engine the answers' cache lies on the card while they are sampled."""
    own = RUN.but(rollout=ROLLOUT.but(sampler="generate"), micro_batch=8, accumulation=4)
    assert phases(own)["sampling"]["keys and values"] > 0 == engine_gb(own)


def test_a_base_that_engine_and_training_share_counts_once() -> None:
    """Unsloth's engine reads the frozen base of the adapters."""
    run = RUN.but(method="qlora")
    assert engine_gb(run.but(framework="unsloth")) < engine_gb(run)
    many = run.but(framework="unsloth", micro_batch=np.array([1, 2]), gpus=np.array([1, 1]))
    assert (2,) == need(many).mid_gb.shape
