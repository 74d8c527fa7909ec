"""Answers of runs are kept whole, and what cannot be read counts as not kept."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.pilot.answers import Answers, keep_answers, kept_answers

ANSWERS = Answers(("a", "b\n\u202e"), (1.0, 0.0), (0.9, 0.4))


@given(st.lists(st.tuples(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.floats(0, 1)), max_size=5))
def test_answers_come_back(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, float]]) -> None:
    """What is kept reads back the same, whatever the texts."""
    folder = tmp_path_factory.mktemp("answers")
    answers = Answers(tuple(text for text, _ in rows), tuple(score for _, score in rows))
    keep_answers(folder, "0123456789abcdef", answers)
    assert answers == kept_answers(folder, "0123456789abcdef")
    assert 1 == len(list(folder.iterdir()))


def test_a_damaged_file_counts_as_not_kept(tmp_path: Path) -> None:
    """A file cut short, or one of another kind, is as good as none."""
    keep_answers(tmp_path, "0123456789abcdef", ANSWERS)
    unequal = '{"predictions": ["a"], "row_scores": [], "confidences": null}'
    for body in ("", "{", "[]", unequal, '{"predictions": 3}'):
        (tmp_path / "0123456789abcdef.json").write_text(body)
        assert kept_answers(tmp_path, "0123456789abcdef") is None, body
    assert kept_answers(tmp_path, "fedcba9876543210") is None


def test_a_key_leads_nowhere_else(tmp_path: Path) -> None:
    """A key that is a path is refused."""
    with pytest.raises(ValueError, match="not the key"):
        keep_answers(tmp_path, "../../x", ANSWERS)
