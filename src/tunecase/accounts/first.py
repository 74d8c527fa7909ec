"""What a first run on fresh data ends with: what is measured, what looks reachable, at what price, and one question."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tunecase.accounts.begun import SPLIT, split_command
from tunecase.accounts.headline import authorise_parts
from tunecase.accounts.material import Material
from tunecase.accounts.stand_in import assumed_band
from tunecase.accounts.words import counts_right
from tunecase.blocks import Account, Facts, Tone
from tunecase.quantities import count, counted, duration, plain_money, plain_score
from tunecase.records import Baseline, Candidate, Criterion, CurveBand, Definition, Forecast, OwnCurve, Pilot

TIMES = 4  # as many examples as were measured: how far a first proposal looks ahead
MOST_PERCENT = 99  # no test can show that a model is always right
SAYS_TOO_LITTLE = ("not a pilot yet", "pilot uninformative")
UNTAUGHT = "no pilot here: "  # of a pilot that cannot learn the task
NO_TEST = "Not yet: without a test file nothing can be measured."
LORA = "tunecase pilot --trainer lora"  # learns to write answers of any kind
COUNTED = ("accuracy", "exact_match", "tool_calls", "macro_f1")  # told as what is right
NOT_FIT = "Not yet: the data are not fit to learn from."
# Rules that stop the free steps where they fail, as a sentence; another one is told by its own reason.
STOPPED = {
    "P1": "the stated direction is not that of the metric",
    "S1": "the inputs do not tell the answers apart",
    "D1": "there are too few different examples",
    "D5": "the same input has different answers",
    "D7": "test rows stand among the training rows",
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A target to begin with, as the line to write, and whether something that was measured meets it already."""

    line: str
    score: float
    met: bool


def first_words(material: Material) -> Account | None:
    """What a run says at its end while something is not known that only the user knows; None where nothing is.

    That is a target that nobody has stated, or the training file of a plan without one. The answer names the question
    that is open. Below it stand what was measured for free, what looks reachable with more examples, at what price, and
    the line that answers the question. A target is proposed only from what was measured. Leaves out what a target is
    worth: only the user knows that.
    """
    posed, project = material.definition, material.project
    if project is not None and project.data.train is None:
        return _without_data(material)
    if posed is None or posed.target is not None or material.target is not None:
        return None
    best, ahead = best_measured(material), reachable(material)
    proposal = None if best is None or best.kind == "search" else propose(posed, best.score, ahead)
    pairs = (
        *_measured(posed, material.pilot, best),
        *_reachable(material, best, ahead),
        ("ceiling", _ceiling(posed)),
        *_price(material, best),
        *_question(material, proposal),
    )
    tone: Tone = "bad" if stopped(material) else "warn"
    return Account("run", _answer(material, best, proposal), tone, (Facts("", pairs),), next=_next(material))


def _without_data(material: Material) -> Account | None:
    """What a plan without a training file can say: its price, and which file to name; None before it is priced."""
    bill = material.estimate
    if bill is None or bill.plan is None:
        return None
    total = bill.plan.total
    aside, middle = plain_money(sum(authorise_parts(bill.plan)), bill.currency), plain_money(total.p50, bill.currency)
    answer = f"Not yet: there are no data to judge. The plan alone asks to set {aside} aside."
    pairs = [
        ("price", f"{middle} in the middle case; as likely to cost more as less"),
        ("rests on", "what the project file states and on assumptions; nothing is measured"),
        *([("no price", ", ".join(name.rpartition(": ")[2] for name in bill.unpriced))] if bill.unpriced else []),
        ("write", "train: train.jsonl   under data:, in place of rows:"),
        ("and", "test: test.jsonl   below it: 200 rows or more that are held out"),
        ("then", "tunecase run audits the rows, makes small real runs and says what they can reach"),
    ]
    return Account("run", answer, "warn", (Facts("", tuple(pairs)),), next="tunecase estimate")


def stopped(material: Material) -> str:
    """What contradicts the problem or the data, so that not even free steps were made, as a sentence; else empty."""
    if material.audit is not None and not material.audit.ok:
        return NOT_FIT
    posed = material.definition
    if posed is None or posed.ok:
        return ""
    rule = _first_stop(posed)
    return f"Not yet: {STOPPED.get(rule.id, rule.reason)}."


def _first_stop(posed: Definition) -> Criterion:
    return next(rule for rule in posed.criteria if (rule.status, rule.severity) == ("fail", "stop"))


def best_measured(material: Material) -> Candidate | Baseline | None:
    """The best of all that a pilot has measured and that can give answers; None where nothing was."""
    pilot = material.pilot
    if pilot is None:
        return None
    ways: list[Candidate | Baseline] = [*pilot.candidates, *(one for one in pilot.baselines if one.kind)]
    sign = -1 if pilot.direction == "lower" else 1
    return max(ways, key=lambda way: sign * way.score, default=None)


