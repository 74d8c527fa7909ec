"""What the case rests on: what nobody checked, how to repeat it, and which of its prices are old."""

from datetime import date

from tests import samples
from tests.accounts.reading import all_of, words
from tunecase.accounts import Material
from tunecase.accounts.basis import basis, stale
from tunecase.blocks import Listing


def material(**more: object) -> Material:
    """Every record of the samples."""
    made = {"definition": samples.definition(), "audit": samples.audit(), "estimate": samples.estimate(),
            "pilot": samples.pilot(), "forecast": samples.forecast(), "decision": samples.decision(),
            "books": samples.books(), "today": samples.TODAY}  # fmt: skip
    return Material(**{**made, **more})  # type: ignore[arg-type]


def test_old_prices_are_told() -> None:
    """Prices older than the catalog allows are counted; bad dates are passed over."""
    told = stale(("H100 2025-01", "2026-11-01", "2026-99-99", "no date"), date(2026, 11, 24))
    assert "1 price date is older than 180 days (the oldest 2025-01-01): check the prices." == told
    assert "" == stale(("2026-11-01",), date(2026, 11, 24))


def test_everything_not_checked_is_gathered_and_counted() -> None:
    """Unknown rules, unchecked defects and unpriced lines; the answer counts what the lists hold."""
    told = basis(material())
    number = sum(len(block.items) for block in told.short if isinstance(block, Listing))
    assert told.answer.startswith(f"{number} things were not checked")
    for part in ("room above the baseline", "Unpriced: storage and transfer", "paraphrases of test rows"):
        assert part in words(told.short)


def test_steps_that_are_not_done_are_named() -> None:
    """Each with its command; a case with all of them names none."""
    assert 7 == words(basis(Material()).short).count("Not done yet: run `tunecase ")
    assert "Not done yet" not in words(basis(material()).short)


def test_where_it_all_comes_from_is_told() -> None:
    """The seed, the price book, the version, each record's entry, and what on file is not used."""
    told = basis(
        material(entries={"audit": "entry 5f0c"}, version="9.9", ledger="head", not_used=("the pilot is old",))
    )
    text = words(all_of(told))
    for part in ("tunecase 9.9", "Price book b1946ac92492", "seed 0", "audit entry 5f0c", "The pilot is old.",
                 "Ledger head", "Defaults 3"):  # fmt: skip
        assert part in text
