"""How sampled answers are told: their lengths, their cards, and what an engine is asked for."""

from tunecase import catalog
from tunecase.compute.model import read_shape
from tunecase.compute.rollout import Rollout, Sampled, doubt, middle, texts_of


def test_lengths_have_the_mean_that_was_stated_and_end_at_the_limit() -> None:
    """Whatever is cut off, the mean is that of the answers after the cut."""
    cases = [(50, 512), (256, 512), (512, 512), (3000, 16_384)]
    for mean, limit in cases:
        texts = texts_of(100, mean, limit)
        assert abs(texts.mean - 100 - mean) < 0.01 * mean + 1
        assert texts.longest <= 100 + limit


def test_the_longest_of_many_is_longer_than_of_few_and_never_beyond_the_limit() -> None:
    """What ends a step grows with the answers of a step."""
    texts = texts_of(100, 200, 1000)
    seen = [texts.expected_longest(answers) for answers in (1, 8, 64, 512)]
    assert sorted(seen) == seen
    assert seen[-1] <= 1100


def test_an_engine_of_its_own_has_whole_cards() -> None:
    """Cards that only sample give the engine nearly all their memory, training cards a share."""
    sampled = Sampled(1.0, 0.0, 0.01, 0.2, 1)
    shared = Rollout(4, 8, 100, 500, texts_of(100, 200, 500), lambda _: sampled)
    shape, card = read_shape("qwen2.5-0.5b"), catalog.gpu("H100")
    assert (8, 0.3, 32) == ((batch := shared.batch(shape, card, 8, "bf16")).cards, batch.memory_share, batch.answers)
    apart = shared.but(sampler="separate", sampler_gpus=2)
    batch = apart.batch(shape, card, 8, "bf16")
    assert batch.cards == 2
    assert batch.memory_share > 0.9


def test_assumptions_have_a_middle_and_those_told_as_ranges_a_doubt() -> None:
    """A single number is in no doubt."""
    assert 32 == middle("prompts_per_step")
    assert 0 == doubt("prompts_per_step") < min(doubt("mean_root"), doubt("slower"))
