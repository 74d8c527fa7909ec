"""What a request says of sampled answers: read, assumed where it is silent, refused where it cannot be."""

from typing import Any

import pytest

from tests.compute.sampling_engine import engine
from tunecase.compute import Request, lengths, settled
from tunecase.compute.rollout_request import NAMES, own_cards
from tunecase.errors import InputError


def asked(counts: tuple[int, ...] = (8,), **given: Any) -> Any:
    """A settled request for a small model."""
    amount = {name: given.pop(name) for name in ("steps", "examples", "epochs", "lengths") if name in given}
    return settled(Request("qwen2.5-0.5b", {"objective": "grpo", **given}, counts=counts, engine=engine, **amount))


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"group_size": 1}, "group_size"),
        ({"group_size": 1, "objective": "rloo"}, "group_size"),
        ({"completion_tokens": 0}, "completion_tokens"),
        ({"completion_tokens": "100k"}, "completion_tokens"),
        ({"completion_tokens": 100, "completion_mean": 200}, "completion_mean"),
        ({"sampler": "separate", "sampler_gpus": 8}, "sampler_gpus"),
        ({"sampler": "colocated", "sampler_gpus": 2}, "sampler_gpus"),
        ({"sampler": "elsewhere"}, "sampler"),
        ({"engine_share": 1.5}, "engine_share"),
        ({"completion_mean": 40_000}, "completion_tokens"),
        ({"reference": "perhaps"}, "reference"),
        ({"reward_seconds": -1}, "reward_seconds"),
        ({"objective": "sft", "prompts": 4}, "prompts"),
        ({"steps": 0}, "steps"),
        ({"updates": 0}, "updates"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(given: dict[str, Any], where: str) -> None:
    """Each mistake says where, what was got, what is wanted and how to mend it."""
    with pytest.raises(InputError) as caught:
        asked(**given)
    assert [where] == [problem.where for problem in caught.value.problems]
    assert all(problem.fix and problem.wanted for problem in caught.value.problems)


def test_ppo_needs_no_group() -> None:
    """A value model is the baseline, so one answer to a prompt is enough."""
    assert 1 == asked(objective="ppo", group_size=1).given["rollout"].group_size


def test_silence_is_filled_from_the_table_and_said() -> None:
    """Group, prompts and lengths are assumed, and a note names them; a reference is as the objective's row says."""
    ask = asked()
    rollout = ask.given["rollout"]
    assert (32, 8, 512, "colocated", False) == (
        rollout.prompts, rollout.group_size, rollout.completion_tokens, rollout.sampler, rollout.reference,
    )  # fmt: skip
    assert any("8 answers to a prompt" in note for note in ask.notes)
    assert asked(objective="rloo").given["rollout"].reference
    assert not set(NAMES) & set(ask.given)


def test_cards_that_sample_are_taken_off_those_that_train() -> None:
    """Of eight cards of which two sample six train."""
    ask = asked(sampler_gpus=2)
    assert (6,) == ask.counts
    assert "separate" == ask.given["rollout"].sampler


def test_tokens_are_those_of_prompts_and_answers() -> None:
    """Steps x answers x mean text, and the same by prompts and epochs."""
    sizes = {"prompts": 10, "group_size": 4, "prompt_tokens": 100, "completion_tokens": 400, "completion_mean": 200}
    by_steps, by_prompts = asked(steps=5, **sizes), asked(examples=25, epochs=2, **sizes)
    assert by_steps.job.train_tokens == by_prompts.job.train_tokens
    assert 5 * 40 * 300 == pytest.approx(by_steps.job.train_tokens, rel=0.01)
    assert 40 == by_steps.global_batch


def test_the_usual_group_and_passes_are_the_objectives() -> None:
    """Where nobody says, each objective has the group and the passes of its own row."""
    usual = {name: asked(objective=name).given["rollout"] for name in ("grpo", "rloo", "ppo")}
    assert {"grpo": (8, 1), "rloo": (2, 1), "ppo": (1, 1)} == {
        name: (rollout.group_size, rollout.updates) for name, rollout in usual.items()
    }


def test_a_limit_that_nobody_stated_fits_the_mean() -> None:
    """A stated mean is what is priced; a limit that was only assumed is raised above it, and said."""
    cases = [400, 800, 2_000]
    for mean in cases:
        ask = asked(completion_mean=mean, prompt_tokens=100)
        rollout = ask.given["rollout"]
        assert pytest.approx(100 + mean, rel=0.02) == rollout.texts.mean
        assert mean < rollout.completion_tokens
        assert any(f"answers cut at {rollout.completion_tokens:,} tokens" in note for note in ask.notes)


def test_prompts_are_shorter_than_texts_with_their_answers() -> None:
    """An assumed prompt that measured texts cannot hold is refused, one that they hold is said."""
    short, long = lengths.of([90, 100, 120]), lengths.of([400, 500, 700])
    with pytest.raises(InputError) as caught:
        asked(lengths=short)
    (problem,) = caught.value.problems
    assert ("prompt_tokens", "256 tokens, which is assumed") == (problem.where, problem.got)
    assert asked(lengths=short, prompt_tokens=40).given["rollout"].texts is short
    ask = asked(lengths=long)
    assert any("prompts of 256 tokens: assumed" in note for note in ask.notes)
    assert not any("answers of" in note for note in ask.notes)


@pytest.mark.parametrize(
    ("given", "own"),
    [({}, 0), ({"sampler": "colocated"}, 0), ({"sampler": "separate"}, 1), ({"sampler_gpus": 3}, 3),
     ({"sampler": "in-turn", "sampler_gpus": 2}, 2), ({"sampler": "generate", "sampler_gpus": 2}, 0)],
)  # fmt: skip
def test_cards_of_its_own_by_the_fields(given: dict[str, Any], own: int) -> None:
    """A sampler with cards of its own has one where it does not say how many."""
    assert own == own_cards(given)
