"""Long answers under many inputs are found piece by piece as in memory."""

from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.checks.made_columns import made_split
from tunecase.data.checks import canned
from tunecase.data.checks.answers import BIT

LONG = 500


@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(1, 4)), max_size=60),
    st.sets(st.integers(1, 6)),
    st.sampled_from([1, 10, 1000]),
)
def test_pieces_change_nothing(rows, wanted, waiting):
    """Of the answers asked for those with three different inputs are found, however the rows are cut into pieces."""
    answers, inputs = (np.array([row[side] for row in rows], np.uint64) for side in (0, 1))
    split = made_split(
        answer=answers, normal=inputs, output_characters=np.full(len(rows), LONG),
        **{"mark answer": np.full(len(rows), BIT["prose"], np.uint32)}, rows_a_shard=9,
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canned, "MOST_PAIRS_WAITING", waiting)
        found = canned.find_canned(split, np.array(sorted(wanted), np.uint64)).tolist()
    inputs_of = {answer: {text for other, text in rows if other == answer} for answer in wanted}
    assert found == sorted(answer for answer, texts in inputs_of.items() if len(texts) >= canned.CANNED_ROWS)


def test_short_answers_and_json_are_left_alone():
    """Only long answers in sentences count."""
    marks = np.array(list(chain([0] * 4, [BIT["prose"] | BIT["json"]] * 4, [BIT["prose"]] * 4)), np.uint32)
    answers = np.repeat([1, 2, 3], 4).astype(np.uint64)
    split = made_split(
        answer=answers, normal=np.arange(12, dtype=np.uint64), output_characters=np.full(12, LONG),
        **{"mark answer": marks}, rows_a_shard=5,
    )  # fmt: skip
    assert canned.find_canned(split, answers).tolist() == [3]
