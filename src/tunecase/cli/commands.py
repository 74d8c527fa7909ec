"""The Typer app: the commands in their order and panels, how they end, and their exit codes."""

import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TextIO

import typer
from typer.main import get_command

from tunecase.cli.approve import approve
from tunecase.cli.asking import lists_examples
from tunecase.cli.audit import audit
from tunecase.cli.books import books
from tunecase.cli.check import check
from tunecase.cli.compare import compare
from tunecase.cli.decide import decide
from tunecase.cli.define import define
from tunecase.cli.ending import INTERRUPTED, code_of
from tunecase.cli.estimate import estimate
from tunecase.cli.evals import evals
from tunecase.cli.fit import BehindDashes, fit
from tunecase.cli.forecast import forecast
from tunecase.cli.inference import inference
from tunecase.cli.init import init
from tunecase.cli.judge import judge
from tunecase.cli.label import label
from tunecase.cli.ledger import ledger_app
from tunecase.cli.mcp import mcp
from tunecase.cli.next import next_
from tunecase.cli.options import refuse_depths, take_depth
from tunecase.cli.pilot import pilot
from tunecase.cli.prices import prices
from tunecase.cli.reject import reject
from tunecase.cli.report import report
from tunecase.cli.run import run
from tunecase.cli.schema import schema
from tunecase.cli.scorecard import scorecard
from tunecase.cli.serve import serve
from tunecase.cli.sources import sources
from tunecase.cli.spend import spend_app
from tunecase.cli.usage import Usage, refuse_empty
from tunecase.errors import InputError, Problem, TunecaseError
from tunecase.faces import FACE
from tunecase.version import __version__

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

app = typer.Typer(
    name="tunecase",
    cls=Usage,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="The road: init → define → audit → estimate → pilot → forecast → decide → report. "
    "`tunecase run` walks it. Exit codes: 0 fine, 1 the answer is no, 2 the input cannot be read, "
    "3 the world or tunecase failed.",
)
ROAD, QUICK, AFTER = "The road", "Quick questions", "After the money is spent"
CLOSED = 141  # as of a program that SIGPIPE has ended
UNHEARD = "Standard output is closed, and the answer has no place to go; nothing was done.\nFix: write it to /dev/null"
# What the machine refuses whatever is asked of it, and what it refuses of a file.
OF_THE_MACHINE = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
OF_A_FILE = (errno.EACCES, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EIO, errno.ENOSPC, errno.EPERM, errno.EROFS)
LESS = "end other programs, or ask for less at once"
STOPPED = "Stopped{}. What was finished is kept; the same command goes on from there."
ROOM = "make room on the disk, or check its health and the permissions of the file and its folder, then run it again"


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Make the case for a fine-tune, or against it, before the money is spent; then keep the case honest.

    \b
    1  tunecase init train.jsonl   writes a project file; --ask puts ten questions
    2  tunecase run                does all that is free, and says what to do
    3  tunecase report             writes the page for those who decide
    """
    FACE.code = "terminal"


for panel, commands in (
    (ROAD, (init, define, audit, estimate, pilot, forecast, decide, next_, report, run)),
    (QUICK, (fit, inference, prices, sources, label, compare, judge, evals, schema)),
    (AFTER, (approve, reject, books, check, scorecard, serve, mcp)),
):
    for command in commands:
        own = BehindDashes if command is fit else None
        app.command(command.__name__.rstrip("_"), cls=own, rich_help_panel=panel)(command)
app.add_typer(spend_app, name="spend", rich_help_panel=AFTER)
app.add_typer(ledger_app, name="ledger", rich_help_panel=AFTER)


def main() -> NoReturn:
    """Runs the command line; whatever happens ends in a message and an exit code, never in a traceback."""
    is_heard = sys.stdout is not None
    _widen_streams()
    if not is_heard:  # a file that is opened next would take its place, and the answer with it
        typer.echo(UNHEARD, err=True)
        raise SystemExit(TunecaseError.exit_code)
    out = sys.stdout
    raise SystemExit(_code_of_output(out, _run()))


def _run() -> int | str | None:
    """Runs one command and returns the exit code; reports an unforeseen failure in one line."""
    try:
        return _command()
    except Exception as error:  # noqa: BLE001  the last resort
        if (stop := _behind(error, KeyboardInterrupt)) is not None:
            # It came while a library was loaded, which stays half-loaded, and what tidied up or told of it met that.
            typer.echo(f"\n{STOPPED.format('')}", err=True)
            return code_of(stop)
        if isinstance(error, OSError) and not _takes_output(sys.stdout):
            return _refused_output(sys.stdout, error)
        _refuse(TunecaseError(_of_the_world(error) or _crash(error)), as_json="--json" in sys.argv)
        return TunecaseError.exit_code


def _of_the_world(error: BaseException) -> str:
    """What this machine refused, and what to do; empty for an error that only a bug can cause."""
    if isinstance(error, MemoryError):
        return f"The memory of this machine has run out.\nFix: {LESS}"
    if isinstance(error, OSError) and error.errno in OF_THE_MACHINE:
        return f"This machine refused it ({error.strerror}).\nFix: {LESS}"
    # A full disk names no file where it refuses what a file holds; what may not be done does, or a bug did it.
    if isinstance(error, OSError) and error.errno in OF_A_FILE:
        if error.filename is not None:
            return f"{error.filename}: this machine refused it ({error.strerror}).\nFix: {ROOM}"
        if error.errno not in (errno.EACCES, errno.EPERM):
            return f"This machine refused it ({error.strerror}).\nFix: {ROOM}"
    return ""


def _crash(error: Exception) -> str:
    from tunecase.cli.crash import kept_crash

    return kept_crash(error)


def _command() -> int | str | None:
    """Runs one command, reports what stopped it, and returns the exit code."""
    try:
        with _names_too_long():
            _program()(args=lists_examples(sys.argv[1:]), prog_name="tunecase")
    except TunecaseError as error:
        _refuse(error, as_json="--json" in sys.argv)
        return error.exit_code
    except SystemExit as end:
        if (closed := _behind(end, BrokenPipeError)) is not None:
            return _refused_output(sys.stdout, closed)
        # Typer turns Ctrl-C into this code and says nothing.
        if end.code == INTERRUPTED:
            stop = _behind(end, KeyboardInterrupt)
            notes = "\n".join(getattr(stop, "__notes__", ()))
            words = notes or _stopped()
            typer.echo("\n" + "\n".join((words, *_booked())), err=True)
            return code_of(stop)
        return end.code
    except KeyboardInterrupt as stop:  # before Typer has begun
        typer.echo(f"\n{_stopped()}", err=True)
        return code_of(stop)
    return 0


@contextmanager
def _names_too_long() -> Iterator[None]:
    """Raises InputError where the system finds the name of a file too long, whoever named it and for whatever."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        got = f"a name of {len(str(error.filename)):,} characters, which the system finds too long"
        problem = Problem(str(error.filename)[:40] + "…", got, "the name of a file", "correct the name")
        raise InputError(problem) from None


