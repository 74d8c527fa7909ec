"""Ways that rent or own replicas: on demand, reserved, spot, owned, a vendor's endpoint, by night, plain cores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from tunecase import catalog
from tunecase.catalog import ON_DEMAND, RESERVED, SPOT, Endpoint
from tunecase.compute import machines_of
from tunecase.inference import way_words as words
from tunecase.inference.bills import Bill, Replicas
from tunecase.inference.candidates import Candidate
from tunecase.inference.fleet import Rules, rules_of
from tunecase.inference.ground import Ground, Label, WayDraws, drawn_price, record_of, renting_tier, unpriced
from tunecase.inference.setup import Refusal
from tunecase.prices import Basis, GpuHour, core_hour, gpu_hour, hour_words, owned, owned_card
from tunecase.quantities import Draws, Interval
from tunecase.records import Objective, Run, WayKind

LEAST_DOUBT = 1.05  # of a speed that was measured: at least 5% either way
NOT_ON_CORES = ("simulated", "hosted")  # trainers whose answers no model on this machine gives


@dataclass(frozen=True, slots=True, eq=False)
class _CardHour:
    """The price of a card's hour [base currency, shape (worlds,)], where it is from, and what is said of it.

    `lot` is the least number of cards that any of the providers rents out.
    """

    draws: "Draws"
    basis: str
    notes: tuple[str, ...] = ()
    tier: str = ""
    lot: int = 1


@dataclass(frozen=True, slots=True)
class _Terms:
    """How replicas are had: kind and words, by night or not, and whether they may be taken away."""

    kind: WayKind
    words: str
    scales: bool = True
    nightly: bool = False
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class _Offer:
    """A replica that could be had: of whom, the price of its cards' hour, and the rules by which it is rented."""

    candidate: Candidate
    hour: Callable[[Basis], _CardHour | None]
    rules: Callable[[Basis], Rules]
    vendor: str = ""

    @property
    def name(self) -> str:
        """The vendor, where there is one, and the cards."""
        return f"{self.vendor} {words.replica(self.candidate.setup)}".strip()


@dataclass(frozen=True, slots=True, eq=False)
class _Priced:
    """An offer with its price and its bill."""

    offer: _Offer
    hour: _CardHour
    payer: Replicas
    bill: Bill

    @property
    def mean(self) -> float:
        """The expected bill of a month."""
        return float(self.bill.per_month.mean())


def on_demand(ground: Ground) -> list[WayDraws]:
    """Cards rented by the hour, as many as the hour needs."""
    return _rented(ground, _Terms("on demand", "on demand"), ON_DEMAND)


def reserved(ground: Ground) -> list[WayDraws]:
    """Cards that are reserved: those of the busiest hour, paid all the time."""
    return _rented(ground, _Terms("reserved", "reserved", scales=False), RESERVED)


def spot(ground: Ground) -> list[WayDraws]:
    """Cards that may be taken away: one spare more, and the hours in which replicas start again."""
    return _rented(ground, _Terms("spot", "on spot", interrupted=True), SPOT)


def by_night(ground: Ground) -> list[WayDraws]:
    """All answers of a day in one batch on cards that are rented for that time; none where answers may not wait."""
    if not ground.traffic.may_wait:
        return []
    plain = _Terms("batch", "on demand by night", nightly=True)
    on_spot = _Terms("batch", "on spot by night", nightly=True, interrupted=True)
    return [*_rented(ground, plain, ON_DEMAND), *_rented(ground, on_spot, SPOT)]


def own_cards(ground: Ground) -> list[WayDraws]:
    """Cards that the project owns, of which an hour costs its part of their life, used or not; none without any."""
    owns = ground.basis.project.compute.owned if ground.basis.project else None
    if owns is None:
        return []
    terms, card = _Terms("owned", "owned", scales=False), owned_card(ground.basis)

    def offer(one: Candidate) -> _Offer:
        return _Offer(one, lambda basis: _card_hour(owned(card, basis, all_hours=True)), _rules(terms))

    def mine(held: Sequence[Candidate]) -> list[_Offer]:
        return [offer(one) for one in held if one.setup.card.name == card]

    return [_within(one, owns.gpus) for one in _both(replace(ground, cards=(card,)), terms, mine)]


def _within(one: WayDraws, cards: int) -> WayDraws:
    """The way as it is where the owned cards are enough for the busiest hour in most worlds, else without a price."""
    if one.candidate is None or one.record.replicas is None:
        return one
    needed = one.record.replicas.p50 * one.candidate.setup.cards
    if needed <= cards:
        return one
    label = Label(one.record.name, one.record.kind, one.record.model)
    return unpriced(label, words.too_few_owned(cards, needed))


