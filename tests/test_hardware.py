"""Where to train: what the pilot timed takes the place of what was worked out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.projects import basis, written
from tunecase.hardware import choose, timed
from tunecase.project import Project
from tunecase.records import Run

CASE = """models: [meta-llama/Llama-3.1-8B]
compute: {tier: neocloud, gpus: [H100, L40S]}
"""


def run(hardware: str = "NVIDIA H100 80GB HBM3", **given: object) -> Run:
    """A run of the project's model, whole steps on one GPU."""
    about = {"tokens_per_s": 9_000.0, "gpus": 1, "hardware": hardware, **given}
    return replace(Run("k", "trl", "meta-llama/Llama-3.1-8B", 100, 0, 0.9, 9, 10, 60.0), **about)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A case with two cards to choose from."""
    return written(CASE, tmp_path)


def test_a_timed_card_takes_the_place_of_the_worked_out_one(project: Project) -> None:
    """The median of the runs' speeds sets the hours; the doubt is at least 5% either way; the words say so."""
    at = basis(project, 4_000)
    (machine,) = timed(at, [run(), run(tokens_per_s=9_100.0)])
    assert ("H100", 1) == (machine.gpu, machine.count)
    assert pytest.approx(1e6 / 9_050 / 3600, rel=0.02) == float(np.median(machine.hours_per_mtok))
    assert np.quantile(machine.hours_per_mtok, 0.9) / np.quantile(machine.hours_per_mtok, 0.1) > 1.05
    fast = choose(basis(project, 4_000), runs=[run(tokens_per_s=1e6)])
    assert fast.machine is not None
    assert "timed by 1 of its own runs" in fast.why


def test_a_faster_run_never_makes_it_dearer(project: Project) -> None:
    """More tokens a second, fewer hours."""
    hours = [
        float(np.median(timed(basis(project, 1_000), [run(tokens_per_s=rate)])[0].hours_per_mtok))
        for rate in (1e3, 1e4, 1e5)
    ]
    assert sorted(hours, reverse=True) == hours


@pytest.mark.parametrize(
    "other",
    [
        run(model="another"), run(gpus=0), run(tokens_per_s=None), run(hardware="2 x a processor"), run(failed="crash"),
        run(trainer="lora"), run(hardware=""),
    ],
)  # fmt: skip
def test_what_times_nothing_is_passed_over(project: Project, other: Run) -> None:
    """Another model, no GPU, no speed, an unknown card, a failed run and a trainer that skips layers tell nothing."""
    assert () == timed(basis(project, 100), [other])


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        ("NVIDIA H100 80GB HBM3", "H100"), ("NVIDIA A100-SXM4-80GB", "A100-80GB"), ("Tesla T4", "T4"),
        ("NVIDIA L40S", "L40S"), ("NVIDIA GeForce RTX 4090", "RTX4090"), ("NVIDIA L4", "L4"),
    ],
)  # fmt: skip
def test_cards_are_known_as_their_drivers_spell_them(project: Project, spelled: str, name: str) -> None:
    """The driver's name leads to the table's."""
    found = timed(basis(project, 10), [run(hardware=spelled)])
    assert [name] == [machine.gpu for machine in found] or not found


def test_the_machine_is_the_search_s_own(project: Project) -> None:
    """A card has the hours of the cheapest set-up that fits on the fewest cards, with one doubt in each world."""
    at = basis(project, 2_000)
    found = choose(at)
    assert found.machine is not None
    assert found.machine.gpu in ("H100", "L40S")
    assert 1 == found.machine.count
    assert found.machine.hours_per_mtok.min() > 0
    assert not {name for name in at.used if name.startswith("fit.")}
    assert any(name.startswith("time against the prediction") for name in at.worlds.drawn)
