"""A request for one training run, and the set-up after the framework fills in what the request leaves out."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from tunecase import catalog
from tunecase.compute import rollout_request
from tunecase.compute.lengths import Lengths
from tunecase.compute.model.blocks import Shape
from tunecase.compute.model.reading import read_shape
from tunecase.compute.own_card import own_cards
from tunecase.compute.recipe import CHOICES, WORDS, Recipe, spelt
from tunecase.compute.rollout import Batch, Rollout, Sampled
from tunecase.compute.running import Job
from tunecase.errors import InputError, Problem, nearest
from tunecase.quantities import Const, UnitError, Wanted, read_quantity

T = TypeVar("T")
MOST_GPUS = 4096
LEAST_PARAMS = 1e6  # of a model that marks answers
MOST_TRAINED = 1e15  # tokens; a hundred times what the largest models were pre-trained on
MOST_TOKENS = 2**24  # in one micro-batch of one card; no card of the tables holds a tenth of it
SAMPLES_PER_STEP = 16
AMOUNTS = ("train_tokens", "steps", "examples", "epochs")
SHARDINGS = {"fsdp": ("ddp", "fsdp"), "deepspeed": ("ddp", "zero2", "zero3"), "megatron": ("ddp", "zero1")}
USUAL_SHARDING = {"fsdp": "fsdp", "deepspeed": "zero3", "megatron": "zero1"}
SIZES = (
    "rank", "sequence_tokens", "micro_batch", "accumulation", "gpus_per_node", "tensor_parallel", "pipeline_parallel",
    "context_parallel",
)  # fmt: skip
_NUMBER = re.compile(
    r"([-+]?[\d.,]+(?:[eE][-+]?\d+)?\s{0,9}(?:[kKMB]|thousand|million|billion|mln|mio|bn)?)"
    r"(\s{1,9}(tokens?|samples?|examples?|pairs?|epochs?|steps?|gpus?|cards?|layers?))?"
)
WITHOUT = {"bf16": "use fp16, or an Ampere or newer card", "fp8": "use bf16, or an Ada or newer card"}
FIXES = {
    "micro_batch": "use micro_batch 1 or more, or leave it out to have it searched",
    "gpus": "use gpus 1 or more, or leave it out to have it searched",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One run as asked for, by a user or a configuration file; what was not stated is absent.

    `given` holds fields of Recipe by name (and `trained_layers`, blocks at the top that learn), `cards` names of GPUs,
    `card_memory` that of one, `counts` how many of them, `global_batch` samples of one optimizer step over all cards.
    How much is trained is `train_tokens` over all epochs, or `steps` of the optimizer, or `examples` (those of
    `lengths` when left out) times `epochs`. `engine` works out how long sampled answers take. `complete` says that what
    is absent is what the framework does by itself, as of a configuration file, not what nobody stated. `problems` were
    met on the way here, `notes` are for people.
    """

    model: str
    given: Mapping[str, Any] = field(default_factory=dict)
    cards: tuple[str, ...] = ()
    counts: tuple[Any, ...] = ()
    global_batch: Any = None
    train_tokens: Any = None
    steps: Any = None
    examples: Any = None
    epochs: Any = None
    deadline_hours: float | None = None
    spot: bool = False
    card_memory: Any = None
    lengths: Lengths | None = None
    engine: Callable[[Batch], Sampled] | None = None
    base: Path | None = None
    complete: bool = False
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """A request without mistakes; `cards` and `counts` are empty where they are to be searched."""

    shape: Shape
    given: Mapping[str, Any]
    cards: tuple[catalog.Gpu, ...]
    counts: tuple[int, ...]
    global_batch: int | None
    job: Job
    notes: tuple[str, ...] = ()
    complete: bool = False

    @property
    def framework(self) -> catalog.Framework:
        """The framework, transformers where none was named."""
        return catalog.framework(self.given.get("framework", "transformers"))

    @property
    def shared_by(self) -> int:
        """Cards that work on the same samples."""
        return cards_per_sample(self.given)

    def recipe(self, card: catalog.Gpu | None = None, several: bool = False, **words: Any) -> Recipe:
        """The set-up on one card or several; fields not given are the framework's own.

        Args:
            card: one without bf16 computes in fp16 where no precision was given, with 32-bit masters.
            several: on more than one card; sharding none is then ddp, a whole copy on each.
            words: fields of Recipe that overrule what was given.
        Source: catalog/tables/frameworks.csv.
        """
        fields = {**self._usual(several), **self.given, **words}
        if not several:
            fields["sharding"] = "none"
        elif fields["sharding"] == "none":
            fields["sharding"] = "ddp"
        if card is not None and not card.bf16:
            fields.setdefault("precision", "fp16")
        if fields.get("precision") == "fp16" and "masters" not in self.given:
            fields["masters"] = "32-bit"  # loss scaling needs them
        recipe = Recipe(self.shape, card, **fields)
        return recipe.but(unsaid=self._unsaid(recipe, {*self.given, *words}))

    def _unsaid(self, recipe: Recipe, stated: set[str]) -> frozenset[str]:
        """The choices that neither the request nor the caller states; a length is always that of the longest sample."""
        if self.complete:
            return frozenset()
        unsaid = {choice for choice, fields in CHOICES.items() if not stated & {*fields, choice}} - {"length"}
        if recipe.method != "lora" or recipe.precision == "fp32":
            unsaid.discard("base")
        if recipe.method != "full" or recipe.precision in ("fp16", "fp32"):
            unsaid.discard("masters")
        return frozenset(unsaid)

    def _usual(self, several: bool) -> dict[str, Any]:
        """The framework's own fields on one card or several."""
        framework = self.framework
        return {
            "framework": framework.name,
            "masters": framework.masters_several if several else framework.masters_one,
            "checkpointing": framework.checkpointing_several if several else framework.checkpointing_one,
            "loss": framework.loss,
            "kernels": framework.kernels,
            "optimizer": framework.optimizer,
            "sharding": USUAL_SHARDING[framework.engine] if several else "none",
        }


