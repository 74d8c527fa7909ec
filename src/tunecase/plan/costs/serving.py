"""Answers after launch."""

from tunecase.plan.costs.work import Cost, Work
from tunecase.prices import served_months
from tunecase.quantities import band, figures


def inference(work: Work) -> Cost:
    """Answers after launch: volume x months of use x price per answer; outside the total unless it is included.

    Where a curve is known only worlds that ship answer at all; elsewhere every world does.
    """
    problem, included = work.project.problem, work.project.include_inference
    price = work.project.serving.price_per_1k_answers
    if price is None or problem.volume is None:
        missing = "serving.price_per_1k_answers" if price is None else "problem.volume"
        why = f"{missing} is not given"
        return Cost(None, why, included, (f"inference: {why}",) if included else ())
    draw = work.basis.worlds.draw
    months = served_months(work.basis)
    answers = draw("problem.volume", problem.volume.spread) * months
    if work.walk.shipped is not None:
        answers = answers * work.walk.shipped
    amount = answers / 1000 * draw("serving.price_per_1k_answers", price.spread)
    return Cost(
        amount, f"{figures(band(answers).p50)} answers over {figures(band(months).p50)} months", included,
        quantity=answers, unit="answer",
    )  # fmt: skip
