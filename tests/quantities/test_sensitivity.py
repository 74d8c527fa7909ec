"""Shares of variance are those of the exact formulas and of SALib, chance is taken off, and laws hold."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.quantities import Z80
from tunecase.quantities.sensitivity import Index, first_order, swing
from tunecase.quantities.spread import Overrun, generator

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


def test_shares_and_swings_of_toys() -> None:
    """Exact within three errors; chance is no influence; a swing is the mean in the tenths."""
    first = own(toy, TOY, 10_000)
    for name, share in EXACT.items():
        assert share == pytest.approx(first[name].value, abs=3 * first[name].error + 0.001)
        assert first[name].error < 0.01
    assert list(first)[:2] == ["x4", "x3"]
    for n in (5, 7, 19, 20, 39, 41):
        assert all(0 <= index.value <= 1 and 0.05 < index.error < 2 for index in own(toy, TOY, n).values()), n
    x, noise = uniform("x", 0, 1, 20_000), uniform("noise", 0, 1, 20_000)
    shares = first_order({"x": x, "noise": noise, "constant": np.ones(20_000)}, x)
    assert 0.99 < shares["x"].value <= 1
    assert shares["noise"].value < 0.005
    assert "constant" not in shares
    assert first_order({"x": x}, np.ones(20_000)) == {}
    x = uniform("x", 0, 10, 50_000)
    found = swing(x, 2 * x + uniform("noise", -1, 1, 50_000))
    assert (1.0, 9.0) == (pytest.approx(found.input_low, abs=0.1), pytest.approx(found.input_high, abs=0.1))
    assert (1.0, 19.0) == (pytest.approx(found.result_low, abs=0.1), pytest.approx(found.result_high, abs=0.1))
    whole = np.array([1.0] * 60 + [2.0] * 30 + [9.0] * 10)
    assert swing(whole, whole).result_low == 1.0


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


@given(weights=st.lists(st.floats(0.1, 5), min_size=2, max_size=5), joint=st.floats(0, 2), seed=st.integers(0, 2**31))
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
    """Over forty samples of the toy, the 80% band of each share holds the exact one about as often as it says."""
    held = 0
    for seed in range(40):
        inputs = {name: uniform(name, *ends, 4_000, seed) for name, ends in TOY.items()}
        found = first_order(inputs, toy(inputs))
        held += sum(abs(index.value - EXACT[name]) <= Z80 * index.error for name, index in found.items())
    assert 0.7 <= held / 160 <= 0.95


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


@pytest.mark.parametrize(
    ("sample", "n", "repeats"),
    [
        (pareto, 4_000, 100),
        *(pytest.param(sample, 20_000, 200, marks=pytest.mark.slow) for sample in (pareto, overrun, alone)),
    ],
)
def test_errors_in_heavy_tails_are_those_of_repeats(
    sample: Callable[[int, int], tuple[dict[str, np.ndarray], np.ndarray]], n: int, repeats: int
) -> None:
    """Over reseeded repeats the shares spread as far as their standard errors say, within a third."""
    found = [first_order(*sample(seed, n)) for seed in range(repeats)]
    for name in found[0]:
        spread = np.std([shares[name].value for shares in found], ddof=1)
        assert 0.75 <= np.mean([shares[name].error for shares in found]) / spread <= 1.35, name


EXACT = {"x4": 0.7034, "x3": 0.2393, "x1": 0.0096, "x2": 0.0043}
