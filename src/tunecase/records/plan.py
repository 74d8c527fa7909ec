"""The plan: one first step walked through all worlds, and the figures that every face takes from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tunecase.quantities import Band, Sampled, firm

Kind = Literal["measured", "stated", "assumed"]
EVEN = 0.5
PUT_TO_USE = ("ship", "redefine", "when_sure")  # steps that put to use what was measured, and train nothing


@dataclass(frozen=True, slots=True)
class Release:
    """What the first step costs, people's hours included, in the base currency.

    `p80` is what has to be set free for it. In expectation it is `hours` x `rate` + `rest`: people's hours, the mean
    price of one, and what machines, examples and all else cost.
    """

    p80: Sampled
    expected: Sampled
    hours: float
    rate: float
    rest: float


@dataclass(frozen=True, slots=True)
class Authorised:
    """What to authorise, in three parts that add up to the P90 of the total (or to more, where the mean lies above it).

    `base` is the expected total without overruns, `contingency` takes it to the P80 of the total, `reserve` from there
    to the P90; each is 0 where the parts before it reach as far.
    """

    base: float
    contingency: float
    reserve: float

    @property
    def total(self) -> float:
        """The three parts together, to the cent.

        Example:
            >>> Authorised(base=4_000, contingency=900, reserve=600).total
            5500
        """
        return round(self.base + self.contingency + self.reserve, 2)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows the first test in a share of the worlds: ship, settle for the fallback, or ask what to do next.

    `reaches` is the chance that such a world ends with the target met in the budget; shares of all outcomes sum to 1.
    Records from before went on or stopped by rules of their own.
    """

    name: Literal["ship", "settle", "ask again", "go on", "stop"]
    share: Sampled
    reaches: Sampled


@dataclass(frozen=True, slots=True)
class Month:
    """Spending in one month of the calendar: 1 is the first, 0 all that comes later. Expected months sum, P80s do not.

    `starts` is its first day that the plan holds (YYYY-MM-DD), empty in older records. `high_so_far` is what nine of
    ten worlds have spent at most by its end, from the start on; None in older records.
    """

    number: int
    expected: float
    p80: float
    starts: str = ""
    high_so_far: float | None = None


@dataclass(frozen=True, slots=True)
class Capital:
    """Hardware that is owned: `price` is paid on purchase, outside the total, on average `expected`.

    `charged` is the expected part of the bill that its hours use up of the price, electricity apart; None where the
    hours are not known.
    """

    what: str
    price: Band
    expected: float
    charged: float | None


@dataclass(frozen=True, slots=True)
class Ending:
    """The day on which what is shipped ends (YYYY-MM-DD) and why, where that is before the end of the horizon.

    `months` of the `horizon` are of use, both on average over the worlds; value, savings and upkeep count these alone.
    """

    on: str
    why: str
    months: float
    horizon: float


@dataclass(frozen=True, slots=True)
class Moved:
    """One reason why the expected total differs from an earlier bill's, and by how much; the amounts add up."""

    why: str
    amount: float


@dataclass(frozen=True, slots=True)
class Bridge:
    """From an earlier bill's expected total to this one's: `before` plus all of `moved` is `after`.

    `before_error` is the Monte Carlo error of `before`, 0 where it is not known; it decides the digits that are shown.
    """

    since: str
    before: float
    moved: tuple[Moved, ...]
    after: float
    before_error: float = 0.0


@dataclass(frozen=True, slots=True)
class Total:
    """What the plan costs in all, in the base currency; `over` is the chance to pass the budget, None without one."""

    expected: Sampled
    p10: Sampled
    p50: Sampled
    p80: Sampled
    p90: Sampled
    over: Sampled | None = None

    @property
    def words(self) -> str:
        """The middle and 8 times in 10, as they are printed everywhere.

        Example:
            >>> Total(*map(Sampled, (6_200.0, 3_100.0, 5_900.0, 8_400.0, 10_400.0))).words
            '6k (3k to 10k)'
        """
        return f"{firm(self.p50)} ({firm(self.p10)} to {firm(self.p90)})"


