"""Prints two bills beside one another, in the terminal and as a comment for a pull request."""

from html import escape
from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, print_notes, print_table, say, shown
from tunecase.quantities import Sampled, band_words, counted, figures, firm_share, money, one_line, share
from tunecase.records import Bill, Comparison, Difference

if TYPE_CHECKING:
    from rich.console import Console

UNKNOWN = "unknown"
SIDES = ("a", "b", "b - a P10", "P50", "P90", "b cheaper")
ABSENT = "left out"


def print_comparison(console: "Console", record: Comparison) -> None:
    """The difference by line and in total, the chances, what differs, and the limit."""
    heading(console, "compare", headline(record), record.ok if record.judged else None)
    if record.second is not None and record.total is not None:
        say(console, f"a: {record.first.name}; b: {record.second.name}. b less a, in the same {record.draws:,} worlds.")
        differences = [*record.lines, record.total, *record.aside]
        rows = [(one.name.replace("_", " "), *_cells(one)) for one in differences]
        print_table(console, (record.currency, *SIDES), rows, range(1, 7), [one.why for one in differences])
        if record.total.mean is not None:
            say(console, f"The total differs by {_signed(record.total.mean)} {record.currency} on average.")
        for name, first, second in _chances(record):
            say(console, f"{name}: {first} → {second}")
        _print_changed(console, record)
    print_notes(console, "To know:", record.notes)
    if record.judged is not None and record.second is not None:
        say(console, f"{'✓' if record.judged.kept else '✗'} {_verdict(record)}", "green" if record.ok else "red")


def _print_changed(console: "Console", record: Comparison) -> None:
    if not record.changed:
        say(console, "The project files say the same.")
        return
    say(console, f"{counted(len(record.changed), 'field')} changed:")
    for change in record.changed:
        say(console, f"{change.field}: {change.first or ABSENT} → {change.second or ABSENT}", indent=2)


def headline(record: Comparison) -> str:
    """The answer in one sentence that can be read aloud.

    The whole 80% interval is told; where it lies on both sides of nothing, both words are said.
    """
    total, second = record.total, record.second
    if second is None or total is None:
        return _verdict(record)
    name = one_line(second.name, 60)
    if total.change is None:
        return f"whether {name} costs more or less than {one_line(record.first.name, 60)} is unknown: {total.why}"
    low, middle, high = total.change.p10, total.change.p50, total.change.p90
    if low == high == 0:
        much = f"the same in {share(max(1 - (total.cheaper or 0) - (total.dearer or 0), 0.0))} of cases"
        return f"{name} costs {much}, less in {share(total.cheaper)} and more in {share(total.dearer)}"
    much = f"{_side(middle, record.currency)} at P50" if middle else "the same at P50"
    near, far = sorted((low, high), key=abs)
    reach = f"{figures(abs(near))} to {_side(far, record.currency)}"
    if low < 0 < high:
        reach = f"from {_side(low, record.currency)} to {_side(high, record.currency)}"
    return f"{name} costs {much} (8 times in 10: {reach}); it is cheaper in {share(total.cheaper)} of cases"


def _side(amount: float, currency: str) -> str:
    return f"{money(abs(amount), currency)} {'less' if amount < 0 else 'more'}"


def _verdict(record: Comparison) -> str:
    judged = record.judged
    if judged is None:
        return ""
    return f"{one_line(judged.name, 60)} {'keeps' if judged.kept else 'does not keep'} the limit: {judged.reason}"


def _signed(amount: float) -> str:
    return f"+{figures(amount)}" if amount > 0 else figures(amount)


def _cells(line: Difference) -> tuple[str, ...]:
    sides = tuple(UNKNOWN if amount is None else figures(amount.p50) for amount in (line.first, line.second))
    if line.change is None:
        return (*sides, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)
    points = (_signed(point) for point in (line.change.p10, line.change.p50, line.change.p90))
    cheaper = "same" if not line.cheaper and not line.dearer else share(line.cheaper)
    return (*sides, *points, cheaper)


