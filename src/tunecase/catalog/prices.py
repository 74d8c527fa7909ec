"""Prices of tables/prices/: GPU hours, hosted training, wages and labels, and which GPUs an instance holds."""

import datetime
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from tunecase.catalog.reading import TABLES, table

STALE_AFTER_DAYS = 180
ON_DEMAND, SPOT, RESERVED = "on_demand", "spot", "reserved"
TERMS = (ON_DEMAND, SPOT, RESERVED)
# The last three say what a contract's row is the price of.
PRICE_TABLES = (
    "prices/gpu_prices", "prices/hosted", "prices/labels", "prices/wages",
    "prices/endpoints", "prices/core_hours", "prices/batch_tokens", "prices/decision_models",
    "prices/accelerators", "prices/instances", "prices/providers",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GpuPrice:
    """The lowest price of one GPU at one provider on some terms (`on_demand`, `spot`, `reserved`), on one date.

    `region` is where the price was read, empty where it holds everywhere or is not stated. A provider whose prices
    differ by region has one more row for each dearer region. `instance` with its `gpu_count` is what is rented.
    `commitment` says what a reserved price binds the buyer to; `stale` marks prices of 2025 and before.
    """

    gpu: str
    provider: str
    tier: str
    terms: str
    region: str
    instance: str
    gpu_count: int
    usd_per_gpu_hour: float
    commitment: str
    stale: bool
    source: str
    date: str

    def is_stale(self, today: datetime.date) -> bool:
        """True when the price is marked old, or older than 180 days."""
        return self.stale or is_stale(self.date, today)


@dataclass(frozen=True, slots=True)
class Provider:
    """Who rents GPUs out: its tier, and how bills spell its name."""

    name: str
    tier: str
    aliases: tuple[str, ...]
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class Instance:
    """The GPUs of a provider's instance type."""

    provider: str
    instance: str
    gpu: str
    gpu_count: int
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class Wage:
    """What an hour of a role costs the employer; `load` is that cost over the wage, None where it is the bare wage."""

    role: str
    low: float
    likely: float
    high: float
    unit: str
    load: float | None
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class LabelPrice:
    """A sourced price for a label, a synthetic example or a scraped page."""

    preset: str
    kind: str
    low: float | None
    likely: float | None
    high: float | None
    unit: str
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class Hosted:
    """Fine-tuning of one model at its provider: what training costs, how it is billed, and how long it is offered.

    `kind` says what is trained: the provider's `own model`, the `open model` of that name, or any of the open `models
    by size`, from `least_params_b` to `most_params_b` billion parameters. `method` is lora or full, another word where
    it is trained by other means (dpo, rl), and empty where the source does not say.
    `pads` where a row is billed at the longest sample's length; `bills_validation` where validation tokens are billed;
    `own_endpoint` where the tuned model is served by an endpoint of its own, billed also when idle. After
    `new_users_until` no new user may begin; from `closed_on` nobody may; the tuned model ends on `retires_on`.
    `agreeing_sources` counts the sources that state the same training price. Unknown prices are None.
    """

    provider: str
    model: str
    kind: str
    method: str
    least_params_b: float | None
    most_params_b: float | None
    train_usd_per_mtok: float | None
    input_usd_per_mtok: float | None
    output_usd_per_mtok: float | None
    pads: bool
    bills_validation: bool
    minimum_usd: float | None
    storage_usd_per_month: float | None
    hosting_usd_per_hour: float | None
    own_endpoint: bool
    new_users_until: str
    closed_on: str
    retires_on: str
    agreeing_sources: int
    confidence: str
    note: str
    source: str
    date: str

    @property
    def names(self) -> tuple[str, str]:
        """How a project may name it, in lower case: by the model itself, or after its provider."""
        return self.model.casefold(), f"{self.provider} {self.model}".casefold()

    def is_stale(self, today: datetime.date) -> bool:
        """True when the price is older than 180 days."""
        return is_stale(self.date, today)


def is_stale(date: str, today: datetime.date) -> bool:
    """True of a date older than 180 days; a month counts from its first day."""
    return (today - _as_date(date)).days > STALE_AFTER_DAYS


def _as_date(text: str) -> datetime.date:
    year, month, day = [*(int(part) for part in text.split("-")), 1, 1][:3]
    return datetime.date(year, month, day)


def gpu_prices() -> tuple[GpuPrice, ...]:
    """Every GPU price known, on all terms and in all regions, stale ones marked."""
    return table("prices/gpu_prices", GpuPrice)


@cache
def lowest_prices(terms: str = "on_demand") -> tuple[GpuPrice, ...]:
    """The lowest price of each GPU at each provider on these terms, whatever the region."""
    lowest: dict[tuple[str, str], GpuPrice] = {}
    for price in gpu_prices():
        at = price.gpu, price.provider
        if price.terms == terms and (at not in lowest or price.usd_per_gpu_hour < lowest[at].usd_per_gpu_hour):
            lowest[at] = price
    return tuple(lowest.values())


def standing(prices: Iterable[GpuPrice], today: datetime.date) -> list[GpuPrice]:
    """Those prices of one GPU, tier and terms that count on a day: newer ones displace those older than 180 days.

    Where all are older, those marked `stale` count only if nothing else exists.
    """
    rows = list(prices)
    return [p for p in rows if not p.is_stale(today)] or [p for p in rows if not p.stale] or rows


@cache
def largest_instance(gpu: str) -> int:
    """The most cards of a kind that one known instance type holds; 0 where no instance type is known.

    Example:
        >>> largest_instance("GH200"), largest_instance("H100")
        (1, 8)
    """
    counts = [one.gpu_count for one in instances() if one.gpu == gpu]
    return max(*counts, *(p.gpu_count for p in gpu_prices() if p.gpu == gpu), 0) if counts else 0


def wages() -> tuple[Wage, ...]:
    """Every wage known."""
    return table("prices/wages", Wage)


def label_prices() -> tuple[LabelPrice, ...]:
    """Every price of a label, a synthetic example or a page known."""
    return table("prices/labels", LabelPrice)


def hosted() -> tuple[Hosted, ...]:
    """Every hosted fine-tuning price known."""
    return table("prices/hosted", Hosted)


def providers() -> tuple[Provider, ...]:
    """Every provider of GPUs known, with its tier."""
    return table("prices/providers", Provider)


def instances() -> tuple[Instance, ...]:
    """Every instance type known, with its GPUs."""
    return table("prices/instances", Instance)


def provider(name: str) -> Provider | None:
    """The provider of that name, or as a bill spells it; None when it is not known.

    Example:
        >>> provider("Amazon Web Services").name
        'aws'
    """
    fold = name.casefold().strip()
    return next((one for one in providers() if fold in (one.name, *(also.casefold() for also in one.aliases))), None)


def instance(provider: str, name: str) -> Instance | None:
    """The instance type of a provider, both as a bill may spell them; None when it is not known.

    Case, blanks, underscores and Azure's prefix `Standard_` are ignored. An empty provider searches all of them, and
    finds nothing where two use one name for different machines. Machines to which a GPU is
    attached on demand (Google's n1) and parts of a card (Azure's NV6ads) are left out: the type does not tell which
    GPU is paid.

    Example:
        >>> found = instance("Amazon", "g5.12xlarge")
        >>> found.gpu, found.gpu_count
        ('A10G', 4)
    """
    known = _provider_name(provider)
    same = [one for one in _by_type().get(_bare_type(name), ()) if not provider or one.provider == known]
    return same[0] if len({(one.gpu, one.gpu_count) for one in same}) == 1 else None


def _provider_name(text: str) -> str:
    row = provider(text)
    return row.name if row else text.casefold().strip()


def _bare_type(name: str) -> str:
    return re.sub(r"[\s_]", "", name.casefold()).removeprefix("standard")


@cache
def _by_type() -> dict[str, tuple[Instance, ...]]:
    types: dict[str, tuple[Instance, ...]] = {}
    for one in instances():
        types[_bare_type(one.instance)] = (*types.get(_bare_type(one.instance), ()), one)
    return types


def wage(role: str) -> Wage | None:
    """The wage of a role, if the tables hold one."""
    return next((wage for wage in wages() if wage.role == role.casefold().strip()), None)


@cache
def price_book(more: str = "") -> str:
    """SHA-256 over the tables of prices, wages and defaults, so that a report can name what it used.

    `more` is the hash of the user's own prices, which are part of the book.
    """
    digest = hashlib.sha256()
    for name in (*PRICE_TABLES, "defaults"):
        digest.update((TABLES / f"{name}.csv").read_bytes().replace(b"\r\n", b"\n"))
    digest.update(more.encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class InstanceHour:
    """The list price of one hour of an instance type in a region, on one date."""

    provider: str
    instance: str
    region: str
    usd_per_instance_hour: float
    source: str
    date: str


@cache
def instance_hours(provider: str, instance: str) -> tuple[InstanceHour, ...]:
    """The list prices of an instance type, by region; empty where none was read.

    Regions of equal price are kept under one of them, so a missing region may still have a price.

    Example:
        >>> next(one.usd_per_instance_hour for one in instance_hours("aws", "g5.4xlarge") if one.region == "us-east-1")
        1.624
    """
    rows = table("prices/instance_hours", InstanceHour)
    return tuple(row for row in rows if (row.provider, row.instance) == (provider, instance))
