"""What the data and the problem leave open: what needs a person first, under headings that hold."""

from dataclasses import replace
from typing import Any, Literal

import pytest

from tests.accounts.parts.said import sample
from tunecase.accounts.audit import kinds
from tunecase.accounts.parts.checks import data_finding, data_title, rules_finding, rules_title, several
from tunecase.blocks import Table
from tunecase.quantities import Band
from tunecase.records import Audit, Criterion, Definition, Finding

FREE, PAID = Band(0.0, 0.0, 0.0, 0.0), Band(1.0, 2.0, 3.0, 4.0)


def found(check: str, severity: Literal["stop", "warn", "note"], *, settled: bool = False) -> Finding:
    """A finding of five rows, which leaving rows out settles or a person has to look at."""
    return Finding(check, severity, 5, 0.1, (), (), "", "look", FREE if settled else PAID, removed=5 if settled else 0)


def of(*findings: Finding, **changes: Any) -> Audit:
    """The sample audit with these findings."""
    made: Audit = replace(sample()["audit"], findings=findings, **changes)
    return made


LEAK, PII = found("leak_exact", "stop", settled=True), found("pii", "warn")
EMPTY, SUSPECT = found("empty", "warn", settled=True), found("label_error", "note")


@pytest.mark.parametrize(
    ("audit", "said"),
    [
        (of(), "The data passed every check"),
        (of(SUSPECT), "The data have only small flaws"),
        (of(LEAK), "One data problem, settled by leaving rows out"),
        (of(LEAK, EMPTY), "Two data problems, settled by leaving rows out"),
        (of(PII), "One data problem: it needs a person"),
        (of(PII, found("contradiction", "warn")), "Two data problems: all need a person"),
        (of(PII, LEAK, EMPTY), "Three data problems: one needs a person, the rest is settled"),
        (of(PII, verdict="too little to say"), "There is too little to judge the data by"),
    ],
)
def test_the_data_have_a_heading_that_counts_what_is_left_to_do(audit: Audit, said: str) -> None:
    """Nothing, notes alone, all settled, all for a person, some of each, and too few rows."""
    assert said == data_title(audit, kinds(audit))


def test_what_needs_a_person_stands_before_what_is_settled() -> None:
    """Notes are counted only; what is settled costs nothing."""
    shown = data_finding(of(LEAK, SUSPECT, PII))
    assert shown is not None
    table = shown.blocks[0]
    assert isinstance(table, Table)
    assert ["Needs a person", "Settled"] == [row[1].text for row in table.rows]
    assert ["2", "0"] == [row[4].text for row in table.rows]
    assert "One smaller finding is listed further down." == shown.note


def test_data_without_a_problem_have_no_table() -> None:
    """The heading says it all; without an audit there is no finding."""
    shown = data_finding(of())
    assert shown is not None
    assert () == shown.blocks
    assert data_finding(None) is None


def rule(id: str, status: Literal["pass", "fail", "unknown"], severity: Literal["stop", "warn", "note"]) -> Criterion:
    """A rule of the problem so judged."""
    return Criterion(id, f"rule {id}", status, severity, "", "", "", "count them")


def posed(*rules: Criterion) -> Definition:
    """The sample problem with these rules."""
    made: Definition = replace(sample()["definition"], criteria=rules)
    return made


PASS, NOTE = rule("P1", "pass", "stop"), rule("P9", "unknown", "note")
OPEN, FAILED, STOPS = rule("P11", "unknown", "warn"), rule("P2", "fail", "warn"), rule("P7", "fail", "stop")


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        (posed(PASS), "The problem is well posed"),
        (posed(PASS, NOTE), "The problem is well posed"),
        (posed(PASS, OPEN), "The problem is well posed; one question is open"),
        (posed(PASS, OPEN, rule("P3", "unknown", "warn")), "The problem is well posed; two questions are open"),
        (posed(FAILED, OPEN), "The problem can be tried, but one rule fails"),
        (posed(FAILED, STOPS), "The problem is not ready: one rule must be met first"),
    ],
)
def test_the_problem_has_a_heading_that_counts_what_is_open(definition: Definition, said: str) -> None:
    """Well posed, with open questions, with a rule that fails, and with one that stops."""
    assert said == rules_title(definition)


def test_open_questions_stand_with_how_to_close_them() -> None:
    """What fails stands before what is not known; notes are counted; no rule shows its number."""
    shown = rules_finding(posed(PASS, NOTE, OPEN, STOPS))
    assert shown is not None
    table = shown.blocks[0]
    assert isinstance(table, Table)
    assert ["Fails", "Not known"] == [row[1].text for row in table.rows]
    assert "1 of 4 rules pass" == shown.beside
    assert "One smaller question is listed further down." == shown.note
    assert not any("P7" in cell.text for row in table.rows for cell in row)


def test_a_problem_that_is_well_posed_has_no_table() -> None:
    """Nothing is asked where nothing is open, nor without a record."""
    shown = rules_finding(posed(PASS))
    assert shown is not None
    assert () == shown.blocks
    assert rules_finding(None) is None
    assert rules_finding(posed()) is None


def test_several_things_are_counted_in_words() -> None:
    """One has no plural."""
    assert ["one rule fails", "four rules fail"] == [several(n, "rule fails", "rules fail") for n in (1, 4)]
