"""The volume from which what the tuned model saves on its answers pays for the project, in every world."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tunecase.inference.bills import Answers, Bill, Payer, evenly
from tunecase.inference.crossing_words import break_even_words
from tunecase.inference.crossings import Costs, crossing_volumes, pays_tokens
from tunecase.inference.ground import Ground, WayDraws
from tunecase.inference.traffic import Traffic
from tunecase.prices import price_of_answers, price_today
from tunecase.quantities import Draws, np
from tunecase.records import Crossing

IN_USE = "today's answers"


@dataclass(frozen=True, slots=True, eq=False)
class Outlay:
    """What a project costs without its answers [base currency], and how long it serves [months], shape (worlds,)."""

    cost: "Draws"
    months: "Draws"


@dataclass(frozen=True, slots=True, eq=False)
class _WithOutlay:
    """A way to get the answers whose month also bears a part of the project: `share` [base currency a month]."""

    payer: Payer
    share: "Draws"

    def bill(self, traffic: Traffic) -> Bill:
        """The way's bill and the part of the project."""
        bill = self.payer.bill(traffic)
        return replace(bill, per_month=bill.per_month + self.share)


def break_even(ground: Ground, ways: Sequence[WayDraws], outlay: Outlay) -> tuple[Crossing, ...]:
    """From which volume on the tuned model pays for the project by what its answers save.

        months x (month of the other way - month of the tuned model) >= cost of the project

    The tuned model is served at each volume by the way that is cheapest there in that world, or at the price that is
    stated for its answers. It is compared with every hosted model that is prompted, and with the price stated for
    today's answers where no model is named for it. Leaves out the chance that the project fails, what better answers
    are worth, and that owned cards come to an end.

    Args:
        ground: traffic and worlds.
        ways: from `priced_ways`.
        outlay: what the project costs, and for how long it serves.
    Returns: one Crossing for each way that is compared with; none where the tuned model has no price.
    """
    sketch = ground.sketched
    worlds = evenly(len(outlay.cost), sketch.basis.worlds.n)
    months = np.maximum(outlay.months[worlds], 0.0)
    none = np.full(len(months), np.inf)  # a month bears all of a project that never serves
    share = np.divide(outlay.cost[worlds], months, out=none, where=months > 0)
    tuned = [_WithOutlay(payer, share) for payer in _tuned(ground, ways)]
    if not tuned:
        return ()
    traffic = replace(sketch.traffic, months=months)
    ours = Costs.of(traffic, tuned)
    return tuple(_crossing(name, ours, Costs.of(traffic, payers)) for name, payers in _compared(ground, ways))


def _tuned(ground: Ground, ways: Sequence[WayDraws]) -> list[Payer]:
    """How the tuned model's answers could be paid for."""
    project, basis = ground.basis.project, ground.sketched.basis
    if project is not None and project.serving.price_per_1k_answers is not None:
        stated = price_of_answers(basis)
        return [] if stated is None else [Answers(stated)]
    return [payer for way in ways if way.record.rank is not None and way.record.tuned for payer in way.payers]


def _compared(ground: Ground, ways: Sequence[WayDraws]) -> Iterator[tuple[str, Sequence[Payer]]]:
    """The ways to compare with, by name."""
    for way in ways:
        if way.record.rank is not None and not way.record.tuned and pays_tokens(way):
            yield way.record.name, way.payers
    project = ground.basis.project
    if project is not None and project.model_today is None and project.price_per_1k_today is not None:
        today = price_today(ground.sketched.basis)
        if today is not None:
            yield IN_USE, [Answers(today)]


def _crossing(other: str, ours: Costs, theirs: Costs) -> Crossing:
    found = crossing_volumes(ours, theirs)
    points = found.point(0.1), found.point(0.5), found.point(0.9)
    return Crossing("the tuned model", other, *points, break_even_words(other, points, found.always, found.never))
