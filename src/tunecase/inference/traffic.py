"""What arrives after launch, in every world: answers a month, hours of the week, burst, growth, lengths, objectives."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tunecase import catalog
from tunecase.errors import InputError, Problem
from tunecase.inference.trace import HOURS_PER_WEEK, POINTS, WINDOW_S, Trace
from tunecase.prices import Basis, served_months
from tunecase.project import Traffic as TrafficFields
from tunecase.quantities import HOURS, Draws, np

WORKING_HOURS = 120  # of a week, from Monday 00:00; the weekend follows
MOST_LEVELS = 24  # of a part of the week; more are grouped
SECONDS_PER_MONTH = HOURS["month"] * 3600
WITHOUT_OBJECTIVE_S = 60.0  # the window of the load where no time to the first token is asked


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Hours of the week with one load: how many, and the load over the week's mean, shape (worlds,) or one number."""

    hours: float
    weight: "Draws | float"


@dataclass(frozen=True, slots=True, eq=False)
class Week:
    """The load of a week by the hour.

    `hours` are loads from Monday 00:00, shape (168,), of any scale; those of the weekend count times `weekend`, shape
    (worlds,) or one number.
    """

    hours: "Draws"
    weekend: "Draws | float" = 1.0

    @property
    def mean(self) -> "Draws | float":
        """The mean of an hour, in the scale of `hours`: shape (worlds,) or one number."""
        working, weekend = float(self.hours[:WORKING_HOURS].sum()), float(self.hours[WORKING_HOURS:].sum())
        return (working + weekend * self.weekend) / HOURS_PER_WEEK

    @property
    def weights(self) -> "Draws":
        """The load of each hour over the mean, in the middle of the worlds, shape (168,)."""
        weekend = float(np.median(self.weekend))
        loads = np.concatenate([self.hours[:WORKING_HOURS], self.hours[WORKING_HOURS:] * weekend])
        return np.asarray(loads / loads.mean())

    @property
    def peak(self) -> "Draws | float":
        """The load of the busiest hour over the mean: shape (worlds,) or one number."""
        working, weekend = self.hours[:WORKING_HOURS].max(), self.hours[WORKING_HOURS:].max() * self.weekend
        return np.asarray(np.maximum(working, weekend)) / self.mean

    def levels(self, lead_share: float = 0.0, after_share: float = 0.0) -> "tuple[Level, ...]":
        """The hours of the week by their load, together 168.

        What serves an hour may have to be there for a part of the hour before it, or stay for a part of the one after.
        Such a part counts with the higher load of the two, so that more load never takes fewer hours.

        Args:
            lead_share: part of the hour before [0 to 1]; after_share: part of the hour after; together at most 1.
        Leaves out: the step between a working day and the weekend; loads of more than 24 values are grouped, each group
            with its mean, at most some percent apart.
        """
        parts = ((self.hours[:WORKING_HOURS], 1.0), (self.hours[WORKING_HOURS:], self.weekend))
        return tuple(
            Level(hours, load * factor / self.mean)
            for loads, factor in parts
            for load, hours in _levels(loads, lead_share, after_share)
        )


def _levels(loads: "Draws", lead_share: float, after_share: float) -> "list[tuple[float, float]]":
    """(load, hours) of one part of the week."""
    around = np.concatenate([loads, np.maximum(loads, np.roll(loads, -1)), np.maximum(loads, np.roll(loads, 1))])
    shares = np.repeat([1 - lead_share - after_share, lead_share, after_share], len(loads))
    values, which = np.unique(around, return_inverse=True)
    hours = np.bincount(which, weights=shares)
    groups = np.array_split(np.arange(len(values)), min(len(values), MOST_LEVELS))
    summed = [(float(values[group] @ hours[group]), float(hours[group].sum())) for group in groups]
    return [(load / held, held) for load, held in summed if held > 0]


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """What arrives after launch, in every world; draws have the shape (worlds,).

    `answers_per_month` are those at launch; they grow by the share `growth` a month over `months`. `burst` is the load
    of the busiest 10 seconds of an hour over the hour's mean. `input_tokens` is what the tuned model reads,
    `instructions_tokens` what a prompted model reads on top; `cached_share` is of the input. `input_lengths` and
    `output_lengths` are quantiles 0, 0.01 ... 1 over the mean, shape (101,). `windows` are the loads of 10 seconds of a
    busy hour over their mean, from a trace, None without one. `first_token_s` and `per_token_s` are objectives in
    seconds, None where none is asked. `trace` is what the file held.
    """

    answers_per_month: "Draws"
    months: "Draws"
    growth: "Draws"
    week: Week
    burst: "Draws"
    input_tokens: "Draws"
    output_tokens: "Draws"
    instructions_tokens: "Draws"
    cached_share: "Draws"
    input_lengths: "Draws"
    output_lengths: "Draws"
    windows: "Draws | None" = None
    first_token_s: float | None = None
    per_token_s: float | None = None
    may_wait: bool = False
    trace: Trace | None = None

    @property
    def answers_per_s(self) -> "Draws":
        """The mean rate at launch [answers/s], shape (worlds,)."""
        return self.answers_per_month / SECONDS_PER_MONTH

    @property
    def burst_in_window(self) -> "Draws":
        """The load in the busiest window of the objective over the hour's mean, shape (worlds,).

            1 + (burst - 1) sqrt(10 s / window)

        The window is the time to the first token, at least 10 s; a minute where none is asked. In two traces of Azure
        the excess of the busiest minute is 0.53 (chat) and 0.35 (code completion) of that of 10 seconds, against 0.41.
        """
        window_s = WITHOUT_OBJECTIVE_S if self.first_token_s is None else max(self.first_token_s, WINDOW_S)
        return 1 + (self.burst - 1) * math.sqrt(WINDOW_S / window_s)


