"""What no single field shows: paths that lead nowhere, money without a rate, targets and shares that conflict."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from tunecase import catalog
from tunecase.errors import Problem, nearest
from tunecase.io import Lines, no_file
from tunecase.project.bill import OF_EVERY_KIND, OF_KIND, CostLine
from tunecase.project.fields import AT_COVERAGE
from tunecase.quantities import Quantity, UnitError, memory_gb

if TYPE_CHECKING:
    from tunecase.project.fields import Compute, Project, Rollouts, ScoreLog

Place = tuple[str | int, ...]
SHARES_OFF = 0.02
MOST_SCORE = 1e9
NOTHING_RIGHT = (("problem", "baseline"), ("today", "score"))  # scores that may be 0%
REGION = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
LETTERS_OF_AN_AREA = 2  # such as eu in eu-central-1


@dataclass(frozen=True, slots=True)
class _Written:
    """A project with the file it was written in: where each field stands, and which metrics are known."""

    project: "Project"
    path: Path
    lines: Lines
    names: Mapping[str, Sequence[str]]

    def at(self, *loc: str | int) -> str:
        """The place of a field in words."""
        return where_of(loc, self.lines, self.path.name)

    def better(self, metric: str | None, direction: str | None) -> str:
        """Which way a metric is better: as stated, else as the tables know it."""
        return direction or ("lower" if (metric or "").casefold() in self.names.get("lower metric", ()) else "higher")


def conflicts(project: "Project", path: Path, lines: Lines, names: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    """Every problem between the fields of a project, and between them and the folder, each at its line."""
    written = _Written(project, path, lines, names)
    for conflict in CONFLICTS:
        yield from conflict(written)


def score_conflicts(project: "Project", path: Path, names: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    """What is wrong with the scores of a project that were not typed, as it would be with typed ones."""
    written = _Written(project, path, {(): 0}, names)
    for conflict in (_score_problems, _lost_ground, _fallback_problems):
        yield from conflict(written)


def where_of(loc: Sequence[str | int], lines: Lines, file: str) -> str:
    """A place in words: the file and line of the nearest field that was written, or the option that changed it.

    A field that stands in no file, at line 0, is its own place.
    """
    at = tuple(loc)
    while at and at not in lines:
        at = at[:-1]
    line = lines.get(at, 1)
    if isinstance(line, str):
        return line
    field = ".".join(str(part) for part in loc)
    return f"{file}:{line}: {field}" if line else field


def _path_problems(written: _Written) -> Iterator[Problem]:
    project = written.project
    paths: list[tuple[Place, str | None]] = [
        (("data", name), getattr(project.data, name)) for name in ("train", "test", "pool", "production")
    ]
    paths.append((("prices",), project.prices))
    paths += [(("models", i), name) for i, name in enumerate(project.models) if is_path(name)]
    root = written.path.resolve().parent
    logs = list(_logs(project))
    for loc, given in [*paths, *((loc, log.file) for loc, log, _ in logs)]:
        folder_ok = loc[0] == "data" or loc[-1] == "file"
        if given is not None and (wrong := _wrong_with_path(given, root, folder_ok=folder_ok)):
            yield Problem(written.at(*loc), *wrong)
    for loc, log, score in logs:
        if score is not None:
            got, fix = f"{log.file!r} beside the score {score!r}", "delete one of the two"
            yield Problem(written.at(*loc), got, "a log, or a score as a number", fix)


def _logs(project: "Project") -> Iterator[tuple[Place, "ScoreLog", str | float | None]]:
    """Every log that a score is taken from: its place, and the score that is stated beside it."""
    if project.problem.baseline_log is not None:
        yield ("problem", "baseline_log", "file"), project.problem.baseline_log, project.problem.baseline
    for name in type(project.alternatives).model_fields:
        way = getattr(project.alternatives, name)
        if way.score_log is not None:
            yield ("alternatives", name, "score_log", "file"), way.score_log, way.score


def _wrong_with_path(given: str, root: Path, *, folder_ok: bool) -> tuple[str, str, str] | None:
    """What was got, wanted and would mend a path; None where it leads to what it should."""
    if folder_ok and given.startswith("hf://"):  # a data set of the Hub is looked for when it is read
        return None
    try:
        # A data file may be a folder, and may name a split of it.
        full = (root / (given.rpartition("::")[0] or given)).resolve()
        inside, is_file, is_dir = full.is_relative_to(root), full.is_file(), full.is_dir()
    except (OSError, ValueError, RuntimeError):  # too long, a NUL inside, links that go round in a circle
        return repr(given), "a path", "correct the path"
    if not inside:
        return repr(given), f"a path inside {root.name}/", "copy the file into the project's folder"
    if is_file or (is_dir and folder_ok):
        return None
    if is_dir:
        return f"{given!r}, which is a folder", "a file", "name one file in it"
    wanted, fix = "a file in the project's folder", f"put the file at {given} or correct the path"
    if full.exists() and (problem := no_file(full, wanted, fix)):
        return f"{given!r}, which is {problem.got}", wanted, problem.fix
    return f"{given!r}, which does not exist", wanted, fix


def is_path(model: str) -> bool:
    """Whether a model is named by the path of its configuration."""
    return model.endswith("config.json")


def _currency_problems(written: _Written) -> Iterator[Problem]:
    project = written.project
    currencies = {project.currency, *(rate.currency for rate in project.rates)}
    for loc, quantity in quantities(project):
        if quantity.currency and quantity.currency not in currencies:
            fix = f"add to rates: {{currency: {quantity.currency}, value: ..., date: ...}}"
            wanted = f"{project.currency}, or a dated rate for {quantity.currency}"
            yield Problem(written.at(*loc), quantity.text, wanted, fix)
    if "USD" not in currencies:
        wanted = "a dated rate for USD, in which the price tables are kept"
        fix = "add to rates: {currency: USD, value: ..., date: ...}"
        yield Problem(written.at("currency"), project.currency, wanted, fix)


def _scores(project: "Project") -> Iterator[tuple[Place, str | float | None, str | None, str | None]]:
    """Every score of the file: its place, as typed, its metric and the stated direction."""
    problem = project.problem
    for name in ("target", "fallback", "baseline"):
        yield ("problem", name), getattr(problem, name), problem.metric, problem.direction
    yield ("today", "score"), project.today.score, problem.metric, problem.direction
    for index, more in enumerate(problem.further_targets):
        yield ("problem", "further_targets", index, "target"), more.target, more.metric, more.direction
    for name in type(project.alternatives).model_fields:
        given = getattr(project.alternatives, name).score
        yield ("alternatives", name, "score"), given, problem.metric, problem.direction


def _score_problems(written: _Written) -> Iterator[Problem]:
    for loc, given, metric, direction in _scores(written.project):
        if given is None:
            continue
        try:
            score = read_score(given)
        except ValueError:
            yield _not_a_score(written, loc, given)
            continue
        if score == 0 and loc in NOTHING_RIGHT:
            continue  # nothing is right today
        if written.better(metric, direction) == "higher" and not 0 < score <= 1:
            meant_percent = 1 < score <= 100 and "%" not in str(given)
            fix = f"write {score:g}%" if meant_percent else "write a score between 0 and 100%"
            wanted = "0 to 100%" if loc in NOTHING_RIGHT else "more than 0 and at most 100%"
            yield Problem(written.at(*loc), repr(given), wanted, fix)
        elif not 0 < score <= MOST_SCORE:
            wanted = f"more than 0 and at most {MOST_SCORE:g}"
            yield Problem(written.at(*loc), repr(given), wanted, "write a positive score")


def _not_a_score(written: _Written, loc: Place, given: str | float) -> Problem:
    """A score that is no number: a target may name a coverage, but only one."""
    if loc != ("problem", "target"):
        return Problem(written.at(*loc), repr(given), "a score such as 92% or 0.92", "write one number")
    coverage = written.project.problem.coverage
    if coverage is not None and AT_COVERAGE.fullmatch(str(given)):
        got, fix = f"{given!r} beside problem.coverage: {coverage.text}", "delete one of the two"
        return Problem(written.at(*loc), got, "one coverage", fix)
    wanted = "a score such as 92% or 0.92, or one with its coverage such as 95% at 70% coverage"
    return Problem(written.at(*loc), repr(given), wanted, "write one number, or a target in these words")


def _second_targets(written: _Written) -> Iterator[Problem]:
    """Two targets of one metric."""
    problem = written.project.problem
    first = {(problem.metric or "").casefold(): problem.target} if problem.metric and problem.target is not None else {}
    for index, more in enumerate(problem.further_targets):
        name = more.metric.casefold()
        if name in first and _number(first[name]) != _number(more.target):
            got = f"{more.target!r}, a second target for {more.metric}"
            wanted = f"one target for each metric, such as {first[name]!r}"
            where = written.at("problem", "further_targets", index, "target")
            yield Problem(where, got, wanted, "delete one of the two")
        first.setdefault(name, more.target)


def _wrong_directions(written: _Written) -> Iterator[Problem]:
    """A direction that the metric does not have."""
    problem = written.project.problem
    stated: list[tuple[Place, str | None, str | None]] = [(("problem", "direction"), problem.metric, problem.direction)]
    stated += [
        (("problem", "further_targets", index, "direction"), more.metric, more.direction)
        for index, more in enumerate(problem.further_targets)
    ]
    for loc, metric, direction in stated:
        way = written.better(metric, None)
        if metric and direction and direction != way and metric.casefold() in written.names.get("metric", ()):
            got = f"{direction!r}, but {metric} is better {way}"
            yield Problem(written.at(*loc), got, way, f"write {way}, or delete the line")


def _lost_ground(written: _Written) -> Iterator[Problem]:
    """A target worse than what is in use."""
    problem = written.project.problem
    target, baseline = _number(problem.target), _number(written.project.score_today)
    if target is None or baseline is None:
        return
    better = written.better(problem.metric, problem.direction)
    if (target > baseline) if better == "lower" else (target < baseline):
        got = f"{problem.target!r}, worse than today's score of {written.project.score_today!r} ({better} is better)"
        fix = "correct one of the two, or problem.direction"
        yield Problem(written.at("problem", "target"), got, "a target beyond what is in use", fix)


def _fallback_problems(written: _Written) -> Iterator[Problem]:
    """A fallback that does not lie between what is in use today and the target."""
    problem = written.project.problem
    fallback = _number(problem.fallback)
    if fallback is None:
        return
    where = written.at("problem", "fallback")
    if problem.target is None:
        yield Problem(where, repr(problem.fallback), "a target that it falls short of", "add problem.target")
    lower = written.better(problem.metric, problem.direction) == "lower"
    today = written.project.score_today
    for name, side, given in (("problem.target", "short of", problem.target), ("today.score", "better than", today)):
        other = _number(given)
        if other is None:
            continue
        beyond = (fallback < other) if lower else (fallback > other)
        if fallback == other or beyond != (name == "today.score"):
            fix = "write a score between the two, or delete the line"
            yield Problem(where, repr(problem.fallback), f"{side} {name}, {given!r}", fix)


def _gain_problems(written: _Written) -> Iterator[Problem]:
    """A price of a miss where a miss brings its part of the gain, and a gain of which no score can bring a part."""
    problem, today = written.project.problem, written.project.score_today
    if problem.gain != "linear":
        return
    if problem.miss_cost is not None:
        wanted, fix = "no price of a miss: with a linear gain a score brings its part", "delete one of the two lines"
        yield Problem(written.at("problem", "miss_cost"), repr(problem.miss_cost.text), wanted, fix)
    if _number(problem.target) is not None and _number(problem.target) == _number(today):
        got = f"'linear', with a target of {problem.target!r} and the same score today"
        fix = "raise problem.target, or write gain: all_or_nothing"
        yield Problem(written.at("problem", "gain"), got, "a gain between today's score and the target", fix)


def _today_problems(written: _Written) -> Iterator[Problem]:
    """A way stated twice: today's, in `today` and under an older name, or a model; and a score that nobody has."""
    project, today = written.project, written.project.today
    twice: dict[Place, tuple[object, object]] = {
        ("today", "score"): (today.score, project.problem.baseline),
        ("today", "price_per_1k"): (today.price_per_1k, project.serving.price_per_1k_today),
        ("today", "model"): (today.model, project.serving.today),
    }
    older = ("problem.baseline", "serving.price_per_1k_today", "serving.today")
    for (loc, both), name in zip(twice.items(), older, strict=True):
        if None not in both:
            yield Problem(written.at(*loc), f"{both[0]!s} beside {name}", "one of the two", f"delete {name}")
    if today.who in ("people", "nobody"):
        for name in older[:2]:  # `tunecase inference --against` compares with a model by the third
            section, field = name.split(".")
            if (stray := getattr(getattr(project, section), field)) is not None:
                fix = f"delete {name}, or say under today: that a rule, a prompt or a model gives the answers"
                got = f"{stray!s} where today is {today.who}"
                yield Problem(written.at(section, field), got, "the cost of those who give the answers", fix)
    if today.who == "nobody" and today.score is not None:
        fix = "delete the score, or say who gives these answers"
        yield Problem(written.at("today", "score"), f"{today.score!s} of answers that nobody gives", "no score", fix)
    for name, times in Counter(project.models).items():
        if times > 1:
            yield Problem(written.at("models"), f"{name!r} {times} times", "each model once", "delete the other")


