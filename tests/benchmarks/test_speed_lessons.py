"""Constants learnt from runs."""

import math
import random
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tunecase import catalog
from tunecase.compute.measured.runs import Measured
from tunecase.compute.model.reading import read_shape
from tunecase.compute.recipe import Recipe
from tunecase.compute.speed import rates
from tunecase.compute.speed.step import step_time, tokens_per_card

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from speed_lessons import learn_abroad, most_probable, priors


def runs_of(publishers: int, slower: float = 1.0, scatter: float = 0.0) -> list[Measured]:
    """Runs of made-up publishers whose attention is slower, and who are in turn slower and faster."""
    constants = rates.shipped()
    values = dict(constants.values) | {"attention ampere": constants.values["attention ampere"] / slower}
    draw, found = random.Random(7), []
    for at in range(publishers):
        habit = scatter * (-1) ** at
        for tokens in (1024, 8192, 32768):
            for method in ("full", "lora"):
                run = Recipe(read_shape("llama-2-7b"), catalog.gpu("A100-80GB"), method=method, sequence_tokens=tokens)
                time = float(step_time(run, replace(constants, values=values)).seconds_per_step)
                rate = float(tokens_per_card(run)) / (time * math.exp(habit + draw.gauss(0, 0.01)))
                found.append(
                    Measured(f"{at}{tokens}{method}", f"p{at}", "made up", "2026", run, tokens_per_s_per_gpu=rate)
                )
    return found


def test_without_runs_the_priors_stand():
    """Every constant has its prior value."""
    constants = most_probable([])
    assert {name: pytest.approx(prior) for name, (prior, _) in priors().items()} == constants.values


def test_constants_move_towards_what_runs_show():
    """Attention that takes twice as long is learnt as such, other constants hardly move."""
    learnt = most_probable(runs_of(4, slower=2.0))
    wanted = rates.shipped().values["attention ampere"] / 2
    assert wanted == pytest.approx(learnt.values["attention ampere"], rel=0.25)
    assert (24, 4) == (learnt.rows, learnt.sources)


def test_scattered_publishers_make_a_wide_band():
    """The spread between publishers is what those left out show."""
    calm, wild = (learn_abroad(runs_of(10, scatter=scatter))[0] for scatter in (0.0, 0.5))
    assert calm.scales["all"] * calm.points[9] < 0.5 * wild.scales["all"] * wild.points[9]


def test_one_misread_row_does_not_move_the_rest():
    """A row thirty times too slow pulls no more than one a few sigmas off."""
    runs = runs_of(4)
    wrong = replace(runs[0], tokens_per_s_per_gpu=(runs[0].tokens_per_s_per_gpu or 0) / 30)
    before, after = most_probable(runs), most_probable([wrong, *runs[1:]])
    run = runs[8].recipe
    calm, shaken = (float(step_time(run, one).seconds_per_step) for one in (before, after))
    assert calm == pytest.approx(shaken, rel=0.1)
