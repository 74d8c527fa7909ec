"""The board of first steps: what each costs and shows, and what follows its test from which shown score on."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase.plan.rounds import Board, RoundPrices, Step
from tunecase.plan.rounds.board import AHEAD, BARELY, Actions, Move, Paid, Purchase, Rules, best_first, follows, lay_out

WORLDS = 1_280
SIZES = (100, 200, 400)
PRICES = RoundPrices(labour=100.0, short_labour=30.0, run_per_row=0.1, runs=2.0, besides=0.5)
LABELS = Purchase("label", (50.0, 100.0), (100.0, 200.0))
TUNE = Move("tune", lambda errors: errors * 0.8, search_runs=4.0)
BIGGER = Move("bigger", lambda errors: errors * 0.9, run_factor=3.0, on_data=False)
TEST = Move("test", price=40.0, test_rows=1_600, on_data=False, trains=False)
FULL = (TUNE, BIGGER, TEST)


def paths(worlds: int = WORLDS, seed: int = 0) -> np.ndarray:
    """Errors that fall from .3 by a slope of each world's own."""
    slope = np.random.default_rng(seed).uniform(0.0, 0.9, worlds)
    return 0.3 * (np.array(SIZES) / 100.0) ** -slope[:, None]


def one_or_less(miss: float, target: float = 0.2) -> Any:
    """The credit of a target: 1 where it is met, and `miss` lost where it is not."""
    return lambda errors: np.where(errors <= target, 1.0, -miss)


def laid(
    moves: tuple[Move, ...] = (),
    errors: np.ndarray | None = None,
    *,
    labels: Purchase | None = LABELS,
    train: str | None = "train",
    prices: RoundPrices = PRICES,
    **rules: Any,
) -> Board:
    """The board of a made-up project whose target is an error of .2."""
    given: dict[str, Any] = {"test_rows": 400, "worth": 2_000.0, "credit": one_or_less(1.0), **rules}
    actions = Actions(() if labels is None else (labels,), moves, train)
    errors = paths() if errors is None else errors
    return lay_out(errors, SIZES, rules=Rules(**given), prices=prices, actions=actions)


@cache
def usual() -> Board:
    """The made-up project with all its moves."""
    return laid(FULL)


def of(board: Board, name: str, size: int = 0) -> Step:
    """The step of that name to a size."""
    return next(step for step in board.steps if (step.name, step.size) == (name, size))


def cost(board: Board, name: str, size: int = 0) -> float:
    """What a step costs in the first world."""
    return float(of(board, name, size).cost[0])


def shown_as(shown: np.ndarray, price: "np.ndarray | float" = 0.0) -> Step:
    """A step whose test shows this, free unless priced."""
    return Step("look", 0, np.zeros(len(shown)) + price, Paid(), shown, shown, best_first(shown), None)


def ships_of(step: Step, brings: np.ndarray) -> np.ndarray:
    """Where a model is put to use after a test that nothing but that may follow."""
    return step.after_test(brings, {})[0]


def brought(board: Board, step: Step) -> np.ndarray:
    """What putting the step's model to use brings in each world."""
    return board.rules.worth * board.rules.credit(step.errors) + board.rules.besides(step.size)


def most(shown: np.ndarray, brings: np.ndarray, *further: np.ndarray) -> float:
    """What all worlds have together at the best two scores: from one on put to use, below it to the other go on."""
    scores = [np.inf, *np.unique(shown)[::-1]]
    ships, *on = ([got[shown >= score].sum() for score in scores] for got in (brings, *further))
    pairs = [(high, low) for low in range(len(scores)) for high in range(low + 1)]
    return max([*ships, *(ships[high] + got[low] - got[high] for got in on for high, low in pairs)])


def test_every_first_step_is_a_training_a_size_bought_or_a_move() -> None:
    """Training where the pilot has not done it, both larger sizes, and the moves that need no model before them."""
    names = [(step.name, step.size) for step in usual().steps]
    assert [("train", 0), ("label", 1), ("label", 2), ("tune", 0), ("bigger", 0), ("test", 0)] == names
    later = laid((replace(TUNE, first=False), TEST), train=None)
    assert [("label", 1), ("label", 2), ("test", 0)] == [(step.name, step.size) for step in later.steps]
    assert later.first("tune") is later.first("train") is None
    assert () == laid(labels=None, train=None).steps


