"""The queue agrees with the closed forms of queueing theory, and its verdicts with what they mean."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.inference.making import WORLDS, traffic
from tunecase import catalog
from tunecase.inference.queue import Requests, Server, first_token_met, rate_per_replica, serve, server_of, unreachable
from tunecase.inference.setup import Rate, Served, Setup
from tunecase.inference.traffic import SECONDS_PER_MONTH, Traffic

N = 60_000
CAPACITY = np.full(WORLDS, 2.0)
SERVER = Server(slots=32, prefill_s=0.1, step_alone_s=0.01, step_full_s=0.03, low=0.6, high=1.5)


def waits(load: float, servers: int, is_fixed: bool) -> np.ndarray:
    """Waiting times of Poisson arrivals for servers whose mean service is one second, after a warm-up."""
    luck = np.random.default_rng(1)
    arrival_s = np.cumsum(luck.exponential(1 / (load * servers), N))
    service_s = np.ones(N) if is_fixed else luck.exponential(1.0, N)
    answered = serve(Requests(arrival_s, np.zeros(N), service_s), Server(servers, 0.0, 1.0, 1.0))
    return (np.array(answered.slot_s) - arrival_s)[N // 10 :]


def erlang_c(load: float, servers: int) -> float:
    """The chance that an arrival waits in M/M/c."""
    offered = load * servers
    last = offered**servers / math.factorial(servers) / (1 - load)
    return last / (sum(offered**k / math.factorial(k) for k in range(servers)) + last)


def test_one_server_waits_as_in_theory() -> None:
    """M/M/1: load / (1 - load); M/D/1: half of it."""
    cases = [0.3, 0.6, 0.8]
    for load in cases:
        assert load / (1 - load) == pytest.approx(waits(load, 1, False).mean(), rel=0.08)
        assert load / (1 - load) / 2 == pytest.approx(waits(load, 1, True).mean(), rel=0.08)


def test_the_95th_percentile_of_one_server_is_that_of_theory() -> None:
    """M/M/1: ln(load / 0.05) / (1 - load)."""
    assert math.log(0.6 / 0.05) / 0.4 == pytest.approx(np.quantile(waits(0.6, 1, False), 0.95), rel=0.08)


def test_several_slots_wait_as_in_theory() -> None:
    """M/M/c: the chance to wait is Erlang's C, the mean wait C / (c (1 - load))."""
    cases = [(0.7, 2), (0.8, 4), (0.9, 16)]
    for load, servers in cases:
        times = waits(load, servers, False)
        chance = erlang_c(load, servers)
        assert chance == pytest.approx((times > 1e-9).mean(), rel=0.08)
        assert chance / (servers * (1 - load)) == pytest.approx(times.mean(), rel=0.15)


