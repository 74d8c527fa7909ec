"""Prices from the project file, the tables and today's date: what any price rests on.

Every omitted field falls back to a documented default and is noted in `Basis.used`; a price that neither the user nor
the tables can give stays None, and its owner marks the line unpriced.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Protocol

from tunecase import catalog
from tunecase.catalog import ON_DEMAND
from tunecase.prices.contracts import Contract
from tunecase.quantities import (
    Z80,
    Z90,
    Beta,
    Draws,
    Interval,
    Interval80,
    Quantity,
    Spread,
    Wanted,
    Worlds,
    np,
    read_quantity,
)
from tunecase.records import DefaultUsed

if TYPE_CHECKING:
    from tunecase.project import Project

ROLLOUT_NUMBERS = (
    "prompts_per_step", "prompt_tokens", "completion_tokens", "length_sigma", "reward_at_once", "layer_ms", "slower",
    "mean_root",
)  # fmt: skip
ROLLOUT_SHARES = ("engine_share", "sync_share")
WANTED = {
    "prices.drift": Wanted(),
    "problem.horizon": Wanted("month"),
    "training.runs_per_round": Wanted(""),
    "training.failed": Wanted("share", most=1),
    "fit.start_up": Wanted("minute"),
    "fit.load_gb_per_s": Wanted(),
    "fit.evaluation": Wanted("share", most=1),
    "fit.interruptions": Wanted(),
    "fit.checkpoint_every": Wanted("minute"),
    "fit.restart": Wanted("minute"),
    **dict.fromkeys((f"rollout.{name}" for name in ROLLOUT_NUMBERS), Wanted()),
    **dict.fromkeys((f"rollout.{name}" for name in ROLLOUT_SHARES), Wanted("share", most=1)),
    "compute.minimum_hours": Wanted("hour"),
    "compute.owned.price": Wanted("money"),
    "compute.owned.life": Wanted("month"),
    "compute.owned.utilisation": Wanted("share", most=1),
    "compute.owned.power": Wanted(),
    "compute.owned.power_price": Wanted("money", "kWh"),
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
    "unknowns.small_project": Wanted(),
    "unknowns.abandoned": Wanted("share", most=1),
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
    "costs.amount": Wanted("money"),
    "costs.share": Wanted("share", most=10),
    "effort_per_round": Wanted("hour", "round"),
    "effort.data_work": Wanted("hour", "round"),
    "effort.data_work_tenfold": Wanted("hour", "round"),
    "effort.prompts": Wanted("hour"),
    "effort.set_up": Wanted("hour"),
    "effort.set_up_doubling": Wanted("hour"),
    "effort.set_up_nodes": Wanted("hour"),
    "effort.set_up_hosted": Wanted("hour"),
    "effort.runs": Wanted("hour", "run"),
    "effort.evaluation": Wanted("hour", "round"),
    "effort.reading": Wanted("minute", "answer"),
    "evaluation.read": Wanted("", "round"),
    "effort.error_analysis": Wanted("hour", "round"),
    "effort.integration": Wanted("hour"),
    "effort.review": Wanted("hour"),
    "effort.management": Wanted("share", most=10),
    "evaluation_share": Wanted("share", most=1),
    "after_launch.retrain": Wanted("month"),
    "after_launch.monitoring": Wanted("hour", "month"),
    "after_launch.drift_checks": Wanted("", "month"),
    "after_launch.fees": Wanted("money", "month"),
    "serving.retune_share": Wanted("share", most=1),
    "serving.traffic.input": Wanted(),
    "serving.traffic.output": Wanted(zero_ok=True),
    "serving.traffic.instructions": Wanted(zero_ok=True),
    "serving.traffic.cached": Wanted("share", zero_ok=True, most=1),
    "serving.traffic.weekend": Wanted("share", zero_ok=True, most=1),
    "serving.traffic.burst": Wanted(),
    "serving.traffic.growth": Wanted("share", "month", zero_ok=True, most=1),
    "serving.traffic.length_spread": Wanted(),
    "serving.cold_start": Wanted("minute", zero_ok=True),
    "serving.minimum_billing": Wanted("minute", zero_ok=True),
    "serving.keep_alive": Wanted("minute", zero_ok=True),
    "serving.night": Wanted("hour"),
    "alternatives.prompt_hosted": Wanted("hour"),
    "alternatives.prompt_open": Wanted("hour"),
    "alternatives.retrieval": Wanted("hour"),
    "alternatives.n_grams": Wanted("hour"),
    "alternatives.encoder_tuned": Wanted("hour"),
    "alternatives.encoder": Wanted("hour"),
    "alternatives.decision": Wanted("hour"),
    "measuring.n_grams": Wanted("second", "row"),
    "measuring.nearest": Wanted("second", "row"),
    "measuring.encoder_tuned": Wanted("second", "row"),
    "measuring.lora": Wanted("second", "row"),
    "measuring.lora_tokens": Wanted("second", "Mtok"),
    "measuring.encoder": Wanted("second", "row"),
    "measuring.hosted": Wanted("second", "row"),
    "source.effort": Wanted("minute", "label"),
    "source.worth": Wanted("share", most=1),
    "source.per_week": Wanted(),
    "source.rate": Wanted("money", "hour"),
    "source.rework": Wanted("share", most=10),
    "source.fee": Wanted("share", most=10),
    "source.usable": Wanted("share", most=1),
    "source.formatting": Wanted("minute", "label"),
    "source.script": Wanted("hour", zero_ok=True),
    "source.management": Wanted("share", most=10),
    "source.managed_by": Wanted("share", most=10),
    "source.tool_fee": Wanted("money", "example"),
    "source.guidelines": Wanted("hour"),
    "source.onboarding": Wanted("hour"),
    "source.audited": Wanted(),
    "source.label_over_review": Wanted(),
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
    "source.crowd.rate": Wanted("money", "hour"),
    "source.crowd.labels_per_example": Wanted(),
    "source.expert.rate": Wanted("money", "hour"),
    "source.expert.fee": Wanted("share", most=10),
    "source.label.people": Wanted(),
    "source.crowd.people": Wanted(),
    "source.expert.people": Wanted(),
    "source.own_people.people": Wanted(),
    "source.label_hours": Wanted("hour", "week"),
    "source.have.lead": Wanted("week"),
    "source.label.lead": Wanted("week"),
    "source.crowd.lead": Wanted("week"),
    "source.expert.lead": Wanted("week"),
    "source.own_people.lead": Wanted("week"),
    "source.synthetic.lead": Wanted("week"),
    "source.scrape.lead": Wanted("week"),
    "source.buy.lead": Wanted("week"),
    "source.licence.lead": Wanted("week"),
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
    "levers.buy_worth": Wanted("share", most=1),
    "levers.licence_worth": Wanted("share", most=1),
    "levers.look_hours": Wanted("hour"),
    "assumed.first_error": Wanted(),
    "assumed.slope": Wanted(),
}


class AnswerPrices(Protocol):
    """What 1,000 answers cost [base currency], shape (draws,); None where too little is known to work it out."""

    def volume(self, basis: "Basis") -> "Draws | None":
        """Answers a month at launch where the project file does not state them, such as those of a trace."""

    def tuned(self, basis: "Basis") -> "Draws | None":
        """Of the tuned model, the cheapest way to serve it."""

    def in_use(self, basis: "Basis") -> "Draws | None":
        """The way they are given today."""

    def prompted(self, basis: "Basis", model: str) -> "Draws | None":
        """Of a hosted model that is prompted."""

    def input_tokens(self, basis: "Basis") -> "Draws | None":
        """Tokens of one request's input, instructions left out; None where nobody counted them."""

    def on_cores(self, basis: "Basis", model: str, seconds_per_answer: float) -> "Draws | None":
        """Of a small model that answers on plain cores, as fast as one of them was timed."""


