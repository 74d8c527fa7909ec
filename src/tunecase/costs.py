"""The lines of the bill: each function prices one line over all rounds, in every world.

All have one signature, (Work) -> Cost, and stand in `estimate.COSTS`; the line's name is the function's.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunecase.hardware import Machine
from tunecase.hosted_training import Offer, training_price
from tunecase.loop import Walk
from tunecase.prices import Basis, Supply, label_price, person_hour
from tunecase.project import Project
from tunecase.spread import Band, Beta, band
from tunecase.ways import stored_months
from tunecase.wording import counted, figures

if TYPE_CHECKING:
    from tunecase.spread import Draws


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be paid for: the rounds walked, the machine, the tokens of a row, repairs and missing test rows.

    `tokens_per_row` has shape (draws,); None when nothing is known of the text's length. `machine` None comes with
    `no_machine`, the reason. `repair` is the audit's price band for mending the data at hand.
    """

    project: Project
    basis: Basis
    walk: Walk
    machine: Machine | None
    no_machine: str
    tokens_per_row: "Draws | None"
    supply: Supply
    repair: Band | None = None
    test_rows_missing: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """One line in every world, shape (draws,); None when it cannot be priced. `unpriced` names what is missing.

    `quantity` is what is bought, in `unit`, shape (draws,), so that amount / quantity is the price of one.
    """

    amount: "Draws | None"
    basis: str
    included: bool = True
    unpriced: tuple[str, ...] = ()
    quantity: "Draws | None" = None
    unit: str = ""


def gpu(work: Work) -> Cost:
    """Training: runs per round x GPU hours of a run x price of an hour x (1 + failed share), over the rounds.

    A run reads every row of its round `epochs` times. Leaves out idle GPUs, storage, egress and start-up, which
    commonly make 30 to 40% of a cloud bill on top.
    """
    if work.machine is None:
        return Cost(None, work.no_machine, unpriced=(f"gpu: {work.no_machine}",))
    if work.tokens_per_row is None:
        why = "the length of the examples in tokens is not known; run the audit"
        return Cost(None, why, unpriced=(f"gpu: {why}",))
    hours = gpu_hours(work)
    assert hours is not None
    if work.machine.offer is not None:
        return _hosted(work, work.machine.offer, hours)
    price = band(work.machine.hour.draws).p50
    words = (
        f"{figures(band(hours).p50)} GPU hours at P50 on {work.machine.count} x {work.machine.gpu} "
        f"at {figures(price)} {work.basis.currency} per GPU hour ({work.machine.hour.kind})"
    )
    return Cost(hours * work.machine.hour.draws, words, quantity=hours, unit="GPU hour")


def _hosted(work: Work, offer: Offer, mtok: "Draws") -> Cost:
    """The gpu line where a provider trains its own model: billed tokens at its rate, its minimum and its storage."""
    rate = work.machine.hour.draws if work.machine else mtok * 0.0
    amount: Draws = training_price(
        offer.row, billed=mtok * 1e6, rate_per_mtok=rate, jobs=training_jobs(work),
        per_usd=work.basis.base_per_usd, months=stored_months(work.basis, offer),
    )  # fmt: skip
    words = (
        f"{figures(band(mtok).p50)} Mtok billed at P50 for {offer.row.model} at {figures(band(rate).p50)} "
        f"{work.basis.currency} per Mtok ({offer.provider})"
    )
    return Cost(amount, words, quantity=mtok, unit="Mtok")


def labour(work: Work) -> Cost:
    """People's hours in the rounds, without those for evaluation, at the team's loaded rate.

    Leaves out hours before the first round and after the last (procurement, launch, operation).
    """
    hours = person_hours(work) * (1 - _evaluation_share(work))
    words = _hours_words(work, hours, "data work, training and tuning")
    return Cost(hours * person_hour(work.basis), words, quantity=hours, unit="hour")


def evaluation(work: Work) -> Cost:
    """The share of people's hours that goes to error analysis and evaluation.

    Labels for test rows stand under data. Leaves out tokens of a judge model.
    """
    hours = person_hours(work) * _evaluation_share(work)
    words = _hours_words(work, hours, "error analysis and evaluation")
    return Cost(hours * person_hour(work.basis), words, quantity=hours, unit="hour")


