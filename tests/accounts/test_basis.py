"""What the case rests on: what nobody checked, how to repeat it, and which of its prices are old."""

from tests.accounts.parts.said import case
from tests.accounts.reading import words
from tunecase.accounts.basis import basis
from tunecase.blocks import Listing


def test_everything_not_checked_is_gathered_and_counted() -> None:
    """Unknown rules, unchecked defects and unpriced lines; the answer counts what the lists hold."""
    told = basis(case())
    number = sum(len(block.items) for block in told.short if isinstance(block, Listing))
    assert told.answer.startswith(f"{number} things were not checked")
    for part in ("room above the baseline", "Unpriced: storage and transfer", "paraphrases of test rows"):
        assert part in words(told.short)
