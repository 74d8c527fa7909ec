"""How fast a set-up trains: seconds of a step by term, useful tokens per second, and the doubt about both."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from tunecase.recipe import Number, Recipe
from tunecase.speed import rates
from tunecase.speed.lessons import learn
from tunecase.speed.rates import Constants
from tunecase.speed.work import computed_tokens, data_parallel, flops_per_token, useful_share, work
from tunecase.spread import Z80, Z90, Interval

WITHIN = 0.06  # sigma of log time over set-ups of one source, once the source's own factor is known


@dataclass(frozen=True, slots=True)
class Band:
    """P10, P50 and P90 of a number; arrays where the recipe has arrays."""

    low: Number
    mid: Number
    high: Number


@dataclass(frozen=True, slots=True)
class StepTime:
    """How long one optimizer step takes, and what it is made of.

    `tokens_per_s_per_gpu` counts useful tokens, padding left out. `terms` are seconds at the middle and add up to
    `seconds_per_step.mid`. `sigma` is of the logarithm of time; `rows` and `sources` are what the rates were learnt
    from.
    """

    seconds_per_step: Band
    tokens_per_s_per_gpu: Band
    terms: tuple[tuple[str, Number], ...]
    sigma: Number
    rows: int
    sources: int

    @property
    def dominant(self) -> str:
        """The longest term, of the first choice where there are several."""
        import numpy as np

        return max(self.terms, key=lambda term: float(np.ravel(term[1])[0]))[0]


@dataclass(frozen=True, slots=True)
class Learnt:
    """What measured runs teach about the next: multiply predicted time by `factor`; `sigma` replaces the step's own."""

    factor: float
    sigma: float
    runs: int


def step_time(recipe: Recipe, constants: Constants | None = None, learnt: Learnt | None = None) -> StepTime:
    """Time of one optimizer step and useful tokens per second of one card, with an 80% band.

        micro-batch = max(computing, launching kernels, moving data) + what of the rest is not hidden
        step        = accumulation x micro-batch + pipeline fill + gradients between cards + optimizer + host
        tokens/s    = phi x computed tokens / (step x cards that share them)

    The terms are derived in `rates.seconds` and `work.work`; the shares of the card's figures that they reach come
    from published runs, each publisher weighing alike, around priors from data sheets and kernels' own papers.

    Args:
        recipe: the run, with a card; its sizes may be arrays.
        constants: rates and their spread; the shipped ones when left out.
        learnt: from measured runs of the same user or framework.
    Returns: the StepTime.
    Raises: ValueError for a recipe without a card.

    Example:
        >>> from tunecase import catalog
        >>> from tunecase.shape import read_shape
        >>> run = Recipe(read_shape("mistralai/Mistral-7B-v0.1"), catalog.gpu("A100-80GB"), micro_batch=4)
        >>> step_time(run).dominant
        'matrix products'

    Source: tables/step_constants.csv. Leaves out evaluation, checkpoints, loading and compilation, slow data loading,
    shared or throttled cards, and clusters whose network differs from the table's.
    """
    constants = constants or rates.shipped()
    terms = rates.seconds(work(recipe), rates.card_figures(recipe), rates.roles(recipe, constants))
    sigma = rates.sigma(recipe, terms, constants)
    if learnt is not None:
        terms = {name: value * learnt.factor for name, value in terms.items()}
        sigma = learnt.sigma + 0 * sigma
    total = sum(terms.values())
    import numpy as np

    wide = np.exp(Z80 * sigma)
    tokens = useful_share(recipe) * tokens_per_card(recipe)
    return StepTime(
        seconds_per_step=Band(total / wide, total, total * wide),
        tokens_per_s_per_gpu=Band(tokens / (total * wide), tokens / total, tokens * wide / total),
        terms=tuple(sorted(terms.items(), key=lambda term: -float(np.mean(term[1])))),
        sigma=sigma,
        rows=constants.rows,
        sources=constants.sources,
    )


def tokens_per_card(recipe: Recipe) -> Number:
    """Tokens of one step, padding counted, over all cards, per card."""
    shared = recipe.tensor_parallel * recipe.pipeline_parallel
    return computed_tokens(recipe) * recipe.accumulation / shared


def train_hours(recipe: Recipe, train_tokens: Number, step: StepTime) -> Number:
    """Wall-clock hours at the middle for a number of useful tokens, all cards working.

    Leaves out start-up, evaluation and checkpoints: some minutes per run, more than half of a ten-minute run.
    """
    return train_tokens / (step.tokens_per_s_per_gpu.mid * recipe.gpus) / 3600


def gpu_hours(train_tokens: Number, step: StepTime) -> Number:
    """GPU hours at the middle for a number of useful tokens, summed over all cards."""
    return train_tokens / step.tokens_per_s_per_gpu.mid / 3600


def doubt(step: StepTime) -> Interval:
    """The factor between a run's time and the middle of its prediction, as a 90% interval around 1."""
    wide = math.exp(Z90 * float(step.sigma))
    return Interval(1 / wide, wide)


def doubt_name(recipe: Recipe) -> str:
    """The name under which worlds draw that factor, so that every part of a case on one kind of card shares it."""
    assert recipe.gpu is not None
    return f"time against the prediction, {recipe.gpu.generation} {recipe.method}"


def learnt(pairs: Iterable[tuple[float, float]], prior_sigma: float = 0.25, noise: float = WITHIN) -> Learnt:
    """What measured step times teach about the user's next runs.

        log(measured / predicted) = f + noise,  f ~ N(0, prior)      f: framework, cluster and habits of the user
        f | n runs ~ N(sum(r) / noise^2 x v, v),  1 / v = 1 / prior^2 + n / noise^2

    Args:
        pairs: (measured, predicted) seconds per step, or predicted and measured tokens per second the other way round;
            20 to 50 steps after the first 5 to 10 make one pair.
        prior_sigma: spread between sources before anything is measured, a step's own `sigma`.
        noise: spread over set-ups of one source.
    Returns: the Learnt; factor 1 and the prior's spread without pairs.
    Raises: ValueError for a time that is not above 0.

    Example:
        >>> round(learnt([(1.20, 1.00)], prior_sigma=0.25).factor, 2)
        1.19

    Leaves out that a measurement on another card moves the framework's factor and not the card's.
    """
    logs = []
    for measured, predicted in pairs:
        if not (measured > 0 and predicted > 0):
            raise ValueError(f"times must be above 0: measured {measured}, predicted {predicted}")
        logs.append(math.log(measured / predicted))
    variance = 1 / (1 / prior_sigma**2 + len(logs) / noise**2)
    centre = sum(logs) / noise**2 * variance
    return Learnt(math.exp(centre), math.sqrt(variance + noise**2) if logs else prior_sigma, len(logs))


__all__ = [
    "Band",
    "Constants",
    "Learnt",
    "StepTime",
    "data_parallel",
    "doubt",
    "doubt_name",
    "flops_per_token",
    "gpu_hours",
    "learn",
    "learnt",
    "step_time",
    "tokens_per_card",
    "train_hours",
    "useful_share",
    "work",
]
