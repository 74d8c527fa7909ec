"""What published runs teach about speed: constants around their priors, and the spread over held-out publishers."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tunecase import catalog
from tunecase.compute.measured.runs import Measured
from tunecase.compute.speed import rates
from tunecase.compute.speed.rates import Constants
from tunecase.compute.speed.work import Work, computed_tokens, work
from tunecase.quantities import Z80

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

NOISE, SOURCE, CELL = 0.15, 0.12, 0.10  # sigma of log time: rows of one source, sources, parts of one source
ROWS_PER_CELL = 4  # rows of one source, generation, method and precision are worth no more than so many
LEAST, UNKNOWN = 0.16, 0.20  # between sources: never less (see `learn`), and where fewer than three speak
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


def learn(runs: Sequence[Measured]) -> Constants:
    """The constants that published runs teach.

        log(time) = log(predicted with constants) + source + part of source + noise
        constants ~ N(prior, prior sigma) in logarithms;   source ~ N(0, 0.12), part ~ N(0, 0.10), noise ~ N(0, 0.15)

    The most probable constants, many rows of one part counted as four. The spread between sources is then what makes
    the 80% band hold 80% of publishers that were left out in turn, each publisher weighing alike. It is never under
    0.16: publishers gathered after the priors were chosen needed 0.16 to 0.18, since their pages say less.

    Args:
        runs: with a speed and a card, dense, every counted token computed.
    Returns: the Constants; the priors alone where there is no run.
    Source of the priors: catalog/tables/step_constants.csv.
    """
    from dataclasses import replace

    known = list(runs)
    constants = _most_probable(known)
    publishers = sorted({run.publisher for run in known})
    if len(publishers) < 3:
        return replace(constants, between=UNKNOWN)
    gaps: list[tuple[float, float, float]] = []  # (|log error|, variance from the terms, weight)
    for name in publishers:
        others = _most_probable([run for run in known if run.publisher != name])
        mine = [run for run in known if run.publisher == name]
        gaps += [(*_gap(run, others), 1 / len(mine)) for run in mine]
    return replace(constants, between=_between(gaps))


def _between(gaps: Sequence[tuple[float, float, float]], share: float = 0.8) -> float:
    """The smallest spread between sources with which a share of the gaps lies inside the band."""
    whole, low, high = sum(weight for *_, weight in gaps), LEAST, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        inside = sum(weight for gap, variance, weight in gaps if gap <= Z80 * math.sqrt(middle**2 + variance))
        low, high = (low, middle) if inside >= share * whole else (middle, high)
    return high


def _gap(run: Measured, constants: Constants) -> tuple[float, float]:
    terms = rates.seconds(work(run.recipe), rates.card_figures(run.recipe), rates.roles(run.recipe, constants))
    sigma = rates.sigma(run.recipe, terms, constants)
    gap = abs(math.log(float(sum(terms.values()))) - _log_time(run))
    return gap, float(sigma) ** 2 - constants.between**2


def _log_time(run: Measured) -> float:
    """Logarithm of the seconds of one step; published speeds count every token that was computed."""
    recipe = run.recipe
    tokens = computed_tokens(recipe) * recipe.accumulation / recipe.tensor_parallel / recipe.pipeline_parallel
    assert run.tokens_per_s_per_gpu
    return math.log(tokens / run.tokens_per_s_per_gpu)


def priors() -> dict[str, tuple[float, float]]:
    """(prior, sigma of its logarithm) of every constant. Source: catalog/tables/step_constants.csv."""
    rows = [row for row in catalog.read_table("step_constants") if row["name"] != rates.OVERALL]
    return {row["name"]: (float(row["prior"]), float(row["prior_sigma"])) for row in rows}


def _most_probable(runs: Sequence[Measured]) -> Constants:
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
    return Constants(found, spreads, UNKNOWN, len(runs), len({run.publisher for run in runs}))


def _side_by_side(runs: Sequence[Measured], names: Sequence[str]) -> _Table:
    import numpy as np

    works = [work(run.recipe) for run in runs]
    stacked = Work(*(np.array([float(getattr(one, field)) for one in works]) for field in Work.__slots__))
    cards = [rates.card_figures(run.recipe) for run in runs]
    plain = Constants({name: float(at) for at, name in enumerate(names)}, {}, 0.0)  # indices in place of values
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
