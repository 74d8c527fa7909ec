"""The ways by name, what was measured of each: by a pilot, or before one by a cheap probe; what others published."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from tunecase import catalog
from tunecase.compute import base_model
from tunecase.errors import InputError
from tunecase.pilot import PROMPTS, metrics_of
from tunecase.prices import Basis, struck
from tunecase.problem.ways.grounds import CLASSES, Grounds
from tunecase.project import read_score
from tunecase.quantities import Interval80, counted, share, wilson
from tunecase.records import AtHand, Baseline, Candidate, EvalLog, ModelKind, Pilot, Promise

Evidence = Literal["measured", "stated", "assumed", "unknown"]
DOCUMENTS = "with documents"  # ends the name of a model that was shown passages of the user's documents
NEAREST = "nearest examples"  # a search over the vectors of the encoder that is taken where none is named


class Way(NamedTuple):
    """One way in words, the kind of model that gives its answers, and the trainer that scores it in a pilot."""

    action: str
    kind: ModelKind
    trainer: str


# In the order of their rows.
WAYS = {
    "n_grams": Way("a small word-count model", "n-grams", "probe"),
    "encoder": Way("a head on a small encoder", "encoder", "encoder"),
    "nearest": Way("nearest examples", "search", "encoder"),
    "prompt_hosted": Way("prompt a hosted model", "hosted", "hosted"),
    "decision": Way("ask a decision model", "decision", "decision"),
    "encoder_tuned": Way("tune a small encoder", "encoder", "encoder-tuned"),
    "prompt_open": Way("prompt an open model", "causal", "lora"),
    "retrieval": Way("put facts into the prompt", "hosted", "hosted"),
    "tune_small": Way("tune a small model", "causal", "lora"),
    "tune_large": Way("tune a large model", "causal", "lora"),
}
LEARNERS = ("n_grams", "encoder", "encoder_tuned")  # ways that learn from rows, each by a trainer of its own
ASKED = ("prompt_hosted", "decision", "prompt_open", "nearest", "retrieval")
# The way that a kind of model gives answers in, but for those that a prompt or a trainer tells apart.
OF_KIND = {WAYS[way].kind: way for way in ("n_grams", "encoder", "nearest", "prompt_hosted", "decision")}
TOY_PARAMS = 5e8  # a prompted model of so few parameters follows no instruction
FEW_ROWS = 200  # on which a published score is off by several points


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
    try:
        return not given or catalog.metric(given).name in metrics_of(WAYS[name].trainer)
    except InputError:  # the user's own
        return False


def prompted(pilot: Pilot | None, basis: Basis) -> tuple[Baseline, ...]:
    """What a pilot scored without training anything: of models that were asked, of a search, with documents.

    The model to be tuned counts where the pilot asked it, and not another in its place. What the project's constraints
    rule out is no baseline.
    """
    if pilot is None:
        return ()
    ways = ASKED if pilot.model == base_model(basis) else [way for way in ASKED if way != "prompt_open"]
    return tuple(one for one in pilot.baselines if _way_of(one) in ways and not _against(one, basis))


def at_hand(pilot: Pilot | None, basis: Basis) -> Iterator[AtHand]:
    """What a pilot measured without tuning a language model, as far as the project's constraints allow it.

    Leaves out a search over an encoder's vectors, whose copied answers nobody would put to use.
    """
    candidates = () if pilot is None else pilot.candidates
    measured: list[Candidate | Baseline] = [one for one in candidates if _way_of(one) and not _against(one, basis)]
    measured += [one for one in prompted(pilot, basis) if _way_of(one) != "nearest"]
    yield from (AtHand(_way_of(one), _model_of(one), one.score) for one in measured)


def _against(one: Candidate | Baseline, basis: Basis) -> str:
    """The constraint that rules out what a pilot measured; empty where none does."""
    assert basis.project is not None
    usd, kind = one.usd_per_1k_answers, WAYS[_way_of(one)].kind
    price = None if usd is None else usd * basis.base_per_usd
    return struck(basis.project, kind, _model_of(one), seconds_per_answer=one.seconds_per_answer, price_per_1k=price)


def _model_of(one: Candidate | Baseline) -> str:
    """The model of a candidate, or the one that a baseline's name begins with.

    A search without one is over the vectors of the usual encoder.
    """
    if isinstance(one, Candidate):
        return one.model
    return catalog.encoders()[0].name if one.name == NEAREST else one.name.partition(" ")[0]


def _way_of(one: Candidate | Baseline) -> str:
    """The way that a pilot measured, empty for one that is none: a language model among candidates is tuned.

    Baselines of older records hold no kind, but names tell.
    """
    if isinstance(one, Candidate):
        return "encoder_tuned" if one.trainer == WAYS["encoder_tuned"].trainer else OF_KIND.get(one.kind, "")
    if one.name.endswith(DOCUMENTS):
        return "retrieval" if one.kind in ("hosted", "causal", "") else ""
    if one.name == WAYS["n_grams"].trainer:
        return "n_grams"
    if one.kind in OF_KIND:
        return OF_KIND[one.kind]
    if one.name in PROMPTS:
        return "prompt_open"
    return "prompt_hosted" if one.kind == "" and one.name.endswith(PROMPTS) else ""


def best_untuned(name: str, grounds: Grounds) -> Seen | None:
    """The best score that was measured here in a way that tunes no language model; None where none was.

    A model that the project's constraints rule out counts only where they rule out all that were measured.
    """
    pilot, probe, seen = grounds.pilot, grounds.standing.probe, list[Seen]()
    if pilot is not None and (name != "prompt_open" or pilot.model == base_model(grounds.basis)):
        measured: tuple[Candidate | Baseline, ...] = (*pilot.candidates, *pilot.baselines)
        seen += [_seen(one) for one in measured if _way_of(one) == name]
        if name in LEARNERS and pilot.trainer == WAYS[name].trainer and not pilot.candidates:
            seen += _of_learner(pilot)
    if name == "n_grams" and probe is not None:
        seen.append(Seen("n-grams on all rows", probe, share_interval(grounds, probe)))
    allowed = [one for one in seen if not struck(grounds.project, WAYS[name].kind, one.model)]
    best = min if grounds.standing.direction == "lower" else max
    return best(allowed or seen, key=lambda one: one.score, default=None)


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


def _seen(one: Candidate | Baseline) -> Seen:
    return Seen(one.name, one.score, one.interval, one.seconds_per_answer, one.usd_per_1k_answers, one.promise,
                model=_model_of(one))  # fmt: skip


def _of_learner(pilot: Pilot) -> Iterator[Seen]:
    """The pilot's own learner, where its record holds no candidates."""
    if pilot.mean_scores:
        n, mean = pilot.mean_scores[-1]
        runs = [run for run in pilot.runs if (run.n, run.purpose) == (n, "ladder") and not run.failed]
        interval = runs[0].interval if len(runs) == 1 else None
        speeds = [run.answers_per_s for run in runs if run.answers_per_s]
        yield Seen(pilot.model, mean, interval, 1 / max(speeds) if speeds else None, on_cores=not runs[0].gpus,
                   model=pilot.model)  # fmt: skip


