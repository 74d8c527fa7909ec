"""Rules on how success will be seen: P6 the ceiling of noisy labels, P7 test power, P11 mistakes that were read."""

import math
from collections import Counter
from dataclasses import dataclass, replace

from tunecase.pilot.scoring import rows_needed
from tunecase.problem.criteria.facts import Facts, percent, points
from tunecase.problem.criteria.rule import Rule
from tunecase.problem.design_effect import design_effect, intraclass
from tunecase.quantities import (
    LOST_SHARE,
    mcnemar_p,
    paired_rows_needed,
    smallest_loss_ruled_out,
    smallest_paired_gain,
    smallest_unpaired_gain,
    unpaired_rows_needed,
)
from tunecase.records import Criterion

DOUBLE_LABELS = 100
HALF_AS_WRONG = 0.5  # errors among the answers given / errors that the target allows, until the pilot measures it
ANSWERS_READ, EVAL_ROWS, FAILING_ROWS = 100, 200, 50

CEILING = Rule(
    "P6",
    "label ceiling",
    "target <= label ceiling",
    "OpenAI best practices; a = (1-e)^2 + e^2/m, m = 1 to K-1",
    "How far do people agree?",
    "label 100 test rows twice",
    "stop",
)
POWER = Rule(
    "P7",
    "test set power",
    "enough test items to show the wanted gain",
    f"Miller 2024; McNemar, {percent(LOST_SHARE)} of items lost (assumed unless two logs measure it)",
    "Can the test show the gain?",
    "bring more test rows",
    "stop",
)
MISTAKES = Rule(
    "P11",
    "error analysis",
    f"{ANSWERS_READ} answers read; {EVAL_ROWS} test rows, {FAILING_ROWS} of them failing",
    "Hamel Husain, FAQ on evals; Eugene Yan (second hand)",
    "What goes wrong, and why?",
    "read 100 answers and sort them",
)


def target_is_below_the_ceiling(facts: Facts) -> Criterion:
    """P6: the target does not exceed what a perfect model would score against one annotator's labels.

    Where only a share c of the answers must meet it, at best all rows with a wrong label are left to people: the
    ceiling of the rest is then ceiling / c, at most 1.
    """
    if facts.metric is not None and not facts.counts_items and facts.ceiling is None:
        reason = f"{facts.metric.name} does not count right answers, so agreement sets no ceiling for it"
        return CEILING.weighing("note").unknown(reason, "let a second person do the task, and score that person")
    if facts.ceiling is None or facts.agreement is None:
        price = facts.votes_price(DOUBLE_LABELS)
        fix = f"have a second person label {DOUBLE_LABELS} test rows, unseen by the first: {facts.money(price)}"
        given = facts.project.data.second_label
        return CEILING.unknown(
            f"no test row holds {given!r}" if given else "no test row has a second label", fix, price
        )
    answered = 1.0 if facts.coverage is None else facts.coverage
    low, middle, high = (min(end / answered, 1.0) for end in (facts.ceiling.low, facts.ceiling.mid, facts.ceiling.high))
    got = f"ceiling {percent(high)}, the upper end of {percent(low)} to {percent(high)}"
    got += "" if facts.coverage is None else f" of the {percent(answered)} answered, the disputed rows left to people"
    agree = f"agree on {percent(facts.agreement)} of {facts.agreed[1]}" if facts.counts_items else "answered the same"
    seen = f"two people {agree} rows, {got}"
    if facts.target is None:
        return CEILING.unknown(f"{seen}, but there is no target", "add problem.target", got=got)
    if facts.direction == "lower" or facts.target <= middle:
        return CEILING.passed(got, seen)
    if facts.target <= high:
        return CEILING.passed(got, f"{seen}; the target lies within the ceiling's doubt, label more rows twice")
    price = facts.votes_price(2 * facts.test_rows)
    return CEILING.failed(
        got,
        f"{seen}: no model can honestly score {percent(facts.target)} against one of them",
        f"lower the target to {percent(middle)}, the middle of that range, sharpen the label guide, or settle the test "
        f"labels by two more people ({facts.money(price)})",
        price,
    )


