"""One quick question: does this training run fit, on what, how long does it take and what does it cost?

Memory is the peak over the phases of a step (memory.py), time is the work of a step at the rates that published runs
reach (speed/), the price is hours times the price of a GPU hour, each with its date (prices/). What the question
leaves open is searched (search.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tunecase.compute import memory, speed
from tunecase.compute.explained import (
    FORMULAS,
    NOT_COUNTED,
    assumptions,
    background,
    choice_words,
    dominant_words,
    run_words,
    setup_fields,
    sizes_words,
    turning,
)
from tunecase.compute.measured.calibration import Calibration, learn
from tunecase.compute.measured.nearest import compared, nearest_runs
from tunecase.compute.measured.runs import Measured
from tunecase.compute.memory.peak import GB_PER_GIB
from tunecase.compute.prediction import chance_over, need, pace, total_gb
from tunecase.compute.recipe import Recipe
from tunecase.compute.remedies import remedies, verdict_of
from tunecase.compute.request import Request, Settled, settled
from tunecase.compute.running import Job, outcome, samples_per_step
from tunecase.compute.search import Choice, Searched, methods_of, search
from tunecase.prices import NOT_OF_THE_TABLES, Basis, GpuHour, any_gpu_hour, hour_words
from tunecase.quantities import Z80, Interval80, band, counted, duration, figures
from tunecase.records import Compared, Fit, LeftOut, Phase, Placed

if TYPE_CHECKING:
    from tunecase.quantities import Draws

MOST = 4  # remedies told
LARGER_STEPS = 8  # times the batch that is tried where a deadline is missed


@dataclass(frozen=True, slots=True)
class _Found:
    """What the parts of the record are made from."""

    ask: Settled
    basis: Basis
    calibration: Calibration | None
    searched: Searched
    choice: Choice

    @property
    def recipe(self) -> Recipe:
        return self.choice.recipe


def fit(request: Request, *, basis: Basis, measured: Sequence[Measured] = (), explain: bool = False) -> Fit:
    """Memory, speed, time and price of one training run; what the request leaves open is searched.

    Args:
        request: model, fields of the set-up, cards, counts, amount, deadline.
        basis: price tier, date and draws.
        measured: runs of one's own, which move the prediction; they are compared with it first.
        explain: adds every phase of the peak and the measured runs that are nearest.
    Returns: the Fit; intervals are 80%.
    Raises: InputError with every mistake found.

    Example:
        >>> from datetime import date
        >>> from tunecase.quantities.spread import Worlds
        >>> basis = Basis(None, date(2026, 11, 24), Worlds(seed=0, n=1000))
        >>> fit(Request("llama-2-7b", {"method": "lora"}, cards=("A100-80GB",), counts=(1,)), basis=basis).verdict
        'fits'

    Leaves out what `Fit.not_counted` lists. How far predictions lie from runs of publishers not learnt from:
    `benchmarks/training.py`.
    """
    ask = settled(request)
    methods = methods_of(ask)
    like = ask.recipe(ask.cards[0] if len(ask.cards) == 1 else None, method=methods[0])
    calibration = learn(measured, like, methods) if measured else None
    found = search(ask, basis, calibration)
    choice = (found.cheapest(in_time=True) if ask.job.deadline_hours else None) or found.cheapest() or found.closest()
    found.samples_per_step = int(samples_per_step(choice.recipe))
    parts = _Found(ask, basis, calibration, found, choice)
    record = _record(parts, tuple(compare(measured)))
    return _explained(record, parts) if explain else record


def compare(measured: Sequence[Measured]) -> list[Compared]:
    """Measured runs beside what is predicted for them without having learnt from them."""
    runs = [run for run in measured if not run.failed]
    peaks = [compared(run, "memory") for run in runs if run.peak_gb and not run.guessed]
    return peaks + [compared(run, "speed") for run in runs if run.tokens_per_s_per_gpu and run.recipe.gpu]


def _record(found: _Found, pairs: tuple[Compared, ...]) -> Fit:
    recipe, basis, job = found.recipe, found.basis, found.ask.job
    assert recipe.gpu is not None
    peak, speed_of = memory.peak_memory(recipe), pace(recipe, found.calibration)
    placed = _placed(found, found.choice)
    price = any_gpu_hour(recipe.gpu.name, basis, spot=job.spot)
    asked_tier = basis.tier or basis.text("compute.tier", basis.project.compute.tier if basis.project else None)
    spot = _spot(found)
    scale = need(recipe, found.calibration).mid_gb / peak.mid_gb
    wide = float(Z80 * speed_of.sigma)
    step = float(speed_of.seconds_per_step)
    rivals = _rivals(found)
    return Fit(
        model=recipe.shape.name,
        params=recipe.shape.params,
        method=recipe.method,
        gpu=recipe.gpu.name,
        gpu_count=recipe.gpus,
        verdict=placed.verdict,
        placed=placed,
        memory_gib=placed.memory_gib,
        reserved_gib=_gib(found, "reserved", capped=True),
        card_gib=_gib(found, "card", capped=True),
        usable_gib=placed.usable_gib,
        memory_terms=tuple((name, gb * scale / GB_PER_GIB) for name, gb in peak.terms),
        dominant=dominant_words(peak),
        turning=(*_more_likely_not(placed), *turning(recipe, placed.verdict, found.calibration), *_in_time(found)),
        train_tokens=_tokens(job, recipe),
        useful_share=float(speed.useful_share(recipe)),
        step_s=Interval80(*(step * _times(wide, sign) for sign in (-1, 0, 1))),
        time_terms=tuple((name, float(seconds)) for name, seconds in speed_of.terms if float(seconds) > 0),
        tokens_per_s=placed.tokens_per_s,
        hours=placed.hours,
        usd_per_gpu_hour=_interval(price.draws / basis.base_per_usd) if price else None,
        usd=placed.usd,
        tier=price.tier if price else asked_tier,
        price_dates=price.dates if price else (),
        spot_usd=spot.usd if spot else None,
        spot_hours=spot.hours if spot else None,
        deadline_hours=job.deadline_hours,
        searched=found.searched.count,
        rejected=tuple(
            LeftOut(item.reason, item.count, choice_words(item.nearest) if item.nearest else "")
            for item in found.searched.rejected()
        ),
        remedies=()
        if placed.verdict == "fits"
        else tuple(item.line for item in remedies(found.ask, recipe, basis, found.calibration, MOST)),
        setup=setup_fields(recipe),
        assumptions=(
            *assumptions(found.ask, found.searched, recipe, price),
            *_taken(found, price, asked_tier),
            *_learnt(found.calibration),
        ),
        background=(*background(found.ask, recipe), *_origins(price, spot, recipe.gpu.name)),
        sizes=sizes_words(recipe.shape),
        spot_basis=spot.price_basis if spot else "",
        not_counted=NOT_COUNTED,
        compared=pairs,
        total_gib=total_gb(recipe.gpu) / GB_PER_GIB,
        card_full=_gib(found, "card").high >= total_gb(recipe.gpu) / GB_PER_GIB,
        batch_assumed=_assumed(found.ask),
        **rivals,  # type: ignore[arg-type]
    )


def _tokens(job: Job, recipe: Recipe) -> float | None:
    tokens = job.tokens(recipe)
    return None if tokens is None else float(tokens)


def _assumed(ask: Settled) -> bool:
    return ask.global_batch is None and "accumulation" not in ask.given


def _more_likely_not(placed: Placed) -> list[str]:
    """What is told of a run whose P50 lies above the card."""
    if placed.verdict != "tight" or placed.chance_over <= 0.5:
        return []
    return [
        f"it is more likely not to fit than to fit: {placed.chance_over:.0%} of the peak's chances lie above the card"
    ]


def _in_time(found: _Found) -> list[str]:
    """What would meet a deadline that nothing asked for meets: more cards of the kind, other cards, larger steps."""
    ask = found.ask
    limit = ask.job.deadline_hours
    if limit is None or found.choice.verdict == "does not fit" or found.searched.cheapest(in_time=True):
        return []
    tries = [("", replace(ask, counts=()))] if ask.counts else []
    tries += [("", replace(ask, counts=(), cards=()))] if ask.cards else []
    if ask.global_batch is not None:
        larger = ask.global_batch * LARGER_STEPS
        tries.append((f" --global-batch {larger}", replace(ask, counts=(), global_batch=larger)))
    for words, freer in tries:
        choice = search(freer, found.basis, found.calibration).cheapest(in_time=True)
        if choice is not None and choice.verdict == "fits":
            assert choice.recipe.gpu is not None
            usd = "unpriced" if choice.usd is None else f"{figures(choice.usd)} USD"
            method = "" if "method" in ask.given else f" --method {choice.recipe.method}"
            typed = f"--gpu {choice.recipe.gpu.name} --gpus {choice.recipe.gpus}{method}{words}"
            run = run_words(choice.recipe)
            return [f"to end within {duration(limit * 3600)}: {run}, {duration(choice.hours * 3600)}, {usd} ({typed})"]
    return [f"no number of cards up to 64 ends within {duration(limit * 3600)}"]


def _taken(found: _Found, price: GpuHour | None, asked_tier: str) -> list[str]:
    """What was taken for the batch, the price and the card's display where it may surprise."""
    recipe = found.recipe
    assert recipe.gpu is not None
    name, told = recipe.gpu.name, []
    if price is not None and price.tier not in (asked_tier, *NOT_OF_THE_TABLES):
        told.append(
            f"no price of a {name} in the tier {asked_tier}: that of {price.tier}, the nearest with one, is taken"
        )
    if found.choice.verdict != "does not fit" and _gib(found, "card").high >= total_gb(recipe.gpu) / GB_PER_GIB:
        size = f"{total_gb(recipe.gpu) / GB_PER_GIB:.1f} GiB"
        told.append(f"nvidia-smi may show the card full ({size}): cached blocks are then given back, at some speed")
    return told


