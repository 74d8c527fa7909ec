"""A difference of two bills is told in words, and as a comment for a pull request."""

from dataclasses import replace
from typing import Any

import pytest

from tests import samples
from tests.accounts.reading import captions, table, words
from tunecase.accounts import account
from tunecase.blocks import Account
from tunecase.quantities import Band
from tunecase.records import Comparison
from tunecase.report import blocks_markdown


def told(**changes: Any) -> Account:
    """The account of the sample, changed in these fields."""
    return account("compare", replace(samples.comparison(), **changes))


def total(change: Band | None, **more: Any) -> dict[str, Any]:
    """The sample's total with such a change."""
    whole = samples.comparison().total
    assert whole is not None
    return {"total": replace(whole, change=change, **more)}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Band(-250, -100, -50, 20), "costs 100 USD less in the middle case (8 in 10: 250 USD less to 20 USD more)."),
        (Band(-250, -100, -50, -10), "costs 100 USD less in the middle case (8 in 10: 10 to 250 USD less)."),
        (Band(10, 100, 200, 250), "costs 100 USD more in the middle case (8 in 10: 10 to 250 USD more)."),
        (Band(0, 0, 10, 90), "costs the same in the middle case (8 in 10: 0 to 90 USD more)."),
        (Band(0, 0, 0, 0), "costs the same."),
        (Band(-0.2, -0.1, 0.1, 0.2), "costs the same within 1 USD, 8 times in 10."),
    ],
)
def test_a_difference_is_told_in_one_sentence(change: Band, said: str) -> None:
    """More and less are words, not signs."""
    assert told(**total(change), judged=None).answer.endswith(said)


def test_a_total_that_is_not_known_is_said_so() -> None:
    """With the reason."""
    said = told(**total(None, why="gpu has no price"), judged=None)
    assert "costs more or less is not known: gpu has no price." in said.answer


def test_the_limit_comes_first_and_sets_the_tone() -> None:
    """Kept or not; without a limit there is no verdict."""
    record = samples.comparison()
    assert record.judged is not None
    assert "keeps the limit of 18,000 USD." in told().answer
    assert "limit of 12,345 USD." in told(judged=replace(record.judged, limit=12_345)).answer
    broken = told(judged=replace(record.judged, kept=False))
    assert "does not keep the limit" in broken.answer
    assert ("good", "bad", "plain") == (told().tone, broken.tone, told(judged=None).tone)


def test_lines_that_moved_most_stand_under_the_answer() -> None:
    """Three of them by size, those that no total counts named so, then the total; what did not move is left out."""
    record = samples.comparison()
    (line, *_) = record.lines
    moved = [replace(line, name=name, change=Band(0, much, 0, 0)) for name, much in
             (("gpu", -5.0), ("storage", 0.2), ("labour", 900.0), ("data", 40.0), ("egress", -60.0))]  # fmt: skip
    aside = (replace(line, name="inference", change=Band(0, -500.0, 0, 0)),)
    rows = table(told(lines=tuple(moved), aside=aside).short, "The lines that moved most")
    assert ["engineering", "answers after launch, in no total", "transfer", "total"] == list(rows)
    assert ["+900", "-500", "-60"] == [rows[name][-1] for name in list(rows)[:3]]
    still = told(lines=tuple(moved[1:2]), aside=())
    assert "The lines that moved most" not in captions(still.short)


def bare() -> dict[str, Any]:
    """Fields of a comparison without chances, budgets, changes and notes."""
    record = samples.comparison()
    assert record.second is not None
    without = {"reached": None, "budget": None, "over_budget": None}
    return {"first": replace(record.first, **without), "second": replace(record.second, **without),
            "changed": (), "notes": (), "judged": None}  # fmt: skip


def test_a_comparison_without_changes_or_curve() -> None:
    """What is not known is said, or left out where no side knows it."""
    said = told(**bare())
    assert "The project files say the same." in words(said.short)
    assert "Chance " not in words(said.full)
    one = told(first=bare()["first"])
    assert "unknown → 59%" in words(one.full)
    assert "no budget → 29% of 18k USD" in words(one.full)


def test_changed_fields_are_named_few_of_many() -> None:
    """Three under the answer, all of them in full."""
    (change, *_) = samples.comparison().changed
    many = tuple(replace(change, field=f"field{at}") for at in range(5))
    said = told(changed=many)
    assert "Changed: field0, field1, field2 and 2 more." in words(said.short)
    assert 5 == len(table(said.full, "5 fields changed"))


def test_a_changed_item_of_a_list_is_named_by_its_list() -> None:
    """No bare number stands for a field."""
    (change, *_) = samples.comparison().changed
    items = tuple(replace(change, field=field) for field in ("models.0", "compute.gpus.1", "data.sources.0.hours"))
    assert "Changed: models 1, gpus 2, hours." in words(told(changed=items).short)


def test_a_bill_alone_is_only_judged() -> None:
    """One sentence; nothing is set beside it."""
    said = told(second=None, lines=(), total=None, rounds=None)
    assert "keeps the limit" in said.answer
    assert "80% sure" in words(said.short)
    assert [] == captions(said.short)


def test_a_comment_is_no_markup_and_calls_no_one() -> None:
    """Names of files and fields are shown as they are, and the rest is folded away."""
    record: Comparison = samples.comparison()
    assert record.second is not None
    evil = replace(record, second=replace(record.second, name="<b>|`@ines` [x](http://x) #12"))
    text = blocks_markdown(account("compare", evil), folded="all of it")
    for bad in ("<b>", "`@", "@ines", "[x]", "](http", " #12"):
        assert bad not in text
    assert text.index("The lines that moved most") < text.index("<details><summary>all of it</summary>")
    assert "Line by line" in text.split("<details>")[1]
