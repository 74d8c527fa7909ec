"""Prints records for people: one printer per verb, 80 columns, no colour needed to understand them."""

import itertools
import math
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tunecase.errors import InputError, TunecaseError
from tunecase.plot import WIDTH, curve_lines
from tunecase.records import (
    Audit,
    Books,
    CurveBand,
    Decision,
    Definition,
    Estimate,
    Fit,
    Forecast,
    Option,
    Pilot,
    Report,
    Spending,
)
from tunecase.spread import Band
from tunecase.wording import (
    band,
    count,
    counted,
    day,
    duration,
    figures,
    interval,
    money,
    money_band,
    one_line,
    paid,
    score,
    score_interval,
    sentence,
    share,
)

if TYPE_CHECKING:
    from rich.console import Console

    from tunecase.ledger import Entry

MARKS = {"pass": "✓", "fail": "✗", "unknown": "?", "note": "·"}
COLOURS = {"pass": "green", "fail": "red", "unknown": "yellow", "note": "cyan"}


def show(verb: str, record: Any, console: "Console | None" = None) -> None:
    """Prints one record; verbs without a printer of their own print as plain lines."""
    console = console or _console()
    printer = PRINTERS.get(verb)
    if printer is None:
        for item in record if isinstance(record, tuple) else (record,):
            _line(console, str(item))
    else:
        printer(console, record)


def _safe(text: str) -> str:
    """Text without control characters: a label or a file name must not steer the terminal."""
    return text if text.isprintable() else "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def show_error(error: TunecaseError) -> None:
    """Prints an error to standard error: one block per problem, never a traceback."""
    console = _console(stderr=True)
    from rich.text import Text

    # Not wrapped here: a path cut in two cannot be copied.
    if isinstance(error, InputError):
        for problem in error.problems:
            console.print(Text(_safe(problem.where), style="bold red"), soft_wrap=True)
            for name in ("got", "wanted", "fix"):
                console.print(Text(_safe(f"  {name:<7} {getattr(problem, name)}")), soft_wrap=True)
        return
    console.print(Text(_safe(str(error)), style="red"), soft_wrap=True)


def as_html(record: Any) -> str:
    """A record's printed form as HTML, for notebooks."""
    import io

    from rich.console import Console

    from tunecase.records import RECORDS

    verb = next(verb for verb, kind in RECORDS.items() if isinstance(record, kind))
    console = Console(record=True, width=96, file=io.StringIO(), markup=False, highlight=False, emoji=False)
    show(verb, record, console)
    return console.export_html(inline_styles=True, code_format="<pre>{code}</pre>")


def _console(stderr: bool = False) -> "Console":
    from rich.console import Console

    # A file or a pipe has no width of its own; 80 columns is what a reader of logs expects.
    width = None if (sys.stderr if stderr else sys.stdout).isatty() else 80
    return Console(stderr=stderr, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False)


def _line(console: "Console", text: str, style: str = "", indent: int = 0) -> None:
    """Text wrapped by words; an empty text prints nothing."""
    from rich.text import Text

    text, room = _safe(text), max(20, console.width - indent)
    for line in textwrap.wrap(text, room, break_on_hyphens=False) if len(text) > room else [text]:
        console.print(Text(f"{' ' * indent}{line}", style=style), soft_wrap=True)


def _head(console: "Console", verb: str, answer: str, fine: bool | None = None) -> None:
    from rich.text import Text

    colour = {True: "green", False: "red", None: "cyan"}[fine]
    lead = f"{verb.upper()} {'─' * 8} "
    lines = textwrap.wrap(lead + _safe(answer), console.width, break_on_hyphens=False)
    console.print()
    console.print(Text(lead, style=colour).append(lines[0][len(lead) :], style="bold"), soft_wrap=True)
    for line in lines[1:]:
        console.print(Text(line, style="bold"), soft_wrap=True)


def _table(
    console: "Console",
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[int] = (),
    notes: Sequence[str] = (),
) -> None:
    """A table without lines: the first column takes what the others leave; `notes` stand dim below their row."""
    widths = [max(len(cell) for cell in column) for column in zip(header, *rows, strict=True)]
    most = console.width - sum(widths[1:]) - 2 * (len(widths) - 1)
    widths[0] = max(12, min(widths[0], most))

    def lines(row: Sequence[str]) -> Iterator[str]:
        first = textwrap.wrap(row[0], widths[0], subsequent_indent="  ", break_on_hyphens=False) or [""]
        sides = ("rjust" if index in right else "ljust" for index in range(len(row)))
        cells = [getattr(cell, side)(width) for cell, side, width in zip(row, sides, widths, strict=True)]
        yield "  ".join([first[0].ljust(widths[0]), *cells[1:]]).rstrip()
        yield from first[1:]

    if any(header):
        _line(console, next(lines(header)), "dim")
    for row, note in itertools.zip_longest(rows, notes, fillvalue=""):
        for line in lines(row):
            _line(console, line)
        if note:
            _line(console, note, "dim", 4)


