"""The board of rounds: places, steps and their costs, tests with one luck for what is shown and what is passed."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from tunecase.plan.rounds.board import Actions, Board, Move, Purchase, RoundPrices, Rules, _chances, _meets, lay_out
from tunecase.plan.rounds.policy import best_policy
from tunecase.plan.rounds.walk import passing_count

WORLDS = 3_000
SIZES = (100, 200, 400)
PRICES = RoundPrices(labour=100.0, short_labour=30.0, run_per_row=0.1, runs=2.0, besides=0.5)
LABELS = Purchase("label", (50.0, 100.0), (100.0, 200.0))
TUNE = Move("tune", lambda errors: errors * 0.8, search_runs=4.0)
BIGGER = Move("bigger", lambda errors: errors * 0.9, run_factor=3.0, labour="short")
TEST = Move("test", price=40.0, test_rows=1_600, labour="none")


def paths(seed: int = 0) -> np.ndarray:
    """Errors that fall from .3 by a slope of each world's own."""
    slope = np.random.default_rng(seed).uniform(0.0, 0.9, WORLDS)
    return 0.3 * (np.array(SIZES) / 100.0) ** -slope[:, None]


def laid(
    moves: tuple[Move, ...] = (TUNE, BIGGER, TEST),
    errors: np.ndarray | None = None,
    *,
    labels: Purchase = LABELS,
    train: str | None = "train",
    prices: RoundPrices = PRICES,
    earlier: Board | None = None,
    **rules: Any,
) -> Board:
    """The board of a made-up project whose target is an error of .15."""
    given: dict[str, Any] = {"error_target": 0.15, "test_rows": 400, "worth": 2_000.0, **rules}
    return lay_out(
        paths() if errors is None else errors, SIZES, rules=Rules(**given), prices=prices,
        actions=Actions((labels,), moves, train), earlier=earlier,
    )  # fmt: skip


@cache
def usual() -> Board:
    """The board of the made-up project as it is."""
    return laid()


def test_a_round_is_billed_at_least_so_much_and_a_step_without_runs_is_not() -> None:
    """Two runs of 100 rows at .1 are 20 below the least of 50, half of it again fails; the walk holds the rest."""
    least = replace(PRICES, least=50.0)
    assert (30.0, 75.0) == pytest.approx((PRICES.training(100.0), least.training(100.0)))
    assert pytest.approx(least.training(500.0)) == PRICES.training(500.0)
    assert 0 == least.training(0.0)
    board, before = laid(prices=least), usual()
    assert cost(board, "train") - cost(before, "train") == pytest.approx(45.0)
    assert cost(board, "test", place(board, 0)) == cost(before, "test", place(before, 0))
    first = board.first("train")
    assert first is not None
    walk = board.first_walk(first)
    assert [45.0] * WORLDS == pytest.approx(walk.minimum.tolist())


def cost(board: Board, name: str, node: int = 0) -> float:
    """What a step costs in the first world."""
    step = next(step for step in board.nodes[node].steps if step.name == name)
    return float(np.asarray(step.cost)[0])


def place(board: Board, size: int, *made: str) -> int:
    """The node of a place beyond the start, which is at the first size too."""
    return board.places.index((size, frozenset(made)), 1)


def test_every_place_is_a_size_and_a_set_of_moves() -> None:
    """Three sizes with eight sets of moves, and the start; every step leads to a later node."""
    board = usual()
    assert 1 + 3 * 8 == len(board.nodes)
    assert all(step.to > index for index, node in enumerate(board.nodes) for step in node.steps)
    assert ("train", "label", "tune", "bigger", "test") == tuple(step.name for step in board.nodes[0].steps)


def test_steps_cost_what_a_reader_can_add_up() -> None:
    """Labour, runs of all rows with failures, a search, rows bought; a bigger model's runs cost a multiple."""
    board = usual()
    assert pytest.approx(30 + 0.1 * 1.5 * 2 * 100) == cost(board, "train")
    assert pytest.approx(100 + 50 + 0.1 * 1.5 * 2 * 200) == cost(board, "label")
    assert pytest.approx(100 + 0.1 * 1.5 * (2 * 100 + 4 * 100)) == cost(board, "tune")
    assert pytest.approx(30 + 0.1 * 1.5 * 2 * 300) == cost(board, "bigger")
    assert pytest.approx(40) == cost(board, "test")
    bigger = place(board, 0, "bigger")
    assert pytest.approx(100 + 50 + 0.1 * 1.5 * 2 * 200 * 3) == cost(board, "label", bigger)
    assert pytest.approx(100 + 0.1 * 1.5 * (2 * 100 + 4 * 100) * 3) == cost(board, "tune", bigger)
    wider = laid(moves=(BIGGER, Move("wider", run_factor=2.0, labour="round")))
    assert pytest.approx(100 + 0.1 * 1.5 * 2 * 100 * 3 * 2) == cost(wider, "wider", place(wider, 0, "bigger"))
    both = place(wider, 0, "bigger", "wider")
    assert pytest.approx(100 + 50 + 0.1 * 1.5 * 2 * 200 * 3 * 2) == cost(wider, "label", both)


