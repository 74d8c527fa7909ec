"""The people of a project: what an hour costs, how many each works, how long it takes, and what nobody foresaw.

Hours of a round are split by the members' shares of time. A member with `on_top`, such as a manager, adds a share of
an hour to each of theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.prices.basis import Basis, numbered
from tunecase.quantities import (
    DAYS_PER_MONTH,
    Z80,
    Z90,
    Draws,
    Flags,
    Interval,
    Mixed,
    Overrun,
    Quantity,
    Spread,
    counted,
    np,
)
from tunecase.records import DefaultUsed

if TYPE_CHECKING:
    from tunecase.project import Member, Project

OUTSIDE_VIEW, NONE = "outside view", "none"
UNKNOWNS = "unknowns"  # the name under which the factor is drawn
WEEKS_PER_MONTH = DAYS_PER_MONTH / 7
WORKING_WEEKS = 4  # of a month of working hours, as the default of working_hours says


@dataclass(frozen=True, slots=True)
class PaidHours:
    """Hours and what they cost, both of shape (draws,); `beyond` are the hours above all members' caps."""

    hours: "Draws"
    amount: "Draws"
    beyond: "Draws | float" = 0.0


def person_hour(basis: Basis) -> "Draws":
    """One hour of a round's work, shape (draws,), with the hours that managers and reviewers add to it.

        rate = sum(share x rate) / sum(share) + sum(on_top x rate)

    Leaves out members' caps, which `paid_hours` applies.
    """
    shares, rates = _working(basis)
    paid = [share * rate for share, rate in zip(shares, rates, strict=True)]
    mean: Draws = sum(paid[1:], paid[0]) / sum(shares[1:], shares[0])
    return mean + _on_top(basis)[1]


def paid_hours(basis: Basis, hours: "Draws") -> PaidHours:
    """The hours of all rounds, split over the team by shares up to each member's cap, plus the hours added on top.

    Hours above one member's cap go to the others. Hours above all caps are paid at the mean rate and counted in
    `beyond`.

    Args:
        basis: prices and worlds.
        hours: of the rounds' own work, shape (draws,).
    """
    shares, rates = _working(basis)
    caps = [_cap(basis, member, name, share) for (name, member), share in zip(_doing(basis), shares, strict=False)]
    added, added_rate = _on_top(basis)
    hours = np.asarray(hours, dtype=float)
    left, amount = hours, np.zeros(basis.worlds.n)
    capped = any(np.isfinite(cap).any() for cap in caps)
    if capped:
        given, left = _split_to_caps(hours, shares, caps)
        amount = sum((had * rate for had, rate in zip(given, rates, strict=True)), amount)
    amount = amount + left * (person_hour(basis) - added_rate) + hours * added_rate
    return PaidHours(hours * (1 + added), amount, left if capped else 0.0)


def _split_to_caps(
    hours: "Draws", shares: "Sequence[Draws]", caps: "Sequence[Draws | float]"
) -> "tuple[list[Draws], Draws]":
    """Hours of each member, split by shares up to the caps, and the hours above all caps, shape (draws,)."""
    given, left = [np.zeros(len(hours)) for _ in shares], hours
    for _ in shares:  # each pass fills at least one member or ends
        free = [share * (had < cap) for share, had, cap in zip(shares, given, caps, strict=True)]
        whole = np.maximum(sum(free[1:], free[0]), 1e-12)
        more = [np.minimum(left * part / whole, cap - had) for part, had, cap in zip(free, given, caps, strict=True)]
        given = [had + added for had, added in zip(given, more, strict=True)]
        left = np.maximum(left - sum(more[1:], more[0]), 0.0)
    return given, np.where(left > 1e-9 * (1 + hours), left, 0.0)


def ramp_up(basis: Basis) -> PaidHours:
    """Hours paid once before each member is productive, and what they cost, shape (draws,).

    hours = weeks x share x working hours of a month / 4
    """
    hours, amount = np.zeros(basis.worlds.n), np.zeros(basis.worlds.n)
    for name, member in _members(basis):
        if member.ramp_up is not None:
            weeks = basis.draw("team.ramp_up", member.ramp_up, name)
            share = basis.draw("team.share", member.share, name)
            own = weeks * share * basis.draw("working_hours") / WORKING_WEEKS
            hours, amount = hours + own, amount + own * _member_rate(basis, member, name)
    return PaidHours(hours, amount)


