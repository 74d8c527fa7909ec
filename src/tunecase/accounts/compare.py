"""What a comparison says: what a change costs or saves, the lines that moved most, and both bills side by side."""

from collections.abc import Iterator

from tunecase.accounts.lines import plain_line
from tunecase.accounts.material import Material, filled
from tunecase.blocks import Account, Block, Cell, Facts, Listing, Table, Tone, Words
from tunecase.quantities import (
    UNKNOWN,
    Sampled,
    band_words,
    counted,
    figures,
    firm_share,
    money,
    one_line,
    plain_figure,
    plain_money,
    plain_paid,
    plain_share,
    sentence,
    share,
)
from tunecase.records import Bill, Comparison, Difference

ABSENT = "left out"
MOST_LINES = 3  # that moved most
MOST_FIELDS = 3  # that are named under the answer
LEAST = 1.0  # of the currency: smaller moves are no news
MOST_NAME = 40  # characters


def compare(record: Comparison, material: Material) -> Account:
    """What a change costs or saves, in a sentence that can be read aloud, and the lines that moved most."""
    sentences = () if record.second is None else tuple(_sentences(record))
    reason = () if record.judged is None else (sentence(one_line(record.judged.reason)),)
    short = filled(None if record.second is None else _moved_most(record), Words((*reason, *sentences)))
    return Account("compare", _answer(record), _tone(record), short, _full(record))


def _tone(record: Comparison) -> Tone:
    return "plain" if record.judged is None else "good" if record.ok else "bad"


def _answer(record: Comparison) -> str:
    """The verdict on the limit where one was given, and what the second costs more or less than the first."""
    return " ".join(part for part in (_verdict(record), _difference(record)) if part)


def _verdict(record: Comparison) -> str:
    judged = record.judged
    if judged is None:
        return ""
    keeps = "keeps" if judged.kept else "does not keep"
    return f"{one_line(judged.name, MOST_NAME)} {keeps} the limit of {plain_paid(judged.limit)} {record.currency}."


def _difference(record: Comparison) -> str:
    """The middle case with its whole range; where it lies on both sides of nothing, both words are said."""
    total, second = record.total, record.second
    if second is None or total is None:
        return ""
    name = one_line(second.name, MOST_NAME) if record.judged is None else "It"
    if total.change is None:
        return (
            f"Whether {name if record.judged is None else 'it'} costs more or less is not known: {one_line(total.why)}."
        )
    low, middle, high = total.change.p10, total.change.p50, total.change.p90
    if low == high == 0:
        return f"{name} costs the same."
    if max(abs(low), abs(high)) < LEAST:
        return f"{name} costs the same within 1 {record.currency}, 8 times in 10."
    much = f"{_side(middle, record.currency)} in the middle case" if middle else "the same in the middle case"
    near, far = sorted((low, high), key=abs)
    reach = f"{plain_figure(abs(near))} to {_side(far, record.currency)}"
    if low < 0 < high:
        reach = f"{_side(low, record.currency)} to {_side(high, record.currency)}"
    return f"{name} costs {much} (8 in 10: {reach})."


def _side(amount: float, currency: str) -> str:
    return f"{plain_money(abs(amount), currency)} {'less' if amount < 0 else 'more'}"


def _moved_most(record: Comparison) -> Table:
    """The lines whose middle case moved most, those in neither total named so, and the total; empty where none did."""
    moved = sorted(
        (line for line in (*record.lines, *record.aside) if _moved(line) >= LEAST), key=lambda line: -_moved(line)
    )
    names = [f"{plain_line(line.name)}{', in no total' if line in record.aside else ''}" for line in moved[:MOST_LINES]]
    lines = moved[:MOST_LINES]
    if lines and record.total is not None:
        names, lines = [*names, "total"], [*lines, record.total]
    rows = tuple((Cell(name), *map(Cell, _middles(line))) for name, line in zip(names, lines, strict=True))
    head = (f"{record.currency}, middle case", "a", "b", "difference")
    return Table("The lines that moved most", head, rows, (1, 2, 3), (len(rows) - 1,))


def _moved(line: Difference) -> float:
    """By how much the middle case of a line moved, either way; 0 where that is not known."""
    return 0.0 if line.change is None else abs(line.change.p50)


def _middles(line: Difference) -> tuple[str, str, str]:
    first, second = (UNKNOWN if side is None else plain_figure(side.p50) for side in (line.first, line.second))
    if line.change is None:
        return first, second, UNKNOWN
    change = line.change.p50
    sign = "" if abs(change) < LEAST else "+" if change > 0 else "-"
    return first, second, f"{sign}{plain_figure(abs(change))}"