def test_what_comes_before_is_paid_with_the_first_step_only() -> None:
    """Missing test rows are part of whichever step is first."""
    plain, missing = usual(), laid(before=7.0)
    assert pytest.approx(cost(plain, "label") + 7) == cost(missing, "label")
    assert cost(plain, "label", 1) == cost(missing, "label", 1)


def test_moves_last_and_their_effects_multiply() -> None:
    """Errors at a place are those of its size after all its moves, never below the floor."""
    board = laid(error_floor=0.1)
    both = place(board, 1, "tune", "bigger")
    assert pytest.approx(np.maximum(paths()[:, 1] * 0.72, 0.1)) == board.errors[both]


def test_what_is_shown_and_what_is_passed_are_one_test() -> None:
    """A world that passes shows at least the score that passes, up to the normal curve's error."""
    board = usual()
    bar = passing_count(0.85, 400) / 400
    node = place(board, 2)
    shown, passed = board.nodes[node].shown, board.passed[node]
    assert 0 < passed.sum() < WORLDS
    assert shown[passed].min() > bar - 0.006
    assert shown[~passed].max() < bar + 0.006


def test_a_fallback_is_worth_its_part_of_the_gain_where_a_test_shows_it() -> None:
    """All that is passed is settled too; ending there earns the credit of the true error, and walks count it apart."""
    credit = {"credit": lambda errors: np.clip((0.3 - errors) / 0.15, 0.0, 1.0)}
    plain, board = laid(**credit), laid(error_fallback=0.2, **credit)
    node = place(board, 1)
    settled, passed = board.settled[node], board.passed[node]
    assert (plain.passed == board.passed).all()
    assert (plain.settled == plain.passed).all()
    assert passed.sum() < settled.sum()
    assert settled[passed].all()
    worth = 2_000 * np.clip((0.3 - board.errors[node]) / 0.15, 0.0, 1.0)
    assert pytest.approx(worth * settled) == board.nodes[node].ends
    policy = best_policy(board.nodes)
    walk = board.walk(policy, 0)
    assert 0 < walk.settled.mean() < 1
    assert not (walk.settled & walk.reached).any()
    assert policy.value[0].mean() > best_policy(plain.nodes).value[0].mean()


def test_what_is_shipped_pays_on_average_over_the_worlds_that_look_alike() -> None:
    """Worlds that pass, and worlds that only meet the fallback, each ship together or not at all."""

    def credit(errors: np.ndarray) -> np.ndarray:
        return np.where(errors <= 0.16, 1.0, 0.1)

    board = laid(error_fallback=0.25, credit=credit)
    node = place(board, 2)
    passed, only_settled = board.passed[node], board.settled[node] & ~board.passed[node]
    gain = 2_000.0 * credit(board.errors[node])
    more, less = gain[passed].mean(), gain[only_settled].mean()
    assert more > less > 0
    assert (passed == board.nodes[node].done).all()
    for saving, passed_ship, settled_ship in (
        (-less / 2, True, True),
        (-(less + more) / 2, True, False),
        (-2 * more, False, False),
    ):
        board = laid(error_fallback=0.25, credit=credit, saving=saving)
        ships = (passed & passed_ship) | (only_settled & settled_ship)
        assert np.where(ships, gain + saving, 0.0).tolist() == board.nodes[node].ends.tolist()
        walk = board.walk(best_policy(board.nodes), 1)
        assert settled_ship or not walk.settled.any()
    assert (usual().nodes[0].ends == 0).all()
    assert (laid(shipped=70.0).nodes[0].ends == 70).all()


