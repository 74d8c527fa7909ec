"""Where and how to run: every GPU, count, micro-batch, sharding, checkpointing and method left open, searched."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from tunecase import catalog
from tunecase.catalog import ON_DEMAND, SPOT
from tunecase.compute import memory
from tunecase.compute.measured.calibration import Calibration
from tunecase.compute.memory.peak import Verdict
from tunecase.compute.prediction import Need, need_of_training, pace, with_engine
from tunecase.compute.recipe import Recipe
from tunecase.compute.request import MOST_TOKENS, SHARDINGS, Settled, step_samples
from tunecase.compute.running import Job, Terms, terms_of
from tunecase.errors import InputError, Problem
from tunecase.prices import NOT_OF_THE_TABLES, Basis, any_gpu_hour, gpu_hour
from tunecase.quantities import Z80, Floats, np

COUNTS = (1, 2, 4, 8, 16, 24, 32, 48, 64)
MICRO_BATCHES = (1, 2, 4, 8, 16, 32, 64)
METHODS = ("lora", "qlora", "full")
FITS, TIGHT, TOO_BIG = 0, 1, 2
VERDICTS: tuple[Verdict, ...] = ("fits", "tight", "does not fit")
LIKELY, UNLIKELY = TIGHT, TIGHT + 0.5  # P50 of the peak below what the card can hold, or above it
MORE = 1.02  # factor of price worth paying for a card that is not full
TIGHT_MORE = 1.25  # the same for what is tight and likelier to fit: a run that fails is paid for and lost
MOST_LOOSE = 8  # consumer or workstation cards tried where the count is open: no machine holds more
UNSPLIT = "the samples of one step are not a multiple of cards x micro-batch"
LOOSE = "more cards on PCIe than one known machine holds, or than a workstation takes"
ALONE = "more than one card that is sold in instances of one: no fast link joins them into one job"
UNMEASURED = "no training run was measured on any card of its generation: name it to have it weighed"
UNPRICED, NO_SPOT = "no price in the tier", "no spot price in the tier"
LATE, LARGE, CLOSE = "later than the deadline in more than one of ten worlds", "does not fit", "tight"


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to run, found by the search; hours and US dollars are middles, None where unknown."""

    recipe: Recipe
    verdict: Verdict
    hours: float
    usd: float | None
    over: float  # P90 of the peak / what the card can hold


