"""What is to be paid for, and one line of the bill."""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from tunecase.compute import Machine
from tunecase.plan.rounds.walk import Walk
from tunecase.prices import Basis, Offer, Supply
from tunecase.project import Project
from tunecase.quantities import Band, Draws, Flags, np


@dataclass(frozen=True, slots=True)
class Work:
    """What has to be paid for: the rounds walked, the machine, the tokens of a row, repairs and missing test rows.

    `tokens_per_row` has shape (draws,); None when nothing is known of the text's length. `machine` None comes with
    `no_machine`, the reason. `repair` is the audit's price band for mending the data at hand. `begun` says that rounds
    were measured, so that what is paid once is paid. `rows` are those at hand. `task` is the
    kind of task that was recognised from the data, empty before anybody looked.
    """

    project: Project
    basis: Basis
    walk: Walk
    machine: Machine | None
    no_machine: str
    tokens_per_row: "Draws | None"
    supply: Supply
    repair: Band | None = None
    test_rows_missing: int = 0
    begun: bool = False
    rows: int = 0
    task: str = ""

    @property
    def offer(self) -> Offer | None:
        """The offer of the provider that trains its own model; None where cards or cores train."""
        return None if self.machine is None else self.machine.offer

    @property
    def begins(self) -> "Flags":
        """Where the project's first work is done: no round was measured, and something is done, shape (draws,)."""
        return self.walk.begun & (not self.begun)

    def draw(self, field: str) -> "Draws":
        """The draws of a field of the project file such as `training.failed`, or of its default, shape (draws,)."""
        return self.basis.draw(field, attrgetter(field)(self.project))

    def summed(self, amounts: "Iterable[Draws | float]") -> "Draws":
        """The sum of some amounts, shape (draws,); zeros where there are none."""
        return np.asarray(sum(amounts, np.zeros(self.basis.worlds.n)))

    def run_price(self, rows: int) -> "Draws | None":
        """One training run on so many rows [base currency], shape (draws,); None without a machine or a length."""
        if self.machine is None or self.tokens_per_row is None:
            return None
        return rows * self.tokens_per_row * self.project.training.epochs / 1e6 * self.machine.price_per_mtok


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a line that the project file names: what it comes to, shape (draws,), and when it is paid."""

    name: str
    amount: "Draws"
    words: str


@dataclass(frozen=True, slots=True)
class Cost:
    """One line in every world, shape (draws,); None when it cannot be priced. `unpriced` names what is missing.

    `quantity` is what is bought, in `unit`, shape (draws,), so that amount / quantity is the price of one. `parts` add
    up to the amount.
    """

    amount: "Draws | None"
    basis: str
    included: bool = True
    unpriced: tuple[str, ...] = ()
    quantity: "Draws | None" = None
    unit: str = ""
    parts: tuple[Part, ...] = ()
