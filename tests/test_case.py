"""The Python face: one method per verb, the same answers from the same seed, and records shown in notebooks."""

import json
import re
import sys
from datetime import date
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml

import tunecase
from tests import samples
from tests import walked as cases
from tests.making import case_folder, tickets, write_jsonl
from tunecase.case import Case
from tunecase.errors import InputError
from tunecase.records import RECORDS, to_json

TODAY = date(2026, 11, 24)
ROAD = ("define", "audit", "estimate", "pilot", "forecast", "decide", "books", "report")


def sound(folder: Path) -> Path:
    """A sound case; its project file."""
    path = case_folder(folder, second_label="  second_label: second")
    write_jsonl(folder / "test.jsonl", [dict(row, second=row["label"]) for row in tickets(200, 2)])
    return path


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A sound case that run() walked with seed 7: its folder, and the records by verb."""
    folder = tmp_path_factory.mktemp("walked")
    return folder, Case(str(sound(folder)), seed=7, today=TODAY).run()


def timeless(record: Any) -> str:
    """A record as JSON without times, entries of the ledger (which hold times), and the folder it was made in."""
    text = re.sub(
        r'"(seconds|cpu_seconds|peak_mb|per_s|answers_per_s|seconds_per_answer)":([0-9.e+-]+|null)',
        "",
        to_json(record).decode(),
    )
    if '"alternatives":' in text:  # what 1,000 answers cost follows from how long one took
        text = re.sub(r'"(per_1k|running|cost)":({[^}]*}|null)', "", text)
    text = re.sub(r'"entry":"[0-9a-f]{64}"', "", text)
    return re.sub(r'"[^"]*(quarantine\.jsonl|report\.\w+|train\.jsonl|test\.jsonl)"', r'"\1"', text)


def test_one_method_per_verb(tmp_path: Path) -> None:
    """Each method returns the record of its verb, and keeps it in the ledger, from which a case takes it again."""
    case = Case(cases.path_of("decided", tmp_path), today=TODAY)
    for verb in ("forecast", "books"):
        assert RECORDS[verb] is type(getattr(case, verb)()), verb
        assert verb == [entry.verb for entry in case.flow.ledger.entries()][-1]
    assert 90 == round(100 * (case.forecast().target or 0))


@pytest.mark.slow
def test_run_returns_every_record(walked: tuple[Path, dict[str, Any]]) -> None:
    """run() walks the road, writes the report, and returns the records by verb."""
    folder, records = walked
    assert set(ROAD) == set(records)
    assert all(RECORDS[verb] is type(records[verb]) for verb in ROAD)
    told = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert told


@pytest.mark.slow
def test_the_same_seed_gives_the_same_records(walked: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    """Two cases with the same files and seed give byte-identical records but for timings; another seed does not."""
    first, again = walked[1], Case(sound(tmp_path), seed=7, today=TODAY).run()
    for verb in set(ROAD) - {"report"}:
        assert timeless(first[verb]) == timeless(again[verb]), verb
    other = Case(tmp_path / "tunecase.yaml", seed=8, today=TODAY)
    assert timeless(first["estimate"]) != timeless(other.estimate())


def notebook(monkeypatch: pytest.MonkeyPatch, shell: Any) -> None:
    """An IPython that is loaded, with this shell."""
    module = ModuleType("IPython")
    module.get_ipython = lambda: shell  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", module)


def test_records_are_shown_in_notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a notebook every kind of record is given its printed form."""
    shown: dict[type, Any] = {}
    html = SimpleNamespace(for_type=shown.__setitem__)
    notebook(monkeypatch, SimpleNamespace(display_formatter=SimpleNamespace(formatters={"text/html": html})))
    Case(case_folder(tmp_path))
    assert set(RECORDS.values()) == set(shown)
    assert "The problem is well posed." in shown[RECORDS["define"]](samples.definition())


