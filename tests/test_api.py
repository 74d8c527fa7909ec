"""The public names: one list, each documented with an example, every example run, and typed for those who use them."""

import doctest
import importlib
import inspect
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import tunecase
from tunecase import callback, flow, records
from tunecase.case import Case

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs"))

import api  # noqa: E402
import api_records  # noqa: E402

PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
MODULES = ["tunecase.case", "tunecase.quick", "tunecase.errors", "tunecase.callback"]
MODULES += sorted(f"tunecase.records.{module.name}" for module in pkgutil.iter_modules(records.__path__))
# Examples that train, audit or draw for more than a second.
SLOW = {
    "Case.add_round", "Case.brief", "Case.check", "Case.compare", "Case.decide", "Case.define", "Case.estimate",
    "Case.fix", "Case.keep_forecast", "Case.next", "Case.next_labels", "Case.report", "Case.review", "Case.run",
    "Case.try_source", "Check.ok", "Labelling.ok", "Next.ok",
    "Bill", "Check", "Cleaned", "Comparison", "CostPart", "Depth", "DepthReviewed", "Difference", "FieldChange",
    "Judgement", "Labelling", "Next", "NextLabel", "Report", "Reviews", "Round", "ServedFigures", "ServedMonth",
    "Shift", "SourceTrial", "SpendCallback", "Tuning", "Written",
}  # fmt: skip
LIBRARIES = {"Tabular.to_pandas": "pandas", "Tabular.to_polars": "polars", "SpendCallback": "transformers"}
SCRIPT = """\
from datetime import date

import tunecase
from tunecase import Case, InputError
from tunecase.callback import Settings
from tunecase.records import Audit, Estimate

case = Case({"name": "tickets", "data": {"rows": 800}}, folder=".", today=date(2026, 11, 24))
bill: Estimate = case.estimate(what_if="80%")
middle: float = bill.total.p50
names: tuple[str, ...] = bill.tables
found: Audit = tunecase.audit_file("train.jsonl")
plain: dict[str, object] = found.to_dict()
settings = Settings(max_usd=25)
case.fit(gpus=["L4"], lengths="lengths.csv", price=1.5)
case.inference(volume="2k per month", input=600, gpu="L4", first_token="1 s")
case.pilot(trainer="probe", sizes=(100, 200), max_usd=5)
case.spend("5 USD", category="gpu", on="2026-11-20")
case.charges(since="2026-11-01")
case.fit(gpuz=1)
case.fit(gpus=1)
case.pilot(draws="two")
case.charges(categry="gpu")
tunecase.training_run("llama-3.1-8b", method="lorra")
tunecase.price_book(gpus="H100")
try:
    tunecase.training_run("llama-3.1-8b", gpu=["L4"], tokens="5M", method="lora", micro_batch=2)
except InputError as error:
    wheres: list[str] = [problem.where for problem in error.problems]
reveal_type(case.decide())
wrong: int = case.audit()
"""


def examples() -> list[doctest.DocTest]:
    """Every example of the modules whose examples begin with the prepared case."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    return [
        found
        for name in MODULES
        for found in finder.find(importlib.import_module(name), globs={})
        if found.examples
    ]  # fmt: skip


def roads() -> dict[str, doctest.DocTest]:
    """The examples of the records and their rows, by class."""
    parse = doctest.DocTestParser().get_doctest
    return {name: parse(road.example, {}, name, api_records.__file__, None) for name, road in api_records.ROADS.items()}


EXAMPLES = {re.sub(r"^tunecase\.(records\.)?\w+\.", "", found.name): found for found in examples()} | roads()
MADE = set(
    re.findall(r"\w+", " ".join(line.partition(" = ")[0] for line in api.PREAMBLE.splitlines() if " = " in line))
)


def rests(example: doctest.DocTest) -> bool:
    """Whether an example rests on what the preamble makes, or on the files of the case."""
    text = "".join(line.source for line in example.examples)
    return bool(MADE & set(re.findall(r"\w+", text)) or re.search(r"scorecard\(|/|yaml|jsonl", text))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A copy of the shipped example in which the preamble of docs/api.md has run, and the names that it made."""
    folder = tmp_path_factory.mktemp("prepared")
    flow.copy_example("support-tickets", to=folder)
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        exec(api.PREAMBLE, names)
    return folder, names


def said_of(name: str, names: dict[str, Any]) -> list[str]:
    """What is wrong with one example; that of a record must have led to a record of this very class."""
    found, said = EXAMPLES[name], []
    module = max((one for one in MODULES if found.name.startswith(one)), key=len, default="")
    found.globs = (vars(importlib.import_module(module)) if module else {}) | names
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(found, out=said.append, clear_globs=False)
    road = api_records.ROADS.get(name)
    if road and type(found.globs.get(road.name)) is not getattr(records, name, None) and name != "SpendCallback":
        said.append(f"{road.reach} is no {name}")
    return said


