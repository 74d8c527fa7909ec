"""What a row of a source is worth in training: how many labelled rows it teaches like."""

from typing import TYPE_CHECKING, Literal, NamedTuple

from tunecase import catalog
from tunecase.prices.basis import Basis
from tunecase.quantities import Draws, Interval80, np, share

if TYPE_CHECKING:
    from tunecase.project import Source

Origin = Literal["stated", "measured", "assumed", "by definition"]
ASSUMED = ("synthetic", "scrape", "buy", "licence")  # kinds with a row levers.KIND_worth in the defaults
LEAST = 0.01  # a row that teaches less is priced as if it taught so much


class Worth(NamedTuple):
    """How many labelled rows one row of a source teaches like, shape (draws,), its median, and how that is known."""

    draws: "Draws"
    median: float
    words: str
    origin: Origin

    @property
    def is_one(self) -> bool:
        """True of labelled rows, which the curve counts."""
        return self.origin == "by definition"


def source_worth(basis: Basis, name: str, source: "Source") -> Worth:
    """What a row of a source is worth: as the project file says, else as measured, else as assumed for its kind.

    A row that people label for this project, or that is at hand, is worth 1 unless it was measured or stated.

    Args:
        basis: prices and worlds; `worths` are the measured ones.
        name: the source's, under which it is drawn.
        source: the source.
    """
    field = f"levers.{source.kind}_worth"
    if source.worth is not None:
        drawn, median = basis.draw("source.worth", source.worth, name), source.worth.spread.median
        return Worth(drawn, median, f"{source.worth.text} (yours)", "stated")
    if source.kind in ASSUMED and (own := basis.own_words(field)) is not None:
        return Worth(basis.draw(field), basis.spread(field).median, f"{own} (yours)", "stated")
    if (measured := basis.worths.get(name)) is not None:
        drawn = np.maximum(basis.draw_around(f"{name} worth", measured), LEAST)
        return Worth(drawn, max(measured.mid, LEAST), f"{interval_of_worth(measured)} (measured)", "measured")
    if source.kind in ASSUMED:
        return Worth(basis.draw(field), basis.spread(field).median, catalog.default(field).value, "assumed")
    return Worth(np.ones(basis.worlds.n), 1.0, share(1.0), "by definition")


def interval_of_worth(worth: Interval80) -> str:
    """A measured worth in words, with its 80% interval.

    Example:
        >>> interval_of_worth(Interval80(0.31, 0.5, 0.72))
        '50% (31% to 72%)'
    """
    return f"{share(worth.mid)} ({share(worth.low)} to {share(worth.high)})"
