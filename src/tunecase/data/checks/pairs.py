"""Preference pairs: pairs of equal answers, and a preference for the longer answer."""

from typing import TYPE_CHECKING

from tunecase.data.checks.answers import BIT, LEAST_ANSWERS, how_many, marked
from tunecase.data.checks.columns import Split
from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.quantities import counted, wilson

if TYPE_CHECKING:
    from tunecase.data.checks.evidence import Evidence

LONGER = 0.7
_NOTES = (
    ("rejected", "with an answer judged bad: they count as tokens, not as answers to learn"),
    ("tie", "of which neither answer is better: they teach no preference"),
    ("cut back", "that ended behind the last answer: cut back to it"),
    ("thinking", "with reasoning before the answer: it counts as tokens, and answers are compared without it"),
    ("several answers", "with several answers: a pilot learns the last of each"),
)


def notes(split: Split) -> tuple[str, ...]:
    """What is said of how the rows were read, one sentence each."""
    return tuple(f"{counted(split.seen[kind], 'row')} {what}" for kind, what in _NOTES if split.seen[kind])


def pair_equal(evidence: "Evidence") -> Defect | None:
    """Preference pairs whose two answers are the same but for case and blanks: they teach nothing."""
    rows = marked(evidence, BIT["pair_equal"])
    if not len(rows):
        return None
    why = "the chosen and the rejected answer are the same"
    return Defect("pair_equal", "warn", why, "delete them", rows=rows, removed=rows)


def pair_length_bias(evidence: "Evidence") -> Defect | NotChecked | None:
    """How often the chosen answer is the longer one, noted from seven in ten on, if that is beyond chance."""
    pairs = how_many(evidence, BIT["pair"], unless=BIT["pair_equal"])
    if not pairs:
        return None
    if pairs < LEAST_ANSWERS:
        return NotChecked("a taste for length in the pairs: fewer than 50 pairs")
    longer = how_many(evidence, BIT["chosen_longer"])
    share, (low, high) = longer / pairs, wilson(longer, pairs)
    if low <= LONGER:
        return None
    return Defect(
        check="pair_length_bias",
        severity="note",
        why=f"the chosen answer is the longer one in {share:.0%} of the pairs: length is what is learnt first",
        fix="add pairs whose better answer is the shorter",
        count=longer,
        share=share,
        unpriced=True,
        measured=("share of pairs whose chosen answer is longer", low, share, high),
    )
