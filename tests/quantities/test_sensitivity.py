"""Shares of variance are those of the exact formulas and of SALib, chance is taken off, and laws hold."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.estimate.test_bill import LABELS, TOKENS
from tests.projects import TODAY, written
from tunecase.plan import drawn
from tunecase.plan.known import Known
from tunecase.prices.basis import Basis
from tunecase.project import Project
from tunecase.quantities import Z80
from tunecase.quantities.sensitivity import Index, first_order, swing
from tunecase.quantities.spread import Overrun, Spread, Worlds, generator

Function = Callable[[dict[str, np.ndarray]], np.ndarray]


def uniform(name: str, low: float, high: float, n: int, seed: int = 0) -> np.ndarray:
    """Uniform draws of one input."""
    return generator(seed, name).uniform(low, high, n)


def toy(x: dict[str, np.ndarray]) -> np.ndarray:
    """y = x4 (x1 x2 + x3): the bill in small, x4 plays the rounds."""
    return x["x4"] * (x["x1"] * x["x2"] + x["x3"])


def ishigami(x: dict[str, np.ndarray]) -> np.ndarray:
    """sin x1 + 7 sin^2 x2 + 0.1 x3^4 sin x1."""
    return np.sin(x["x1"]) + 7 * np.sin(x["x2"]) ** 2 + 0.1 * x["x3"] ** 4 * np.sin(x["x1"])


G_WEIGHTS = (0.0, 1.0, 4.5, 9.0, 99.0, 99.0)


def sobol_g(x: dict[str, np.ndarray]) -> np.ndarray:
    """The product of (|4 x_i - 2| + a_i) / (1 + a_i)."""
    return np.prod(
        [(np.abs(4 * x[f"x{i}"] - 2) + a) / (1 + a) for i, a in enumerate(G_WEIGHTS, 1)], axis=0
    )  # fmt: skip


TOY = {"x1": (20.0, 60.0), "x2": (2.0, 4.0), "x3": (300.0, 900.0), "x4": (1.0, 6.0)}
ISHIGAMI = dict.fromkeys(("x1", "x2", "x3"), (-np.pi, np.pi))
G_BOUNDS = dict.fromkeys((f"x{i}" for i in range(1, 7)), (0.0, 1.0))
FUNCTIONS = {"toy": (toy, TOY), "ishigami": (ishigami, ISHIGAMI), "sobol g": (sobol_g, G_BOUNDS)}


def own(function: Function, bounds: dict[str, tuple[float, float]], n: int) -> dict[str, Index]:
    """Our first order from one sample."""
    inputs = {name: uniform(name, low, high, n) for name, (low, high) in bounds.items()}
    return first_order(inputs, function(inputs))


def problem_of(bounds: dict[str, tuple[float, float]]) -> dict[str, Any]:
    """The inputs as SALib wants them."""
    return {"num_vars": len(bounds), "names": list(bounds), "bounds": [list(ends) for ends in bounds.values()]}


@pytest.mark.parametrize("n", [10_000, 20_000])
def test_shares_of_the_toy_are_exact_within_three_errors(n: int) -> None:
    """y = x4 (x1 x2 + x3), first order .0096, .0043, .2393, .7034."""
    first = own(toy, TOY, n)
    for name, alone in {"x4": 0.7034, "x3": 0.2393, "x1": 0.0096, "x2": 0.0043}.items():
        assert alone == pytest.approx(first[name].value, abs=3 * first[name].error + 0.001)
        assert first[name].error < 0.01
    assert list(first)[:2] == ["x4", "x3"]


@pytest.mark.needs("dev")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_indices_are_those_of_salib(name: str) -> None:
    """The first order of Sobol' by Saltelli sampling agrees within three standard errors of both sides."""
    from SALib.analyze import sobol
    from SALib.sample import sobol as sampler

    function, bounds = FUNCTIONS[name]
    problem = problem_of(bounds)
    sample = sampler.sample(problem, 4_096, calc_second_order=False, seed=1)
    result = function(dict(zip(bounds, sample.T, strict=True)))
    theirs = sobol.analyze(problem, result, calc_second_order=False, seed=1)
    ours = own(function, bounds, 20_000)
    for index, key in enumerate(bounds):
        room = 3 * np.hypot(ours[key].error, theirs["S1_conf"][index] / 1.96)
        # .01 for what a bin is not a point.
        assert theirs["S1"][index] == pytest.approx(ours[key].value, abs=room + 0.01), key


