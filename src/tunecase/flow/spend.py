"""Charges from elsewhere: read in full, compared with what is booked, and written all together or not at all."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal, localcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from tunecase import catalog
from tunecase.errors import InputError, Problem, nearest, one_of
from tunecase.flow.ledger import one_at_a_time, unread_charges
from tunecase.flow.opened import RULES, Flow, now
from tunecase.ledger import Entry
from tunecase.quantities import counted
from tunecase.records import (
    CATEGORIES,
    SCHEMAS,
    Charge,
    Charges,
    Imported,
    LineRule,
    Mapped,
    Metered,
    Run,
    Spending,
    Unplaced,
    from_json,
)
from tunecase.version import __version__

if TYPE_CHECKING:
    from tunecase.books.importers import Brought, Compared, HourPrice, SpendAsked, Stated
    from tunecase.project import Rate

KINDS = ("focus", "mlflow", "runs", "timesheet")
WORK = ("labour", "evaluation", "data")  # lines whose hours are people's


@dataclass(frozen=True, slots=True)
class ImportAsked:
    """What is asked of an import, from words as typed; see `tunecase spend import --help`.

    Args:
        tags: `key=value` that must hold, all of several.
        services: only rows of these services, as the bill names them.
        since, until: the first and the last day (YYYY-MM-DD).
        on: the day of trainer states.
        category: the line of the bill of all rows, in place of what each row says.
        run_tags: tags that hold a run's name.
        cost: billed, what the invoice says, or effective, commitments spread.
        gpu, gpu_count: the card of runs that name none, and how many they used where they do not say.
        experiment: that of MLflow to read.
        restated: books what a place states anew as corrections.
        dry_run: nothing is booked.
        large_credit: books money back though it is more than was ever charged.
        on_read: called with the bytes read and those in all.
    """

    tags: Sequence[str] = ()
    services: Sequence[str] = ()
    since: str | None = None
    until: str | None = None
    on: str | None = None
    category: str = ""
    run_tags: Sequence[str] = ()
    cost: str = "billed"
    gpu: str = ""
    gpu_count: int = 0
    experiment: str = ""
    restated: bool = False
    dry_run: bool = False
    large_credit: bool = False
    on_read: Callable[[int, int], None] | None = field(default=None, compare=False)


def spend_import(flow: Flow, kind: str, place: str = "", request: ImportAsked | None = None) -> Imported:
    """Books the charges of a place: a bill, a tracker's runs, trainer states, a time sheet.

    Args:
        kind: one of KINDS.
        place: a path or an address; of `runs`, nothing stands for the pilot's own runs.
        request: filters and what the place itself does not tell.
    Returns: the Imported, which is kept in the ledger beside the charges.
    Raises: InputError with every mistake found; TunecaseError where a server ends midway. Nothing is booked then.
    """
    request = request or ImportAsked()
    lines = _lines_by_day(flow)
    brought = _read(flow, kind, place, request, lines)
    # What is booked already is read and what is new is written under one lock, or two imports would book a row twice.
    with one_at_a_time(flow.ledger, "import", "import"):
        if brought.filtered and (now_known := _lines_by_day(flow)) != lines:
            brought = _read(flow, kind, place, request, now_known)
        return _book(flow, kind, place, request, brought)


@dataclass(frozen=True, slots=True)
class ServingAsked:
    """What was served, as typed: the file of a meter, or the figures of one period.

    `first` and `last` are days, `answers`, `tokens_in` and `tokens_out` counts such as 41k, `gpu_hours` and
    `busy_hours` numbers; in place of the latter `per_busy_hour` are answers of one busy GPU hour. `cost` is an amount
    such as 640 USD. `restated` books other figures for booked days as corrections; with `dry_run` nothing is booked.
    """

    place: str = ""
    first: str | None = None
    last: str | None = None
    answers: str | None = None
    tokens_in: str | None = None
    tokens_out: str | None = None
    gpu_hours: str | None = None
    busy_hours: str | None = None
    per_busy_hour: str | None = None
    cost: str | None = None
    restated: bool = False
    dry_run: bool = False


SERVING_OPTIONS = {"first": "--from", "last": "--to"}  # the other options are called as their fields


def spend_serving(flow: Flow, request: ServingAsked) -> Metered:
    """Books what a meter counted of answers served, and what they cost where that is stated, all of it or nothing.

    Raises: InputError with every mistake found; also for days that a booked period holds, and for a cost where those
        days have other charges under inference.
    """
    from tunecase.books import SERVED, held
    from tunecase.books import standing as counting
    from tunecase.books.importers import compare, new_periods, refuse_paid_twice, refuse_restated
    from tunecase.ledger import NewEntry

    stated = _served(flow, request)
    # What is booked already is read and what is new is written under one lock, or two processes would book a day twice.
    with one_at_a_time(flow.ledger, "import", "import"):
        booked = [(entry.id, entry.record()) for entry in flow.ledger.entries_of("record", SERVED)]
        kept, _ = counting(booked)
        by_days = {(period.first, period.last): (name, period) for name, period in kept}
        periods = new_periods(stated, by_days, request.restated)
        spendings = flow.spendings()
        compared = compare([one.charge for one in stated if one.charge is not None], spendings)
        if compared.restated and not request.restated:
            refuse_restated(compared, request.place or "--cost")
        refuse_paid_twice(compared.fresh, [one for _, one in held(spendings).charges], flow.project.currency)
        costs = (*compared.fresh, *(new for new, _ in compared.restated))
        if not request.dry_run and (periods or costs):
            meta = {"version": __version__, "schema": SCHEMAS[SERVED], "phase": f"iter-{len(flow.rounds())}"}
            new = [NewEntry("record", period, SERVED, meta) for period in periods]
            new += [NewEntry("spend", cost, "spend", {"phase": meta["phase"]}) for cost in costs]
            flow.ledger.append_many(new, recorded_at=now())
    corrected = sum(bool(period.supersedes) for period in periods)
    return Metered(
        flow.project.currency, periods, costs, len(stated) - len(periods), corrected, dry_run=request.dry_run
    )


def _served(flow: Flow, request: ServingAsked) -> "Sequence[Stated]":
    """The periods of the file that is asked for, or the one that was typed."""
    from tunecase.books.importers import Mistakes, MoneyRead, PeriodText, meter_table, read_period

    names = ("first", "last", "answers", "tokens_in", "tokens_out", "gpu_hours", "busy_hours", "per_busy_hour", "cost")
    typed = {name: getattr(request, name) for name in names if getattr(request, name) is not None}
    reads = MoneyRead(flow.project.currency, flow.project.rates)
    if request.place and not typed:
        return meter_table(request.place, reads, flow.today)

    def option(name: str) -> str:
        return SERVING_OPTIONS.get(name, f"--{name.replace('_', '-')}")

    if request.place:
        got = f"{', '.join(option(name) for name in typed)} beside the file {request.place}"
        raise InputError(Problem("spend serving", got, "a file, or the figures of one period", "leave one of them out"))
    mistakes = Mistakes()
    period = read_period(PeriodText(**typed), option, reads, flow.today, mistakes)
    mistakes.refuse("spend serving")
    return () if period is None else (period,)


def charges(
    flow: Flow, *, category: str = "", run: str = "", source: str = "", since: str | None = None,
    until: str | None = None,
) -> Charges:  # fmt: skip
    """The charges of the ledger, with why some of them count in no sum.

    Args:
        category, run, source: of the charges asked for; empty for all.
        since, until: their first and last day, as typed.
    """
    from tunecase.books import DIGITS

    problems: list[Problem] = []
    first, last = _day("--from", since, problems), _day("--to", until, problems)
    booked = flow.spendings()
    problems += _unknown("--category", category, {*CATEGORIES, *(charge.category for _, charge in booked)})
    problems += _unknown("--source", source, {charge.source for _, charge in booked})
    if problems:
        raise InputError(problems)

    def is_asked_for(charge: Spending) -> bool:
        named = ((category, charge.category), (run, charge.run), (source, charge.source))
        in_days = (first is None or charge.on >= first) and (last is None or charge.on <= last)
        return in_days and all(wanted in ("", own) for wanted, own in named)

    rules = _rules(flow)
    through = {entry.id: entry.through for entry in flow.ledger.entries_of("spend")}
    listed = [
        replace(row, face=through[row.id][0], seen=through[row.id][1])
        for row in _listed(booked, _mapped(flow, rules)) if is_asked_for(row.charge)
    ]  # fmt: skip
    with localcontext(prec=DIGITS):
        total = sum((entry.charge.amount_base for entry in listed if not entry.out), Decimal(0))
    ordered = tuple(sorted(listed, key=lambda entry: entry.charge.on))
    return Charges(flow.project.currency, ordered, total, len(booked) - len(listed), unread_charges(flow.ledger))


def _unknown(option: str, word: str, words: set[str]) -> list[Problem]:
    if not word or word in words:
        return []
    nothing = Problem(option, repr(word), "a charge in the ledger", "book one")
    return [one_of(option, word, sorted(words)) if words else nothing]


def _listed(booked: Sequence[tuple[str, Spending]], mapped: Mapping[str, str]) -> list[Charge]:
    """Every charge as it counts, or with why it counts in no sum, and the rule that it goes by."""
    from tunecase.books import held, latest_of

    standing, latest = dict(held(booked).charges), latest_of(booked)
    rows = []
    for name, charge in booked:
        if name in standing:
            counts = standing[name]
            whole = None if counts.amount == charge.amount else charge.amount
            rows.append(Charge(name, counts, booked=whole, mapped=mapped.get(name, "")))
        else:
            rows.append(Charge(name, charge, "corrected" if latest[name] != name else "its bill counts"))
    return rows


def _rules(flow: Flow) -> tuple[LineRule, ...]:
    from tunecase.books import rules_of

    return rules_of(flow.ledger.entries_of(*RULES))


def _as_booked(flow: Flow) -> list[tuple[str, Spending]]:
    """(id, charge) on the lines under which charges were booked, before any rule."""
    return [(entry.id, entry.record()) for entry in flow.ledger.entries_of("spend")]


def _mapped(flow: Flow, rules: Sequence[LineRule]) -> dict[str, str]:
    """The match of the rule that a charge goes by, by its entry."""
    from tunecase.books import rule_for

    goes_by = {name: rule_for(charge, rules) for name, charge in _as_booked(flow)} if rules else {}
    return {name: rule.match for name, rule in goes_by.items() if rule is not None}


def spend_map(flow: Flow, match: str = "", line: str = "", *, undo: bool = False) -> Mapped:
    """Puts what landed in `other` on a line of the plan, by a rule that also holds for what is booked later.

    Charges stay as they were booked: rules are entries of their own, read whenever charges are summed.

    Args:
        match: a field and its value, such as service=Amazon S3, `*` for any letters; nothing lists the rules.
        line: the line to count it on.
        undo: takes a rule back.
    Raises: InputError with what is wrong with the rule, or where it would move nothing.
    """
    from tunecase.books import RULE_VERB, rule_problems

    rules, rule = _rules(flow), None
    if match or line or undo:
        problems = rule_problems(match, line) or _idle_rule(flow, LineRule(match, line, flow.today), rules, undo)
        if problems:
            raise InputError(problems)
        rule = LineRule(match, "" if undo else line, flow.today)
        flow.ledger.append("record", rule, recorded_at=now(), verb=RULE_VERB)
    return _mapped_record(flow, rule)


def _idle_rule(flow: Flow, rule: LineRule, rules: Sequence[LineRule], undo: bool) -> list[Problem]:
    """What is wrong with a rule that can be read: it is none to be undone, has no line, or fits no charge."""
    from tunecase.books import UNPLACED, map_command, rule_for, unplaced

    if undo:
        made = [one.match for one in rules]
        wanted = f"a rule: {', '.join(made)}" if made else "a rule; there is none"
        return [] if rule.match in made else [Problem("MATCH", repr(rule.match), wanted, nearest(rule.match, made))]
    if not rule.line or rule.line == UNPLACED:
        lines = ", ".join(name for name in CATEGORIES if name != UNPLACED)
        fix = map_command(rule.match, CATEGORIES[0])
        return [Problem("LINE", rule.line or "nothing", f"one of {lines}", f"write for example `{fix}`")]
    booked = [charge for _, charge in _as_booked(flow)]
    if any(rule_for(charge, [rule]) for charge in booked):
        return []
    there = [row.match for row in unplaced(booked)[:5]]
    wanted = f"what lies in other: {', '.join(there)}" if there else "a charge in other; there is none"
    return [Problem("MATCH", repr(rule.match), wanted, nearest(rule.match, there) if there else "book charges first")]


def _mapped_record(flow: Flow, made: LineRule | None) -> Mapped:
    from tunecase.books import DIGITS, held, rule_for, unplaced

    rules = _rules(flow)
    charges = [charge for _, charge in held(_as_booked(flow)).charges]
    moved: dict[str, list[Decimal]] = {rule.match: [] for rule in rules}
    left = []
    for charge in charges:
        rule = rule_for(charge, rules)
        if rule is None:
            left.append(charge)
        else:
            moved[rule.match].append(charge.amount_base)
    with localcontext(prec=DIGITS):
        sums = tuple(Unplaced(match, len(paid), sum(paid, Decimal(0))) for match, paid in moved.items())
    return Mapped(flow.project.currency, made, rules, sums, unplaced(left))


def _lines_by_day(flow: Flow) -> Mapping[date, frozenset[str]]:
    lines_of: dict[date, set[str]] = defaultdict(set)
    for _, charge in flow.spendings():
        if charge.line_id:
            lines_of[charge.began_at.date() if charge.began_at else charge.on].add(charge.line_id)
    return {day: frozenset(lines) for day, lines in lines_of.items()}


def _read(flow: Flow, kind: str, place: str, request: ImportAsked, lines: Mapping[date, frozenset[str]]) -> "Brought":
    from tunecase.books.importers import focus_bill, shortened, spent_mlflow, spent_runs, timesheet

    readers: Mapping[str, Callable[[str, SpendAsked], Brought]] = {
        "focus": focus_bill,
        "mlflow": spent_mlflow,
        "runs": spent_runs,
        "timesheet": timesheet,
    }
    if kind not in readers:
        raise InputError(one_of("kind", kind, list(readers)))
    asked = replace(_words(flow, request), booked=lambda day: lines.get(day, frozenset()))
    return shortened(readers[kind](place, asked))


def _book(flow: Flow, kind: str, place: str, request: ImportAsked, brought: "Brought") -> Imported:
    from tunecase.books import IMPORT_KEY, IMPORT_WORDS
    from tunecase.books.importers import compare, digest_of, refuse_restated
    from tunecase.ledger import NewEntry

    booked = flow.spendings()
    compared = compare(brought.spendings, booked, brought.beside)
    if compared.restated and not request.restated:
        refuse_restated(compared, place)
    _refuse_beyond(flow, place, compared, booked, request.large_credit)
    record = _record(flow, kind, place, brought, compared, request.dry_run)
    charges = [*compared.fresh, *(new for new, _ in compared.restated)]
    if request.dry_run or not charges:
        return record
    meta = {"version": __version__, "price_book": catalog.price_book(), "phase": f"iter-{len(flow.rounds())}"}
    # The record comes first: where a crash leaves a part of the charges, it says how many there were.
    key = {
        IMPORT_KEY: digest_of({"place": record.place, "rows": " ".join(one.row_id + one.supersedes for one in charges)})
    }
    meta |= {IMPORT_WORDS: digest_of({"kind": kind, "place": record.place, "words": _asked_for(request)})}
    own = {"phase": meta["phase"], **key}
    new = [NewEntry("spend", charge, "spend", own) for charge in charges]
    flow.ledger.append_many([NewEntry("record", record, "imported", {**meta, **key}), *new], recorded_at=now())
    return record


def _asked_for(request: ImportAsked) -> str:
    """What is asked for, whose digest ledgers hold: never to be written otherwise, whatever the fields are called."""
    names = "tags services since until on category run_tags cost gpu gpu_count experiment".split()
    said = ", ".join(f"{name}={getattr(request, name)!r}" for name in names)
    return f"ImportAsked({said}, restated=False, dry_run=False, told=None)"


def _refuse_beyond(
    flow: Flow, place: str, compared: "Compared", booked: Sequence[tuple[str, Spending]], large_credit: bool
) -> None:
    """Raises InputError with the new charges that pass a limit, the first of many, and where more comes back than paid.

    What is booked already was looked at when it was.
    """
    from tunecase.books import beyond_limits, more_back_than_paid
    from tunecase.books.importers import Mistakes

    charges = [*compared.fresh, *(new for new, _ in compared.restated)]
    mistakes = Mistakes()
    for charge in charges:
        where = f"{charge.source_file or place}{f':{charge.row}' if charge.row else ''}"
        for field_name, got, wanted in beyond_limits(charge, flow.today):
            mistakes.add(f"{where}, {field_name}", got, wanted, "correct the row, or leave it out")
    mistakes.refuse(place)
    if not large_credit and (problem := more_back_than_paid(booked, charges, flow.project.currency)):
        raise InputError(problem)


def _record(flow: Flow, kind: str, place: str, brought: "Brought", compared: "Compared", dry_run: bool) -> Imported:
    """The sums of what is new; a correction counts with what it changes."""
    from tunecase.books import DIGITS, GPU_HOUR, HOUR, placed, unplaced
    from tunecase.books.importers import bare_address, book_check

    rules = _rules(flow)
    charges = [placed(charge, rules) for charge in (*compared.fresh, *(new for new, _ in compared.restated))]
    replaced = [Decimal(0)] * len(compared.fresh) + [old.amount_base for _, old in compared.restated]
    by_category: dict[str, Decimal] = defaultdict(Decimal)
    by_kind: dict[str, Decimal] = defaultdict(Decimal)
    hours: dict[str, Decimal] = defaultdict(Decimal)
    with localcontext(prec=DIGITS):
        for charge, before in zip(charges, replaced, strict=True):
            by_category[charge.category] += charge.amount_base - before
            by_kind[charge.charge] += charge.amount_base - before
            of_people = charge.unit == HOUR and charge.category in WORK
            if charge.quantity is not None and (charge.unit == GPU_HOUR or of_people):
                hours[f"{charge.unit}s"] += charge.quantity
        total = sum(by_category.values(), Decimal(0))
    days = [charge.on for charge in charges]
    return Imported(
        kind=kind, place=bare_address(place) if "://" in place else Path(place).name, rows=brought.rows,
        booked=len(charges),
        known=compared.known, currency=flow.project.currency, amount=total, dry_run=dry_run,
        restated=len(compared.restated), filtered=brought.filtered, zero=sum(not charge.amount for charge in charges),
        negative=sum(charge.amount < 0 for charge in charges), by_category=dict(sorted(by_category.items())),
        by_kind=dict(sorted(by_kind.items())), hours=dict(sorted(hours.items())), first=min(days, default=None),
        last=max(days, default=None), checks=book_check(charges, flow.project.base_per_usd),
        left_out=brought.left_out, unplaced=unplaced(charges),
        notes=(*brought.notes, *_notes(charges, compared.alike, flow.project.currency, flow.project.rates)),
    )  # fmt: skip


def _notes(charges: Sequence[Spending], alike: int, base: str, dated: "Sequence[Rate]") -> list[str]:
    """Rows that are another's but for words, and the rates of other currencies, so that nobody must look for them."""
    from tunecase.books import rates_told

    rates = Counter((one.currency, one.fx_rate) for one in charges if one.currency != base)
    notes = [f"{code} at {rate} {base} by the project's dated rates" for code, rate in sorted(rates)]
    notes += rates_told(charges, base, dated)
    if not alike:
        return notes
    words = "of the same line and amount, though other cells differ; rows that are owed besides stand in one place"
    return [f"{counted(alike, 'row')} taken for what is booked: {words} with those", *notes]