@dataclass(frozen=True, slots=True)
class Power:
    """What the test set must hold: rows needed, how many its rows count as, and on what that rests.

    `needed` counts independent items, `rows_needed` rows as they come; `assumed` is true where the likeness of a
    group's rows was taken at its worst.
    """

    needed: int
    design: float
    paired: bool
    assumed: bool
    words: str

    @property
    def rows_needed(self) -> int:
        """Rows to hold, groups counted; an assumption buys none."""
        return self.needed if self.assumed else math.ceil(self.needed * self.design - 1e-9)


def power_needed(facts: Facts) -> Power | None:
    """The rows that show the wanted gain, None where there is no gain to see or the score counts no items.

    Where a coverage is asked for, they are the rows with which it is likely to be promised, of a model that gets half
    as many of its answers wrong as the target allows (an assumption).

    Paired (both models on the same rows) unless the best baseline is the one in use and was scored elsewhere; then
    each arm needs its own rows. Rows of a group count as rows / D, D the design effect: the intraclass correlation is
    the stated one, else measured on today's right and wrong answers, else 1, the hard case.
    Leaves out that pairing takes part of the likeness of a group away: D is then too large.
    """
    needed, paired = _independent_rows(facts)
    if needed is None:
        return None
    if not facts.groups:
        return Power(needed, 1.0, paired, False, "")
    stated = facts.project.data.group_icc
    measured = intraclass(facts.right_today, facts.groups) if facts.right_today else None
    icc, how = 1.0, "assumed, the hard case"
    if stated is not None:
        icc, how = stated.spread.median, "stated"
    elif measured is not None:
        icc, how = measured, "measured on today's answers"
    sizes = Counter(facts.groups)
    words = f"{facts.test_rows:,} rows of {len(sizes):,} groups count as"
    design = design_effect(list(sizes.values()), icc)
    told = f"; {words} {math.floor(facts.test_rows / design + 1e-9):,} (ICC {icc:.2g}, {how})"
    return Power(needed, design, paired, stated is None and measured is None, told)


def _independent_rows(facts: Facts) -> tuple[int | None, bool]:
    """Independent test rows that are needed, None where nobody can say, and whether both models answer the same."""
    if facts.coverage is not None:
        if facts.target is None or not facts.counts_items or facts.direction == "lower":
            return None, True
        error = max(round(1 - facts.target, 12), 0.0)
        return rows_needed(error, facts.coverage, HALF_AS_WRONG * error), True
    if facts.gain is None or not 0 < facts.gain <= 1 or not facts.counts_items or facts.best is None:
        return None, True
    paired = not facts.baseline_elsewhere or facts.best != facts.in_use
    base = min(facts.best, 1 - facts.gain)
    needed = paired_rows_needed(facts.gain, facts.lost_share) if paired else unpaired_rows_needed(base, facts.gain)
    return needed, paired


def smallest_gain(facts: Facts) -> float:
    """The smallest gain that the test set shows, groups counted where their likeness is known; infinite for none."""
    power = power_needed(facts)
    rows = facts.test_rows
    if power is not None and not power.assumed:
        rows = math.floor(rows / power.design + 1e-9)
    if power is None or power.paired or facts.best is None:
        return smallest_paired_gain(rows, facts.lost_share)
    return smallest_unpaired_gain(facts.best, rows)


