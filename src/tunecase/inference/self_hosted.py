"""Ways that rent or own replicas: on demand, reserved, spot, owned, a vendor's endpoint, by night, plain cores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.catalog import ON_DEMAND, RESERVED, SPOT, Endpoint
from tunecase.inference import way_words as words
from tunecase.inference.bills import Bill, Replicas
from tunecase.inference.candidates import Candidate
from tunecase.inference.fleet import Rules, rules_of
from tunecase.inference.ground import DRIFT, Ground, Label, WayDraws, drawn_price, record_of, renting_tier, unpriced
from tunecase.prices import Basis, GpuHour, gpu_hour, hour_words, owned, owned_card
from tunecase.quantities import Const, Interval
from tunecase.records import Run
from tunecase.records.inference import Kind, Objective

if TYPE_CHECKING:
    from tunecase.quantities import Draws

LEAST_DOUBT = 1.05  # of a speed that was measured: at least 5% either way
CARDS_OF_A_MACHINE = 8
NOT_ON_CORES = ("simulated", "hosted")  # trainers whose answers no model on this machine gives


@dataclass(frozen=True, slots=True, eq=False)
class _CardHour:
    """The price of a card's hour [base currency, shape (worlds,)], where it is from, and what is said of it."""

    draws: "Draws"
    basis: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Terms:
    """How cards are had: kind and words, the price of a card's hour by its name, and the rules of renting."""

    kind: Kind
    words: str
    hour_of: Callable[[str], _CardHour | None]
    rules: Rules
    nightly: bool = False
    interrupted: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Priced:
    """One replica with its price and its bill."""

    candidate: Candidate
    hour: _CardHour
    payer: Replicas
    bill: Bill

    @property
    def order(self) -> tuple[bool, float]:
        """First what meets the objectives, then the cheapest."""
        return not self.candidate.meets, self.mean

    @property
    def mean(self) -> float:
        """The expected bill of a month."""
        return float(self.bill.per_month.mean())


def on_demand(ground: Ground) -> list[WayDraws]:
    """Cards rented by the hour, as many as the hour needs."""
    rules = rules_of(ground.basis, scales=True)
    return _rented(ground, _Terms("on demand", "on demand", _rent(ground.basis, ON_DEMAND), rules))


def reserved(ground: Ground) -> list[WayDraws]:
    """Cards that are reserved: those of the busiest hour, paid all the time."""
    rules = rules_of(ground.basis, scales=False)
    return _rented(ground, _Terms("reserved", "reserved", _rent(ground.basis, RESERVED), rules))


def spot(ground: Ground) -> list[WayDraws]:
    """Cards that may be taken away: one spare more, and the hours in which replicas start again."""
    rules = rules_of(ground.basis, scales=True)
    more = replace(rules, spare=rules.spare + 1)
    return _rented(ground, _Terms("spot", "on spot", _rent(ground.basis, SPOT), more, interrupted=True))


def by_night(ground: Ground) -> list[WayDraws]:
    """All answers of a day in one batch on cards that are rented for that time; none where answers may not wait."""
    if not ground.traffic.may_wait:
        return []
    rules = rules_of(ground.basis, scales=True)
    plain = _Terms("batch", "on demand by night", _rent(ground.basis, ON_DEMAND), rules, nightly=True)
    on_spot = _Terms("batch", "on spot by night", _rent(ground.basis, SPOT), rules, nightly=True, interrupted=True)
    return [*_rented(ground, plain), *_rented(ground, on_spot)]


def _rent(basis: Basis, terms: str) -> Callable[[str], _CardHour | None]:
    """The price of a card's hour on some terms, in the tier in which cards are rented, by the card's name."""
    tier = renting_tier(basis)

    def hour(gpu: str) -> _CardHour | None:
        there = gpu_hour(gpu, basis, tier, terms=terms)
        return None if there is None else _card_hour(there)

    return hour


def _card_hour(hour: GpuHour) -> _CardHour:
    return _CardHour(hour.draws, hour_words(hour), (hour.note,))


def own_cards(ground: Ground) -> list[WayDraws]:
    """Cards that the project owns, of which an hour costs its part of their life, used or not; none without any."""
    owns = ground.basis.project.compute.owned if ground.basis.project else None
    if owns is None:
        return []

    def hour(gpu: str) -> _CardHour | None:
        mine = owned(gpu, ground.basis, all_hours=True)
        return None if mine is None else _card_hour(mine)

    terms = _Terms("owned", "owned", hour, rules_of(ground.basis, scales=False))
    return [_within(one, owns.gpus) for one in _rented(replace(ground, cards=(owned_card(ground.basis),)), terms)]