def _rented(ground: Ground, terms: _Terms, paid: str) -> list[WayDraws]:
    """Replicas that are rented on some terms of payment."""

    def offer(one: Candidate) -> _Offer:
        return _Offer(one, lambda basis: _rented_hour(one.setup.card.name, paid, basis), _rules(terms))

    return _both(ground, terms, lambda held: [offer(one) for one in held if one.setup.card.name in ground.cards])


def _rented_hour(card: str, paid: str, basis: Basis) -> _CardHour | None:
    """The price of a rented card's hour, and the cards that must be rented at once."""
    hour = _card_hour(gpu_hour(card, basis, renting_tier(basis), terms=paid))
    rows = [row for row in catalog.lowest_prices(paid) if (row.gpu, row.tier) == (card, renting_tier(basis))]
    if hour is None or hour.tier != renting_tier(basis):
        return hour
    return replace(hour, lot=min(row.gpu_count for row in catalog.standing(rows, basis.today)))


def _card_hour(hour: GpuHour | None) -> _CardHour | None:
    return None if hour is None else _CardHour(hour.draws, hour_words(hour), (hour.note,), hour.tier)


def _rules(terms: _Terms) -> Callable[[Basis], Rules]:
    """The project's rules of renting; one spare more where replicas may be taken away."""

    def rules(basis: Basis) -> Rules:
        plain = rules_of(basis, scales=terms.scales)
        return replace(plain, spare=plain.spare + 1) if terms.interrupted else plain

    return rules


def endpoint(ground: Ground) -> list[WayDraws]:
    """An endpoint of a vendor, billed by the hour of its cards also when idle: the cheapest vendor's."""
    terms = _Terms("endpoint", "at an endpoint")

    def offers(held: Sequence[Candidate]) -> list[_Offer]:
        by_card = {one.setup.card.name: one for one in held}
        return [_vendor_offer(row, by_card[row.gpu]) for row in catalog.endpoints() if row.gpu in by_card]

    return _both(ground, terms, offers)


def _vendor_offer(row: Endpoint, one: Candidate) -> _Offer:
    def hour(basis: Basis) -> _CardHour:
        old = row.is_stale(basis.today)
        draws = drawn_price(row.usd_per_gpu_hour, f"price of a {row.gpu} hour, {row.provider} endpoint", basis, old=old)
        return _CardHour(draws, words.sourced(row.provider, row.date, row.source), (row.note, words.aged(old=old)))

    def rules(basis: Basis) -> Rules:
        plain = rules_of(basis, scales=True)
        return replace(
            plain,
            scale_to_zero=plain.scale_to_zero and row.to_zero,
            keep_alive_min=plain.keep_alive_min if row.idle_minutes is None else row.idle_minutes,
            minimum_billing_min=plain.minimum_billing_min if row.minimum_minutes is None else row.minimum_minutes,
        )

    return _Offer(one, hour, rules, row.provider)


def _both(ground: Ground, terms: _Terms, offers: Callable[[Sequence[Candidate]], list[_Offer]]) -> list[WayDraws]:
    """The cheapest offer for the merged model, and for adapters beside their base where there are any."""
    ways = [_cheapest(ground, terms, offers(ground.merged))]
    if ground.shared:
        ways.append(_cheapest(ground, terms, offers(ground.shared), ground.adapters))
    return ways


def _cheapest(ground: Ground, terms: _Terms, offers: Sequence[_Offer], sharing: int = 0) -> WayDraws:
    """The way with the cheapest of some offers; the others are named with what they cost, or why they have no price.

    Offers are compared in the ground's sketch, and the bill of the best is worked out in every world.
    """
    rough, suffix = ground.sketched, words.adapters(sharing)
    hours = [(offer, offer.hour(rough.basis)) for offer in offers]
    known = [(offer, hour) for offer, hour in hours if hour is not None]
    without = [offer.name for offer, hour in hours if hour is None]
    if not known:
        label = Label(f"{terms.words}{suffix}", terms.kind, ground.model.name)
        return unpriced(label, _missing(ground, terms, without))
    meeting = [(offer, hour) for offer, hour in known if offer.candidate.meets] or known
    able, dominated = _undominated(terms, meeting)
    best, *rest = sorted((_priced(rough, terms, *pair, sharing) for pair in able), key=lambda one: one.mean)
    one, vendor, hour = best.offer.candidate, best.offer.vendor, best.offer.hour(ground.basis)
    assert hour is not None
    whole = _priced(ground, terms, best.offer, hour, sharing)
    notes = [
        *hour.notes, words.lot(hour.lot), *words.of_candidate(one, sharing),
        words.others([(other.offer.name, other.mean) for other in rest], dominated, ground.basis.currency),
        words.slow([offer.name for offer, _ in known if offer.candidate.meets != one.meets]),
        words.left_out(without, terms.words), words.refusals(_refused(ground)),
    ]  # fmt: skip
    at = f" of {vendor}" if vendor else ""
    label = Label(f"{words.replica(one.setup)} {terms.words}{at}{suffix}", terms.kind, ground.model.name)
    record = record_of(label, whole.bill, hour.basis, notes, _objective(ground, one, terms.nightly))
    return WayDraws(record, whole.bill, tuple(other.payer for other in (best, *rest)), one)


