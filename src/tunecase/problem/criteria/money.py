"""Rules on worth: P8 worth the cost, P9 saving per request, P19 the cost of errors, P21 retirement as a priced risk."""

from dataclasses import replace

from tunecase.prices import (
    error_cost,
    horizon,
    price_of_answers,
    price_today,
    retirement_of,
    served_answers,
    served_months,
)
from tunecase.problem.criteria.facts import Facts, percent, points, three_figures
from tunecase.problem.criteria.rule import Rule
from tunecase.quantities import DAYS_PER_MONTH, Band, Draws, band
from tunecase.records import Criterion

WORTH = Rule(
    "P8",
    "worth the cost",
    "chance x volume x months x (value x gain + saving) above the total cost",
    "ML Canvas; ml-ops.org",
    "Is it worth the cost?",
    "state value and number of right answers",
)
SAVING = Rule(
    "P9",
    "saving per request",
    "more than 0 per request",
    "arithmetic: a saving of zero or less makes no case by cost",
    "Does each answer save money?",
    "state what an answer costs today and tuned",
    "note",
)
ERRORS = Rule(
    "P19",
    "cost of errors",
    "a target above c / (v + c)",
    "Elkan 2001, The foundations of cost-sensitive learning; ML Canvas",
    "What does a mistake cost?",
    "name the kinds of mistake and their price",
)
RETIREMENT = Rule(
    "P21",
    "retirement of the base",
    "not inside the horizon, or covered by the worth",
    "announced dates of providers; serving.retune_share in tables/defaults.csv",
    "When is the base retired?",
    "look up the provider's date",
    "note",
)


def worth_the_cost(facts: Facts) -> Criterion:
    """P8: what the result brings over the horizon exceeds the total cost; the break-even volume is shown.

        brings = chance x volume x months x (worth of a correct answer x gain + saving per request)
        break-even volume = total cost / (chance x months x (worth of a correct answer x gain + saving per request))

    A correct answer in place of a wrong one brings its value and saves what the wrong one costs. Serving counts where
    the tuned model's price is known: as a saving where today's is known too, else as a cost; answers in the total then
    count no second time. The chance is that of the bill, whose mean holds the cases that ship nothing; while no curve
    says it, a target that is reached is weighed. A linear gain counts by the part of it that the bill's plan has on
    average. Upkeep after launch, expected, is held against it with the total. Leaves out the doubt of the total in the
    break-even volume.
    """
    if facts.put_to_use > 0:
        got = f"{three_figures(facts.put_to_use)} {facts.basis.currency} on average, after costs"
        return WORTH.passed(got, "what was measured here pays as it is, without a fine-tune")
    brought, parts = _brought(facts)
    if facts.worth is None and not facts.cost_case:
        return WORTH.unknown("nobody said what a correct answer is worth", "add problem.value: 0.40 USD per correct")
    if brought is None:
        return WORTH.unknown(
            "the gain in correct answers is not known",
            "state a metric that counts right answers and a target above the best baseline",
        )
    if facts.cost is None or facts.expected_cost is None:
        return WORTH.unknown("the total cost is not known yet", "run `tunecase estimate`, then define again")
    months = served_months(facts.basis)
    answers, weight, words = served_answers(facts.basis), facts.chance, "reached in {} of cases"
    if facts.had is not None and answers is not None and (whole := float((brought * answers).mean())) > 0:
        weight, words = min(max(facts.had / whole, 0.0), 1.0), "of which {} is had on average"
    if weight is not None:
        brought = brought * weight
        parts = [f"{' and '.join(parts)}, {words.format(percent(weight))},"]
    even = _break_even(weight, facts.expected_cost, band(brought).p50, months)
    if answers is None:
        return WORTH.unknown(f"the volume is not known; {even}", "add problem.volume: 20k to 60k per month")
    worth = band(brought * answers)
    rule = WORTH.wanting(f"more than {_held_against(facts, facts.cost)}")
    got = f"{' and '.join(parts)} are worth {facts.money(worth)}"
    if worth.p50 > facts.expected_cost:
        return rule.passed(got, f"the gain pays for the project; {even}")
    fix = "serve more answers, use the result for longer, or spend less"
    return rule.failed(got, f"the gain does not pay for the project; {even}", fix)


def _break_even(chance: float | None, cost: float, each: float, months: "Draws") -> str:
    """The volume from which an answer's gain of `each` [base currency] pays for the project, in words."""
    if chance == 0:
        return "there is no break-even volume: no case reaches the target"
    if not (months > 0).all():
        return "there is no break-even volume: the answers no longer hold when they would be given"
    if each <= 0:
        return "there is no break-even volume: an answer costs more than its gain is worth"
    return f"break-even at {three_figures(band(cost / (each * months)).p50)} answers per month"


def _held_against(facts: Facts, cost: Band) -> str:
    kept = f", upkeep of {three_figures(facts.upkeep)} after launch in it" if facts.upkeep else ""
    if facts.chance is None:
        return f"{facts.money(cost)}{kept}"
    return f"{three_figures(cost.mean)} {facts.basis.currency}, the mean over all cases{kept}"


def _brought(facts: Facts) -> "tuple[Draws | None, list[str]]":
    """What an answer brings more than one today, shape (draws,), and of what; None with neither gain nor saving."""
    brought, parts = None, []
    if facts.worth is not None and facts.gain is not None and facts.gain > 0 and facts.counts_items:
        brought = facts.worth * facts.gain
        parts.append(f"{points(facts.gain)} points")
    if facts.serving is not None and (brought is not None or facts.cost_case):
        brought = facts.serving if brought is None else brought + facts.serving
        dearer = "dearer answers" if facts.saving is not None else "what serving them costs"
        parts.append("cheaper answers" if facts.cost_case else dearer)
    return brought, parts


