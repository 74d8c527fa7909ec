"""What audit says: what needs a person, what is fixed already, what is worth a look."""

import inspect
import re
from dataclasses import replace

from tests import samples
from tunecase import catalog
from tunecase.accounts import Material, account
from tunecase.accounts.audit import audit, kinds
from tunecase.blocks import Listing, Table
from tunecase.data.audit import audit as auditing
from tunecase.quantities import Band
from tunecase.records import Audit, Cluster, Finding, Measured

NOTHING = Material()
FREE = Band(0.0, 0.0, 0.0, 0.0)


def found(check: str, severity: str, count: int, **more: object) -> Finding:
    """A finding without rows."""
    given = {"price": FREE, **more}
    return Finding(check, severity, count, 0.1, (), (), "a reason", "a fix", **given)  # type: ignore[arg-type]


def of(*findings: Finding, **more: object) -> Audit:
    """An audit of 717 rows with these findings."""
    numbers = {"rows": 717, "usable": 680, "dropped": 35, "quarantined": 2}
    return replace(samples.audit(), findings=findings, **{**numbers, **more})  # type: ignore[arg-type]


EXAMPLE = (
    found("leak_exact", "stop", 6, removed=6, where="test"),
    found("leak_normalised", "stop", 4, removed=4, where="test"),
    found("contradiction", "warn", 5, price=Band(1.6, 2.9, 4.3, 5.3), review_rows=10.0),
    found("duplicate_exact", "warn", 13, removed=8),
    found("duplicate_near", "warn", 8, removed=8),
    found("pii", "warn", 8),
    found("format", "note", 2),
    found("label_error", "note", 29, price=Band(16, 29, 43, 53), measured=Measured("wrong", 0.0, 29.0, 131.9)),
)


def table(record: Audit) -> list[tuple[str, ...]]:
    """The rows of the short account's table."""
    rows = next(block.rows for block in audit(record, NOTHING).short if isinstance(block, Table))
    return [tuple(cell.text for cell in row) for row in rows]


def test_every_check_has_a_plain_name() -> None:
    """Each check of the audit has one row with its name and what a person does, short enough for a line."""
    rows = {row.check: row for row in catalog.checks()}
    checks = {check.__name__ for check in inspect.getmodule(auditing).CHECKS}  # type: ignore[union-attr]
    assert {re.sub("^format_train$", "format", name) for name in checks} == set(rows)
    assert [] == [row.check for row in rows.values() if not (0 < len(row.name) <= 30 and 0 < len(row.action) <= 22)]


def test_findings_stand_by_who_is_asked() -> None:
    """What free fixes take out is fixed already; the rest needs a person, or is a note; one name stands once."""
    assert [
        ("needs a person", "8", "e-mail, phone or card numbers", "ask legal, then mask"),
        ("", "5", "same text, two answers", "about 2.9 USD"),
        ("already fixed", "10", "also in the test set", ""),
        ("", "16", "copies", "5 more wait above"),
        ("", "2", "unreadable, set aside", "kept in tunecase-quarantine.jsonl"),
        ("worth a look", "29", "labels look wrong (0 to 132)", "about 29 USD"),
    ] == table(of(*EXAMPLE))


def test_a_fix_with_a_price_is_not_fixed_already() -> None:
    """Where rows have to be labelled or looked at first, and where too many cannot be read, a person is needed."""
    leaks = found("leak_near", "stop", 90, removed=90, price=Band(50, 90, 120, 150))
    unread = found("format", "stop", 400)
    asked = kinds(of(leaks, unread))
    assert ["unreadable, set aside", "also in the test set"] == [kind.name for kind in asked.person]
    assert () == asked.fixed


def test_the_next_command_is_the_clean_copy_where_rows_are_left_out() -> None:
    """Without a case it begins one; with one it goes on where nothing is left out."""
    from tests.problem_cases import project

    case = Material(project=project())
    begin = "tunecase init data/train.jsonl"
    assert f"{begin} --test data/test.jsonl" == audit(of(*EXAMPLE), NOTHING).next
    assert begin == audit(of(*EXAMPLE, test=None), NOTHING).next
    assert f"{begin} --test held/test.jsonl --to ." == audit(of(*EXAMPLE, test="held/test.jsonl"), NOTHING).next
    assert "tunecase audit --fix cleaned" == audit(of(*EXAMPLE), case).next
    whole = of(usable=717, dropped=0, quarantined=0)
    assert "tunecase define" == audit(whole, case).next
    assert "tunecase pilot" == audit(whole, replace(case, definition=samples.definition())).next


def test_rows_are_shown_only_where_they_may_be() -> None:
    """No text of a row stands in the account unless the material lets rows be shown."""
    cluster = Cluster(2, "raw", (4, 9), "my card was charged")
    record = replace(samples.audit(), clusters=(cluster,), clustered_rows=1)
    hidden, shown = (repr(account("audit", record, Material(with_rows=may))) for may in (False, True))
    for text in ("my card was charged", "why was I billed in May?"):
        assert text not in hidden
        assert text in shown


def test_the_full_account_keeps_every_finding() -> None:
    """Each finding with its reason and lines, what was read, and everything that was not checked."""
    record = replace(samples.audit(), notes=("a remark",))
    blocks = account("audit", record, Material(entries=samples.ENTRIES)).full
    text = repr(blocks)
    for finding in record.findings:
        assert finding.why in text
        assert finding.fix in text
    listings = {block.title: block.items for block in blocks if isinstance(block, Listing)}
    assert record.not_checked == listings["Not checked"]
    assert ("A remark.",) == listings["How the file was read"]
    assert samples.ENTRIES["audit"] in text
