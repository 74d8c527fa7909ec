"""What an hour of a GPU costs: by tier, terms and region from the tables, by contract, or of a card that is owned."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.catalog import ON_DEMAND, RESERVED, GpuPrice
from tunecase.prices.basis import Basis
from tunecase.prices.contracts import UNDATED, agreed, is_old
from tunecase.quantities import HOURS, Const, Draws, Interval

if TYPE_CHECKING:
    from tunecase.project import Owned

DRIFT = "prices.drift"  # the default that says how far prices older than 180 days have moved since
TOO_OLD = f"older than {catalog.STALE_AFTER_DAYS} days"
TIERS = ("marketplace", "neocloud", "hyperscaler")
OWN_TIER = "your own price"
OWNED_TIER = "owned"
CONTRACT_TIER = "your contract"
NOT_OF_THE_TABLES = (OWN_TIER, OWNED_TIER, CONTRACT_TIER)


@dataclass(frozen=True, slots=True)
class GpuHour:
    """The price of one GPU hour in one tier: draws in the base currency, providers, dates, and how many are stale.

    `terms` are those of the price; `note` says what the price leaves out or why it is not the one asked for.
    """

    draws: "Draws"
    tier: str
    providers: tuple[str, ...]
    dates: tuple[str, ...]
    stale: int
    terms: str = ON_DEMAND
    note: str = ""

    @property
    def kind(self) -> str:
        """Tier and terms, as in `neocloud, spot`; the tier alone on demand."""
        return self.tier if self.terms == ON_DEMAND else f"{self.tier}, {self.terms}"


def current(gpu: str, tier: str, terms: str, region: str, today: datetime.date) -> tuple[list[GpuPrice], str]:
    """The prices of a GPU that count on a day, one for each provider, and a note where the region asked for has none.

    Prices older than 180 days count only where nothing newer exists. With a region given, prices read in that region
    count. Where there are none, the lowest price of each provider counts wherever it was read, and the note says so. If
    some providers have any price in the region, only theirs count: the tables keep regions of equal price under one
    name.
    """
    note = ""
    rows = [p for p in catalog.lowest_prices(terms) if (p.gpu, p.tier) == (gpu, tier)]
    if region and rows:
        rows, note = _in_region(rows, gpu, tier, terms, region)
    return catalog.standing(rows, today), note


def _in_region(rows: list[GpuPrice], gpu: str, tier: str, terms: str, region: str) -> tuple[list[GpuPrice], str]:
    """The prices of a region, else the prices taken instead and a note."""
    near = [p for p in catalog.gpu_prices() if p.tier == tier and p.region.casefold() == region.casefold()]
    there = [p for p in near if (p.gpu, p.terms) == (gpu, terms)]
    if there:
        return there, ""
    whose = {p.provider for p in near}
    taken = [p for p in rows if p.provider in whose]
    return taken or rows, (
        f"no price of a {gpu} hour in {region} under its own name (regions of one price are kept under one): "
        f"the lowest of {', '.join(sorted(whose)) if taken else 'each provider'} is taken, wherever it was read"
    )


def reach(rows: Sequence[GpuPrice], basis: Basis) -> tuple[float, float, int]:
    """The range from the cheapest provider to the dearest [USD per GPU hour], and how many prices are stale.

        low = min of price x (least drift if stale, else 1),   high = max of price x (most drift if stale, else 1)

    Args:
        rows: at least one price.
        basis: a price older than 180 days on its day is stale and drifts, see `drifted`.
    """
    stale = [row.is_stale(basis.today) for row in rows]
    ends = [drifted(row.usd_per_gpu_hour, basis) if old else (row.usd_per_gpu_hour,) * 2
            for row, old in zip(rows, stale, strict=True)]  # fmt: skip
    return min(low for low, _ in ends), max(high for _, high in ends), sum(stale)


def drifted(price: float, basis: Basis) -> tuple[float, float]:
    """The 90% interval around a price older than 180 days: the price times the drift seen of others, `prices.drift`.

    Prices mostly rose, so the middle lies above the price as listed. Leaves out that the drift grows with age: all
    pairs of dates that it was measured on lie 4 to 13 months apart.
    """
    drift = basis.spread(DRIFT)
    return price * drift.low, price * drift.high


def drift_words() -> str:
    """How far a stale price is drawn, in words: `0.85 to 1.37 times`."""
    return f"{catalog.default(DRIFT).value} times"


def gpu_hour(
    gpu: str, basis: Basis, tier: str | None = None, *, terms: str = ON_DEMAND, contracts: bool = True
) -> GpuHour | None:
    """What one hour of one GPU costs in a tier on some terms, or None when no provider of it has a price.

    The user's contract price comes before the tables. In the tier `owned` the price follows from the purchase. Else a
    90% interval runs from the cheapest provider to the dearest, in the project's region where it has prices. Prices
    older than 180 days are used only when nothing newer exists, and are drawn with the drift seen of others, see
    `drifted`. A reserved price tells its commitment. Leaves out storage, egress and start-up.
    """
    if gpu == catalog.UNNAMED:
        return None
    name, off_demand = catalog.gpu(gpu).name, terms != ON_DEMAND
    if basis.usd_per_gpu_hour is not None:
        own = Const(basis.usd_per_gpu_hour).scaled(basis.base_per_usd)
        draws = basis.worlds.draw(f"own price of a {name} hour", own)
        return None if off_demand else GpuHour(draws, OWN_TIER, ("you",), (basis.today.isoformat(),), 0)
    compute = basis.project.compute if basis.project else None
    tier = tier or basis.tier or basis.text("compute.tier", compute.tier if compute else None)
    if tier == OWNED_TIER:
        return None if off_demand else owned(name, basis)
    region = (compute.region if compute else None) or ""
    if contracts and (agreed := contract_hour(name, basis, terms, region)) is not None:
        return agreed
    return _table_hour(name, basis, tier, terms, region)


def _table_hour(gpu: str, basis: Basis, tier: str, terms: str, region: str) -> GpuHour | None:
    rows, note = current(gpu, tier, terms, region, basis.today)
    if not rows:
        return None
    low, high, stale = reach(rows, basis)
    where = f" in {region}" if region and not note else ""
    spread = Interval(low, high).scaled(basis.base_per_usd)
    kind = tier if terms == ON_DEMAND else f"{tier} {terms}"
    draws = basis.worlds.draw(f"price of a {gpu} hour, {kind}{where}", spread)
    providers, dates = tuple(p.provider for p in rows), tuple(sorted({p.date for p in rows}))
    return GpuHour(draws, tier, providers, dates, stale, terms, "; ".join(filter(None, (_commitments(rows), note))))


def _commitments(rows: Sequence[GpuPrice]) -> str:
    """What reserved prices bind the buyer to, by provider; empty on other terms."""
    asked = [f"{row.provider}: {row.commitment}" for row in rows if row.terms == RESERVED]
    return f"a reserved price binds the buyer, whether the cards are used or not ({'; '.join(asked)})" if asked else ""


def contract_hour(gpu: str, basis: Basis, terms: str = ON_DEMAND, region: str = "") -> GpuHour | None:
    """What an hour of a GPU costs by the user's own contract, in the base currency; None where it names none.

    The price of one provider, or the interval from the cheapest to the dearest of several. A contract holds until it
    is changed, so its age does not widen the price and is only noted; list prices drift, see `drifted`.
    """
    held = agreed(basis.contracts, gpu, terms, region)
    if held is None:
        return None
    old = [day for day in held.dates if is_old(day, basis.today)]
    low, high = held.low, held.high
    if held.listed and old:
        low, high = drifted(low, basis)[0], drifted(high, basis)[1]
    spread = Interval(low, high) if low < high else Const(low)
    on, where = ("" if terms == ON_DEMAND else f" {terms}"), f" in {region}" if region else ""
    draws = basis.worlds.draw(f"price of a {gpu} hour, {CONTRACT_TIER}{on}{where}", spread)
    kind = "list" if held.listed else "contract"
    drift = f", and drawn from {drift_words()} itself" if held.listed else ""
    aged = f"the {kind} price of a {gpu} hour is of {old[0]}, {TOO_OLD}{drift}" if old else ""
    note = "; ".join(part for part in (held.note, aged) if part)
    return GpuHour(draws, CONTRACT_TIER, held.providers, held.dates, 0, terms, note)


def owned_card(basis: Basis) -> str:
    """The table's name of the GPU that the project owns; empty where it owns none."""
    compute = basis.project.compute if basis.project else None
    if compute is None or compute.owned is None:
        return ""
    return catalog.gpu(compute.owned.gpu or compute.gpus[0]).name


