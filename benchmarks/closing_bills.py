"""Whether a bill closes as it is printed: lines, months, hours, parts and the headline, on every face."""

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from closing_faces import (
    AMOUNT,
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

from tunecase.accounts import headline
from tunecase.records import Estimate, Plan, from_json

HEADS = {
    "lines": "Line, USD / Expected", "months": "Month / Expected", "hours": "Activity / Expected hours",
    "plan": "Figure / ",
}  # fmt: skip
PLAN = ("The plan: ", "Not advised; all the same: ")
OUTSIDE = ("not in the total", "not counted")
RELEASE = re.compile(rf"expected about ({AMOUNT}) h x ({AMOUNT})(?: \+ ({AMOUNT}))? = ({AMOUNT}) [A-Z]{{3}}")
WORTH = re.compile(rf"({AMOUNT}) gain(?: - ({AMOUNT}) upkeep)? - ({AMOUNT}) cost = ({AMOUNT}) [A-Z]{{3}}")
AUTHORISE = re.compile(
    rf"base ({AMOUNT}) \(expected, no overrun\) \+ contingency ({AMOUNT}) \(to the P80\) \+ reserve ({AMOUNT}) \("
)
ASIDE = re.compile(
    r"base estimate \W*([\d,]+) .*?[+] contingency \W*([\d,]+) .*?[+] reserve \W*([\d,]+) .*?= set aside \W*([\d,]+)"
)
CHANCE = re.compile(r"truly reached ([<>]?\d+)%, shown by luck ([<>]?\d+)%")
PART = re.compile(rf"(?:: |, )([\w -]+?) ((?:under )?{AMOUNT}) \(")
CLOSE = 1e-9  # of a sum of floats


@dataclass(frozen=True)
class Bill:
    """A bill as every face tells it: tables of lines, months, hours and the plan, one line of text, and the record."""

    name: str
    record: Estimate
    reported: Estimate
    tables: dict[str, dict[str, Table]]
    texts: dict[str, str]

    @property
    def plan(self) -> Plan:
        """The plan of the bill."""
        assert self.record.plan is not None
        return self.record.plan


def printed(name: str, folder: Path, run: Run) -> Bill:
    """The bill of a case in a folder of its own, from the command line."""
    terminal = run("estimate", "--full", cwd=folder)
    if not any(line.startswith(PLAN) for line in terminal.splitlines()):  # a plan that is decided is told there
        terminal += run("decide", "--full", cwd=folder)
    record = from_json(Estimate, json.loads(run("estimate", "--json", cwd=folder)))
    run("report", cwd=folder)
    markdown, page, text = ((folder / f"report.{end}").read_text("utf-8") for end in ("md", "html", "json"))
    title = next((line for line in terminal.splitlines() if line.startswith(PLAN)), "")
    titles = {"lines": "The bill, over all rounds", "months": "Calendar", "hours": "People's hours", "plan": title}
    told = terminal_tables(terminal, list(titles.values()))
    tables = {"terminal": {what: told.get(title, []) for what, title in titles.items()}}
    for face, found in (("markdown", markdown_tables(markdown)), ("html", page_tables(page))):
        tables[face] = {what: found.get(head, []) for what, head in HEADS.items()}
    for one in tables.values():
        one["months"] = [[re.sub(r"^[^\w\s+-] ", "", cell) for cell in row] for row in one["months"]]
    texts = {"terminal": flat(terminal), "markdown": text_of_markdown(markdown), "html": text_of_page(page)}
    reported = from_json(Estimate, json.loads(text)["records"]["estimate"])
    return Bill(name, record, reported, tables, texts)


def check_bill(bill: Bill, tally: Tally) -> None:
    """All that is printed of a bill, face by face, and the faces against one another."""
    for face in bill.tables:
        where = f"{bill.name}, {face}"
        _lines(bill, face, where, tally)
        _months(bill, face, where, tally)
        _hours(bill, face, where, tally)
        _parts(bill, face, where, tally)
        _headline(bill, face, where, tally)
    _alike(bill, tally)
    _record(bill, tally)


def _lines(bill: Bill, face: str, where: str, tally: Tally) -> None:
    """The expected column to its total, the shares to 100%; rounding in the units of the column."""
    rows = bill.tables[face]["lines"]
    end = next((at for at, row in enumerate(rows) if row[0].casefold() == "total"), len(rows))
    lines = [row for row in rows[:end] if not any(words in cell for cell in (row[0], row[-1]) for words in OUTSIDE)]
    whole = number(rows[end][1]) if end < len(rows) else None
    tally.adds_up("lines = total", where, numbers([row[1] for row in lines]), whole)
    shares = [row[-1] for row in lines if row[-1].endswith("%")]
    tally.adds_up("shares = 100%", where, numbers(shares), Decimal(100))
    if whole:
        unit = max(Decimal(10) ** (whole.adjusted() - 2), Decimal(1))
        left = [number(row[1]) for row in lines if row[0].casefold() == "rounding"]
        amounts = numbers([row[1] for row in lines])
        fits = whole < 100 or all(amount % unit == 0 for amount in amounts)
        tally.check("lines in one unit", where, fits, [row[:2] for row in lines])
        tally.check("rounding under a fifth", where, all(abs(one or 0) * 5 < whole for one in left), left)


def _months(bill: Bill, face: str, where: str, tally: Tally) -> None:
    """Months to the total, "so far" as their running sum, and what is left of the budget as what that leaves."""
    rows, so_far = bill.tables[face]["months"], Decimal(0)
    total = next((number(row[1]) for row in bill.tables[face]["lines"] if row[0].casefold() == "total"), None)
    tally.adds_up("months = total", where, numbers([row[1] for row in rows]), total)
    budget = None
    for row in rows:
        so_far += number(row[1]) or 0
        tally.check("so far cumulates", where, number(row[2]) == so_far, row)
        left = number(row[3].removesuffix(" over"))
        if left is None:
            continue
        left = -left if row[3].endswith("over") else left
        budget = left + so_far if budget is None else budget
        tally.check("left of the budget subtracts", where, budget == left + so_far, row)
    if budget is not None and bill.plan.budget_left is not None:
        step = bill.plan.total.expected.step
        near = abs(float(budget) - bill.plan.budget_left) <= step
        tally.check("left of the budget is the budget's", where, near, (budget, bill.plan.budget_left))


def _hours(bill: Bill, face: str, where: str, tally: Tally) -> None:
    """Hours and shares of the activities to those of all, and the part of training to its two activities."""
    rows = bill.tables[face]["hours"]
    if not rows:
        tally.check("hours = all", where, not bill.record.effort, "no table")
        return
    *parts, whole = rows
    tally.adds_up("hours = all", where, numbers([row[1] for row in parts]), number(whole[1]))
    tally.adds_up("shares of hours = 100%", where, numbers([row[2] for row in parts]), number(whole[2]))
    told = re.search(r"set-up and runs watched\) is ([\d<]+%) of people's hours", bill.texts[face])
    if told:
        names = ("training set-up", "runs watched")
        tally.adds_up(
            "training's part", where, numbers([row[2] for row in parts if row[0] in names]), number(told.group(1))
        )


def _parts(bill: Bill, face: str, where: str, tally: Tally) -> None:
    """The parts of a line to the line."""
    for line in bill.record.lines:
        if not line.parts:
            continue
        found = re.search(rf"{re.escape(line.basis)}(: .*?\))(?= [a-z]+ |$| \|)", bill.texts[face])
        names = {part.name for part in line.parts}
        amounts = [much for name, much in PART.findall(found.group(1)) if name in names] if found else []
        row = next((row for row in bill.tables[face]["lines"] if row[0].casefold() == line.title), ["", ""])
        tally.check("every part is printed", where, len(amounts) == len(names), amounts)
        tally.adds_up("parts = line", f"{where}, {line.name}", numbers(amounts), number(row[1]))


def _headline(bill: Bill, face: str, where: str, tally: Tally) -> None:
    """What the headline multiplies, adds and subtracts, wherever it is printed."""
    text = " | ".join(row[2] for row in bill.tables[face]["plan"])
    aside = ASIDE.findall(bill.texts[face])
    tally.check("what to set aside is told", where, bool(aside), bill.texts[face][:200])
    for *parts, whole in aside:
        tally.adds_up("base + contingency + reserve = set aside", where, numbers(parts), number(whole))
    for hours, rate, rest, whole in RELEASE.findall(text):
        product = (number(hours) or 0) * (number(rate) or 0)
        tally.adds_up("hours x rate + rest", where, [Decimal(product), *numbers([rest])], number(whole))
    for gain, upkeep, cost, whole in WORTH.findall(text):
        less = [-one for one in numbers([upkeep, cost])]
        tally.adds_up("gain - upkeep - cost", where, [*numbers([gain]), *less], number(whole))
    asked = _values(bill, face).get("Authorise", "")
    for parts in AUTHORISE.findall(text):
        tally.adds_up("base + contingency + reserve", where, numbers(parts), number(asked))
    chance = next((value for name, value in _values(bill, face).items() if name.startswith("Chance to reach")), "")
    for parts in CHANCE.findall(text):
        if not any(part.startswith(("<", ">")) for part in parts):
            tally.adds_up("truly + by luck = chance", where, numbers(parts), number(chance))
    if then := _values(bill, face).get("Then"):
        shares = re.findall(r"(\d+)%", then)
        tally.adds_up("then = 100%", where, numbers(shares), Decimal(100))


def _values(bill: Bill, face: str) -> dict[str, str]:
    """The headline's values as a face prints them, by name; empty where the face has none."""
    return {row[0]: row[1] for row in bill.tables[face]["plan"]}


def _alike(bill: Bill, tally: Tally) -> None:
    """The same lines, months, hours and headline figures on every face."""
    for what, pick in (("lines", _line_cells), ("months", list), ("hours", _hour_cells)):
        first = _folded(pick(bill.tables["terminal"][what]))
        for face in ("markdown", "html"):
            other = _folded(pick(bill.tables[face][what]))
            apart = [pair for pair in zip(first, other, strict=False) if pair[0] != pair[1]]
            alike = bool(first) and len(first) == len(other) and not apart
            tally.check(f"{what} alike on every face", f"{bill.name}, {face}", alike, apart or (len(first), len(other)))
    for face, tables in bill.tables.items():
        told = {row[0]: (row[1], row[2]) for row in tables["plan"]}
        for figure in headline(bill.plan):
            where, pair = f"{bill.name}, {face}, {figure.name}", told.get(figure.name, ("", ""))
            tally.check("headline alike", where, pair[0] == figure.value, pair)
            if figure.beside:
                tally.check("headline alike", f"{where}, beside", pair[1] == figure.beside, (pair, figure.beside))


def _folded(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[cell.casefold().replace("–", "-") for cell in row] for row in rows]


def _line_cells(rows: Table) -> Iterator[list[str]]:
    """Name, expected, P10, P50, P80 and P90 of every line down to the total."""
    for row in rows:
        name = row[0].split(" (not in the total)")[0]
        if "unpriced" not in row and "? unpriced" not in row:
            yield [name, *row[1:6]]
        if name.casefold() == "total":
            return


def _hour_cells(rows: Table) -> list[list[str]]:
    """Activity, hours and share, and those of all."""
    return [[row[0].removesuffix(", without overruns"), *row[1:3]] for row in rows]


def _record(bill: Bill, tally: Tally) -> None:
    """The JSON: sums that are exact but for the last digits of a float, and the same plan in both records."""
    plan, where = bill.plan, f"{bill.name}, json"
    sums = {
        "lines": (sum(line.expected or 0.0 for line in bill.record.lines if line.included), plan.total.expected.value),
        "shares of hours": (sum(one.share for one in bill.record.effort), 1.0 if bill.record.effort else 0.0),
        "then": (sum(one.share.value for one in plan.then), 1.0 if plan.then else 0.0),
        "release": (plan.release.hours * plan.release.rate + plan.release.rest, plan.release.expected.value),
        **{
            f"parts of {line.name}": (sum(part.expected for part in line.parts), line.expected or 0.0)
            for line in bill.record.lines
            if line.parts
        },
    }
    if plan.worth is not None:
        worth, upkeep = plan.worth, 0.0 if plan.worth.upkeep is None else plan.worth.upkeep.value
        sums["worth"] = (worth.gain.value - upkeep - worth.cost.value, worth.expected.value)
    for what, (parts, whole) in sums.items():
        near = math.isclose(parts, whole, rel_tol=CLOSE, abs_tol=1e-6)
        tally.check("exact in JSON", f"{where}, {what}", near, (parts, whole))
    tally.check("JSON of the command = of the report", where, bill.record.plan == bill.reported.plan, "plans differ")
    # Printed totals are the record's, on its grid.
    rows = bill.tables["terminal"]["lines"]
    told = next((number(row[1]) for row in rows if row[0].casefold() == "total"), None)
    tally.check("printed = JSON", where, told is not None and float(told) == plan.total.expected.shown, told)
    for line in bill.record.lines:
        row = next((row for row in rows if row[0] == line.title), None)
        if row is not None and line.expected is not None and (text := number(row[1])) is not None:
            unit = max(10.0 ** (math.floor(math.log10(max(plan.total.expected.shown, 1.0))) - 2), 1.0)
            near = abs(float(text) - line.expected) <= max(unit, 0.051 * line.expected)
            tally.check("printed = JSON", f"{where}, {line.name}", near, (row[1], line.expected))


def training(bill: Bill) -> dict[str, Any]:
    """The part of the hours that training takes, and the reason that is printed where it is not the usual one."""
    record = bill.record
    return {"share": None if record.training_share is None else round(record.training_share, 3),
            "reason": record.training_note}  # fmt: skip