@pytest.mark.needs("dev")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_given_data_indices_are_those_of_salib_on_the_same_draws(name: str) -> None:
    """RBD-FAST and delta, on the very sample that ours are taken from, agree within three errors and .02."""
    from SALib.analyze import delta, rbd_fast

    function, bounds = FUNCTIONS[name]
    inputs = {key: uniform(key, low, high, 8_000) for key, (low, high) in bounds.items()}
    sample, result = np.column_stack(list(inputs.values())), function(inputs)
    mine = first_order(inputs, result)
    fast = rbd_fast.analyze(problem_of(bounds), sample, result, num_resamples=10, seed=1)["S1"]
    by_delta = delta.analyze(problem_of(bounds), sample, result, num_resamples=10, seed=1)["S1"]
    for index, key in enumerate(bounds):
        assert fast[index] == pytest.approx(mine[key].value, abs=3 * mine[key].error + 0.02)
        assert by_delta[index] == pytest.approx(mine[key].value, abs=3 * mine[key].error + 0.02)


class Uniforms:
    """Stands in for a generator: gives the column of a sample, as uniforms or as normals."""

    def __init__(self, column: np.ndarray) -> None:
        self.column = np.clip(column, 1e-9, 1 - 1e-9)

    def random(self, n: int) -> np.ndarray:
        """The column."""
        return self.column

    def standard_normal(self, n: int) -> np.ndarray:
        """The column through the normal's quantiles."""
        from scipy.special import ndtri

        return ndtri(self.column)


HALF = np.array(0.5)  # for inputs without doubt


class Sampled(Worlds):
    """Worlds whose inputs are the columns of a sample of uniforms, found by name."""

    def __init__(self, columns: dict[str, np.ndarray]) -> None:
        super().__init__(0, len(next(iter(columns.values()))))
        self.columns = columns

    def draw(self, name: str, spread: Spread) -> np.ndarray:
        """The column through the spread's quantiles."""
        if name not in self.drawn:
            self.drawn[name] = spread.draw(Uniforms(self.columns.get(name, HALF)), self.n)  # type: ignore[arg-type]
        return self.drawn[name]


def total_of(project: Project, worlds: Worlds) -> np.ndarray:
    """The bill's total in some worlds."""
    return drawn(Known(Basis(project, TODAY, worlds), 700, TOKENS)).total


@pytest.mark.slow
@pytest.mark.needs("dev")
def test_the_bill_has_the_indices_that_salib_finds(tmp_path: Path) -> None:
    """The bill as a function of its named inputs: first order within three standard errors, the rounds as one group."""
    from SALib.analyze import sobol
    from SALib.sample import sobol as sampler

    project = written(LABELS, tmp_path)
    worlds = Worlds(0, 20_000)
    total = total_of(project, worlds)
    names = [name for name, draws in worlds.drawn.items() if draws.max() > draws.min()]
    groups = ["rounds" if name.startswith("rounds") else name for name in names]
    problem = {**problem_of(dict.fromkeys(names, (0.0, 1.0))), "groups": groups}
    sample = sampler.sample(problem, 2_048, calc_second_order=False, seed=1)
    theirs = sobol.analyze(
        problem, total_of(project, Sampled(dict(zip(names, sample.T, strict=True)))), calc_second_order=False, seed=1
    )
    first = first_order({**{n: worlds.drawn[n] for n in names if not n.startswith("rounds")},
                         "rounds": rounds_of(project)}, total)  # fmt: skip
    for index, key in enumerate(dict.fromkeys(groups)):
        room = 3 * np.hypot(first[key].error, theirs["S1_conf"][index] / 1.96) + 0.01
        assert theirs["S1"][index] == pytest.approx(first[key].value, abs=room), key


def rounds_of(project: Project) -> np.ndarray:
    """The rounds walked in the worlds of seed 0."""
    basis = Basis(project, TODAY, Worlds(0, 20_000))
    return drawn(Known(basis, 700, TOKENS)).work.walk.rounds


@settings(max_examples=25, deadline=None)
@given(
    weights=st.lists(st.floats(0.1, 5), min_size=2, max_size=5),
    joint=st.floats(0, 2),
    seed=st.integers(0, 2**31),
)
def test_laws_of_shares(weights: list[float], joint: float, seed: int) -> None:
    """First orders add to at most one, a constant input has none."""
    n = 4_000
    inputs = {f"x{i}": uniform(f"x{i}", 0, 1, n, seed) for i in range(len(weights))}

    def function(x: dict[str, np.ndarray]) -> np.ndarray:
        return sum(w * x[f"x{i}"] for i, w in enumerate(weights)) + joint * x["x0"] * x["x1"]  # type: ignore[return-value]

    result = function(inputs)
    first = first_order({**inputs, "same": np.ones(n)}, result)
    assert "same" not in first
    for name in inputs:
        assert 0 <= first[name].value <= 1
    assert sum(index.value for index in first.values()) <= 1 + 4 * sum(index.error for index in first.values())