@dataclass(frozen=True, slots=True)
class Purchase:
    """Hardware that is bought: its price, paid at once, and the part of it that an hour of one card uses up.

    Both in the base currency, shape (draws,); the hour is without electricity.
    """

    price: "Draws"
    hour: "Draws"


def purchase(owns: "Owned", basis: Basis) -> Purchase:
    """What the owned hardware of a project cost, and what an hour of one card uses up of it, see `owned_hour`."""
    price = basis.draw("compute.owned.price", owns.price)
    life_hours = basis.draw("compute.owned.life", owns.life) * HOURS["month"]
    share = basis.draw("compute.owned.utilisation", owns.utilisation)
    return Purchase(price, owned_hour(price, life_hours, share, owns.gpus))


def owned(gpu: str, basis: Basis, *, all_hours: bool = False) -> GpuHour | None:
    """What an hour costs of a GPU that the project owns, see `owned_hour`; None where it owns none of that kind.

    With `all_hours` the price is that of each hour of the card's life, where all of them count and not only those in
    which it works.
    """
    owns = basis.project.compute.owned if basis.project else None
    if owns is None or owned_card(basis) != gpu:
        return None
    energy: Draws | float = 0.0
    note = "electricity is left out: give compute.owned.power and compute.owned.power_price"
    if owns.power is not None and owns.power_price is not None:
        price_per_kwh = basis.draw("compute.owned.power_price", owns.power_price)
        energy, note = basis.draw("compute.owned.power", owns.power) * price_per_kwh, ""
    draws = purchase(owns, basis).hour
    if all_hours:
        draws = draws * basis.draw("compute.owned.utilisation", owns.utilisation)
    draws = draws + energy
    return GpuHour(draws, OWNED_TIER, ("you",), (basis.today.isoformat(),), 0, ON_DEMAND, note)


