"""What a trace of requests tells of the traffic: volume, hours of the week, burst and lengths."""

import math
from dataclasses import dataclass, field

from tunecase.quantities import HOURS, Draws, Floats, np

HOURS_PER_WEEK = 168
WINDOW_S = 10  # of the burst
WINDOWS_PER_HOUR = 3600 // WINDOW_S
FEWEST_IN_WINDOW = 3
BINS_PER_E = 200  # of the lengths' histograms: 0.5% wide
MOST_TOKENS = 1e9
POINTS = 101  # of the lengths' quantiles


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """A file of requests as they came, summed up.

    `answers_per_month` and `weights` are None where the trace is shorter than a week. `weights` is the load of each
    hour of the week over the mean, shape (168,), from Monday 00:00, or from the trace's first hour where its times are
    seconds. `burst` and `burst_per_minute` are the load in output tokens of the busiest 10 seconds and minute of the
    busiest hour over that hour's mean. `windows` are the requests of the busiest hour's 10 seconds over their mean,
    shape (up to 360,). `input_tokens` and `output_tokens` are means, `input_lengths` and `output_lengths` the
    quantiles 0, 0.01 ... 1 over the mean, shape (101,). `notes` say what is left out, in words.
    """

    requests: int
    days: float
    answers_per_month: float | None
    weights: "Draws | None"
    burst: float
    burst_per_minute: float
    windows: "Draws"
    input_tokens: float
    output_tokens: float
    input_lengths: "Draws"
    output_lengths: "Draws"
    notes: tuple[str, ...] = ()

    @property
    def tells_burst(self) -> bool:
        """Whether it is dense enough: with fewer than 3 requests in a mean window chance alone makes bursts."""
        return self.requests >= FEWEST_IN_WINDOW * self.days * 86_400 / WINDOW_S


@dataclass(slots=True, eq=False)
class Lengths:
    """A histogram of tokens, in bins of 0.5%: as large for a million requests as for ten."""

    counts: "Floats"
    total: float = 0.0

    def add(self, tokens: "Draws") -> None:
        """Counts further lengths, each at least zero."""
        bins = (np.log(np.maximum(tokens, 1.0)) * BINS_PER_E).astype(int)
        self.counts += np.bincount(bins, minlength=len(self.counts))
        self.total += float(tokens.sum())

    def quantiles(self) -> "Draws":
        """The quantiles 0, 0.01 ... 1 over the mean, shape (101,)."""
        below, n = np.cumsum(self.counts), int(self.counts.sum())
        bins = np.searchsorted(below, np.maximum(np.linspace(0, 1, POINTS) * n, 1.0))
        mean = max(self.total / n, 1e-9)
        return np.asarray(np.exp((bins + 0.5) / BINS_PER_E) / mean)


def no_lengths() -> Lengths:
    """An empty histogram."""
    return Lengths(np.zeros(math.ceil(math.log(MOST_TOKENS) * BINS_PER_E) + 1, dtype=int))


def _no_windows() -> "Draws":
    return np.zeros(WINDOWS_PER_HOUR)


@dataclass(slots=True, eq=False)
class Tally:
    """Requests as they are read, in 10-second windows from the first full hour: 4 MB for a month, whatever the rows."""

    start_s: float
    start_hour: int
    requests: "Draws" = field(default_factory=_no_windows)
    tokens: "Draws" = field(default_factory=_no_windows)
    inputs: Lengths = field(default_factory=no_lengths)
    outputs: Lengths = field(default_factory=no_lengths)
    last_s: float = 0.0

    def add(self, arrival_s: "Draws", input_tokens: "Draws", output_tokens: "Draws") -> None:
        """Counts further requests, in order; shapes (n,) with n >= 1."""
        at = ((arrival_s - self.start_s) // WINDOW_S).astype(int)
        if at[-1] >= len(self.requests):
            more = max(int(at[-1]) + 1, 2 * len(self.requests)) - len(self.requests)
            self.requests = np.concatenate([self.requests, np.zeros(more)])
            self.tokens = np.concatenate([self.tokens, np.zeros(more)])
        first, last = int(at[0]), int(at[-1]) + 1
        self.requests[first:last] += np.bincount(at - first)
        self.tokens[first:last] += np.bincount(at - first, weights=output_tokens)
        self.inputs.add(input_tokens)
        self.outputs.add(output_tokens)
        self.last_s = float(arrival_s[-1])

    def trace(self, first_s: float, notes: tuple[str, ...] = ()) -> Trace:
        """The sums of what was counted.

        Args:
            first_s: arrival of the first request [s].
            notes: what was seen while reading, in words.
        """
        n, span_s = int(self.inputs.counts.sum()), self.last_s - first_s
        begun, ended = int((first_s - self.start_s) // WINDOW_S), int((self.last_s - self.start_s) // WINDOW_S) + 1
        hours = math.ceil(ended / WINDOWS_PER_HOUR)
        counted = np.zeros(hours * WINDOWS_PER_HOUR, dtype=bool)
        counted[begun:ended] = True
        in_hours = (hours, WINDOWS_PER_HOUR)
        requests, tokens = (_padded(part, len(counted)).reshape(in_hours) for part in (self.requests, self.tokens))
        is_counted = counted.reshape(in_hours)
        busiest = int(np.argmax(tokens.sum(1)))
        load = tokens[busiest][is_counted[busiest]]
        weights, per_hour = _week(requests.sum(1), is_counted.mean(1), self.start_hour)
        is_long = span_s >= (HOURS_PER_WEEK - 1) * 3600  # the last request of a week comes before its end
        short = (
            () if is_long else (f"{span_s / 86_400:.2g} days are shorter than a week: only burst and lengths count",)
        )
        return Trace(
            n,
            span_s / 86_400,
            per_hour * HOURS["month"] if is_long else None,
            weights if is_long else None,
            _burst(load, 1),
            _burst(load, 60 // WINDOW_S),
            _over_mean(requests[busiest][is_counted[busiest]]),
            self.inputs.total / n,
            self.outputs.total / n,
            self.inputs.quantiles(),
            self.outputs.quantiles(),
            (*notes, *short),
        )


def _padded(values: "Draws", length: int) -> "Draws":
    return np.concatenate([values[:length], np.zeros(max(length - len(values), 0))])


def _over_mean(values: "Draws") -> "Draws":
    return np.asarray(values / values.mean())


def _burst(load: "Draws", windows: int) -> float:
    """The busiest of so many neighbouring windows over the mean; 1 where there are fewer."""
    if len(load) < windows:
        return 1.0
    sums = np.convolve(load, np.ones(windows), "valid")
    return float(sums.max() / windows / load.mean()) if load.any() else 1.0


def _week(requests: "Draws", shares: "Draws", start_hour: int) -> "tuple[Draws, float]":
    """The load of each hour of the week over its mean, shape (168,), and the mean's requests in an hour.

    Each hour of the week is the mean of those counted, so that a part of a further week moves no weight.
    """
    of_week = (start_hour + np.arange(len(requests))) % HOURS_PER_WEEK
    counts = np.bincount(of_week, weights=shares, minlength=HOURS_PER_WEEK)
    loads = np.bincount(of_week, weights=requests, minlength=HOURS_PER_WEEK) / np.maximum(counts, 1e-9)
    per_hour = float(loads.mean())
    return np.asarray(loads / per_hour), per_hour