def _origins(price: GpuHour | None, spot: Placed | None, name: str) -> list[str]:
    """Where the prices of an hour come from."""
    told = [f"price of one {name} hour: {hour_words(price)}"] if price else []
    if price is not None and len(price.providers) == 1 and price.tier not in NOT_OF_THE_TABLES:
        told.append(f"the price of a {name} hour is that of one provider alone")
    return [*told, *([f"spot price of one {name} hour: {spot.price_basis}"] if spot else [])]


def _times(wide: float, sign: int) -> float:
    import math

    return math.exp(sign * wide)


def _rivals(found: _Found) -> dict[str, object]:
    """Cheapest, fastest, in time, by method and the front; nothing where nothing was left open."""
    table = found.searched
    early = table.cheapest(in_time=True) if found.ask.job.deadline_hours else None
    in_time = _placed(found, early, "in time") if early else None
    none: dict[str, object] = {"cheapest": None, "fastest": None, "in_time": in_time, "by_method": (), "front": ()}
    if len(table.columns["hours"]) < 2:
        return none
    cheapest = table.cheapest()
    best = {"cheapest": cheapest if cheapest and cheapest.usd is not None else None, "fastest": table.fastest()}
    methods = methods_of(found.ask)
    each = [table.cheapest(method=method) or table.closest(method) for method in methods] if len(methods) > 1 else []
    return none | {
        **{name: _placed(found, choice, name) if choice else None for name, choice in best.items()},
        "by_method": tuple(_placed(found, choice) for choice in each),
        "front": tuple(_placed(found, choice) for choice in table.front()),
    }


