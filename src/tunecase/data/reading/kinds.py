"""What kind of answers a file holds: classes, JSON or free text."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

LONGEST_LABEL = 60


def looks_like_classes(outputs: Iterable[str]) -> bool:
    """True when outputs look like class labels: nearly all short, each seen three times or so.

    Example:
        >>> looks_like_classes(["yes", "no", "yes", "no", "no", "yes"])
        True
    """
    counts = Counter(outputs)
    short = sum(count for output, count in counts.items() if len(output) <= LONGEST_LABEL)
    return are_classes(len(counts), short, counts.total())


def repeat_like_classes(outputs: Iterable[str]) -> bool:
    """True when answers come from a closed list, each seen three times or so, however long they are.

    Example:
        >>> repeat_like_classes(["Please hand this to the harbour.", "Please hand this to the quarry."] * 3)
        True
    """
    counts = Counter(outputs)
    return bool(counts) and len(counts) <= max(2, counts.total() // 3)


def kind_of(outputs: Sequence[str]) -> Literal["classification", "extraction", "generation"]:
    """What kind of answers the outputs are: JSON objects (at least nine in ten), classes, or free text.

    Example:
        >>> kind_of(['{"name": "Ann"}', '{"name": "Bob"}', '{}'])
        'extraction'
    """
    if sum(is_object(output) for output in outputs) >= 0.9 * max(len(outputs), 1):
        return "extraction"
    return "classification" if looks_like_classes(outputs) else "generation"


def is_object(output: str) -> bool:
    """True when a text is one JSON object."""
    import orjson

    try:
        return isinstance(orjson.loads(output), dict)
    except orjson.JSONDecodeError:
        return False


def are_classes(distinct: int, short: int, total: int) -> bool:
    """The rule of looks_like_classes, from counts: distinct outputs, outputs of at most 60 characters, all outputs."""
    return total > 0 and short >= 0.9 * total and distinct <= max(2, total // 3)