@cache
def _program() -> Callable[..., Any]:
    program = get_command(app)
    refuse_empty(program)
    take_depth(program)
    _watch(program, "")
    return program


def _watch(program: Any, name: str) -> None:
    """Every command under a program shows what it does while it takes long; those of a group as the group."""
    for own, command in getattr(program, "commands", {}).items():
        _watch(command, name or own)
    if name and not hasattr(program, "commands"):
        program.callback = partial(_watched, name, program.callback)


def _watched(name: str, work: Callable[..., Any], **given: Any) -> Any:
    from tunecase.cli.show.progress import watched

    refuse_depths()
    return watched(name, work, **given)


def _stopped() -> str:
    """Where an interrupted command stood, and how to go on."""
    from tunecase.cli.show.progress import LINE

    where = f" {LINE.stopped}" if LINE.stopped else ""
    return STOPPED.format(where)


def _booked() -> tuple[str, ...]:
    """What is booked of a command that did not end well, in words; nothing where nothing is."""
    tally = getattr(sys.modules.get("tunecase.ledger.tally"), "TALLY", None)  # not loaded, nothing is booked
    if tally is None or not tally.entries:
        return ()
    count = "1 entry is" if tally.entries == 1 else f"{tally.entries:,} entries are"
    return (f"{count} booked all the same, the last with the id {tally.last[:12]}: do not book it again.",)


def _behind(end: BaseException, kind: type[BaseException]) -> BaseException | None:
    """The first exception of this kind among an exception and its causes; None if there is none."""
    before: BaseException | None = end
    while before is not None and not isinstance(before, kind):
        before = before.__cause__ or before.__context__
    return before


def _code_of_output(out: TextIO, code: int | str | None) -> int | str | None:
    """The exit code after the output is flushed; a code of its own where the output cannot be written."""
    try:
        out.flush()
    except ValueError:  # it is closed already
        return code
    except OSError as error:
        return _refused_output(out, error)
    return code


def _refused_output(out: TextIO, error: BaseException) -> int:
    """The exit code when standard output refuses data: silent for a closed pipe, with one line for a full disk."""
    # What Python itself flushes at its end has to go somewhere.
    os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
    is_closed = isinstance(error, BrokenPipeError)
    reason = getattr(error, "strerror", error)
    words = () if is_closed else (f"The output could not be written ({reason}); what was finished is kept.",)
    for line in (*words, *_booked()):
        typer.echo(line, err=True)
    return CLOSED if is_closed else TunecaseError.exit_code


def _takes_output(out: TextIO) -> bool:
    try:
        out.write("\n")
        out.flush()
    except (OSError, ValueError):
        return False
    return True


def _widen_streams() -> None:
    """Replaces characters that a stream cannot encode, as pipes on Windows often cannot; JSON is always UTF-8.

    A stream that was closed before the start is replaced by one that discards everything, and standard error by one
    that takes everything.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    err = sys.stderr
    is_own = err is not None and err is sys.__stderr__
    if is_own and isinstance(getattr(err.buffer, "raw", err.buffer), io.FileIO):  # and no console of Windows
        raw = _Unheard(err.fileno(), "w", closefd=False)
        sys.stderr = io.TextIOWrapper(io.BufferedWriter(raw), err.encoding, line_buffering=True)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8" if "--json" in sys.argv else None, errors="replace")


class _Unheard(io.FileIO):
    """Standard error on a full disk or a closed pipe: words that nobody hears stop no work and change no exit code."""

    def write(self, block: "ReadableBuffer") -> int:
        """Writes what can be written."""
        try:
            return super().write(block)
        except OSError:
            return memoryview(block).nbytes


def _refuse(error: TunecaseError, as_json: bool) -> None:
    booked = _booked()
    if as_json:
        import json

        from tunecase.records import to_json

        problems = error.problems if isinstance(error, InputError) else ()
        words = "\n".join((str(error), *booked))
        # All of them, as they are; as ASCII, since a terminal may show it.
        sys.stdout.write(json.dumps(json.loads(to_json({"error": words, "problems": problems}))) + "\n")
    else:
        from tunecase.cli.show.record import show_error

        show_error(error)
        for words in booked:
            typer.echo(words, err=True)
