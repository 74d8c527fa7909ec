"""What the words of the training tools mean in a recipe: optimizers, attention, adapters' targets, precision, goals."""

from collections.abc import Iterable

from tunecase import catalog
from tunecase.compute.configs.settings import Run, Settings
from tunecase.compute.recipe import WORDS, spelt

# Names of transformers.training_args.OptimizerNames, of torchtune's and DeepSpeed's classes; folded, no punctuation.
OPTIMIZERS = {
    "adam": "adamw", "adamw": "adamw", "adamwtorch": "adamw", "adamwhf": "adamw", "adamwanyprecision": "adamw",
    "adamwtorchxla": "adamw", "adamwtorchfused": "adamw_fused", "adamwapexfused": "adamw_fused",
    "adamwtorchnpufused": "adamw_fused", "fusedadam": "adamw_fused",
    "adamwbnb8bit": "adamw_8bit", "adamw8bit": "adamw_8bit", "adamwtorch8bit": "adamw_8bit", "adam8bit": "adamw_8bit",
    "aoadamw8bit": "adamw_8bit",
    "pagedadamw": "paged_adamw", "pagedadamw32bit": "paged_adamw",
    "pagedadamw8bit": "paged_adamw_8bit",
    "adafactor": "adafactor",
    "sgd": "sgd", "momentum": "sgd_momentum",
    "lion": "lion", "lion32bit": "lion", "lion8bit": "lion_8bit", "pagedlion32bit": "paged_lion",
    "pagedlion": "paged_lion", "pagedlion8bit": "paged_lion_8bit", "muon": "muon", "adamwtorch4bit": "adamw_4bit",
    "aoadamw4bit": "adamw_4bit", "apolloadamw": "apollo", "apolloadamwlayerwise": "apollo",
    "galore": "galore", "galoreadamw": "galore", "galoreadamw8bit": "galore", "galoreadafactor": "galore",
    "galoreadamwlayerwise": "galore", "galoreadamw8bitlayerwise": "galore", "galoreadafactorlayerwise": "galore",
}  # fmt: skip
# Only near: what these keep per weight is close to what the name on the right keeps, but not the same.
OPTIMIZERS_NEAR = {
    "aoadamwfp8": "adamw_8bit", "qgaloreadamw8bit": "galore", "adagrad": "sgd_momentum",
    "rmsprop": "sgd_momentum", "adammini": "sgd_momentum", "lomo": "sgd", "adalomo": "sgd",
}  # fmt: skip

MOST_RANK = 65_536
GROUPED = "samples are grouped by length: less padding than the answer counts"
EAGER = {"eager", "disabled"}
FLASH = {"sdpa", "flash_attention_2", "flash_attention_3", "flex_attention", "xformers", "sage", "fa2", "fa3", "fp8"}

ATTENTION = frozenset({"q_proj", "k_proj", "v_proj", "o_proj"})
EVERY_LINEAR = ATTENTION | {"gate_proj", "up_proj", "down_proj"}
ROLLOUT_SIZES = {  # fields of the tools, by tunecase's names
    "group_size": ("num_generations", "grpo_samples", "rloo_k"),
    "completion_tokens": ("max_completion_length", "response_length", "max_generated_tokens", "max_new_tokens"),
    "prompt_tokens": ("max_prompt_length",),
    "updates": ("num_iterations", "num_ppo_epochs", "ppo_epochs"),
}
USUAL = {"group_size": "the number of answers to a prompt", "updates": "the number of passes over each answer"}
PPO_PASSES = 4  # num_ppo_epochs of TRL's PPOConfig and ppo_epochs of LLaMA-Factory; other frameworks make one
SAMPLED_FOR = ("steps_per_generation", "generation_batch_size")  # micro-batches on one card, samples on all
ALL = {"all", "all-linear", "all_linear"}
WHOLE_TABLES = {"embed_tokens", "lm_head", "output", "tok_embeddings", "wte"}


def optimizer(settings: Settings, key: str) -> str | None:
    """The optimizer's name in optimizers.csv; one that is not there is noted, and read as the nearest or as AdamW."""
    named = settings.text(key)
    if named is None:
        return None
    plain = "".join(char for char in named.rsplit(".", 1)[-1].casefold() if char.isalnum())
    if plain in OPTIMIZERS:
        return OPTIMIZERS[plain]
    near = OPTIMIZERS_NEAR.get(plain, "adamw")
    settings.run.note(f"optimizer {named} is not in the tables: counted as {near}, which may be off")
    return near


def attention(settings: Settings, key: str) -> str | None:
    """Flash for every kernel that never stores the scores, PyTorch's own (sdpa) included; else eager."""
    named = settings.text(key)
    if named is None:
        return None
    if named.casefold() in EAGER:
        return "eager"
    if named.casefold() not in FLASH and "/" not in named:
        settings.run.note(f"attention {named} is not known: read as one that never stores the scores")
    return "flash"


def rank(settings: Settings, key: str) -> int | None:
    """The rank of the adapters."""
    return settings.whole(key, most=MOST_RANK)


def loaded_in(settings: Settings) -> tuple[bool | None, bool | None]:
    """Whether the base is loaded in 4 bit and in 8 bit; both at once are a problem."""
    four, eight = settings.flag("load_in_4bit"), settings.flag("load_in_8bit")
    if four and eight:
        settings.problem("load_in_8bit", "load_in_4bit and load_in_8bit both true", "one of them", "remove one")
    return four, eight


