"""What was measured of each way: by a pilot, or before one by the cheap probe; and what others published of it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tunecase import catalog
from tunecase.compute import base_model
from tunecase.errors import InputError
from tunecase.pilot import PROMPTS, metrics_of
from tunecase.prices import Basis, struck
from tunecase.problem.ways.grounds import CLASSES, Grounds
from tunecase.quantities import Interval80, counted, share, wilson
from tunecase.records import AtHand, Baseline, Candidate, EvalLog, ModelKind, Pilot, Promise

DOCUMENTS = "with documents"  # ends the name of a model that was shown passages of the user's documents
PROBE = "probe"
NEAREST = "nearest examples"  # a search over the vectors of the encoder that is taken where none is named
# The trainer whose runs measure a way; several ways of one kind differ by it.
LEARNERS = {"n_grams": PROBE, "encoder": "encoder", "encoder_tuned": "encoder-tuned"}
# The trainer that scores a way in a pilot.
SCORED_BY = {
    **LEARNERS, "nearest": "encoder", "prompt_hosted": "hosted", "decision": "decision", "retrieval": "hosted",
    "prompt_open": "lora", "tune_small": "lora", "tune_large": "lora",
}  # fmt: skip
TOY_PARAMS = 5e8  # a prompted model of so few parameters follows no instruction
FEW_ROWS = 200  # on which a published score is off by several points
ASKED = ("prompt_hosted", "decision", "prompt_open", "nearest", "retrieval")
KINDS: dict[str, ModelKind] = {
    "n_grams": "n-grams",
    "encoder": "encoder",
    "encoder_tuned": "encoder",
    "nearest": "search",
    "prompt_hosted": "hosted",
    "decision": "decision",
    "prompt_open": "causal",
    "retrieval": "hosted",
    "tune_small": "causal",
    "tune_large": "causal",
}


# The way that a kind of model gives answers in, but for those that a prompt or a trainer tells apart.
WAYS = {"n-grams": "n_grams", "hosted": "prompt_hosted", "decision": "decision", "encoder": "encoder",
        "search": "nearest"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """The score of a way that was measured on the test rows, and what came with it; None is not known.

    `usd_per_1k` is a provider's price; `seconds_per_answer` is by one process here, `on_cores` whether that needed no
    GPU.
    """

    name: str
    score: float
    interval: Interval80 | None = None
    seconds_per_answer: float | None = None
    usd_per_1k: float | None = None
    promise: Promise | None = None
    on_cores: bool = True
    model: str = ""


def can_be_scored(name: str, grounds: Grounds) -> bool:
    """Whether a pilot can score a way by the project's metric; True without one, since a pilot takes the usual one."""
    given = grounds.project.problem.metric
    if not given:
        return True
    try:
        metric = catalog.metric(given).name
    except InputError:  # the user's own
        return False
    return metric in metrics_of(SCORED_BY[name])


def prompted(pilot: Pilot | None, basis: Basis) -> tuple[Baseline, ...]:
    """What a pilot scored without training anything: of models that were asked, of a search, with documents.

    The model to be tuned counts where the pilot asked it, and not another in its place. What the project's constraints
    rule out is no baseline.
    """
    if pilot is None:
        return ()
    itself, found = pilot.model == base_model(basis), []
    for one in pilot.baselines:
        way = _way_of(one)
        if way in ASKED and (itself or way != "prompt_open") and not _against(one, way, _model_of(one, way), basis):
            found.append(one)
    return tuple(found)


def at_hand(pilot: Pilot | None, basis: Basis) -> Iterator[AtHand]:
    """What a pilot measured without tuning a language model, as far as the project's constraints allow it.

    Leaves out a search, whose copied answers nobody would put to use.
    """
    for one in () if pilot is None else pilot.candidates:
        way = "encoder_tuned" if one.trainer == LEARNERS["encoder_tuned"] else WAYS.get(one.kind, "")
        if way and not _against(one, way, one.model or one.name, basis):
            yield AtHand(way, one.model, one.score)
    for asked in prompted(pilot, basis):
        if (way := _way_of(asked)) != "nearest":
            yield AtHand(way, _model_of(asked, way), asked.score)


