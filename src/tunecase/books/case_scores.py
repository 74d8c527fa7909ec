"""One case as its ledger tells it: what it was told, and what came, in numbers that name nobody and nothing."""

import contextlib
import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import dropwhile
from typing import Any, cast, get_args

from tunecase.books.earlier_projects import Kept, before_plan, closed_lines, hindsight, kept, plan_of_record
from tunecase.books.held import held
from tunecase.books.lines import PEOPLE, UNKNOWNS, planned_lines
from tunecase.books.variance import bought
from tunecase.errors import InputError
from tunecase.ledger import Entry
from tunecase.quantities import Band, Interval80
from tunecase.records import (
    CATEGORIES,
    BandHeld,
    CaseEnded,
    CaseScored,
    ChanceMet,
    Changed,
    Estimate,
    Forecast,
    HoursHeld,
    LineHeld,
    Next,
    PlanUsed,
    Round,
    RowsHeld,
    ScoreHeld,
    Spending,
)

SALT = b"tunecase scorecard\n"
ENDS = ("stop", "ship")  # advice after which no further round is made
# What a case does or does not do; other advice (look, when_sure, redefine …) asks for no round and ends nothing.
JUDGED = (*get_args(Changed), *ENDS)
ON_THE_CURVE = ("label", "fine_tune", "test_set")  # what a round may change for its score to lie on the same curve
READ = ("estimate", "forecast", "round", "next", "close", "plan")  # records that a case is scored by
HOUR = "hour"
# Activities of a bill's hours: those that a project has once, and those of the line `evaluation`.
ONCE = ("prompts and baselines", "training set-up", "integration", "review and sign-off")
EVALUATION = ("evaluation", "error analysis")


@dataclass
class _Story:
    """What happened in a case, in order: rounds with the advice each was made under, and what was told before them.

    A round is known by the pilot that it follows and its number: a later one of the same number corrects it. What was
    `expected` of it is what was when it was first told: afterwards its own score is among what is known.
    """

    rounds: dict[tuple[int, int], Round] = field(default_factory=dict)
    advice: dict[tuple[int, int], str] = field(default_factory=dict)
    expected: dict[tuple[int, int], Interval80 | None] = field(default_factory=dict)
    estimate: Estimate | None = None
    forecast: Forecast | None = None
    last_advice: str = ""


def roots_of(entries: Iterable[Entry]) -> tuple[str, str]:
    """What tells a case from others: hashes of its first charge and of its first entry, which say nothing else.

    Two ledgers with the same first charge are of one case, since an entry holds the hash of the one before. Two that
    only begin alike may be a case and what another one was started from. Without a charge both are those of the first
    entry; of no entry, they are empty.
    """
    first = charge = ""
    for entry in entries:
        first = first or entry.id
        if entry.kind == "spend":
            charge = entry.id
            break
    if not first:
        return "", ""
    root, begun = (hashlib.sha256(SALT + id.encode()).hexdigest() for id in (charge or first, first))
    return root, begun


def case_scores(entries: Sequence[Entry]) -> CaseScored:
    """What a case was told and what came of it.

    A band of money or hours is told by the plan of record (see `plan_of_record`); a chance, the rounds and the rows
    needed by the last bill and forecast before the first measured round; a round's score by what `next` first expected
    of it; advice by the last decision before a round. The target counts as reached where a measured round shows it.

    Args:
        entries: of one ledger, in order, at least one.
    Raises: InputError when a charge cannot be read.
    Leaves out: why a case ended. One whose people stopped before the plan did counts against its chance all the same;
    a case without a measured round, or with a plan that makes none, says nothing of it. Hours are held where rounds
    were both planned and made, or neither. Scores that only a pilot measured are not held, and advice that asks for no
    round and ends nothing is neither followed nor not. Records that another version wrote are counted as `unread`.
    """
    story, money = _story(entries), kept(entries)
    root, begun = roots_of(entries)
    mixed = len({entry.body.get("currency") for entry in money.estimates}) > 1
    plan = None if mixed else plan_of_record(money)
    scored = CaseScored(
        root=root,
        begun=begun,
        entries=len(entries),
        finished=plan is not None and _is_finished(plan[0], money),
        scores=_scores(story),
        rows=_rows(story),
        mixed=mixed,
        unread=sum(_record(entry) is None for entry in entries if entry.kind == "record" and entry.verb in READ),
    )
    if plan is not None:
        scored = _against_plan(
            scored, plan[0], money, hindsight(money, before_plan(money, plan[1])), _made(entries, plan[1])
        )
        scored = _against_first_bill(scored, money, story)
    return _with_advice(scored, story)