def _within(one: WayDraws, cards: int) -> WayDraws:
    """The way as it is where the owned cards are enough for the busiest hour in most worlds, else without a price."""
    if one.candidate is None or one.record.replicas is None:
        return one
    needed = one.record.replicas.p50 * one.candidate.setup.cards
    if needed <= cards:
        return one
    label = Label(one.record.name, one.record.kind, one.record.model)
    return unpriced(label, words.too_few_owned(cards, needed))


def _rented(ground: Ground, terms: _Terms) -> list[WayDraws]:
    """The cheapest card for the merged model, and for the adapters beside their base where there are any."""
    ways = [_cheapest(ground, terms, [one for one in ground.merged if one.setup.card.name in ground.cards])]
    if ground.shared:
        beside = [one for one in ground.shared if one.setup.card.name in ground.cards]
        ways.append(_cheapest(ground, terms, beside, ground.adapters))
    return ways


def _cheapest(ground: Ground, terms: _Terms, candidates: Sequence[Candidate], sharing: int = 0) -> WayDraws:
    """The way with the cheapest of some replicas; the others are named with what they cost, or why they have none."""
    hours = {one.setup.card.name: terms.hour_of(one.setup.card.name) for one in candidates}
    priced = sorted(
        (_priced(ground, terms, one, hour, sharing) for one in candidates if (hour := hours[one.setup.card.name])),
        key=lambda one: one.order,
    )
    without = [name for name, hour in hours.items() if hour is None]
    suffix = words.adapters(sharing)
    if not priced:
        tier = renting_tier(ground.basis)
        refused = {name: why for name, why in ground.refused.items() if name in ground.cards}
        missing = words.no_price(without, terms.words, tier) if without else words.nothing_holds(refused)
        return unpriced(Label(f"{terms.words}{suffix}", terms.kind, ground.model.name), missing)
    best, *rest = priced
    dearer = [(words.replica(one.candidate.setup), one.mean) for one in rest]
    notes = [
        *best.hour.notes, *words.of_candidate(best.candidate, sharing), words.others(dearer, ground.basis.currency),
        words.left_out(without, terms.words),
        words.refusals({name: why for name, why in ground.refused.items() if name in ground.cards}),
    ]  # fmt: skip
    label = Label(f"{words.replica(best.candidate.setup)} {terms.words}{suffix}", terms.kind, ground.model.name)
    record = record_of(label, best.bill, best.hour.basis, notes, _objective(ground, best.candidate, terms.nightly))
    payers = tuple(one.payer for one in priced if one.candidate.meets == best.candidate.meets)
    return WayDraws(record, best.bill, payers, best.candidate)


def _priced(ground: Ground, terms: _Terms, one: Candidate, hour: _CardHour, sharing: int) -> _Priced:
    capacity = one.answers_per_s(ground.traffic, ground.basis.worlds, offline=terms.nightly)
    lost = _lost_to_spot(ground.basis, one.setup.cards) if terms.interrupted else 1.0
    price = one.setup.cards * hour.draws * lost
    payer = Replicas(capacity, price, terms.rules, one.input_share, terms.nightly, max(sharing, 1))
    return _Priced(one, hour, payer, payer.bill(ground.traffic))


