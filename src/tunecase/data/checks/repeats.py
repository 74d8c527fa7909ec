"""Rows that repeat another: word for word, after normalising, or nearly; and the groups they make."""

from collections.abc import Callable
from typing import Any, Literal

from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence
from tunecase.data.checks.links import LinkedPairs, Links
from tunecase.data.detectors.near_copies import NEAR, NEAR_IN_SHORT, SHORT_WORDS, joined
from tunecase.data.rowsets import CHUNK_ROWS, narrow, union, within, without
from tunecase.quantities import Rows, np
from tunecase.records import Cluster, Severity

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
        pairs=LinkedPairs(rows, same),
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
    pairs = near.rows if chosen.all() else near.rows[chosen]
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
    mapped = _joined(evidence)
    inside, heads = evidence.same_text.firsts, mapped.firsts[mapped.firsts != mapped.rows]
    members = np.empty(len(inside) + len(heads), np.result_type(inside, heads))  # the head of each row that is not one
    members[: len(inside)], members[len(inside) :] = mapped.of(inside), heads
    del heads
    members.sort()
    begins = np.flatnonzero(np.append(members[:1] >= 0, members[1:] != members[:-1])).astype(members.dtype)
    sizes = np.diff(begins, append=members.dtype.type(len(members)))
    shown = tuple(_cluster(evidence, mapped, int(members[begins[at]])) for at in _largest(sizes, most))
    return len(members), shown


def _joined(evidence: Evidence) -> Links:
    """The first rows of texts that near pairs join, and the head of each; a head leads to itself."""
    near = evidence.near_train
    pairs = [near.rows if near.copy.all() else near.rows[near.copy], narrow(evidence.near_links)]
    rows = union(*(each.ravel() for each in pairs))  # near pairs are of first rows alone
    places = [_taken(each, lambda some: np.searchsorted(rows, some), rows.dtype) for each in pairs]
    del pairs
    heads = joined(len(rows), places)
    del places
    return Links(rows, _taken(heads, lambda some: rows[some], rows.dtype))


def _taken(values: "Rows", look_up: "Callable[[Rows], Rows]", kind: "np.dtype[Any]") -> "Rows":
    """What is looked up for all values, some at a time, so that wide numbers on the way are few; shape of `values`."""
    found = np.empty(values.shape, kind)
    for start in range(0, len(values), CHUNK_ROWS):
        found[start : start + CHUNK_ROWS] = look_up(values[start : start + CHUNK_ROWS])
    return found


def _largest(sizes: "Rows", most: int) -> "Rows":
    """The places of the largest sizes, the largest first, the earlier first among equals."""
    least = np.partition(sizes, -most)[-most] if len(sizes) > most else 0
    places = np.flatnonzero(sizes >= least)
    largest: Rows = places[np.argsort(-sizes[places], kind="stable")][:most]
    return largest


def _cluster(evidence: Evidence, mapped: Links, head: int) -> Cluster:
    """The group of a first row; `mapped` are first rows that near pairs join, and the head of each."""
    texts = union(np.array([head]), mapped.rows[mapped.firsts == head])
    same = evidence.same_text
    rows = union(texts, same.rows[within(same.firsts, texts)])
    raw, text = (len(union(each.of(rows))) == 1 for each in (evidence.same_raw, same))
    kind: Kind = "raw" if raw else "normalised" if text else "near"
    numbers = tuple(evidence.train.take("number", rows[:MOST_ROWS]).tolist())
    return Cluster(len(rows), kind, numbers, evidence.train.example(int(rows[0])))
