"""Middle cases of the books by group: what they come to beside the total, and why the two move apart."""

from collections.abc import Iterator, Mapping, Sequence

from tunecase.accounts.lines import GROUPS, group_of, plain_line
from tunecase.accounts.words import capital
from tunecase.books import UNKNOWNS
from tunecase.quantities import Sampled, plain_figure
from tunecase.records import BookLine, Books

IN_PEOPLE = "in people"
LEAST_MOVED = 0.02  # of the planned total: what is less is not told to move


def middle(lines: Sequence[BookLine]) -> float | None:
    """The planned middle cases of some lines added up; None where nothing is planned."""
    planned = [line.planned.p50 for line in lines if line.planned is not None]
    return sum(planned) if planned else None


def _forecast(record: Books, lines: Sequence[BookLine]) -> float | None:
    """The middle cases at the end, those of the plan where nothing is drawn anew."""
    if record.at_completion is None:
        return middle(lines)
    ends = [line.at_completion.p50 for line in lines if line.at_completion is not None]
    return sum(ends) if ends else None


def forecast_words(record: Books, lines: Sequence[BookLine]) -> str:
    """The middle case at the end of some lines, as printed; overruns to come are hours of people, in their lines."""
    ends = _forecast(record, lines)
    return IN_PEOPLE if ends is None and all(line.name == UNKNOWNS for line in lines) else plain_figure(ends)


def sums_words(record: Books) -> Iterator[str]:
    """Why a group and the total move apart, and what middle cases of lines come to where that is not the total."""
    if record.planned is None:
        return
    planned: Sampled | float = record.planned.p50 if record.planned_total is None else record.planned_total.p50
    ends = planned if record.at_completion is None else record.at_completion.p50
    groups = {name: [line for line in record.lines if group_of(line.name) == name] for name in GROUPS}
    if record.at_completion is not None:
        yield from _apart(groups, record, record.planned.p50)
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


def _apart(groups: Mapping[str, Sequence[BookLine]], record: Books, planned: float) -> Iterator[str]:
    """The group that ends on the other side of its plan than the total, and the one that outweighs it."""
    assert record.at_completion is not None
    moved = record.at_completion.p50 - planned
    off = {name: _off(name, groups, record) for name in groups}
    against, along = (pick(off, key=lambda name: off[name] * moved) for pick in (min, max))
    if off[against] * moved >= 0 or min(abs(off[against]), abs(moved)) < LEAST_MOVED * planned:
        return
    folded = bool(_folded(record))
    told = f"{capital(_side(against, off[against], folded))}, the total {'above' if moved > 0 else 'below'} it"
    if off[along] * moved <= 0:
        yield f"{told}, as middle cases do not add up."
        return
    closed = [plain_line(line.name) for line in groups[along] if line.closed is not None and line.planned is not None]
    why = f" ({', '.join(closed)} closed)" if closed else ""
    yield f"{told}: {_side(along, off[along], folded)}{why}."


def _off(name: str, groups: Mapping[str, Sequence[BookLine]], record: Books) -> float:
    """By how much a group is forecast above its plan, the overruns that people's lines hold counted with them."""
    folded = _folded(record)
    if name == "overruns" and folded:
        return 0.0
    ends = _forecast(record, groups[name])
    return 0.0 if ends is None else ends - (middle([*groups[name], *(folded if name == "people" else ())]) or 0.0)


def _folded(record: Books) -> list[BookLine]:
    """The allowance for overruns where people's lines hold what is to come of it."""
    return [line for line in record.lines if line.name == UNKNOWNS and line.at_completion is None]


def _side(name: str, off: float, folded: bool) -> str:
    name = {"people": "people and overruns" if folded else "people", "other": "other lines"}.get(name, name)
    return f"{name} end {plain_figure(abs(off))} {'above' if off > 0 else 'below'} the plan"
