"""The step of a run that samples its answers: parts, who waits, and laws that hold for any sizes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase import catalog
from tunecase.catalog import OWN_CARDS, SAMPLERS
from tunecase.compute import Recipe, Sampled
from tunecase.compute.model import read_shape
from tunecase.compute.rollout import Batch, Rollout, middle, texts_of
from tunecase.compute.speed.rollout import rollout_step
from tunecase.compute.speed.work import passes
from tunecase.inference import sampled


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


def share(one: Any, *names: str) -> float:
    """What some parts take of a step."""
    return sum(float(dict(one.terms)[name]) for name in names) / float(one.seconds)


def test_on_the_same_cards_times_add_up() -> None:
    """A colocated step is the sum of its parts, and no card of its own waits."""
    one = step()
    assert sum(dict(one.terms).values()) == pytest.approx(one.seconds)
    assert 0 == one.trainer_idle == one.sampler_idle


def test_on_cards_of_their_own_the_slower_side_sets_the_pace() -> None:
    """Overlapped the step is the longer side; in turn it is the sum, and both sides wait."""
    apart, turns = (step(sampler=name, sampler_gpus=2) for name in ("separate", "in-turn"))
    parts = dict(apart.terms)
    sides = parts["sampling"] + parts["reward"], parts["log-probabilities"] + parts["training"]
    assert max(sides) + parts["sync"] == pytest.approx(apart.seconds)
    assert apart.seconds < turns.seconds
    assert min(turns.trainer_idle, turns.sampler_idle) > 0
    assert sides[1] > sides[0]  # the trainer sets the pace, so the sampler waits longer
    assert 0 < apart.trainer_idle < apart.sampler_idle
    assert (1 - turns.trainer_idle) + (1 - turns.sampler_idle) == pytest.approx(1 - share(turns, "reward", "sync"))


@given(
    updates=st.integers(1, 4), reward=st.floats(0, 5), seconds=st.floats(0.1, 100), reference=st.booleans(),
    params=st.sampled_from([0.0, 1e9, 7e9]),
)  # fmt: skip
@law(30)
def test_more_work_never_takes_less_time(
    updates: int, reward: float, seconds: float, reference: bool, params: float
) -> None:
    """Updates, seconds of a judge, a reference and a reward model each lengthen the step or leave it."""
    asked = {"updates": updates, "reward_seconds": reward, "reference": reference, "reward_params": params}
    least = step(seconds).seconds
    assert least <= step(seconds, **asked).seconds <= step(seconds, **asked | {"updates": updates + 1}).seconds


@given(
    sampler=st.sampled_from(SAMPLERS), objective=st.sampled_from(["grpo", "rloo", "ppo"]), gpus=st.integers(1, 3),
    own=st.integers(1, 8), seconds=st.floats(0.1, 100), reward=st.floats(0, 2), params=st.sampled_from([0.0, 7e9]),
)  # fmt: skip
@law(40)
def test_shares_of_a_step_are_shares(
    sampler: str, objective: str, gpus: int, own: int, seconds: float, reward: float, params: float
) -> None:
    """Waits and drain lie in 0 to 1, and in turn every second is one side's, a judge's or that of new weights."""
    apart = sampler in OWN_CARDS
    rollout = ROLLOUT.but(
        sampler=sampler, sampler_gpus=own * apart, reward_seconds=reward, reward_params=params, engine=sampled
    )
    one = rollout_step(RUN.but(rollout=rollout, objective=objective, gpus=2**gpus), seconds, 0.2)
    assert all(0 <= part <= 1 for part in (one.trainer_idle, one.sampler_idle, one.drain))
    total = sum(dict(one.terms).values())
    assert one.seconds == pytest.approx(total) if sampler != "separate" else total / 2 <= one.seconds <= total
    assert one.drain <= share(one, "sampling") + 1e-9
    if sampler == "in-turn":
        judged = -(-rollout.answers // 32) * reward * middle("slower") / one.seconds
        works = 2 - one.trainer_idle - one.sampler_idle
        assert works == pytest.approx(1 - judged - share(one, "sync"))


@given(
    sampler=st.sampled_from(SAMPLERS), prompts=st.integers(1, 200), group=st.integers(2, 64), own=st.integers(1, 8),
    prompt=st.sampled_from([100, 2000]), limit=st.integers(2, 4000),
)  # fmt: skip
@law(40)
def test_more_to_sample_never_takes_less_time(
    sampler: str, prompts: int, group: int, own: int, prompt: int, limit: int
) -> None:
    """More prompts, larger groups, longer answers and fewer cards that sample lengthen sampling or leave it."""

    def seconds(prompts: int, group: int, limit: int, cards: int) -> float:
        texts = texts_of(prompt, limit / 2, limit)
        rollout = Rollout(prompts, group, prompt, limit, texts, sampled, sampler=sampler, sampler_gpus=cards)  # type: ignore[arg-type]
        trained = prompts * group * texts.mean / 10_000  # every card learns from as many tokens a second
        return float(rollout_step(RUN.but(rollout=rollout), trained, 0.2).seconds)

    least = seconds(prompts, group, limit, own)
    slack = 1e-9 + least
    assert slack <= 1e-6 + min(
        seconds(prompts + 1, group, limit, own), seconds(prompts, 2 * group, limit, own),
        seconds(prompts, group, 2 * limit, own),
    )  # fmt: skip
    assert seconds(prompts, group, limit, own + 1) <= slack


def test_a_reward_model_keeps_the_training_cards_busy() -> None:
    """It lies on them, so that its pass delays training; a judge elsewhere delays the answers."""
    apart = {"sampler": "separate", "sampler_gpus": 1}
    plain, scored, judged = (step(**apart, **more) for more in ({}, {"reward_params": 7e9}, {"reward_seconds": 0.1}))
    assert dict(scored.terms)["reward"] == pytest.approx(scored.seconds - plain.seconds)
    assert judged.seconds == plain.seconds  # training takes longer than sampling and judging


def test_a_reward_model_is_compared_with_what_a_token_meets() -> None:
    """One as large as the active part of a mixture takes as long as the mixture's own pass."""
    mixture = read_shape("qwen3-235b-a22b")
    run = RUN.but(shape=mixture, rollout=ROLLOUT.but(reward_params=float(mixture.product_params)))
    parts = dict(rollout_step(run, 40.0, 0.2).terms)
    assert parts["reward"] == pytest.approx(parts["log-probabilities"])  # one pass each: there is no reference model


