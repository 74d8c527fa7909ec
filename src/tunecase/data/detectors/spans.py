"""Places in a text where something was recognised: kept apart, told as bits."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence

Span = tuple[str, int, int]  # kind, start, end


def kept_apart(claims: Iterable[Span]) -> list[Span]:
    """The spans that overlap none before them, in the order of the text.

    Example:
        >>> kept_apart([("card", 4, 9), ("phone", 6, 12), ("e-mail", 0, 3)])
        [('e-mail', 0, 3), ('card', 4, 9)]
    """
    kept: list[tuple[int, int, str]] = []
    for kind, start, end in claims:
        at = bisect_left(kept, (end,))
        if not at or kept[at - 1][1] <= start:
            insort(kept, (start, end, kind))
    return [(kind, start, end) for start, end, kind in kept]


def as_bits(spans: Iterable[Span], kinds: Sequence[str]) -> int:
    """Which kinds occur, one bit each in the order of `kinds`."""
    bits = 0
    for kind, _, _ in spans:
        bits |= 1 << kinds.index(kind)
    return bits