def data(work: Work) -> Cost:
    """Examples bought over the rounds, test rows that the definition misses, and the audit's repairs.

    A source's set-up is paid once. Leaves out the team's own hours, which are labour.
    """
    import numpy as np

    bought = work.walk.bought
    amount = np.zeros(work.basis.worlds.n)
    parts, unpriced = [], tuple(f"data: {name}" for name in work.supply.unpriced)
    if work.repair is not None and work.repair.p90 > 0:
        amount = amount + _draws_of(work.repair, work.basis)
        parts.append("repairs found by the audit")
    if work.test_rows_missing:
        amount = amount + work.test_rows_missing * label_price(work.basis)
        parts.append(f"{work.test_rows_missing:,} test rows")
    if work.walk.data_paid is not None:
        amount = amount + work.walk.data_paid
        parts.append(_bought_words(work))
    elif not bought.any():
        parts.append("no new examples")
    elif work.supply.price is None:
        why = "new examples have no price: give data.sources"
        unpriced = unpriced or (f"data: {why}",)
        if not parts:
            return Cost(None, why, unpriced=unpriced)
        parts.append(why)
    else:
        amount = amount + work.supply.cost(bought)
        parts.append(_bought_words(work))
    if np.any(work.walk.reviewed):
        amount = amount + work.walk.reviewed
        parts.append("reviews of suspicious labels")
    return Cost(amount, ", ".join(parts), unpriced=unpriced)


def _bought_words(work: Work) -> str:
    bought = band(work.walk.bought)
    words = f"{figures(bought.p50)} new examples at P50, {figures(bought.p90)} at P90" if bought.p90 else ""
    reviewed = work.walk.data_paid is not None
    return words + (", reviews and test rows on the way" if reviewed and words else "") or "no new examples"


def inference(work: Work) -> Cost:
    """Answers after launch: volume x horizon x price per answer; outside the total unless the project includes it."""
    problem, included = work.project.problem, work.project.include_inference
    price = work.project.serving.price_per_1k_answers
    if price is None or problem.volume is None:
        missing = "serving.price_per_1k_answers" if price is None else "problem.volume"
        why = f"{missing} is not given"
        return Cost(None, why, included, (f"inference: {why}",) if included else ())
    draw = work.basis.worlds.draw
    months = work.basis.draw("problem.horizon", problem.horizon)
    answers = draw("problem.volume", problem.volume.spread) * months
    amount = answers / 1000 * draw("serving.price_per_1k_answers", price.spread)
    return Cost(amount, f"{figures(band(answers).p50)} answers over {figures(band(months).p50)} months", included)


def gpu_hours(work: Work) -> "Draws | None":
    """GPU hours over all rounds, failed runs counted, shape (draws,); None when the gpu line is unpriced."""
    if work.machine is None or work.tokens_per_row is None:
        return None
    return rows_trained(work) * work.tokens_per_row * work.project.training.epochs / 1e6 * work.machine.hours_per_mtok


def training_jobs(work: Work) -> "Draws":
    """Training jobs over all rounds, failed ones counted, shape (draws,); a search beyond a round's own is left out."""
    return runs_per_round(work) * work.walk.rounds


def rows_trained(work: Work) -> "Draws":
    """Rows of all training runs over all rounds, failed runs counted, shape (draws,)."""
    return runs_per_round(work) * work.walk.rows_trained + work.walk.search_rows * (1 + _failed_share(work))


def runs_per_round(work: Work) -> "Draws":
    """Training runs paid in a round, failed ones counted, shape (draws,)."""
    training = work.project.training
    runs = work.basis.draw("training.runs_per_round", training.runs_per_round)
    return runs * (1 + _failed_share(work))


def _failed_share(work: Work) -> "Draws":
    return work.basis.draw("training.failed", work.project.training.failed)


def person_hours(work: Work) -> "Draws":
    """People's hours over all rounds, shape (draws,); a round without work on the data takes those of a first run."""
    import numpy as np

    whole = work.walk.rounds - work.walk.short_rounds
    hours = whole * work.basis.draw("effort_per_round", work.project.effort_per_round)
    if np.any(work.walk.short_rounds):
        hours = hours + work.walk.short_rounds * work.basis.draw("levers.first_run_hours")
    return hours


def _evaluation_share(work: Work) -> "Draws":
    import numpy as np

    return np.minimum(work.basis.draw("evaluation_share"), 1.0)


def _hours_words(work: Work, hours: "Draws", what: str) -> str:
    rounds = band(work.walk.rounds)
    middle = counted(round(rounds.p50), "round")
    return f"{figures(band(hours).p50)} h of {what} at P50; {middle} at P50, {rounds.p90:.0f} at P90"


def _draws_of(known: Band, basis: Basis) -> "Draws":
    """Draws that have the four points of a band, straight between them, flat beyond; shape (draws,)."""
    import numpy as np

    luck = basis.worlds.draw("repairs", Beta(1, 1))
    return np.interp(luck, (0.1, 0.5, 0.8, 0.9), (known.p10, known.p50, known.p80, known.p90))
