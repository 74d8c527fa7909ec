"""Examples: bought over the rounds, test rows that are missing, and repairs of those at hand."""

from collections.abc import Iterator

from tunecase.plan.costs.work import Cost, Work
from tunecase.prices import formatting, label_price
from tunecase.quantities import Beta, Draws, band, figures, np

NOTHING_NEW = "no new examples"
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
    words = ", ".join(words for _, words in (*at_hand, *on_the_way))
    bought = work.walk.bought + _first_purchase(work) * work.walk.begun
    quantity, unit = (bought, "example") if np.any(bought > 0) else (None, "")
    return Cost(work.summed(amounts), words, unpriced=unpriced, quantity=quantity, unit=unit)


def rows_at_hand(work: Work) -> "Draws":
    """What the rows at hand and the test need before anything is trained, shape (draws,)."""
    return work.summed(amount for amount, _ in _at_hand(work))


def _first_purchase(work: Work) -> int:
    """Examples that are still to be bought before the first round; none once a round was measured."""
    return 0 if work.begun else work.project.data.first_purchase


def _at_hand(work: Work) -> "Iterator[tuple[Draws, str]]":
    """What the rows at hand and the test need, whatever is bought: amounts with their words."""
    first = _first_purchase(work)
    if first and work.supply.price is not None:
        yield work.supply.cost(float(first)), f"{first:,} examples bought first"
    if (repair := work.repair) is not None and repair.p90 > 0:
        # Draws that have the four points of the band, straight between them, flat beyond.
        luck = work.basis.worlds.draw("repairs", Beta(1, 1))
        amount = np.interp(luck, (0.1, 0.5, 0.8, 0.9), (repair.p10, repair.p50, repair.p80, repair.p90))
        yield amount, "repairs found by the audit"
    if work.project.data.train is None and work.project.data.rows is not None and not work.begun:
        yield formatting(work.basis), "formatting and cleaning of the rows at hand"
    if work.test_rows_missing:
        yield work.test_rows_missing * label_price(work.basis), f"{work.test_rows_missing:,} test rows"


def _on_the_way(work: Work) -> "Iterator[tuple[Draws | float | None, str]]":
    """What the rounds buy and read: amounts with their words, None where new examples have no price."""
    walk, supply, first = work.walk, work.supply, float(work.project.data.first_purchase)
    if walk.data_paid is not None:
        yield walk.data_paid, _bought_words(work)
    elif supply.price is None and (walk.bought.any() or _first_purchase(work)):
        yield None, NO_PRICE
    elif walk.bought.any():
        yield supply.cost(first + walk.bought) - supply.cost(first), _bought_words(work)
    else:
        yield np.zeros(work.basis.worlds.n), NOTHING_NEW
    if np.any(walk.reviewed):
        yield walk.reviewed, "reviews of suspicious labels"


def _bought_words(work: Work) -> str:
    bought = band(work.walk.bought)
    if not bought.p90:
        return NOTHING_NEW
    besides = "" if work.walk.data_paid is None else ", reviews and test rows on the way"
    return f"{figures(bought.p50)} new examples at P50, {figures(bought.p90)} at P90{besides}"
