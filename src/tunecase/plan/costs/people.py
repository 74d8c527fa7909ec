"""What people's hours cost: the work itself, and error analysis and evaluation."""

from tunecase.plan.costs.effort import EVALUATION, effort_of
from tunecase.plan.costs.work import Cost, Work
from tunecase.prices import PaidHours, label_price, paid_hours, ramp_up, token_price, working_months
from tunecase.quantities import Draws, band, counted, figures, np


def labour(work: Work) -> Cost:
    """People's hours without those for evaluation, by role at its loaded rate, and ramp-up once.

    Work on the data, prompts and baselines, set-up, runs watched, and where a model is put to use integration, review
    and sign-off; management on top of all. Leaves out hours after launch, which are upkeep.
    """
    paid, ramp = paid_hours(work.basis, person_hours(work)), _ramp_up(work)
    part = 1 - _evaluation_part(work)
    hours = paid.hours * part + ramp.hours
    words = _hours_words(work, hours, "data work, training, integration and management")
    if ramp.hours.any():
        words += f", {figures(band(ramp.hours).p50)} h of ramp-up among them"
    if band(paid.beyond + 0 * hours).p90 > 0:
        words += "; the caps of the team do not hold all hours, the others are paid at the mean rate"
    return Cost(paid.amount * part + ramp.amount, words, quantity=hours, unit="hour")


def evaluation(work: Work) -> Cost:
    """People's hours for evaluation and error analysis, with what judges cost: a model, or annotators.

        cost = hours x rate + rounds x (judged x tokens of an answer x their price + labels x price of a label)

    Labels for test rows stand under data.
    """
    paid, part = paid_hours(work.basis, person_hours(work)), _evaluation_part(work)
    hours, amount = paid.hours * part, paid.amount * part
    words, each = _hours_words(work, hours, "error analysis and evaluation"), judging_each_round(work)
    if each is None:
        return Cost(amount, words, quantity=hours, unit="hour")
    if isinstance(each, str):
        return Cost(amount, words, unpriced=(f"evaluation: {each}",))
    judging = work.walk.rounds * each
    return Cost(amount + judging, f"{words}, and answers judged at {figures(band(judging).p50)} in all")


def judging_each_round(work: Work) -> "Draws | str | None":
    """What a judging model and annotators cost in a round; the missing field in words; None where none judges."""
    stated, amounts = work.project.evaluation, []
    if stated.judged is not None:
        price = token_price(work.basis, "evaluation", stated)
        if isinstance(price, str):
            return f"give evaluation: {price}"
        amounts.append(work.draw("evaluation.judged") * price)
    if stated.labels is not None:
        amounts.append(work.draw("evaluation.labels") * label_price(work.basis))
    return work.summed(amounts) if amounts else None


def people_paid(work: Work) -> PaidHours:
    """People's hours in all and what they cost, for labour and evaluation, without unknowns."""
    paid, ramp = paid_hours(work.basis, person_hours(work)), _ramp_up(work)
    return PaidHours(paid.hours + ramp.hours, paid.amount + ramp.amount, paid.beyond)


def _ramp_up(work: Work) -> PaidHours:
    """Ramp-up, where anything is done at all."""
    ramp = ramp_up(work.basis)
    return PaidHours(ramp.hours * work.begins, ramp.amount * work.begins)


def months(work: Work) -> "Draws":
    """How long the rounds take as foreseen, in months, shape (draws,)."""
    return working_months(work.basis, person_hours(work), work.walk.rounds, ramps_up=work.begins)


def person_hours(work: Work) -> "Draws":
    """People's hours over the whole walk, shape (draws,)."""
    return work.summed(effort_of(work).values())


def _evaluation_part(work: Work) -> "Draws":
    """The part of people's hours that evaluation and error analysis take, shape (draws,)."""
    hours = effort_of(work)
    whole = work.summed(hours.values())
    evaluating = work.summed(hours[field] for field in EVALUATION if field in hours)
    return np.asarray(np.divide(evaluating, whole, out=np.zeros_like(whole), where=whole > 0))


def _hours_words(work: Work, hours: "Draws", what: str) -> str:
    rounds = band(work.walk.rounds)
    middle = counted(round(rounds.p50), "round")
    return f"{figures(band(hours).p50)} h of {what} at P50; {middle} at P50, {rounds.p90:.0f} at P90"
