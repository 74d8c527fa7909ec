"""Whether a judge judges as people do is measured with doubt, and without it a judge is no metric."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from tests.laws import law
from tunecase.errors import InputError
from tunecase.pilot.scoring.agreement import agreement, judged_score, read_human
from tunecase.pilot.scoring.judge import Judgement

PAIRS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=60)


def said(passes: Sequence[bool | None], criteria: tuple[str, ...] = ("is right",)) -> Judgement:
    """A judgement by one criterion."""
    return Judgement("j at h", criteria, tuple(None if p is None else (p,) for p in passes), 1.0)


@law(60)
@given(PAIRS)
def test_kappa_is_scikit_learns(pairs: list[tuple[bool, bool]]) -> None:
    """Kappa and the share of equal verdicts are the definitions; kappa is unknown where all verdicts are equal."""
    judged, people = [j for j, _ in pairs], [h for _, h in pairs]
    found = agreement(said(judged), people)
    assert pytest.approx(sum(j == h for j, h in pairs) / len(pairs)) == found.share.mid
    if len({*judged, *people}) == 1:
        assert found.kappa is None
    else:
        assert found.kappa
        assert pytest.approx(cohen_kappa_score(judged, people)) == found.kappa.mid
        assert found.kappa.low <= found.kappa.mid <= found.kappa.high
    assert pytest.approx((sum(judged) - sum(people)) / len(pairs)) == found.leniency.mid


def test_the_interval_of_kappa_holds_the_truth() -> None:
    """For a judge of true kappa .6, about 80% of intervals from 60 rows hold it."""
    rng, held = random.Random(2), 0
    for _ in range(150):
        people = [rng.random() < 0.5 for _ in range(60)]
        judged = [h if rng.random() < 0.8 else not h for h in people]
        kappa = agreement(said(judged), people).kappa
        assert kappa
        held += kappa.low <= 0.6 <= kappa.high
    assert 0.70 <= held / 150 <= 0.92


def test_full_agreement_on_few_rows_is_not_certain() -> None:
    """Forty equal verdicts give kappa 1 with a lower end below it; ten are too few to know."""
    found = agreement(said([True, False] * 20), [True, False] * 20)
    assert found.kappa
    assert (1.0, "fine") == (found.kappa.mid, found.verdict)
    assert found.kappa.low < 0.99
    assert "unknown" == agreement(said([True, False] * 5), [True, False] * 5).verdict


def test_words_for_how_well_it_agrees() -> None:
    """Kappa .7 is fine, .6 weak, below poor."""
    people = [True, False] * 50
    for wrong, expected in ((10, "fine"), (18, "weak"), (30, "poor")):
        judged = [not h if i < wrong else h for i, h in enumerate(people)]
        assert expected == agreement(said(judged), people).verdict


def test_a_judge_that_likes_long_answers_is_seen() -> None:
    """Leniency on the longer half less that on the shorter has an interval above zero; equal lengths tell nothing."""
    people = [i % 2 == 0 for i in range(200)]
    answers = ["x" * (10 + i) for i in range(200)]
    judged = [h or i >= 150 for i, h in enumerate(people)]
    bias = agreement(said(judged), people, answers).length_bias
    assert bias
    assert bias.low > 0
    fair = agreement(said(people), people, answers).length_bias
    assert fair
    assert fair.low <= 0 <= fair.high
    assert agreement(said(people), people, ["same"] * 200).length_bias is None


VERDICTS: list[tuple[object, bool]] = [
    ("Pass", True), (" fail ", False), ("yes", True), (True, True), (0, False), ("0.5", True), (0.49, False),
    ("1", True),
]  # fmt: skip


def test_peoples_verdicts_are_read() -> None:
    """The usual words, truth values and scores."""
    assert [expected for _, expected in VERDICTS] == [read_human(value) for value, _ in VERDICTS]


def test_other_verdicts_are_refused() -> None:
    """What is not a verdict is reported, not guessed at."""
    for value in ("perhaps", 7, -1, "nan", object()):
        with pytest.raises(InputError, match="pass or fail"):
            read_human(value)


def test_rows_without_both_verdicts_are_left_out() -> None:
    """Unread and blank rows do not count; none with both is a mistake, and so are other lengths."""
    assert 1 == agreement(said([True, None, False]), [1, 0, None]).rows
    with pytest.raises(InputError, match="no row judged by both"):
        agreement(said([None]), [True])
    with pytest.raises(InputError, match="2 verdicts for 1 row"):
        agreement(said([True]), [True, False])


def test_a_judge_is_no_metric_until_its_agreement_is_known() -> None:
    """Unknown, poor, or another judge's agreement is refused, unless the judge is accepted as it is."""
    people = [True, False] * 30
    judgement = said(people)
    poor = agreement(said([True] * 31 + [False] * 29), people)
    other = agreement(said(people, ("is short",)), people)
    few = agreement(said(people[:20]), people[:20])
    words = {"not known": None, "kappa 0.0": poor, "other criteria": other, "not known from 20 rows": few}
    for word, measured in words.items():
        with pytest.raises(InputError, match=word):
            judged_score(judgement, measured)
        assert 0.5 == judged_score(judgement, measured, unknown_ok=True).mid
    found = judged_score(judgement, agreement(judgement, people))
    assert 0.4 < found.low < found.mid == 0.5 < found.high < 0.6


def test_a_judge_that_cannot_be_read_is_no_metric_at_all() -> None:
    """More than a tenth of rows unread is refused, whatever was accepted."""
    judgement = said([True] * 8 + [None] * 2)
    with pytest.raises(InputError, match="2 of 10 rows without a verdict"):
        judged_score(judgement, None, unknown_ok=True)
    assert 1.0 == judged_score(said([True] * 19 + [None]), None, unknown_ok=True).mid