def _placed(found: _Found, choice: Choice, mark: str = "") -> Placed:
    """One choice with its bands."""
    recipe, basis, job = choice.recipe, found.basis, found.ask.job
    assert recipe.gpu is not None
    peak, rate = need(recipe, found.calibration), pace(recipe, found.calibration)
    total, wide = float(rate.tokens_per_s_per_gpu) * recipe.gpus, float(Z80 * rate.sigma)
    fits = verdict_of(recipe, found.calibration)
    hours = usd = each = None
    if fits != "does not fit":
        whole, million = outcome(recipe, job, basis, found.calibration), Job(None, None, job.spot)
        per_mtok = outcome(recipe, million, basis, found.calibration).usd
        each = None if per_mtok is None else _interval(per_mtok)
        if job.train_tokens is not None:
            hours, usd = _interval(whole.hours), None if whole.usd is None else _interval(whole.usd)
    hour = any_gpu_hour(recipe.gpu.name, basis, spot=job.spot)
    return Placed(
        gpu=recipe.gpu.name,
        gpu_count=recipe.gpus,
        method=recipe.method,
        micro_batch=recipe.micro_batch,
        accumulation=recipe.accumulation,
        sharding=recipe.sharding,
        checkpointing=recipe.checkpointing,
        verdict=fits,
        memory_gib=Interval80(*(float(gb) / GB_PER_GIB for gb in (peak.low_gb, peak.mid_gb, peak.high_gb))),
        usable_gib=memory.usable_gb(recipe.gpu) / GB_PER_GIB,
        tokens_per_s=Interval80(*(total * _times(wide, sign) for sign in (-1, 0, 1))),
        hours=hours,
        usd=usd,
        usd_per_mtok=each,
        mark=mark,
        samples_per_step=int(samples_per_step(recipe)),
        chance_over=chance_over(peak, memory.usable_gb(recipe.gpu)),
        price_basis=hour_words(hour) if hour else "",
    )