def reachable(material: Material) -> CurveBand | None:
    """The curve of the best measured way at four times the examples it was measured with; None where it says nothing.

    Where a budget says how many examples can be bought, it looks no further.
    """
    seen, best = material.forecast, best_measured(material)
    if seen is None or best is None:
        return None
    curve: Forecast | OwnCurve = next((own for own in seen.candidates if own.name == best.name), seen)
    if not curve.points or not curve.band or curve.verdict in SAYS_TOO_LITTLE:
        return None
    most = TIMES * max(point.n for point in curve.points)
    if seen.n_budget is not None:
        most = min(most, seen.n_budget)
    within = [at for at in curve.band if at.n <= most]
    return within[-1] if within else curve.band[0]


def propose(posed: Definition, measured: float, ahead: CurveBand | None) -> Proposal:
    """A target in whole percent: what looks reachable, never above the ceiling, and above what is in use today.

    Where more examples promise no whole percent more, it is what is measured already, rounded to the easier side.
    A score that is no share of 1, or is better when lower, is proposed as it was measured.
    """
    lower = ahead is not None and ahead.score.mid < measured and posed.metric in ("loss", "mae")
    if not 0 <= measured <= 1 or posed.metric in ("loss", "mae"):
        best = ahead.score.mid if lower and ahead is not None else measured
        return Proposal(f"target: {best:.3g}", best, not lower)
    now = _percent(measured)
    percent = min(max(now, now if ahead is None else _percent(ahead.score.mid)), MOST_PERCENT)
    if posed.ceiling is not None:
        percent = min(percent, _percent(posed.ceiling.mid))
    if posed.in_use is not None and percent <= _percent(posed.in_use):
        percent = min(_percent(posed.in_use) + 1, 100)
    return Proposal(f"target: {percent}%", percent / 100, percent <= now)


def _percent(part: float) -> int:
    return math.floor(part * 100 + 1e-9)


def _shown(value: float) -> str:
    """A score in whole percent, or with a decimal where a proposal rounded down would seem to contradict it."""
    whole = not 0 <= value <= 1 or round(value * 100) == _percent(value)
    return plain_score(value) if whole else f"{value:.1%}"


def way_words(way: Candidate | Baseline) -> str:
    """What gave the answers, in words for everybody."""
    name = way.name.rpartition("/")[2]
    model = way.model.rpartition("/")[2] if isinstance(way, Candidate) and way.model else name
    words = {
        "n-grams": "a small word-count model",
        "encoder": f"a small encoder, {model}",
        "causal": f"{model}, tuned",
        "hosted": f"a prompt to {name}",
        "decision": f"one call to {name}",
        "search": "the answers of the nearest examples",
    }
    return words.get(way.kind, name)


def _answer(material: Material, best: Candidate | Baseline | None, proposal: Proposal | None) -> str:
    if reason := stopped(material):
        return reason
    if not _has_test(material):
        return NO_TEST
    ask = "Not yet: say which score is worth shipping."
    if best is not None and best.kind == "search":
        return f"{ask} Copied answers reach {plain_score(best.score)}."
    if best is None or proposal is None:
        untaught = material.pilot is not None and material.pilot.stopped.startswith(UNTAUGHT)
        return f"{ask} {'Nothing that is free can learn this task.' if untaught else 'Nothing was measured yet.'}"
    reached = plain_score(proposal.score)
    if proposal.met:
        return f"{ask} {reached} is reached already, by {way_words(best)}."
    today = material.definition.in_use if material.definition is not None else None
    if today is not None and proposal.score - 0.01 <= today:
        return f"{ask} It must be above today's {plain_score(today)}."
    return f"{ask} {reached} looks within reach."


def _has_test(material: Material) -> bool:
    return material.definition is not None and material.definition.test_rows > 0


def _measured(posed: Definition, pilot: Pilot | None, best: Candidate | Baseline | None) -> Iterator[tuple[str, str]]:
    if best is None:
        why = "" if pilot is None else pilot.stopped.removeprefix(UNTAUGHT)
        if posed.test_rows:
            yield "measured", _plain(why) or "nothing: no pilot was run"
        else:
            yield "measured", "nothing: a score needs rows that are held out"
        return
    examples = f" with {count(best.n)} examples" if isinstance(best, Candidate) and best.n else ""
    metric = posed.metric if pilot is None else pilot.metric
    right = " right" if counts_right(metric) else f" by {metric}"
    yield "measured", f"{_shown(best.score)}{right}{examples}: {way_words(best)}"
    if posed.majority is not None:
        yield "by luck", f"{plain_score(posed.majority)}, by always giving the commonest answer"


