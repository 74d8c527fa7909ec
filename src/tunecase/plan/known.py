"""Everything that is known of a project when its bill is drawn or its next step is chosen."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from tunecase.compute import Machine
from tunecase.plan.measured_way import MeasuredWay
from tunecase.prices import Basis
from tunecase.project import Project
from tunecase.quantities import Worlds
from tunecase.records import Audit, Definition, Forecast, Promise, Reviews, Run, Tokens, Tuning


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of a project when its bill is drawn or its next step is chosen; None for what has not been done.

    Args:
        basis: the project, prices, date and worlds; its draws are the number of worlds (20,000 is good for a bill).
        rows: usable training rows at hand.
        tokens: token counts of those rows, or None when unknown, which leaves the gpu line unpriced.
        definition: for the size of the test, the test rows that it lacks, and the baseline.
        audit: for the price of repairs, the usable rows, and tokens when `tokens` is None.
        forecast: the curve on which the rounds rest.
        runs: of a pilot; they correct the speed where they timed the model itself on a GPU.
        tuning, reviews: a search over settings and what reviewers said, on which the levers between rounds rest.
        done: levers that measured rounds have used.
        machines: ways to train; worked out from the model when left out.
        spent: paid so far, in the base currency.
        promise: what the model to be tuned promises where it answers only when sure, as the pilot measured it.
        ways: what the pilot measured beside it, each weighed as a project of its own.
        way: the one of them that these facts are about; None for the model to be tuned.
    """

    basis: Basis
    rows: int
    tokens: Tokens | None = None
    definition: Definition | None = None
    audit: Audit | None = None
    forecast: Forecast | None = None
    runs: Sequence[Run] = ()
    tuning: Tuning | None = None
    reviews: Reviews | None = None
    done: Collection[str] = ()
    machines: Sequence[Machine] | None = None
    spent: float = 0.0
    promise: Promise | None = None
    ways: Sequence[MeasuredWay] = ()
    way: MeasuredWay | None = None

    @property
    def project(self) -> Project:
        """The project that the basis prices."""
        assert self.basis.project is not None
        return self.basis.project

    def in_worlds(self, worlds: Worlds, project: Project | None = None) -> "Known":
        """The same in other worlds, and for another project if given; the defaults used are recorded afresh."""
        basis = replace(self.basis, project=project or self.basis.project, worlds=worlds, used={})
        return replace(self, basis=basis)

    def by(self, way: MeasuredWay) -> "Known":
        """The same project where a measured way gives the answers: its own curve, prices and promise, in like worlds.

        Rows, audit, definition, reviews and what was spent stay. What was measured of the model to be tuned alone, its
        speed and its search over settings, is left out.
        """
        basis = replace(
            self.basis, project=way.project_of(self.project), worlds=self.basis.worlds.afresh(), used={},
            answer_prices=way.prices_of_answers(self.basis),
        )  # fmt: skip
        return replace(
            self, basis=basis, forecast=way.forecast, promise=way.promise, runs=(), tuning=None, machines=(), ways=(),
            way=way,
        )  # fmt: skip
