"""Rules on what comes after launch: slices and staleness."""

from datetime import date

import pytest

from tests.problem_cases import facts, letters, project, table
from tunecase.problem.criteria.upkeep import slices_are_tested, staleness_is_dated


def in_languages(*counts):
    """A test table whose rows are in languages, so many of each."""
    names = [f"language {k}" for k, count in enumerate(counts) for _ in range(count)]
    return table(letters(len(names), 1), [{"language": name} for name in names])


@pytest.mark.parametrize(
    ("slices", "counts", "status", "severity"),
    [
        ((), (50, 50), "unknown", "note"),
        (("language",), (50, 30), "pass", "note"),
        (("language",), (50, 29), "fail", "note"),
        (("region",), (50, 50), "fail", "warn"),
    ],
)
def test_slices_have_rows(slices, counts, status, severity):
    """A slice needs a column and 30 rows in each part; nothing named is unknown."""
    rule = slices_are_tested(facts(project=project(slices=slices), test=in_languages(*counts)))
    assert (status, severity) == (rule.status, rule.severity)


def test_missing_rows_of_a_slice_are_priced():
    """The rows that small parts lack are counted and priced."""
    rule = slices_are_tested(facts(project=project(slices=("language",)), test=in_languages(50, 20, 25)))
    assert rule.got == "3 parts, 20 to 50 rows"
    assert (15 * 0.50, "label 15 more test rows in them") == (rule.price.p50, rule.fix)


@pytest.mark.parametrize(
    ("day", "status", "severity"),
    [
        (None, "unknown", "warn"),
        (date(2026, 11, 24), "fail", "warn"),
        (date(2027, 6, 1), "fail", "note"),
        (date(2028, 6, 1), "pass", "warn"),
    ],
)
def test_staleness(day, status, severity):
    """A day that is past warns, one inside the horizon is a note, none is unknown."""
    rule = staleness_is_dated(facts(project=project(stale_after=day)))
    assert (status, severity) == (rule.status, rule.severity)
    assert rule.fix or status == "pass"
