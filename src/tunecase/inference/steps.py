"""Seconds of one decode step and of one request's input, from what they read, compute and send.

The formulas use arithmetic alone, so that they hold for one set-up (numbers) and for many at once (arrays).
"""

from dataclasses import dataclass
from typing import Any

# A number for one set-up, or an array over many.
Number = Any


@dataclass(frozen=True, slots=True)
class Work:
    """What one card of one pipeline stage does at a load, in a decode step and for one request's input.

    Gigabytes, TFLOP and counts; `python`, `four_bit`, `native_four_bit` and `experts` are 1 or 0, `age_years` those of
    the release before the newest that was measured. `waves` are the sequences of one step (a pipeline takes turns).
    """

    weights_gb: Number
    cache_gb: Number
    step_tflop: Number
    input_tflop: Number
    merged_inputs: Number
    input_weights_gb: Number
    bandwidth_gb_per_s: Number
    tflops: Number
    layers: Number
    sequences: Number
    sums: Number
    step_sum_gb: Number
    input_sum_gb: Number
    link_gb_per_s: Number
    python: Number
    age_years: Number
    four_bit: Number
    experts: Number


@dataclass(frozen=True, slots=True)
class Constants:
    """The constants of serving_constants.csv: shares of what a card's data sheet says, and overheads in microseconds."""

    bandwidth: float
    decode_products: float
    prefill_products: float
    overlap: float
    layer_python: float
    layer_compiled: float
    sequence_python: float
    sequence_compiled: float
    older_python: float
    older_compiled: float
    hop: float
    link: float
    four_bit_bandwidth: float
    four_bit_products: float
    expert_bandwidth: float


def step_seconds(work: Work, at: Constants) -> Number:
    """Seconds of one decode step on one stage.

        reading = (weights / (experts' share x 4-bit share) + cache) / (bandwidth x share)
        step    = (reading^p + computing^p)^(1/p) + layers x t_layer + sequences x t_sequence + sums over cards

    Source: the roofline with overheads; constants fitted, serving_constants.csv.
    Leaves out sampling that depends on the vocabulary, and speculative decoding.
    """
    reading = _weights(work, at) * work.weights_gb + work.cache_gb
    reading = reading / (work.bandwidth_gb_per_s * at.bandwidth)
    computing = work.step_tflop / (work.tflops * at.decode_products * _part(work.four_bit, at.four_bit_products))
    return _overlapped(reading, computing, at.overlap) + _overheads(work, at) + _sums(work.step_sum_gb, work, at)


def input_seconds(work: Work, at: Constants) -> Number:
    """Seconds in which one request's input is computed on one stage, sharing the step with other inputs.

    Source: as `step_seconds`. Leaves out the queue before it.
    """
    computing = work.input_tflop / (work.tflops * at.prefill_products * _part(work.four_bit, at.four_bit_products))
    reading = _weights(work, at) * work.input_weights_gb / (work.bandwidth_gb_per_s * at.bandwidth)
    launches = work.layers * _layer(work, at) * _aged(work, at)
    sums = _sums(work.input_sum_gb * work.merged_inputs, work, at)
    return _overlapped(reading / work.merged_inputs, computing, at.overlap) + (launches + sums) / work.merged_inputs


def _overlapped(one: Number, other: Number, power: float) -> Number:
    return (one**power + other**power) ** (1 / power)


def _part(flag: Number, share: float) -> Number:
    """1 where the flag is 0, the share where it is 1."""
    return 1 + flag * (share - 1)


def _weights(work: Work, at: Constants) -> Number:
    slower = _part(work.four_bit, at.four_bit_bandwidth) * _part(work.experts, at.expert_bandwidth)
    return 1 / slower


def _layer(work: Work, at: Constants) -> Number:
    return 1e-6 * (at.layer_compiled + work.python * (at.layer_python - at.layer_compiled))


def _aged(work: Work, at: Constants) -> Number:
    """By how much the overheads of an older release are larger."""
    return 2.718281828459045 ** (
        (at.older_compiled + work.python * (at.older_python - at.older_compiled)) * work.age_years
    )


def _overheads(work: Work, at: Constants) -> Number:
    sequence = 1e-6 * (at.sequence_compiled + work.python * (at.sequence_python - at.sequence_compiled))
    return _aged(work, at) * (work.layers * _layer(work, at) + work.sequences * sequence)


def _sums(gigabytes: Number, work: Work, at: Constants) -> Number:
    return work.sums * (work.layers * 1e-6 * at.hop + gigabytes / (work.link_gb_per_s * at.link))
