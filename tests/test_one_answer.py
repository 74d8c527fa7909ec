"""One plan, one text: terminal, Markdown, HTML and JSON print the same figures of the same case."""

import html
import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import plan_cases

from tests import walked
from tests.command import tunecase
from tunecase import flow
from tunecase.accounts import Material, approval_line, headline, run
from tunecase.accounts.approvals import approval_rows
from tunecase.accounts.headline import bridge_words
from tunecase.cli.show import brief_markdown, show
from tunecase.cli.show import record as printer
from tunecase.cli.show.record import show_approvals
from tunecase.flow.report import material
from tunecase.records import RECORDS, Audit, Decision, Estimate, Option, Plan, from_json
from tunecase.report import as_json, page_content, page_markdown, render

WIDE = 2_000
PERCENT = r"(?:[<>]|over |under )?\d+(?:\.\d+)?%"
# A percentage that is told to be the chance to reach the target, before or after these words.
CHANCES = (
    re.compile(rf"({PERCENT}) (?:chance )?to reach the target"),
    re.compile(rf"[Cc]hance to reach (?:[\d.%]+|the target)(?: within the budget)?(?: \w+)* ?\|? ({PERCENT})"),
    re.compile(rf"In ({PERCENT}) of cases the target is shown"),
    re.compile(rf"Chance within [^:|]*, all costs counted:? ({PERCENT})"),
)


@dataclass(frozen=True)
class Faces:
    """A case as every face tells it: printed texts, tables as rows of cells, and records as they are kept."""

    bill: Estimate
    decision: Decision
    reported: Any
    terminal: dict[str, str]
    markdown: str
    page: str

    @property
    def plan(self) -> Plan:
        """The plan of the decision."""
        assert self.decision.plan is not None
        return self.decision.plan

    @property
    def figures(self) -> dict[str, Any]:
        """The headline by key."""
        return {figure.key: figure for figure in headline(self.plan)}

    @property
    def step(self) -> Option:
        """The option that the plan begins with."""
        named = self.plan.lever, self.decision.way
        return next(option for option in self.decision.options if (option.lever, option.way) == named)

    @property
    def names(self) -> tuple[str, str]:
        """What that option is called in the tables of the page, advised or not."""
        several = any(option.way for option in self.decision.options)
        way = self.step.way or ("the fine-tune" if several else "")
        lever = self.step.lever.replace("_", " ") + (f" ({way})" if way else "")
        return lever, f"{lever} (advised)"

    def advised_row(self) -> list[list[str]]:
        """The step that is advised in the terminal's short table, with its price, chance and worth."""
        lines = re.findall(r"^> (.*)$", self.terminal["decide"].partition("Options, the best first")[0], re.MULTILINE)
        return [re.split(r"\s{2,}", line) for line in lines]

    def tiles(self, face: str) -> list[list[str]]:
        """The four figures of the first screen of a face that has one."""
        if face == "html":
            return list(_html_rows("".join(re.findall(r'<dl class="tiles">.*?</dl>', self.page, flags=re.DOTALL))))
        if face == "markdown":
            return list(_markdown_rows(self.markdown.partition("| Figure | Amount |")[2].partition("\n\n")[0]))[1:]
        return []

    def rows(self) -> dict[str, list[list[str]]]:
        """Every row of every table, by face."""
        plain = {
            verb: [re.split(r"\s{2,}", line.strip().removeprefix("> ")) for line in text.splitlines()]
            for verb, text in self.terminal.items()
        }
        return {**plain, "markdown": list(_markdown_rows(self.markdown)), "html": list(_html_rows(self.page))}

    def texts(self) -> dict[str, str]:
        """Every face as one line without mark-up."""
        plain = re.sub(r"<(style|svg)\b.*?</\1>", " ", self.page, flags=re.DOTALL)
        page = html.unescape(re.sub(r"<[^>]+>", " ", plain))
        whole = {**self.terminal, "markdown": _unescaped(self.markdown), "html": page}
        return {face: " ".join(text.split()) for face, text in whole.items()}


def _unescaped(text: str) -> str:
    return html.unescape(re.sub(r"\\(.)", r"\1", text)).replace("**", "")