@dataclass(frozen=True, slots=True)
class Chance:
    """The chance of the plan.

    `shown` is the share of worlds in which a model is put to use that meets the target, and the budget is kept;
    `false_pass` that in which one is put to use that misses it. `settled` is the share in which it meets the fallback
    alone, None without one. Where another learner was measured in the model's place, the step to it
    rests on `pairs` published pairs of such models on `tasks` tasks; None where none tell.
    """

    shown: Sampled
    false_pass: Sampled
    settled: Sampled | None = None
    pairs: int | None = None
    tasks: int | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """From which chance on a model is put to use, by what a miss costs.

    `met` is the chance that what the plan puts to use meets the target, None where it puts nothing to use, and `needed`
    the one from which on that pays; `miss` is the price of a miss in worths of the target.
    """

    met: Sampled | None
    needed: float
    miss: float


@dataclass(frozen=True, slots=True)
class Worth:
    """What the plan brings, in the base currency: `expected` = `gain` - `upkeep` - `cost`.

    `gain` counts what serving costs or saves, `serving` (negative where it saves); None where nobody knows it.
    `upkeep` is what keeping up what is shipped takes; None in records from before it was counted.
    `reached_p10`, `reached_p50` and `reached_p90` are points of V, what reaching the target is worth above the score
    `baseline`, which the way `above` has; empty in records from before it was noted.
    """

    expected: Sampled
    gain: Sampled
    cost: Sampled
    reached_p10: Sampled
    reached_p50: Sampled
    reached_p90: Sampled
    baseline: float | None
    upkeep: Sampled | None = None
    serving: Sampled | None = None
    above: str = ""

    @property
    def taken(self) -> tuple[tuple[str, Sampled], ...]:
        """What is taken off the gain before serving, by name: answers, upkeep and cost, as far as they are known.

        Example:
            >>> [name for name, amount in decision.plan.worth.taken]
            ['answers', 'upkeep', 'cost']
        """
        parts = (("answers", self.serving), ("upkeep", self.upkeep), ("cost", self.cost))
        return tuple((name, part) for name, part in parts if part is not None)


@dataclass(frozen=True, slots=True)
class Limits:
    """From which score on what the step trains is put to use, None where no score would do.

    It is trained on what `most_rows` rows teach, a rung of the ladder. After a worse score the question is asked again.
    """

    ship_at: float | None
    most_rows: int


@dataclass(frozen=True, slots=True)
class VariantPlan:
    """The problem posed otherwise, on the same board: what the chance and the worth would be.

    `score` is that of the pilot's answers under the variant; `value_share` the part of V that is taken to remain.
    """

    kind: str
    name: str
    score: float | None
    chance: Sampled
    worth: Sampled | None
    expected_cost: Sampled
    value_share: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A first step and what is bought on after its test, walked through the worlds of the bill; money in `currency`.

    `lever` and `action` name its first step; `advised` is False where stopping is worth more, and the figures then say
    what going on all the same would cost. `beyond_budget` is True where the first step alone passes what is left.
    `lost` is the P90 of what is spent in worlds that end without the target, also with a model that misses it (where a
    part of the gain counts, in those that end without a model); None where none does. `evidence` is what each headline
    figure rests on: the weakest of what it is made of.
    """

    currency: str
    lever: str
    action: str
    advised: bool
    beyond_budget: bool
    budget_left: float | None
    based_on: str
    release: Release
    total: Total
    authorise: Authorised
    lost: Sampled | None
    chance: Chance | None
    worth: Worth | None
    limits: Limits | None
    then: tuple[Outcome, ...]
    months: tuple[Month, ...]
    evidence: Mapping[str, Kind]
    draws: int
    seed: int
    target: float | None = None
    direction: str = "higher"
    bridge: Bridge | None = None
    variants: tuple[VariantPlan, ...] = ()
    capital: Capital | None = None
    ending: Ending | None = None
    bar: Bar | None = None

    @property
    def falls_short(self) -> bool:
        """Whether it puts to use, more often than not, what meets neither the target nor the fallback.

        Example:
            >>> decision.plan.falls_short
            False
        """
        return self.chance is not None and self.chance.false_pass.value > EVEN

    def outcome(self, name: str) -> Outcome | None:
        """What follows the first test under that name, where it does in any world.

        Example:
            >>> decision.plan.outcome("ship").name
            'ship'
        """
        return next((outcome for outcome in self.then if outcome.name == name), None)