@dataclass(slots=True)
class _Draft:
    """A request while it is being checked: its fields as their own types, and what was found wrong with them."""

    request: Request
    problems: list[Problem]
    notes: list[str]
    given: dict[str, Any]
    cards: list[catalog.Gpu]
    counts: list[int]
    batch: int | None

    def refuse(self, where: str, got: str, wanted: str, fix: str) -> None:
        """One more problem."""
        self.problems.append(Problem(where, got, wanted, fix))


def settled(request: Request) -> Settled:
    """The request after all checks; numbers may be text as people write them (2k, 5M). Mistakes are raised together.

    Returns: the Settled request.
    Raises: InputError with all problems.

    Example:
        >>> settled(Request("llama-2-7b", {"rank": "8"}, cards=("h100",))).cards[0].name
        'H100'
    """
    problems = list(request.problems)
    unnamed = not request.model and problems  # a file that cannot be read is among the problems
    shape = None if unnamed else _attempt(lambda: read_shape(request.model, request.base), problems)
    draft = _draft(request, problems)
    _check_cards(draft)
    _check_method(draft)
    _check_sharding(draft)
    if shape is not None:
        _check_sizes(draft, shape)
        _check_learning(draft, shape)
        if not _take_rollout(draft, shape):
            _take_lengths(draft, shape)
    job = _job(draft)
    if problems or shape is None:
        raise InputError(problems)
    cards, counts = tuple(dict.fromkeys(draft.cards)), tuple(dict.fromkeys(draft.counts))
    return Settled(shape, draft.given, cards, counts, draft.batch, job, tuple(draft.notes), request.complete)


def _draft(request: Request, problems: list[Problem]) -> _Draft:
    """The fields of a request, each as its own type or among the problems."""
    cards = [card for name in request.cards if (card := _attempt(lambda name=name: catalog.gpu(name), problems))]  # type: ignore[misc]
    given = {name: _plain(name, value, problems) for name, value in request.given.items() if value is not None}
    counts = [_size("gpus", count, problems) for count in request.counts]
    batch = None if request.global_batch is None else _size("global_batch", request.global_batch, problems)
    if any(count > MOST_GPUS for count in counts):
        problems.append(Problem("gpus", repr(max(counts)), f"at most {MOST_GPUS}", "use fewer GPUs"))
    tables: dict[str, Callable[[str], Any]] = {"framework": catalog.framework, "optimizer": catalog.optimizer}
    for kind in tables:
        if kind in given and (row := _attempt(partial(tables[kind], given[kind]), problems)):
            given[kind] = row.name
    notes = list(request.notes)
    if request.card_memory is not None:
        cards = own_cards(request.card_memory, cards, notes, problems)
        counts = counts or [1] * (not all(card.timed for card in cards))  # nothing would tell several apart
    return _Draft(request, problems, notes, given, cards, counts, batch)


