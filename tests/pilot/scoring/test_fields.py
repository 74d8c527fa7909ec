"""Answers are compared field by field, by what their values mean."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase.pilot.scoring.fields import field_counts, fields_right, fold, read_json, same_text

SCALARS = st.one_of(st.integers(-5, 5), st.booleans(), st.sampled_from(["a", "b", "New York"]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("pqr"), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("xyz"), VALUES, max_size=3)


SAME: list[tuple[str, str]] = [
    ("1200", "1,200.00"), ("0.30", "0.3"), ("-5", "-5.0"), ("2024-03-05", "March 5, 2024"), ("5 Mar 2024", "2024/3/5"),
    ("5th March 2024", "2024-03-05T00:00:00"), ("2024-03-05T12:00:00Z", "2024-03-05T13:00+01:00"),
    ("Sept. 1, 2024", "2024-09-01"), ("“Yes.”", "yes"), ("New  York", "new york!"), ("TRUE", "true"),
    ("cafe\u0301", "café"),
]  # fmt: skip


def test_values_that_mean_the_same() -> None:
    """Numbers, dates, truth values and texts are the same however they are written."""
    assert SAME == [pair for pair in SAME if same_text(*pair)]
    counts = [field_counts(json.dumps({"v": one}), json.dumps({"v": other})) for one, other in SAME]
    assert [(1, 1, 1)] * len(SAME) == counts


DIFFERENT: list[tuple[str, str]] = [
    ("007", "7"), ("1.5", "15"), ("-5", "5"), ("1,20", "120"), ("03/04/2024", "04/03/2024"),
    ("2024-02-30", "2024-03-01"), ("C++", "C"), ("1234567890123456", "1234567890123457"), ("yes", "true"),
    ("ma 5, 2024", "2024-05-05"),
]  # fmt: skip


def test_values_that_differ() -> None:
    """Codes with zeros in front, signs, dates that can be read two ways and long numbers stay apart."""
    assert [] == [pair for pair in DIFFERENT if same_text(*pair)]


JSON: list[tuple[str, Any]] = [
    ('{"a": 1}', {"a": 1}), ('```json\n{"a": 1}\n```', {"a": 1}),
    ('Here it is: {"a": {"b": 2}} I hope it helps.', {"a": {"b": 2}}), ("[1, 2]", [1, 2]), ("{'a': 1}", None),
    ('{"a": 1', None), ('{"a": NaN}', None), ("12", None), ("", None), ("[" * 100_000, None),
    ("[" * 60 + "]" * 60, None),
]  # fmt: skip


def test_json_is_found_or_not() -> None:
    """A fence or a sentence around it is forgiven; what is not JSON, or nests without end, is none."""
    assert [expected for _, expected in JSON] == [read_json(text) for text, _ in JSON]


COUNTED: list[tuple[Any, Any, tuple[int, int, int]]] = [
    ({"a": 1, "b": {"c": "x", "d": [1, 2, 2]}}, {"b": {"d": [2, 2, 1], "c": "X"}, "a": "1"}, (5, 5, 5)),
    ({"tags": ["a", "a", "b"]}, {"tags": ["a", "b", "b"]}, (2, 3, 3)),
    ({"a": None, "b": ""}, {}, (0, 0, 0)),
    ({"a": 1}, {"a": 1, "b": 2, "c": None}, (1, 2, 1)),
    ({"a": [1]}, {"a": 1}, (0, 1, 1)),
    ({"A b": 1}, {"a  B": 1}, (1, 1, 1)),
    (
        {"items": [{"name": "x", "price": 1}, {"name": "y", "price": 2}]},
        {"items": [{"name": "y", "price": 1}, {"name": "x", "price": 1}]},
        (3, 4, 4),
    ),
]


def test_fields_are_counted() -> None:
    """Nested by path, lists without order, members of lists paired so that most match, nothing given counts nothing."""
    expected = [counts for _, _, counts in COUNTED]
    assert expected == [field_counts(json.dumps(label), json.dumps(answer)) for label, answer, _ in COUNTED]


def test_an_answer_that_is_no_json_has_no_field_right() -> None:
    """A sentence in place of an object gives nothing; a label that is plain text is one field."""
    assert (0, 0, 2) == field_counts('{"a": 1, "b": 2}', "a is 1 and b is 2")
    assert (1, 1, 1) == field_counts("Ann", "ann.")
    assert (0, 0, 1) == field_counts("Ann", " ")


@law(60)
@given(OBJECTS, OBJECTS)
def test_counts_are_counts(label: Any, answer: Any) -> None:
    """Right fields are no more than given or wanted, are the same both ways, and all where the answer is the label."""
    one, other = json.dumps(label), json.dumps(answer)
    right, given_fields, wanted = field_counts(one, other)
    assert 0 <= right <= min(given_fields, wanted)
    assert (right, wanted, given_fields) == field_counts(other, one)
    assert (wanted, wanted, wanted) == field_counts(one, one)


ODD = st.one_of(
    st.text(max_size=30),
    st.text('{}[]",:0123456789-+eE.TZ/ ', max_size=30),
    st.sampled_from(["1e999", '{"a": 1e999}', "9" * 6000, '{"a": ' + "9" * 6000 + "}", "0001-01-01T00:00+14:00"]),
    st.sampled_from(['{"a": "\\ud800"}', "\ud800", '{"": {}}', '[null, "", [], {}]', "{" * 50, '{"a": -0.0}']),
)


@law(200)
@given(ODD, ODD)
def test_no_text_is_too_odd(label: str, answer: str) -> None:
    """Whatever a model writes is counted or is none; nothing raises."""
    right, given_fields, wanted = field_counts(label, answer)
    assert 0 <= right <= max(given_fields, wanted)
    fields_right(label, answer)


def test_many_members_are_paired_in_order() -> None:
    """Beyond 200 objects in a list pairing is by position, so that it stays quick."""
    label = json.dumps([{"i": i} for i in range(300)])
    assert (300, 300, 300) == field_counts(label, label)


@law(50)
@given(st.text("abcé 1+-", min_size=1, max_size=12).filter(str.strip))
def test_case_quotes_and_closing_signs_do_not_matter(text: str) -> None:
    """A text in capitals, in quotes, with a full stop, folds to what it folds to without."""
    assert fold(text) == fold(f" “{text.strip().upper()}”. ")
