"""compare from words as typed: opens both projects, gathers what is known of each, and draws both bills the same way.

A comparison is a quick question: what the ledgers hold is used, what is missing is made for it and not kept. Only its
own record is appended, to the first project's ledger.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tunecase import catalog
from tunecase.errors import InputError, Problem, refuse_any
from tunecase.flow.known import drawn_of
from tunecase.flow.opened import Flow, open_case, read_confidence
from tunecase.flow.verbs import CURVE, DEFINITION, ROWS, have
from tunecase.io import Output, check_outputs, read_value
from tunecase.project import latest_rate
from tunecase.quantities import Quantity, UnitError, Wanted, figures, read_quantity
from tunecase.records import Comparison, FieldChange

if TYPE_CHECKING:
    from tunecase.estimate import Limit, Side
    from tunecase.project import Stated

# The audit of one project holds for another one that says the same of these; the definition rests on more.
AUDITED_FIELDS = ("data", "problem", "models", "team", "currency", "rates")
DEFINED_FIELDS = (*AUDITED_FIELDS, "alternatives", "serving")


@dataclass(frozen=True, slots=True)
class CompareAsked:
    """One question as typed: another project file, or changes of this one, and what the answer may cost.

    Args:
        other: the other project file.
        changes: texts `FIELD=VALUE`, or values by dotted field.
        fail_if_over: what it may cost, money with its currency; the answer is a no where it may cost more.
        confidence: how sure that must be, a share; 80% when left out.
        allow_unpriced: what has no price may be left out.
        output, force: the file that the answer will be written into, and whether over another: what stands in its way
            is refused before anything is drawn.
        on_unrecorded: told why a record could not be kept, where the folder takes no writing or the clock is wrong; the
            answer is given all the same.
    """

    other: Path | None = None
    changes: Sequence[str] | Mapping[str, Any] = ()
    fail_if_over: str | None = None
    confidence: str | None = None
    allow_unpriced: bool = False
    output: Output | None = None
    force: bool = False
    on_unrecorded: Callable[[str], None] | None = None


def compare(
    first: "Flow | Path", request: CompareAsked, seed: int = 0, today: date | None = None,
    progress: Mapping[str, Any] | None = None,
) -> Comparison:  # fmt: skip
    """Two bills in the same worlds, or one bill against a limit.

    Args:
        first: an opened case, or its project file.
        request: the question.
        seed, today: of the draws and the prices; an opened case has its own.
        progress: what an audit that has to be made tells while it runs.
    Returns: the Comparison, appended to the first case's ledger.
    Raises: InputError with every mistake of the words and of both files.
    """
    from tunecase.estimate import Pricing
    from tunecase.estimate import compare as differ

    kept, left, right, limit = _opened(first, request, seed, today)
    if request.output is not None:
        needed = [place for side in (left, right) if side for place in side.needed_files()]
        check_outputs([request.output], needed, force=request.force)
    used = dict(progress or {})
    problems = list(_currency_problems(left, right))
    wanted, wrong = _limit_in_base(limit, left)
    if problems or wrong:
        raise InputError([*problems, *wrong])
    _ready(left, right, used)
    sides = [_side(flow, name, factor) for flow, name, factor in _named(left, right, request)]
    record = differ(
        sides[0], sides[1] if right else None, under=Pricing(left.project.currency, left.seed, catalog.price_book()),
        limit=wanted,
        changed=_changed_fields(left, right) if right else (), notes=_notes(left, right, sides) if right else (),
    )  # fmt: skip
    return cast(Comparison, kept.keep("compare", record))


def _opened(
    first: "Flow | Path", request: CompareAsked, seed: int, today: date | None
) -> "tuple[Flow, Flow, Flow | None, tuple[Quantity, float, bool] | None]":
    """The case that keeps the record, both sides as cases that write nothing, and the limit; every mistake at once."""
    changes, problems = _changes_of(request.changes)
    problems += _conflicts(request, changes)
    limit, wrong = _limit_of(request)
    problems += wrong
    opened: list[Flow] = []
    source = first if isinstance(first, Path) else first.source
    if not isinstance(first, Path):
        seed, today = first.seed, first.today
        opened.append(first)
    else:
        problems += _open(opened, source, seed, today, None)
    begun = len(opened)
    if request.other is not None:
        problems += _open(opened, request.other, seed, today, None)
    elif changes and begun:  # a file that cannot be read tells its mistakes once
        problems += _open(opened, source, seed, today, changes)
    refuse_any(problems)
    opened[0].on_unrecorded = request.on_unrecorded or opened[0].on_unrecorded
    quiet = [replace(flow, writes=False, records=dict(flow.records), tables=dict(flow.tables)) for flow in opened]
    return opened[0], quiet[0], quiet[1] if len(quiet) > 1 else None, limit


def _open(
    opened: list[Flow], source: "Path | Stated", seed: int, today: date | None, changes: Mapping[str, Any] | None
) -> tuple[Problem, ...]:
    try:
        opened.append(open_case(source, seed, today, changes))
    except InputError as error:
        return error.problems
    return ()


def _changes_of(given: Sequence[str] | Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Changes by field, and what is wrong with how they are typed."""
    if isinstance(given, Mapping):
        return dict(given), []
    changes: dict[str, Any] = {}
    problems: list[Problem] = []
    for text in given:
        name, sign, value = text.partition("=")
        field = name.strip()
        if not sign or not field:
            fix = "write --set compute.tier=marketplace, say"
            problems.append(Problem("--set", repr(text), "a field and its value, with = between", fix))
            continue
        if field in changes:
            problems.append(Problem(f"--set {field}", "given twice", "one value", "leave one of them out"))
            continue
        try:
            changes[field] = read_value(value.strip(), f"--set {field}")
        except InputError as error:
            problems += error.problems
    return changes, problems


