"""Rules on worth: P8 worth the cost, P9 saving per request, P19 the cost of errors, P21 retirement as a priced risk."""

from typing import TYPE_CHECKING

from tunecase.prices import error_cost
from tunecase.problem.criteria.facts import DAYS_PER_MONTH, Facts, percent, points, three_figures
from tunecase.quantities import Band, band
from tunecase.records import Criterion, Severity

if TYPE_CHECKING:
    from tunecase.quantities import Draws


def worth_the_cost(facts: Facts) -> Criterion:
    """P8: what the result brings over the horizon exceeds the total cost; the break-even volume is shown.

        brings = chance x volume x months x (worth of a correct answer x gain + saving per request)
        break-even volume = total cost / (chance x months x (worth of a correct answer x gain + saving per request))

    A correct answer in place of a wrong one brings its value and saves what the wrong one costs; a saving counts where
    both prices of an answer are stated, and answers in the total then count no second time. The chance is that of the
    bill, whose mean holds the cases that give up; while no curve says it, a target that is reached is weighed. Leaves
    out the doubt of the total in the break-even volume.
    """
    wanted = "chance x volume x months x (value x gain + saving) above the total cost"
    source = "ML Canvas; ml-ops.org"

    def unknown(reason: str, fix: str) -> Criterion:
        return Criterion("P8", "worth the cost", "unknown", "warn", "-", wanted, reason, fix, source=source)

    problem = facts.project.problem
    brought, parts = _brought(facts)
    if facts.worth is None and not facts.cost_case:
        return unknown("nobody said what a correct answer is worth", "add problem.value: 0.40 USD per correct")
    if brought is None:
        return unknown(
            "the gain in correct answers is not known",
            "state a metric that counts right answers and a target above the best baseline",
        )
    if facts.cost is None or facts.expected_cost is None:
        return unknown("the total cost is not known yet", "run `tunecase estimate`, then define again")
    months = facts.basis.draw("problem.horizon", problem.horizon)
    if facts.chance is not None:
        brought = brought * facts.chance
        parts = [f"{' and '.join(parts)}, reached in {percent(facts.chance)} of cases,"]
    each = band(brought).p50
    if facts.chance == 0:
        even = "there is no break-even volume: no case reaches the target"
    elif each <= 0:
        even = "there is no break-even volume: an answer costs more than its gain is worth"
    else:
        volume = band(facts.expected_cost / (each * months)).p50
        even = f"break-even at {three_figures(volume)} answers per month"
    if problem.volume is None:
        return unknown(f"the volume is not known; {even}", "add problem.volume: 20k to 60k per month")
    worth = band(brought * facts.basis.draw("problem.volume", problem.volume) * months)
    enough = worth.p50 > facts.expected_cost
    return Criterion(
        "P8",
        "worth the cost",
        "pass" if enough else "fail",
        "warn",
        f"{' and '.join(parts)} are worth {facts.money(worth)}",
        f"more than {_held_against(facts, facts.cost)}",
        f"the gain {'pays' if enough else 'does not pay'} for the project; {even}",
        "" if enough else "serve more answers, use the result for longer, or spend less",
        source=source,
    )


def _held_against(facts: Facts, cost: Band) -> str:
    if facts.chance is None:
        return facts.money(cost)
    return f"{three_figures(cost.mean)} {facts.basis.currency}, the mean over all cases"


def _brought(facts: Facts) -> "tuple[Draws | None, list[str]]":
    """What an answer brings more than one today, shape (draws,), and of what; None with neither gain nor saving."""
    brought, parts = None, []
    if facts.worth is not None and facts.gain is not None and facts.gain > 0 and facts.counts_items:
        brought = facts.worth * facts.gain
        parts.append(f"{points(facts.gain)} points")
    if facts.saving is not None and (brought is not None or facts.cost_case):
        brought = facts.saving if brought is None else brought + facts.saving
        parts.append("cheaper answers" if facts.cost_case else "dearer answers")
    return brought, parts


def each_answer_saves(facts: Facts) -> Criterion:
    """P9: an answer of the tuned model costs less than one today; if not, only better answers can pay for it.

    saving per request = (price of 1,000 answers today - price of 1,000 answers tuned) / 1,000
    """
    wanted, source = "more than 0 per request", "arithmetic: a saving of zero or less makes no case by cost"
    serving = facts.project.serving
    today, tuned = serving.price_per_1k_today, serving.price_per_1k_answers
    if facts.saving is None:
        missing = [
            name for name, given in (("price_per_1k_today", today), ("price_per_1k_answers", tuned)) if given is None
        ]
        reason = "what 1,000 answers cost today, or tuned, is not stated"
        fix = "; ".join(f"add serving.{name}: 2 USD" for name in missing)
        return Criterion("P9", "saving per request", "unknown", "note", "-", wanted, reason, fix, source=source)
    saved = band(facts.saving)
    saves = facts.cost_case
    reason = "only a quality case, no cost case: a tuned answer costs as much as today's, or more"
    if saves:
        reason = f"a tuned answer is cheaper than today's{_paid_back(facts, saved)}"
    return Criterion(
        "P9",
        "saving per request",
        "pass" if saves else "fail",
        "note",
        f"{facts.money(saved.scaled(1000))} per 1,000",
        wanted,
        reason,
        "" if saves else "let the gain in right answers carry the case (P8), or serve a smaller model",
        source=source,
    )


