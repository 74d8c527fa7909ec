"""Approvals in words: one text for the terminal, the report, the brief and the log of a training."""

from collections.abc import Iterator
from typing import get_args

from tunecase.accounts.material import Material
from tunecase.accounts.words import through
from tunecase.quantities import day, one_line, paid, plain_money, plain_paid, share
from tunecase.records import MOST_NAME, Approvals, Approved, Changed, Decision, Rejection

MOST_SHOWN = 120  # characters of a note or an action
SHORT_NAME = 24  # characters of a name on a line of its own
CHANGES = get_args(Changed)
MOVES = 0.1  # of what a release was: a smaller change is no news


def approval_line(record: Approvals) -> str:
    """Where the approvals stand, and what to do about it; empty where there is neither a plan nor an approval."""
    return one_line(" ".join(part for part in (_stands(record), _drifted(record), _asks(record)) if part))


def _stands(record: Approvals) -> str:
    currency = record.currency
    if record.rejection is not None:
        return f"{rejected_words(record.rejection)}{_still(record)}"
    if record.state == "none":
        return "The plan is not approved." if record.is_asked else ""
    spent = f"{paid(record.spent)} spent"
    if record.state == "over":
        ended = "has expired" if _last(record).state == "expired" else "was ended by a rejection"
        return f"The approval of {_given(_last(record))} {ended}; {spent}{_uncovered(record)}, nothing more is covered."
    head = f"Approved: {_given(record.standing[-1])}"
    if len(record.approved) > 1:
        head = f"Approved: {paid(record.total)} {currency} in all, last {_given(record.standing[-1])}"
    return " ".join((f"{head}; {spent}, {paid(record.left)} left{_uncovered(record)}.", *_since(record)))


def _since(record: Approvals) -> Iterator[str]:
    """What was spent before, what has changed since the last approval in force, and whether it is nearly spent."""
    if record.before > 0:
        yield f"{paid(record.before)} was spent before the first approval and counts in none."
    if record.state == "another plan" and _same_plan_on_file(record):
        yield f"Since then {record.moved} changed: run `tunecase decide`."
    elif record.state == "another plan":
        yield f"That was for another plan ({record.standing[-1].approval.plan}): {record.moved} changed since."
    elif record.state == "spent":
        yield "All that was approved is spent."
    elif record.state == "nearly spent":
        yield f"{_share(record)} of what was approved is spent."


def last_approval(record: Approvals) -> Iterator[str]:
    """Who gave the last approval, how much of it, and what has happened since; of a rejection who gave that."""
    if record.rejection is not None:
        yield rejected_words(record.rejection)
        return
    last = record.standing[-1] if record.standing else _last(record)
    yield f"{'Last approved' if record.standing else 'No longer in force'}: {_given(last)}."
    yield from _since(record)
    if drifted := _drifted(record):
        yield drifted


def approval_short(record: Approvals) -> str:
    """Where the approvals stand in one line, where anything was approved or rejected; what is only asked is not told.

    Example:
        >>> approval_short(Approvals("USD", "5f0c2d77ab01", "label 500 rows"))
        ''
    """
    if record.rejection is not None:
        return f"Rejected by {one_line(record.rejection.by, SHORT_NAME)} on {day(record.rejection.on)}."
    if record.state == "none":
        return ""
    if record.state == "over":
        return f"The approval has ended; {plain_paid(record.spent)} {record.currency} spent: `tunecase approve`."
    left = f"{plain_paid(record.uncovered)} not covered" if record.uncovered > 0 else f"{plain_paid(record.left)} left"
    words = f"Approved: {plain_paid(record.total)} {record.currency}; {plain_paid(record.spent)} spent, {left}"
    ends = {"another plan": ", for another plan: `tunecase approve`.", "spent": ": `tunecase approve`."}
    if record.state == "nearly spent":
        return f"{words} ({_share(record)} spent)."
    return f"{words}{ends.get(record.state, '.')}"


def _last(record: Approvals) -> Approved:
    return [one for one in record.approved if one.state != "corrected"][-1]


def _given(one: Approved) -> str:
    """The amount of an approval, who gave it, on which day, and to which."""
    given = one.approval
    until = f", until {day(given.until)}" if given.until is not None else ""
    amount = f"{paid(given.amount)} {given.currency}"
    return f"{amount} by {one_line(given.by, MOST_NAME)} on {day(given.on)}{until}"


