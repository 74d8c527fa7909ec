"""The record of what answers cost: all ways side by side, how fast a replica is, and which loads to measure."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tunecase.errors import InputError
from tunecase.inference.advice import advise, bench_command
from tunecase.inference.answers import Answers, Weighed
from tunecase.inference.bills import Answers as AnswersPaid
from tunecase.inference.bills import mean_growth
from tunecase.inference.break_even import Outlay, break_even
from tunecase.inference.candidates import Candidate, load_of
from tunecase.inference.capacity import capacity, per_token_s
from tunecase.inference.crossings import crossings
from tunecase.inference.ground import Ground
from tunecase.inference.moves import moves
from tunecase.inference.points import seen_by
from tunecase.inference.setup import Rate, Setup
from tunecase.inference.traffic import Traffic
from tunecase.inference.ways import out_of_reach
from tunecase.prices import Basis, price_of_answers, price_today
from tunecase.quantities import Draws, Interval80, band, count, figures, share
from tunecase.records import Inference, LoadPoint, Throughput


def weigh(
    basis: Basis, answers: Answers, model: str = "", prompted: Sequence[str] = (), outlay: Outlay | None = None
) -> Inference | None:
    """What the answers cost after launch, over all ways; None where too little is stated, see `Answers.missing`.

    Args:
        basis: project, prices and worlds.
        answers: what else is known.
        model: that is served; the project's base model when empty.
        prompted: hosted models to compare with, besides those that the project names.
        outlay: what the project costs, None where that is not known.
    Raises: InputError where the model is not known, and where no way serves the tuned model and one request alone
        misses an objective on every replica; its fields stand in the place of where it was stated.
    """
    weighed = answers.weighed(basis, model, prompted)
    if weighed is None:
        return None
    ground, best = weighed.ground, weighed.best
    if best is None and (problems := out_of_reach(ground)):
        raise InputError(problems)
    stated = basis.project is not None and basis.project.serving.price_per_1k_answers is not None
    each, month = _bill_of(weighed, price_of_answers(basis) if stated else None)
    today, replica = _today(weighed), _replica(weighed)
    return Inference(
        model=_tuned_model(basis, model) or ground.model.name,
        traffic=traffic_words(ground.traffic),
        answers_per_month=band(ground.traffic.answers_per_month * mean_growth(ground.traffic)),
        months=band(ground.traffic.months),
        throughput=None if replica is None else _throughput(replica, ground.traffic, answers),
        ways=tuple(way.record for way in weighed.ways),
        crossings=crossings(ground, weighed.ways),
        per_month=None if month is None else band(month),
        per_1k=None if each is None else band(each),
        today_per_1k=None if today is None else band(today),
        stated=stated,
        currency=basis.currency,
        points=() if replica is None else tuple(_to_measure(replica, ground.traffic, answers)),
        moves=moves(ground, best) if best is not None else (),
        notes=tuple(_notes(ground)),
        defaults=tuple(basis.used.values()),
        input_tokens=float(ground.traffic.input_tokens.mean()),
        output_tokens=float(ground.traffic.output_tokens.mean()),
        break_even=() if outlay is None else break_even(ground, weighed.ways, outlay),
    )


def _tuned_model(basis: Basis, asked: str) -> str:
    """The hosted model that the project tunes, unless another was asked about."""
    hosted = basis.project.compute.hosted if basis.project else None
    return "" if asked or hosted is None else hosted


def _bill_of(weighed: Weighed, stated: "Draws | None") -> "tuple[Draws | None, Draws | None]":
    """What 1,000 answers cost and what a month does, shape (worlds,): at a stated price, else the cheapest way's."""
    if stated is None:
        best = weighed.best
        return (None, None) if best is None else (best.per_1k, best.per_month)
    bill = AnswersPaid(stated).bill(weighed.ground.traffic)
    return bill.per_1k, bill.per_month


def _today(weighed: Weighed) -> "Draws | None":
    """What 1,000 answers cost today, shape (worlds,): of the hosted model that is named, else as stated."""
    basis = weighed.ground.basis
    named = basis.project.model_today if basis.project else None
    if named is None:
        return price_today(basis)
    ways = (way for way in weighed.ways if way.record.kind == "hosted" and way.record.model == named)
    return next((way.per_1k for way in ways), None)


