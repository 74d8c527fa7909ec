"""The stores of MLflow without its package: an mlruns folder, an SQLite store, a tracking server's REST interface."""

import json
import math
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from tunecase.errors import InputError, Problem, TunecaseError
from tunecase.io.csv_tables import read_number
from tunecase.io.trackers.run import Tracked
from tunecase.io.yaml_lines import read_yaml
from tunecase.quantities import one_line

MOST_RUNS, MOST_VALUES = 10_000, 2_000_000
MOST_BYTES = 50_000_000
TIMEOUT_S = 20
PAGE = 1_000
STATUS = {"1": "running", "2": "scheduled", "3": "finished", "4": "failed", "5": "killed"}
SQLITE = b"SQLite format 3\x00"
LOCAL = ("127.0.0.1", "localhost", "::1")
API = "/api/2.0/mlflow"
Experiments = dict[str, list[Tracked]]  # runs by the name of their experiment


def folder_in(place: Path) -> Path | None:
    """The mlruns folder that a folder is or holds; None where there is none with an experiment."""
    if not place.is_dir():
        return None
    inside = place / "mlruns"
    folder = inside if inside.is_dir() and experiments(inside) else place
    return folder if experiments(folder) else None


def store_in(place: Path) -> Path | None:
    """The SQLite store that a file is or a folder holds; None where there is none."""
    names = ("mlflow.db", "mlruns.db")
    path = next((place / name for name in names if (place / name).is_file()), place) if place.is_dir() else place
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return path if file.read(len(SQLITE)) == SQLITE else None


def read_folder(folder: Path) -> Experiments:
    """The runs of an mlruns folder, by experiments that are not deleted."""
    found: Experiments = {}
    for meta in experiments(folder):
        body = meta_of(meta)
        if body.get("lifecycle_stage") != "deleted":
            name = str(body.get("name") or meta.parent.name)
            found[name] = [run for run in map(_folder_run, children(meta.parent)) if run is not None]
    return found


def experiments(folder: Path) -> list[Path]:
    """The meta.yaml of each experiment below a folder, or of the folder itself when it is one."""
    if (folder / "meta.yaml").is_file() and not is_run(folder):
        return [folder / "meta.yaml"]
    return [child / "meta.yaml" for child in children(folder) if (child / "meta.yaml").is_file() and not is_run(child)]


def children(folder: Path) -> list[Path]:
    """Folders inside one, links and hidden ones left out."""
    inside = sorted(child for child in folder.iterdir() if child.is_dir() and not child.is_symlink())
    return [child for child in inside[:MOST_RUNS] if not child.name.startswith(".")]


def is_run(folder: Path) -> bool:
    """Whether a folder of the file store is a run."""
    return (folder / "metrics").is_dir() or (folder / "params").is_dir()


def meta_of(path: Path) -> Mapping[str, Any]:
    """The fields of a meta.yaml."""
    return read_yaml(path)[0]


def _folder_run(folder: Path) -> Tracked | None:
    if not (folder / "meta.yaml").is_file() or not is_run(folder):
        return None
    meta = meta_of(folder / "meta.yaml")
    if meta.get("lifecycle_stage") == "deleted":
        return None
    name = meta.get("run_name") or first_line(folder / "tags" / "mlflow.runName") or folder.name
    status = str(meta.get("status", ""))
    facts = {key: first_line(file) for key, file in files_below(folder / "params")}
    scores = {key: _metric_file(file) for key, file in files_below(folder / "metrics")}
    return Tracked(str(name), STATUS.get(status, status), facts, scores)


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Files below a folder by their name in the store; a name with slashes is a path of folders."""
    if folder.is_dir():
        for file in sorted(folder.rglob("*"))[:MOST_RUNS]:
            if file.is_file() and not file.is_symlink():
                yield file.relative_to(folder).as_posix(), file


def first_line(path: Path) -> str:
    """The text of a small file, empty where there is none."""
    if not path.is_file():
        return ""
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(1_000).strip()


def _metric_file(path: Path) -> list[tuple[float, float]]:
    """Lines of time, value and step; (step, value) in the order of step, then time."""
    if path.stat().st_size > MOST_BYTES:
        raise InputError(Problem(str(path), f"{path.stat().st_size:,} bytes", f"at most {MOST_BYTES:,}", "log less"))
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        parts = line.split()
        if len(parts) >= 2:
            step = read_number(parts[2]) if len(parts) > 2 else 0.0
            found.append((step if math.isfinite(step) else 0.0, read_number(parts[0]), _value(parts[1])))
    return [(step, value) for step, _, value in sorted(found, key=lambda at: at[:2])]


def _step(place: str, metric: object, raw: object) -> float:
    """A step of training. Raises InputError for what is no number; a step that is missing is the first."""
    return _read(place, f"step of {metric}", 0 if raw is None else raw)


def _score(place: str, metric: object, raw: object) -> float:
    """A metric's value, NaN among them. Raises InputError for what is no number."""
    return _read(place, f"value of {metric}", raw)


def _read(place: str, what: str, raw: object) -> float:
    try:
        return float(raw if isinstance(raw, int | float) else str(raw))
    except (ValueError, OverflowError):
        fix = "log the number again, or export the runs as CSV and correct it"
        raise InputError(Problem(f"{place}, {what}", one_line(repr(raw), 40), "a number", fix)) from None


def _value(raw: object) -> float:
    """A metric's value; trackers write NaN and Infinity as words."""
    try:
        return float(str(raw))
    except ValueError:
        return math.nan


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A store of MLflow, opened to read only. Raises InputError where it lacks MLflow's tables."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)) as store:
            yield store
    except sqlite3.Error as error:
        fix = "name MLflow's own database, such as mlflow.db"
        raise InputError(Problem(str(path), f"not MLflow's tables ({error})", "a store of MLflow", fix)) from None


