"""Options by name: those of the question, typed as it is, and refused with the nearest one where there is none such."""

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Sequence
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
    """Field by field and type by type, without the method's own parameters: a path may be text, a tuple any list."""
    for one in options.OPTIONS:
        if one.further is not dict or not is_dataclass(one.question):
            continue
        for name in one.methods:
            own = set(inspect.signature(methods()[name]).parameters)
            held: dict[str, Any] = {field.name: field.type for field in fields(one.question)}
            held = {name: hint for name, hint in held.items() if name not in own | one.without}
            held = {name: hint | str if Path in get_args(hint) else hint for name, hint in held.items()}
            held |= {"sizes": Sequence[int] | None, "race": Sequence[str]} if "race" in held else {}
            assert held == get_type_hints(typed(methods()[name])), name


def test_what_the_terminal_can_say_of_a_run_can_be_said_in_python() -> None:
    """Every word of a run that `tunecase fit` hands on is an option of `training_run` and of `Case.fit`."""
    stated = inspect.getsource(importlib.import_module("tunecase.cli.fit")).split("words: dict[str, Any] = {")[1]
    words = set(re.findall(r'"(\w+)": ', stated.split("}")[0]))
    assert len(words) > 30
    words = words - {"train_tokens"} | {"tokens"}  # as the terminal calls them
    assert set() == words - set(flow.RunOptions.__annotations__)
    assert set(flow.RunOptions.__annotations__) | {"gpus", "counts"} == set(flow.FitOptions.__annotations__)


OWN: dict[str, tuple[str, ...]] = {
    "fit": ("llama-3.1-8b",), "prices": (), "compare": (), "inference": (), "pilot": (), "judge": (),
    "try_source": ("scrape", "rows.jsonl"), "approve": ("5 USD", "Ada"), "spend": ("5 USD",),
    "spend_import": ("focus", "bill.csv"), "spend_serving": (), "charges": (),
}  # fmt: skip


def test_an_option_that_is_none_is_told_with_the_nearest(case: Case) -> None:
    """A misspelt option is a mistake like any other: where, got, wanted, and what was meant."""
    for method, own in OWN.items():
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
    assert ({"gpu": ("L4",), "trace": "trace.csv"}, (Path("load.json"),)) == (answers.words, answers.measured)


def test_what_every_option_means_is_said() -> None:
    """By its name, or by the command or the question whose options those are said to be; of none that there is not."""
    breaches = []
    for one in options.OPTIONS:
        told = one.meaning
        verbs = re.findall(r"as the options of `tunecase (\w+)`", told)
        said = {name for verb in verbs for name in inspect.signature(terminal(verb)).parameters}
        said |= {name.replace("-", "_") for name in flow.INFERENCE_OPTIONS} if "inference" in verbs else set()
        if told == f"See `{one.question.__name__}`.":
            told = options.documented(one.question, one.types)
        breaches += [(one.name, name) for name in one.types if f"`{name}`" not in told and name not in said]
        breaches += [(one.name, name) for name in one.without if f"`{name}`:" in told]
    assert [] == breaches


def terminal(verb: str) -> Callable[..., Any]:
    """The function of a command."""
    return getattr(importlib.import_module(f"tunecase.cli.{verb}"), verb)  # type: ignore[no-any-return]


def test_a_run_of_a_case_takes_the_words_of_any_run(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words by name, cards and counts alone or in lists; what is None is not said."""
    taken: list[Any] = []
    monkeypatch.setattr(flow, "fit", lambda asked, *_, **__: taken.append(asked))
    case.fit("llama-3.1-8b", gpus="L4", counts=2, tokens="5M", rank=8, method=None, lengths="")  # type: ignore[arg-type]
    assert [flow.FitAsked("llama-3.1-8b", {"rank": 8, "train_tokens": "5M"}, ("L4",), ("2",))] == taken


def test_charges_and_approvals_are_asked_in_plain_values(case: Case) -> None:
    """Numbers and days as they are in Python; of another type each is told, all at once."""
    booked = case.spend(65, "USD", on=date(2026, 11, 20))  # type: ignore[arg-type]
    assert ("65", date(2026, 11, 20)) == (str(booked.amount), booked.on)
    assert 1 == len(case.charges(since=date(2026, 11, 1)).charges)  # type: ignore[arg-type]
    with pytest.raises(InputError) as refused:
        case.spend(None, ["USD"], credit="maybe", note=None)  # type: ignore[arg-type]
    assert ["amount", "currency", "credit"] == [problem.where for problem in refused.value.problems]
    with pytest.raises(InputError, match="no plan in the ledger"):
        case.approve(1500, "Ada", until=date(2027, 1, 31))  # type: ignore[arg-type]


def test_a_pilot_takes_any_list_and_refuses_what_is_none(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes and names to race are tuples whatever list they came in, and a name alone is one."""
    taken: list[Any] = []
    monkeypatch.setattr(flow, "pilot", lambda _, settings: taken.append(settings))
    case.pilot(race="probe", sizes=[10, 20])
    assert [flow.PilotSettings(race=("probe",), sizes=(10, 20))] == taken
    with pytest.raises(InputError) as refused:
        case.pilot(draws="2", sizes="10,20")  # type: ignore[arg-type]
    assert ["draws", "sizes"] == [problem.where for problem in refused.value.problems]