def test_own_log_probabilities_cost_a_pass_where_they_are_needed() -> None:
    """GRPO without an engine needs none before its first update; an engine's are worked out again."""
    cases = [
        ("grpo", 1, "generate", 0), ("grpo", 2, "generate", 1), ("grpo", 1, "colocated", 1),
        ("rloo", 1, "generate", 1), ("ppo", 2, "generate", 0), ("ppo", 1, "separate", 1),
    ]  # fmt: skip
    for objective, updates, sampler, own in cases:
        run = RUN.but(objective=objective, rollout=ROLLOUT.but(updates=updates, sampler=sampler, sampler_gpus=1))
        forward = 5.0 / passes(run).products * middle("slower")
        parts = dict(rollout_step(run, 5.0, 0.2).terms)
        assert parts["log-probabilities"] / forward == pytest.approx(own + (objective == "ppo"))


@given(updates=st.integers(1, 8), seconds=st.floats(0.1, 100))
@law(20)
def test_answers_are_sampled_once_and_learnt_from_at_every_update(updates: int, seconds: float) -> None:
    """Training takes updates times one pass; sampling, reward and new weights take what they take for one."""
    once, often = (dict(step(seconds, updates=count).terms) for count in (1, updates))
    assert often["training"] == pytest.approx(updates * once["training"])
    assert [once[name] for name in ("sampling", "reward", "sync")] == [often[n] for n in ("sampling", "reward", "sync")]


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
