"""Runs of MLflow as charges: start, end, tags, parameters and names of metrics, of a folder, a database or a server."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tunecase.books.importers.cells import bare_address
from tunecase.books.importers.charge import Brought, SpendAsked
from tunecase.books.importers.run_hours import TimedRun, run_charges
from tunecase.errors import InputError, Problem, TunecaseError, nearest
from tunecase.io.trackers import (
    MOST_RUNS,
    MOST_VALUES,
    PAGE,
    STATUS,
    call,
    children,
    experiment_in,
    experiments,
    files_below,
    first_line,
    folder_in,
    is_run,
    meta_of,
    opened,
    pairs,
    store_in,
)
from tunecase.quantities import counted

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

Found = dict[str, list[TimedRun]]  # runs by the name of their experiment


def spent_mlflow(place: str, asked: SpendAsked) -> Brought:
    """The GPU hours of an MLflow place, by its runs' own start and end; see `run_charges`.

    Failed runs count, they were paid; running ones and parents of other runs are left out. Of several experiments one
    must be named, or a tag of the runs. Each attempt of a training that the callback watched is a charge of what it
    took itself, also one that was killed and taken up again; see `_attempts`. A charge keeps its run's id as the tag
    mlflow.run_id, by which a bill may name it.

    Raises: InputError for a place that is none of MLflow's, TunecaseError where a server ends midway.
    Leaves out: time that a run was paused in; and servers that want a password.
    """
    found = _place(place, asked)
    used = {name: runs for name, runs in found.items() if runs}
    if asked.experiment:
        if asked.experiment not in used:
            wanted = f"an experiment with runs: {', '.join(used) or 'none'}"
            fix = nearest(asked.experiment, list(found) or [""])
            raise InputError(Problem("--experiment", repr(asked.experiment), wanted, fix))
        used = {asked.experiment: used[asked.experiment]}
    if len(used) > 1 and not asked.tags:
        got = ", ".join(f"{name} ({counted(len(runs), 'run')})" for name, runs in list(used.items())[:12])
        fix = "say --experiment NAME, or --tag KEY=VALUE to take runs from all"
        raise InputError(Problem(place, f"experiments {got}", "those of this project", fix))
    runs = [run for listed in used.values() for run in listed]
    if not runs:
        raise InputError(Problem(place, "no run", "at least one run", "name the right folder, database or server"))
    parents = {run.tags[PARENT_TAG] for run in runs if run.tags.get(PARENT_TAG)}
    told = _attempts([replace(run, why=PARENT) if run.key in parents and not run.why else run for run in runs])
    name = bare_address(place) if place.casefold().startswith("http") else Path(place).resolve().name
    return run_charges(told, asked, "mlflow", name)


def _attempts(runs: Sequence[TimedRun]) -> list[TimedRun]:
    """Runs with what the attempts of a training took, each for itself.

        last attempt = its own figure + max(0, total that the training logged - sum of its attempts' figures)

    The rest is of attempts that wrote into one MLflow run, one after the other. An attempt that did not end, but was
    followed by another, ended when its money was spent. What began before an attempt that the callback booked is in
    that charge.
    """
    trainings: dict[str, list[int]] = defaultdict(list)
    for index, run in enumerate(runs):
        if run.facts.get(ATTEMPTS_TAG) and run.began is not None:
            trainings[run.facts[ATTEMPTS_TAG]].append(index)
    told = list(runs)
    for indices in trainings.values():
        indices.sort(key=lambda index: (runs[index].began, runs[index].key))
        booked = max((at for at, index in enumerate(indices) if runs[index].why == BOOKED), default=-1)
        for index in indices[: booked + 1]:
            told[index] = replace(runs[index], why=runs[index].why if runs[index].why == PARENT else BOOKED)
        later = [index for index in indices[booked + 1 :] if runs[index].why != PARENT]
        for index in later[:-1]:
            told[index] = _killed(runs[index])
        paid = [index for index in later if not told[index].why]
        if paid and booked < 0:
            _rest(told, paid)
    return told


def _rest(told: list[TimedRun], indices: Sequence[int]) -> None:
    """Puts down to the last attempt what the training logged beyond its attempts' own figures."""
    own = [_usd(told[index].facts.get(SPENT_TAG, "")) or Decimal(0) for index in indices]
    total = max(_usd(told[index].facts.get(TOTAL, "")) or Decimal(0) for index in indices)
    if not total and not any(own):
        return
    rest = total - sum(own, Decimal(0))
    own[-1] += rest if rest > ROUNDED * len(own) else 0
    for index, usd in zip(indices, own, strict=True):
        told[index] = replace(told[index], usd=usd or None, why="" if usd else ATTEMPT)


def _killed(run: TimedRun) -> TimedRun:
    """An attempt that did not end as one that ended when its money was spent, where it says how much that was."""
    rate, count = _usd(run.facts.get(RATE, "")), _usd(run.facts.get(COUNT, "1"))
    if run.why != RUNNING or run.usd is None or run.began is None or rate is None or count is None:
        return run
    hours = run.usd / (rate * count)
    return replace(run, why="", ended=run.began + timedelta(hours=float(hours)), hours=hours)


def _place(place: str, asked: SpendAsked) -> Found:
    if place.casefold().startswith(("http://", "https://")):
        return _server(place, asked)
    # MLflow's own addresses of a database and of a folder.
    head = next((head for head in ("sqlite:///", "file://") if place.casefold().startswith(head)), "")
    path = Path(unquote(place[len(head) :]) if head else place)
    if (home := folder_in(path)) is not None:
        return _folder(home)
    if (file := store_in(path)) is not None:
        with opened(file) as store:
            return _stored(store)
    got = "nothing of MLflow's" if path.exists() else "no such file or folder"
    fix = "name an mlruns folder, an mlflow.db, or a server's address, http://host:port"
    raise InputError(Problem(place, got, "runs of MLflow", fix))


def _folder(home: Path) -> Found:
    found: Found = {}
    for meta in experiments(home):
        body = meta_of(meta)
        if body.get("lifecycle_stage") != "deleted":
            found[str(body.get("name") or meta.parent.name)] = list(_folder_runs(meta.parent))
    return found


def _folder_runs(experiment: Path) -> Iterator[TimedRun]:
    inside = sum(1 for one in experiment.iterdir() if one.is_dir())
    _refuse_many(str(experiment), inside, "folders")  # children() gives the first MOST_RUNS
    for folder in children(experiment):
        if not (folder / "meta.yaml").is_file() or not (is_run(folder) or (folder / "tags").is_dir()):
            continue
        meta = meta_of(folder / "meta.yaml")
        if meta.get("lifecycle_stage") == "deleted":
            continue
        tags = {key: first_line(file) for key, file in files_below(folder / "tags")}
        params = {key: first_line(file) for key, file in files_below(folder / "params")}
        metrics = dict(files_below(folder / "metrics"))
        spent = next((_last_value(metrics[name]) for name in SPENT if name in metrics), "")
        status = str(meta.get("status", ""))
        name = str(meta.get("run_name") or tags.get("mlflow.runName") or folder.name)
        yield _run(
            str(meta.get("run_id") or folder.name), name, STATUS.get(status, status), meta.get("start_time"),
            meta.get("end_time"), tags, params, tuple(metrics), spent,
        )  # fmt: skip


def _last_value(file: Path) -> str:
    """The value of a metric file's last line, which holds time, value and step."""
    parts = first_line(file).splitlines()[-1:] or [""]
    if file.stat().st_size > 900:
        with file.open("rb") as raw:
            raw.seek(-400, 2)
            parts = raw.read().decode("utf-8", "replace").splitlines()[-1:]
    words = parts[0].split()
    return words[1] if len(words) > 1 else ""


def _stored(store: sqlite3.Connection) -> Found:
    names = dict(
        store.execute(
            "SELECT experiment_id, name FROM experiments WHERE lifecycle_stage = 'active' LIMIT ?", (MOST_RUNS + 1,)
        )
    )
    tags, params = (
        _by_run(store.execute(f"SELECT run_uuid, key, value FROM {table} LIMIT ?", (MOST_VALUES + 1,)))  # noqa: S608
        for table in ("tags", "params")
    )
    metrics = _by_run(store.execute("SELECT run_uuid, key, value FROM latest_metrics LIMIT ?", (MOST_VALUES + 1,)))
    _refuse_many("the database", len(names), "experiments")
    found: Found = {str(name): [] for name in names.values()}
    for number, (run, name, status, experiment, began, ended) in enumerate(store.execute(
        "SELECT run_uuid, name, status, experiment_id, start_time, end_time FROM runs "
        "WHERE lifecycle_stage = 'active' ORDER BY start_time, run_uuid LIMIT ?", (MOST_RUNS + 1,)
    ), 1):  # fmt: skip
        _refuse_many("the database", number)
        if experiment in names:
            own = metrics.get(run, {})
            spent = next((own[name] for name in SPENT if name in own), "")
            found[str(names[experiment])].append(
                _run(
                    run, str(name or run), str(status or ""), began, ended, tags.get(run, {}), params.get(run, {}),
                    tuple(own), spent,
                )
            )  # fmt: skip
    return found


def _by_run(rows: Any) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for count, (run, key, value) in enumerate(rows, 1):
        _refuse_many("the database", count, "values", MOST_VALUES)
        found.setdefault(run, {})[str(key)] = str(value)
    return found


def _server(place: str, asked: SpendAsked) -> Found:
    address = urlsplit(place)
    if address.username or address.password:
        fix = "start a server without a password on this machine"
        raise InputError(Problem("the address", "a name or password in it", "a plain address", fix))
    base = f"{address.scheme}://{address.netloc}{address.path.rstrip('/')}"
    found: Found = {}
    wanted = asked.experiment or experiment_in(address.fragment)
    for one in _pages(base, "/experiments/search", {}, "experiments"):
        name, number = str(one.get("name", "")), str(one.get("experiment_id", ""))
        found[name] = [] if wanted and wanted not in (name, number) else list(_server_runs(base, number))
    return found


def _pages(base: str, path: str, body: Mapping[str, Any], what: str) -> Iterator[Mapping[str, Any]]:
    """What a server lists, page after page.

    Raises: TunecaseError where its pages do not end, InputError beyond MOST_RUNS.
    """
    token, count = "", 0
    while True:
        answer = call(base, path, {**body, "max_results": PAGE, **({"page_token": token} if token else {})})
        listed = [one for one in answer.get(what) or () if isinstance(one, dict)]
        count += len(listed)
        _refuse_many(base, count, what)
        yield from listed
        before, token = token, str(answer.get("next_page_token") or "")
        if not token:
            return
        if not listed or token == before:
            why = f"{base} lists {what} without end: a page that holds none, and one more to come"
            raise TunecaseError(f"{why}\nFix: ask who keeps the server, or name its database or folder")


def _refuse_many(place: str, count: int, what: str = "runs", most: int = 0) -> None:
    """Raises InputError where there is more than is read, so that nothing is booked by a part."""
    most = most or MOST_RUNS
    if count > most:
        fix = "copy the runs of one project into a store of their own, or name one experiment with --experiment"
        raise InputError(Problem(place, f"more than {most:,} {what}", f"at most {most:,}", fix))


def _server_runs(base: str, experiment: str) -> Iterator[TimedRun]:
    for run in _pages(base, "/runs/search", {"experiment_ids": [experiment]}, "runs"):
        info, data = run.get("info", {}), run.get("data", {})
        tags, params, metrics = (
            {str(one["key"]): str(one["value"]) for one in pairs(data.get(part))}
            for part in ("tags", "params", "metrics")
        )
        spent = next((metrics[name] for name in SPENT if name in metrics), "")
        key = str(info.get("run_id") or info.get("run_uuid", ""))
        name = str(info.get("run_name") or tags.get("mlflow.runName") or key)
        status = str(info.get("status", ""))
        times = info.get("start_time"), info.get("end_time")
        yield _run(key, name, status, *times, tags, params, tuple(metrics), spent)


def _run(
    key: str, name: str, status: str, began: Any, ended: Any, tags: Mapping[str, str], params: Mapping[str, str],
    metrics: Sequence[str], spent: str,
) -> TimedRun:  # fmt: skip
    start, end = _moment(began), _moment(ended)
    total = {TOTAL: spent} if spent else {}
    spent = next((tags[name] for name in SPENT if tags.get(name)), spent)
    name = tags.get(NAME_TAG) or name
    why = RUNNING if status.casefold() in ("running", "scheduled") or end is None else ""
    why = why or (BOOKED if tags.get("tunecase.booked") == "true" else "")
    # The full record of a run's code and model is no tag that anybody filters by.
    kept = {name: text for name, text in tags.items() if len(text) <= 500}
    facts, own = {**params, **total, **tags}, _own_tags(kept) | {ID_TAG: key}
    return TimedRun(key, name, start, end, None, facts, tuple(metrics), _usd(spent), why, own)


def _own_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that people set, and a run's parent; MLflow's own say nothing about money."""
    return {key: text for key, text in tags.items() if not key.startswith("mlflow.") or key == PARENT_TAG}


def _usd(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() and found > 0 else None


def _moment(milliseconds: Any) -> datetime | None:
    """Milliseconds since 1970, as a number or text; None for none."""
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if milliseconds else None
    except (ValueError, OverflowError, OSError, TypeError):
        return None