def _take_rollout(draft: _Draft, shape: Shape) -> bool:
    """Puts how answers are sampled into the fields given; cards that only sample are taken off the counts."""
    given, refuse, lengths = draft.given, draft.refuse, draft.request.lengths
    rollout, assumed = rollout_request.rollout_of(given, draft.request.engine, shape.context, refuse, lengths)
    if rollout is None:
        return False
    own, least = rollout.own_cards, cards_per_sample(given)
    for count in draft.counts:
        if own and count - own < least:
            fix = f"use {own + least} gpus or more, or fewer sampler_gpus"
            refuse("sampler_gpus", f"{own} of {count} cards", "cards left to train on", fix)
    draft.counts = [max(count - own, least) for count in draft.counts]
    if draft.batch not in (None, rollout.answers):
        fix = "leave global_batch out: it is prompts x group_size"
        refuse("global_batch", str(draft.batch), f"{rollout.answers}, the answers of a step", fix)
    draft.batch = rollout.answers
    draft.notes += [assumed] if assumed else []
    given |= {"rollout": rollout, "lengths": rollout.texts, "sequence_tokens": rollout.texts.longest}
    given.setdefault("packing", False)
    return True


def _take_lengths(draft: _Draft, shape: Shape) -> None:
    """Puts lengths and packing into the fields given, with notes on what was assumed."""
    lengths, given = draft.request.lengths, draft.given
    if lengths is None:
        return
    given["lengths"] = lengths
    limit = given.setdefault("sequence_tokens", min(lengths.longest, shape.context or lengths.longest))
    if "packing" not in given:
        given["packing"] = False
        draft.notes.append("samples are padded to the longest of their micro-batch; --packing joins short ones instead")
    if not given["packing"]:
        given["sequence_tokens"] = min(limit, lengths.longest)
    if lengths.longest > limit:
        draft.notes.append(f"samples longer than {limit:,} tokens are cut to that")


def _job(draft: _Draft) -> Job:
    """How much is trained, and by when; tokens computed from examples are useful ones."""
    request, given = draft.request, draft.given
    amounts = {name: getattr(request, name) for name in AMOUNTS}
    numbers = {name: _positive(name, value, draft.problems) for name, value in amounts.items() if value is not None}
    if "train_tokens" in numbers and "examples" in numbers:
        fix = "give --tokens, or --examples with --epochs"
        draft.refuse("train_tokens", "given together with examples", "one way to say how much", fix)
    length, rollout = float(given.get("sequence_tokens", 2048)), given.get("rollout")
    lengths = rollout.texts if rollout else request.lengths
    mean = lengths.cut(int(length)).mean if lengths is not None else length
    row = _halves(given) * (length if given.get("packing") and not rollout else mean)  # a packed row is full
    steps, tokens = numbers.get("steps"), numbers.get("train_tokens")
    if steps is not None:
        # A configuration's steps come with tokens for its own cards and batch, which the options typed may change.
        tokens = _tokens_of_steps(draft, steps, row)
    elif tokens is None:
        tokens = _tokens_of_samples(draft, numbers, mean)
    _check_amount(draft, tokens)
    return Job(tokens, request.deadline_hours, request.spot, steps, row if steps is not None else 0.0)


def _halves(given: Mapping[str, Any]) -> int:
    """Texts of one sample: two where answers are compared."""
    named = given.get("objective", "sft")
    return catalog.objective(named).answers if named in WORDS["objective"] else 1


