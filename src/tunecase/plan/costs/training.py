"""GPU hours of runs that succeed, of runs that fail, and of machines billed while nothing runs."""

from tunecase.compute import idle_over_used, paid_besides
from tunecase.plan.costs.work import Cost, Work
from tunecase.prices import OWNED_TIER, Offer, stored_months
from tunecase.quantities import Draws, band, figures, np, share

UNIT = "GPU hour"
HOSTED_UNIT = "Mtok"
CORE_UNIT = "core hour"


def gpu(work: Work) -> Cost:
    """Runs that succeed: runs per round x GPU hours of a run x price of an hour, over the rounds, or the least billed.

    A run reads every row of its round `epochs` times. Failed runs, idle hours, storage and egress are lines of their
    own. Leaves out start-up within a run.
    """
    if work.machine is None:
        return Cost(None, work.no_machine, unpriced=(f"gpu: {work.no_machine}",))
    hours = _useful_hours(work)
    if hours is None:
        why = "the length of the examples in tokens is not known; run the audit, or give data.tokens_per_row"
        return Cost(None, why, unpriced=(f"gpu: {why}",))
    if work.machine.offer is not None:
        return _hosted(work, work.machine.offer, hours)
    price = band(work.machine.hour.draws).p50
    if work.machine.on_cores:
        return _billed(work, hours, f"{figures(band(hours).p50)} core hours at P50: {work.machine.how}", CORE_UNIT)
    words = (
        f"{figures(band(hours).p50)} GPU hours at P50 on {work.machine.count} x {work.machine.gpu} "
        f"at {figures(price)} {work.basis.currency} per GPU hour ({work.machine.hour.kind})"
    )
    return _billed(work, hours, words, UNIT)


def _billed(work: Work, quantity: "Draws", words: str, unit: str, besides: "Draws | float" = 0.0) -> Cost:
    """The gpu line: quantity x price, what the least that is billed adds, and what is paid besides.

    The least is held against every round where they are known one by one, else against all together.
    """
    assert work.machine is not None
    amount, topped = quantity * work.machine.hour.draws, work.walk.minimum
    if topped is None:
        short = work.walk.rounds * least_of_a_round(work) - amount
        topped = np.maximum(short, 0.0) * (1 + paid_besides(work.basis))
    if np.any(topped):
        words += f"; the least that is billed adds {figures(float(topped.mean()))} on average"
    return Cost(np.asarray(amount + topped + besides), words, quantity=quantity, unit=unit)


def least_of_a_round(work: Work) -> "Draws | float":
    """What the successful runs of a round are billed at least, in the base currency, shape (draws,) or 0.

        hosted: minimum of a job x runs      rented: minimum hours x cards x price of an hour / (1 + failed and idle)

    Rented cards are taken to be rented once a round: all its runs, failed ones and idle hours fill the minimum first.
    """
    if work.machine is None:
        return 0.0
    if work.machine.offer is not None:
        return (work.machine.offer.row.minimum_usd or 0.0) * work.basis.base_per_usd * successful_runs(work)
    stated = work.project.compute.minimum_hours
    if stated is None or work.machine.hour.tier == OWNED_TIER:
        return 0.0
    rental = work.basis.draw("compute.minimum_hours", stated) * work.machine.count * work.machine.hour.draws
    return rental / (1 + paid_besides(work.basis))


def _hosted(work: Work, offer: Offer, mtok: "Draws") -> Cost:
    """The gpu line where a provider trains its own model: billed tokens at its rate, its minimum and its storage."""
    assert work.machine is not None
    rate = work.machine.hour.draws
    storage = (offer.row.storage_usd_per_month or 0.0) * work.basis.base_per_usd
    stored = np.where(work.walk.rounds > 0, stored_months(work.basis, offer) * storage, 0.0)
    words = (
        f"{figures(band(mtok).p50)} Mtok billed at P50 for {offer.row.model} at {figures(band(rate).p50)} "
        f"{work.basis.currency} per Mtok ({offer.provider})"
    )
    return _billed(work, mtok, words, HOSTED_UNIT, stored)


def failed_runs(work: Work) -> Cost:
    """Runs that fail but are still paid for: a share of the hours of those that succeed.

    A failed run is taken to fail at its end; one that fails early costs less.
    """
    hours = _useful_hours(work)
    if work.machine is None or hours is None:
        return Cost(None, "as gpu")
    failed = _failed_share(work)
    unit = _unit(work)
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
    if work.machine.offer is not None:
        return Cost(used * 0.0, "the provider bills tokens, not hours")
    hours = used * idle_over_used(work.basis)
    if not hours.any():
        return Cost(hours * 0.0, "in the price of an hour of a card that is owned", quantity=hours, unit=_unit(work))
    part = band(work.basis.draw("training.idle", work.project.training.idle)).p50
    words = f"{share(part)} of the billed {_unit(work)}s at P50: start-up, debugging, machines left on"
    return Cost(hours * work.machine.hour.draws, words, quantity=hours, unit=_unit(work))


def _unit(work: Work) -> str:
    """What training is billed by."""
    if work.machine is not None and work.machine.offer is not None:
        return HOSTED_UNIT
    return CORE_UNIT if work.machine is not None and work.machine.on_cores else UNIT


def gpu_hours(work: Work) -> "Draws | None":
    """GPU hours of all runs, failed ones too, without idle ones, shape (draws,); None when gpu is unpriced."""
    hours = _useful_hours(work)
    return None if hours is None else hours * (1 + _failed_share(work))


def runs_per_round(work: Work) -> "Draws":
    """Training runs paid for in a round, failed ones included, shape (draws,)."""
    return runs_with_failed(work, successful_runs(work))


def runs_with_failed(work: Work, runs: "Draws | float") -> "Draws":
    """Runs that succeed and those that fail beside them, shape (draws,)."""
    return runs * (1 + _failed_share(work))


def training_jobs(work: Work) -> "Draws":
    """Successful training jobs over all rounds, shape (draws,); a search beyond a round's own is left out."""
    return successful_runs(work) * work.walk.rounds


def rows_trained(work: Work) -> "Draws":
    """Rows of all successful training runs, over all rounds, shape (draws,)."""
    return successful_runs(work) * work.walk.rows_trained + work.walk.search_rows


def successful_runs(work: Work) -> "Draws":
    """Successful training runs of a round, shape (draws,)."""
    return work.basis.draw("training.runs_per_round", work.project.training.runs_per_round)


def _useful_hours(work: Work) -> "Draws | None":
    if work.machine is None or work.tokens_per_row is None:
        return None
    return rows_trained(work) * work.tokens_per_row * work.project.training.epochs / 1e6 * work.machine.hours_per_mtok


def _failed_share(work: Work) -> "Draws":
    return work.basis.draw("training.failed", work.project.training.failed)