def gain_can_be_seen(facts: Facts) -> Criterion:
    """P7: the test set is large enough to show the wanted gain (80% power, two-sided 5%, same items, 5% lost).

    Where a coverage is asked for, it must be large enough to promise that coverage at the target's error instead; how
    many rows that takes rests on an assumed error, so too few are a warning until a pilot has measured a promise.
    Rows that hang together count for less; where how much is only assumed, too few of them are a warning. So they are
    where tuned answers are cheaper than today's: there the loss that the test can rule out is told (non-inferiority).
    """
    got = f"{facts.test_rows} test items"
    if facts.metric is not None and not facts.counts_items:
        reason = f"{facts.metric.name} varies by item in a way that only the pilot can measure"
        if facts.coverage is not None:
            fix = "choose a metric that counts right answers, such as accuracy, or delete problem.coverage"
            return POWER.weighing("warn").unknown(f"no coverage can be promised for {facts.metric.name}", fix, got=got)
        return POWER.weighing("warn").unknown(reason, "run the pilot", got=got)
    if facts.coverage is not None:
        return _coverage_can_be_promised(facts, facts.coverage)
    sight = _sight(facts.test_rows, smallest_gain(facts))
    if facts.gain is None:
        fix = "state metric and target, and measure a baseline"
        return POWER.unknown(f"{sight}; the wanted gain is not known", fix, got=got)
    if facts.gain <= 0:
        reason = "there is no gain to see: a baseline already meets the target"
        return POWER.weighing("note").unknown(reason, "state a target beyond it", got=got)
    power = power_needed(facts)
    if power is None:
        reason = "a gain of more than 100 points cannot be"
        return POWER.unknown(reason, "correct the target or the baseline", got=got)
    kept = "" if power.paired else " in each arm, since the baseline was scored on other rows"
    lost = f"; {percent(facts.lost_share)} of items lost, measured on {facts.lost_on}" if facts.lost else ""
    sight += f"; you asked for {points(facts.gain)}; you need {power.rows_needed:,}{kept}{power.words}{lost}"
    judged = _large_enough if power.rows_needed <= facts.test_rows else _too_small
    return judged(facts, power, sight)


def _coverage_can_be_promised(facts: Facts, coverage: float) -> Criterion:
    """P7 where a share of the answers must meet the target: whether so many test rows can promise it.

    What a pilot has promised on these rows settles it.
    """
    got, power = f"{facts.test_rows} test items", power_needed(facts)
    if facts.target is None or facts.direction == "lower" or power is None:
        fix = "state a target below 100%, such as 95% at 70% coverage, of a metric where higher is better"
        return POWER.unknown("no coverage can be promised at this target", fix, got=got)
    wrong = percent(1 - facts.target)
    promised = _most_promised(facts, facts.target)
    if promised is not None and promised >= coverage:
        return POWER.passed(got, f"the pilot promises {percent(promised)} of the answers with at most {wrong} wrong")
    basis = "assumed until the pilot measures it" if promised is None else "assumed"
    sight = (
        f"to promise that at most {wrong} of the {percent(coverage)} answered are wrong, you need "
        f"{power.rows_needed:,} test items if the model gets half as many wrong ({basis}); "
        f"you have {facts.test_rows:,}{power.words}"
    )
    if promised is not None:
        sight += f"; the pilot promises {percent(promised)} of the answers at most"
    if power.rows_needed <= facts.test_rows:
        return _large_enough(facts, power, sight)
    judged = _too_small(facts, power, sight)
    return replace(judged, severity="warn") if promised is None else judged


def _most_promised(facts: Facts, target: float) -> float | None:
    """The largest share of answers that a pilot promises at the target's error; None where none measured it."""
    error = max(round(1 - target, 12), 0.0)
    return max((one.coverage or 0.0 for one in facts.promises if one.error <= error + 1e-9), default=None)


def _large_enough(facts: Facts, power: Power, sight: str) -> Criterion:
    """P7 where the test set has the rows: whether they count for as many independent ones."""
    rule, got = POWER.wanting(f"{power.rows_needed:,} test items"), f"{facts.test_rows} test items"
    column = facts.project.data.group
    if column is not None and not facts.groups:
        reason = f"{sight}, but not every test row has the column {column!r}, so it is not known which hang together"
        fix = "fill the column in every test row, or correct its name"
        return rule.weighing("warn").unknown(reason, fix, got=got)
    if facts.test_rows / power.design >= power.needed - 1e-9:
        return rule.passed(got, sight)
    fix = "measure data.group_icc, add data.answer_today, or bring rows of more groups"
    return rule.weighing("warn").failed(got, f"{sight}: enough only if rows of one group are not alike", fix)


