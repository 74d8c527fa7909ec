"""The command `schema`: the JSON Schema of what another command prints with --json."""

from typing import Annotated

import typer


def schema(
    verb: Annotated[
        list[str] | None,
        typer.Argument(metavar="VERB", help="As it is typed: audit, or spend add; error for what a failure prints."),
    ] = None,
) -> None:
    """What does `--json` print? The JSON Schema (2020-12) of a command; without one, the commands that have it.

    The number at the end of its `$id` rises when a field goes or changes its meaning; fields may be added without
    notice. Example: `tunecase schema audit > audit.schema.json`.
    """
    import json

    from tunecase.records import PRINTED, schema_of

    if verb:
        typer.echo(json.dumps(schema_of(" ".join(verb)), indent=2))
    else:
        typer.echo("\n".join(PRINTED))