def _class_share_problems(written: _Written) -> Iterator[Problem]:
    shares = [quantity.spread.median for quantity in written.project.data.production_shares.values()]
    if shares and abs(sum(shares) - 1) > SHARES_OFF:
        got = f"shares that sum to {sum(shares):.0%}"
        yield Problem(written.at("data", "production_shares"), got, "a sum of 100%", "give every class its share")


def _error_share_problems(written: _Written) -> Iterator[Problem]:
    errors = written.project.problem.errors
    shares = [error.share.spread.median for error in errors if error.share is not None]
    where = written.at("problem", "errors")
    if len(errors) > 1 and len(shares) < len(errors):
        got = f"{len(errors)} kinds without shares"
        if shares:
            got = f"a share for {len(shares)} of {len(errors)} kinds of errors"
        fix = "add share: 30%, say, to every kind, or write one kind with the mean cost"
        yield Problem(where, got, "how often each kind comes", fix)
    elif shares and abs(sum(shares) - 1) > SHARES_OFF:
        yield Problem(where, f"shares that sum to {sum(shares):.0%}", "a sum of 100%", "give every kind its share")


def _group_problems(written: _Written) -> Iterator[Problem]:
    data = written.project.data
    if data.group_icc is not None and data.group is None:
        wanted = "the column that names the group"
        yield Problem(written.at("data", "group_icc"), "no data.group beside it", wanted, "add data.group")


