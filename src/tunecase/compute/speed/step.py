"""How fast a set-up trains: seconds of a step by term, useful tokens per second, and the doubt about both."""

from dataclasses import dataclass

from tunecase.compute.recipe import Number, Recipe
from tunecase.compute.speed import rates
from tunecase.compute.speed.rates import Constants
from tunecase.compute.speed.work import computed_tokens, data_parallel, flops_per_token, useful_share, work
from tunecase.quantities import np


@dataclass(frozen=True, slots=True)
class StepTime:
    """How long one optimizer step takes, and what it is made of.

    `tokens_per_s_per_gpu` counts useful tokens, padding left out. `terms` are seconds and add up to
    `seconds_per_step`. `sigma` is the doubt about the logarithm of
    time that the terms' rates carry; `rows` and `sources` are what the rates were learnt
    from.
    """

    seconds_per_step: Number
    tokens_per_s_per_gpu: Number
    terms: tuple[tuple[str, Number], ...]
    sigma: Number
    rows: int
    sources: int

    @property
    def dominant(self) -> str:
        """The longest term, of the first choice where there are several."""
        return max(self.terms, key=lambda term: float(np.ravel(term[1])[0]))[0]


def step_time(recipe: Recipe, constants: Constants | None = None) -> StepTime:
    """Time of one optimizer step and useful tokens per second of one card, with the doubt about its terms.

        micro-batch = max(computing, launching kernels, moving data) + the part of the rest that is not hidden
        step        = accumulation x micro-batch + pipeline fill + gradients between cards + optimizer + host
        tokens/s    = useful share x computed tokens / (step x cards that share them)

    The terms are derived in `rates.seconds` and `work.work`; the shares of the card's figures that they reach come
    from published runs, each publisher weighted alike, around priors from data sheets and kernels' own papers.

    Args:
        recipe: the run, with a card; its sizes may be arrays.
        constants: rates and their spread; the shipped ones when left out.
    Returns: the StepTime.
    Raises: ValueError for a recipe without a card.

    Example:
        >>> from tunecase import catalog
        >>> from tunecase.compute.model import read_shape
        >>> run = Recipe(read_shape("mistralai/Mistral-7B-v0.1"), catalog.gpu("A100-80GB"), micro_batch=4)
        >>> step_time(run).dominant
        'matrix products'

    Source: step_constants.csv. Leaves out evaluation, checkpoints, loading and compilation, slow data loading,
    shared or throttled cards, and clusters whose network differs from the table's.
    """
    constants = constants or rates.shipped()
    terms = rates.seconds(work(recipe), rates.card_figures(recipe), rates.roles(recipe, constants))
    sigma = rates.sigma(recipe, terms, constants)
    total = sum(terms.values())
    if isinstance(total, float):  # of one run, for people: the longest first
        terms = dict(sorted(terms.items(), key=lambda term: -term[1]))
    tokens = useful_share(recipe) * tokens_per_card(recipe)
    return StepTime(
        seconds_per_step=total,
        tokens_per_s_per_gpu=tokens / total,
        terms=tuple(terms.items()),
        sigma=sigma,
        rows=constants.rows,
        sources=constants.sources,
    )


def tokens_per_card(recipe: Recipe) -> Number:
    """Tokens of one step over all cards divided by the number of cards, padding counted."""
    shared = recipe.tensor_parallel * recipe.pipeline_parallel
    return computed_tokens(recipe) * recipe.accumulation / shared


def doubt_name(recipe: Recipe) -> str:
    """The name under which worlds draw time over its prediction: one draw for a generation of cards and a method."""
    assert recipe.gpu is not None
    return f"time against the prediction, {recipe.gpu.generation} {recipe.method}"


__all__ = [
    "Constants",
    "StepTime",
    "data_parallel",
    "doubt_name",
    "flops_per_token",
    "step_time",
    "tokens_per_card",
    "useful_share",
    "work",
]
