"""Prices from the project file, the tables and today's date: an hour of people, a review, one more example.

Every omitted field falls back to a documented default and is noted in `Basis.used`; a price that neither the user nor
the tables can give stays None, and its owner marks the line unpriced.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.api_prices import ApiPrice as ApiPrice
from tunecase.api_prices import api_price as api_price
from tunecase.catalog import ON_DEMAND
from tunecase.contracts import Contract
from tunecase.records import DefaultUsed
from tunecase.spread import Z80, Z90, Beta, Interval, Spread, Worlds
from tunecase.units import Quantity, Wanted, read_quantity

if TYPE_CHECKING:
    from tunecase.project import Member, Project, Source
    from tunecase.spread import Draws

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
    "compute.owned.price": Wanted("money"),
    "compute.owned.life": Wanted("month"),
    "compute.owned.utilisation": Wanted("share", most=1),
    "compute.owned.power": Wanted(),
    "compute.owned.power_price": Wanted("money", "kWh"),
    "team.rate": Wanted("money", "hour"),
    "team.share": Wanted("share", most=1),
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
    `contracts` are prices of the user's own, which come before the tables', `contracts_hash` names their file.
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
    contracts: tuple[Contract, ...] = ()
    contracts_hash: str = ""

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


def person_hour(basis: Basis) -> "Draws":
    """The loaded hour of the team, roles weighted by their share of time, shape (draws,)."""
    members = _members(basis)
    if not members:
        return basis.draw("team.rate", label=basis.text("team.role"))
    shares = [basis.draw("team.share", member.share, name) for name, member in members]
    rates = [_member_rate(basis, member, name) for name, member in members]
    paid = [share * rate for share, rate in zip(shares, rates, strict=True)]
    return sum(paid[1:], paid[0]) / sum(shares[1:], shares[0])


def _member_rate(basis: Basis, member: "Member", name: str) -> "Draws":
    """The hour of one person: as given, else the table's loaded wage of that role, else the default."""
    wage = catalog.wage(member.role) if member.rate is None else None
    usual = member.role.casefold().strip() == catalog.default("team.role").value
    if wage is None or usual or not wage.unit.endswith(", loaded"):
        return basis.draw("team.rate", member.rate, name)
    # The table holds P10 and P90; an Interval wants the 5% and 95% points.
    wide = Z90 / Z80
    low, high = (wage.likely * (end / wage.likely) ** wide for end in (wage.low, wage.high))
    words = f"{wage.low:g} to {wage.high:g} USD per hour"
    basis.used.setdefault(f"team.rate of {member.role}", DefaultUsed(f"team.rate of {member.role}", words, wage.source))
    return basis.worlds.draw(f"{name} team.rate", Interval(low, high).scaled(basis.base_per_usd))


def team_share(basis: Basis) -> "Draws":
    """Full-time people on the project: the sum of the team's shares, shape (draws,)."""
    shares = [basis.draw("team.share", member.share, name) for name, member in _members(basis)]
    return sum(shares[1:], shares[0]) if shares else basis.draw("team.share", label=basis.text("team.role"))


def _members(basis: Basis) -> "list[tuple[str, Member]]":
    """The team with a name for each; two of one role are drawn apart."""
    team = basis.project.team if basis.project else ()
    return list(zip(numbered([member.role for member in team]), team, strict=True))


def numbered(names: list[str]) -> list[str]:
    """The names, the second of a kind with a 2 behind it, the third with a 3."""
    seen = [names[: i + 1].count(name) for i, name in enumerate(names)]
    return [name if count == 1 else f"{name} {count}" for name, count in zip(names, seen, strict=True)]


def review_price(rows: float, basis: Basis) -> "Draws":
    """What it costs to have people look at `rows` rows once: rows x minutes / 60 x rate, shape (draws,)."""
    source = _label_source(basis)
    rate = basis.draw("source.rate", source.rate if source else None, "label")
    return review_hours(rows, basis) * rate


def review_hours(rows: float, basis: Basis) -> "Draws":
    """Hours to look at `rows` rows once, shape (draws,): by the reviewer's own clock where it was measured."""
    if basis.review_minutes is not None:
        return rows * basis.worlds.draw("review_minutes", basis.review_minutes) / 60
    return rows * basis.draw("review_minutes") / 60


def queue_price(rows: float, basis: Basis) -> "Draws":
    """What a review by as many people as label an example costs, shape (draws,).

        price = rows * minutes / 60 * rate * votes * (1 + rework)

    Votes are the project's labels per example, 1 without a source. Leaves out a platform's fee.
    """
    source = _label_source(basis)
    votes = source.labels_per_example if source else 1.0
    return (
        review_price(rows, basis)
        * votes
        * (1 + basis.draw("source.rework", source.rework if source else None, "label"))
    )


def _sources(basis: Basis) -> "list[tuple[str, Source]]":
    """The project's sources with a name for each; two of one kind are drawn apart."""
    sources = basis.project.data.sources if basis.project else ()
    return list(zip(numbered([source.kind for source in sources]), sources, strict=True))


def _label_source(basis: Basis) -> "Source | None":
    return next((source for _, source in _sources(basis) if source.kind == "label"), None)


