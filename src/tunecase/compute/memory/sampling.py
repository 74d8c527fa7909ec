"""What lies on a training card because answers are sampled: a reward model, a value model, the engine."""

from tunecase.compute.memory.states import States, shards, states_of
from tunecase.compute.recipe import Number, Recipe

Phases = dict[str, dict[str, Number]]
CACHE_BYTES = 2.0  # of a key or a value in 16 bit


def with_sampling(
    by_phase: dict[str, dict[str, Number]], recipe: Recipe, states: States
) -> dict[str, dict[str, Number]]:
    """The phases of a step with what sampling adds to each, and the phase in which answers are sampled.

        value model   weights, masters, optimizer states and gradients of the policy once more (PPO)
        reward model  2 B per parameter, divided as the weights are
        generate      in place of an engine: keys and values of the card's answers, 2 B each

    Args:
        by_phase: terms in bytes by phase [bytes].
        recipe: the run; its sizes may be arrays.
        states: of the policy.
    Returns: the phases; as they are for an objective that samples nothing.
    Source: TRL 1.16 trainer/grpo_trainer.py (the engine on the training cards) and experimental/ppo/ppo_trainer.py (a
    value model that learns). Leaves out the value model's own activations, and the
    engine, see `engine_gb`.
    """
    rollout = recipe.rollout
    if rollout is None:
        return by_phase
    beside: dict[str, Number] = {}
    if recipe.goal.value_model:
        beside["value model"] = states.weights + states.masters + states.optimizer + states.gradients
    if rollout.reward_params:
        beside["reward model"] = 2.0 * rollout.reward_params / shards(recipe).weights
    answers = recipe.micro_batch * recipe.accumulation * (rollout.sampler == "generate")
    each = CACHE_BYTES * recipe.shape.layers * (recipe.shape.key + recipe.shape.value)
    cache = {"keys and values": each * answers * rollout.texts.longest}
    phases = {name: {**terms, **beside} for name, terms in by_phase.items() if name != "loading"}
    loading = {"loading": by_phase["loading"]} if "loading" in by_phase else {}
    return loading | phases | {"sampling": {**states.lasting, **beside, **cache}}


def engine_gb(recipe: Recipe) -> Number:
    """What an engine on the training cards takes of each while it samples: its share of the card's memory [GB],
    less the base where both use the same."""
    rollout = recipe.rollout
    if rollout is None or rollout.sampler != "colocated" or recipe.gpu is None:
        return 0.0
    shared = states_of(recipe).weights if shares_weights(recipe) else 0.0
    spare = rollout.engine_share * recipe.gpu.memory_gib * 2**30 - shared
    return spare * (spare > 0) / 1e9


def shares_weights(recipe: Recipe) -> bool:
    """Whether engine and training use the same frozen base. Source: unsloth_zoo vllm_utils.py, fast_inference."""
    return recipe.framework == "unsloth" and recipe.method != "full"
