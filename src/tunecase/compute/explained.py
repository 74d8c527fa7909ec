"""The words of fit: what was assumed, what dominates, what would change the verdict, and formulas without symbols."""

from collections.abc import Iterator
from datetime import date

from tunecase import catalog
from tunecase.compute import memory
from tunecase.compute.measured.calibration import Calibration
from tunecase.compute.memory.peak import GB_PER_GIB, Peak, Verdict
from tunecase.compute.model.blocks import Shape
from tunecase.compute.model.towers import Uncounted
from tunecase.compute.prediction import Pace, need_of_training, sides_gb
from tunecase.compute.recipe import CHOICES, USUAL_MACHINE, Recipe
from tunecase.compute.remedies import most_that_fits
from tunecase.compute.request import Settled
from tunecase.compute.rollout import middle
from tunecase.compute.search import Choice, Searched, machine_bound, methods_of
from tunecase.compute.speed.rates import shipped
from tunecase.compute.speed.rollout import sampled_by
from tunecase.prices import TIERS, GpuHour, assumed
from tunecase.quantities import counted, figures
from tunecase.records import Rolled

BATCHES = (*range(1, 17), *(2**power for power in range(5, 11)))
LENGTHS = (*range(256, 8_193, 256), *range(9_216, 131_073, 1_024))  # tokens
# Kinds of layer that keep several times as much without checkpointing where their own kernels are missing.
FUSED = ("gated delta", "state space", "attention and state space")
FATES = {  # what becomes of a tower, and what to type instead
    "frozen": "frozen on the card; --towers left-out drops it",
    "trained": "learning in full; --towers frozen spares that",
    "left out": "left out; --towers frozen counts it",
}
NOT_COUNTED = (
    "evaluation, and loading a base that is not in 4 bit, which can peak higher than a training step",
    "disk for checkpoints, network egress, and cards that stand idle",
    "slow data loading, throttled or shared cards, and networks other than the table's",
)
FORMULAS = (
    "peak = the largest of the phases below; weights, masters and optimizer states are in each of them",
    "loss phase: layer inputs kept + logits and their gradient; backward: the layer being worked on as well",
    "optimizer step: gradients and the optimizer's work space, no activations",
    "reserved = allocated + what the allocator keeps in its cache; nvidia-smi adds the driver's context",
    "busy = square root of (computing squared + launching kernels squared), as neither fully hides the other",
    "micro-batch = the longer of busy and moving + a share of the shorter + what passes between cards + a pause",
    "step = accumulation x micro-batch + optimizer + gradients between cards + the host's part",
    "hours = start-up + loading + tokens / (tokens per second x GPUs) x (1 + evaluation)",
    "price = hours x GPUs x price of a GPU hour x (1 + share of runs that fail)",
)


ROLLOUT_FORMULAS = (
    "sampling = answers / rate of the engine + what the longest answer takes beyond the mean, alone in the batch",
    "log-probabilities = forward passes before training: of the model itself, a reference model, a value model",
    "a step with sampling = sampling + reward + log-probabilities + updates x training + new weights for the engine; "
    "on cards of their own, the longer of sampling with a judge and of reward model, log-probabilities and training, "
    "+ new weights",
)


def rolled(recipe: Recipe, speed: Pace, calibration: Calibration | None = None) -> Rolled | None:
    """The step of a run that samples its answers, None for any other; its speed tells the times."""
    rollout, step = recipe.rollout, speed.rollout
    if rollout is None or step is None:
        return None
    sampled = sampled_by(recipe)
    training, sampling = sides_gb(recipe, need_of_training(recipe, calibration).mid_gb)
    where = {"generate": "transformers' generate", "colocated": f"{rollout.engine_share:.0%} of each card"}
    cards = f"{counted(rollout.own_cards, 'card')} of its own"
    each = f", {counted(sampled.tensor, 'card')} a replica" if sampled.tensor > 1 else ""
    return Rolled(
        answers=rollout.answers,
        tokens=rollout.answers * rollout.texts.mean,
        training_cards=int(recipe.gpus),
        sampling_cards=rollout.own_cards or int(recipe.gpus),
        training_gib=float(training) / GB_PER_GIB,
        sampling_gib=float(sampling) / GB_PER_GIB,
        trainer_idle=float(step.trainer_idle),
        sampler_idle=float(step.sampler_idle),
        drain=float(step.drain),
        engine=f"{rollout.sampler}, {where.get(rollout.sampler, cards)}{each}",
        refused=sampled.refused,
    )


