"""The command `judge`: do free answers meet the criteria?"""

from pathlib import Path
from typing import Annotated

import typer

from tunecase.cli.options import HERE, AsJson, ProjectFile, Seed, SendFlagged, Today, finish, open_project


def judge(
    base_url: Annotated[str, typer.Option(help="Where the judge answers, e.g. https://HOST/v1.")] = "",
    model: Annotated[str, typer.Option(help="The judge's name at its endpoint.")] = "",
    key_variable: Annotated[
        str, typer.Option(help="The environment variable that holds the key; the key itself is never kept.")
    ] = "",
    rows: Annotated[int, typer.Option(help="Test rows to judge; the same seed takes the same rows.")] = 100,
    human: Annotated[
        Path | None, typer.Option(help="People's verdicts on these rows: a file with the columns row and verdict.")
    ] = None,
    answers: Annotated[
        Path | None, typer.Option(help="Answers made elsewhere: a file with the columns row and answer.")
    ] = None,
    unknown_ok: Annotated[
        bool, typer.Option("--unknown-ok", help="Take the score of a judge that is not known to agree with people.")
    ] = False,
    input_price: Annotated[
        float, typer.Option("--usd-per-1m-input-tokens", help="The judge's price; below 0: not known.")
    ] = -1.0,
    output_price: Annotated[
        float, typer.Option("--usd-per-1m-output-tokens", help="The judge's price; below 0: not known.")
    ] = -1.0,
    send_flagged: SendFlagged = False,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Do free answers meet the criteria? A hosted model judges them, and people say whether it may."""
    from tunecase import flow
    from tunecase.cli.show.progress import tell_fetching

    question = flow.JudgeAsked(
        base_url, model, key_variable, rows, human, answers, unknown_ok, input_price, output_price,
        send_flagged,
    )  # fmt: skip
    finish("judge", flow.judge(open_project(project, seed, today), question, tell_fetching), json)
