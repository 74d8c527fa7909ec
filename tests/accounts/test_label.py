"""What labelling says: the batch, the trial given out, and how far two readers agree."""

from dataclasses import replace

from tests import samples
from tests.records.test_records import LABELLING
from tunecase.accounts import account
from tunecase.blocks import Facts, Listing
from tunecase.records import ClassAgreement


def test_a_batch_says_what_it_costs_or_that_there_is_none() -> None:
    """Fewer rows than asked for are told; without a row nothing is priced."""
    assert "1 row of pool.jsonl to label next, of 20 asked for: about 12 USD." == account("labelling", LABELLING).answer
    assert ", of" not in account("labelling", replace(LABELLING, asked=1)).answer
    none = account("labelling", replace(LABELLING, rows=()))
    assert "No row of pool.jsonl is left to label." == none.answer
    assert "bad" == none.tone
    assert "USD" not in repr(none)


def test_free_answers_are_no_choice_of_labels() -> None:
    """A reader chooses a label where there are labels, and writes the answer where there are none."""
    task = samples.label_task()
    assert "one of 2 labels, see labels.txt" in repr(account("label task", task).short)
    assert "fills in label (the answer)" in repr(account("label task", replace(task, labels=())).short)


def test_a_target_above_the_ceiling_is_said_first() -> None:
    """No estimate follows from labels that no model can meet."""
    trial = samples.label_trial()
    assert account("label trial", trial).answer.startswith("Two readers agree on 90% of 100 rows;")
    assert "tunecase estimate" == account("label trial", trial).next
    above = account("label trial", replace(trial, target=0.99))
    assert above.answer.startswith("The target lies above what people agree on: settle the label guide first.")
    assert ("bad", "") == (above.tone, above.next)


def test_a_trial_without_figures_says_so() -> None:
    """What was not timed and cannot be compared is not told."""
    bare = replace(
        samples.label_trial(), share=None, kappa=None, alpha=None, ceiling=None, disagreements=(), by_class=(),
        minutes=None, single_minutes=None,
    )  # fmt: skip
    told = account("label trial", bare)
    assert "100 rows read, and nothing can be told from them." == told.answer
    assert () == told.full
    assert "" == told.next


def test_what_the_short_account_leaves_out_stands_in_full() -> None:
    """Two labels that are unclear are told by default, the others in full, none twice."""
    classes = tuple(ClassAgreement(name, 10, 0.5) for name in ("a", "b", "c"))
    told = account("label trial", replace(samples.label_trial(), by_class=classes))
    short = [
        value for block in told.short if isinstance(block, Facts) for name, value in block.pairs if name == "unclear"
    ]
    more = [
        item
        for block in told.full
        if isinstance(block, Listing) and block.title == "Also unclear"
        for item in block.items
    ]
    assert ["a", "b"] == [line[0] for line in short]
    assert ["c"] == [line[0] for line in more]