@dataclass
class Basis:
    """What a price is worked out from: the project (None without one), the date, the worlds, and the defaults taken.

    `review_minutes` is the measured time of one review [minutes], `label_minutes` that of one label in a trial of two
    readers; None until it is measured. `worths` are measured worths of a row, by the name of its source. `tier`
    overrides the project's tier unless empty. `usd_per_gpu_hour` is the user's own price for every card. `contracts`
    are the user's own prices, which override the tables; `contracts_hash` identifies their file, `contracts_notes` say
    what was left out of it. `build_months` are those from the start to a launch after one round, shape (draws,), 0
    until worked out. `overruns` are actual over planned (P50) cost of people's lines in `past_cases` earlier cases of
    the user's own, one for each where that is left out. `hours_factor` is what the default effort rates are multiplied
    by, for the hours that `hours_cases` of them took.
    `answer_prices` works out what answers cost where the project file does not state it; None where nobody does.
    """

    project: "Project | None"
    today: date
    worlds: Worlds
    used: dict[str, DefaultUsed] = field(default_factory=dict)
    review_minutes: Spread | None = None
    tier: str = ""
    usd_per_gpu_hour: float | None = None
    overruns: tuple[float, ...] = ()
    past_cases: int = 0
    hours_factor: float = 1.0
    hours_cases: int = 0
    contracts: tuple[Contract, ...] = ()
    contracts_hash: str = ""
    contracts_notes: tuple[str, ...] = ()
    build_months: "Draws | float" = 0.0
    label_minutes: Spread | None = None
    worths: Mapping[str, Interval80] = field(default_factory=dict)
    answer_prices: AnswerPrices | None = None

    @property
    def price_book(self) -> str:
        """The SHA-256 of the tables, and of the user's own prices where there are any."""
        return catalog.price_book(self.contracts_hash)

    @property
    def terms(self) -> str:
        """How the project rents GPUs: on_demand, spot or reserved."""
        return (self.project.compute.terms if self.project else None) or ON_DEMAND

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
        spread, is_money = _default_spread(name, default.value)
        return spread.scaled(self.base_per_usd) if is_money else spread

    def own_words(self, name: str) -> str | None:
        """The value that the project file gives for a lever's assumption, as typed; None where it gives none."""
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
        """The draws of a field; `label` separates two uses of one field (two sources, two roles)."""
        return self.worlds.draw(f"{label} {name}".strip(), self.spread(name, given))

    def draw_around(self, name: str, interval: Interval80) -> "Draws":
        """Draws whose median is the middle and whose P10 and P90 are the ends: two half normals, cut at zero."""
        z = self.worlds.draw(name, Interval(-Z90, Z90))
        sides = np.where(z < 0, interval.mid - interval.low, interval.high - interval.mid) / Z80
        return np.maximum(interval.mid + sides * z, 0.0)