def read_store(path: Path) -> Experiments:
    """The runs of an SQLite store, by experiments that are not deleted."""
    with opened(path) as store:
        return _stored(store)


def _stored(store: sqlite3.Connection) -> Experiments:
    names = {
        str(number): str(name)
        for number, name in store.execute(
            "SELECT experiment_id, name FROM experiments WHERE lifecycle_stage = 'active' LIMIT ?", (MOST_RUNS,)
        )
    }
    runs = store.execute(
        "SELECT run_uuid, name, status, experiment_id FROM runs WHERE lifecycle_stage = 'active' "
        "ORDER BY start_time, run_uuid LIMIT ?", (MOST_RUNS,),
    ).fetchall()  # fmt: skip
    facts: dict[str, dict[str, str]] = {}
    for run, key, text in store.execute("SELECT run_uuid, key, value FROM params LIMIT ?", (MOST_VALUES,)):
        facts.setdefault(run, {})[str(key)] = str(text)
    scores: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for run, key, value, step, is_nan in store.execute(
        "SELECT run_uuid, key, value, step, is_nan FROM metrics ORDER BY step, timestamp LIMIT ?", (MOST_VALUES,)
    ):
        point = (_step("the database", key, step), math.nan if is_nan else _score("the database", key, value))
        scores.setdefault(run, {}).setdefault(str(key), []).append(point)
    found: Experiments = {name: [] for name in names.values()}
    for run, name, status, experiment in runs:
        if str(experiment) in names:
            tracked = Tracked(str(name or run), str(status or ""), facts.get(run, {}), scores.get(run, {}))
            found[names[str(experiment)]].append(tracked)
    return found


def experiment_in(fragment: str) -> str:
    """The experiment's number in the address of its page, #/experiments/1."""
    parts = unquote(fragment).strip("/").split("/")
    return parts[1] if len(parts) > 1 and parts[0] == "experiments" else ""


def read_server(base: str, wanted: str, in_full: Callable[[str], bool]) -> Experiments:
    """The runs of a tracking server.

    Args:
        base: its address.
        wanted: the name or number of the one experiment whose runs are read; of others the name only. Empty for all.
        in_full: whether every step of a metric is read, by its name; of others the last value only.
    """
    found: Experiments = {}
    for one in call(base, "/experiments/search", {"max_results": PAGE}).get("experiments", []):
        name, number = str(one.get("name", "")), str(one.get("experiment_id", ""))
        found[name] = [] if wanted and wanted not in (name, number) else list(_server_runs(base, number, in_full))
    return found


def _server_runs(base: str, experiment: str, in_full: Callable[[str], bool]) -> Iterator[Tracked]:
    token, count = "", 0
    while count < MOST_RUNS:
        body = {"experiment_ids": [experiment], "max_results": PAGE, **({"page_token": token} if token else {})}
        answer = call(base, "/runs/search", body)
        for run in answer.get("runs", []):
            count += 1
            yield _server_run(base, run, in_full)
        token = answer.get("next_page_token", "")
        if not token:
            return


def _server_run(base: str, run: Mapping[str, Any], in_full: Callable[[str], bool]) -> Tracked:
    info, data = run.get("info", {}), run.get("data", {})
    facts = {str(one["key"]): str(one["value"]) for one in pairs(data.get("params"))}
    scores = {
        str(m["key"]): [(_step(base, m["key"], m.get("step")), _score(base, m["key"], m["value"]))]
        for m in pairs(data.get("metrics"))
    }
    name = str(info.get("run_name") or info.get("run_id", ""))
    for key in scores:
        if in_full(key):
            history = f"/metrics/get-history?run_id={quote(str(info.get('run_id', '')))}&metric_key={quote(key)}"
            values = [
                (_step(base, key, m.get("step")), _value(m.get("timestamp", 0)), _score(base, key, m["value"]))
                for m in pairs(call(base, history).get("metrics"))
            ]
            scores[key] = [(step, value) for step, _, value in sorted(values, key=lambda at: at[:2])] or scores[key]
    return Tracked(name, str(info.get("status", "")), facts, scores)


def pairs(listed: Any) -> Sequence[Mapping[str, Any]]:
    """Those of a server's list that have a key and a value."""
    return [one for one in listed or () if isinstance(one, dict) and "key" in one and "value" in one]


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def call(base: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One question to the server. Raises TunecaseError when it does not answer, or not as MLflow does."""
    host = urlsplit(base).hostname or ""
    opener = build_opener(_NoRedirect, *([ProxyHandler({})] if host in LOCAL else []))
    sent = None if body is None else json.dumps(body).encode()
    request = Request(f"{base}{API}{path}", data=sent, headers={"Content-Type": "application/json"})  # noqa: S310
    try:
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            raw = answer.read(MOST_BYTES + 1)
    except HTTPError as error:
        why = f"{base} answers {error.code} {error.reason}"
        raise TunecaseError(f"{why}\nFix: give the address of an MLflow tracking server, http://host:port") from None
    except (URLError, OSError, ValueError) as error:
        why = f"{base} does not answer: {getattr(error, 'reason', error)}"
        raise TunecaseError(f"{why}\nFix: start the server (`mlflow server`), or name its folder or database") from None
    try:
        parsed = json.loads(raw) if len(raw) <= MOST_BYTES else None
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise TunecaseError(f"{base} does not answer as MLflow does\nFix: give the address of a tracking server")
    return parsed
