"""What the commands of the terminal share: options, opening a case, printing a record, the exit code."""

import os
import re
import sys
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tunecase.cli.show.depth import DEPTH
from tunecase.cli.show.paper import safe

if TYPE_CHECKING:
    from tunecase.flow import Flow
    from tunecase.records import Approvals, NotUsed

HERE = Path("tunecase.yaml")
VARIABLE = "TUNECASE_PROJECT"  # of the environment: the project file where --project is left out
# What JSON lets through and a terminal obeys; within a JSON text it may stand as an escape.
STEERING = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def panel(title: str) -> Callable[..., Any]:
    """A maker of options that the help lists under this title."""
    return partial(typer.Option, rich_help_panel=title)


def nearest_project() -> Path:
    """The project file in this folder, or in the nearest folder above that has one."""
    folders = (Path(*[".."] * up) for up in range(len(Path.cwd().parts)))
    return next((folder / HERE for folder in folders if (folder / HERE).is_file()), HERE)


def variable_project() -> Path | None:
    """The project file that TUNECASE_PROJECT names, itself or by its folder; None where it is unset or empty."""
    value = os.environ.get(VARIABLE, "")
    return in_folder(Path(value)) if value else None


def in_folder(path: Path) -> Path:
    """The project file in a folder that has one; any other path as it is."""
    return path / HERE if (path / HERE).is_file() else path


def named(path: Path) -> Path:
    """Returns the path of a project file; prints it to standard error if nobody typed it and it is not in this folder.

    Raises: InputError where TUNECASE_PROJECT names it and it is no file.
    """
    path = in_folder(path)
    is_variable = path == variable_project()
    if is_variable and not path.is_file():
        from tunecase.errors import InputError, Problem

        got = f"{str(path)!r}, {f'a folder without {HERE}' if path.is_dir() else 'which is not there'}"
        raise InputError(Problem(VARIABLE, got, "a project file", f"correct {VARIABLE}, or unset it"))
    if (is_variable or path.parts[:1] == ("..",)) and not DEPTH.quiet:
        typer.echo(f"Project file: {safe(str(path))}{f' ({VARIABLE})' if is_variable else ''}", err=True)
    return path


def _here_or_above(context: typer.Context, option: typer.CallbackParam, given: Path) -> Path:
    source = context.get_parameter_source(option.name or "")
    left_out = source is not None and source.name == "DEFAULT"
    return variable_project() or nearest_project() if left_out and not context.resilient_parsing else in_folder(given)


ProjectFile = Annotated[
    Path,
    typer.Option(
        "--project",
        "-p",
        callback=_here_or_above,
        show_default=False,
        help=f"The project file or its folder; else ${VARIABLE}, else {HERE} here or in the nearest folder above.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the record as JSON and nothing else.")]
InputColumn = Annotated[str | None, typer.Option("--input", help="Column of the input, if it is not recognised.")]
OutputColumn = Annotated[str | None, typer.Option("--output", help="Column of the answer or label.")]
Force = Annotated[bool, typer.Option("--force", help="Replace files that tunecase did not make.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The same seed gives the same answer.")]
Today = Annotated[str | None, typer.Option(help="Judge prices as of this date (YYYY-MM-DD).", hidden=True)]

trained_option = panel("What is trained")
ladder_option = panel("How far the ladder goes")
cap_option = panel("Time and money")
ModelOf = Annotated[str, trained_option(help="Model to train: a name, or a folder with its weights.")]
Every = Annotated[bool, ladder_option("--all", help="Make every run, even when enough is known or nothing can be won.")]
MaxMinutes = Annotated[float | None, cap_option(help="Begin no run that would pass this time.")]
Yes = Annotated[bool, cap_option("--yes", "-y", help="Do not ask before a pilot that takes minutes or money.")]
SendFlagged = Annotated[
    bool, typer.Option("--send-flagged", help="Hand out secrets and personal data as they are; else they are masked.")
]


def open_project(path: Path, seed: int, today: str | None, *, only_shows: bool = False) -> "Flow":
    """The case of a project file; a verb that only shows says on standard error what it could not record."""
    from tunecase.cli.show.progress import LINE, step
    from tunecase.flow import ledger_warnings, open_case

    opened = open_case(named(path), seed, day_of(today))
    opened.on_step = step
    opened.on_unrecorded = unrecorded() if only_shows else None
    for sentence in ledger_warnings(opened.ledger):
        LINE.remark(sentence)
    return opened