@dataclass(frozen=True, slots=True)
class Rejected:
    """Choices left out for one reason, and the nearest miss among them, where there is one."""

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
    """All choices as columns, shape (choices,): verdict, hours, dollars, P90 over usable, and more.

    `rank` separates tight choices whose P50 lies above the card from the others; `roomy` is true where P90 of what the
    allocator reserves fits too. `samples_per_step` is None where choices differ in it.
    """

    groups: list[_Group] = field(default_factory=list)
    columns: dict[str, Any] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    job: Job = field(default_factory=Job)
    samples_per_step: int | None = None

    @property
    def count(self) -> int:
        """Choices weighed, including those left out beforehand."""
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
        """The cheapest choice that fits, else the cheapest that is tight; None where there is neither.

        A card that is not filled by what the allocator reserves is preferred where it costs at most 2% more; of tight
        choices the likeliest to fit among those that cost at most a quarter more.

        Args:
            in_time: only choices that end before the deadline in nine of ten worlds; a tight one never stands in for
                one that fits but ends too late.
            method: only choices with this method; all where it is empty.
        """
        at = self._best_rank(method)
        at = at[self.columns["in_time"][at]] if in_time else at
        if not len(at):
            return None
        usd, gpu_hours = self.columns["usd"][at], self.columns["gpu_hours"][at]
        paid = usd if np.isfinite(usd).any() else gpu_hours
        if self.columns["rank"][at[0]] != FITS:
            near = at[paid <= TIGHT_MORE * paid.min()]
            return self.choice(int(near[np.argmin(self.columns["over"][near])]))
        roomy = self.columns["roomy"][at] & (paid <= MORE * paid.min())
        if roomy.any():
            at, usd, gpu_hours = at[roomy], usd[roomy], gpu_hours[roomy]
        return self.choice(int(at[np.lexsort((gpu_hours, usd))[0]]))

    def fastest(self) -> Choice | None:
        """The fastest choice that fits, else the fastest that is tight; of equals the cheapest."""
        at = self._best_rank()
        if not len(at):
            return None
        return self.choice(int(at[np.lexsort((self.columns["usd"][at], self.columns["hours"][at]))[0]]))

    def closest(self, method: str = "") -> Choice:
        """The choice nearest to fitting, with one method or with any."""
        other = self.columns["method"] != METHODS.index(method) if method else False
        return self.choice(int(np.argmin(np.where(other, math.inf, self.columns["over"]))))

    def _best_rank(self, method: str = "") -> Any:
        """Rows of the best verdict there is: what fits, else what is tight, else what more likely does not fit."""
        rank = self.columns["rank"]
        if method:
            rank = np.where(self.columns["method"] == METHODS.index(method), rank, TOO_BIG)
        best = rank.min(initial=TOO_BIG)
        return np.flatnonzero(rank == best) if best < TOO_BIG else np.zeros(0, int)

    def front(self, most: int = 6) -> list[Choice]:
        """Choices that nothing beats in both price and time, fastest first: at most `most`, spread over the front.

        The last is the choice of `cheapest`, which may cost 2% more than another.
        """
        at = self._best_rank()
        at = at[np.isfinite(self.columns["usd"][at])]
        cheapest = self.cheapest()
        if not len(at) or cheapest is None or cheapest.usd is None:
            return []
        hours, usd = self.columns["hours"][at], self.columns["usd"][at]
        order = np.lexsort((usd, hours))
        before = np.concatenate([[math.inf], np.minimum.accumulate(usd[order])[:-1]])  # least of what is faster
        beaten = (usd[order] >= before * (1 - 1e-9)) | (usd[order] <= cheapest.usd * (1 + 1e-9))
        kept = at[order[~beaten]]
        count = min(most - 1, len(kept))
        chosen = [round(step * (len(kept) - 1) / max(count - 1, 1)) for step in range(count)]
        front = [self.choice(int(kept[place])) for place in chosen]
        return [*(choice for choice in front if choice.hours < cheapest.hours), cheapest]

    def rejected(self) -> list[Rejected]:
        """Why choices were left out, most frequent first; the nearest miss is the closest of the cheaper ones."""
        reasons = [Rejected(reason, count) for reason, count in self.left_out.items()]
        best = self.cheapest()
        for code, reason in ((TOO_BIG, LARGE), (TIGHT, CLOSE)):
            at = np.flatnonzero(self.columns["verdict"] == code)
            if best is None or VERDICTS[code] != best.verdict:
                reasons.append(Rejected(reason, len(at), self._nearest_miss(at, best)))
        late = int(((self.columns["verdict"] != TOO_BIG) & ~self.columns["in_time"]).sum())
        reasons.append(Rejected(LATE, late))
        return sorted((item for item in reasons if item.count), key=lambda item: -item.count)

    def _nearest_miss(self, at: Any, best: Choice | None) -> Choice | None:
        """The row closest to fitting among those cheaper than the best choice; None where none is cheaper."""
        if best is not None and best.usd is not None:
            at = at[self.columns["usd"][at] < best.usd]
        return self.choice(int(at[np.argmin(self.columns["over"][at])])) if len(at) else None