def _owned_problems(written: _Written) -> Iterator[Problem]:
    """Owned GPUs without a name, and the tier `owned` without owned GPUs."""
    compute = written.project.compute
    if compute.owned is not None and compute.owned.gpu is None and len(compute.gpus) != 1:
        got = f"{len(compute.gpus)} cards under compute.gpus" if compute.gpus else "no card"
        fix = "add gpu: H100, say, under compute.owned"
        yield Problem(written.at("compute", "owned"), got, "the one card that is owned", fix)
    if compute.tier == "owned" and compute.owned is None:
        fix = "add compute.owned: {price: 30k USD, gpus: 8, gpu: H100}"
        yield Problem(written.at("compute", "tier"), "'owned' without compute.owned", "what the cards cost", fix)


def _terms_problems(written: _Written) -> Iterator[Problem]:
    """Rental terms for owned cards."""
    compute, where = written.project.compute, written.at("compute", "terms")
    if compute.tier == "owned" and compute.terms in ("spot", "reserved"):
        yield Problem(where, f"{compute.terms!r} for cards that are owned", "one of the two", "delete the line")
    if compute.minimum_hours is not None and (compute.tier == "owned" or compute.hosted is not None):
        whose = "cards that are owned" if compute.hosted is None else "a hosted model"
        got = f"{compute.minimum_hours.text} for {whose}"
        least = written.at("compute", "minimum_hours")
        yield Problem(least, got, "a minimum of rented cards", "delete the line")


