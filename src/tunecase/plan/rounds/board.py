"""The rounds of a fine-tune as a board: where a project can stand after each test, and every step between.

    data -> train -> test -> (more data | other data | cleaning | tuning | a bigger model | a larger test | stop)

A place on the board is a number of training rows and the set of moves made so far. The bill's Monte Carlo and the
decision walk the same board, under the same policy: in each world, drawn once and kept through all its rounds, a test
shows something, the policy answers, and what is done next is paid.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from tunecase.plan.rounds.policy import Node, Policy, Step
from tunecase.plan.rounds.walk import Walk, passing_count
from tunecase.quantities import Strata, points_of

if TYPE_CHECKING:
    from tunecase.plan.rounds.policy import Flags
    from tunecase.quantities import Draws

Place = tuple[int, frozenset[str]]  # index of the size, moves made

SHARED = 0.5  # of a test's luck is that of its items, a judgement: two models rarely err on just the same ones
SURE_TO_PAY = 0.8  # what is left of a budget must pay for a step with this chance
FINE = 4_001  # points at which the chance to pass a test is worked out; between them it is read off


@dataclass(frozen=True, slots=True, eq=False)
class RoundPrices:
    """What a round is made of, in the base currency; numbers or arrays of shape (worlds,).

    `labour` is the people's part of a whole round, `short_labour` that of a round without work on the data, both with
    what nobody foresaw in that world. `run_per_row` is one training run divided by its rows, `runs` the runs of a round
    that succeed and `besides` the share paid on top of them: runs that fail, GPUs that stand idle. `each_round` is what
    any round costs besides, such as judged answers; `running` what is paid by the month over a whole round,
    `short_running` over one without work on the data. `least` is what a round's runs are billed at least, before what
    is paid besides. `on_top` is the share of all that is paid on top, such as tax. `search_labour` is what watching one
    run of a search takes.
    """

    labour: "Draws | float"
    short_labour: "Draws | float"
    run_per_row: "Draws | float" = 0.0
    runs: "Draws | float" = 1.0
    besides: "Draws | float" = 0.0
    each_round: "Draws | float" = 0.0
    running: "Draws | float" = 0.0
    short_running: "Draws | float" = 0.0
    least: "Draws | float" = 0.0
    on_top: "Draws | float" = 0.0
    search_labour: "Draws | float" = 0.0

    def people(self, rounds: float, short_rounds: float, search_runs: float = 0.0) -> "Draws | float":
        """People's part of so many rounds, some without work on the data, and of runs of a search beside them."""
        whole = (self.labour + self.running) * (rounds - short_rounds) + self.search_labour * search_runs
        return whole + (self.short_labour + self.short_running) * short_rounds + self.each_round * rounds

    def whole(self, cost: "Draws | float") -> "Draws | float":
        """A cost with what is paid on top of it."""
        return cost * (1 + self.on_top)

    def training(self, run_rows: "Draws | float", search_rows: "Draws | float" = 0.0) -> "Draws | float":
        """`run_rows` rows trained on once by every run of a round, and `search_rows` by one run more."""
        return self.by_the_row(run_rows, search_rows) + self.minimum(run_rows, search_rows)

    def by_the_row(self, run_rows: "Draws | float", search_rows: "Draws | float" = 0.0) -> "Draws | float":
        """The same without the least that is billed."""
        return self.run_per_row * (1 + self.besides) * (self.runs * run_rows + search_rows)

    def minimum(self, run_rows: "Draws | float", search_rows: "Draws | float" = 0.0) -> "Draws | float":
        """What the least that is billed adds to these runs; nothing where none is made."""
        import numpy as np

        rows = self.runs * run_rows + search_rows
        if not np.any(self.least):
            return 0.0
        return np.where(rows > 0, np.maximum(self.least - self.run_per_row * rows, 0.0), 0.0) * (1 + self.besides)