def _against(one: Candidate | Baseline, way: str, model: str, basis: Basis) -> str:
    """The constraint that rules out what a pilot measured; empty where none does."""
    assert basis.project is not None
    usd = one.usd_per_1k_answers
    price = None if usd is None else usd * basis.base_per_usd
    return struck(basis.project, KINDS[way], model, seconds_per_answer=one.seconds_per_answer, price_per_1k=price)


def _model_of(one: Baseline, way: str) -> str:
    """The model that a baseline's name begins with; a search without one is over the vectors of the usual encoder."""
    first = one.name.partition(" ")[0]
    return catalog.encoders()[0].name if way == "nearest" and one.name == NEAREST else first


def _way_of(one: Baseline) -> str:
    """The way that a baseline measures, empty for one that is none; older records hold no kind, but names tell."""
    if one.name.endswith(DOCUMENTS):
        return "retrieval" if one.kind in ("hosted", "causal", "") else ""
    if one.kind == "n-grams" or one.name == PROBE:
        return "n_grams"
    if one.kind in WAYS:
        return WAYS[one.kind]
    if one.name in PROMPTS:
        return "prompt_open"
    return "prompt_hosted" if one.kind == "" and one.name.endswith(PROMPTS) else ""


def best_untuned(name: str, grounds: Grounds) -> Seen | None:
    """The best score that was measured here in a way that tunes no language model; None where none was.

    A model that the project's constraints rule out counts only where they rule out all that were measured.
    """
    best: Seen | None = None
    seen = list(_all_untuned(name, grounds))
    allowed = [one for one in seen if not struck(grounds.project, KINDS[name], one.model)]
    for one in allowed or seen:
        if best is None or grounds.better(one.score, best.score):
            best = one
    return best


def too_weak(name: str, seen: Seen | None, grounds: Grounds) -> bool:
    """Whether a measured prompt says nothing of a better one: below what needs no model, or by a toy of a model."""
    if seen is None or name not in ASKED or name == "nearest":
        return False
    floor = grounds.standing.probe
    return (floor is not None and not grounds.better(seen.score, floor)) or 0 < params_of(seen.model) <= TOY_PARAMS


def params_of(model: str) -> int:
    """The parameters of an open model of the tables; 0 of another."""
    try:
        return catalog.model(model).params
    except InputError:
        return 0


def _all_untuned(name: str, grounds: Grounds) -> Iterator[Seen]:
    pilot = grounds.pilot
    if pilot is not None:
        kind = KINDS[name]
        if name not in ("prompt_open", "retrieval"):  # a causal candidate is tuned
            yield from (_of_candidate(one) for one in pilot.candidates if one.kind == kind and _learns(one, name))
        itself = name != "prompt_open" or pilot.model == base_model(grounds.basis)
        yield from (_of_baseline(one) for one in pilot.baselines if itself and _way_of(one) == name)
        if not pilot.candidates:
            yield from _of_learner(pilot, LEARNERS.get(name, ""))
    if name == "n_grams" and grounds.standing.probe is not None:
        yield Seen("n-grams on all rows", grounds.standing.probe, share_interval(grounds, grounds.standing.probe))


def _learns(one: Candidate, name: str) -> bool:
    """Whether a candidate measures this way, where several are of its kind: tuning is another way than a head alone."""
    return (one.trainer == LEARNERS["encoder_tuned"]) == (name == "encoder_tuned")


def _of_candidate(one: Candidate) -> Seen:
    return Seen(one.name, one.score, one.interval, one.seconds_per_answer, one.usd_per_1k_answers, one.promise,
                model=one.model)  # fmt: skip


def _of_baseline(one: Baseline) -> Seen:
    return Seen(one.name, one.score, one.interval, one.seconds_per_answer, one.usd_per_1k_answers, one.promise,
                model=_model_of(one, _way_of(one)))  # fmt: skip


