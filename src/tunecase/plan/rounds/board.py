"""The next step of a project: buy to any size, do something once, train, or end, whichever is worth most.

    data -> train -> test -> (ship | more data | other data | cleaning | tuning | a bigger model | a larger test | stop)

In every world a step costs something and leads to a model with a true error, of which a test shows a score. A model is
put to use from that score on from which all worlds that show as much bring the most together, or nowhere.

    worth(step) = max over a >= b of E[ brings, shown >= a ] + E[ worth of buying more, a > shown >= b ] - E[cost]
    brings      = V credit(true error) + saving - upkeep - release

After the test the question is asked again with all that was shown. That rows may be bought on is counted, so that a
small step is worth what it lets one find out, by rules that look at the last score alone; other steps are left out.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

from tunecase.plan.rounds.walk import Walk
from tunecase.quantities import Draws, Flags, Indices, Strata, np, points_of

SHARED = 0.5  # of a test's luck is that of its items, a judgement: two models rarely err on just the same ones
MOST_TURNS = 8  # of the search for the least worth
AHEAD = 3  # sizes up to which rows are bought on after a test
BARELY = 1.05  # times the worth from which on a step pays: there it is the best one
SURE_TO_PAY = 0.8  # what is left of a budget must pay for a step with this chance


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
        rows = self.runs * run_rows + search_rows
        if not np.any(self.least):
            return 0.0
        return np.where(rows > 0, np.maximum(self.least - self.run_per_row * rows, 0.0), 0.0) * (1 + self.besides)


@dataclass(frozen=True, slots=True, eq=False)
class Purchase:
    """Examples that can be bought up to any size: `costs` and `examples` to go from each size to the next.

    A size counts rows by what they teach; `examples` are the rows that are bought, paid for and trained on.
    """

    name: str
    costs: "tuple[Draws | float, ...]"
    examples: "tuple[Draws | float, ...]"

    def up_to(self, size: int) -> "tuple[Draws | float, Draws | float]":
        """(cost, examples) to go from the first size to another at once."""
        return sum(self.costs[:size], 0.0), sum(self.examples[:size], 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """Something that is done at most once and lasts.

    `change` turns the errors at all sizes, shape (worlds, sizes), into those that hold afterwards. `price` is paid
    once, `search_runs` training runs at the size at hand besides; `run_factor` is what a run costs from then on.
    `test_rows` are the items of every later test. People work on the data where it is `on_data`, and the rows at hand
    are trained on where it `trains`. `first` is False where the model to be tuned must have been trained before.
    """

    name: str
    change: "Callable[[Draws], Draws] | None" = None
    price: "Draws | float" = 0.0
    search_runs: float = 0.0
    run_factor: "Draws | float" = 1.0
    test_rows: int | None = None
    on_data: bool = True
    trains: bool = True
    first: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Paid:
    """What one step pays for, a round in which some things may be left out; see Walk for its fields."""

    rounds: float = 1.0
    short_rounds: float = 0.0
    rows_trained: "Draws | float" = 0.0
    search_rows: "Draws | float" = 0.0
    search_runs: float = 0.0
    bought: "Draws | float" = 0.0
    data_paid: "Draws | float" = 0.0
    minimum: "Draws | float" = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A first step: its name, the index of the size it trains on, its cost in each world, and what its test shows.

    `cost`, `errors` and `shown` have shape (worlds,); an infinite cost means that it cannot be taken in that world.
    `shown` is the share of right items, or the true error with its sign turned where a test has no known items; `order`
    are the worlds from the best shown on, `test_rows` the items. `once` is the part of the cost that a later purchase
    does not pay again; None of a step that none follows.
    """

    name: str
    size: int
    cost: "Draws"
    paid: Paid
    errors: "Draws"
    shown: "Draws"
    order: "Indices"
    test_rows: int | None
    once: "Draws | float | None" = None

    def after_test(self, brings: "Draws", further: "Mapping[int, Draws]") -> "tuple[Flags, Flags, int | None]":
        """(where a model is put to use, where the step of that key follows, its key), by what each world gets.

        Args:
            brings: of putting to use what was tested, shape (worlds,).
            further: of each step that may follow, less what it costs then, shape (worlds,).
        """
        seen, able = self.shown[self.order], np.isfinite(self.cost)

        def summed(got: "Draws") -> "Draws":
            sums = np.concatenate([[0.0], np.where(able, got, 0.0)[self.order].cumsum()])
            # Worlds that show the same score cannot be told apart.
            sums[1:-1][seen[1:] == seen[:-1]] = -np.inf
            return sums

        shipped = summed(brings)
        ships = most = int(shipped.argmax())
        best, then = shipped[ships], None
        for key, got in further.items():
            bought = summed(got)
            with np.errstate(invalid="ignore"):
                ahead = np.where(np.isfinite(bought), shipped - bought, -np.inf)
            whole = bought + np.maximum.accumulate(ahead)
            last = int(whole.argmax())
            if whole[last] > best:
                best, then, most, ships = whole[last], key, last, int(ahead[: last + 1].argmax())
        flags = np.zeros((2, len(seen)), dtype=bool)
        flags[0, self.order[:ships]] = True
        flags[1, self.order[ships:most]] = True
        return flags[0], flags[1], then

    def in_some(self, some: "Indices") -> "Step":
        """The same in some of the worlds; what it pays for is left out."""
        errors, shown = self.errors[some], self.shown[some]
        once = None if self.once is None else np.broadcast_to(self.once, self.shown.shape)[some]
        return replace(
            self, cost=self.cost[some], paid=Paid(), errors=errors, shown=shown, order=best_first(shown), once=once
        )  # fmt: skip


