"""What the data and the problem leave open: what needs a person first, under headings that hold."""

from dataclasses import replace
from typing import Any, Literal

from tests.accounts.parts.said import sample
from tunecase.accounts.parts.checks import data_finding, rules_finding
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
SUSPECT = found("label_error", "note")


def test_what_needs_a_person_stands_before_what_is_settled() -> None:
    """Notes are counted only; what is settled costs nothing."""
    shown = data_finding(of(LEAK, SUSPECT, PII))
    table = shown.blocks[0]
    assert isinstance(table, Table)
    assert ["Needs a person", "Settled"] == [row[1].text for row in table.rows]
    assert ["2", "0"] == [row[4].text for row in table.rows]
    assert "One smaller finding is listed further down." == shown.note


def rule(id: str, status: Literal["pass", "fail", "unknown"], severity: Literal["stop", "warn", "note"]) -> Criterion:
    """A rule of the problem so judged."""
    return Criterion(id, f"rule {id}", status, severity, "", "", "", "count them")


def posed(*rules: Criterion) -> Definition:
    """The sample problem with these rules."""
    made: Definition = replace(sample()["definition"], criteria=rules)
    return made


PASS, NOTE = rule("P1", "pass", "stop"), rule("P9", "unknown", "note")
OPEN, STOPS = rule("P11", "unknown", "warn"), rule("P7", "fail", "stop")


def test_open_questions_stand_with_how_to_close_them() -> None:
    """What fails stands before what is not known; notes are counted; no rule shows its number."""
    shown = rules_finding(posed(PASS, NOTE, OPEN, STOPS))
    table = shown.blocks[0]
    assert isinstance(table, Table)
    assert ["Fails", "Not known"] == [row[1].text for row in table.rows]
    assert "1 of 4 rules pass" == shown.beside
    assert "One smaller question is listed further down." == shown.note
    assert not any("P7" in cell.text for row in table.rows for cell in row)
