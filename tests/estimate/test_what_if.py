"""A bill worked out again: other inputs stay as they are, and what is said to keep the budget does keep it."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from tests.estimate.test_bill import LABELS, PLAIN, TOKENS, curve
from tests.projects import TODAY, basis, written
from tunecase.estimate.bill import estimate
from tunecase.estimate.what_if import DRAWS
from tunecase.plan import drawn
from tunecase.plan.known import Known
from tunecase.prices.basis import Basis
from tunecase.prices.inputs import what_if_words
from tunecase.project import Project
from tunecase.quantities.spread import AlteredWorlds, Beta, Interval, Worlds
from tunecase.records import Estimate, Forecast, WhatIf


def bill(project: Project, forecast: Forecast | None = None, draws: int = 4_000, **asked) -> Estimate:
    """The bill in so many worlds."""
    return estimate(drawn(Known(basis(project, draws), 700, TOKENS, forecast=forecast)), **asked)


def chance(project: Project, worlds: Worlds, budget: float) -> float:
    """The chance to stay within a budget."""
    total = drawn(Known(Basis(project, TODAY, worlds), 700, TOKENS)).total
    return float((total <= budget).mean())


def test_altered_worlds_move_one_input_alone() -> None:
    """One input is scaled, all others are the same draws; a share does not pass one."""
    worlds, rate = Worlds(0, 500), Interval(1, 2)
    scaled = AlteredWorlds(worlds, {"rate": 3.0, "share": 9.0})
    assert (scaled.draw("other", rate) == worlds.draw("other", rate)).all()
    assert np.allclose(scaled.draw("rate", rate), 3 * worlds.draw("rate", rate))
    assert scaled.draw("share", Beta(2, 2)).max() <= 1
    assert worlds.seed == scaled.seed
    assert ["other", "rate", "share"] == list(scaled.drawn)


class LookedAt(NamedTuple):
    """A project, what would keep its budget in four worlds of five, and what was told of the progress."""

    project: Project
    record: WhatIf
    told: list[tuple[int, int]]


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> LookedAt:
    """The plain project, whose inputs are looked at once."""
    project = written(PLAIN, tmp_path_factory.mktemp("plain"))
    told: list[tuple[int, int]] = []
    (record,) = bill(project, what_if=0.8, progress=lambda done, total: told.append((done, total))).what_if
    return LookedAt(project, record, told)


@pytest.mark.slow
def test_what_would_have_to_be_true_is_true(looked_at: LookedAt) -> None:
    """Moved to the value told, each input keeps the budget with the chance asked for; a tenth nearer it does not."""
    project, record = looked_at.project, looked_at.record
    assert record.chance < 0.8
    assert "rounds" in {flip.name for flip in record.ways}
    for flip in record.ways:
        if flip.name == "rounds":
            continue
        for part, held in ((1.0, True), (0.9, False)):
            scale = flip.now + part * (flip.at - flip.now)
            worlds = AlteredWorlds(Worlds(0, DRAWS), {flip.name: scale / flip.now})
            assert held == (chance(project, worlds, record.budget) >= 0.8), flip
    never = {flip.name for flip in record.flips if flip.at is None}
    assert "label price per example" in never
    assert not {"label source.effort", "tokens per row", "rounds.luck"} & {flip.name for flip in record.flips}


@pytest.mark.slow
def test_a_budget_that_is_kept_says_what_would_lose_it(tmp_path: Path) -> None:
    """With money enough every way leads to `not sure`, upwards."""
    (record,) = bill(written(PLAIN.replace("15k", "60k"), tmp_path), what_if=0.8).what_if
    assert record.holds
    assert {"not sure"} == {flip.to for flip in record.ways}
    assert {"up"} == {flip.direction for flip in record.ways}


@pytest.mark.slow
def test_a_budget_beyond_any_one_input_says_so(tmp_path: Path) -> None:
    """Nothing alone brings it back: that is said, with what to do."""
    project = written(PLAIN.replace("15k", "20 USD #").replace("rounds", ""), tmp_path)
    (record,) = bill(project, draws=500, what_if=0.8).what_if
    assert () == record.ways
    assert "no input alone is enough" in what_if_words(record, "USD")


@pytest.mark.slow
def test_labels_are_moved_by_their_price(tmp_path: Path) -> None:
    """Where labels carry the bill, the price of one is what is told, not the rate and the minutes behind it."""
    text = PLAIN.replace("{kind: have, pool: 240}", "{kind: have, pool: 10}").replace("budget: 15k", "budget: 19k")
    text += "rounds: 4\neffort_per_round: 1 h per round\n"
    (record,) = bill(written(text.replace("19k USD", "4.2k USD"), tmp_path), draws=500, what_if=0.8).what_if
    ways = {flip.name for flip in record.ways}
    assert "label price per example" in ways
    assert not {name for name in ways if name.endswith(("source.rate", "source.effort"))}


@pytest.mark.slow
def test_with_a_target_it_is_the_chance_to_show_it_that_is_asked_for(tmp_path: Path) -> None:
    """A policy stops as money runs out, so that the budget is kept by construction: only the target is asked about."""
    text = LABELS.replace("92%", "90%")
    (reach,) = bill(written(text, tmp_path), forecast=curve(), what_if=0.2).what_if
    assert "reach" == reach.goal
    assert not reach.holds
    assert reach.ways
    # More wrong labels to mend are more to gain by cleaning; every price must fall.
    assert {"down"} == {flip.direction for flip in reach.ways if flip.name != "levers.label_noise"}
    assert "of reaching the target within 15k USD" in what_if_words(reach, "USD")
    at = reach.ways[0]
    worlds = AlteredWorlds(Worlds(0, 2_000), {at.name: at.factor or 1.0})
    again = drawn(Known(Basis(written(text, tmp_path), TODAY, worlds), 700, TOKENS, forecast=curve()))
    reached = again.walk.reached
    assert (reached & (again.total <= 15_000)).mean() >= 0.2


@pytest.mark.slow
def test_inputs_are_told_while_they_are_looked_at(looked_at: LookedAt) -> None:
    """Counts rise to the number of inputs."""
    told = looked_at.told
    assert told == [(index, told[0][1]) for index in range(1, told[0][1] + 1)]
