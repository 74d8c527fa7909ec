"""What an answer is worth: right instead of wrong, cheaper than today's, and what reaching the target brings in all.

V counts the gain over the best score without a fine-tune. It is None where the user has not stated enough.
"""

from tunecase import catalog
from tunecase.prices.basis import Basis, numbered
from tunecase.prices.lifetime import served_answers
from tunecase.project import Project, read_score
from tunecase.quantities import Draws, np
from tunecase.records import Definition

BY_HAND = "problem.by_hand"


def target_value(project: "Project", basis: Basis, definition: Definition | None) -> "Draws | None":
    """V, what reaching the target is worth: worth x answers x (target - baseline), shape (worlds,).

    Answers are those given while the model is of use (`served_answers`).
    Worth is that of one more correct answer (`worth_of_correct`); baseline is the score in use, as stated, else the
    best one without a fine-tune (`baseline_score`). None when worth, volume or target is not stated, or when the metric
    is not a share of answers.
    """
    base, point = baseline_score(project, definition), value_of_one(project, basis)
    if point is None or base is None:
        return None
    return point * max(0.0, read_score(project.problem.target or 0) - base)


def value_of_one(project: "Project", basis: Basis) -> "Draws | None":
    """Worth x answers, by which a share of right answers is priced, shape (draws,); None as for `target_value`."""
    problem, worth, answers = project.problem, worth_of_correct(basis), served_answers(basis)
    if worth is None or answers is None or problem.target is None:
        return None
    if problem.metric is not None and not catalog.metric(problem.metric).binomial:
        return None
    return np.asarray(worth * answers)


def more_than_today(project: "Project", basis: Basis, definition: Definition | None) -> "Draws | float":
    """What reaching the target is worth above today's way beyond V, shape (draws,): V counts from the best at hand.

    What is put to use takes the place of today's way, a fine-tune that of the best that is at hand.
    """
    base, point, today = (
        baseline_score(project, definition), value_of_one(project, basis), score_given_up(project, definition),
    )  # fmt: skip
    if base is None or today is None or point is None or project.problem.target is None:
        return 0.0
    target = read_score(project.problem.target)
    return point * (max(0.0, target - today) - max(0.0, target - base))


def score_given_up(project: "Project", definition: Definition | None) -> float | None:
    """The score of today's way, the commonest answer's where nobody knows it; None without a score at hand."""
    base, today = baseline_score(project, definition), today_score(project, definition)
    if base is None or today is not None:
        return today
    return min(base, (None if definition is None else definition.majority) or 0.0)


def value_or_saving(project: "Project", basis: Basis, definition: Definition | None) -> "Draws | None":
    """V; zero where the project states no value of an answer but saves on serving, so that only the saving counts."""
    value = target_value(project, basis, definition)
    if value is None and project.problem.value is None and (saving := saving_per_answer(basis)) is not None:
        return 0.0 * saving
    return value


def worth_of_correct(basis: Basis) -> "Draws | None":
    """What one more correct answer is worth: what it brings, and what the wrong one in its place would have cost.

    Shape (draws,); None where neither problem.value nor the cost of an error is stated.
    """
    value = basis.project.problem.value if basis.project else None
    cost = error_cost(basis)
    if value is None and (person := person_per_answer(basis)) is not None:
        return person if cost is None else person + cost
    if value is None:
        return cost
    brought = basis.worlds.draw("problem.value", value.spread)
    return brought if cost is None else brought + cost


def person_per_answer(basis: Basis) -> "Draws | None":
    """What a person's answer costs today, minutes x rate, shape (draws,): what a right answer saves where no other
    value is stated. None where it is not stated.
    """
    today = basis.project.today if basis.project else None
    if today is None or today.minutes is None or today.rate is None:
        return None
    draw = basis.worlds.draw
    return draw("today.minutes", today.minutes.spread) / 60 * draw("today.rate", today.rate.spread)


def price_of_answers(basis: Basis) -> "Draws | None":
    """What 1,000 answers of the tuned model cost, shape (draws,): as stated, else as worked out; None where unknown."""
    stated = basis.project.serving.price_per_1k_answers if basis.project else None
    if stated is not None:
        return basis.draw("serving.price_per_1k_answers", stated)
    return None if basis.answer_prices is None else basis.answer_prices.tuned(basis)


def price_today(basis: Basis) -> "Draws | None":
    """What 1,000 answers cost the way they are given today, shape (draws,): stated or worked out; None if unknown."""
    stated = basis.project.price_per_1k_today if basis.project else None
    if stated is not None:
        return basis.draw(*stated)
    return None if basis.answer_prices is None else basis.answer_prices.in_use(basis)


