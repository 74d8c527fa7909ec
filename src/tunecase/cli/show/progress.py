"""Shows long work while it runs: how far it is, what it spent, what is left, and the curve as it grows."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tunecase.cli.show.paper import console_for, say
from tunecase.cli.show.plot import live_curve
from tunecase.quantities import count, counted, duration, figures, one_line, score

if TYPE_CHECKING:
    from rich.console import Console

# A pilot below this goes by without a question.
ASK_ABOVE_MINUTES = 1.0
# Without a terminal a run is told in a line of its own only where runs are slow enough to be waited for.
TELL_ABOVE_S = 5.0
# Work shorter than this shows no bar.
BAR_ABOVE_S = 2.0


@contextmanager
def pilot_progress(quiet: bool) -> Iterator[Callable[[Any], None] | None]:
    """The pilot while it runs: a bar with time and money, and the curve so far; a line for each slow run when piped."""
    if quiet:
        yield None
        return
    console = console_for(stderr=True)
    if not sys.stderr.isatty():
        yield lambda state: _tell(console, state)
        return
    from rich.console import Group
    from rich.live import Live
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.text import Text

    bar = Progress(TextColumn("pilot"), BarColumn(), TextColumn("{task.fields[words]}"), console=console)
    task = bar.add_task("pilot", total=None, words="the first runs are under way")
    with Live(bar, console=console, transient=True, refresh_per_second=4) as live:

        def update(state: Any) -> None:
            words = f"{state.done}/{state.total} runs" + (f", now {state.candidate}" if state.candidate else "")
            bar.update(task, completed=state.done, total=state.total, words=words)
            lines = [_spent_words(state), *live_curve(state.runs, width=max(40, console.width - 1))]
            live.update(Group(bar, Text("\n".join(lines))))

        yield update


def _tell(console: "Console", state: Any) -> None:
    run = state.last
    if run is None or run.seconds < TELL_ABOVE_S:
        return
    what = one_line(run.failed, 60) if run.failed else score(run.score)
    if not run.failed and not run.converged:
        what += ", not converged"
    size = f"{count(run.n)} examples" if run.n else "untrained"
    size = f"{state.candidate}, {size}" if state.candidate else size
    say(console, f"run {state.done} of {state.total}: {size}, {what} ({_spent_words(state)})", "dim")


def _spent_words(state: Any) -> str:
    spent, left = f"{duration(state.spent_s)} spent", f"about {duration(state.left_s)} left"
    if state.usd:
        spent += f" and {figures(state.usd)} USD"
    if state.left_usd:
        left += f" and {figures(state.left_usd)} USD"
    return f"{spent}, {left}"


def ask_before(yes: bool, quiet: bool) -> Callable[[Any], bool | None]:
    """Shows a pilot's plan, its time and price, and asks where someone sits at the terminal; `yes` only shows it.

    What takes no minute and costs nothing goes by; a hosted model whose price is not known may cost something.
    """

    def ask(plan: Any) -> bool | None:
        if quiet:
            return None
        unknown, costs = plan.minutes is None and not plan.light, plan.usd is not None and plan.usd[1] > 0
        slow = unknown or costs or (plan.minutes is not None and plan.minutes[1] > ASK_ABOVE_MINUTES)
        endpoints = bool(plan.not_asked) or any(usd != 0 for _, _, usd in plan.hosted)
        if not (slow and plan.runs) and not endpoints:
            return None
        console = console_for(stderr=True)
        say(console, _plan_words(plan))
        if yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return None
        from rich.prompt import Confirm

        return Confirm.ask("Go on?", console=console, default=True)

    return ask


def tell_fetching(line: str) -> None:
    """Says on standard error what is being fetched."""
    say(console_for(stderr=True), line)


def _plan_words(plan: Any) -> str:
    sizes = ", ".join(count(n) for n in plan.sizes)
    what = ", ".join(plan.candidates) or plan.model
    words = [f"Pilot of {what}: {counted(plan.runs, 'run')} at {sizes} examples"]
    words = words if plan.runs else [f"Pilot of {what}: no run is left to make"]
    if plan.reused:
        words.append(f"{counted(plan.reused, 'run')} taken from the ledger")
    if plan.tries:
        words.append(f"a search over {counted(plan.tries, 'setting')}")
    if plan.minutes is None and plan.runs:
        words.append("how long a run takes shows with the first")
    elif plan.minutes is not None:
        words.append(f"{figures(plan.minutes[0])} to {figures(plan.minutes[2])} minutes")
        if plan.usd is None:
            words.append("price unknown (--usd-per-hour tells it)")
        else:
            words.append("free on this machine" if plan.usd[2] == 0 else f"{figures(plan.usd[1])} USD")
    for name, tokens, usd in plan.hosted:
        price = "price unknown" if usd is None else f"at most {figures(usd)} USD"
        words.append(f"asks {name} {counted(plan.test_rows, 'row')}, about {figures(tokens)} tokens, {price}")
    if plan.not_asked:
        each = "it" if len(plan.not_asked) == 1 else "each"
        why = f"{each} may bill more than the cap leaves (--max-usd), or its prices are not known"
        words.append(f"does not ask {', '.join(plan.not_asked)}: {why}")
    return "; ".join(words) + "."


@contextmanager
def audit_progress(quiet: bool) -> Iterator[dict[str, Callable[..., None]]]:
    """A line with rows read, rows/s and the time left, then the check at work; nothing when quiet.

    That an interrupted pass is gone on with is said once, when piped too.
    """
    if quiet:
        yield {}
        return
    console = console_for(stderr=True)

    def going_on(rows_done: int, rows_per_s: float, left_s: float | None) -> None:
        if not rows_per_s:
            say(console, f"going on at row {rows_done:,}")

    if not sys.stderr.isatty():
        yield {"progress": going_on}
        return
    with console.status("reading") as status:

        def read(rows_done: int, rows_per_s: float, left_s: float | None) -> None:
            going_on(rows_done, rows_per_s, left_s)
            left = f", about {duration(left_s)} left" if left_s is not None and left_s >= 1 else ""
            status.update(f"read {count(rows_done)} rows, {count(rows_per_s)} rows/s{left}")

        def check(name: str) -> None:
            status.update(f"checking: {name.replace('_', ' ')}")

        yield {"progress": read, "checking": check}


@contextmanager
def redraw_progress(quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar while a bill is worked out again and again, from the third second on; nothing when quiet or piped."""
    with _bar("inputs", "{task.completed}/{task.total}", quiet, BAR_ABOVE_S) as update:
        yield update


@contextmanager
def import_progress(quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar while a bill's file is read, from the second second on; nothing when quiet or piped."""
    with _bar("bill", "{task.percentage:.0f}%", quiet, 1.0) as update:
        yield update


@contextmanager
def _bar(name: str, words: str, quiet: bool, above_s: float) -> Iterator[Callable[[int, int], None] | None]:
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn

    bar = Progress(TextColumn(name), BarColumn(), TextColumn(words), transient=True,
                   console=console_for(stderr=True))  # fmt: skip
    task, begun = bar.add_task(name, total=None), time.monotonic()

    def update(done: int, total: int) -> None:
        if time.monotonic() - begun > above_s:
            bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield update
    finally:
        bar.stop()