def sizes_words(shape: Shape) -> str:
    """Parameters, layers and experts of a model.

    Example:
        >>> from tunecase.compute.model import read_shape
        >>> sizes_words(read_shape("mixtral-8x7b"))
        '46.7B parameters, 32 layers, 8 experts, 2 active per token'
    """
    experts = f", {shape.experts} experts, {shape.active_experts} active per token" if shape.experts else ""
    return f"{figures(shape.params, 3)} parameters, {shape.layers} layers{experts}"


def choice_words(choice: Choice) -> str:
    """A choice on one line, with its P90 beside what the card can hold."""
    recipe = choice.recipe
    assert recipe.gpu is not None
    usable = memory.usable_gb(recipe.gpu) / GB_PER_GIB
    return f"{run_words(recipe)}: P90 {choice.over * usable:.1f} of {usable:.1f} GiB"


def run_words(recipe: Recipe) -> str:
    """Cards, method, micro-batch, sharding and checkpointing."""
    assert recipe.gpu is not None
    sharding = f", {recipe.sharding}" if recipe.gpus > 1 else ""
    kept = "no checkpointing" if recipe.checkpointing == "none" else f"{recipe.checkpointing} checkpointing"
    return f"{recipe.cards} x {recipe.gpu.name}, {recipe.method}, micro-batch {recipe.micro_batch}{sharding}, {kept}"


def dominant_words(peak: Peak) -> str:
    """The largest term of the peak, its share, and the phase in which the peak lies."""
    size = max(gb for _, gb in peak.terms)
    return f"{peak.dominant} ({size / peak.mid_gb:.0%} of the peak, which lies in the phase '{peak.phase}')"


def turning(recipe: Recipe, verdict: Verdict, calibration: Calibration | None = None) -> tuple[str, ...]:
    """Where the verdict turns: the largest micro-batch and the longest samples that fit, or that none do."""
    context = recipe.shape.context or 131_072
    batches = sorted({*BATCHES, recipe.micro_batch})
    lengths = [length for length in sorted({*LENGTHS, int(recipe.sequence_tokens)}) if length <= context]
    batch = most_that_fits(recipe, "micro_batch", batches, calibration)
    length = most_that_fits(recipe, "sequence_tokens", lengths, calibration) if lengths else None
    words = []
    if batch not in (None, recipe.micro_batch):
        words.append(f"micro-batches up to {batch} of {recipe.sequence_tokens:,} tokens fit")
    if length is not None and length != recipe.sequence_tokens:
        whole = " (the model's maximum)" if length == context else ""
        words.append(f"samples up to {length:,} tokens{whole} fit at micro-batch {recipe.micro_batch}")
    if verdict != "fits" and batch is length is None:
        words.append("no micro-batch and no length fits in nine of ten cases: what any batch needs is too much")
    return tuple(words)


def setup_fields(recipe: Recipe) -> tuple[tuple[str, str], ...]:
    """Every field of the set-up as taken, for people."""
    names = [
        "framework", "method", "objective", "precision", "masters", "optimizer", "attention", "loss", "kernels",
        "checkpointing", "sharding", "offload", "sequence_tokens", "micro_batch", "accumulation", "gpus",
    ]  # fmt: skip
    if recipe.method != "full":
        names[2:2] = ["adapter", "rank", "targets"]
    elif recipe.frozen_layers:
        names.insert(2, "frozen_layers")
    names += [
        f"{kind}_parallel" for kind in ("tensor", "pipeline", "context") if getattr(recipe, f"{kind}_parallel") > 1
    ]
    sampled = ("group_size", "completion_tokens", "updates", "sampler", "reference") if recipe.rollout else ()
    return tuple(
        (name, _shown(getattr(of, name)))
        for of, named in ((recipe, names), (recipe.rollout, sampled))
        for name in named
    )


