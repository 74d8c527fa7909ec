"""Where and how to run: every GPU, count, micro-batch, sharding, checkpointing and method left open, searched."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tunecase import catalog, memory
from tunecase.calibration import Calibration
from tunecase.memory import Verdict
from tunecase.outlook import need, pace
from tunecase.prices import Basis, gpu_hour
from tunecase.recipe import Recipe
from tunecase.request import MOST_TOKENS, SAMPLES_PER_STEP, SHARDINGS, Settled
from tunecase.running import Job, Terms, terms_of
from tunecase.spread import Z80

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

COUNTS = (1, 2, 4, 8, 16, 24, 32, 48, 64)
MICRO_BATCHES = (1, 2, 4, 8, 16, 32, 64)
METHODS = ("lora", "qlora", "full")
FITS, TIGHT, TOO_BIG = 0, 1, 2
VERDICTS: tuple[Verdict, ...] = ("fits", "tight", "does not fit")
UNSPLIT = "the samples of one step cannot be dealt out so"
UNPRICED, NO_SPOT = "no price in the tier", "no spot price in the tier"
LATE, LARGE, CLOSE = "later than the deadline in one of ten worlds", "does not fit", "tight"


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to run, found by the search; hours and US dollars are middles, None where unknown."""

    recipe: Recipe
    verdict: Verdict
    hours: float
    usd: float | None
    over: float  # P90 of the peak over what the card can hold


@dataclass(frozen=True, slots=True)
class Rejected:
    """Choices left out for one reason, and the one that came nearest, where one came near."""

    reason: str
    count: int
    nearest: Choice | None = None


@dataclass(frozen=True, slots=True)
class _Group:
    """Choices that differ in numbers alone: the set-up with arrays of sizes."""

    recipe: Recipe
    first: int


@dataclass
class Searched:
    """All choices as columns, shape (choices,): GPUs, verdict, hours, dollars, P90 over usable."""

    groups: list[_Group] = field(default_factory=list)
    columns: dict[str, Any] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    job: Job = field(default_factory=Job)
    samples_per_step: int | None = None

    @property
    def count(self) -> int:
        """Choices weighed, those left out beforehand too."""
        return len(self.columns["hours"]) + sum(self.left_out.values())

    def choice(self, index: int) -> Choice:
        """One row of the columns as a set-up of plain numbers."""
        group = next(group for group in reversed(self.groups) if group.first <= index)
        at = index - group.first
        sizes = {name: int(getattr(group.recipe, name)[at]) for name in ("gpus", "micro_batch", "accumulation")}
        usd = float(self.columns["usd"][index])
        verdict = VERDICTS[int(self.columns["verdict"][index])]
        return Choice(
            group.recipe.but(**sizes),
            verdict,
            float(self.columns["hours"][index]),
            usd if math.isfinite(usd) else None,
            float(self.columns["over"][index]),
        )

    def cheapest(self, in_time: bool = False, method: str = "") -> Choice | None:
        """The least price of what fits, else of what is tight; None where nothing does.

        Args:
            in_time: only what ends before the deadline in nine of ten worlds.
            method: only of this method.
        """
        return self._best(("usd", "gpu_hours"), in_time, method)

    def fastest(self) -> Choice | None:
        """The shortest of what fits, else of what is tight; the cheaper of equals."""
        return self._best(("hours", "usd"))

    def closest(self) -> Choice:
        """What comes nearest to fitting."""
        import numpy as np

        return self.choice(int(np.argmin(self.columns["over"])))

    def _best(self, by: tuple[str, str], in_time: bool = False, method: str = "") -> Choice | None:
        import numpy as np

        for wanted in (FITS, TIGHT):
            mask = self.columns["verdict"] == wanted
            if in_time:
                mask = mask & self.columns["in_time"]
            if method:
                mask = mask & (self.columns["method"] == METHODS.index(method))
            at = np.flatnonzero(mask)
            if len(at):
                first, second = (self.columns[name][at] for name in by)
                return self.choice(int(at[np.lexsort((second, first))[0]]))
        return None

    def front(self, most: int = 6) -> list[Choice]:
        """Choices that nothing beats in both price and time, fastest first, at most so many, spread over the front."""
        import numpy as np

        verdict = self.columns["verdict"]
        fine = verdict == (FITS if (verdict == FITS).any() else TIGHT)
        at = np.flatnonzero(fine & np.isfinite(self.columns["usd"]))
        if not len(at):
            return []
        hours, usd = self.columns["hours"][at], self.columns["usd"][at]
        order = np.lexsort((usd, hours))
        least = np.minimum.accumulate(usd[order])
        kept = [int(order[0])]
        for place, index in enumerate(order[1:], 1):
            if usd[index] < least[place - 1] * (1 - 1e-9):
                kept.append(int(index))
        count = min(most, len(kept))
        chosen = [round(step * (len(kept) - 1) / max(count - 1, 1)) for step in range(count)]
        return [self.choice(int(at[kept[place]])) for place in chosen]

    def rejected(self) -> list[Rejected]:
        """Why choices were left out, most frequent first; the nearest miss is the closest of the cheaper ones."""
        import numpy as np

        found = [Rejected(reason, count) for reason, count in self.left_out.items() if count]
        best = self.cheapest()
        limit = best.usd if best and best.usd is not None else math.inf
        for code, reason in ((TOO_BIG, LARGE), (TIGHT, CLOSE)):
            at = np.flatnonzero(self.columns["verdict"] == code)
            if len(at) and not (best and VERDICTS[code] == best.verdict):
                cheaper = at[(self.columns["usd"][at] < limit) | math.isinf(limit)]
                near = int(cheaper[np.argmin(self.columns["over"][cheaper])]) if len(cheaper) else None
                found.append(Rejected(reason, len(at), None if near is None else self.choice(near)))
        late = int(((self.columns["verdict"] != TOO_BIG) & ~self.columns["in_time"]).sum())
        if late:
            found.append(Rejected(LATE, late))
        return sorted(found, key=lambda item: -item.count)


