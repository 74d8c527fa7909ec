"""A card of one's own: its memory as stated, and what stays unknown."""

import pytest

from tunecase import catalog
from tunecase.compute import memory
from tunecase.compute.own_card import own_cards
from tunecase.compute.prediction import total_gb
from tunecase.errors import Problem


def test_a_memory_that_cannot_be_read_leaves_the_card_as_named():
    """The problem is told beside the others."""
    problems: list[Problem] = []
    assert [catalog.gpu("L4")] == own_cards("10 TB", [catalog.gpu("L4")], [], problems)
    assert ["card_memory"] == [problem.where for problem in problems]


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
