"""Whether books close as they are printed: five ledgers, on every face and in both tables for finance."""

import csv
import io
import json
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from closing_faces import (
    AMOUNT,
    ROOT,
    Run,
    Table,
    Tally,
    flat,
    markdown_tables,
    number,
    numbers,
    page_tables,
    terminal_tables,
    text_of_markdown,
    text_of_page,
)

from tunecase.books.variance import exact
from tunecase.quantities import paid
from tunecase.records import Books, from_json

SAMPLE = ROOT / ".." / "shared" / "data" / "focus_sample_1.0.csv"
CASES = ROOT / "examples" / "cases"
SPENT = 3  # the column of what was spent
PARTS = ("scope", "quantity", "price", "unsplit")
OVER = re.compile(rf"({AMOUNT}) [A-Z]{{3}} spent, ({AMOUNT}) too much")
LEFT = re.compile(rf"({AMOUNT}) [A-Z]{{3}} spent of ({AMOUNT})\..*? Left of the budget:? ({AMOUNT})")
SHEET = """\
User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration,Tags
Ann,,Us,Tickets,error analysis,read mistakes,Yes,{day},09:00:00,{day},10:20:00,1:20:00,
Ann,,Us,Tickets,training,set up the run,Yes,{day},11:00:00,{day},11:07:00,0:07:00,
Bob,,Us,Tickets,data,labels,Yes,{day},14:00:00,{day},17:13:20,3:13:20,
Bob,,Us,Tickets,meeting,planning,Yes,{day},18:00:00,{day},18:50:00,0:50:00,
"""


def focus(folder: Path, run: Run) -> None:
    """A real bill of a thousand rows with credits and amounts of millionths, some of it mapped out of `other`."""
    run("spend", "import", "focus", SAMPLE.resolve(), cwd=folder)
    run("spend", "map", "service=Amazon Elastic Compute Cloud", "gpu", cwd=folder)
    run("spend", "map", "service=Azure*", "storage", cwd=folder)
    run("spend", "add", "2900.3450", "USD", "--category", "labour", "--quantity", "34", "--unit", "h", cwd=folder)


def euros(folder: Path, run: Run) -> None:
    """Dollars at the rate of their day in books of euros."""
    for amount, back in (("12.3450", 0), ("17.0050", 40), ("999.9950", 90), ("0.3350", 0)):
        day = (date.today() - timedelta(days=back)).isoformat()
        run("spend", "add", amount, "USD", "--category", "gpu", "--on", day, cwd=folder)
    run("spend", "add", "1234.5650", "EUR", "--category", "labour", "--quantity", "13.7", "--unit", "h", cwd=folder)
    run("spend", "add", "8.7750", "EUR", "--category", "data", cwd=folder)


def credits(folder: Path, run: Run) -> None:
    """Money back, and corrections of corrections."""
    for category, amount in (("gpu", "41.3350"), ("evaluation", "4.6950"), ("labour", "3100.1250")):
        entry = json.loads(run("spend", "add", amount, "USD", "--category", category, "--json", cwd=folder))["id"]
        once = str(Decimal(amount) - Decimal("0.0100"))
        again = json.loads(run("spend", "add", once, "USD", "--replaces", entry, "--json", cwd=folder))["id"]
        if category == "gpu":
            run("spend", "add", "40.0050", "USD", "--replaces", again, cwd=folder)
    run("spend", "add", "13.3350", "USD", "--category", "gpu", "--credit", cwd=folder)
    run("spend", "add", "0.2450", "USD", "--category", "egress", cwd=folder)


def timesheet(folder: Path, run: Run) -> None:
    """Hours of minutes and seconds at the team's rate, two lines closed."""
    (folder / "sheet.csv").write_text(SHEET.format(day=date.today().isoformat()), encoding="utf-8")
    run("spend", "import", "timesheet", "sheet.csv", cwd=folder)
    run("spend", "add", "77.7770", "USD", "--category", "gpu", "--quantity", "31.1", "--unit", "GPU hour", cwd=folder)
    run("books", "--close", "labour,gpu", cwd=folder)