def _conflicts(request: CompareAsked, changes: Mapping[str, Any]) -> Iterator[Problem]:
    if request.other is not None and (changes or request.changes):
        fix = "leave out the second file, or put the change into it"
        yield Problem("--set", "beside a second project file", "one of them", fix)
    if request.other is None and not request.changes and request.fail_if_over is None:
        fix = "name a second project file, or --set FIELD=VALUE, or --fail-if-over 15k USD for this one alone"
        yield Problem("compare", "one project", "something to compare it with", fix)
    for name, given in (("--confidence", request.confidence is not None), ("--allow-unpriced", request.allow_unpriced)):
        if given and request.fail_if_over is None:
            yield Problem(name, "no --fail-if-over", "--fail-if-over beside it", 'add --fail-if-over "15k USD", say')


def _limit_of(request: CompareAsked) -> tuple[tuple[Quantity, float, bool] | None, list[Problem]]:
    """The limit as typed, its confidence, and what is wrong with either."""
    chance, problems = read_confidence("--confidence", request.confidence or "80%")
    if request.fail_if_over is None:
        return None, problems
    where = "--fail-if-over"
    try:
        limit = read_quantity(request.fail_if_over, Wanted("money", example="15k USD"))
    except UnitError as error:
        return None, [*problems, Problem(where, error.got, error.wanted, error.fix)]
    if limit.spread.low != limit.spread.high:
        problems.append(Problem(where, repr(request.fail_if_over), "one amount", "write its upper end alone"))
    return (limit, chance, request.allow_unpriced), problems


def _limit_in_base(limit: tuple[Quantity, float, bool] | None, left: Flow) -> "tuple[Limit | None, list[Problem]]":
    from tunecase.estimate import Limit

    if limit is None:
        return None, []
    quantity, confidence, allow_unpriced = limit
    base, amount = left.project.currency, quantity.spread.median
    if quantity.currency != base:
        if quantity.currency not in {rate.currency for rate in left.project.rates}:
            wanted = f"{base}, or a dated rate for {quantity.currency} in {left.where()}"
            fix = f"write it in {base}, or add to rates: {{currency: {quantity.currency}, value: ..., date: ...}}"
            return None, [Problem("--fail-if-over", quantity.text, wanted, fix)]
        amount *= latest_rate(left.project.rates, quantity.currency)
    return Limit(amount, confidence, allow_unpriced), []


def _currency_problems(left: Flow, right: Flow | None) -> Iterator[Problem]:
    if right is None or left.project.currency == right.project.currency:
        return
    base = left.project.currency
    if base not in {rate.currency for rate in right.project.rates}:
        wanted = f"{base}, or a dated rate for {base}"
        fix = f"add to rates: {{currency: {base}, value: ..., date: ...}}"
        yield Problem(right.where("currency"), right.project.currency, wanted, fix)


