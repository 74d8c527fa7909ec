"""Rules on the data: D1 enough rows, D4 class shares, D5 labels that contradict, D7 test rows in training."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

from tunecase import catalog
from tunecase.data import normalise
from tunecase.problem.criteria.facts import Facts, percent, points
from tunecase.problem.criteria.rule import Rule
from tunecase.records import Criterion, Finding

FEWEST_ROWS, PILOT_ROWS, PILOT_ROWS_HIGH = 10, 50, 100
BAD_KAPPA, FINE_KAPPA = 0.6, 0.7

ROWS = Rule(
    "D1",
    "training rows",
    f"at least {FEWEST_ROWS} different rows, {PILOT_ROWS} to {PILOT_ROWS_HIGH} for a pilot",
    "Vertex AI tuning guide (10); OpenAI tuning guide (50 to 100)",
    "Are there enough rows?",
    "label more rows",
    "stop",
)
BALANCE = Rule(
    "D4",
    "class balance",
    "class shares of training within 10% of production's",
    "OpenAI tuning guide (60% of training rows against 5% in production)",
    "Are classes as in real use?",
    "state the shares of real use",
    "note",
)
CONTRADICTIONS = Rule(
    "D5",
    "contradictions",
    f"kappa >= {FINE_KAPPA:g}; bad below {BAD_KAPPA:g}",
    "convention for Cohen's kappa; Hamel Husain, FAQ on evals",
    "Do the labels agree?",
    "settle the rows with two answers",
    "stop",
)
LEAKS = Rule(
    "D7",
    "test rows in training",
    "0 in the rows trained on; in the file too few to move the score by a standard error",
    "all tuning guides; a score moves by at most leaked / test rows",
    "Is the test kept apart?",
    "take the test rows out of training",
    "stop",
)
NOT_AUDITED = ("the data are not audited yet", "run `tunecase audit`")


def rows_are_enough(facts: Facts) -> Criterion:
    """D1: at least 10 different training rows; 50 to 100 make a first pilot. Copies count once."""
    rows = facts.train.rows
    different = len({(normalise(row.input), row.output) for row in rows})
    got = f"{len(rows):,} rows" + (f", {different:,} different" if different < len(rows) else "")
    if different >= PILOT_ROWS:
        return ROWS.passed(got, "enough for a first pilot")
    missing = PILOT_ROWS - different
    price = facts.labels_price(missing)
    fix = f"label {missing} more: {facts.money(price)}"
    if different < FEWEST_ROWS:
        return ROWS.failed(got, "too few rows to learn or measure anything", fix, price)
    return ROWS.weighing("note").failed(
        got, f"below the {PILOT_ROWS} to {PILOT_ROWS_HIGH} rows of a first pilot", fix, price
    )


def classes_are_as_in_production(facts: Facts) -> Criterion:
    """D4: training rows have the class shares of production, or those of the test set where production's are unknown.

        distance = sum over classes of |share - share| / 2,   told from .1 where chance gives it once in a thousand

    Leaves out refusals and other free answers, whose share the audit counts.
    """
    if facts.task != "classification":
        return BALANCE.passed("free answers", "answers are no classes to be balanced")
    if facts.audit is None:
        return BALANCE.unknown(*NOT_AUDITED)
    declared = bool(facts.project.data.production_shares)
    rule, other = (BALANCE.weighing("warn"), "production") if declared else (BALANCE, "the test set")
    finding = facts.audit.finding("label_shift_train" if declared else "label_shift")
    if finding is not None:
        return rule.failed(f"{percent(finding.share)} apart from {other}", finding.why, finding.fix, finding.price)
    if not declared and facts.test is None:
        fix = "add data.production_shares, or a test set drawn from production"
        return rule.unknown("there is nothing to hold the shares against", fix)
    reason = f"training rows have the class shares of {other}, as far as their number tells"
    return rule.passed(f"as in {other}", reason)


def labels_agree_with_themselves(facts: Facts) -> Criterion:
    """D5: the same input seldom has different answers.

        kappa = 1 - disagreement / (1 - sum p_k^2)

    Disagreement is, over ALL training rows, the mean share of a row's twins (same input after normalising) that hold
    another answer; rows without a twin count as agreeing, so kappa is the most that agreement can be. Leaves out
    nearly equal inputs: one word may well decide, so the audit lists them and nothing is concluded here.
    """
    if facts.audit is None:
        return CONTRADICTIONS.unknown(*NOT_AUDITED)
    finding = facts.audit.finding("contradiction")
    if finding is None or not facts.train.rows:
        return CONTRADICTIONS.passed("none", "no input was found with two answers")
    kappa = _most_kappa(facts)
    got = f"{finding.count:,} inputs, {percent(finding.share)} of rows, kappa at most {max(kappa, -1.0):.2f}"
    if kappa >= FINE_KAPPA and finding.severity != "stop":
        return CONTRADICTIONS.passed(got, "few inputs have two answers")
    # Free text may differ and be right both times, so only labels can be a stop.
    bad = facts.task == "classification" and kappa < BAD_KAPPA
    reason = "the same input has different answers: no model can learn both"
    return CONTRADICTIONS.weighing("stop" if bad else "warn").failed(got, reason, finding.fix, finding.price)


def _most_kappa(facts: Facts) -> float:
    rows = facts.train.rows
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        groups[normalise(row.input)][row.output] += 1
    disagreement = 0.0
    for answers in groups.values():
        size = answers.total()
        if len(answers) > 1:
            disagreement += sum(count * (size - count) / (size - 1) for count in answers.values())
    chance = sum((count / len(rows)) ** 2 for count in Counter(row.output for row in rows).values())
    return 1 - disagreement / len(rows) / (1 - chance) if chance < 1 else 1.0


def no_test_row_is_trained_on(facts: Facts) -> Criterion:
    """D7: no test row is left in the training rows that the audit calls usable.

    Leaving the matching training rows out mends a leak; where so much of the test is known that the audit asks for new
    test rows, it does not. What may be a leak, nearly alike or in other words, is a warning: it asks for a look. Mended
    leaks are noted where they could lift the score by more than its standard error for whoever trains on the file as
    it is:

        leaked / test rows > sqrt(p (1 - p) / test rows)

    where p is the best baseline, one half where no baseline counts right answers: the largest standard error. Leaves
    out that a model may have answered a leaked row right anyway: the score moves by less than leaked / test rows.
    """
    if facts.audit is None:
        return LEAKS.unknown(*NOT_AUDITED)
    if facts.test is None or facts.audit.test is None:
        return LEAKS.weighing("note").unknown("there is no test set to look for", "give data.test")
    leaks = [finding for finding in facts.audit.findings if finding.check.startswith("leak")]
    got = f"{sum(finding.count for finding in leaks):,} test rows found in training"
    left = [finding for finding in leaks if _is_open(finding)]
    if left and all(finding.severity != "stop" and catalog.is_guess(finding.check) for finding in left):
        reason = "some test rows may stand in training in other words: look at them before a score is believed"
        return LEAKS.weighing("warn").failed(got, reason, left[0].fix, left[0].price)
    if left:
        reason = "test rows in training make every score look better than it is"
        return LEAKS.failed(got, reason, left[0].fix, left[0].price)
    return _mended(facts, leaks, got) if leaks else LEAKS.passed(got, "no test row was found in training")


def _mended(facts: Facts, leaks: Sequence[Finding], got: str) -> Criterion:
    """D7 where every leak is mended by leaving training rows out: what the file as it is would do to the score."""
    rows = max(facts.test_rows, 1)
    score = facts.best if facts.counts_items and facts.best is not None and 0 < facts.best < 1 else 0.5
    moved, error = sum(finding.count for finding in leaks) / rows, math.sqrt(score * (1 - score) / rows)
    got += f", {percent(moved)} of {rows:,}"
    left_out = f"the {sum(finding.removed for finding in leaks):,} training rows that match a test row are left out"
    would = f"trained on as it is, the file could lift the score by up to {points(moved)} points"
    if moved <= error:
        return LEAKS.passed(got, f"{left_out}; {would}, within its standard error of {points(error)}")
    reason = f"{left_out} here, but {would}, more than its standard error of {points(error)}"
    return LEAKS.weighing("note").failed(got, reason, "train on the copy that `tunecase audit --fix FOLDER` writes")


def _is_open(leak: Finding) -> bool:
    return not leak.removed or (leak.price is not None and leak.price.p50 > 0)
