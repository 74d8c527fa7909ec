"""The command run tells every verb in order, in words or as one JSON."""

from pathlib import Path

from tests.command import tunecase
from tunecase.records import RECORDS, from_json


def test_json_of_the_run(walked: Path) -> None:
    """run --json prints every record by its verb, and where the approvals stand."""
    ran = tunecase("run", "--json", "--project", walked)
    records = {verb: from_json(RECORDS[verb], body) for verb, body in ran.json.items()}
    road = {"define", "audit", "estimate", "pilot", "forecast", "decide", "books", "report"}
    assert road | {"approvals"} == set(records)
    assert ran.code == (0 if records["decide"].ok else 1)


def test_the_road_in_words(walked: Path) -> None:
    """run prints every verb's record in order and the files at the end, 80 columns wide."""
    out = tunecase("run", "--project", walked, "--anyway").out
    heads = ["DEFINE", "AUDIT", "ESTIMATE", "PILOT", "FORECAST", "ESTIMATE", "DECIDE", "BOOKS", "REPORT"]
    assert heads == [line.split()[0].strip(",") for line in out.splitlines() if " ──────── " in line]
    assert str(walked.parent / "report.html") in out.replace("\n", "")