def each_answer_saves(facts: Facts) -> Criterion:
    """P9: an answer of the tuned model costs less than one today; if not, only better answers can pay for it.

    saving per request = (price of 1,000 answers today - price of 1,000 answers tuned) / 1,000
    """
    if facts.saving is None:
        today, tuned = price_today(facts.basis), price_of_answers(facts.basis)
        by_people = facts.project.today.who in ("people", "nobody")
        given = {
            "today.price_per_1k": by_people or today is not None,
            "serving.price_per_1k_answers": tuned is not None,
        }
        fix = "; ".join(f"add {name}: 2 USD" for name, is_known in given.items() if not is_known)
        return SAVING.unknown("what 1,000 answers cost today, or tuned, is not known", fix)
    saved = band(facts.saving)
    got = f"{facts.money(saved.scaled(1000))} per 1,000"
    if facts.cost_case:
        return SAVING.passed(got, f"a tuned answer is cheaper than today's{_paid_back(facts, saved)}")
    return SAVING.failed(
        got,
        "only a quality case, no cost case: a tuned answer costs as much as today's, or more",
        "let the gain in right answers carry the case (P8), or serve a smaller model",
    )


def _paid_back(facts: Facts, saved: Band) -> str:
    volume = facts.project.problem.volume
    if volume is None or facts.expected_cost is None:
        return ""
    each = saved.p50 * volume.spread.median * (1.0 if facts.chance is None else facts.chance)
    most = band(served_months(facts.basis)).p50
    months = facts.expected_cost / each if each > 0 else float("inf")
    if months > most:
        return f"; savings alone do not pay the project back within {three_figures(most)} months"
    return f"; savings alone pay the project back in {three_figures(months)} months"


def errors_cost_less_than_answers_bring(facts: Facts) -> Criterion:
    """P19: at the target, the errors that are left cost less than the right answers bring.

        break-even score s* = c / (v + c),   v value of a correct answer, c mean cost of an error

    Kinds of errors count by their shares; one answer given for many is worth giving at all only above s*.
    """
    problem = facts.project.problem
    unknown = ERRORS.weighing("note").unknown
    cost = error_cost(facts.basis)
    if cost is None and problem.errors:
        fix = "add share: 30% to every kind under problem.errors"
        return unknown("how often each kind of error comes is not stated", fix)
    if cost is None:
        fix = "add problem.errors: [{kind: wrong team, cost: 5 USD per error}]"
        return unknown("nobody said what a wrong answer costs", fix)
    if problem.value is None or facts.target is None or not facts.counts_items:
        fix = "add problem.value, and a target in a metric that counts right answers"
        return unknown("errors have a cost, right answers have no value to hold against it", fix)
    value = facts.basis.draw("problem.value", problem.value)
    even = band(cost / (value + cost)).p50
    rule = ERRORS.wanting(f"above {percent(even)}")
    got = f"target {percent(facts.target)}"
    reason = f"an error costs {facts.money(band(cost))}: answering pays above {percent(even)}"
    if facts.target > even:
        return rule.passed(got, reason)
    fix = "let the model pass doubtful cases to a person, raise the target, or make the dear kind of error harmless"
    return rule.failed(got, f"{reason}, and the target is {percent(facts.target)}", fix)


def retirement_is_priced(facts: Facts) -> Criterion:
    """P21: a base model or platform that is retired inside the horizon costs another tuning, which the worth covers.

        risk = retune share x total cost, answers after launch left out

    Leaves out a date that nobody announced: then the risk is unknown, not none. The doubts of share and total are taken
    to move together, which makes the range wide.
    """
    retires = retirement_of(facts.basis)
    if retires is None:
        return RETIREMENT.unknown(
            "no date is stated; weights that you hold stay, a hosted base does not",
            "look up the provider's date and add serving.retires_on: 2027-06-30",
        )
    months = band(horizon(facts.basis)).p50
    away = (retires - facts.basis.today).days / DAYS_PER_MONTH
    got = f"on {retires.isoformat()}"
    if away >= months:
        return RETIREMENT.passed(got, f"after the horizon of {three_figures(months)} months")
    if facts.cost_of_tuning is None:
        fix = "run `tunecase estimate`, then define again"
        return RETIREMENT.unknown("inside the horizon, and the total cost is not known yet", fix, got=got)
    got += f", {three_figures(max(away, 0.0))} months from now" if away > 0 else ", already past"
    share = band(facts.basis.draw("serving.retune_share", facts.project.serving.retune_share))
    total = facts.cost_of_tuning
    price = Band(total.p10 * share.p10, total.p50 * share.p50, total.p80 * share.p80, total.p90 * share.p90)
    reason = f"tuning again costs {facts.money(price)}"
    worth = _worth_of_horizon(facts)
    if worth is not None and facts.cost is not None and worth > facts.cost.p50 + price.p50:
        return replace(RETIREMENT.passed(got, f"{reason}, which the worth covers"), price=price)
    fix = "put that sum into the budget, or tune weights that you hold"
    return RETIREMENT.weighing("note" if worth is None else "warn").failed(got, reason, fix, price)


def _worth_of_horizon(facts: Facts) -> float | None:
    """What the answers of the horizon bring, the middle [base currency]; None where their worth or volume is not."""
    each, answers = _brought(facts)[0], served_answers(facts.basis)
    return None if each is None or answers is None else band(each * answers).p50
