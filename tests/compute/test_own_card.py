"""A card of one's own: its memory as stated, and what stays unknown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase import catalog
from tunecase.compute import memory
from tunecase.compute.own_card import own_cards
from tunecase.compute.prediction import total_gb
from tunecase.errors import Problem
from tunecase.quantities import memory_gb


@pytest.mark.parametrize("text", ["0GB", "-5 GB", "20", "lots", "10 TB", "20 G", "GB", "1e3GB", "", 20, None, "nanGB"])
def test_what_is_no_memory_is_refused(text: object):
    """Nothing, text, too much, or a number without its unit; what was named stays."""
    problems: list[Problem] = []
    assert memory_gb(text) is None
    assert [catalog.gpu("L4")] == own_cards(text, [catalog.gpu("L4")], [], problems)
    assert ["card_memory"] == [problem.where for problem in problems]


@given(st.floats(1, 1000))
def test_a_gib_is_larger_than_a_gb(size: float):
    """By 7.4%, wherever both can be read."""
    plain, binary = memory_gb(f"{size:.3f}GB"), memory_gb(f"{size:.3f} gib")
    if plain is not None and binary is not None:
        assert binary / plain == pytest.approx(2**30 / 1e9)


def test_a_named_card_keeps_all_but_its_memory():
    """Total and usable memory follow what was stated; speed is the card's own, and the tables stay as they are."""
    (card,) = own_cards("20GB", [catalog.gpu("RTX3090")], notes := [], [])
    known = catalog.gpu("RTX3090")
    assert (card.name, card.product_tflops, card.timed) == (known.name, known.product_tflops, True)
    assert total_gb(card) == 20
    assert memory.usable_gb(card) == pytest.approx(20 * 80.32 / 85.9)
    assert memory.usable_gb(known) > 24
    assert "18.6 GiB (20 GB)" in notes[0]


def test_a_card_without_a_name_has_memory_alone():
    """Nothing of its time or price is known, and one memory cannot be that of two cards."""
    (card,) = own_cards("24 GiB", [], [], [])
    assert (card.name, card.timed, card.memory_gib) == (catalog.UNNAMED, False, 24)
    problems: list[Problem] = []
    own_cards("24 GiB", [catalog.gpu("L4"), catalog.gpu("A10")], [], problems)
    assert "2 kinds of card" in problems[0].got