def _rollout_problems(written: _Written) -> Iterator[Problem]:
    """Sampled answers beside an objective or a provider that samples none, or of sizes that cannot be."""
    compute = written.project.compute
    goal, rollout = catalog.objective(compute.objective or "sft"), compute.rollout
    if goal.samples and compute.hosted is not None:
        got, fix = f"{goal.name} with a hosted model", "delete compute.hosted, or the objective"
        yield Problem(written.at("compute", "objective"), got, "cards of one's own or rented ones", fix)
    if rollout is not None and not goal.samples:
        got, wanted = f"sampled answers with the objective {goal.name}", " or ".join(catalog.sampling_objectives())
        yield Problem(written.at("compute", "rollout"), got, wanted, "add compute.objective: grpo")
    elif rollout is not None:
        for name, *words in (*_wrong_lengths(written.project, rollout), *_wrong_sampler(compute, rollout, goal)):
            yield Problem(written.at("compute", "rollout", name), *words)


def _wrong_lengths(project: "Project", rollout: "Rollouts") -> Iterator[tuple[str, str, str, str]]:
    """The field, what was got, wanted and would mend lengths: beyond the model's context, a mean above the limit."""
    mean, limit = rollout.completion_mean or 0, rollout.completion_tokens or 0
    named = project.models_of("causal")[-1:] or (catalog.default("models").value,)
    contexts = {name.casefold(): row.context for row in catalog.models() for name in (row.name, *row.aliases)}
    context = contexts.get(named[0].casefold()) or math.inf
    longest = max(mean, limit) + (rollout.prompt_tokens or int(catalog.default("rollout.prompt_tokens").value))
    if longest > context:
        field = "completion_tokens" if limit else "completion_mean" if mean else "prompt_tokens"
        got, fix = f"{longest:,} tokens with the prompt", "shorten the answers, or list a model with a longer context"
        yield field, got, f"at most {context:,}, the context of {named[0]}", fix
    elif limit and mean > limit:
        wanted, fix = f"at most {limit:,}, where answers are cut", "lower the mean, or raise completion_tokens"
        yield "completion_mean", f"{mean:,} tokens", wanted, fix