def test_a_test_has_the_luck_of_its_items() -> None:
    """What is shown has a binomial share's mean and deviation, and as many pass as the binomial law says."""
    from scipy.special import bdtrc

    board = laid(errors=np.full((WORLDS, 3), 0.14))
    for made, rows in (((), 400), (("test",), 1_600)):
        node = place(board, 1, *made)
        shown, bar = board.nodes[node].shown, passing_count(0.85, rows)
        assert pytest.approx(0.86, abs=0.001) == shown.mean()
        assert pytest.approx((0.86 * 0.14 / rows) ** 0.5, rel=0.05) == shown.std()
        assert pytest.approx(bdtrc(bar - 1, rows, 0.86), abs=0.02) == board.passed[node].mean()
    assert not laid(test_rows=10, error_target=0.01, moves=()).passed.any()
    # Ten of ten show a target of .80, nine of ten do not: all must be right.
    assert 10 == passing_count(0.8, 10)
    strict = laid(test_rows=10, error_target=0.2, moves=(), errors=np.full((WORLDS, 3), 0.05))
    assert pytest.approx(0.95**10, abs=0.03) == strict.passed[1].mean()


def test_a_larger_test_passes_more_of_the_good_and_fewer_of_the_bad() -> None:
    """With four times the items, worlds beyond the target pass more often and worlds short of it less."""
    at = np.full((WORLDS, 3), 0.13)
    at[::2] = 0.17
    board = laid(errors=at)
    small, large = (board.passed[place(board, 0, *made)] for made in ((), ("test",)))
    assert large[1::2].mean() > small[1::2].mean() + 0.1
    assert large[::2].mean() <= small[::2].mean()


@pytest.mark.parametrize(("right", "rows"), [(1, 2), (40, 50), (255, 270), (1_000, 1_000)])
def test_between_the_points_worked_out_a_chance_to_pass_is_read_off_straight(right: int, rows: int) -> None:
    """At a point, just beside one and between two: as numpy reads it, to the last digit."""
    errors = np.linspace(1, 0, 10_001).tolist()
    error, count = next((e, max(passing_count(1 - e, rows), 1)) for e in errors if passing_count(1 - e, rows) >= right)
    points, chances, _ = _chances(count, rows)
    scores = np.concatenate([points, np.nextafter(points, 2).clip(0, 1), np.nextafter(points, -1).clip(0, 1)])
    scores = np.append(scores, np.random.default_rng(rows).random(5_000))
    read = np.interp(scores, points, chances)
    for luck in (read, np.nextafter(read, -1)):
        assert (luck < read).tolist() == _meets(scores, error, rows, luck).tolist()


def test_tests_on_the_same_items_share_half_of_their_luck() -> None:
    """Equal models tested twice pass together more often than fresh items would let them; other items share none."""
    board = laid(errors=np.full((WORLDS, 3), 0.145))
    nodes = [place(board, 0), place(board, 1), place(board, 0, "test"), place(board, 1, "test")]
    first, again = (board.passed[node] for node in nodes[:2])
    assert (first & again).mean() > first.mean() * again.mean() + 0.02
    together = np.corrcoef([board.nodes[node].shown for node in nodes])
    expected = [[1, 0.5, 0, 0], [0.5, 1, 0, 0], [0, 0, 1, 0.5], [0, 0, 0.5, 1]]
    assert pytest.approx(np.array(expected), abs=0.06) == together


def test_without_noise_the_test_sees_the_truth() -> None:
    """A metric whose test noise is not known passes where the true error meets the target."""
    board = laid(test_rows=None, moves=(TUNE,), error_fallback=0.2)
    node = place(board, 2, "tune")
    assert (board.passed[node] == (board.errors[node] <= 0.15)).all()
    assert (board.settled[node] == (board.errors[node] <= 0.2)).all()
    assert (board.nodes[node].shown == board.errors[node]).all()
    level = laid(test_rows=None, moves=(), errors=np.full((WORLDS, 3), 0.15))
    assert level.passed[1:].all()
    assert laid(test_rows=None, moves=(), errors=np.full((WORLDS, 3), 0.2), error_fallback=0.2).settled[1:].all()


def test_a_walk_pays_for_exactly_what_it_did() -> None:
    """Rounds, rows trained, searches and rows bought at the board's prices add up to what the policy paid."""
    luck = np.random.default_rng(5).uniform(0.5, 1.5, WORLDS)
    varying = laid(labels=Purchase("label", (50.0 * luck, 100.0), (100.0 * luck, 200.0 * luck)), train=None)
    for board in (usual(), varying):
        policy = best_policy(board.nodes)
        for first in (None, *range(len(board.nodes[0].steps))):
            walk = board.walk(policy, first)
            last, paid = policy.walk(first)
            labour = 100 * (walk.rounds - walk.short_rounds) + 30 * walk.short_rounds
            runs = 0.1 * 1.5 * (2 * walk.rows_trained + walk.search_rows)
            assert pytest.approx(paid) == labour + runs + walk.data_paid
            size = np.array([board.places[node][0] for node in last])
            rows = np.array(SIZES)[size] - SIZES[0]
            assert pytest.approx(rows * (luck if board is varying else 1.0)) == walk.bought


