"""Rules on what is reached untrained: P3 measured, P4 and P5 what is left, P20 prompts, S1 signal, S2 a gap."""

from collections.abc import Iterator, Sequence

from tunecase.problem.criteria.facts import Facts, percent, points
from tunecase.problem.criteria.rule import Rule
from tunecase.problem.ways import log_words
from tunecase.quantities import wilson
from tunecase.records import Criterion

HEURISTIC_SHARE = 0.5
NEAR_TARGET = 0.9
SIGNAL_TRAIN_ROWS, SIGNAL_TEST_ROWS = 100, 50
DOMINANT_CLASS = 0.9

MEASURED = Rule(
    "P3",
    "baselines before training",
    "majority, probe, in use",
    "OpenAI tuning guide; Google, Rules of ML 1 and 2; ML Test Score",
    "Who gives the answers now?",
    "say so under today: in the project file",
)
ROOM = Rule(
    "P4",
    "room after a heuristic",
    "less than half of the way",
    "Google, Rules of ML 1",
    "Is much left to gain?",
    "count what the rest of the way is worth",
    "note",
)
DISTANCE = Rule(
    "P5",
    "distance to the target",
    f"baseline / target under {NEAR_TARGET:g}",
    "applied-llms.org (rule of thumb)",
    "Is there room to the target?",
    "ship what is there, or try a better prompt",
)
PROMPTS = Rule(
    "P20",
    "prompts tried first",
    "the score of a prompted model, short of the target",
    "OpenAI tuning guide: prompts before a fine-tune; Hamel Husain, FAQ on evals",
    "Would a prompt do?",
    "score one on the test rows",
)
SIGNAL = Rule(
    "S1",
    "signal in the inputs",
    "a probe above majority by more than its noise",
    "Wilson interval, 80%",
    "Do inputs tell the answer?",
    "read 50 rows: could a person answer?",
    "stop",
)
GAIN = Rule(
    "S2",
    "something to gain",
    "a target beyond every baseline",
    "arithmetic",
    "Is there anything to gain?",
    "set a target beyond what is there",
    "note",
)
READ_ROWS = "read 50 rows and ask whether a person could answer from the input"


def baselines_are_measured(facts: Facts) -> Criterion:
    """P3: the majority answer, a cheap probe and what is in use today are scored before anything is trained."""
    scored = ", ".join(_scored(facts, name, score) for name, score in facts.baselines.items()) or "none"
    missing = [name for name in ("majority", "probe", "in use") if name not in facts.baselines]
    if facts.project.today.who in ("people", "nobody") and "in use" in missing:
        missing.remove("in use")
    if not missing:
        return MEASURED.passed(scored, "all are measured")
    rule = MEASURED if facts.baselines else MEASURED.weighing("stop")
    return rule.unknown(f"not measured: {', '.join(missing)}", "; ".join(_how_to_score(missing, facts)), got=scored)


def _how_to_score(missing: Sequence[str], facts: Facts) -> Iterator[str]:
    column = facts.project.data.answer_today
    if "in use" in missing and column is not None and facts.counts_items:
        yield f"fill the column {column!r} in every test row, or add today.score"
    elif "in use" in missing:
        yield "write today: people, rule, prompt, model or nobody, with a score on the test set where it has one"
    if set(missing) == {"in use"}:
        return
    if facts.test_rows:
        yield "majority and probe need a metric that scores answers (problem.metric); else score a prompted model"
    else:
        yield "give a test set, so that majority and probe can be scored"


def room_after_a_heuristic(facts: Facts) -> Criterion:
    """P4: a cheap method goes about half of the way from majority to target; more leaves little for tuning."""
    if facts.target is None or facts.majority is None or facts.best is None:
        return ROOM.unknown("the target or a baseline is missing", "state the target; measure the baselines")
    way = facts.target - facts.majority
    if way == 0 or (way < 0) != (facts.direction == "lower"):
        return ROOM.failed("all of it", "the majority answer meets the target", "raise the target, or stop here")
    gone = (facts.best - facts.majority) / way
    if gone < HEURISTIC_SHARE:
        return ROOM.passed(percent(gone), "most of the way from majority to target is left for tuning")
    reason = "a cheap method already goes more than half of the way"
    return ROOM.failed(percent(gone), reason, "count what the rest of the way is worth")


def baseline_is_below_target(facts: Facts) -> Criterion:
    """P5: the best baseline stays under 90% of the target; above, tuning is probably not worth it.

    A baseline that meets the target leaves nothing to tune for but a higher target or cheaper answers. Where a tuned
    answer is cheaper than today's this is a note: the case is one of cost.
    """
    if facts.target is None or facts.best is None or facts.best < 0:
        return DISTANCE.unknown("the target or every baseline is missing", "state the target; measure the baselines")
    ratio = facts.best / facts.target
    if facts.direction == "lower":
        # An error of zero cannot be improved: it is as near to any target as can be.
        ratio = facts.target / facts.best if facts.best else 1.0
    if round(ratio, 12) < NEAR_TARGET:
        return DISTANCE.passed(f"{ratio:.2f}", "the baselines are clearly short of it")
    met = facts.gain is not None and facts.gain <= 0
    standing = "a baseline meets the target already" if met else "a baseline is almost there"
    fix = "ship the baseline, or " + ("raise the target" if met else "try better prompts and a better probe first")
    if facts.cost_case:
        reason = f"{standing}: only a cheaper answer (P9) makes the case"
        return DISTANCE.weighing("note").failed(f"{ratio:.2f}", reason, fix)
    follows = "there is nothing left to tune for" if met else "tuning is probably not worth it"
    return DISTANCE.failed(f"{ratio:.2f}", f"{standing}: {follows}", fix)