def _words(flow: Flow, request: ImportAsked) -> "SpendAsked":
    """What was typed, read and checked."""
    from tunecase.books.importers import SpendAsked

    problems = _word_problems(request)
    since, until, on = (
        _day(name, text, problems)
        for name, text in (("--from", request.since), ("--to", request.until), ("--on", request.on))
    )
    if since and until and since > until:
        problems.append(Problem("--from", f"{since}, after --to {until}", "a day before --to", "swap them"))
    gpu = _card(request.gpu, problems) if request.gpu else ""
    if problems:
        raise InputError(problems)
    tags = {key: value for key, _, value in (word.partition("=") for word in request.tags)}
    own = {"run_tags": tuple(request.run_tags)} if request.run_tags else {}
    return SpendAsked(
        today=flow.today, currency=flow.project.currency, rates=flow.project.rates, category=request.category,
        tags=tags, services=tuple(request.services), since=since, until=until,
        cost=cast(Literal["billed", "effective"], request.cost), gpu=gpu, gpu_count=request.gpu_count, on=on,
        experiment=request.experiment, gpu_hour=lambda name: _gpu_hour(flow, name),
        person_hour=lambda role: _person_hour(flow, role), piloted=lambda: _piloted(flow), on_read=request.on_read,
        **cast(Any, own),
    )  # fmt: skip


