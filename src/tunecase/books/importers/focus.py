"""A cloud's bill in FOCUS (FinOps Open Cost and Usage Specification), 1.0 to 1.4, as CSV or Parquet.

`ProviderName` was named `ServiceProviderName` in 1.3 and went in 1.4: the new one is read before the old. The amount is
BilledCost, what is to be paid; EffectiveCost spreads commitments over what used them. Own columns (x_) are passed over,
but for those of a table that `tunecase books --csv` wrote: line, run, cards and identity come back as they were.
Source: focus.finops.org, columns of the versions; the sample bill of FOCUS 1.0.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Any, Literal, get_args

from tunecase import catalog
from tunecase.books.charges import DIGITS, GPU_HOUR, HOUR
from tunecase.books.importers.cells import CellError, amount_of, open_tags, text_of
from tunecase.books.importers.charge import MOST_BOOKED, Brought, Identities, Mistakes, SpendAsked, digest_of
from tunecase.books.importers.files import BillFile, Copies, Line, bill_files
from tunecase.books.importers.focus_columns import AMOUNTS, BOUGHT, PROVIDER, Columns, bare, moment, tags_in
from tunecase.books.importers.lines import Machine, hours_of, line_of
from tunecase.errors import InputError, Problem, nearest
from tunecase.quantities import counted, one_line, paid
from tunecase.records import CATEGORIES, Spending

Charge = Literal["usage", "purchase", "credit", "adjustment", "tax"]

# What tells one line of a bill from another, whatever its amount.
SAME = (
    "BillingAccountId", "ResourceId", "SkuId", "SkuPriceId", "RegionId", "ServiceName", "ChargePeriodStart",
    "ChargePeriodEnd", "ChargeCategory", "ChargeClass", "ChargeDescription", "PricingCategory", "CommitmentDiscountId",
    "CommitmentDiscountStatus",
)  # fmt: skip
# So do these where both rows have them: a later version or another export may fill what was empty.
APART = ("SubAccountId", "CapacityReservationId", "CapacityReservationStatus")
ID = re.compile(r"[0-9a-f]{64}")
CODE = re.compile(r"[A-Z]{3}")


def focus_bill(place: str, asked: SpendAsked) -> Brought:
    """The charges of a FOCUS bill: a file, or a folder of its parts.

        amount = BilledCost, exact;   base = amount * the rate in force on the first day of the charge period
        GPU hours = consumed (else priced) quantity in hours * GPUs of the instance type

    Every row that is asked for becomes a charge, also those of nothing and below it. A row's identity is the SHA-256
    of its content (columns sorted, numbers and times in one form, so that CSV and Parquet agree) with its number among
    equal rows; a second identity, without amounts and what only some versions have, tells a bill that was stated anew.

    Args:
        place: the path.
        asked: filters, rates, which cost column.
    Returns: the charges, and in notes what a reader should know of them.
    Raises: InputError with the mistakes of all rows asked for, by row and column; and for two files of the same rows.
    Leaves out: rows beyond those asked for are not checked; a service's price lists and the invoice's total are not
    compared with the sum.
    """
    bill = _Bill(asked)
    for file in bill_files(place, asked.on_read):
        bill.read(file)
    if not bill.rows:
        raise InputError(Problem(place, "a header and no rows", "a row for each charge", "export the bill again"))
    bill.mistakes.refuse(place)
    beside = tuple(bill.passed.charges) if bill.passed else ()
    return Brought(tuple(bill.charges), bill.rows, bill.filtered, (), tuple(bill.notes()), beside)


@dataclass(frozen=True, slots=True)
class _Row:
    """One row with its cells as values."""

    columns: Columns
    line: Line
    began: datetime
    ended: datetime
    amount: Decimal
    charge: Charge
    currency: str
    fx_rate: Decimal
    tags: Mapping[str, str]

    def text(self, *names: str) -> str:
        """The first of some cells that is not missing, as text."""
        return self.columns.text(self.line, *names)


@dataclass
class _Bill:
    """A bill while it is read."""

    asked: SpendAsked
    charges: list[Spending] = field(default_factory=list)
    mistakes: Mistakes = field(default_factory=Mistakes)
    identities: Identities = field(default_factory=Identities)
    rows: int = 0
    filtered: int = 0
    nameless: int = 0
    committed: Decimal = Decimal(0)
    committed_rows: int = 0
    passed: "_Bill | None" = None
    copies: Copies = field(default_factory=Copies)

    def read(self, file: BillFile) -> None:
        """All rows of one file."""
        columns = Columns(file, self.asked)
        self.copies.begin(file.name)
        for line in file.lines:
            self.rows += 1
            if len(line.cells) != columns.width:
                got, wanted = f"{counted(len(line.cells), 'cell')}", f"{columns.width}, as the header has"
                self.mistakes.add(f"{line.file}:{line.number}", got, wanted, "export the bill again: it may be cut off")
                continue
            self.row(columns, line)
        self.copies.end(self.mistakes)

    def row(self, columns: Columns, line: Line) -> None:
        """One row: passed over, a mistake, or a charge."""
        before = self.mistakes.count
        began = self.read_cell(columns, line, "ChargePeriodStart", moment)
        tags = self.read_cell(columns, line, "Tags", tags_in)
        if began is not None and tags is not None and not self.wanted(columns, line, began, tags):
            self.filtered += 1
            self.pass_over(columns, line, began, tags)
            return
        if len(self.charges) >= MOST_BOOKED:
            got, fix = f"more than {MOST_BOOKED:,} rows that are asked for", "--tag, --service, --from and --to choose"
            raise InputError(Problem(line.file, got, "the charges of one project", f"say which ones: {fix}"))
        charge = self.charge(columns, line, began, tags, before)
        self.charges += [] if charge is None else [charge]

    def pass_over(self, columns: Columns, line: Line, began: datetime, tags: Mapping[str, str]) -> None:
        """Keeps a row that is not asked for where its line is booked; its mistakes do no harm, and stay apart."""
        lines = self.asked.booked(began.date())
        if lines:
            self.passed = self.passed or _Bill(self.asked)
            self.passed.copies.begin(line.file)
            charge = self.passed.charge(columns, line, began, tags, self.passed.mistakes.count)
            self.passed.charges += [charge] if charge is not None and charge.line_id in lines else []

    def charge(
        self, columns: Columns, line: Line, began: datetime | None, tags: Mapping[str, str] | None, before: int
    ) -> Spending | None:
        """The charge of a row; None where it has mistakes, or where there are more than `before`."""
        ended = self.read_cell(columns, line, "ChargePeriodEnd", moment)
        amount = self.read_cell(columns, line, AMOUNTS[self.asked.cost], amount_of)
        charge = self.read_cell(columns, line, "ChargeCategory", _charge)
        code = self.read_cell(columns, line, "BillingCurrency", _code)
        if began is not None and ended is not None:
            self.check_period(line, began, ended)
        rate = None
        if began is not None and code is not None:
            rate = self.mistakes.rate(_where(line, "BillingCurrency"), self.asked, code, began.date())
        if self.mistakes.count > before or began is None or tags is None or rate is None:
            return None
        return self.spending(_Row(columns, line, began, ended, amount, charge, code, rate, tags))

    def read_cell(self, columns: Columns, line: Line, name: str, read: Any) -> Any:
        """A cell as a value; None, and one more mistake, where it cannot be read."""
        return self.mistakes.read(_where(line, name), columns.cell(line, name), read)

    def wanted(self, columns: Columns, line: Line, began: datetime, tags: Mapping[str, str]) -> bool:
        """Whether a row is asked for by day, tags and service."""
        asked = self.asked
        if not asked.in_days(began.date()) or any(tags.get(key) != value for key, value in asked.tags.items()):
            return False
        service = columns.text(line, "ServiceName").casefold()
        return not asked.services or any(name.casefold() == service for name in asked.services)

    def check_period(self, line: Line, began: datetime, ended: datetime) -> None:
        """A charge lies in the past, and its period has a length."""
        # Moments are UTC: west of it they may be of tomorrow.
        if began.date() > self.asked.today + timedelta(days=1):
            fix = "import the bill when the charge is made, or choose days with --to"
            self.mistakes.add(
                _where(line, "ChargePeriodStart"), f"{began:%Y-%m-%d}", f"a day not after {self.asked.today}", fix
            )
        if ended < began:
            got, wanted = f"{ended:%Y-%m-%d %H:%M}", f"a moment not before its start, {began:%Y-%m-%d %H:%M}"
            self.mistakes.add(_where(line, "ChargePeriodEnd"), got, wanted, "export the bill again")

    def spending(self, row: _Row) -> Spending:
        """The charge of a row."""
        provider, service, content = row.text(*PROVIDER), row.text("ServiceName"), row.columns.content(row.line)
        category, machine = self.category(row)
        quantity, unit = self.quantity(row.columns, row.line, machine)
        self.nameless += category == "gpu" and row.charge == "usage" and unit != GPU_HOUR
        self.note_commitment(row, category)
        with localcontext(prec=DIGITS):
            base = row.amount * row.fx_rate
        same = {name: content.get(bare(name), "") for name in SAME} | {"provider": _known(provider)}
        return Spending(
            min(row.began.date(), self.asked.today), category, row.amount, row.currency, base,
            description=_short(row.text("ChargeDescription", "ServiceName")), quantity=quantity,
            unit=unit, source="focus", began_at=row.began, ended_at=row.ended, charge=row.charge, fx_rate=row.fx_rate,
            unit_price=_unit_price(row.text("ListUnitPrice"), machine, unit), provider=provider, service=service,
            region=row.text("RegionId"), sku=row.text("SkuId"), resource=row.text("ResourceId"), gpu=machine.gpu,
            gpu_count=machine.gpu_count,
            run=next(filter(None, map(row.tags.get, self.asked.run_tags)), None) or row.text("x_run"),
            tags=open_tags(row.tags), basis="estimated" if row.text("x_basis") == "estimated" else "billed",
            source_file=row.line.file, row=row.line.number, line_id=digest_of(same),
            row_id=self.identity(row.columns, row.line, content), instance=machine.instance,
            apart={name: text for name in APART if (text := content.get(bare(name), ""))},
        )  # fmt: skip

    def category(self, row: _Row) -> tuple[str, Machine]:
        """The line of the plan that a row belongs to, and its machine, empty for lines other than gpu."""
        words = " ".join(filter(None, map(row.text, BOUGHT)))
        category, machine = line_of(row.text(*PROVIDER), row.text("ServiceCategory"), row.text("ServiceName"), words)
        own = row.text("x_category")
        category = self.asked.category or (own if own in CATEGORIES else category)
        return category, (_own_machine(row) or machine) if category == "gpu" else Machine()

    def identity(self, columns: Columns, line: Line, content: Mapping[str, str]) -> str:
        """The row's identity; one that the books wrote has it already, and once."""
        own = _own_id(columns, line)
        row_id = own or self.identities.of(content)
        if not self.copies.row(own or self.identities.latest) and own:
            fix = "delete one of the two, or write the table anew with `tunecase books --csv`"
            self.mistakes.add(_where(line, "x_row_id"), f"the identity {own[:12]} twice", "each charge once", fix)
        return row_id

    def quantity(self, columns: Columns, line: Line, machine: Machine) -> tuple[Decimal | None, str]:
        """What was bought: GPU hours of a known machine, hours, or the bill's own unit."""
        for kind in ("Consumed", "Pricing"):
            text, unit = columns.text(line, f"{kind}Quantity"), columns.text(line, f"{kind}Unit")
            if not text:
                continue
            much = self.mistakes.read(_where(line, f"{kind}Quantity"), text, amount_of)
            if much is None:
                return None, ""
            hours = hours_of(much, unit)
            if hours is not None and unit.casefold().startswith("gpu"):
                return hours, GPU_HOUR
            if hours is not None:
                return (hours * machine.gpu_count, GPU_HOUR) if machine.gpu_count else (hours, HOUR)
            if not machine.gpu_count:
                return much, unit
        return None, ""

    def note_commitment(self, row: _Row, category: str) -> None:
        """Counts GPU rows that a commitment pays: billed at nothing, while their share of it is not."""
        if row.amount or category != "gpu" or self.asked.cost != "billed":
            return
        try:
            share = amount_of(row.text(AMOUNTS["effective"]))
        except CellError:
            return
        self.committed += share
        self.committed_rows += share > 0

    def notes(self) -> list[str]:
        """What a reader should know."""
        notes = self.copies.notes()
        if self.committed_rows:
            notes.append(
                f"{counted(self.committed_rows, 'GPU row')} billed at nothing, whose share of a commitment is "
                f"{paid(self.committed)} (--cost effective books that instead of the commitment's purchase)"
            )
        if self.nameless:
            notes.append(
                f"{counted(self.nameless, 'GPU charge')} whose machine is in no table: cards and hours are not known, "
                "and only a tag with the run's name links a run"
            )
        if self.asked.cost == "effective":
            notes.append("amounts are EffectiveCost: commitments spread over what used them, not what the invoice says")
        return notes