def test_four_bands_in_five_hold_the_exact_share() -> None:
    """Over a hundred samples of the toy, the 80% band of each share holds the exact one about as often as it says."""
    exact = {"x4": 0.7034, "x3": 0.2393, "x1": 0.0096, "x2": 0.0043}
    held = 0
    for seed in range(100):
        inputs = {name: uniform(name, *ends, 4_000, seed) for name, ends in TOY.items()}
        found = first_order(inputs, toy(inputs))
        held += sum(abs(index.value - exact[name]) <= Z80 * index.error for name, index in found.items())
    assert 0.7 <= held / 400 <= 0.95


def pareto(seed: int, n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """A Pareto(1) factor cut at 52 times lognormal hours: few draws carry the variance."""
    rng = generator(seed, "pareto")
    factor = 1 / (1 - rng.random(n) * (1 - 1 / 52))
    hours = np.exp(0.4 * rng.standard_normal(n))
    return {"factor": factor, "hours": hours}, factor * hours


def overrun(seed: int, n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The outside view of unknowns on lognormal hours: an overrun in 18% of draws, Pareto(1) from 1.5 to 52."""
    rng = generator(seed, "overrun")
    factor, hours = Overrun(0.18, 1.5, 52).draw(rng, n), np.exp(0.4 * rng.standard_normal(n))
    return {"factor": factor, "hours": hours}, factor * hours


def alone(seed: int, n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The Pareto factor by itself: only its bins keep the share from one."""
    inputs, _ = pareto(seed, n)
    return {"factor": inputs["factor"]}, inputs["factor"]


@pytest.mark.parametrize(("sample", "n"), [(pareto, 20_000), (overrun, 20_000), (alone, 20_000), (pareto, 4_000)])
def test_errors_in_heavy_tails_are_those_of_repeats(
    sample: Callable[[int, int], tuple[dict[str, np.ndarray], np.ndarray]], n: int
) -> None:
    """Over 200 reseeded repeats the shares spread as far as their standard errors say, within a third."""
    repeats = [first_order(*sample(seed, n)) for seed in range(200)]
    for name in repeats[0]:
        spread = np.std([found[name].value for found in repeats], ddof=1)
        assert 0.75 <= np.mean([found[name].error for found in repeats]) / spread <= 1.35, name


@pytest.mark.parametrize("n", [5, 7, 19, 20, 39, 41])
def test_few_draws_have_shares_in_great_doubt(n: int) -> None:
    """Fewer draws than batches: each is one of its own, and the error of a share is no small number."""
    inputs = {name: uniform(name, *ends, n) for name, ends in TOY.items()}
    for index in first_order(inputs, toy(inputs)).values():
        assert 0 <= index.value <= 1
        assert 0.05 < index.error < 2


def test_an_input_without_influence_has_no_share_and_a_constant_is_left_out() -> None:
    """Chance alone is not shown as influence."""
    x, noise = uniform("x", 0, 1, 20_000), uniform("noise", 0, 1, 20_000)
    shares = first_order({"x": x, "noise": noise, "constant": np.ones(20_000)}, x)
    assert 0.99 < shares["x"].value <= 1
    assert shares["noise"].value < 0.005
    assert "constant" not in shares


def test_a_result_that_does_not_vary_has_no_drivers() -> None:
    """Nothing is shared out."""
    x = uniform("x", 0, 1, 100)
    assert first_order({"x": x}, np.ones(100)) == {}


def test_a_swing_is_the_mean_in_the_tenths() -> None:
    """Conditional means from the same draws; equal draws stay together."""
    x = uniform("x", 0, 10, 50_000)
    found = swing(x, 2 * x + uniform("noise", -1, 1, 50_000))
    assert (1.0, 9.0) == (pytest.approx(found.input_low, abs=0.1), pytest.approx(found.input_high, abs=0.1))
    assert (1.0, 19.0) == (pytest.approx(found.result_low, abs=0.1), pytest.approx(found.result_high, abs=0.1))
    whole = np.array([1.0] * 60 + [2.0] * 30 + [9.0] * 10)
    assert swing(whole, whole).result_low == 1.0
