"""Examples: bought over the rounds, test rows that are missing, and repairs of those at hand."""

from collections.abc import Iterator

from tunecase.plan.costs.work import Cost, Work
from tunecase.prices import Basis, formatting, label_price
from tunecase.quantities import Band, Beta, Draws, band, figures, np

NO_PRICE = "new examples have no price: give data.sources"


def data(work: Work) -> Cost:
    """Examples bought over the rounds, test rows that the definition lacks, and the audit's repairs.

    A source's set-up is paid once. In a plan without a training file the rows at hand must be formatted and cleaned: by
    a script, in the hours of the first source of kind `have`, else the default's. Leaves out the team's other hours,
    which are labour.
    """
    at_hand, on_the_way = [(amount * work.walk.begun, words) for amount, words in _at_hand(work)], [*_on_the_way(work)]
    amounts = [amount for amount, _ in (*at_hand, *on_the_way) if amount is not None]
    unpriced = tuple(f"data: {name}" for name in work.supply.unpriced)
    if any(amount is None for amount, _ in on_the_way):
        unpriced = unpriced or (f"data: {NO_PRICE}",)
        if not at_hand:
            return Cost(None, NO_PRICE, unpriced=unpriced)
    total = np.asarray(sum(amounts, np.zeros(work.basis.worlds.n)))
    words = ", ".join(words for _, words in (*at_hand, *on_the_way))
    bought = work.walk.bought + _first_purchase(work) * work.walk.begun
    if not np.any(bought > 0):
        return Cost(total, words, unpriced=unpriced)
    return Cost(total, words, unpriced=unpriced, quantity=bought, unit="example")


def rows_at_hand(work: Work) -> "Draws":
    """What the rows at hand and the test need before anything is trained, shape (draws,)."""
    return np.asarray(sum((amount for amount, _ in _at_hand(work)), np.zeros(work.basis.worlds.n)))


def _first_purchase(work: Work) -> int:
    """Examples that are still to be bought before the first round; none once a round was measured."""
    return 0 if work.begun else work.project.data.first_purchase


def _at_hand(work: Work) -> "Iterator[tuple[Draws, str]]":
    """What the rows at hand and the test need, whatever is bought: amounts with their words."""
    first = _first_purchase(work)
    if first and work.supply.price is not None:
        yield work.supply.cost(float(first)), f"{first:,} examples bought first"
    if work.repair is not None and work.repair.p90 > 0:
        yield _draws_of(work.repair, work.basis), "repairs found by the audit"
    if work.project.data.train is None and work.project.data.rows is not None and not work.begun:
        yield formatting(work.basis), "formatting and cleaning of the rows at hand"
    if work.test_rows_missing:
        yield work.test_rows_missing * label_price(work.basis), f"{work.test_rows_missing:,} test rows"


def _on_the_way(work: Work) -> "Iterator[tuple[Draws | float | None, str]]":
    """What the rounds buy and read: amounts with their words, None where new examples have no price."""
    walk, none = work.walk, np.zeros(work.basis.worlds.n)
    if walk.data_paid is not None:
        yield walk.data_paid, _bought_words(work)
    elif work.supply.price is None:
        yield (None, NO_PRICE) if walk.bought.any() or _first_purchase(work) else (none, "no new examples")
    elif not walk.bought.any():
        yield none, "no new examples"
    else:
        first = float(work.project.data.first_purchase)
        yield work.supply.cost(first + walk.bought) - work.supply.cost(first), _bought_words(work)
    if np.any(walk.reviewed):
        yield walk.reviewed, "reviews of suspicious labels"


def _bought_words(work: Work) -> str:
    bought = band(work.walk.bought)
    words = f"{figures(bought.p50)} new examples at P50, {figures(bought.p90)} at P90" if bought.p90 else ""
    reviewed = work.walk.data_paid is not None
    return words + (", reviews and test rows on the way" if reviewed and words else "") or "no new examples"


def _draws_of(points: Band, basis: Basis) -> "Draws":
    """Draws that have the four points of a band, straight between them, flat beyond; shape (draws,)."""
    luck = basis.worlds.draw("repairs", Beta(1, 1))
    return np.interp(luck, (0.1, 0.5, 0.8, 0.9), (points.p10, points.p50, points.p80, points.p90))