def not_found(case: "Flow | None") -> str:
    """The project file of a case, where a command typed here without it would find another or none; else empty."""
    if case is None or case.stated is not None:
        return ""
    found = variable_project() or nearest_project()
    return "" if case.path.resolve() == found.resolve() else str(case.path)


def unrecorded() -> Callable[[str], None]:
    """A function that says on standard error, the first time that it is called, why an answer is not recorded."""
    from tunecase.cli.show.progress import LINE

    told: list[str] = []

    def say(why: str) -> None:
        if not told:
            told.append(why)
            LINE.remark(f"The answer is not recorded in the ledger. {why}")

    return say


def day_of(text: str | None) -> date:
    """The date as of which prices are judged; today if none was typed."""
    from tunecase.errors import InputError, Problem
    from tunecase.quantities import FIRST_DAY, LAST_DAY

    if text is None:
        return date.today()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InputError(Problem("--today", repr(text), "a date", "write YYYY-MM-DD")) from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InputError(Problem("--today", text, f"a day from {FIRST_DAY} to {LAST_DAY}", "correct the year"))
    return day


def take_depth(program: Any) -> None:
    """Gives every command under a program the options --full, --quiet and --verbose: how much it says."""
    for command in getattr(program, "commands", {}).values():
        take_depth(command)
    if not hasattr(program, "commands"):
        names = [option.name for option in program.params]
        at = names.index("json") + 1 if "json" in names else len(names)
        program.params[at:at] = _depth_options()


@cache
def _depth_options() -> tuple[Any, ...]:
    from typer.main import get_command

    carrier = typer.Typer(add_completion=False)

    @carrier.command()
    def carried(
        full: Annotated[bool, typer.Option("--full", help="Print all that was found, not the answer alone.")] = False,
        quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the answer's first lines alone.")] = False,
        verbose: Annotated[
            bool, typer.Option("--verbose", "-v", help="Say on standard error what is done: steps, files, seconds.")
        ] = False,
    ) -> None: ...

    options = tuple(option for option in get_command(carrier).params if option.name != "help")
    for option in options:
        option.expose_value = False  # to no function of a command
        option.callback = partial(_take, option.name or "")
    return options


def _take(name: str, context: Any, option: Any, given: bool) -> bool:
    """Remembers how much is to be said, for this process runs one command."""
    setattr(DEPTH, name, given)
    return given


def refuse_depths() -> None:
    """Raises InputError where --quiet stands beside what asks for more."""
    from tunecase.errors import Problem, refuse_any

    more = [name for name, given in (("--full", DEPTH.full), ("--verbose", DEPTH.verbose)) if given and DEPTH.quiet]
    refuse_any(Problem("--quiet", f"{name} beside it", "one of them", f"leave {name} out") for name in more)


def is_full() -> bool:
    """Whether all that a record says was asked for."""
    return DEPTH.full


def ask_full() -> None:
    """Asks for all that a record says, as an option does that explains it."""
    DEPTH.full = True


def print_record(
    verb: str, record: Any, as_json: bool, aside: "Sequence[NotUsed]" = (), approvals: "Approvals | None" = None,
    case: "Flow | None" = None,
) -> None:  # fmt: skip
    """Prints a record, or JSON and nothing else, with the records on file that it does not rest on, and approvals."""
    from tunecase.cli.show.progress import LINE

    LINE.end()
    if as_json:
        from tunecase.records import to_json

        whole = to_json(record, {"not_used": aside, "approvals": approvals}).decode()
        sys.stdout.write(STEERING.sub(lambda letter: f"\\u{ord(letter[0]):04x}", whole) + "\n")
    else:
        from tunecase import flow
        from tunecase.cli.show.record import show, show_approvals, show_not_used

        known = None if case is None else flow.material(case)
        show(verb, record, full=is_full(), material=known, project=not_found(case))
        if DEPTH.quiet:
            return
        if approvals is not None:
            show_approvals(approvals, full=is_full())
        show_not_used(aside)


def finish(
    verb: str, record: Any, as_json: bool, ok: bool | None = None, note: str = "", case: "Flow | None" = None
) -> None:
    """Prints a record, the approvals, and what of the case is not used; exits with code 1 if its answer is no."""
    if case is None:
        print_record(verb, record, as_json)
    else:
        from tunecase.flow import approvals, not_used
        from tunecase.records import PRINTED

        standing = approvals(case) if verb in PRINTED and "approvals" in PRINTED[verb].beside else None
        print_record(verb, record, as_json, not_used(case, verb), standing, case)
    if note and not DEPTH.quiet:
        typer.echo(safe(note))
    fine = getattr(record, "ok", True) if ok is None else ok
    if not fine:
        raise typer.Exit(1)
