"""Arithmetic that is printed beside a figure adds, subtracts and multiplies out as it is printed."""

import re
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests import samples
from tunecase.accounts.headline import Headline, authorised, bridge_words, headline
from tunecase.quantities import Sampled, firm
from tunecase.records import Authorised, Bar, Bridge, Chance, Moved, Outcome, Plan, Release

UNITS = {"": 1.0, "k": 1e3, "M": 1e6, "B": 1e9}
NUMBER = r"[+-]?\d[\d,]*(?:\.\d+)?[kMB]?"
amounts = st.just(0.0) | st.floats(1.0, 5e7)
errors = st.floats(0.0, 0.2)
shares = st.floats(0.0, 1.0)


@cache
def usual() -> Plan:
    """The sample plan."""
    return samples.plan()


def numbers(text: str) -> list[float]:
    """Every printed number, in the order of printing."""
    found = re.findall(NUMBER, text)
    return [float(one.rstrip("kMB").replace(",", "")) * UNITS[one.lstrip("+-0123456789,.")] for one in found]


def told(key: str, **changes: object) -> Headline:
    """A figure of the sample plan with some of its fields changed."""
    return next(figure for figure in headline(replace(usual(), **changes)) if figure.key == key)  # type: ignore[arg-type]


def near(amount: float, error: float) -> Sampled:
    """An amount with an error relative to it."""
    return Sampled(amount, abs(amount) * error)


def test_the_order_is_that_in_which_a_manager_asks() -> None:
    """How much now, how much at most, what chance, what is it worth, how much in all, and when to stop."""
    keys = [figure.key for figure in headline(usual())]
    every = ["release", "lost", "chance", "value", "worth", "total", "authorise", "limits", "then"]
    assert [key for key in every if key in keys] == keys
    assert len(keys) == len(set(keys))


def test_what_is_not_known_has_no_figure() -> None:
    """Without a target there is neither chance, worth, value, loss, limits nor what follows a test."""
    bare = replace(usual(), lost=None, chance=None, worth=None, limits=None, then=())
    assert ["release", "total", "authorise"] == [figure.key for figure in headline(bare)]


@given(hours=st.floats(0.1, 5_000), rate=st.floats(1, 500), rest=amounts)
@example(hours=16.4, rate=109.6, rest=0.4)
def test_the_price_of_the_first_step_multiplies_and_adds_out(hours: float, rate: float, rest: float) -> None:
    """Hours x rate + rest is the total printed after it, to the unit."""
    expected = hours * rate + rest
    release = Release(Sampled(expected), Sampled(expected), hours, rate, rest)
    left, total = told("release", release=release).beside.split(" = ")
    found = [float(one) for one in re.findall(r"\d[\d.]*(?:e[+-]?\d+)?", left.replace(",", ""))]
    found += [0.0] * (3 - len(found))
    assert pytest.approx(found[0] * found[1] + found[2], abs=0.51) == numbers(total)[0]
    assert pytest.approx(expected, rel=0.11, abs=1.0) == numbers(total)[0]


@given(worth=st.floats(1.0, 1e7) | st.floats(-1e6, -1.0), cost=amounts, error=errors)
@example(worth=-1_800.0, cost=1_800.0, error=0.0)
@example(worth=19_700.0, cost=5_300.0, error=0.0)
@example(worth=1.0, cost=99_500.0, error=0.0)
def test_gain_less_cost_is_worth(worth: float, cost: float, error: float) -> None:
    """All three as printed, and the worth is the figure itself."""
    found, paid = near(worth, error), near(cost, error)
    made = usual().worth
    assert made is not None
    figure = told("worth", worth=replace(made, expected=found, cost=paid))
    (gain, less, result), (value,) = numbers(re.sub(r" - ", " ", figure.beside)), numbers(figure.value)
    assert value == result
    assert pytest.approx(gain - less, rel=1e-9, abs=1e-6) == result


