"""What would make a run fit: single changes, then several at once, each computed anew and priced."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from tunecase import catalog
from tunecase.compute import memory
from tunecase.compute.measured.calibration import Calibration
from tunecase.compute.memory.peak import GB_PER_GIB, Verdict
from tunecase.compute.prediction import need
from tunecase.compute.recipe import Recipe
from tunecase.compute.running import Job, outcome
from tunecase.compute.search import MOST_LOOSE, loose
from tunecase.prices import Basis, gpu_hour
from tunecase.quantities import band, duration, figures

OPTIONS = ("method", "precision", "checkpointing", "loss", "attention", "optimizer", "offload")
LONG_SAMPLES = 8192  # tokens from which sharing a sample among cards is worth its links
LARGER_COUNTS = (2, 4, 8, 16, 32, 64)
ANY = tuple(range(2, 9))  # cards over which offloading is tried


@dataclass(frozen=True, slots=True)
class Remedy:
    """One change in words: the set-up it makes, whether that fits, its middle peak [GB], dollars per 1M tokens.

    `hours` and `usd` are middles of the whole run, None where its tokens or prices are not known; `options` are what to
    type beside what was typed.
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


@dataclass(frozen=True, slots=True)
class _Tried:
    """What every change is computed with."""

    before: Recipe
    basis: Basis
    calibration: Calibration | None
    job: Job
    given: Collection[str]

    def remedy(self, words: str, recipe: Recipe) -> Remedy:
        """The change computed anew."""
        each = outcome(recipe, Job(None, None, self.job.spot), self.basis, self.calibration).usd
        whole = outcome(recipe, self.job, self.basis, self.calibration) if self.job.train_tokens is not None else None
        verdict, peak = verdict_of(recipe, self.calibration), need(recipe, self.calibration)
        return Remedy(
            words,
            recipe,
            verdict,
            float(peak.mid_gb),
            None if each is None else band(each).p50,
            None if whole is None else band(whole.hours).p50,
            None if whole is None or whole.usd is None else band(whole.usd).p50,
            options(self.before, recipe, self.given),
        )


def remedies(
    recipe: Recipe,
    basis: Basis,
    calibration: Calibration | None = None,
    most: int = 3,
    job: Job | None = None,
    given: Collection[str] = (),
) -> tuple[Remedy, ...]:
    """The cheapest changes that make a run fit, each computed anew and priced.

    Single changes and the cheapest larger card first; where they are too few, several at once on other cards; where
    nothing fits, what is tight with P50 of its peak below the card. The tuple is empty where nothing tried helps.

    Args:
        recipe: the run with its card, every size a plain number.
        basis: prices and draws.
        calibration: of measured runs.
        most: how many to tell.
        job: how much is trained, so that each tells time and price of the whole run; per million tokens without.
        given: fields that were said, which options must overrule.
    """
    tried = _Tried(recipe, basis, calibration, job or Job(), given)
    before = verdict_of(recipe, calibration)
    single = [tried.remedy(words, changed) for words, changed in _changes(recipe, calibration)]
    several = [tried.remedy(words, changed) for words, changed in _combinations(recipe, calibration)]
    cards = [tried.remedy(words, changed) for words, changed in _larger_cards(recipe, basis, tried.job)]
    lean = [tried.remedy(words, changed) for words, changed in _lean_on_one(recipe, basis, tried.job)]
    for wanted in ("fits", "tight"):
        better = [
            [item for item in sorted(group, key=_by_price) if item.verdict == wanted != before and _within(item)]
            for group in ([*single, *_cheapest(cards, wanted)], [*several, *_cheapest(lean, wanted)])
        ]
        found = list({item.options: item for item in reversed(better[0])}.values())[::-1][:most]
        for item in better[1]:  # on cards for which nothing simpler is told
            if len(found) < most and _place(item) not in map(_place, found):
                found.append(item)
        if found:
            return tuple(sorted(found, key=_by_price))
    return ()


def _within(item: Remedy) -> bool:
    """True where the middle of the peak lies below the card."""
    assert item.recipe.gpu is not None
    return item.mid_gb <= memory.usable_gb(item.recipe.gpu)


def _place(item: Remedy) -> tuple[object, ...]:
    """What makes two remedies alike: their cards."""
    return item.recipe.gpu, item.recipe.gpus


def _cheapest(items: Sequence[Remedy], wanted: str) -> list[Remedy]:
    return sorted((item for item in items if item.verdict == wanted), key=_by_price)[:1]


