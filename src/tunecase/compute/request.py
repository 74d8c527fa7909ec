"""What is asked of one training run, and the set-up it makes once the framework has filled in what was not said."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tunecase import catalog
from tunecase.compute.lengths import Lengths
from tunecase.compute.model.blocks import Shape
from tunecase.compute.model.reading import read_shape
from tunecase.compute.recipe import WORDS, Recipe, spelt
from tunecase.compute.running import Job
from tunecase.errors import InputError, Problem, nearest
from tunecase.quantities import Const, UnitError, Wanted, read_quantity

T = TypeVar("T")
MOST_GPUS = 4096
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
    r"([-+]?[\d.,]+(?:[eE][-+]?\d+)?\s*(?:[kKMB]|thousand|million|billion|mln|mio|bn)?)"
    r"(\s+(tokens?|samples?|examples?|pairs?|epochs?|steps?|gpus?|cards?|layers?))?"
)
FIXES = {
    "micro_batch": "use micro_batch 1 or more, or leave it out to have it searched",
    "gpus": "use gpus 1 or more, or leave it out to have it searched",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One run as asked for, by a user or a configuration file; what is absent was not said.

    `given` holds fields of Recipe by name (and `trained_layers`, blocks at the top that learn), `cards` names of GPUs,
    `counts` how many of them, `global_batch` samples of one optimizer step over all cards. How much is trained is
    `train_tokens` over all epochs, or `steps` of the optimizer, or `examples` (those of `lengths` when left out) times
    `epochs`. `problems` were found on the way here, `notes` are for people.
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
    lengths: Lengths | None = None
    base: Path | None = None
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
            words: fields of Recipe that come before what was given.
        Source: catalog/tables/frameworks.csv.
        """
        known = self.framework
        usual: dict[str, Any] = {
            "framework": known.name,
            "masters": known.masters_several if several else known.masters_one,
            "checkpointing": known.checkpointing_several if several else known.checkpointing_one,
            "loss": known.loss,
            "kernels": known.kernels,
            "optimizer": known.optimizer,
            "sharding": USUAL_SHARDING[known.engine] if several else "none",
        }
        if card is not None and not card.bf16 and "precision" not in self.given:
            usual["precision"] = "fp16"
        fields = {**usual, **self.given, **words}
        if not several:
            fields["sharding"] = "none"
        elif fields["sharding"] == "none":
            fields["sharding"] = "ddp"
        if fields.get("precision") == "fp16" and "masters" not in self.given:
            fields["masters"] = "32-bit"  # loss scaling needs them
        return Recipe(self.shape, card, **fields)


def settled(request: Request) -> Settled:
    """The request checked, numbers may be text as people write it (2k, 5M); every mistake is found at once.

    Returns: the Settled request.
    Raises: InputError with all problems.

    Example:
        >>> settled(Request("llama-2-7b", {"rank": "8"}, cards=("h100",))).cards[0].name
        'H100'
    """
    problems = list(request.problems)
    unnamed = not request.model and problems  # a file that cannot be read has been told already
    shape = None if unnamed else _found(lambda: read_shape(request.model, request.base), problems)
    cards = [card for name in request.cards if (card := _found(lambda name=name: catalog.gpu(name), problems))]  # type: ignore[misc]
    given = {name: _plain(name, value, problems) for name, value in request.given.items() if value is not None}
    counts = [_size("gpus", count, problems) for count in request.counts]
    batch = None if request.global_batch is None else _size("global_batch", request.global_batch, problems)
    if any(count > MOST_GPUS for count in counts):
        problems.append(Problem("gpus", repr(max(counts)), f"at most {MOST_GPUS}", "use fewer GPUs"))
    for kind in ("framework", "optimizer"):
        if kind in given:
            known = _found(lambda kind=kind: getattr(catalog, kind)(given[kind]), problems)  # type: ignore[misc]
            given[kind] = known.name if known else given[kind]
    notes = [*request.notes, *_together(given, counts, cards, problems)]
    if shape is not None:
        _against_model(given, shape, problems)
        notes += _lengths_taken(request, given, shape)
    job = _job(request, given, counts, batch, problems, notes)
    if problems or shape is None:
        raise InputError(problems)
    return Settled(shape, given, tuple(dict.fromkeys(cards)), tuple(dict.fromkeys(counts)), batch, job, tuple(notes))