@dataclass(frozen=True, slots=True, eq=False)
class Purchase:
    """Examples that can be bought again and again: `costs` and `examples` to go from each size to the next.

    A size counts rows by what they teach; `examples` are the rows that are bought, paid for and trained on.
    """

    name: str
    costs: "tuple[Draws | float, ...]"
    examples: "tuple[Draws | float, ...]"


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """Something that is done at most once and lasts.

    `change` turns the errors at all sizes, shape (worlds, sizes), into those that hold afterwards. `price` is paid
    once, `search_runs` training runs at the size at hand besides; `run_factor` is what a run costs from then on.
    `test_rows` are the items of every later test. `labour` says what people's work the step takes. `first` is False
    where the model to be tuned must have been trained before.
    """

    name: str
    change: "Callable[[Draws], Draws] | None" = None
    price: "Draws | float" = 0.0
    search_runs: float = 0.0
    run_factor: "Draws | float" = 1.0
    test_rows: int | None = None
    labour: str = "round"  # or "short", or "none", where nothing is trained
    first: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Paid:
    """What one step pays for, in quantities; `data` and `minimum`, see Walk, in the base currency."""

    rounds: float = 1.0
    short_rounds: float = 0.0
    run_rows: "Draws | float" = 0.0
    search_rows: "Draws | float" = 0.0
    search_runs: float = 0.0
    bought: "Draws | float" = 0.0
    data: "Draws | float" = 0.0
    minimum: "Draws | float" = 0.0