def option_of(said: Recipe, recipe: Recipe, choice: str) -> str:
    """What to type to state a choice as one set-up has it; of kernels, the field in which it differs from the run."""
    names = CHOICES[choice]
    name = next((name for name in names if getattr(said, name) != getattr(recipe, name)), names[-1])
    return f"--{name.replace('_', '-')} {getattr(said, name)}"


def _shown(value: object) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)


def assumptions(ask: Settled, searched: Searched, recipe: Recipe, price: GpuHour | None) -> tuple[str, ...]:
    """What was assumed where the request is silent and the user can say otherwise, the weightiest first."""
    setup, paid = _setup_notes(ask, searched, recipe), _price_notes(ask, recipe, price)
    towers, judged = tuple(tower_notes(recipe)), recipe.rollout is not None and recipe.rollout.reward_seconds
    marks = (f"a judge marks {middle('reward_at_once'):g} answers at once: assumed",) if judged else ()
    return (*marks, *ask.notes, *towers[:-1], *setup, *paid, *_model_notes(recipe), *towers[-1:])


def background(ask: Settled, recipe: Recipe, today: date) -> tuple[str, ...]:
    """What every answer of this kind rests on: shown when the terms are asked for."""
    return tuple(_background(ask, recipe, today))


def _background(ask: Settled, recipe: Recipe, today: date) -> Iterator[str]:
    constants = shipped()
    assert recipe.gpu is not None
    if recipe.method == "full":
        yield f"trained weights in {recipe.masters}: {_bytes_per_param(recipe):.0f} bytes per parameter at the step"
    elif recipe.method == "qlora":
        yield "4-bit NF4 weights with double quantisation; embedding and head stay in 16 bit"
    if recipe.method != "full":
        adapters = recipe.shape.lora_params(recipe.rank, recipe.targets)
        yield f"adapters of rank {recipe.rank}: {figures(adapters, 3)} parameters"
    yield f"speed learnt from {constants.rows} published runs of {counted(constants.sources, 'publisher')}"
    if recipe.gpus > recipe.joined_cards:
        kind = "racks" if recipe.joined_cards == recipe.gpu.domain_cards > USUAL_MACHINE else "machines"
        yield f"{kind} of {recipe.joined_cards} cards, linked as tables/gpus.csv states"
    tiers = list(_tiers(recipe.gpu, today))
    if tiers:
        yield f"by tier, USD per {recipe.gpu.name} hour: {'; '.join(tiers)}"
    if ask.job.train_tokens is not None:
        shares = {name: catalog.default(name).value for name in ("fit.start_up", "fit.evaluation", "training.failed")}
        yield (
            f"assumed: start-up {shares['fit.start_up']}, evaluation {shares['fit.evaluation']} of the time, "
            f"failed runs {shares['training.failed']} (tables/defaults.csv)"
        )


def _setup_notes(ask: Settled, searched: Searched, recipe: Recipe) -> Iterator[str]:
    framework = catalog.framework(recipe.framework)
    bound = machine_bound(recipe.gpu) if recipe.gpu is not None else 0
    if recipe.gpu is not None and not recipe.gpu.training_runs:
        yield _unmeasured(recipe.gpu)
    if recipe.gpu is not None and 0 < bound < recipe.gpus:
        what = f"no known instance holds more than {bound} {recipe.gpu.name}"
        yield f"{what}: ask your provider what joins {recipe.gpus} of them"
    if len(methods_of(ask)) > 1:
        methods = ", ".join(methods_of(ask))
        yield f"the method was left open: {methods} were weighed by price alone, not by how well they learn"
    if ask.global_batch is None and "accumulation" not in ask.given:
        yield f"{counted(searched.samples_per_step or 0, 'sample')} a step are assumed; --global-batch changes that"
    if recipe.rollout is not None:
        slower = catalog.default("rollout.slower").value
        middle = figures(assumed("rollout.slower").median, 1)
        yield f"published steps took {slower} times the sum of the parts, {middle} in the middle: each part counts that"
    elif recipe.lengths is None:
        yield f"every row counts {recipe.sequence_tokens:,} tokens, as packed rows do (--lengths FILE gives real ones)"
    own = "" if {"optimizer", "attention", "loss"} & set(ask.given) else " (its own defaults)"
    yield f"{framework.name} with {recipe.optimizer}, {recipe.attention} attention, loss {recipe.loss}{own}"