def test_the_list_is_the_public_names() -> None:
    """All of `__all__` is there when it is asked for, and nothing else is listed."""
    assert set(tunecase.__all__) == set(dir(tunecase))
    assert [] == [name for name in tunecase.__all__ if getattr(tunecase, name, None) is None]
    assert callback.__all__ == ["Settings", "SpendCallback"]


def public() -> set[str]:
    """The public names, found without the generator of the page."""
    kinds = [kind for name in records.__all__ if hasattr(kind := getattr(records, name), "__dataclass_fields__")]
    owners = [Case, records.Tabular, *kinds]
    names = {name for name in tunecase.__all__ if name != "__version__"} | {"Tabular", *callback.__all__}
    names |= {kind.__name__ for kind in kinds}
    return names | {
        f"{owner.__name__}.{name}"
        for owner in owners
        for name, value in vars(owner).items()
        if not name.startswith("_") and (isinstance(value, property) or inspect.isfunction(value))
    }


def test_what_is_documented_is_what_is_public() -> None:
    """docs/api.md has a heading for every public name and for nothing else."""
    documented = set(re.findall(r"^#{3,4} `([\w.]+)", PAGE, re.MULTILINE))
    assert public() == documented
    assert len(documented) > 200


def test_every_public_name_has_an_example() -> None:
    """Every function, class, method and property has an example, records and their rows among them."""
    assert [] == sorted(public() - set(EXAMPLES))
    assert [] == sorted(set(api_records.ROADS) - public())
    assert [] == sorted(name.dotted for names in api.sections().values() for name in names if not name.text)


def test_names_of_examples_are_unique() -> None:
    """No two examples go by one name, so that each of them runs."""
    assert len(EXAMPLES) == len(examples()) + len(roads())
    assert set() == (SLOW | set(LIBRARIES)) - set(EXAMPLES)


def test_examples_without_a_case_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that build what they show by hand print what they say."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec("\n".join(line for line in api.PREAMBLE.splitlines() if "import" in line), names)
    here = [name for name, found in EXAMPLES.items() if not rests(found) and name not in SLOW | set(LIBRARIES)]
    assert len(here) > 20
    assert [] == [said for name in sorted(here) for said in said_of(name, names)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["looking", "asking", "taking long"])
def test_examples_hold(
    kind: str, prepared: tuple[Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every example prints what it says after the preamble; what is said to be in the prepared case is there.

    Those that look at what the preamble made share its case, records that take long a copy; others have their own.
    """
    folder, names = prepared
    here = {name for name in EXAMPLES if name not in LIBRARIES or find_spec(LIBRARIES[name])}
    looking = {name for name, road in api_records.ROADS.items() if not road.asks} & here
    long = SLOW & set(api_records.ROADS) & here
    breaches = []
    for name in sorted({"looking": looking, "taking long": long, "asking": here - looking - long}[kind]):
        place = folder if kind == "looking" else tmp_path / ("all" if kind == "taking long" else name) / "case"
        if not place.exists():
            shutil.copytree(folder, place)
        monkeypatch.chdir(place)
        breaches += said_of(name, names | {"case": Case("tunecase.yaml", today=date(2026, 11, 24))})
    assert [] == breaches


@pytest.mark.slow
def test_a_strict_checker_knows_the_types(tmp_path: Path) -> None:
    """A script of a user passes mypy --strict but for its mistakes; options and records have types, not Any."""
    if find_spec("mypy") is None:
        pytest.skip('mypy not installed; fix: pip install "tunecase[dev]"')
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--no-error-summary"]
    ran = subprocess.run(
        [*command, "--cache-dir", str(tmp_path / "cache"), "script.py"], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "MYPYPATH": str(ROOT / "src")},
    )  # fmt: skip
    lines = ran.stdout.strip().splitlines()
    wanted = [
        'Unexpected keyword argument "gpuz" for "fit"',
        'Argument "gpus" to "fit" of "Case" has incompatible type "int"',
        'Argument "draws" to "pilot" of "Case" has incompatible type "str"',
        'Unexpected keyword argument "categry" for "charges"',
        'Argument "method" to "training_run" has incompatible type "Literal[\'lorra\']"',
        'Unexpected keyword argument "gpus" for "price_book"',
        'Revealed type is "tunecase.records.decide.Decision"',
        'has type "Audit", variable has type "int"',
    ]
    told = [line for line in lines if not re.search(r": note: (?!Revealed)", line)]
    assert len(wanted) == len(told), ran.stdout + ran.stderr
    assert [] == [part for part, line in zip(wanted, told, strict=True) if part not in line], ran.stdout
    assert (ROOT / "src" / "tunecase" / "py.typed").exists()