def _notes(console: "Console", title: str, notes: Sequence[str], most: int = 6) -> None:
    if not notes:
        return
    _line(console, title, "dim")
    for note in notes[:most]:
        _line(console, f"· {note}", "dim", 2)
    if len(notes) > most:
        _line(console, f"· and {len(notes) - most} more (see --json or the report)", "dim", 2)


def _definition(console: "Console", record: Definition) -> None:
    _head(console, "define", record.verdict, {"go to pilot": True, "do not start": False}.get(record.verdict))
    _line(console, record.reason)
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), show_header=False)
    for rule in record.criteria:
        # A note is worth reading and changes nothing: it must not look like a failure.
        status = "note" if rule.severity == "note" and rule.status == "fail" else rule.status
        text = Text(f"{_safe(rule.name)}: ", style="bold").append(_safe(rule.reason), style="not bold")
        if rule.fix and rule.status != "pass":
            price = f" Price: {money_band(rule.price, record.currency)}." if rule.price else ""
            text.append(f"\n  {sentence(rule.fix)}{price}", style="not bold dim")
        table.add_row(Text(f"{MARKS[status]} {status}", style=COLOURS[status]), Text(_safe(rule.id), style="dim"), text)
    console.print(table)


def _audit(console: "Console", record: Audit) -> None:
    _head(console, "audit", record.verdict, record.ok)
    _line(console, record.reason)
    kept = f"{count(record.rows)} rows read: {count(record.usable)} usable, {count(record.dropped)} to drop"
    _line(console, f"{kept}, {count(record.quarantined)} quarantined; {count(record.test_rows)} test rows.")
    rows = [
        (
            f"{finding.check.replace('_', ' ')} ({finding.severity})",
            f"{count(finding.count)}{' test' if finding.where == 'test' else ''}",
            share(finding.share, 1),
            _price(finding.price, record.currency),
        )
        for finding in record.findings
    ]
    if rows:
        fixes = [sentence(finding.fix) for finding in record.findings]
        _table(console, ("finding", "rows", "share", "price of the fix"), rows, (1, 2, 3), fixes)
    _line(console, f"Repairs: {money_band(record.repair_price, record.currency)}. Tokens: {_tokens(record)}.")
    if record.quarantine_file:
        _line(console, f"Rows that could not be read are in {record.quarantine_file}.")
    _notes(console, "Not checked:", record.not_checked, 8)


def _price(amount: Band | None, currency: str) -> str:
    return "free" if amount is not None and amount.p90 == 0 else money_band(amount, currency)


def _tokens(record: Audit) -> str:
    total = record.tokens.total
    how = "exact" if record.tokens.exact else record.tokens.how
    return f"{interval(total.low, total.mid, total.high)} ({how})"


def _estimate(console: "Console", record: Estimate, again: bool = False) -> None:
    over = ""
    if record.budget is not None and record.reached is not None:
        within = f"within {figures(record.budget)}" if not record.unpriced else "if what has no price costs nothing"
        over = f"; {share(record.reached)} chance to reach the target {within}"
    elif record.over_budget is not None:
        over = f"; {share(record.over_budget)} chance to exceed {figures(record.budget)}"
    words = f"{money_band(record.total, record.currency)}{over}"
    _head(console, "estimate, after the pilot" if again else "estimate", words)
    rows = [
        (
            line.name,
            *(figures(getattr(line.amount, p)) if line.amount else "unpriced" for p in ("p10", "p50", "p90")),
            share(line.share) if line.included and line.share is not None else "not counted",
        )
        for line in record.lines
    ]
    points = (figures(record.total.p10), figures(record.total.p50), figures(record.total.p90))
    header = (record.currency, "P10", "P50", "P90", "share")
    notes = [] if again else [line.basis for line in record.lines]
    _table(console, header, [*rows, ("total", *points, "100%")], (1, 2, 3, 4), notes)
    _line(
        console,
        f"P80 {money(record.total.p80, record.currency)}; rounds {band(record.rounds)}; "
        f"{band(record.months, 'months')}.",
    )
    if record.unpriced:
        _line(
            console, f"Plus {counted(len(record.unpriced), 'unpriced line')}: {'; '.join(record.unpriced)}.", "yellow"
        )
    if again:
        return
    drivers = ", ".join(f"{driver.name} {share(driver.share)}" for driver in record.drivers[:4])
    if drivers:
        _line(console, f"What moves it: {drivers}.")
    dates = f"{min(record.price_dates)} to {max(record.price_dates)}" if record.price_dates else "none used"
    _line(console, f"GPU prices of {dates}; price book {record.price_book[:12]}.", "dim")
    _notes(console, "Defaults used:", [f"{d.field}: {d.value} ({d.source})" for d in record.defaults])
    _notes(console, "Assumed:", record.assumptions)