def options(before: Recipe, after: Recipe, given: Collection[str] = ()) -> str:
    """What to type beside what was typed, so that the second set-up is computed in place of the first.

    Example:
        >>> from tunecase.compute.model import read_shape
        >>> run = Recipe(read_shape("llama-2-7b"), catalog.gpu("T4"))
        >>> options(run, run.but(method="qlora", gpus=2, sharding="fsdp"))
        '--method qlora --gpus 2 --sharding fsdp'
    """
    assert before.gpu is not None
    assert after.gpu is not None
    said = [f"--{name} {getattr(after, name)}" for name in OPTIONS if getattr(after, name) != getattr(before, name)]
    if after.gpu != before.gpu:
        said.append(f"--gpu {after.gpu.name}")
    if after.gpus != before.gpus:
        said.append(f"--gpus {after.gpus}")
    if after.sharding != before.sharding and after.sharding != "none":
        said.append(f"--sharding {after.sharding}")
    if after.micro_batch != before.micro_batch:
        said.append(f"--batch {after.micro_batch}")
    if "accumulation" in given and after.accumulation != before.accumulation:
        said.append(f"--accumulation {after.accumulation}")
    if after.context_parallel != before.context_parallel:
        said.append(f"--context-parallel {after.context_parallel}")
    return " ".join(said)


def verdict_of(recipe: Recipe, calibration: Calibration | None = None) -> Verdict:
    """Whether a run with its card fits: fits when P90 of the peak does, tight when only P10 does."""
    assert recipe.gpu is not None
    peak, usable = need(recipe, calibration), memory.usable_gb(recipe.gpu)
    return "fits" if peak.high_gb <= usable else "tight" if peak.low_gb <= usable else "does not fit"


def most_that_fits(
    recipe: Recipe, name: str, sizes: Sequence[int], calibration: Calibration | None = None
) -> int | None:
    """The largest of some sizes, rising, of one field with which the run fits; None where none does."""
    import numpy as np

    assert recipe.gpu is not None
    tried = np.array(sizes, dtype=np.int64)
    fits = need(recipe.but(**{name: tried}), calibration).high_gb <= memory.usable_gb(recipe.gpu)
    return int(tried[np.flatnonzero(fits)[-1]]) if fits.any() else None


def _by_price(item: Remedy) -> tuple[bool, float, float]:
    usd = item.usd if item.usd is not None else item.usd_per_mtok
    return usd is None, usd or 0.0, item.mid_gb


def _combinations(recipe: Recipe, calibration: Calibration | None) -> Iterator[tuple[str, Recipe]]:
    """Several changes at once: small micro-batch and checkpointing, then adapters too, then over more cards."""
    lean = _smaller(recipe, 1).but(checkpointing="full")
    words = "micro-batch 1 with checkpointing"
    yield words, lean
    yield f"{words} and a fused loss", lean.but(loss="fused")
    yield f"{words} and LoRA", adapters(lean, "lora")
    yield f"{words} and QLoRA", adapters(lean, "qlora")
    yield f"{words}, QLoRA and a fused loss", adapters(lean, "qlora").but(loss="fused")
    for method in dict.fromkeys((recipe.method, "lora", "qlora")):
        changed = (adapters(lean, method) if method != recipe.method else lean).but(loss="fused")
        yield from _over_more(changed, calibration, f"{method}, micro-batch 1, a fused loss, ")


def _lean_on_one(recipe: Recipe, basis: Basis, job: Job) -> Iterator[tuple[str, Recipe]]:
    """The leanest set-up of the method, and of QLoRA, on one larger card."""
    lean = _smaller(recipe, 1).but(checkpointing="full", loss="fused")
    for method in dict.fromkeys((recipe.method, "qlora")):
        changed = adapters(lean, method) if method != recipe.method else lean
        for words, larger in _larger_cards(changed, basis, job):
            yield f"{words} with {method}, micro-batch 1, checkpointing and a fused loss", larger


def adapters(recipe: Recipe, method: str) -> Recipe:
    """The run with adapters in place of full fine-tuning, or on a 4-bit base."""
    assert recipe.gpu is not None
    sixteen = "bf16" if catalog.can(recipe.gpu, "bf16") else "fp16"
    precision = sixteen if method == "qlora" and recipe.precision in ("fp32", "fp8") else recipe.precision
    return recipe.but(method=method, frozen_layers=0, step_in_backward=False, precision=precision)


