"""The worked cases: projects of all kinds, each priced by `tunecase estimate`, and what dominates their bills."""

import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.estimate import estimate
from tunecase.inference import Answers, Outlay, weigh
from tunecase.plan import Drawn, Known, drawn, plan
from tunecase.prices import served_months
from tunecase.prices.basis import Basis
from tunecase.project import Project, read_project
from tunecase.quantities import adding_up, wording
from tunecase.quantities.spread import Band, Worlds, band
from tunecase.records import Authorised, Inference

if TYPE_CHECKING:
    from tunecase.quantities.spread import Draws

CASES = Path(__file__).parents[1] / "examples" / "cases"
DRAWS = 10_000
LEADERS = {"gpu": ("gpu",), "team": ("labour", "evaluation"), "data": ("data",)}
FIGURES = 2  # of what is authorised
TIERS_APART = 4  # times that one tier is dearer than another
TODAY = date(2026, 11, 26)  # the page does not age by itself: prices are judged as of this day
# The lines of each share. Which one leads is asked of the cloud, the team and the data: whether a person tunes or
# judges says nothing of what is scarce.
GROUPS = {
    "gpu": ("gpu", "failed_runs", "idle", "storage", "egress"),
    "labour": ("labour",),
    "data": ("data",),
    "evaluation": ("evaluation",),
}


@dataclass(frozen=True)
class Case:
    """One project file and its bill: the total without unknowns, and of each group its share and how often it leads.

    `shares` are medians over the worlds with the 80% interval; `leads` is the share of worlds in which one of the three
    leaders is the largest, `leads_dear` the same at four times the price of the cloud. The allowance for unknowns is
    left out: it belongs to people's lines. `hours` are people's, expected and without overruns, `training` the part of
    them that set-up and runs take, `months` and `authorised` what the whole bill says, overruns included; `capital` is
    paid for owned hardware on purchase, outside the total. `answers` is what answers cost after launch, None where the
    file does not say what arrives.
    """

    name: str
    folder: str
    total: Band
    gpu_total: Band
    shares: dict[str, tuple[float, float, float]]
    leads: dict[str, float]
    leads_dear: dict[str, float]
    gpu: str
    rounds: Band
    hours: float
    training: float | None
    training_note: str
    months: Band
    authorised: Authorised
    capital: float | None
    answers: Inference | None = None

    @property
    def dominant(self) -> str:
        """Who is paid most in most worlds: gpu, team or data."""
        return max(self.leads, key=lambda group: self.leads[group])

    @property
    def holds(self) -> bool:
        """Whether GPUs are not the bottleneck: in most worlds the team or the data cost more."""
        return self.dominant != "gpu"

    @property
    def holds_dear(self) -> bool:
        """Whether that is so at four times the price of the cloud."""
        return max(self.leads_dear, key=lambda group: self.leads_dear[group]) != "gpu"


def cases(folder: Path = CASES) -> tuple[Case, ...]:
    """Every worked case, the one with the largest share of GPUs first."""
    found = [case(path) for path in sorted(folder.glob("*/tunecase.yaml"))]
    return tuple(sorted(found, key=lambda one: (-one.shares["gpu"][1], one.name)))


def case(path: Path) -> Case:
    """The bill of one project file."""
    project = read_project(path, catalog.names())
    return priced(project, path.parent.name)


def priced(project: Project, folder: str, usd_per_gpu_hour: float | None = None) -> Case:
    """The bill of a project in 10,000 worlds of seed 0, at one price for every card's hour where one is given.

    Raises: ValueError where a line has no price.
    """
    import numpy as np

    found = bill(project, usd_per_gpu_hour)
    lacking = [why for cost in found.lines.values() if cost.included for why in cost.unpriced]
    if lacking:
        raise ValueError(f"{folder}: {'; '.join(lacking)}")
    zero = np.zeros(DRAWS)
    groups = {group: sum((_amount(found, name) for name in lines), zero) for group, lines in GROUPS.items()}
    total = sum(groups.values(), zero)
    parts = {group: np.quantile(amount / total, (0.1, 0.5, 0.9)) for group, amount in groups.items()}
    machine, made = found.choice.machine, plan(found)
    record = estimate(found, made)
    return Case(
        project.name,
        folder,
        band(total),
        band(groups["gpu"]),
        {group: (float(low), float(mid), float(high)) for group, (low, mid, high) in parts.items()},
        _leads(groups, 1),
        _leads(groups, TIERS_APART),
        f"{machine.count} x {machine.gpu}" if machine and machine.gpu else "none",
        band(found.work.walk.rounds),
        sum(one.hours for one in record.effort),
        record.training_share,
        record.training_note,
        record.months,
        made.authorise,
        None if made.capital is None else made.capital.expected,
        weigh(found.work.basis, Answers(), outlay=Outlay(found.total_without_answers, served_months(found.work.basis))),
    )


def _leads(groups: "dict[str, Draws]", times: int) -> dict[str, float]:
    """In which share of the worlds each leader is the largest, the cloud at so many times its price."""
    import numpy as np

    paid = [sum(groups[name] for name in names) * (times if who == "gpu" else 1) for who, names in LEADERS.items()]
    largest = np.argmax(np.vstack(paid), axis=0)
    return {who: float((largest == index).mean()) for index, who in enumerate(LEADERS)}


def bill(project: Project, usd_per_gpu_hour: float | None = None) -> Drawn:
    """The lines of the bill in every world."""
    basis = Basis(project, TODAY, Worlds(0, DRAWS), usd_per_gpu_hour=usd_per_gpu_hour)
    return drawn(Known(basis, project.data.planned_rows))


def _amount(found: Drawn, name: str) -> "Draws | float":
    cost = found.lines[name]
    return 0.0 if cost.amount is None or not cost.included else cost.amount


CASES_HEAD = "case | cards of one run | total, USD | GPU, USD: | GPU | labour | data | evaluation | paid most"


def case_row(one: Case) -> list[object]:
    """One line of the table of cases."""
    parts = [
        f"{wording.share(mid)} ({wording.share(low)} to {wording.share(high)})"
        for low, mid, high in one.shares.values()
    ]
    lead = f"{one.dominant} in {wording.share(one.leads[one.dominant])} of worlds"
    money = [wording.money_band(band, "") for band in (one.total, one.gpu_total)]
    return [linked(one), one.gpu, *money, *parts, lead]


def linked(one: Case) -> str:
    """The name of a case with a link to its project file."""
    return f"[{one.name}](../examples/cases/{one.folder}/tunecase.yaml)"


def _span(low: float, high: float) -> str:
    return f"{wording.share(low)} to {wording.share(high)}"


BUDGET_HEAD = (
    "case | people, hours: | of them training | months | base, USD: | contingency: | reserve: | authorise: | capital:"
)


def budget_row(one: Case) -> list[object]:
    """One line of the table of budgets: hours, time, and what to authorise in three parts that add up."""
    training = "stated whole" if one.training is None else wording.share(one.training)
    if one.training_note:
        training += f", as {one.training_note}"
    whole = one.authorised
    unit = 10.0 ** (math.floor(math.log10(whole.total)) - FIGURES + 1)
    parts = adding_up([whole.base, whole.contingency, whole.reserve], unit)
    hours = f"{one.hours:.0f}"
    money = [f"{part:,.0f}" for part in (*parts, sum(parts))]
    capital = "-" if one.capital is None else wording.figures(one.capital)
    return [one.name, hours, training, wording.band_words(one.months), *money, capital]