def _where(line: Line, column: str) -> str:
    return f"{line.file}:{line.number}, {column}"


@lru_cache(maxsize=100)
def _known(provider: str) -> str:
    """The provider by one name, however bills spell it."""
    listed = catalog.provider(provider)
    return listed.name if listed else provider


@lru_cache(maxsize=100)
def _charge(cell: Any) -> Charge:
    text = text_of(cell).casefold()
    kinds: Sequence[Charge] = get_args(Charge)
    for kind in kinds:
        if text == kind:
            return kind
    raise CellError("Usage, Purchase, Credit, Adjustment or Tax", nearest(text, kinds))


@lru_cache(maxsize=100)
def _code(cell: Any) -> str:
    text = text_of(cell).upper()
    if not CODE.fullmatch(text):
        raise CellError("a currency of three letters, such as USD", "export the bill again")
    return text


def _own_machine(row: _Row) -> Machine | None:
    """The cards of a row that the books wrote."""
    gpu, count = row.text("x_gpu"), row.text("x_gpu_count")
    is_card = gpu and count.isdecimal() and gpu in {card.name for card in catalog.gpus()}
    return Machine(gpu, int(count)) if is_card else None


def _own_id(columns: Columns, line: Line) -> str:
    """The identity of a row that the books wrote: that of the bill it came from, else its entry's."""
    names = (columns.text(line, name) for name in ("x_row_id", "x_entry_id"))
    return next((name for name in names if ID.fullmatch(name)), "")


def _unit_price(text: str, machine: Machine, unit: str) -> Decimal | None:
    """The list price of one unit, of one GPU's hour where the row is of a machine of several."""
    try:
        price = amount_of(text)
    except CellError:
        return None
    with localcontext(prec=DIGITS):
        return price / machine.gpu_count if unit == GPU_HOUR else price


@lru_cache(maxsize=10_000)
def _short(text: str) -> str:
    return one_line(text, 300)