def _paid_back(facts: Facts, saved: Band) -> str:
    volume = facts.project.problem.volume
    if volume is None or facts.expected_cost is None:
        return ""
    each = saved.p50 * volume.spread.median * (1.0 if facts.chance is None else facts.chance)
    horizon = band(facts.basis.draw("problem.horizon", facts.project.problem.horizon)).p50
    months = facts.expected_cost / each if each > 0 else float("inf")
    if months > horizon:
        return f"; savings alone do not pay the project back within {three_figures(horizon)} months"
    return f"; savings alone pay the project back in {three_figures(months)} months"


def errors_cost_less_than_answers_bring(facts: Facts) -> Criterion:
    """P19: at the target, the errors that are left cost less than the right answers bring.

        break-even score s* = c / (v + c),   v value of a correct answer, c mean cost of an error

    Kinds of errors count by their shares; one answer given for many is worth giving at all only above s*.
    """
    problem = facts.project.problem
    name, wanted = "cost of errors", "a target above c / (v + c)"
    source = "Elkan 2001, The foundations of cost-sensitive learning; ML Canvas"

    def unknown(reason: str, fix: str) -> Criterion:
        return Criterion("P19", name, "unknown", "note", "-", wanted, reason, fix, source=source)

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
    even = band(cost / (value + cost))
    each = band(cost)
    fine = facts.target > even.p50
    reason = f"an error costs {facts.money(each)}: answering pays above {percent(even.p50)}"
    if not fine:
        reason += f", and the target is {percent(facts.target)}"
    fix = "let the model pass doubtful cases to a person, raise the target, or make the dear kind of error harmless"
    return Criterion(
        "P19",
        name,
        "pass" if fine else "fail",
        "warn",
        f"target {percent(facts.target)}",
        f"above {percent(even.p50)}",
        reason,
        "" if fine else fix,
        source=source,
    )


def retirement_is_priced(facts: Facts) -> Criterion:
    """P21: a base model or platform that is retired inside the horizon costs another tuning, which the worth covers.

        risk = retune share x total cost, answers after launch left out

    Leaves out a date that nobody announced: then the risk is unknown, not none. The doubts of share and total are taken
    to move together, which makes the range wide.
    """
    name, source = "retirement of the base", "announced dates of providers; serving.retune_share in tables/defaults.csv"
    wanted = "not inside the horizon, or covered by the worth"
    retires = facts.project.serving.retires_on
    if retires is None:
        reason = "no date is stated; weights that you hold stay, a hosted base does not"
        fix = "look up the provider's date and add serving.retires_on: 2027-06-30"
        return Criterion("P21", name, "unknown", "note", "-", wanted, reason, fix, source=source)
    months = band(facts.basis.draw("problem.horizon", facts.project.problem.horizon)).p50
    away = (retires - facts.basis.today).days / DAYS_PER_MONTH
    got = f"on {retires.isoformat()}"
    if away >= months:
        reason = f"after the horizon of {three_figures(months)} months"
        return Criterion("P21", name, "pass", "note", got, wanted, reason, source=source)
    if facts.cost_of_tuning is None:
        reason = "inside the horizon, and the total cost is not known yet"
        fix = "run `tunecase estimate`, then define again"
        return Criterion("P21", name, "unknown", "note", got, wanted, reason, fix, source=source)
    share = band(facts.basis.draw("serving.retune_share", facts.project.serving.retune_share))
    total = facts.cost_of_tuning
    price = Band(total.p10 * share.p10, total.p50 * share.p50, total.p80 * share.p80, total.p90 * share.p90)
    worth, (each, _), volume = None, _brought(facts), facts.project.problem.volume
    if each is not None and volume is not None:
        horizon = facts.basis.draw("problem.horizon", facts.project.problem.horizon)
        worth = band(each * facts.basis.draw("problem.volume", volume) * horizon).p50
    covered = worth is not None and facts.cost is not None and worth > facts.cost.p50 + price.p50
    severity: Severity = "note" if covered or worth is None else "warn"
    left = f"{three_figures(max(away, 0.0))} months from now" if away > 0 else "already past"
    return Criterion(
        "P21",
        name,
        "pass" if covered else "fail",
        severity,
        f"{got}, {left}",
        wanted,
        f"tuning again costs {facts.money(price)}" + (", which the worth covers" if covered else ""),
        "" if covered else "put that sum into the budget, or tune weights that you hold",
        price,
        source,
    )
