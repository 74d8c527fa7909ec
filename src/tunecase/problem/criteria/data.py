"""Rules on the data: D1 enough rows, D4 class shares, D5 labels that contradict, D7 test rows in training."""

from collections import Counter, defaultdict

from tunecase.data import normalise
from tunecase.problem.criteria.facts import Facts, percent
from tunecase.records import Criterion, Severity

FEWEST_ROWS, PILOT_ROWS = 10, 50
BAD_KAPPA, FINE_KAPPA = 0.6, 0.7
GUESSED_LEAKS = ("leak_rephrased", "leak_translated")  # alike in meaning as far as a model can tell


def rows_are_enough(facts: Facts) -> Criterion:
    """D1: at least 10 different training rows; 50 to 100 make a first pilot. Copies count once."""
    rows = facts.train.rows
    different = len({(normalise(row.input), row.output) for row in rows})
    got = f"{len(rows):,} rows" + (f", {different:,} different" if different < len(rows) else "")
    few, short = different < FEWEST_ROWS, different < PILOT_ROWS
    missing = PILOT_ROWS - different
    price = facts.labels_price(missing) if short else None
    reason = "enough for a first pilot"
    if few:
        reason = "too few rows to learn or measure anything"
    elif short:
        reason = f"below the {PILOT_ROWS} to 100 rows of a first pilot"
    return Criterion(
        "D1",
        "training rows",
        "fail" if short else "pass",
        "stop" if few or not short else "note",
        got,
        f"at least {FEWEST_ROWS} different rows, {PILOT_ROWS} to 100 for a pilot",
        reason,
        f"label {missing} more: {facts.money(price)}" if price else "",
        price,
        "Vertex AI tuning guide (10); OpenAI tuning guide (50 to 100)",
    )


def classes_are_as_in_production(facts: Facts) -> Criterion:
    """D4: training rows have the class shares of production, or those of the test set where production's are unknown.

        distance = sum over classes of |share - share| / 2,   told from .1 where chance gives it once in a thousand

    Leaves out refusals and other free answers, whose share the audit counts.
    """
    name, source = "class balance", "OpenAI tuning guide (60% of training rows against 5% in production)"
    wanted = "class shares of training within 10% of production's"
    if facts.task != "classification":
        reason = "answers are no classes to be balanced"
        return Criterion("D4", name, "pass", "note", "free answers", wanted, reason, source=source)
    if facts.audit is None:
        reason, fix = "the data are not audited yet", "run `tunecase audit`"
        return Criterion("D4", name, "unknown", "note", "-", wanted, reason, fix, source=source)
    declared = bool(facts.project.data.production_shares)
    found = facts.audit.finding("label_shift_train" if declared else "label_shift")
    other = "production" if declared else "the test set"
    if found is not None:
        got = f"{percent(found.share)} apart from {other}"
        severity: Severity = "warn" if declared else "note"
        return Criterion("D4", name, "fail", severity, got, wanted, found.why, found.fix, found.price, source)
    if not declared and facts.test is None:
        fix = "add data.production_shares, or a test set drawn from production"
        reason = "there is nothing to hold the shares against"
        return Criterion("D4", name, "unknown", "note", "-", wanted, reason, fix, source=source)
    severity = "warn" if declared else "note"
    got, reason = f"as in {other}", f"training rows have the class shares of {other}, as far as their number tells"
    return Criterion("D4", name, "pass", severity, got, wanted, reason, source=source)


def labels_agree_with_themselves(facts: Facts) -> Criterion:
    """D5: the same input seldom has different answers.

        kappa = 1 - disagreement / (1 - sum p_k^2)

    Disagreement is, over ALL training rows, the mean share of a row's twins (same input after normalising) that hold
    another answer; rows without a twin count as agreeing, so kappa is the most that agreement can be. Leaves out
    nearly equal inputs: one word may well decide, so the audit lists them and nothing is concluded here.
    """
    wanted = f"kappa >= {FINE_KAPPA:g}; bad below {BAD_KAPPA:g}"
    source = "convention for Cohen's kappa; Hamel Husain, FAQ on evals"
    name = "contradictions"
    if facts.audit is None:
        reason, fix = "the data are not audited yet", "run `tunecase audit`"
        return Criterion("D5", name, "unknown", "stop", "-", wanted, reason, fix, source=source)
    finding = facts.audit.finding("contradiction")
    if finding is None or not facts.train.rows:
        reason = "no input was found with two answers"
        return Criterion("D5", name, "pass", "stop", "none", wanted, reason, source=source)
    kappa = _most_kappa(facts)
    # Free text may differ and be right both times, so only labels can be a stop.
    bad = facts.task == "classification" and kappa < BAD_KAPPA
    doubtful = kappa < FINE_KAPPA or finding.severity == "stop"
    return Criterion(
        "D5",
        name,
        "fail" if doubtful else "pass",
        "stop" if bad or not doubtful else "warn",
        f"{finding.count:,} inputs, {percent(finding.share)} of rows, kappa at most {max(kappa, -1.0):.2f}",
        wanted,
        "the same input has different answers: no model can learn both" if doubtful else "few inputs have two answers",
        finding.fix if doubtful else "",
        finding.price if doubtful else None,
        source,
    )


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

    Deleting the matching training rows mends a leak; where so much of the test is known that the audit asks for new
    test rows, it does not. What may be a leak in other words is a warning: it asks for a look.
    """
    wanted, source, name = "0 leaks", "all tuning guides", "test rows in training"
    if facts.audit is None:
        reason, fix = "the data are not audited yet", "run `tunecase audit`"
        return Criterion("D7", name, "unknown", "stop", "-", wanted, reason, fix, source=source)
    if facts.test is None or facts.audit.test is None:
        reason, fix = "there is no test set to look for", "give data.test"
        return Criterion("D7", name, "unknown", "note", "-", wanted, reason, fix, source=source)
    leaks = [finding for finding in facts.audit.findings if finding.check.startswith("leak")]
    open_leaks = [f for f in leaks if not f.removed or (f.price is not None and f.price.p50 > 0)]
    count = sum(finding.count for finding in leaks)
    reason = "no test row was found in training"
    certain = any(f.severity == "stop" or f.check not in GUESSED_LEAKS for f in open_leaks)
    if open_leaks and not certain:
        reason = "some test rows may stand in training in other words: look at them before a score is believed"
    elif open_leaks:
        reason = "test rows in training make every score look better than it is"
    elif leaks:
        reason = f"the {sum(f.removed for f in leaks):,} training rows that match a test row are left out"
    return Criterion(
        "D7",
        name,
        "fail" if open_leaks else "pass",
        "warn" if open_leaks and not certain else "stop",
        f"{count:,} test rows found in training",
        wanted,
        reason,
        open_leaks[0].fix if open_leaks else "",
        open_leaks[0].price if open_leaks else None,
        source,
    )
