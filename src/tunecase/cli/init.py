"""The command `init`: a commented project file for a data file, or a copy of an example."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from tunecase.cli.asking import LIST
from tunecase.cli.options import AsJson, InputColumn, OutputColumn, Seed, print_record
from tunecase.errors import InputError, Problem, refuse_any


def init(
    data: Annotated[Path | None, typer.Argument(help="A data file: .jsonl, .csv or .parquet.")] = None,
    example: Annotated[str | None, typer.Option(help="Copy a shipped example; without a name, list all.")] = None,
    to: Annotated[
        Path | None, typer.Option(help="Folder for the project file; the data file's own by default.")
    ] = None,
    test: Annotated[Path | None, typer.Option(help="The held-out test file.")] = None,
    split: Annotated[
        str | None, typer.Option("--split", help="No test file yet: hold out this share of the rows, such as 15%.")
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(help="With --split: a column whose values stay on one side: customer, author, document."),
    ] = None,
    input: InputColumn = None,
    output: OutputColumn = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask ten questions and write the answers into the file; Enter skips one.")
    ] = False,
    force: Annotated[bool, typer.Option(help="Overwrite what is there.")] = False,
    seed: Seed = 0,
    held: Annotated[str | None, typer.Option("--hold-out", hidden=True)] = None,
    json: AsJson = False,
) -> None:
    """Write a commented project file for a data file, or copy an example."""
    from tunecase import flow
    from tunecase.cli.asking import ask_all, refuse_without_terminal

    if data is None and example == LIST:
        return print_record("examples", flow.about_examples(), json)
    refuse_any(_not_to_split(data, split, group, held))
    if ask:
        refuse_without_terminal()
    folder = to or (data.parent if data and "hf:" not in data.parts else Path())
    if data is not None and example is None:
        wanted = flow.Wanted(input, output, test, split or "", group, seed)
        written = flow.init(data, wanted, to=folder, force=force, ask=ask_all if ask else None)
    elif data is None and example is not None:
        written = flow.copy_example(example, to=folder, force=force)
    else:
        got = "neither a data file nor an example" if data is None else "a data file and an example"
        fix = "write `tunecase init train.jsonl`; or `tunecase init --example` to see the examples"
        raise InputError(Problem("init", got, "one of the two", fix))
    return print_record("init", written, json)


def _not_to_split(data: Path | None, split: str | None, group: str | None, held: str | None) -> Iterator[Problem]:
    """What is wrong with what was typed of a split."""
    example = "write `tunecase init data.jsonl --split 15%`"
    if held is not None:
        yield Problem("--hold-out", held, "--split, which is its name now", f"{example}: it also keeps copies together")
    if split is not None and data is None:
        yield Problem("--split", "no file to take rows of", "a data file", example)
    if group is not None and split is None:
        yield Problem("--group", f"{group!r} without --split", "rows to split", f"{example} --group {group}")
