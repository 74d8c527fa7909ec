"""Rules put what landed in other on a line of the plan, can be undone, and never touch what has a line of its own."""

import shlex
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tunecase.books.line_rules import fits, map_command, placed, rule_problems, unplaced
from tunecase.records import LineRule, Spending

DAY = date(2026, 11, 20)


def charge(amount: str = "9", category: str = "other", **other: object) -> Spending:
    """One charge."""
    return Spending(DAY, category, Decimal(amount), "USD", Decimal(amount), **other)  # type: ignore[arg-type]


def test_rules_name_a_field_and_the_last_that_fits_holds() -> None:
    """In any case of letters, a star for any; what cannot be meant is told; other lines stay, dearest first."""
    paid = charge(service="Amazon S3", description="nightly backup of x", provider="aws", tags={"team": "nlp"})
    assert MATCHES == {match: fits(LineRule(match, "storage", DAY), paid) for match in MATCHES}
    odd = [("Amazon S3", "storage"), ("service=", "storage"), ("servce=x", "storage"), ("tag.=x", "storage")]
    for match, line in (*odd, ("service=x", "storge")):
        (problem,) = rule_problems(match, line)
        assert ("LINE" if line == "storge" else "MATCH", True) == (problem.where, bool(problem.wanted and problem.fix))
    rules = [LineRule("service=*", "data", DAY), LineRule("service=S3", "storage", DAY)]
    assert "storage" == placed(charge(service="S3"), rules).category
    assert "data" == placed(charge(service="Kendra"), rules).category
    assert "other" == placed(charge(service="Kendra"), rules[1:]).category
    assert "gpu" == placed(charge(category="gpu", service="S3"), rules).category
    rows = unplaced([
        charge("1", service="S3"), charge("2.5", service="S3"), charge("9", description="pizza"), charge("7", "gpu"),
        charge("0.5"),
    ])  # fmt: skip
    assert [("description=pizza", 1, "9"), ("service=S3", 2, "3.5"), ("source=manual", 1, "0.5")] == [
        (row.match, row.charges, str(row.amount)) for row in rows
    ]
    one = charge(service="x" * 50_000)
    (row,) = unplaced([one])
    assert len(row.match) < 300
    assert fits(LineRule(row.match, "storage", DAY), one)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_a_command_can_be_pasted_whatever_a_service_is_called(service: str) -> None:
    """The shell reads the match as one word, to the letter."""
    assert ["tunecase", "spend", "map", f"service={service}", "storage"] == shlex.split(
        map_command(f"service={service}", "storage")
    )


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip))
def test_a_command_moves_what_it_was_made_for(service: str) -> None:
    """Brackets and question marks stand for themselves, only a star for any letters."""
    one = charge(service=service)
    (row,) = unplaced([one])
    assert fits(LineRule(row.match, "storage", DAY), one)


MATCHES = {
    "service=Amazon S3": True, "service=amazon s3": True, "service=Amazon*": True, "service=S3": False,
    "description=*backup*": True, "tag.team=nlp": True, "tag.team=cv": False, "provider=AWS": True,
    "service=Amazon [S]3": False, "service=Amazon S?": False, "service=Am*z*S3": True, "service=*": True,
    "service=*S3*Amazon*": False, "service=Amazon S*S3": False, "service=**S3": True, "tag.none=*": True,
}  # fmt: skip
