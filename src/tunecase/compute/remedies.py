"""What would make a run fit: searched choices that do, those that change the fewest fields first, each priced."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from tunecase import catalog
from tunecase.compute import memory
from tunecase.compute.measured.calibration import Calibration
from tunecase.compute.memory.peak import GB_PER_GIB, Verdict
from tunecase.compute.prediction import need
from tunecase.compute.recipe import Recipe, samples_per_step
from tunecase.compute.request import USUAL_SHARDING, Settled
from tunecase.compute.running import Job, outcome
from tunecase.compute.search import FITS, TIGHT, Choice, Searched, most_cards, search
from tunecase.compute.speed.rollout import sampled_by
from tunecase.errors import InputError
from tunecase.prices import Basis
from tunecase.quantities import band, duration, figures, np

# What to type for each field, in the order of the line.
TYPED = {
    "method": "method", "precision": "precision", "checkpointing": "checkpointing", "loss": "loss",
    "attention": "attention", "optimizer": "optimizer", "offload": "offload", "gpu": "gpu", "gpus": "gpus",
    "sharding": "sharding", "micro_batch": "batch", "accumulation": "accumulation",
    "context_parallel": "context-parallel",
}  # fmt: skip
WORDS = {
    "method": {"lora": "LoRA instead of full fine-tuning", "qlora": "QLoRA", "full": "full fine-tuning"},
    "checkpointing": {"full": "gradient checkpointing"},
    "loss": {"fused": "a fused loss (Liger kernels)"},
    "attention": {"flash": "flash attention"},
    "optimizer": {"paged_adamw_8bit": "a paged 8-bit optimizer"},
    "offload": {"all": "offloading to the host's memory"},
}
OPENED = ("method", "checkpointing", "sharding", "micro_batch", "accumulation")  # what the search chooses
LONG_SAMPLES = 8192  # tokens from which sharing a sample among cards is worth its links
OFFLOADED_OVER = (2, 4, 8)  # cards
SIZES_CHANGED: tuple[frozenset[str], ...] = tuple(
    map(frozenset, ((), ("gpus",), ("micro_batch",), ("gpus", "micro_batch")))
)
COMPARED = tuple(name for name in TYPED if name not in ("gpus", "micro_batch", "accumulation"))
# Of a sampling engine beside the training, by its fields: the value that saves memory, in words and as an option.
ENGINE: dict[str, tuple[Any, str, str]] = {
    "engine_sleeps": (True, "an engine that sleeps while the model trains", "--engine-sleeps"),
    "engine_share": (0.2, "an engine with 20% of each card", "--engine-share 0.2"),
}


@dataclass(frozen=True, slots=True)
class Remedy:
    """One change in words: the set-up it leads to, whether that fits, its middle peak [GB], dollars per 1M tokens.

    `hours` and `usd` are middles of the whole run, None where its tokens or prices are not known; `options` is what to
    add to what was typed.
    """

    words: str
    recipe: Recipe
    verdict: Verdict
    mid_gb: float
    usd_per_mtok: float | None
    hours: float | None = None
    usd: float | None = None
    options: str = ""

    @property
    def line(self) -> str:
        """The remedy as one line."""
        assert self.recipe.gpu is not None
        usd = self.usd_per_mtok
        cost = f"about {usd:.2g} USD per million tokens" if usd is not None else "unpriced"
        if self.hours is not None:
            price = f"{figures(self.usd)} USD" if self.usd is not None else "unpriced"
            cost = f"{duration(self.hours * 3600)}, {price}"
        usable = memory.usable_gb(self.recipe.gpu) / GB_PER_GIB
        typed = f" ({self.options})" if self.options else ""
        return f"{self.words}: {self.verdict}, {self.mid_gb / GB_PER_GIB:.1f} of {usable:.1f} GiB, {cost}{typed}"


def remedies(
    ask: Settled, recipe: Recipe, basis: Basis, calibration: Calibration | None = None, most: int = 3
) -> tuple[Remedy, ...]:
    """Changes that make a run fit, the fewest first, then the cheapest; each computed anew and priced.

    All fields that the search chooses are searched again, on the requested card and on others. The fields that the
    search leaves alone are tried too: a fused loss, flash attention, a paged optimizer, offloading, sharing long
    samples, and a sampling engine that sleeps or takes less of a card. Of the choices that change the same fields the
    cheapest counts; a larger change must need fewer cards.

    Args:
        ask: the request.
        recipe: the run with its card, every size a plain number.
        basis: prices and draws.
        calibration: of measured runs.
        most: how many at most.
    Returns: what fits; if nothing fits, what is tight with the P50 of its peak below the card; if nothing is better
        than the run as it is, the empty tuple.
    """
    before = verdict_of(recipe, calibration)
    if before == "fits":
        return ()
    tables = list(_tables(ask, recipe, basis, calibration))
    price = _Priced(ask, recipe, basis, calibration)
    fitting = _fewest(_by_changes(tables, recipe, FITS), price, "fits", most)
    if fitting or before == "tight":
        return fitting
    return _fewest(_by_changes(tables, recipe, TIGHT), price, "tight", most)


def _fewest(
    ways: Sequence[tuple[frozenset[str], Choice]], price: "_Priced", verdict: Verdict, most: int
) -> tuple[Remedy, ...]:
    """The first ways that keep their verdict; one that changes all that another does must need fewer cards."""
    kept: list[tuple[frozenset[str], Remedy]] = []
    for changes, choice in ways:
        if len(kept) == most:
            break
        remedy = price(changes, choice)
        covered = any(other <= changes and shown.recipe.cards <= remedy.recipe.cards for other, shown in kept)
        if remedy.verdict == verdict and not covered:
            kept.append((changes, remedy))
    return tuple(remedy for _, remedy in kept)


def _tables(ask: Settled, recipe: Recipe, basis: Basis, calibration: Calibration | None) -> Iterator[Searched]:
    """What can be chosen on the card asked for, with each change that the search leaves alone, and on other cards."""
    assert recipe.gpu is not None
    given = {name: value for name, value in ask.given.items() if name not in OPENED} | {"precision": recipe.precision}
    freed = replace(ask, given=given, cards=(recipe.gpu,), counts=())
    held = tuple(count for count in OFFLOADED_OVER if count <= most_cards(recipe.gpu, basis, ask.job.spot))
    for fields in _left_alone(recipe):
        counts = held if "offload" in fields else ()
        with suppress(InputError):  # nothing can be chosen so
            yield search(replace(freed, given=given | fields, counts=counts), basis, calibration)
    for fields in ({}, {"loss": "fused"}):
        with suppress(InputError):
            yield search(replace(freed, given=given | fields, cards=()), basis, calibration)


def _left_alone(recipe: Recipe) -> Iterator[dict[str, Any]]:
    """Fields that the search never changes by itself, each with the value that saves memory; first no change."""
    assert recipe.gpu is not None
    yield {}
    if recipe.loss != "fused":
        yield {"loss": "fused"}
    if recipe.attention == "eager":
        yield {"attention": "flash"}
    if recipe.method == "full" and not catalog.optimizer(recipe.optimizer).paged:
        yield {"optimizer": "paged_adamw_8bit"}
    engine = catalog.framework(recipe.framework).engine
    if recipe.offload != "all" and engine != "megatron":
        yield {"offload": "all", "sharding": USUAL_SHARDING[engine]}
    if recipe.sequence_tokens >= LONG_SAMPLES and recipe.context_parallel == 1:
        for cards in (2, 4, 8):
            yield from ({"context_parallel": cards}, {"context_parallel": cards, "loss": "fused"})
    rollout = recipe.rollout
    if rollout is not None and rollout.sampler == "colocated" and not rollout.engine_sleeps:
        yield from ({"rollout": rollout.but(**{name: value})} for name, (value, *_) in ENGINE.items())
    if recipe.frozen_layers or recipe.precision in ("fp32", "fp8"):
        sixteen = "bf16" if catalog.can(recipe.gpu, "bf16") else "fp16"
        yield {"method": "qlora", "frozen_layers": 0, "precision": sixteen}


def _by_changes(tables: Sequence[Searched], recipe: Recipe, rank: int) -> list[tuple[frozenset[str], Choice]]:
    """The cheapest choice of a rank for each set of changed fields, the fewest changes first, then the cheapest."""
    cheapest: dict[frozenset[str], tuple[float, float, Searched, int]] = {}
    for table in tables:
        for changes, index in _changed(table, recipe, rank):
            cost = (float(table.columns["usd"][index]), float(table.columns["gpu_hours"][index]))
            if changes not in cheapest or cost < cheapest[changes][:2]:
                cheapest[changes] = (*cost, table, index)
    ranked = sorted(cheapest.items(), key=lambda item: (_counted(item[0]), *item[1][:2]))
    return [(changes, table.choice(index)) for changes, (*_, table, index) in ranked]


def _counted(changes: frozenset[str]) -> int:
    """How many changes there are; a micro-batch that follows a setting of the engine is none of its own."""
    return len(changes - {"micro_batch"} if changes & ENGINE.keys() else changes)


def _changed(table: Searched, recipe: Recipe, rank: int) -> Iterator[tuple[frozenset[str], int]]:
    """The fields in which choices of a rank differ from the run, and the cheapest row of each set of them.

    Several cards in place of one must share the work somehow, so their sharding does not count as another change.
    """
    for group in table.groups:
        other, rows = group.recipe, slice(group.first, group.first + len(group.recipe.gpus))
        words = {name for name in COMPARED if getattr(other, name) != getattr(recipe, name)}
        words.update(_of_engine(recipe, other))
        if recipe.gpus == 1 or other.sharding == "none":
            words.discard("sharding")
        if other.method == "qlora" and other.precision in ("fp32", "fp8"):
            continue  # 4-bit weights compute in 16 bit
        good, usd = table.columns["rank"][rows] == rank, table.columns["usd"][rows]
        gpus, micro_batch = other.gpus != recipe.gpus, other.micro_batch != recipe.micro_batch
        for sizes in SIZES_CHANGED:
            at = np.flatnonzero(good & (gpus == ("gpus" in sizes)) & (micro_batch == ("micro_batch" in sizes)))
            if len(at):
                yield frozenset(words | sizes), group.first + int(at[np.argmin(usd[at])])


@dataclass(frozen=True, slots=True)
class _Priced:
    """Computes a choice anew as the remedy of a run."""

    ask: Settled
    before: Recipe
    basis: Basis
    calibration: Calibration | None

    def __call__(self, changes: Collection[str], choice: Choice) -> Remedy:
        """The choice with as many samples per step as the run had, its verdict, time and price."""
        recipe, job, basis = choice.recipe.but(accumulation=1), self.ask.job, self.basis
        recipe = recipe.but(accumulation=max(1, -(-samples_per_step(self.before) // samples_per_step(recipe))))
        each = outcome(recipe, Job(None, None, job.spot), basis, self.calibration).usd
        timed = job.train_tokens is not None and recipe.gpu is not None and recipe.gpu.timed
        whole = outcome(recipe, job, basis, self.calibration) if timed else None
        return Remedy(
            words=", ".join(_words(changes, self.before, recipe)),
            recipe=recipe,
            verdict=verdict_of(recipe, self.calibration),
            mid_gb=float(need(recipe, self.calibration).mid_gb),
            usd_per_mtok=None if each is None else band(each).p50,
            hours=None if whole is None else band(whole.hours).p50,
            usd=None if whole is None or whole.usd is None else band(whole.usd).p50,
            options=options(self.before, recipe, self.ask.given),
        )


def _words(changes: Collection[str], before: Recipe, after: Recipe) -> Iterator[str]:
    """The changes as people say them."""
    assert after.gpu is not None
    if "gpu" in changes or "gpus" in changes:
        sharded = f", {after.sharding}" if after.gpus > 1 else ""
        yield f"{after.cards} x {after.gpu.name}{sharded}"
    elif "sharding" in changes:
        yield f"sharded by {after.sharding}"
    yield from (words for name, (_, words, _) in ENGINE.items() if name in changes)
    for name in ("method", "checkpointing", "loss", "attention", "optimizer", "offload", "precision"):
        if name in changes:
            value = getattr(after, name)
            yield WORDS.get(name, {}).get(value, f"{name} {value}")
    if "micro_batch" in changes:
        yield f"micro-batch {after.micro_batch} instead of {before.micro_batch}"
    if "context_parallel" in changes:
        yield f"each sample shared by {after.context_parallel} cards"


def options(before: Recipe, after: Recipe, given: Collection[str] = ()) -> str:
    """What to add to what was typed, so that the second set-up is computed in place of the first.

    Example:
        >>> from tunecase.compute.model import read_shape
        >>> run = Recipe(read_shape("llama-2-7b"), catalog.gpu("T4"))
        >>> options(run, run.but(method="qlora", gpus=2, sharding="fsdp"))
        '--method qlora --gpus 2 --sharding fsdp'
    """
    typed = []
    for name, option in TYPED.items():
        value = getattr(after, name)
        follows = (name == "sharding" and value == "none") or (name == "accumulation" and name not in given)
        if value != getattr(before, name) and not follows:
            shown = value.name if name == "gpu" else after.cards if name == "gpus" else value
            typed.append(f"--{option} {shown}")
    typed += [ENGINE[name][2] for name in _of_engine(before, after)]
    if "--gpu " in " ".join(typed) and before.gpu is not None and before.gpu.stated_gb:
        typed.append("without --card-memory")
    return " ".join(typed)


def _of_engine(before: Recipe, after: Recipe) -> list[str]:
    """The fields of a sampling engine in which two set-ups differ."""
    return [name for name in ENGINE if getattr(before.rollout, name, None) != getattr(after.rollout, name, None)]


def verdict_of(recipe: Recipe, calibration: Calibration | None = None) -> Verdict:
    """Whether a run with its card fits: fits when P90 of the peak does, tight when only P10 does."""
    assert recipe.gpu is not None
    if recipe.rollout and sampled_by(recipe).refused:
        return "does not fit"
    peak = need(recipe, calibration)
    return memory.fit_verdict(float(peak.low_gb), float(peak.high_gb), recipe.gpu)


def most_that_fits(
    recipe: Recipe, name: str, sizes: Sequence[int], calibration: Calibration | None = None
) -> int | None:
    """The largest size of one field with which the run fits, from ascending `sizes`; None where it fits with none."""
    assert recipe.gpu is not None
    tried = np.array(sizes, dtype=np.int64)
    fits = need(recipe.but(**{name: tried}), calibration).high_gb <= memory.usable_gb(recipe.gpu)
    return int(tried[np.flatnonzero(fits)[-1]]) if fits.any() else None
