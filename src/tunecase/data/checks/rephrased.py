"""Test rows that occur in the training file in other words, and what no matching of words can find."""

from tunecase.data.checks.columns import Split
from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.checks.evidence import Evidence
from tunecase.data.checks.sample import Sample, sample_of
from tunecase.data.detectors.likeness import Example
from tunecase.data.detectors.paraphrases import Matches, match
from tunecase.data.rowsets import union, within
from tunecase.quantities import Rows, np, wilson

LEAST_ROWS = 50
MOST_TEST_ROWS, MOST_TRAIN_ROWS = 10_000, 100_000
CHANCE = 0.001
BLOCKING_SHARE = 0.2


def leak_rephrased(evidence: Evidence) -> Defect | NotChecked | None:
    """Test rows that a training row says in other words; rows found by plainer checks are left out.

    A finding only where more rows are found than ordinary neighbours of this data explain (one in a thousand).
    """
    if evidence.test is None:
        return None
    if evidence.request.fast:
        return NotChecked("rephrased leaks: left out of a fast audit")
    train, test, seed = evidence.train, evidence.test, evidence.request.seed
    if train.layout.compares or train.layout.judged:
        return NotChecked("rephrased leaks: one prompt stands with several judged answers, in both files")
    leaked = union(evidence.leaked_raw, evidence.leaked_normal, evidence.leaked_near)
    theirs = _places(test.texts.rows, MOST_TEST_ROWS, seed)
    drawn = len(theirs)
    theirs = theirs[~within(test.texts.rows[theirs], leaked)]
    mine = _places(train.texts.rows, MOST_TRAIN_ROWS, seed)
    if len(theirs) < LEAST_ROWS or len(mine) < LEAST_ROWS:
        return NotChecked(f"rephrased leaks: fewer than {LEAST_ROWS} rows that are not leaked already in a file")
    matches = match(_examples(test, theirs), _examples(train, mine), seed=seed)
    if not matches.separable:
        return NotChecked("rephrased leaks: rows of this data lie as near to one another as rewrites do")
    tests = len(np.unique(matches.pairs[:, 0]))
    if not tests or _chance(tests, matches.expected) > CHANCE:
        return None
    places = (theirs[matches.pairs[:, 0]], mine[matches.pairs[:, 1]])
    pairs = np.stack([split.texts.rows[at] for split, at in zip((test, train), places, strict=True)], axis=1)
    tests_drawn = sample_of(test, len(theirs), round(len(test.texts.rows) * len(theirs) / drawn), "test rows")
    return _defect(evidence, matches, pairs, tests_drawn, Sample(len(mine), train.count, "training rows"))


def leak_translated(evidence: Evidence) -> NotChecked | None:
    """Notes that matching words cannot find translations, whenever there are two files to compare."""
    if evidence.test is None:
        return None
    return NotChecked("translated leaks: a translation shares no words with its source; needs a model or a reader")


def _defect(evidence: Evidence, matches: Matches, pairs: "Rows", tests: Sample, trained: Sample) -> Defect:
    test, train = evidence.split("test"), evidence.train
    rows, first = np.unique(pairs[:, 0], return_index=True)
    order = np.argsort(first, kind="stable")
    rows, best = rows[order], matches.odds[first[order]]
    real = max(len(rows) - matches.expected, 0.0)
    low, high = wilson(real, tests.judged)
    partly = "" if trained.whole else f" ({trained.judged / trained.of:.0%} of the training rows were compared)"
    # The fix deletes nothing by itself: every pair is to be looked at first.
    return Defect(
        check="leak_rephrased",
        severity="stop" if low > BLOCKING_SHARE else "warn",
        why=(
            f"{len(rows)} test rows stand in the training file in other words, about {matches.expected:.1f} of them by "
            f"chance: the score would measure memory{partly}{tests.told(real)}"
        ),
        fix=f"look at {len(pairs)} pairs, then delete the training row of each true one",
        rows=rows,
        pairs=pairs,
        where="test",
        share=len(rows) / max(tests.judged, 1),
        examples=tuple(f"{test.example(int(theirs))} ~ {train.example(int(mine))}" for theirs, mine in pairs[:2]),
        review_rows=float(len(pairs)),
        scores=1 / (1 + np.exp(-best)),
        measured=("share of test rows rephrased in training", low, real / max(tests.judged, 1), high),
    )


def _places(rows: "Rows", most: int, seed: int) -> "Rows":
    if len(rows) <= most:
        return np.arange(len(rows))
    return np.sort(np.random.default_rng(seed).permutation(len(rows))[:most])


def _examples(split: Split, places: "Rows") -> list[Example]:
    texts = split.texts
    return [Example(texts.inputs[at], texts.outputs[at]) for at in places.tolist()]


def _chance(tests: int, expected: float) -> float:
    """Chance of as many by chance, twice the expected ones and half a row allowed."""
    from scipy.special import pdtrc

    return float(pdtrc(tests - 1, 2 * expected + 0.5))