def test_no_notebook_no_display(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """IPython without a shell, or no IPython at all, changes nothing and loads nothing."""
    notebook(monkeypatch, None)
    path = case_folder(tmp_path)
    assert Case(path).flow.records == {}
    monkeypatch.delitem(sys.modules, "IPython")
    assert Case(path).flow.records == {}
    assert "IPython" not in sys.modules


def test_the_package_has_no_other_names() -> None:
    """`tunecase.Case` is found when it is asked for; what is not there is an AttributeError."""
    assert Case is tunecase.Case
    with pytest.raises(AttributeError, match="nothing"):
        tunecase.nothing  # noqa: B018


def test_a_case_prices_its_answers(tmp_path: Path) -> None:
    """The record is kept; an option asks another question, which is not."""
    text = "name: x\ndata: {rows: 9}\nproblem: {volume: 2k per month}\n"
    text += "serving: {gpus: [L4], traffic: {input: 9, output: 9}}\n"
    path = tmp_path / "tunecase.yaml"
    path.write_text(text, encoding="utf-8")
    case = Case(path, today=TODAY)
    own, other = case.inference(), case.inference(may_wait=True)
    assert own.ok
    assert other.ok
    assert "inference" == case.flow.ledger.latest("record", "inference").verb
    assert 1 == [entry.verb for entry in case.flow.ledger.entries()].count("inference")
    assert {"batch"} == {way.kind for way in other.ways} - {way.kind for way in own.ways}


def stated(path: Path) -> dict[str, Any]:
    """The fields of a project file as a user of Python would write them: numbers and truths are such."""
    fields: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return fields


def test_a_mapping_gives_the_answers_of_its_file(tmp_path: Path) -> None:
    """The same content stated in Python is the same question; no project file is written, the ledger is."""
    path, other = (cases.path_of("planned", tmp_path / name) for name in ("file", "dict"))
    fields = stated(other)
    other.unlink()
    of_file, of_dict = Case(path, today=TODAY), Case(fields, folder=other.parent, today=TODAY)
    assert of_file.flow.key("estimate") == of_dict.flow.key("estimate")
    assert timeless(of_file.flow.current("estimate")) == timeless(of_dict.flow.current("estimate"))
    assert timeless(of_file.books()) == timeless(of_dict.books())
    assert of_file.prices(gpu="L4") == of_dict.prices(gpu="L4")
    assert not other.exists()
    assert (other.parent / "ledger.jsonl").exists()


def test_a_mapping_becomes_a_file_when_asked(tmp_path: Path) -> None:
    """write() makes the project file, which then holds the same case; it replaces another one with force only."""
    fields = stated(cases.path_of("planned", tmp_path))
    case = Case(fields, folder=tmp_path, today=TODAY)
    with pytest.raises(InputError, match=r"tunecase\.yaml"):
        case.write()
    with pytest.raises(InputError, match="the name of the file alone"):
        case.write(tmp_path.parent / "other.yaml")
    assert tmp_path / "tunecase.yaml" == case.write(force=True)
    again = Case(tmp_path / "tunecase.yaml", today=TODAY)
    assert tmp_path / "copy.yaml" == again.write("copy.yaml")
    assert again.flow.project == Case(tmp_path / "copy.yaml", today=TODAY).flow.project
    with pytest.raises(InputError):
        again.write(force=True)  # its own file, whose comments would be lost


def test_problems_of_a_mapping_stand_at_its_fields(tmp_path: Path) -> None:
    """A mistake is told at the dotted field, when the case is opened and later."""
    with pytest.raises(InputError) as wrong:
        Case({"name": "x", "data": {"train": "a.jsonl"}, "budget": "3", "prise": "a"}, folder=tmp_path)
    assert {"prise", "budget"} == {problem.where for problem in wrong.value.problems}
    with pytest.raises(InputError) as later:
        Case({"name": "x", "data": {"rows": 400}}, folder=tmp_path).audit()
    assert ["data.train"] == [problem.where for problem in later.value.problems]
    with pytest.raises(InputError, match="beside a project file"):
        Case(tmp_path / "tunecase.yaml", folder=tmp_path)
