"""The step of a run that samples its answers: parts, who waits, and laws that hold for any sizes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunecase import catalog
from tunecase.compute import Recipe, Sampled
from tunecase.compute.model import read_shape
from tunecase.compute.rollout import Batch, Rollout, texts_of
from tunecase.compute.speed.rollout import rollout_step


def engine(batch: Batch) -> Sampled:
    """Each card samples a hundred answers in the time of the longest, at a millisecond a token."""
    return Sampled(batch.longest_tokens * max(batch.answers / batch.cards / 100, 1) / 1000, 0.1, 0.001, 0.2, 1)


ROLLOUT = Rollout(64, 8, 100, 500, texts_of(100, 200, 500), engine)
RUN = Recipe(
    read_shape("qwen2.5-1.5b"), catalog.gpu("H100"), 8, method="full", objective="grpo", sequence_tokens=600,
    rollout=ROLLOUT,
)  # fmt: skip


def step(seconds: float = 5.0, **changes: Any) -> Any:
    """The step with some changes of how answers are sampled."""
    return rollout_step(RUN.but(rollout=ROLLOUT.but(**changes)), seconds, 0.2)


def test_on_the_same_cards_times_add_up() -> None:
    """A colocated step is the sum of its parts, and no card of its own waits."""
    one = step()
    assert sum(dict(one.terms).values()) == pytest.approx(one.seconds)
    assert 0 == one.trainer_idle == one.sampler_idle


def test_on_cards_of_their_own_the_slower_side_sets_the_pace() -> None:
    """Overlapped the step is the longer side; in turn it is the sum, and both sides wait."""
    apart, turns = (step(sampler=name, sampler_gpus=2) for name in ("separate", "in-turn"))
    parts = dict(apart.terms)
    sides = parts["sampling"] + parts["reward"], parts["reference"] + parts["training"]
    assert max(sides) + parts["sync"] == pytest.approx(apart.seconds)
    assert apart.seconds < turns.seconds
    assert min(turns.trainer_idle, turns.sampler_idle) > 0
    assert apart.sampler_idle > apart.trainer_idle or apart.trainer_idle > apart.sampler_idle


@given(
    updates=st.integers(1, 4), reward=st.floats(0, 5), seconds=st.floats(0.1, 100), reference=st.booleans(),
    params=st.sampled_from([0.0, 1e9, 7e9]),
)  # fmt: skip
@settings(max_examples=30, deadline=None)
def test_more_work_never_takes_less_time(
    updates: int, reward: float, seconds: float, reference: bool, params: float
) -> None:
    """Updates, seconds of a judge, a reference and a reward model each lengthen the step or leave it."""
    asked = {"updates": updates, "reward_seconds": reward, "reference": reference, "reward_params": params}
    least = step(seconds).seconds
    assert least <= step(seconds, **asked).seconds <= step(seconds, **asked | {"updates": updates + 1}).seconds


def test_a_value_model_learns_too() -> None:
    """PPO trains two models and judges with both."""
    ppo = rollout_step(RUN.but(objective="ppo"), 5.0, 0.2)
    assert dict(ppo.terms)["training"] == pytest.approx(2 * dict(step().terms)["training"])


def test_cards_that_cannot_hold_the_model_never_end() -> None:
    """A step without an engine that fits is infinite, in arrays only where it does not fit."""
    small = Sampled(float("inf"), 0.0, 0.0, 0.0, 0, "too small")
    holds = ROLLOUT.but(engine=lambda batch: engine(batch) if batch.cards > 1 else small)
    seconds = rollout_step(RUN.but(gpus=np.array([1, 2]), rollout=holds), 5.0, 0.2).seconds
    assert [False, True] == np.isfinite(seconds).tolist()
