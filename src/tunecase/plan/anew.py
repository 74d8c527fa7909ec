"""A project in few worlds, drawn once and laid out again where budget, label price or target are asked about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from tunecase.forecast import cautious_score, scale_of, to_error
from tunecase.plan import levers
from tunecase.plan.drawn import Drawn, work_of
from tunecase.plan.going import cost_of_rows, most_rows
from tunecase.plan.known import Known
from tunecase.plan.levers import State
from tunecase.plan.solved import Solved, solve
from tunecase.quantities import AlteredWorlds, Const, Draws, Worlds

KEPT = 256  # sizes whose cost is held


class Anew:
    """One way's project in at most so many worlds of the bill's seed, of which parts are altered.

    Args:
        drawn: the plan in all worlds, on a measured curve.
        worlds: how many to draw it in.
        labels: the named inputs that a label's price goes by.
    """

    def __init__(self, drawn: Drawn, worlds: int, labels: Mapping[str, str]) -> None:
        assert drawn.solved is not None
        basis = drawn.work.basis
        self.whole, self.labels = drawn.solved.state, labels
        self.facts = drawn.facts.in_worlds(Worlds(basis.worlds.seed, min(basis.worlds.n, worlds)))
        self.budget = None if self.facts.project.budget is None else self.facts.project.budget.spread.median
        self._priced: dict[float, _Priced] = {}
        self._laid: dict[tuple[float, float | None], Solved] = {}

    def laid(self, label: float = 1.0, budget: float | None = None) -> Solved:
        """The board where labels cost `label` times as much under another budget; None for the project's own."""
        budget = self.budget if budget is None else budget
        if (label, budget) not in self._laid:
            self._laid[label, budget] = self._lay_out(label, budget)
        return self._laid[label, budget]

    def first_costs(self, label: float) -> "list[Draws | float]":
        """What each first step costs in each world, with all that comes before it, whatever the budget."""
        laid = self.laid(label)
        board = laid.board if laid.board.steps else solve(laid.state, whatever_it_costs=True).board
        return [step.cost for step in board.steps]

    def aimed(self, state: State, target: float) -> State:
        """The same state under another target; what is wanted of it changes its worth in proportion."""
        forecast = state.forecast
        if target == forecast.target:
            return state
        error = to_error(target, forecast.direction)
        wanted = state.error_baseline - state.error_target
        part = max(state.error_baseline - error, 0.0) / wanted if wanted > 0 else 1.0
        seen = replace(forecast, target=target, verdict=_verdict(state, error))
        seen_so = replace(state, error_target=error, forecast=seen)
        return seen_so if state.value is None else seen_so.valued(state.value * part)

    def _lay_out(self, label: float, budget: float | None) -> Solved:
        priced = self._at_price(label)
        state = priced.state
        if budget is not None and self.budget is not None:
            state = replace(state, budget_left=state.budget_left + budget - self.budget)
            if label != 1.0 or budget != self.budget:
                state = levers.with_rows(state, priced.facts, self._most_rows(priced, budget))
        return solve(state)

    def _at_price(self, label: float) -> "_Priced":
        """What is known where labels cost so much, and the state that it makes; curves are those of the filed price."""
        if label not in self._priced:
            facts = self.facts
            if label != 1.0:
                scales = dict.fromkeys(self.labels.values(), label)
                facts = facts.in_worlds(AlteredWorlds(facts.basis.worlds, scales))
            work = work_of(facts)
            earlier = None if label == 1.0 else self._at_price(1.0).state
            state, cost = levers.standing(facts, work, earlier), cost_of_rows(facts, work)
            self._priced[label] = _Priced(facts, state, None if cost is None else lru_cache(KEPT)(cost))
        return self._priced[label]

    def _most_rows(self, priced: "_Priced", budget: float) -> int:
        """The most rows under a budget; as forecast where they do not go by money."""
        facts, forecast = priced.facts, self.whole.forecast
        assert facts.project.budget is not None
        to_rows = priced.to_rows
        if "budget" in forecast.n_max_why and "rounds" not in forecast.n_max_why:
            to_rows = None
        elif "budget" not in forecast.n_max_why + most_rows(facts, to_rows)[1]:
            return forecast.n_max
        stated = replace(facts.project.budget, spread=Const(budget))
        project = facts.project.model_copy(update={"budget": stated})
        return most_rows(replace(facts, basis=replace(facts.basis, project=project)), to_rows)[0]


@dataclass(frozen=True, slots=True, eq=False)
class _Priced:
    """A project under one price of labels; `to_rows` is the cost of so many rows."""

    facts: Known
    state: State
    to_rows: "Callable[[int], Draws] | None"


Verdict = Literal[
    "above the ceiling", "reached", "not a pilot yet", "pilot uninformative", "not achievable within n_max",
    "unlikely", "open", "likely", "no target",
]  # fmt: skip


def _verdict(state: State, error: float) -> Verdict:
    """Whether the last measured score shows another target, cautiously read; else what the forecast said of it."""
    forecast = state.forecast
    last = max(forecast.points, key=lambda point: point.n, default=None)
    scale = scale_of(forecast.metric, forecast.direction)
    if last is not None and to_error(cautious_score(last, scale), forecast.direction) <= error:
        return "reached"
    return "open" if forecast.verdict == "reached" else forecast.verdict
