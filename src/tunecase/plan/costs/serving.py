"""Answers after launch."""

from tunecase.plan.costs.work import Cost, Work
from tunecase.prices import price_of_answers, served_answers
from tunecase.quantities import band, figures


def inference(work: Work) -> Cost:
    """Answers after launch: answers while the model is of use x price of one; outside the total unless it is included.

    The price is that of the project file, else that of the cheapest way to serve the model.
    Where a curve is known only worlds that ship answer at all; elsewhere every world does.
    """
    basis, included = work.basis, work.project.include_inference
    answers, price = served_answers(basis), price_of_answers(basis)
    if answers is None or price is None:
        missing = "problem.volume is not given" if answers is None else "nothing says what an answer costs"
        why = f"{missing} (`tunecase inference` says what is missing)"
        return Cost(None, why, included, (f"inference: {why}",) if included else ())
    words = f"{figures(band(answers).p50)} answers at {figures(band(price).p50)} {basis.currency} per 1,000"
    if work.walk.shipped is not None:
        answers, words = answers * work.walk.shipped, f"{words} where it ships"
    return Cost(answers / 1000 * price, words, included, quantity=answers, unit="answer")