def _against_plan(
    scored: CaseScored, plan: Estimate, money: Kept, late: Collection[str], rounds_made: int
) -> CaseScored:
    """With money and hours, held against the plan of record; `late` are lines charged before it was made."""
    charges = [charge for _, charge in held(money.charges).charges]
    closed = [name for name in money.closed if name not in late]
    return replace(
        scored,
        lines=tuple(LineHeld(_line(line.name), *_scaled(line.planned, line.actual)) for line in closed_lines(money)),
        total=_total(plan, charges) if scored.finished and not late else None,
        hours=_hours(plan, charges, closed, rounds_made),
        default_rates=bool(plan.effort) and not any(each.stated for each in plan.effort),
        hours_factor=plan.hours_factor,
    )


def _against_first_bill(scored: CaseScored, money: Kept, story: _Story) -> CaseScored:
    """With the chance and the rounds of a finished case, held against the last bill before the first round."""
    told = story.estimate
    if not scored.finished or not story.rounds or told is None or told.rounds.p90 <= 0:
        return scored
    rounds = BandHeld(*_scaled(told.rounds, len(story.rounds)))
    paid = _of_the_case(told, [charge for _, charge in held(money.charges).charges])
    spent = sum((charge.amount_base for charge in paid), Decimal(0))
    return replace(scored, rounds=rounds, chance=_chance(story, told, float(spent)))


def _story(entries: Sequence[Entry]) -> _Story:
    story, pilot, before, told = _Story(), 0, cast(dict[str, Entry], {}), ""
    for entry in entries:
        if entry.kind == "run":
            # Numbers begin anew once a pilot was trained after rounds.
            pilot += any(number == pilot for number, _ in story.rounds)
        if entry.kind != "record":
            continue
        if entry.verb in ("estimate", "forecast") and not story.rounds:
            before[entry.verb] = entry
        elif entry.verb == "decide":
            told = str(entry.body.get("advice", ""))
        elif entry.verb in ("round", "next"):
            told = _take(story, entry, pilot, told)
    story.last_advice = told
    story.estimate, story.forecast = (_record(before.get(verb)) for verb in ("estimate", "forecast"))
    return story


def _take(story: _Story, entry: Entry, pilot: int, told: str) -> str:
    """Takes a round, or what was expected of it; returns the advice that is still to be taken up."""
    record = _record(entry)
    if isinstance(record, Round):
        key = (pilot, record.number)
        is_new = key not in story.rounds
        story.rounds[key] = record
        if is_new:
            story.advice[key] = told
            return ""
    elif isinstance(record, Next) and record.round is not None:
        key = (pilot, record.round.number)
        if story.rounds.get(key) == record.round:
            story.expected.setdefault(key, record.expected)
    return told


def _record(entry: Entry | None) -> Any:
    """The record of an entry; None where there is none, or another version wrote it."""
    with contextlib.suppress(InputError):
        return None if entry is None else entry.record()
    return None


def _scores(story: _Story) -> tuple[ScoreHeld, ...]:
    """Each round's score, as it was last corrected, against what was expected of it."""
    return tuple(
        ScoreHeld(band.low, band.mid, band.high, story.rounds[key].score)
        for key, band in story.expected.items()
        if band is not None
    )


def _target(story: _Story) -> tuple[float | None, bool]:
    """The target told before the first round, and whether a higher score is a better one."""
    plan = None if story.estimate is None else story.estimate.plan
    if plan is not None and plan.target is not None:
        return plan.target, plan.direction == "higher"
    if story.forecast is not None:
        return story.forecast.target, story.forecast.direction == "higher"
    return None, True


def _reached(story: _Story) -> Round | None:
    """The first measured round that shows the target."""
    target, is_higher = _target(story)
    if target is None:
        return None
    shown = (one for one in story.rounds.values() if (one.score >= target if is_higher else one.score <= target))
    return next(shown, None)


def _line(name: str) -> Any:
    """The name of a line; one that no bill has, as whoever can hash may write it, is another."""
    return name if name in CATEGORIES else "other"


def _is_finished(plan: Estimate, money: Kept) -> bool:
    """Whether every priced line of the plan is closed, the allowance for overruns apart."""
    priced = {name for name, line in planned_lines(plan).items() if line.amount is not None} - {UNKNOWNS}
    return bool(priced) and priced <= set(money.closed)