def traffic_words(traffic: Traffic) -> str:
    """The traffic in words: volume, lengths, what is cached, the busiest hour and burst."""
    mid = {name: band(getattr(traffic, name)).p50 for name in ("answers_per_month", "input_tokens", "output_tokens")}
    growth = float(traffic.growth.mean())
    parts = [
        f"{count(mid['answers_per_month'])} answers a month{' at launch' if growth > 0 else ''}",
        f"{figures(mid['input_tokens'])} tokens in and {figures(mid['output_tokens'])} out",
    ]
    if (cached := float(traffic.cached_share.mean())) > 0:
        parts.append(f"{share(cached)} of the input cached")
    if growth > 0:
        parts.append(f"{share(growth, 1)} more each month")
    peak = float((traffic.week.peak * traffic.burst_in_window).mean())
    parts.append(
        "made in one batch a night" if traffic.may_wait else f"the busiest moment {figures(peak)} times the mean"
    )
    return ", ".join(parts)


def _replica(weighed: Weighed) -> Candidate | None:
    """The replica of the cheapest way that has one and serves the tuned model, else the first that could serve."""
    served = (way.candidate for way in weighed.ways if way.record.tuned and way.candidate is not None)
    return next(served, None) or next(iter(weighed.ground.merged), None)


def _throughput(replica: Candidate, traffic: Traffic, answers: Answers) -> Throughput:
    setup, at, load = replica.setup, replica.online, load_of(traffic)
    seen = seen_by(setup, answers.points)
    before = None
    if seen.places:
        first, each = (traffic.first_token_s, traffic.per_token_s) if replica.meets else (None, None)
        alone = capacity(setup, load, first, each)
        before = _interval(alone.requests_per_s, alone) if isinstance(alone, Rate) else None
    return Throughput(
        setup=setup_words(setup),
        answers_per_s=_interval(at.requests_per_s, at),
        output_tokens_per_s=_interval(at.output_tokens_per_s, at),
        in_flight=at.in_flight,
        first_token_s=_time(at.prefill_s + at.step_s, at),
        per_token_s=_time(per_token_s(at, load), at),
        bound_by=at.bound_by,
        cards=setup.cards,
        measured=seen.alike,
        before=before,
        widened=(*at.widened, *seen.notes),
    )


def _to_measure(replica: Candidate, traffic: Traffic, answers: Answers) -> Iterator[LoadPoint]:
    """The loads to measure next, each with its command."""
    setup, load = replica.setup, load_of(traffic)
    for point in advise(setup, load, answers.points, replica.online.in_flight):
        yield replace(point, command=shlex.join(bench_command(setup, point)))


def setup_words(setup: Setup) -> str:
    """What one replica is, in words: `2 x L40S, bf16 weights, vllm`."""
    merged = "" if not setup.adapters else f", {setup.adapters} adapters beside the weights"
    return f"{setup.cards} x {setup.card.name}, {setup.precision} weights, {setup.engine}{merged}"


def _interval(mid: float, at: Rate) -> Interval80:
    return Interval80(mid * at.low, mid, mid * at.high)


def _time(mid: float, at: Rate) -> Interval80:
    """A time [s] with its band: what is faster by a factor takes that much less."""
    return Interval80(mid / at.high, mid, mid / at.low)


def _notes(ground: Ground) -> Iterator[str]:
    """What the record rests on besides the defaults: guessed dimensions, and why a card that was named cannot serve."""
    trace = ground.traffic.trace
    if trace is not None:
        yield from trace.notes
        if not trace.tells_burst:
            yield "the trace has under 3 requests in 10 seconds: its bursts are chance, so the assumed one counts"
    if ground.model.guessed:
        yield f"{ground.model.name}: {ground.model.guessed}"
    project = ground.basis.project
    named = project is not None and (project.serving.gpus or project.compute.gpus)
    for name, refusal in ground.refused.items():
        if named and name in ground.cards:
            yield f"{name} does not serve it: {refusal.reason}; {refusal.fix}"
