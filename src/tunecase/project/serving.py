"""The fields of the project file on answers after launch: what arrives, and what serves it."""

from typing import Annotated, Literal

from pydantic import Field

from tunecase.project.kinds import (
    Count,
    CountOrNone,
    Day,
    GpuName,
    Growth,
    Minutes,
    MoneyPer1k,
    MoneyPer1kOrNothing,
    PartShare,
    PositiveInt,
    Seconds,
    Section,
    Share,
    Times,
)

HourShares = Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=24, max_length=24)]


class Traffic(Section):
    """What arrives after launch, beside `problem.volume` answers a month."""

    trace: str | None = Field(
        None, description="A CSV file of requests as they came: arrival (seconds or ISO time), input, output (tokens)."
    )
    input: Count | None = Field(None, description="Tokens that one request sends to the tuned model.")
    output: Count | None = Field(None, description="Tokens of one answer.")
    instructions: CountOrNone | None = Field(
        None, description="Tokens of instructions and examples that a prompted model needs on top, in every request."
    )
    cached: Share | None = Field(
        None, description="Share of a request's input that repeats the one before, so that a cache holds it."
    )
    hours: Literal["even", "office", "day"] | HourShares | None = Field(
        None, description="Load by hour of the day: even, office, day, or 24 numbers from midnight on."
    )
    weekend: Share | None = Field(None, description="Load of a weekend day, as a share of a working day's.")
    burst: Times | None = Field(None, description="Load of the busiest 10 seconds of an hour over the hour's mean.")
    growth: Growth | None = Field(None, description="Growth of the volume, such as 2% per month.")
    first_token: Seconds | None = Field(
        None, description="In which time 95 of 100 requests must get their first token, such as 1 s."
    )
    per_token: Seconds | None = Field(None, description="The longest mean time of each further token, such as 0.05 s.")
    may_wait: bool = Field(False, description="Answers may wait for the night: they are made in one batch a day.")


class Serving(Section):
    """What serves the tuned model, and what its answers and those of today cost."""

    later = frozenset(
        {
            "traffic", "today", "gpus", "gpu_count", "precision", "engine", "merged", "adapters", "spare",
            "scale_to_zero", "cold_start", "minimum_billing",
        }
    )  # fmt: skip

    traffic: Traffic = Field(Traffic(), description="What arrives, beside problem.volume.")
    gpus: tuple[GpuName, ...] = Field((), description="Cards that may serve; those of compute when left out.")
    gpu_count: PositiveInt | None = Field(None, description="Cards of one replica; the fewest that hold it.")
    precision: Literal["bf16", "fp16", "fp8", "int8", "int4"] | None = Field(
        None, description="Of the weights as they are served; bf16 when left out."
    )
    engine: Literal["vllm", "sglang", "tensorrt-llm"] | None = Field(None, description="vllm when left out.")
    merged: bool = Field(True, description="False where the adapter is served beside the base model's weights.")
    adapters: PositiveInt | None = Field(
        None, description="Adapters that share the base model, of which this project's is one; the cost is shared."
    )
    spare: Annotated[int, Field(ge=0, le=1000)] | None = Field(
        None, description="Replicas beyond those that the load needs; 1 when left out."
    )
    scale_to_zero: bool = Field(False, description="Whether the last replica is given back when nothing arrives.")
    cold_start: Minutes | None = Field(None, description="From no replica to the first answer.")
    minimum_billing: Minutes | None = Field(None, description="The least time that a rented replica is billed for.")
    today: str | None = Field(
        None, description="The hosted model that gives the answers today, such as openai/gpt-4.1-mini."
    )
    price_per_1k_answers: MoneyPer1k | None = Field(
        None, description="What 1,000 answers of the tuned model cost, in place of what is worked out."
    )
    price_per_1k_today: MoneyPer1kOrNothing | None = Field(
        None, description="What 1,000 answers cost the way they are given today."
    )
    retires_on: Day | None = Field(
        None, description="The day on which the base model or its platform is retired (YYYY-MM-DD)."
    )
    retune_share: PartShare | None = Field(
        None, description="What tuning again for another base model costs, as a share of the project."
    )