def _scaled(planned: Band, actual: float) -> tuple[Band, float]:
    """Both in units of the planned P50; of the P90 for a band whose middle is 0, of what came for one that is all 0."""
    unit = next((point for point in (planned.p50, planned.p90, abs(actual), -planned.p10) if point > 0), 1.0)
    points = (planned.p10, planned.p50, planned.p80, planned.p90, actual)
    p10, p50, p80, p90, came = (point / unit for point in points)
    return Band(p10, p50, p80, p90), came


def _total(plan: Estimate, charges: Sequence[Spending]) -> BandHeld | None:
    """What the whole case cost."""
    own = _of_the_case(plan, charges)
    spent = sum((one.amount_base for one in own), Decimal(0))
    return BandHeld(*_scaled(plan.total, float(spent))) if own else None


def _of_the_case(plan: Estimate, charges: Sequence[Spending]) -> list[Spending]:
    """The charges that a plan's total and budget are for: those of answers served only where the plan holds them."""
    return [one for one in charges if one.category != "inference" or "inference" in planned_lines(plan)]


def _made(entries: Sequence[Entry], plan: PlanUsed) -> int:
    """How many rounds were recorded after a plan was made; a round that was corrected counts once."""
    after = list(dropwhile(lambda entry: entry.id != plan.entry, entries))
    return len(_story(after).rounds)


def _chance(story: _Story, told: Estimate, spent: float) -> ChanceMet | None:
    """The chance told before the first round, and whether the target was shown within the budget."""
    if _target(story)[0] is None:
        return None
    made = told.plan.chance if told.plan is not None else None
    chance = made.shown.value if made is not None else told.reached
    within = told.budget is None or spent <= told.budget
    return None if chance is None else ChanceMet(chance, _reached(story) is not None and within)


def _rows(story: _Story) -> RowsHeld | None:
    """Examples told and made; of cases whose rounds only added examples, up to the one that shows the target.

    What a stand-in's curve told is another model's: as in `next`, it is not held.
    """
    reached = _reached(story)
    needed = None if story.forecast is None or story.forecast.stand_in else story.forecast.needed
    if needed is None or reached is None:
        return None
    rounds = list(story.rounds.values())
    only_rows = all(one.changed in ON_THE_CURVE for one in rounds[: rounds.index(reached) + 1])
    return RowsHeld(needed.p10, needed.p50, needed.p90, reached.n) if only_rows else None


def _hours(plan: Estimate, charges: Sequence[Spending], closed: Sequence[str], rounds: int) -> tuple[HoursHeld, ...]:
    """Hours of people's closed lines, every charge of which says them.

    None where rounds were planned and none was recorded, nor where the plan made none and one was: such hours are not
    those of the plan.
    """
    if (rounds > 0) != (plan.rounds.p50 > 0):
        return ()
    lines, held_hours = planned_lines(plan), []
    for name in (line for line in PEOPLE if line in closed and line in lines):
        told, paid = lines[name].quantity, bought([one for one in charges if one.category == name], HOUR)
        if told is None or told.p50 <= 0 or not paid.quantity or paid.quantity <= 0 or paid.measured != paid.amount:
            continue
        part = _part_made(plan, name, rounds)
        held_hours.append(HoursHeld(cast(Any, name), told.p50, told.p50 * part, float(paid.quantity)))
    return tuple(held_hours)


def _part_made(plan: Estimate, name: str, rounds: int) -> float:
    """The part of a line's hours that a plan tells for the rounds that were made; all of them where it makes none.

        part = once + (1 - once) r / R,   once: set-up, prompts and release as a share of the line's hours

    Leaves out: hours of a release are told for a case that ended without one, too.
    """
    if plan.rounds.p50 <= 0:
        return 1.0
    own = [each for each in plan.effort if name == "labour" and each.name not in (*EVALUATION, "management")]
    whole = sum(each.hours for each in own)
    once = sum(each.hours for each in own if each.name in ONCE) / whole if whole > 0 else 0.0
    return once + (1 - once) * rounds / plan.rounds.p50


def _with_advice(scored: CaseScored, story: _Story) -> CaseScored:
    """With how many steps the decisions advised, how many of them were taken, and how the case ended."""
    taken = [told == story.rounds[key].changed for key, told in story.advice.items() if told in JUDGED]
    if scored.finished and story.last_advice in JUDGED:
        taken.append(story.last_advice in ENDS)
    return replace(scored, advised=len(taken), followed=sum(taken), ended=_ended(scored, story))


def _ended(scored: CaseScored, story: _Story) -> CaseEnded | None:
    """Whether a finished case showed its target; None where it had none."""
    if not scored.finished:
        return "go on"
    if _target(story)[0] is None:
        return None
    return "stop" if _reached(story) is None else "ship"
