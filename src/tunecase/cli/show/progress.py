"""Shows long work while it runs: one line that says what is done now, for how long, and what is left of it."""

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tunecase.cli.show.depth import DEPTH
from tunecase.cli.show.paper import console_for, safe, say
from tunecase.cli.show.pilot import pilot_words, plan_words, run_words
from tunecase.cli.show.steps import Steps
from tunecase.quantities import count

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

    def remark(self, text: str) -> None:
        """A line of its own above the line, as it is, for what may be copied; none with --quiet."""
        if DEPTH.quiet:
            return
        with self.aside(), suppress(OSError, ValueError):
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()

    def note(self, text: str) -> None:
        """Text of its own above the line, which counts as being heard of; none with --quiet."""
        if DEPTH.quiet:
            return
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
        at_terminal = _is_rewritten()
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
            if was_drawn and _is_rewritten():
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()


def _is_rewritten() -> bool:
    """Whether standard error is a terminal that can erase a line."""
    return sys.stderr.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")


def _clock(seconds: float) -> str:
    """A time in whole seconds, from two minutes on in whole minutes."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


LINE = Line()
STEPS = Steps(LINE.remark)


def watched(command: str, work: Callable[..., Any], **given: Any) -> Any:
    """Does the work of a command under the line, with --verbose step by step.

    The line goes to standard error, so that JSON on standard output stays whole. Commands that wait for people or are
    to be quiet have none.
    """
    if not DEPTH.verbose:
        return _under_the_line(command, work, given)
    with STEPS.told(WORKING.get(command, "Working")):
        return _under_the_line(command, work, given)


def _under_the_line(command: str, work: Callable[..., Any], given: dict[str, Any]) -> Any:
    if DEPTH.quiet or command in INTERACTIVE:
        return work(**given)
    LINE.stopped = ""
    LINE.begin(WORKING.get(command, "Working"))
    try:
        return work(**given)
    finally:
        LINE.end()


def step(verb: str) -> None:
    """A step of the road, or something that a verb rests on, begins."""
    words = WORKING.get(verb)
    if words is not None:
        STEPS.begin(words)
        if LINE.on:
            LINE.begin(words)


@contextmanager
def pilot_progress() -> Iterator[Callable[[Any], None]]:
    """The pilot while it runs: how far it is and what is left; without a terminal a line for each slow run too."""
    yield _tell_pilot


def _tell_pilot(state: Any) -> None:
    LINE.stopped = f"after run {state.done} of {state.total}"
    run = state.last
    if run is not None and run.seconds >= TELL_ABOVE_S and not sys.stderr.isatty():
        LINE.note(run_words(state))
    LINE.tell(pilot_words(state), state.left_s)


def ask_before(yes: bool) -> Callable[[Any], bool | None]:
    """Shows a pilot's plan, its time and price, and asks where someone sits at the terminal; `yes` only shows it.

    What takes no minute and costs nothing goes by; a hosted model whose price is not known may cost something.
    """

    def ask(plan: Any) -> bool | None:
        unknown, costs = plan.minutes is None and not plan.light, plan.usd is not None and plan.usd[1] > 0
        slow = unknown or costs or (plan.minutes is not None and plan.minutes[1] > ASK_ABOVE_MINUTES)
        endpoints = bool(plan.not_asked) or any(usd != 0 or sent.flagged for _, _, usd, sent in plan.hosted)
        if not (slow and plan.runs) and not endpoints:
            return None
        at_terminal = sys.stdin.isatty() and sys.stderr.isatty()
        asks = not yes and at_terminal and not (plan.light and not costs and not endpoints)
        if not asks:
            LINE.note(plan_words(plan))
            return None
        from rich.prompt import Confirm

        was_on = LINE.on
        LINE.end()
        say(console_for(stderr=True), plan_words(plan))  # with --quiet too: money hangs on the answer
        going_on = Confirm.ask("Go on?", console=console_for(stderr=True), default=True)
        if was_on:
            LINE.begin(WORKING["pilot"])
        return going_on

    return ask


def tell_fetching(line: str) -> None:
    """Says on standard error what is being fetched."""
    LINE.note(line)
    LINE.tell("Fetching")


@contextmanager
def audit_progress() -> Iterator[dict[str, Callable[..., None]]]:
    """The stage at work, rows, rows/s, bytes and time left, then the check at work.

    That an interrupted audit is gone on with is said once, in a line of its own, when new work begins.
    """
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
def redraw_progress() -> Iterator[Callable[[int, int], None]]:
    """How many inputs a bill was worked out for again and again."""
    with _counted("Trying other inputs") as update:
        yield update


@contextmanager
def import_progress() -> Iterator[Callable[[int, int], None]]:
    """How much of a bill's file is read."""
    with _counted("Reading the bill") as update:
        yield update


@contextmanager
def _counted(words: str) -> Iterator[Callable[[int, int], None]]:
    """Work in equal parts, so that what is left takes as long per part as what is done."""
    begun_s = time.monotonic()

    def update(done: int, total: int) -> None:
        took_s = time.monotonic() - begun_s
        LINE.tell(f"{words}  {done / max(total, 1):.0%}", took_s * (total - done) / done if done else None)

    yield update
