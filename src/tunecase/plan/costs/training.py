"""GPU hours of runs that succeed, of runs that fail, and of machines billed while nothing runs."""

from tunecase.compute import Machine, idle_over_used, paid_besides
from tunecase.plan.costs.work import Cost, Work
from tunecase.prices import OWNED_TIER, stored_months
from tunecase.quantities import Draws, band, figures, np, share

UNIT = "GPU hour"
HOSTED_UNIT = "Mtok"
CORE_UNIT = "core hour"


def gpu(work: Work) -> Cost:
    """Runs that succeed: runs per round x GPU hours of a run x price of an hour, over the rounds, or the least billed.

    A run reads every row of its round `epochs` times. Failed runs, idle hours, storage and egress are lines of their
    own. Leaves out start-up within a run.
    """
    machine, hours = work.machine, _useful_hours(work)
    if machine is None or hours is None:
        unknown = "the length of the examples in tokens is not known; run the audit, or give data.tokens_per_row"
        why = work.no_machine if machine is None else unknown
        return Cost(None, why, unpriced=(f"gpu: {why}",))
    stored: Draws | float = 0.0
    if work.offer is not None:
        storage = (work.offer.row.storage_usd_per_month or 0.0) * work.basis.base_per_usd
        stored = np.where(work.walk.rounds > 0, stored_months(work.basis, work.offer) * storage, 0.0)
    amount, topped, words = hours * machine.hour.draws, work.walk.minimum, _words(work, machine, hours)
    # The least is held against every round where they are known one by one, else against all together.
    if topped is None:
        short = work.walk.rounds * least_of_a_round(work) - amount
        topped = np.maximum(short, 0.0) * (1 + paid_besides(work.basis))
    if np.any(topped):
        words += f"; the least that is billed adds {figures(float(topped.mean()))} on average"
    return Cost(np.asarray(amount + topped + stored), words, quantity=hours, unit=_unit(work))


def _words(work: Work, machine: Machine, hours: "Draws") -> str:
    """What is billed for the runs that succeed, and the price of one."""
    middle, price = figures(band(hours).p50), f"{figures(band(machine.hour.draws).p50)} {work.basis.currency}"
    if (offer := machine.offer) is not None:
        return f"{middle} Mtok billed at P50 for {offer.row.model} at {price} per Mtok ({offer.provider})"
    if machine.on_cores:
        return f"{middle} core hours at P50: {machine.how}"
    cards = f"{machine.count} x {machine.gpu}"
    return f"{middle} GPU hours at P50 on {cards} at {price} per GPU hour ({machine.hour.kind})"


def least_of_a_round(work: Work) -> "Draws | float":
    """What the successful runs of a round are billed at least, in the base currency, shape (draws,) or 0.

        hosted: minimum of a job x runs      rented: minimum hours x cards x price of an hour / (1 + failed and idle)

    Rented cards are taken to be rented once a round: all its runs, failed ones and idle hours fill the minimum first.
    """
    if work.machine is None:
        return 0.0
    if work.offer is not None:
        return (work.offer.row.minimum_usd or 0.0) * work.basis.base_per_usd * successful_runs(work)
    if work.project.compute.minimum_hours is None or work.machine.hour.tier == OWNED_TIER:
        return 0.0
    rental = work.draw("compute.minimum_hours") * work.machine.count * work.machine.hour.draws
    return rental / (1 + paid_besides(work.basis))


def failed_runs(work: Work) -> Cost:
    """Runs that fail but are still paid for: a share of the hours of those that succeed.

    A failed run is taken to fail at its end; one that fails early costs less.
    """
    hours = _useful_hours(work)
    if work.machine is None or hours is None:
        return Cost(None, "as gpu")
    failed, unit = work.draw("training.failed"), _unit(work)
    what = f"{unit}s of runs that succeed" if unit != HOSTED_UNIT else "billed tokens of jobs that succeed"
    words = f"{share(band(failed).p50)} of the {what}, at P50"
    return Cost(hours * failed * work.machine.hour.draws, words, quantity=hours * failed, unit=unit)


def idle(work: Work) -> Cost:
    """Hours that are billed while nothing runs: a share of all billed GPU hours.

    idle = used x share / (1 - share),   used = hours of runs, failed ones too

    """
    used = gpu_hours(work)
    if work.machine is None or used is None:
        return Cost(None, "as gpu")
    if work.offer is not None:
        return Cost(used * 0.0, "the provider bills tokens, not hours")
    hours, unit = used * idle_over_used(work.basis), _unit(work)
    owned = work.machine.hour.tier == OWNED_TIER
    words = "in the price of an hour of a card that is owned" if owned else "none, as the project file says"
    if hours.any():
        part = share(band(work.draw("training.idle")).p50)
        words = f"{part} of the billed {unit}s at P50: start-up, debugging, machines left on"
    return Cost(hours * work.machine.hour.draws, words, quantity=hours, unit=unit)


def _unit(work: Work) -> str:
    """What training is billed by."""
    if work.offer is not None:
        return HOSTED_UNIT
    return CORE_UNIT if work.machine is not None and work.machine.on_cores else UNIT


def gpu_hours(work: Work) -> "Draws | None":
    """GPU hours of all runs, failed ones too, without idle ones, shape (draws,); None when gpu is unpriced."""
    hours = _useful_hours(work)
    return None if hours is None else runs_with_failed(work, hours)


def runs_per_round(work: Work) -> "Draws":
    """Training runs paid for in a round, failed ones included, shape (draws,)."""
    return runs_with_failed(work, successful_runs(work))


def runs_with_failed(work: Work, runs: "Draws | float") -> "Draws":
    """Runs that succeed, or their hours, with those that fail beside them, shape (draws,)."""
    return runs * (1 + work.draw("training.failed"))


def training_jobs(work: Work) -> "Draws":
    """Successful training jobs over all rounds, shape (draws,); a search beyond a round's own is left out."""
    return successful_runs(work) * work.walk.rounds


def rows_trained(work: Work) -> "Draws":
    """Rows of all successful training runs, over all rounds, shape (draws,)."""
    return successful_runs(work) * work.walk.rows_trained + work.walk.search_rows


def successful_runs(work: Work) -> "Draws":
    """Successful training runs of a round, shape (draws,)."""
    return work.draw("training.runs_per_round")


def _useful_hours(work: Work) -> "Draws | None":
    if work.machine is None or work.tokens_per_row is None:
        return None
    return rows_trained(work) * work.tokens_per_row * work.project.training.epochs / 1e6 * work.machine.hours_per_mtok
