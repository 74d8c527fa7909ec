"""Dated exchange rates into the base currency: the latest holds; none may be of a day to come."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunecase.errors import Problem
from tunecase.io.yaml_lines import Lines
from tunecase.project.contradictions import where_of
from tunecase.project.kinds import Section

if TYPE_CHECKING:
    from tunecase.project import Project


class Rate(Section):
    """A dated exchange rate into the base currency."""

    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    value: Annotated[
        float,
        Field(gt=0, le=1e9, allow_inf_nan=False, description="Units of the base currency for one unit of this one."),
    ]
    date: date


def latest_rate(rates: Sequence[Rate], currency: str) -> float:
    """The latest dated rate of a currency that is known to have one: plans are made at today's prices."""
    return max((rate for rate in rates if rate.currency == currency), key=lambda rate: rate.date).value


def rate_problems(project: "Project", today: date | None, lines: Lines, file: str) -> Iterator[Problem]:
    """Rates that no plan can be made at: those later than today, where it is known, and of the base currency itself."""
    base = project.currency
    for index, rate in enumerate(project.rates):
        at = where_of(("rates", index, "date"), lines, file), where_of(("rates", index, "currency"), lines, file)
        if today is not None and rate.date > today:
            fix = "write the day on which the rate was read, or take it out"
            yield Problem(at[0], rate.date.isoformat(), f"a day up to {today.isoformat()}", fix)
        if rate.currency == base and rate.value != 1:
            yield Problem(at[1], f"{rate.value:g} {base} for one {base}", "rates of other currencies", "take it out")
