"""Shows long work while it runs: one line that says what is done now, for how long, and what is left of it."""

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tunecase.cli.show.paper import console_for, safe, say
from tunecase.quantities import count, counted, duration, figures, one_line, score

# A pilot below this goes by without a question.
ASK_ABOVE_MINUTES = 1.0
# Without a terminal a run is told in a line of its own only where runs are slow enough to be waited for.
TELL_ABOVE_S = 5.0
# What is quicker than this is not told; where there is no terminal a further line comes only after so long.
SILENT_S, AGAIN_S, TICK_S = 3.0, 4.5, 0.25

# What a command does until it has said more, and what each step is that it first has to make.
WORKING = {
    "define": "Judging the problem", "pose": "Judging the problem", "audit": "Checking the data",
    "first bill": "Pricing the plan", "estimate": "Pricing the plan", "pilot": "Preparing the pilot",
    "forecast": "Carrying the curve on", "decide": "Weighing the next steps", "books": "Adding up the books",
    "report": "Drawing the page", "sources": "Comparing sources", "inference": "Pricing the answers",
    "fit": "Searching cards", "compare": "Pricing both cases", "judge": "Asking the judge", "label": "Choosing rows",
    "next": "Weighing the next steps", "check": "Pricing the case again", "spend": "Reading the charges",
    "ledger": "Reading the ledger", "approve": "Reading the plan", "reject": "Reading the plan",
    "prices": "Reading prices", "run": "Opening the case",
}  # fmt: skip
INTERACTIVE = ("init", "mcp", "serve")  # commands that wait for people


class Line:
    """One line on standard error; rewritten in place at a terminal, else a plain line now and then.

    `stopped` says where the work stands, for whoever interrupts it.
    """

    def __init__(self) -> None:
        self.stopped = ""
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self._words, self._drawn, self._is_new = "", False, True
        self._began_s = self._told_s = self._heard_s = 0.0
        self._left_s: float | None = None

    @property
    def on(self) -> bool:
        """Whether something is being done."""
        return self._thread is not None

    def begin(self, words: str) -> None:
        """From now on this is being done, until `end`."""
        with self._lock:
            self._began_s, self._is_new, self.stopped = time.monotonic(), True, ""
            if not self.on:
                self._heard_s, self._ended = self._began_s, threading.Event()
                self._thread = threading.Thread(target=self._tick, args=(self._ended,), daemon=True)
                self._thread.start()
            self._put(words, None)

    def tell(self, words: str, left_s: float | None = None) -> None:
        """What is being done now, and how many seconds are likely left of it; nothing where nothing was begun."""
        with self._lock:
            if self.on:
                self._put(words, left_s)

    def note(self, text: str) -> None:
        """Text of its own above the line, which counts as being heard of."""
        with self._lock:
            self._erase()
            say(console_for(stderr=True), text)
            self._heard_s = time.monotonic()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Keeps the line away while something else is printed; it comes back afterwards."""
        with self._lock:
            self._erase()
            yield

    def end(self) -> None:
        """Erases the line; `begin` may follow."""
        with self._lock:
            self._ended.set()
            self._thread = None
            self._erase()

    def _put(self, words: str, left_s: float | None) -> None:
        self._words, self._left_s, self._told_s = words, left_s, time.monotonic()

    def _tick(self, ended: threading.Event) -> None:
        while not ended.wait(TICK_S):
            with self._lock:
                if ended.is_set():
                    return
                try:
                    self._show(time.monotonic())
                except (OSError, ValueError):  # standard error was closed: the work goes on in silence
                    return

    def _show(self, now_s: float) -> None:
        at_terminal = sys.stderr.isatty()
        wait_s = SILENT_S if self._is_new or at_terminal else AGAIN_S
        if now_s - self._heard_s < (0.0 if at_terminal and self._drawn else wait_s):
            return
        self._is_new = False
        words = safe(self._all_words(now_s))
        if at_terminal:
            sys.stderr.write(f"\r\x1b[K{words[: shutil.get_terminal_size().columns - 1]}")
        else:
            sys.stderr.write(f"{words}\n")
            self._heard_s = now_s
        sys.stderr.flush()
        self._drawn = True

    def _all_words(self, now_s: float) -> str:
        """What is done, and how long it is likely to take; how long it has taken where nobody knows."""
        left_s = None if self._left_s is None else self._left_s - (now_s - self._told_s)
        if left_s is not None and left_s > 0.5:
            return f"{self._words}   about {_clock(left_s)} left"
        took_s = now_s - self._began_s
        return f"{self._words}   {_clock(took_s)}" if took_s >= 1 else self._words

    def _erase(self) -> None:
        was_drawn, self._drawn = self._drawn, False
        with suppress(OSError, ValueError):
            if was_drawn and sys.stderr.isatty():
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()


def _clock(seconds: float) -> str:
    """A time in whole seconds, from two minutes on in whole minutes."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