@given(base=amounts, contingency=amounts, reserve=amounts)
@example(base=2_700.0, contingency=0.0, reserve=0.0)
@example(base=4.0, contingency=3.4, reserve=2.4)
def test_what_is_authorised_adds_up(base: float, contingency: float, reserve: float) -> None:
    """Base, contingency and reserve, as printed, are the figure; none moves by more than the unit it is printed in."""
    p80, p90 = Sampled(base + contingency), Sampled(base + contingency + reserve)
    made = replace(usual(), authorise=Authorised(base, contingency, reserve))
    value, words = authorised(replace(made, total=replace(made.total, p80=p80, p90=p90)))
    parts = [numbers(part)[0] for part in re.findall(rf"(?:base|contingency|reserve) ({NUMBER})", words)]
    assert pytest.approx(sum(parts)) == numbers(value)[0]
    assert (f"{firm(p90)} USD" == value) or p90.value < 10  # there whole units are coarser
    for printed, exact in zip(parts, (base, contingency, reserve), strict=True):
        assert abs(printed - exact) <= max(p90.step, 1.0) * (1 + 1e-9)


@given(parts=st.lists(st.floats(0.01, 1.0), min_size=1, max_size=3), error=st.floats(0.0, 0.02))
def test_what_follows_the_first_test_sums_to_all(parts: list[float], error: float) -> None:
    """Printed shares sum to 100%; what is printed as nothing is left out."""
    names = ("ship", "settle", "ask again")
    whole = sum(parts)
    then = tuple(
        Outcome(name, Sampled(part / whole, error), Sampled(0.5))  # type: ignore[arg-type]
        for name, part in zip(names, parts, strict=False)
    )
    figure = told("then", then=then)
    printed = [int(one) for one in re.findall(r"(\d+)%", figure.value)]
    assert 100 == sum(printed)
    assert 0 not in printed


def test_what_is_put_to_use_and_misses_stands_beside_the_chance() -> None:
    """Both are shares of all worlds."""
    figure = told("chance", chance=Chance(Sampled(0.6), Sampled(0.07)))
    assert ("60%", "7% to put one to use that misses it") == (figure.value, figure.beside)


def test_the_chance_that_is_needed_stands_with_the_price_of_a_miss() -> None:
    """Beside the chance that is there, where anything is put to use."""
    bar = Bar(Sampled(0.8), 0.5, 1.0)
    figure = told("bar", bar=bar)
    assert "50% needed, 80% there on average" == figure.value
    assert "a miss costs as much as the target is worth" == figure.beside
    assert "50% needed" == told("bar", bar=replace(bar, met=None)).value


def moved_words(before: Sampled, parts: list[float], after: Sampled) -> str:
    """What moved a plan from one total to another."""
    moved = tuple(Moved(f"reason {chr(97 + at)}", part) for at, part in enumerate(parts))
    bridge = Bridge("then", before.value, moved, after.value, before.error)
    return bridge_words(replace(usual(), bridge=bridge, total=replace(usual().total, expected=after)))


@given(before=st.floats(1.0, 5e7), parts=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5), error=errors)
@example(before=4_440.0, parts=[400.0, 200.0], error=0.0)
@example(before=1_440.0, parts=[7_900.0, 12.0], error=0.0)
def test_what_moved_the_bill_adds_up(before: float, parts: list[float], error: float) -> None:
    """Both totals stand as their bills print them, the reasons between add up to the difference as printed.

    What moves nothing is left out. A bill that moved by less than a tenth, or prints the same total, is no news.
    """
    after = near(max(before + sum(parts), 0.0), error)
    parts = [*parts, after.value - before - sum(parts)]
    was = near(before, error)
    words = moved_words(was, parts, after)
    small = abs(after.value - before) < 0.1 * max(abs(before), abs(after.value), 1.0)
    assert (words == "") == (small or firm(was) == firm(after))
    if words:
        first, last, *others = numbers(words)
        assert (numbers(firm(was)), numbers(firm(after))) == ([first], [last])
        assert pytest.approx(first + sum(others), rel=1e-9, abs=1e-6) == last
        assert 0 not in others
