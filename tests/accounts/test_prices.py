"""The account of the price book: how many prices match, the first of them, and what was taken over from a catalog."""

from dataclasses import replace

from tests import samples
from tests.accounts.reading import rows, words
from tests.records.test_records import UPDATED
from tunecase.accounts import Material
from tunecase.accounts.prices import prices, updated
from tunecase.blocks import Table
from tunecase.records import Prices

RECORD = samples.prices()


def short(record: Prices) -> list[list[tuple[str, ...]]]:
    """The rows of every table under the answer."""
    blocks = [block for block in prices(record, Material()).short if isinstance(block, Table)]
    return [[tuple(cell.text for cell in row) for row in block.rows] for block in blocks]


def test_the_answer_counts_what_matches_and_how_old_it_is() -> None:
    """Of all that the book holds; nothing that matches is said so."""
    account = prices(RECORD, Material())
    assert "5 prices of 327, 3 of them older than 180 days on 2026-11-24." == account.answer
    fresh = prices(replace(RECORD, stale=0, rows=RECORD.rows[:1]), Material())
    assert "1 price of 327, none older than 180 days on 2026-11-24." == fresh.answer
    none = prices(replace(RECORD, rows=(), tiers=()), Material())
    assert ("No price matches, of 327 in the book.", "warn", ()) == (none.answer, none.tone, none.short)


def test_tiers_and_the_first_prices_stand_under_it() -> None:
    """A tier's lowest, middle and highest hour; a price with its unit where that is no GPU hour, its date and age."""
    (tier,), listed = short(RECORD)
    assert ("H100, neocloud", "7", "1.90", "2.95", "5.99", "7") == tier
    assert ("H100, acme, your contract, reserved, eu-1", "1.9 EUR", "undated") == listed[0]
    assert ("ft:small, openai", "unknown", "2026-11") == listed[2]
    assert ("crowd", "0.036 to 0.06 EUR per label", "2026-03 old") == listed[3]
    assert 1 == len(short(replace(RECORD, listed=False)))


def test_the_rest_stands_in_full() -> None:
    """Notes on the first prices, all further ones with their source, notes, and what names the book."""
    account = prices(RECORD, Material())
    assert [("fee", "20 to 40 percent of reward", "2026-03-15 old", "a page")] == rows(account.full, "Further prices")
    text = words(account.full)
    for part in (
        "H100, verda, neocloud, spot: history: counts only where nothing newer exists", "crowd: a page",
        "Accelerators that the tables do not know", "Price book b1946ac92492, 327 prices.",
    ):  # fmt: skip
        assert part in text


def test_of_many_tiers_those_with_the_most_providers_stand_first() -> None:
    """Eight at most, in the record's order, which is said; every other tier in full."""
    tiers = tuple(replace(RECORD.tiers[0], gpu=f"card-{k}", providers=k) for k in range(12))
    record = replace(RECORD, tiers=tiers, listed=False)
    account = prices(record, Material())
    (first,) = short(record)
    assert [f"card-{k}, neocloud" for k in range(4, 12)] == [row[0] for row in first]
    assert [f"card-{k}, neocloud" for k in range(4)] == [row[0] for row in rows(account.full, "Further tiers")]
    assert "--full has all 12." in words(account.short)
    assert "most providers" not in words(prices(RECORD, Material()).short)


def test_a_catalog_taken_over_says_how_to_use_it() -> None:
    """The line for the project file, in place of what; or that it is read already; old prices are called so."""
    account = updated(UPDATED, Material())
    assert ("12 list prices of 4 cards at ori, dated 2026-11-01.", "plain") == (account.answer, account.tone)
    assert "To use them, write `prices: ori-list-prices.csv` into the project file." in words(account.short)
    used = words(updated(replace(UPDATED, is_in_use=True, project="tunecase.yaml"), Material()).short)
    assert "tunecase.yaml reads them already." in used
    other = updated(replace(UPDATED, in_use="own.csv", stale=True, notes=("2 rows left out",)), Material())
    assert "in place of `prices: own.csv`." in words(other.short)
    assert "older than 180 days" in words(other.short)
    assert ("warn", "Notes 2 rows left out.".lower()) == (other.tone, words(other.full).lower())