def any_gpu_hour(gpu: str, basis: Basis, *, terms: str = ON_DEMAND) -> GpuHour | None:
    """What one hour of one GPU costs in the requested tier, else on demand in the nearest tier that has a price.

    Of two equally near tiers the dearer counts. `GpuHour.tier` is the tier taken. A price on other terms than on demand
    never comes from another tier.
    """
    first = gpu_hour(gpu, basis, terms=terms)
    wanted = basis.tier or basis.text("compute.tier", basis.project.compute.tier if basis.project else None)
    if first is not None or terms != ON_DEMAND or wanted not in TIERS:
        return first
    at = TIERS.index(wanted)
    others = sorted(set(TIERS) - {wanted}, key=lambda tier: (abs(TIERS.index(tier) - at), -TIERS.index(tier)))
    return next((hour for tier in others if (hour := gpu_hour(gpu, basis, tier)) is not None), None)


@dataclass(frozen=True, slots=True)
class Reach:
    """Lowest, middle and highest of some prices [USD per GPU hour], the lowest of each provider counted once."""

    providers: int
    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, prices: Sequence[float]) -> "Reach | None":
        """Of one price for each provider; None of none."""
        return cls(len(prices), min(prices), median(prices), max(prices)) if prices else None


def owned_hour(
    price: "Draws", life_hours: "Draws", utilisation: "Draws", gpus: int, energy_price: "Draws | float" = 0.0
) -> "Draws":
    """What an hour of an owned card costs, in the base currency, shape (draws,).

        hour = price / (life x utilisation x GPUs) + kW per GPU x price of a kWh

    Args:
        price: of all cards with their machines, paid once.
        life_hours: calendar hours from purchase until it is worth nothing [h].
        utilisation: share of those hours in which the cards are in use, 0 < x <= 1.
        gpus: how many cards the price bought.
        energy_price: what the power of one card costs in an hour, 0 where it is left out.
    Leaves out room, cooling, network, people and interest, and what the cards can be sold for at the end.
    """
    return price / (life_hours * utilisation * gpus) + energy_price


def hour_words(hour: GpuHour) -> str:
    """Where the price of an hour comes from: tier, providers and dates, and whether it is old.

    For instance `neocloud, 1 provider (hyperstack), dated 2025-09, older than 180 days`.
    """
    if hour.tier in (OWN_TIER, OWNED_TIER):
        return hour.tier
    count = len(hour.providers)
    who = f"1 provider ({hour.providers[0]})" if count == 1 else f"{count} providers"
    dates = " to ".join(dict.fromkeys((hour.dates[0], hour.dates[-1])))
    dated = dates if dates == UNDATED else f"dated {dates}"
    old = f"{hour.stale} of them " if 0 < hour.stale < count else ""
    stale = f", {old}{TOO_OLD}" if hour.stale else ""
    return f"{hour.kind}, {who}, {dated}{stale}"
