"""The most that one replica gives while each answer stays within its time."""

from collections.abc import Callable
from dataclasses import replace

from tunecase.inference.setup import Load, Rate, Refusal, Setup
from tunecase.inference.throughput import rate

Predict = Callable[[Setup, Load], Rate | Refusal]

HALVINGS = 24


def capacity(
    setup: Setup,
    load: Load,
    first_token_s: float | None = None,
    per_token_s: float | None = None,
    predict: Predict = rate,
) -> Rate | Refusal:
    """The rate at the highest concurrency within the objective.

    Args:
        setup: the replica.
        load: its concurrency, where stated, is the most that is looked at.
        first_token_s: the longest time to the first token [s], before any queue; None without one.
        per_token_s: the longest mean time of each further token [s], interrupted by others' inputs; None without one.
        predict: a prediction in place of `rate`, such as one narrowed by measured points.
    Returns: the rate, or a refusal where one request alone is slower than asked, or nothing can be said.

    Leaves out the queue: the load that a fleet meets is never spread evenly.
    """
    highest = predict(setup, load)
    if isinstance(highest, Refusal) or _within(highest, load, first_token_s, per_token_s):
        return highest
    alone = predict(setup, replace(load, concurrency=1.0))
    if isinstance(alone, Refusal) or not _within(alone, load, first_token_s, per_token_s):
        return alone if isinstance(alone, Refusal) else _too_slow(alone, load, first_token_s, per_token_s)
    low, high, best = 1.0, highest.in_flight, alone
    for _ in range(HALVINGS):
        middle = (low * high) ** 0.5
        tried = predict(setup, replace(load, concurrency=middle))
        if isinstance(tried, Rate) and _within(tried, load, first_token_s, per_token_s):
            low, best = middle, tried
        else:
            high = middle
    return best


def per_token_s(at: Rate, load: Load) -> float:
    """Mean time of each output token [s], interrupted by the inputs of others: requests in flight over tokens/s."""
    if load.output_tokens <= 1:
        return at.step_s
    return max(at.step_s, (at.in_flight / at.requests_per_s - at.prefill_s) / load.output_tokens)


def _within(at: Rate, load: Load, first_token_s: float | None, each_token_s: float | None) -> bool:
    first_ok = first_token_s is None or at.prefill_s + at.step_s <= first_token_s
    return first_ok and (each_token_s is None or per_token_s(at, load) <= each_token_s)


def _too_slow(alone: Rate, load: Load, first_token_s: float | None, each_token_s: float | None) -> Refusal:
    first, each = alone.prefill_s + alone.step_s, per_token_s(alone, load)
    parts = []
    if first_token_s is not None and first > first_token_s:
        parts.append(f"a request alone needs {first:.3g} s to its first token, {first_token_s:g} s are asked for")
    if each_token_s is not None and each > each_token_s:
        parts.append(f"a token takes {1000 * each:.3g} ms at the least, {1000 * each_token_s:g} ms are asked for")
    fix = "use a faster card, more cards a replica or weights in fewer bits, or state a longer objective"
    return Refusal("; ".join(parts), fix)
