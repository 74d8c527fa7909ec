"""One quick question: does this training run fit, on what, how long does it take and what does it cost?

Memory is the peak over the phases of a step (memory/), time is the work of a step at the rates that published runs
reach (speed/), the price is hours times the price of a GPU hour, each with its date (prices/). What the question
leaves open is searched (search.py).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tunecase.catalog import ON_DEMAND, SPOT
from tunecase.compute import memory, speed
from tunecase.compute.doubt import SAMPLED_STEP, shipped, widest
from tunecase.compute.explained import (
    FORMULAS,
    NOT_COUNTED,
    ROLLOUT_FORMULAS,
    assumptions,
    background,
    choice_words,
    dominant_words,
    option_of,
    rolled,
    run_words,
    setup_fields,
    sizes_words,
    turning,
)
from tunecase.compute.measured.calibration import Calibration, learn
from tunecase.compute.measured.nearest import compared, nearest_runs
from tunecase.compute.measured.runs import Measured
from tunecase.compute.memory.peak import GB_PER_GIB, Peak
from tunecase.compute.prediction import Need, chance_over, need, need_of_training, pace, sides_gb, total_gb, with_engine
from tunecase.compute.recipe import Recipe, samples_per_step
from tunecase.compute.remedies import remedies, verdict_of
from tunecase.compute.request import Request, Settled, settled
from tunecase.compute.running import Job, outcome
from tunecase.compute.search import Choice, Rejected, Searched, methods_of, search
from tunecase.prices import NOT_OF_THE_TABLES, Basis, GpuHour, any_gpu_hour, hour_words
from tunecase.quantities import Z80, Draws, Interval80, band, counted, duration, figures
from tunecase.records import Compared, Fit, LeftOut, Phase, Placed, Proof, Unsaid

MOST = 4  # remedies shown
REST = "correction for what was not said, and others' runs"  # may be negative
LARGER_STEPS = 8  # times the batch that is tried where a deadline is missed


@dataclass(frozen=True, slots=True)
class _Answer:
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
        measured: the user's own runs; they are compared with the prediction, then correct it.
        explain: adds every phase of the peak and the measured runs that are nearest.
    Returns: the Fit; intervals are 80%.
    Raises: InputError with every mistake.

    Example:
        >>> from datetime import date
        >>> from tunecase.quantities.spread import Worlds
        >>> basis = Basis(None, date(2026, 11, 24), Worlds(seed=0, n=1000))
        >>> fit(Request("llama-2-7b", {"method": "lora"}, cards=("A100-80GB",), counts=(1,)), basis=basis).verdict
        'fits'

    Leaves out what `Fit.not_counted` lists. `benchmarks/training.py` measures how far predictions lie from the runs of
    publishers that were not learnt from.
    """
    ask = settled(request)
    methods = methods_of(ask)
    like = ask.recipe(ask.cards[0] if len(ask.cards) == 1 else None, method=methods[0])
    calibration = learn(measured, like, methods) if measured else None
    table = search(ask, basis, calibration)
    early = table.cheapest(in_time=True) if ask.job.deadline_hours else None
    choice = early or table.cheapest() or table.closest()
    table.samples_per_step = int(samples_per_step(choice.recipe))
    answer = _Answer(ask, basis, calibration, table, choice)
    record = _record(answer, tuple(compare(measured)))
    return _explained(record, answer) if explain else record


def compare(measured: Sequence[Measured]) -> list[Compared]:
    """Measured runs beside what is predicted for them without having learnt from them."""
    runs = [run for run in measured if not run.failed]
    peaks = [compared(run, "memory") for run in runs if run.peak_gb and not run.guessed]
    return peaks + [compared(run, "speed") for run in runs if run.tokens_per_s_per_gpu and run.recipe.gpu]


