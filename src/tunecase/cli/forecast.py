"""The command `forecast`: will more data reach the target? Of the project, or of points measured elsewhere."""

from typing import Annotated

import typer

from tunecase.cli.options import HERE, AsJson, ProjectFile, Seed, Today, finish, open_project
from tunecase.cli.piped import is_piped, piped
from tunecase.errors import InputError, Problem


def forecast(
    points: Annotated[
        list[str] | None,
        typer.Argument(
            help="Points measured elsewhere: a CSV of n,score, an export of W&B, MLflow, Trackio, trainer states; "
            "or logs of evaluations, each one point; - reads standard input."
        ),
    ] = None,
    target: Annotated[str | None, typer.Option(help="The score wanted, e.g. 0.92 or 92%.")] = None,
    metric: Annotated[str | None, typer.Option(help="What the scores are; accuracy, or the project's.")] = None,
    n_max: Annotated[int | None, typer.Option(max=10**12, help="The most examples that could be had.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="The project rests on these points from now on.")] = False,
    from_pilot: Annotated[bool, typer.Option("--from-pilot", help="Back from kept points to the pilot's.")] = False,
    size_column: Annotated[str, typer.Option(help="The column of training examples.")] = "",
    score_column: Annotated[str, typer.Option(help="The column of scores.")] = "",
    n: Annotated[list[str] | None, typer.Option("--n", help="A run's training examples: NAME=400.")] = None,
    step: Annotated[str, typer.Option(help="Which score of a run counts: last or best.")] = "last",
    experiment: Annotated[str, typer.Option(help="The experiment of MLflow to read.")] = "",
    model: Annotated[str, typer.Option(help="What kept points were measured with.")] = "",
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Will more data reach the target, how much of it, at what price?

    Scores of your own runs are read from a file: `tunecase forecast points.csv --metric accuracy --target 80%`.
    """
    from tunecase import flow

    if not points and keep:
        fix = "name a file, a folder or an address: tunecase forecast points.csv --keep"
        raise InputError(Problem("--keep", "no points", "points measured elsewhere", fix))
    if any(is_piped(place) for place in points or ()):
        if keep:
            fix = "write them into a file, which stays"
            raise InputError(Problem("--keep", "beside - for standard input", "a place to read them again", fix))
        if len(points or ()) > 1:
            raise InputError(Problem("-", "beside other places", "standard input alone", "write it into a file"))
    opened = open_project(project, seed, today) if not points or keep else None
    if opened is None:
        reading = flow.asked_of(metric or "accuracy", size_column, score_column, n or (), step, experiment)
        places = points or []
        with piped(places[0], lines=False) as place:
            record = flow.forecast_file([place, *places[1:]], reading, target, n_max, seed)
    elif not points:
        record = flow.forecast(opened, from_pilot)
    else:
        reading = flow.asked_of(flow.metric_of(opened, metric), size_column, score_column, n or (), step, experiment)
        record = flow.keep_forecast(opened, points, reading, model, target, n_max)
    note = "" if json or not keep else f"The project rests on {', '.join(points or ())} from now on."
    finish("forecast", record, json, note=note, case=opened)
