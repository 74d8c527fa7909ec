"""Prices from the project file, the tables and today's date: what any price rests on, and an hour of a GPU.

Every omitted field falls back to a documented default and is noted in `Basis.used`; a price that neither the user nor
the tables can give stays None, and its owner marks the line unpriced.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.records import DefaultUsed
from tunecase.spread import Beta, Const, Interval, Spread, Worlds
from tunecase.units import Quantity, Wanted, read_quantity

if TYPE_CHECKING:
    from tunecase.project import Project
    from tunecase.spread import Draws

STALE_DRIFT = 0.40  # seen within half a year in the price tables

WANTED = {
    "problem.horizon": Wanted("month"),
    "training.runs_per_round": Wanted(""),
    "training.failed": Wanted("share", most=1),
    "fit.start_up": Wanted("minute"),
    "fit.load_gb_per_s": Wanted(),
    "fit.evaluation": Wanted("share", most=1),
    "fit.interruptions": Wanted(),
    "fit.checkpoint_every": Wanted("minute"),
    "fit.restart": Wanted("minute"),
    "team.rate": Wanted("money", "hour"),
    "team.share": Wanted("share", most=1),
    "team.salary": Wanted("money", "year"),
    "team.load": Wanted(),
    "team.paid_hours": Wanted("hour", "year"),
    "team.on_top": Wanted("share", most=10),
    "team.hours": Wanted("hour"),
    "team.months": Wanted("month"),
    "team.ramp_up": Wanted("week"),
    "waiting_per_round": Wanted("week", "round"),
    "unknowns.share": Wanted("share", most=1),
    "unknowns.least": Wanted(),
    "unknowns.most": Wanted(),
    "unknowns.past_weight": Wanted(),
    "training.idle": Wanted("share", most=1),
    "storage.kept_gb": Wanted("GB"),
    "storage.months": Wanted("month"),
    "storage.checkpoints": Wanted(),
    "storage.price": Wanted("money", "GB-month"),
    "storage.egress_gb": Wanted("GB"),
    "storage.egress_price": Wanted("money", "GB"),
    "evaluation.judged": Wanted("", "round"),
    "evaluation.labels": Wanted("", "round"),
    "effort_per_round": Wanted("hour", "round"),
    "evaluation_share": Wanted("share", most=1),
    "serving.retune_share": Wanted("share", most=1),
    "alternatives.prompt_hosted": Wanted("hour"),
    "alternatives.prompt_open": Wanted("hour"),
    "alternatives.retrieval": Wanted("hour"),
    "source.effort": Wanted("minute", "label"),
    "source.rate": Wanted("money", "hour"),
    "source.rework": Wanted("share", most=10),
    "source.fee": Wanted("share", most=10),
    "source.usable": Wanted("share", most=1),
    "source.formatting": Wanted("minute", "label"),
    "source.management": Wanted("share", most=10),
    "source.managed_by": Wanted("share", most=10),
    "source.tool_fee": Wanted("money", "example"),
    "source.guidelines": Wanted("hour"),
    "source.onboarding": Wanted("hour"),
    "source.audited": Wanted(),
    "source.label_over_review": Wanted(),
    "source.hours": Wanted("hour"),
    "source.tokens_in": Wanted(),
    "source.tokens_out": Wanted(),
    "source.price_in": Wanted("money", "Mtok"),
    "source.price_out": Wanted("money", "Mtok"),
    "source.rejected": Wanted("share", most=1),
    "source.reviewed": Wanted("share", most=1),
    "source.pages_per_example": Wanted(),
    "source.page_yield": Wanted("share", most=1),
    "source.credits_per_page": Wanted(),
    "source.credit_price": Wanted("money", "credit"),
    "source.upkeep": Wanted("hour", "month"),
    "source.months": Wanted("month"),
    "review_minutes": Wanted("minute", "label"),
    "working_hours": Wanted("hour", "month"),
    "levers.first_run_hours": Wanted("hour"),
    "levers.label_noise": Wanted("share", most=1),
    "levers.rows_per_wrong_label": Wanted(),
    "levers.tuning_factor": Wanted(),
    "levers.bigger_model_factor": Wanted(),
    "levers.bigger_model_run_cost": Wanted(),
    "levers.synthetic_worth": Wanted("share", most=1),
    "levers.scrape_worth": Wanted("share", most=1),
    "levers.look_hours": Wanted("hour"),
    "stand_in.factor": Wanted(),
    "stand_in.smaller_model_factor": Wanted(),
}


@dataclass
class Basis:
    """What a price is worked out from: the project (None without one), the date, the worlds, and the defaults taken.

    `review_minutes` is one review by the reviewer's own clock [minutes], None until it was measured. `tier` comes
    before the project's; empty where nobody named one. `usd_per_gpu_hour` is a price of one's own for every card.
    `overruns` are actual over planned (P50) of people's lines in past projects that are closed; empty without any.
    """

    project: "Project | None"
    today: date
    worlds: Worlds
    used: dict[str, DefaultUsed] = field(default_factory=dict)
    review_minutes: Spread | None = None
    tier: str = ""
    usd_per_gpu_hour: float | None = None
    overruns: tuple[float, ...] = ()

    @property
    def base_per_usd(self) -> float:
        """Units of the project's currency for one US dollar."""
        return self.project.base_per_usd if self.project else 1.0

    @property
    def currency(self) -> str:
        """The project's currency, US dollars without a project."""
        return self.project.currency if self.project else "USD"

    def spread(self, name: str, given: Quantity | None = None) -> Spread:
        """The user's spread, or the default of that field, noted."""
        if given is None and (own := self.own_words(name)) is not None:
            return read_quantity(own, WANTED[name]).spread
        if given is not None:
            return given.spread
        default = catalog.default(name)
        self.used.setdefault(name, DefaultUsed(name, default.value, default.source))
        if default.value.startswith("Beta("):
            a, b = default.value.removeprefix("Beta(").removesuffix(")").split()
            return Beta(float(a), float(b))
        quantity = read_quantity(default.value, WANTED[name])
        return quantity.spread.scaled(self.base_per_usd) if quantity.currency else quantity.spread

    def own_words(self, name: str) -> str | None:
        """What the project file says in place of a lever's assumption, as it was typed; None where it says nothing."""
        if self.project is None or not name.startswith("levers."):
            return None
        given = getattr(self.project.levers, name.removeprefix("levers."))
        return None if given is None else str(given if isinstance(given, int) else given.text)

    def text(self, name: str, given: str | int | None = None) -> str:
        """The user's word or number, or the default of that field, noted."""
        if given is not None:
            return str(given)
        if (own := self.own_words(name)) is not None:
            return own
        default = catalog.default(name)
        self.used.setdefault(name, DefaultUsed(name, default.value, default.source))
        return default.value

    def draw(self, name: str, given: Quantity | None = None, label: str = "") -> "Draws":
        """The draws of a field; `label` keeps two uses of one field (two sources, two roles) apart."""
        return self.worlds.draw(f"{label} {name}".strip(), self.spread(name, given))


