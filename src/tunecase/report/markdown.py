"""A page, and what a record says, as Markdown fit for a pull request: every text escaped, charts told in words."""

from collections.abc import Iterable

from tunecase.blocks import Account, Answer, Block, Cell, Facts, Finding, Gates, Listing, Page, Part, Rows, Table, Words
from tunecase.quantities import one_line, plain_share, sentence
from tunecase.report.charts import RowChart, as_rows


def page_markdown(page: Page) -> str:
    """The whole page: the answer first, then its parts, then the appendix."""
    lines = [f"# {_md(page.project)}", ""]
    if page.goal:
        lines += [_md(sentence(page.goal)), ""]
    about = (("Date", page.day), ("Status", page.status), ("Owner", page.owner))
    lines += [" · ".join(f"{name}: {_md(value)}" for name, value in about if value), ""]
    lines += _answer(page.answer)
    for part in page.parts:
        lines += _part(part)
    if page.appendix:
        lines += ["## Appendix", ""]
    for account in page.appendix:
        lines += [blocks_markdown(account, level=3)]
    lines += [*map(_md, page.foot), "", f"Made by tunecase {_md(page.version)}."]
    return "\n".join(lines) + "\n"


def blocks_markdown(account: Account, level: int = 2) -> str:
    """What a record says, all of it, under its answer as a heading of a level."""
    lines = [f"{'#' * level} {_md(account.answer)}", ""]
    for block in (*account.short, *account.full):
        lines += _block(block)
    if account.next:
        lines += [f"Next: `{one_line(account.next).replace('`', chr(39))}`", ""]
    return "\n".join(lines)


def _answer(answer: Answer) -> list[str]:
    verdict = answer.verdict
    said = (_md(verdict.lead), f"*{_md(verdict.emphasis)}*" if verdict.emphasis else "", _md(verdict.rest))
    lines = [f"## {' '.join(part for part in said if part)}", "", _md(verdict.why), ""]
    if answer.tiles:
        lines += ["| Figure | | | Rests on |", "| --- | ---: | --- | --- |"]
        for tile in answer.tiles:
            value = f"**{_md(tile.value)}** {_md(tile.unit)}".strip()
            lines.append(f"| {_md(tile.name)} | {value} | {_md(tile.beside)} | {tile.rests} |")
        lines.append("")
    if answer.gates is not None:
        lines += [f"**{_md(answer.gates_title)}** {_md(answer.gates_note)}".strip(), "", *_gates(answer.gates)]
    if answer.changes:
        lines += ["**What would change this answer**", ""]
        lines += [f"{at}. **{_md(title)}** {_md(words)}" for at, (title, words) in enumerate(answer.changes, 1)]
        lines.append("")
    if answer.choices:
        lines += ["**Decision**", "", *(f"- \\[ \\] {_md(choice)}" for choice in answer.choices), ""]
    return lines


def _gates(gates: Gates) -> list[str]:
    told = [(branch.name, f"{plain_share(branch.share)}, {branch.rule}") for branch in gates.branches]
    ends = [_md(" ".join(words)) for words in (gates.reached, gates.missed) if words]
    return [*(f"- {_md(name)}: {_md(words)}" for name, words in told), *(f"- {end}" for end in ends), ""]


def _part(part: Part) -> list[str]:
    if not part.findings:
        return []
    lines = [f"## {_md(part.title)}", "", _md(part.lede), ""]
    for finding in part.findings:
        lines += _finding(finding)
    return lines


def _finding(finding: Finding) -> list[str]:
    lines = [f"### {_md(finding.title)}", "", *([_md(finding.beside), ""] if finding.beside else [])]
    for block in finding.blocks:
        lines += _block(block)
    return [*lines, *([_md(finding.note), ""] if finding.note else [])]


def _block(block: Block) -> list[str]:
    match block:
        case Table():
            return _table(block)
        case Facts():
            title = [f"**{_md(block.title)}**", ""] if block.title and block.pairs else []
            return [*title, *(f"- {_md(name)}: {_md(value)}" for name, value in block.pairs), ""]
        case Listing():
            if not block.items:
                return []
            title = [f"**{_md(block.title)}**", ""] if block.title else []
            return [*title, *(f"- {_md(item)}" for item in block.items), ""]
        case Words():
            return [line for paragraph in block.paragraphs for line in (_md(paragraph), "")]
        case Rows():
            return _rows(block)
        case _:
            caption = f"*{_md(block.caption)}*: " if block.caption else ""
            return [f"{caption}{_md(sentence(block.summary))}", ""]


def _rows(chart: RowChart) -> list[str]:
    """Rows as a table; the dot and the bar are what the figures say."""
    rows = as_rows(chart)
    cells = tuple(
        (Cell(row.name if not row.beside else f"{row.name} ({row.beside})"), *map(Cell, row.figures))
        for row in rows.rows
    )
    wide = max([len(rows.head), *map(len, cells)])
    total = (tuple(Cell(rows.total[at] if at < len(rows.total) else "") for at in range(wide)),) if rows.total else ()
    strong = tuple(at for at, row in enumerate(rows.rows) if row.strong)
    head = (*rows.head, *[""] * (wide - len(rows.head)))
    return _table(Table(rows.caption, head, (*cells, *total), tuple(range(1, wide)), strong))


def _table(table: Table) -> list[str]:
    rule = ["---:" if index in table.numeric else "---" for index in range(len(table.head))]
    rows = [_row(row, strong=index in table.strong) for index, row in enumerate(table.rows)]
    note = [_md(table.note), ""] if table.note else []
    caption = [f"**{_md(table.caption)}**", ""] if table.caption else []
    return [*caption, _line(map(_md, table.head)), _line(rule), *rows, "", *note]


def _row(row: tuple[Cell, ...], *, strong: bool) -> str:
    texts = [_md(cell.marked) for cell in row]
    return _line(f"**{text}**" if strong and text else text for text in texts)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _md(text: str) -> str:
    flat = one_line(text).replace("\\", "\\\\").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark in "|*_[]#":
        flat = flat.replace(mark, "\\" + mark)
    return flat