def label_price(basis: Basis, source: "Source | None" = None) -> "Draws":
    """One usable labelled example, shape (draws,).

        price = minutes / 60 * rate * votes * (1 + rework) * (1 + fee) / usable

    Without a source the documented defaults are used and noted; a source with a price by the piece costs that price.
    Leaves out the one-off set-up, which `Supply` adds.
    """
    import numpy as np

    source = source or _label_source(basis)
    name = next((name for name, known in _sources(basis) if known is source), "label")
    if source and source.price is not None:
        return basis.worlds.draw(f"{name} price per example", source.price.spread)
    votes = source.labels_per_example if source else 1.0
    minutes = basis.draw("source.effort", source.effort if source else None, name)
    rate = basis.draw("source.rate", source.rate if source else None, name)
    rework = basis.draw("source.rework", source.rework if source else None, name)
    fee = basis.draw("source.fee", source.fee if source else None, name)
    usable = basis.draw("source.usable", source.usable if source else None, name)
    return minutes / 60 * rate * votes * (1 + rework) * (1 + fee) / np.minimum(usable, 1.0)


def label_prices(basis: Basis) -> dict[str, float]:
    """The median price of one label by the name of its source, for sources whose price is worked out from minutes."""
    import numpy as np

    by_the_minute = {name: one for name, one in _sources(basis) if one.kind == "label" and one.price is None}
    if not by_the_minute and _label_source(basis) is None:
        return {"label": float(np.median(label_price(basis)))}
    return {name: float(np.median(label_price(basis, one))) for name, one in by_the_minute.items()}


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


def low_pay(basis: Basis) -> str:
    """A note when a labelling rate reaches below the least fair pay of tables/labels.csv, else an empty text."""
    least = next(row for row in catalog.label_prices() if row.preset == "prolific participant pay")
    assert least.low is not None
    rates = [source.rate for _, source in _sources(basis) if source.kind == "label" and source.rate is not None]
    lowest = min((rate.spread.low for rate in rates), default=None)
    if lowest is None or lowest >= least.low * basis.base_per_usd * (1 - 1e-9):
        return ""
    lowest_usd = lowest / basis.base_per_usd
    return (
        f"labelling is paid from {lowest_usd:.2g} USD per hour, below the {least.low:g} USD that a fair platform asks "
        f"at least ({least.source.split(',')[0]}, {least.date}): poor pay costs quality, and people"
    )


@dataclass(frozen=True, slots=True)
class Supply:
    """Where more examples come from: the sources in the order the user lists them, used up one after another.

    `limit` is how many can be had in all (None: a source without end, or no source); `price` is the first priced
    source's price of one example, shape (draws,), or None when no source has a price.
    """

    steps: tuple[tuple[float, "Draws", "Draws"], ...]
    limit: float | None
    price: "Draws | None"
    unpriced: tuple[str, ...]

    def cost(self, examples: "float | Draws") -> "Draws":
        """What `examples` more cost, shape (draws,): sources are used up in order, set-up paid when touched.

        More than the limit cannot be had and costs infinity, never nothing.
        """
        import numpy as np

        left = np.maximum(np.asarray(examples, dtype=float), 0.0)
        total = np.zeros(len(self.price) if self.price is not None else 1)
        for pool, price, set_up in self.steps:
            taken = np.minimum(left, pool)
            total = total + taken * price + set_up * (taken > 0)
            left = left - taken
        return np.where(left > 1e-6, np.inf, total)


def made_worth(basis: Basis) -> float:
    """Labelled rows that one row from other sources teaches like, the median: of the source it would be bought from.

    That is the kind, synthetic or scrape, with the lowest price for what it teaches, else one without a price; 1 where
    the project names no such source.
    """
    found: list[tuple[bool, float, float]] = []
    for _, source in _sources(basis):
        if source.kind in ("synthetic", "scrape"):
            worth = basis.spread(f"levers.{source.kind}_worth").median
            price = 0.0 if source.price is None else source.price.spread.median
            found.append((source.price is None, price / worth, worth))
    return min(found)[2] if found else 1.0


def supply(basis: Basis, *, only: str = "", without: Collection[str] = ()) -> Supply:
    """The project's sources of examples as a Supply; unpriced ones are named, never counted as free.

    A pool in doubt counts with its median. `only` keeps the sources of one kind, `without` leaves kinds out.
    """
    import numpy as np

    steps: list[tuple[float, Draws, Draws]] = []
    unpriced: list[str] = []
    zero = np.zeros(basis.worlds.n)
    for index, (name, source) in enumerate(_sources(basis)):
        if source.kind in without or (only and source.kind != only):
            continue
        pool = source.pool.spread.median if source.pool else np.inf
        set_up = basis.worlds.draw(f"{name} set-up", source.set_up.spread) if source.set_up else zero
        if source.kind == "label":
            steps.append((pool, label_price(basis, source), set_up))
        elif source.price is not None:
            steps.append((pool, basis.worlds.draw(f"{name} price per example", source.price.spread), set_up))
        elif source.kind == "have":
            steps.append((pool, zero, set_up))
        else:
            unpriced.append(f"{source.kind} (source {index + 1}): give price: ... per example")
    limit = sum(pool for pool, _, _ in steps) if steps else None
    price = next((price for _, price, _ in steps if price.any()), steps[0][1] if steps else None)
    return Supply(tuple(steps), None if limit is None or np.isinf(limit) else limit, price, tuple(unpriced))