def _plain(why: str) -> str:
    """The reason why nothing could be trained, in words for everybody."""
    if "free text" in why:
        return "nothing: what is free tells classes apart, and these answers are free text"
    return f"nothing: {why}" if why else ""


def _reachable(
    material: Material, best: Candidate | Baseline | None, ahead: CurveBand | None
) -> Iterator[tuple[str, str]]:
    if best is None:
        if _has_test(material):
            yield "reachable", "not known: nothing was measured"
        return
    if best.kind == "search":
        yield "reachable", _assumed(material, ahead)
        yield from _lora(material.pilot)
        return
    if ahead is None:
        yield "reachable", "not known: the runs so far say too little"
        return
    low, mid, high = (plain_score(end) for end in (ahead.score.low, ahead.score.mid, ahead.score.high))
    words = f"{mid} with {counted(ahead.n, 'example')}; {low} to {high} in 8 of 10 cases"
    if ahead.price is not None and ahead.price.p50 > 0:
        words += f", for {plain_money(ahead.price.p50, material.definition.currency if material.definition else '')}"
    yield "reachable", words


def _assumed(material: Material, ahead: CurveBand | None) -> str:
    """What a fine-tune is assumed to reach where only copied answers were measured."""
    said = "copies tell little of it"
    band = () if material.forecast is None or ahead is None else assumed_band(material.forecast)
    known = next((at for at in band if ahead is not None and at[0] == ahead.n), None)
    if known is None:
        return f"not known: {said}"
    low, high = (plain_score(end) for end in (known[1], known[3]))
    return f"{low} to {high} with {counted(known[0], 'example')}, assumed: {said}"


def _lora(pilot: Pilot | None) -> Iterator[tuple[str, str]]:
    """The pilot that tells what a fine-tune reaches, with its time for these rows."""
    if pilot is not None and (taken := pilot.lora_minutes) is not None:
        low, high = (duration(60 * minutes) for minutes in (taken.low, taken.high))
        yield "to know", f"{LORA}: {low} to {high} here"


def _ceiling(posed: Definition) -> str:
    if posed.ceiling is None:
        return "not known: no test row was labelled by two people"
    return f"{plain_score(posed.ceiling.high)}: two people do not agree on more"


def _price(material: Material, best: Candidate | Baseline | None) -> Iterator[tuple[str, str]]:
    """What it takes to put the measured way to use, and what a fine-tune would cost."""
    bill, posed = material.estimate, material.definition
    parts = []
    if posed is not None and best is not None:
        way = next((way for way in posed.alternatives if way.evidence == "measured" and way.kind == best.kind), None)
        if way is not None and way.set_up is not None:
            parts.append(f"{plain_money(way.set_up.p50, posed.currency)} of work to put that to use")
    if bill is not None and bill.plan is not None:
        tuned = plain_money(bill.plan.total.p50, bill.currency)
        aside = plain_money(sum(authorise_parts(bill.plan)), bill.currency)
        parts.append(f"a fine-tune {tuned} in the middle case, {aside} to set aside (assumed)")
    if parts:
        yield "price", "; ".join(parts)


def _question(material: Material, proposal: Proposal | None) -> Iterator[tuple[str, str]]:
    """The line that turns it into a case; what contradicts the data is to be mended before."""
    if stopped(material):
        yield "the fix", _fix(material)
        return
    if not _has_test(material):
        yield "write", "test: test.jsonl   under data: rows that are held out, 200 or more"
        yield "or", f"let the command below hold out {SPLIT} of your rows; copies stay together"
        return
    yield "write", f"{'target: ?%' if proposal is None else proposal.line}   under problem: in the project file"
    project = material.project
    given = {} if project is None else {
        "value: ? USD per correct": project.problem.value, "volume: ? per month": project.problem.volume,
    }  # fmt: skip
    open_lines = [line for line, value in given.items() if value is None]
    if open_lines:
        yield "then", f"{', '.join(open_lines)}: does it pay?"


def _fix(material: Material) -> str:
    if material.audit is not None and not material.audit.ok:
        return material.audit.reason
    posed = material.definition
    assert posed is not None
    return _first_stop(posed).fix


def _next(material: Material) -> str:
    if stopped(material):
        posed = material.definition
        of_the_data = stopped(material) == NOT_FIT or (posed is not None and _first_stop(posed).id.startswith("D"))
        return "tunecase audit" if of_the_data else "tunecase define"
    if not _has_test(material) and material.project is not None and material.project.data.train is not None:
        return split_command(material.project.data.train)
    if material.pilot is not None and material.pilot.lora_minutes is not None:
        return LORA
    posed, untried = material.definition, material.pilot is None or not material.pilot.runs
    if posed is None or not (untried and _has_test(material)):
        return "tunecase run"
    return next((way.measure for way in posed.alternatives if way.kind == "hosted" and way.measure), "tunecase run")
