"""What was approved is told in sums and, below them, only what the reader does not see in them."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests import samples
from tests.accounts.reading import table, words
from tunecase.accounts import Material, account, approval_short
from tunecase.quantities import Sampled
from tunecase.records import Approvals

ASKED = Approvals("USD", "5f0c2d77ab01", "label 500 rows", Sampled(4_500.0))


def test_an_approval_is_told_as_it_was_made() -> None:
    """The amount, who and when; the plan and its parts in full; a warning only above what the plan asks for in all."""
    record = samples.approval()
    said = account("approve", record)
    assert "4,500 USD approved by A. Person on 2 November 2026, until 31 January 2027." == said.answer
    assert "more than the plan asks" not in words(said.short)
    assert f"Plan {record.plan}" in words(said.full)
    dear = replace(record, amount_base=Decimal(99_000))
    assert "That is more than the plan asks to set aside in all" in words(account("approve", dear).short)


def test_a_rejection_is_told_with_its_note() -> None:
    """Who, when and why."""
    said = account("rejection", samples.rejection())
    assert ("Rejected by A. Person on 24 November 2026.", "bad") == (said.answer, said.tone)
    assert "After the audit." in words(said.short)


def test_what_is_asked_for_is_the_next_command() -> None:
    """Where nothing is approved yet; without a plan there is nothing to approve."""
    said = account("approvals", ASKED)
    assert "Nothing is approved yet. The first step asks for 4,500 USD." == said.answer
    assert 'tunecase approve "4500 USD" --by NAME --plan 5f0c2d77ab01' == said.next
    assert () == said.short
    none = account("approvals", Approvals("USD"))
    assert "There is nothing to approve" in words(none.short)
    assert "" == none.next


def test_sums_are_the_answer_and_each_approval_stands_in_full() -> None:
    """The sums are not said twice."""
    said = account("approvals", samples.approvals())
    assert "4,500 USD approved, 3,885.57 spent, 614.43 left." == said.answer
    assert "Last approved: 4,500.00 USD by A. Person" in words(said.short)
    assert "614.43" not in words(said.short)
    (row,) = table(said.full, "What was approved").values()
    assert "614.43" in row


def test_what_is_approved_and_not_spent_is_to_be_done_and_its_score_kept() -> None:
    """The next command keeps the round, with what it changed; before there is a point to add it to there is none."""
    decision, forecast = samples.decision(), samples.forecast()
    assert decision.plan is not None
    label = replace(decision, plan=replace(decision.plan, lever="label"))
    case = Material(decision=label, forecast=forecast)
    said = account("approvals", samples.approvals(), case)
    assert "tunecase next --rows N --score S --changed label" == said.next
    assert "Then record the score" in words(said.short)
    for record, material in (
        (samples.approvals(), Material(decision=label)),
        (samples.approvals(), replace(case, decision=replace(label, way="a prompt"))),
        (replace(samples.approvals(), rejection=samples.rejection()), case),
        (Approvals("USD"), case),
    ):
        assert "--changed" not in account("approvals", record, material).next


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (Approvals("USD"), ""),
        (ASKED, ""),
        (samples.approvals(), "Approved: 4,500 USD; 3,885.57 spent, 614.43 left (86% spent)."),
        (replace(samples.approvals(), rejection=samples.rejection()), "Rejected by A. Person on 24 November 2026."),
        (replace(samples.approvals(), uncovered=Decimal(5)), "3,885.57 spent, 5 not covered: `tunecase approve`."),
    ],
)  # fmt: skip
def test_approvals_take_one_line_beside_other_verbs(record: Approvals, line: str) -> None:
    """None where nothing was approved or rejected: what is only asked for is no news."""
    told = approval_short(record)
    assert told.endswith(line) if line else not told
    assert len(told) <= 80


def test_an_approval_that_has_ended_is_told() -> None:
    """With what was spent."""
    record = samples.approvals()
    ended = replace(record, approved=tuple(replace(one, state="expired") for one in record.approved))
    assert "The approval has ended; 3,885.57 USD spent" in approval_short(ended)
    said = account("approvals", ended)
    assert "No longer in force: " in words(said.short)
    assert "bad" == said.tone


def test_an_approval_of_another_plan_is_told() -> None:
    """On the line beside other verbs, and with what has changed in full."""
    record = samples.approvals()
    moved = replace(record, approved=tuple(replace(one, moved="the data") for one in record.approved))
    assert "for another plan: `tunecase approve`." in approval_short(moved)
    said = account("approvals", moved)
    assert said.answer.endswith("614.43 left, for another plan.")
    assert "the data changed since" in words(said.short)


def test_a_long_name_keeps_the_line_short() -> None:
    """It is cut."""
    record = replace(samples.approvals(), rejection=replace(samples.rejection(), by="A" * 80))
    assert len(approval_short(record)) < 74
