"""Rules on what is reached untrained: P3 measured, P4 and P5 what is left, P20 prompts, S1 signal, S2 a gap."""

from tunecase.problem.criteria.facts import Facts, percent, points
from tunecase.quantities import wilson
from tunecase.records import Criterion, Severity, Status

HEURISTIC_SHARE = 0.5
NEAR_TARGET = 0.9
SIGNAL_TRAIN_ROWS, SIGNAL_TEST_ROWS = 100, 50
DOMINANT_CLASS = 0.9


def baselines_are_measured(facts: Facts) -> Criterion:
    """P3: the majority answer, a cheap probe and what is in use today are scored before anything is trained."""
    missing = [name for name in ("majority", "probe", "in use") if name not in facts.baselines]
    if facts.prompted and "in use" in missing:
        missing.remove("in use")
    fixes = []
    column = facts.project.data.answer_today
    if "in use" in missing and column is not None and facts.counts_items:
        fixes.append(f"fill the column {column!r} in every test row, or add problem.baseline")
    elif "in use" in missing:
        fixes.append("score what is in use today, or a prompted model, on the test set and add problem.baseline")
    if missing and missing != ["in use"]:
        fixes.append(
            "majority and probe need classes, scored by accuracy or macro_f1; elsewhere score a prompted model"
            if facts.test_rows
            else "give a test set, so that majority and probe can be scored"
        )
    return Criterion(
        "P3",
        "baselines before training",
        "unknown" if missing else "pass",
        "warn" if facts.baselines or not missing else "stop",
        ", ".join(f"{name} {_shown(facts, score)}" for name, score in facts.baselines.items()) or "none",
        "majority, probe, in use",
        f"not measured: {', '.join(missing)}" if missing else "all are measured",
        "; ".join(fixes),
        source="OpenAI tuning guide; Google, Rules of ML 1 and 2; ML Test Score",
    )


def room_after_a_heuristic(facts: Facts) -> Criterion:
    """P4: a cheap method goes about half of the way from majority to target; more leaves little for tuning."""

    def note(status: Status, got: str, reason: str, fix: str = "") -> Criterion:
        source = "Google, Rules of ML 1"
        return Criterion(
            "P4", "room after a heuristic", status, "note", got, "less than half of the way", reason, fix, source=source
        )

    if facts.target is None or facts.majority is None or facts.best is None:
        return note("unknown", "-", "the target or a baseline is missing", "state the target; measure the baselines")
    way = facts.target - facts.majority
    if way == 0 or (way < 0) != (facts.direction == "lower"):
        return note("fail", "all of it", "the majority answer meets the target", "raise the target, or stop here")
    gone = (facts.best - facts.majority) / way
    if gone < HEURISTIC_SHARE:
        return note("pass", percent(gone), "most of the way from majority to target is left for tuning")
    return note(
        "fail",
        percent(gone),
        "a cheap method already goes more than half of the way",
        "count what the rest of the way is worth",
    )


def baseline_is_below_target(facts: Facts) -> Criterion:
    """P5: the best baseline stays under 90% of the target; above, tuning is probably not worth it.

    Where a tuned answer is cheaper than today's this is a note: the case is one of cost.
    """
    wanted, source = f"baseline / target under {NEAR_TARGET:g}", "applied-llms.org (rule of thumb)"
    if facts.target is None or facts.best is None or facts.best < 0:
        reason, fix = "the target or every baseline is missing", "state the target; measure the baselines"
        return Criterion("P5", "distance to the target", "unknown", "warn", "-", wanted, reason, fix, source=source)
    lower = facts.direction == "lower"
    # An error of zero cannot be improved: it is as near to any target as can be.
    ratio = facts.target / facts.best if lower and facts.best else 1.0 if lower else facts.best / facts.target
    near = round(ratio, 12) >= NEAR_TARGET
    reason = "the baselines are clearly short of it"
    if near:
        cheaper = "a baseline is almost there: only a cheaper answer (P9) makes the case"
        reason = cheaper if facts.cost_case else "probably not worth tuning: a baseline is almost there"
    return Criterion(
        "P5",
        "distance to the target",
        "fail" if near else "pass",
        "note" if near and facts.cost_case else "warn",
        f"{ratio:.2f}",
        wanted,
        reason,
        "ship the baseline, or try better prompts and a better probe first" if near else "",
        source=source,
    )


