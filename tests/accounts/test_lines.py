"""The bill's lines stand in one unit and add up, with their rounding, to the total as it is printed."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import samples
from tunecase.accounts.lines import effort_rows, expected_column, groups, training_words, workings
from tunecase.quantities import Band, Sampled
from tunecase.records import ActivityHours, Estimate, Line, Part, Plan

SIZES = {"k": 1e3, "M": 1e6, "B": 1e9}


def number(text: str) -> float:
    """A printed amount; nothing for what is less than a unit."""
    return 0.0 if not text or text.startswith("under") else float(text.rstrip("kMB")) * SIZES.get(text[-1], 1.0)


@cache
def usual() -> Plan:
    """A plan, made once."""
    return samples.plan()


def bill(amounts: Sequence[float], total: float | None = None) -> Estimate:
    """A bill with such expected lines, and a plan of their sum or another total."""
    lines = tuple(
        Line(f"line {at}", Band(much, much, much, much), 0.1, "as stated", expected=much)
        for at, much in enumerate(amounts)
    )
    plan = usual()
    whole = Sampled(sum(amounts) if total is None else total)
    return replace(samples.estimate(), lines=lines, plan=replace(plan, total=replace(plan.total, expected=whole)))


def test_what_is_smaller_than_the_units_of_the_column_is_part_of_the_rounding() -> None:
    """A machine of 1.5 beside 9k is under 10 and leaves -470 to rounding, never -471.5."""
    column, left = expected_column(bill([1.5, 5_200.0, 270.0, 4_000.0], total=9_000.0))
    assert (["under 10 USD", "5.2k", "270", "4k"], "-470") == (column, left)
    assert ["under 1 USD", "under 100 USD"] == expected_column(bill([0.25, 41.0, 20_000.0]))[0][:2]
    assert (["3", "2", "under 1 USD"], "") == expected_column(bill([3.4, 1.6, 0.2], total=5.0))


@given(st.lists(st.floats(0.0, 1e7, allow_subnormal=False), min_size=1, max_size=9))
def test_lines_and_rounding_make_the_total_as_printed(amounts: list[float]) -> None:
    """Whatever the amounts are, and in whole units of the total's third figure where it is above 100."""
    record = bill(amounts)
    column, left = expected_column(record)
    whole = record.plan.total.expected.shown
    assert pytest.approx(whole) == sum(map(number, column)) + number(left)
    if whole >= 100:
        unit = 10.0 ** (len(f"{whole:.0f}") - 3)
        units = [number(text) / unit for text in (*column, left)]
        assert pytest.approx([round(much) for much in units], abs=1e-6) == units


def test_parts_make_their_line_as_it_is_printed() -> None:
    """In the units of the column; those of a line under a unit in its own two figures."""
    parts = (Part("review", 430.0, "once"), Part("licence", 209.0, "per round"), Part("tax", 2.0, "7%"))
    record = bill([641.0, 20_000.0])
    line = replace(record.lines[0], parts=parts)
    assert "600" == expected_column(record)[0][0]
    assert "as stated: review 400 (once), licence 200 (per round), tax under 100 (7%)" == workings(record, line)
    small = replace(line, parts=(Part("review", 30.0, "once"), Part("tax", 11.0, "7%")))
    assert "as stated: review 30 (once), tax 11 (7%)" == workings(record, small)


def test_hours_and_shares_make_those_of_all_activities() -> None:
    """118.9 hours are 119 where their parts are 39, 9 and so on, not 120."""
    hours = (39.2, 8.7, 3.7, 7.1, 18.0, 11.0, 17.0, 4.4, 9.8, 0.2, 0.0)
    whole = sum(hours)
    effort = tuple(ActivityHours(f"work {at}", much, much / whole, "", "", False) for at, much in enumerate(hours))
    record = replace(samples.estimate(), effort=effort, training_share=None)
    *rows, (all_hours, all_shares) = effort_rows(record)
    assert ("119", "100%") == (all_hours, all_shares)
    assert 119 == sum(number(much) for much, _ in rows)
    assert 100 == sum(int(part.rstrip("%")) for _, part in rows if not part.startswith("<"))
    assert [("under 1", "<1%"), ("0", "0%")] == rows[-2:]


def test_trainings_activities_make_what_is_told_of_training() -> None:
    """10.3% are 10% in the sentence, and 4% and 6% in the table rather than 5% and 6%."""
    shares = {"data work": 0.552, "training set-up": 0.046, "runs watched": 0.057, "evaluation": 0.345}
    effort = tuple(ActivityHours(name, 100 * part, part, "", "", False) for name, part in shares.items())
    record = replace(samples.estimate(), effort=effort, training_share=0.103)
    assert "is 10% of people's hours" in training_words(record)
    assert ["55%", "4%", "6%", "35%", "100%"] == [part for _, part in effort_rows(record)]


def lines_named(**amounts: float) -> tuple[Line, ...]:
    """Priced lines of such expected amounts."""
    return tuple(
        Line(name, Band(much / 2, much, much * 2, much * 3), 0.1, "", expected=much) for name, much in amounts.items()
    )


def test_a_bill_goes_to_a_few_things_and_they_add_up() -> None:
    """Lines of one kind are one group; shares add up to 100%; what is left out or unpriced is in none."""
    lines = lines_named(labour=333.0, evaluation=333.0, unknowns=333.0, gpu=1.0)
    aside = (replace(lines[0], name="inference", included=False), Line("storage", None, None, ""))
    told = groups(replace(samples.estimate(), lines=(*lines, *aside)))
    assert [("people", 666.0), ("overruns", 333.0), ("computers", 1.0)] == [(one.name, one.expected) for one in told]
    assert ["67%", "33%", "under 1%"] == [one.part for one in told]
    assert ["engineering, evaluation", "more hours than foreseen", "training"] == [one.beside for one in told]
    assert 1 == pytest.approx(sum(one.share for one in told))


def test_points_of_several_lines_are_not_told() -> None:
    """A group of one line has its points; one of several has none, since points do not add."""
    people, overruns = groups(replace(samples.estimate(), lines=lines_named(labour=5.0, evaluation=3.0, unknowns=2.0)))
    assert (None, None, None) == (people.low, people.middle, people.high)
    assert (1.0, 2.0, 6.0) == (overruns.low, overruns.middle, overruns.high)
