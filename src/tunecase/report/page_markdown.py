"""A page as Markdown fit for a pull request: every text escaped, charts told in words, rows as tables."""

from tunecase.blocks import Account, Answer, Bars, Block, Cell, Gates, Page, Part, Rows, Scored, Table, Tornado, shown
from tunecase.quantities import plain_share, sentence
from tunecase.report.charts import RowChart, as_rows
from tunecase.report.markdown import blocks_markdown, drawn


def page_markdown(page: Page) -> str:
    """The whole page: the answer first, then its parts, then the appendix."""
    about = (("Date", page.day), ("Status", page.status), ("Owner", page.owner))
    lines = [
        f"# {shown(page.heading)}", "",
        *([shown(sentence(page.goal)), ""] if page.goal else []),
        "; ".join(f"{name}: {shown(value)}" for name, value in about if value), "",
        *_answer(page.answer),
    ]  # fmt: skip
    for part in page.parts:
        lines += _part(part)
    if page.appendix:
        lines += ["## Appendix", ""]
    for account in page.appendix:
        plain = Account(account.verb, account.answer, short=_told(account.short), full=_told(account.full))
        lines.append(blocks_markdown(plain))
    return "\n".join([*lines, *map(shown, page.foot), "", f"Made by tunecase {shown(page.version)}."]) + "\n"


def _answer(answer: Answer) -> list[str]:
    verdict = answer.verdict
    said = (shown(verdict.lead), f"*{shown(verdict.emphasis)}*" if verdict.emphasis else "", shown(verdict.rest))
    lines = [f"## {' '.join(part for part in said if part)}", "", shown(verdict.why), ""]
    if answer.tiles:
        rows = tuple(
            (Cell(tile.name), Cell(f"{tile.value} {tile.unit}".strip()), Cell(tile.beside), Cell(tile.rests))
            for tile in answer.tiles
        )
        lines += drawn([Table("", ("Figure", "Amount", "What it is", "Rests on"), rows, (1,))])
    if answer.gates is not None:
        lines += [f"**{shown(answer.gates_title)}** {shown(answer.gates_note)}".strip(), "", *_gates(answer.gates)]
    if answer.changes:
        told = (f"{at}. **{shown(title)}** {shown(words)}" for at, (title, words) in enumerate(answer.changes, 1))
        lines += ["**What would change it**", "", *told, ""]
    if answer.choices:
        lines += ["**Decision**", "", *(f"- [ ] {shown(choice)}" for choice in answer.choices), ""]
    return lines


def _gates(gates: Gates) -> list[str]:
    told = [f"{branch.name}: {plain_share(branch.share)}, {branch.rule}" for branch in gates.branches]
    told += [" ".join(words) for words in (gates.reached, gates.missed) if words]
    return [*(f"- {shown(words)}" for words in told), ""]


def _part(part: Part) -> list[str]:
    if not part.findings:
        return []
    lines = [f"## {shown(part.title)}", "", *([shown(part.lede), ""] if part.lede else [])]
    for finding in part.findings:
        beside, note = ([shown(words), ""] if words else [] for words in (finding.beside, finding.note))
        lines += [f"### {shown(finding.title)}", "", *beside, *drawn(_told(finding.blocks)), *note]
    return lines


def _told(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Blocks with rows as tables: the dot and the bar are what the figures say."""
    return tuple(
        _as_table(block) if isinstance(block, Rows | Scored | Tornado | Bars) else block
        for block in blocks
        if not isinstance(block, Table) or block.rows
    )


def _as_table(chart: RowChart) -> Table:
    rows = as_rows(chart)
    cells = tuple(
        (Cell(f"{row.name} ({row.beside})" if row.beside else row.name), *map(Cell, row.figures)) for row in rows.rows
    )
    wide = max([len(rows.head), *map(len, cells)])
    total = tuple(Cell(rows.total[at] if at < len(rows.total) else "") for at in range(wide))
    filled = tuple((*row, *[Cell("")] * (wide - len(row))) for row in cells)
    return Table(
        rows.caption,
        (*rows.head, *[""] * (wide - len(rows.head))),
        (*filled, total) if rows.total else filled,
        tuple(range(1, wide)),
        tuple(at for at, row in enumerate(rows.rows) if row.strong),
    )
