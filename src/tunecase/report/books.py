"""The books on a page of their own, laid out as the page of the case is."""

from collections.abc import Iterable
from dataclasses import replace

from tunecase.accounts import Material, account
from tunecase.blocks import Answer, Block, Facts, Finding, Listing, Page, Part, Tile, Verdict, Words
from tunecase.quantities import one_line, paid, plain_figure, plain_share
from tunecase.records import Books


def books_page(material: Material) -> Page:
    """What was spent, what is left and how it ends, and below it all that the account of the books says.

    Args:
        material: with the books, and what was approved, the charges and the project where there are any.
    """
    books = material.books
    assert books is not None
    told = account("books", books, material)
    lead, _, rest = told.answer.partition(". ")
    verdict = Verdict("books", f"{lead.rstrip('.')}.", "", "", rest, told.tone)
    approved = () if material.approvals is None else account("approvals", material.approvals, material).full
    findings = _findings((*told.short, *told.full, *approved))
    project = material.project
    return Page(
        project=one_line(project.name) if project else "Books",
        goal="The books: what was planned, what was spent, and what is to come",
        owner=one_line(project.problem.owner or "") if project else "",
        day=f"{material.today.day} {material.today:%b %Y}" if material.today else "",
        status="",
        answer=Answer(verdict, _tiles(books), None, "", "", (), ()),
        parts=(Part("books", "Plan against actual", "", findings),),
        appendix=(),
        foot=(),
        version=material.version,
        records={"books": books, **({"approvals": material.approvals} if material.approvals is not None else {})},
    )


def _findings(blocks: Iterable[Block]) -> tuple[Finding, ...]:
    """Each block under its own title; one without a title stands below the one before."""
    findings: list[Finding] = []
    for block in blocks:
        title = _title(block)
        if title or not findings:
            findings.append(Finding(title or "What the books say", "", (block,)))
        else:
            findings[-1] = replace(findings[-1], blocks=(*findings[-1].blocks, block))
    return tuple(findings)


def _title(block: Block) -> str:
    match block:
        case Words():
            return ""
        case Facts() | Listing():
            return block.title
        case _:
            return block.caption


def _tiles(books: Books) -> tuple[Tile, ...]:
    """Spent, left, the middle case at the end, and the chance to pass the budget."""
    planned = books.planned_total if books.planned is not None and books.planned_total is not None else books.planned
    unit, ends = books.currency, books.at_completion or planned
    left = "no budget" if books.left_shown is None else paid(books.left_shown)
    budget = "nobody has given a budget" if books.budget is None else f"of {books.budget:,.0f}"
    reach = "" if ends is None else f"8 in 10: {plain_figure(ends.p10)} to {plain_figure(ends.p90)}"
    middle, drawn = ("not known", "no estimate was made") if ends is None else (plain_figure(ends.p50), reach)
    forecast = Tile("forecast", "Middle case, in all", middle, unit if ends is not None else "", drawn, "assumed")
    if books.all_closed:
        forecast = Tile("forecast", "In all", paid(books.spent), unit, "all lines are closed", "measured")
    over = "not known" if books.over_budget is None else plain_share(books.over_budget)
    entries = "1 charge" if books.entries == 1 else f"{books.entries} charges"
    return (
        Tile("spent", "Spent", paid(books.spent), unit, entries, "measured"),
        Tile("left", "Left", left, unit if books.left_shown is not None else "", budget, "stated"),
        forecast,
        Tile("over", "Chance over budget", over, "", "given what is spent", "assumed"),
    )