def search(ask: Settled, basis: Basis, calibration: Calibration | None = None) -> Searched:
    """Every choice that the request leaves open, with its memory, time and price.

    Sizes are arrays, so that only the few words (card, method, sharding, checkpointing) are looped over; the time does
    not grow with the number of counts and micro-batches. Samples of one optimizer step are the same in every choice.

    Args:
        ask: the request; what is given is not searched.
        basis: prices and draws.
        calibration: of measured runs.
    Returns: the Searched table; hours and dollars are of a million tokens, without start-up, where no number is known.
    Leaves out mixtures of cards, and clusters without the links that tables/gpus.csv states.
    """
    import numpy as np

    job = ask.job
    found = Searched(job=job)
    cards = _cards(ask, basis, job, found)
    found.samples_per_step, terms, total = samples_per_step(ask), terms_of(basis, job, ask.shape), 0
    parts: list[dict[str, Floats]] = []
    priced = {card.name: _price(card, basis, job) for card in cards}
    for several in (False, True):
        sizes = _sizes(ask, several, found, len(cards))
        if not len(sizes[0]):
            continue
        for words in _words(ask, several):
            for bf16 in (True, False):
                alike = [card for card in cards if card.bf16 == bf16]
                if not alike:
                    continue
                counts, micro_batches, accumulation = sizes
                recipe = ask.recipe(
                    alike[0], several, gpus=counts, micro_batch=micro_batches, accumulation=accumulation, **words
                )
                memory_need = need(recipe, calibration)
                for card in alike:
                    found.groups.append(_Group(recipe.but(gpu=card), total))
                    parts.append(_columns(recipe.but(gpu=card), memory_need, priced[card.name], terms, calibration))
                    total += len(counts)
    if not parts:
        empty: dict[str, Any] = {name: np.zeros(0) for name in ("hours", "usd", "over", "gpu_hours")}
        none = np.zeros(0, int)
        found.columns = {**empty, "verdict": none, "method": none, "in_time": np.zeros(0, bool)}
        return found
    found.columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return found