def prompts_were_tried(facts: Facts) -> Criterion:
    """P20: a prompted model, or retrieval, was scored on the same rows, and does not reach the target already.

    Where a tuned answer is cheaper than today's, a prompt that reaches the target is a note: it may be the dear one.
    """
    name, wanted = "prompts tried first", "the score of a prompted model, short of the target"
    source = "OpenAI tuning guide: prompts before a fine-tune; Hamel Husain, FAQ on evals"
    if not facts.prompted:
        reason = "no prompted model is scored: a prompt may do what a fine-tune would"
        fix = "prompt a hosted or open model on the test rows (`tunecase pilot --hosted NAME`), or add "
        fix += "alternatives.prompt_hosted.score"
        return Criterion("P20", name, "unknown", "warn", "-", wanted, reason, fix, source=source)
    got = ", ".join(f"{one} {_shown(facts, score)}" for one, score in facts.prompted.items())
    if facts.target is None or facts.direction is None:
        reason, fix = "there is no target to hold it against", "add problem.target"
        return Criterion("P20", name, "unknown", "warn", got, wanted, reason, fix, source=source)
    lower = facts.direction == "lower"
    met = [one for one, score in facts.prompted.items() if (score <= facts.target if lower else score >= facts.target)]
    if met:
        reason = f"{met[0]} reaches the target without a fine-tune"
        fix = "ship it; a fine-tune then needs a case by cost (P9) or a higher target"
        return Criterion(
            "P20", name, "fail", "note" if facts.cost_case else "warn", got, wanted, reason, fix, source=source
        )
    return Criterion("P20", name, "pass", "warn", got, wanted, "prompts alone fall short of the target", source=source)


def inputs_carry_signal(facts: Facts) -> Criterion:
    """S1: a cheap probe beats the majority answer by more than its noise; random labels do not let it.

    Labels that the audit cannot tell from random ones fail, whatever the probe scores on a test that is as random.
    """
    name, wanted, source = (
        "signal in the inputs",
        "a probe above majority by more than its noise",
        "Wilson interval, 80%",
    )

    def judged(status: Status, got: str, reason: str, fix: str = "") -> Criterion:
        return Criterion("S1", name, status, "stop", got, wanted, reason, fix, source=source)

    random = facts.audit.finding("labels_random") if facts.audit else None
    if random is not None and random.severity == "stop":
        return judged("fail", f"{random.count:,} texts", random.why, random.fix)
    majority, probe = facts.majority, facts.probe
    if majority is None or probe is None or not facts.counts_items or facts.test_rows == 0:
        severity: Severity = "stop" if facts.counts_items and facts.task == "classification" else "note"
        reason = "majority and probe are not both scored in right answers"
        look = "read 50 rows and ask whether a person could answer from the input"
        fix = look if facts.test_rows else "give a test set with labels"
        return Criterion("S1", name, "unknown", severity, "-", wanted, reason, fix, source=source)
    low, _ = wilson(min(max(probe, 0.0), 1.0) * facts.test_rows, facts.test_rows)
    got = f"{percent(probe)} (80% sure: above {percent(low)}) against {percent(majority)}"
    if low > majority:
        return judged("pass", got, "the inputs tell something about the answers")
    if len(facts.train.rows) < SIGNAL_TRAIN_ROWS or facts.test_rows < SIGNAL_TEST_ROWS:
        fix = f"bring {SIGNAL_TRAIN_ROWS} training and {SIGNAL_TEST_ROWS} test rows, or run the pilot"
        return judged("unknown", got, "too few rows to tell signal from noise", fix)
    if majority >= DOMINANT_CLASS:
        fix = "use macro_f1, which counts every class alike"
        return judged("unknown", got, "one answer is so common that this score hides the others", fix)
    in_use = facts.baselines.get("in use", 0.0)
    if wilson(min(max(in_use, 0.0), 1.0) * facts.test_rows, facts.test_rows)[0] > majority:
        reason = f"the probe sees no signal, but the score in use ({percent(in_use)}) speaks for one"
        return judged("unknown", got, reason, "run the pilot with a model that reads word order")
    return judged(
        "fail",
        got,
        "no signal in the inputs: the answers look random, or hang on what the input does not show",
        "read 50 rows and ask whether a person could answer from the input; if so, give the score of a prompted model "
        "as problem.baseline",
    )


def something_to_gain(facts: Facts) -> Criterion:
    """S2: the target lies beyond every baseline; otherwise there is nothing to gain."""
    name, wanted = "something to gain", "a target beyond every baseline"
    if facts.gain is None:
        reason, fix = "the target or every baseline is missing", "state the target; measure the baselines"
        return Criterion("S2", name, "unknown", "note", "-", wanted, reason, fix, source="arithmetic")
    if facts.gain > 0:
        got = f"{points(facts.gain)} points" if facts.counts_items else f"{facts.gain:.3g}"
        return Criterion("S2", name, "pass", "note", got, wanted, "there is a gap to close", source="arithmetic")
    got, reason = "none", "nothing to gain: a baseline already meets the target"
    fix = "ship the baseline, or state a target beyond it"
    return Criterion("S2", name, "fail", "note", got, wanted, reason, fix, source="arithmetic")


def _shown(facts: Facts, score: float) -> str:
    return percent(score) if facts.metric is None or facts.metric.bounded else f"{score:.3g}"
