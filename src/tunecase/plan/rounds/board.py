"""The rounds of a fine-tune as a board: where a project can stand after each test, and every step between.

    data -> train -> test -> (more data | other data | cleaning | tuning | a bigger model | a larger test | stop)

A place on the board is a number of training rows and the set of moves made so far. The bill's Monte Carlo and the
decision walk the same board, under the same policy: in each world, drawn once and kept through all its rounds, a test
shows something, the policy answers, and what is done next is paid.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tunecase.plan.rounds.policy import Node, Policy, Step
from tunecase.plan.rounds.walk import Walk, passing_count
from tunecase.quantities import generator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tunecase.quantities import Draws

    Flags = NDArray[np.bool_]

SHARED = 0.5  # of a test's luck is that of its items, a judgement: two models rarely err on just the same ones
FINE = 4_001  # points at which the chance to pass a test is worked out; between them it is read off


@dataclass(frozen=True, slots=True, eq=False)
class RoundPrices:
    """What a round is made of, in the base currency; numbers or arrays of shape (worlds,).

    `labour` is the people's part of a whole round, `short_labour` that of a round without work on the data,
    `run_per_row` one training run divided by its rows, `runs` the runs of a round that succeed and `besides` the share
    paid on top of them: runs that fail, GPUs that stand idle. `unforeseen` is what people's part is expected to take
    beyond what is foreseen, as a share: it counts in what a step is worth, not in what the budget must hold.
    """

    labour: "Draws | float"
    short_labour: "Draws | float"
    run_per_row: "Draws | float" = 0.0
    runs: "Draws | float" = 1.0
    besides: "Draws | float" = 0.0
    unforeseen: float = 0.0

    def training(self, run_rows: "Draws | float", search_rows: "Draws | float" = 0.0) -> "Draws | float":
        """`run_rows` rows trained on once by every run of a round, and `search_rows` by one run more."""
        return self.run_per_row * (1 + self.besides) * (self.runs * run_rows + search_rows)


@dataclass(frozen=True, slots=True, eq=False)
class Purchase:
    """Examples that can be bought again and again: `costs` and `examples` to go from each size to the next."""

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
    """What one step pays for, in quantities; money of `data` in the base currency."""

    rounds: float = 1.0
    short_rounds: float = 0.0
    run_rows: "Draws | float" = 0.0
    search_rows: "Draws | float" = 0.0
    bought: "Draws | float" = 0.0
    data: "Draws | float" = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """Every place with its steps. `errors`, `passed` and `settled` have shape (nodes, worlds); node 0 is the present.

    `first_costs` are what the first steps cost in every world, in those too that cannot pay. `settled` is where the
    test meets the fallback, whether shipping pays or not; it holds all that is passed.

    `places` holds (index of the size, moves made) of each node, `paid` what each step of each node pays for.
    """

    nodes: tuple[Node, ...]
    places: tuple[tuple[int, frozenset[str]], ...]
    paid: tuple[tuple[Paid, ...], ...]
    errors: "Draws"
    passed: "Flags"
    sizes: tuple[int, ...]
    error_target: float
    settled: "Flags"
    first_costs: "tuple[Draws | float, ...]" = ()

    def first(self, name: str) -> int | None:
        """The index of the first step of that name; None where it cannot be taken."""
        return next((i for i, step in enumerate(self.nodes[0].steps) if step.name == name), None)

    def walk(self, policy: Policy, first: int | None = None) -> Walk:
        """The Walk of every world under a policy, from the first step given or the policy's own."""
        import numpy as np

        count = self.errors.shape[1]
        sums = {name: np.zeros(count) for name in ("rounds", "short_rounds", "run_rows", "search_rows")}
        sums |= {name: np.zeros(count) for name in ("bought", "data")}
        for node, number, going in policy.moves(first):
            step = self.paid[node][number]
            for name, total in sums.items():
                amount = getattr(step, name)
                total[going] += amount if np.ndim(amount) == 0 else amount[going]
        last, _ = policy.walk(first)
        worlds = np.arange(count)
        shipped = np.array([node.ends for node in self.nodes])[last, worlds] != 0
        reached = self.passed[last, worlds]
        return Walk(
            rounds=sums["rounds"], bought=sums["bought"], rows_trained=sums["run_rows"], reached=reached,
            false_pass=reached & (self.errors[last, worlds] > self.error_target), short_rounds=sums["short_rounds"],
            search_rows=sums["search_rows"], data_paid=sums["data"],
            settled=self.settled[last, worlds] & ~reached & shipped,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """When a test is passed, what passing is worth, and what bounds the walk.

    `worth` is V in each world or on average; `credit` turns true errors into the part of it that is truly had.
    `budget` is what all steps together may cost in a world, the first excepted where `begin_anyway`.
    """

    error_target: float
    test_rows: int | None
    worth: "Draws | float"
    credit: "Callable[[Draws], Draws] | None" = None
    error_floor: float = 0.0
    seed: int = 0
    budget: "Draws | float" = float("inf")
    begin_anyway: bool = False
    most_rounds: int = 12
    shipped: float = 0.0  # what ending at once is worth
    before: "Draws | float" = 0.0  # paid with the first step, whichever it is
    error_fallback: float | None = None  # what would be shipped all the same
    saving: float = 0.0  # what shipping brings besides, or costs where it is below zero


@dataclass(slots=True)
class _Laying:
    """A board while it is laid out."""

    rules: Rules
    prices: RoundPrices
    sizes: tuple[int, ...]
    places: list[tuple[int, frozenset[str]]]
    spent: "list[Draws]"
    steps: list[list[Step]] = field(default_factory=list)
    paid: list[list[Paid]] = field(default_factory=list)


def lay_out(
    paths: "Draws",
    sizes: Sequence[int],
    *,
    rules: Rules,
    prices: RoundPrices,
    purchases: Sequence[Purchase] = (),
    moves: Sequence[Move] = (),
    train: str | None = None,
    known: "Board | None" = None,
) -> Board:
    """The board of a project: places by training rows and moves made, with what every step costs.

    Args:
        paths: true error of each world at each size, shape (worlds, sizes), drawn once per world.
        sizes: rows in all that can be trained on, rising; the first are those at hand.
        rules, prices: see there.
        purchases: ways to go from each size to the next.
        moves: what can be done once; their changes are applied in this order.
        train: the name of the step that trains on the rows at hand; None where the pilot has done just that.
        known: a board of the same worlds, sizes, moves and target, whose tests hold; only money has changed.
    Returns: the Board.
    Leaves out the order of moves (tuning after buying equals buying after tuning) and the set-up of a source that is
    first used after another one.
    """
    import numpy as np

    by_name = {move.name: move for move in moves}
    grid = [(size, made) for made in _sets(list(by_name)) for size in range(len(sizes))]
    grid = [place for place in grid if place[0] + len(place[1]) < rules.most_rounds]
    grid.sort(key=lambda place: (place[0] + len(place[1]), place[0], sorted(place[1])))
    count, index = len(paths), {place: number + 1 for number, place in enumerate(grid)}
    changed = {} if known is not None else _changed(paths, moves, rules.error_floor)
    errors = np.empty((len(grid) + 1, count))
    passed, settled = (np.zeros((len(grid) + 1, count), dtype=bool) for _ in range(2))
    errors[0] = paths[:, 0]
    zero = np.zeros(count)
    laid = _Laying(rules, prices, tuple(sizes), [(0, frozenset()), *grid], [zero] + [zero] * len(grid))
    never = np.full(count, -np.inf)
    laid.spent[1:] = [never] * len(grid)
    nodes: list[Node] = []
    first_costs: list[Draws | float] = []
    if known is not None and known.places != tuple(laid.places):
        raise ValueError("the known board has other places")
    for number, (size, made) in enumerate(laid.places):
        start = number == 0
        steps: list[Step] = []
        paid: list[Paid] = []
        for name, to, cost, what in _outward(laid, index, by_name, purchases, size, made, start, train):
            step = _priced(laid, number, to, cost, unforeseen := prices.unforeseen * _labour(prices, what))
            if step is not None:
                steps.append(Step(name, to, step))
                first_costs += [cost + unforeseen] if start else []
                paid.append(what)
        laid.steps.append(steps)
        laid.paid.append(paid)
        if start:
            nodes.append(Node(np.full(count, rules.shipped), tuple(steps)))
            continue
        if known is not None:
            errors[number], shown = known.errors[number], known.nodes[number].shown
            passed[number], settled[number] = known.passed[number], known.settled[number]
        else:
            errors[number] = changed[made][:, size]
            rows = min((by_name[m].test_rows or 0 for m in made if by_name[m].test_rows), default=0) or rules.test_rows
            name = f"test of {size} {' '.join(sorted(made))}".strip()
            shown, passed[number], settled[number] = _test(errors[number], rules, rows, name)
        credit = 1.0 if rules.credit is None else rules.credit(errors[number])
        brings = rules.worth * credit + rules.saving + zero
        nodes.append(Node(_ends(brings, passed[number], settled[number]), tuple(steps), shown, passed[number]))
    return Board(
        tuple(nodes), tuple(laid.places), tuple(map(tuple, laid.paid)), errors, passed, tuple(sizes),
        rules.error_target, settled, tuple(first_costs),
    )  # fmt: skip


def _ends(brings: "Draws", passed: "Flags", settled: "Flags") -> "Draws":
    """What ending at a place is worth: what shipping brings where a test allows it and it pays on average, else 0.

    A test tells no more than whether the target, or only the fallback, was met: worlds alike in that ship together.
    """
    import numpy as np

    ends = np.zeros_like(brings)
    for alike in (passed, settled & ~passed):
        if alike.any() and brings[alike].mean() > 0:
            ends[alike] = brings[alike]
    return ends


def _sets(names: list[str]) -> list[frozenset[str]]:
    sets = [frozenset[str]()]
    for name in names:
        sets += [made | {name} for made in sets]
    return sets


def _changed(paths: "Draws", moves: Sequence[Move], floor: float) -> "dict[frozenset[str], Draws]":
    """Errors at all sizes after each set of moves, none below the floor."""
    import numpy as np

    known: dict[frozenset[str], Draws] = {frozenset(): paths}
    for move in moves:
        for made, before in list(known.items()):
            known[made | {move.name}] = before if move.change is None else move.change(before)
    return {made: np.maximum(errors, floor) for made, errors in known.items()}


def _outward(
    laid: _Laying,
    index: dict[tuple[int, frozenset[str]], int],
    moves: dict[str, Move],
    purchases: Sequence[Purchase],
    size: int,
    made: frozenset[str],
    start: bool,
    train: str | None,
) -> "list[tuple[str, int, Draws | float, Paid]]":
    """(name, node, cost, what is paid for) of every step out of a place."""
    prices, rules = laid.prices, laid.rules
    before = rules.before if start else 0.0
    factor: Draws | float = 1.0
    for name in made:
        factor = factor * moves[name].run_factor
    found: list[tuple[str, int, Draws | float, Paid]] = []

    def add(name: str, place: tuple[int, frozenset[str]], cost: "Draws | float", what: Paid) -> None:
        if place in index:
            training = prices.training(what.run_rows, what.search_rows)
            found.append((name, index[place], before + cost + _labour(prices, what) + training, what))

    if start and train is not None:
        add(train, (size, made), 0.0, Paid(short_rounds=1.0, run_rows=laid.sizes[size] * factor))
    for purchase in purchases:
        if size + 1 < len(laid.sizes):
            cost, examples = purchase.costs[size], purchase.examples[size]
            rows = laid.sizes[size + 1] * factor
            add(purchase.name, (size + 1, made), cost, Paid(run_rows=rows, bought=examples, data=cost))
    for name, move in moves.items():
        if name in made or (start and not move.first):
            continue
        rounds, short = (0.0, 0.0) if move.labour == "none" else (1.0, float(move.labour == "short"))
        rows = laid.sizes[size] * factor * move.run_factor * rounds
        search = move.search_runs * laid.sizes[size] * factor
        add(name, (size, made | {name}), move.price, Paid(rounds, short, rows, search, 0.0, move.price))
    return found


def _labour(prices: RoundPrices, what: Paid) -> "Draws | float":
    """People's part of a step, as foreseen."""
    return prices.short_labour * what.short_rounds + prices.labour * (what.rounds - what.short_rounds)


def _priced(laid: _Laying, number: int, to: int, cost: "Draws | float", unforeseen: "Draws | float") -> "Draws | None":
    """The cost in each world, infinite where the budget does not hold what is foreseen; None where no world can pay.

    What was spent on the way to a place is the most that any way there costs, so that the budget holds on all of them.
    """
    import numpy as np

    rules, spent = laid.rules, laid.spent[number]
    if number == 0 and rules.begin_anyway:
        able = np.isfinite(np.broadcast_to(cost, spent.shape))
    else:
        able = np.isfinite(np.broadcast_to(cost, spent.shape)) & np.isfinite(spent)
        able &= np.where(able, spent, 0.0) + np.where(able, cost, 0.0) <= rules.budget
    if not able.any():
        return None
    amount = np.where(able, cost + unforeseen, np.inf)
    laid.spent[to] = np.maximum(laid.spent[to], np.where(able, spent + np.where(able, cost, 0.0), -np.inf))
    return np.asarray(amount)


def _test(errors: "Draws", rules: Rules, rows: int | None, name: str) -> "tuple[Draws, Flags, Flags]":
    """What a test of `rows` items shows, as a share of right items; whether its lower bound meets target and fallback.

        luck = Phi(sqrt(r) z_items + sqrt(1 - r) z_place),   r = SHARED

    One uniform number per world and place is the luck of both: what is shown and what is passed are one test. All tests
    of one size are the same items, so that part of their luck is one: tests made again and again pass less often by
    luck than tests on fresh items would.
    """
    import numpy as np
    from scipy.special import ndtr, ndtri

    aims = (rules.error_target, rules.error_target if rules.error_fallback is None else rules.error_fallback)
    if rows is None:
        return errors, np.asarray(errors <= aims[0]), np.asarray(errors <= aims[1])
    items = generator(rules.seed, f"items of {rows}").standard_normal(len(errors))
    own = generator(rules.seed, name).standard_normal(len(errors))
    uniform = ndtr(np.sqrt(SHARED) * items + np.sqrt(1 - SHARED) * own)
    right = np.clip(1 - errors, 0.0, 1.0)
    noise = np.sqrt(right * (1 - right) / rows)
    shown = np.clip(right - noise * ndtri(np.clip(uniform, 1e-12, 1 - 1e-12)), 0.0, 1.0)
    passed = _meets(right, aims[0], rows, uniform)
    return shown, passed, passed if aims[1] == aims[0] else passed | _meets(right, aims[1], rows, uniform)


def _meets(right: "Draws", error_aim: float, rows: int, uniform: "Draws") -> "Flags":
    """Whether the lower bound of a test of `rows` items meets 1 - error_aim, at the luck of each world."""
    import numpy as np
    from scipy.special import betainc

    count = max(passing_count(1 - error_aim, rows), 1)
    if count > rows:
        return np.zeros(len(right), dtype=bool)
    at = np.linspace(0.0, 1.0, FINE)
    # P(at least `count` right) is an incomplete beta function of the true score.
    return np.asarray(uniform < np.interp(right, at, betainc(count, rows - count + 1, at)))
