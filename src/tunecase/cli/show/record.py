"""Prints any record by the printer of its verb, or an error."""

import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tunecase.cli.show.blocks import print_account
from tunecase.cli.show.paper import console_for, safe, say
from tunecase.errors import InputError, TunecaseError, first_of, printable
from tunecase.quantities import day

if TYPE_CHECKING:
    from datetime import date

    from rich.console import Console

    from tunecase.accounts import Material
    from tunecase.records import Approvals, NotUsed, Report


NO_CASE = ("init", "schema", "serve")  # verbs that are asked without a case
OPTIONS = {"category": "--line", "supersedes": "--replaces"}  # of fields that are typed under another name


def show(
    verb: str, record: Any, console: "Console | None" = None, *, full: bool = False,
    material: "Material | None" = None, project: str = "",
) -> None:  # fmt: skip
    """Prints what a record says, with `full` all of it; a record without an account prints as plain lines.

    `material` holds the case's other records, where there is a case, and `project` its file where no command would find
    it by itself.
    """
    from tunecase.accounts import ACCOUNTS, Material, account

    console = console or console_for()
    if verb in ACCOUNTS:
        # Rows of the user's data may be shown on the user's own terminal.
        said = account(verb, record, replace(material or Material(), with_rows=True))
        step = of_project(repeated(said.next, sys.argv[1:]), project)
        print_account(console, replace(said, next=step), full=full)
        return
    for item in record if isinstance(record, tuple) else (record,):
        say(console, str(item))


def repeated(command: str, typed: Sequence[str]) -> str:
    """A command whose dots stand for the words that were typed, with these words; other commands as they are.

    Example:
        >>> repeated("tunecase fit ... --tokens 5M", ["fit", "my model", "--tokens=1M", "--full", "--seq", "512"])
        "tunecase fit 'my model' --seq 512 --tokens 5M"
    """
    before, dots, after = command.partition(" ... ")
    verb = before.rpartition(" ")[2]
    if not dots or typed[:1] != [verb]:
        return command
    option = after.partition(" ")[0]
    words = [word for word in typed[1:] if word != "--full" and not f"{word}=".startswith(f"{option}=")]
    return f"{before} {shlex.join(words)} {after}" if words else f"{before} {after}"


def of_project(command: str, project: str) -> str:
    """A command with the project file that it would not find, so that it runs as printed.

    Example:
        >>> of_project("tunecase fit", "my case/tunecase.yaml"), of_project("tunecase fit", "")
        ("tunecase fit --project 'my case/tunecase.yaml'", 'tunecase fit')
    """
    verb = command.partition("tunecase ")[2].partition(" ")[0]
    takes_one = verb and verb not in NO_CASE and "--project" not in command
    return f"{command} --project {shlex.quote(project)}" if project and takes_one else command


def show_run(
    material: "Material", record: "Report", same_since: datetime | None = None, *, full: bool = False,
    console: "Console | None" = None, project: str = "",
) -> None:  # fmt: skip
    """The answer of a whole case with what it rests on, and where its page lies.

    Args:
        material: the records of the case.
        record: the files of its report.
        same_since: when the same was found before; None where something changed.
        full: also what would change the answer.
        project: the case's file where no command would find it by itself.
    """
    from tunecase.accounts import run

    said = run(material, unchanged_since="" if same_since is None else _clock(same_since, material.today))
    said = replace(said, next=of_project(said.next, project))
    print_account(console or console_for(), said, full=full, page=record.html)


def _clock(moment: datetime, today: "date | None") -> str:
    """The time of day on this machine; the date where it was another day."""
    here = moment.astimezone()
    return f"{here:%H:%M}" if here.date() == today else day(here.date())


def show_not_used(records: "Sequence[NotUsed]", console: "Console | None" = None) -> None:
    """One line for each record on file that no answer here rests on, with the command that makes it anew."""
    for record in records:
        again = f"; `{record.remedy}` makes it anew" if record.remedy else ""
        say(console or console_for(), f"Not used: {record}{again}")


def show_approvals(record: "Approvals", console: "Console | None" = None, *, full: bool = False) -> None:
    """One line on where the approvals stand, where there is any; with `full` what is asked for, too."""
    from tunecase.accounts import approval_line, approval_short

    if words := approval_line(record) if full else approval_short(record):
        say(console or console_for(), words, "yellow" if record.warns else "")


def show_error(error: TunecaseError) -> None:
    """Prints an error to standard error: where, what was given and wanted on one line, what to do on the next."""
    console = console_for(stderr=True)
    from rich.text import Text

    # Not wrapped here: a path cut in two cannot be copied.
    if isinstance(error, InputError):
        for problem in first_of(error.problems):
            place = Text(f"{printable(_place(problem.where))}: ", style="bold red")
            console.print(place.append(problem.told, style="default"), soft_wrap=True)
            console.print(Text(problem.remedy), soft_wrap=True)
        return
    console.print(Text(safe(str(error)), style="red"), soft_wrap=True)


def _place(where: str) -> str:
    """A place as people say it, a field that was typed as an option by that option.

    Example:
        >>> _place("tunecase.yaml:12: problem.target"), _place("--to")
        ('tunecase.yaml, line 12: problem.target', '--to')
    """
    typed = {word.partition("=")[0] for word in sys.argv}
    for option in (f"--{where.replace('_', '-')}", OPTIONS.get(where, "")):
        if option and option in typed:
            return option
    return re.sub(r"^([^:]+):(\d+)(?=$|[:,])", r"\1, line \2", where)