def _missing(ground: Ground, terms: _Terms, without: Sequence[str]) -> str:
    """What is missing where no offer has a price."""
    if without:
        return words.no_price(without, terms.words, renting_tier(ground.basis))
    if terms.kind == "endpoint" and ground.merged:
        return words.no_endpoint([one.setup.card.name for one in ground.merged])
    return words.nothing_holds(_refused(ground))


def _refused(ground: Ground) -> dict[str, Refusal]:
    """Why cards that may be rented cannot serve, by their names."""
    return {name: why for name, why in ground.refused.items() if name in ground.cards}


def _undominated(
    terms: _Terms, offers: Sequence[tuple[_Offer, _CardHour]]
) -> tuple[list[tuple[_Offer, _CardHour]], list[str]]:
    """The offers of which no other is cheaper by the hour of a replica and by the answer, and the names of the rest."""

    def both(offer: _Offer, hour: _CardHour) -> tuple[float, float]:
        one = offer.candidate
        price = one.setup.cards * float(hour.draws.mean())
        least = price * max(hour.lot // one.setup.cards, 1)
        return least, price / (one.offline if terms.nightly else one.online).requests_per_s

    able: list[tuple[_Offer, _CardHour]] = []
    dominated, least = [], float("inf")
    for offer, hour in sorted(offers, key=lambda pair: both(*pair)):
        each = both(offer, hour)[1]
        if each < least:
            able.append((offer, hour))
        else:
            dominated.append(offer.name)
        least = min(least, each)
    return able, dominated


def _priced(ground: Ground, terms: _Terms, offer: _Offer, hour: _CardHour, sharing: int) -> _Priced:
    one = offer.candidate
    capacity = one.answers_per_s(ground.traffic, ground.basis.worlds, offline=terms.nightly)
    lost = _lost_to_spot(ground.basis, machines_of(one.setup.card, one.setup.cards)) if terms.interrupted else 1.0
    price = one.setup.cards * hour.draws * lost
    lot = max(hour.lot // one.setup.cards, 1)
    payer = Replicas(capacity, price, offer.rules(ground.basis), one.input_share, terms.nightly, max(sharing, 1), lot)
    return _Priced(offer, hour, payer, payer.bill(ground.traffic))


def _lost_to_spot(basis: Basis, machines: int) -> "Draws":
    """By how much interruptions lengthen the paid hours: 1 + interruptions an hour x machines x restart [h]."""
    return 1 + basis.draw("fit.interruptions") * machines * basis.draw("fit.restart") / 60


def _objective(ground: Ground, one: Candidate, nightly: bool) -> Objective:
    """Whether the objectives are met, before any queue: asked of answers that do not wait only."""
    if ground.objective == "not asked" or nightly:
        return "not asked"
    return "met" if one.meets else "not met"


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
    payer, rough = (_core(at, model, spread) for at in (ground, ground.sketched))
    tuned = model.casefold() == ground.model.name.casefold()
    label = Label(f"plain cores with {model}", "plain cores", model, tuned)
    bill = payer.bill(ground.traffic)
    notes = words.of_cores(len(runs), middle, tuned=tuned)
    record = record_of(label, bill, words.core_prices(catalog.core_hours()), notes, ground.objective)
    return WayDraws(record, bill, (rough,))


def _core(ground: Ground, model: str, answers_per_s: Interval) -> Replicas:
    """Cores as replicas, at the price of a core's hour."""
    basis = ground.basis
    speed = basis.worlds.draw(f"answers per second of {model} on one core, measured", answers_per_s)
    return Replicas(speed, core_hour(basis), rules_of(basis, scales=True))