@dataclass(frozen=True, slots=True)
class GpuHour:
    """The price of one GPU hour in one tier: draws in the base currency, providers, dates, and how many are stale."""

    draws: "Draws"
    tier: str
    providers: tuple[str, ...]
    dates: tuple[str, ...]
    stale: int


def gpu_hour(gpu: str, basis: Basis, tier: str | None = None, *, spot: bool = False) -> GpuHour | None:
    """What one hour of one GPU costs in a tier, on demand or on spot, or None when no provider of it has a price.

    The 90% interval runs from the cheapest provider to the dearest; a price older than 180 days is widened by 40%,
    the drift seen in the tables within half a year. Prices already marked old are used only when nothing else exists.
    Leaves out storage, egress and start-up.
    """
    name = catalog.gpu(gpu).name
    if basis.usd_per_gpu_hour is not None:
        own = Const(basis.usd_per_gpu_hour).scaled(basis.base_per_usd)
        draws = basis.worlds.draw(f"own price of a {name} hour", own)
        return None if spot else GpuHour(draws, OWN_TIER, ("you",), (basis.today.isoformat(),), 0)
    project_tier = basis.project.compute.tier if basis.project else None
    tier = tier or basis.tier or basis.text("compute.tier", project_tier)
    rows = [p for p in catalog.gpu_prices() if p.gpu == name and p.tier == tier]
    rows = [p for p in rows if p.spot_usd_per_gpu_hour is not None] if spot else rows
    rows = [p for p in rows if not p.stale] or rows
    if not rows:
        return None
    stale = [p.is_stale(basis.today) for p in rows]
    paid = [p.spot_usd_per_gpu_hour if spot and p.spot_usd_per_gpu_hour else p.usd_per_gpu_hour for p in rows]
    low = min(usd * (1 - STALE_DRIFT * old) for usd, old in zip(paid, stale, strict=True))
    high = max(usd * (1 + STALE_DRIFT * old) for usd, old in zip(paid, stale, strict=True))
    spread = Interval(low, high).scaled(basis.base_per_usd)
    draws = basis.worlds.draw(f"price of a {name} hour, {tier}{' spot' if spot else ''}", spread)
    providers, dates = tuple(p.provider for p in rows), tuple(sorted({p.date for p in rows}))
    return GpuHour(draws, tier, providers, dates, sum(stale))


TIERS = ("marketplace", "neocloud", "hyperscaler")
OWN_TIER = "your own price"


def any_gpu_hour(gpu: str, basis: Basis, *, spot: bool = False) -> GpuHour | None:
    """What one hour of one GPU costs in the tier asked for, else in the nearest tier that has a price on demand.

    The dearer of two tiers that are as near. `GpuHour.tier` is the tier taken. Spot prices are of their own tier only.
    """
    found = gpu_hour(gpu, basis, spot=spot)
    asked = basis.tier or basis.text("compute.tier", basis.project.compute.tier if basis.project else None)
    if found is not None or spot or asked not in TIERS:
        return found
    at = TIERS.index(asked)
    others = sorted(set(TIERS) - {asked}, key=lambda tier: (abs(TIERS.index(tier) - at), -TIERS.index(tier)))
    return next((hour for tier in others if (hour := gpu_hour(gpu, basis, tier)) is not None), None)


def hour_words(hour: GpuHour) -> str:
    """Where the price of an hour comes from: tier, providers and dates, and whether it is old.

    For instance `neocloud, 1 provider (hyperstack), dated 2025-09, older than 180 days`.
    """
    if hour.tier == OWN_TIER:
        return hour.tier
    count = len(hour.providers)
    who = f"1 provider ({hour.providers[0]})" if count == 1 else f"{count} providers"
    dates = " to ".join(dict.fromkeys((hour.dates[0], hour.dates[-1])))
    old = f"{hour.stale} of them " if 0 < hour.stale < count else ""
    stale = f", {old}older than 180 days" if hour.stale else ""
    return f"{hour.tier}, {who}, dated {dates}{stale}"


def numbered(names: list[str]) -> list[str]:
    """The names, the second of a kind with a 2 behind it, the third with a 3."""
    seen = [names[: i + 1].count(name) for i, name in enumerate(names)]
    return [name if count == 1 else f"{name} {count}" for name, count in zip(names, seen, strict=True)]
