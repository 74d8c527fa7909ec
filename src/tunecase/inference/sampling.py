"""How long an engine samples the answers of a training step: until the longest of them is there."""

from dataclasses import replace
from functools import lru_cache
from math import ceil, exp, inf, log

from tunecase.compute import Batch, Sampled
from tunecase.inference.bands import NINETY
from tunecase.inference.model import served_shape
from tunecase.inference.setup import Load, Rate, Refusal, Setup
from tunecase.inference.throughput import TAIL_SEQUENCES, rate
from tunecase.inference.work import USABLE_SHARE
from tunecase.prices import assumed


@lru_cache(maxsize=4096)
def sampled(batch: Batch) -> Sampled:
    """How long a batch of answers takes on an engine, from the rates of `rate`.

        seconds = answers of a replica / requests per s + (longest - mean) x t_step of the last sequences
        generate: longest x max(t_step, layers x time of one layer's launches)

    The second part is the drain: what is left of the batch runs at the pace of a few sequences. Answers to one prompt
    lie on one replica, which works the prompt out and holds its cache once for all of them. A replica takes the fewest
    cards that hold the model in the engine's share of their memory.

    Args:
        batch: answers, lengths [tokens], cards and the share of their memory.
    Returns: the Sampled; its seconds are infinite where the cards do not hold the model.

    Example:
        >>> from tunecase import catalog
        >>> from tunecase.compute.model import read_shape
        >>> job = Batch(read_shape("qwen2.5-7b"), catalog.gpu("H100"), 8, 512, 8, 256, 300, 512, 0.92)
        >>> 1 < sampled(job).seconds < 60, sampled(job).tensor
        (True, 1)

    Source: `rate` and its band. Leaves out speculative decoding, several turns with tools, and answers that are cut
    off to start the next step early.
    """
    card = replace(batch.gpu, memory_gib=batch.gpu.memory_gib * min(batch.memory_share / USABLE_SHARE, 1.0))
    reason, tensor = "no card is left to sample on", 1
    while tensor <= batch.cards:
        setup = Setup(served_shape(batch.shape), card, batch.precision, tensor=tensor)
        at_once = ceil(batch.answers / (batch.cards // tensor))
        alike, tokens = min(batch.group, at_once), max(batch.mean_tokens, 1.0)
        load = Load(batch.prompt_tokens, tokens, at_once, "offline", 1 - 1 / alike, alike)
        found, last = rate(setup, load), rate(setup, replace(load, concurrency=TAIL_SEQUENCES))
        if not isinstance(found, Refusal) and not isinstance(last, Refusal):
            told = _drained(batch, found, last, at_once, tensor)
            return _generated(batch, told) if batch.generate else told
        reason, tensor = found.reason if isinstance(found, Refusal) else reason, tensor * 2
    return Sampled(inf, 0.0, 0.0, 0.0, 0, reason)


def _drained(batch: Batch, full: Rate, last: Rate, answers: int, tensor: int) -> Sampled:
    sigma, shift = log(full.high / full.low) / 2 / NINETY, log(full.high * full.low) / 2
    drain = max(batch.longest_tokens - batch.mean_tokens, 0.0) * last.step_s
    seconds = (answers / full.requests_per_s + drain) * exp(-shift)
    return Sampled(seconds, drain * exp(-shift), full.step_s, sigma, tensor)


def _generated(batch: Batch, engine: Sampled) -> Sampled:
    """The same by the training framework: one batch, padded to the longest, each layer launched from Python."""
    step_s = max(engine.step_s, assumed("rollout.layer_ms").median / 1000 * batch.shape.layers)
    drain = (batch.longest_tokens - batch.mean_tokens) * step_s
    return replace(engine, seconds=batch.longest_tokens * step_s, drain_s=drain, step_s=step_s)
