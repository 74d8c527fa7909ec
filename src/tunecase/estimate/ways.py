"""The ways to train side by side: the same work on rented, spot, owned and contracted GPUs, and at a provider.

Every way has the same rows, runs and rounds in the same worlds, so that two differ only in what they differ in.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from tunecase import catalog
from tunecase.catalog import SPOT
from tunecase.compute import Machine, lost_to_spot, machine_on, owns_enough, sequence_tokens, some_of, texts_of_row
from tunecase.inference import sampled
from tunecase.plan import HOSTED
from tunecase.prices import (
    CONTRACT_TIER,
    NOT_OF_THE_TABLES,
    OWNED_TIER,
    TIERS,
    Basis,
    GpuHour,
    Offer,
    billed_tokens,
    contract_hour,
    gpu_hour,
    hour_words,
    offers,
    owned,
    owned_card,
    stored_months,
    training_price,
)
from tunecase.quantities import Draws, Worlds, band
from tunecase.records import Way

KINDS: dict[str, Literal["owned", "contract"]] = {OWNED_TIER: "owned", CONTRACT_TIER: "contract"}


@dataclass(frozen=True, slots=True)
class Load:
    """What is trained over all rounds, shape (draws,): rows over all runs, tokens of a row, jobs; epochs of a run."""

    rows: "Draws"
    tokens_per_row: "Draws"
    jobs: "Draws"
    epochs: float

    @property
    def mtok(self) -> "Draws":
        """Millions of tokens that pass through training, shape (draws,)."""
        return self.rows * self.tokens_per_row * self.epochs / 1e6


def ways(basis: Basis, rented: Machine | None, taken: Machine | None, load: Load | None) -> tuple[Way, ...]:
    """Every way to do the training of a bill that has a price on the day, the cheapest mean first.

        amount = GPU hours x price of an hour            hosted: max(jobs x minimum, billed tokens x rate) + storage

    Args:
        basis: project, prices and worlds; its draws are left as they are.
        rented: the cards and their number on which the work is compared over tiers, terms, contract and ownership.
        taken: the machine that the bill rests on, marked as chosen.
        load: rows, tokens and jobs over all rounds; None where they are not known.
    Returns: none where there is no load, plain cores train, or nothing has a price. `ratio` is the mean over that of
        the chosen way.
    Leaves out that another card may be the cheapest in another tier, and that a hosted model is another model, whose
    score nobody has measured.
    """
    if load is None or (taken is not None and taken.on_cores):
        return ()
    # Worlds of its own with the same seed: same names, same draws, and no input is added to the bill's.
    own = replace(basis, worlds=Worlds(basis.worlds.seed, basis.worlds.n), used={})
    priced = [
        *_on_cards(own, rented, taken, load),
        *_on_other_cards(own, rented, load),
        *_at_providers(own, taken, load),
    ]
    paid = next((float(draws.mean()) for way, draws in priced if way.chosen), None)
    rated = [(replace(way, ratio=float(draws.mean()) / paid if paid else None), draws) for way, draws in priced]
    return tuple(way for way, _ in sorted(rated, key=lambda pair: float(pair[1].mean())))


def not_to_be_had(basis: Basis) -> str:
    """Hosted models that cannot be trained or priced on the day, and why, in one sentence; empty if there are none."""
    _, why = offers(basis)
    words = "; ".join(f"{reason} ({some_of(names)})" for reason, names in why.items())
    return f"hosted training is compared where it can be had and priced, which leaves out: {words}" if words else ""


def _rate(offer: Offer, basis: Basis) -> "Draws":
    return basis.worlds.draw(offer.draw_name, offer.rate)


def _on_cards(basis: Basis, rented: Machine | None, taken: Machine | None, load: Load) -> "Iterator[tuple[Way, Draws]]":
    if rented is None:
        return
    plain = rented.hours_per_mtok / lost_to_spot(rented.gpu, rented.count, basis, rented.hour)
    cards = f"{rented.count} x {rented.gpu}"
    for hour in _hours(basis, rented):
        hours = load.mtok * plain * lost_to_spot(rented.gpu, rented.count, basis, hour)
        amount = hours * hour.draws
        kind = KINDS.get(hour.tier) or ("spot" if hour.terms == SPOT else "rented")
        same = taken is not None and (taken.gpu, taken.hour.tier, taken.hour.terms) == (
            rented.gpu, hour.tier, hour.terms
        )  # fmt: skip
        yield (
            Way(
                f"{cards}, {hour.kind}",
                kind,
                band(amount),
                band(hours),
                None,
                hour_words(hour),
                hour.note,
                same,
                band(hour.draws),
            ),
            amount,
        )


def _on_other_cards(basis: Basis, rented: Machine | None, load: Load) -> "Iterator[tuple[Way, Draws]]":
    """Cards that are owned and are of another kind than those rented."""
    card = owned_card(basis)
    hour = owned(card, basis) if card and (rented is None or card != rented.gpu) else None
    machine = machine_on(card, hour, basis, sampled) if hour is not None else None
    if hour is None or machine is None:
        return
    hours = load.mtok * machine.hours_per_mtok
    amount = hours * hour.draws
    name = f"{machine.count} x {machine.gpu}, {hour.kind}"
    words = hour_words(hour)
    yield Way(name, "owned", band(amount), band(hours), None, words, hour.note, price=band(hour.draws)), amount


def _hours(basis: Basis, rented: Machine) -> Iterator[GpuHour]:
    """The price of an hour of the card in every way that has one."""
    region = (basis.project.compute.region if basis.project else None) or ""
    hours = [
        *(gpu_hour(rented.gpu, basis, tier, terms=terms, contracts=False) for terms in catalog.TERMS for tier in TIERS),
        *(contract_hour(rented.gpu, basis, terms, region) for terms in catalog.TERMS),
        owned(rented.gpu, basis) if owns_enough(rented.count, basis) else None,
    ]
    priced = [hour for hour in hours if hour is not None]
    yield from priced
    same = (rented.hour.tier, rented.hour.terms)
    if rented.hour.tier in NOT_OF_THE_TABLES and same not in [(hour.tier, hour.terms) for hour in priced]:
        yield rented.hour


def _at_providers(basis: Basis, taken: Machine | None, load: Load) -> "Iterator[tuple[Way, Draws]]":
    offer = taken.offer if taken is not None else None
    others, _ = offers(basis)
    every = [*others] if offer is None else [offer, *(other for other in others if other.row != offer.row)]
    longest = float(texts_of_row(basis) * sequence_tokens(basis))
    for each in every:
        billed = billed_tokens(
            each.row, rows=load.rows, tokens_per_row=load.tokens_per_row, epochs=load.epochs, longest=longest
        )
        rate = _rate(each, basis)
        amount: Draws = training_price(
            each.row, billed=billed, rate_per_mtok=rate, jobs=load.jobs, per_usd=basis.base_per_usd,
            months=stored_months(basis, each),
        )  # fmt: skip
        sure = f", confidence {each.row.confidence}" if each.provider == each.row.provider else ""
        rests = f"{each.provider}, dated {each.date}{sure}"
        note = "; ".join((*each.notes, *([each.row.note] if each.row.note else [])))
        name = f"{each.row.model} at {each.row.provider}"
        yield Way(name, HOSTED, band(amount), None, None, rests, note, each is offer, band(rate)), amount
