"""A booked charge is printed with how to correct it."""

from datetime import UTC, datetime
from pathlib import Path

from tests import samples
from tests.cli.show.printing import flat
from tunecase.ledger.book import Ledger


def test_a_booked_entry_says_how_to_correct_it(tmp_path: Path) -> None:
    """The entry of a charge is printed with the beginning of its id."""
    entry = Ledger(tmp_path / "ledger.jsonl").append(
        "spend", samples.spendings()[0], recorded_at=datetime(2026, 11, 24, 12, tzinfo=UTC)
    )
    assert f"--replaces {entry.id[:12]}" in flat("spend", entry)
