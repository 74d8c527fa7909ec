"""What will it cost? The bill line by line, over the rounds that the decision would take."""

from tunecase.estimate.bill import estimate
from tunecase.estimate.compare import Limit, Pricing, Side, compare
from tunecase.estimate.drawn import Drawn, drawn

__all__ = ["Drawn", "Limit", "Pricing", "Side", "compare", "drawn", "estimate"]
