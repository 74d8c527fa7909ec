"""A card of one's own: one of the tables with another memory, or one of which only the memory is known."""

import re
from collections.abc import Sequence
from dataclasses import replace

from tunecase import catalog
from tunecase.errors import Problem

STAND_IN = "A100-80GB"  # whose rates order the choices of a card that has none
BYTES = {"MB": 1e6, "GB": 1e9, "TB": 1e12, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
LEAST_GB, MOST_GB = 1.0, 1000.0
_MEMORY = re.compile(r"(\d*\.?\d+)\s*([MGT]i?B)", re.IGNORECASE)


def memory_gb(text: object) -> float | None:
    """The memory that a text states in GB (10^9 bytes); None where it states none that a card can have.

    Args:
        text: a number above 0 with its unit: MB, GB, TB (powers of 1,000) or MiB, GiB, TiB (powers of 1,024).

    Example:
        >>> memory_gb("20GB"), round(memory_gb("20 GiB"), 2), memory_gb("20"), memory_gb("10 TB"), memory_gb("0 GB")
        (20.0, 21.47, None, None, None)
    """
    match = _MEMORY.fullmatch(str(text).strip())
    size = float(match[1]) * BYTES[match[2].upper()] / 1e9 if match else 0.0
    return size if LEAST_GB <= size <= MOST_GB else None


def own_cards(
    text: object, cards: Sequence[catalog.Gpu], notes: list[str], problems: list[Problem]
) -> list[catalog.Gpu]:
    """The one card named with the memory stated, or a card of which nothing else is known.

    Args:
        text: the memory, see `memory_gb`.
        cards: those named, one at most.
        notes: gets how the memory was read, and what of the card is still that of the tables.
        problems: gets a memory that cannot be read, and one for several cards.

    Leaves out a price of its own: a named card keeps that of the tables, a card without a name has neither time nor
    price.
    """
    size = memory_gb(text)
    if size is None:
        fix = "write for example 20GB (20 x 10^9 bytes) or 20GiB"
        problems.append(Problem("card_memory", repr(text), "the memory of one card, 1 GB to 1 TB, with its unit", fix))
        return list(cards)
    if len(cards) > 1:
        wanted, fix = "one card, or none", "name one with --gpu, or leave --card-memory out"
        problems.append(Problem("card_memory", f"one memory for {len(cards)} kinds of card", wanted, fix))
        return list(cards)
    gib = size * 1e9 / 2**30
    words = f"{gib:.1f} GiB ({size:.4g} GB)"
    if cards:
        notes.append(f"the {cards[0].name} is taken with {words} of memory, its speed and price as in the tables")
        return [replace(cards[0], memory_gib=gib, stated_gb=size)]
    notes.append(f"a card of {words} of which nothing else is known has neither time nor price: --gpu says which it is")
    return [replace(catalog.gpu(STAND_IN), name=catalog.UNNAMED, memory_gib=gib, stated_gb=size, timed=False)]
