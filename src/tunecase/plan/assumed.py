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
    definition = facts.definition
    if definition is None or definition.probe is None:
        factor, known, whose = FIRST_ERROR, target, "the one wanted"
    else:
        factor = FACTOR if definition.task == "classification" else NEAREST_FACTOR
        known, whose = definition.probe, f"that of the probe, which scores {score(definition.probe)}"
    first = max(to_error(known, metric.direction), LEAST_ERROR) * basis.draw(factor)
    words = f"no pilot: the first error is {catalog.default(factor).value} times {whose}"
    words += f", and falls with the rows to the power of {catalog.default(SLOPE).value}"
    ceiling = None if definition is None or definition.ceiling is None else definition.ceiling.high
    n_max, why = _most_rows(facts, rows)
    forecast = Forecast(
        verdict="not a pilot yet", reason="", points=(), band=(), target=target, ceiling=ceiling, n_max=n_max,
        n_max_why=why, p_target=None, needed=None, needed_price=None, next_pilot="", models=(), metric=metric.name,
        direction=cast(Any, metric.direction), assumptions=(), currency=basis.currency, seed=basis.worlds.seed,
        stand_in=True,
    )  # fmt: skip
    return AssumedCurve(first, factor, rows, scale, basis, words), forecast


def _most_rows(facts: Known, rows: int) -> tuple[int, str]:
    """The most rows that the sources and the budget allow, less what the sources have given first, and why."""
    first = facts.project.data.first_purchase
    most, why = n_max_of(rows, supply(facts.basis, as_labelled=not first), facts.basis, rows)
    if why == "what the named sources can give":
        most = max(most - int(first), rows)
    return most, why.replace("the largest size measured", "the rows at hand")
