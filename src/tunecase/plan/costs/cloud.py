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
    stated, basis, rounds = work.project.storage, work.basis, work.walk.rounds
    if stated.kept_gb is not None:
        kept = work.draw("storage.kept_gb")
    elif keeper := _keeper(work):
        return Cost(rounds * 0.0, f"{keeper} keeps the model")
    else:
        checkpoints = rounds * successful_runs(work) * work.draw("storage.checkpoints")
        kept = (weights_gb(basis) + checkpoints * saved_gb(basis) / 2) * (rounds > 0)
    held = months(work) if stated.months is None else work.draw("storage.months")
    words = f"{figures(band(kept).p50)} GB for {figures(band(held).p50)} months at P50"
    return _metered(work, kept * held, "GB-month", "storage.price", words)


def egress(work: Work) -> Cost:
    """What leaves the cloud: one checkpoint of every round, or as much as the project file says.

    Leaves out what a vendor asks for moving rows in, and traffic between regions.
    """
    if work.project.storage.egress_gb is not None:
        moved = work.draw("storage.egress_gb")
    elif keeper := _keeper(work):
        return Cost(work.walk.rounds * 0.0, f"the model stays with {keeper}")
    else:
        moved = work.walk.rounds * saved_gb(work.basis)
    return _metered(work, moved, "GB", "storage.egress_price", f"{figures(band(moved).p50)} GB at P50")


def _metered(work: Work, quantity: "Draws", unit: str, price: str, words: str) -> Cost:
    """What is billed by a unit, at the price that a field of the project file states."""
    each = work.draw(price)
    words += f", {figures(band(each).p50)} {work.basis.currency} per {unit}"
    return Cost(quantity * each, words, quantity=quantity, unit=unit)


def _keeper(work: Work) -> str:
    """Who keeps the model at no price of its own: who trains it, one's own machine, plain cores; empty in a cloud."""
    if work.machine is None:
        return ""
    if work.offer is not None:
        return work.offer.row.provider
    if work.machine.on_cores:
        return "the machine that gives the answers"
    return "a machine of one's own" if work.machine.hour.tier == OWNED_TIER else ""
