"""What lies on a training card because answers are sampled: a reward model, a value model, the engine."""

from tunecase.compute.memory.states import States, largest, shards, states_of
from tunecase.compute.recipe import Number, Recipe

Phases = dict[str, dict[str, Number]]
CACHE_BYTES, STATE_BYTES = 2.0, 4.0  # of a key or a value in 16 bit, of a number of a running state
KEPT = ("kept layer inputs", "kept activations", "attention scores")  # by the forward pass, for the backward pass
COPIES = "16-bit copies of weights"


def with_sampling(by_phase: Phases, recipe: Recipe, states: States) -> Phases:
    """The phases of a step with what sampling adds to each, and the phase in which answers are sampled.

        value model   what the policy's states and kept activations take, once more (PPO), see `_value_model`
        reward model  2 B per parameter, divided as the weights are
        generate      in place of an engine: what the card's answers leave in each layer, see `_answer_bytes`

    Args:
        by_phase: terms in bytes by phase [bytes].
        recipe: the run; its sizes may be arrays.
        states: of the policy.
    Returns: the phases; as they are for an objective that samples nothing.
    Source: TRL 1.16 trainer/grpo_trainer.py (the engine on the training cards). Leaves out the engine, see `engine_gb`.
    """
    rollout = recipe.rollout
    if rollout is None:
        return by_phase
    beside: dict[str, Number] = {}
    if rollout.reward_params:
        beside["reward model"] = 2.0 * rollout.reward_params / shards(recipe).weights
    answers = recipe.micro_batch * recipe.accumulation * (rollout.sampler == "generate")
    cache = {"keys and values": _answer_bytes(recipe, rollout.texts.longest) * answers}
    phases = {name: {**terms, **beside} for name, terms in by_phase.items() if name != "loading"}
    phases["sampling"] = {**states.lasting, **beside, **cache}
    if recipe.goal.value_model:
        kept = sum(by_phase["loss"].get(name, 0.0) for name in KEPT)
        for name, terms in phases.items():
            terms["value model"] = _value_model(name, states, kept) + terms.get(COPIES, 0.0)
    return ({"loading": by_phase["loading"]} if "loading" in by_phase else {}) | phases


def _value_model(phase: str, states: States, kept: Number) -> Number:
    """Bytes of a value model as large as the policy, which passes forward before it and backward after it.

        lasting    weights, masters, optimizer states and buckets
        learning   lasting + gradients of earlier micro-batches + kept activations, until its own backward pass
        at its end lasting + all its gradients; in the step what the optimizer needs as well

    Source: TRL experimental/ppo/ppo_trainer.py at 0062ee1, PolicyAndValueWrapper: one loss for both. Leaves out what
    sharding gathers of it, its head, and value models that learn whole beside adapters.
    """
    lasting = states.weights + states.masters + states.optimizer + states.buckets
    learning = states.accumulated + kept
    return lasting + {
        "sampling": 0.0,
        "last backward layer": largest([learning, states.gradients]),
        "optimizer step": states.gradients + states.step,
    }.get(phase, learning)


def _answer_bytes(recipe: Recipe, tokens: int) -> Number:
    """Bytes that one answer keeps on a card: keys and values inside each layer's window, and running states.

    Tensor parallelism divides them by heads, so not one latent cache; pipeline stages by layers.
    """
    shape = recipe.shape
    heads = 1 if any(mixer.latent for _, mixer in shape.mixers) else max(shape.kv_heads, 1)
    each = sum(
        count * (CACHE_BYTES * mixer.cache * min(tokens, mixer.window or tokens) + STATE_BYTES * mixer.state)
        for count, mixer in shape.mixers
    )
    return each / min(recipe.tensor_parallel, heads) / recipe.pipeline_parallel


def engine_gb(recipe: Recipe) -> Number:
    """What an engine takes of each training card while it samples: its share less a base that both use [GB]."""
    rollout = recipe.rollout
    if rollout is None or rollout.sampler != "colocated" or recipe.gpu is None:
        return 0.0
    shared = states_of(recipe).weights if shares_weights(recipe) else 0.0
    spare = rollout.engine_share * recipe.gpu.memory_gib * 2**30 - shared
    return spare * (spare > 0) / 1e9


def shares_weights(recipe: Recipe) -> bool:
    """Whether engine and training use the same frozen base. Source: unsloth_zoo vllm_utils.py, fast_inference."""
    return recipe.framework == "unsloth" and recipe.method != "full"
