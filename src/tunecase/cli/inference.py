"""The command `inference`: what the answers cost after launch, over every way to serve the model or to buy them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tunecase.cli.options import (
    AsJson,
    Seed,
    Today,
    day_of,
    finish,
    in_folder,
    named,
    nearest_project,
    panel,
    variable_project,
)
from tunecase.cli.piped import piped

traffic_option = panel("What arrives")
objective_option = panel("How fast it must be")
setup_option = panel("What serves it")
proof_option = panel("What it rests on")

Volume = Annotated[str | None, traffic_option(help="Answers a month, such as '200k per month'.")]
InputTokens = Annotated[str | None, traffic_option("--input", help="Tokens that one request sends to the tuned model.")]
OutputTokens = Annotated[str | None, traffic_option("--output", help="Tokens of one answer.")]
Instructions = Annotated[
    str | None, traffic_option(help="Tokens of instructions that a prompted model needs on top, in every request.")
]
Cached = Annotated[str | None, traffic_option(help="Share of the input that repeats the request before.")]
Hours = Annotated[str | None, traffic_option(help="Load by hour of the day: even, office or day.")]
Weekend = Annotated[str | None, traffic_option(help="Load of a weekend day, as a share of a working day's.")]
Burst = Annotated[str | None, traffic_option(help="Load of the busiest 10 seconds of an hour over its mean.")]
Growth = Annotated[str | None, traffic_option(help="Growth of the volume, such as '2% per month'.")]
Months = Annotated[str | None, traffic_option(help="For how long, such as '12 months'.")]
Trace = Annotated[
    Path | None,
    traffic_option(
        help="A CSV of requests as they came: arrival, input, output (time, tokens); - reads standard input."
    ),
]
MayWait = Annotated[bool, traffic_option("--may-wait", help="Answers may wait for one batch a night.")]
FirstToken = Annotated[
    str | None, objective_option(help="In which time 95 of 100 requests must get their first token, e.g. '1 s'.")
]
PerToken = Annotated[str | None, objective_option(help="The longest mean time of each further token, e.g. '50 ms'.")]
GpuOf = Annotated[list[str] | None, setup_option("--gpu", help="A card that may serve; repeat for several.")]
Cards = Annotated[str | None, setup_option("--gpus", help="Cards of one replica; the fewest that hold the model.")]
Tier = Annotated[str | None, setup_option(help="marketplace, neocloud or hyperscaler.")]
Price = Annotated[str | None, setup_option(help="Your own price of one card's hour in USD.")]
Precision = Annotated[str | None, setup_option(help="Of the weights: bf16, fp16, fp8, int8 or int4.")]
Engine = Annotated[str | None, setup_option(help="vllm, sglang or tensorrt-llm.")]
Adapters = Annotated[
    str | None, setup_option(help="Adapters that share one base model, this one among them; merged when left out.")
]
Spare = Annotated[str | None, setup_option(help="Replicas beyond those that the load needs; 1 when left out.")]
ToZero = Annotated[bool, setup_option("--scale-to-zero", help="Give the last replica back when nothing arrives.")]
ColdStart = Annotated[str | None, setup_option(help="From no replica to the first answer, e.g. '2 to 5 min'.")]
Today_ = Annotated[
    list[str] | None,
    setup_option("--against", help="A hosted model that is prompted instead, e.g. openai/gpt-4.1-mini."),
]
Measured = Annotated[
    list[Path] | None,
    proof_option(help="JSON of `vllm bench serve`, guidellm or genai-perf / aiperf: the answer learns from it."),
]
Project = Annotated[
    Path | None,
    proof_option("--project", "-p", help="A case: its model, volume, prices, and measured loads; $TUNECASE_PROJECT."),
]


def inference(
    model: Annotated[str, typer.Argument(help="A model's name or its config.json; the project's when left out.")] = "",
    volume: Volume = None,
    input_tokens: InputTokens = None,
    output_tokens: OutputTokens = None,
    instructions: Instructions = None,
    cached: Cached = None,
    hours: Hours = None,
    weekend: Weekend = None,
    burst: Burst = None,
    growth: Growth = None,
    months: Months = None,
    trace: Trace = None,
    may_wait: MayWait = False,
    first_token: FirstToken = None,
    per_token: PerToken = None,
    gpu: GpuOf = None,
    gpus: Cards = None,
    tier: Tier = None,
    price: Price = None,
    precision: Precision = None,
    engine: Engine = None,
    adapters: Adapters = None,
    spare: Spare = None,
    scale_to_zero: ToZero = False,
    cold_start: ColdStart = None,
    against: Today_ = None,
    measured: Measured = None,
    project: Project = None,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """What do the answers cost after launch, on cards of your own, rented, at a host, or from a prompted API?

    Every way to serve the tuned model or to buy the answers, by expected cost
    of a month, and the volume from which that changes. It works without a
    project file; with one, an option takes the place of what the file says.

    Examples:

    tunecase inference qwen3-8b --volume "200k per month" --input 600 --output 60

    The same with --against openai/gpt-4.1-mini: beside a model that is prompted.

    With --gpu L4 --gpu L40S --first-token "1 s": which card answers in time.

    With --gpu L4 --price 0.60: at the price that you pay for an hour of it.

    tunecase inference -p tunecase.yaml --measured load.json: as you measured it.

    Model, volume, input and output must be known: what is missing is named.

    Assumed where left out: 16-bit weights in vllm, the adapter merged into them,
    one spare replica, traffic by day with bursts and quieter weekends, nothing
    cached, and instructions in every request to a prompted model. The answer
    lists the figures that it assumed, --json the source of each.
    """
    from tunecase import flow
    from tunecase.cli.show.progress import audit_progress

    words: dict[str, Any] = {
        "volume": volume, "input": input_tokens, "output": output_tokens, "instructions": instructions,
        "cached": cached, "hours": hours, "weekend": weekend, "burst": burst, "growth": growth, "months": months,
        "may-wait": may_wait or None, "first-token": first_token,
        "per-token": per_token, "gpu": gpu or None, "gpus": gpus, "tier": tier, "precision": precision,
        "engine": engine, "adapters": adapters, "spare": spare, "scale-to-zero": scale_to_zero or None,
        "cold-start": cold_start, "against": against or None,
    }  # fmt: skip
    if project is None and (case := variable_project()):
        project = named(case)
    elif project is None and not model and (near := nearest_project()).is_file():
        project = named(near)
    elif project is not None:
        project = in_folder(project)
    with audit_progress() as progress, piped(trace) as requests:
        words["trace"] = str(requests.resolve()) if requests else None
        asked = flow.InferenceAsked(model, words, tuple(measured or ()), price)
        record = flow.inference(asked, seed, day_of(today), project, progress)
    finish("inference", record, json)
