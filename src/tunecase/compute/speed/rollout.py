"""Seconds of a step whose answers are sampled: sampling, marking, judging, training, new weights for the engine."""

from dataclasses import dataclass
from typing import Any

from tunecase.compute.memory.sampling import shares_weights
from tunecase.compute.recipe import Number, Recipe
from tunecase.compute.rollout import Sampled, doubt, middle
from tunecase.compute.speed.work import passes
from tunecase.quantities import np


@dataclass(frozen=True, slots=True)
class RolloutStep:
    """One step of a run that samples its answers; numbers or arrays.

    `terms` are seconds of sampling, reward, log-probabilities, training and sync; `seconds` are those of the step, less
    than their sum where both sides work at once. `trainer_idle` and `sampler_idle` are shares of the step in which
    either side's cards wait, `drain` that in which sampling waits for the longest answer. `sigma` is the doubt about
    the logarithm of the time.
    """

    seconds: Number
    terms: tuple[tuple[str, Number], ...]
    trainer_idle: Number
    sampler_idle: Number
    drain: Number
    sigma: Number


def rollout_step(recipe: Recipe, training_seconds: Number, training_sigma: Number) -> RolloutStep:
    """Time of a step that samples answers and learns from them.

        sampling   until the longest answer is there; see `Rollout.engine`
        reward     forward pass of a reward model, its parameters over those that a token meets in the policy,
                   + ceil(answers / at once) x seconds of a judge
        log-probabilities  forward passes before training: of the model itself (see `_own_pass`), a reference model,
                   a value model
        training   updates x seconds of training on every answer; twice with a value model that learns
        sync       2 B x parameters / (share x link)
        step       their sum; separate: max(sampling + judge, reward model + log-probabilities + training) + sync
        all times  what published steps took over these sums, `rollout.slower` of defaults.csv

    Args:
        recipe: the run with its card and rollout; its sizes may be arrays.
        training_seconds: of one training pass over the answers of a step [s].
        training_sigma: doubt about their logarithm.
    Returns: the RolloutStep.
    Source: TRL 1.16 trainer/grpo_trainer.py for the passes. Leaves out padding of the passes before training, the
    extra optimizer steps of several mini-batches, several turns with tools, and reward models that are mixtures.
    """
    rollout, gpu = recipe.rollout, recipe.gpu
    assert rollout is not None
    assert gpu is not None
    sampled = _sampled(recipe)
    forward, models = training_seconds / passes(recipe).products, 1 + recipe.goal.value_model
    judging = forward * (_own_pass(recipe) + rollout.reference + recipe.goal.value_model)
    training = rollout.updates * models * training_seconds
    marked = -(-rollout.answers // round(middle("reward_at_once"))) * rollout.reward_seconds
    scored = forward * rollout.reward_params / recipe.shape.product_params  # on the training cards, where it lies
    sync: Number = 2.0 * recipe.shape.params / (middle("sync_share") * gpu.link_gb_per_s * 1e9)
    if rollout.sampler == "generate" or shares_weights(recipe):  # the engine reads what is trained
        sync = 0.0
    sampling = _each(sampled, "seconds")
    here, there = scored + judging + training, sampling + marked

    seconds = np.maximum(here, there) + sync if rollout.sampler == "separate" else here + there + sync
    ends = np.where(np.isfinite(seconds), seconds, 1.0)  # infinite where the cards cannot hold what samples
    trains, samples = (np.where(np.isfinite(seconds), side, 0.0) / ends for side in (here, sampling))
    sides = (samples * _each(sampled, "sigma")) ** 2 + (trains * training_sigma) ** 2
    length = doubt("mean_root") / 2 * rollout.guessed  # half, as the mean goes with its root
    apart = rollout.own_cards > 0
    slower, names = middle("slower"), ("sampling", "reward", "log-probabilities", "training", "sync")
    parts = (sampling, marked + scored, judging, training, sync)
    return RolloutStep(
        seconds * slower,
        tuple((name, part * slower) for name, part in zip(names, parts, strict=True)),
        trainer_idle=(1 - trains) * apart,
        sampler_idle=(1 - samples) * apart,
        drain=_each(sampled, "drain_s") / ends,
        sigma=(sides + length**2 + doubt("slower") ** 2) ** 0.5,
    )


def _own_pass(recipe: Recipe) -> bool:
    """Whether the policy passes over the answers once more before it learns, for its own log-probabilities.

    An engine's are less exact. Those of `generate` differ from the first update's in no way: GRPO takes them from
    there, PPO from sampling itself; RLOO needs them for its rewards. Source: TRL 1.16 trainer/grpo_trainer.py and
    rloo_trainer.py (old_per_token_logps), experimental/ppo/ppo_trainer.py at 0062ee1 (logitss).
    """
    rollout, goal = recipe.rollout, recipe.goal
    assert rollout is not None
    return rollout.sampler != "generate" or (not goal.value_model and (rollout.updates > 1 or goal.reference > 0))


def sampled_by(recipe: Recipe) -> Sampled:
    """How the engine of a run with plain sizes samples the answers of a step."""
    rollout = recipe.rollout
    assert rollout is not None
    assert recipe.gpu is not None
    four_bit = recipe.method == "qlora" and shares_weights(recipe)
    precision = "int4" if four_bit else "bf16" if recipe.gpu.bf16 else "fp16"
    return rollout.engine(rollout.batch(recipe.shape, recipe.gpu, int(recipe.gpus), precision))


def _sampled(recipe: Recipe) -> Any:
    """The same for every number of cards, an array of records where they are."""
    by_cards = {cards: sampled_by(recipe.but(gpus=cards)) for cards in np.unique(recipe.gpus).tolist()}
    return np.vectorize(by_cards.__getitem__, otypes=[object])(recipe.gpus)


def _each(sampled: Any, name: str) -> Number:
    values = np.vectorize(lambda one: float(getattr(one, name)), otypes=[float])(sampled)
    return float(values) if not values.ndim else values