def _wrong_sampler(
    compute: "Compute", rollout: "Rollouts", goal: catalog.Objective
) -> Iterator[tuple[str, str, str, str]]:
    """The same of groups that are too small, and of cards that sample."""
    group, own = rollout.group_size or goal.group_size, rollout.sampler_gpus
    if group < goal.least_group:
        wanted = f"group_size {goal.least_group} or more"
        yield "group_size", f"group_size {group} with {goal.name}", wanted, "use 8, a common size"
    apart = rollout.sampler in catalog.OWN_CARDS or (own is not None and rollout.sampler is None)
    if own is not None and not apart:
        fix = "write sampler: separate, or delete sampler_gpus"
        yield "sampler_gpus", f"{own} with {rollout.sampler}", "a sampler with cards of its own", fix
    held = compute.owned.gpus if compute.owned is not None and compute.tier == "owned" else None
    cards = compute.gpu_count or held
    if apart and cards is not None and (own or 1) >= cards:
        field = "sampler_gpus" if own is not None else "sampler"
        yield field, f"{own or 1} of {cards} cards", "cards left to train on", "raise gpu_count, or sample on fewer"
    if rollout.engine_share is not None and rollout.engine_share.spread.median >= 1:
        yield "engine_share", rollout.engine_share.text, "less than a whole card", "use 30%, a common share"


def _card_problems(written: _Written) -> Iterator[Problem]:
    """A memory that no card can have, or of no one card."""
    compute = written.project.compute
    if compute.card_memory is None:
        return
    where = written.at("compute", "card_memory")
    try:
        memory_gb(compute.card_memory)
    except UnitError as error:
        yield Problem(where, error.got, error.wanted, error.fix)
    if len(compute.gpus) != 1:
        yield Problem(where, f"one memory for {len(compute.gpus)} cards", "one card under gpus", "name the card there")


