"""How many replicas are rented, and for how many hours a month: whole replicas, growth, scaling, batches."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tunecase.inference.trace import HOURS_PER_WEEK
from tunecase.inference.traffic import Level, Traffic, Week
from tunecase.prices import Basis
from tunecase.quantities import DAYS_PER_MONTH, HOURS, Draws, np

GROWTH_PER_STEP = 0.5  # of the logarithm of the load, in the staircase of growth
MOST_STEPS = 12
MOST_IDLE = 50.0  # arrivals in the idle time, beyond which a replica never is given back
HOURS_PER_MONTH = HOURS["month"]
WEEKS_PER_MONTH = HOURS_PER_MONTH / HOURS_PER_WEEK


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """By what rules replicas are rented; times are shape (worlds,) or one number.

    `scales` says whether the provider lets the fleet follow the hours: owned and reserved cards are paid all the time.
    `keep_alive_min` is for how long a replica with nothing to do is kept. `scale_to_zero` gives the last one back too;
    a spare stands in its way. `night_h` is the time in which a batch must be done.
    """

    spare: int = 1
    scales: bool = False
    scale_to_zero: bool = False
    cold_start_min: "Draws | float" = 5.0
    keep_alive_min: "Draws | float" = 15.0
    minimum_billing_min: "Draws | float" = 1.0
    night_h: float = 8.0


def rules_of(basis: Basis, scales: bool) -> Rules:
    """The rules of a project, with the defaults of the tables.

    Where the fleet may scale to zero and no spare is stated there is none, which would stand in its way.

    Args:
        basis: the project and its worlds.
        scales: whether the provider lets the fleet follow the hours.
    """
    serving = basis.project.serving if basis.project else None
    to_zero = scales and bool(serving and serving.scale_to_zero)
    spare = serving.spare if serving else None
    return Rules(
        0 if to_zero and spare is None else int(basis.text("serving.spare", spare)),
        scales,
        to_zero,
        basis.draw("serving.cold_start", serving.cold_start if serving else None),
        basis.draw("serving.keep_alive"),
        basis.draw("serving.minimum_billing", serving.minimum_billing if serving else None),
        basis.spread("serving.night").median,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Fleet:
    """What is rented to serve the traffic; draws have the shape (worlds,).

    `replica_hours_per_month` is what is billed, the mean over the months of service; `answers_per_month` what is served
    for it. `replicas_at_launch` are those of the busiest hour at launch, `most` those at the end, the spare included;
    `by_hour` those of each hour of the week at launch in the middle of the worlds, shape (168,).
    `busy` is what is served over what the hours paid could serve: it divides the bill by what is served and never
    multiplies it. `cold_starts_per_month` is how often the fleet starts from nothing, `waiting_share` the share of the
    answers that wait for that.
    """

    replica_hours_per_month: "Draws"
    answers_per_month: "Draws"
    replicas_at_launch: "Draws"
    most: "Draws"
    by_hour: "Draws"
    busy: "Draws"
    cold_starts_per_month: "Draws"
    waiting_share: "Draws"


def fleet(traffic: Traffic, capacity: "Draws", rules: Rules) -> Fleet:
    """The replicas that serve the traffic as it comes.

        replicas(hour) = ceil(load of the objective's window in that hour / capacity) + spare
        hours a month  = mean over the steps of growth of sum over the week of replicas(hour) x 730.5 / 168

    A fleet that scales is paid by the hour, each replica for its start before the hour and its keep-alive after it; any
    other is paid for the busiest hour all the time. The bill is at least one minimum billing a month.

    Args:
        traffic: what arrives.
        capacity: answers of one replica within the objective [answers/s], shape (worlds,), > 0.
        rules: by which replicas are rented.
    Returns: the Fleet.
    Leaves out: growth inside a step, at most 12 steps of as many months each, which counts at the step's mean (within
        1% of 100 steps where the load doubles); replicas that start late because the load rose within the hour.
    """
    week = traffic.week
    month = _Month(traffic, capacity, rules, week.levels(*_edges(rules)) if rules.scales else ())
    sums = [month.at(growth) for growth in _steps(traffic)]
    paid_h, answers, starts, waiting = (np.mean([part[i] for part in sums], axis=0) for i in range(4))
    starts, waiting = np.minimum(starts, answers), np.minimum(waiting, 1.0)  # hours are grouped, to a thousandth
    paid_h = np.maximum(paid_h, _least(rules) * (answers > 0))
    load = traffic.answers_per_s * traffic.burst_in_window / capacity
    return Fleet(
        paid_h,
        answers,
        np.ceil(load * week.peak) + rules.spare,
        np.ceil(load * week.peak * _last(traffic)) + rules.spare,
        np.ceil(float(np.median(load)) * week.weights) + rules.spare,
        _busy(answers, capacity, paid_h),
        starts,
        waiting,
    )


def _edges(rules: Rules) -> tuple[float, float]:
    """The start before an hour and the keep-alive after it, in hours: middles, together at most one hour."""
    lead = min(float(np.median(rules.cold_start_min)) / 60, 1.0)
    return lead, min(float(np.median(rules.keep_alive_min)) / 60, 1.0 - lead)


def _last(traffic: Traffic) -> "Draws":
    """The growth from launch to the end of the service, shape (worlds,)."""
    return np.asarray((1 + traffic.growth) ** np.maximum(traffic.months, 0.0))


def _steps(traffic: Traffic) -> "Iterator[Draws | float]":
    """The mean growth since launch of each step of the service, shape (worlds,); one step of 1 without growth."""
    if not np.any(traffic.growth):
        yield 1.0
        return
    whole = np.log1p(traffic.growth) * np.maximum(traffic.months, 0.0)
    count = min(max(math.ceil(float(whole.max()) / GROWTH_PER_STEP), 1), MOST_STEPS)
    rate = whole / count
    half = np.maximum(rate / 2, 1e-6)
    within = np.sinh(half) / half  # the mean of a step over its middle
    for step in range(count):
        yield np.exp(rate * (step + 0.5)) * within


def _least(rules: Rules) -> "Draws | float":
    """One minimum billing [h], at most a month."""
    return np.minimum(np.asarray(rules.minimum_billing_min) / 60, HOURS_PER_MONTH)


def _busy(answers_per_month: "Draws", capacity: "Draws", paid_h: "Draws") -> "Draws":
    """What is served over what the hours paid could serve, 0 where nothing is paid."""
    could = capacity * paid_h * 3600
    return np.divide(answers_per_month, could, out=np.zeros(len(could)), where=could > 0)


@dataclass(frozen=True, slots=True, eq=False)
class _Month:
    """One month of a fleet at a given growth."""

    traffic: Traffic
    capacity: "Draws"
    rules: Rules
    levels: tuple[Level, ...]

    def at(self, growth: "Draws | float") -> "tuple[Draws, Draws, Draws, Draws]":
        """Replica hours, answers and cold starts in the month, and the share that waits, shape (worlds,) each."""
        answers = self.traffic.answers_per_month * growth
        load = self.traffic.answers_per_s * growth * self.traffic.burst_in_window / self.capacity
        none = np.zeros(len(answers))
        if not self.rules.scales:
            replicas = np.ceil(load * self.traffic.week.peak) + self.rules.spare
            return replicas * HOURS_PER_MONTH, answers, none, none
        if self.rules.scale_to_zero and self.rules.spare == 0:
            paid, starts, waiting = self._to_zero(load, self.traffic.answers_per_s * growth)
            return paid * WEEKS_PER_MONTH, answers, starts * WEEKS_PER_MONTH, waiting / HOURS_PER_WEEK
        paid = none + self.rules.spare * HOURS_PER_WEEK
        for level in self.levels:
            paid += np.maximum(np.ceil(load * level.weight), 1.0) * level.hours
        return paid * WEEKS_PER_MONTH, answers, none, none

    def _to_zero(self, load: "Draws", rate: "Draws") -> "tuple[Draws, Draws, Draws]":
        """Replica hours and cold starts of a week, and the share of answers that wait times the hours of a week.

        The last replica, at a rate r of Poisson arrivals, is paid for a share of the time and starts so often:

            paid = 1 - 1 / (c r + exp(k r)),   starts = r / (c r + exp(k r)),   share that waits = (1 + c r) / (...)

        with the cold start c, and the idle time k that ends it: at least what is left of the minimum billing. Never
        less than the share of its capacity that is used.
        """
        cold_s, billed_s = 60 * np.asarray(self.rules.cold_start_min), 60 * np.asarray(self.rules.minimum_billing_min)
        idle = np.maximum(60 * np.asarray(self.rules.keep_alive_min), billed_s - cold_s) * rate
        cold, used = cold_s * rate, rate / self.capacity
        paid, starts, waiting = (np.zeros(len(load)) for _ in range(3))
        for level in self.levels:
            needed = load * level.weight
            is_one, cold_here = needed <= 1, cold * level.weight
            left = 1 / (cold_here + np.exp(np.minimum(idle * level.weight, MOST_IDLE)))
            paid += np.where(is_one, np.maximum(1 - left, used * level.weight), np.ceil(needed)) * level.hours
            begun = left * is_one * (level.weight * level.hours)
            starts += begun
            waiting += begun * (1 + cold_here)
        return paid, 3600 * rate * starts, waiting


def nightly(traffic: Traffic, offline: "Draws", rules: Rules) -> Fleet:
    """The replicas that make all answers of a day in one batch.

        replicas = ceil(hours of the busiest day's work / (night - start)),   hours a day = work + replicas x start

    A replica is paid for its start and one minimum billing at least; on a day without an answer none is started.

    Args:
        traffic: what arrives; its burst and objectives do not count.
        offline: answers of one replica that has all work at hand [answers/s], shape (worlds,), > 0.
        rules: by which replicas are rented; no spare is, since a batch may be made again.
    Returns: the Fleet; `waiting_share` is 0, for all answers wait.
    """
    start_h = np.minimum(np.asarray(rules.cold_start_min) / 60, rules.night_h / 2)
    working_h, shares = rules.night_h - start_h, _days(traffic.week)

    def day(growth: "Draws | float") -> "tuple[Draws, Draws, Draws]":
        answers = traffic.answers_per_month * growth / DAYS_PER_MONTH
        replicas = np.ceil(answers * np.max(shares, axis=0) / (offline * 3600 * working_h))
        days = -np.expm1(-answers)  # on which there is one
        paid = np.maximum(answers / (offline * 3600) + days * replicas * start_h, days * replicas * _least(rules))
        return paid * DAYS_PER_MONTH, answers * DAYS_PER_MONTH, days * replicas * DAYS_PER_MONTH

    months = [day(growth) for growth in _steps(traffic)]
    paid_h, answers, starts = (np.mean([month[i] for month in months], axis=0) for i in range(3))
    paid_h = np.maximum(paid_h, _least(rules) * (answers > 0))
    load = traffic.answers_per_month / DAYS_PER_MONTH * np.max(shares, axis=0) / (offline * 3600 * working_h)
    return Fleet(
        paid_h,
        answers,
        np.ceil(load),
        np.ceil(load * _last(traffic)),
        np.where(np.arange(HOURS_PER_WEEK) % 24 < rules.night_h, math.ceil(float(np.median(load))), 0.0),
        _busy(answers, offline, paid_h),
        starts,
        np.zeros(len(paid_h)),
    )


def _days(week: Week) -> "list[Draws]":
    """The load of each day over the mean day's, shape (7, worlds) or (7,)."""
    by_day = week.hours.reshape(7, 24).sum(1) / 24
    return [np.asarray(load * (week.weekend if day >= 5 else 1.0) / week.mean) for day, load in enumerate(by_day)]
