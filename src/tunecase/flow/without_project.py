"""Quick questions without a project file."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.errors import InputError, Problem
from tunecase.flow.opened import name_of
from tunecase.records import Forecast

if TYPE_CHECKING:
    from tunecase.forecast.importers import Asked


def forecast_file(
    place: str | Sequence[str], request: "Asked", target: str | None, n_max: int | None, seed: int
) -> Forecast:
    """A forecast from points measured anywhere, without a project file; nothing is kept."""
    from tunecase.forecast import Measured, Prospect, read_source
    from tunecase.forecast import forecast as extrapolate
    from tunecase.project import read_score

    metric = catalog.metric(request.metric)
    wanted = None
    if target is not None:
        try:
            wanted = read_score(target)
        except ValueError:
            raise InputError(
                Problem("--target", repr(target), "a score such as 0.92 or 92%", "write a number")
            ) from None
        if metric.bounded and not 0 < wanted <= 1:
            raise InputError(Problem("--target", repr(target), f"a share for {metric.name}", "write 0.92 or 92%"))
    if n_max is not None and n_max < 1:
        raise InputError(Problem("--n-max", str(n_max), "a whole number of at least 1", "leave it out for the default"))
    found = read_source(place, request)
    measured = Measured(
        found.points, metric.name, request.direction, left_out=found.left_out,
        notes=tuple(f"{found.format}: {note}" for note in found.notes), source=name_of(place),
    )  # fmt: skip
    prospect = Prospect(target=wanted, n_max=n_max, n_max_why="as asked" if n_max is not None else "")
    return extrapolate(measured, prospect, seed=seed)
