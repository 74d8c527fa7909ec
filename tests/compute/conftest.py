"""Searches over a few cards."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tunecase.compute.search import _cards

FEW = ("T4", "L4", "RTX4090", "A100-80GB", "H100", "GH200")


@pytest.fixture(scope="module")
def few_cards() -> Iterator[Callable[..., Any]]:
    """A search that names no card weighs six of the fifty; gives what chooses among all."""

    def few(ask: Any, *more: Any) -> list[Any]:
        return [card for card in _cards(ask, *more) if ask.cards or card.name in FEW]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[_cards.__module__], "_cards", few)
        yield _cards
