"""Whether answers begin in time: a simulation of requests that queue for one replica."""

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from tunecase import catalog
from tunecase.errors import Problem
from tunecase.inference.setup import Rate, Setup
from tunecase.inference.trace import POINTS, WINDOW_S, WINDOWS_PER_HOUR
from tunecase.inference.traffic import Traffic
from tunecase.quantities import Z80, Draws, Rng, generator, np

Verdict = Literal["met", "not met", "unsure", "not asked"]

SURE = 0.8  # chance from which the objective is met; below 1 - SURE it is not
FEWEST_REQUESTS, MOST_REQUESTS = 1_500, 6_000  # of one simulation
FEWEST_WINDOWS = 3
MOST_STRATA = 10 * WINDOWS_PER_HOUR  # of the windows' loads; more windows repeat them
WARM_UP = 0.1  # of the requests, which find the replica emptier than it is
PERCENTILE = 0.95
HALVINGS = 3


@dataclass(frozen=True, slots=True)
class Server:
    """One replica as its queue sees it.

    `slots` are the requests that it answers at once. `prefill_s` is the time of a mean input alone, `step_alone_s` that
    of a token of one request in flight and `step_full_s` with all slots taken. `low` and `high` are the 80% band of its
    speed, as factors. A first token takes `overhead_s` on its way and `factor` times what the queue says, give or take
    `spread`, a standard deviation of the logarithm.
    """

    slots: int
    prefill_s: float
    step_alone_s: float
    step_full_s: float
    low: float = 1.0
    high: float = 1.0
    overhead_s: float = 0.0
    factor: float = 1.0
    spread: float = 0.0

    def step_s(self, in_flight: int) -> float:
        """The time of a token with so many requests in flight: a line between one and all slots [s]."""
        if self.slots == 1:
            return self.step_full_s
        return self.step_alone_s + (self.step_full_s - self.step_alone_s) * (in_flight - 1) / (self.slots - 1)

    def speed(self, chance: float) -> float:
        """The factor on its speed that is exceeded with the chance: the band as two half lognormals."""
        z, sigma = self._side(chance)
        return math.exp(z * sigma)

    def first_token_s(self, queued_s: Callable[[float], float], chance: float) -> float:
        """The time to a first token that is kept with the chance [s].

            overhead + factor exp(-z spread^2 / s) queued(exp(z sigma^2 / s)),   s^2 = sigma^2 + spread^2

        The doubt in the speed, sigma, and that in the first token alone are independent: each takes the part of the
        whole at which both together are likeliest.

        Args:
            queued_s: what the queue says at a factor on the replica's speed [s].
            chance: that the time is at most what is returned.
        """
        z, sigma = self._side(chance)
        whole = max(math.hypot(sigma, self.spread), 1e-9)
        slower = math.exp(-z * self.spread**2 / whole)
        return self.overhead_s + self.factor * slower * queued_s(math.exp(z * sigma**2 / whole))

    def _side(self, chance: float) -> tuple[float, float]:
        """The standard normal that is exceeded with the chance, and the band's standard deviation on its side."""
        from scipy.special import ndtri

        z = -float(ndtri(chance))
        return z, math.log(self.high if z > 0 else 1 / self.low) / Z80