def passes(settings: Settings, key: str) -> float | None:
    """Passes over the data; zero is a problem."""
    epochs = settings.number(key, most=1e6)
    if epochs == 0:
        settings.problem(key, "0", "more than 0", "set the number of passes")
    return epochs or None


def targets(names: Iterable[str] | None) -> object:
    """The word for a set of adapted modules, or the modules themselves where no word means them.

    Example:
        >>> targets(["v_proj", "q_proj"]), targets(["all-linear"]), targets(["q_proj", "o_proj"])
        ('qv', 'all', ('o_proj', 'q_proj'))
    """
    if names is None:
        return None
    plain = {name.rsplit(".", 1)[-1] for name in names}
    if plain & ALL or plain >= EVERY_LINEAR:
        return "all"
    if plain == ATTENTION:
        return "attention"
    return "qv" if plain == {"q_proj", "v_proj"} else tuple(sorted(plain))


def note_whole_tables(run: Run, names: Iterable[str] | None) -> None:
    """Notes modules that learn whole beside adapters: they are not counted, and embedding and head are large."""
    kept = sorted({name.rsplit(".", 1)[-1] for name in names or ()})
    if not kept:
        return
    size = ", each V x h weights with gradient and optimizer states" if set(kept) & WHOLE_TABLES else ""
    run.note(f"learning whole beside the adapters: {', '.join(kept)}{size}; not counted, so memory is understated")


def note_dora(run: Run, chosen: bool | None) -> None:
    """DoRA is an adapter of its own, at more cost."""
    run.take("adapter", "dora" if chosen else None)


def eight_bit(run: Run) -> None:
    """A base in 8 bit is read as one in 16 bit."""
    run.note("the 8-bit base is read as a 16-bit one: memory is overstated by about 1 byte per weight")


def precision(settings: Settings, bf16: bool | None, fp16: bool | None, fp8: bool | None = None) -> str | None:
    """The precision of the products; two at once are a problem; None where none is stated."""
    if bf16 and fp16:
        settings.problem("fp16", "fp16 and bf16 both true", "one of them", "remove one, fp16 on a recent GPU")
        return None
    if fp8:
        return "fp8"
    if bf16 or fp16:
        return "bf16" if bf16 else "fp16"
    return "fp32" if bf16 is False and not fp16 else None


def goal(settings: Settings, key: str, named: str | None) -> str | None:
    """The objective for the goal that a tool names; a goal that is not in objectives.csv is refused."""
    word = named and spelt("objective", named)
    if word is None or word in WORDS["objective"]:
        return word
    fix = "give the sizes of the run as options, or a configuration for one of these"
    settings.problem(key, str(named), f"one of {', '.join(WORDS['objective'])}: other goals are not covered", fix)
    return None


def rollout(settings: Settings, run: Run, *, by_optimizer: bool = True) -> None:
    """How answers are sampled, by the fields of TRL's GRPOConfig, RLOOConfig and PPOConfig and those like them.

    With `by_optimizer` the tool counts steps of the optimizer, of which several may learn from answers sampled at once;
    its PPO, with a value model, counts batches of answers all the same. See `sampled_steps`.

    Source: TRL 1.16 trainer/grpo_config.py; axolotl src/axolotl/utils/schemas/trl.py; torchtune's recipes for GRPO and
    PPO; LLaMA-Factory hparams. Leaves out tools, and mini-batches, which change little.
    """
    goal = catalog.objective(str(run.values.get("objective", "sft")))
    if not goal.samples:
        return
    for name, keys in ROLLOUT_SIZES.items():
        run.take(name, settings.whole(settings.first(*keys)))
    for name, words in USUAL.items():
        usual = PPO_PASSES if name == "updates" and goal.value_model else getattr(goal, name)
        if name not in run.values and usual > 1:
            run.take_or(name, None, usual, words)
        run.values.setdefault(name, 1)
    if by_optimizer and not goal.value_model:
        run.values["sampled_for"] = [settings.whole(name) for name in SAMPLED_FOR]
    if "prompt_tokens" in run.values:
        run.note("every prompt is counted as long as max_prompt_length allows")
    weight = settings.number(settings.first("beta", "kl_coef", "kl_coeff"))
    run.take("reference", None if weight is None else weight > 0)
    engine = settings.flag("use_vllm") or settings.flag("vllm")
    served = settings.text("vllm_mode") == "server" or bool(settings.text("vllm_server_host"))
    run.take("sampler", "in-turn" if served else "colocated" if engine else "generate")
    run.take("engine_share", settings.number(settings.first("vllm_gpu_memory_utilization", "gpu_memory_utilization")))
    run.take("engine_sleeps", settings.flag("vllm_enable_sleep_mode"))
    if settings.text(settings.first("reward_model_path", "reward_model")):
        run.note("the file does not say how large the reward model is: say it with --reward-params, it is left out")


def raised(values: dict[str, object]) -> None:
    """Full fine-tuning that accelerate or DeepSpeed shards keeps its trained weights in 32 bit.

    Source: accelerate 1.15 accelerator.py and utils/fsdp_utils.py raise trained weights to 32 bit under mixed precision
    for both FSDP versions; DeepSpeed keeps 32-bit copies for fp16 and bf16. Leaves out adapters, which PEFT holds in
    32 bit anyway.
    """
    sharded = str(values.get("sharding", "none")) not in ("none", "ddp")
    if values.get("method") == "full" and sharded and values.get("precision", "bf16") != "fp32":
        values["masters"] = "32-bit"