def prompts_were_tried(facts: Facts) -> Criterion:
    """P20: a prompted model, or retrieval, was scored on the same rows, and does not reach the target already.

    A search for the nearest examples asks no model: it is a baseline, and no prompt.

    Where a tuned answer is cheaper than today's, a prompt that reaches the target is a note: it may be the dear one.
    """
    if not facts.by_prompt:
        return PROMPTS.unknown(
            "no prompted model is scored: a prompt may do what a fine-tune would",
            "prompt a hosted or open model on the test rows (`tunecase pilot --hosted NAME`), or add "
            "alternatives.prompt_hosted.score",
        )
    got = ", ".join(_scored(facts, name, score) for name, score in facts.by_prompt.items())
    target, lower = facts.target, facts.direction == "lower"
    if target is None or facts.direction is None:
        return PROMPTS.unknown("there is no target to hold it against", "add problem.target", got=got)
    met = [name for name, score in facts.by_prompt.items() if (score <= target if lower else score >= target)]
    if not met:
        return PROMPTS.passed(got, "prompts alone fall short of the target")
    fix = "ship it; a fine-tune then needs a case by cost (P9) or a higher target"
    rule = PROMPTS.weighing("note") if facts.cost_case else PROMPTS
    return rule.failed(got, f"{met[0]} reaches the target without a fine-tune", fix)


def inputs_carry_signal(facts: Facts) -> Criterion:
    """S1: a cheap probe beats the majority answer by more than its noise; random labels do not let it.

    Labels that the audit surely cannot tell from random ones fail, whatever the probe scores on a test that is as
    random. A probe that learns nothing is a warning: it reads words alone, and the answer may hang on their order.
    Where answers are no classes, the probe copies answers of near rows: that this is no better than the commonest one
    says nothing of a model that writes its own.
    """
    random = facts.audit.finding("labels_random") if facts.audit else None
    if random is not None and random.severity == "stop":
        return SIGNAL.failed(f"{random.count:,} texts", random.why, random.fix)
    majority, probe = facts.majority, facts.probe
    if majority is None or probe is None or not facts.counts_items or facts.test_rows == 0:
        stops = facts.counts_items and facts.task == "classification"
        return SIGNAL.weighing("stop" if stops else "note").unknown(
            "majority and probe are not both scored in right answers",
            READ_ROWS if facts.test_rows else "give a test set with labels",
        )
    low = _surely(probe, facts.test_rows)
    got = f"{percent(probe)} (80% sure: above {percent(low)}) against {percent(majority)}"
    if low > majority:
        return SIGNAL.passed(got, "the inputs tell something about the answers")
    return _no_signal(facts, majority, got)


def _no_signal(facts: Facts, majority: float, got: str) -> Criterion:
    """What it means that the probe does not surely beat the majority answer."""
    if facts.task != "classification":
        return SIGNAL.weighing("note").unknown("copying the answers of near rows tells little here", READ_ROWS, got=got)
    if len(facts.train.rows) < SIGNAL_TRAIN_ROWS or facts.test_rows < SIGNAL_TEST_ROWS:
        fix = f"bring {SIGNAL_TRAIN_ROWS} training and {SIGNAL_TEST_ROWS} test rows, or run the pilot"
        return SIGNAL.unknown("too few rows to tell signal from noise", fix, got=got)
    if majority >= DOMINANT_CLASS:
        fix = "use macro_f1, which counts every class alike"
        return SIGNAL.unknown("one answer is so common that this score hides the others", fix, got=got)
    in_use = facts.baselines.get("in use", 0.0)
    if _surely(in_use, facts.test_rows) > majority:
        reason = f"the probe sees no signal, but the score in use ({percent(in_use)}) speaks for one"
        return SIGNAL.unknown(reason, "run the pilot with a model that reads word order", got=got)
    return SIGNAL.weighing("warn").failed(
        got,
        "no signal in the inputs: the answers look random, or hang on what the input does not show",
        f"{READ_ROWS}; if so, give the score of a prompted model as today.score",
    )


def _surely(score: float, rows: int) -> float:
    """The low end of a score on so many rows, 80% sure."""
    return wilson(min(max(score, 0.0), 1.0) * rows, rows)[0]


def something_to_gain(facts: Facts) -> Criterion:
    """S2: the target lies beyond every baseline; otherwise there is nothing to gain."""
    if facts.gain is None:
        return GAIN.unknown("the target or every baseline is missing", "state the target; measure the baselines")
    if facts.gain > 0:
        got = f"{points(facts.gain)} points" if facts.counts_items else f"{facts.gain:.3g}"
        return GAIN.passed(got, "there is a gap to close")
    fix = "ship the baseline, or state a target beyond it"
    return GAIN.failed("none", "nothing to gain: a baseline already meets the target", fix)


def _scored(facts: Facts, name: str, score: float) -> str:
    """A score known before training, with the log that it was taken from."""
    log = facts.log_of(name)
    return f"{name} {_shown(facts, score)}" + (f" ({log_words(log)})" if log is not None else "")


def _shown(facts: Facts, score: float) -> str:
    return percent(score) if facts.metric is None or facts.metric.bounded else f"{score:.3g}"
