"""Answers that are sampled while a model trains: how many, how long, on which cards, and who marks them."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.catalog import OWN_CARDS, Sampler
from tunecase.compute.lengths import Lengths, of
from tunecase.prices import assumed
from tunecase.quantities import Z90, Interval

if TYPE_CHECKING:
    from tunecase.compute.model.blocks import Shape

BINS = 100  # lengths by which a distribution of answers is told


@dataclass(frozen=True, slots=True)
class Batch:
    """Answers that are sampled at once, after which the longest is waited for; lengths in tokens.

    An engine samples them in its share of the cards' memory; or the training framework does, by its `generate`.
    """

    shape: "Shape"
    gpu: catalog.Gpu
    cards: int
    answers: int
    group: int
    prompt_tokens: float
    mean_tokens: float
    longest_tokens: float
    memory_share: float
    generate: bool = False
    precision: str = "bf16"


@dataclass(frozen=True, slots=True)
class Sampled:
    """How long a batch takes on an engine.

    `seconds` until the longest answer is there, infinite where the cards cannot hold the model, `refused` says why;
    `drain_s` of it is the wait for the longest, `step_s` one decode step of a full batch, `sigma` the doubt about the
    logarithm of the time; a replica takes `tensor` cards.
    """

    seconds: float
    drain_s: float
    step_s: float
    sigma: float
    tensor: int
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Rollout:
    """How one run samples the answers it learns from.

    Args:
        prompts, group_size: prompts of one step, and answers to each.
        prompt_tokens, completion_tokens: of a prompt, and the most of an answer.
        texts: lengths of prompt and answer together [tokens].
        updates: training passes over each answer.
        sampler: colocated with training on the same cards, separate on cards of its own while training goes on with
            the answers before, in-turn on cards of its own with one side waiting for the other, or generate, the
            training framework's own sampling.
        sampler_gpus: cards of its own.
        reference: log-probabilities of a frozen reference model are worked out.
        reward_params: parameters of a reward model, 0 where a function marks the answers.
        reward_seconds: seconds in which a judge or a code runner marks one answer, several at once.
        engine_share: of the memory of a training card that a colocated engine takes.
        engine_sleeps: it gives that memory back while the model trains.
        engine: works out how long a batch takes.
        guessed: what nobody stated of the lengths: the mean.
    """

    prompts: int
    group_size: int
    prompt_tokens: int
    completion_tokens: int
    texts: Lengths
    engine: Callable[[Batch], Sampled]
    updates: int = 1
    sampler: Sampler = "colocated"
    sampler_gpus: int = 0
    reference: bool = False
    reward_params: float = 0.0
    reward_seconds: float = 0.0
    engine_share: float = 0.3
    engine_sleeps: bool = False
    guessed: bool = False

    @property
    def answers(self) -> int:
        """Answers of one step."""
        return self.prompts * self.group_size

    @property
    def own_cards(self) -> int:
        """Cards that sample and do nothing else."""
        return self.sampler_gpus if self.sampler in OWN_CARDS else 0

    def batch(self, shape: "Shape", gpu: catalog.Gpu, training_cards: int, precision: str) -> Batch:
        """What the engine is asked for in one step."""
        share = self.engine_share if self.sampler == "colocated" else 1.0
        return Batch(
            shape, gpu, self.own_cards or training_cards, self.answers, self.group_size, self.prompt_tokens,
            self.texts.mean - self.prompt_tokens, self.texts.expected_longest(self.answers) - self.prompt_tokens, share,
            self.sampler == "generate", precision,
        )  # fmt: skip

    def but(self, **changes: object) -> "Rollout":
        """The same with some changes."""
        return replace(self, **changes)  # type: ignore[arg-type]


def middle(name: str) -> float:
    """The median of an assumption about rollouts."""
    return assumed(f"rollout.{name}").median


def doubt(name: str) -> float:
    """The standard deviation of the logarithm of an assumption that is told as a range."""
    spread = assumed(f"rollout.{name}")
    return math.log(spread.high / spread.low) / 2 / Z90 if isinstance(spread, Interval) else 0.0


@cache
def texts_of(prompt_tokens: int, mean_tokens: float, limit: int) -> Lengths:
    """Lengths of prompt and answer, the answers' logarithms normal and cut at the limit, their mean as stated.

    Args:
        prompt_tokens: of every prompt.
        mean_tokens: of the answers, after they are cut; at most the limit.
        limit: the most of an answer [tokens].
    Returns: the histogram [tokens].

    Example:
        >>> texts = texts_of(100, 256.0, 512)
        >>> 355 < texts.mean < 357, texts.longest
        (True, 612)

    Leaves out prompts of several lengths.
    """
    spread = [math.exp(middle("length_sigma") * NormalDist().inv_cdf((at + 0.5) / BINS)) for at in range(BINS)]
    low, high = 0.0, 1000.0 * limit
    for _ in range(60):
        scale = (low + high) / 2
        mean = sum(min(scale * one, limit) for one in spread) / BINS
        low, high = (scale, high) if mean < mean_tokens else (low, scale)
    return of([prompt_tokens + max(1, round(min(high * one, limit))) for one in spread])
