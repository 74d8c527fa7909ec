"""Every lever of a plan's board as an option: its chance, its price, its arithmetic, and what follows."""

from dataclasses import replace

from tunecase.plan import Drawn, Walked, plan, quantile
from tunecase.plan.levers import TOO_DEAR, Offer
from tunecase.quantities import Sampled, band, count, firm_difference, firm_share, sampled, share, shares_shown
from tunecase.records import Option, Plan


def first_option(drawn: Drawn) -> Option:
    """The best first step of a plan that stands beside the one advised."""
    assert drawn.solved is not None
    return _option(drawn.solved.winner, drawn, plan(drawn))


def options_of(drawn: Drawn, made: Plan) -> tuple[Option, ...]:
    """Every lever; of those that the budget does not pay for, the price of the first step alone."""
    assert drawn.solved is not None
    options = [_option(offer, drawn, made) for offer in drawn.solved.offers]
    costs = drawn.too_dear([option.lever for option in options if option.blocked == TOO_DEAR])
    for number, option in enumerate(options):
        if (cost := costs.get(option.lever)) is not None:
            price = sampled(cost, quantile(0.8))
            options[number] = replace(option, first_step_cost=band(cost), release=price)
    return tuple(options)


def _option(offer: Offer, drawn: Drawn, made: Plan) -> Option:
    """A lever's chance, price and arithmetic, as far as it can be taken and its target has a value."""
    solved = drawn.solved
    assert solved is not None
    blocked = solved.blocked(offer)
    alone = None if offer.p_reach is None else Sampled(offer.p_reach)
    option = Option(
        offer.lever, offer.action, None, offer.first_step, None, "", offer.evidence, blocked=blocked, chance=alone,
        way=drawn.way,
    )  # fmt: skip
    if blocked:
        return option
    advised = made if drawn.offer is not None and offer.lever == drawn.offer.lever else None
    walked = drawn.walked if advised is not None else drawn.along(offer)
    return option if walked is None else _weighed(option, advised or plan(drawn.instead(offer, walked)), walked)


def _weighed(option: Option, made: Plan, walked: Walked) -> Option:
    """An option with the figures of the plan that begins with it."""
    chance = option.chance if made.chance is None else made.chance.shown
    option = replace(
        option, chance=chance, first_step_cost=band(walked.first_cost), release=made.release.p80, then=_then(made)
    )
    if made.worth is None:
        by = "" if made.limits is None else f" by {count(made.limits.most_rows)} examples"
        return replace(option, arithmetic=f"{firm_share(chance)} chance{by}; value not stated")
    worth = made.worth
    return replace(
        option, cost=band(walked.tuning), gain=worth.gain, worth=worth.expected,
        arithmetic=firm_difference(worth.expected, worth.taken, made.currency),
    )  # fmt: skip


def _then(made: Plan) -> str:
    """What follows the first test, in shares that sum to one."""
    parts = shares_shown([outcome.share for outcome in made.then])
    return ", ".join(f"{one.name} {share(part)}" for one, part in zip(made.then, parts, strict=True) if part)
