"""Approvals of a case: what was approved or rejected, what stands of it, and what an approval is refused for."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from tunecase.errors import InputError, Problem
from tunecase.flow.keys import hash_of, moved
from tunecase.flow.ledger import one_at_a_time
from tunecase.flow.opened import Flow, now
from tunecase.flow.plan_on_file import OnFile, earlier_plan, on_file, plan_parts, stop_rule
from tunecase.quantities import MOST_AHEAD_DAYS, day, one_line, paid
from tunecase.records import MOST_NAME, NEARLY, PUT_TO_USE, SCHEMAS, Approval, Approvals, Approved, Rejection, Spending
from tunecase.version import __version__

if TYPE_CHECKING:
    from tunecase.books import Dated, Grant

MOST_NOTE = 500  # characters
LEAST_HASH = 6  # characters of a hash that name a plan
ZERO = Decimal(0)
UNKNOWN_GROUNDS = "the version of tunecase, which did not note what its plan rests on,"
READ = "run `tunecase decide`, read what it advises, and approve that"


@dataclass(frozen=True, slots=True)
class ApprovalAsked:
    """An approval in words as typed; None and "" stand for what is not said.

    Args:
        amount, by: what is released, such as 1500 USD, and who approves it.
        until: the last day that it covers (YYYY-MM-DD).
        note: why, or under which conditions.
        plan: the hash of the plan that was read; refused where it is no longer the plan on file.
        replaces: the id of the approval that this one corrects.
        beyond: releases more than the plan asks for now, as far as the budget goes.
        last: the id of the last approval that was seen when the release was read, "" where there was none: the approval
            is refused where another was given since, or no release is asked for any more. None: nobody looked.
    """

    amount: str
    by: str = ""
    until: str | None = None
    note: str = ""
    plan: str = ""
    replaces: str = ""
    beyond: bool = False
    last: str | None = None


class _Kept(NamedTuple):
    """What of the ledger bears on approvals, each with its place there; charges only where something was approved.

    `result` is the place of the last run or round; -1 without one.
    """

    approved: Sequence[tuple[int, str, Approval]]
    rejected: Sequence[tuple[int, Rejection]]
    charges: "Sequence[Dated]"
    result: int
    through: Mapping[int, tuple[str, str]]


def _kept(flow: Flow, without: Container[str]) -> _Kept:
    approved: list[tuple[int, str, Approval]] = []
    rejected: list[tuple[int, Rejection]] = []
    booked: dict[str, tuple[int, Spending]] = {}
    result = -1
    through: dict[int, tuple[str, str]] = {}
    has_approvals = ("record", "approve") in flow.ledger.counts()
    for place, entry in enumerate(flow.ledger.entries() if has_approvals else flow.ledger.entries("record")):
        through[place] = entry.through
        if entry.kind == "spend":
            booked.setdefault(entry.id, (place, entry.record()))
        elif entry.verb == "approve":
            approved.append((place, entry.id, entry.record()))
        elif entry.verb == "rejection":
            rejected.append((place, entry.record()))
        elif entry.kind == "run" or entry.verb == "round":
            result = place
    return _Kept(approved, rejected, _dated(booked, without) if approved else (), result, through)


def _dated(booked: Mapping[str, tuple[int, Spending]], without: Container[str]) -> "list[Dated]":
    """The charges that count, those of the rows in `without` left out."""
    from tunecase.books import Dated, Moment, held

    counting = held([(name, charge) for name, (_, charge) in booked.items() if charge.row_id not in without]).charges
    return [Dated(Moment(charge.on, booked[name][0]), charge.amount_base) for name, charge in counting]


def approvals(flow: Flow, without: Container[str] = ()) -> Approvals:
    """What was approved, what was spent of it, whether the plan has changed since, and what is asked for next.

    Args:
        without: source rows whose charges do not count, such as those of a run that is metered as it goes on.
    """
    kept, filed = _kept(flow, without), on_file(flow)
    parts = plan_parts(flow) if filed is not None or kept.approved else {}
    record = Approvals(flow.project.currency)
    if filed is not None:
        plan, outdated = filed.plan, moved(filed.rests_on, parts) if filed.rests_on else UNKNOWN_GROUNDS
        is_advised = filed.asks is not None and not plan.beyond_budget
        record = Approvals(plan.currency, filed.hash, filed.action, filed.release, outdated, is_advised)
    record = _with_approved(record, kept, parts, flow.today)
    last, now_plan = kept.approved[-1][0] if kept.approved else -1, hash_of(parts)
    given = record.approved[-1] if record.approved else None
    owes = given is not None and given.spent > 0 and given.approval.lever not in PUT_TO_USE
    record = replace(record, owed=owes and kept.result < last)
    standing = [(place, no) for place, no in kept.rejected if place > last and no.plan == now_plan]
    if not standing:
        return record
    return replace(record, rejection=standing[-1][1], rejection_face=kept.through[standing[-1][0]][0])


def _with_approved(record: Approvals, kept: _Kept, parts: Mapping[str, str], today: date) -> Approvals:
    """The record with each approval as it stands on a day, and the sums of them."""
    from tunecase.books import Grant, Moment, drawn_down

    corrected = {approval.supersedes for _, _, approval in kept.approved}
    begun: dict[str, Moment] = {}
    grants: dict[str, Grant] = {}
    for place, name, approval in kept.approved:
        begun[name] = begun.get(approval.supersedes, Moment(approval.on, place))
        ends = [Moment(no.on, at) for at, no in kept.rejected if at > place and no.plan == approval.plan]
        if name not in corrected:
            grants[name] = Grant(approval.amount_base, begun[name], approval.until, ends[0] if ends else None)
    drawn = drawn_down(list(grants.values()), kept.charges)
    used = dict(zip(grants, drawn.used, strict=True))
    approved = tuple(
        _standing(
            (name, approval), grants.get(name), used.get(name, ZERO), today,
            (moved(approval.rests_on, parts), *kept.through[place]),
        )
        for place, name, approval in kept.approved
    )  # fmt: skip
    total = sum((grant.amount for grant in grants.values()), ZERO)
    lapsed = total - sum((one.spent + one.left for one in approved), ZERO)
    return replace(
        record, approved=approved, total=total, lapsed=lapsed, spent=drawn.spent, uncovered=drawn.uncovered,
        before=drawn.before,
    )  # fmt: skip


def _standing(
    given: tuple[str, Approval], grant: "Grant | None", used: Decimal, today: date, said: tuple[str, str, str]
) -> Approved:
    if grant is None:
        return Approved(*given, ZERO, ZERO, "corrected", *said)
    if grant.ended is not None:
        return Approved(*given, used, ZERO, "rejected", *said)
    if grant.until is not None and grant.until < today:
        return Approved(*given, used, ZERO, "expired", *said)
    return Approved(*given, used, grant.amount - used, "in force", *said)


def approve(flow: Flow, asked: ApprovalAsked) -> Approvals:
    """Keeps that somebody released money for the plan on file.

    Returns: the Approvals, the new one among them.
    Raises: InputError with every mistake found: no name, an amount that cannot be read, is above the budget or more
        than the plan asks for, a last day that is over, no plan, a plan that has changed since; nothing is kept then.
    """
    # What the budget leaves is read and what takes of it is written under one lock, or two approvals would pass it.
    with one_at_a_time(flow.ledger, "approve", "approval"):
        return _keep(flow, "approve", _approval(flow, asked))


def _approval(flow: Flow, asked: ApprovalAsked) -> Approval:
    filed, standing = on_file(flow), approvals(flow)
    problems = [*_named(asked.by, asked.note), *_plan_problems(flow, filed, standing, asked.plan)]
    if asked.last is not None and not problems:
        problems += _answered(standing, asked.last)
    charge, until = _amount(flow, asked.amount, problems), _last_day(asked.until, flow.today, problems)
    replaced = _to_correct(asked.replaces, standing, problems) if asked.replaces else ""
    if charge is not None:
        above = [*_above_budget(flow, charge.amount_base, standing, replaced)]
        if filed is not None and not above and not asked.beyond:
            above += _beyond_plan(filed, charge.amount_base, standing, replaced)
        problems += above
    if problems or charge is None or filed is None:
        raise InputError(problems)
    plan = filed.plan
    return Approval(
        amount=charge.amount, currency=charge.currency, amount_base=charge.amount_base, by=asked.by.strip(),
        on=flow.today, plan=filed.hash, action=filed.action, stop_rule=stop_rule(plan), release=filed.release,
        authorise=plan.authorise, until=until, note=asked.note.strip(), supersedes=replaced, fx_rate=charge.fx_rate,
        rests_on=filed.rests_on, lever=plan.lever,
    )  # fmt: skip


def reject(flow: Flow, by: str, note: str = "", plan: str = "") -> Approvals:
    """Keeps that somebody refused the release that the plan on file asks for.

    An approval of this very plan ends with it, what was spent under it stays covered; approvals of earlier plans stay.

    Args:
        by: who refused.
        note: why.
        plan: the hash of the plan that was read; the plan on file when left out.
    Returns: the Approvals, the rejection among them.
    Raises: InputError with every mistake found; nothing is kept then.
    """
    filed, standing = on_file(flow), approvals(flow)
    problems = [*_named(by, note), *_plan_problems(flow, filed, standing, plan)]
    if problems or filed is None:
        raise InputError(problems)
    record = Rejection(
        by=by.strip(), on=flow.today, plan=filed.hash, action=filed.action, release=filed.release,
        note=note.strip(), rests_on=filed.rests_on,
    )  # fmt: skip
    return _keep(flow, "rejection", record)


def _keep(flow: Flow, verb: str, record: Approval | Rejection) -> Approvals:
    meta = {"version": __version__, "schema": SCHEMAS[verb]}
    flow.ledger.append("record", record, recorded_at=now(), verb=verb, meta=meta)
    return approvals(flow)


def _named(by: str, note: str) -> Iterator[Problem]:
    """Whether a name and a note can be shown as they are."""
    if not by.strip():
        yield Problem("--by", "no name", "who decides", 'write for example --by "Head of Support"')
    for where, text, most in (("--by", by.strip(), MOST_NAME), ("--note", note.strip(), MOST_NOTE)):
        if not text.isprintable() or len(text) > most:
            wanted = f"at most {most} characters on one line, without control characters"
            yield Problem(where, repr(one_line(text, 40)), wanted, "write it shorter, on one line")


def _plan_problems(flow: Flow, filed: OnFile | None, standing: Approvals, read: str) -> Iterator[Problem]:
    """Whether there is a plan, the case is still the one it was made for, and it is the plan that was read."""
    if filed is None:
        yield Problem("the plan", "no plan in the ledger", "a plan to decide on", READ)
        return
    if standing.outdated:
        got = f"a plan of another case: since then {standing.outdated} changed"
        yield Problem("the plan", got, "the plan of the case as it is now", READ)
    word = read.strip().casefold()
    if not read or (len(word) >= LEAST_HASH and filed.hash.startswith(word)):
        return
    wanted = f"{filed.hash}, the plan on file"
    earlier = earlier_plan(flow, word) if len(word) >= LEAST_HASH else None
    if earlier is None:
        yield Problem("--plan", repr(one_line(read, 40)), wanted, "read the plan on file, and copy its hash from there")
    else:
        got = f"{word}, an earlier plan: since then {moved(earlier, filed.rests_on)} changed"
        yield Problem("--plan", got, wanted, READ)


def _answered(standing: Approvals, last: str) -> Iterator[Problem]:
    """Whether the release that was read is still asked for, and by nobody approved since."""
    wanted, fix = "a release that is asked for, and that nobody has approved since it was read", "look again first"
    now_last = standing.approved[-1] if standing.approved else None
    if now_last is not None and now_last.id != last:
        given = now_last.approval
        got = f"{paid(given.amount)} {given.currency} that {given.by} has approved since"
        yield Problem("the plan", got, wanted, fix)
    elif not standing.is_asked:
        yield Problem("the plan", "no release that is asked for", wanted, fix)


def _amount(flow: Flow, text: str, problems: list[Problem]) -> Spending | None:
    """An amount as typed, read as exactly as a charge of today; None where it cannot be."""
    from tunecase.books import ChargeText, spending

    project = flow.project
    try:
        return spending(
            ChargeText(text, "other", flow.today, credit=None), project_currency=project.currency, rates=project.rates,
            today=flow.today,
        )  # fmt: skip
    except InputError as error:
        problems += error.problems
        return None


def _last_day(text: str | None, today: date, problems: list[Problem]) -> date | None:
    if text is None:
        return None
    try:
        until = date.fromisoformat(text.strip())
    except ValueError:
        problems.append(Problem("--until", repr(text), "a day that exists, year first", "write for example 2027-01-31"))
        return None
    if until > (last := today + timedelta(days=MOST_AHEAD_DAYS)):
        problems.append(Problem("--until", str(until), f"a day up to {last}", "leave it out for no end"))
    if until < today:
        problems.append(Problem("--until", str(until), f"today, {today}, or a later day", "leave it out for no end"))
    return until


def _to_correct(start: str, standing: Approvals, problems: list[Problem]) -> str:
    """The id of the approval that begins so and that nothing corrects; empty, with a problem, where none does."""
    names = [one.id for one in standing.approved if one.state != "corrected"]
    fitting = [name for name in names if len(start) >= LEAST_HASH and name.startswith(start.casefold())]
    if len(fitting) == 1:
        return fitting[0]
    wanted = f"the id of one approval: {', '.join(name[:12] for name in names)}" if names else "an approval to correct"
    fix = "copy six characters or more from `tunecase approve`" if names else "leave --replaces out"
    problems.append(Problem("--replaces", repr(one_line(start, 40)), wanted, fix))
    return ""


def _above_budget(flow: Flow, amount: Decimal, standing: Approvals, replaced: str) -> Iterator[Problem]:
    """Whether an amount passes what the budget leaves: the budget less what is approved, or was spent before."""
    if flow.project.budget is None:
        return
    currency, budget = flow.project.currency, Decimal(f"{flow.project.budget.spread.median:.2f}")
    others = sum((one.spent + one.left for one in standing.approved if one.id != replaced), ZERO)
    free = budget - others - standing.before
    if amount > free:
        got = f"{paid(amount)} {currency}"
        taken = f"; {paid(others + standing.before)} is approved or spent already" if free != budget else ""
        wanted = f"at most {paid(max(free, ZERO))} {currency}, what the budget of {paid(budget)} leaves{taken}"
        yield Problem("amount", got, wanted, "approve less, or raise `budget` in the project file")


def _beyond_plan(filed: OnFile, amount: Decimal, standing: Approvals, replaced: str) -> Iterator[Problem]:
    """Whether an amount, with what is approved of this very plan already, passes what the plan asks to release now.

    An approval that is nearly spent makes room for the next one, and the release counts to the next step of its grid,
    for two seeds may be a step apart.
    """
    currency, ask = standing.currency, filed.asks
    given = [one for one in standing.standing if one.approval.plan == filed.hash and one.id != replaced]
    given = [one for one in given if one.spent < NEARLY * (one.spent + one.left)]
    others = sum((one.spent + one.left for one in given), ZERO)
    if ask is None or ask.shown <= 0:
        wanted = "nothing: the plan on file asks for no release now"
        fix = f"{READ}; or release it all the same with --beyond"
        yield Problem("amount", f"{paid(amount)} {currency}", wanted, fix)
    elif amount + others > Decimal(f"{max(ask.value, ask.shown) + ask.step:.2f}"):
        release = Decimal(f"{ask.shown:.2f}")
        who = [f"{paid(one.approval.amount_base)} by {one.approval.by} on {day(one.approval.on)}" for one in given]
        taken = f"; approved already: {', '.join(who)}" if who else ""
        left = f"at most {paid(max(release - others, ZERO))} {currency}"
        wanted = f"{left}, what is left of the {paid(release)} that the plan asks to release now{taken}"
        correct = f"correct one with --replaces {given[-1].id[:12]}, or" if given else "approve less, or"
        yield Problem("amount", f"{paid(amount)} {currency}", wanted, f"{correct} release more with --beyond")
