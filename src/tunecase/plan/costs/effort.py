"""People's hours as a sum over activities, each with what drives it and a rate that is stated or assumed."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tunecase.plan.costs.training import runs_per_round, runs_with_failed
from tunecase.plan.costs.work import Work
from tunecase.quantities import Draws, Flags, band, counted, figures, np

When = Literal["once", "each round", "each round on data", "release"]
GPUS_PER_NODE = 8
ROWS_AT_HAND = 1_000  # rows that a round's work on the data holds before it grows
ALL, SHORT = "effort_per_round", "levers.first_run_hours"
MANAGEMENT = "management"
MANAGING = ("manag", "lead", "head", "owner", "director")  # parts of the names of roles that plan and report
FREE_TEXT = frozenset({"chrf", "rouge_l", "loss"})  # metrics of answers that people must read all the same


@dataclass(frozen=True, slots=True)
class Activity:
    """One kind of people's work: the field of `effort` that states it, when it is done, and its hours each time.

    `driver` says in words what the hours of one time grow with. `grown` gives them, shape (draws,); where it is None
    they are the default of the field. `reads` are the further defaults they may rest on.
    """

    field: str
    name: str
    when: When
    driver: Callable[[Work], str]
    grown: "Callable[[Work], Draws] | None" = None
    reads: tuple[str, ...] = ()

    def hours(self, work: Work) -> "Draws":
        """The hours of one time where the project file states none, shape (draws,)."""
        return _default(work, self.field) if self.grown is None else self.grown(work)


def _data_work(work: Work) -> "Draws":
    tenfolds = max(float(np.log10(max(work.rows, 1) / ROWS_AT_HAND)), 0.0)
    hours = _default(work, "data_work")
    return hours + tenfolds * _default(work, "data_work_tenfold") if tenfolds else hours


def _set_up(work: Work) -> "Draws":
    """Hours until a run trains: more for every doubling of its GPUs, and where it takes more than one machine."""
    if work.offer is not None:
        return _default(work, "set_up_hosted")
    gpus, hours = _gpus(work), _default(work, "set_up")
    if gpus > 1:
        hours = hours + math.log2(gpus) * _default(work, "set_up_doubling")
    return hours + _default(work, "set_up_nodes") if gpus > GPUS_PER_NODE else hours


def _runs(work: Work) -> "Draws":
    return runs_per_round(work) * work.draw("effort.runs")


def _evaluation(work: Work) -> "Draws":
    hours = _default(work, "evaluation")
    return hours if _none_read(work) else hours + work.draw("evaluation.read") * work.draw("effort.reading") / 60


def _default(work: Work, field: str) -> "Draws":
    return work.basis.draw(f"effort.{field}")


def _gpus(work: Work) -> int:
    return 1 if work.machine is None else max(work.machine.count, 1)


def _none_read(work: Work) -> bool:
    """Whether no answer is read: a metric scores classes and fields, and the project file asks for none."""
    problem = work.project.problem
    task = problem.task or work.task
    free = task == "generation" or (not task and (problem.metric or "") in FREE_TEXT)
    return work.project.evaluation.read is None and not free


def _rows_words(work: Work) -> str:
    return f"{work.rows:,} rows at hand"


def _gpu_words(work: Work) -> str:
    if work.offer is not None:
        return f"{work.offer.provider} trains"
    if work.machine is not None and work.machine.on_cores:
        return "plain cores"
    gpus = _gpus(work)
    nodes = f" on {-(-gpus // GPUS_PER_NODE)} machines" if gpus > GPUS_PER_NODE else ""
    return counted(gpus, "GPU") + nodes


def _run_words(work: Work) -> str:
    return f"{figures(band(runs_per_round(work)).p50)} runs a round"


def _reading_words(work: Work) -> str:
    if _none_read(work):
        return "no answers read by people"
    return f"{figures(band(work.draw('evaluation.read')).p50)} answers read a round"


ACTIVITIES: tuple[Activity, ...] = (
    Activity("data_work", "data work", "each round on data", _rows_words, _data_work, ("data_work_tenfold",)),
    Activity("prompts", "prompts and baselines", "once", lambda _: "one project"),
    Activity(
        "set_up", "training set-up", "once", _gpu_words, _set_up, ("set_up_doubling", "set_up_nodes", "set_up_hosted")
    ),
    Activity("runs", "runs watched", "each round", _run_words, _runs),
    Activity("evaluation", "evaluation", "each round", _reading_words, _evaluation),
    Activity("error_analysis", "error analysis", "each round", lambda _: "one test a round"),
    Activity("integration", "integration", "release", lambda _: "one release"),
    Activity("review", "review and sign-off", "release", lambda _: "one release"),
)
TRAINING = ("set_up", "runs")
EVALUATION = ("evaluation", "error_analysis")
AS_STATED = "as_stated"  # of rounds whose hours the project file states whole


def effort_of(work: Work) -> "dict[str, Draws]":
    """People's hours over a walk by activity, each of shape (draws,).

        hours of an activity = times done x hours each time;   management = share x hours of all others

    Where the project file states the hours of a whole round (`effort_per_round`), a part of them is evaluation and the
    rest `as_stated`; they hold set-up and release too, so nothing is added for those.
    """
    hours: dict[str, Draws] = {}
    for times, parts in _done(work):
        for field, each in parts.items():
            hours[field] = hours.get(field, 0.0) + times * each
    return hours


def round_hours(work: Work, *, on_data: bool) -> "Draws":
    """People's hours of one round, with work on the data or without, shape (draws,)."""
    return work.summed(_round(work, on_data=on_data).values())


