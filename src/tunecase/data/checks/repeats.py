"""Rows that repeat another: word for word, after normalising, or nearly; and the groups they make."""

from typing import TYPE_CHECKING, Literal

from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence, Links
from tunecase.data.detectors.near_copies import NEAR, NEAR_IN_SHORT, SHORT_WORDS, joined
from tunecase.data.rowsets import union, within, without
from tunecase.records import Cluster, Severity

if TYPE_CHECKING:
    from tunecase.data.arrays import Rows

WARN_SHARE = 0.005
CROWD_SHARE = 0.3  # so many near copies are a template at work, not carelessness
ROWS_TO_JUDGE_A_TEMPLATE = 50
MOST_CLUSTERS = 8
MOST_ROWS = 12

Kind = Literal["raw", "normalised", "near"]


def duplicate_exact(evidence: Evidence) -> Defect | None:
    """Training rows whose raw input equals an earlier row's; only those with the same answer are deleted."""
    why = "the same input again, character for character: it counts double in training"
    return _repeats(evidence, "duplicate_exact", evidence.same_raw, evidence.same_raw.rows, why)


def duplicate_normalised(evidence: Evidence) -> Defect | None:
    """Training rows that equal an earlier one only after normalising (case, punctuation, blanks)."""
    rows = without(evidence.same_normal.rows, evidence.same_raw.rows)
    why = "the same input again but for case, punctuation or blanks"
    return _repeats(evidence, "duplicate_normalised", evidence.same_normal, rows, why)


def _repeats(evidence: Evidence, check: str, same: Links, rows: "Rows", why: str) -> Defect | None:
    import numpy as np

    if not len(rows):
        return None
    disputed = within(rows, evidence.disputed)
    kept = int(disputed.sum())
    held = f"; {kept} of them carry another answer and wait for the contradiction's review" if kept else ""
    return Defect(
        check=check,
        severity=_severity(len(rows), evidence),
        why=why + held,
        fix="keep the first of each, delete the others",
        rows=rows,
        removed=rows[~disputed] if kept else rows,
        pairs=np.stack([rows, same.of(rows)], axis=1),
        examples=tuple(map(evidence.train.example, rows[:2].tolist())),
    )


def duplicate_near(evidence: Evidence) -> Defect | None:
    """Training rows that equal an earlier one but for a few words, found by MinHash and verified by true Jaccard.

    Free answers that differ are counted but not deleted: one number changed makes another task; nor is anything where
    more than three rows in ten would go. Pairs at Jaccard .7
    are found with 99% chance, closer ones more surely; in a crowd of more than 16 alike only neighbours are compared.
    """
    near = evidence.near_train
    chosen = near.copy
    if not chosen.any():
        return None
    pairs = near.rows[chosen]
    rows = union(pairs[:, 0])
    removed = without(union(near.rows[chosen & near.same_answer][:, 0]), evidence.disputed)
    fix = "keep one of each group, delete the others"
    waiting = len(rows) - len(removed)
    if len(removed) > CROWD_SHARE * evidence.train.rows:
        removed, waiting = removed[:0], ROWS_TO_JUDGE_A_TEMPLATE
        fix = "nothing is deleted: so many rows alike come from a template"
    return Defect(
        check="duplicate_near",
        severity=_severity(len(rows), evidence),
        why=(
            f"nearly the same input again: three-word runs shared by {NEAR:.0%} or more "
            f"({NEAR_IN_SHORT:.0%} and the same label below {SHORT_WORDS} words)"
        ),
        fix=fix if not waiting else f"{fix}; look at {waiting} before deleting any",
        rows=rows,
        removed=removed,
        pairs=pairs,
        examples=tuple(evidence.train.example(int(row)) for row in pairs[0]),
        review_rows=float(waiting),
    )


def duplicate_test(evidence: Evidence) -> Defect | None:
    """Test rows that repeat an earlier test row, raw or normalised."""
    if evidence.test is None:
        return None
    rows = evidence.test_same
    why = "the same test input again, after normalising: the test says less than its size promises"
    fix = "keep the first of each in the test file"
    return Defect("duplicate_test", "note", why, fix, rows=rows, where="test") if len(rows) else None


def _severity(count: int, evidence: Evidence) -> Severity:
    return "warn" if count >= WARN_SHARE * evidence.train.rows else "note"


def clusters(evidence: Evidence, most: int = MOST_CLUSTERS) -> tuple[int, tuple[Cluster, ...]]:
    """How many training rows repeat another one, and the largest groups of them.

    A group's kind is that of its least alike rows: raw where all are equal, near where some are only nearly so.
    Args:
        most: groups shown, the largest first.
    Returns: rows beyond the first of each group, and the groups.
    """
    import numpy as np

    near = np.concatenate([evidence.near_train.rows[evidence.near_train.copy], evidence.near_links])
    firsts = union(near.ravel())  # near pairs are of first rows alone
    roots = firsts[joined(len(firsts), [np.searchsorted(firsts, near)])]
    mapped = Links(firsts, roots)
    members = np.concatenate([mapped.of(evidence.same_text.firsts), roots[roots != firsts]])
    members.sort()  # the head of each row that is not one
    begins = np.flatnonzero(np.append(members[:1] >= 0, members[1:] != members[:-1]))
    sizes = np.diff(begins, append=len(members)) + 1
    shown = tuple(_cluster(evidence, mapped, int(members[begins[at]])) for at in _largest(sizes, most))
    return len(members), shown


def _largest(sizes: "Rows", most: int) -> "Rows":
    """The places of the largest sizes, the largest first, the earlier first among equals."""
    import numpy as np

    least = np.partition(sizes, -most)[-most] if len(sizes) > most else 0
    places = np.flatnonzero(sizes >= least)
    largest: Rows = places[np.argsort(-sizes[places], kind="stable")][:most]
    return largest


def _cluster(evidence: Evidence, mapped: Links, head: int) -> Cluster:
    """The group of a first row; `mapped` are first rows that near pairs join, and the head of each."""
    import numpy as np

    texts = union(np.array([head]), mapped.rows[mapped.firsts == head])
    same = evidence.same_text
    rows = union(texts, same.rows[within(same.firsts, texts)])
    raw, text = (len(union(each.of(rows))) == 1 for each in (evidence.same_raw, same))
    kind: Kind = "raw" if raw else "normalised" if text else "near"
    numbers = tuple(evidence.train.take("number", rows[:MOST_ROWS]).tolist())
    return Cluster(len(rows), kind, numbers, evidence.train.example(int(rows[0])))
