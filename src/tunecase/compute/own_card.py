"""A card of one's own: one of the tables with another memory, or one of which only the memory is known."""

from collections.abc import Sequence
from dataclasses import replace

from tunecase import catalog
from tunecase.errors import Problem
from tunecase.quantities import UnitError, memory_gb

STAND_IN = "A100-80GB"  # whose rates order the choices of a card that has none


def own_cards(
    text: object, cards: Sequence[catalog.Gpu], notes: list[str], problems: list[Problem]
) -> list[catalog.Gpu]:
    """The one card named with the memory stated, or a card of which nothing else is known.

    Args:
        text: the memory, see `quantities.memory_gb`.
        cards: those named, one at most.
        notes: gets how the memory was read, and what of the card is still that of the tables.
        problems: gets a memory that cannot be read, and one for several cards.

    Leaves out a price of its own: a named card keeps that of the tables, a card without a name has neither time nor
    price.
    """
    try:
        size = memory_gb(text)
    except UnitError as error:
        problems.append(Problem("card_memory", error.got, error.wanted, error.fix))
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
