"""The command `init`: a commented project file for a data file, or a copy of an example."""

from pathlib import Path
from typing import Annotated

import typer

from tunecase.cli.options import AsJson, InputColumn, OutputColumn, print_record
from tunecase.errors import InputError, Problem


def init(
    data: Annotated[Path | None, typer.Argument(help="A data file: .jsonl, .csv or .parquet.")] = None,
    example: Annotated[str | None, typer.Option(help="Copy a shipped example; without a name, list all.")] = None,
    to: Annotated[
        Path | None, typer.Option(help="Folder for the project file; the data file's own by default.")
    ] = None,
    test: Annotated[Path | None, typer.Option(help="The held-out test file.")] = None,
    held: Annotated[
        str | None, typer.Option("--hold-out", help="No test file yet: hold out this share of the rows, such as 20%.")
    ] = None,
    input: InputColumn = None,
    output: OutputColumn = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask ten questions and write the answers into the file; Enter skips one.")
    ] = False,
    force: Annotated[bool, typer.Option(help="Overwrite what is there.")] = False,
    json: AsJson = False,
) -> None:
    """Write a commented project file for a data file, or copy an example."""
    from tunecase import flow
    from tunecase.cli.asking import ask_all, refuse_without_terminal

    if data is None and example == "":
        return print_record("examples", flow.about_examples(), json)
    if held is not None and (data is None or test is not None):
        fix = "write `tunecase init data.jsonl --hold-out 20%`, without --test"
        raise InputError(Problem("--hold-out", "no file to take rows of, or a test file beside it", "one file", fix))
    if ask:
        refuse_without_terminal()
    folder = to or (data.parent if data else Path())
    if data is not None and example is None:
        if held is not None:
            data, test = flow.hold_out(data, held, to=folder, input=input, output=output, force=force)
        answers = ask_all if ask else None
        written = flow.init(data, to=folder, input=input, output=output, test=test, force=force, ask=answers)
    elif data is None and example is not None:
        written = flow.copy_example(example, to=folder, force=force)
    else:
        got = "neither a data file nor an example" if data is None else "a data file and an example"
        fix = "write `tunecase init train.jsonl`; or `tunecase init --example` to see the examples"
        raise InputError(Problem("init", got, "one of the two", fix))
    return print_record("init", written, json)