def _tokens_of_steps(draft: _Draft, steps: float, row_tokens: float) -> float:
    ways = max(min(draft.counts, default=1) // cards_per_sample(draft.given), 1)
    samples = step_samples(draft.given, draft.batch, ways)
    kind = "pair" if _halves(draft.given) == 2 else "answer" if "rollout" in draft.given else "sample"
    grows = ", more with more cards" if draft.batch is None and len(set(draft.counts)) != 1 else ""
    draft.notes.append(f"{steps:,.0f} optimizer steps of {samples:,} {kind}s{grows}")
    return float(steps * samples * row_tokens)


def _tokens_of_samples(draft: _Draft, numbers: Mapping[str, float], mean_tokens: float) -> float | None:
    """Examples x epochs x tokens of one, None where the number of examples is not known."""
    lengths, halves, epochs = draft.request.lengths, _halves(draft.given), numbers.get("epochs", 1.0)
    passes = _passes(epochs)
    if isinstance(rollout := draft.given.get("rollout"), Rollout):
        return _tokens_of_prompts(draft, numbers, rollout)
    examples = numbers.get("examples") or (float(lengths.total) if lengths is not None else None)
    if examples is None:
        if "epochs" in numbers:
            draft.notes.append(f"{passes} of an unknown number of samples: give --examples or --lengths")
        return None
    unsure = "" if lengths is not None else ", each taken as long as the longest (--lengths FILE gives real ones)"
    samples = f"{examples:,.0f} pairs x {passes} x 2 answers" if halves == 2 else f"{examples:,.0f} samples x {passes}"
    draft.notes.append(f"{samples} x {mean_tokens:,.0f} tokens{unsure}")
    return examples * epochs * halves * mean_tokens


def _passes(epochs: float) -> str:
    return f"{epochs:g} epoch{'' if epochs == 1 else 's'}"


def _tokens_of_prompts(draft: _Draft, numbers: Mapping[str, float], rollout: Rollout) -> float | None:
    """Prompts x epochs x answers to each x tokens of prompt and answer; None where their number is not known."""
    prompts, epochs = numbers.get("examples"), numbers.get("epochs", 1.0)
    if prompts is None:
        return None
    each = f"{rollout.group_size} answers x {rollout.texts.mean:,.0f} tokens"
    draft.notes.append(f"{prompts:,.0f} prompts x {_passes(epochs)} x {each}")
    return prompts * epochs * rollout.group_size * rollout.texts.mean


def _check_amount(draft: _Draft, tokens: float | None) -> None:
    """Refuses more tokens than anyone trains on, and a deadline without an amount."""
    deadline = draft.request.deadline_hours
    if tokens is not None and tokens > MOST_TRAINED:
        fix = "check the amount: the largest models were pre-trained on some 1e13 tokens"
        draft.refuse("train_tokens", f"{tokens:.3g}", f"at most {MOST_TRAINED:.0e} tokens in all", fix)
    if deadline is not None and tokens is None and not draft.problems:
        fix = "give --tokens, or --examples with --epochs"
        draft.refuse("deadline", f"{deadline:g} h without an amount", "how much to train", fix)


def cards_per_sample(given: Mapping[str, Any]) -> int:
    """Cards that work on the same samples: tensor x pipeline x context parallel."""
    return math.prod(given.get(f"{kind}_parallel", 1) for kind in ("tensor", "pipeline", "context"))


def step_samples(given: Mapping[str, Any], global_batch: int | None, ways: Any, micro_batch: Any = None) -> Any:
    """Samples of one optimizer step over all cards, arrays where cards are.

        given       global batch,  else micro-batch x accumulation x cards, growing with the cards as in the frameworks
        assumed     the least multiple of what the cards hold at once that is 16 or more

    The assumed batch never rules out a number of cards: each works on a sample of its own, or on the given micro-batch.

    Args:
        given: fields of Recipe as asked for.
        global_batch: samples of a step, None where not stated.
        ways: cards that work on different samples.
        micro_batch: of one card, where it is searched.

    Example:
        >>> step_samples({}, None, 1), step_samples({}, None, 24), step_samples({"micro_batch": 2}, None, 3)
        (16, 24, 18)
        >>> step_samples({"micro_batch": 2, "accumulation": 4}, None, 8)
        64
    """
    if global_batch is not None:
        return global_batch
    if given.get("accumulation"):
        return ways * given.get("micro_batch", 1 if micro_batch is None else micro_batch) * given["accumulation"]
    at_once = ways * given.get("micro_batch", 1)
    return at_once * -(-SAMPLES_PER_STEP // at_once)


def amounts_of(typed: Mapping[str, Any], in_file: Mapping[str, Any]) -> dict[str, Any]:
    """How much is trained, from options and a configuration file; options come first.

    If only the number of samples is typed, the file's epochs hold; if only epochs are typed, its samples do.

    Example:
        >>> amounts_of({"examples": "50k"}, {"epochs": 3, "steps": None})
        {'train_tokens': None, 'steps': None, 'examples': '50k', 'epochs': 3}
    """
    amounts = {name: typed.get(name) for name in AMOUNTS}
    stated = {name for name, value in amounts.items() if value is not None}
    if not stated:
        return {name: in_file.get(name) for name in AMOUNTS}
    if stated <= {"examples", "epochs"}:
        amounts |= {name: in_file.get(name) for name in {"examples", "epochs"} - stated}
    return amounts


def _positive(name: str, value: Any, problems: list[Problem]) -> float:
    number = number_of(value)
    if isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number) and number > 0:
        return float(number)
    problems.append(Problem(name, repr(number), "a number above 0", "write for example 5M or 2k"))
    return 1.0


def _share(name: str, value: Any, problems: list[Problem]) -> float:
    """A share as a number, or in percent."""
    percent = isinstance(value, str) and value.strip().endswith("%")
    number = _positive(name, value.strip()[:-1] if percent else value, problems)
    return number / 100 if percent else number


def _params(name: str, value: Any, problems: list[Problem]) -> float:
    """Parameters of a model; fewer than a million are taken for a number in billions."""
    before, number = len(problems), _positive(name, value, problems)
    if number < LEAST_PARAMS and len(problems) == before:
        problems.append(
            Problem(name, f"{number:g} parameters", "a million or more", f"write {number:g}B or {number:g}M")
        )
    return number


def number_of(text: object) -> object:
    """The number that a text states, an int where it is whole; anything else unchanged, as with an unknown suffix.

    Example:
        >>> number_of("2k"), number_of("1.5"), number_of("two"), number_of("5X")
        (2000, 1.5, 'two', '5X')
    """
    match = _NUMBER.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        return text
    try:
        spread = read_quantity(match[1], Wanted("", zero_ok=True)).spread
    except UnitError:
        return text
    if not isinstance(spread, Const):
        return text
    return int(spread.value) if spread.value == int(spread.value) else spread.value


def _plain(name: str, value: Any, problems: list[Problem]) -> Any:
    """One field of Recipe as its own type; what cannot be read becomes a problem."""
    return READ[name](name, value, problems) if name in READ else value


def _word(name: str, value: Any, problems: list[Problem]) -> Any:
    word = spelt(name, value)
    if word not in WORDS[name]:
        problems.append(Problem(name, repr(word), f"one of {', '.join(WORDS[name])}", nearest(str(word), WORDS[name])))
    return word


def _size(name: str, value: Any, problems: list[Problem]) -> int:
    """A whole number of at least 1; 1 stands in for what was refused, so that the other checks go on."""
    number = number_of(value)
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        fix = FIXES.get(name, f"use {name} 1 or more")
        problems.append(Problem(name, repr(number), "a whole number, at least 1", fix))
        return 1
    return number


def _yes(name: str, value: Any, problems: list[Problem]) -> bool:
    """Yes or no."""
    said = str(value).casefold()
    if said not in ("yes", "no", "true", "false"):
        problems.append(Problem(name, repr(value), "yes or no", f"write {name} yes, or leave it out"))
    return said in ("yes", "true")


def _layers(name: str, value: Any, problems: list[Problem]) -> int:
    number = number_of(value)
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        problems.append(Problem(name, repr(value), "a whole number, 0 or more", "leave it out to train all layers"))
        return 0
    return number


def _targets(name: str, value: Any, problems: list[Problem]) -> Any:
    """One word, or the names of a list or of a text with commas or blanks; a later check asks if the model has them."""
    if not isinstance(value, str):
        return tuple(value) if isinstance(value, Sequence) else value
    parts = tuple(value.replace(",", " ").split())
    return parts[0] if len(parts) == 1 else parts


READ: dict[str, Callable[[str, Any, list[Problem]], Any]] = {
    **dict.fromkeys(WORDS, _word),
    **dict.fromkeys((*SIZES, *rollout_request.SIZES), _size),
    **dict.fromkeys(rollout_request.AMOUNTS, _positive),
    "reward_params": _params,
    "engine_share": _share,
    **dict.fromkeys(rollout_request.FLAGS, _yes),
    **dict.fromkeys(("frozen_layers", "trained_layers"), _layers),
    "targets": _targets,
}


def _check_cards(draft: _Draft) -> None:
    """Refuses counts that the cards of one sample do not divide, and cards without the precision asked for."""
    shared, precision = cards_per_sample(draft.given), draft.given.get("precision")
    for count in draft.counts:
        if count % shared:
            wanted = f"a multiple of {shared}, the cards that share a sample"
            draft.refuse("gpus", str(count), wanted, f"use {shared * (count // shared + 1)}")
    for card in draft.cards:
        if not card.timed and (draft.request.deadline_hours is not None or draft.request.spot):
            wanted = "a card whose time and price are known"
            draft.refuse("card_memory", "a deadline or spot beside it", wanted, "name the card with --gpu")
        if precision in WITHOUT and not catalog.can(card, precision):
            draft.refuse(
                "precision", f"{precision} on a {card.name}", "a precision that the card has", WITHOUT[precision]
            )


def _check_method(draft: _Draft) -> None:
    """Refuses fields that contradict the method; adapters' fields of a full fine-tune are only noted."""
    given, precision = draft.given, draft.given.get("precision")
    method = given.get("method", "full" if given.get("frozen_layers") else "lora")
    if given.get("frozen_layers") and method != "full":
        fix = "leave frozen_layers out: an adapter's base is frozen anyway"
        draft.refuse("frozen_layers", f"{given['frozen_layers']} with {method}", "full fine-tuning", fix)
    if method == "qlora" and precision in ("fp32", "fp8"):
        draft.refuse(
            "precision", f"{precision} with qlora", "bf16 or fp16", "4-bit weights compute in 16 bit: leave it out"
        )
    if given.get("method") == "full" and "adapter" in given:
        fix = "leave adapter out, or use method lora or qlora"
        draft.refuse("adapter", f"{given['adapter']} with full", "a method with adapters", fix)
    ignored = [name for name in ("rank", "targets") if name in given]
    if given.get("method") == "full" and ignored:
        draft.notes.append(f"{' and '.join(ignored)} of adapters ignored: full fine-tuning has none")


def _check_sharding(draft: _Draft) -> None:
    """Refuses to offload under a sharding that cannot; a sharding that the number of cards changes is only noted."""
    sharding, offload = draft.given.get("sharding", ""), draft.given.get("offload", "none")
    if sharding == "none" and max(draft.counts, default=2) > 1:
        draft.notes.append("sharding none on several GPUs keeps a whole copy on each: computed as ddp")
    if set(draft.counts) == {1} and sharding not in ("", "none"):
        draft.notes.append(f"{sharding} on one GPU shards nothing: computed without it")
    if offload != "none" and sharding in ("none", "ddp"):
        fix = "use zero2, zero3 or fsdp, or leave offload out"
        draft.refuse("offload", f"{offload} with {sharding}", "a sharding that can offload", fix)


def _check_sizes(draft: _Draft, shape: Shape) -> None:
    """Refuses samples longer than the model's context, and micro-batches that no card could hold."""
    length, micro_batch = draft.given.get("sequence_tokens"), draft.given.get("micro_batch", 1)
    if length and shape.context and length > shape.context:
        wanted = f"at most {shape.context}, the longest context of {shape.name}"
        draft.refuse("sequence_tokens", repr(length), wanted, "shorten it, or use a model with a longer context")
    elif (length or 2048) * micro_batch > MOST_TOKENS:
        wanted = f"at most {MOST_TOKENS:,} tokens in a micro-batch"
        fix = "lower it: micro_batch counts samples on one card at once, not those of a step"
        draft.refuse("micro_batch", f"{micro_batch} x {length or 2048} tokens", wanted, fix)


def _check_learning(draft: _Draft, shape: Shape) -> None:
    """Refuses a rank, layers and targets that the model does not have; turns layers that learn into frozen ones."""
    given, rank = draft.given, draft.given.get("rank", 1)
    if given.get("method", "lora") != "full" and rank > shape.hidden:
        draft.refuse("rank", repr(rank), f"at most {shape.hidden}, the model's width", "lower it; 16 is common")
    learning = given.pop("trained_layers", None)
    if learning is not None:
        given["frozen_layers"] = max(shape.layers - learning, 0)
    if given.get("frozen_layers", 0) >= shape.layers:
        wanted = f"fewer than {shape.layers}, the layers of {shape.name}"
        draft.refuse("frozen_layers", repr(given["frozen_layers"]), wanted, "freeze fewer")
    if "towers" in given and not shape.towers:
        draft.notes.append(f"towers ignored: {shape.name} reads text alone")
    if "targets" in given:
        _attempt(lambda: shape.lora_params(1, given["targets"]), draft.problems)


def _attempt(read: Callable[[], T], problems: list[Problem]) -> T | None:
    """What `read` returns; where it raises, None, and its problems are gathered."""
    try:
        return read()
    except InputError as error:
        problems.extend(error.problems)
        return None