def working_months(basis: Basis, hours: "Draws", rounds: "Draws", *, ramps_up: "Flags | bool") -> "Draws":
    """Planned duration in months, shape (draws,).

        months = hours / (full-time people x working hours of a month) + rounds x waiting [+ longest ramp-up]

    Waiting is for labels, GPUs, reviews and people, while nobody on the team works on the project.

    Args:
        basis: prices and worlds.
        hours: of the rounds' own work, shape (draws,).
        rounds: shape (draws,).
        ramps_up: whether people are new to the work, shape (draws,) or one for all; nobody ramps up twice.
    Leaves out unknowns: multiply by `unknown_factor`, as for the hours.
    """
    project = basis.project
    waiting = basis.draw("waiting_per_round", project.waiting_per_round if project else None)
    ramps = [basis.draw("team.ramp_up", one.ramp_up, name) for name, one in _members(basis) if one.ramp_up is not None]
    weeks = rounds * waiting + (np.maximum.reduce(ramps) * ramps_up if ramps else 0.0)
    working = hours / (team_share(basis) * basis.draw("working_hours"))
    return np.asarray(working + weeks / WEEKS_PER_MONTH)


def unknown_factor(basis: Basis) -> "Draws":
    """Actual work over planned work, at least 1, shape (draws,); drawn once for all people's work.

    The project's own range, 1 for `none`, else what became of others' projects: small ones of one's own by default
    (`unknowns.small_project` of defaults.csv), or for `outside view` large IT projects: with the chance
    `unknowns.share` Pareto(1) from `unknowns.least`, cut at `unknowns.most`, else 1. With n earlier cases of the user's
    own, one of their ratios of actual to plan, all equally likely, is taken instead with the chance n / (n + k), k
    being `unknowns.past_weight`. What the effort rates hold already of those ratios is taken out of them.

    Source: Simula 2004 (Norwegian firms, effort); Flyvbjerg et al., 5,392 IT projects (cost).
    Leaves out projects that end below their plan, which the doubt of each line covers, and those that are abandoned.
    """
    given = basis.project.unknowns if basis.project else None
    if given == NONE:
        return np.ones(basis.worlds.n)
    if isinstance(given, Quantity):
        return basis.worlds.draw(UNKNOWNS, Mixed(given.spread, least=1.0))
    view: Spread = _large_projects(basis) if _is_large(basis) else basis.spread("unknowns.small_project")
    # Other people's projects, and the user's own past beside them.
    weight = _past_weight(basis) if basis.overruns else 0.0
    return basis.worlds.draw(UNKNOWNS, Mixed(view, basis.overruns, weight, least=1.0))


def _is_large(basis: Basis) -> bool:
    return basis.project is not None and basis.project.unknowns == OUTSIDE_VIEW


def _large_projects(basis: Basis) -> Overrun:
    """What became of other people's large projects, as the tables say."""
    share, least, most = (basis.spread(f"unknowns.{name}").median for name in ("share", "least", "most"))
    return Overrun(share, least, most)


def _past_weight(basis: Basis) -> float:
    """The chance that the user's earlier cases replace other people's: by cases, since lines of one move together."""
    return _weight(basis, basis.past_cases or len(basis.overruns))


def _weight(basis: Basis, cases: int) -> float:
    return cases / (cases + basis.spread("unknowns.past_weight").median)


def states_hours(project: "Project") -> bool:
    """Whether the project file states any hours of people's work, so that its rates are not the defaults."""
    own = any(getattr(project.effort, name) is not None for name in type(project.effort).model_fields)
    return own or project.effort_per_round is not None or project.levers.first_run_hours is not None


def past_hours_words(basis: Basis) -> str:
    """What the team's own earlier cases did to the effort rates, in one sentence; empty where they did nothing."""
    if not basis.hours_cases:
        return ""
    held = counted(basis.hours_cases, "earlier case")
    return (
        f"people's hours are the default rates times {basis.hours_factor:.2f}, for the hours that {held} of your own "
        f"took, at a weight of {_weight(basis, basis.hours_cases):.0%}"
    )


