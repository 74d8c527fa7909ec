"""How a metric measures: which way is better, whether it is bounded, and whether it counts right items."""

from collections.abc import Sequence
from dataclasses import dataclass

from tunecase import catalog
from tunecase.errors import InputError
from tunecase.records import Point

LOSS_WORDS = ("loss", "perplexity", "nll", "entropy", "bits")


@dataclass(frozen=True, slots=True)
class Scale:
    """How a metric measures.

    `direction` is "higher" or "lower", whichever is better. A `bounded` score is a share between 0 and 1. A `binomial`
    one counts right items, so that m items give it a binomial's noise. A `loss` is what training lowers.
    """

    direction: str
    bounded: bool
    binomial: bool
    loss: bool = False


def is_loss(metric: str, direction: str) -> bool:
    """Whether a metric's name says that it is a loss."""
    return direction == "lower" and any(word in metric.casefold() for word in LOSS_WORDS)


def scale_of(metric: str, direction: str, points: Sequence[Point] = ()) -> Scale:
    """The scale of a metric by name; one that the tables do not know is a share where higher is better.

    Such a share counts right items where a point says how many items its test had.
    """
    try:
        row = catalog.metric(metric)
    except InputError:
        bounded = direction == "higher"
        counted = bounded and any(point.test_rows for point in points)
        return Scale(direction, bounded, counted, is_loss(metric, direction))
    return Scale(direction, row.bounded, row.binomial, is_loss(row.name, direction))