def _rows_problems(written: _Written) -> Iterator[Problem]:
    """Neither a training file nor a number of rows to plan with, or both."""
    data = written.project.data
    if data.train is None and data.rows is None and data.buy_first is None:
        fix = "add `train:`, or `rows: 50k` and `tokens_per_row: 300 to 600` to plan without a file"
        yield Problem(written.at("data", "train"), "nothing", "the field 'train'", fix)
    for name in ("rows", "buy_first", "tokens_per_row"):
        given = getattr(data, name)
        if data.train is not None and given is not None:
            fix = "delete one of the two: the training file says it better"
            got = f"{given.text} beside data.train"
            yield Problem(written.at("data", name), got, "a plan without a training file", fix)


def _pool_problems(written: _Written) -> Iterator[Problem]:
    """A first purchase larger than the pools, and a smallest order larger than its source."""
    data = written.project.data
    for index, source in enumerate(data.sources):
        least, pool = source.minimum, source.pool
        if least is not None and pool is not None and least.spread.median > pool.spread.median:
            got, where = (
                f"{least.text} of a source that has {pool.text}",
                written.at("data", "sources", index, "minimum"),
            )
            yield Problem(where, got, "a smallest order that the source can fill", "lower it, or raise its pool")
    pools = sum(source.pool.spread.median if source.pool else math.inf for source in data.sources)
    if data.sources and data.first_purchase > pools:
        got = f"{data.first_purchase:,} examples of sources that have {pools:,.0f}"
        wanted = "no more than the pools of data.sources hold"
        yield Problem(written.at("data", "buy_first"), got, wanted, "raise a pool, or add a source")


def _unknowns_problems(written: _Written) -> Iterator[Problem]:
    """An allowance that makes the work smaller."""
    given = written.project.unknowns
    if isinstance(given, Quantity) and given.spread.low < 1:
        fix = "write for example 1.0 to 1.5, `none`, or `outside view`"
        yield Problem(written.at("unknowns"), given.text, "a factor of at least 1", fix)


def _source_problems(written: _Written) -> Iterator[Problem]:
    """Fields that a source of that kind does not have and that would be ignored."""
    for index, source in enumerate(written.project.data.sources):
        for name in sorted(source.model_fields_set - OF_EVERY_KIND - OF_KIND[source.kind]):
            kinds = " or ".join(kind for kind, fields in OF_KIND.items() if name in fields)
            got = f"{name} of a source of kind {source.kind}, which it says nothing of"
            where = written.at("data", "sources", index, name)
            yield Problem(where, got, "a field of that kind", f"delete it; {name} is for {kinds}")


def _team_problems(written: _Written) -> Iterator[Problem]:
    """A member's cost or working time stated twice."""
    twice = (("rate", "salary"), ("rate", "load"), ("on_top", "share"), ("on_top", "hours"), ("on_top", "months"))
    for index, member in enumerate(written.project.team):
        for first, second in twice:
            if getattr(member, first) is not None and getattr(member, second) is not None:
                got, wanted = f"{second} beside {first}", f"{first} or {second}"
                yield Problem(written.at("team", index, second), got, wanted, "delete one of the two")


def _cost_problems(written: _Written) -> Iterator[Problem]:
    """A share of nothing, and two costs of one name."""
    names: set[str] = set()
    for index, cost in enumerate(written.project.costs):
        at = partial(written.at, "costs", index)
        if (name := cost.name.strip().casefold()) in names or not name:
            wanted = "a name of its own for each cost" if name else "a name"
            yield Problem(at("name"), repr(cost.name), wanted, "rename one of the two, or add them up in one line")
        names.add(name)
        if cost.amount.unit == "share":
            yield from _share_problems(cost, at)
        if cost.of is not None and cost.amount.unit != "share":
            fix = "write a share such as 20%, or delete `of`"
            yield Problem(at("of"), f"of: {cost.of} beside {cost.amount.text}", "a share of other lines", fix)


def _share_problems(cost: CostLine, at: Callable[[str], str]) -> Iterator[Problem]:
    if cost.of is None:
        wanted = "what it is a share of: people or all"
        yield Problem(
            at("of"), f"{cost.amount.text} of nothing", wanted, "add `of: people` (overhead) or `of: all` (tax)"
        )
    for name in ("when", "kind"):
        if name in cost.model_fields_set and getattr(cost, name) is not None:
            got = f"{name}: {getattr(cost, name)} beside {cost.amount.text}"
            wanted = "nothing: a share is paid with the lines that it is taken of"
            yield Problem(at(name), got, wanted, "delete the line, or write an amount of money")