def _smaller(recipe: Recipe, micro_batch: int) -> Recipe:
    """A smaller micro-batch with as many samples per step."""
    more = -(-recipe.micro_batch // micro_batch)
    return recipe.but(micro_batch=micro_batch, accumulation=recipe.accumulation * more)


def _changes(recipe: Recipe, calibration: Calibration | None) -> Iterator[tuple[str, Recipe]]:
    """Single changes worth trying on the same kind of card."""
    smaller = recipe.micro_batch // 2
    while smaller >= 1:
        changed = _smaller(recipe, smaller)
        if smaller == 1 or verdict_of(changed, calibration) == "fits":
            words = f"micro-batch {smaller} instead of {recipe.micro_batch}, with gradient accumulation"
            yield words, changed
            break
        smaller //= 2
    if recipe.checkpointing in ("none", "selective"):
        yield "gradient checkpointing", recipe.but(checkpointing="full")
    if recipe.loss != "fused":
        yield "a fused loss (Liger kernels)", recipe.but(loss="fused")
    if recipe.attention == "eager":
        yield "flash attention", recipe.but(attention="flash")
    if recipe.method == "full":
        yield "LoRA instead of full fine-tuning", adapters(recipe, "lora")
        if not catalog.optimizer(recipe.optimizer).paged:
            yield "a paged 8-bit optimizer", recipe.but(optimizer="paged_adamw_8bit")
    if recipe.method != "qlora":
        yield "QLoRA", adapters(recipe, "qlora")
    if recipe.sharding in ("ddp", "zero1", "zero2"):
        whole = "zero3" if catalog.framework(recipe.framework).engine == "deepspeed" else "fsdp"
        yield f"weights sharded too ({whole})", recipe.but(sharding=whole)
    yield from _over_more(recipe, calibration)


def _over_more(recipe: Recipe, calibration: Calibration | None, words: str = "") -> Iterator[tuple[str, Recipe]]:
    """The fewest more cards on which the run fits: sharded, sharded with offload, and with samples shared by cards."""
    assert recipe.gpu is not None
    name = recipe.gpu.name
    ways = [("sharded", _spread_over, LARGER_COUNTS), ("sharded and offloaded to the host's memory", _offloaded, ANY)]
    if recipe.sequence_tokens >= LONG_SAMPLES and recipe.context_parallel == 1:
        ways.append(("each sample shared by them", _shared, LARGER_COUNTS))
    for how, change, counts in ways:
        for count in counts:
            if count < recipe.gpus or (count == recipe.gpus and change is not _offloaded):
                continue
            if count > MOST_LOOSE and loose(recipe.gpu):
                break
            changed = change(recipe, count)
            if changed is not None and verdict_of(changed, calibration) == "fits":
                yield f"{words}{count} x {name}, {how}", changed
                break


def _offloaded(recipe: Recipe, count: int) -> Recipe | None:
    """The run on several cards with weights and optimizer in the host's memory; None where that is not done."""
    if recipe.offload == "all" or catalog.framework(recipe.framework).engine == "megatron":
        return None
    spread = _spread_over(recipe, count)
    whole = "zero3" if catalog.framework(recipe.framework).engine == "deepspeed" else "fsdp"
    return spread.but(sharding=whole, offload="all")


def _shared(recipe: Recipe, count: int) -> Recipe | None:
    """The run with each sample cut among some cards; None where they are not a multiple of the cards there are."""
    if count % recipe.gpus:
        return None
    ways = count // recipe.gpus
    return _spread_over(recipe, count).but(context_parallel=ways, accumulation=recipe.accumulation)


def _spread_over(recipe: Recipe, count: int) -> Recipe:
    """The run on more cards, everything sharded."""
    engine = catalog.framework(recipe.framework).engine
    sharding = recipe.sharding if recipe.gpus > 1 else "zero3" if engine == "deepspeed" else "fsdp"
    known = catalog.framework(recipe.framework)
    masters = recipe.masters if recipe.gpus > 1 or recipe.precision == "fp16" else known.masters_several
    accumulation = max(1, recipe.accumulation * recipe.gpus // count)
    return recipe.but(gpus=count, sharding=sharding, masters=masters, accumulation=accumulation)


def _larger_cards(recipe: Recipe, basis: Basis, job: Job) -> Iterator[tuple[str, Recipe]]:
    """As many larger cards, and one of them; those with a price in the tier."""
    assert recipe.gpu is not None
    together = recipe.tensor_parallel * recipe.pipeline_parallel * recipe.context_parallel
    for card in catalog.gpus():
        larger = memory.usable_gb(card) > memory.usable_gb(recipe.gpu) and catalog.can(card, recipe.precision)
        if larger and gpu_hour(card.name, basis, spot=job.spot) is not None:
            yield f"{recipe.gpus} x {card.name}", recipe.but(gpu=card)
            if recipe.gpus > 1 and together == 1 and recipe.offload == "none":
                alone = recipe.accumulation * recipe.gpus
                yield f"1 x {card.name}", recipe.but(gpu=card, gpus=1, sharding="none", accumulation=alone)
