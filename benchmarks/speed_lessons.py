"""What published runs teach about speed: constants around their priors, and the spread over held-out publishers."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import lessons

from tunecase import catalog
from tunecase.compute import speed
from tunecase.compute.doubt import Abroad, ways
from tunecase.compute.doubt.bands import TIME_SCALES, time_scales
from tunecase.compute.measured.runs import Measured
from tunecase.compute.speed import rates
from tunecase.compute.speed.rates import Constants
from tunecase.compute.speed.work import Work, computed_tokens, work

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

NOISE, SOURCE, CELL = 0.15, 0.12, 0.10  # sigma of log time: rows of one source, sources, parts of one source
ROWS_PER_CELL = 4  # rows of one source, generation, method and precision are worth no more than so many
PRIORS = lessons.Priors(
    scales={"all": 0.15, "terms": 1.0, "several machines": 0.10, "experts": 0.20},
    middles={"all": 0.06},
    stack=0.10,
)
FAR = 2.0  # sigmas beyond which a row is taken for an error of reading
STEPS = 60


@dataclass(frozen=True, slots=True)
class _Table:
    """Runs side by side: every number an array over runs."""

    runs: tuple[Measured, ...]
    work: Work
    card: Mapping[str, Any]
    roles: Mapping[str, "NDArray[np.int64]"]
    log_time: "Array"
    publishers: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]


def timed_runs(runs: Iterable[Measured]) -> list[Measured]:
    """Runs whose speed can be scored: a known card, known lengths, dense, every counted token computed."""
    kept = []
    for run in runs:
        recipe = run.recipe
        shared = recipe.context_parallel > 1 and run.parallel_known
        odd = recipe.offload != "none" or shared or not run.packed or recipe.shape.experts
        if run.tokens_per_s_per_gpu and recipe.gpu and run.length_known and not odd:
            kept.append(run)
    return kept


def learn_abroad(runs: Sequence[Measured]) -> tuple[Abroad, Constants]:
    """The constants that published runs teach, and how far a new publisher's speeds lie from them.

        log(time) = log(predicted with constants) + source + part of source + noise
        constants ~ N(prior, prior sigma) in logarithms;   source ~ N(0, 0.12), part ~ N(0, 0.10), noise ~ N(0, 0.15)

    The most probable constants first, many rows of one part counted as four; then the spread of what they leave, as
    `lessons.learn` finds it.

    Args:
        runs: with a speed and a card, every counted token computed.
    Returns: the spread and the constants; the priors alone where there is no run.
    Source of the priors: catalog/tables/step_constants.csv. Leaves out that the constants were learnt from the same
    publishers that the spread is then learnt from, which the factor from left-out publishers only partly makes good.
    """
    known = list(runs)
    constants = most_probable(known)
    if not known:
        return Abroad(lessons.half_of_t(5.0), PRIORS.scales, new_stack=PRIORS.stack), constants
    table = side_by_side(known, constants)
    return lessons.abroad_of(*lessons.learn(table, PRIORS), table, PRIORS), constants


def side_by_side(runs: Sequence[Measured], constants: Constants) -> lessons.Table:
    """Every run in every way that it may be set up: log(predicted / measured speed), so that slow runs are positive."""
    found = [_each_way(run, constants) for run in runs]
    design = [[1.0] for _ in runs]
    return lessons.table_of([run.publisher for run in runs], found, design)


def _each_way(run: Measured, constants: Constants) -> list[lessons.OneWay]:
    kept = []
    for way in ways(run.recipe, run.unsaid - {"length"}):
        step = speed.step_time(way.recipe, constants)
        has = time_scales(way.recipe, step.sigma)
        gap = math.log(float(step.tokens_per_s_per_gpu) / (run.tokens_per_s_per_gpu or 1.0))
        stack = catalog.of_any_year(way.recipe.framework)
        kept.append(lessons.OneWay(gap, way.share, tuple(float(has[name]) for name in TIME_SCALES), stack))
    return kept


def _log_time(run: Measured) -> float:
    """Logarithm of the seconds of one step; published speeds count every token that was computed."""
    recipe = run.recipe
    tokens = computed_tokens(recipe) * recipe.accumulation / recipe.tensor_parallel / recipe.pipeline_parallel
    assert run.tokens_per_s_per_gpu
    return math.log(tokens / run.tokens_per_s_per_gpu)


def priors() -> dict[str, tuple[float, float]]:
    """(prior, sigma of its logarithm) of every constant. Source: catalog/tables/step_constants.csv."""
    rows = catalog.read_table("step_constants")
    return {row["name"]: (float(row["prior"]), float(row["prior_sigma"])) for row in rows}


def most_probable(runs: Sequence[Measured]) -> Constants:
    """The constants that runs teach around their priors, without the spread between publishers."""
    import numpy as np
    from scipy.optimize import least_squares

    prior, spreads = priors(), rates.shipped().spreads
    names = list(prior)
    centre = np.log([prior[name][0] for name in names])
    widths = np.array([prior[name][1] for name in names])
    values = centre
    if runs:
        table = _side_by_side(runs, names)
        publishers, cells = sorted(set(table.publishers)), sorted(set(table.cells))
        source = np.array([publishers.index(name) for name in table.publishers])
        cell = np.array([cells.index(name) for name in table.cells])
        weight = np.sqrt(np.minimum(1, ROWS_PER_CELL / np.bincount(cell)[cell]))
        n, p = len(names), len(publishers)

        def residuals(x: "Array") -> "Array":
            found = np.exp(x[:n])
            predicted = rates.seconds(table.work, table.card, {role: found[at] for role, at in table.roles.items()})
            gap = table.log_time - np.log(sum(predicted.values())) - x[n : n + p][source] - x[n + p :][cell]
            z = gap / NOISE
            z = np.sign(z) * np.sqrt(2 * FAR**2 * (np.sqrt(1 + (z / FAR) ** 2) - 1))  # rows far off pull less
            parts = (z * weight, (x[:n] - centre) / widths, x[n : n + p] / SOURCE, x[n + p :] / CELL)
            return np.concatenate(parts)

        start = np.concatenate([centre, np.zeros(p + len(cells))])
        values = least_squares(residuals, start, max_nfev=STEPS).x[:n]
    found = dict(zip(names, (float(value) for value in np.exp(values)), strict=True))
    return Constants(found, spreads, len(runs), len({run.publisher for run in runs}))


def _side_by_side(runs: Sequence[Measured], names: Sequence[str]) -> _Table:
    import numpy as np

    works = [work(run.recipe) for run in runs]
    stacked = Work(*(np.array([float(getattr(one, field)) for one in works]) for field in Work.__slots__))
    cards = [rates.card_figures(run.recipe) for run in runs]
    plain = Constants({name: float(at) for at, name in enumerate(names)}, {})  # indices in place of values
    indices = [rates.roles(run.recipe, plain) for run in runs]
    return _Table(
        runs=tuple(runs),
        work=stacked,
        card={key: np.array([float(card[key]) for card in cards]) for key in cards[0]},
        roles={role: np.array([int(index[role]) for index in indices]) for role in indices[0]},
        log_time=np.array([_log_time(run) for run in runs]),
        publishers=tuple(run.publisher for run in runs),
        cells=tuple(_cell(run) for run in runs),
    )


def _cell(run: Measured) -> tuple[str, ...]:
    recipe = run.recipe
    assert recipe.gpu is not None
    return run.publisher, recipe.gpu.generation, recipe.method, str(rates.uses_eight_bit(recipe))