def _spot(found: _Found) -> Placed | None:
    """The same set-up on spot cards, None where that is asked for anyway or has no price."""
    job = found.ask.job
    if job.spot or job.train_tokens is None or found.choice.verdict == "does not fit":
        return None
    spot = replace(found.ask, job=replace(job, spot=True))
    placed = _placed(replace(found, ask=spot), found.choice)
    return placed if placed.usd is not None else None


def _gib(found: _Found, statistic: str, capped: bool = False) -> Interval80:
    """The band of one statistic; of a run that may fit capped at the card's total, or at what is allocated if more."""
    assert found.recipe.gpu is not None
    peak, inner = (need(found.recipe, found.calibration, name) for name in (statistic, "allocated"))
    capped = capped and found.choice.verdict != "does not fit"
    total = total_gb(found.recipe.gpu)
    points = [(float(getattr(peak, name)), float(getattr(inner, name))) for name in ("low_gb", "mid_gb", "high_gb")]
    return Interval80(*((min(gb, max(total, least)) if capped else gb) / GB_PER_GIB for gb, least in points))


def _explained(record: Fit, found: _Found) -> Fit:
    """The record with every phase, the formulas in words, and the nearest measured runs."""
    phases = []
    for name, terms in memory.phases(found.recipe).items():
        sizes = tuple((term, float(size) / 1e9 / GB_PER_GIB) for term, size in terms.items() if float(size))
        phases.append(Phase(name, sum(size for _, size in sizes), sizes))
    return replace(record, phases=tuple(phases), formulas=FORMULAS, evidence=nearest_runs(found.recipe))


def _learnt(calibration: Calibration | None) -> list[str]:
    if calibration is None:
        return []
    told = []
    if calibration.memory_runs:
        told.append(f"memory corrected by {counted(calibration.memory_runs, 'measured run')}")
    if calibration.time_runs:
        told.append(
            f"time multiplied by {calibration.time_factor:.2f}, learnt from {counted(calibration.time_runs, 'run')}"
        )
    return told


def _interval(draws: "Draws") -> Interval80:
    points = band(draws)
    return Interval80(points.p10, points.p50, points.p90)
