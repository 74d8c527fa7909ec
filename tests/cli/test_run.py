"""The command run tells every verb in order, in words or as one JSON."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import samples
from tests.command import tunecase
from tunecase.cli.show import record
from tunecase.cli.show.progress import LINE
from tunecase.cli.show.record import show_run
from tunecase.flow import Walk
from tunecase.records import RECORDS, from_json


@pytest.mark.slow
def test_json_of_the_run(walked: Path) -> None:
    """run --json prints every record by its verb, and where the approvals stand."""
    ran = tunecase("run", "--json", "--project", walked)
    records = {verb: from_json(RECORDS[verb], body) for verb, body in ran.json.items() if verb != "changed"}
    road = {"define", "audit", "estimate", "pilot", "forecast", "decide", "books", "report"}
    assert road | {"approvals"} == set(records)
    assert ran.code == (0 if records["decide"].ok else 1)


@pytest.mark.slow
def test_the_road_ends_in_its_answer(walked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """run prints the answer alone, in 14 lines of 80 columns, with the page; nothing changed is said in one.

    The progress line has ended before the answer is printed, and what a step prints stands aside of it.
    """
    begun: list[bool] = []
    monkeypatch.setattr(record, "show_run", lambda *words, **given: begun.append(LINE.on) or show_run(*words, **given))
    ran = tunecase("run", "--project", walked, "--anyway")
    assert [False] == begun
    lines = ran.out.rstrip("\n").split("\n")
    assert len(lines) <= 14
    assert max(map(len, lines)) <= 80 or str(walked.parent) in ran.out
    assert not [line for line in lines if " ──────── " in line]
    assert str(walked.parent / "report.html") in ran.out.replace("\n", "")
    again = tunecase("run", "--project", walked, "--anyway").out
    assert "Nothing changed since " in again.replace("\n", " ")
    assert again.split(" Nothing")[0].replace("\n", " ") in ran.out.replace("\n", " ")


def test_the_same_found_again_is_the_same() -> None:
    """Time taken and the entry held against are no change; another count, another charge, or no report before are."""
    audit, books = samples.audit(), samples.books()
    before = Walk({"audit": audit, "books": books}, datetime(2026, 11, 24, 7, 10, tzinfo=UTC))
    assert before.holds({"audit": replace(audit, seconds=99.0), "books": replace(books, plan=None)})
    assert not before.holds({"audit": replace(audit, usable=3)})
    assert not before.holds({"books": replace(books, entries=9)})
    assert not before.holds({"forecast": samples.forecast()})
    assert not replace(before, at=None).holds({"audit": audit})