def saving_per_answer(basis: Basis) -> "Draws | None":
    """How much less an answer of the tuned model costs than one today; negative where it costs more.

        (price of 1,000 answers today - tuned) / 1,000,   shape (draws,)

    None where one of the prices is not known.
    """
    today, tuned = price_today(basis), price_of_answers(basis)
    return None if today is None or tuned is None else (today - tuned) / 1000


def serving_saving(basis: Basis) -> "Draws | None":
    """What serving the tuned model saves over its use: saving per answer x answers, shape (draws,).

    Where nobody knows what answers cost today they are taken to cost nothing, so that it is what serving costs, as a
    negative saving. None where the tuned model's price or the volume is not known. Leaves out the retirement of what
    answers today.
    """
    tuned, answers = price_of_answers(basis), served_answers(basis)
    if tuned is None or answers is None:
        return None
    today = price_today(basis)
    return answers * ((0.0 if today is None else today) - tuned) / 1000


def people_give_the_rest(basis: Basis) -> bool:
    """Whether people give the answers that a model leaves, at `problem.by_hand`; else they go on as today.

    True where `problem.by_hand` is stated and nobody knows what an answer costs today.
    """
    problem = basis.project.problem if basis.project else None
    return problem is not None and problem.by_hand is not None and price_today(basis) is None


def rest_goes_to_people(basis: Basis) -> bool:
    """Whether people give the answers that a model leaves: they do today, or would at `problem.by_hand`."""
    by_people = basis.project is not None and basis.project.today.who == "people"
    return by_people or people_give_the_rest(basis)


def rest_by_others(basis: Basis, coverage: float) -> "Draws | float":
    """What the answers that a model leaves to others add to `serving_saving`, shape (draws,); at most 0.

        - (1 - coverage) x answers x price of the rest

    The rest goes on at today's price where that is known: it is not saved. Else a person gives it at
    `problem.by_hand`. 0 where neither is known, so that today's way gives it for nothing.
    """
    answers, today = served_answers(basis), price_today(basis)
    if answers is None:
        return 0.0
    if today is not None:
        return -(1 - coverage) * answers * today / 1000
    by_hand = basis.project.problem.by_hand if basis.project else None
    return 0.0 if by_hand is None else -(1 - coverage) * answers * basis.worlds.draw(BY_HAND, by_hand.spread)


def part_when_sure(basis: Basis, coverage: float, credit: float) -> float:
    """The part of V that it brings to give only the sure answers, 0 to 1.

        c credit,   + 1 - c where people give the rest, whose answers are taken to be as good as the target

    Args:
        basis: the project.
        coverage: c, the share of answers that are given.
        credit: the part of the wanted gain that the sure answers reach, 0 to 1.
    """
    return coverage * credit + (1 - coverage if people_give_the_rest(basis) else 0.0)


def error_cost(basis: Basis) -> "Draws | None":
    """What a wrong answer costs on average, sum of share x cost over its kinds, shape (draws,).

    None without kinds, and where one of several kinds has no share: nobody knows how often the expensive kind occurs.
    """
    kinds = basis.project.problem.errors if basis.project else ()
    if not kinds or (len(kinds) > 1 and any(kind.share is None for kind in kinds)):
        return None
    names = numbered([f"problem.errors {kind.kind}" for kind in kinds])
    costs = [basis.worlds.draw(name, kind.cost.spread) for name, kind in zip(names, kinds, strict=True)]
    shares = [1.0 if kind.share is None else kind.share.spread.median for kind in kinds]
    if sum(shares):
        costs = [share / sum(shares) * cost for share, cost in zip(shares, costs, strict=True)]
    return sum(costs[1:], costs[0])


def today_score(project: "Project", definition: Definition | None) -> float | None:
    """The score of today's way: as stated, else that of its answers in the test file; None where nobody knows it."""
    if project.score_today is not None:
        return read_score(project.score_today)
    return None if definition is None else definition.in_use


def baseline_score(project: "Project", definition: Definition | None) -> float | None:
    """The score that a fine-tune's gain counts from: that of the best way at hand, measured or stated; None without.

    Older records hold no such way: there it is the score in use, else the best without a fine-tune.
    """
    if definition is not None and definition.at_hand is not None:
        return definition.at_hand.score
    if definition is None or project.score_today is not None:
        return today_score(project, definition)
    return definition.in_use if definition.untrained is None else definition.untrained
