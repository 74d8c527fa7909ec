"""Everything that is known of a project when its bill is drawn or its next step is chosen."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from tunecase.compute import Machine
from tunecase.prices import Basis
from tunecase.project import Project
from tunecase.quantities import Worlds
from tunecase.records import Audit, Definition, Forecast, Reviews, Run, Tokens, Tuning


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

    @property
    def project(self) -> Project:
        """The project that the basis prices."""
        assert self.basis.project is not None
        return self.basis.project

    def in_worlds(self, worlds: Worlds, project: Project | None = None) -> "Known":
        """The same in other worlds, and for another project if given; the defaults used are recorded afresh."""
        basis = replace(self.basis, project=project or self.basis.project, worlds=worlds, used={})
        return replace(self, basis=basis)
