"""A time sheet as CSV: exports of Toggl, Clockify and Harvest, or anybody's table of day, hours and who worked.

The name of a person is kept as the charge's resource; groups and billing notes are not read, and of an e-mail address
in a cell that is read what stands before the @ alone is kept.
"""

import contextlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal, localcontext
from pathlib import Path

from tunecase.books.charges import DIGITS, HOUR
from tunecase.books.importers.cells import CellError, amount_of, no_mail, plain_number
from tunecase.books.importers.charge import Brought, HourPrice, Identities, Mistakes, SpendAsked, digest_of
from tunecase.errors import InputError, Problem, refuse_any
from tunecase.io import no_file, read_table
from tunecase.quantities import SYMBOLS, counted, one_line, separator_fix, too_late
from tunecase.records import CATEGORIES, Spending

# The first name that the header has is taken; names bare of case, blanks and what stands in brackets.
NAMES: Mapping[str, tuple[str, ...]] = {
    "day": ("date", "startdate", "day", "spentdate", "workdate"),
    "hours": ("hours", "durationh", "duration", "time", "timeh", "durationdecimal", "timedecimal", "loggedhours"),
    "person": ("user", "member", "person", "employee", "name"),
    "first": ("firstname",),
    "last": ("lastname",),
    "role": ("role", "roles", "position", "jobtitle"),
    "rate": ("costrate", "hourlyrate", "rate", "billablerate"),
    "currency": ("currency",),
    "project": ("project", "projectname"),
    "client": ("client", "clientname", "customer"),
    "activity": ("activity", "task", "taskname", "category"),
    "tags": ("tags", "tag"),
    "line": ("line", "category"),
    "amount": ("costamount", "cost", "amount", "total"),
    "note": ("description", "notes", "note", "comment"),
    "start": ("starttime", "start"),
}
# What tells rows of one person's day apart where both have it; words are edited, and columns are added.
APART = ("start", "project", "client")
TAGS = ("project", "client", "activity", "tags")
EXAMPLE = "date,hours,person,role,rate,activity,note"
CLOCK = re.compile(r"(\d{1,4}):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
IN_BRACKETS = re.compile(r"\(([^()]*)\)")
SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
CODE = re.compile(r"\b([A-Z]{3})\b")
MOST_HOURS = 744  # of one row: a month
# Work whose own line the plan has; everything else is labour.
EVALUATION = re.compile(r"\beval|error analysis|\btest(ing|s)?\b|benchmark|\bmetrics?\b", re.IGNORECASE)
DATA = re.compile(r"\blabel|\bannotat|data (collect|clean|prep)|guideline", re.IGNORECASE)
STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class _Work:
    """One row that was read: its line, its cells by what they mean, its day, hours, rate and currency."""

    line: int
    text: Mapping[str, str]
    day: date
    hours: Decimal
    price: HourPrice
    currency: str
    fx_rate: Decimal

    @property
    def person(self) -> str:
        """Who worked."""
        parts = (self.text.get("first"), self.text.get("last"))
        return self.text.get("person") or " ".join(part for part in parts if part)

    @property
    def category(self) -> str:
        """The line of the plan that the row names, else the one that its words speak of, else labour."""
        stated = self.text.get("line", "").strip().casefold()
        lines = (_line_of(self.text.get(what, "")) for what in ("activity", "tags", "note"))
        return stated if stated in CATEGORIES else next(filter(None, lines), "labour")

    @property
    def description(self) -> str:
        """Role and note."""
        parts = (self.text.get("role"), self.text.get("note") or self.text.get("activity"))
        return one_line(": ".join(part for part in parts if part), 300)

    @property
    def content(self) -> dict[str, str]:
        """What tells the row from others, its rate left out."""
        named = ("start", "role", "project", "client", "activity", "tags", "note")
        own = {"day": self.day.isoformat(), "person": self.person, "hours": plain_number(self.hours)}
        return {what: self.text.get(what, "") for what in named} | own


@dataclass
class _Sheet:
    """A time sheet while it is read."""

    asked: SpendAsked
    file: str
    columns: Mapping[str, str]
    month_first: bool | None
    mistakes: Mistakes = field(default_factory=Mistakes)
    identities: Identities = field(default_factory=Identities)
    charges: list[Spending] = field(default_factory=list)
    beside: list[Spending] = field(default_factory=list)
    filtered: int = 0
    empty: int = 0
    guessed: Counter[str] = field(default_factory=Counter)
    other_amounts: int = 0

    def row(self, line: int, cells: Mapping[str, str]) -> None:
        """One row: passed over, a mistake, or a charge."""
        before = self.mistakes.count
        text = {what: no_mail(cells[column].strip()) for what, column in self.columns.items()}
        day = self.mistakes.read(self.where(line, "day"), text["day"], lambda cell: _day(cell, self.month_first))
        if not self.is_asked_for(cells, day):
            self.filtered += 1
            if day is not None and self.asked.booked(day):
                self.pass_over(line, text, day)
            return
        hours = self.mistakes.read(self.where(line, "hours"), text["hours"], hours_in)
        if hours == 0:
            self.empty += 1
            return
        if day is not None and (wanted := too_late(day, self.asked.today)):
            self.mistakes.add(self.where(line, "day"), str(day), wanted, "book hours when they are worked")
        work = self.work(line, text, day, hours)
        if work is not None and self.mistakes.count == before:
            self.charges.append(self.charge(work))

    def is_asked_for(self, cells: Mapping[str, str], day: date | None) -> bool:
        """Whether a row has what the tags ask of its columns, and its day is asked for; a day not read is."""
        by_column = {name.casefold(): cell.strip() for name, cell in cells.items()}
        has_tags = all(by_column.get(key.casefold()) == value for key, value in self.asked.tags.items())
        return has_tags and (day is None or self.asked.in_days(day))

    def pass_over(self, line: int, text: Mapping[str, str], day: date) -> None:
        """Keeps a row that is not asked for, so that it does not count as gone; its mistakes do no harm."""
        other = replace(self, mistakes=Mistakes(), guessed=Counter(), other_amounts=0)
        hours = other.mistakes.read(self.where(line, "hours"), text["hours"], hours_in)
        work = other.work(line, text, day, hours) if hours else None
        if work is not None:
            self.beside.append(other.charge(work))

    def work(self, line: int, text: Mapping[str, str], day: date | None, hours: Decimal | None) -> _Work | None:
        """A row with its rate; None, and perhaps one more mistake, where a part is not known."""
        price, code = self.price(line, text), self.currency(text)
        if day is None or hours is None or price is None:
            return None
        rate = self.mistakes.rate(self.where(line, "rate"), self.asked, code, day)
        return None if rate is None else _Work(line, text, day, hours, price, code, rate)

    def charge(self, work: _Work) -> Spending:
        """The charge of a row; another amount that it states itself is counted."""
        text, price, person = work.text, work.price, work.person
        self.guessed.update([price.words] if price.guessed else [])
        with localcontext(prec=DIGITS):
            amount = (work.hours * price.amount).quantize(STEP)
            base = amount * work.fx_rate
        self.other_amounts += _differs(text.get("amount", ""), amount)
        same = {"sheet": "timesheet", "day": work.day.isoformat(), "person": person}
        return Spending(
            work.day, self.asked.category or work.category, amount, work.currency, base,
            description=work.description, quantity=work.hours, unit=HOUR, source="timesheet",
            basis="estimated" if price.guessed else "billed", unit_price=price.amount, fx_rate=work.fx_rate,
            resource=one_line(person, 100), tags={what: text[what] for what in TAGS if text.get(what)},
            source_file=self.file, row=work.line, row_id=self.identities.of(work.content),
            line_id=digest_of(same), apart={what: text[what] for what in APART if text.get(what)},
        )  # fmt: skip

    def where(self, line: int, what: str) -> str:
        """A cell of the sheet, for a problem."""
        return f"{self.file}:{line}, {self.columns.get(what, what)}"

    def price(self, line: int, text: Mapping[str, str]) -> HourPrice | None:
        """The row's own rate, else the team's; None, and one more mistake, where neither is there."""
        cell, role = text.get("rate", ""), text.get("role", "")
        where = self.where(line, "rate")
        rate = self.mistakes.read(where, cell, _rate_in, "an hourly rate") if cell else Decimal(0)
        if rate is None:
            return None
        if rate < 0:
            got, fix = repr(one_line(cell, 60)), "write what an hour costs; a refund is a charge of its own"
            self.mistakes.add(where, got, "an hourly rate above zero", fix)
            return None
        price = HourPrice(rate, "the row", guessed=False) if rate else self.asked.person_hour(role)
        if price is None:
            got = f"no rate for {role!r}" if role else "no rate, and no role that has one in the project file"
            fix = "add a column rate, or the role with its rate under team in the project file"
            self.mistakes.add(where, got, "an hourly rate", fix)
        return price

    def currency(self, text: Mapping[str, str]) -> str:
        """The currency of the row's rate: its own column, the rate's cell or header; else the project's."""
        if not text.get("rate"):
            return self.asked.currency
        for words in (text.get("currency", ""), text["rate"], " ".join(IN_BRACKETS.findall(self.columns["rate"]))):
            code = CODE.search(words)
            symbols = [SYMBOLS[sign] for sign in SYMBOLS if sign in words]
            if code or symbols:
                return code[1] if code else symbols[0]
        return self.asked.currency


def timesheet(place: str, asked: SpendAsked) -> Brought:
    """The hours of a time sheet as charges of labour, evaluation or data.

        amount = hours * rate,   hours of 1:30:00 being 5,400 / 3,600, cut at a millionth

    The rate is the row's own (a cost rate before a billable one), else that of the role in the project's team; a rate
    given as a range counts by its median, and the charge is then an estimate. The line is the one that a column line or
    category names, else it follows the row's activity, tags or note: evaluation and error analysis, labelling (data),
    else labour. Rows of one person's day are one line: the same work with another rate, note or role is known, or
    corrects what is booked (see `booked.compare`).

    Args:
        place: the path of a CSV file.
        asked: filters (a tag is a column: project=Tickets), category, rates.
    Returns: the charges; rows without hours are left out and counted.
    Raises: InputError with every mistake: a number or day that may be read in two ways, a day to come, no rate.
    Leaves out: what the tool itself billed: amounts are worked out from hours and rate alone, and rows that state
    another one are told.
    """
    path = Path(place)
    refuse_any(no_file(path, f"a time sheet as CSV: {EXAMPLE}", "correct the path"))
    header, rows = read_table(path)
    columns = _columns(header, path.name)
    if not rows:
        raise InputError(
            Problem(path.name, "a header and no rows", "a row for each piece of work", f"such as {EXAMPLE}")
        )
    sheet = _Sheet(asked, path.name, columns, _month_first(path.name, columns["day"], rows))
    for line, cells in rows:
        sheet.row(line, cells)
    sheet.mistakes.refuse(path.name)
    left = (f"{counted(sheet.empty, 'row')}: no hours",) if sheet.empty else ()
    notes = [f"{counted(count, 'row')} at the rate of {words}" for words, count in sheet.guessed.items()]
    if sheet.other_amounts:
        many = counted(sheet.other_amounts, "row")
        notes.append(f"{many} with another amount under {columns['amount']} than hours x rate, which is booked")
    return Brought(tuple(sheet.charges), len(rows), sheet.filtered, left, tuple(notes), tuple(sheet.beside))


def _bare(name: str) -> str:
    plain = IN_BRACKETS.sub(lambda match: match[1] if match[1] in ("h", "decimal") else "", name.casefold())
    return re.sub(r"[^a-z0-9]", "", plain)


def _columns(header: Sequence[str], file: str) -> dict[str, str]:
    """The columns by what they mean. Raises InputError where day or hours are missing."""
    by_name = {_bare(name): name for name in reversed(header)}
    written = {what: [by_name[name] for name in names if name in by_name] for what, names in NAMES.items()}
    columns_of = {what: columns[0] for what, columns in written.items() if columns}
    if lacking := {"day", "hours"} - set(columns_of):
        got = f"the columns {one_line(', '.join(header), 120)}" if header else "an empty file"
        fix = f"write a first line such as {EXAMPLE}"
        raise InputError([Problem(f"{file}:1", got, f"a column of the {what}", fix) for what in sorted(lacking)])
    return columns_of


def _month_first(file: str, column: str, rows: Sequence[tuple[int, Mapping[str, str]]]) -> bool | None:
    """Whether 3/4/2026 is the fourth of March, by a row of the file that can be read in one way; None without such.

    Raises: InputError where rows speak for both.
    """
    orders: dict[bool, int] = {}
    for line, cells in rows:
        match = SLASHED.fullmatch(cells[column].strip())
        if match and (int(match[1]) > 12) != (int(match[2]) > 12):
            orders.setdefault(int(match[2]) > 12, line)
    if len(orders) == 2:
        got = f"the day first at line {orders[False]}, the month first at line {orders[True]}"
        raise InputError(Problem(f"{file}, {column}", got, "one order", "write days year first, 2026-11-02"))
    return next(iter(orders), None)


def _differs(cell: str, amount: Decimal) -> bool:
    """Whether a row's own amount is another one by more than a cent; what is no plain amount is not compared."""
    with contextlib.suppress(CellError):
        return bool(cell.strip()) and abs(amount_of(cell.strip()) - amount) > Decimal("0.01")
    return False


def _line_of(words: str) -> str:
    """The line that words speak of; labelling a test set is data, and nothing is said by most words."""
    return "data" if DATA.search(words) else "evaluation" if EVALUATION.search(words) else ""


def hours_in(cell: str) -> Decimal:
    """Hours from `1.5`, `1:30` or `01:30:00`; nothing is no hours.

    Raises: CellError for `1,5`, which is one and a half or fifteen, and for what is no time of a month at most.

    Example:
        >>> hours_in("1:30:00"), hours_in("0.25"), hours_in("")
        (Decimal('1.5'), Decimal('0.25'), Decimal('0'))
    """
    if not cell:
        return Decimal(0)
    clock = CLOCK.fullmatch(cell)
    if clock:
        seconds = int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3] or 0)
        hours = Decimal(plain_number((Decimal(seconds) / 3600).quantize(STEP)))
    else:
        try:
            hours = amount_of(cell)
        except CellError:
            fix = separator_fix(cell) or "write for example 1.5 or 1:30"
            raise CellError("hours with a point, or h:mm:ss", fix) from None
    if not 0 <= hours <= MOST_HOURS:
        raise CellError(f"hours of one row, 0 to {MOST_HOURS}", "write what was worked, one row for each day")
    return hours


def _day(cell: str, month_first: bool | None) -> date:
    """A day, year first, with points day first, with slashes as the file's other rows say."""
    slashed, dotted = SLASHED.fullmatch(cell), DOTTED.fullmatch(cell)
    try:
        if slashed and month_first is not None:
            a, b, year = (int(part) for part in slashed.groups())
            return date(year, *((a, b) if month_first else (b, a)))
        if dotted:
            return date(int(dotted[3]), int(dotted[2]), int(dotted[1]))
        if not slashed:
            return datetime.fromisoformat(cell).date()
    except ValueError:
        raise CellError("a day that exists, year first", "write for example 2026-11-02") from None
    raise CellError("a day that is read in one way", "write it year first, for example 2026-11-02")


def _rate_in(cell: str) -> Decimal:
    """An hourly rate, its currency's sign or code left out."""
    bare = re.sub(r"\b[A-Z]{3}\b", "", cell).strip()
    for sign in SYMBOLS:
        bare = bare.removeprefix(sign).removesuffix(sign).strip()
    return amount_of(bare)
