"""The grid behind what-if: its filed node is the filed plan, and what moves obeys the laws of money."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tests.decide.test_decide import DRAWS, known, pieces, project
from tunecase.blocks import FIELDS, Grid
from tunecase.decide import grid
from tunecase.decide.grid import target_steps
from tunecase.plan import Drawn, drawn, plan
from tunecase.quantities import AlteredWorlds, Worlds
from tunecase.records import Plan

ERROR = 0.02  # of V: few worlds differ by as much


@lru_cache(maxsize=1)
def filed(folder: Path) -> tuple[Drawn, Plan]:
    """A case with a measured curve, and its plan."""
    asked = project(folder)
    walked = drawn(known(asked, pieces(asked)[1]))
    return walked, plan(walked)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> tuple[Drawn, Plan]:
    """The case that all tests share."""
    return filed(tmp_path_factory.mktemp("grid"))


@pytest.fixture(scope="module")
def whole(case: tuple[Drawn, Plan]) -> Grid:
    """Its grid."""
    made = grid(*case)
    assert made is not None
    return made


def cells(made: Grid, field: str) -> np.ndarray:
    """A field at every node, shape (labels, budgets, targets, values)."""
    shape = [len(axis.nodes) for axis in made.axes]
    return np.array(made.ways[0].cells)[:, FIELDS.index(field)].reshape(shape)


def test_the_filed_node_is_the_filed_plan(case: tuple[Drawn, Plan], whole: Grid) -> None:
    """Worth, release, loss and all shares are to the last digit those of the plan in all worlds."""
    _, made = case
    at = tuple(axis.nodes.index(axis.filed) for axis in whole.axes)
    wanted = {"worth": made.worth.expected.value, "release": made.release.p80.value, "lost": made.lost.value}
    wanted |= {one.name: one.share.value for one in made.then if one.name == "ship"}
    for field, value in wanted.items():
        assert cells(whole, field)[at] == pytest.approx(value)
    reached = cells(whole, "reaches")[at] + cells(whole, "later")[at]
    assert reached == pytest.approx(made.chance.shown.value)


def test_worth_rises_with_the_value(whole: Grid) -> None:
    """At every budget, target and price of labels."""
    assert (np.diff(cells(whole, "worth"), axis=3) >= 0).all()
    assert (cells(whole, "worth")[:, -1, 0, -1] > cells(whole, "worth")[:, -1, 0, 0]).all()


def test_a_larger_budget_is_never_worth_less_and_dearer_labels_never_more(whole: Grid) -> None:
    """Beyond what few worlds err by."""
    worth, value = cells(whole, "worth"), cells(whole, "value")
    assert (np.diff(worth, axis=1) > -ERROR * value[:, 1:]).all()
    assert (np.diff(worth, axis=0) < ERROR * value[1:]).all()


def test_a_higher_target_is_reached_less_often(whole: Grid) -> None:
    """From the filed one on, at today's value, budget and price of labels."""
    at = whole.axis("value").nodes.index(1.0)
    reached = cells(whole, "reaches") + cells(whole, "later")
    filed = whole.axis("target").nodes.index(whole.axis("target").filed)
    assert (np.diff(reached[0, -1, filed:, at]) < 0).all()


def test_shares_are_shares(whole: Grid) -> None:
    """What follows the first test adds up to one at most, and none reaches the target oftener than it is taken."""
    ship, settle, reaches, later = (cells(whole, name) for name in ("ship", "settle", "reaches", "later"))
    assert (ship + settle <= 1 + 1e-9).all()
    assert (reaches <= ship + 1e-9).all()
    assert (later <= 1 - ship - settle + 1e-9).all()


def test_a_worthless_answer_leaves_nothing_to_buy(tmp_path: Path) -> None:
    """Where right answers are worth next to nothing no step is worth its price at any node."""
    asked = project(tmp_path, value="0.0001 to 0.0002 USD per correct")
    walked = drawn(known(asked, pieces(asked)[1]))
    made = grid(walked, plan(walked))
    assert made is not None
    assert cells(made, "worth").max() < 0


def points() -> Iterator[tuple[float, float, float]]:
    """Values, budgets and targets between the nodes."""
    return product((0.8, 1.7), (13e3,), (0.84, 0.86))


def test_between_nodes_it_is_what_a_fresh_plan_says(case: tuple[Drawn, Plan], whole: Grid, tmp_path: Path) -> None:
    """Worth within 5% of the value and chance within 8 points, in the few worlds of this test."""
    for value, budget, target in points():
        asked = project(tmp_path, budget=f"{budget:.0f} USD", target=f"{target:.0%}")
        facts = known(asked, pieces(asked)[1])
        fresh = plan(drawn(facts.in_worlds(AlteredWorlds(Worlds(0, DRAWS), {"problem.value": value}))))
        fields = ("worth", "reaches", "later")
        worth, ship, go = (read(whole, field, value, budget, target) for field in fields)
        assert worth == pytest.approx(fresh.worth.expected.value, abs=0.05 * fresh.worth.reached_p50.value)
        assert ship + go == pytest.approx(fresh.chance.shown.value, abs=0.08)


def read(made: Grid, field: str, value: float, budget: float, target: float) -> float:
    """A field between the nodes at the filed price of labels, straight in every axis, as the page's script reads it."""
    found = cells(made, field)[made.axis("label").nodes.index(1.0)]
    for key, at in (("budget", budget), ("target", target), ("value", value)):
        nodes = np.array(made.axis(key).nodes)  # type: ignore[arg-type]
        low = int(np.clip(np.searchsorted(nodes, at, side="right") - 1, 0, len(nodes) - 2))
        part = np.clip((at - nodes[low]) / (nodes[low + 1] - nodes[low]), 0, 1)
        found = (1 - part) * found[low] + part * found[low + 1]
    return float(found)


def test_without_a_measured_curve_there_is_no_grid(tmp_path: Path) -> None:
    """Before any pilot a panel would move between guesses."""
    asked = project(tmp_path)
    walked = drawn(known(asked, None))
    assert grid(walked, plan(walked)) is None


def test_without_a_budget_its_axis_does_not_move(tmp_path: Path) -> None:
    """One node, and every first step is paid for."""
    asked = project(tmp_path, budget="")
    walked = drawn(known(asked, pieces(asked)[1]))
    made = grid(walked, plan(walked))
    assert (0.0,) == made.axis("budget").nodes
    assert all(0.0 == least for way in made.ways for least in way.least_budgets)


def test_a_budget_that_pays_for_nothing_begins_where_a_step_is_paid(tmp_path: Path) -> None:
    """The filed case lies below the least budget; from there on plans have steps."""
    asked = project(tmp_path, budget="300 USD")
    walked = drawn(known(asked, pieces(asked)[1]))
    made = grid(walked, plan(walked))
    least = made.ways[0].least_budgets[0]
    assert 300 < least <= made.axis("budget").nodes[0] * (1 + 1e-6)
    assert (cells(made, "worth") > -1e9).all()


def test_targets_stop_at_the_ceiling_and_above_the_baseline(tmp_path: Path) -> None:
    """Nobody can be asked to do better than people agree, or no better than today."""
    asked = project(tmp_path, target="62%")
    solved = drawn(known(asked, pieces(asked, ceiling=0.63)[1])).solved
    steps = target_steps(solved.state)
    assert 0.62 in steps
    assert all(0.60 < target <= 0.63 for target in steps)
