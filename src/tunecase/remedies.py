"""What would make a run fit: single changes, then several at once, each computed anew and priced."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tunecase import catalog, memory
from tunecase.calibration import Calibration
from tunecase.memory import GB_PER_GIB, Verdict
from tunecase.outlook import need
from tunecase.prices import Basis
from tunecase.recipe import Recipe
from tunecase.running import Job, outcome
from tunecase.spread import band

LARGER_COUNTS = (2, 4, 8, 16, 32, 64)


@dataclass(frozen=True, slots=True)
class Remedy:
    """One change in words: the set-up it makes, whether that fits, its middle peak [GB], dollars per 1M tokens."""

    words: str
    recipe: Recipe
    verdict: Verdict
    mid_gb: float
    usd_per_mtok: float | None

    @property
    def line(self) -> str:
        """The remedy as one line."""
        assert self.recipe.gpu is not None
        usd = self.usd_per_mtok
        cost = f"about {usd:.2g} USD per million tokens" if usd is not None else "unpriced"
        usable = memory.usable_gb(self.recipe.gpu) / GB_PER_GIB
        return f"{self.words}: {self.verdict}, {self.mid_gb / GB_PER_GIB:.1f} of {usable:.1f} GiB, {cost}"


def remedies(recipe: Recipe, basis: Basis, calibration: Calibration | None = None, most: int = 3) -> tuple[Remedy, ...]:
    """The cheapest changes that make a run fit, each computed anew and priced per million tokens.

    Single changes first; where none fits, several at once; where those do not either, what would be tight. The tuple
    is empty where nothing tried helps.

    Args:
        recipe: the run with its card, every size a plain number.
        basis: prices and draws.
        calibration: of measured runs.
        most: how many to tell.
    """
    before = verdict_of(recipe, calibration)
    single = [_remedy(words, changed, basis, calibration) for words, changed in _changes(recipe, calibration)]
    cards = [_remedy(words, changed, basis, calibration) for words, changed in _larger_cards(recipe)]
    several = [_remedy(words, changed, basis, calibration) for words, changed in _combinations(recipe)]
    for wanted in ("fits", "tight"):
        larger = sorted((item for item in cards if item.verdict == wanted), key=_by_price)[:1]
        for tried in ([*single, *larger], several):
            better = [item for item in tried if item.verdict == wanted != before]
            if better:
                return tuple(sorted(better, key=_by_price)[:most])
    return ()


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
    return item.usd_per_mtok is None, item.usd_per_mtok or 0.0, item.mid_gb


def _remedy(words: str, recipe: Recipe, basis: Basis, calibration: Calibration | None) -> Remedy:
    usd = outcome(recipe, Job(), basis, calibration).usd
    verdict, peak = verdict_of(recipe, calibration), need(recipe, calibration)
    return Remedy(words, recipe, verdict, float(peak.mid_gb), None if usd is None else band(usd).p50)


def _combinations(recipe: Recipe) -> Iterator[tuple[str, Recipe]]:
    """Several changes at once on the same cards: small micro-batch and checkpointing, then adapters too."""
    lean = _smaller(recipe, 1).but(checkpointing="full")
    words = "micro-batch 1 with checkpointing"
    yield words, lean
    yield f"{words} and a fused loss", lean.but(loss="fused")
    yield f"{words} and LoRA", adapters(lean, "lora")
    yield f"{words} and QLoRA", adapters(lean, "qlora")
    yield f"{words}, QLoRA and a fused loss", adapters(lean, "qlora").but(loss="fused")


def adapters(recipe: Recipe, method: str) -> Recipe:
    """The run with adapters in place of full fine-tuning, or on a 4-bit base."""
    return recipe.but(method=method, frozen_layers=0, step_in_backward=False)


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
    for count in LARGER_COUNTS:
        if count > recipe.gpus:
            changed = _spread_over(recipe, count)
            if verdict_of(changed, calibration) == "fits":
                assert recipe.gpu is not None
                yield f"{count} x {recipe.gpu.name}, sharded", changed
                break


def _spread_over(recipe: Recipe, count: int) -> Recipe:
    """The run on more cards, everything sharded."""
    engine = catalog.framework(recipe.framework).engine
    sharding = recipe.sharding if recipe.gpus > 1 else "zero3" if engine == "deepspeed" else "fsdp"
    known = catalog.framework(recipe.framework)
    masters = recipe.masters if recipe.gpus > 1 or recipe.precision == "fp16" else known.masters_several
    accumulation = max(1, recipe.accumulation * recipe.gpus // count)
    return recipe.but(gpus=count, sharding=sharding, masters=masters, accumulation=accumulation)


def _larger_cards(recipe: Recipe) -> Iterator[tuple[str, Recipe]]:
    """As many larger cards."""
    assert recipe.gpu is not None
    for card in catalog.gpus():
        if memory.usable_gb(card) > memory.usable_gb(recipe.gpu) and (card.bf16 or recipe.precision != "bf16"):
            yield f"{recipe.gpus} x {card.name}", recipe.but(gpu=card)
