"""Places in a text where something was recognised: kept apart, told as bits, replaced by what they are."""

from collections.abc import Iterable, Sequence

Span = tuple[str, int, int]  # kind, start, end


def kept_apart(claims: Iterable[Span]) -> list[Span]:
    """The spans that overlap none before them, in the order of the text.

    Example:
        >>> kept_apart([("card", 4, 9), ("phone", 6, 12), ("e-mail", 0, 3)])
        [('e-mail', 0, 3), ('card', 4, 9)]
    """
    kept: list[Span] = []
    for kind, start, end in claims:
        if all(end <= other_start or start >= other_end for _, other_start, other_end in kept):
            kept.append((kind, start, end))
    return sorted(kept, key=lambda span: span[1])


def as_bits(spans: Iterable[Span], kinds: Sequence[str]) -> int:
    """Which kinds occur, one bit each in the order of `kinds`."""
    bits = 0
    for kind, _, _ in spans:
        bits |= 1 << kinds.index(kind)
    return bits


def replaced(text: str, spans: Sequence[Span]) -> str:
    """The text with every span replaced by its kind in brackets."""
    for kind, start, end in reversed(spans):
        text = f"{text[:start]}[{kind}]{text[end:]}"
    return text
