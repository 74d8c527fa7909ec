"""Folds finished records into one page for the business, the answer first.

`page_content` is pure: records in, plain blocks out. `page.py` draws them as HTML, `markdown.py` as text, `as_json`
hands on the records themselves, and `report` writes the files. No stage knows that a report exists.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tunecase.accounts import Material
from tunecase.blocks import Account, Answer, Page, Part
from tunecase.io import PDF_MARK, Output, pdf_of, write_outputs
from tunecase.quantities import one_line
from tunecase.records import Approvals, Report, to_json
from tunecase.report.appendix import appendix
from tunecase.report.page_markdown import page_markdown

MADE_BY = b"Made by tunecase"
# Where a case stands, by the state of its approvals; any other waits for a decision.
STATUS = {"approved": "Approved", "nearly spent": "Approved", "rejected": "Rejected"}


def outputs_in(to: Path, *, html: bool = True, pdf: Path | None = None) -> tuple[Output, ...]:
    """The files of a report in a folder: Markdown, JSON and, with `html`, the page; the PDF lies where it is told."""
    plain = (
        Output(to / "report.md", mark=MADE_BY, makes_folder=True),
        Output(to / "report.json", mark=b'"price_book":', makes_folder=True),
    )
    page = (Output(to / "report.html", mark=MADE_BY, makes_folder=True),) if html else ()
    if pdf is None:
        return (*plain, *page)
    return (*plain, *page, Output(pdf, mark=PDF_MARK, makes_folder=pdf.parent == to))


def report(
    page: Page, to: Path, *, draw: Callable[[Page], str] | None = None, pdf: Path | None = None,
    needed: Iterable[Path] = (), force: bool = False,
) -> Report:  # fmt: skip
    """Writes report.html, report.md and report.json into a folder, all of them or none; earlier ones are replaced.

    Args:
        page: see `page_content`.
        to: the folder; made when it is missing.
        draw: makes the HTML; without it no HTML is written, and the record says so with an empty path.
        pdf: a file into which Chromium prints the page; it needs `draw`.
        needed: files that the case rests on; the report takes the place of none of them.
        force: replaces files of these names that tunecase did not make.
    Returns: the record of the files written, and the answer.
    Raises: InputError for a file in the way; TunecaseError when the folder or the disk does not take them.
    """
    contents = [page_markdown(page).encode(), as_json(page).encode()]
    if draw is not None:
        html = draw(page)
        contents += [html.encode(), *([pdf_of(html)] if pdf is not None else [])]
    asked = outputs_in(to, html=draw is not None, pdf=pdf)
    written = [replace(output, content=one) for output, one in zip(asked, contents, strict=True)]
    write_outputs(written, needed, force=force)
    place = str(to / "report.html") if draw is not None else ""
    done = tuple(account.verb for account in page.appendix)
    return Report(page.answer.verdict.sentence, place, str(to / "report.md"), str(to / "report.json"), done)


def page_content(
    material: Material,
    *,
    records: Mapping[str, Any],
    meta: Mapping[str, Any] | None = None,
    grid: Mapping[str, Any] | None = None,
) -> Page:
    """The whole page from finished records.

    Args:
        material: the records of the case, and where each was written down.
        records: the same records by verb, for the JSON.
        meta: "version", "ledger" (its last entry) and anything else for the JSON.
        grid: what the what-if panel moves between; None where the page has none.
    Returns: the page; a missing record makes its part say what is not known.

    Leaves out everything that no record holds: a page adds no number of its own.
    """
    from tunecase.accounts import answer
    from tunecase.accounts.parts import evidence, money

    parts = (money(material), evidence(material))
    return page_of(material, answer(material), parts, appendix(material), records=records, meta=meta, grid=grid)


def page_of(
    material: Material,
    answer: Answer,
    parts: Sequence[Part],
    accounts: Sequence[Account],
    *,
    records: Mapping[str, Any],
    meta: Mapping[str, Any] | None = None,
    grid: Mapping[str, Any] | None = None,
) -> Page:
    """The page around an answer, its parts and the accounts of its appendix; see `page_content`."""
    project = material.project
    return Page(
        project=one_line(project.name) if project else "Fine-tuning case",
        goal=one_line(project.problem.goal or "") if project else "",
        owner=one_line(project.problem.owner or "") if project else "",
        day=f"{material.today.day} {material.today:%b %Y}" if material.today else "",
        status=_status(material.approvals, answer),
        answer=answer,
        parts=tuple(parts),
        appendix=tuple(accounts),
        foot=_foot(material),
        grid=grid,
        version=material.version,
        records=dict(records),
        meta=dict(meta or {}),
    )


def _status(approvals: Approvals | None, answer: Answer) -> str:
    """Where the case stands; empty where there is nothing to decide yet."""
    if approvals is not None and approvals.state in STATUS:
        return STATUS[approvals.state]
    return "For decision" if answer.choices else ""


def _foot(material: Material) -> tuple[str, ...]:
    """What the page was made from, for whoever wants to make it again."""
    seed = f"seed {material.estimate.seed}" if material.estimate is not None else ""
    ledger = f"ledger {material.ledger[:12]}" if material.ledger else ""
    parts = [part for part in (seed, ledger) if part]
    return (f"Every figure is in report.json beside this page; {', '.join(parts)}.",) if parts else ()


def as_json(page: Page) -> str:
    """The records themselves as JSON, with the answer and what is needed to find and repeat them."""
    head = {**page.meta, "project": page.project}
    return to_json({"answer": page.answer.verdict.sentence, "meta": head, "records": dict(page.records)}).decode()