def _word_problems(request: ImportAsked) -> list[Problem]:
    """Words that cannot be meant: a tag without a value, a line or a cost that is not known, GPUs below none."""

    pairs = [(word, *word.partition("=")[:2]) for word in request.tags]
    problems = [
        Problem("--tag", repr(word), "a tag and its value", "write it as `--tag team=nlp`")
        for word, key, sign in pairs
        if not key or not sign
    ]
    if request.category not in ("", *CATEGORIES):
        problems.append(one_of("--category", request.category, CATEGORIES))
    if request.cost not in ("billed", "effective"):
        problems.append(Problem("--cost", repr(request.cost), "billed or effective", "leave it out for billed"))
    if request.gpu_count < 0:
        problems.append(Problem("--gpu-count", str(request.gpu_count), "a number of GPUs", "write for example 8"))
    return problems


def _card(name: str, problems: list[Problem]) -> str:
    try:
        return catalog.gpu(name).name
    except InputError as error:
        problems += [Problem("--gpu", one.got, one.wanted, one.fix) for one in error.problems]
        return ""


def _day(where: str, text: str | None, problems: list[Problem]) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        problems.append(Problem(where, repr(text), "a day that exists, year first", "write for example 2026-11-02"))
        return None


def _piloted(flow: Flow) -> list[tuple[datetime, Run]]:
    return [(entry.recorded_at, from_json(Run, entry.body)) for entry in flow.ledger.entries("run")]


