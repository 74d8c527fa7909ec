"""The benchmark of decisions: its worlds, the figures of the rivals, and how much less is lost by ours."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import deciding

ROOT = Path(__file__).parents[2]
SHARED = ROOT / ".." / "shared" / "data" / "learning_curves.csv"
SCRIPT = ROOT / "benchmarks" / "deciding.py"
POLICIES = ["ours", "ours_one_arm", "ours_plain_costs", "shape_atoms", "shape_atoms_one_arm", "loc_opt_all_arms"]
POLICIES += ["loc_opt", "point", "mahmood", "always", "fixed"]
FIGURES = ["regret", "utility_share", "wasted", "hits", "regret_errors"]
SUMMARY = ["curves", "episodes", "worth_doing", "policies", "paired_gap"]
ERRORS = ["mean", "low", "high", "error_by_curve", "error_by_episode"]


@pytest.fixture(scope="module")
def curves():
    """The curves of the collected table."""
    if not SHARED.exists():
        pytest.skip("skipped: ../shared/data/learning_curves.csv not found")
    return deciding.read_curves(SHARED)


def mean_regret(episodes, policy):
    """The mean regret of a policy."""
    return deciding.play_all(episodes, policy).regret.mean()


def check(summary, world):
    """Every policy has its figures and errors, and every gap to ours an interval around its mean."""
    assert list(summary) == [*SUMMARY, *(["by_source"] if world else [])]
    assert list(summary["policies"]) == POLICIES
    assert all(list(one) == FIGURES for one in summary["policies"].values())
    assert list(summary["paired_gap"]) == POLICIES[1:]
    for errors in (*(one["regret_errors"] for one in summary["policies"].values()), *summary["paired_gap"].values()):
        assert list(errors) == ERRORS
        assert errors["low"] is None or errors["low"] <= errors["mean"] <= errors["high"]


@pytest.mark.slow
def test_the_last_line_holds_every_figure(tmp_path):
    """A quick run prints tables and ends with one JSON object: worlds, policies, gaps, and the same by source."""
    table = [str(SHARED)] if SHARED.exists() else []
    call = [sys.executable, str(SCRIPT), "--episodes", "4", "40", "12", *(["--curves", *table] if table else [])]
    printed = subprocess.run(call, capture_output=True, text=True, check=True).stdout
    found = json.loads(printed.strip().splitlines()[-1])
    assert list(found) == ["world_a", "world_b", "world_b_three"]
    assert set(found["world_b"]["by_source"]) == {"gptchem", "lcdb", "nmt", "pet", "setfit"}
    assert set(found["world_b_three"]["by_source"]) == {"gptchem", "lcdb", "pet"}
    for world in found.values():
        check(world, world=True)
        for source in world["by_source"].values():
            check(source, world=False)
        assert sum(source["episodes"] for source in world["by_source"].values()) == world["episodes"]
        assert sum(source["curves"] for source in world["by_source"].values()) == world["curves"]


@pytest.mark.slow
def test_published_figures_of_the_rivals_are_reproduced(curves):
    """Regret and waste of every rival lie within .02 of what was published for the same rules."""
    numbers, seeds, three = deciding.EPISODES, deciding.SEEDS, deciding.THREE_SOURCES
    worlds = {
        "world_a": deciding.world_a(curves, numbers[0], seeds[0]),
        "world_b_three": deciding.world_b(curves, numbers[2], seeds[2], only=three),
    }
    for world, episodes in worlds.items():
        for name, (regret, _, wasted) in deciding.PUBLISHED[world].items():
            found = deciding.play_all(episodes, deciding.RIVALS[name]).figures()
            assert found["regret"] == pytest.approx(regret, abs=0.02), (world, name)
            assert found["wasted"] == pytest.approx(wasted, abs=0.02), (world, name)


@pytest.mark.slow
def test_little_is_lost_on_metric_curves(curves):
    """World B of three sources: mean regret at most .135, less than that of shape atoms with a give-up size."""
    episodes = deciding.world_b(curves, 120, deciding.SEEDS[2], only=deciding.THREE_SOURCES)
    our = mean_regret(episodes, deciding.ours())
    assert our <= 0.135
    assert our < mean_regret(episodes, deciding.RIVALS["shape_atoms"])


@pytest.mark.slow
def test_on_no_source_is_much_more_lost_than_by_rivals(curves):
    """World B: on no source is more than .02 lost above the rule with a give-up size on bootstrapped power laws."""
    episodes = deciding.world_b(curves, 1_000, deciding.SEEDS[1])
    our, rival = (deciding.play_all(episodes, one) for one in (deciding.ours(), deciding.RIVALS["loc_opt"]))
    sources = np.array([episode.source for episode in episodes])
    assert our.regret.mean() <= 0.1
    for source in np.unique(sources):
        assert (our.regret - rival.regret)[sources == source].mean() <= 0.02, source


@pytest.mark.slow
def test_little_is_lost_where_models_race(curves):
    """World A: mean regret at most .06."""
    assert mean_regret(deciding.world_a(curves, 30, deciding.SEEDS[0]), deciding.ours()) <= 0.06


@pytest.mark.slow
def test_nothing_is_learnt_from_the_source_played_on(curves):
    """The belief of an arm holds no lesson of its own unit."""
    race = sys.modules["deciding_race"]
    for episode in [*deciding.world_a(curves, 2, 0), *deciding.world_b(curves, 4, 0)]:
        problem = episode.problem
        known = slice(0, problem.first)
        belief = race.belief_of(problem, problem.arms[0], problem.sizes[known], episode.shown[0, known])
        assert problem.arms[0].unit not in set(belief.library.unit)


@pytest.mark.slow
def test_a_policy_sees_nothing_of_what_is_to_come(curves):
    """Other errors at later sizes leave the first step of every policy as it was."""
    for episode in [*deciding.world_a(curves, 2, 1), *deciding.world_b(curves, 3, 1)]:
        first = episode.problem.first
        other = episode.errors.copy()
        other[:, first:] *= 2
        for policy in deciding.policies().values():
            steps = []
            for one in (episode, deciding.Episode(episode.problem, other, other)):
                view = sys.modules["deciding_worlds"].View(one.problem, one.shown[:, :first], 0.0, 0)
                steps.append(policy(view))
            assert steps[0] == steps[1]


@pytest.mark.slow
def test_the_oracle_is_never_beaten(curves):
    """No policy has less than no regret where tests show the truth."""
    for episodes in (deciding.world_a(curves, 5, 3), deciding.world_b(curves, 10, 3)):
        for policy in deciding.policies().values():
            assert (deciding.play_all(episodes, policy).regret >= -1e-12).all()


def test_noisy_tests_show_shares_of_200_items(curves):
    """World C: what is shown are whole numbers of 200 items, and luck can pass a test that the truth fails."""
    episodes = deciding.world_c(curves, 40, 0)
    shown = np.concatenate([episode.shown.ravel() for episode in episodes]) * 200
    assert np.allclose(shown, np.rint(shown))
    lucky = deciding.play_all(episodes, deciding.RIVALS["always"]).false_pass
    assert 0 < lucky.mean() < 0.3


HEADER = "curve_id,source,domain,task,model,metric,direction,n_train,score,seed"


def test_a_file_of_nothing_has_no_world(tmp_path):
    """Nothing is played, and that is no error."""
    path = tmp_path / "curves.csv"
    path.write_text(HEADER)
    assert set(deciding.run_on(deciding.read_curves(path), (2, 3, 3)).values()) == {None}


@pytest.mark.slow
def test_a_file_without_races_has_no_world_a(tmp_path):
    """Curves of one unknown source give world B alone."""
    rows = [
        f"c{i},new/source,llm_finetune,t,m{i},accuracy,higher,{n},{0.9 - (0.3 + 0.1 * i) * n**-0.3},na"
        for i in range(3)
        for n in (10, 20, 40, 80, 160, 320, 640, 1280)
    ]
    path = tmp_path / "curves.csv"
    path.write_text("\n".join([HEADER, *rows]))
    found = deciding.run_on(deciding.read_curves(path), (1, 1, 1))
    assert found["world_a"] is None
    assert found["world_b_three"] is None
    assert found["world_b"]["policies"]["ours"]["regret"] >= 0
    assert list(found["world_b"]["by_source"]) == ["new"]


def test_sizes_of_models_are_read_from_their_names():
    """The table first, then what the name says in millions or billions, then a typical size."""
    read = sys.modules["deciding_worlds"].parameters_m
    assert 6658.5 == read("facebook/opt-6.7b")
    assert 350 == read("some/model-350m")
    assert 1500 == read("some/model-1.5B-chat")
    assert read("some/model") > 0