def samples_per_step(ask: Settled) -> int | None:
    """Samples of one optimizer step over all cards; None where only the accumulation of each card was given.

    What was given; micro-batch times accumulation, as on the fewest cards asked for, where both were; else 16, or as
    many as the cards asked for work on at once.
    """
    if ask.global_batch is not None:
        return ask.global_batch
    micro_batch, accumulation = ask.given.get("micro_batch"), ask.given.get("accumulation")
    fewest = max(min(ask.counts, default=1) // ask.shared_by, 1)
    if micro_batch and accumulation:
        return int(fewest * micro_batch * accumulation)
    if accumulation:
        return None
    at_once = max(max(ask.counts, default=1) // ask.shared_by, 1) * (micro_batch or 1)
    return int(at_once * math.ceil(SAMPLES_PER_STEP / at_once))


def methods_of(ask: Settled) -> tuple[str, ...]:
    """The method given; without one all three, or those with adapters where fields of adapters were given."""
    if "method" in ask.given:
        return (ask.given["method"],)
    if ask.given.get("frozen_layers"):
        return ("full",)
    return METHODS[:2] if {"rank", "targets"} & set(ask.given) else METHODS


def _price(card: catalog.Gpu, basis: Basis, job: Job) -> float:
    import numpy as np

    hour = gpu_hour(card.name, basis, spot=job.spot)
    return math.inf if hour is None else float(np.quantile(hour.draws, 0.5)) / basis.base_per_usd


def _cards(ask: Settled, basis: Basis, job: Job, found: Searched) -> list[catalog.Gpu]:
    """The cards asked for, else all with a price that can compute as asked."""
    if ask.cards:
        return list(ask.cards)
    fine = []
    for card in catalog.gpus():
        if not card.bf16 and ask.given.get("precision") in ("bf16", "fp8"):
            reason = f"a card without {ask.given['precision']}"
        elif math.isinf(_price(card, basis, job)):
            reason = NO_SPOT if job.spot else UNPRICED
        else:
            fine.append(card)
            continue
        found.left_out[reason] = found.left_out.get(reason, 0) + 1
    return fine


def _sizes(ask: Settled, several: bool, found: Searched, cards: int) -> "tuple[Any, Any, Any]":
    """Counts, micro-batches and accumulation that deal out the samples of a step evenly, each shape (sizes,)."""
    import numpy as np

    length = ask.given.get("sequence_tokens", 2048)
    micro = (ask.given["micro_batch"],) if "micro_batch" in ask.given else MICRO_BATCHES
    counts = ask.counts or tuple(count for count in COUNTS if count % ask.shared_by == 0) or (ask.shared_by,)
    pairs = [(n, m) for n in counts if (n > 1) == several for m in micro if m * length <= MOST_TOKENS]
    n, m = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    if found.samples_per_step is None:
        return n, m, np.full(len(n), ask.given["accumulation"])
    at_once = n // ask.shared_by * m
    even = found.samples_per_step % np.maximum(at_once, 1) == 0
    uneven = int((~even).sum()) * cards
    if uneven:
        found.left_out[UNSPLIT] = found.left_out.get(UNSPLIT, 0) + uneven
    return n[even], m[even], found.samples_per_step // at_once[even]


def _words(ask: Settled, several: bool) -> Iterator[dict[str, str]]:
    """Method, sharding and checkpointing left open."""
    given, known = ask.given, ask.framework
    usual = known.checkpointing_several if several else known.checkpointing_one
    checkpointings: Sequence[str] = tuple(dict.fromkeys((usual, "full", "none")))
    shardings: Sequence[str] = SHARDINGS[known.engine] if several else ("none",)
    if given.get("offload", "none") != "none":
        shardings = [name for name in shardings if name != "ddp"]
    if several and "sharding" in given:
        shardings = (given["sharding"],)
    for method in methods_of(ask):
        for sharding in shardings:
            for checkpointing in (given["checkpointing"],) if "checkpointing" in given else checkpointings:
                yield {"method": method, "sharding": sharding, "checkpointing": checkpointing}


def _columns(
    recipe: Recipe, memory_need: Any, usd_per_gpu_hour: float, terms: Terms, calibration: Calibration | None
) -> "dict[str, Floats]":
    """The columns of one group, shape (sizes,)."""
    import numpy as np

    assert recipe.gpu is not None
    usable, size = memory.usable_gb(recipe.gpu), len(recipe.gpus)
    speed = pace(recipe, calibration)
    hours = terms.hours(recipe, speed.tokens_per_s_per_gpu)
    late = terms.hours(recipe, speed.tokens_per_s_per_gpu / np.exp(Z80 * np.asarray(speed.sigma)))
    verdict = np.where(memory_need.high_gb <= usable, FITS, np.where(memory_need.low_gb <= usable, TIGHT, TOO_BIG))
    columns = {
        "verdict": verdict,
        "over": memory_need.high_gb / usable,
        "hours": hours,
        "gpu_hours": hours * recipe.gpus,
        "usd": terms.usd(recipe, hours, usd_per_gpu_hour),
        "method": np.asarray(METHODS.index(recipe.method)),
        "in_time": late <= (terms.deadline_hours or math.inf),
    }
    return {name: np.broadcast_to(column, (size,)) for name, column in columns.items()}
