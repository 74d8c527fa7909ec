"""How many labelled rows a row of another source teaches like, from runs with and without such rows."""

from dataclasses import dataclass

from tunecase.quantities import Floats, Interval80, generator, np

LEAST_WORTH, MOST_WORTH, WORTHS = -0.5, 1.5, 161  # below 0 the rows do harm
STEEPEST, SLOPES = 1.5, 61  # of ln(error) against ln(rows)
RESAMPLES = 200  # of the test rows
SMALLEST_SPREAD = 0.005  # of a run's ln(error); runs that agree to the digit are no proof
SHARED = 0.7  # of the runs count as independent: draws share three quarters of their rows (benchmarks/source_trials.py)
WIDEST = 0.8  # width of the 80% interval from which a trial says hardly more than nothing


@dataclass(frozen=True, slots=True)
class Scored:
    """One run: which draw it belongs to, its rows at hand, its rows of the source, and the error of each test row."""

    draw: int
    own: int
    added: int
    errors: "Floats"


@dataclass(frozen=True, slots=True)
class MeasuredWorth:
    """The worth of a row with its 80% interval, from 0 up, and the chance that such rows do harm.

    `part` of the rows were worth anything, the others were copies.
    """

    worth: Interval80
    harms: float
    part: float = 1.0

    @property
    def tells(self) -> bool:
        """False where the interval, of those rows that are worth anything, says hardly more than nothing."""
        return self.worth.high - self.worth.low <= WIDEST * self.part

    def times(self, part: float) -> "MeasuredWorth":
        """The same where only this part of the rows is worth anything."""
        ends = (part * end for end in (self.worth.low, self.worth.mid, self.worth.high))
        return MeasuredWorth(Interval80(*ends), self.harms, self.part * part)


def worth_of_rows(runs: "list[Scored]", seed: int = 0) -> MeasuredWorth:
    """How many labelled rows one row of the source teaches like.

        ln error(own, added) = a_draw - b ln(own + f added) + noise

    f is uniform on -0.5 to 1.5 and b on 0 to 1.5 beforehand; a of each draw and the noise are free, and are integrated
    out: the weight of (f, b) is RSS^(-0.7 (runs - draws) / 2), for draws share rows and say less than independent ones.
    This is done for 200 resamples of the test rows, which all runs share, and the weights are averaged, so that the
    interval holds the luck of the draws and of the test.

    Args:
        runs: without rows of the source at two sizes or more, and with them; errors (test rows,) from 0 to 1, of the
            same test rows in the same order.
        seed: of the resamples.
    Returns: median and 80% interval of f, cut at 0, and the chance that f < 0.
    Raises: ValueError without runs of both kinds.

    Source: a learning curve read backwards; how often the interval holds is measured in benchmarks/source_trials.py.
    Leaves out that a row may be worth less beside more rows than were tried, and what is peculiar to the rows of the
    file: other rows of the source may teach otherwise.
    """
    if not any(run.added for run in runs) or len({run.own for run in runs if not run.added}) < 2:
        raise ValueError("runs with the source, and runs without it at two sizes or more, are needed")
    draws = np.array([run.draw for run in runs])
    same = (draws[:, None] == draws[None, :]).astype(float)
    within = np.eye(len(runs)) - same / same.sum(axis=1, keepdims=True)  # takes each draw's mean away
    worths = np.linspace(LEAST_WORTH, MOST_WORTH, WORTHS)
    own, added = (np.array([getattr(run, name) for run in runs], dtype=float) for name in ("own", "added"))
    rows = np.log(np.maximum(own + worths[:, None] * added, 1.0)) @ within.T  # (worths, runs)
    errors = _resampled(np.stack([run.errors for run in runs]), seed) @ within.T  # (resamples, runs)
    weight = _weight(rows, errors, len(runs) - len(set(draws.tolist())))
    below = np.cumsum(weight)
    low, mid, high = (float(max(np.interp(q, below, worths), 0.0)) for q in (0.1, 0.5, 0.9))
    return MeasuredWorth(Interval80(low, mid, high), float(weight[worths < 0].sum()))


def _resampled(errors: "Floats", seed: int) -> "Floats":
    """ln of each run's mean error in resamples of the test rows, the first as they are, shape (resamples, runs)."""
    tests = errors.shape[1]
    counts = generator(seed, "test rows of a source trial").multinomial(tests, np.full(tests, 1 / tests), RESAMPLES - 1)
    means = np.vstack([np.ones((1, tests)), counts]) @ errors.T / tests
    return np.asarray(np.log(np.maximum(means, 0.5 / tests)))


def _weight(rows: "Floats", errors: "Floats", freedom: int) -> "Floats":
    """The weight of each worth, averaged over the resamples, shape (worths,); sums to 1."""
    slopes = np.linspace(0.0, STEEPEST, SLOPES)[:, None, None]
    squares = (errors**2).sum(axis=1)[None, :, None]
    cross, spread = errors @ rows.T, (rows**2).sum(axis=1)[None, None, :]
    rest = np.maximum(squares + 2 * slopes * cross[None] + slopes**2 * spread, 0.0)  # (slopes, resamples, worths)
    logs = -0.5 * SHARED * max(freedom, 1) * np.log(rest + max(freedom, 1) * SMALLEST_SPREAD**2)
    weights = np.exp(logs - logs.max(axis=(0, 2), keepdims=True)).sum(axis=0)
    return np.asarray((weights / weights.sum(axis=1, keepdims=True)).mean(axis=0))
