"""Where a project stands when the next step is chosen, and what a lever offers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from tunecase import catalog
from tunecase.plan.measured_way import AsMeasured, MeasuredWay
from tunecase.plan.rounds.board import Move, Purchase, RoundPrices, Rules
from tunecase.prices import Basis, OtherSource, Supply
from tunecase.quantities import Draws, count, np
from tunecase.records import Audit, Forecast, Promise, Reviews, Tuning

if TYPE_CHECKING:
    from tunecase.forecast import Belief
    from tunecase.plan.assumed import AssumedCurve

MISS_COST = "problem.miss_cost"
LOSS = "to put it to use, to serve it and to keep it up would cost more than its gain is worth"
BEYOND_PRICE = 1e15  # worth of a target that nobody priced, in any currency
TOO_DEAR = "its first step, with a release to come, costs more than what is left of the budget"
Evidence = Literal["measured", "assumed", "none"]


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Where the project stands: the worlds, the prices, the target. Arrays have shape (worlds,) or (worlds, sizes).

    `paths` are true errors of the model to be tuned at `sizes`, the first of which are the rows at hand; `value` is V,
    None where nobody said what the target is worth. `supply` gives labelled rows, `others` is what is made or scraped.
    `trained` says that the pilot measured the model itself on all rows at hand. `before` is what any step needs first
    (repairs, test rows that are missing). `belief` is that of the pilot's points. `done` names levers that measured
    rounds used.
    `error_fallback` is the error at which the user would settle, None where none was named; `saving` what the answers
    of a model that is shipped cost less than today's over the horizon, on average over the worlds, `release` what it
    costs to put one to use, `release_at_once` the same before any step, and `upkeep` what keeping one up takes that was
    trained on so many rows; None where nothing is weighed. `test_rows` count as
    independent items; a file needs `design_effect` rows for each. `assumed` says what the curve is taken from where
    no pilot measured it. `way` is the measured way whose project this is, None for the model to be tuned; `promise` is
    what it promises where it answers only when sure, and `rest` what answers left to others add to the saving then.
    `miss` is what putting to use what misses the target costs, in worths of it; None where a gain counts in proportion.
    `more_today` is what shipping now is worth beyond V, which counts from the best at hand, and not from today's way,
    whose error `error_today` is, None where nothing is beyond V.
    """

    paths: "Draws"
    sizes: tuple[int, ...]
    error_target: float
    error_baseline: float
    error_floor: float
    test_rows: int | None
    value: "Draws | None"
    prices: RoundPrices
    supply: Supply
    others: tuple[OtherSource, ...]
    budget_left: float
    forecast: Forecast
    audit: Audit | None
    basis: Basis
    model: str
    belief: "Belief | AssumedCurve | AsMeasured"
    trained: bool = True
    before: "Draws | float" = 0.0
    tuning: Tuning | None = None
    reviews: Reviews | None = None
    done: frozenset[str] = frozenset()
    error_fallback: float | None = None
    saving: float = 0.0
    upkeep: "Callable[[Draws | float], Draws] | None" = None
    release: "Draws | float" = 0.0
    release_at_once: "Draws | float" = 0.0
    design_effect: float = 1.0
    assumed: str = ""
    way: MeasuredWay | None = None
    promise: Promise | None = None
    rest: "Draws | float" = 0.0
    more_today: "Draws | float" = 0.0
    error_today: float | None = None
    miss: float | None = 1.0

    @property
    def measured(self) -> "Belief":
        """The belief of the pilot's points. Raises: ValueError where the curve is assumed."""
        if self.assumed:
            raise ValueError("nobody has measured this curve")
        return cast("Belief", self.belief)

    @property
    def currency(self) -> str:
        """The project's currency."""
        return self.basis.currency

    @property
    def worth(self) -> float:
        """The mean of V: what the target is worth does not depend on the curve, so the mean is enough."""
        return float(self.value.mean()) if self.value is not None else 0.0

    @property
    def evidence(self) -> Evidence:
        """Whether the effect of more rows was measured on the model itself."""
        return "assumed" if self.forecast.stand_in else "measured"

    @property
    def factor(self) -> str:
        """The default by which the curve of another learner becomes that of the model; empty where none is needed."""
        if self.assumed:
            return cast("AssumedCurve", self.belief).factor
        return self.forecast.stand_in_factor if self.forecast.stand_in else ""

    @property
    def grounded(self) -> bool:
        """Whether a chance rests on something: a learner of the task's kind on the user's rows, or published pairs."""
        return self.factor in ("", catalog.SMALLER_MODEL) or catalog.reference_class(self.factor) is not None

    def credit(self, errors: "Draws", *, at_hand: bool = False) -> "Draws":
        """What putting these true errors to use brings, in worths of the target; of what is there above today's way.

        All or nothing: 1 where the target is met, the fallback's part where it is, and -`miss` below both. Linear: the
        part of the wanted gain that is had, 0 to 1.
        """
        baseline, miss = (self.error_today, self.miss_at_hand) if at_hand else (None, self.miss)
        if miss is None:
            return self.part(errors, baseline)
        less = np.full_like(errors, -miss)
        if self.error_fallback is not None:
            settled = float(self.part(np.asarray([self.error_fallback]), baseline)[0])
            less = np.where(errors <= self.error_fallback, settled, less)
        return np.where(errors <= self.error_target, 1.0, less)

    @property
    def miss_at_hand(self) -> float | None:
        """The price of a miss by what is there already, in what the target is worth above today's way.

        A share stays the share of that worth, and an amount the amount.
        """
        asked = None if self.basis.project is None else self.basis.project.problem.miss_cost
        whole = self.worth + float(np.mean(self.more_today))
        if self.miss is None or asked is None or not asked.currency or whole <= 0:
            return self.miss
        return (self.miss * self.worth if self.worth > 0 else float(self.basis.draw(MISS_COST, asked).mean())) / whole

    def valued(self, value: "Draws") -> "State":
        """The same where the target is worth something else; a price of a miss in money stays what it is."""
        asked = None if self.basis.project is None else self.basis.project.problem.miss_cost
        miss, mean = self.miss, float(value.mean())
        if miss is not None and asked is not None and asked.currency and mean > 0:
            miss *= self.worth / mean
        return replace(self, value=value, miss=miss)

    def part(self, errors: "Draws", baseline: float | None = None) -> "Draws":
        """The part of the wanted gain that these errors reach, 0 to 1; with none wanted, 1 for what is good enough."""
        since = self.error_baseline if baseline is None else baseline
        wanted = since - self.error_target
        if wanted <= 0:
            return np.asarray(errors <= self.error_wanted, dtype=float)
        return np.asarray(np.clip((since - errors) / wanted, 0.0, 1.0))

    @property
    def error_wanted(self) -> float:
        """The largest error that is put to use on purpose: the fallback's where one was named, else the target's."""
        return self.error_target if self.error_fallback is None else self.error_fallback

    @property
    def saved_alone(self) -> bool:
        """Whether what serving saves is all that the target is worth: then a miss loses it, and does not save it."""
        return self.miss is not None and self.worth <= 0 < self.saving

    def shipping(self, part: float) -> float:
        """What shipping now brings: (V + more than today) part + saving - release at once - upkeep; 0 for no part."""
        if part == 0:
            return 0.0
        gain = (self.worth + float(np.mean(self.more_today))) * part
        gain += self.saving * (part if self.saved_alone else 1.0)
        return gain - float(np.mean(self.release_at_once)) - self.upkeep_of(self.sizes[0])

    def upkeep_of(self, rows: "Draws | float") -> float:
        """What keeping up a model takes that was trained on so many rows, on average; 0 where nothing is weighed."""
        return 0.0 if self.upkeep is None else float(np.mean(self.upkeep(rows)))

    def rules(self, rows: "Sequence[Draws | float]" = ()) -> Rules:
        """What putting a model to use brings; `rows` are those trained on at each size."""
        worth, saving = BEYOND_PRICE if self.value is None else self.worth, self.saving
        if self.saved_alone:
            worth, saving = saving, 0.0
        return Rules(
            test_rows=self.test_rows, worth=worth, credit=self.credit, error_floor=self.error_floor,
            seed=self.basis.worlds.seed, budget=self.budget_left, before=self.before,
            saving=saving - float(np.mean(self.release)), release=self.release,
            upkeep=tuple(self.upkeep_of(each) for each in rows),
        )  # fmt: skip

    @property
    def for_way(self) -> str:
        """What a step is for, in words; nothing for the model to be tuned."""
        return "" if self.way is None else f" for {self.way.words}"

    @property
    def ready_to_ship(self) -> str:
        """What can be shipped without a further step, in words."""
        return "what the pilot trained" if self.way is None else self.way.words

    def score(self, error: float) -> float:
        """An error as a score in the metric's own direction."""
        return 1 - error if self.forecast.direction == "higher" else error


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """One lever as it stands now; where `blocked` says why, it cannot be chosen.

    It has one of: `purchase` (rows, again and again), `move` (once, lasting), `trains` (the rows at hand), or `brings`,
    the part of V that ending the project now is worth; `errors`, (worlds,), are then the true ones of what is put to
    use, None where no curve gives them. `besides` is what ending adds to what answers save, (worlds,) or 0; `reaches`
    says that the target is then met rather than not. `bought` gives the action and the first step by how many examples
    are bought.
    """

    lever: str
    action: str
    first_step: str = ""
    evidence: Evidence = "none"
    blocked: str = ""
    assumption: str = ""
    p_reach: float | None = None
    purchase: Purchase | None = None
    move: Move | None = None
    trains: bool = False
    brings: float | None = None
    besides: "Draws | float" = 0.0
    reaches: bool = False
    errors: "Draws | None" = None
    bought: "Callable[[str], tuple[str, str]] | None" = None

    def of_size(self, examples: float) -> "Offer":
        """The same in the words of so many examples that are bought."""
        if self.bought is None:
            return self
        action, first_step = self.bought(count(examples))
        return replace(self, action=action, first_step=first_step)

    def ends_with(self, state: "State") -> float:
        """What ending the project with this offer is worth on average; 0 where it does not end it."""
        return 0.0 if self.brings is None else state.shipping(self.brings) + float(np.mean(self.besides))

    @property
    def steps(self) -> bool:
        """True where the lever is a first step that can be taken now."""
        return not self.blocked and (self.purchase is not None or self.move is not None or self.trains)


def words_of(name: str, state: State) -> str:
    """An assumption as it stands: the user's own words, marked as theirs, else the default's."""
    given = state.basis.own_words(name)
    return f"{given} (yours)" if given is not None else catalog.default(name).value
