"""The command `evals`: what logs of evaluations say, and how many test items a gain would take."""

from typing import Annotated

import typer

from tunecase.cli.options import AsJson, finish


def evals(
    log: Annotated[
        str,
        typer.Argument(
            help="A log of Inspect, lm-evaluation-harness, lighteval, oaieval or Trackio (a run as STORE.db::RUN)."
        ),
    ],
    second: Annotated[
        str | None, typer.Argument(metavar="[LOG]", help="A log of another model on the same items.")
    ] = None,
    metric: Annotated[str, typer.Option(help="Which metric or scorer counts, where a log holds several.")] = "",
    filter_: Annotated[str, typer.Option("--filter", help="Which filter's answers count, such as strict-match.")] = "",
    task: Annotated[str, typer.Option(help="Which task is read, where a place holds several.")] = "",
    gain: Annotated[str | None, typer.Option(help="The gain that a test should show, such as 5%.")] = None,
    fail_below: Annotated[
        str | None, typer.Option(help="Exit with 1 where the last log scores less than this, such as 85%.")
    ] = None,
    json: AsJson = False,
) -> None:
    """What did a model score, is another one better on the same items, and how many items would show a gain?

    Reads the logs of evaluation tools as they wrote them: `tunecase evals today.eval tuned.eval`.
    """
    from tunecase import flow

    logs = (log,) if second is None else (log, second)
    finish("evals", flow.evals(flow.EvalsAsked(logs, metric, filter_, task, gain, fail_below)), json)
