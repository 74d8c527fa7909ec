"""A check says whether the advice holds, and how much moved."""

from dataclasses import replace

from tests.accounts.reading import captions, table, words
from tests.records.test_records import CHECK
from tunecase.accounts import account
from tunecase.records import Shift


def test_advice_that_holds_is_repeated_and_what_moved_is_counted() -> None:
    """What is enough four times in five then and now; single prices and lines in full."""
    said = account("check", CHECK)
    assert ("The advice of 30 September 2026 still holds.", "good") == (said.answer, said.tone)
    text = words(said.short)
    assert f"Advice: {CHECK.advice_now}." in text
    assert "Enough four times in five: 9,300 USD then, 8,400 USD now." in text
    assert "Moved since: 1 price and 1 line." in text
    assert ["3.30", "3.50"] == table(said.full, "Prices since 30 September 2026")["H100 hour of the bill"][:2]


def test_advice_that_no_longer_holds_comes_with_its_reasons() -> None:
    """Three under the answer, more in full, and no advice that is void."""
    said = account("check", replace(CHECK, broken=("a", "b", "c", "d")))
    assert ("The advice of 30 September 2026 no longer holds.", "bad") == (said.answer, said.tone)
    assert "Advice:" not in words(said.short)
    assert "A. B. C." in words(said.short)
    assert "D." in words(said.full)
    assert "tunecase decide" == said.next


def test_advice_is_told_in_plain_words() -> None:
    """The model without its owner, rows without jargon."""
    said = account("check", replace(CHECK, advice_now="fine-tune meta-llama/Llama-3.1-8B on the 680 rows at hand"))
    assert "Advice: fine-tune Llama-3.1-8B on the 680 examples you have." in words(said.short)


def test_where_nothing_moved_it_says_so() -> None:
    """No table is empty."""
    still = replace(CHECK, prices=(), lines=(), rates=(), total=Shift("total", 9_300.0, 9_310.0, "USD"))
    said = account("check", still)
    assert "No price and no line of the bill moved." in words(said.short)
    assert "Enough four times in five: 9,300 USD, as before." in words(said.short)
    assert [] == captions(said.full)


def test_what_was_not_known_then_is_unknown() -> None:
    """And has no factor."""
    said = account("check", replace(CHECK, prices=(Shift("gpu", None, 2.0, "USD"),)))
    assert ["unknown", "2.00", "USD", ""] == table(said.full, "Prices since 30 September 2026")["gpu"]