def _estimate_again(console: "Console", record: Estimate) -> None:
    """The bill once more, when the pilot has moved it: figures only."""
    _estimate(console, record, again=True)


def _pilot(console: "Console", record: Pilot) -> None:
    means = record.mean_scores
    answer = f"{record.metric} {score(means[-1][1])} with {count(means[-1][0])} examples" if means else record.stopped
    _head(console, "pilot", answer, None if means else False)
    if record.runs:
        _line(
            console,
            f"{sentence(record.model)[:-1]}: {counted(len(record.runs), 'run')} in {duration(record.seconds)} "
            f"({record.reused} taken from the ledger), {count(record.test_rows)} test rows in every run.",
        )
    rows = []
    for n, mean in means:
        scores = [run.score for run in record.runs if run.n == n and not run.failed]
        rows.append((count(n), score(mean), f"{score(min(scores))} to {score(max(scores))}", _bar(mean)))
    if rows:
        _table(console, ("examples", f"mean {record.metric}", "draws", ""), rows, (0, 1))
    for baseline in record.baselines:
        _line(console, f"Without a fine-tune: {baseline.name} {score(baseline.score)}.")
    failed = [run for run in record.runs if run.failed]
    if failed:
        _line(console, f"{counted(len(failed), 'run')} failed, first: {one_line(failed[0].failed, 100)}.", "yellow")
    if record.stopped and means:
        _line(console, f"Stopped early: {record.stopped}.", "yellow")
    _notes(console, "Notes:", record.notes)


def _bar(value: float, width: int = 24) -> str:
    return "█" * round(max(0.0, min(1.0, value)) * width) if math.isfinite(value) else ""


def _forecast(console: "Console", record: Forecast) -> None:
    verdict = record.verdict.replace("n_max", f"{count(record.n_max)} examples")
    verdict = f"{verdict}, with {record.model}" if record.model else verdict
    _head(console, "forecast", verdict, False if not record.ok else None)
    _line(console, record.reason)
    for row in curve_lines(record, width=max(20, min(WIDTH, console.width - 15))):
        _line(console, row)
    rows = [
        (
            count(at.n),
            score_interval(at.score.low, at.score.mid, at.score.high),
            share(at.p_target),
            money_band(at.price, record.currency) if at.price else "unpriced",
        )
        for at in _spread_out(record.band)
    ]
    if rows:
        target = "" if record.target is None else f"P({score(record.target)})"
        _table(console, ("examples", f"{record.metric} (80% band)", target, "price of more"), rows, (0, 2))
    if record.points:
        _line(console, f"At most {count(record.n_max)} examples: {record.n_max_why}.", "dim")
    if record.next_pilot:
        _line(console, f"Next pilot: {record.next_pilot}.")
    _notes(console, "Assumed:", record.assumptions)


def _spread_out(bands: Sequence[CurveBand], most: int = 7) -> list[CurveBand]:
    """At most `most` of the sizes, the first and the last among them."""
    steps = sorted({round(i * (len(bands) - 1) / (most - 1)) for i in range(most)}) if bands else []
    return [bands[i] for i in steps]


def _decision(console: "Console", record: Decision) -> None:
    _head(console, "decide", record.action, record.ok or None)
    _line(console, record.reason)
    rows = [
        (
            ("→ " if option.lever == record.advice else "  ") + option.action,
            figures(option.expected_value) if option.expected_value is not None else "-",
            share(option.p_reach) if option.p_reach is not None else "-",
            _price(option.first_step_cost, record.currency) if option.first_step_cost else "-",
        )
        for option in record.options
    ]
    if rows:
        notes = [option.blocked or _arithmetic(option) for option in record.options]
        _table(console, ("  what", "worth", "P(reach)", "first step"), rows, (1, 2, 3), notes)
    if record.flips_at:
        _line(console, f"The advice flips: {record.flips_at}.")
    best = record.best
    if best and best.give_up:
        _line(console, f"Give up: {best.give_up}.")
    _notes(console, "Assumed:", record.assumptions)