def test_what_nobody_foresaw_is_paid_world_by_world_and_held_against_the_budget_at_p80() -> None:
    """Labour that is dearer in some worlds is dearer there alone; a budget of the step's P80 opens it everywhere."""
    grown = 1 + np.arange(WORLDS) / WORLDS
    prices = replace(PRICES, labour=100.0 * grown, short_labour=30.0 * grown)
    (step,) = [step for step in laid((BIGGER,), prices=prices).nodes[0].steps if step.name == "label"]
    assert pytest.approx(cost(usual(), "label") + 100 * (grown - 1)) == step.cost
    held = float(np.quantile(step.cost, 0.8))
    assert laid((), prices=prices, train=None, budget=held - 0.01).first("label") is None
    (paid,) = laid((), prices=prices, train=None, budget=held).nodes[0].steps
    assert paid.cost.tolist() == step.cost.tolist()


def budgeted(budget: float, **rules: Any) -> Board:
    """A board whose labels cost another price in each world, and in every tenth one cannot be had at all."""
    price = np.random.default_rng(7).uniform(0.2, 2.0, WORLDS)
    price[::10] = np.inf
    labels = Purchase("label", (100.0 * price, 200.0 * price), (100.0, 200.0))
    return laid((TUNE, TEST), labels=labels, budget=budget, **rules)


def prices_of(board: Board) -> dict[tuple[int, str], np.ndarray]:
    """What every step of a board costs in each world."""
    return {
        (number, step.name): np.broadcast_to(step.cost, (WORLDS,))
        for number, node in enumerate(board.nodes)
        for step in node.steps
    }


def test_a_step_is_open_just_where_the_budget_holds_the_dearest_way_to_it() -> None:
    """What the dearest open way to a place costs in a world, and the step's P80 over all worlds, are in the budget.

    A first step that is begun anyway needs no budget, and what it costs is gone for those that come after it.
    """
    free = budgeted(float("inf"))
    cheapest = min(float(price.min()) for price in prices_of(free).values())
    for budget in (cheapest, 250.0, 500.0, 900.0):
        for anyway in (False, True):
            held = prices_of(budgeted(budget, begin_anyway=anyway))
            spent = np.full((len(free.nodes), WORLDS), -np.inf)
            spent[0] = 0.0
            for number, node in enumerate(free.nodes):
                for step in node.steps:
                    price = np.broadcast_to(step.cost, (WORLDS,))
                    reached = np.isfinite(spent[number]) & np.isfinite(price)
                    before = np.where(reached, spent[number], 0.0)
                    most = np.quantile(price[reached], 0.8) if reached.any() else np.inf
                    can = reached & ((before + most <= budget) | (anyway and number == 0))
                    got = held.get((number, step.name), np.full(WORLDS, np.inf))
                    assert np.where(can, price, np.inf).tolist() == got.tolist()
                    spent[step.to] = np.maximum(spent[step.to], np.where(can, before + price, -np.inf))
    assert not laid(budget=10.0).nodes[0].steps


def test_no_step_takes_more_than_a_fifth_of_the_worlds_beyond_the_budget() -> None:
    """Whatever the first step, a walk that was within the budget leaves it in one world of five at most."""
    for budget in (0.0, 100.0, 300.0, 600.0, 900.0):
        board = budgeted(budget)
        policy = best_policy(board.nodes)
        for first in range(len(board.nodes[0].steps)):
            paid = np.zeros(WORLDS)
            for node, number, going in policy.moves(first):
                before = paid.copy()
                paid[going] += np.broadcast_to(board.nodes[node].steps[number].cost, (WORLDS,))[going]
                assert (before[going] <= budget).all()
                assert ((paid > budget) & (before <= budget)).mean() <= 0.2


def test_what_is_paid_without_doubt_never_passes_the_budget() -> None:
    """Prices that are one in all worlds: no walk pays more; only a first step begun anyway may pass it."""
    for budget in (0.0, 100.0, 300.0, 600.0):
        for anyway in (False, True):
            board = laid((TUNE, TEST), budget=budget, begin_anyway=anyway)
            policy = best_policy(board.nodes)
            for first, step in enumerate(board.nodes[0].steps):
                _, paid = policy.walk(first)
                most = np.maximum(budget, step.cost if anyway else budget)
                assert (paid <= most + 1e-9).all()