def _chances(record: Comparison) -> list[tuple[str, str, str]]:
    """(name, first, second) for each figure of the bills other than money."""
    assert record.second is not None
    both = (record.first, record.second)
    rows = [("Rounds", [band_words(bill.rounds) for bill in both])]
    if any(bill.reached is not None for bill in both):
        rows.append(
            ("Chance to show the target within its budget", [_chance(bill.chance, bill.reached) for bill in both])
        )
    if any(bill.budget is not None for bill in both):
        rows.append(("Chance to exceed its budget", [_over(bill, record.currency) for bill in both]))
    return [(name, said[0], said[1]) for name, said in rows]


def _chance(value: Sampled | None, plain: float | None) -> str:
    """A chance in the digits that another seed would print too; of older records as it is."""
    return share(plain) if value is None else firm_share(value)


def _over(bill: Bill, currency: str) -> str:
    return (
        "no budget"
        if bill.budget is None
        else f"{_chance(bill.over, bill.over_budget)} of {money(bill.budget, currency)}"
    )


MADE_BY = b"<sub>tunecase compare, seed "


def comparison_markdown(record: Comparison) -> str:
    """A comment for a pull request: a sentence, a table, and the details folded away; texts of the user are escaped."""
    lines = [f"**{shown(headline(record))}.**", ""]
    if record.judged is not None and record.second is not None:
        lines += [f"{'✅' if record.ok else '❌'} {shown(_verdict(record))}.", ""]
    if record.second is not None and record.total is not None:
        lines += [f"| {record.currency} | a | b | b - a: P10 | P50 | P90 | b cheaper |", "|---|" + "---:|" * 6]
        rows = (*record.lines, record.total, *record.aside)
        for one in rows:
            bold = "**" if one is record.total else ""
            lines.append(
                "| "
                + " | ".join(f"{bold}{shown(cell)}{bold}" for cell in (one.name.replace("_", " "), *_cells(one)))
                + " |"
            )
        lines += [
            "",
            *[
                f"- {shown(one.name)}: {shown(one.why)}"
                for one in (*record.lines, record.total, *record.aside)
                if one.why
            ],
        ]
        lines += [f"- {name}: {shown(first)} → {shown(second)}" for name, first, second in _chances(record)]
        lines += ["", *_details(record)]
    lines += ["", f"<sub>tunecase compare, seed {record.seed}, price book {shown(record.price_book[:12])}.</sub>"]
    return "\n".join(lines) + "\n"


def _details(record: Comparison) -> list[str]:
    assert record.second is not None
    lines = ["<details><summary>What differs, and what this rests on</summary>", ""]
    lines += [f"a is {_code(record.first.name)}, b is {_code(record.second.name)}.", ""]
    if record.changed:
        lines += ["| field | a | b |", "|---|---|---|"]
        lines += [
            f"| {_code(one.field)} | {_code(one.first) or ABSENT} | {_code(one.second) or ABSENT} |"
            for one in record.changed
        ]
    else:
        lines.append("The project files say the same.")
    lines += ["", *[f"- {shown(note)}" for note in record.notes]]
    lines += [
        f"- Both bills are drawn in the same {record.draws:,} worlds, seed {record.seed}.",
        f"- The rounds of a rest on {shown(record.first.based_on)}, those of b on {shown(record.second.based_on)}.",
        f"- Prices of the book {_code(record.price_book)}.",
        "",
        "</details>",
    ]
    return lines


def _code(text: str) -> str:
    """Text as inline code, so that names and numbers do not become mentions or links; empty for an empty text."""
    flat = one_line(text, 120)
    if not flat:
        return ""
    inner = "".join(f"&#{ord(char)};" if char in "\\`*_[]|~@!{}" else char for char in escape(flat))
    return f"<code>{inner}</code>"