def traffic_of(basis: Basis, tokens: tuple[float, float] | None, trace: Trace | None = None) -> Traffic | list[str]:
    """The traffic of a project, or the names of all fields that are missing.

    What is stated comes first, then the trace, then the training file's tokens, then the defaults of the tables.

    Args:
        basis: the project and its worlds; every draw has the name of its field.
        tokens: mean input and output tokens of the training file, None where it was not read.
        trace: of `serving.traffic.trace`, None without one.
    Returns: the Traffic, or the missing fields: problem.volume, serving.traffic.input, serving.traffic.output.
    Raises: InputError where no hour of the day has load.
    """
    stated = basis.project.serving.traffic if basis.project else TrafficFields()
    lengths = (trace.input_tokens, trace.output_tokens) if trace else tokens
    volume = basis.project.problem.volume if basis.project else None
    known = {
        "problem.volume": volume is not None or (trace is not None and trace.answers_per_month is not None),
        "serving.traffic.input": stated.input is not None or lengths is not None,
        "serving.traffic.output": stated.output is not None or lengths is not None,
    }
    if missing := [name for name, is_known in known.items() if not is_known]:
        return missing
    total = trace.answers_per_month if trace and volume is None else None
    inputs, outputs = lengths or (None, None)
    burst = trace.burst if trace and trace.tells_burst and stated.burst is None else None
    return Traffic(
        _filled(basis, total) if total is not None else basis.draw("problem.volume", volume),
        served_months(basis),
        basis.draw("serving.traffic.growth", stated.growth),
        _week(basis, stated, trace),
        np.maximum(_filled(basis, burst) if burst else basis.draw("serving.traffic.burst", stated.burst), 1.0),
        basis.draw("serving.traffic.input", stated.input) if stated.input else _filled(basis, inputs),
        basis.draw("serving.traffic.output", stated.output) if stated.output else _filled(basis, outputs),
        basis.draw("serving.traffic.instructions", stated.instructions),
        basis.draw("serving.traffic.cached", stated.cached),
        trace.input_lengths if trace else _lengths(basis),
        trace.output_lengths if trace else _lengths(basis),
        trace.windows if burst and trace else None,
        None if stated.first_token is None else stated.first_token.spread.median,
        None if stated.per_token is None else stated.per_token.spread.median,
        stated.may_wait,
        trace,
    )


def _filled(basis: Basis, value: float | None) -> "Draws":
    return np.full(basis.worlds.n, value, dtype=float)


def _week(basis: Basis, stated: TrafficFields, trace: Trace | None) -> Week:
    """The hours as stated, else of a trace that is long enough, else the default shape."""
    if trace is not None and trace.weights is not None and stated.hours is None:
        return Week(trace.weights)
    if isinstance(stated.hours, tuple):
        hours: Sequence[float] = stated.hours
    else:
        hours = _shape(basis.text("serving.traffic.hours", stated.hours))
    if not any(hours):
        fix = "give the busiest hour a number above zero, or write even, office or day"
        raise InputError(Problem("serving.traffic.hours", "24 zeros", "load in at least one hour", fix))
    is_even = len(set(hours)) == 1 and stated.weekend is None
    weekend = 1.0 if is_even else basis.draw("serving.traffic.weekend", stated.weekend)
    return Week(np.tile(np.array(hours, dtype=float), 7), weekend)


def _shape(name: str) -> "Sequence[float]":
    """The load of the 24 hours of a named day."""
    row = next(row for row in catalog.read_table("traffic_shapes") if row["name"] == name)
    return [float(load) for load in row["hours"].split(";")]


def _lengths(basis: Basis) -> "Draws":
    """Quantiles of a lognormal over its mean, of the default spread's median, shape (101,)."""
    from scipy.special import ndtri

    sigma = basis.spread("serving.traffic.length_spread").median
    points = (np.arange(POINTS) + 0.5) / POINTS
    return np.asarray(np.exp(sigma * ndtri(points) - sigma**2 / 2))
