"""The report: one page from finished records, and its files, all of them or none."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests import samples
from tests.report import pages
from tunecase.accounts import Material
from tunecase.errors import InputError
from tunecase.project import Project
from tunecase.records import Approvals
from tunecase.report import as_json, outputs_in, page_of, render, report

PROJECT = Project.model_validate(
    {"name": "Ticket routing", "data": {"train": "t"}, "problem": {"goal": "sort tickets", "owner": "Ann"}}
)


def folded(material: Material, **more: object) -> object:
    """The page around the answer, the parts and the appendix of the sample page."""
    return page_of(material, pages.ANSWER, pages.PAGE.parts, pages.APPENDIX, records=samples.records(), **more)  # type: ignore[arg-type]


def test_the_page_names_its_project_and_its_day() -> None:
    """Name, goal and owner are the project's; without one the page is nameless; the day has one reading."""
    page = folded(Material(project=PROJECT, today=date(2026, 11, 4)))
    assert ("Ticket routing", "sort tickets", "Ann", "4 Nov 2026") == (page.project, page.goal, page.owner, page.day)
    assert ("Fine-tuning case", "", "", "") == (
        (bare := folded(Material())).project, bare.goal, bare.owner, bare.day,
    )  # fmt: skip


def test_the_status_follows_the_approvals() -> None:
    """For decision until something is approved or rejected; empty where there is nothing to decide."""
    approved = replace(samples.approvals(), rejection=None)
    assert "For decision" == folded(Material()).status
    assert "For decision" == folded(Material(approvals=Approvals("USD"))).status
    assert "Rejected" == folded(Material(approvals=Approvals("USD", rejection=samples.rejection()))).status
    if approved.state in ("approved", "nearly spent"):
        assert "Approved" == folded(Material(approvals=approved)).status
    nothing = replace(pages.ANSWER, choices=())
    assert "" == page_of(Material(), nothing, (), (), records={}).status


def test_json_holds_the_records_and_how_to_find_them() -> None:
    """The answer, the meta with the project's name, and every record as it was."""
    page = folded(Material(project=PROJECT), meta={"seed": "0", "price_book": "abc", "entries": {"audit": "entry 1"}})
    told = json.loads(as_json(page))
    assert pages.VERDICT.sentence == told["answer"]
    assert {"seed": "0", "price_book": "abc", "entries": {"audit": "entry 1"}, "project": "Ticket routing"} == told[
        "meta"
    ]
    assert set(samples.records()) == set(told["records"])
    assert Decimal(str(told["records"]["books"]["spent"])) == samples.books().spent


def test_three_files_are_written_or_none(tmp_path: Path) -> None:
    """Page, Markdown and JSON; a file of these names that tunecase did not make stays, and nothing else is written."""
    page = folded(Material(), meta={"price_book": "abc"})
    record = report(page, tmp_path / "out", draw=render)
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8") == render(page)
    assert ("report.html", "report.md", "report.json") == tuple(
        Path(place).name for place in (record.html, record.markdown, record.json)
    )
    assert (pages.VERDICT.sentence, ("audit", "words")) == (record.answer, record.sections)
    again = report(page, tmp_path / "out", draw=render)
    assert again == record
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "report.md").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError):
        report(page, tmp_path / "own", draw=render)
    assert ["report.md"] == [path.name for path in (tmp_path / "own").iterdir()]


def test_a_pdf_is_one_of_the_files_where_it_is_asked_for(tmp_path: Path) -> None:
    """Its place is the one that was named; without a page there is no HTML."""
    names = [output.path.name for output in outputs_in(tmp_path, pdf=tmp_path / "case.pdf")]
    assert ["report.md", "report.json", "report.html", "case.pdf"] == names
    assert "" == report(folded(Material(), meta={"price_book": "abc"}), tmp_path).html