def _effort_problems(written: _Written) -> Iterator[Problem]:
    """Hours of a round stated whole and by activity: one of the two must go."""
    project = written.project
    if project.effort_per_round is None:
        return
    for name in type(project.effort).model_fields:
        if getattr(project.effort, name) is not None:
            got = f"effort.{name} beside effort_per_round: {project.effort_per_round.text}"
            fix = "delete effort_per_round, which stands for all activities, or this line"
            yield Problem(written.at("effort", name), got, "hours by activity, or of a whole round", fix)


def _constraint_problems(written: _Written) -> Iterator[Problem]:
    """Constraints that name no language, licence or region, and what the project itself says against them."""
    rules = written.project.constraints
    codes, licences = catalog.language_codes(), _licences()
    for index, code in enumerate(rules.languages):
        if code.casefold() not in codes:
            where = written.at("constraints", "languages", index)
            yield Problem(where, repr(code), "a two-letter code of a language", "write for example en, de, fr, zh")
    for index, name in enumerate(rules.licences):
        if name.casefold() not in licences:
            where, wanted = written.at("constraints", "licences", index), "the short name of a licence"
            yield Problem(where, repr(name), wanted, nearest(name, sorted(licences)))
    for index, region in enumerate(rules.regions):
        if not REGION.fullmatch(region):
            where, fix = written.at("constraints", "regions", index), "write for example eu, us-east-1, westeurope"
            yield Problem(where, repr(region), "a region as a provider spells it, or its first part", fix)
    yield from _against_constraints(written)


def _against_constraints(written: _Written) -> Iterator[Problem]:
    """A provider that trains, where rows must stay; a region of the cards that is not among those allowed."""
    rules, compute = written.project.constraints, written.project.compute
    if rules.data_stays and compute.hosted is not None:
        got = f"{compute.hosted!r}, which its provider trains, beside constraints.data_stays"
        fix = "delete one of the two lines"
        yield Problem(written.at("compute", "hosted"), got, "training on machines of the company", fix)
    region = compute.region
    if region is not None and rules.regions and all(_is_elsewhere(region, allowed) for allowed in rules.regions):
        wanted = f"one in {' or '.join(rules.regions)}, as constraints.regions says"
        yield Problem(written.at("compute", "region"), repr(region), wanted, "correct one of the two")


def _is_elsewhere(region: str, allowed: str) -> bool:
    """Whether a region surely lies outside an allowed one; providers that spell areas in words cannot be told."""
    here, there = region.casefold(), allowed.casefold()
    if here == there or here.startswith(f"{there}-"):
        return False
    areas = here.partition("-")[0], there.partition("-")[0]
    return "-" in there or (len(areas[0]) == len(areas[1]) == LETTERS_OF_AN_AREA and areas[0] != areas[1])


def _licences() -> set[str]:
    """Licences known by a short name: those of the tables of models, encoders and data."""
    named = {row["name"] for row in catalog.read_table("licences")}
    named |= {model.licence for model in catalog.models()} | {one.licence for one in catalog.encoders()}
    return {name.casefold() for name in named if name}


CONFLICTS: tuple[Callable[[_Written], Iterator[Problem]], ...] = (
    _path_problems,
    _currency_problems,
    _score_problems,
    _second_targets,
    _wrong_directions,
    _lost_ground,
    _fallback_problems,
    _gain_problems,
    _today_problems,
    _class_share_problems,
    _error_share_problems,
    _group_problems,
    _owned_problems,
    _terms_problems,
    _rollout_problems,
    _card_problems,
    _rows_problems,
    _pool_problems,
    _source_problems,
    _unknowns_problems,
    _team_problems,
    _cost_problems,
    _effort_problems,
    _constraint_problems,
)


def rate_problems(project: "Project", today: date | None, lines: Lines, file: str) -> Iterator[Problem]:
    """Rates that cannot be used: dated after today, where today is known, or for the base currency itself."""
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
