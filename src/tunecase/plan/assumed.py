"""The learning curve that is assumed while no pilot has measured one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from tunecase import catalog
from tunecase.forecast import Scale, n_max_of, scale_of, to_error
from tunecase.plan.known import Known
from tunecase.prices import Basis, supply
from tunecase.project import read_score
from tunecase.quantities import Draws, np, score
from tunecase.records import Forecast

LEAST_ERROR = 0.005  # no curve is assumed to begin lower
FIRST_ERROR, SLOPE = "assumed.first_error", "assumed.slope"
FACTOR, NEAREST_FACTOR = "stand_in.factor", "stand_in.nearest_factor"  # of a probe, and where answers are no classes


@dataclass(frozen=True, slots=True, eq=False)
class AssumedCurve:
    """A power law in every world, through an error at the rows at hand that is assumed or follows from the probe's.

        error(n) = error(rows) (n / rows)^-slope

    `first` is the error at `rows`, shape (worlds,), `words` what it was taken from, `factor` the default it rests on.
    The slope is drawn from what fine-tunes of the library of curves did. Leaves out floors: far beyond the rows at hand
    it promises too much.
    """

    first: "Draws"
    factor: str
    rows: int
    scale: Scale
    basis: Basis
    words: str

    def paths(self, sizes: "Sequence[float]") -> "Draws":
        """The true error in each world at each size, shape (worlds, sizes)."""
        ratio = np.log(np.asarray(sizes, dtype=float) / self.rows)
        errors = self.first[:, None] * np.exp(-self.basis.draw(SLOPE)[:, None] * ratio)
        return np.asarray(np.minimum(errors, 1.0) if self.scale.bounded else errors)


def assumed_curve(facts: Known) -> tuple[AssumedCurve, Forecast]:
    """The curve of a project without a pilot, and the forecast that stands in its place: a target and no points.

    The error at the rows at hand is the probe's times what fine-tunes make of one; without a probe it lies around the
    error wanted, since a target is set where somebody thinks that it can be met.

    Args:
        facts: what is known of the project, which states a target.
    """
    project, basis = facts.project, facts.basis
    metric = catalog.metric(project.problem.metric or "accuracy")
    assert project.problem.target is not None
    target, rows = read_score(project.problem.target), max(facts.rows, 1)
    scale = scale_of(metric.name, metric.direction)
    probe = facts.definition.probe if facts.definition is not None else None
    if probe is not None:
        assert facts.definition is not None
        name = FACTOR if facts.definition.task == "classification" else NEAREST_FACTOR
        first = max(to_error(probe, metric.direction), LEAST_ERROR) * basis.draw(name)
        factor = catalog.default(name).value
        words = f"no pilot: the first error is {factor} times that of the probe, which scores {score(probe)}"
    else:
        first = max(to_error(target, metric.direction), LEAST_ERROR) * basis.draw(FIRST_ERROR)
        name = FIRST_ERROR
        words = f"no pilot: the first error is {catalog.default(FIRST_ERROR).value} times the one wanted"
    words += f", and falls with the rows to the power of {catalog.default(SLOPE).value}"
    n_max, why = _most_rows(facts, rows)
    forecast = Forecast(
        verdict="not a pilot yet", reason="", points=(), band=(), target=target, ceiling=_ceiling(facts), n_max=n_max,
        n_max_why=why, p_target=None, needed=None, needed_price=None, next_pilot="", models=(), metric=metric.name,
        direction=cast(Any, metric.direction), assumptions=(), currency=basis.currency, seed=basis.worlds.seed,
        stand_in=True,
    )  # fmt: skip
    return AssumedCurve(first, name, rows, scale, basis, words), forecast


def _most_rows(facts: Known, rows: int) -> tuple[int, str]:
    """The most rows that the sources and the budget allow, less what the sources have given first, and why."""
    most, why = n_max_of(
        rows, supply(facts.basis, as_labelled=not facts.project.data.first_purchase), facts.basis, rows
    )
    if why == "what the named sources can give":
        most = max(most - int(facts.project.data.first_purchase), rows)
    return most, why.replace("the largest size measured", "the rows at hand")


def _ceiling(facts: Known) -> float | None:
    definition = facts.definition
    return definition.ceiling.high if definition is not None and definition.ceiling is not None else None
