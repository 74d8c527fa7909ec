"""Long answers under many inputs are found in rounds over small tables as in memory."""

from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.checks.made_columns import made_split
from tunecase.data.checks import canned
from tunecase.data.checks.answers import BIT

LONG = 500


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(1, 4)), max_size=60),
    st.sampled_from([4, 64]), st.sampled_from([7, 100]), st.sampled_from([1, 10]),
)  # fmt: skip
def test_rounds_and_small_tables_change_nothing(rows, cells, at_once, waiting):
    """An answer with three different inputs is found, whatever the tables, the rounds and the pieces."""
    mixed = np.uint64(0x9E3779B97F4A7C15)
    answers = np.array([answer for answer, _ in rows], np.uint64) * mixed
    inputs = np.array([text for _, text in rows], np.uint64)
    count = len(rows)
    split = made_split(
        answer=answers, normal=inputs, output_characters=np.full(count, LONG),
        **{"mark answer": np.full(count, BIT["prose"], np.uint32)}, rows_a_shard=9,
    )  # fmt: skip
    inputs_of = {}
    for answer, text in zip(answers.tolist(), inputs.tolist(), strict=True):
        inputs_of.setdefault(answer, set()).add(text)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("CELLS", cells), ("ANSWERS_AT_ONCE", at_once), ("MOST_PAIRS_WAITING", waiting)):
            patch.setattr(canned, name, value)
        found = canned._canned(split).tolist()
    assert found == sorted(answer for answer, texts in inputs_of.items() if len(texts) >= canned.CANNED_ROWS)


def test_short_answers_and_json_are_left_alone():
    """Only long answers in sentences count."""
    count = 12
    marks = np.array(list(chain([0] * 4, [BIT["prose"] | BIT["json"]] * 4, [BIT["prose"]] * 4)), np.uint32)
    split = made_split(
        answer=np.repeat([1, 2, 3], 4).astype(np.uint64), normal=np.arange(count, dtype=np.uint64),
        output_characters=np.full(count, LONG), **{"mark answer": marks}, rows_a_shard=5,
    )  # fmt: skip
    assert canned._canned(split).tolist() == [3]
