"""What decide and report found: options, money spent, files written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from tunecase.records.bill import Flip
from tunecase.spread import Band


@dataclass(frozen=True, slots=True)
class Option:
    """One lever: what it does, costs and is worth; `expected_value` = value part - cost part, in base currency.

    `then` says what the policy does after the first test, with the share of the worlds.
    """

    lever: str
    action: str
    cost: Band | None
    first_step: str
    first_step_cost: Band | None
    p_reach: float | None
    expected_gain: float | None
    expected_cost: float | None
    expected_value: float | None
    arithmetic: str
    evidence: Literal["measured", "assumed", "none"]
    give_up: str = ""
    blocked: str = ""
    then: str = ""


@dataclass(frozen=True, slots=True)
class Experiment:
    """A run or a reading that buys nothing but knowledge, in the base currency.

    `worth` is the expected value of deciding with its result rather than without (EVSI), with its standard error from
    the draws; `net` is that less the mean price. None, with the reason in `blocked`, where it cannot be had.
    """

    name: str
    action: str
    price: Band | None
    worth: float | None
    error: float | None
    net: float | None
    blocked: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What should the next dollar buy?

    `experiments` are runs and readings that only tell; `certainty` is what knowing the world would be worth (EVPI);
    `what_if` holds the smallest change of each input at which another lever is advised, where that was asked for.
    """

    advice: str
    action: str
    reason: str
    options: tuple[Option, ...]
    value_of_target: Band | None
    flips_at: str
    runner_up: str
    assumptions: tuple[str, ...]
    currency: str
    experiments: tuple[Experiment, ...] = ()
    what_if: tuple[Flip, ...] = ()
    certainty: float | None = None

    @property
    def ok(self) -> bool:
        """False when the advice is to stop, or to mend something before anything is trained."""
        return self.advice not in ("stop", "fix first")

    @property
    def best(self) -> Option | None:
        """The option the advice names."""
        return next((option for option in self.options if option.lever == self.advice), None)


@dataclass(frozen=True, slots=True)
class Change:
    """One answer that moved between two readings of a case, in words."""

    name: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Spending:
    """Money that was paid: one charge, as the user, a bill, a tracker or a time sheet states it.

    `amount` is in `currency`, `amount_base` in the project's; credits are negative. `on` is the first day of the charge
    period, `began_at` and `ended_at` its moments where they are known (UTC). `basis` says what the amount is: billed,
    or estimated (hours of a run x a price of the book), which a bill of the same run takes the place of. `run` names
    the training run. `source` is where it came from (manual, focus, mlflow, runs, timesheet, callback), `source_file`
    and `row` the place in it, `row_id` the SHA-256 of the source's row, by which a second import adds nothing;
    `line_id` names the line whatever its amount, by which a bill that is stated anew is seen; `apart` holds what
    tells rows of one line apart where both have it. `instance` is the type of the machine.
    """

    on: date
    category: str
    amount: Decimal
    currency: str
    amount_base: Decimal
    description: str = ""
    quantity: Decimal | None = None
    unit: str = ""
    source: str = "manual"
    supersedes: str = ""
    began_at: datetime | None = None
    ended_at: datetime | None = None
    charge: Literal["usage", "purchase", "credit", "adjustment", "tax"] = "usage"
    basis: Literal["billed", "estimated"] = "billed"
    unit_price: Decimal | None = None
    fx_rate: Decimal = Decimal(1)
    provider: str = ""
    service: str = ""
    region: str = ""
    sku: str = ""
    resource: str = ""
    gpu: str = ""
    gpu_count: int = 0
    run: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    source_file: str = ""
    row: int | None = None
    row_id: str = ""
    line_id: str = ""
    instance: str = ""
    apart: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """The files written, and the one line that answers."""

    answer: str
    html: str
    markdown: str
    json: str
    sections: tuple[str, ...] = field(default=())