def hours_once(work: Work) -> "Draws":
    """People's hours that the first step pays for, whichever it is, shape (draws,); none where work has begun."""
    return work.summed(() if work.begun else _beside_rounds(work, "once").values())


def hours_of_release(work: Work) -> "Draws":
    """People's hours to put a model to use, shape (draws,)."""
    return work.summed(_beside_rounds(work, "release").values())


def hours_of_a_run(work: Work) -> "Draws":
    """People's hours to watch one run of a search, with those that fail for it, shape (draws,).

    Nothing where the hours of a whole round are stated: they hold a search too.
    """
    return work.summed(_searching(work).values())


def beside_rounds(work: Work) -> "tuple[Draws, Draws]":
    """What comes before the rounds and after them, as shares of people's hours without evaluation, each (draws,).

    The first is that of a project's beginning, also where work has begun and the hours do not hold it any more.
    """
    whole = work.summed(each for field, each in effort_of(work).items() if field not in EVALUATION)
    first = work.summed(_beside_rounds(work, "once").values()) * work.walk.begun
    last = hours_of_release(work) * _released(work)
    over = np.where(whole > 0, whole, np.inf)
    return np.asarray(first / over), np.asarray(last / over)


def is_stated(work: Work) -> bool:
    """Whether all hours of a walk are the project file's own."""
    done = {field for times, parts in _done(work) if times.any() for field in parts}
    return all(_is_own(work, field) for field in done)


def rate_words(work: Work, field: str) -> tuple[str, bool]:
    """The hours that were taken for one time of an activity, in words, and whether they are the project file's own."""
    if field == AS_STATED:
        given = work.project.effort_per_round
        return (given.text if given is not None else work.basis.own_words(SHORT) or ""), True
    stated = getattr(work.project.effort, field)
    if stated is not None:
        return stated.text, True
    names = (field, *next((one.reads for one in ACTIVITIES if one.field == field), ()))
    used = [work.basis.used[name].value for name in (f"effort.{each}" for each in names) if name in work.basis.used]
    own = f" x {work.basis.hours_factor:.2f} (your own cases)" if work.basis.hours_cases and field != MANAGEMENT else ""
    return " + ".join(used) + own, False


def _done(work: Work) -> "Iterator[tuple[Draws, Mapping[str, Draws]]]":
    """(how often, hours of one time by activity) of everything that a walk does."""
    walk = work.walk
    yield np.asarray(work.begins, dtype=float), _beside_rounds(work, "once")
    yield walk.rounds - walk.short_rounds, _round(work, on_data=True)
    yield walk.short_rounds + 0.0 * walk.rounds, _round(work, on_data=False)
    yield walk.search_runs + 0.0 * walk.rounds, _searching(work)
    yield np.asarray(_released(work), dtype=float), _beside_rounds(work, "release")


def _released(work: Work) -> "Flags":
    """Where a model is put to use; where no curve is known, every project that begins ends in a release."""
    return work.walk.begun if work.walk.shipped is None else work.walk.shipped


def _round(work: Work, *, on_data: bool) -> "Mapping[str, Draws]":
    stated, basis = work.project.effort_per_round is not None, work.basis
    if on_data and not stated:
        return _together(work, "each round", "each round on data")
    whole = work.draw(ALL) if stated else np.inf
    if on_data or basis.own_words(SHORT) is not None:
        hours = whole if on_data else np.minimum(basis.draw(SHORT), whole)
        share = np.minimum(basis.draw("evaluation_share"), 1.0)  # of hours stated whole
        return {AS_STATED: hours * (1 - share), "evaluation": hours * share}
    parts = _together(work, "each round")
    # A round that lacks work on the data takes no longer than the whole one that is stated.
    part = np.minimum(whole / np.maximum(work.summed(parts.values()), 1e-9), 1.0)
    return {field: hours * part for field, hours in parts.items()}


def _searching(work: Work) -> "Mapping[str, Draws]":
    if work.project.effort_per_round is not None:
        return {}
    hours = runs_with_failed(work, 1.0) * work.draw("effort.runs") * work.basis.hours_factor
    return {"runs": hours, MANAGEMENT: _management(work) * hours}


def _beside_rounds(work: Work, when: When) -> "Mapping[str, Draws]":
    return {} if work.project.effort_per_round is not None else _together(work, when)


def _together(work: Work, *when: When) -> "Mapping[str, Draws]":
    """The hours of one time of all activities done then, and management's on top of them."""
    hours = {one.field: _hours_each(one, work) for one in ACTIVITIES if one.when in when}
    return {**hours, MANAGEMENT: _management(work) * work.summed(hours.values())}


def _hours_each(activity: Activity, work: Work) -> "Draws":
    """Hours of one time: the project file's own, else as what drives them says, at the pace of the team's own past."""
    if getattr(work.project.effort, activity.field) is None or activity.field == "runs":
        return activity.hours(work) * work.basis.hours_factor
    return work.draw(f"effort.{activity.field}")


def _management(work: Work) -> "Draws":
    """Hours added to each hour; none where the team names somebody who manages, with hours that come on top."""
    return np.zeros(work.basis.worlds.n) if _managed(work) else work.draw("effort.management")


def _managed(work: Work) -> bool:
    if work.project.effort.management is not None:
        return False
    beside = [member.role.casefold() for member in work.project.team if member.on_top is not None]
    return any(part in role for role in beside for part in MANAGING)


def _is_own(work: Work, field: str) -> bool:
    if field == AS_STATED or (field == MANAGEMENT and _managed(work)):
        return True
    if field == "evaluation" and work.project.effort_per_round is not None:
        return True
    return getattr(work.project.effort, field) is not None
