"""A grid of plans over value, budget, target and the price of a label, within seconds, for a page's what-if panel.

Curves, prices and tests are drawn once. A budget or a label price lays the board out anew, a target only reads its
tests anew, and a value only weighs it anew. All nodes share few worlds; what these differ by from the filed plan, which
is drawn in many, is taken off every node, so that the filed node is the filed plan.
"""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import TYPE_CHECKING

from tunecase.blocks import FIELDS, Axis, Grid, WayCells
from tunecase.decide.what_if import inputs_of
from tunecase.forecast import scale_of
from tunecase.plan import Anew, Drawn, Laid, shown_score
from tunecase.plan.levers import LOSS, State, offers_of, rules_of
from tunecase.plan.rounds import SURE_TO_PAY, Board
from tunecase.prices import PRICE, serving_saving
from tunecase.records import Plan

if TYPE_CHECKING:
    from tunecase.quantities import Draws

SECONDS = 6.0
SOME = 2_000  # worlds in which nodes are solved
VALUES = (0.125, 0.18, 0.25, 0.3, 0.36, 0.43, 0.5, 0.6, 0.7, 0.85, 1.0, 1.4, 2.0, 4.0)  # multiples of the filed value
PRICES = (0.5, 1.0, 2.0)  # multiples of the filed price of a label
LEAST_PART, MOST_TIMES = 0.5, 2.0  # of the filed budget
TARGET_STEPS = 6  # of a target on each side of the filed one
ERROR_MOVED = 0.3  # of the filed error, by these steps
STEP_SIZES = (0.001, 0.002, 0.005, 0.01, 0.02)
NEAR = 0.1  # a way that is worth less by more than this part is not the best between nodes either
FEWEST = 20  # worlds of which a quantile is told
NOWHERE = -1e12  # worth of a step that cannot be taken
AT = {name: number for number, name in enumerate(FIELDS)}
AMOUNTS = ("release", "lost", "value")
REACHES = {"ship": "reaches", "ask again": "later"}
SHARES = ("ship", "settle", "reaches", "later", "ship_at")

Place = tuple[float, float, float]  # price of a label, budget, target


def grid(
    drawn: Drawn, made: Plan, *, seconds_max: float = SECONDS, clock: Callable[[], float] = time.thread_time
) -> Grid | None:
    """Plans at the nodes of label price, budget, target and value, the filed plan among them.

    Args:
        drawn: the plan in every world.
        made: its figures, which are those of the filed node.
        seconds_max: where the nodes would take longer, the axes have fewer of them, and the grid says so.
        clock: the time in seconds, of the processor unless given: how loaded a machine is makes no grid coarser.
    Returns: the Grid; None where no curve was measured or nothing can be done on it.
    Leaves out what only a new definition would change (the test rows to buy), and that labels at another price move
    plans by other amounts between the nodes at which that was worked out.
    """
    started = clock()
    solved = drawn.solved
    if solved is None or not solved.weighed or solved.state.assumed or made.chance is None:
        return None
    priced = inputs_of(drawn.work.basis, lambda name: name.endswith(PRICE))
    labels = {name: priced.drawn_as[name] for name in priced.now if name in priced.drawn_as}
    making = _Making(_Way(drawn, labels), bool(labels), lambda: seconds_max - (clock() - started))
    rivals = [_Way(one, labels) for one in drawn.others if one.solved is not None]
    solved_in_time = making.grid(made, rivals)
    return replace(solved_in_time, label_price=min((priced.now[name] for name in labels), default=None))


class _Way:
    """One way's plans at nodes, each solved when it is asked for."""

    def __init__(self, drawn: Drawn, labels: Mapping[str, str]) -> None:
        assert drawn.solved is not None
        self.drawn, self.anew = drawn, Anew(drawn, SOME, labels)
        self.values = VALUES if drawn.solved.weighed and drawn.solved.state.worth > 0 else (1.0,)
        self.cells: dict[Place, Draws] = {}

    def solve(self, places: Iterable[Place]) -> None:
        """Works out the plans at these places, at all values."""
        for place in places:
            if place not in self.cells:
                label, budget, target = place
                self.cells[place] = _fields(self.anew, self.anew.laid(label, budget or None), target, self.values)

    def least_budget(self, label: float) -> float:
        """The least budget that pays for some first step with a release after it; 0 where there is no budget."""
        if self.anew.budget is None:
            return 0.0
        state = self.anew.laid(label).state
        firsts = [_held(state, cost) for cost in self.anew.first_costs(label)]
        return min(firsts, default=math.inf) + self.anew.budget - state.budget_left


@dataclass(frozen=True, slots=True)
class _Nodes:
    """The nodes of the axes that lay boards out or read tests anew, rising; a budget of 0 is none."""

    labels: tuple[float, ...]
    budgets: tuple[float, ...]
    targets: tuple[float, ...]


