"""The command `mcp`: the tools of tunecase for agents, over standard input and output."""

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tunecase.flow import Flow

WIDTH = 100  # characters of a line of the short answer
AT_A_TERMINAL = """\
This speaks the Model Context Protocol over standard input and output; a client starts it. Add it there as:
{"mcpServers": {"tunecase": {"command": "tunecase", "args": ["mcp", "FOLDER"]}}}
Ctrl-D ends it."""


def mcp(
    folder: Annotated[
        Path, typer.Argument(help="The folder of your cases; nothing outside it is read by name.")
    ] = Path(),
    allow_writing: Annotated[
        bool, typer.Option("--allow-writing", help="Offer also what writes: init, pilots, charges, approvals, files.")
    ] = False,
    worker: Annotated[bool, typer.Option("--worker", hidden=True)] = False,
) -> None:
    """Offer the verbs to an agent as tools of the Model Context Protocol, over standard input and output.

    They only read unless --allow-writing is given: nothing is appended to a ledger and no file is written. No network
    is used. What a tool answers goes to the model behind the agent, rows of your data that a finding quotes among it.

    Example: a client is set up to start `tunecase mcp FOLDER`, the folder of your cases.
    """
    from tunecase import agents
    from tunecase.cli.crash import kept_crash

    if worker:
        from tunecase.cli.show.progress import WORKING

        agents.work(_short_answer, kept_crash, WORKING)
        return
    if sys.stdin.isatty():
        typer.echo(AT_A_TERMINAL, err=True)
    # -P: the worker runs in the folder, and nothing that lies there may pass for a module.
    command = [sys.executable, "-P", "-m", "tunecase", "mcp", "--worker"]
    agents.serve(folder, command, allow_writing=allow_writing, failed=kept_crash)


def _short_answer(verb: str, record: Any, case: "Flow | None") -> str:
    """The answer as the terminal prints it without --full, without rows of the data."""
    from dataclasses import replace

    from rich.console import Console

    from tunecase import flow
    from tunecase.accounts import ACCOUNTS, account
    from tunecase.cli.show.blocks import print_account
    from tunecase.cli.show.record import show_approvals, show_not_used

    if verb not in ACCOUNTS:
        return str(record)
    console = Console(file=io.StringIO(), width=WIDTH, markup=False, highlight=False, emoji=False, no_color=True)
    said = account(verb, record, None if case is None else flow.material(case))
    ends = "" if " ... " in said.next else said.next  # dots stand for words that were typed, and none were
    print_account(console, replace(said, full=(), next=ends))
    if case is not None:
        show_approvals(flow.approvals(case), console)
        show_not_used(flow.not_used(case), console)
    assert isinstance(console.file, io.StringIO)
    lines = [line.rstrip() for line in console.file.getvalue().split("\n")]
    return "\n".join(line for line in lines if line)
