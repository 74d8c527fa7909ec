"""What decide found: the options, and the one advised."""

from dataclasses import dataclass
from typing import Literal

from tunecase.quantities import Band, Sampled
from tunecase.records.estimate import Flip
from tunecase.records.plan import Plan
from tunecase.records.tabular import Tabular


@dataclass(frozen=True, slots=True)
class Option:
    """One lever: what it does, costs and is worth; `worth` = `gain` - its expected cost, in the base currency.

    `release` is the P80 of the first step, `chance` that the target is shown within the budget; these, `gain` and
    `worth` are None in older records. `cost` is the band of what the plan costs that begins with this step, `then` what
    that plan does after its first test, and in what share of the worlds. `way` names the measured candidate that
    the lever works on; empty for the model to be tuned.
    """

    lever: str
    action: str
    cost: Band | None
    first_step: str
    first_step_cost: Band | None
    arithmetic: str
    evidence: Literal["measured", "assumed", "none"]
    give_up: str = ""
    blocked: str = ""
    then: str = ""
    release: Sampled | None = None
    chance: Sampled | None = None
    gain: Sampled | None = None
    worth: Sampled | None = None
    way: str = ""


@dataclass(frozen=True, slots=True)
class Experiment:
    """A run or a reading that buys nothing but knowledge, in the base currency.

    `worth` is the expected value of deciding with its result (EVSI), with its standard error from the draws; `net` is
    the worth less the mean price. Both are None where it cannot be had: `blocked` gives the reason.
    """

    name: str
    action: str
    price: Band | None
    worth: float | None
    error: float | None
    net: float | None
    blocked: str = ""


@dataclass(frozen=True, slots=True)
class Decision(Tabular):
    """What should the next dollar buy?

    `plan` holds the headline figures, the same as on the bill. `experiments` are runs and readings that only inform;
    `certainty` is the worth of knowing everything (EVPI); `what_if` holds, where asked for, the smallest change of each
    input at which another lever is advised, `value_flips` the nearest values of a right answer at which one is (of an
    error, where no value is stated). `way` is the candidate that the advice is about, empty for the model to be tuned;
    `instead` is the sentence "do not fine-tune: X does it" where one is advised in its place.
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
    plan: Plan | None = None
    way: str = ""
    instead: str = ""
    value_flips: tuple[Flip, ...] = ()

    @property
    def ok(self) -> bool:
        """False when the advice is to stop, or to mend something before anything is trained.

        Example:
            >>> decision.ok
            True
        """
        return self.advice not in ("stop", "fix first")

    @property
    def comes_first(self) -> bool:
        """True where something must be done, or found out, before the plan's first step.

        Example:
            >>> decision.comes_first
            False
        """
        return self.plan is not None and self.plan.advised and self.advice not in (self.plan.lever, "look")

    @property
    def best(self) -> Option | None:
        """The option the advice names; none where something else than the plan's ways takes the fine-tune's place.

        Example:
            >>> decision.best.lever == decision.advice
            True
        """
        if self.instead and not self.way and self.ok:
            return None
        return next((option for option in self.options if (option.lever, option.way) == (self.advice, self.way)), None)


@dataclass(frozen=True, slots=True)
class Change:
    """One answer that moved between two readings of a case, in words."""

    name: str
    before: str
    now: str
