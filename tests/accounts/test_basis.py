"""What the case rests on: what nobody checked, how to repeat it, and which of its prices are old."""

from tests import samples
from tests.accounts.reading import words
from tunecase.accounts import Material
from tunecase.accounts.basis import basis
from tunecase.blocks import Listing


def material(**more: object) -> Material:
    """Every record of the samples."""
    made = {"definition": samples.definition(), "audit": samples.audit(), "estimate": samples.estimate(),
            "pilot": samples.pilot(), "forecast": samples.forecast(), "decision": samples.decision(),
            "books": samples.books(), "today": samples.TODAY}  # fmt: skip
    return Material(**{**made, **more})  # type: ignore[arg-type]


def test_everything_not_checked_is_gathered_and_counted() -> None:
    """Unknown rules, unchecked defects and unpriced lines; the answer counts what the lists hold."""
    told = basis(material())
    number = sum(len(block.items) for block in told.short if isinstance(block, Listing))
    assert told.answer.startswith(f"{number} things were not checked")
    for part in ("room above the baseline", "Unpriced: storage and transfer", "paraphrases of test rows"):
        assert part in words(told.short)