def _of_learner(pilot: Pilot, trainer: str) -> Iterator[Seen]:
    """The pilot's own learner, where its record holds no candidates."""
    if pilot.trainer == trainer and pilot.mean_scores:
        n, mean = pilot.mean_scores[-1]
        runs = [run for run in pilot.runs if (run.n, run.purpose) == (n, "ladder") and not run.failed]
        interval = runs[0].interval if len(runs) == 1 else None
        speeds = [run.answers_per_s for run in runs if run.answers_per_s]
        yield Seen(pilot.model, mean, interval, 1 / max(speeds) if speeds else None, on_cores=not runs[0].gpus,
                   model=pilot.model)  # fmt: skip


def of_log(name: str, grounds: Grounds) -> Seen | None:
    """What an evaluation log says of a way whose score the project file takes from one; None without one."""
    log = grounds.logs.get(f"alternatives.{name}.score")
    if log is None or log.score is None:
        return None
    return Seen(log_words(log), log.score, log.interval, model=grounds.stated(name).model or log.model)


def log_evidence(name: str, grounds: Grounds) -> Literal["measured", "stated"]:
    """What a score by a log rests on: measured, but of other rows than the test's it is what was said of the way."""
    log = grounds.logs.get(f"alternatives.{name}.score")
    return "stated" if log is not None and log.on == "elsewhere" else "measured"


def log_words(log: EvalLog) -> str:
    """An evaluation log as evidence: which, on how many items, of what day, and whether those are the test rows.

    Example:
        >>> log_words(EvalLog("today.eval", "", "", "", "", "2026-11-20", "match", "", 400, 400, 0.8, on="test"))
        'today.eval: 400 items, the test rows, 2026-11-20'
    """
    rows = {"test": "the test rows", "elsewhere": "not the test rows"}.get(log.on, "")
    return f"{log.place}: {', '.join(filter(None, (counted(log.items, 'item'), rows, log.date)))}"


def tuned_here(model: str, grounds: Grounds) -> Seen | None:
    """What a pilot scored by tuning this very model; None where it tuned another in its place, or none."""
    pilot = grounds.pilot
    if pilot is None:
        return None
    gpus = any(run.gpus for run in pilot.runs if run.model == model)
    own = [one for one in pilot.candidates if one.kind == "causal" and one.model == model]
    if own:
        best = own[0]
        return Seen(best.name, best.score, best.interval, best.seconds_per_answer, None, best.promise, not gpus, model)
    return next(_of_learner(pilot, pilot.trainer), None) if pilot.model == model else None


def share_interval(grounds: Grounds, score: float) -> Interval80 | None:
    """The 80% interval of a share of right test rows; None for another score, and without test rows."""
    rows = grounds.standing.test_rows
    if not (grounds.standing.counts_items and rows and 0 <= score <= 1):
        return None
    low, high = wilson(score * rows, rows)
    return Interval80(low, score, high)


def published(name: str, model: str, standing_task: str, classes: int) -> str:
    """What others published of a way, in words: the nearest set by model and number of classes; empty without one.

    It is no score of this task: it never ranks, and is never valued.
    """
    rows = [row for row in catalog.published_scores() if row.way == name] if standing_task == CLASSES else []
    if not rows:
        return ""

    def distance(number: int) -> tuple[bool, float, bool]:
        row = rows[number]
        apart = math.inf if row.classes is None else abs(math.log(row.classes / max(2, classes)))
        few = row.test_rows is not None and row.test_rows < FEW_ROWS
        return not _same_model(row.model, model), apart, few

    row = rows[min(range(len(rows)), key=distance)]
    told = [f"{row.classes} classes" if row.classes else "", row.shots]
    told += [counted(row.test_rows, "test row") if row.test_rows else ""]
    about = ", ".join(filter(None, told))
    return f"published: {row.model} {share(row.score)} on {row.dataset}, {about} ({row.source}, {row.date})"


def _same_model(row: str, model: str) -> bool:
    return bool(model) and (model.casefold().startswith(row.casefold()) or row.casefold().startswith(model.casefold()))
