"""What was paid: single charges, and all of them together: which count, and which runs they paid for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from tunecase.quantities import cents, counted, paid_column
from tunecase.records.checked import Checked
from tunecase.records.tabular import Tabular

# Amounts and hours have at most so many digits before the point, and behind it; sums of larger ones never end.
MOST_DIGITS, MOST_DECIMALS = 18, 60
MOST_UNREAD = 10  # charges set aside that are listed one by one
# The lines that a charge is booked under, in their order; every other list of them follows this one.
CATEGORIES = ("gpu", "labour", "data", "evaluation", "inference", "storage", "egress", "upkeep", "other")
# What a rule can name of a charge; a tag stands behind `tag.`.
RULE_FIELDS = ("service", "provider", "description", "sku", "resource", "run", "source")
TAG = "tag."


def within_bounds(amount: Decimal) -> Decimal:
    """An amount of so many digits that it can be summed. Raises ValueError for a larger or longer one."""
    exponent = amount.as_tuple().exponent
    if (
        not isinstance(exponent, int)
        or amount.adjusted() >= MOST_DIGITS
        or not -MOST_DECIMALS <= exponent < MOST_DIGITS
    ):
        raise ValueError(f"a number of at most {MOST_DIGITS} digits before the point and {MOST_DECIMALS} behind it")
    return amount


Amount = Annotated[Decimal, Checked(within_bounds)]


@dataclass(frozen=True, slots=True)
class Spending(Tabular):
    """Money that was paid: one charge, as the user, a bill, a tracker or a time sheet states it.

    `amount` is in `currency`, `amount_base` in the project's; credits are negative. `on` is the first day of the charge
    period; `began_at` and `ended_at` are its moments, where known (UTC). `basis` says whether the amount was billed or
    is estimated: hours of a run x a price of the book, until a bill of the same run replaces it. `run` names the
    training run. `source` is where the charge came from (manual, focus, mlflow, runs, timesheet, callback),
    `source_file` and `row` are the place in it. `row_id` is the SHA-256 of the source's row: a second import of it adds
    nothing. `line_id` names the line whatever its amount, so that a restated bill is recognised; `apart` holds what
    distinguishes rows of one line. `instance` is the type of the machine.
    """

    on: date
    category: str
    amount: Amount
    currency: str
    amount_base: Amount
    description: str = ""
    quantity: Amount | None = None
    unit: str = ""
    source: str = "manual"
    supersedes: str = ""
    began_at: datetime | None = None
    ended_at: datetime | None = None
    charge: Literal["usage", "purchase", "credit", "adjustment", "tax"] = "usage"
    basis: Literal["billed", "estimated"] = "billed"
    unit_price: Amount | None = None
    fx_rate: Amount = Decimal(1)
    provider: str = ""
    service: str = ""
    region: str = ""
    sku: str = ""
    resource: str = ""
    gpu: str = ""
    gpu_count: int = 0
    run: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    source_file: str = ""
    row: int | None = None
    row_id: str = ""
    line_id: str = ""
    instance: str = ""
    apart: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunCharge:
    """One training run's money: what was estimated for it and what the bill says, both in the base currency.

    `estimated` is hours x a price of the book, None where only a bill names the run; `billed` is None where no bill
    covers it. `difference` is billed less the covered part of the estimate. `run_hours` are GPU hours by the run's own
    clock, `billed_hours` those of the bill's rows assigned to it.
    """

    run: str
    gpu: str
    estimated: Amount | None
    billed: Amount | None
    difference: Amount | None
    run_hours: Amount | None
    billed_hours: Amount

    @property
    def difference_shown(self) -> Decimal | None:
        """The difference in whole cents; where all of the estimate is covered, that of the two as they are printed.

        Example:
            >>> run = RunCharge("r1", "L40S", Decimal("41.172"), Decimal("43.5"), Decimal("2.328"), None, Decimal("30"))
            >>> run.difference_shown
            Decimal('2.33')
        """
        if self.difference is None or self.estimated is None or self.billed is None:
            return None
        if self.difference == self.billed - self.estimated:
            return cents(self.billed) - cents(self.estimated)
        return cents(self.difference)


@dataclass(frozen=True, slots=True)
class Held:
    """The charges that count, after corrections, and after bills have taken the place of estimates.

    `charges` are (entry id, charge); of an estimate that a bill covers in part only the rest is there. `superseded`
    counts charges that another one corrects, `covered` estimates that no longer count. `idle_hours` are billed GPU
    hours without a run, of cards that some run used, and `idle_amount` is their price on the bill; None where no run of
    the billed GPUs is known. `untracked_hours` are those of the other cards: nobody knows whether a run used them.
    `unpriced` counts rows of usage that are billed at nothing: free, or paid by a commitment.
    """

    charges: tuple[tuple[str, Spending], ...]
    superseded: int
    covered: int
    runs: tuple[RunCharge, ...]
    billed_gpu_hours: Amount
    run_hours: Amount
    idle_hours: Amount | None
    idle_amount: Amount | None
    unpriced: int
    untracked_hours: Amount = Decimal(0)


@dataclass(frozen=True, slots=True)
class PriceCheck:
    """One GPU's billed hours beside the price book: hours, what one cost, and the book's prices of that card."""

    gpu: str
    provider: str
    instance: str
    region: str
    gpu_hours: Amount
    amount: Amount
    per_gpu_hour: Amount
    currency: str
    book_low: float | None
    book_high: float | None
    book_dates: tuple[str, ...] = ()
    words: str = ""


def is_rule_field(name: str) -> bool:
    """Whether a rule can name this of a charge: one of RULE_FIELDS, or a tag.

    Example:
        >>> is_rule_field("service"), is_rule_field("tag.team"), is_rule_field("foo"), is_rule_field("tag.")
        (True, True, False, False)
    """
    return name in RULE_FIELDS or (name.startswith(TAG) and name != TAG)


def _match_of_rule(match: str) -> str:
    field, _, value = match.partition("=")
    if not is_rule_field(field) or not value.strip():
        raise ValueError("a field of a charge and its value, such as service=Amazon S3")
    return match


def _line_of_rule(line: str) -> str:
    if line and line not in CATEGORIES:
        raise ValueError(f"nothing, or one of {', '.join(CATEGORIES)}")
    return line


@dataclass(frozen=True, slots=True)
class LineRule(Tabular):
    """Charges in `other` that `match`, such as service=Amazon S3, count on `line`; without one, they do no longer."""

    match: Annotated[str, Checked(_match_of_rule)]
    line: Annotated[str, Checked(_line_of_rule)]
    on: date


@dataclass(frozen=True, slots=True)
class Unplaced:
    """Charges that lie in `other` and that one rule would move: its match, their number, and their sum."""

    match: str
    charges: int
    amount: Amount


@dataclass(frozen=True, slots=True)
class Mapped(Tabular):
    """The rules in force, what each moves, and what still lies in `other`; amounts in `currency`.

    `made` is the rule that was just made or undone, None where the rules were only listed.
    """

    currency: str
    made: LineRule | None
    rules: tuple[LineRule, ...]
    moved: tuple[Unplaced, ...]
    unplaced: tuple[Unplaced, ...]


@dataclass(frozen=True, slots=True)
class Imported(Tabular):
    """What an import of charges read, booked and left out; amounts in `currency`, the project's.

    `rows` were read; `booked` are new in the ledger (or would be, with `dry_run`), `known` were booked before,
    `restated` correct earlier ones, `filtered` did not match the request. `by_category` and `by_kind` (usage, purchase,
    credit, adjustment, tax) sum the new charges; `zero` and `negative` count rows of such amounts. `left_out` says
    which runs or rows became no charge, and why; `unplaced` is what of the new charges landed in `other`.
    """

    kind: str
    place: str
    rows: int
    booked: int
    known: int
    currency: str
    amount: Amount
    dry_run: bool = False
    restated: int = 0
    filtered: int = 0
    zero: int = 0
    negative: int = 0
    by_category: Mapping[str, Amount] = field(default_factory=dict)
    by_kind: Mapping[str, Amount] = field(default_factory=dict)
    hours: Mapping[str, Amount] = field(default_factory=dict)
    first: date | None = None
    last: date | None = None
    checks: tuple[PriceCheck, ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()


def _no_less_than_nothing(count: int | None) -> int | None:
    if count is not None and count < 0:
        raise ValueError("a count of zero or more")
    return count


Counted = Annotated[int, Checked(_no_less_than_nothing)]


@dataclass(frozen=True, slots=True)
class ServedPeriod(Tabular):
    """What a meter counted from the first to the last day, both included; None for what it did not count.

    `gpu_hours` are the hours for which cards were rented or held, those of every replica added up; `busy_hours` are
    those of them in which the card worked. The money is a charge of its own. `supersedes` is the id of the entry of the
    same days that this one corrects.
    """

    first: date
    last: date
    answers: Counted
    tokens_in: Counted | None = None
    tokens_out: Counted | None = None
    gpu_hours: Amount | None = None
    busy_hours: Amount | None = None
    source_file: str = ""
    row: int | None = None
    supersedes: str = ""


@dataclass(frozen=True, slots=True)
class Metered(Tabular):
    """What was booked of a meter: new periods, and the charges that were stated with them; amounts in `currency`.

    `known` periods were booked before, `restated` of the new ones correct earlier ones. With `dry_run` nothing is kept.
    """

    currency: str
    periods: tuple[ServedPeriod, ...]
    charges: tuple[Spending, ...] = ()
    known: int = 0
    restated: int = 0
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Charge:
    """One charge of the ledger; `out` says why it counts in no sum, and is empty where it counts.

    Of an estimate that a bill covers in part, `charge` holds the rest, which counts, and `booked` the whole amount.
    `mapped` is the match of the rule that put it on its line, empty where it was booked there. `face` is the code of
    the face that it came through, `seen` how the person behind an agent was seen; empty where the entry does not say.
    """

    id: str
    charge: Spending
    out: str = ""
    booked: Amount | None = None
    mapped: str = ""
    face: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True)
class UnreadCharge:
    """A charge that was set aside; `amount` is the money that its line states, empty where that cannot be read."""

    id: str
    amount: str


def unread_words(charges: Sequence[UnreadCharge]) -> str:
    """That charges are set aside, with their amounts, the first ten of many.

    Example:
        >>> unread_words([UnreadCharge("5f0c2d", "12.50 USD"), UnreadCharge("77ab01", "")])
        '2 charges are set aside and count in no sum: 12.50 USD (5f0c2d), an amount that cannot be read (77ab01).'
    """
    listed = [f"{one.amount or 'an amount that cannot be read'} ({one.id[:12]})" for one in charges[:MOST_UNREAD]]
    more = f" and {len(charges) - MOST_UNREAD:,} more" if len(charges) > MOST_UNREAD else ""
    count = "count" if len(charges) > 1 else "counts"
    number = counted(len(charges), "charge is", "charges are")
    return f"{number} set aside and {count} in no sum: {', '.join(listed)}{more}."


@dataclass(frozen=True, slots=True)
class Charges(Tabular):
    """The charges of a ledger that were asked for, in the order of their days; `total` is of those that count.

    `set_aside` are charges that cannot be read and that nobody counts, whatever was asked for.
    """

    currency: str
    charges: tuple[Charge, ...]
    total: Amount
    others: int = 0
    set_aside: tuple[UnreadCharge, ...] = ()

    @property
    def column(self) -> tuple[str, ...]:
        """The amounts of the charges that count and, last, their total, as they are printed: the column adds up.

        Example:
            >>> charges.column
            ('120.00', '120.00')
        """
        return tuple(paid_column([row.charge.amount_base for row in self.charges if not row.out]))
