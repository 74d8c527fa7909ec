"""The what-if panel: sliders in the reader's units, whole numbers, and words that everybody knows."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests import samples
from tests.projects import written
from tunecase.accounts import Material, panel
from tunecase.blocks import FIELDS, Axis, Grid, WayCells

TEXT = """\
name: colours
problem: {metric: accuracy, target: 80%, value: 0.20 to 0.60 USD per correct, volume: 20k per month}
data: {train: data/train.jsonl}
budget: 15k USD
"""


def cell(**fields: float) -> tuple[float, ...]:
    """One cell; what is left out is 0."""
    return tuple(fields.get(name, 0.0) for name in FIELDS)


GOING = cell(worth=20_000.4, release=5_000, lost=9_000, value=50_000, ship=0.4, reaches=0.39, ship_at=0.83)


def grid(now: float = 0.0, worth: float = 20_000.0, targets: tuple[float, ...] = (0.8,)) -> Grid:
    """A grid of two budgets and three values."""
    one = list(GOING)
    one[FIELDS.index("now")], one[FIELDS.index("worth")] = now, worth
    axes = (
        Axis("label", (1.0,), 1.0), Axis("budget", (9_400.0, 15_000.0), 15_000.0), Axis("target", targets, 0.8),
        Axis("value", (0.5, 1.0, 2.0), 1.0),
    )  # fmt: skip
    cells = (tuple(one),) * (6 * len(targets))
    return Grid(axes, (WayCells("", True, (9_399.0,), cells),), 6, targets, 1.4)


@pytest.fixture
def material(tmp_path: Path) -> Material:
    """A case whose advice is the plan's own step."""
    decision = samples.decision()
    advised = replace(decision, advice=decision.plan.lever, instead="")
    return Material(decision=advised, definition=samples.definition(), project=written(TEXT, tmp_path))


def test_sliders_speak_the_readers_units(material: Material) -> None:
    """Value times volume in money a month, budgets in money, each at the filed amount where it stands."""
    made = panel(grid(), material)
    by_key = {one["key"]: one for one in made["sliders"]}
    assert {"value", "budget"} == set(by_key)
    value, budget = by_key["value"], by_key["budget"]
    assert "6,900 USD (0.35 each)" == value["texts"][-value["first"]]
    assert 1.0 == value["at"][-value["first"]]
    assert "15,000 USD" == budget["texts"][-budget["first"]]
    assert budget["at"][0] < 9_399 < budget["at"][-1] == 15_000
    assert all(len(one["at"]) == len(one["texts"]) for one in made["sliders"])


def test_an_axis_of_one_node_or_unit_unknown_has_no_slider(material: Material, tmp_path: Path) -> None:
    """No value given: no slider for it; one price of labels: none for that."""
    without = written(TEXT.replace("value: 0.20 to 0.60 USD per correct, ", ""), tmp_path)
    made = panel(grid(), replace(material, project=without))
    assert ["budget"] == [one["key"] for one in made["sliders"]]


def test_targets_in_tenths_are_written_so(material: Material) -> None:
    """Whole percent where the slider moves by whole percent, else tenths."""
    fine, coarse = (panel(grid(targets=steps), material) for steps in ((0.796, 0.8, 0.804), (0.78, 0.8, 0.82)))
    assert ["79.6%", "80.0%", "80.4%"] == fine["sliders"][-1]["texts"]
    assert ["78%", "80%", "82%"] == coarse["sliders"][-1]["texts"]
    assert "80%" == coarse["filed_target_words"]


def test_cells_are_whole_numbers_that_json_can_hold(material: Material) -> None:
    """Money in whole units, shares in ten-thousandths; the whole is plain JSON."""
    made = panel(grid(), material)
    first = dict(zip(made["fields"], made["ways"][0]["cells"][0], strict=True))
    assert (20_000, 3_900) == (first["worth"], first["reaches"])
    assert made["parts"][FIELDS.index("ship")] == 10_000
    assert made == json.loads(json.dumps(made))


@pytest.mark.parametrize("advice", ["pilot", "look", "fix first", "state the value", "redefine"])
def test_no_panel_where_something_else_comes_first(material: Material, advice: str) -> None:
    """A pilot or a look changes what the panel would move between."""
    assert material.decision is not None
    assert panel(grid(), replace(material, decision=replace(material.decision, advice=advice))) is None


def test_no_panel_where_the_grid_disagrees_with_the_advice(material: Material) -> None:
    """What is shipped or stopped for a reason outside the plan would turn into a yes at the first move."""
    assert material.decision is not None
    stopped = replace(material, decision=replace(material.decision, advice="stop"))
    assert panel(grid(), stopped) is None
    assert panel(grid(worth=-10.0), stopped) is not None
    assert panel(grid(now=30_000.0), material) is None


def test_the_rules_of_the_test_follow_the_metric(material: Material) -> None:
    """Where less is better so do its words; a score that is no share is not written as one."""
    usual = panel(grid(), material)
    assert (True, "at {ship} or more") == (usual["share"], usual["words"]["at"])
    decision = material.decision
    assert decision.plan is not None
    lower = replace(material, decision=replace(decision, plan=replace(decision.plan, direction="lower")))
    made = panel(replace(grid(), steps=(1.2,)), lower)
    assert made["share"] is False
    assert ("at {ship} or less", "above {ship}") == (made["words"]["at"], made["words"]["below"])
