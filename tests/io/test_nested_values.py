"""Values of Python are read as those of a settings file, within its limits, and written so that they read back."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.errors import InputError
from tunecase.io import nested_values, plain_fields, read_yaml, yaml_text

ODD_TEXTS = "no|null|~|Null|| |1:30|2026-01-01|- a|a: b|# c|&x|*x|!t|---|\u2028".split("|")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from([*ODD_TEXTS, "|"])
FIELDS = st.dictionaries(
    TEXTS,
    st.recursive(TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)),
    min_size=1, max_size=4,
)  # fmt: skip


@given(FIELDS)
def test_what_is_written_reads_back(fields: dict[str, Any]) -> None:
    """Any nested text comes back from the file as it was, whatever it looks like."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.yaml"
        path.write_text(yaml_text(fields), encoding="utf-8")
        assert (fields, []) == read_yaml(path)[::2]


def test_values_become_what_one_would_write() -> None:
    """Numbers without exponent, dates and paths as text, no field of None; another type is told at its field."""
    values = {"a": 5, "b": 0.9, "c": 1e-05, "d": 3.0, "e": True, "f": None, "g": [None, "x"], "h": (1,)}
    wanted = {"a": "5", "b": "0.9", "c": "0.00001", "d": "3", "e": "true", "g": [None, "x"], "h": ["1"], "i": "0.5"}
    raw, lines, problems = plain_fields(values | {"i": np.float64(0.5), "j": np.int64(7)})
    assert (wanted | {"j": "7"}, []) == (raw, problems)
    assert {0} == set(lines.values())
    assert {(), ("a",), ("g", 1)} <= set(lines)
    given = {"day": date(2026, 1, 1), "train": Path("a/b.jsonl"), "budget": Decimal("1.50"), "target": np.float32(0.7)}
    fields, _, problems = plain_fields(given)
    assert {"day": "2026-01-01", "train": str(Path("a/b.jsonl")), "budget": "1.50", "target": "0.7"} == fields
    assert [] == problems
    for values, where, got in NOT_JSON:
        _, _, (problem,) = plain_fields(values)
        assert (where, True) == (problem.where, got in problem.got)


def test_more_than_a_settings_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mapping within itself, too many values, also where they are shared, and too long a text are refused at once."""
    circle: dict[str, Any] = {}
    circle["a"] = circle
    shared: list[Any] = ["x"] * 10
    for _ in range(8):
        shared = [shared] * 10
    for values in (circle, {"a": shared}, {"a": "x" * 1_000_001}):
        with pytest.raises(InputError, match="more than"):
            plain_fields(values)
    monkeypatch.setattr(nested_values, "MOST_VALUES", 3)
    with pytest.raises(InputError, match="more than 3 values"):
        plain_fields({"a": {"b": {"c": "d"}}})


NOT_JSON: list[tuple[dict[Any, Any], str, str]] = [
    ({"data": {"train": {"a"}}}, "data.train", "set"), ({"budget": Decimal("NaN")}, "budget", "no finite number"),
    ({"data": {3: "a"}}, "data", "the name 3"), ({"target": float("nan")}, "target", "no finite number"),
    ({"sources": ["a", {"price": b"1"}]}, "sources.1.price", "bytes"),
    ({"name": "\ud83d"}, "name", "half a character"), ({"rows": 10**400}, "rows", "no finite number"),
]  # fmt: skip
