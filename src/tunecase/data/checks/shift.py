"""Whether the test, and a sample of production, can be told from the training rows by a classifier."""

from tunecase.data.checks.columns import Split
from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.checks.evidence import Evidence
from tunecase.data.checks.sample import sample_of, with_text
from tunecase.data.detectors.two_sample import LEAST_ROWS, MOST_ROWS, Contrast, contrast

P = 0.01
SLIGHT, CLEAR = 0.55, 0.60  # AUC: below the first nothing is said, from the second it is worth mending


def shift_test(evidence: Evidence) -> Defect | NotChecked | None:
    """Test rows that a classifier tells from training rows."""
    train, test = evidence.train, evidence.test
    if test is None:
        return None
    classes = (train.texts.outputs, test.texts.outputs) if evidence.classes and test.labelled else None
    apart = _contrast(evidence, test, "the test", classes)
    if isinstance(apart, NotChecked):
        return apart
    defect = _shift(evidence, "shift_test", "the test", test, apart)
    if defect is not None:
        defect.where = "test"
        defect.fix = "draw training and test from one source, or say which of them is like production"
        if apart.within is not None and apart.within.mid < SLIGHT:
            defect.severity = "note"
            defect.why += f"; within one class AUC is {apart.within.mid:.2f}: class shares explain it"
    return defect


def shift_production(evidence: Evidence) -> Defect | NotChecked | None:
    """A sample of production that a classifier tells from training rows."""
    if evidence.production is None:
        return None
    apart = _contrast(evidence, evidence.production, "production")
    if isinstance(apart, NotChecked):
        return apart
    defect = _shift(evidence, "shift_production", "production", evidence.production, apart)
    if defect is not None:
        defect.fix = "label rows of the production sample; `tunecase audit --next` says which"
        defect.unpriced = True
    return defect


def _contrast(
    evidence: Evidence, other: Split, what: str, classes: tuple[list[str], list[str]] | None = None
) -> Contrast | NotChecked:
    if evidence.request.fast:
        return NotChecked(f"whether {what} is like training: left out of a fast audit")
    apart = contrast(evidence.train.texts.inputs, other.texts.inputs, classes=classes, seed=evidence.request.seed)
    few = f"whether {what} is like training: fewer than {LEAST_ROWS} distinct texts in a file"
    return NotChecked(few) if apart is None else apart


def _shift(evidence: Evidence, check: str, what: str, split: Split, apart: Contrast) -> Defect | None:
    auc = apart.auc
    if apart.p > P or auc.mid < SLIGHT:
        return None
    clear = auc.mid >= CLEAR
    words = tuple(f"{gap.word!r} in {gap.first:.0%} of training, {gap.second:.0%} of {what}" for gap in apart.words[:3])
    return Defect(
        check=check,
        severity="warn" if clear else "note",
        why=(
            f"{what} can be told from training: a classifier has AUC {auc.mid:.2f} ({auc.low:.2f} to {auc.high:.2f}), "
            f"chance is .50, p {apart.p:.2g} by shuffling{_drawn(evidence.train, 'training')}{_drawn(split, what)}"
        ),
        fix="",
        count=split.count,
        share=2 * auc.mid - 1,
        examples=words,
        measured=("AUC", auc.low, auc.mid, auc.high),
        figure=f"AUC {auc.mid:.2f}",
    )


def _drawn(split: Split, what: str) -> str:
    candidates = with_text(split)
    return sample_of(split, min(candidates, MOST_ROWS), candidates, f"rows of {what}").told()
