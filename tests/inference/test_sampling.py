"""How long an engine samples a batch of answers."""

from dataclasses import replace
from math import isinf

from tunecase import catalog
from tunecase.compute import Batch
from tunecase.compute.model import read_shape
from tunecase.inference import sampled

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


def test_generate_is_slower_than_an_engine() -> None:
    """Layers launched from Python and padding to the longest take longer."""
    assert sampled(JOB).seconds < sampled(replace(JOB, generate=True)).seconds