def test_steps_cost_what_a_reader_can_add_up() -> None:
    """Labour of one round, all parts that are bought, runs of all rows with failures, a search, a bigger one, none."""
    board = usual()
    assert pytest.approx(30 + 0.1 * 1.5 * 2 * 100) == cost(board, "train")
    assert pytest.approx(100 + 50 + 0.1 * 1.5 * 2 * 200) == cost(board, "label", 1)
    assert pytest.approx(100 + (50 + 100) + 0.1 * 1.5 * 2 * 400) == cost(board, "label", 2)
    assert pytest.approx(100 + 0.1 * 1.5 * (2 * 100 + 4 * 100)) == cost(board, "tune")
    assert pytest.approx(30 + 0.1 * 1.5 * 2 * 100 * 3) == cost(board, "bigger")
    assert pytest.approx(40 + 30) == cost(board, "test")


@pytest.mark.parametrize(("on_data", "people"), [(True, 100 + 7 + 5 + 2 * 3), (False, 30 + 4 + 5 + 2 * 3)])
def test_a_move_pays_for_a_round_or_a_short_one(on_data: bool, people: float) -> None:
    """People, what runs by the month and what any round costs; a search is watched, and tax is on top of all."""
    prices = RoundPrices(100.0, 30.0, each_round=5.0, running=7.0, short_running=4.0, on_top=0.2, search_labour=3.0)
    board = laid((Move("move", price=40.0, search_runs=2.0, on_data=on_data),), prices=prices, before=9.0)
    assert pytest.approx(1.2 * (9 + 40 + people)) == cost(board, "move")
    walk = board.walk(2 + 1)
    assert (1, not on_data) == (walk.rounds[0], walk.short_rounds[0])


def test_a_round_is_billed_at_least_so_much_and_a_step_without_runs_is_not() -> None:
    """Two runs of 100 rows at .1 are 20 below the least of 50, half of it again fails; the walk holds the rest."""
    least = replace(PRICES, least=50.0)
    assert (30.0, 75.0) == pytest.approx((PRICES.training(100.0), least.training(100.0)))
    assert pytest.approx(least.training(500.0)) == PRICES.training(500.0)
    assert 0 == least.training(0.0)
    board, before = laid(FULL, prices=least), usual()
    assert cost(board, "train") - cost(before, "train") == pytest.approx(45.0)
    assert cost(board, "test") == cost(before, "test")
    assert [45.0] * WORLDS == pytest.approx(board.walk(0).minimum.tolist())


def test_a_walk_pays_for_exactly_what_its_steps_did() -> None:
    """Rounds, rows trained, searches and rows bought, each at its price, add up to what its world pays."""
    luck = np.random.default_rng(5).uniform(0.5, 1.5, WORLDS)
    varying = Purchase("label", (50.0 * luck, 100.0), (100.0 * luck, 200.0 * luck))
    for board in (usual(), laid(FULL, labels=varying, train=None)):
        for at, step in enumerate(board.steps):
            for walk, paid in ((board.walk(at), board.cost(at)), (board.walk(at, whole=False), step.cost)):
                labour = 100 * (walk.rounds - walk.short_rounds) + 30 * walk.short_rounds
                runs = 0.1 * 1.5 * (2 * walk.rows_trained + walk.search_rows)
                assert pytest.approx(paid) == labour + runs + walk.data_paid
            assert (board.walk(at).ships == board.shipped(at)).all()
            assert not walk.ships.any()


def test_what_a_step_comes_to_is_what_is_left_of_all_that_follows() -> None:
    """World by world the gain of the last model, where it is put to use, less all that was paid on the way."""
    board = laid(FULL, saving=-70.0)
    assert any(goes_on.any() for goes_on in board.goes_on)
    for at in range(len(board.steps)):
        gain = 2_000 * board.rules.credit(board.errors(at)) - 70
        assert pytest.approx(board.shipped(at) * gain - board.cost(at)) == board.after(at)


def test_rows_are_bought_on_from_the_same_source_for_what_they_cost_more() -> None:
    """After a training or a purchase, where the budget holds both: a round, its runs, and the rows that it adds."""
    board = usual()
    worths = [laid(FULL, worth=worth).then for worth in (300.0, 600.0, 1_000.0, 2_000.0, 20_000.0)]
    assert [{1, 2}, {2}] == [{then[at] for then in worths} - {None} for at in (0, 1)]
    assert {None} == {then[at] for then in worths for at in range(2, len(board.steps))}
    once, twice = of(board, "label", 1), of(board, "label", 2)
    assert pytest.approx(100 + 100 + 0.1 * 1.5 * 2 * 400) == follows(once, twice)[0]
    assert pytest.approx(100 + (50 + 100) + 0.1 * 1.5 * 2 * 400) == follows(of(board, "train"), twice)[0]
    held = float(once.cost[0] + follows(once, twice)[0])
    assert [None, 1] == [laid(train=None, budget=held + more).then[0] for more in (-1.0, 1.0)]


