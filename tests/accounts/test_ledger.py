"""What looking after the ledger found is told in a few sentences, every charge that came in by name."""

from dataclasses import replace

from tests.accounts.reading import captions, table, words
from tests.cli.show.printing import ALL
from tunecase.accounts import account
from tunecase.records import SetAside, Verified


def test_a_whole_chain_is_one_sentence() -> None:
    """With what is set aside; an unfinished line is a warning."""
    said = account("ledger", Verified("ledger.jsonl", 1, 2, set_aside=1))
    assert said.answer.startswith(
        "ledger.jsonl: 1 entry, the chain is whole; it was chained again 2 times; 1 line is set aside. This machine"
    )
    assert "good" == said.tone
    cut = account("ledger", Verified("ledger.jsonl", 3, unfinished=17))
    assert "17 bytes of an unfinished line" in cut.answer
    assert "warn" == cut.tone
    gone = account("ledger", Verified("l", 1, anchor="3:ab", anchored="kept", changed="its last 2 entries are missing"))
    assert ("warn", True) == (gone.tone, "its last 2 entries are missing. Restore it; or" in gone.answer)


def test_joined_histories_bring_their_charges() -> None:
    """Each with its amount; where none came in there is no table and no sentence about them."""
    record = ALL["rechain"]
    said = account("rechain", record)
    assert "2 histories are one chain now, of 7 entries." == said.answer
    assert ["2026-11-24", "90.50 USD", "forged"] == table(said.short, "What came in")["cccccccccccc"]
    alone = account("rechain", replace(record, adopted=0, charges=(), amounts={}, histories=1, moved=1, copies=0))
    assert "The lines are in their order again, 7 entries." == alone.answer
    assert "1 entry names another line before it" in words(alone.short)
    assert "beside the longest history" not in words(alone.short)
    assert [] == captions(alone.short)


def test_a_line_that_is_set_aside_stays_in_the_file() -> None:
    """It is named by its number and its entry."""
    said = account("ledger", SetAside("a" * 64, 4, "spend", "amount: no number", "typo", "Ann"))
    assert "Line 4 (aaaaaaaaaaaa) is set aside and stays in the file: amount: no number." == said.answer
    assert "12 entries" == account("ledger", "12 entries").answer
