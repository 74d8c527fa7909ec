"""Quick questions without a project file."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.errors import InputError, Problem
from tunecase.flow.opened import Flow, Progress, name_of
from tunecase.quantities import Worlds
from tunecase.records import Audit, Forecast

if TYPE_CHECKING:
    from tunecase.forecast.importers import Asked


def audit_file(
    train: Path,
    test: Path | None,
    input_column: str | None,
    output_column: str | None,
    seed: int,
    today: date,
    progress: Progress | None = None,
    tokenizer: Path | None = None,
    production: Path | None = None,
    fast: bool = False,
    checking: Callable[[str], None] | None = None,
) -> Audit:
    """An audit without a project file; nothing is kept."""
    from tunecase.data.audit import Files
    from tunecase.data.audit import audit as audit_data
    from tunecase.prices import Basis

    basis = Basis(None, today, Worlds(seed, Flow.DRAWS))
    quarantine = Path(f"{train.stem}.quarantine.jsonl")
    files = Files(train, test, input_column, output_column, production, tokenizer, quarantine)
    return audit_data(None, files, basis=basis, seed=seed, fast=fast, progress=progress, checking=checking).record


def forecast_file(place: str, request: "Asked", target: str | None, n_max: int | None, seed: int) -> Forecast:
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
