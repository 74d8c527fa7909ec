"""What a request says of sampled answers: read, assumed where it is silent, refused where it cannot be."""

from typing import Any

import pytest

from tests.compute.sampling_engine import engine
from tunecase.compute import Request, settled
from tunecase.compute.rollout_asked import NAMES
from tunecase.errors import InputError


def asked(counts: tuple[int, ...] = (8,), **given: Any) -> Any:
    """A settled request for a small model."""
    amount = {name: given.pop(name) for name in ("steps", "examples", "epochs") if name in given}
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