def unknown_words(basis: Basis) -> str:
    """What is allowed for overruns, in one sentence with its source."""
    given = basis.project.unknowns if basis.project else None
    if given == NONE:
        return "no allowance for overruns, as the project file says: only what an input names is in the range"
    mean = f"x{float(unknown_factor(basis).mean()):.2g} on average"
    people = "on people's hours and the calendar, on no metered price"
    if isinstance(given, Quantity):
        past = ", past projects left aside" if basis.overruns else ""
        return f"the reserve is for overruns: a factor of {given.text}, the project file's{past}, {people}"
    large = _is_large(basis)
    whose = "large IT projects (Flyvbjerg et al.)" if large else "small projects of one's own (Simula 2004)"
    if basis.overruns:
        count = basis.past_cases or len(basis.overruns)
        ratios = ", ".join(f"{ratio:.2g}" for ratio in sorted(basis.overruns)[:8])
        whose += f" and {count} past of your own (actual over plan {ratios}) at a weight of {_past_weight(basis):.0%}"
    abandoned = catalog.default("unknowns.abandoned")
    return (
        f"the reserve is for overruns: those of {whose}, {mean}, {people}; abandonment is apart: {abandoned.value} of "
        f"{abandoned.why}"
    )


def team_share(basis: Basis) -> "Draws":
    """Full-time people who do the rounds' work: the sum of their shares, shape (draws,)."""
    shares, _ = _working(basis)
    return sum(shares[1:], shares[0])


def _working(basis: Basis) -> "tuple[list[Draws], list[Draws]]":
    """Shares of time and rates of those who do the rounds' work; one engineer by default."""
    doing = _doing(basis)
    if not doing:
        role = basis.text("team.role")
        return [basis.draw("team.share", label=role)], [basis.draw("team.rate", label=role)]
    shares = [basis.draw("team.share", member.share, name) for name, member in doing]
    return shares, [_member_rate(basis, member, name) for name, member in doing]


def _on_top(basis: Basis) -> "tuple[Draws | float, Draws | float]":
    """Hours that managers and reviewers add to one hour of work, and what they cost."""
    hours: Draws | float = 0.0
    amount: Draws | float = 0.0
    for name, member in _members(basis):
        if member.on_top is not None:
            own = basis.draw("team.on_top", member.on_top, name)
            hours, amount = hours + own, amount + own * _member_rate(basis, member, name)
    return hours, amount


def _cap(basis: Basis, member: "Member", name: str, share: "Draws") -> "Draws":
    """The most hours of one member, shape (draws,); infinite without a cap."""
    cap = np.full(basis.worlds.n, np.inf)
    if member.hours is not None:
        cap = np.minimum(cap, basis.draw("team.hours", member.hours, name))
    if member.months is not None:
        cap = np.minimum(cap, basis.draw("team.months", member.months, name) * share * basis.draw("working_hours"))
    return cap


def _member_rate(basis: Basis, member: "Member", name: str) -> "Draws":
    """A person's hour: from the salary, else the stated rate, else the tables' loaded wage of the role or the default.

    hour = salary x load / paid hours of a year
    """
    if member.salary is not None:
        load = basis.draw("team.load", member.load, name)
        return basis.draw("team.salary", member.salary, name) * load / basis.draw("team.paid_hours")
    wage = catalog.wage(member.role) if member.rate is None else None
    usual = member.role.casefold().strip() == catalog.default("team.role").value
    if wage is None or usual or not wage.unit.endswith(", loaded"):
        return basis.draw("team.rate", member.rate, name)
    # The table holds P10 and P90; an Interval wants the 5% and 95% points.
    wide = Z90 / Z80
    low, high = (wage.likely * (end / wage.likely) ** wide for end in (wage.low, wage.high))
    words = f"{wage.low:g} to {wage.high:g} USD per hour"
    basis.used.setdefault(f"team.rate of {member.role}", DefaultUsed(f"team.rate of {member.role}", words, wage.source))
    rate = basis.worlds.draw(f"{name} team.rate", Interval(low, high).scaled(basis.base_per_usd))
    if member.load is None or wage.load is None:
        return rate
    return rate / wage.load * basis.draw("team.load", member.load, name)


def _members(basis: Basis) -> "list[tuple[str, Member]]":
    """The team with a name for each; two of one role are drawn apart."""
    team = basis.project.team if basis.project else ()
    return list(zip(numbered([member.role for member in team]), team, strict=True))


def _doing(basis: Basis) -> "list[tuple[str, Member]]":
    """Those of the team who do the rounds' work themselves."""
    return [(name, member) for name, member in _members(basis) if member.on_top is None]
