"""Runs of MLflow as charges: start, end, tags, parameters and names of metrics, of a folder, a database or a server."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from tunecase.errors import InputError, Problem, nearest
from tunecase.importers.mlflow import (
    MOST_RUNS,
    MOST_VALUES,
    PAGE,
    SQLITE,
    STATUS,
    call,
    children,
    experiment_in,
    experiments,
    files_below,
    first_line,
    is_run,
    meta_of,
    pairs,
)
from tunecase.importers.spendings import Brought, SpendAsked
from tunecase.importers.spendings.run_hours import TimedRun, run_charges
from tunecase.wording import counted

RUNNING = "without an end, perhaps still running"
BOOKED = "that the callback booked itself when they ended"
PARENT = "around other runs, which are booked themselves"
SPENT = ("tunecase.usd_spent", "tunecase/usd_spent", "usd_spent")
PARENT_TAG = "mlflow.parentRunId"
# Set by tunecase.callback, which counts the attempts of one training together.
NAME_TAG, ATTEMPTS_TAG = "tunecase.run", "tunecase.run_id"
ATTEMPT = "before the last attempt, whose figure holds them"

Found = dict[str, list[TimedRun]]  # runs by the name of their experiment


def spent_mlflow(place: str, asked: SpendAsked) -> Brought:
    """The GPU hours of an MLflow place, by its runs' own start and end; see `run_charges`.

    Failed runs count, they were paid; running ones and parents of other runs are left out. Of several experiments one
    must be named, or a tag of the runs.

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
    told = _last_attempts([replace(run, why=PARENT) if run.key in parents and not run.why else run for run in runs])
    name = place if "://" in place else Path(place).resolve().name
    return run_charges(told, asked, "mlflow", name)


def _last_attempts(runs: Sequence[TimedRun]) -> list[TimedRun]:
    """Of the attempts of one training that say what they spent, the one that says most; it holds the others'."""
    most: dict[str, Decimal] = {}
    for run in runs:
        training = run.facts.get(ATTEMPTS_TAG)
        if training and run.usd is not None and not run.why:
            most[training] = max(run.usd, most.get(training, run.usd))
    seen: set[str] = set()
    told = []
    for run in runs:
        training = run.facts.get(ATTEMPTS_TAG, "")
        if training in most and not run.why and (run.usd != most[training] or training in seen):
            run = replace(run, why=ATTEMPT)
        elif training in most and not run.why:
            seen.add(training)
        told.append(run)
    return told


def _place(place: str, asked: SpendAsked) -> Found:
    if place.casefold().startswith(("http://", "https://")):
        return _server(place, asked)
    path = Path(place)
    if path.is_dir():
        home = path / "mlruns" if (path / "mlruns").is_dir() and experiments(path / "mlruns") else path
        if experiments(home):
            return _folder(home)
        path = next((path / name for name in ("mlflow.db", "mlruns.db") if (path / name).is_file()), path)
    if path.is_file():
        with path.open("rb") as file:
            if file.read(len(SQLITE)) == SQLITE:
                return _database(path)
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


def _database(path: Path) -> Found:
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)) as store:
            return _stored(store)
    except sqlite3.Error as error:
        fix = "name MLflow's own database, such as mlflow.db"
        raise InputError(Problem(str(path), f"not MLflow's tables ({error})", "a store of MLflow", fix)) from None


def _stored(store: sqlite3.Connection) -> Found:
    names = dict(
        store.execute(
            "SELECT experiment_id, name FROM experiments WHERE lifecycle_stage = 'active' LIMIT ?", (MOST_RUNS,)
        )
    )
    tags, params = (
        _by_run(store.execute(f"SELECT run_uuid, key, value FROM {table} LIMIT ?", (MOST_VALUES,)))  # noqa: S608
        for table in ("tags", "params")
    )
    metrics = _by_run(store.execute("SELECT run_uuid, key, value FROM latest_metrics LIMIT ?", (MOST_VALUES,)))
    found: Found = {str(name): [] for name in names.values()}
    for run, name, status, experiment, began, ended in store.execute(
        "SELECT run_uuid, name, status, experiment_id, start_time, end_time FROM runs "
        "WHERE lifecycle_stage = 'active' ORDER BY start_time, run_uuid LIMIT ?", (MOST_RUNS,)
    ):  # fmt: skip
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
    for run, key, value in rows:
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
    for one in call(base, "/experiments/search", {"max_results": PAGE}).get("experiments", []):
        name, number = str(one.get("name", "")), str(one.get("experiment_id", ""))
        found[name] = [] if wanted and wanted not in (name, number) else list(_server_runs(base, number))
    return found


def _server_runs(base: str, experiment: str) -> Iterator[TimedRun]:
    token, count = "", 0
    while count < MOST_RUNS:
        body = {"experiment_ids": [experiment], "max_results": PAGE, **({"page_token": token} if token else {})}
        answer = call(base, "/runs/search", body)
        for run in answer.get("runs", []):
            count += 1
            info, data = run.get("info", {}), run.get("data", {})
            tags, params, metrics = (
                {str(one["key"]): str(one["value"]) for one in pairs(data.get(part))}
                for part in ("tags", "params", "metrics")
            )
            spent = next((metrics[name] for name in SPENT if name in metrics), "")
            key = str(info.get("run_id") or info.get("run_uuid", ""))
            name = str(info.get("run_name") or tags.get("mlflow.runName") or key)
            status = str(info.get("status", ""))
            yield _run(
                key, name, status, info.get("start_time"), info.get("end_time"), tags, params, tuple(metrics), spent
            )
        token = answer.get("next_page_token", "")
        if not token:
            return


def _run(
    key: str, name: str, status: str, began: Any, ended: Any, tags: Mapping[str, str], params: Mapping[str, str],
    metrics: Sequence[str], spent: str,
) -> TimedRun:  # fmt: skip
    start, end = _moment(began), _moment(ended)
    spent = next((tags[name] for name in SPENT if tags.get(name)), spent)
    name = tags.get(NAME_TAG) or name
    why = RUNNING if status.casefold() in ("running", "scheduled") or end is None else ""
    why = why or (BOOKED if tags.get("tunecase.booked") == "true" else "")
    # The full record of a run's code and model is no tag that anybody filters by.
    kept = {name: text for name, text in tags.items() if len(text) <= 500}
    return TimedRun(key, name, start, end, None, {**params, **tags}, tuple(metrics), _usd(spent), why, _own_tags(kept))


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