class _Making:
    """Solves the nodes of the case's own way and its rivals', the most telling first, as long as there is time."""

    def __init__(self, main: _Way, labelled: bool, left: Callable[[], float]) -> None:
        self.main, self.labelled, self.left = main, labelled, left
        self.complete = True
        state = main.anew.whole
        assert state.forecast.target is not None
        self.target, self.filed = state.forecast.target, main.anew.budget or 0.0

    def grid(self, made: Plan, rivals: Sequence[_Way]) -> Grid:
        """The grid of what could be solved in time."""
        state = self.main.anew.whole
        steps = target_steps(state)
        coarse = self._coarse(steps)
        ways = [self.main, *self._rivals(rivals, coarse)]
        nodes = self._refined(coarse, steps)
        axes = (
            Axis("label", nodes.labels, 1.0), Axis("budget", nodes.budgets, self.filed),
            Axis("target", nodes.targets, self.target), Axis("value", self.main.values, 1.0),
        )  # fmt: skip
        filled = [_filled(way, nodes, coarse) for way in ways]
        filed_at = _node(axes, made)
        if filed_at is not None:
            filled[0] = _corrected(filled[0], filed_at, made, self.main.values)
        for cells in filled:
            _rising(cells[..., AT["worth"]], self.main.values.index(1.0))
        told = tuple(_told_of(way, cells, nodes.labels) for way, cells in zip(ways, filled, strict=True))
        solved = sum(len(way.cells) * len(way.values) for way in ways)
        return Grid(axes, told, state.value is not None, solved, self.complete, steps)

    def _coarse(self, steps: Sequence[float]) -> "_Nodes":
        """The ends of every axis with what is filed, as far as there is time: targets, then budgets, then labels."""
        low, high = self._budget_ends()
        begun = max(self.filed, low)
        ends = tuple(sorted({steps[0], self.target, steps[-1]}))
        nodes = _Nodes((1.0,), (begun,), (self.target,))
        if self._in_time([(1.0, begun, target) for target in (self.target, *ends)]):
            nodes = replace(nodes, targets=ends)
        if self.filed and self._in_time(product((1.0,), (low, high), nodes.targets)):
            nodes = replace(nodes, budgets=tuple(sorted({low, begun, high})))
        if self.labelled and self._in_time(product(PRICES, nodes.budgets, nodes.targets)):
            nodes = replace(nodes, labels=PRICES)
        return nodes

    def _refined(self, coarse: "_Nodes", steps: Sequence[float]) -> "_Nodes":
        """More targets, then more budgets, at the filed price of labels, as far as there is time."""
        nodes = coarse
        fine = tuple(sorted({*coarse.targets, *steps[:: TARGET_STEPS // 2]}))
        if self._in_time(product((1.0,), nodes.budgets, fine)):
            nodes = replace(nodes, targets=fine)
        between = tuple(math.sqrt(low * high) for low, high in pairwise(nodes.budgets))
        if between and self._in_time(product((1.0,), between, nodes.targets)):
            nodes = replace(nodes, budgets=tuple(sorted({*nodes.budgets, *between})))
        return nodes

    def _budget_ends(self) -> tuple[float, float]:
        """The ends of the budget's axis: what pays for a first step, and twice that or what is filed."""
        least = self.main.least_budget(1.0) * (1 + 1e-6)  # so that rounding leaves the step paid for
        if not math.isfinite(least):
            return self.filed, self.filed
        return max(LEAST_PART * self.filed, least), MOST_TIMES * max(self.filed, least)

    def _rivals(self, rivals: Sequence[_Way], nodes: "_Nodes") -> list[_Way]:
        """The other ways that are worth as much as the main one, or nearly, at some corner of target and value."""
        import numpy as np

        nearby = []
        begun = self.filed if self.filed in nodes.budgets else nodes.budgets[0]
        places = [(1.0, begun, target) for target in nodes.targets]
        for way in rivals:
            if not self._in_time(places, way):
                continue
            ours, theirs = (np.array([_best(one.cells[place]) for place in places]) for one in (self.main, way))
            close = (theirs > 0) & (theirs >= ours - NEAR * np.abs(ours))
            if close.any() and self._in_time(product((1.0,), nodes.budgets, nodes.targets), way):
                nearby.append(way)
        return nearby

    def _in_time(self, places: Iterable[Place], way: _Way | None = None) -> bool:
        """Solves places until time runs out; True if all of them were solved. A way's first place is always solved."""
        way = way or self.main
        for place in places:
            if self.left() <= 0 and way.cells:
                self.complete = False
                return False
            way.solve([place])
        return True


def target_steps(state: State) -> tuple[float, ...]:
    """The targets that can be asked about, rising by equal steps, the filed one among them, none above the ceiling."""
    forecast, target = state.forecast, state.forecast.target
    assert target is not None
    if not scale_of(forecast.metric, forecast.direction).binomial or forecast.direction == "lower":
        return (target,)
    step = min(STEP_SIZES, key=lambda size: abs(math.log(size * TARGET_STEPS / (ERROR_MOVED * (1 - target)))))
    least = state.score(state.error_baseline) if state.value is not None else 0.0
    most = 1.0 if forecast.ceiling is None else max(forecast.ceiling, target)
    every = (round(target + number * step, 6) for number in range(-TARGET_STEPS, TARGET_STEPS + 1))
    return tuple(each for each in every if each == round(target, 6) or least < each <= most)


def _best(cells: "Draws") -> "Draws":
    """What the best is worth at each value: the best step's plan, or to end at once."""
    import numpy as np

    return np.maximum(cells[:, AT["worth"]], cells[:, AT["now"]])


def _held(state: State, cost: "Draws | float") -> float:
    """What has to be left of the budget for a first step to be taken: its cost and that of a release, at P80."""
    import numpy as np

    whole = np.broadcast_to(np.asarray(cost, dtype=float), state.paths.shape[:1]) + state.release
    return float(np.quantile(whole[np.isfinite(whole)], SURE_TO_PAY))


def _fields(anew: Anew, laid: Laid, target: float, values: Sequence[float]) -> "Draws":
    """FIELDS of the plan at each value, under one budget, price of a label and target; shape (values, fields)."""
    import numpy as np

    state = anew.aimed(laid.state, target)
    worths = state.worth * np.asarray(values)
    now = _now(state, worths)
    cells = np.zeros((len(values), len(FIELDS)))
    cells[:, AT["now"]], cells[:, AT["worth"]] = now, NOWHERE
    for row, (value, worth) in enumerate(zip(values, worths.tolist(), strict=True)):
        valued = state.valued(np.full(len(state.paths), worth))
        board = laid.board.revalued(rules_of(valued, laid.offers))
        if board.steps:
            _told(cells[row], state, board, value)
    return cells


def _now(state: State, worths: "Draws") -> "Draws":
    """What ending at once brings at each worth of the target, shape (worths,); 0 where nothing can be put to use."""
    import numpy as np

    ready = [offer for offer in offers_of(state) if offer.brings and offer.blocked in ("", LOSS)]
    best = np.zeros(len(worths))
    for offer in ready:
        fixed = replace(state, value=np.zeros(1))
        best = np.maximum(best, worths * (offer.brings or 0.0) + offer.ends_with(fixed))
    return best


def _told(cell: "Draws", state: State, board: Board, value: float) -> None:
    """The fields of the best step at one value, written into a cell of shape (fields,)."""
    import numpy as np

    brought = [float(board.after(at).mean()) for at in range(len(board.steps))]
    at = int(np.argmax(brought))
    step, ships, errors = board.steps[at], board.shipped(at), board.errors(at)
    total, once = board.cost(at) + ships * state.release, board.ships[at] & np.isfinite(step.cost)
    met = errors <= state.error_target
    settles = ~met & (errors <= (state.error_target if state.error_fallback is None else state.error_fallback))
    within = ships & met & (total <= state.budget_left)
    told = {"ship": once & ~settles, "settle": once & settles, "reaches": within & once, "later": within & ~once}
    for name, flags in told.items():
        cell[AT[name]] = flags.mean()
    cell[AT["worth"]] = brought[at]
    cell[AT["release"]] = np.quantile(step.cost[np.isfinite(step.cost)], SURE_TO_PAY)
    if once.any():
        cell[AT["ship_at"]] = max(shown_score(state, step, once), 0.0)
    lost = total[~ships]
    cell[AT["lost"]] = np.quantile(lost, 0.9) if len(lost) >= FEWEST else 0.0
    saved = serving_saving(state.basis)
    if state.value is not None:
        cell[AT["value"]] = np.median(state.value * value + (0.0 if saved is None else saved))


def _filled(way: _Way, nodes: _Nodes, coarse: _Nodes) -> "Draws":
    """The cells of every node, shape (labels, budgets, targets, values, fields).

    Where a place was not solved it is read between those that were; what another price of labels moves is known at the
    coarse nodes.
    """
    import numpy as np

    dense = all((1.0, budget, target) in way.cells for budget in nodes.budgets for target in nodes.targets)
    own = nodes if dense else coarse
    base = _read(_block(way, 1.0, own), own, nodes)
    cells = np.repeat(base[None], len(nodes.labels), axis=0)
    for number, label in enumerate(nodes.labels):
        if label != 1.0 and (label, coarse.budgets[0], coarse.targets[0]) in way.cells:
            cells[number] += _read(_block(way, label, coarse) - _block(way, 1.0, coarse), coarse, nodes)
    return cells


def _block(way: _Way, label: float, nodes: _Nodes) -> "Draws":
    """Solved cells, shape (budgets, targets, values, fields); those of the next budget where no step is paid."""
    import numpy as np

    rows = [np.array([way.cells[label, budget, target] for target in nodes.targets]) for budget in nodes.budgets]
    for number in range(len(rows) - 2, -1, -1):
        if (rows[number][..., AT["worth"]] <= NOWHERE).any():
            rows[number] = rows[number + 1]
    return np.array(rows)


def _read(cells: "Draws", held: _Nodes, at: _Nodes) -> "Draws":
    """Cells of shape (budgets, targets, ...) read at other budgets and targets between them, straight in both."""
    import numpy as np

    for axis, (known, wanted) in enumerate(((held.budgets, at.budgets), (held.targets, at.targets))):
        if len(known) == 1:
            cells = np.repeat(cells, len(wanted), axis=axis)
            continue
        low = np.clip(np.searchsorted(known, wanted, side="right") - 1, 0, len(known) - 2)
        part = (np.array(wanted) - np.take(known, low)) / (np.take(known, low + 1) - np.take(known, low))
        part = part.reshape(-1, *[1] * (cells.ndim - 1 - axis))
        cells = (1 - part) * cells.take(low, axis=axis) + part * cells.take(low + 1, axis=axis)
    return cells


def _told_of(way: _Way, cells: "Draws", labels: Sequence[float]) -> WayCells:
    """The cells of a way as plain numbers."""
    own = way.drawn.facts.way
    rows = tuple(tuple(float(each) for each in cell) for cell in cells.reshape(-1, len(FIELDS)))
    return WayCells("" if own is None else own.words, own is None, tuple(map(way.least_budget, labels)), rows)


def _node(axes: Sequence[Axis], made: Plan) -> tuple[int, ...] | None:
    """The filed node; None where its plan is not that of a step that the budget pays for."""
    if made.beyond_budget or not made.then or any(axis.filed not in axis.nodes for axis in axes):
        return None
    return tuple(axis.nodes.index(axis.filed) for axis in axes)


def _corrected(cells: "Draws", filed: tuple[int, ...], made: Plan, values: Sequence[float]) -> "Draws":
    """The same cells less what the filed one differs by from the filed plan, which is drawn in all worlds.

    Amounts differ by a factor, shares and scores by a difference; worth by one in proportion to the value.
    """
    import numpy as np

    few, whole, cells = cells[filed], _of_plan(made), cells.copy()
    for name in AMOUNTS:
        at = AT[name]
        if few[at] > 0 and whole[at] > 0:
            cells[..., at] *= whole[at] / few[at]
    for name in SHARES:
        at = AT[name]
        moved = cells[..., at] + whole[at] - few[at]
        cells[..., at] = np.where(cells[..., at] > 0, np.clip(moved, 0.0, 1.0), 0.0)
    ends = [AT["ship"], AT["settle"]]  # which cannot come together
    cells[..., ends] /= np.maximum(cells[..., ends].sum(-1, keepdims=True), 1.0)
    if made.worth is not None:
        at = AT["worth"]
        cells[..., at] += (whole[at] - few[at]) * np.asarray(values)
    cells[..., AT["reaches"]] = np.minimum(cells[..., AT["reaches"]], cells[..., AT["ship"]])
    return cells


def _rising(worths: "Draws", filed: int) -> None:
    """Makes worths, shape (..., values), rise with the value from the filed one on both ways, in place.

    A plan is worth at least as much where right answers are; few worlds may say otherwise.
    """
    import numpy as np

    worths[..., filed:] = np.maximum.accumulate(worths[..., filed:], axis=-1)
    worths[..., filed::-1] = np.minimum.accumulate(worths[..., filed::-1], axis=-1)


def _of_plan(made: Plan) -> "Draws":
    """The fields of the filed plan."""
    import numpy as np

    whole = np.zeros(len(FIELDS))
    told = {"release": made.release.p80.value, "lost": 0.0 if made.lost is None else made.lost.value}
    if made.worth is not None:
        told |= {"worth": made.worth.expected.value, "value": made.worth.reached_p50.value}
    if made.limits is not None and made.limits.ship_at is not None:
        told["ship_at"] = made.limits.ship_at
    for outcome in made.then:
        if outcome.name in AT:
            told[outcome.name] = outcome.share.value
        if outcome.name in REACHES:
            told[REACHES[outcome.name]] = outcome.share.value * outcome.reaches.value
    for name, value in told.items():
        whole[AT[name]] = value
    return whole
