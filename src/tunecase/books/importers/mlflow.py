"""Runs of MLflow as charges: start, end, tags, parameters and names of metrics, of a folder, a database or a server."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

from tunecase.books.importers.cells import bare_address
from tunecase.books.importers.charge import Brought, SpendAsked
from tunecase.books.importers.run_hours import TimedRun, run_charges
from tunecase.errors import InputError, Problem
from tunecase.io.trackers import Tracked, read_mlflow

RUNNING = "without an end, perhaps still running"
BOOKED = "that the callback booked itself when they ended"
PARENT = "around other runs, which are booked themselves"
SPENT = ("tunecase.usd_spent", "tunecase/usd_spent", "usd_spent")
PARENT_TAG = "mlflow.parentRunId"
# Set by tunecase.callback: attempts of one training share a run_id; a tag says what one of them took alone, and the
# metric of the same name what the training took until then.
NAME_TAG, ATTEMPTS_TAG = "tunecase.run", "tunecase.run_id"
SPENT_TAG, TOTAL, RATE, COUNT = (
    "tunecase.usd_spent", "tunecase/usd_spent", "tunecase.usd_per_gpu_hour", "tunecase.gpu_count",
)  # fmt: skip
ROUNDED = Decimal("0.000001")  # of the tag
ID_TAG = "mlflow.run_id"
ATTEMPT = "before the last attempt, whose figure holds them"
MOST_TAG = 500  # characters; the full record of a run's code and model is no tag that anybody filters by


def spent_mlflow(place: str, asked: SpendAsked) -> Brought:
    """The GPU hours of an MLflow place, by its runs' own start and end; see `run_charges`.

    Failed runs count, they were paid; running ones and parents of other runs are left out. Of several experiments one
    must be named, or a tag of the runs. Each attempt of a training that the callback watched is a charge of what it
    took itself, also one that was killed and taken up again; see `_training`. A charge keeps its run's id as the tag
    mlflow.run_id, by which a bill may name it.

    Raises: InputError for a place that is none of MLflow's, TunecaseError where a server ends midway.
    Leaves out: time that a run was paused in; and servers that want a password.
    """
    runs = [_timed(run) for run in _runs(place, asked)]
    parents = {run.tags[PARENT_TAG] for run in runs if run.tags.get(PARENT_TAG)}
    marked = [replace(run, why=PARENT) if run.key in parents and not run.why else run for run in runs]
    name = bare_address(place) if place.casefold().startswith("http") else Path(place).resolve().name
    return run_charges(_attempts(marked), asked, "mlflow", name)


def _runs(place: str, asked: SpendAsked) -> list[Tracked]:
    """The runs of the experiment asked for, or of the only one; of all where tags choose among them."""
    store = read_mlflow(place, asked.experiment, lambda _: False)
    if store is None:
        got = "nothing of MLflow's" if Path(place).exists() else "no such file or folder"
        fix = "name an mlruns folder, an mlflow.db, or a server's address, http://host:port"
        raise InputError(Problem(place, got, "runs of MLflow", fix))
    if store.cut:
        fix = "copy the runs of one project into a store of their own, or name one experiment with --experiment"
        raise InputError(Problem(store.place, store.cut, "a store that is read whole: a part is not booked", fix))
    if len(store.used) > 1 and not asked.tags:
        fix = "say --experiment NAME, or --tag KEY=VALUE to take runs from all"
        raise InputError(Problem(place, store.words, "those of this project", fix))
    if not store.used:
        raise InputError(Problem(place, "no run", "at least one run", "name the right folder, database or server"))
    return [run for listed in store.used.values() for run in listed]


def _attempts(runs: Sequence[TimedRun]) -> list[TimedRun]:
    """Runs with what each attempt of a training took itself, in their order."""
    trainings: dict[str, list[int]] = defaultdict(list)
    for index, run in enumerate(runs):
        if run.facts.get(ATTEMPTS_TAG) and run.began is not None:
            trainings[run.facts[ATTEMPTS_TAG]].append(index)
    attempts = list(runs)
    for indices in trainings.values():
        indices.sort(key=lambda index: (runs[index].began, runs[index].key))
        for index, attempt in zip(indices, _training([runs[index] for index in indices]), strict=True):
            attempts[index] = attempt
    return attempts


def _training(attempts: Sequence[TimedRun]) -> list[TimedRun]:
    """The attempts of one training, the oldest first, with what each took itself.

        last attempt = its own figure + max(0, total that the training logged - sum of its attempts' figures)

    The rest is of attempts that wrote into one MLflow run, one after the other. An attempt that did not end, but was
    followed by another, ended when its money was spent. What began before an attempt that the callback booked is in
    that charge.
    """
    own = [at for at, run in enumerate(attempts) if run.why != PARENT]
    booked = [at for at in own if attempts[at].why == BOOKED]
    taken = list(attempts)
    for at in own[:-1]:
        is_booked = bool(booked) and at < booked[-1]
        taken[at] = replace(attempts[at], why=BOOKED) if is_booked else _killed(attempts[at])
    paid = [] if booked else [at for at in own if not taken[at].why]
    for at, run in zip(paid, _with_rest([taken[at] for at in paid]), strict=True):
        taken[at] = run
    return taken


def _with_rest(attempts: Sequence[TimedRun]) -> Sequence[TimedRun]:
    """Attempts with their own figures, the last one with what the training logged beyond them."""
    own = [_fact(run, SPENT_TAG) for run in attempts]
    total = max((_fact(run, TOTAL) for run in attempts), default=Decimal(0))
    if not total and not any(own):
        return attempts
    rest = total - sum(own, Decimal(0))
    own[-1] += rest if rest > ROUNDED * len(own) else 0
    return [replace(run, usd=usd or None, why="" if usd else ATTEMPT) for run, usd in zip(attempts, own, strict=True)]


def _fact(run: TimedRun, name: str) -> Decimal:
    """An amount that a run states; zero where it states none."""
    return _usd(run.facts.get(name, "")) or Decimal(0)


def _killed(run: TimedRun) -> TimedRun:
    """An attempt that did not end as one that ended when its money was spent, where it says how much that was."""
    rate, count = _usd(run.facts.get(RATE, "")), _usd(run.facts.get(COUNT, "1"))
    if run.why != RUNNING or run.usd is None or run.began is None or rate is None or count is None:
        return run
    hours = run.usd / (rate * count)
    return replace(run, why="", ended=run.began + timedelta(hours=float(hours)), hours=hours)


def _timed(run: Tracked) -> TimedRun:
    """A run with what it says of its GPUs and of what it spent: a tag before a metric."""
    logged = next((str(run.scores[name][-1][1]) for name in SPENT if run.scores.get(name)), "")
    spent = next((run.tags[name] for name in SPENT if run.tags.get(name)), logged)
    is_running = run.status.casefold() in ("running", "scheduled") or run.ended is None
    is_booked = run.tags.get("tunecase.booked") == "true"
    return TimedRun(
        key=run.key,
        name=run.tags.get(NAME_TAG) or run.name,
        began=run.began,
        ended=run.ended,
        facts={**run.facts, **({TOTAL: logged} if logged else {}), **run.tags},
        metrics=tuple(run.scores),
        usd=_usd(spent),
        why=RUNNING if is_running else BOOKED if is_booked else "",
        tags=_own_tags(run.tags) | {ID_TAG: run.key},
    )


def _own_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that people set, and a run's parent; MLflow's own and whole records of code say nothing about money."""
    short = {key: text for key, text in tags.items() if len(text) <= MOST_TAG}
    return {key: text for key, text in short.items() if not key.startswith("mlflow.") or key == PARENT_TAG}


def _usd(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount > 0 else None
