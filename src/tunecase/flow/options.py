"""What the methods of the Python face that take options take, by name, for editors, type checkers and the refusals.

Written by `make docs` from the questions' own dataclasses; edit those, or docs/options.py, not this file.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, TypedDict


class RunOptions(TypedDict, total=False):
    """Options of `training_run`: see `FitAsked`."""

    deadline: str | None
    spot: bool | None
    tier: str | None
    lengths: str | Path | None
    accelerate: str | Path | None
    measured: str | Path | None
    explain: bool | None
    price: str | float | None
    probe: bool | None
    command: Sequence[str] | None
    card_memory: str | None
    gpus_per_node: int | str | None
    framework: str | None
    method: Literal["full", "lora", "qlora"] | None
    objective: str | None
    adapter: str | None
    rank: int | str | None
    targets: str | Sequence[str] | None
    frozen_layers: int | str | None
    precision: Literal["bf16", "fp16", "fp32", "fp8"] | None
    masters: Literal["16-bit", "32-bit"] | None
    optimizer: str | None
    step_in_backward: bool | None
    attention: Literal["flash", "eager"] | None
    loss: Literal["shifted", "whole", "shifted-inplace", "inplace", "compiled", "chunked", "fused"] | None
    kernels: Literal["eager", "fused", "foak", "compiled"] | None
    checkpointing: Literal["none", "selective", "full", "offloaded"] | None
    sequence_tokens: int | str | None
    micro_batch: int | str | None
    accumulation: int | str | None
    packing: bool | None
    sharding: Literal["none", "ddp", "zero1", "zero2", "zero3", "fsdp"] | None
    tensor_parallel: int | str | None
    pipeline_parallel: int | str | None
    context_parallel: int | str | None
    offload: Literal["none", "optimizer", "all"] | None
    double_quantised: bool | None
    quantiser: Literal["nf4", "gptq"] | None
    trained_ends: bool | None
    base: Literal["16-bit", "32-bit"] | None
    towers: Literal["frozen", "trained", "left out"] | None
    prompts: int | str | None
    group_size: int | str | None
    prompt_tokens: int | str | None
    completion_tokens: int | str | None
    updates: int | str | None
    sampler: Literal["colocated", "separate", "in-turn", "generate"] | None
    sampler_gpus: int | str | None
    reference: bool | None
    reward_params: float | str | None
    reward_seconds: float | str | None
    engine_share: float | str | None
    engine_sleeps: bool | None
    tokens: float | str | None
    steps: int | str | None
    examples: float | str | None
    epochs: float | str | None
    global_batch: int | str | None
    trained_layers: int | str | None
    completion_mean: int | str | None


class FitOptions(RunOptions, total=False):
    """Options of `Case.fit`: see `FitAsked`."""

    gpus: Sequence[str] | None
    counts: Sequence[str] | None


class AnswerOptions(TypedDict, total=False):
    """Options of `answer_costs` and `Case.inference`: see `InferenceAsked`."""

    measured: str | Path | Sequence[str | Path] | None
    price: str | float | None
    volume: str | None
    months: str | None
    gpu: str | Sequence[str] | None
    gpus: int | str | None
    tier: Literal["marketplace", "neocloud", "hyperscaler", "owned"] | None
    precision: Literal["bf16", "fp16", "fp8", "int8", "int4"] | None
    engine: Literal["vllm", "sglang", "tensorrt-llm"] | None
    adapters: int | str | None
    spare: int | str | None
    scale_to_zero: bool | None
    cold_start: str | None
    against: str | Sequence[str] | None
    may_wait: bool | None
    input: float | str | None
    output: float | str | None
    instructions: float | str | None
    cached: float | str | None
    hours: Literal["even", "office", "day"] | Sequence[float | str] | None
    weekend: float | str | None
    burst: float | str | None
    growth: str | None
    trace: str | Path | None
    first_token: str | None
    per_token: str | None


class CompareOptions(TypedDict, total=False):
    """Options of `Case.compare`: see `CompareAsked`."""

    fail_if_over: str | None
    confidence: str | None
    allow_unpriced: bool
    on_unrecorded: Callable[[str], None] | None


class PricesOptions(TypedDict, total=False):
    """Options of `Case.prices` and `price_book`: see `PricesAsked`."""

    kind: str
    gpu: str
    tier: str
    terms: str
    region: str
    provider: str
    model: str


class PilotOptions(TypedDict, total=False):
    """Options of `Case.pilot` and `Case.try_source`: see `PilotSettings`."""

    trainer: str
    model: str
    settings: Mapping[str, str | int | float | bool]
    sizes: Sequence[int] | None
    draws: int | None
    seed: int | None
    adaptive: bool | None
    tune: int
    hosted: Mapping[str, Mapping[str, str | int | float | bool]]
    race: Sequence[str]
    keep_all: bool
    with_baselines: bool
    workers: int | None
    engine: Literal["local", "ray"]
    address: str | None
    gpus_per_task: float
    max_minutes: float | None
    max_usd: float | None
    usd_per_hour: float | None
    send_flagged: bool


class JudgeOptions(TypedDict, total=False):
    """Options of `Case.judge`: see `JudgeAsked`."""

    base_url: str
    model: str
    key_variable: str
    rows: int
    human: str | Path | None
    answers: str | Path | None
    unknown_ok: bool
    usd_per_1m_input_tokens: float
    usd_per_1m_output_tokens: float
    send_flagged: bool


class ApprovalOptions(TypedDict, total=False):
    """Options of `Case.approve`: see `ApprovalAsked`."""

    until: str | None
    note: str
    plan: str
    replaces: str
    beyond: bool
    last: str | None


class ChargeOptions(TypedDict, total=False):
    """Options of `Case.spend`: see `ChargeAsked`."""

    category: str | None
    on: str | None
    note: str
    credit: bool | None
    replaces: str
    quantity: str | None
    unit: str
    large_credit: bool


class ImportOptions(TypedDict, total=False):
    """Options of `Case.spend_import`: see `ImportAsked`."""

    tags: Sequence[str]
    services: Sequence[str]
    since: str | None
    until: str | None
    on: str | None
    category: str
    run_tags: Sequence[str]
    cost: str
    gpu: str
    gpu_count: int
    experiment: str
    restated: bool
    dry_run: bool
    large_credit: bool
    on_read: Callable[[int, int], None] | None


class ServingOptions(TypedDict, total=False):
    """Options of `Case.spend_serving`: see `ServingAsked`."""

    first: str | None
    last: str | None
    answers: str | None
    tokens_in: str | None
    tokens_out: str | None
    gpu_hours: str | None
    busy_hours: str | None
    per_busy_hour: str | None
    cost: str | None
    restated: bool
    dry_run: bool


class ChargesOptions(TypedDict, total=False):
    """Options of `Case.charges`: see `charges`."""

    category: str
    run: str
    source: str
    since: str | None
    until: str | None
