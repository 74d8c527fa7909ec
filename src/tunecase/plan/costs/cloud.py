"""What a cloud bills besides GPU hours: storage and egress."""

from tunecase.compute import saved_gb, weights_gb
from tunecase.plan.costs.people import months
from tunecase.plan.costs.training import successful_runs
from tunecase.plan.costs.work import Cost, Work
from tunecase.prices import OWNED_TIER
from tunecase.quantities import Draws, band, figures


def storage(work: Work) -> Cost:
    """Storing weights and checkpoints for as long as the project takes, at the price per GB and month.

        GB-months = (weights + rounds x runs x checkpoints x GB of one / 2) x months

    Checkpoints come one after another and stay, so that half of them are kept on average. A checkpoint is all weights
    for a full fine-tune, the adapter for LoRA, 2 bytes a parameter. The months are those foreseen, without unknowns.
    Leaves out optimizer states, rows (some MB) and what is kept after the last round.
    """
    stated, basis = work.project.storage, work.basis
    if (keeper := _keeper(work)) and stated.kept_gb is None:
        return Cost(work.walk.rounds * 0.0, f"{keeper} keeps the model")
    if stated.kept_gb is not None:
        kept = basis.draw("storage.kept_gb", stated.kept_gb)
    else:
        runs = work.walk.rounds * successful_runs(work)
        count = runs * basis.draw("storage.checkpoints", stated.checkpoints)
        kept = (weights_gb(basis) + count * saved_gb(basis) / 2) * (work.walk.rounds > 0)
    held = months(work) if stated.months is None else basis.draw("storage.months", stated.months)
    amount = kept * held
    price = basis.draw("storage.price", stated.price)
    size, long = figures(band(kept).p50), figures(band(held).p50)
    words = f"{size} GB for {long} months at P50, {_each(work, price)} per GB-month"
    return Cost(amount * price, words, quantity=amount, unit="GB-month")


def egress(work: Work) -> Cost:
    """What leaves the cloud: one checkpoint of every round, or as much as the project file says.

    Leaves out what a vendor asks for moving rows in, and traffic between regions.
    """
    stated, basis = work.project.storage, work.basis
    if (keeper := _keeper(work)) and stated.egress_gb is None:
        return Cost(work.walk.rounds * 0.0, f"the model stays with {keeper}")
    if stated.egress_gb is not None:
        moved = basis.draw("storage.egress_gb", stated.egress_gb)
    else:
        moved = work.walk.rounds * saved_gb(basis)
    price = basis.draw("storage.egress_price", stated.egress_price)
    words = f"{figures(band(moved).p50)} GB at P50, {_each(work, price)} per GB"
    return Cost(moved * price, words, quantity=moved, unit="GB")


def _keeper(work: Work) -> str:
    """Who keeps the model at no price of its own: who trains it, one's own machine, plain cores; empty in a cloud."""
    if work.machine is None:
        return ""
    if work.machine.offer is not None:
        return work.machine.offer.row.provider
    if work.machine.on_cores:
        return "the machine that gives the answers"
    return "a machine of one's own" if work.machine.hour.tier == OWNED_TIER else ""


def _each(work: Work, price: "Draws") -> str:
    return f"{figures(band(price).p50)} {work.basis.currency}"
