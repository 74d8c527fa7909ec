"""Options by name: those of the question, typed as it is, and refused with the nearest one where there is none such."""

import importlib
import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import tunecase
from tunecase import flow
from tunecase.case import Case
from tunecase.errors import InputError

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import options  # noqa: E402

TODAY = date(2026, 11, 24)


def methods() -> dict[str, Callable[..., Any]]:
    """The public functions and methods that take options by name."""
    public = {f"Case.{name}": value for name, value in vars(Case).items() if inspect.isfunction(value)}
    public |= {name: value for name in tunecase.__all__ if inspect.isfunction(value := getattr(tunecase, name))}
    kinds = {name: [one.kind for one in inspect.signature(value).parameters.values()] for name, value in public.items()}
    return {name: public[name] for name in public if inspect.Parameter.VAR_KEYWORD in kinds[name]}


def typed(method: Callable[..., Any]) -> type:
    """The TypedDict of a method's options."""
    *_, last = inspect.signature(method).parameters.values()
    return get_args(last.annotation)[0]  # type: ignore[no-any-return]


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A case of a few lines, stated in Python."""
    return Case({"name": "tickets", "data": {"rows": 800}}, folder=tmp_path, today=TODAY)


def test_the_file_is_what_its_writer_makes() -> None:
    """flow/options.py says what the questions take now."""
    assert options.TARGET.read_text(encoding="utf-8") == options.page()


def test_every_method_with_options_is_typed() -> None:
    """Each takes the options of one TypedDict of the file, and no TypedDict is of no method."""
    assert set(methods()) == {name for one in options.OPTIONS for name in one.methods}
    assert {typed(method).__name__ for method in methods().values()} == {one.name for one in options.OPTIONS}


def test_options_are_the_fields_of_the_question() -> None:
    """Field by field and type by type: only what a method has as a parameter is left out, and a path may be text."""
    for one in options.OPTIONS:
        if one.further is not dict or not is_dataclass(one.question):
            continue
        for name in one.methods:
            own = set(inspect.signature(methods()[name]).parameters)
            held = {field.name: field.type for field in fields(one.question) if field.name not in own}
            held = {name: hint | str if Path in get_args(hint) else hint for name, hint in held.items()}
            assert held == get_type_hints(typed(methods()[name])), name


def test_what_the_terminal_can_say_of_a_run_can_be_said_in_python() -> None:
    """Every word of a run that `tunecase fit` hands on is an option of `training_run`."""
    stated = inspect.getsource(importlib.import_module("tunecase.cli.fit")).split("words: dict[str, Any] = {")[1]
    words = set(re.findall(r'"(\w+)": ', stated.split("}")[0]))
    assert len(words) > 30
    assert set() == words - set(flow.RunOptions.__annotations__)


@pytest.mark.parametrize(
    ("method", "own"),
    [
        ("fit", ("llama-3.1-8b",)), ("prices", ()), ("compare", ()), ("inference", ()), ("pilot", ()), ("judge", ()),
        ("try_source", ("scrape", "rows.jsonl")), ("approve", ("5 USD", "Ada")), ("spend", ("5 USD",)),
        ("spend_import", ("focus", "bill.csv")), ("spend_serving", ()), ("charges", ()),
    ],
)  # fmt: skip
def test_an_option_that_is_none_is_told_with_the_nearest(case: Case, method: str, own: tuple[str, ...]) -> None:
    """A misspelt option is a mistake like any other: where, got, wanted, and what was meant."""
    last = list(flow.__dict__[typed(methods()[f"Case.{method}"]).__name__].__annotations__)[-1]
    with pytest.raises(InputError) as refused:
        getattr(case, method)(*own, **{f"{last}z": "x", "qqqqqq": "x"})
    first, second = refused.value.problems
    assert (f"{last}z", "no such option", f"an option of Case.{method}") == (first.where, first.got, first.wanted)
    assert last in first.fix.removeprefix("did you mean ").removesuffix("?").split(" or ")
    assert second.fix.startswith("known: ")


def test_paths_may_be_text_and_a_list_of_one_its_word(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text where a path is wanted becomes one; one name in place of several is not read letter by letter."""
    taken: list[Any] = []
    monkeypatch.setattr(flow, "fit", lambda asked, *_, **__: taken.append(asked))
    monkeypatch.setattr(flow, "inference", lambda asked, *_, **__: taken.append(asked))
    case.fit("llama-3.1-8b", gpus="L4", lengths="rows.jsonl", price="1.50")
    case.inference("llama-3.1-8b", gpu="L4", measured="load.json", trace=Path("trace.csv"))
    fit, answers = taken
    assert (("L4",), Path("rows.jsonl"), "1.50") == (fit.gpus, fit.lengths, fit.price)
    assert ({"gpu": ["L4"], "trace": "trace.csv"}, (Path("load.json"),)) == (answers.words, answers.measured)
