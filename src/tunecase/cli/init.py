"""The command `init`: a commented project file for a data file, or a copy of an example."""

from pathlib import Path
from typing import Annotated

import typer

from tunecase.cli.options import AsJson, InputColumn, OutputColumn, print_record


def init(
    data: Annotated[Path | None, typer.Argument(help="A data file: .jsonl, .csv or .parquet.")] = None,
    example: Annotated[str | None, typer.Option(help="Copy a shipped example instead, e.g. support-tickets.")] = None,
    to: Annotated[
        Path | None, typer.Option(help="Folder for the project file; the data file's own by default.")
    ] = None,
    test: Annotated[Path | None, typer.Option(help="The held-out test file.")] = None,
    input: InputColumn = None,
    output: OutputColumn = None,
    force: Annotated[bool, typer.Option(help="Overwrite what is there.")] = False,
    json: AsJson = False,
) -> None:
    """Write a commented project file for a data file, or copy an example."""
    from tunecase.flow import init as write

    folder = to or (data.parent if data else Path())
    print_record(
        "init", write(data, example=example, to=folder, input=input, output=output, test=test, force=force), json
    )