def _record(answer: _Answer, pairs: tuple[Compared, ...]) -> Fit:
    recipe, basis, job = answer.recipe, answer.basis, answer.ask.job
    assert recipe.gpu is not None
    peak, speed_of = _peak(recipe, answer.calibration), pace(recipe, answer.calibration)
    placed, spot = _placed(answer, answer.choice), _spot(answer)
    price = any_gpu_hour(recipe.gpu.name, basis, terms=SPOT if job.spot else ON_DEMAND)
    rest = float(placed.memory_gib.mid) - peak.mid_gb / GB_PER_GIB
    wide = float(Z80 * speed_of.sigma)
    step = float(speed_of.seconds_per_step)
    return Fit(
        model=recipe.shape.name,
        params=recipe.shape.params,
        method=recipe.method,
        gpu=recipe.gpu.name,
        gpu_count=recipe.cards,
        verdict=placed.verdict,
        placed=placed,
        memory_gib=placed.memory_gib,
        reserved_gib=_gib(answer, "reserved", capped=True),
        card_gib=_gib(answer, "card", capped=True),
        usable_gib=placed.usable_gib,
        memory_terms=(*((name, gb / GB_PER_GIB) for name, gb in peak.terms), (REST, rest)),
        dominant=dominant_words(peak),
        turning=(*_more_likely_not(placed), *turning(recipe, placed.verdict, answer.calibration), *_in_time(answer)),
        train_tokens=_tokens(job, recipe),
        useful_share=float(speed.useful_share(recipe)),
        step_s=Interval80(*(step * _times(wide, sign) for sign in (-1, 0, 1))) if recipe.gpu.timed else None,
        time_terms=tuple((name, float(s)) for name, s in speed_of.terms if recipe.gpu.timed and float(s) > 0),
        tokens_per_s=placed.tokens_per_s,
        hours=placed.hours,
        usd=placed.usd,
        **_price_fields(answer, price, spot),  # type: ignore[arg-type]
        deadline_hours=job.deadline_hours,
        searched=answer.searched.count,
        rejected=tuple(_left_out(item) for item in answer.searched.rejected()),
        remedies=tuple(item.line for item in remedies(answer.ask, recipe, basis, answer.calibration, MOST)),
        setup=setup_fields(recipe),
        assumptions=(
            *assumptions(answer.ask, answer.searched, recipe, price),
            *_taken(answer, price),
            *_learnt(answer.calibration, recipe),
        ),
        background=(*background(answer.ask, recipe, answer.basis.today), *_origins(price, spot, recipe.gpu.name)),
        sizes=sizes_words(recipe.shape),
        not_counted=NOT_COUNTED,
        compared=pairs,
        total_gib=total_gb(recipe.gpu) / GB_PER_GIB,
        card_full=_gib(answer, "card").high >= total_gb(recipe.gpu) / GB_PER_GIB,
        batch_assumed=_assumed(answer.ask),
        unsaid=_unsaid(recipe) if answer.calibration is None or not answer.calibration.memory_runs else (),
        proofs=tuple(_proofs("time" if recipe.rollout is None else SAMPLED_STEP)),
        rollout=rolled(recipe, speed_of, answer.calibration),
        **_rivals(answer),  # type: ignore[arg-type]
    )


def _peak(recipe: Recipe, calibration: Calibration | None) -> Peak:
    """The phase that peaks and its terms, an engine on the training cards among them unless it sleeps just then."""
    peak, engine = memory.peak_memory(recipe), float(memory.engine_gb(recipe))
    if recipe.rollout is None or not engine:
        return peak
    if recipe.rollout.engine_sleeps:
        training, sampling = sides_gb(recipe, need_of_training(recipe, calibration).mid_gb)
        if training >= sampling:
            return peak
        held = memory.phases(recipe)["sampling"]
        peak = Peak(0.0, "sampling", tuple((name, float(size) / 1e9) for name, size in held.items() if size))
    terms = sorted((*peak.terms, ("sampling engine", engine)), key=lambda term: -term[1])
    return Peak(sum(gb for _, gb in terms), peak.phase, tuple(terms))


def _in_gib(peak: Need) -> Interval80:
    return Interval80(*(float(gb) / GB_PER_GIB for gb in (peak.low_gb, peak.mid_gb, peak.high_gb)))


def _asked_tier(basis: Basis) -> str:
    """The price tier asked for, whether it has a price or not."""
    return basis.tier or basis.text("compute.tier", basis.project.compute.tier if basis.project else None)


def _price_fields(answer: _Answer, price: GpuHour | None, spot: Placed | None) -> dict[str, object]:
    """The price of an hour with its tier and dates, and what spot cards would cost instead."""
    per_hour = _interval(price.draws / answer.basis.base_per_usd) if price else None
    return {
        "usd_per_gpu_hour": per_hour,
        "tier": price.tier if price else _asked_tier(answer.basis),
        "price_dates": price.dates if price else (),
        "spot_usd": spot.usd if spot else None,
        "spot_hours": spot.hours if spot else None,
        "spot_basis": spot.price_basis if spot else "",
    }


def _left_out(item: Rejected) -> LeftOut:
    return LeftOut(item.reason, item.count, choice_words(item.nearest) if item.nearest else "")


def _tokens(job: Job, recipe: Recipe) -> float | None:
    tokens = job.tokens(recipe)
    return None if tokens is None else float(tokens)


def _assumed(ask: Settled) -> bool:
    return ask.global_batch is None and "accumulation" not in ask.given


def _more_likely_not(placed: Placed) -> list[str]:
    """A warning where the P50 of the peak lies above what the card can hold."""
    if placed.verdict != "tight" or placed.chance_over <= 0.5:
        return []
    return [f"more likely than not it does not fit: a {placed.chance_over:.0%} chance that its peak exceeds the card"]