def best_first(shown: "Draws") -> "Indices":
    """The worlds from the best shown score on."""
    return np.argsort(-shown, kind="stable")


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """What putting a model to use brings, and what bounds a step.

    `worth` is V in each world or on average; `credit` turns true errors into the part of it that is had, below zero
    where a miss costs. A step is taken where what is left of `budget` pays for it and for a release at P80.
    """

    test_rows: int | None
    worth: "Draws | float"
    credit: "Callable[[Draws], Draws]"
    error_floor: float = 0.0
    seed: int = 0
    budget: float = float("inf")
    before: "Draws | float" = 0.0  # paid with the first step, whichever it is
    release: "Draws | float" = 0.0  # paid where a model is put to use; every step leaves room for it
    saving: float = 0.0  # what shipping brings besides, or costs where it is below zero
    upkeep: tuple[float, ...] = ()  # what keeping it up takes where it is shipped, for each size; none where empty

    def besides(self, size: int) -> float:
        """What shipping at a size brings besides V."""
        return self.saving - (self.upkeep[size] if self.upkeep else 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Actions:
    """What can be done: `purchases` lead to any larger size, `moves` are done once.

    `train` names the step that trains on the rows at hand; None where the pilot has done just that.
    """

    purchases: Sequence[Purchase] = ()
    moves: Sequence[Move] = ()
    train: str | None = None

    def rows(self, sizes: Sequence[int]) -> "list[Draws | float]":
        """The rows that a run at each size trains on, where each part came from the source that is cheapest there."""
        held: list[Draws | float] = [float(sizes[0])]
        for step, (size, larger) in enumerate(pairwise(sizes)):
            prices = {float(np.median(one.costs[step])): one.examples[step] for one in reversed(self.purchases)}
            least = min(prices, default=math.inf)
            held.append(held[-1] + (prices[least] if math.isfinite(least) else larger - size))
        return held


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """Every first step, and what follows its test; for each an array of shape (worlds,).

    `ships` is where a model is put to use after the test, `goes_on` where step `then` follows, and `got` what a
    world has from all of it before the step itself is paid.
    """

    steps: tuple[Step, ...]
    sizes: tuple[int, ...]
    rules: Rules
    ships: "tuple[Flags, ...]" = ()
    goes_on: "tuple[Flags, ...]" = ()
    then: tuple[int | None, ...] = ()
    got: "tuple[Draws, ...]" = ()

    def first(self, name: str) -> int | None:
        """The index of the best step of that name; None where it cannot be taken."""
        named = [at for at, step in enumerate(self.steps) if step.name == name]
        return max(named, key=lambda at: float(self.after(at).mean()), default=None)

    def after(self, at: int) -> "Draws":
        """What each world gets from a step, shape (worlds,); one that cannot take it gets nothing."""
        return np.where(np.isfinite(self.steps[at].cost), self.got[at] - self.steps[at].cost, 0.0)

    def chain(self, at: int) -> "Iterator[tuple[Step, Step | None, Flags, Flags]]":
        """A step and those that follow: (the step before, the one that follows, where it is taken, where it ships)."""
        before, step, taken = self.steps[at], None, np.isfinite(self.steps[at].cost)
        while True:
            yield before, step, taken, taken & self.ships[at]
            then = self.then[at]
            if then is None:
                return
            before, step, on = step or before, self.steps[then], self.goes_on[at]
            taken, at = taken & on & np.isfinite(step.cost), then

    def cost(self, at: int) -> "Draws":
        """What each world pays for a step and those that follow, shape (worlds,); 0 where it cannot be taken."""
        parts = (
            np.where(taken, before.cost if step is None else follows(before, step), 0.0)
            for before, step, taken, _ in self.chain(at)
        )
        return np.asarray(sum(parts))

    def shipped(self, at: int) -> "Flags":
        """Where a model is put to use after a step or those that follow, shape (worlds,)."""
        return np.asarray(np.logical_or.reduce([ships for *_, ships in self.chain(at)]))

    def errors(self, at: int) -> "Draws":
        """The true error of what each world is left with, shape (worlds,)."""
        left = self.steps[at].errors
        for _, step, taken, _ in self.chain(at):
            left = left if step is None else np.where(taken, step.errors, left)
        return left

    def in_some(self, some: "Indices") -> "Board":
        """The same in some of the worlds."""
        worth, release = (
            whole[some] if (whole := np.asarray(one)).ndim else one for one in (self.rules.worth, self.rules.release)
        )
        rules = replace(self.rules, worth=worth, release=release)
        return _valued(tuple(step.in_some(some) for step in self.steps), self.sizes, rules)

    def revalued(self, rules: Rules) -> "Board":
        """The same steps where what putting to use brings has changed: V, its credit, or what comes besides."""
        return _valued(self.steps, self.sizes, rules)

    def at_the_least_worth(self) -> "Board":
        """The same steps where the target is worth just so much that one of them pays, from a V beyond any price."""
        board, worths = self, [float(np.mean(self.rules.worth))]
        for _ in range(MOST_TURNS):
            pays: list[float] = []
            for at in range(len(board.steps)):
                part = float((board.shipped(at) * board.rules.credit(board.errors(at))).mean())
                takes = worths[-1] * part - float(board.after(at).mean())
                pays += [takes / part] if part > 0 and takes > 0 else []
            if not pays:
                break
            worths.append(BARELY * min(pays))
            board = board.revalued(replace(self.rules, worth=worths[-1]))
            if worths[-1] > worths[-2] / BARELY:
                break
        return board

    def walk(self, at: int, whole: bool = True) -> Walk:
        """What every world pays for in a step and those that follow, and where it puts a model to use.

        Without `whole` the step alone, which puts nothing to use yet.
        """
        paid: dict[str, Any] = dict.fromkeys(Paid.__dataclass_fields__, np.zeros(len(self.steps[at].cost)))
        for before, step, taken, _ in self.chain(at):
            for name in paid:
                more = getattr((step or before).paid, name)
                if step is not None and name in ("bought", "data_paid"):  # what the step before has bought is there
                    more = more - getattr(before.paid, name)
                paid[name] = paid[name] + np.where(taken, more, 0.0)
            if not whole:
                break
        return Walk(**paid, ships=self.shipped(at) & whole)


def lay_out(paths: "Draws", sizes: Sequence[int], *, rules: Rules, prices: RoundPrices, actions: Actions) -> Board:
    """Every first step of a project that can be paid.

    Args:
        paths: true error of each world at each size, shape (worlds, sizes), drawn once per world.
        sizes: rows in all that can be trained on, rising; the first are those at hand.
        rules, prices, actions: see there.
    """
    laying = _Laying(paths, tuple(sizes), rules, prices, actions)
    return _valued(tuple(laying.steps()), tuple(sizes), rules)


def follows(step: Step, then: Step) -> "Draws":
    """What a purchase costs after an earlier step, which has bought some of it, shape (worlds,); infinite without."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(then.cost), then.cost - (0.0 if step.once is None else step.once), np.inf)


def _may_follow(then: Step, step: Step) -> bool:
    """Whether rows are bought on after a step: to one of the next sizes, from the same source or from none so far."""
    bought = step.size == 0 or step.name == then.name
    return step.once is not None and then.once is not None and bought and 0 < then.size - step.size <= AHEAD


def _pays(cost: "Draws", rules: Rules) -> bool:
    """Whether a cost can be had in most worlds, and what is left pays for it and a release at P80."""
    finite = np.isfinite(cost)
    if finite.mean() <= 0.5:
        return False
    if math.isinf(rules.budget):
        return True
    return bool(points_of((cost + rules.release)[finite], (SURE_TO_PAY,))[0] <= rules.budget)


def _valued(steps: tuple[Step, ...], sizes: tuple[int, ...], rules: Rules) -> Board:
    brings = [rules.worth * rules.credit(step.errors) + rules.besides(step.size) for step in steps]
    ends: dict[int, tuple[Flags, Flags, int | None, Draws]] = {}
    rest = [np.zeros(0)] * len(steps)  # what all that follows costs where it is taken
    for at in sorted(range(len(steps)), key=lambda at: -steps[at].size):
        step = steps[at]
        paid = {then: follows(step, other) for then, other in enumerate(steps) if _may_follow(other, step)}
        nets = {
            then: np.where(np.isfinite(cost), ends[then][3] - cost, 0.0)
            for then, cost in paid.items()
            if _pays(step.cost + cost + rest[then], rules)
        }
        ships, goes_on, then = step.after_test(brings[at], nets)
        got = ships * brings[at] + (0.0 if then is None else goes_on * nets[then])
        ends[at] = ships, goes_on, then, got
        rest[at] = np.zeros_like(step.cost) if then is None else paid[then] + rest[then]
    return Board(steps, sizes, rules, *zip(*(ends[at] for at in range(len(steps))), strict=True))


class _Laying:
    """Prices every first step and draws what its test shows."""

    def __init__(
        self, paths: "Draws", sizes: tuple[int, ...], rules: Rules, prices: RoundPrices, actions: Actions
    ) -> None:
        self.paths, self.sizes, self.rules, self.prices, self.actions = paths, sizes, rules, prices, actions

    def steps(self) -> Iterator[Step]:
        """Every first step that some world can pay."""
        rows = float(self.sizes[0])
        if self.actions.train is not None:
            yield from self._step(self.actions.train, 0, Paid(short_rounds=1.0, rows_trained=rows), 0.0)
        for purchase in self.actions.purchases:
            for size in range(1, len(self.sizes)):
                cost, bought = purchase.up_to(size)
                paid = Paid(rows_trained=rows + bought, bought=bought, data_paid=cost)
                yield from self._step(purchase.name, size, paid, cost)
        for move in self.actions.moves:
            if not move.first:
                continue
            trained = rows * move.run_factor * move.trains
            paid = Paid(
                1.0, 1.0 - move.on_data, trained, move.search_runs * rows, move.search_runs, data_paid=move.price
            )  # fmt: skip
            yield from self._step(move.name, 0, paid, move.price, move)

    def _step(
        self, name: str, size: int, paid: Paid, price: "Draws | float", move: Move | None = None
    ) -> Iterator[Step]:
        people = self.prices.people(paid.rounds, paid.short_rounds, paid.search_runs)
        paid = replace(paid, minimum=self.prices.minimum(paid.rows_trained, paid.search_rows))
        training = self.prices.by_the_row(paid.rows_trained, paid.search_rows) + paid.minimum
        whole = self.prices.whole(self.rules.before + price + people + training)
        cost = np.broadcast_to(np.asarray(whole, dtype=float), (len(self.paths),))
        if not _pays(cost, self.rules):
            return
        once = None if move is not None else self.prices.whole(self.rules.before + price)
        changed = self.paths if move is None or move.change is None else move.change(self.paths)
        errors = np.maximum(changed[:, size], self.rules.error_floor)
        items = self.rules.test_rows if move is None or not move.test_rows else move.test_rows
        shown = self._shown(errors, items, f"test of {size} {name if move is not None else ''}".strip())
        yield Step(name, size, cost, paid, errors, shown, best_first(shown), items, once)

    def _shown(self, errors: "Draws", items: int | None, name: str) -> "Draws":
        """What a test shows: the share of right items by the luck of each world, or the error of one without items.

        Source: the normal limit of the binomial, with the same luck at all sizes that are the same items.
        """
        if items is None:
            return -errors
        right = np.clip(1 - errors, 0.0, 1.0)
        luck = _luck(self.rules.seed, items, name, len(errors))
        return np.clip(right + np.sqrt(right * (1 - right) / items) * luck, 0.0, 1.0)


@lru_cache(maxsize=256)
def _luck(seed: int, rows: int, name: str, worlds: int) -> "Draws":
    """The luck of one test, standard normal, shape (worlds,), not to be written to: the boards of a case share it.

        luck = sqrt(r) z_items + sqrt(1 - r) z_place,   r = SHARED

    All tests of one size are the same items, so that part of their luck is one.
    """
    items, own = (Strata(seed, each).standard_normal(worlds) for each in (f"items of {rows}", name))
    luck = np.asarray(math.sqrt(SHARED) * items + math.sqrt(1 - SHARED) * own)
    luck.setflags(write=False)
    return luck