def search(ask: Settled, basis: Basis, calibration: Calibration | None = None) -> Searched:
    """Every choice that the request leaves open, with its memory, time and price.

    Sizes are arrays: only card, method, sharding and checkpointing are looped over, so the time does not grow with the
    number of counts and micro-batches.

    Args:
        ask: the request; what is given is not searched.
        basis: prices and draws.
        calibration: of measured runs.
    Returns: the Searched table; where no number of tokens is known, hours and dollars are per million of them.
    Raises: InputError where no choice is left: no card with a price, or a batch that the cards cannot share evenly.
    Leaves out mixtures of cards, and clusters without the links that catalog/tables/gpus.csv states.
    """
    job, table = ask.job, Searched(job=ask.job)
    kinds: dict[tuple[bool, int], list[catalog.Gpu]] = {}
    for card in _cards(ask, basis, job, table):
        kinds.setdefault((catalog.can(card, "bf16"), most_cards(card, basis, job.spot)), []).append(card)
    terms, total, steps = terms_of(basis, job, ask.shape), 0, set()
    parts: list[dict[str, Floats]] = []
    needed = _Needed(calibration)
    prices = {card.name: _price(card, basis, job, named=bool(ask.cards)) for alike in kinds.values() for card in alike}
    widest_first = sorted(kinds.items(), key=lambda kind: -kind[0][1])
    for several, (_, most), alike in [(several, *kind) for several in (False, True) for kind in widest_first]:
        counts, micro_batches, accumulation = _sizes(
            ask, _open_counts(ask, several, table, most, len(alike)), table, len(alike)
        )
        if not len(counts):
            continue
        steps |= set((counts // ask.shared_by * micro_batches * accumulation).tolist())
        for words in _words(ask, several):
            recipe = ask.recipe(
                alike[0], several, gpus=counts, micro_batch=micro_batches, accumulation=accumulation, **words
            )
            needs = needed(recipe)
            for card in alike:
                own = recipe.but(gpu=card)
                table.groups.append(_Group(own, total))
                parts.append(_columns(own, needs, prices[card.name], terms, calibration))
                total += len(counts)
    if not parts:
        raise InputError(_nothing(ask, table))
    table.samples_per_step = steps.pop() if len(steps) == 1 else None
    table.columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return table


@dataclass(slots=True)
class _Needed:
    """Memory of set-ups that differ in numbers alone, worked out once for cards of several kinds.

    The first kind seen is the one of which a machine holds most, so that its sizes hold those of the others.
    """

    calibration: Calibration | None
    known: dict[Recipe, tuple[Any, Need, Any]] = field(default_factory=dict)

    def __call__(self, recipe: Recipe) -> tuple[Need, Any]:
        """The need of each size, and P90 of what the allocator reserves for it [GB]."""
        plain = recipe.but(gpu=None, gpus=0, micro_batch=0, accumulation=0)
        sizes = recipe.gpus * (MOST_TOKENS + 1) + recipe.micro_batch
        if plain in self.known and np.isin(sizes, self.known[plain][0]).all():
            all_sizes, whole, reserved = self.known[plain]
            at = np.searchsorted(all_sizes, sizes)
            return Need(whole.low_gb[at], whole.mid_gb[at], whole.high_gb[at]), reserved[at]
        peak = need_of_training(recipe, self.calibration)
        reserved = peak.high_gb * memory.reserved_gb(recipe) / memory.peak_gb(recipe)
        points = [np.broadcast_to(point, sizes.shape) for point in (peak.low_gb, peak.mid_gb, peak.high_gb, reserved)]
        order = np.argsort(sizes)
        self.known[plain] = sizes[order], Need(*(point[order] for point in points[:3])), points[3][order]
        return Need(*points[:3]), points[3]


def _nothing(ask: Settled, table: Searched) -> Problem:
    """Why there is no choice at all."""
    if not table.left_out.get(UNSPLIT):
        return Problem("gpu", "; ".join(table.left_out) or "no card", "a card with a price", "name the card with --gpu")
    given = ask.given.get("micro_batch")
    cards, micro = ask.counts or COUNTS, f", micro-batch {given}" if given else ""
    at_once = min(max(count // ask.shared_by, 1) for count in cards) * (given or 1)
    batch = ask.global_batch or 0
    near = sorted({max(batch // at_once, 1) * at_once, -(-batch // at_once) * at_once})
    counts = ", ".join(str(count) for count in cards)
    shared = f", {ask.shared_by} per sample" if ask.shared_by > 1 else ""
    fix = f"use global_batch {' or '.join(map(str, near))}, or a number of cards and a micro-batch that divide {batch}"
    return Problem("global_batch", f"{batch} on {counts} cards{shared}{micro}", f"a multiple of {at_once}", fix)


def loose(card: catalog.Gpu) -> bool:
    """True for consumer and workstation cards, which are put into machines one by one."""
    return card.interconnect == "pcie" and card.name.startswith("RTX")


def most_cards(card: catalog.Gpu, basis: Basis, spot: bool = False) -> int:
    """The most cards of a kind that one job is advised to take: what a machine holds where no fast network joins them.

    Consumer and workstation cards stay within one machine. No more cards are taken than `machine_bound` says, unless
    they are priced by the user, who knows where they stand. All others may fill many machines.
    """
    most, held = MOST_LOOSE if loose(card) else COUNTS[-1], machine_bound(card)
    if not 0 < held < most:
        return most
    hour = any_gpu_hour(card.name, basis, terms=SPOT if spot else ON_DEMAND)
    return most if hour is not None and hour.tier in NOT_OF_THE_TABLES else held


def machine_bound(card: catalog.Gpu) -> int:
    """The most cards of a kind that the largest known instance type holds, where one job cannot take several of it.

    Cards on PCIe are in machines without the network that would join them, and so are those that stand alone. 0 where
    there is no such bound: cards with NVLink fill many machines, and of a card without a row among the instances
    nobody knows how many a machine holds.

    Example:
        >>> [machine_bound(catalog.gpu(name)) for name in ("A10", "RTX6000Ada", "GH200", "H100", "A30")]
        [4, 2, 1, 0, 0]
    """
    held = catalog.largest_instance(card.name)
    return held if held == 1 or card.interconnect == "pcie" else 0


def methods_of(ask: Settled) -> tuple[str, ...]:
    """The method given; else all three, or those with adapters where fields of adapters were given."""
    if "method" in ask.given:
        return (ask.given["method"],)
    if ask.given.get("frozen_layers"):
        return ("full",)
    return METHODS[:2] if {"adapter", "rank", "targets"} & set(ask.given) else METHODS


def _price(card: catalog.Gpu, basis: Basis, job: Job, named: bool) -> float:
    """US dollars per GPU hour, from the nearest tier with a price where the card was named; infinite without one."""
    hour = (any_gpu_hour if named else gpu_hour)(card.name, basis, terms=SPOT if job.spot else ON_DEMAND)
    return math.inf if hour is None else float(np.quantile(hour.draws, 0.5)) / basis.base_per_usd


def _cards(ask: Settled, basis: Basis, job: Job, table: Searched) -> list[catalog.Gpu]:
    """The cards asked for, else all that have a price in the tier and can compute as asked."""
    if ask.cards:
        return list(ask.cards)
    fine = []
    for card in catalog.gpus():
        precision = ask.given.get("precision", "fp16")
        if not catalog.can(card, precision):
            reason = f"a card without {precision}"
        elif card.generation not in catalog.measured_generations():
            reason = UNMEASURED
        elif math.isinf(_price(card, basis, job, named=False)):
            reason = NO_SPOT if job.spot else UNPRICED
        else:
            fine.append(card)
            continue
        table.left_out[reason] = table.left_out.get(reason, 0) + 1
    return fine


def _sizes(ask: Settled, counts: Sequence[int], table: Searched, kinds: int) -> "tuple[Any, Any, Any]":
    """Counts, micro-batches and accumulation that share the samples of a step evenly, each shape (sizes,)."""
    length = ask.given.get("sequence_tokens", 2048)
    micro = (ask.given["micro_batch"],) if "micro_batch" in ask.given else MICRO_BATCHES
    pairs = [(n, m) for n in counts for m in micro if m * length <= MOST_TOKENS]
    n, m = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    ways = np.maximum(n // ask.shared_by, 1)
    samples = step_samples(ask.given, ask.global_batch, ways, m)
    # frameworks fill the last micro-batch of sampled answers up, so that any number of cards can share them
    even = ways * m <= samples if "rollout" in ask.given else samples % (ways * m) == 0
    _leave_out(table, UNSPLIT, int((~even).sum()) * kinds)
    return n[even], m[even], -(-samples // (ways * m))[even]


def _open_counts(ask: Settled, several: bool, table: Searched, most: int, kinds: int) -> list[int]:
    """The counts asked for, else all that leave no card without a sample, up to `most` cards, see `most_cards`."""
    divided = [count for count in COUNTS if count % ask.shared_by == 0]
    counts = [count for count in ask.counts or divided or (ask.shared_by,) if (count > 1) == several]
    if ask.counts:
        return counts
    held = [count for count in counts if count <= max(most, ask.shared_by)]
    _leave_out(table, ALONE if most == 1 else LOOSE, (len(counts) - len(held)) * kinds)
    return held


def _leave_out(table: Searched, reason: str, count: int) -> None:
    if count:
        table.left_out[reason] = table.left_out.get(reason, 0) + count


def _words(ask: Settled, several: bool) -> Iterator[dict[str, str]]:
    """Every combination of method, sharding and checkpointing that is left open."""
    framework = ask.framework
    usual = framework.checkpointing_several if several else framework.checkpointing_one
    checkpointings = [ask.given["checkpointing"]] if "checkpointing" in ask.given else [usual, "full", "none"]
    kinds = product(methods_of(ask), _shardings(ask, several), dict.fromkeys(checkpointings))
    for method, sharding, checkpointing in kinds:
        yield {"method": method, "sharding": sharding, "checkpointing": checkpointing}


def _shardings(ask: Settled, several: bool) -> Sequence[str]:
    """The sharding given, else all of the framework's engine; only ddp, which copies everything, cannot offload."""
    if not several:
        return ("none",)
    if "sharding" in ask.given:
        return ("ddp" if ask.given["sharding"] == "none" else ask.given["sharding"],)
    offloads = ask.given.get("offload", "none") != "none"
    return [name for name in SHARDINGS[ask.framework.engine] if name != "ddp" or not offloads]


def _columns(
    recipe: Recipe, needs: tuple[Need, Any], usd_per_gpu_hour: float, terms: Terms, calibration: Calibration | None
) -> "dict[str, Floats]":
    """The columns of one group, shape (sizes,), from what is allocated and P90 of what is reserved."""
    assert recipe.gpu is not None
    usable, size = memory.usable_gb(recipe.gpu), len(recipe.gpus)
    speed = pace(recipe, calibration)
    with np.errstate(divide="ignore"):  # nothing is sampled, ever, where the cards cannot hold what samples
        hours = terms.hours(recipe, speed.tokens_per_s_per_gpu)
        late = terms.hours(recipe, speed.tokens_per_s_per_gpu / np.exp(Z80 * np.asarray(speed.sigma)))
    peak, reserved = with_engine(needs[0], recipe), with_engine(Need(*(needs[1],) * 3), recipe).high_gb
    verdict = np.where(peak.high_gb <= usable, FITS, np.where(peak.low_gb <= usable, TIGHT, TOO_BIG))
    verdict = np.where(np.isfinite(hours), verdict, TOO_BIG)  # cards that cannot hold what samples
    columns = {
        "verdict": verdict,
        "rank": np.where((verdict == TIGHT) & (peak.mid_gb > usable), UNLIKELY, verdict),
        "over": peak.high_gb / usable,
        "roomy": reserved <= usable,
        "hours": hours,
        "gpu_hours": hours * recipe.cards,
        "usd": terms.usd(recipe, hours, usd_per_gpu_hour),
        "method": np.asarray(METHODS.index(recipe.method)),
        "in_time": late <= (terms.deadline_hours or math.inf),
    }
    return {name: np.broadcast_to(column, (size,)) for name, column in columns.items()}