def _uncovered(record: Approvals) -> str:
    return f", {paid(record.uncovered)} of it beyond what was approved" if record.uncovered > 0 else ""


def _still(record: Approvals) -> str:
    if not record.approved:
        return ""
    return f" Approved before: {paid(record.total)} {record.currency}, {paid(record.spent)} spent{_uncovered(record)}."


def _share(record: Approvals) -> str:
    return share(float(record.share)) if record.share is not None else "All"


def _drifted(record: Approvals) -> str:
    """That prices have moved the release since it was approved, although the plan is the same."""
    if record.release is None or not record.standing or record.moved:
        return ""
    then, now = record.standing[-1].approval.release, record.release
    apart = abs(now.value - then.value)
    if apart <= MOVES * then.value or apart <= 2 * (now.error + then.error):
        return ""
    now_words, then_words = plain_money(now, record.currency), plain_money(then, record.currency)
    return f"Its first step is priced at {now_words} now, at {then_words} when it was approved."


def rejected_words(record: Rejection) -> str:
    """Who rejected a plan, when and why."""
    note = f": {one_line(record.note, MOST_SHOWN)}" if record.note else ""
    return f"Rejected by {one_line(record.by, MOST_NAME)} on {day(record.on)}{note}."


def _same_plan_on_file(record: Approvals) -> bool:
    """Whether the case has changed since both the last approval and the plan on file, which are of one plan."""
    return bool(record.outdated) and record.standing[-1].approval.plan == record.plan


def _asks(record: Approvals) -> str:
    if record.outdated and record.state == "another plan" and _same_plan_on_file(record):
        return ""
    if record.outdated and record.plan:
        return f"The plan on file rests on another case ({record.outdated} changed): run `tunecase decide`."
    if not record.is_asked or record.release is None:
        return ""
    which = "the next release" if record.approved else "its first release"
    return f"Approve {which}, {plain_money(record.release, record.currency)}: `{approve_command(record)}`"


def approve_command(record: Approvals) -> str:
    """The command that approves what the plan on file asks for, bound to that plan.

    Example:
        >>> from tunecase.quantities import Sampled
        >>> approve_command(Approvals("USD", "5f0c2d77ab01", "label 500 rows", Sampled(1_543.0)))
        'tunecase approve "1500 USD" --by NAME --plan 5f0c2d77ab01'
    """
    amount = record.release.shown if record.release is not None else 0.0
    return f'tunecase approve "{amount:.12g} {record.currency}" --by NAME --plan {record.plan}'


def round_command(record: Approvals | None, material: Material) -> str:
    """The command that keeps what the approved step showed, once it is done; empty where it is not released.

    Empty too without measured points, to which a round could be added, and where the advice is on another way.
    """
    decision = material.decision
    if record is None or record.state not in ("approved", "nearly spent") or decision is None or decision.way:
        return ""
    lever = "" if decision.plan is None else decision.plan.lever
    return f"tunecase next --rows N --score S --changed {lever}" if lever in CHANGES and material.forecast else ""


def round_lever(decision: Decision | None) -> str:
    """What the step of the plan changes, as a round names it."""
    lever = "" if decision is None or decision.plan is None else decision.plan.lever
    return lever if lever in CHANGES else CHANGES[2]


def approval_words(record: Approvals) -> str:
    """What of the approved amount is spent and left, and what is wrong with it, in a few words."""
    words = f"{paid(record.spent)} spent, {paid(record.left)} left{_uncovered(record)}"
    return words if record.state in ("approved", "spent", "nearly spent") else f"{words}; {record.state}"


HEAD = ("Day", "Approved", "By", "Through", "Until", "For", "Plan", "Spent", "Left", "State")


def approval_rows(record: Approvals) -> list[tuple[str, ...]]:
    """One row for each approval, under HEAD; Spent and Left are in the currency of the project."""
    return [_row(one) for one in record.approved]


def _row(one: Approved) -> tuple[str, ...]:
    given = one.approval
    state = f"{one.state}, another plan: {one.moved} changed" if one.moved and one.state == "in force" else one.state
    return (
        day(given.on), f"{paid(given.amount)} {given.currency}", one_line(given.by, MOST_NAME),
        through(one.face, one.seen), day(given.until) if given.until is not None else "no end",
        one_line(given.action, MOST_SHOWN), one_line(given.plan, MOST_NAME), paid(one.spent), paid(one.left),
        one_line(state),
    )  # fmt: skip