LINE = Line()


def watched(command: str, work: Callable[..., Any], **given: Any) -> Any:
    """Does the work of a command under the line; commands that print JSON, or wait for people, have none."""
    if given.get("json") or command in INTERACTIVE:
        return work(**given)
    LINE.stopped = ""
    LINE.begin(WORKING.get(command, "Working"))
    try:
        return work(**given)
    finally:
        LINE.end()


def step(verb: str) -> None:
    """A step of the road, or something that a verb rests on, begins."""
    if LINE.on and verb in WORKING:
        LINE.begin(WORKING[verb])


@contextmanager
def pilot_progress(quiet: bool) -> Iterator[Callable[[Any], None] | None]:
    """The pilot while it runs: how far it is and what is left; without a terminal a line for each slow run too."""
    if quiet:
        yield None
        return
    yield _tell_pilot


def _tell_pilot(state: Any) -> None:
    LINE.stopped = f"after run {state.done} of {state.total}"
    run = state.last
    if run is not None and run.seconds >= TELL_ABOVE_S and not sys.stderr.isatty():
        LINE.note(_run_words(state))
    LINE.tell(_pilot_words(state), state.left_s)


def _pilot_words(state: Any) -> str:
    """Which run is under way, of what, and the money so far."""
    under_way = min(state.done + 1, state.total)
    what = f"Pilot of {one_line(state.candidate, 40)}" if state.candidate else "Pilot"
    now = f", {state.now}" if state.now else ""
    spent = f"   {figures(state.usd)} USD" if state.usd else ""
    return f"{what}  run {under_way} of {state.total}{now}{spent}"


def _run_words(state: Any) -> str:
    run = state.last
    what = one_line(run.failed, 60) if run.failed else score(run.score)
    if not run.failed and not run.converged:
        what += ", not converged"
    size = f"{count(run.n)} examples" if run.n else "untrained"
    size = f"{state.candidate}, {size}" if state.candidate else size
    return f"run {state.done} of {state.total}: {size}, {what} ({_spent_words(state)})"


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
        LINE.note(_plan_words(plan))
        if plan.light and not costs and not endpoints:
            return None
        if yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return None
        from rich.prompt import Confirm

        LINE.end()
        going_on = Confirm.ask("Go on?", console=console_for(stderr=True), default=True)
        LINE.begin(WORKING["pilot"])
        return going_on

    return ask


def tell_fetching(line: str) -> None:
    """Says on standard error what is being fetched."""
    LINE.note(line)
    LINE.tell("Fetching")


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
    """The stage at work, rows, rows/s, bytes and time left, then the check at work; nothing when quiet.

    That an interrupted audit is gone on with is said once, in a line of its own, when new work begins.
    """
    if quiet:
        yield {}
        return
    taken_up_rows, is_told = 0, False

    def tell_once() -> None:
        nonlocal is_told
        if taken_up_rows and not is_told:
            is_told = True
            LINE.note(f"going on at row {taken_up_rows:,}")

    def work(state: Any) -> None:
        nonlocal taken_up_rows
        if state.room:
            LINE.note(f"Scratch while it runs: {state.room}.")
        elif state.taken_up:
            taken_up_rows = state.rows
        else:
            tell_once()
        LINE.stopped = f"at row {state.rows:,}" if state.rows else ""
        LINE.tell(_audit_words(state), state.left_s)

    def check(name: str, at: int, of: int) -> None:
        tell_once()
        LINE.tell(f"Checking  {name.replace('_', ' ')}, {at} of {of}")

    yield {"progress": work, "checking": check}


def _audit_words(state: Any) -> str:
    """What an audit does now, how far it is, how fast it reads and how much is left to read."""
    words = f"{state.stage}  "
    if state.rows_per_s:
        words += f"{count(state.rows)} rows, {count(state.rows_per_s)}/s"
    elif state.total > 1:
        words += f"{state.done} of {state.total}"
    if state.bytes_left:
        words += f", {_size(state.bytes_left)} left"
    return f"{words}, stage {state.place} of {state.of}"


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.0f} MB"


@contextmanager
def redraw_progress(quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """How many inputs a bill was worked out for again and again; nothing when quiet."""
    with _counted("Trying other inputs", quiet) as update:
        yield update


@contextmanager
def import_progress(quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """How much of a bill's file is read; nothing when quiet."""
    with _counted("Reading the bill", quiet) as update:
        yield update


@contextmanager
def _counted(words: str, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Work in equal parts, so that what is left takes as long per part as what is done."""
    if quiet:
        yield None
        return
    begun_s = time.monotonic()

    def update(done: int, total: int) -> None:
        took_s = time.monotonic() - begun_s
        LINE.tell(f"{words}  {done / max(total, 1):.0%}", took_s * (total - done) / done if done else None)

    yield update