def early(folder: Path, run: Run) -> None:
    """Charges of before the plan, of less than a cent, and more than the budget; what is called backup is storage."""
    day = (date.today() - timedelta(days=45)).isoformat()
    for amount, category, note in (
        ("620.5050", "labour", "before the plan"),
        ("0.0042", "egress", ""),
        ("3.3350", "other", "nightly backup"),
        ("1.1150", "other", "a licence"),
    ):
        run("spend", "add", amount, "USD", "--category", category, "--on", day, "--note", note, cwd=folder)
    run("spend", "map", "description=*backup*", "storage", cwd=folder)


@dataclass(frozen=True)
class Ledger:
    """Books to be made: the worked case, lines added to its project file, and what is booked."""

    case: str
    more: str
    book: Callable[[Path, Run], None]


LEDGERS: Mapping[str, Ledger] = {
    "focus": Ledger("7b-lora-data-at-hand", "budget: 30k USD\n", focus),
    "euros": Ledger(
        "crowd-labels",
        "currency: EUR\nbudget: 12345.67 EUR\nrates: [{currency: USD, value: 0.9137, date: 2026-01-05}, "
        "{currency: USD, value: 0.9271, date: 2026-10-01}]\n",
        euros,
    ),
    "credits": Ledger("hosted", "budget: 20k USD\n", credits),
    "timesheet": Ledger("7b-expert-labels", "budget: 90k USD\n", timesheet),
    "early": Ledger("one-weekend", "budget: 500 USD\n", early),
}


@dataclass(frozen=True)
class Told:
    """Books as every face tells them: the two tables and one line of text, the record, and the files for finance."""

    name: str
    record: Books
    plans: dict[str, Table]
    whys: dict[str, Table]
    texts: dict[str, str]
    charges: list[dict[str, str]]
    lines: list[dict[str, str]]
    listed: str


def ledgers() -> Iterator[str]:
    """The names of the ledgers that can be made here; that of a real bill needs the shared sample."""
    yield from (name for name in LEDGERS if name != "focus" or SAMPLE.exists())


def made(name: str, folder: Path, run: Run) -> Path:
    """A case with its estimate and its ledger, in a folder of its own."""
    ledger = LEDGERS[name]
    shutil.copytree(CASES / ledger.case, folder)
    with (folder / "tunecase.yaml").open("a", encoding="utf-8") as file:
        file.write(ledger.more)
    run("estimate", cwd=folder)
    ledger.book(folder, run)
    return folder


def printed(name: str, folder: Path, run: Run) -> Told:
    """The books of a ledger from the command line."""
    terminal = run(
        "books", "--full", "--page", "books.html", "--csv", "books.csv", "--csv-plan", "plan.csv", cwd=folder
    )
    record = from_json(Books, json.loads(run("books", "--json", cwd=folder)))
    run("report", cwd=folder)
    whole = ("report.md", "report.html", "books.html")
    markdown, report, page = ((folder / file).read_text("utf-8") for file in whole)
    titles = ("Plan against actual", "Why spent and planned differ")
    told = terminal_tables(terminal, titles)
    plans, whys = ({"terminal": told.get(title, [])} for title in titles)
    tables = {"markdown": markdown_tables(markdown), "report": page_tables(report), "page": page_tables(page)}
    for face, found in tables.items():
        plans[face] = found.get("Line / Planned P10 to P90", [])
        whys[face] = found.get("Line / Spent - P50", [])
    return Told(
        name, record, plans, whys,
        {"terminal": flat(terminal), "markdown": text_of_markdown(markdown), "report": text_of_page(report),
         "page": text_of_page(page)},
        _csv(folder / "books.csv"), _csv(folder / "plan.csv"), run("spend", "list", cwd=folder),
    )  # fmt: skip


def _csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))


def check_books(told: Told, tally: Tally) -> None:
    """All that is printed of books, face by face, the faces against one another, and the files for finance."""
    for face in told.plans:
        where = f"{told.name}, {face}"
        _spent(told, face, where, tally)
        _left(told, face, where, tally)
        _why(told, face, where, tally)
    _alike(told, tally)
    _record(told, tally)
    _files(told, tally)


def _spent(told: Told, face: str, where: str, tally: Tally) -> None:
    """Lines to the total, which is what the record holds."""
    column = [row[SPENT] for row in told.plans[face]]
    whole = number(column[-1]) if column else None
    tally.adds_up("lines = spent", where, numbers(column[:-1]), whole)
    near = whole is not None and abs(whole - told.record.spent) <= Decimal("0.005")
    tally.check("spent = JSON", where, near, (whole, told.record.spent))


