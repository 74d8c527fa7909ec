"""What moves a bill is what it rests on, largest first."""

from dataclasses import replace

import numpy as np

from tests.inference.making import ground, traffic
from tests.projects import TODAY
from tunecase.inference.candidates import THROUGHPUT
from tunecase.inference.ground import Ground, WayDraws
from tunecase.inference.moves import moves
from tunecase.inference.self_hosted import on_demand, reserved
from tunecase.inference.traffic import Traffic
from tunecase.prices import Basis
from tunecase.quantities import Interval, Worlds

N = 4_000


def doubtful(volume: Interval) -> tuple[Basis, Traffic]:
    """Traffic whose volume alone is in doubt, in four thousand worlds."""
    few = Basis(None, TODAY, Worlds(0, N))
    plain = traffic()
    fields = {
        name: np.full(N, float(getattr(plain, name)[0]))
        for name in (
            "months", "growth", "burst", "input_tokens", "output_tokens", "instructions_tokens", "cached_share",
        )
    }  # fmt: skip
    draws = few.worlds.draw("problem.volume", volume)
    return few, replace(plain, answers_per_month=draws, **fields)  # type: ignore[arg-type]


def way_of(volume: Interval) -> tuple[Ground, WayDraws]:
    """Its way on demand on one card."""
    few, arrives = doubtful(volume)
    held = replace(ground(arrives, cards=("H100",)), basis=few)
    return held, on_demand(held)[0]


def test_shares_are_in_order_and_at_most_one() -> None:
    """The price of a card's hour and the throughput of a busy fleet, and its volume."""
    found = moves(*way_of(Interval(1e9, 2e9)))
    shares = [share for _, share in found]
    assert sorted(shares, reverse=True) == shares
    assert sum(shares) <= 1.05
    names = {name for name, _ in found}
    assert {"price of a H100 hour, neocloud", THROUGHPUT, "problem.volume"} == names


def test_a_quiet_fleet_moves_with_its_price_alone() -> None:
    """One card and its spare serve any of the volumes, at any speed."""
    ((name, share),) = moves(*way_of(Interval(1e3, 1e4)))
    assert "price of a H100 hour, neocloud" == name
    assert share > 0.95


def test_without_a_price_nothing_moves() -> None:
    """An unpriced way."""
    held, _ = way_of(Interval(1e3, 1e4))
    bare = replace(held, cards=())
    assert () == moves(bare, reserved(bare)[0])