def _gpu_hour(flow: Flow, gpu: str) -> "HourPrice | None":
    """The median price of one GPU's hour by the project's contract, tier and terms, else in the nearest tier."""
    import numpy as np

    from tunecase.books.importers import HourPrice
    from tunecase.prices import any_gpu_hour, hour_words

    basis = flow.basis(4_000)
    hour = any_gpu_hour(gpu, basis, terms=basis.terms) or any_gpu_hour(gpu, basis)
    if hour is None:
        return None
    price = Decimal(f"{float(np.median(hour.draws)):.4f}")
    return HourPrice(price, hour_words(hour))


def _person_hour(flow: Flow, role: str) -> "HourPrice | None":
    """The rate of a role in the project file; the only member's where no role is named; a range by its median."""
    from tunecase.books.importers import HourPrice

    team = flow.project.team
    fold = role.casefold().strip()
    members = [member for member in team if member.role.casefold().strip() == fold] or (list(team) if not fold else [])
    if len(members) != 1 or members[0].rate is None:
        return None
    spread = members[0].rate.spread
    guessed = spread.low != spread.high
    words = f"{members[0].role}: {members[0].rate.text}" + (", by its median" if guessed else "")
    return HourPrice(Decimal(f"{spread.median:.2f}"), words, guessed)