def assumed(name: str) -> Spread:
    """What a field is taken to be where nobody states it. Source: catalog/tables/defaults.csv."""
    return _default_spread(name, catalog.default(name).value)[0]


@cache
def _default_spread(name: str, value: str) -> tuple[Spread, bool]:
    """The spread of a default as its table words it, and whether it is an amount in US dollars."""
    if value.startswith("Beta("):
        a, b = value.removeprefix("Beta(").removesuffix(")").split()
        return Beta(float(a), float(b)), False
    quantity = read_quantity(value, Wanted() if name.startswith("stand_in.") else WANTED[name])
    return quantity.spread, bool(quantity.currency)


def numbered(names: list[str]) -> list[str]:
    """The names, with a 2 added to the second of a kind, a 3 to the third."""
    seen = [names[: i + 1].count(name) for i, name in enumerate(names)]
    return [name if count == 1 else f"{name} {count}" for name, count in zip(names, seen, strict=True)]


def old_rates(basis: Basis) -> str:
    """A note on exchange rates of the project file that are older than 180 days, the latest of each currency."""
    latest: dict[str, str] = {}
    for rate in basis.project.rates if basis.project else ():
        latest[rate.currency] = max(rate.date.isoformat(), latest.get(rate.currency, ""))
    old = [f"{name} of {day}" for name, day in latest.items() if catalog.is_stale(day, basis.today)]
    if not old:
        return ""
    days = catalog.STALE_AFTER_DAYS
    return f"exchange rates older than {days} days are taken as they are, without doubt: {', '.join(old)}"