def test_an_easier_target_is_passed_wherever_a_harder_one_is() -> None:
    """World by world: boards of one seed share the luck of their tests; so is a better model's test passed."""
    hard, easy, better = laid(), laid(error_target=0.2), laid(errors=paths() - 0.02)
    assert not (hard.passed & ~easy.passed).any()
    assert not (hard.passed & ~better.passed).any()
    assert hard.passed.sum() < min(easy.passed.sum(), better.passed.sum())


def test_a_world_without_rounds_does_nothing() -> None:
    """Where the most rounds are nought nothing is begun, bought or reached; where they are one, one is walked."""
    most = np.arange(WORLDS) % 2
    board = laid(errors=np.full((WORLDS, 3), 0.01), most_rounds=most)
    walk = board.walk(best_policy(board.nodes))
    assert most.tolist() == walk.rounds.tolist() == walk.begun.tolist() == walk.reached.tolist()
    assert 0 == walk.bought[most == 0].max()


def test_tests_hold_while_money_changes() -> None:
    """A board laid from another one of the same places takes its errors and tests; other places are refused."""
    again = laid(errors=np.full((WORLDS, 3), 0.9), worth=1.0, seed=9, earlier=usual())
    assert (usual().errors[1:] == again.errors[1:]).all()
    assert (usual().passed == again.passed).all()
    assert (usual().settled == again.settled).all()
    assert all((node.shown == was.shown).all() for node, was in zip(again.nodes[1:], usual().nodes[1:], strict=True))
    assert (again.nodes[1].ends == again.passed[1]).all()
    with pytest.raises(ValueError, match="other places"):
        laid((TUNE,), earlier=usual())


def test_a_false_pass_is_a_pass_short_of_the_target() -> None:
    """Luck passes some worlds that lie short of the target; they are marked, and no others."""
    board = laid(worth=1e6)
    walk = board.walk(best_policy(board.nodes))
    assert 0 < walk.false_pass.sum() < walk.reached.sum()
    assert not (walk.false_pass & ~walk.reached).any()
    level = laid(test_rows=None, moves=(), errors=np.full((WORLDS, 3), 0.15), worth=1e6)
    walk = level.walk(best_policy(level.nodes))
    assert walk.reached.all()
    assert not walk.false_pass.any()


def test_redrawing_the_world_in_each_round_overstates_success() -> None:
    """Shuffling worlds between sizes makes failures independent, and hopeless problems solvable by patience."""
    mixed = paths()
    for column in range(3):
        mixed[:, column] = np.random.default_rng(column).permutation(mixed[:, column])
    kept, shuffled = (laid(moves=(), errors=errors, worth=1e6, error_target=0.2) for errors in (paths(), mixed))
    reached = [board.walk(best_policy(board.nodes)).reached for board in (kept, shuffled)]
    assert reached[1].mean() > reached[0].mean() + 0.03


def test_rounds_are_bounded() -> None:
    """No place lies further than the most rounds allowed."""
    board = laid(most_rounds=2)
    assert {(0, 0), (1, 0), (0, 1)} == {(size, len(made)) for size, made in board.places}
    assert 1 + 2 + 3 == len(board.places)
    walk = board.walk(best_policy(board.nodes))
    assert walk.rounds.max() <= 2


def test_the_start_may_be_trained_already() -> None:
    """Without a name for it, training on the rows at hand is no step."""
    assert laid(train=None).first("train") is None
    assert 0 == usual().first("train")


def test_same_seed_same_board_and_other_luck_for_another() -> None:
    """One seed gives one board; the luck of the tests hangs on it."""
    one, same, other = usual(), laid(), laid(seed=1)
    assert (one.passed == same.passed).all()
    assert (one.passed != other.passed).any()


def test_a_move_that_needs_a_trained_model_is_no_first_step() -> None:
    """Where `first` is False the move is offered from the first trained model on."""
    board = laid(moves=(replace(TUNE, first=False),))
    assert board.first("tune") is None
    assert "tune" in {step.name for step in board.nodes[1].steps}


def test_a_run_trains_on_the_rows_that_were_bought_and_not_on_what_they_teach() -> None:
    """100 rows at hand; 100 more are 200 of the cheaper source, of which the next 200 are 400."""
    half = Purchase("other", (20.0, 40.0), (200.0, 400.0))
    whole = Actions([LABELS, half])
    assert [100.0, 300.0, 700.0] == whole.rows((100, 200, 400))
    assert [100.0, 200.0, 400.0] == Actions([LABELS]).rows((100, 200, 400)) == Actions().rows((100, 200, 400))
    beyond = Purchase("other", (20.0, np.inf), (200.0, 0.0))
    assert [100.0, 300.0, 500.0] == Actions([LABELS, beyond]).rows((100, 200, 400))