def _too_small(facts: Facts, power: Power, sight: str) -> Criterion:
    """P7 where test rows are missing: what they cost, or what can be held out or ruled out without them."""
    rule, got = POWER.wanting(f"{power.rows_needed:,} test items"), f"{facts.test_rows} test items"
    if facts.test is None and len(facts.train.rows) >= 2 * power.rows_needed:
        fix = f"hold out {power.rows_needed:,} of the {len(facts.train.rows):,} rows"
        return rule.unknown("there is no test set yet", fix, got="0 test items")
    missing = power.rows_needed - facts.test_rows
    price = facts.labels_price(missing)
    reason = f"{sight}; {missing:,} more cost {facts.money(price)}"
    fix = f"label {missing:,} more test rows" + (", of other groups" if power.design > 1 else "")
    if not power.paired:
        fix += ", or score what is in use on these rows and write problem.baseline_on: test"
    if not facts.cost_case:
        return rule.failed(got, reason, fix, price)
    ruled_out = smallest_loss_ruled_out(math.floor(facts.test_rows / power.design + 1e-9), min(facts.lost_share, 0.5))
    shown = f"this test can rule out a loss of {points(ruled_out)} points" if facts.test_rows else "no test shows it"
    reason += f"; a case by cost asks only that answers get no worse: {shown}"
    return rule.weighing("warn").failed(got, reason, fix, price)


def rows_to_label(facts: Facts) -> int:
    """Test rows that P7 has labelled before a run: none where it passes, only warns, or has rows held out."""
    judged, power = gain_can_be_seen(facts), power_needed(facts)
    if power is None or (judged.status, judged.severity) != ("fail", "stop"):
        return 0
    return power.rows_needed - facts.test_rows


def errors_are_read(facts: Facts) -> Criterion:
    """P11: people have read 100 answers and sorted their mistakes; the test set has 200 rows with 50 or more failing.

    How many rows fail is worked out from the best baseline. The sizes of the test set are a note: P7 judges its power.
    """
    read = facts.project.problem.errors_read
    if read is None:
        fix = f"read {ANSWERS_READ} answers of what is in use, sort their mistakes, and add problem.errors_read"
        reason = "nobody said that answers were read and their mistakes sorted"
        return MISTAKES.unknown(reason, fix, facts.reading_price(ANSWERS_READ))
    failing = math.inf
    if facts.counts_items and facts.best is not None and facts.direction == "higher":
        failing = round((1 - facts.best) * facts.test_rows)
    got = f"{read:,} read; {facts.test_rows:,} test rows"
    got += f", about {failing:,} failing" if math.isfinite(failing) else ""
    if read < ANSWERS_READ:
        price = facts.reading_price(ANSWERS_READ - read)
        reason = "too few answers were read to know what goes wrong"
        return MISTAKES.failed(got, reason, f"read {ANSWERS_READ - read:,} more", price)
    if facts.test_rows < EVAL_ROWS or failing < FAILING_ROWS:
        reason = "mistakes are known, but the test set holds few of them to count"
        fix = "add hard rows to the test set, and report them apart"
        return MISTAKES.weighing("note").failed(got, reason, fix)
    return MISTAKES.passed(got, "what goes wrong was read, not guessed")


def _sight(rows: int, seen: float) -> str:
    have = f"you have {rows:,} test items"
    if math.isfinite(seen):
        return f"{have}; you can see >= {points(seen)} points"
    best = mcnemar_p(rows, 0)
    return f"{have}; no gain can ever be shown (the best possible outcome has p = {best:.3g})"