def test_one_source_is_bought_on_from_up_to_a_few_sizes() -> None:
    """Of two sources each to its own next sizes, AHEAD of them at most."""
    sizes = tuple(100 * 2**at for at in range(AHEAD + 3))
    sources = [Purchase(name, (50.0,) * (AHEAD + 2), (100.0,) * (AHEAD + 2)) for name in ("label", "other")]
    met = np.where(np.arange(len(sizes)) == len(sizes) - 1, 0.1, 0.3) * np.ones((10, 1))
    board = lay_out(met, sizes, rules=usual().rules, prices=PRICES, actions=Actions(sources))
    followed = [
        (step, board.steps[then]) for step, then in zip(board.steps, board.then, strict=True) if then is not None
    ]
    assert {"label", "other"} == {step.name for step, _ in followed}
    assert all(step.name == then.name and 0 < then.size - step.size <= AHEAD for step, then in followed)


def test_a_run_trains_on_the_rows_that_were_bought_and_not_on_what_they_teach() -> None:
    """100 rows at hand; 100 more are 200 of the cheaper source, the first of equals, of which the next 200 are 400."""
    half = Purchase("other", (20.0, 40.0), (200.0, 400.0))
    whole = Actions([LABELS, half])
    assert [100.0, 300.0, 700.0] == whole.rows((100, 200, 400))
    assert [100.0, 200.0, 400.0] == Actions([LABELS]).rows((100, 200, 400)) == Actions().rows((100, 200, 400))
    assert [100.0, 200.0, 400.0] == Actions([LABELS, replace(LABELS, examples=(9.0, 9.0))]).rows((100, 200, 400))
    beyond = Purchase("other", (20.0, np.inf), (200.0, 0.0))
    assert [100.0, 300.0, 500.0] == Actions([LABELS, beyond]).rows((100, 200, 400))
    assert [700.0] * WORLDS == laid(labels=half).walk(2).rows_trained.tolist()


def test_a_step_is_had_where_the_budget_holds_it_and_a_release_in_eight_worlds_of_ten() -> None:
    """The price that one world of five is above, with a release of 60, opens it; a cent less does not."""
    grown = 1 + np.arange(WORLDS) / WORLDS
    prices = replace(PRICES, labour=100.0 * grown)
    held = float(np.quantile(of(laid(prices=prices), "label", 1).cost, 0.8)) + 60.0
    for budget, had in ((held + 1e-6, True), (held - 0.01, False)):
        board = laid(prices=prices, budget=budget, release=60.0)
        assert had == (board.first("label") is not None)
    assert () == laid(FULL, budget=10.0).steps