def _sentences(record: Comparison) -> Iterator[str]:
    """Which side is which, how often the second is cheaper, and what differs between the files."""
    assert record.second is not None
    a, b = (one_line(bill.name, MOST_NAME) for bill in (record.first, record.second))
    often = "" if record.total is None or record.total.cheaper is None else plain_share(record.total.cheaper)
    yield f"a is {a}, b is {b}."
    if often:
        yield f"b is cheaper in {often} of cases."
    names = [one_line(_name_of(change.field), MOST_NAME) for change in record.changed[:MOST_FIELDS]]
    more = len(record.changed) - len(names)
    told = f"Changed: {', '.join(names)}{f' and {more} more' if more else ''}."
    yield told if names else "The project files say the same."


def _name_of(field: str) -> str:
    """The last word of a dotted field; of an item of a list the list's name and its place: `models.0` is "models 1"."""
    before, _, last = field.rpartition(".")
    if last.isdecimal():
        last = f"{before.rpartition('.')[2]} {int(last) + 1}"
    return last.replace("_", " ")


def _full(record: Comparison) -> tuple[Block, ...]:
    """Every line with its range in both bills, the chances, each changed field, and what the bills rest on."""
    notes, grounds = Listing("To know", record.notes), _grounds(record)
    if record.second is None:
        return filled(notes, grounds)
    chances = Facts("Chances", tuple(_chances(record)))
    return filled(_lines(record), _whys(record), chances, _changed(record), notes, grounds)


def _lines(record: Comparison) -> Table:
    total = () if record.total is None else (record.total,)
    lines = (*record.lines, *total, *record.aside)
    rows = tuple((Cell(line.name.replace("_", " ")), *map(Cell, _cells(line))) for line in lines)
    head = (record.currency, "a, P50", "b, P50", "b - a: P10", "P50", "P90", "b cheaper")
    mean = None if record.total is None else record.total.mean
    note = "" if mean is None else f"The total differs by {_signed(mean)} {record.currency} on average."
    return Table("Line by line, b less a", head, rows, (1, 2, 3, 4, 5, 6), (len(record.lines),), note)


def _cells(line: Difference) -> tuple[str, ...]:
    sides = tuple(UNKNOWN if amount is None else figures(amount.p50) for amount in (line.first, line.second))
    if line.change is None:
        return (*sides, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)
    points = (_signed(point) for point in (line.change.p10, line.change.p50, line.change.p90))
    cheaper = "same" if not line.cheaper and not line.dearer else share(line.cheaper)
    return (*sides, *points, cheaper)


def _signed(amount: float) -> str:
    return f"+{figures(amount)}" if amount > 0 else figures(amount)


def _whys(record: Comparison) -> Listing:
    total = () if record.total is None else (record.total,)
    told = [line for line in (*record.lines, *total, *record.aside) if line.why]
    return Listing("About single lines", tuple(f"{line.name.replace('_', ' ')}: {line.why}" for line in told))


def _chances(record: Comparison) -> Iterator[tuple[str, str]]:
    """(name, first → second) for each figure of the bills other than money."""
    assert record.second is not None
    both = (record.first, record.second)
    yield "Rounds", " → ".join(band_words(bill.rounds) for bill in both)
    if any(bill.reached is not None for bill in both):
        told = " → ".join(_chance(bill.chance, bill.reached) for bill in both)
        yield "Chance to reach the target within its budget", told
    if any(bill.budget is not None for bill in both):
        yield "Chance to exceed its budget", " → ".join(_over(bill, record.currency) for bill in both)


def _chance(value: Sampled | None, plain: float | None) -> str:
    """A chance in the digits that another seed would print too; of older records as it is."""
    return share(plain) if value is None else firm_share(value)


def _over(bill: Bill, currency: str) -> str:
    if bill.budget is None:
        return "no budget"
    return f"{_chance(bill.over, bill.over_budget)} of {money(bill.budget, currency)}"


def _changed(record: Comparison) -> Table:
    rows = tuple((Cell(one.field), Cell(one.first or ABSENT), Cell(one.second or ABSENT)) for one in record.changed)
    return Table(f"{counted(len(rows), 'field')} changed", ("Field", "a", "b"), rows)


def _grounds(record: Comparison) -> Facts:
    rounds = [("The rounds of a rest on", record.first.based_on)]
    if record.second is not None:
        rounds.append(("Those of b on", record.second.based_on))
    drawn = f"{record.draws:,}, the same for both bills, seed {record.seed}"
    return Facts("What this rests on", (*rounds, ("Simulated projects", drawn), ("Price book", record.price_book)))
