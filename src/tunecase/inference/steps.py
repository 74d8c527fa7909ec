"""Seconds of one decode step and of one request's input, from what they read, compute and send.

The formulas use arithmetic alone, so that they hold for one set-up (numbers) and for many at once (arrays).
"""

from dataclasses import dataclass
from math import e
from typing import Any

# A number for one set-up, or an array over many.
Number = Any
MICRO = 1e-6


@dataclass(frozen=True, slots=True)
class Work:
    """What one card of one pipeline stage does at a load, in a decode step and for one request's input.

    Gigabytes and TFLOP of one card. `sequences` are those of one step (the stages of a pipeline take turns),
    `merged_inputs` the inputs that share a step. `python`, `four_bit`, `weight_only` (4-bit weights that are widened
    before the product), `experts`, `amd` and `sums` (over cards) are 1 or 0. `age_years` is the age of the release
    against the newest that was measured.
    """

    weights_gb: Number
    cache_gb: Number
    step_tflop: Number
    step_attention_tflop: Number
    input_weights_gb: Number
    input_tflop: Number
    input_attention_tflop: Number
    bandwidth_gb_per_s: Number
    tflops: Number
    attention_tflops: Number
    layers: Number
    sequences: Number
    merged_inputs: Number
    output_tokens: Number
    sums: Number
    step_sum_gb: Number
    input_sum_gb: Number
    link_gb_per_s: Number
    python: Number
    age_years: Number
    four_bit: Number
    weight_only: Number
    experts: Number
    amd: Number


@dataclass(frozen=True, slots=True)
class Constants:
    """The constants of serving_constants.csv: shares of what a data sheet says, overheads in microseconds."""

    bandwidth: float
    decode_products: float
    prefill_products: float
    attention_products: float
    overlap: float
    layer_python: float
    layer_compiled: float
    layer_experts: float
    sequence_python: float
    sequence_compiled: float
    older_python: float
    older_compiled: float
    hop: float
    link: float
    four_bit_bandwidth: float
    four_bit_products: float
    expert_bandwidth: float
    amd_bandwidth: float
    amd_launches: float
    burst_tail: float


def request_seconds(work: Work, at: Constants) -> Number:
    """Seconds of a stage that one request takes: its input, and its share of the steps of its output."""
    return input_seconds(work, at) + work.output_tokens * step_seconds(work, at) / work.sequences


def step_seconds(work: Work, at: Constants) -> Number:
    """Seconds of one decode step on one stage.

        reading = (weights / (4-bit share or experts' share) + cache) / (bandwidth x share)
        step    = (reading^p + computing^p)^(1/p) + layers x t_layer + sequences x t_sequence + sums over cards

    Source: the roofline with overheads; constants fitted, serving_constants.csv.
    Leaves out sampling that depends on the vocabulary, and speculative decoding.
    """
    roof = _overlapped(_reading(work, at), _step_computing(work, at), at.overlap)
    return roof + _step_overheads(work, at) + _sums(work.step_sum_gb, work, at)


def input_seconds(work: Work, at: Constants) -> Number:
    """Seconds in which one request's input is computed on one stage, sharing the step with other inputs.

    Source: as `step_seconds`. Leaves out the queue before it.
    """
    computing = _computing(work.input_tflop, at.prefill_products, work, at)
    computing = computing + _attending(work.input_attention_tflop, work, at)
    reading = _slower(work, at) * work.input_weights_gb / _bandwidth(work, at)
    shared = _aged(work, at) * _launches(work, at) + _sums(work.input_sum_gb * work.merged_inputs, work, at)
    return _overlapped(reading / work.merged_inputs, computing, at.overlap) + shared / work.merged_inputs


def parts(work: Work, at: Constants) -> dict[str, Number]:
    """Seconds of a stage by what takes them, over one request's input and the steps that it shares."""
    steps = work.output_tokens / work.sequences
    return {
        "input": input_seconds(work, at),
        "reading": _reading(work, at) * steps,
        "computing": _step_computing(work, at) * steps,
        "overheads": _step_overheads(work, at) * steps,
        "sums": _sums(work.step_sum_gb, work, at) * steps,
    }


def _reading(work: Work, at: Constants) -> Number:
    return (_slower(work, at) * work.weights_gb + work.cache_gb) / _bandwidth(work, at)


def _step_computing(work: Work, at: Constants) -> Number:
    products = _computing(work.step_tflop, at.decode_products, work, at)
    return products + _attending(work.step_attention_tflop, work, at)


def _step_overheads(work: Work, at: Constants) -> Number:
    sequence = MICRO * _by_engine(at.sequence_compiled, at.sequence_python, work) * work.sequences
    return _aged(work, at) * (_launches(work, at) + sequence)


def _overlapped(one: Number, other: Number, power: float) -> Number:
    return (one**power + other**power) ** (1 / power)


def _part(flag: Number, share: float) -> Number:
    """1 where the flag is 0, the share where it is 1."""
    return 1 + flag * (share - 1)


def _by_engine(compiled: float, python: float, work: Work) -> Number:
    return compiled + work.python * (python - compiled)


def _slower(work: Work, at: Constants) -> Number:
    """How many times longer weights take to read than plain ones of as many bytes; 4-bit experts pay once."""
    wide_experts = work.experts * (1 - work.four_bit)
    return 1 / (_part(work.four_bit, at.four_bit_bandwidth) * _part(wide_experts, at.expert_bandwidth))


def _bandwidth(work: Work, at: Constants) -> Number:
    return work.bandwidth_gb_per_s * at.bandwidth * _part(work.amd, at.amd_bandwidth)


def _computing(tflop: Number, share: float, work: Work, at: Constants) -> Number:
    return tflop / (work.tflops * share * _part(work.weight_only, at.four_bit_products))


def _attending(tflop: Number, work: Work, at: Constants) -> Number:
    return tflop / (work.attention_tflops * at.attention_products)


def _launches(work: Work, at: Constants) -> Number:
    layer = _by_engine(at.layer_compiled, at.layer_python, work) + work.experts * at.layer_experts
    return MICRO * layer * work.layers * _part(work.amd, at.amd_launches)


def _aged(work: Work, at: Constants) -> Number:
    """By how much the overheads of an older release are larger."""
    return e ** (_by_engine(at.older_compiled, at.older_python, work) * work.age_years)


def _sums(gigabytes: Number, work: Work, at: Constants) -> Number:
    return work.sums * (work.layers * MICRO * at.hop + gigabytes / (work.link_gb_per_s * at.link))