def spend(flow: Flow, charge: Spending) -> Entry:
    """Books one charge, and returns only when it is safe on disk."""
    return flow.ledger.append("spend", charge, recorded_at=now(), verb="spend")


def rate_words(flow: Flow, charge: Spending) -> str:
    """That a charge was booked at a rate of another time, and how to mend it; empty where it was not."""
    from tunecase.books import rates_told

    return ". ".join(rates_told([charge], flow.project.currency, flow.project.rates))


@dataclass(frozen=True, slots=True)
class ChargeAsked:
    """One charge in words as typed; None and "" stand for what is not said.

    Args:
        amount, currency: what was paid, such as 42.50, and in which money; the project's when left out.
        category: the line of the bill; that of the entry it corrects, else other, when left out.
        on: the day that it was paid (YYYY-MM-DD); today when left out.
        note: what for.
        credit: money that came back; None is False, and no fix speaks of one.
        replaces: the id of the entry that this one corrects.
        quantity, unit: how much was bought, and in which unit: 34 and h, GPU hour or example.
        large_credit: books money back though it is more than was ever charged.
    """

    amount: str
    currency: str | None = None
    category: str | None = None
    on: str | None = None
    note: str = ""
    credit: bool | None = False
    replaces: str = ""
    quantity: str | None = None
    unit: str = ""
    large_credit: bool = False


def spend_text(flow: Flow, request: ChargeAsked) -> Entry:
    """Books one charge from words as typed; a correction stays on the line of what it corrects unless it names one.

    Raises: InputError with every mistake found, also where the charge to replace is corrected already, and for a
        credit that passes all that was ever charged.
    """
    from tunecase.books import ChargeText, beyond_limits, more_back_than_paid, spending, to_correct

    booked = _as_booked(flow)  # a rule moves what is corrected as it moved what it corrects, until it is undone
    corrected = to_correct(request.replaces, booked) if request.replaces else ""
    line = request.category or next((one.category for name, one in booked if name == corrected), "other")
    text = ChargeText(
        request.amount, line, request.on or flow.today.isoformat(), request.currency, request.note, request.quantity,
        request.unit, supersedes=corrected, credit=request.credit,
    )  # fmt: skip
    project = flow.project
    charge = spending(text, project_currency=project.currency, rates=project.rates, today=flow.today)
    if problems := [Problem(*beyond, "correct it") for beyond in beyond_limits(charge, flow.today)]:
        raise InputError(problems)
    if not request.large_credit and (problem := more_back_than_paid(booked, [charge], project.currency)):
        raise InputError(problem)
    return spend(flow, charge)