def test_a_step_that_few_worlds_can_take_is_none() -> None:
    """Not to be had in half of the worlds it is absent; in fewer, those worlds pay, get and put to use nothing."""
    for missing, had in ((WORLDS // 2, False), (WORLDS // 2 - 1, True)):
        price = np.where(np.arange(WORLDS) < missing, np.inf, 50.0)
        board = laid(labels=Purchase("label", (price, 100.0), (100.0, 200.0)), credit=np.ones_like)
        assert had == (board.first("label") is not None)
    walk, after = board.walk(1), board.after(1)
    nothing = np.arange(WORLDS) < missing
    assert (nothing == ~walk.begun).all()
    assert (nothing == ~walk.ships).all()
    assert pytest.approx(np.where(nothing, 0.0, 2_000 - (100 + 50 + 60))) == after


def test_a_model_brings_its_credit_and_a_saving_less_the_upkeep_of_its_size() -> None:
    """V 2,000 at a credit of .5, 70 saved, 10 to keep up a model of 100 rows and 30 one of 400; errors have a floor."""
    half = {"credit": lambda errors: np.full_like(errors, 0.5), "saving": 70.0, "upkeep": (10.0, 20.0, 30.0)}
    board = laid(FULL, error_floor=0.22, **half)
    assert [1_060.0, 1_050.0, 1_040.0, 1_060.0, 1_060.0, 1_060.0] == [got[0] for got in board.got]
    assert all(ships.all() for ships in board.ships)
    assert pytest.approx(1_040 - cost(board, "label", 2)) == board.after(2)[0]
    assert pytest.approx(np.maximum(paths()[:, 2], 0.22)) == of(board, "label", 2).errors
    assert pytest.approx(np.maximum(paths()[:, 0] * 0.8, 0.22)) == of(board, "tune").errors


def test_a_test_has_the_luck_of_its_items_and_seed_and_without_items_none() -> None:
    """A share right has a binomial's mean and deviation; two tests of the same items share half of their luck."""
    board = laid((BIGGER, TEST), errors=np.full((WORLDS, 3), 0.14), error_floor=0.14)
    steps = [of(board, "train"), of(board, "label", 1), of(board, "bigger"), of(board, "test")]
    assert [400, 400, 400, 1_600] == [step.test_rows for step in steps]
    for step in steps:
        assert pytest.approx(0.86, abs=0.001) == step.shown.mean()
        assert pytest.approx((0.86 * 0.14 / step.test_rows) ** 0.5, rel=0.05) == step.shown.std()
    expected = np.array([[1, 0.5, 0.5, 0], [0.5, 1, 0.5, 0], [0.5, 0.5, 1, 0], [0, 0, 0, 1]])
    assert pytest.approx(expected, abs=0.09) == np.corrcoef([step.shown for step in steps])
    one, same, other, exact = (each.steps[1].shown for each in (usual(), laid(), laid(seed=1), laid(test_rows=None)))
    assert (one == same).all()
    assert (one != other).any()
    assert (exact == -paths()[:, 1]).all()


@law(50)
@given(
    worlds=st.integers(1, 60), levels=st.integers(1, 20), absent=st.floats(0, 1), others=st.integers(0, 2),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_no_two_scores_bring_more_than_those_that_decide(
    worlds: int, levels: int, absent: float, others: int, seed: int
) -> None:
    """Worlds that show the same are treated alike, the best ship, the next go on; who cannot pay does not count."""
    rng = np.random.default_rng(seed)
    shown, brings, *further = rng.integers(0, levels, worlds) / levels, *rng.normal(0.1, 1.0, (1 + others, worlds))
    able = rng.random(worlds) >= absent
    step = shown_as(shown, np.where(able, 1.0, np.inf))
    ships, goes_on, then = step.after_test(brings, dict(enumerate(further)))
    got = np.where(ships, brings, 0.0) + (0.0 if then is None else np.where(goes_on, further[then], 0.0))
    assert pytest.approx(most(shown, brings * able, *(one * able for one in further))) == (got * able).sum()
    left = ~ships & ~goes_on
    assert shown[ships].min(initial=1.0) > shown[goes_on | left].max(initial=-1.0)
    assert shown[ships | goes_on].min(initial=1.0) > shown[left].max(initial=-1.0)
    assert then is not None or not goes_on.any()


@law(25)
@given(miss=st.floats(0, 50), saving=st.floats(-500, 500), rows=st.integers(5, 5_000), seed=st.integers(0, 50))
def test_each_step_has_the_best_that_its_test_lets_it(miss: float, saving: float, rows: int, seed: int) -> None:
    """Less its price, also where a miss is dear: no scores to put to use and to buy on from bring more."""
    errors = paths(60, seed)
    board = laid(FULL, errors, credit=one_or_less(miss), saving=saving, test_rows=rows, seed=seed)
    for at, step in enumerate(board.steps):
        later = [then for then, other in enumerate(board.steps) if step.once is not None and 0 < other.size - step.size]
        nets = [board.got[then] - follows(step, board.steps[then]) for then in later]
        best = most(step.shown, brought(board, step), *nets) / len(errors)
        assert pytest.approx(best - step.cost.mean(), abs=1e-6) == board.after(at).mean()


@pytest.mark.parametrize("miss", [9, 20])
def test_a_dear_miss_is_risked_where_the_test_shows_enough(miss: float) -> None:
    """Of the worlds that put a model to use so many meet the target as the miss asks for, and they are not none."""
    board = laid(FULL, credit=one_or_less(miss))
    ships, met = board.ships[2], of(board, "label", 2).errors <= 0.2
    assert 0 < ships.mean() < met.mean()
    assert met[ships].mean() > miss / (1 + miss)
    alone = ships_of(of(board, "label", 2), brought(board, of(board, "label", 2)))
    assert (ships == alone).all()


@law(25)
@given(bar=st.floats(0.05, 0.45), seed=st.integers(0, 99))
def test_a_test_that_shows_all_puts_to_use_just_where_it_pays(bar: float, seed: int) -> None:
    """Where a gain falls evenly with the error."""
    errors = np.random.default_rng(seed).permutation(np.linspace(0.01, 0.49, WORLDS))
    board = laid(errors=np.tile(errors[:, None], 3), credit=lambda at: bar - at, test_rows=10**12)
    assert all(((bar > errors) == ships).all() for ships in board.ships)


@pytest.mark.parametrize(("met", "all_or_none"), [(601, True), (600, False), (0, False), (1_000, True)])
def test_a_test_that_shows_nothing_puts_to_use_in_all_worlds_or_none(met: int, all_or_none: bool) -> None:
    """A gain of 2 in so many of 1,000 worlds and a loss of 3 in the others pays on average from 601 on."""
    brings = np.where(np.arange(1_000) < met, 2.0, -3.0)
    assert [all_or_none] * 1_000 == ships_of(shown_as(np.full(1_000, 0.8)), brings).tolist()


@pytest.mark.parametrize(
    ("miss", "used"), [(0, 6), (0.2, 6), (0.3, 5), (1, 3), (1.4, 3), (1.6, 2), (3.9, 2), (4.1, 1), (1e6, 1)]
)
def test_the_chance_that_is_needed_is_the_miss_over_one_and_the_miss(miss: float, used: int) -> None:
    """Scores that 0, 20, 40, 50, 60, 80 and 100 of 100 worlds meet the target at: put to use above M / (1 + M)."""
    shares = np.array([0, 20, 40, 50, 60, 80, 100])
    met = np.concatenate([np.arange(100) < share for share in shares])
    ships = ships_of(shown_as(np.repeat(shares / 100.0, 100)), np.where(met, 1.0, -miss))
    assert (shares / 100 > miss / (1 + miss)).tolist() == ships[::100].tolist()
    assert used * 100 == ships.sum()


@law(25)
@given(
    value=st.floats(0, 1e5), more=st.floats(1, 10), miss=st.floats(0, 50), dearer=st.floats(1, 10),
    saving=st.floats(-500, 0), seed=st.integers(0, 50),
)  # fmt: skip
def test_more_value_never_hurts_and_a_dearer_miss_never_helps(
    value: float, more: float, miss: float, dearer: float, saving: float, seed: int
) -> None:
    """The best step is worth more with V and less with the price of a miss; where nothing follows fewer worlds ship."""
    board = laid(FULL, paths(300, seed), worth=value, credit=one_or_less(miss), saving=saving)
    richer = board.revalued(replace(board.rules, worth=value * more))
    riskier = board.revalued(replace(board.rules, credit=one_or_less(miss * dearer)))
    usual, rich, risky = (max(one.after(at).mean() for at in range(6)) for one in (board, richer, riskier))
    assert risky - 1e-6 <= usual <= rich + 1e-6
    assert not any((riskier.ships[at] & ~board.ships[at]).any() for at in range(2, 6))


def test_the_least_worth_is_that_from_which_the_step_of_the_least_cost_per_chance_pays() -> None:
    """Where a miss costs nothing and none follows: a little below it none pays; what no world meets pays from none."""
    board = laid(FULL, paths()[:, [2, 2, 2]], labels=None, credit=one_or_less(0.0, target=0.15), worth=1e15)
    costs = [step.cost.mean() / (step.errors <= 0.15).mean() for step in board.steps]
    least = board.at_the_least_worth()
    assert pytest.approx(BARELY * min(costs)) == least.rules.worth
    below = board.revalued(replace(board.rules, worth=0.99 * min(costs)))
    afters, lower = ([one.after(at).mean() for at in range(4)] for one in (least, below))
    assert np.argmin(costs) == np.argmax(afters)
    assert max(lower) < 0 < max(afters)
    hopeless = laid(credit=one_or_less(1.0, target=0.001), worth=1e15)
    assert hopeless.at_the_least_worth() is hopeless


def test_the_same_rules_and_all_worlds_give_the_same_board() -> None:
    """Valued again as it was, or in all of its worlds, nothing changes; in some of them hardly where it ships."""
    board, every = usual(), np.arange(WORLDS)
    for again in (board.revalued(board.rules), board.in_some(every)):
        assert all((board.after(at) == again.after(at)).all() for at in range(6))
    half = board.in_some(every[::2])
    for at in range(6):
        assert (board.steps[at].errors[::2] == half.steps[at].errors).all()
        assert (board.ships[at][::2] != half.ships[at]).mean() < 0.05


def test_the_first_step_of_a_name_is_its_most_valuable_size() -> None:
    """Rows that help pay at the largest size, rows that do not at the smallest; of equals the smaller is had."""
    steep, flat = np.tile([0.3, 0.25, 0.1], (WORLDS, 1)), np.full((WORLDS, 3), 0.1)
    assert [2, 1] == [laid(errors=errors).first("label") for errors in (steep, flat)]
    free = laid(errors=flat, labels=Purchase("label", (0.0, 0.0), (100.0, 0.0)))
    assert 1 == free.first("label")
    assert (free.after(1) == free.after(2)).all()
    assert free.first("nothing") is None