def _lost_to_spot(basis: Basis, cards: int) -> "Draws":
    """By how much interruptions lengthen the paid hours: 1 + interruptions an hour x machines x restart [h]."""
    machines = -(-cards // CARDS_OF_A_MACHINE)
    return 1 + basis.draw("fit.interruptions") * machines * basis.draw("fit.restart") / 60


def _objective(ground: Ground, one: Candidate, nightly: bool) -> Objective:
    """Whether the objectives are met: asked of answers that do not wait only; a queue may still keep them from it."""
    asked = ground.traffic.first_token_s is not None or ground.traffic.per_token_s is not None
    if not asked or nightly:
        return "not asked"
    return "not met" if not one.meets else "met" if ground.traffic.first_token_s is None else "unsure"


def endpoint(ground: Ground) -> list[WayDraws]:
    """An endpoint of a vendor, billed by the hour of its cards also when idle: the cheapest vendor's."""
    return [
        _endpoint(ground, ground.merged),
        *([_endpoint(ground, ground.shared, ground.adapters)] if ground.shared else []),
    ]


def _endpoint(ground: Ground, candidates: Sequence[Candidate], sharing: int = 0) -> WayDraws:
    by_card = {one.setup.card.name: one for one in candidates}
    priced = sorted(
        (
            (row, _at_vendor(ground, row, by_card[row.gpu], sharing))
            for row in catalog.endpoints()
            if row.gpu in by_card
        ),
        key=lambda pair: pair[1].order,
    )
    suffix = words.adapters(sharing)
    if not priced:
        missing = words.no_price(sorted(by_card), "at a vendor's endpoint", "tables") if by_card else ""
        missing = missing or words.nothing_holds(ground.refused)
        return unpriced(Label(f"endpoint{suffix}", "endpoint", ground.model.name), missing)
    (vendor, best), *rest = priced
    dearer = [(f"{row.provider} {words.replica(one.candidate.setup)}", one.mean) for row, one in rest]
    notes = [
        *best.hour.notes,
        *words.of_candidate(best.candidate, sharing),
        words.others(dearer, ground.basis.currency),
    ]
    name = f"{words.replica(best.candidate.setup)} at an endpoint of {vendor.provider}{suffix}"
    label = Label(name, "endpoint", ground.model.name)
    record = record_of(label, best.bill, best.hour.basis, notes, _objective(ground, best.candidate, nightly=False))
    payers = tuple(one.payer for _, one in priced if one.candidate.meets == best.candidate.meets)
    return WayDraws(record, best.bill, payers, best.candidate)


def _at_vendor(ground: Ground, row: Endpoint, one: Candidate, sharing: int) -> _Priced:
    hour = _vendor_hour(row, ground.basis)
    rules = rules_of(ground.basis, scales=True)
    idle = rules.keep_alive_min if row.idle_minutes is None else row.idle_minutes
    least = rules.minimum_billing_min if row.minimum_minutes is None else row.minimum_minutes
    kept = replace(
        rules, scale_to_zero=rules.scale_to_zero and row.to_zero, keep_alive_min=idle, minimum_billing_min=least
    )
    return _priced(ground, _Terms("endpoint", "at an endpoint", lambda _: hour, kept), one, hour, sharing)


def _vendor_hour(row: Endpoint, basis: Basis) -> _CardHour:
    """The price of an endpoint's card hour, drawn with the drift of prices where it is old."""
    old = row.is_stale(basis.today)
    name = f"price of a {row.gpu} hour, endpoint of {row.provider}"
    draws = drawn_price(row.usd_per_gpu_hour, name, basis, old=old)
    return _CardHour(draws, words.sourced(row.provider, row.date, row.source), (row.note, words.aged(old=old)))


def plain_cores(ground: Ground) -> list[WayDraws]:
    """Plain cores, as fast as the pilot's own model answered on one; none where no run was timed on a processor."""
    by_model: dict[str, list[Run]] = {}
    for run in ground.runs:
        timed = run.answers_per_s is not None and not run.gpus and not run.failed
        if timed and run.purpose == "ladder" and run.trainer not in NOT_ON_CORES:
            by_model.setdefault(run.model or run.trainer, []).append(run)
    return [_on_cores(ground, model, runs) for model, runs in by_model.items()]


def _on_cores(ground: Ground, model: str, runs: Sequence[Run]) -> WayDraws:
    speeds = [run.answers_per_s for run in runs if run.answers_per_s is not None]
    middle = median(speeds)
    spread = Interval(min(*speeds, middle / LEAST_DOUBT), max(*speeds, middle * LEAST_DOUBT))
    speed = ground.basis.worlds.draw(f"answers per second of {model} on one core, measured", spread)
    rows = catalog.core_hours()
    low, high = min(row.usd_per_core_hour for row in rows), max(row.usd_per_core_hour for row in rows)
    drift = ground.basis.spread(DRIFT) if any(row.is_stale(ground.basis.today) for row in rows) else Const(1.0)
    usd = Interval(low * drift.low, high * drift.high)
    price = ground.basis.worlds.draw("price of a core hour", usd.scaled(ground.basis.base_per_usd))
    payer = Replicas(speed, price, rules_of(ground.basis, scales=True))
    tuned = model.casefold() == ground.model.name.casefold()
    label = Label(f"plain cores with {model}", "plain cores", model, tuned)
    bill = payer.bill(ground.traffic)
    notes = words.of_cores(len(runs), middle, tuned=tuned)
    return WayDraws(record_of(label, bill, words.core_prices(rows), notes), bill, (payer,))