def _arithmetic(option: Option) -> str:
    assumed = " (effect assumed)" if option.evidence == "assumed" else ""
    return f"{option.arithmetic}{assumed}" if option.expected_cost else ""


def _books(console: "Console", record: Books) -> None:
    spent = f"{paid(record.spent)} {record.currency} spent"
    left = "" if record.left is None else f", {paid(record.left)} left of {figures(record.budget)}"
    _head(console, "books", spent + left, None if record.ok else False)
    rows = [
        (
            line.name,
            money_band(line.planned, "") if line.planned else "not planned",
            paid(line.spent),
            str(line.entries),
        )
        for line in record.lines
    ]
    if rows:
        _table(console, ("line", "planned", "spent", "entries"), rows, (2, 3))
    _line(console, record.note)


def _spend(console: "Console", record: "Entry | Spending") -> None:
    charge = record if isinstance(record, Spending) else record.record()
    _head(console, "spend", f"{paid(charge.amount)} {charge.currency} booked under {charge.category}")
    base = "" if charge.amount == charge.amount_base else f"; {paid(charge.amount_base)} in the project's currency"
    note = f": {charge.description}" if charge.description else ""
    _line(console, f"Paid on {day(charge.on)}{note}{base}.")
    if not isinstance(record, Spending):
        _line(console, f"Entry {record.id[:12]}; --replaces {record.id[:12]} with the next charge corrects it.")


def _fit(console: "Console", record: Fit) -> None:
    cards = f"{record.gpu_count} x {record.gpu}"
    _head(console, "fit", f"{record.model}, {record.method}: {record.verdict} on {cards}", record.ok)
    memory = record.memory_gib
    _line(
        console,
        f"Memory {interval(memory.low, memory.mid, memory.high, 'GiB')} per GPU, "
        f"{figures(record.usable_gib)} GiB usable.",
    )
    _table(console, ("", "GiB"), [(name, figures(gib)) for name, gib in record.memory_terms], (1,))
    _line(console, f"What dominates: {record.dominant}.")
    speed = record.tokens_per_s
    _line(console, f"Speed {interval(speed.low, speed.mid, speed.high, 'tokens/s')}.")
    for name, value, unit in (("Time", record.hours, "h"), ("Price", record.usd, "USD")):
        unknown = _why_unknown(record)
        words = interval(value.low, value.mid, value.high, unit) if value else unknown
        _line(console, f"{name} {words}.")
    for remedy in record.remedies:
        _line(console, f"Remedy: {remedy}.")
    _notes(console, "Assumed:", record.assumptions, 8)
    _notes(console, "Not counted:", record.not_counted)


def _why_unknown(record: Fit) -> str:
    if record.train_tokens is None:
        return "give --tokens to know"
    return "unknown: no provider of the tier has a price for this GPU" if record.ok else "unknown while it does not fit"


def _report(console: "Console", record: Report) -> None:
    _head(console, "report", record.answer)
    for path in (record.html, record.markdown, record.json):
        if path:
            _line(console, path, indent=2)


PRINTERS: dict[str, Callable[["Console", Any], None]] = {
    "define": _definition,
    "audit": _audit,
    "estimate": _estimate,
    "estimate again": _estimate_again,
    "pilot": _pilot,
    "forecast": _forecast,
    "decide": _decision,
    "books": _books,
    "spend": _spend,
    "fit": _fit,
    "report": _report,
}


@contextmanager
def pilot_progress(quiet: bool) -> Iterator[Callable[[Any], None] | None]:
    """A progress bar for the pilot: runs done, time spent and left, the score so far; none when quiet or piped."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("pilot"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} runs · {task.fields[words]}"),
    )
    with Progress(*columns, console=_console(stderr=True), transient=True) as bar:
        task: Any = None

        def update(state: Any) -> None:
            nonlocal task
            last = f" · {state.last.n} examples: {score(state.mean)}" if state.last and state.mean is not None else ""
            words = f"{duration(state.spent_s)} spent, {duration(state.left_s)} left{last}"
            if task is None:
                task = bar.add_task("pilot", total=state.total, words=words)
            bar.update(task, completed=state.done, total=state.total, words=words)

        yield update


@contextmanager
def audit_progress(quiet: bool) -> Iterator[Callable[..., None] | None]:
    """A line with rows read and rows/s; none when quiet or piped."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    with _console(stderr=True).status("reading") as status:

        def update(rows_done: int, rows_per_s: float) -> None:
            status.update(f"read {count(rows_done)} rows, {count(rows_per_s)} rows/s")

        yield update
