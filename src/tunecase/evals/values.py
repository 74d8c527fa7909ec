"""Scores as tools write them, as numbers."""

import math
from typing import Any

from tunecase.io.trackers import flat

WORDS = {"c": 1.0, "i": 0.0, "p": 0.5, "n": 0.0, "yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0}


def number_of(value: Any) -> float | None:
    """A score as a number: NaN for one that is missing, None for what is no score of one item (a list, an object).

    Letters are those of Inspect: C right, I wrong, P partly right, N no answer, which counts as wrong.

    Example:
        >>> number_of("C"), number_of(True), number_of("0.25"), number_of([1, 0])
        (1.0, 1.0, 0.25, None)
    """
    if value is None:
        return math.nan
    if isinstance(value, bool | int | float):
        try:
            number = float(value)
        except OverflowError:
            return math.nan
        return number if math.isfinite(number) else math.nan
    if not isinstance(value, str):
        return None
    word = value.strip().casefold()
    if word in WORDS:
        return WORDS[word]
    try:
        number = float(word)
    except ValueError:
        return None
    return number if math.isfinite(number) else math.nan


def text(value: Any, most: int = 200) -> str:
    """A value that is a name as text that can be written, cut to a bound; empty for None and for what is no name."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return ""
    return str(value)[:most].encode("utf-8", "replace").decode("utf-8")


def facts_of(value: Any) -> dict[str, str]:
    """The settings in an object as text by dotted name, those of objects within it too.

    Example:
        >>> facts_of({"n_train": 400, "lora": {"rank": 16}, "tags": ["a"]})
        {'n_train': '400', 'lora.rank': '16'}
    """
    return {text(name): shown for name, raw in flat(value) if name and (shown := text(raw))}


def finite(value: Any) -> float | None:
    """A score as a number; None for one that is missing, or no number."""
    number = number_of(value)
    return None if number is None or math.isnan(number) else number


def fields(value: Any) -> dict[str, Any]:
    """The object that a value should be; empty for anything else."""
    return value if isinstance(value, dict) else {}


def turns(given: Any) -> tuple[str, ...]:
    """What was asked: a text, or the user's turns of a chat."""
    if isinstance(given, str):
        return (given,)
    chat = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    return tuple(one["content"] for one in chat if one.get("role") == "user" and isinstance(one.get("content"), str))