def _in_time(answer: _Answer) -> list[str]:
    """What would meet a deadline that no requested choice meets: more cards, other cards, larger steps."""
    ask, limit = answer.ask, answer.ask.job.deadline_hours
    if limit is None or answer.choice.verdict == "does not fit" or answer.searched.cheapest(in_time=True):
        return []
    within = duration(limit * 3600)
    for typed, freer in _freer(ask):
        choice = search(freer, answer.basis, answer.calibration).cheapest(in_time=True)
        if choice is not None and choice.verdict == "fits":
            return [f"to end within {within}: {_early_words(ask, choice)}{typed})"]
    return [f"no set-up of up to 64 cards ends within {within}"]


def _freer(ask: Settled) -> Iterator[tuple[str, Settled]]:
    """The request with less of it fixed, and what to type for that."""
    if ask.counts:
        yield "", replace(ask, counts=())
    if ask.cards:
        yield "", replace(ask, counts=(), cards=())
    if ask.global_batch is not None:
        larger = ask.global_batch * LARGER_STEPS
        yield f" --global-batch {larger}", replace(ask, counts=(), global_batch=larger)


def _early_words(ask: Settled, choice: Choice) -> str:
    """A choice with its time, its price and, in brackets not yet closed, what to type."""
    assert choice.recipe.gpu is not None
    usd = "unpriced" if choice.usd is None else f"{figures(choice.usd)} USD"
    method = "" if "method" in ask.given else f" --method {choice.recipe.method}"
    run, hours = run_words(choice.recipe), duration(choice.hours * 3600)
    return f"{run}, {hours}, {usd} (--gpu {choice.recipe.gpu.name} --gpus {choice.recipe.cards}{method}"


def _taken(answer: _Answer, price: GpuHour | None) -> list[str]:
    """What was assumed for the price, and what the card's display may show, where it may surprise."""
    recipe, tier, notes = answer.recipe, _asked_tier(answer.basis), list[str]()
    assert recipe.gpu is not None
    if price is not None and price.tier not in (tier, *NOT_OF_THE_TABLES):
        name = recipe.gpu.name
        notes.append(f"no price of the {name} in the tier {tier}: {price.tier}, the nearest tier with one, is used")
    if answer.choice.verdict != "does not fit" and _gib(answer, "card").high >= total_gb(recipe.gpu) / GB_PER_GIB:
        size = f"{total_gb(recipe.gpu) / GB_PER_GIB:.1f} GiB"
        notes.append(f"nvidia-smi may show the card full ({size}): freeing cached blocks then costs some speed")
    return notes


def _origins(price: GpuHour | None, spot: Placed | None, name: str) -> list[str]:
    """Where the prices of an hour come from."""
    notes = [f"price of one {name} hour: {hour_words(price)}"] if price else []
    if price is not None and len(price.providers) == 1 and price.tier not in NOT_OF_THE_TABLES:
        notes.append(f"the price of an hour of the {name} comes from one provider alone")
    return [*notes, *([f"spot price of one {name} hour: {spot.price_basis}"] if spot else [])]


def _times(wide: float, sign: int) -> float:
    return math.exp(sign * wide)


def _unsaid(recipe: Recipe) -> tuple[Unsaid, ...]:
    """The choices that nobody stated, the one that widens the band most first."""
    return tuple(
        Unsaid(
            one.choice, one.run.but(unsaid=recipe.unsaid) == recipe, option_of(one.run, recipe, one.choice),
            _in_gib(with_engine(Need(one.band.low, one.band.mid, one.band.high), one.run)),
            one.share,
        )
        for one in widest(recipe)
    )  # fmt: skip


def _proofs(timed: str) -> Iterator[Proof]:
    """What bands of memory and of time, plain or of steps that sample answers, were worth on published runs."""
    for what, learnt in shipped().items():
        if what in ("memory", timed) and {"median", "p90", "inside"} <= set(learnt.scores):
            median, p90, inside = (learnt.scores[name] for name in ("median", "p90", "inside"))
            yield Proof(what, median, p90, inside, learnt.publishers)


def _rivals(answer: _Answer) -> dict[str, object]:
    """Cheapest, fastest, in time, by method and the front; nothing where nothing was left open."""
    table = answer.searched
    open_ = len(table.columns["hours"]) > 1
    early = table.cheapest(in_time=True) if answer.ask.job.deadline_hours else None
    timed = answer.recipe.gpu is not None and answer.recipe.gpu.timed
    cheapest, fastest = (table.cheapest(), table.fastest()) if open_ and timed else (None, None)
    best = {
        "cheapest": cheapest if cheapest and cheapest.usd is not None else None, "fastest": fastest, "in_time": early,
    }  # fmt: skip
    methods = methods_of(answer.ask)
    each = [table.cheapest(method=method) or table.closest(method) for method in methods]
    return {
        **{name: _placed(answer, choice, name.replace("_", " ")) if choice else None for name, choice in best.items()},
        "by_method": tuple(_placed(answer, choice) for choice in each) if open_ and len(methods) > 1 else (),
        "front": tuple(_placed(answer, choice) for choice in table.front()) if open_ else (),
    }


