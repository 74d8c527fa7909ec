"""What a month of answers costs: replicas that are rented by the hour, or tokens that are paid one by one."""

from dataclasses import dataclass, replace
from typing import Protocol

from tunecase.inference.fleet import Rules, fleet, nightly
from tunecase.inference.traffic import Traffic
from tunecase.quantities import Draws, Indices, np


@dataclass(frozen=True, slots=True, eq=False)
class Bill:
    """What a month of answers costs, the mean over the months of service, in the base currency; shape (worlds,) each.

    Prices of a million tokens are those of input that is read, of output, and of input that a cache holds (None where
    none is held), all None where answers are paid as a whole. `replicas` are the most that are rented at once, spare
    included, `busy` is what is served over what the hours paid could serve, `waiting_share` the share of answers that
    wait for a cold start; all are None where nothing is rented.
    """

    per_month: "Draws"
    answers_per_month: "Draws"
    per_mtok_in: "Draws | None" = None
    per_mtok_out: "Draws | None" = None
    per_mtok_cached: "Draws | None" = None
    replicas: "Draws | None" = None
    busy: "Draws | None" = None
    waiting_share: "Draws | None" = None

    @property
    def per_1k(self) -> "Draws":
        """A thousand answers, shape (worlds,)."""
        return 1000 * self.per_month / self.answers_per_month


class Payer(Protocol):
    """How answers are paid for."""

    def bill(self, traffic: Traffic) -> Bill:
        """What the traffic costs."""


@dataclass(frozen=True, slots=True, eq=False)
class Replicas:
    """Replicas that are rented by the hour, or owned.

    `capacity` is what one gives [answers/s], `hour` what an hour of one costs [base currency]; both shape (worlds,).
    `input_share` is the share of a replica's time that goes to reading input, None where it is not known. `nightly`
    makes all answers of a day in one batch. `sharing` is the number of adapters with as much traffic each that share
    the replicas and their bill. `lot` is the number of replicas that one machine holds where cards are only rented by
    the machine; a spare is then a machine.
    """

    capacity: "Draws"
    hour: "Draws"
    rules: Rules
    input_share: float | None = None
    nightly: bool = False
    sharing: int = 1
    lot: int = 1

    def bill(self, traffic: Traffic) -> Bill:
        """What the traffic costs.

            month = replica hours x price of an hour / adapters that share them
            price of a million tokens = month x share of the time / tokens of that kind, in millions

        Utilisation is in the tokens that are divided by: an idle hour is paid like a busy one. Cached input takes no
        time of its own and costs nothing. Leaves out the cache's memory, which lowers the batch.
        """
        machines = nightly if self.nightly else fleet
        rented = machines(scaled(traffic, self.sharing), self.lot * self.capacity, self.rules)
        month = rented.replica_hours_per_month * self.lot * self.hour / self.sharing
        answers = rented.answers_per_month / self.sharing
        bill = Bill(
            month, answers, replicas=rented.most * self.lot, busy=rented.busy, waiting_share=rented.waiting_share
        )
        if self.input_share is None:
            return bill
        read = traffic.input_tokens * (1 - traffic.cached_share)
        return replace(
            bill,
            per_mtok_in=_per_mtok(month * self.input_share, answers * read),
            per_mtok_out=_per_mtok(month * (1 - self.input_share), answers * traffic.output_tokens),
            per_mtok_cached=0 * month if traffic.cached_share.any() else None,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """Tokens that are paid one by one [base currency per million, shape (worlds,)].

    `cached` is the price of input that the provider still holds; None where it sells none apart, so that it is paid
    like any input. `prompted` models read the traffic's instructions on top of each request.
    """

    into: "Draws"
    out: "Draws"
    cached: "Draws | None" = None
    prompted: bool = False

    def bill(self, traffic: Traffic) -> Bill:
        """What the traffic costs: answers x sum of tokens of a kind x their price.

            input = request + instructions where the model is prompted,   cached = input x cached share

        Leaves out what some providers charge for writing into a cache, and the least length from which they hold it.
        """
        answers = traffic.answers_per_month * mean_growth(traffic)
        into = traffic.input_tokens + (traffic.instructions_tokens if self.prompted else 0.0)
        held = self.into if self.cached is None else np.minimum(self.cached, self.into)
        each = into * ((1 - traffic.cached_share) * self.into + traffic.cached_share * held)
        month = answers * (each + traffic.output_tokens * self.out) / 1e6
        return Bill(month, answers, self.into, self.out, self.cached)

    def with_held_instructions(self, traffic: Traffic) -> "Draws":
        """What the month costs where all instructions, which are the same in each request, are held by the cache."""
        bill = self.bill(traffic)
        if self.cached is None or not self.prompted:
            return bill.per_month
        less = np.maximum(self.into - self.cached, 0.0) * (1 - traffic.cached_share)
        return bill.per_month - bill.answers_per_month * traffic.instructions_tokens * less / 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers that are paid as a whole, at a price that was stated: of 1,000 [base currency, shape (worlds,)]."""

    per_1k: "Draws"

    def bill(self, traffic: Traffic) -> Bill:
        """What the traffic costs: answers x price of one."""
        answers = traffic.answers_per_month * mean_growth(traffic)
        return Bill(answers * self.per_1k / 1000, answers)


@dataclass(frozen=True, slots=True, eq=False)
class Cheapest:
    """Several ways of one kind, of which the cheapest in each world is taken, such as one for each card."""

    ways: tuple[Payer, ...]

    def bill(self, traffic: Traffic) -> Bill:
        """The cheapest bill in each world; prices of tokens and replicas are those of the first way."""
        bills = [way.bill(traffic) for way in self.ways]
        return replace(bills[0], per_month=np.min([bill.per_month for bill in bills], axis=0))


def _per_mtok(cost: "Draws", tokens: "Draws") -> "Draws":
    """The price of a million tokens, 0 where there are none."""
    return 1e6 * np.divide(cost, tokens, out=np.zeros(len(cost)), where=tokens > 0)


def mean_growth(traffic: Traffic) -> "Draws":
    """The mean volume over the months of service as a multiple of that at launch, shape (worlds,).

    mean of (1 + growth)^t over t from 0 to the months = (e^x - 1) / x,   x = months ln(1 + growth)
    """
    x = np.maximum(traffic.months, 0.0) * np.log1p(traffic.growth)
    small = np.abs(x) < 1e-9
    return np.where(small, 1.0, np.expm1(x) / np.where(small, 1.0, x))


def scaled(traffic: Traffic, factor: "float | Draws") -> Traffic:
    """The same traffic with so many times the answers."""
    return replace(traffic, answers_per_month=traffic.answers_per_month * factor)


def evenly(n: int, worlds: int) -> "Indices":
    """Which of n worlds stand for all of them, spread evenly: their indices, shape (worlds,)."""
    return np.arange(worlds) * n // worlds


def some_worlds(traffic: Traffic, worlds: int) -> Traffic:
    """A traffic in so many of its worlds, spread evenly over them."""
    at = evenly(len(traffic.answers_per_month), worlds)
    drawn = {
        name: getattr(traffic, name)[at]
        for name in (
            "answers_per_month", "months", "growth", "burst", "input_tokens", "output_tokens", "instructions_tokens",
            "cached_share",
        )
    }  # fmt: skip
    weekend = np.asarray(traffic.week.weekend)
    week = replace(traffic.week, weekend=weekend[at]) if weekend.ndim else traffic.week
    return replace(traffic, week=week, **drawn)
