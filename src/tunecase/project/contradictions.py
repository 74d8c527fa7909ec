"""What no field shows alone: paths that lead nowhere, money without a rate, targets and shares that contradict."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from tunecase.errors import Problem
from tunecase.io import Lines
from tunecase.project.bill import OF_EVERY_KIND, OF_KIND
from tunecase.quantities import Quantity

if TYPE_CHECKING:
    from tunecase.project.fields import Project

Place = tuple[str | int, ...]
SET = 0  # the line of a field that was changed on the command line
SHARES_OFF = 0.02
MOST_SCORE = 1e9


def contradictions(
    project: "Project", path: Path, lines: Lines, known: Mapping[str, Sequence[str]]
) -> Iterator[Problem]:
    """Every problem between the fields of a project, and between them and the folder, each at its line."""
    file = path.name
    yield from _path_problems(project, path, lines)
    yield from _currency_problems(project, file, lines)
    yield from _score_problems(project, file, lines, known.get("lower metric", ()))
    yield from _contradicting_targets(project, file, lines, known)
    yield from _fallback_problems(project, file, lines, known.get("lower metric", ()))
    yield from _share_problems(project, file, lines)
    yield from _compute_problems(project, file, lines)
    yield from _planning_problems(project, file, lines)
    yield from _source_problems(project, file, lines)
    yield from _unknowns_problems(project, file, lines)
    yield from _team_problems(project, file, lines)


def where_of(loc: Sequence[str | int], lines: Lines, file: str) -> str:
    """A place in words: the file and line of the nearest field that was written, or the option that changed it."""
    at = tuple(loc)
    while at and at not in lines:
        at = at[:-1]
    words = ".".join(str(part) for part in loc)
    return f"--set {words}" if lines.get(at, 1) == SET else f"{file}:{lines.get(at, 1)}: {words}"


def _path_problems(project: "Project", path: Path, lines: Lines) -> Iterator[Problem]:
    root = path.resolve().parent
    asked: list[tuple[Place, str | None]] = [
        (("data", name), getattr(project.data, name)) for name in ("train", "test", "pool", "production")
    ]
    asked.append((("prices",), project.prices))
    asked += [(("models", i), name) for i, name in enumerate(project.models) if is_path(name)]
    for loc, given in asked:
        if given is None:
            continue
        where = where_of(loc, lines, path.name)
        try:
            # A data file may be a folder, and may name a split of it.
            full = (root / (given.rpartition("::")[0] or given)).resolve()
            inside, there = full.is_relative_to(root), full.is_file() or (loc[0] == "data" and full.is_dir())
        except (OSError, ValueError, RuntimeError):  # too long, a NUL inside, links that go round in a circle
            yield Problem(where, repr(given), "a path", "correct the path")
            continue
        if not inside:
            yield Problem(where, repr(given), f"a path inside {root.name}/", "copy the file into the project's folder")
        elif full.is_dir() and loc[0] != "data":
            yield Problem(where, f"{given!r}, which is a folder", "a file", "name one file in it")
        elif not there:
            fix = f"put the file at {given} or correct the path"
            yield Problem(where, f"{given!r}, which does not exist", "a file in the project's folder", fix)


def is_path(model: str) -> bool:
    """Whether a model is named by the path of its configuration."""
    return model.endswith("config.json")


def _currency_problems(project: "Project", file: str, lines: Lines) -> Iterator[Problem]:
    known = {project.currency, *(rate.currency for rate in project.rates)}
    for loc, quantity in quantities(project):
        if quantity.currency and quantity.currency not in known:
            fix = f"add to rates: {{currency: {quantity.currency}, value: ..., date: ...}}"
            yield Problem(
                where_of(loc, lines, file),
                quantity.text,
                f"{project.currency}, or a dated rate for {quantity.currency}",
                fix,
            )
    if "USD" not in known:
        yield Problem(
            where_of(("currency",), lines, file),
            project.currency,
            "a dated rate for USD, in which the price tables are kept",
            "add to rates: {currency: USD, value: ..., date: ...}",
        )


def _better(metric: str | None, direction: str | None, lower_metrics: Sequence[str]) -> str:
    """Which way a metric is better: as stated, else as the tables know it."""
    return direction or ("lower" if (metric or "").casefold() in lower_metrics else "higher")


def _scores(project: "Project") -> Iterator[tuple[Place, str | float, str | None, str | None]]:
    """Every score of the file: its place, as typed, its metric and the stated direction."""
    asked = project.problem
    for name in ("target", "fallback", "baseline"):
        yield ("problem", name), getattr(asked, name), asked.metric, asked.direction
    for index, more in enumerate(asked.further_targets):
        yield ("problem", "further_targets", index, "target"), more.target, more.metric, more.direction
    for name in type(project.alternatives).model_fields:
        given = getattr(project.alternatives, name).score
        yield ("alternatives", name, "score"), given, asked.metric, asked.direction


def _score_problems(project: "Project", file: str, lines: Lines, lower_metrics: Sequence[str]) -> Iterator[Problem]:
    for loc, given, metric, direction in _scores(project):
        if given is None:
            continue
        where = where_of(loc, lines, file)
        lower = _better(metric, direction, lower_metrics) == "lower"
        try:
            score = read_score(given)
        except ValueError:
            yield Problem(where, repr(given), "a score such as 92% or 0.92", "write one number")
            continue
        if not lower and not 0 < score <= 1:
            fix = (
                f"write {score:g}%"
                if 1 < score <= 100 and "%" not in str(given)
                else "write a score between 0 and 100%"
            )
            yield Problem(where, repr(given), "more than 0 and at most 100%", fix)
        elif not 0 < score <= MOST_SCORE:
            yield Problem(where, repr(given), f"more than 0 and at most {MOST_SCORE:g}", "write a positive score")


def _contradicting_targets(
    project: "Project", file: str, lines: Lines, known: Mapping[str, Sequence[str]]
) -> Iterator[Problem]:
    """Two targets of one metric, a direction the metric has not, a target worse than what is in use."""
    asked, lower_metrics = project.problem, known.get("lower metric", ())
    first = {(asked.metric or "").casefold(): asked.target} if asked.metric and asked.target is not None else {}
    for index, more in enumerate(asked.further_targets):
        name = more.metric.casefold()
        if name in first and _number(first[name]) != _number(more.target):
            where = where_of(("problem", "further_targets", index, "target"), lines, file)
            got = f"{more.target!r}, a second target for {more.metric}"
            yield Problem(where, got, f"one target for each metric, such as {first[name]!r}", "delete one of the two")
        first.setdefault(name, more.target)
    stated: list[tuple[Place, str | None, str | None]] = [(("problem", "direction"), asked.metric, asked.direction)]
    stated += [
        (("problem", "further_targets", index, "direction"), more.metric, more.direction)
        for index, more in enumerate(asked.further_targets)
    ]
    for loc, metric, direction in stated:
        way = _better(metric, None, lower_metrics)
        if metric and direction and direction != way and metric.casefold() in known.get("metric", ()):
            got = f"{direction!r}, but {metric} is better {way}"
            yield Problem(where_of(loc, lines, file), got, way, f"write {way}, or delete the line")
    target, baseline = _number(asked.target), _number(asked.baseline)
    if target is None or baseline is None:
        return
    better = _better(asked.metric, asked.direction, lower_metrics)
    if (target > baseline) if better == "lower" else (target < baseline):
        got = f"{asked.target!r}, worse than the baseline of {asked.baseline!r} ({better} is better)"
        fix = "correct one of the two, or problem.direction"
        yield Problem(where_of(("problem", "target"), lines, file), got, "a target beyond what is in use", fix)


def _fallback_problems(project: "Project", file: str, lines: Lines, lower_metrics: Sequence[str]) -> Iterator[Problem]:
    """A fallback lies between what is in use today and the target, or it says nothing."""
    asked = project.problem
    fallback = _number(asked.fallback)
    if fallback is None:
        return
    where = where_of(("problem", "fallback"), lines, file)
    if asked.target is None:
        yield Problem(where, repr(asked.fallback), "a target that it falls short of", "add problem.target")
    lower = _better(asked.metric, asked.direction, lower_metrics) == "lower"
    for name, side, given in (("target", "short of", asked.target), ("baseline", "better than", asked.baseline)):
        other = _number(given)
        if other is None:
            continue
        beyond = (fallback < other) if lower else (fallback > other)
        if fallback == other or beyond != (name == "baseline"):
            fix = "write a score between the two, or delete the line"
            yield Problem(where, repr(asked.fallback), f"{side} problem.{name}, {given!r}", fix)


def _share_problems(project: "Project", file: str, lines: Lines) -> Iterator[Problem]:
    """Shares that are parts of a whole and do not make one."""
    declared = {name: quantity.spread.median for name, quantity in project.data.production_shares.items()}
    if declared and abs(sum(declared.values()) - 1) > SHARES_OFF:
        where = where_of(("data", "production_shares"), lines, file)
        got = f"shares that sum to {sum(declared.values()):.0%}"
        yield Problem(where, got, "a sum of 100%", "give every class its share")
    shares = [one.share.spread.median for one in project.problem.errors if one.share is not None]
    where = where_of(("problem", "errors"), lines, file)
    kinds = len(project.problem.errors)
    if kinds > 1 and len(shares) < kinds:
        got = f"a share for {len(shares)} of {kinds} kinds of errors" if shares else f"{kinds} kinds without shares"
        fix = "add share: 30%, say, to every kind, or write one kind with the mean cost"
        yield Problem(where, got, "how often each kind comes", fix)
    elif shares and abs(sum(shares) - 1) > SHARES_OFF:
        yield Problem(where, f"shares that sum to {sum(shares):.0%}", "a sum of 100%", "give every kind its share")
    if project.data.group_icc is not None and project.data.group is None:
        where = where_of(("data", "group_icc"), lines, file)
        yield Problem(where, "no data.group beside it", "the column that names the group", "add data.group")


def _compute_problems(project: "Project", file: str, lines: Lines) -> Iterator[Problem]:
    """GPUs that are owned but not said which, a tier that owns none, prices on terms that nobody gave."""
    compute = project.compute
    if compute.owned is not None and compute.owned.gpu is None and len(compute.gpus) != 1:
        where = where_of(("compute", "owned"), lines, file)
        got = f"{len(compute.gpus)} cards under compute.gpus" if compute.gpus else "no card"
        yield Problem(where, got, "the one card that is owned", "add gpu: H100, say, under compute.owned")
    if compute.tier == "owned" and compute.owned is None:
        where = where_of(("compute", "tier"), lines, file)
        fix = "add compute.owned: {price: 30k USD, gpus: 8, gpu: H100}"
        yield Problem(where, "'owned' without compute.owned", "what the cards cost", fix)
    if compute.tier == "owned" and compute.terms in ("spot", "reserved"):
        where = where_of(("compute", "terms"), lines, file)
        yield Problem(where, f"{compute.terms!r} for cards that are owned", "one of the two", "delete the line")
    if compute.terms == "reserved" and project.prices is None:
        where = where_of(("compute", "terms"), lines, file)
        fix = "add `prices: prices.csv`, a file of your own prices, or write on_demand"
        yield Problem(where, "'reserved', which the price tables do not hold", "a reserved price of your own", fix)


def _planning_problems(project: "Project", file: str, lines: Lines) -> Iterator[Problem]:
    """A training file, or the number of rows to plan with, and not both."""
    data = project.data
    if data.train is None and data.rows is None and data.buy_first is None:
        fix = "add `train:`, or `rows: 50k` and `tokens_per_row: 300 to 600` to plan without a file"
        yield Problem(where_of(("data", "train"), lines, file), "nothing", "the field 'train'", fix)
    pools = [source.pool.spread.median if source.pool else math.inf for source in data.sources]
    if data.sources and data.first_purchase > sum(pools):
        where = where_of(("data", "buy_first"), lines, file)
        got = f"{data.first_purchase:,} examples of sources that have {sum(pools):,.0f}"
        yield Problem(where, got, "no more than the pools of data.sources hold", "raise a pool, or add a source")
    for name in ("rows", "buy_first", "tokens_per_row"):
        given = getattr(data, name)
        if data.train is not None and given is not None:
            where = where_of(("data", name), lines, file)
            fix = "delete one of the two: the training file says it better"
            yield Problem(where, f"{given.text} beside data.train", "a plan without a training file", fix)


def _unknowns_problems(project: "Project", file: str, lines: Lines) -> Iterator[Problem]:
    """An allowance that makes the work smaller."""
    given = project.unknowns
    if isinstance(given, Quantity) and given.spread.low < 1:
        where = where_of(("unknowns",), lines, file)
        fix = "write for example 1.0 to 1.5, `none`, or `outside view`"
        yield Problem(where, given.text, "a factor of at least 1", fix)


def _source_problems(project: "Project", file: str, lines: Lines) -> Iterator[Problem]:
    """Fields that say nothing of a source of that kind and would be ignored."""
    for index, source in enumerate(project.data.sources):
        for name in sorted(source.model_fields_set - OF_EVERY_KIND - OF_KIND[source.kind]):
            where = where_of(("data", "sources", index, name), lines, file)
            kinds = " or ".join(kind for kind, fields in OF_KIND.items() if name in fields)
            got = f"{name} of a source of kind {source.kind}, which it says nothing of"
            yield Problem(where, got, "a field of that kind", f"delete it; {name} is for {kinds}")


def _team_problems(project: "Project", file: str, lines: Lines) -> Iterator[Problem]:
    """What a member costs and how much he works, said twice."""
    twice = (("rate", "salary"), ("rate", "load"), ("on_top", "share"), ("on_top", "hours"), ("on_top", "months"))
    for index, member in enumerate(project.team):
        for one, other in twice:
            if getattr(member, one) is not None and getattr(member, other) is not None:
                where = where_of(("team", index, other), lines, file)
                yield Problem(where, f"{other} beside {one}", f"{one} or {other}", "delete one of the two")


def rate_problems(project: "Project", today: date | None, lines: Lines, file: str) -> Iterator[Problem]:
    """Rates that no plan can be made at: those later than today, where it is known, and of the base currency itself."""
    base = project.currency
    for index, rate in enumerate(project.rates):
        at = where_of(("rates", index, "date"), lines, file), where_of(("rates", index, "currency"), lines, file)
        if today is not None and rate.date > today:
            fix = "write the day on which the rate was read, or take it out"
            yield Problem(at[0], rate.date.isoformat(), f"a day up to {today.isoformat()}", fix)
        if rate.currency == base and rate.value != 1:
            yield Problem(at[1], f"{rate.value:g} {base} for one {base}", "rates of other currencies", "take it out")


def _number(given: str | float | None) -> float | None:
    try:
        return None if given is None else read_score(given)
    except ValueError:
        return None


def read_score(given: str | float) -> float:
    """A score from `92%`, `0.92` or a plain number.

    Raises: ValueError when it is not a finite number.

    Example:
        >>> read_score("92%")
        0.92
    """
    text = str(given).strip()
    score = round(float(text[:-1]) / 100, 12) if text.endswith("%") else float(text)
    if not math.isfinite(score):
        raise ValueError(text)
    return score


def quantities(section: BaseModel, at: Place = ()) -> Iterator[tuple[Place, Quantity]]:
    """Every quantity of a section with its place, at any depth."""
    for name in type(section).model_fields:
        value = getattr(section, name)
        items = enumerate(value) if isinstance(value, tuple) else [(None, value)]
        for index, item in items:
            loc = (*at, name) if index is None else (*at, name, index)
            if isinstance(item, Quantity):
                yield loc, item
            elif isinstance(item, BaseModel):
                yield from quantities(item, loc)