def _lengths_taken(request: Request, given: dict[str, Any], shape: Shape) -> list[str]:
    """Lengths and padding put into the fields given; what was taken is said."""
    if request.lengths is None:
        return []
    given["lengths"] = request.lengths
    limit = given.setdefault("sequence_tokens", min(request.lengths.longest, shape.context or request.lengths.longest))
    notes = []
    if "packing" not in given:
        given["packing"] = False
        notes.append("samples are padded to the longest of their micro-batch; --packing joins short ones instead")
    if not given["packing"]:
        given["sequence_tokens"] = min(limit, request.lengths.longest)
    if request.lengths.longest > limit:
        notes.append(f"samples longer than {limit:,} tokens are cut there")
    return notes


def _job(
    request: Request,
    given: Mapping[str, Any],
    counts: Sequence[int],
    batch: int | None,
    problems: list[Problem],
    notes: list[str],
) -> Job:
    """How much is trained, by when; tokens worked out from examples are useful ones."""
    amounts = {name: getattr(request, name) for name in ("train_tokens", "steps", "examples", "epochs")}
    numbers = {name: _positive(name, value, problems) for name, value in amounts.items() if value is not None}
    length = float(given.get("sequence_tokens", 2048))
    mean = request.lengths.cut(int(length)).mean if request.lengths is not None else length
    halves, sample = (2, "pair") if given.get("objective") == "dpo" else (1, "sample")
    if "train_tokens" in numbers and "examples" in numbers:
        fix = "give --tokens, or --examples with --epochs"
        problems.append(Problem("train_tokens", "examples beside it", "one way to say how much", fix))
    # A configuration's steps come with the tokens of its own cards and batch, which what was typed may change.
    tokens = None if "steps" in numbers else numbers.get("train_tokens")
    examples = numbers.get("examples") or (float(request.lengths.total) if request.lengths is not None else None)
    steps, row = None, halves * (length if given.get("packing") else mean)  # a packed row is full
    if tokens is None and "steps" in numbers:
        steps = numbers["steps"]
        samples = step_samples(given, batch, max(min(counts, default=1) // cards_per_sample(given), 1))
        tokens = steps * samples * row
        grows = ", more with more cards" if batch is None and len(set(counts)) != 1 else ""
        notes.append(f"{steps:,.0f} optimizer steps of {samples:,} {sample}s{grows}")
    elif tokens is None and examples is not None:
        epochs = numbers.get("epochs", 1.0)
        tokens = examples * epochs * halves * mean
        known = "" if request.lengths is not None else ", each taken as long as the longest (--lengths FILE tells more)"
        both = " x 2 answers" if halves == 2 else ""
        notes.append(f"{examples:,.0f} {sample}s x {epochs:g} epochs{both} x {mean:,.0f} tokens{known}")
    elif tokens is None and "epochs" in numbers:
        notes.append(f"{numbers['epochs']:g} epochs of an unknown number of samples: --examples or --lengths tells it")
    if tokens is not None and tokens > MOST_TRAINED:
        fix = "check the amount: the largest models were pre-trained on some 1e13 tokens"
        problems.append(Problem("train_tokens", f"{tokens:.3g}", f"at most {MOST_TRAINED:.0e} tokens in all", fix))
    if request.deadline_hours is not None and tokens is None and not problems:
        fix = "give --tokens, or --examples with --epochs"
        problems.append(
            Problem("deadline", f"{request.deadline_hours:g} h without an amount", "how much to train", fix)
        )
    return Job(tokens, request.deadline_hours, request.spot, steps, row if steps is not None else 0.0)


def cards_per_sample(given: Mapping[str, Any]) -> int:
    """Cards that work on the same samples: tensor x pipeline x context parallel."""
    return math.prod(given.get(f"{kind}_parallel", 1) for kind in ("tensor", "pipeline", "context"))


def step_samples(given: Mapping[str, Any], global_batch: int | None, ways: Any, micro_batch: Any = None) -> Any:
    """Samples of one optimizer step over all cards, arrays where cards are.

        given       global batch,  else micro-batch x accumulation x cards, which grows with them as frameworks have it
        assumed     the least multiple of what the cards hold at once that is 16 or more

    What is assumed never rules cards out: each of them works on a sample of its own, or on the micro-batch given.

    Args:
        given: fields of Recipe as asked for.
        global_batch: samples of a step, None where not said.
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


def amounts_of(said: Mapping[str, Any], in_file: Mapping[str, Any]) -> dict[str, Any]:
    """How much is trained, from options and a configuration file; options come first.

    The file's epochs hold where only the number of samples was said, and its samples where only epochs were.

    Example:
        >>> amounts_of({"examples": "50k"}, {"epochs": 3, "steps": None})
        {'train_tokens': None, 'steps': None, 'examples': '50k', 'epochs': 3}
    """
    said = {name: said.get(name) for name in AMOUNTS}
    if not any(value is not None for value in said.values()):
        return {name: in_file.get(name) for name in AMOUNTS}
    other = {"examples": "epochs", "epochs": "examples"}
    whole = said["train_tokens"] is not None or said["steps"] is not None
    for one, two in other.items():
        if not whole and said[one] is not None and said[two] is None:
            said[two] = in_file.get(two)
    return said


def _positive(name: str, value: Any, problems: list[Problem]) -> float:
    number = number_of(value)
    fine = isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number) and number > 0
    if not fine:
        problems.append(Problem(name, repr(number), "a number above 0", "write for example 5M or 2k"))
        return 1.0
    return float(number)  # type: ignore[arg-type]


def number_of(text: object) -> object:
    """The number that a text states, whole where it is; anything else as it is, an unknown suffix too.

    Example:
        >>> number_of("2k"), number_of("1.5"), number_of("two"), number_of("5X")
        (2000, 1.5, 'two', '5X')
    """
    known = _NUMBER.fullmatch(text.strip()) if isinstance(text, str) else None
    if known is None:
        return text
    try:
        spread = read_quantity(known[1], Wanted("", zero_ok=True)).spread
    except UnitError:
        return text
    if not isinstance(spread, Const):
        return text
    return int(spread.value) if spread.value == int(spread.value) else spread.value


def _plain(name: str, value: Any, problems: list[Problem]) -> Any:
    """One field of Recipe as its own type; what cannot be read becomes a problem."""
    if name in WORDS:
        value = spelt(name, value)
        if value not in WORDS[name]:
            known = ", ".join(WORDS[name])
            problems.append(Problem(name, repr(value), f"one of {known}", nearest(str(value), WORDS[name])))
        return value
    if name in SIZES:
        return _size(name, value, problems)
    if name in ("frozen_layers", "trained_layers"):
        number = number_of(value)
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            problems.append(Problem(name, repr(value), "a whole number, 0 or more", "leave it out to train all layers"))
            return 0
        return number
    if name == "masters" and value not in ("16-bit", "32-bit"):
        problems.append(Problem(name, repr(value), "16-bit or 32-bit", "leave it out for the framework's own"))
    if name == "targets" and isinstance(value, str):
        parts = tuple(part for part in value.replace(",", " ").split())
        return parts[0] if len(parts) == 1 else parts
    return value


def _size(name: str, value: Any, problems: list[Problem]) -> int:
    """A whole number of at least 1; 1 stands in for what was refused, so that the other checks go on."""
    number = number_of(value)
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        fix = FIXES.get(name, f"use {name} 1 or more")
        problems.append(Problem(name, repr(number), "a whole number, at least 1", fix))
        return 1
    return number


def _together(
    given: Mapping[str, Any], counts: Sequence[int], cards: Sequence[catalog.Gpu], problems: list[Problem]
) -> list[str]:
    """Fields that contradict one another; what is only odd comes back as notes."""
    notes = []
    method, precision = given.get("method", "full" if given.get("frozen_layers") else "lora"), given.get("precision")
    shared = cards_per_sample(given)
    for count in counts:
        if count % shared:
            wanted = f"a multiple of {shared}, the cards that share a sample"
            problems.append(Problem("gpus", str(count), wanted, f"use {shared * (count // shared + 1)}"))
    for card in cards:
        if precision == "bf16" and not catalog.can(card, "bf16"):
            fix = "use fp16, or a card from Ampere on"
            problems.append(Problem("precision", f"bf16 on a {card.name}", "a precision that the card has", fix))
        if precision == "fp8" and not catalog.can(card, "fp8"):
            fix = "use bf16, or a card from Ada on"
            problems.append(Problem("precision", f"fp8 on a {card.name}", "a precision that the card has", fix))
    if given.get("frozen_layers") and method != "full":
        fix = "leave frozen_layers out: an adapter's base is frozen anyway"
        problems.append(Problem("frozen_layers", f"{given['frozen_layers']} with {method}", "full fine-tuning", fix))
    if method == "qlora" and precision in ("fp32", "fp8"):
        fix = "4-bit weights compute in 16 bit"
        problems.append(Problem("precision", f"{precision} with qlora", "bf16 or fp16", fix))
    if method == "full" and "method" in given:
        ignored = [name for name in ("rank", "targets") if name in given]
        if ignored:
            notes.append(f"ignored: {' and '.join(ignored)}, as full fine-tuning has no adapters")
    sharding = given.get("sharding", "")
    if sharding == "none" and (not counts or max(counts) > 1):
        notes.append("sharding none on several GPUs keeps a whole copy on each: computed as ddp")
    if counts and set(counts) == {1} and sharding not in ("", "none"):
        notes.append(f"{sharding} on one GPU shards nothing: computed without it")
    if given.get("offload", "none") != "none" and sharding in ("none", "ddp"):
        fix = "use zero2, zero3 or fsdp, or leave offload out"
        problems.append(Problem("offload", f"{given['offload']} with {sharding}", "a sharding that can offload", fix))
    return notes


def _against_model(given: dict[str, Any], shape: Shape, problems: list[Problem]) -> None:
    """Sizes that the model does not allow."""
    length, rank = given.get("sequence_tokens"), given.get("rank", 1)
    if length and shape.context and length > shape.context:
        wanted = f"at most {shape.context}, the longest context of {shape.name}"
        problems.append(Problem("sequence_tokens", repr(length), wanted, "cut the samples or pick a model"))
    elif (length or 2048) * given.get("micro_batch", 1) > MOST_TOKENS:
        got = f"{given.get('micro_batch', 1)} x {length or 2048} tokens"
        wanted = f"at most {MOST_TOKENS:,} tokens in a micro-batch"
        problems.append(Problem("micro_batch", got, wanted, "micro_batch is of one card at once, not of a step"))
    if given.get("method", "lora") != "full" and rank > shape.hidden:
        problems.append(Problem("rank", repr(rank), f"at most {shape.hidden}, the model's width", "16 is common"))
    learning = given.pop("trained_layers", None)
    if learning is not None:
        given["frozen_layers"] = max(shape.layers - learning, 0)
    if given.get("frozen_layers", 0) >= shape.layers:
        wanted = f"fewer than {shape.layers}, the layers of {shape.name}"
        problems.append(Problem("frozen_layers", repr(given["frozen_layers"]), wanted, "freeze fewer"))
    if "targets" in given:
        _found(lambda: shape.lora_params(1, given["targets"]), problems)


def _found(read: Callable[[], T], problems: list[Problem]) -> T | None:
    try:
        return read()
    except InputError as error:
        problems.extend(error.problems)
        return None
