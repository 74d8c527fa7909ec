"""How long an engine samples a batch of answers."""

from dataclasses import replace
from math import isinf

import pytest

from tunecase import catalog
from tunecase.compute import Batch
from tunecase.compute.model import read_shape
from tunecase.inference import sampled
from tunecase.inference.engines import engines
from tunecase.inference.model import served_shape
from tunecase.inference.setup import Load, Setup
from tunecase.inference.work import cache_bytes, free_bytes, room

JOB = Batch(read_shape("qwen2.5-7b"), catalog.gpu("H100"), 8, 512, 8, 256, 300, 512, 0.92)


def test_more_cards_sample_faster_and_longer_answers_slower() -> None:
    """Time falls with cards, and grows with answers, with their mean and with the longest."""
    assert sampled(replace(JOB, cards=16)).seconds < sampled(JOB).seconds
    for more in ({"answers": 1024}, {"mean_tokens": 400}, {"longest_tokens": 1024}, {"prompt_tokens": 2000}):
        assert sampled(JOB).seconds < sampled(replace(JOB, **more)).seconds, more  # type: ignore[arg-type]


def test_answers_of_one_length_leave_nothing_to_wait_for() -> None:
    """The drain is what the longest takes beyond the mean."""
    assert 0 == sampled(replace(JOB, longest_tokens=300)).drain_s < sampled(JOB).drain_s < sampled(JOB).seconds


def test_a_replica_takes_the_cards_that_hold_it() -> None:
    """A 70B model in 92% of a card's memory needs four cards of 80 GiB, in 30% it does not fit on four."""
    large = replace(JOB, shape=read_shape("llama-3.1-70b"))
    assert 4 >= sampled(large).tensor >= 2
    small = sampled(replace(large, cards=4, memory_share=0.3))
    assert isinf(small.seconds)
    assert "GiB" in small.refused


@pytest.mark.parametrize("prompt", [256, 16_000])
def test_answers_to_one_prompt_hold_its_cache_once(prompt: int) -> None:
    """More of them fit at once, so that they are sampled faster; of different prompts each holds its own."""
    setup = Setup(served_shape(JOB.shape), JOB.gpu)
    plain, alike = (room(setup, Load(prompt, 300, alike=group), engines()[0]) for group in (1, 64))
    assert alike.in_memory > (30 if prompt == 16_000 else 2) * plain.in_memory
    held = alike.in_memory * cache_bytes(setup, 150) + alike.in_memory / 64 * cache_bytes(setup, prompt)
    assert held == pytest.approx(free_bytes(setup))
    apart, grouped = (sampled(replace(JOB, prompt_tokens=prompt, group=group, answers=2048)) for group in (1, 64))
    assert grouped.seconds < apart.seconds


def test_one_prompt_of_a_large_group_is_held_whole() -> None:
    """A group larger than what fits holds its prompt once, not in part."""
    setup = Setup(served_shape(JOB.shape), JOB.gpu)
    most = room(setup, Load(16_000, 4_000, alike=100_000), engines()[0]).in_memory
    held = most * cache_bytes(setup, 2_000) + cache_bytes(setup, 16_000)
    assert held == pytest.approx(free_bytes(setup))


def test_generate_is_slower_than_an_engine() -> None:
    """Layers launched from Python and padding to the longest take longer."""
    assert sampled(JOB).seconds < sampled(replace(JOB, generate=True)).seconds
