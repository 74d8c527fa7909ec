"""Middle cases of the books by group: what they come to beside the total, and why the two move apart."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from tunecase.accounts.lines import GROUPS, group_of, plain_line
from tunecase.accounts.words import capital
from tunecase.books import NO_END, UNKNOWNS
from tunecase.quantities import Sampled, plain_figure
from tunecase.records import BookLine, Books

IN_PEOPLE = "in people"
LEAST_REST = 0.5  # what is less is not told to come
LEAST_MOVED = 0.02  # of the planned total: what is less is not told to move


def middle(lines: Sequence[BookLine]) -> float | None:
    """The planned middle cases of some lines added up; None where nothing is planned."""
    planned = [line.planned.p50 for line in lines if line.planned is not None]
    return sum(planned) if planned else None


def planned_middle(record: Books) -> float | None:
    """The middle case of the plan in all, in the digits of the bill's headline where the books hold them."""
    if record.planned is None:
        return None
    return record.planned.p50 if record.planned_total is None else record.planned_total.p50.shown


def _end(record: Books) -> float | None:
    """The middle case in all at the end; where nothing is drawn anew the plan's, at least what was paid."""
    if record.at_completion is not None:
        return record.at_completion.p50
    planned = planned_middle(record)
    return None if planned is None else max(planned, float(record.spent))


def _forecast(record: Books, lines: Sequence[BookLine]) -> float | None:
    """The middle cases at the end; where nothing is drawn anew the plan's, of each line at least what was paid."""
    if record.at_completion is not None:
        ends = [line.at_completion.p50 for line in lines if line.at_completion is not None]
    else:
        known = [line for line in lines if line.planned is not None or line.entries]
        ends = [max(line.planned.p50 if line.planned is not None else 0.0, float(line.spent)) for line in known]
    return sum(ends) if ends else None


def forecast_words(record: Books, lines: Sequence[BookLine], spent: str) -> str:
    """The middle case at the end of some lines, beside `spent` as printed; overruns to come are in people's lines."""
    ends = _forecast(record, lines)
    if ends is None and all(line.name == UNKNOWNS for line in lines):
        return IN_PEOPLE
    return _end_words(record, ends, sum((line.spent for line in lines), Decimal(0)), spent)


def total_words(record: Books, spent: str) -> str:
    """The same of all lines."""
    return _end_words(record, _end(record), record.spent, spent)


def _end_words(record: Books, ends: float | None, paid: Decimal, spent: str) -> str:
    """What was paid where every line is closed; else the forecast in two digits, or in all where two lie below that."""
    if record.all_closed:
        return spent
    if ends is None or float(f"{ends:.1e}") >= paid:
        return plain_figure(ends)
    return f"{round(ends):,}" if ends - float(paid) >= LEAST_REST else spent


def sums_words(record: Books) -> Iterator[str]:
    """Why there is no forecast, why a group and the total move apart, and what lines come to where not the total."""
    if record.planned is None:
        return
    planned: Sampled | float = record.planned.p50 if record.planned_total is None else record.planned_total.p50
    is_planned = record.at_completion is None and _end(record) == planned_middle(record)
    ends = planned if is_planned else _end(record) or 0.0
    groups = {name: [line for line in record.lines if group_of(line.name) == name] for name in GROUPS}
    if record.at_completion is not None:
        yield from _apart(groups, record)
    yield from (remark for remark in record.remarks if remark.startswith(NO_END))
    columns = (
        ("plan", sum(middle(lines) or 0.0 for lines in groups.values()), planned),
        ("forecast", sum(_forecast(record, lines) or 0.0 for lines in groups.values()), ends),
    )
    off = [f"{plain_figure(much)} ({name})" for name, much, whole in columns if _misses(much, whole)]
    if off:
        yield f"Middle cases of lines do not add up to that of the total: they come to {' and '.join(off)}."


def _misses(much: float, whole: Sampled | float) -> bool:
    """Whether a sum is further from the total than the total's rounding hides."""
    if isinstance(whole, Sampled):
        return abs(much - whole.shown) > whole.step / 2
    return plain_figure(much) != plain_figure(whole)


def _apart(groups: Mapping[str, Sequence[BookLine]], record: Books) -> Iterator[str]:
    """The group that ends on the other side of its plan than the total, and the one that outweighs it."""
    planned, ends = planned_middle(record), _end(record)
    if planned is None or ends is None or plain_figure(planned) == plain_figure(ends):
        return
    moved = ends - planned
    off = {name: _off(name, groups, record) for name in groups}
    against, along = (pick(off, key=lambda name: off[name] * moved) for pick in (min, max))
    if off[against] * moved >= 0 or min(abs(off[against]), abs(moved)) < LEAST_MOVED * planned:
        return
    allowed = _has_allowance(groups)
    told = f"{capital(_side(against, off[against], allowed))}, the total {'above' if moved > 0 else 'below'} it"
    if off[along] * moved <= 0:
        yield f"{told}, as middle cases do not add up."
        return
    closed = [plain_line(line.name) for line in groups[along] if line.closed is not None and line.planned is not None]
    why = f" ({', '.join(closed)} closed)" if closed else ""
    yield f"{told}: {_side(along, off[along], allowed)}{why}."


def _off(name: str, groups: Mapping[str, Sequence[BookLine]], record: Books) -> float:
    """By how much a group is forecast above its plan; the allowance for overruns is hours of people, so theirs."""
    if name == "overruns":
        return 0.0
    lines = [*groups[name], *(groups["overruns"] if name == "people" else ())]
    ends = _forecast(record, lines)
    return 0.0 if ends is None else ends - (middle(lines) or 0.0)


def _has_allowance(groups: Mapping[str, Sequence[BookLine]]) -> bool:
    return any(line.planned is not None for line in groups["overruns"])


def _side(name: str, off: float, allowed: bool) -> str:
    name = {"people": "people and overruns" if allowed else "people", "other": "other lines"}.get(name, name)
    return f"{name} end {plain_figure(abs(off))} {'above' if off > 0 else 'below'} the plan"
