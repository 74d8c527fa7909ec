"""Cost at completion: nothing paid is lost, the rest is what is left of the work, and bands hold what they promise."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.books.completion import LineDrawn, LinePaid, RoundsDrawn, as_booked, at_completion
from tunecase.quantities.spread import Interval, band, generator

N = 20_000


def draws(name: str, low: float, high: float) -> np.ndarray:
    """Worlds of one input."""
    return Interval(low, high).draw(generator(0, name), N)


def bill() -> dict[str, LineDrawn]:
    """Hours at a rate, and data without a quantity."""
    hours, rate = draws("hours", 40, 200), draws("rate", 75, 150)
    return {"labour": LineDrawn(hours * rate, hours), "data": LineDrawn(draws("data", 200, 2_000))}


def test_worlds_left_and_the_price_of_the_rest():
    """No world costs less than was paid; where nothing was, each is as it was; the price paid is that of the rest."""
    found = at_completion(bill(), {})
    assert (found.lines["labour"] == bill()["labour"].amount).all()
    assert (found.total == bill()["labour"].amount + bill()["data"].amount).all()
    assert found.kept.all()
    found = at_completion(bill(), {"labour": LinePaid(99_000)}, ["labour"])
    assert (found.lines["labour"] == 99_000).all()
    assert found.kept.all()
    found = at_completion(bill(), {"data": LinePaid(1e9)})
    assert ("nothing", N) == (found.ruled_by, len(found.total))
    assert (found.total >= 1e9).all()
    assert 1.0 == found.over(15_000)
    paid = {"labour": LinePaid(6_000, 60, 6_000), "data": LinePaid(900), "other": LinePaid(12)}
    found = at_completion(bill(), paid)
    for name, one in paid.items():
        assert (found.lines[name] >= one.spent - 1e-9).all()
    assert np.allclose(found.total, sum(found.lines.values()))
    assert (found.lines["other"] == 12).all()
    assert "the total" == found.ruled_by
    lines = {name: LineDrawn(line.amount) for name, line in bill().items()}
    whole = lines["labour"].amount + lines["data"].amount
    found = at_completion(lines, {"labour": LinePaid(9_000)})
    assert np.allclose(np.sort(whole[whole >= 9_000]), np.sort(found.total))
    hours, rate = np.full(N, 100.0), draws("rate", 75, 150)
    found = at_completion({"labour": LineDrawn(hours * rate, hours)}, {"labour": LinePaid(10_000, 50, 10_000)})
    told = band(found.total)
    assert told.p50 == pytest.approx(20_000, rel=0.03)
    before = band(hours * rate)
    assert (told.p90 - 10_000) / (told.p10 - 10_000) < before.p90 / before.p10


def test_rounds_made_say_how_many_are_left_and_what_one_takes():
    """Worlds of as many rounds as were made are out; a bill drawn afresh comes on top of what is paid."""
    rounds, each = np.full(N, 3.0), draws("hours a round", 20, 40)
    lines = {"labour": LineDrawn(rounds * each * 100, rounds * each)}
    found = at_completion(lines, {"labour": LinePaid(6_000, 60, 6_000)}, (), RoundsDrawn(1, rounds))
    assert band(found.total).p50 == pytest.approx(18_000, rel=0.02)
    alone = at_completion({"labour": LineDrawn(lines["labour"].amount)}, {"labour": LinePaid(6_000)}, (),
                          RoundsDrawn(1, rounds))  # fmt: skip
    assert band(alone.total).p50 == pytest.approx(18_000, rel=0.02)
    rounds = np.repeat([1.0, 4.0], N // 2)
    found = at_completion({"labour": LineDrawn(rounds * 100, rounds * 10)}, {"labour": LinePaid(100, 10, 100)}, (),
                          RoundsDrawn(1, rounds))  # fmt: skip
    assert ("the rounds", N // 2) == (found.ruled_by, len(found.total))
    assert (found.total == 400).all()
    lines = {"data": LineDrawn(draws("data", 200, 2_000))}
    found = at_completion(lines, {"data": LinePaid(900)}, afresh=True)
    assert np.allclose(found.total, lines["data"].amount + 900)
    rounds = np.full(N, 2.0)
    people = {"labour": LineDrawn(rounds * 3_000, rounds * 30)}
    later = at_completion(people, {"labour": LinePaid(6_000, 60, 6_000)}, (), RoundsDrawn(1, rounds), afresh=True)
    assert np.allclose(later.total, 6_000 + 2 * 6_000)


def test_failed_and_idle_hours_are_gpu_hours_and_unknowns_are_peoples():
    """The total stays, world by world; lines that no charge can tell apart are one."""
    lines = {
        "gpu": LineDrawn(draws("g", 10, 90), draws("h", 10, 90)),
        "failed_runs": LineDrawn(draws("f", 1, 9), draws("k", 1, 9)),
        "idle": LineDrawn(draws("i", 1, 9)),
        **bill(),
        "unknowns": LineDrawn(draws("u", 100, 2_000)),
    }
    found = as_booked(lines)
    assert ["gpu", "labour", "data"] == list(found)
    assert np.allclose(sum(line.amount for line in lines.values()), sum(line.amount for line in found.values()))
    assert found["gpu"].quantity is None
    price = bill()["labour"].amount / bill()["labour"].quantity
    assert np.allclose(price, found["labour"].amount / found["labour"].quantity)


@given(st.floats(0, 1e5), st.none() | st.floats(0.1, 1e4), st.integers(0, 12), st.booleans(), st.booleans())
def test_nothing_is_negative_or_lost(spent, hours, made, afresh, closed):
    """Whatever was paid, each line holds it, no rest is negative and nothing is infinite."""
    rounds = np.rint(draws("rounds", 1, 6)).clip(1)
    paid = {"labour": LinePaid(spent, hours, spent if hours else 0.0), "data": LinePaid(spent / 3)}
    found = at_completion(bill(), paid, ["data"] if closed else (), RoundsDrawn(made, rounds) if made else None, afresh)
    assert np.isfinite(found.total).all()
    assert (found.lines["labour"] >= spent - 1e-6).all()
    assert np.allclose(found.total, found.lines["labour"] + found.lines["data"])


def test_bands_hold_what_they_promise():
    """Of projects still going when so much is spent, 80% end inside the band, which is narrower for its height."""
    plan, totals = bill(), sum(line.amount for line in bill().values())
    before = band(totals)
    spent = 0.5 * before.p50
    other = {name: generator(1, name) for name in ("hours", "rate", "data")}
    hours, rate = (Interval(*ends).draw(other[n], 200) for n, ends in (("hours", (40, 200)), ("rate", (75, 150))))
    data = Interval(200, 2_000).draw(other["data"], 200)
    inside, ratios = [], []
    for h, r, d in zip(hours, rate, data, strict=True):
        true = h * r + d
        if true <= spent:
            continue
        done = spent / true
        paid = {"labour": LinePaid(done * h * r, done * h, done * h * r), "data": LinePaid(done * d)}
        told = band(at_completion(plan, paid).total)
        inside.append(told.p10 <= true <= told.p90)
        ratios.append(np.log(told.p90 / told.p10) / np.log(before.p90 / before.p10))
    assert 0.74 <= np.mean(inside) <= 0.90
    assert np.median(ratios) < 0.9


def test_credits_free_hours_and_what_surrounds_the_rounds() -> None:
    """Money back rules no world out, free hours set no price, set-up and release are no part of a round."""
    paid = LinePaid(6_000, 60, 6_000)
    before = at_completion(bill(), {"labour": paid})
    after = at_completion(bill(), {"labour": replace(paid, credits=-2_000), "storage": LinePaid(credits=-500)})
    assert np.allclose(before.total - 2_500, after.total)
    assert before.over(15_000) > after.over(15_000)
    assert (after.kept == before.kept).all()
    hours, price = np.full(N, 1_000.0), draws("price", 2, 4)
    lines = {"gpu": LineDrawn(hours * price, hours)}
    half = band(500 * price)
    free = band(at_completion(lines, {"gpu": LinePaid(0.0, 500, 0.0, 500)}).total)
    assert (half.p10, half.p50, half.p90) == pytest.approx((free.p10, free.p50, free.p90))
    ahead = at_completion(lines, {"gpu": LinePaid(1_000.0, 500, 0.0, 500)})
    assert band(ahead.total).p50 == pytest.approx(1_000 + half.p50, rel=0.02)
    some = at_completion(lines, {"gpu": LinePaid(1_000.0, 500, 1_000.0, 250)})
    assert band(some.total).p50 == pytest.approx(1_000 + 500 * 4, rel=0.02)
    rounds = np.array([3.0, 4.0, 5.0, 3.0])
    whole = 30 + 10 * rounds + 20
    line = LineDrawn(whole * 100, whole, "hour", before=30 / whole, after=20 / whole)
    paid = {"labour": LinePaid(10_000, 100, 10_000)}
    found = at_completion({"labour": line}, paid, (), RoundsDrawn(2, rounds))
    assert found.lines["labour"].tolist() == pytest.approx((10_000 + 2 * 100 * (10 * (rounds - 2) + 20)).tolist())
    rest = 10 * rounds + 20
    afresh = LineDrawn(rest * 100, rest, "hour", before=30 / rest, after=20 / rest)
    found = at_completion({"labour": afresh}, paid, (), RoundsDrawn(2, rounds), afresh=True)
    assert found.lines["labour"].tolist() == pytest.approx((10_000 + 2 * 100 * rest).tolist())
