"""Values of options as their types want them, whatever Python hands over."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from tunecase.errors import InputError
from tunecase.flow import as_wanted

NAMES = Sequence[str]
SIZES = tuple[int, ...] | None
TAKEN: list[tuple[Any, Any, Any]] = [
    (str, 65, "65"), (str, Decimal("65.10"), "65.10"), (str | None, date(2026, 11, 20), "2026-11-20"),
    (str, Path("folder"), "folder"), (str | None, None, None), (float | str, 2.5, 2.5), (float, Decimal("2.5"), 2.5),
    (int | None, 8.0, 8), (int | None, np.int64(8), 8), (float, np.float64(0.5), 0.5), (int | str | None, "2k", "2k"),
    (bool, np.bool_(True), True), (bool | None, "no", False), (bool, 1, True),
    (Path | None, "a.csv", Path("a.csv")), (Path | None, "", None), (str | Path | None, Path("a"), Path("a")),
    (NAMES, "probe", ("probe",)), (tuple[str, ...], "probe", ("probe",)), (NAMES, ["a", "b"], ("a", "b")),
    (NAMES, 2, ("2",)), (NAMES, "", ()), (NAMES, {"b", "a"}, ("a", "b")), (SIZES, [10, 20], (10, 20)),
    (SIZES, np.array([10, 20]), (10, 20)), (SIZES, 10, (10,)), (SIZES, None, None), (str | NAMES, "a", "a"),
    (Literal["ray", "local"], "Ray", "Ray"), (NAMES | Mapping[str, Any], {"a": 1}, {"a": 1}),
    (Callable[[str], None] | None, print, print), (Any, None, None), (NAMES | None, None, None),
]  # fmt: skip
REFUSED: list[tuple[Any, Any, str, str]] = [
    (str, True, "text", 'x="…"'), (str, ["USD"], "text", 'x="…"'), (int | None, "2", "a whole number", "x=2"),
    (int, 2.5, "a whole number", "x=2"), (int, True, "a whole number", "x=2"), (float, "2", "a number", "x=2.5"),
    (bool, "maybe", "True or False", "x=True"), (bool, 2, "True or False", "x=True"), (Path, 3, "a path", 'x="FILE"'),
    (SIZES, "10,20", "a list of whole numbers", "x=[2]"), (NAMES, {"a": 1}, "a list of texts", 'x=["…"]'),
    (NAMES, ["a", None], "a list of texts", 'x=["…"]'), (Literal["ray"], 3, "one of 'ray'", "x='ray'"),
    (Mapping[str, Any], "a=1", "a mapping", 'x={"NAME": …}'), (Callable[[str], None], "f", "a function", "x=print"),
    (str | Sequence[str | Path], 2.5j, "text or a list of paths or texts", 'x="…"'),
]  # fmt: skip


@pytest.mark.parametrize(("hint", "value", "wanted"), TAKEN)
def test_what_can_be_meant_is_taken(hint: Any, value: Any, wanted: Any) -> None:
    """Paths and tuples are made, days and numbers become text where text is wanted, one value is a list of one."""
    found = as_wanted({"x": hint}, {"x": value})["x"]
    assert (wanted, type(wanted)) == (found, type(found))


@pytest.mark.parametrize(("hint", "value", "wanted", "fix"), REFUSED)
def test_another_type_is_told(hint: Any, value: Any, wanted: str, fix: str) -> None:
    """What was given, what is wanted, and an example of it."""
    with pytest.raises(InputError) as refused:
        as_wanted({"x": hint}, {"x": value})
    (problem,) = refused.value.problems
    assert ("x", repr(value), wanted, f"write for example {fix}") == (
        problem.where, problem.got, problem.wanted, problem.fix
    )  # fmt: skip


def test_none_is_not_said_unless_it_is_needed() -> None:
    """None where it is no value is left out, of a name that is needed a mistake; all mistakes are told together."""
    hints: dict[str, Any] = {"note": str, "on": str | None, "amount": str, "by": str}
    assert {"on": None, "amount": "5"} == as_wanted(
        hints, {"note": None, "on": None, "amount": "5"}, needed=("amount",)
    )
    with pytest.raises(InputError) as refused:
        as_wanted(hints, {"amount": None, "by": True}, needed=("amount",))
    assert ["amount", "by"] == [problem.where for problem in refused.value.problems]
