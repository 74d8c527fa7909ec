"""What sources says: the cheapest source of the next rows, and what a trial says of one."""

from dataclasses import replace

from tests import samples
from tunecase.accounts import account
from tunecase.blocks import Listing, Table, Words


def test_the_cheapest_source_is_the_answer() -> None:
    """Its price for the step; where no source has a price and the rows, that is the answer."""
    record = samples.sources()
    assert "Cheapest from synthetic: about 1,700 USD" in account("sources", record).answer
    unpriced = replace(record, raced=record.raced[2:])
    told = account("sources", unpriced)
    assert ("No source with a price has the rows of the next step.", "warn") == (told.answer, told.tone)


def test_what_a_source_lacks_stands_beside_it() -> None:
    """A price, or rows; and a mark where the project file does not name the source."""
    record = samples.sources()
    few = replace(record.raced[1], rows=20.0, reaches=False)
    table = account("sources", replace(record, raced=(few, record.raced[2]))).short[0]
    assert isinstance(table, Table)
    assert [("label", "has only 20 rows"), ("licence *", "a price")] == [
        (row[0].text, row[3].text) for row in table.rows
    ]
    named = account("sources", replace(record, raced=(record.raced[1],)))
    assert not any(isinstance(block, Words) for block in named.short)


def test_the_full_account_keeps_risks_and_notes() -> None:
    """What could go wrong, what to give for a price, and the order in which the plan buys, where there is one."""
    record = replace(samples.sources(), buys_from=("label", "synthetic"))
    listings = {block.title: block.items for block in account("sources", record).full if isinstance(block, Listing)}
    assert 3 == len(listings["What could go wrong"])
    assert listings["Give, for a price"][0].startswith("licence: price:")
    assert "The plan buys in the order of the project file: label, synthetic." == listings["On what this rests"][0]


def test_a_trial_that_tells_too_little_changes_nothing() -> None:
    """It says so in place of a figure, and the plan keeps its assumption."""
    trial = samples.source_trial()
    assert "teaches like 50% of a labelled one" in account("source trial", trial).answer
    told = account("source trial", replace(trial, tells=False))
    assert "Too few runs to tell what a row of synthetic is worth." == told.answer
    assert "the assumption stays" in repr(told.short)
    assert ("warn", "") == (told.tone, told.next)
    harmful = account("source trial", replace(trial, harms=0.3))
    assert "'risky', '30% chance" in repr(harmful.short)
    assert "warn" == harmful.tone