def test_inputs_are_read_one_after_the_other() -> None:
    """With slots for all, the input is a queue of its own: M/D/1 again."""
    luck = np.random.default_rng(1)
    arrival_s = np.cumsum(luck.exponential(1 / 0.6, N))
    answered = serve(Requests(arrival_s, np.ones(N), np.zeros(N)), Server(N, 1.0, 0.0, 0.0))
    waited = np.array(answered.first_token_s) - arrival_s - 1.0
    assert 0.6 / 0.4 / 2 == pytest.approx(waited[N // 10 :].mean(), rel=0.08)


def test_a_request_alone_waits_for_its_own_input() -> None:
    """Nothing runs before it; its tokens come at the pace of one in flight."""
    answered = serve(Requests(np.zeros(1), np.array([0.1]), np.array([50.0])), SERVER)
    assert ([0.1], [0.01]) == (answered.first_token_s, answered.per_token_s)
    fast = serve(Requests(np.zeros(1), np.array([0.1]), np.array([50.0])), SERVER, speed=2.0)
    assert ([0.05], [0.005]) == (fast.first_token_s, fast.per_token_s)


def test_others_slow_a_token_down() -> None:
    """Along the line from one to all slots, and by the share of their inputs; the input waits for half a step."""
    together = serve(Requests(np.zeros(32), np.full(32, 0.001), np.full(32, 1e6)), SERVER)
    assert (0.01, 0.03) == pytest.approx((together.per_token_s[0], together.per_token_s[-1]))
    halved = serve(Requests(np.zeros(1), np.zeros(1), np.ones(1)), SERVER, prefill_share=0.5)
    assert 0.02 == pytest.approx(halved.per_token_s[0])
    late = serve(Requests(np.array([0.0, 5.0]), np.full(2, 0.1), np.full(2, 1000.0)), SERVER)
    assert late.first_token_s[1] == pytest.approx(5.1 + late.per_token_s[1] / 2)


def test_the_band_is_the_speed_exceeded_with_its_chance() -> None:
    """The ends of the 80% band are exceeded with nine and one in ten, the middle by half."""
    assert (0.6, 1.0, 1.5) == pytest.approx((SERVER.speed(0.9), SERVER.speed(0.5), SERVER.speed(0.1)))


def asked(
    answers_per_s: float, first_token_s: float | None, per_token_s: float | None = None, burst: float = 1.5
) -> Traffic:
    """Traffic of a rate with objectives."""
    return traffic(answers_per_s * SECONDS_PER_MONTH, burst=burst, first_token_s=first_token_s, per_token_s=per_token_s)


def test_verdicts() -> None:
    """Plenty of time is met, half an input's is not, and within the band nobody is sure."""
    cases = [(5.0, "met"), (0.05, "not met"), (0.12, "unsure")]
    for objective_s, verdict in cases:
        found = first_token_met(asked(0.5, objective_s), CAPACITY, SERVER)
        assert verdict == found.verdict
        bounds = {"met": (0.8, 1.0), "not met": (0.0, 0.2), "unsure": (0.2, 0.8)}[verdict]
        assert bounds[0] <= found.chance <= bounds[1]


def test_the_time_of_a_token_is_an_objective_too() -> None:
    """A step of 10 ms alone is within 50 ms and not within 5 ms."""
    met, not_met = (first_token_met(asked(0.5, None, each), CAPACITY, SERVER) for each in (0.05, 0.005))
    assert ("met", "not met") == (met.verdict, not_met.verdict)
    both = first_token_met(asked(0.5, 5.0, 0.005), CAPACITY, SERVER)
    assert "not met" == both.verdict


def test_a_replica_beyond_its_capacity_meets_nothing() -> None:
    """Past capacity only the queue grows, whatever the fleet believes of the replica."""
    found = first_token_met(asked(15.0, 5.0), np.full(WORLDS, 100.0), SERVER)
    assert "not met" == found.verdict
    assert found.first_token_s > 30


def test_the_same_seed_gives_the_same_answer() -> None:
    """And a further one nearly so."""
    one, same, other = (first_token_met(asked(3.0, 0.5), CAPACITY * 2, SERVER, seed) for seed in (0, 0, 1))
    assert one == same
    assert one.first_token_s == pytest.approx(other.first_token_s, rel=0.3)
    assert one != other


@settings(max_examples=5)
@given(st.floats(0.01, 4), st.floats(0.06, 3), st.floats(1.05, 4), st.floats(1.0, 8))
def test_more_time_and_a_faster_replica_never_lower_the_chance(
    answers_per_s: float, objective_s: float, more: float, burst: float
) -> None:
    """At the same load of one replica, whatever its burst."""
    capacity, doubtful = np.full(WORLDS, 1e9), replace(SERVER, overhead_s=0.04, factor=1.2, spread=0.4)
    fast = replace(
        doubtful, prefill_s=0.1 / more, step_alone_s=0.01 / more, step_full_s=0.03 / more, overhead_s=0.04 / more
    )
    chance = first_token_met(asked(answers_per_s, objective_s, burst=burst), capacity, doubtful).chance
    assert chance <= first_token_met(asked(answers_per_s, objective_s * more, burst=burst), capacity, doubtful).chance
    assert chance <= first_token_met(asked(answers_per_s, objective_s, burst=burst), capacity, fast).chance + 0.1


def test_a_burst_makes_the_first_token_later() -> None:
    """At the same mean rate for one replica."""
    capacity = np.full(WORLDS, 1e9)
    calm, bursty = (first_token_met(asked(5.0, 1.0, burst=b), capacity, SERVER).first_token_s for b in (1.2, 6.0))
    assert bursty > 1.2 * calm


def test_windows_of_a_trace_are_its_own_burst() -> None:
    """A trace whose load stands in every second window waits longer than an even one."""
    even, uneven = np.ones(360), np.tile([0.0, 2.0], 180)
    times = [
        first_token_met(
            traffic(6 * SECONDS_PER_MONTH, first_token_s=1.0, windows=windows), np.full(WORLDS, 1e9), SERVER
        ).first_token_s
        for windows in (even, uneven)
    ]
    assert times[1] > times[0]


def test_the_load_of_one_replica_is_that_of_the_busiest_hour_without_the_spare() -> None:
    """Three times of 1.5 answers/s need three replicas of 2 answers/s for their burst."""
    what = asked(1.5, 1.0, burst=3.0)
    assert 0.5 == pytest.approx(rate_per_replica(what, CAPACITY))


def test_a_server_is_made_of_two_rates_and_its_engine() -> None:
    """Alone and at the most within the objective; experts take longer, and an unknown engine is more in doubt."""
    alone, full = (
        Rate(1, 100, n, 64, 0.2, step, 0.7, 1.4, "memory bandwidth") for n, step in ((1.0, 0.01), (20.6, 0.02))
    )
    dense = Served("a", 7e9, 7e9, 32, 4096, 65536)
    card = catalog.gpu("H100")
    known = server_of(Setup(dense, card), alone, full)
    assert (20, 0.2, 0.01, 0.02, 0.7, 1.4) == (
        known.slots, known.prefill_s, known.step_alone_s, known.step_full_s, known.low, known.high
    )  # fmt: skip
    assert 0 < known.overhead_s < 0.2
    experts = server_of(Setup(replace(dense, experts=8), card), alone, full)
    assert experts.factor > known.factor
    assert server_of(Setup(dense, card, engine="none such"), alone, full).spread > known.spread


def test_the_first_token_has_a_doubt_of_its_own() -> None:
    """The middle is the overhead and the factor; both doubts together widen it as independent ones do."""
    doubtful = Server(1, 1.0, 0.0, 0.0, 0.5, 2.0, 0.1, 1.5, 0.4)
    middle, late = (doubtful.first_token_s(lambda speed: 1 / speed, chance) for chance in (0.5, 0.9))
    assert 1.6 == pytest.approx(middle)
    assert 0.1 + 1.5 * math.exp(math.hypot(math.log(2), 0.4 * 1.2816)) == pytest.approx(late, rel=1e-3)


def test_an_objective_below_one_step_or_one_input_is_refused() -> None:
    """Each with its field, what was asked, the least there is, and a fix; those within reach are not."""
    problems = unreachable(asked(1.0, 0.05, 0.005), SERVER)
    assert ["serving.traffic.first_token", "serving.traffic.per_token"] == [problem.where for problem in problems]
    assert ["0.05 s", "0.005 s"] == [problem.got for problem in problems]
    assert "0.0667 s" in problems[0].wanted
    assert all(problem.fix for problem in problems)
    assert [] == unreachable(asked(1.0, 0.07, 0.01), SERVER)
    assert [] == unreachable(asked(1.0, None), SERVER)