SUMMED = ("rounds", "short_rounds", "run_rows", "search_rows", "search_runs", "bought", "data", "minimum")


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """Every place with its steps. `errors` and all flags have shape (nodes, worlds); node 0 is the present.

    `settled` is where the test meets the fallback, whether shipping pays or not; it holds all that is passed. `ships`
    is where a model is put to use. `places` holds (index of the size, moves made) of each node, `paid` what each step
    of each node pays for. `luck` is that of each node's test, uniform, and `test_rows` are its items; both are None
    where it has none.
    """

    nodes: tuple[Node, ...]
    places: tuple[Place, ...]
    paid: tuple[tuple[Paid, ...], ...]
    errors: "Draws"
    passed: "Flags"
    sizes: tuple[int, ...]
    error_target: float
    settled: "Flags"
    ships: "Flags"
    luck: "tuple[Draws | None, ...]" = ()
    test_rows: tuple[int | None, ...] = ()

    def first(self, name: str) -> int | None:
        """The index of the first step of that name; None where it cannot be taken."""
        return next((i for i, step in enumerate(self.nodes[0].steps) if step.name == name), None)

    def revalued(self, rules: "Rules") -> "Board":
        """The same board where what shipping is worth has changed."""
        import numpy as np

        present = replace(self.nodes[0], ends=np.full(self.errors.shape[1], rules.shipped))
        nodes, ships = [present], self.ships.copy()
        for at, node in enumerate(self.nodes[1:], 1):
            brings = _brings(rules, self.errors[at], self.places[at][0])
            ships[at] = _ships(brings, self.passed[at], self.settled[at])
            nodes.append(replace(node, ends=np.where(ships[at], brings, 0.0)))
        return replace(self, nodes=tuple(nodes), ships=ships)

    def tested(self, error_target: float, error_fallback: float | None = None) -> "tuple[Flags, Flags]":
        """Where the same tests, by the same luck, would meet another target and fallback, shape (nodes, worlds) each.

        Nothing is tested at node 0.
        """
        import numpy as np

        passed, settled = np.zeros_like(self.passed), np.zeros_like(self.settled)
        aims = (error_target, error_target if error_fallback is None else error_fallback)
        for at in range(1, len(self.nodes)):
            luck, rows = self.luck[at], self.test_rows[at]
            if luck is None or rows is None:
                passed[at], settled[at] = (self.errors[at] <= aim for aim in aims)
                continue
            right = np.clip(1 - self.errors[at], 0.0, 1.0)
            passed[at] = _meets(right, aims[0], rows, luck)
            settled[at] = passed[at] if aims[1] == aims[0] else passed[at] | _meets(right, aims[1], rows, luck)
        return passed, settled

    def walk(self, policy: Policy, first: int | None = None) -> Walk:
        """The Walk of every world under a policy, from the first step given or the policy's own."""
        import numpy as np

        moves, last = list(policy.moves(first)), policy.walk(first)[0]
        worlds = np.arange(self.errors.shape[1])
        ships, reached = self.ships[last, worlds], self.passed[last, worlds]
        return replace(
            self._summed(moves), reached=reached, false_pass=reached & (self.errors[last, worlds] > self.error_target),
            settled=self.settled[last, worlds] & ~reached & ships, ended_at=last, ships=ships,
        )  # fmt: skip

    def first_walk(self, first: int) -> Walk:
        """The Walk of every world through its first step alone, whether it can be paid or not."""
        import numpy as np

        every = np.ones(self.errors.shape[1], dtype=bool)
        # Nothing is put to use by a step: that comes after its test.
        return replace(self._summed([(0, first, every)]), ships=~every)

    def _summed(self, moves: "Sequence[tuple[int, int, Flags]]") -> Walk:
        """What steps pay for, summed over each world's own."""
        import numpy as np

        sums = {name: np.zeros(self.errors.shape[1]) for name in SUMMED}
        for node, number, going in moves:
            step = self.paid[node][number]
            for name, total in sums.items():
                amount = getattr(step, name)
                total[going] += amount if np.ndim(amount) == 0 else amount[going]
        return Walk(
            rounds=sums["rounds"], bought=sums["bought"], rows_trained=sums["run_rows"],
            short_rounds=sums["short_rounds"], search_rows=sums["search_rows"], search_runs=sums["search_runs"],
            data_paid=sums["data"],
            minimum=sums["minimum"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """When a test is passed, what passing is worth, and what bounds the walk.

    `worth` is V in each world or on average; `credit` turns true errors into the part of it that is truly had.
    A step is taken where what is left of `budget` in that world pays for it and for a release at P80 over all worlds;
    the first is taken in any case where `begin_anyway`. `most_rounds` may differ from world to world.
    """

    error_target: float
    test_rows: int | None
    worth: "Draws | float"
    credit: "Callable[[Draws], Draws] | None" = None
    error_floor: float = 0.0
    seed: int = 0
    budget: "Draws | float" = float("inf")
    begin_anyway: bool = False
    most_rounds: "Draws | int" = 12
    shipped: float = 0.0  # what ending at once is worth
    before: "Draws | float" = 0.0  # paid with the first step, whichever it is
    release: "Draws | float" = 0.0  # paid where a model is put to use; every step leaves room for it
    error_fallback: float | None = None  # what would be shipped all the same
    saving: float = 0.0  # what shipping brings besides, or costs where it is below zero
    upkeep: tuple[float, ...] = ()  # what keeping it up takes where it is shipped, for each size; none where empty


@dataclass(frozen=True, slots=True, eq=False)
class Actions:
    """What can be done on a board.

    `purchases` lead from each size to the next; `moves` are done once and change errors in this order. `train` names
    the step that trains on the rows at hand; None where the pilot has done just that.
    """

    purchases: Sequence[Purchase] = ()
    moves: Sequence[Move] = ()
    train: str | None = None

    def rows(self, sizes: Sequence[int]) -> "list[Draws | float]":
        """The rows that a run at each size trains on, where each step came from the source that is cheapest there."""
        import numpy as np

        held: list[Draws | float] = [float(sizes[0])]
        for step, (size, larger) in enumerate(pairwise(sizes)):
            prices = {float(np.median(one.costs[step])): one.examples[step] for one in reversed(self.purchases)}
            least = min(prices, default=math.inf)
            held.append(held[-1] + (prices[least] if math.isfinite(least) else larger - size))
        return held


def lay_out(
    paths: "Draws",
    sizes: Sequence[int],
    *,
    rules: Rules,
    prices: RoundPrices,
    actions: Actions,
    earlier: "Board | None" = None,
) -> Board:
    """The board of a project: places by training rows and moves made, with what every step costs.

    Args:
        paths: true error of each world at each size, shape (worlds, sizes), drawn once per world.
        sizes: rows in all that can be trained on, rising; the first are those at hand.
        rules, prices, actions: see there.
        earlier: a board of the same worlds, sizes, moves and target, whose tests hold; only money has changed.
    Returns: the Board. Raises: ValueError where the earlier board has other places.
    Leaves out the order of moves (tuning after buying equals buying after tuning), the set-up of a source that is
    first used after another one, and that earlier steps may have come from a dearer source, whose rows are trained on.
    """
    import numpy as np

    places = _places(len(sizes), actions, int(np.max(rules.most_rounds)))
    if earlier is not None and earlier.places != places:
        raise ValueError("the earlier board has other places")
    laying = _Laying(rules, prices, actions, tuple(sizes), places, len(paths))
    taken = [laying.steps(number) for number in range(len(places))]
    tests = _tests(paths, rules, actions, places, tuple(sizes)) if earlier is None else _tests_of(earlier)
    nodes = [Node(np.full(len(paths), rules.shipped), tuple(way.step for way in taken[0]))]
    ships = np.zeros_like(tests.passed)
    for number in range(1, len(places)):
        passed, brings = tests.passed[number], _brings(rules, tests.errors[number], places[number][0])
        ships[number] = _ships(brings, passed, tests.settled[number])
        ends = np.where(ships[number], brings, 0.0)
        steps, paid = tuple(way.step for way in taken[number]), laying.spent[number]
        nodes.append(Node(ends, steps, tests.shown[number], passed, paid))
    return Board(
        tuple(nodes), places, tuple(tuple(way.paid for way in ways) for ways in taken), tests.errors, tests.passed,
        tuple(sizes), rules.error_target, tests.settled, ships, tests.luck, tests.rows,
    )  # fmt: skip


def _places(sizes: int, actions: Actions, most_rounds: int) -> tuple[Place, ...]:
    """The present, then every size with every set of moves that the rounds allow; steps lead to later places only."""
    every = [(size, made) for made in _sets([move.name for move in actions.moves]) for size in range(sizes)]
    grid = [place for place in every if _rounds_at(place, actions) <= most_rounds]
    grid.sort(key=lambda place: (place[0] + len(place[1]), place[0], sorted(place[1])))
    return ((0, frozenset()), *grid)


def _rounds_at(place: Place, actions: Actions) -> int:
    """The most rounds that lead to a place: one for each size gone up and each move made, and the first training."""
    return place[0] + len(place[1]) + (actions.train is not None)


def _sets(names: Sequence[str]) -> list[frozenset[str]]:
    sets = [frozenset[str]()]
    for name in names:
        sets += [made | {name} for made in sets]
    return sets


@dataclass(frozen=True, slots=True, eq=False)
class _Taken:
    """A step that some world can pay, and what it pays for."""

    step: Step
    paid: Paid


class _Laying:
    """The steps out of every place, in the order of places: what is spent on the way is known when they are priced."""

    def __init__(
        self, rules: Rules, prices: RoundPrices, actions: Actions, sizes: tuple[int, ...], places: tuple[Place, ...],
        worlds: int,
    ) -> None:  # fmt: skip
        import numpy as np

        self.rules, self.prices, self.actions = rules, prices, actions
        self.rows, self.places = actions.rows(sizes), places
        self.index = {place: number for number, place in enumerate(places) if number}
        self.moves = {move.name: move for move in actions.moves}
        # The most that any way to a place costs, so that the budget holds on all of them.
        self.spent: list[Draws] = [np.zeros(worlds), *[np.full(worlds, -np.inf)] * (len(places) - 1)]

    def steps(self, number: int) -> list[_Taken]:
        """Every step out of a place that some world can pay."""
        before = self.rules.before if number == 0 else 0.0
        taken = []
        for name, place, paid, price in self._outward(number):
            if place not in self.index:
                continue
            people = self.prices.people(paid.rounds, paid.short_rounds, paid.search_runs)
            minimum = self.prices.minimum(paid.run_rows, paid.search_rows)
            training = self.prices.by_the_row(paid.run_rows, paid.search_rows) + minimum
            paid = replace(paid, minimum=minimum)
            cost = self.prices.whole(before + price + people + training)
            able = self._able(number, place, cost)
            if able.any():
                self._spend(number, self.index[place], cost, able)
                taken.append(_Taken(Step(name, self.index[place], _where(able, cost)), paid))
        return taken

    def _outward(self, number: int) -> "Iterator[tuple[str, Place, Paid, Draws | float]]":
        """(name, place, what is paid for, its price beside labour and training) of every step out of a place."""
        size, made = self.places[number]
        factor: Draws | float = 1.0
        for name in made:
            factor = factor * self.moves[name].run_factor
        rows = self.rows[size] * factor
        if number == 0 and self.actions.train is not None:
            yield self.actions.train, (size, made), Paid(short_rounds=1.0, run_rows=rows), 0.0
        if size + 1 < len(self.rows):
            for purchase in self.actions.purchases:
                cost, bought = purchase.costs[size], purchase.examples[size]
                larger = (self.rows[size] + bought) * factor
                yield purchase.name, (size + 1, made), Paid(run_rows=larger, bought=bought, data=cost), cost
        for name, move in self.moves.items():
            if name not in made and (number or move.first):
                rounds, short = (0.0, 0.0) if move.labour == "none" else (1.0, float(move.labour == "short"))
                paid = Paid(
                    rounds, short, rows * move.run_factor * rounds, move.search_runs * rows, move.search_runs,
                    data=move.price,
                )  # fmt: skip
                yield name, (size, made | {name}), paid, move.price

    def _able(self, number: int, place: Place, cost: "Draws | float") -> "Flags":
        """Worlds in which the step can be had, the rounds allow it, and what is left pays for it and a release at P80.

        What was spent is seen in each world; what a step will cost there is not.
        """
        import numpy as np

        spent = self.spent[number]
        costs = np.broadcast_to(np.asarray(cost, dtype=float), spent.shape)
        able = np.isfinite(costs) & np.isfinite(spent)
        if not able.any() or (number == 0 and self.rules.begin_anyway):
            return np.asarray(able)
        able = able & (_rounds_at(place, self.actions) <= np.asarray(self.rules.most_rounds))
        held = points_of((costs + self.rules.release)[able], (SURE_TO_PAY,))[0] if able.any() else 0.0
        return np.asarray(able & (np.where(able, spent, 0.0) + held <= self.rules.budget))

    def _spend(self, number: int, to: int, cost: "Draws | float", able: "Flags") -> None:
        import numpy as np

        spent = np.where(able, self.spent[number] + np.where(able, cost, 0.0), -np.inf)
        self.spent[to] = np.maximum(self.spent[to], spent)


def _where(able: "Flags", cost: "Draws | float") -> "Draws":
    import numpy as np

    return np.asarray(np.where(able, cost, np.inf))


def _brings(rules: Rules, errors: "Draws", size: int) -> "Draws":
    """What shipping at a size brings in each world: worth x credit + saving - upkeep."""
    credit = 1.0 if rules.credit is None else rules.credit(errors)
    upkeep = rules.upkeep[size] if rules.upkeep else 0.0
    return rules.worth * credit + rules.saving - upkeep + 0.0 * errors


def _ships(brings: "Draws", passed: "Flags", settled: "Flags") -> "Flags":
    """Where a model is put to use at a place: where a test allows it and shipping pays on average.

    A test tells no more than whether the target, or only the fallback, was met: worlds alike in that ship together.
    """
    import numpy as np

    ships = np.zeros(len(brings), dtype=bool)
    for alike in (passed, settled & ~passed):
        if alike.any() and brings[alike].mean() > 0:
            ships |= alike
    return ships


@dataclass(frozen=True, slots=True, eq=False)
class _Tests:
    """What the test at each place shows and passes, shape (places, worlds); nothing is tested at the first."""

    errors: "Draws"
    shown: "Sequence[Draws | None]"
    passed: "Flags"
    settled: "Flags"
    luck: "tuple[Draws | None, ...]"
    rows: tuple[int | None, ...]


def _tests_of(board: Board) -> _Tests:
    shown = [node.shown for node in board.nodes]
    return _Tests(board.errors, shown, board.passed, board.settled, board.luck, board.test_rows)


def _tests(paths: "Draws", rules: Rules, actions: Actions, places: tuple[Place, ...], sizes: tuple[int, ...]) -> _Tests:
    import numpy as np

    shape = (len(places), len(paths))
    errors, passed, settled = np.empty(shape), np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    errors[0] = paths[:, 0]
    shown: list[Draws | None] = [None]
    luck: list[Draws | None] = [None]
    rows: list[int | None] = [None]
    changed = _changed(paths, actions.moves, rules.error_floor)
    for number, (size, made) in enumerate(places[1:], 1):
        errors[number] = changed[made][:, size]
        larger = [move.test_rows for move in actions.moves if move.name in made and move.test_rows]
        name = f"test of {size} {' '.join(sorted(made))}".strip()
        rows.append(min(larger, default=rules.test_rows))
        luck.append(None if rows[-1] is None else _luck(rules.seed, rows[-1], name, len(paths)))
        seen, passed[number], settled[number] = _test(errors[number], rules, rows[-1], luck[-1])
        shown.append(seen)
    return _Tests(errors, shown, passed, settled, tuple(luck), tuple(rows))


def _changed(paths: "Draws", moves: Sequence[Move], floor: float) -> "dict[frozenset[str], Draws]":
    """Errors at all sizes after each set of moves, none below the floor."""
    import numpy as np

    changed: dict[frozenset[str], Draws] = {frozenset(): paths}
    for move in moves:
        for made, before in list(changed.items()):
            changed[made | {move.name}] = before if move.change is None else move.change(before)
    return {made: np.maximum(errors, floor) for made, errors in changed.items()}


@lru_cache(maxsize=256)
def _luck(seed: int, rows: int, name: str, worlds: int) -> "Draws":
    """The luck of one test, uniform, shape (worlds,), not to be written to: the boards of a case share it.

        luck = Phi(sqrt(r) z_items + sqrt(1 - r) z_place),   r = SHARED

    All tests of one size are the same items, so that part of their luck is one: tests made again and again pass less
    often by luck than tests on fresh items would.
    """
    import numpy as np
    from scipy.special import ndtr

    items, own = (_normals(seed, each, worlds) for each in (f"items of {rows}", name))
    luck = np.asarray(ndtr(np.sqrt(SHARED) * items + np.sqrt(1 - SHARED) * own))
    luck.setflags(write=False)
    return luck


@lru_cache(maxsize=128)
def _normals(seed: int, name: str, worlds: int) -> "Draws":
    """Standard normals, shape (worlds,), not to be written to: tests of many sizes share them."""
    normals = Strata(seed, name).standard_normal(worlds)
    normals.setflags(write=False)
    return normals


def _test(errors: "Draws", rules: Rules, rows: int | None, luck: "Draws | None") -> "tuple[Draws, Flags, Flags]":
    """What a test of `rows` items shows, as a share of right items; whether its lower bound meets target and fallback.

    One uniform number per world and place is the luck of both: what is shown and what is passed are one test.
    """
    import numpy as np
    from scipy.special import ndtri

    aims = (rules.error_target, rules.error_target if rules.error_fallback is None else rules.error_fallback)
    if rows is None or luck is None:
        return errors, np.asarray(errors <= aims[0]), np.asarray(errors <= aims[1])
    right = np.clip(1 - errors, 0.0, 1.0)
    noise = np.sqrt(right * (1 - right) / rows)
    shown = np.clip(right - noise * ndtri(np.clip(luck, 1e-12, 1 - 1e-12)), 0.0, 1.0)
    passed = _meets(right, aims[0], rows, luck)
    return shown, passed, passed if aims[1] == aims[0] else passed | _meets(right, aims[1], rows, luck)


def _meets(right: "Draws", error_aim: float, rows: int, uniform: "Draws") -> "Flags":
    """Whether the lower bound of a test of `rows` items meets 1 - error_aim, at the luck of each world."""
    import numpy as np

    count = max(passing_count(1 - error_aim, rows), 1)
    if count > rows:
        return np.zeros(len(right), dtype=bool)
    scores, chances, slopes = _chances(count, rows)
    # As numpy.interp, whose search for each score would take most of the time of a board.
    at = (right * (FINE - 1)).astype(np.intp)
    at -= scores[at] > right
    at += scores[np.minimum(at + 1, FINE - 1)] <= right
    at = np.minimum(at, FINE - 1)
    return np.asarray(uniform < slopes[at] * (right - scores[at]) + chances[at])


@lru_cache(maxsize=64)
def _chances(count: int, rows: int) -> "tuple[Draws, Draws, Draws]":
    """True scores, the chance at each that at least `count` of `rows` items are right, and its rise to the next."""
    import numpy as np
    from scipy.special import betainc

    scores = np.linspace(0.0, 1.0, FINE)
    chances = np.asarray(betainc(count, rows - count + 1, scores))
    return scores, chances, np.append(np.diff(chances) / np.diff(scores), 0.0)
