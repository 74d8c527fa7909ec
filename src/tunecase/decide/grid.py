"""A grid of plans over value, budget, target and the price of a label, for a page's what-if panel.

Curves, prices and tests are drawn once, in few worlds. A budget or a label price lays the board out anew, a target only
reads its tests anew, and a value only weighs it anew. What few worlds differ by from the filed plan, which is drawn in
many, is taken off every node, so that the filed node is the filed plan.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

from tunecase.blocks import FIELDS, Axis, Grid, WayCells
from tunecase.decide.what_if import inputs_of
from tunecase.forecast import scale_of
from tunecase.plan import Anew, Drawn, Solved, shown_score
from tunecase.plan.levers import LOSS, State, rated, rules_of
from tunecase.plan.rounds import SURE_TO_PAY, Board
from tunecase.prices import PRICE, serving_saving
from tunecase.quantities import Draws, np, points_of
from tunecase.records import Plan

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


def grid(drawn: Drawn, made: Plan) -> Grid | None:
    """Plans at the nodes of label price, budget, target and value, the filed plan among them.

    Args:
        drawn: the plan in every world.
        made: its figures, which are those of the filed node.
    Returns: the Grid; None where no curve was measured, nothing is weighed, or nothing can be done on it.
    Leaves out what only a new definition would change (the test rows to buy).
    """
    solved = drawn.solved
    if solved is None or not solved.weighed or solved.state.assumed or made.chance is None:
        return None
    priced = inputs_of(drawn.work.basis, lambda name: name.endswith(PRICE))
    labels = {name: priced.drawn_as[name] for name in priced.now if name in priced.drawn_as}
    main, state = _Way(drawn, labels), solved.state
    assert state.forecast.target is not None
    filed, steps = main.anew.budget or 0.0, target_steps(state)
    axes = (
        Axis("label", PRICES if labels else (1.0,), 1.0), Axis("budget", main.budgets(), filed),
        Axis("target", tuple(sorted({state.forecast.target, *steps[:: TARGET_STEPS // 2], steps[-1]})),
             state.forecast.target),
        Axis("value", VALUES if state.worth > 0 else (1.0,), 1.0),
    )  # fmt: skip
    ways = [main, *_near(main, [_Way(one, labels) for one in drawn.others if one.solved is not None], axes)]
    filled = [way.cells(axes) for way in ways]
    if not made.beyond_budget and made.then and all(axis.filed in axis.nodes for axis in axes):
        filled[0] = _corrected(filled[0], tuple(axis.nodes.index(axis.filed) for axis in axes), made, axes[3].nodes)
    for cells in filled:
        _rising(cells[..., AT["worth"]], axes[3].nodes.index(1.0))
    told = tuple(way.told(cells, axes[0].nodes) for way, cells in zip(ways, filled, strict=True))
    label_price = min((priced.now[name] for name in labels), default=None)
    return Grid(axes, told, sum(cells[..., 0].size for cells in filled), steps, label_price)


class _Way:
    """One way's plans at nodes."""

    def __init__(self, drawn: Drawn, labels: Mapping[str, str]) -> None:
        self.drawn, self.anew = drawn, Anew(drawn, SOME, labels)

    def cells(self, axes: Sequence[Axis]) -> "Draws":
        """The fields at every node, shape (labels, budgets, targets, values, fields).

        Where no step is paid they are those of the next budget.
        """
        labels, budgets, targets, values = (axis.nodes for axis in axes)
        every = [
            _fields(self.anew, self.anew.laid(label, budget or None), target, values)
            for label, budget, target in product(labels, budgets, targets)
        ]
        cells = np.array(every).reshape(len(labels), len(budgets), len(targets), len(values), len(FIELDS))
        for number in range(len(budgets) - 2, -1, -1):
            unpaid = (cells[:, number, ..., AT["worth"]] <= NOWHERE).any(axis=(1, 2))
            cells[unpaid, number] = cells[unpaid, number + 1]
        return cells

    def budgets(self) -> tuple[float, ...]:
        """The budget's axis: what pays for a first step or half of what is filed, that, and twice as much."""
        filed, least = self.anew.budget or 0.0, self.least_budget(1.0) * (1 + 1e-6)
        if not filed or not math.isfinite(least):
            return (filed,)
        ends = max(LEAST_PART * filed, least), max(filed, least), MOST_TIMES * max(filed, least)
        return tuple(sorted({*ends, math.sqrt(ends[1] * ends[2])}))

    def least_budget(self, label: float) -> float:
        """The least budget that pays for some first step with a release after it; 0 where there is no budget."""
        if self.anew.budget is None:
            return 0.0
        state = self.anew.laid(label).state
        firsts = (np.broadcast_to(cost, len(state.paths)) + state.release for cost in self.anew.first_costs(label))
        paid = [points_of(cost[np.isfinite(cost)], (SURE_TO_PAY,))[0] for cost in firsts]
        return min(paid, default=math.inf) + self.anew.budget - state.budget_left

    def told(self, cells: "Draws", labels: Sequence[float]) -> WayCells:
        """Its cells as plain numbers."""
        own = self.drawn.facts.way
        rows = tuple(tuple(float(each) for each in cell) for cell in cells.reshape(-1, len(FIELDS)))
        return WayCells("" if own is None else own.words, own is None, tuple(map(self.least_budget, labels)), rows)