def scored(name: str, seen: Seen | None, grounds: Grounds) -> tuple[Seen | None, float | None, Evidence]:
    """What was measured of a way, its score, and what that rests on.

    The evaluation log that the project file takes the score from counts first, then the score that it states, then what
    a pilot has `seen`. A log of other rows than the test's is what was said of the way.
    """
    log, stated = grounds.log(name), grounds.stated(name)
    if log is not None and log.score is not None:
        known = seen or Seen("", log.score, model=stated.model or log.model)
        known = replace(known, name=log_words(log), score=log.score, interval=log.interval, promise=None)
        return known, log.score, "stated" if log.on == "elsewhere" else "measured"
    if stated.score is not None:
        return seen, read_score(stated.score), "stated"
    if seen is not None:
        return seen, seen.score, "measured"
    return None, None, "unknown"


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
    own = [_seen(one) for one in pilot.candidates if one.kind == "causal" and one.model == model]
    if own:
        return replace(own[0], on_cores=not any(run.gpus for run in pilot.runs if run.model == model))
    return next(_of_learner(pilot), None) if pilot.model == model else None


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
    tested = counted(row.test_rows, "test row") if row.test_rows else ""
    about = ", ".join(filter(None, (f"{row.classes} classes" if row.classes else "", row.shots, tested)))
    return f"published: {row.model} {share(row.score)} on {row.dataset}, {about} ({row.source}, {row.date})"


def _same_model(row: str, model: str) -> bool:
    return bool(model) and (model.casefold().startswith(row.casefold()) or row.casefold().startswith(model.casefold()))