def _left(told: Told, face: str, where: str, tally: Tally) -> None:
    """What was spent and what is left make the budget, wherever both are told."""
    record = told.record
    assert record.budget is not None
    text, budget = told.texts[face], Decimal(str(record.budget))
    stands = [(spent, f"-{over}", budget) for spent, over in OVER.findall(text)]
    stands += [(spent, left, number(whole)) for spent, whole, left in LEFT.findall(text)]
    tally.check("spent and left are told", where, bool(stands), text[:200])
    for spent, left, whole in stands:
        tally.adds_up("spent + left = budget", where, numbers([spent, left]), whole)
        tally.check("budget = JSON", where, whole == budget, (whole, budget))


def _why(told: Told, face: str, where: str, tally: Tally) -> None:
    """The four parts to their line, and the lines to their sum."""
    rows = [[row[0], *(number(cell) or Decimal(0) for cell in row[1:6])] for row in told.whys[face]]
    tally.check("why is told", where, bool(rows), "no table")
    for name, whole, *parts in rows:
        tally.adds_up("variance across", f"{where}, {name}", parts, whole)
    if rows and rows[-1][0] == "Sum of the lines":
        for at, what in enumerate(("all", *PARTS), 1):
            tally.adds_up("variance down", f"{where}, {what}", [row[at] for row in rows[:-1]], rows[-1][at])


def _alike(told: Told, tally: Tally) -> None:
    """What was planned, was spent and will be, and why, line by line, in the same digits on every face."""
    first = [[row[0].casefold(), *row[1:6]] for row in told.plans["terminal"]]
    whys = {row[0]: row[1:6] for row in told.whys["terminal"] if row[0] != "Sum of the lines"}
    for face in ("markdown", "report", "page"):
        other = [[row[0].casefold(), *row[1:6]] for row in told.plans[face]]
        tally.check("plan, spent and end alike on every face", f"{told.name}, {face}", first == other, (first, other))
        apart = [row for row in told.whys[face] if row[0] in whys and whys[row[0]] != row[1:6]]
        tally.check("why alike on every face", f"{told.name}, {face}", not apart, apart)


def _record(told: Told, tally: Tally) -> None:
    """The JSON, to the last digit."""
    record, where = told.record, f"{told.name}, json"
    tally.adds_up("exact lines = spent", where, [line.spent for line in record.lines], record.spent)
    if record.left is not None:
        tally.adds_up("exact spent + left = budget", where, [record.spent, record.left], Decimal(str(record.budget)))
    for line in record.lines:
        if line.variance is not None:
            planned = exact(line.planned.p50) if line.planned else Decimal(0)
            apart = (line.spent, planned, line.variance.total)
            tally.check("exact variance", f"{where}, {line.name}", line.variance.total == line.spent - planned, apart)
    if record.variance is not None:
        for part in PARTS:
            parts = [getattr(line.variance, part) for line in record.lines if line.variance is not None]
            tally.adds_up("exact variance down", f"{where}, {part}", parts, getattr(record.variance, part))


def _files(told: Told, tally: Tally) -> None:
    """Both tables for finance, exact and by line; the list of charges as printed."""
    record = told.record
    by_line: dict[str, Decimal] = defaultdict(Decimal)
    for row in told.charges:
        by_line[row["x_category"]] += Decimal(row["x_amount_base"])
    tally.adds_up("charges of the CSV = spent", f"{told.name}, csv", [*by_line.values()], record.spent)
    planned = {row["tunecase_line"]: Decimal(row["spent"]) for row in told.lines}
    tally.adds_up("lines of the CSV = spent", f"{told.name}, csv-plan", [*planned.values()], record.spent)
    for line in record.lines:
        apart = (line.spent, by_line.get(line.name, Decimal(0)), planned.get(line.name))
        tally.check("a line in both CSVs", f"{told.name}, {line.name}", len(set(apart)) == 1, apart)
    found = re.search(rf"charges?, ({AMOUNT}) {record.currency}", told.listed)
    much = found.group(1) if found else ""
    tally.check("listed = spent", f"{told.name}, spend list", much == paid(record.spent), (much, paid(record.spent)))
