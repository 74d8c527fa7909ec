"""Test rows that are in the training file: word for word, after normalising, or nearly.

The three are separate checks with separate counts. What they cannot see is said by the audit: paraphrases and
translations share no run of three words with their source.
"""

from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence
from tunecase.data.rowsets import union, within, without
from tunecase.quantities import Rows

BLOCKING_SHARE = 0.2  # of the test: beyond it deleting from training does not make the test believable again


def leak_exact(evidence: Evidence) -> Defect | None:
    """Test rows whose raw input is in the training file."""
    if evidence.test is None or not len(evidence.leaked_raw):
        return None
    pairs, removed = evidence.copies_of("raw", evidence.leaked_raw)
    return _leak(evidence, "leak_exact", "character for character", pairs, removed)


def leak_normalised(evidence: Evidence) -> Defect | None:
    """Test rows whose input is in the training file but for case, punctuation or blanks."""
    if evidence.test is None or not len(leaked := without(evidence.leaked_normal, evidence.leaked_raw)):
        return None
    pairs, removed = evidence.copies_of("normal", leaked)
    return _leak(evidence, "leak_normalised", "but for case, punctuation or blanks", pairs, removed)


def leak_near(evidence: Evidence) -> Defect | None:
    """Test rows that equal a training row but for a few words.

    Training rows with the same answer or at Jaccard .9 go; the others are to be looked at: they may share a template.
    """
    if evidence.test is None or not len(evidence.leaked_near):
        return None
    near, same = evidence.near_test, evidence.same_normal
    sure = union(near.rows[near.sure][:, 1])
    removed = union(sure, same.rows[within(same.firsts, sure)])
    pairs = near.rows[near.copy & within(near.rows[:, 0], evidence.leaked_near)]
    defect = _leak(evidence, "leak_near", "with a few words changed", pairs, removed)
    doubtful = len(without(union(pairs[:, 1]), removed))
    if doubtful:
        defect.review_rows = float(doubtful)
        defect.fix += f"; look at {doubtful} more whose answers differ"
    return defect


def _leak(evidence: Evidence, check: str, how: str, pairs: "Rows", removed: "Rows") -> Defect:
    assert evidence.test is not None
    train, test = evidence.train, evidence.test
    rows = union(pairs[:, 0])
    blocking = evidence.leaked_share > BLOCKING_SHARE
    differs = test.take("answer", pairs[:, 0]) != train.take("answer", pairs[:, 1])
    other = len(union(pairs[differs][:, 0]))
    differing = f"; {other} of them carry another answer in training" if other and train.labelled else ""
    fix = f"delete {len(removed)} matching rows from training"
    return Defect(
        check=check,
        severity="stop" if blocking or check != "leak_near" else "warn",
        why=f"test inputs that are in the training file, {how}: the score would measure memory{differing}",
        fix=f"{fix}; so much of the test is known that new test rows are needed as well" if blocking else fix,
        rows=rows,
        removed=removed,
        pairs=pairs,
        where="test",
        examples=tuple(map(test.example, rows[:2].tolist())),
        new_rows=float(len(rows)) if blocking else 0.0,
    )
