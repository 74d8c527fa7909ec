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
    blocked: str = ""
    then: str = ""
    release: Sampled | None = None
    chance: Sampled | None = None
    gain: Sampled | None = None
    worth: Sampled | None = None
    way: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """A way to give the answers that can be tried before money is released, and what trying it takes.

    `way` is its code, `model` what is asked or trained, `command` what measures it, as it is typed. `cost` is paid to
    providers [base currency], `hours` are a person's, `price` is both in money, `days` are working days until it is
    known; None is not known. From the score `needed` on the plan changes. In `cases` of `known` published projects such
    a way did about as well as the fine-tune: then `worth` is what it spares on average, less its price; None where no
    published cases tell. `barred` names the constraint that forbids it, in the words of `constraints`.
    """

    way: str
    model: str
    command: str
    cost: Band | None
    hours: float | None
    price: float | None
    days: float | None
    needed: float | None = None
    cases: int | None = None
    known: int | None = None
    worth: float | None = None
    barred: str = ""


@dataclass(frozen=True, slots=True)
class Decision(Tabular):
    """What should the next dollar buy?

    `plan` holds the headline figures, the same as on the bill. `looks` are the ways that nobody has measured yet,
    the best for its price first, `first_look` the way of the one that is advised. `what_if` holds, where asked for,
    the smallest change of each input at which another lever is advised, `value_flips` the nearest values of a right
    answer at which one is (of an error, where no value is stated), and `miss_flip` the nearest price of a miss, in
    worths of the target. `way` is the candidate that the advice is about, empty for the model to be tuned;
    `instead` is the sentence "do not fine-tune: X does it" where one is advised in its place.
    """

    advice: str
    action: str
    reason: str
    options: tuple[Option, ...]
    value_of_target: Band | None
    runner_up: str
    assumptions: tuple[str, ...]
    currency: str
    looks: tuple[Look, ...] = ()
    first_look: str = ""
    what_if: tuple[Flip, ...] = ()
    plan: Plan | None = None
    way: str = ""
    instead: str = ""
    value_flips: tuple[Flip, ...] = ()
    miss_flip: Flip | None = None

    @property
    def look(self) -> Look | None:
        """The look that is advised before any money is released; None where something else is advised.

        Example:
            >>> decision.look.way
            'prompt_hosted'
        """
        return next((look for look in self.looks if look.way == self.first_look), None)

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
            >>> decision.best is None
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
