"""One training run as planned, and the cheapest single changes that would make it fit."""

from dataclasses import dataclass, replace

from tunecase import catalog, memory, prices, speed
from tunecase.memory import GB_PER_GIB, Method, Peak, Verdict
from tunecase.prices import Basis
from tunecase.shape import Shape
from tunecase.spread import band


@dataclass(frozen=True, slots=True)
class Plan:
    """One training run as asked for."""

    shape: Shape
    method: Method
    sequence_tokens: int
    micro_batch: int
    gpu: catalog.Gpu
    gpus: int
    rank: int
    checkpointing: bool
    fused_loss: bool = False

    @property
    def profile(self) -> str:
        """The row of memory facts: fp16 needs 32-bit masters where bf16 does not."""
        return "fp16" if not self.gpu.bf16 else "liger" if self.fused_loss else "transformers"

    @property
    def peak(self) -> Peak:
        """Its peak memory."""
        return memory.peak_memory(
            self.shape,
            method=self.method,
            sequence_tokens=self.sequence_tokens,
            micro_batch=self.micro_batch,
            gpus=self.gpus,
            rank=self.rank,
            checkpointing=self.checkpointing,
            profile=self.profile,
        )

    @property
    def verdict(self) -> Verdict:
        """Whether it fits."""
        return memory.fit_verdict(self.peak, self.gpu)

    @property
    def flops_per_token(self) -> float:
        """Operations to train one token."""
        flops: float = speed.flops_per_token(
            self.shape, self.method, float(self.sequence_tokens), self.checkpointing, self.rank
        )
        return flops

    def usd_per_mtok(self, basis: Basis) -> float | None:
        """Middle price of a million trained tokens in US dollars, None without a price of the card."""
        price = prices.gpu_hour(self.gpu.name, basis)
        if price is None:
            return None
        row = speed.efficiency_row(self.gpu, self.method)
        hours: float = speed.gpu_hours(self.flops_per_token, 1e6, self.gpu.peak_bf16_tflops, row.median)
        return hours * band(price.draws).p50 / basis.base_per_usd


def remedies(plan: Plan, basis: Basis, most: int = 3) -> tuple[str, ...]:
    """The cheapest changes that make a run fit, each computed anew and priced per million tokens.

    Single changes first; where none fits, several at once; where those do not either, what would be tight. The tuple
    is empty where nothing tried helps.
    """
    single, several = _changes(plan, basis), _combinations(plan)
    for tried, wanted in ((single, "fits"), (several, "fits"), (single, "tight"), (several, "tight")):
        better = [(words, changed) for words, changed in tried if changed.verdict == wanted != plan.verdict]
        if better:
            return tuple(_priced(better, wanted, basis)[:most])
    return ()


def _priced(better: list[tuple[str, Plan]], wanted: str, basis: Basis) -> list[str]:
    """One line per change, cheapest first, unpriced ones last."""
    priced = [(changed.usd_per_mtok(basis), changed.peak.mid_gb, words, changed) for words, changed in better]
    priced.sort(key=lambda item: (item[0] is None, item[0] or 0.0, item[1]))
    lines = []
    for usd, mid_gb, words, changed in priced:
        cost = f"about {usd:.2g} USD per million tokens" if usd is not None else "unpriced"
        usable = memory.usable_gb(changed.gpu) / GB_PER_GIB
        lines.append(f"{words}: {wanted}, {mid_gb / GB_PER_GIB:.1f} of {usable:.1f} GiB, {cost}")
    return lines


def _combinations(plan: Plan) -> list[tuple[str, Plan]]:
    """Several changes at once on the same cards: small micro-batch and checkpointing, then adapters too."""
    lean = replace(plan, micro_batch=1, checkpointing=True)
    words = "micro-batch 1 with checkpointing"
    return [
        (words, lean),
        (f"{words} and LoRA", replace(lean, method="lora")),
        (f"{words} and QLoRA", replace(lean, method="qlora")),
    ]


def _changes(plan: Plan, basis: Basis) -> list[tuple[str, Plan]]:
    """Single changes worth trying, each with the plan it gives; of larger cards, the cheapest that fits."""
    changes: list[tuple[str, Plan]] = []
    smaller = plan.micro_batch // 2
    while smaller >= 1:
        changed = replace(plan, micro_batch=smaller)
        if changed.verdict == "fits" or smaller == 1:
            words = f"micro-batch {smaller} instead of {plan.micro_batch}, with gradient accumulation"
            changes.append((words, changed))
            break
        smaller //= 2
    if not plan.checkpointing:
        changes.append(("gradient checkpointing", replace(plan, checkpointing=True)))
    if not plan.fused_loss and plan.gpu.bf16:
        changes.append(("a fused loss (Liger kernels)", replace(plan, fused_loss=True)))
    if plan.method == "full":
        changes.append(("LoRA instead of full fine-tuning", replace(plan, method="lora")))
    if plan.method != "qlora":
        changes.append(("QLoRA", replace(plan, method="qlora")))
    for count in (2, 4, 8, 16, 32):
        if count > plan.gpus:
            changed = replace(plan, gpus=count)
            if changed.verdict == "fits":
                changes.append((f"{count} x {plan.gpu.name}, sharded", changed))
                break
    larger = _cheapest_larger_card(plan, basis)
    return [*changes, (f"{plan.gpus} x {larger.gpu.name}", larger)] if larger else changes


def _cheapest_larger_card(plan: Plan, basis: Basis) -> Plan | None:
    cards = [card for card in catalog.gpus() if card.bf16 and memory.usable_gb(card) > memory.usable_gb(plan.gpu)]
    plans = [changed for changed in (replace(plan, gpu=card) for card in cards) if changed.verdict == "fits"]
    priced = [(usd, changed) for changed in plans if (usd := changed.usd_per_mtok(basis)) is not None]
    return min(priced, key=lambda pair: pair[0])[1] if priced else next(iter(plans), None)