def _unmeasured(card: catalog.Gpu) -> str:
    """Whose runs the time on a card rests on, of which no training run was read."""
    measured = card.generation in catalog.measured_generations()
    others = f"its generation ({card.generation})" if measured else "other generations, so that its range is wider"
    return f"training on the {card.name} was never measured: its time rests on {others}"


def _bytes_per_param(recipe: Recipe) -> float:
    from tunecase.compute.memory.states import states_of

    states = states_of(recipe.but(gpus=1, sharding="none"))
    total = sum(states.lasting.values()) + states.gradients + states.step
    return float(total / recipe.shape.params)


def _price_notes(ask: Settled, recipe: Recipe, price: GpuHour | None) -> Iterator[str]:
    """What was assumed for the price, and why time or price is missing."""
    assert recipe.gpu is not None
    if not recipe.gpu.timed:
        return
    name, kind = recipe.gpu.name, "spot price" if ask.job.spot else "price"
    if price is None:
        yield f"no {kind} for an hour of the {name} in any tier: the run is unpriced"
    if ask.job.train_tokens is None:
        yield "no number of training tokens is given (--tokens or --examples): the whole run has neither time nor price"
    if ask.job.spot:
        given = {
            name: catalog.default(f"fit.{name}").value for name in ("interruptions", "checkpoint_every", "restart")
        }
        yield (
            f"spot, assumed: {given['interruptions']} interruptions per machine and hour, a checkpoint every "
            f"{given['checkpoint_every']}, restart {given['restart']}"
        )


def _tiers(gpu: catalog.Gpu, today: date) -> Iterator[str]:
    """Lowest and highest price of each tier that has one, current prices where there are any."""
    for tier in TIERS:
        rows = [p for p in catalog.lowest_prices() if (p.gpu, p.tier) == (gpu.name, tier)]
        prices = [p.usd_per_gpu_hour for p in catalog.standing(rows, today)]
        if prices:
            yield f"{tier} {min(prices):.2f} to {max(prices):.2f}"


def tower_notes(recipe: Recipe) -> Iterator[str]:
    """What reads images or sound: its parameters, what becomes of them, and that its time is not counted.

    Example:
        >>> from tunecase.compute.model import read_shape
        >>> list(tower_notes(Recipe(read_shape("gemma-3-4b-it"))))[0]
        'vision tower of 420M parameters, 9.8% of the model, frozen on the card; --towers left-out drops it'
    """
    shape = recipe.shape
    for tower in shape.towers:
        share = figures(100 * tower.params / (shape.params + shape.tower_params), 2)
        size = f"of {figures(tower.params, 3)} parameters, {share}% of the model, {FATES[recipe.towers]}"
        unknown = f"not counted (kind {tower.name}): it comes on top" if isinstance(tower, Uncounted) else ""
        yield f"{tower.kind} tower {unknown or size}"
    if shape.towers and recipe.towers != "left out":
        yield "the time of images and sound is left out: how many a sample holds is not known"


def _model_notes(recipe: Recipe) -> Iterator[str]:
    shape = recipe.shape
    assert recipe.gpu is not None
    if recipe.precision == "fp16" and not recipe.gpu.bf16:
        yield f"the {recipe.gpu.name} has no bf16: fp16 with loss scaling and 32-bit masters is used"
    if recipe.method == "qlora" and recipe.gpu.generation.startswith("cdna"):
        yield "4-bit bases on AMD cards need bitsandbytes 0.50 or newer (its pull request 1887): older ones fail there"
    if not shape.context:
        yield "the model's config does not state its longest context, so the sample length was not checked against it"
    if recipe.method != "full" and (doubt := catalog.adapter(recipe.adapter).doubt):
        yield f"{recipe.adapter} adapters {doubt}"
    if shape.experts:
        yield f"{shape.active_experts} of {shape.experts} experts per token: few measured runs have experts"
    for kind in shape.new_blocks:
        fused = "; its fused kernels are taken to be installed" if kind in FUSED else ""
        yield f"{kind} layers were never measured: the ranges are wider by assumption{fused}"
    if recipe.goal.what:
        copied = ": the base with adapters off, or a copy in full fine-tuning" if recipe.goal.reference else ""
        yield f"{recipe.objective}: {recipe.goal.what}{copied}"