def _near(main: _Way, rivals: Sequence[_Way], axes: Sequence[Axis]) -> Iterator[_Way]:
    """The other ways that are worth as much as the main one, or nearly, at some target and value."""
    label, budget, target, value = axes
    few = (replace(label, nodes=(1.0,)), replace(budget, nodes=(max(budget.filed, budget.nodes[0]),)), target, value)
    ours = _best(main.cells(few))
    for way in rivals:
        theirs = _best(way.cells(few))
        if ((theirs > 0) & (theirs >= ours - NEAR * np.abs(ours))).any():
            yield way


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
    """What the best is worth at each node: the best step's plan, or to end at once."""
    return np.maximum(cells[..., AT["worth"]], cells[..., AT["now"]])


def _fields(anew: Anew, laid: Solved, target: float, values: Sequence[float]) -> "Draws":
    """FIELDS of the plan at each value, under one budget, price of a label and target; shape (values, fields)."""
    state = anew.aimed(laid.state, target)
    cells = np.zeros((len(values), len(FIELDS)))
    for cell, value in zip(cells, values, strict=True):
        valued = state.valued(np.full(len(state.paths), state.worth * value))
        ready = [offer if offer.errors is None else rated(valued, offer) for offer in laid.offers if offer.brings]
        ends = [offer.ends_with(valued) for offer in ready if offer.blocked in ("", LOSS)]
        cell[AT["now"]], cell[AT["worth"]] = max(ends, default=0.0), NOWHERE
        board = laid.board.revalued(rules_of(valued, laid.offers))
        if board.steps:
            _told(cell, valued, board)
    return cells


def _told(cell: "Draws", state: State, board: Board) -> None:
    """The fields of the best step, written into a cell of shape (fields,)."""
    brought = [float(board.after(at).mean()) for at in range(len(board.steps))]
    at = int(np.argmax(brought))
    step, ships, errors = board.steps[at], board.shipped(at), board.errors(at)
    total, once = board.cost(at) + ships * state.release, board.ships[at] & np.isfinite(step.cost)
    met = errors <= state.error_target
    settles = ~met & (errors <= state.error_wanted)
    within = ships & met & (total <= state.budget_left)
    told = {"ship": once & ~settles, "settle": once & settles, "reaches": within & once, "later": within & ~once}
    for name, flags in told.items():
        cell[AT[name]] = flags.mean()
    cell[AT["worth"]] = brought[at]
    cell[AT["release"]] = np.quantile(step.cost[np.isfinite(step.cost)], SURE_TO_PAY)
    if once.any():
        cell[AT["ship_at"]] = max(shown_score(state, step, once), 0.0)
    lost = total[~ships | (False if state.miss is None else ~met & ~settles)]
    cell[AT["lost"]] = np.quantile(lost, 0.9) if len(lost) >= FEWEST else 0.0
    saved, value = serving_saving(state.basis), state.value
    assert value is not None
    cell[AT["value"]] = np.median(value + (0.0 if saved is None else saved))


def _corrected(cells: "Draws", filed: tuple[int, ...], made: Plan, values: Sequence[float]) -> "Draws":
    """The same cells less what the filed one differs by from the filed plan, which is drawn in all worlds.

    Amounts differ by a factor, shares and scores by a difference; worth by one in proportion to the value.
    """
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
    worths[..., filed:] = np.maximum.accumulate(worths[..., filed:], axis=-1)
    worths[..., filed::-1] = np.minimum.accumulate(worths[..., filed::-1], axis=-1)


def _of_plan(made: Plan) -> "Draws":
    """The fields of the filed plan."""
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
