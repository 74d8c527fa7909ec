"""When a project begins, and for how long what it makes is of use."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.prices.basis import Basis
from tunecase.quantities import DAYS_PER_MONTH, Draws, np

if TYPE_CHECKING:
    from tunecase.catalog import Hosted
    from tunecase.project import Project


def start_of(basis: Basis) -> date:
    """The day on which the work begins: as stated, today where nothing is, or where that day is past."""
    stated = basis.project.start if basis.project else None
    return basis.today if stated is None else max(stated, basis.today)


@dataclass(frozen=True, slots=True)
class Ending:
    """The day on which what is shipped ends, and why, in words."""

    on: date
    why: str


def ending_of(basis: Basis) -> Ending | None:
    """The earliest day on which the model retires or its answers no longer hold; None where none is known.

    A model retires on `serving.retires_on`; else a hosted one on the day in the tables. Answers hold until
    `problem.stale_after`, unless the model is trained again (`after_launch.retrain`). Weights of one's own stay.
    """
    if basis.project is None:
        return None
    return min((*_retires(basis.project), *_goes_stale(basis.project)), key=lambda ending: ending.on, default=None)


def retirement_of(basis: Basis) -> date | None:
    """The day on which the base model or its platform retires, as stated, else of a hosted model in the tables."""
    return next((ending.on for ending in _retires(basis.project)), None) if basis.project else None


def _retires(project: "Project") -> Iterator[Ending]:
    if project.serving.retires_on is not None:
        yield Ending(project.serving.retires_on, "the base model or its platform retires (serving.retires_on)")
        return
    for row, last in hosted_ends(project.compute.hosted or ""):
        yield Ending(last, f"{row.model} ends with its base model ({row.provider})")


def hosted_ends(name: str) -> "Iterator[tuple[Hosted, date]]":
    """The hosted models of a name, as a project file writes it, with the day on which tuned versions of each end.

    A model ends on its own day, else with its provider's service; one that the tables do not name, such as a model of a
    contract, with the service alone. Nothing is yielded where no end is known.

    Args:
        name: of a model, alone or after its provider's name; "" matches none.

    Example:
        >>> [last.isoformat() for _, last in hosted_ends("openai ft:gpt-4o-mini-2024-07-18")]
        ['2027-01-14']
    """
    held, wanted = catalog.hosted(), name.casefold()
    services = {row.provider.casefold(): row for row in held if row.model == row.provider}
    same = [row for row in held if wanted in row.names]
    for row in same or [row for whose, row in services.items() if wanted.startswith(f"{whose} ")]:
        service = services.get(row.provider.casefold(), row)
        if last := row.retires_on or service.retires_on:
            yield row, date.fromisoformat(last)


def _goes_stale(project: "Project") -> Iterator[Ending]:
    retrained = project.after_launch.retrain
    if project.problem.stale_after is not None and (retrained is None or isinstance(retrained, str)):
        yield Ending(project.problem.stale_after, "the answers no longer hold (problem.stale_after)")


def horizon(basis: Basis) -> "Draws":
    """For how many months after launch the result is to be used, shape (draws,)."""
    return basis.draw("problem.horizon", basis.project.problem.horizon if basis.project else None)


def served_months(basis: Basis) -> "Draws":
    """For how many months after launch the result is of use, shape (draws,): the horizon, cut where it ends before.

        months = min(horizon, months from the start to the ending - months of building),   at least 0

    Building takes `Basis.build_months`, those of one round. Leaves out that further rounds launch later.
    """
    months, ending = horizon(basis), ending_of(basis)
    if ending is None:
        return months
    lived = (ending.on - start_of(basis)).days / DAYS_PER_MONTH - basis.build_months
    return np.asarray(np.minimum(months, np.maximum(lived, 0.0)))


def volume_of(basis: Basis) -> "Draws | None":
    """Answers a month at launch, shape (draws,): as stated, else those of the trace; None where neither tells."""
    stated = basis.project.problem.volume if basis.project else None
    if stated is not None:
        return basis.draw("problem.volume", stated)
    return None if basis.answer_prices is None else basis.answer_prices.volume(basis)


def served_answers(basis: Basis) -> "Draws | None":
    """How many answers are given while the result is of use, shape (draws,); None where no volume is stated.

    answers = volume x months,   with a growth of g per month: volume x ((1 + g)^months - 1) / ln(1 + g)
    """
    project, volume = basis.project, volume_of(basis)
    if project is None or volume is None:
        return None
    months = served_months(basis)
    growth = project.serving.traffic.growth
    if growth is None:
        return volume * months
    rate = np.maximum(np.log1p(basis.draw("serving.traffic.growth", growth)), 1e-9)
    return np.asarray(volume * np.expm1(rate * months) / rate)
