"""What `audit --fix` says: what was taken out and what waits for a person."""

from dataclasses import replace

from tests.problem_cases import project
from tests.records.test_records import CLEANED
from tunecase.accounts import Material, account
from tunecase.blocks import Facts, Table


def pairs(**change: object) -> dict[str, str]:
    """What the short account says of a cleaned copy."""
    block = account("clean", replace(CLEANED, **change)).short[0]  # type: ignore[arg-type]
    assert isinstance(block, Facts)
    return dict(block.pairs)


def test_only_what_happened_is_told() -> None:
    """What did not happen takes no line."""
    assert {"copy", "left out", "corrected", "masked", "outdated", "put aside", "to look at", "how"} == set(pairs())
    none = pairs(corrected=0, masked=0, stale=0, aside="", review_rows=0, dropped=0, quarantined=0, unapplied=1)
    assert "fit after fixes" == pairs(ok=False)["the data"]
    assert {
        "copy": "cleaned",
        "left out": "nothing",
        "by hand": "1 row whose shape has no single answer: correct them yourself",
    } == none


def test_a_queue_that_is_not_all_says_so() -> None:
    """Where more rows wait than are handed out, their whole number is told."""
    assert "15 rows, 2 of them" in pairs()["to look at"]
    assert (
        "the first 20,000 of 312,000 rows, worst first, 2,222 more at random"
        in pairs(review_rows=22_222, queue_rows=20_000, controls=2_222, unqueued=292_000)["to look at"]
    )


def test_what_waits_is_taken_back_next() -> None:
    """The queue is named with the data it belongs to; without one the road goes on."""
    case = Material(project=project())
    assert "tunecase audit train.jsonl --reviewed cleaned/review.csv" == account("clean", CLEANED).next
    assert "tunecase audit --reviewed cleaned/review.csv" == account("clean", CLEANED, case).next
    assert "tunecase define" == account("clean", replace(CLEANED, review_rows=0), case).next


def test_the_full_account_keeps_every_file() -> None:
    """Rows by finding, what a review costs at each depth, and the files."""
    tables = [block for block in account("clean", CLEANED).full if isinstance(block, Table)]
    assert ["Rows taken out, by finding", "What reading the queue costs", "What was written"] == [
        table.caption for table in tables
    ]
    assert ["leak exact", "duplicate exact", "deleted by reviewers"] == [row[0].text for row in tables[0].rows]