def _placed(answer: _Answer, choice: Choice, mark: str = "") -> Placed:
    """One choice with its bands."""
    recipe, basis, job = choice.recipe, answer.basis, answer.ask.job
    assert recipe.gpu is not None
    peak, rate = need(recipe, answer.calibration), pace(recipe, answer.calibration)
    total, wide = float(rate.tokens_per_s_per_gpu) * recipe.gpus, float(Z80 * rate.sigma)
    fits = verdict_of(recipe, answer.calibration)
    hours = usd = each = None
    if fits != "does not fit" and recipe.gpu.timed:
        whole, million = outcome(recipe, job, basis, answer.calibration), Job(None, None, job.spot)
        per_mtok = outcome(recipe, million, basis, answer.calibration).usd
        each = None if per_mtok is None else _interval(per_mtok)
        if job.train_tokens is not None:
            hours, usd = _interval(whole.hours), None if whole.usd is None else _interval(whole.usd)
    hour = any_gpu_hour(recipe.gpu.name, basis, terms=SPOT if job.spot else ON_DEMAND)
    return Placed(
        gpu=recipe.gpu.name,
        gpu_count=recipe.cards,
        method=recipe.method,
        micro_batch=recipe.micro_batch,
        accumulation=recipe.accumulation,
        sharding=recipe.sharding,
        checkpointing=recipe.checkpointing,
        verdict=fits,
        memory_gib=_in_gib(peak),
        usable_gib=memory.usable_gb(recipe.gpu) / GB_PER_GIB,
        tokens_per_s=Interval80(*(total * _times(wide, sign) for sign in (-1, 0, 1))) if recipe.gpu.timed else None,
        hours=hours,
        usd=usd,
        usd_per_mtok=each,
        mark=mark,
        samples_per_step=int(samples_per_step(recipe)),
        chance_over=chance_over(peak, memory.usable_gb(recipe.gpu)),
        price_basis=hour_words(hour) if hour else "",
    )


def _spot(answer: _Answer) -> Placed | None:
    """The same set-up on spot cards, None where that is asked for anyway or has no price."""
    job = answer.ask.job
    if job.spot or job.train_tokens is None or answer.choice.verdict == "does not fit":
        return None
    spot = replace(answer.ask, job=replace(job, spot=True))
    placed = _placed(replace(answer, ask=spot), answer.choice)
    return placed if placed.usd is not None else None


def _gib(answer: _Answer, statistic: str, capped: bool = False) -> Interval80:
    """The band of one statistic; where the run may fit, capped at the card's total, or at what is allocated if more."""
    assert answer.recipe.gpu is not None
    peak, inner = (need(answer.recipe, answer.calibration, name) for name in (statistic, "allocated"))
    capped = capped and answer.choice.verdict != "does not fit"
    total = total_gb(answer.recipe.gpu)
    points = [(float(getattr(peak, name)), float(getattr(inner, name))) for name in ("low_gb", "mid_gb", "high_gb")]
    return Interval80(*((min(gb, max(total, least)) if capped else gb) / GB_PER_GIB for gb, least in points))


def _explained(record: Fit, answer: _Answer) -> Fit:
    """The record with every phase, the formulas in words, and the nearest measured runs."""
    phases, recipe = [], answer.recipe
    for name, terms in memory.phases(recipe).items():
        if name == "sampling" or (recipe.rollout and not recipe.rollout.engine_sleeps):
            terms["sampling engine"] = memory.engine_gb(recipe) * 1e9
        sizes = tuple((term, float(size) / 1e9 / GB_PER_GIB) for term, size in terms.items() if float(size))
        phases.append(Phase(name, sum(size for _, size in sizes), sizes))
    return replace(
        record,
        phases=tuple(phases),
        formulas=FORMULAS + ROLLOUT_FORMULAS * (recipe.rollout is not None),
        evidence=nearest_runs(recipe),
    )


def _learnt(calibration: Calibration | None, recipe: Recipe) -> Iterator[str]:
    """What the user's own measured runs corrected, and which of them should be looked at."""
    if calibration is not None:
        yield from calibration.left_out
    if calibration is not None and calibration.memory_runs:
        yield f"memory corrected by {counted(calibration.memory_runs, 'measured run')}"
    if calibration is not None and calibration.time_runs:
        runs = counted(calibration.time_runs, "run")
        yield f"time multiplied by {float(calibration.time_factor_of(recipe)[0]):.2f}, learnt from {runs}"


def _interval(draws: "Draws") -> Interval80:
    points = band(draws)
    return Interval80(points.p10, points.p50, points.p90)