def server_of(setup: Setup, alone: Rate, full: Rate) -> Server:
    """The replica as its queue sees it.

    Args:
        setup: what runs.
        alone: its speed with one request in flight.
        full: its speed at the most that the objective allows.

    Source: tables/serving_first_token.csv, by engine.
    """
    rows = {row["engine"]: row for row in catalog.read_table("serving_first_token")}
    row = rows.get(setup.engine, rows["other"])
    return Server(
        max(int(full.in_flight), 1),
        full.prefill_s,
        min(alone.step_s, full.step_s),
        full.step_s,
        full.low,
        full.high,
        float(row["overhead_ms"]) / 1000,
        float(row["factor"]) * (float(row["experts_factor"]) if setup.model.experts else 1.0),
        float(row["spread"]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Requests:
    """Requests in the order of arrival, shape (n,) each: when, the time of their input, their answers' tokens."""

    arrival_s: "Draws"
    prefill_s: "Draws"
    output_tokens: "Draws"


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of requests, in seconds: when each got its slot and its first token, and the time of a further one."""

    slot_s: list[float]
    first_token_s: list[float]
    per_token_s: list[float]


def serve(requests: Requests, server: Server, speed: float = 1.0, prefill_share: float = 0.0) -> Answered:
    """Requests one after the other: each waits for a slot, then for the inputs before it.

        slot  = max(arrival, first slot that is free)
        first = max(slot, end of the input before) + the rest of the step that runs, half of one + prefill
        end   = first + output tokens x step(in flight) / (1 - prefill share)

    Args:
        requests: in the order of arrival.
        server: the replica.
        speed: factor on all its times.
        prefill_share: part of the time in which inputs stop the answers in flight [0 to 1).
    Returns: the times of every request.
    Leaves out: answers in flight that change their speed when others join or end, and inputs cut into chunks.
    """
    ends: list[float] = []
    slots, channel_s, slowed = server.slots, 0.0, 1 / (speed * (1 - prefill_share))
    served = Answered([], [], [])
    rows = zip(
        requests.arrival_s.tolist(), (requests.prefill_s / speed).tolist(), requests.output_tokens.tolist(), strict=True
    )
    for arrival_s, prefill_s, tokens in rows:
        slot_s = arrival_s
        while ends and ends[0] <= arrival_s:
            heapq.heappop(ends)
        if len(ends) == slots:
            slot_s = heapq.heappop(ends)
        step_s = server.step_s(len(ends) + 1) * slowed
        waits_s = step_s / 2 if ends and prefill_s else 0.0
        first_s = max(slot_s + waits_s, channel_s) + prefill_s
        channel_s = first_s if prefill_s else channel_s
        heapq.heappush(ends, first_s + tokens * step_s)
        served.slot_s.append(slot_s)
        served.first_token_s.append(first_s)
        served.per_token_s.append(step_s)
    return served


@dataclass(frozen=True, slots=True)
class Latency:
    """Whether the objectives are met, with which chance, and the 95th percentile in the middle of the band [s]."""

    verdict: Verdict
    chance: float
    first_token_s: float


def first_token_met(traffic: Traffic, capacity: "Draws", server: Server, seed: int = 0) -> Latency:
    """Whether 95 of 100 answers begin in time, and further tokens come in time, in the busiest hour at launch.

    Requests of an hour with its bursts arrive at one of the replicas that the load needs, the spare left out. The
    simulation is run at several speeds inside the band of the throughput; a faster replica never does worse.

    Args:
        traffic: what arrives, with its objectives.
        capacity: answers of one replica within the objective [answers/s], shape (worlds,).
        server: the replica.
        seed: of the arrivals and lengths.
    Returns: met where the chance is 0.8 or more, not met where it is 0.2 or less, unsure between; not asked without an
        objective.
    Leaves out: doubt in the traffic, for the fleet grows with it; replicas that share their queue, which would wait
        less; a burst that an estimate from few requests makes too large.
    """
    if traffic.first_token_s is None and traffic.per_token_s is None:
        return Latency("not asked", 1.0, math.nan)
    rate = rate_per_replica(traffic, capacity)
    requests = _requests(traffic, server, rate, generator(seed, "arrivals"))
    trials = _Trials(traffic, server, requests, rate)
    return Latency(*_verdict(trials), server.first_token_s(trials.queued_s, 0.5))


def rate_per_replica(traffic: Traffic, capacity: "Draws") -> float:
    """Answers a second that one of the needed replicas gets in the busiest hour at launch, in the middle world."""
    rate = np.median(traffic.answers_per_s * traffic.week.peak)
    load = np.median(traffic.answers_per_s * traffic.week.peak * traffic.burst_in_window / capacity)
    return float(rate / max(math.ceil(float(load)), 1))


@dataclass(frozen=True, slots=True, eq=False)
class _Trials:
    """The same requests, at any speed of the replica."""

    traffic: Traffic
    server: Server
    requests: Requests
    rate: float

    def at(self, speed: float) -> Answered:
        """What comes of the requests at a speed."""
        each_s = self.server.prefill_s / speed
        full_s = (
            each_s + float(self.requests.output_tokens.mean()) * self.server.step_full_s / self.server.slots / speed
        )
        return serve(self.requests, self.server, speed, min(self.rate, 1 / max(full_s, 1e-12)) * each_s * 0.999)

    def queued_s(self, speed: float) -> float:
        """The 95th percentile of the time from arrival to the end of the input [s]."""
        times = np.array(self.at(speed).first_token_s) - self.requests.arrival_s
        return float(np.quantile(times[int(len(times) * WARM_UP) :], PERCENTILE))

    def is_met(self, chance: float) -> bool:
        """Whether the objectives are met with this chance."""
        first_s, each_s = self.traffic.first_token_s, self.traffic.per_token_s
        if each_s is not None and float(np.mean(self.at(self.server.speed(chance)).per_token_s)) > each_s:
            return False
        return first_s is None or self.server.first_token_s(self.queued_s, chance) <= first_s


def _verdict(trials: _Trials) -> tuple[Verdict, float]:
    """The verdict and the chance, by halving the chances between which the objectives cease to be met."""
    if trials.is_met(SURE):
        return "met", _chance(trials, SURE, 1.0)
    if not trials.is_met(1 - SURE):
        return "not met", _chance(trials, 0.0, 1 - SURE)
    return "unsure", _chance(trials, 1 - SURE, SURE)


def _chance(trials: _Trials, low: float, high: float) -> float:
    """The chance up to which the objectives are met, between two."""
    for _ in range(HALVINGS):
        mid = (low + high) / 2
        low, high = (mid, high) if trials.is_met(mid) else (low, mid)
    return (low + high) / 2


def _requests(traffic: Traffic, server: Server, rate: float, luck: "Rng") -> Requests:
    """Requests of Poisson at a rate that changes every 10 seconds, with lengths from the traffic's quantiles."""
    each = rate * WINDOW_S
    count = min(max(WINDOWS_PER_HOUR, FEWEST_REQUESTS / each), max(MOST_REQUESTS / each, FEWEST_WINDOWS))
    loads = _windows(traffic, math.ceil(count), luck)
    n = luck.poisson(each * loads)
    arrival_s = np.sort(np.repeat(np.arange(len(loads)), n) + luck.random(int(n.sum()))) * WINDOW_S
    inputs, outputs = (
        np.interp(luck.random(len(arrival_s)) * (POINTS - 1), np.arange(POINTS), lengths)
        for lengths in (traffic.input_lengths, traffic.output_lengths)
    )
    tokens = float(np.median(traffic.output_tokens))
    return Requests(arrival_s, server.prefill_s * inputs, np.maximum(tokens * outputs, min(tokens, 1.0)))


def _windows(traffic: Traffic, count: int, luck: "Rng") -> "Draws":
    """The load of each 10 seconds over the mean, in any order, shape (count,).

    Those of a trace, else of a gamma distribution whose largest of 360, an hour, is the burst.
    """
    from scipy.special import gammaincinv

    strata = min(count, MOST_STRATA)
    points = (np.arange(strata) + 0.5) / strata
    if traffic.windows is not None:
        loads = np.quantile(traffic.windows, points)
    else:
        shape = _shape(float(np.median(traffic.burst)))
        loads = gammaincinv(shape, points) / shape
    return np.asarray(luck.permutation(np.resize(loads / loads.mean(), count)))


def _shape(burst: float) -> float:
    """The shape of a gamma distribution of mean 1 whose largest of 360 windows is the burst."""
    from scipy.optimize import brentq
    from scipy.special import gammaincinv

    top = 1 - 0.5 / WINDOWS_PER_HOUR

    def excess(log_shape: float) -> float:
        return float(gammaincinv(math.exp(log_shape), top) / math.exp(log_shape)) - burst

    low, high = math.log(0.05), math.log(1e6)
    if excess(high) >= 0:
        return math.exp(high)
    return math.exp(float(brentq(excess, low, high))) if excess(low) > 0 else math.exp(low)


def unreachable(traffic: Traffic, server: Server) -> list[Problem]:
    """The objectives that one request alone misses, at the fast end of the band: no fleet can meet them.

    Args:
        traffic: with its objectives, in seconds.
        server: the replica.
    """
    first_s = server.overhead_s + server.factor * server.prefill_s / server.high
    asked: Sequence[tuple[str, float | None, float, str]] = (
        ("serving.traffic.first_token", traffic.first_token_s, first_s, "one request's first token alone"),
        ("serving.traffic.per_token", traffic.per_token_s, server.step_alone_s / server.high, "one token alone"),
    )
    fix = "ask for more time, take a faster card or more cards for one replica, or a smaller model"
    return [
        Problem(where, f"{wanted:.3g} s", f"at least {least:.3g} s, the time of {what}", fix)
        for where, wanted, least, what in asked
        if wanted is not None and wanted < least
    ]