def _ready(left: Flow, right: Flow | None, progress: Mapping[str, Any]) -> None:
    """Makes what the bills rest on and neither ledger holds; both sides get the same, so that neither lacks a line."""
    have(left, ROWS, **progress)
    flows = [left] if right is None else [left, right]
    if right is not None:
        _lend(left, right, "audit", AUDITED_FIELDS)
        have(right, ROWS, **progress)
        if any(flow.current(verb) for flow in flows for verb in ("define", "pilot")):
            have(left, DEFINITION)
            _lend(left, right, "define", DEFINED_FIELDS)
            have(right, DEFINITION)
    for flow in flows:
        have(flow, CURVE)


def _lend(left: Flow, right: Flow, verb: str, fields: Sequence[str]) -> None:
    """Lets the second case use the first one's record, where it has none and says the same of these fields."""
    record = left.current(verb)
    if record is not None and right.current(verb) is None and _says_the_same(left, right, fields):
        right.records[verb] = record


def _says_the_same(left: Flow, right: Flow, fields: Sequence[str]) -> bool:
    """True when both projects say the same of these fields, of the length of a sample and of where the data are."""
    same = all(getattr(left.project, name) == getattr(right.project, name) for name in fields)
    lengths = left.project.training.sequence_tokens == right.project.training.sequence_tokens
    return same and lengths and left.folder.resolve() == right.folder.resolve()


def _named(left: Flow, right: Flow | None, request: CompareAsked) -> Iterator[tuple[Flow, str, float]]:
    """Each case with its name and the factor into the first one's currency."""
    names = [left.where(), ""]
    if request.other is not None:
        same = request.other.name == left.where()
        names = [str(left.path), str(request.other)] if same else [left.where(), request.other.name]
    elif right is not None:
        changes, _ = _changes_of(request.changes)
        first = next(iter(changes))
        names[1] = f"{first}={changes[first]}" if len(changes) == 1 else "the changed project"
    yield left, names[0], 1.0
    if right is not None:
        base, factor = left.project.currency, 1.0
        if right.project.currency != base:
            factor = 1 / latest_rate(right.project.rates, base)
        yield right, names[1], factor


def _side(flow: Flow, name: str, factor: float) -> "Side":
    """One bill in every world, in the comparison's currency."""
    from tunecase.estimate import Side
    from tunecase.plan import plan

    bill = drawn_of(flow)
    budget = flow.project.budget.spread.median * factor if flow.project.budget else None
    walk, made = bill.walk, plan(bill)
    return Side(
        name=name,
        lines={line: None if cost.amount is None else cost.amount * factor for line, cost in bill.lines.items()},
        counted=frozenset(line for line, cost in bill.lines.items() if cost.included),
        unpriced=tuple(words for cost in bill.lines.values() for words in cost.unpriced),
        rounds=walk.rounds,
        budget=budget,
        based_on=bill.based_on,
        chance=None if made.chance is None else made.chance.shown,
        over=made.total.over,
    )


def _notes(left: Flow, right: Flow | None, sides: "Sequence[Side]") -> tuple[str, ...]:
    """What differs besides the fields."""
    assert right is not None
    words = []
    hashes = [sorted(file.sha256 for file in side.grounds("audit").files) for side in (left, right)]
    if hashes[0] != hashes[1]:
        words.append("the data files differ, too")
    if sides[0].based_on != sides[1].based_on:
        grounds = [f"{side.name} on {side.based_on}" for side in sides]
        words.append(f"the rounds rest on different grounds: {', '.join(grounds)}; a part of the difference is this")
    if left.project.currency != right.project.currency:
        base = left.project.currency
        rate = max((r for r in right.project.rates if r.currency == base), key=lambda r: r.date)
        words.append(
            f"{right.where()} is converted at {rate.value:g} {right.project.currency} for one {base}, of {rate.date}"
        )
    if sides[0].counted != sides[1].counted:
        words.append("the bills do not count the same lines")
    return tuple(words)


def _changed_fields(left: Flow, right: Flow | None) -> tuple[FieldChange, ...]:
    assert right is not None
    first, second = dict(_leaves(left.project)), dict(_leaves(right.project))
    return tuple(
        FieldChange(field, _said(first.get(field)), _said(second.get(field)))
        for field in dict.fromkeys((*first, *second))
        if _meant(first.get(field)) != _meant(second.get(field))
    )


def _leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    from pydantic import BaseModel

    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _leaves(getattr(value, name), f"{at}.{name}".lstrip("."))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{at}.{index}")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, f"{at}.{name}")
    elif value is not None:
        yield at, value


def _meant(value: Any) -> Any:
    return (value.spread, value.unit, value.currency) if isinstance(value, Quantity) else value


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Quantity):
        return value.text or figures(value.spread.median)
    return str(value)