def _markdown_rows(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.startswith("| "):
            yield [_unescaped(cell).strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def _html_rows(text: str) -> Iterator[list[str]]:
    """Rows of tables, and the tiles at the top: name, amount, and what stands beside it."""
    for row in re.findall(r'<tr\b.*?</tr>|<div class="tile">.*?</div>', text, flags=re.DOTALL):
        cell = r"<t[hd]\b.*?</t[hd]>" if row.startswith("<tr") else r"<dt><span\b.*?</span>|<dd\b.*?</dd>"
        cells = re.findall(cell, row, flags=re.DOTALL)
        yield [html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in cells]


@cache
def audit() -> Audit:
    """The audit of the example, made once for all cases."""
    with TemporaryDirectory() as folder:
        return flow.audit(plan_cases.set_up("before a pilot", Path(folder) / "case"))


@pytest.fixture(scope="session")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Faces]:
    """The faces of a case, made once; asked for by name."""
    made: dict[str, Faces] = {}

    def of(name: str) -> Faces:
        if name not in made:
            made[name] = _made(name, tmp_path_factory.mktemp("one_answer") / "case")
        return made[name]

    return of


def _made(name: str, folder: Path) -> Faces:
    if name == WALKED:
        return _kept(folder)
    opened = plan_cases.set_up(name, folder, audit())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(printer, "console_for", partial(Console, width=WIDE, markup=False, highlight=False))
        terminal = {}
        for verb in ("estimate", "decide", "next", "report"):
            ran = tunecase(verb, "--full", "--project", opened.path)
            assert (ran.code in (0, 1), "") == (True, ran.err), verb
            terminal[verb] = ran.out
    entries = [entry for entry in opened.ledger.entries() if entry.kind == "record"]
    bill, decision = (
        next(entry.record() for entry in reversed(entries) if entry.verb == verb) for verb in ("estimate", "decide")
    )
    text = {end: (folder / f"report.{end}").read_text(encoding="utf-8") for end in ("md", "html", "json")}
    return Faces(bill, decision, json.loads(text["json"]), terminal, text["md"], text["html"])


def wide() -> Any:
    """A console without the width of a terminal, whose file is text."""
    return Console(file=io.StringIO(), width=WIDE, markup=False, highlight=False)


def _kept(folder: Path) -> Faces:
    """The same of records on file, without the commands that make them."""
    known = replace(material(walked.opened(WALKED, folder)), books=None)
    records = walked.records(WALKED)
    terminal = {"report": run(known).answer}
    for verb in ("estimate", "decide", "next"):
        beside = Material() if verb == "estimate" else known
        show(verb, records[verb], console := wide(), full=True, material=beside)
        terminal[verb] = console.file.getvalue()
    page = page_content(known, records=records)
    told = json.loads(as_json(page))
    return Faces(records["estimate"], records["decide"], told, terminal, page_markdown(page), render(page))


WALKED = "running"
every_case = pytest.mark.parametrize(
    "case", [WALKED, *(pytest.param(case, marks=pytest.mark.slow) for case in plan_cases.CASES)]
)


def plainly(figure: str) -> str:
    """A figure in the digits of the first screen: 10k USD as 10,000 USD, 100% as over 99%."""
    if figure in ("100%", "0%"):
        return {"100%": "over 99%", "0%": "under 1%"}[figure]
    found = re.fullmatch(r"(-?[\d.]+[kM]) (\w+)", figure)
    return figure if found is None else f"{amount(found[1]):,.0f} {found[2]}"


def bare(money: str) -> str:
    """An amount without its currency and what is said beside it."""
    return money.split(" USD")[0]


def test_what_was_approved_is_one_text_on_every_face(tmp_path: Path) -> None:
    """Terminal, Markdown, HTML, JSON and brief tell the same amounts, spent and left, of the same plan."""
    opened = walked.opened(WALKED, tmp_path)
    record = flow.approvals(opened)
    page = page_content(material(opened), records={"approvals": record})
    assert (Decimal(5_000), Decimal(1_218)) == (record.total, record.spent)
    line, console = approval_line(record).partition(" Approve the next")[0], wide()
    show_approvals(record, console, full=True)
    bill, decision = (walked.records(WALKED)[verb] for verb in ("estimate", "decide"))
    posed = walked.records(WALKED)["define"]
    brief = brief_markdown(posed, bill, decision, record, project=opened.project, today=walked.TODAY)
    told = {"terminal": console.file.getvalue(), "markdown": _unescaped(page_markdown(page))}
    told |= {"html": html.unescape(re.sub(r"<[^>]+>", "", render(page)))}
    told |= {"brief": _unescaped(brief).replace("\u200b", "")}
    assert [] == [face for face, words in told.items() if line not in " ".join(words.split())]
    rows = {
        "markdown": _markdown_rows(page_markdown(page)),
        "html": _html_rows(render(page)),
        "brief": _markdown_rows(brief),
    }
    for face, found in rows.items():
        assert [list(row) for row in approval_rows(record)] == [
            row for row in found if row[-1].startswith("in force")
        ], face
    assert record == from_json(RECORDS["approvals"], json.loads(as_json(page))["records"]["approvals"])


@every_case
def test_every_headline_figure_is_one_text_on_every_face(faces: Callable[[str], Faces], case: str) -> None:
    """Name and value stand in one row of the terminal's tables, of the Markdown and of the page.

    The estimate leaves the headline to the decision. The tiles, which may ask for nothing, have a law of their own.
    """
    told = faces(case)
    rows = told.rows()
    assert len(told.figures) >= 6
    for figure in told.figures.values():
        for face in ("estimate", "decide", "markdown", "html"):
            tiles = told.tiles(face)
            found = {row[1] for row in rows[face] if row[0] == figure.name and row not in tiles}
            assert {figure.value} == found, (face, figure.name)


TILES = {
    "Release now": "release",
    "Most you could lose": "lost",
    "Chance to reach": "chance",
    "Value if reached": "value",
}


@every_case
def test_the_first_screen_shows_the_headline(faces: Callable[[str], Faces], case: str) -> None:
    """A step that is advised has one price, one chance and one value; where none is, the first screen asks for 0."""
    told = faces(case)
    decision, plan = told.decision, told.plan
    asked = plan.advised and not decision.comes_first and decision.advice == plan.lever
    nothing = set() if asked else {"release", "lost"}
    if plan.worth is None or plan.worth.reached_p50.value <= 0:
        nothing.add("value")
    for face in ("markdown", "html"):
        tiles = told.tiles(face)
        assert 4 == len(tiles), face
        for name, value, *_ in tiles:
            key = next((key for start, key in TILES.items() if name.startswith(start)), "")
            if key not in told.figures or key in nothing:
                assert value == "0 USD" or name.startswith("Score"), (face, name, value)
            else:
                figure = told.figures[key].value  # of no world at all the first screen says 0% as well
                assert value in (plainly(figure), figure), (face, name)


@every_case
def test_one_amount_is_set_aside(faces: Callable[[str], Faces], case: str) -> None:
    """The terminal, the Markdown and the page set the headline's amount aside, and no other."""
    told = faces(case)
    aside = plainly(told.figures["authorise"].value)
    words = re.compile(r"(?:[Ss]et|takes?) ([\d,]+ USD)(?: aside|: enough nine|: [\d,]+ USD more|\.)")
    for face in ("estimate", "markdown", "html"):
        assert {aside} == set(words.findall(told.texts()[face])), face


@every_case
def test_bill_decision_and_report_hold_one_plan(faces: Callable[[str], Faces], case: str) -> None:
    """The records are equal, in the ledger and in report.json, and so is what they print."""
    told = faces(case)
    records = told.reported["records"]
    plans = [
        told.bill.plan,
        told.plan,
        *(from_json(RECORDS[verb], records[verb]).plan for verb in ("estimate", "decide")),
    ]
    assert [told.plan] * 4 == plans
    assert [headline(told.plan)] * 4 == [headline(plan) for plan in plans if plan is not None]


@every_case
def test_the_bills_total_is_the_headlines(faces: Callable[[str], Faces], case: str) -> None:
    """Expected, P50, P80 and P90 in the table's last row are those of the headline."""
    told = faces(case)
    figures, rows = told.figures["total"], told.rows()
    expected = bare(figures.value)
    points = dict(re.findall(r"(P\d\d) (-?[\d.]+[kMB]?)", figures.beside))
    assert points["P90"] == bare(told.figures["authorise"].value)
    over = re.findall(rf"({PERCENT}) chance to exceed", figures.beside)
    assert {"P50", "P80", "P90"} == points.keys()
    for face in ("estimate", "markdown", "html"):
        (row,) = [row for row in rows[face] if row[0] == "Total"]
        assert [expected, points["P50"], points["P80"], points["P90"]] == [row[1], *row[3:6]], face
    for name, point in points.items():
        assert {point} >= set(re.findall(rf"\b{name} (-?[\d.]+[kMB]?) USD[,;]", told.texts()["markdown"])), name
    assert over == re.findall(rf"passed in ({PERCENT}) of simulated runs", told.texts()["markdown"])
    for face in ("markdown", "html"):
        lead = re.findall(
            rf"chance to pass the (?:rest of the )?budget of [\d,]+ USD is ({PERCENT})", told.texts()[face]
        )
        assert [plainly(one) for one in over] == lead, face


@every_case
def test_the_bills_lines_add_up_as_printed(faces: Callable[[str], Faces], case: str) -> None:
    """The expected column to its total, with what rounding leaves as a row of its own, and the shares to 100%."""
    rows = faces(case).rows()
    for face in ("estimate", "markdown", "html"):
        (end,) = [at for at, row in enumerate(rows[face]) if row[0] == "Total" and row[-1] in ("100%", "-", "–")]
        (head,) = [at for at, row in enumerate(rows[face][:end]) if row[1:3] == ["Expected", "P10"]]
        lines = [row for row in rows[face][head + 1 : end] if len(row) == len(rows[face][end])]
        lines = [row for row in lines if row[-1] != "not counted" and "not in the total" not in row[0]]
        told = [row[1] for row in lines if row[1][-1:].isalnum() and row[1] != "unpriced"]
        # What is under the unit that lines stand in counts as nothing: rounding holds it.
        amounts = [amount(each) for each in told if not each.startswith("under ")]
        assert pytest.approx(sum(amounts), abs=1e-6) == amount(rows[face][end][1]), (face, lines)
        shares = [int(row[-1].rstrip("%")) for row in lines if re.fullmatch(r"\d+%", row[-1])]
        assert sum(shares) == (100 if sum(amounts) else 0)


@every_case
def test_what_moved_the_bill_ends_at_its_total(faces: Callable[[str], Faces], case: str) -> None:
    """The bridge ends in the expected total of the bill's table, and its amounts add up to it, on every face."""
    told = faces(case)
    words = bridge_words(told.plan)
    if told.plan.bridge is None:
        assert words == ""
        return
    (total,) = [row[1] for row in told.rows()["estimate"] if row[0] == "Total"]
    for face in ("markdown", "html"):
        assert words in told.texts()[face], face
        assert bool(words) == ("Since last time the bill" in told.texts()[face]), face
    if words:
        assert words in told.texts()["estimate"]
        printed = re.findall(r"(?<!\w)[+-]?[\d.]+[kMB]?(?= |,|$)", re.sub(r"\([^)]*\)", "", words))
        first, last, *parts = map(amount, printed)
        assert amount(total) == last
        assert pytest.approx(last) == first + sum(parts)


def amount(text: str) -> float:
    """A printed amount."""
    sizes = {"k": 1e3, "M": 1e6, "B": 1e9}
    return float(text.rstrip("kMB")) * sizes.get(text[-1], 1.0)


@every_case
def test_the_first_step_has_one_price(faces: Callable[[str], Faces], case: str) -> None:
    """Its P80 in the table of options is what is to be released; what costs nothing is free."""
    told = faces(case)
    release, rows = bare(told.figures["release"].value), told.rows()
    if not told.decision.options:
        assert case == "before a pilot"
        return
    price = "free" if release == "0" else release
    for step in told.advised_row():
        assert plainly(f"{release} USD") == f"{step[1]} USD"
    for face in ("decide", "markdown", "html"):
        (row,) = [row for row in rows[face] if row[0].removeprefix("✓ ") in told.names and len(row) == 6]
        assert price == row[2], face


@every_case
def test_the_chance_is_one_text_wherever_it_is_told(faces: Callable[[str], Faces], case: str) -> None:
    """In the answer, in `next`, in the options and in the headline; nothing else is called the chance to reach it."""
    told = faces(case)
    chance = told.figures["chance"].value
    found = {face: {match for words in CHANCES for match in words.findall(text)} for face, text in told.texts().items()}
    assert {chance} == found["estimate"] == found["decide"] == found["markdown"] == found["html"]
    assert case == WALKED or found["next"] <= {chance}  # a round tells what it was before, too
    assert found["report"] <= {chance}
    (said,) = re.findall(rf" chance ({PERCENT}) to reach", told.texts()["next"])
    assert said in (plainly(chance), chance)
    if told.decision.options:
        rows, names = told.rows(), told.names
        for step in told.advised_row():
            assert plainly(chance) == step[2]
        for face in ("decide", "markdown", "html"):
            (row,) = [row for row in rows[face] if row[0].removeprefix("✓ ") in names and len(row) == 6]
            assert chance == row[3], face
