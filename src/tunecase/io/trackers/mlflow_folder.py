"""MLflow's file store: an mlruns folder of experiments, runs, and in them files of tags, parameters and metrics."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tunecase.errors import InputError, Problem
from tunecase.io.trackers.run import MOST_TEXT, InFull, Room, Series, Tracked, chosen, moment, number_or_nan, point
from tunecase.io.yaml_lines import read_yaml

MOST_BYTES = 50_000_000  # of one metric's file
LAST_BYTES = 400  # in which the last line of a metric's file lies
STATUS = {"1": "running", "2": "scheduled", "3": "finished", "4": "failed", "5": "killed"}


def folder_in(place: Path) -> Path | None:
    """The mlruns folder that a folder is or holds; None where there is none with an experiment."""
    if not place.is_dir():
        return None
    inside = place / "mlruns"
    folder = inside if inside.is_dir() and _experiments(inside) else place
    return folder if _experiments(folder) else None


def read_folder(home: Path, experiment: str, in_full: InFull, room: Room) -> dict[str, list[Tracked]]:
    """The runs of an mlruns folder, by experiments that are not deleted; see `read_mlflow`."""
    names = {}
    for folder in _experiments(home):
        meta = read_yaml(folder / "meta.yaml")[0]
        if meta.get("lifecycle_stage") != "deleted":
            names[folder.name] = str(meta.get("name") or folder.name)
    runs: dict[str, list[Tracked]] = {name: [] for name in names.values()}
    numbers = chosen(names, experiment)
    for folder in _experiments(home):
        if folder.name in numbers:
            runs[names[folder.name]] += room.whole(_runs(folder, in_full, room))
    return runs


def _experiments(home: Path) -> list[Path]:
    """The experiments below a folder, or the folder itself where it is one."""
    return [folder for folder in (home, *_children(home)) if (folder / "meta.yaml").is_file() and not _is_run(folder)]


def _children(folder: Path) -> list[Path]:
    inside = sorted(child for child in folder.iterdir() if child.is_dir() and not child.is_symlink())
    return [child for child in inside if not child.name.startswith(".")]


def _is_run(folder: Path) -> bool:
    return (folder / "metrics").is_dir() or (folder / "params").is_dir()


def _runs(experiment: Path, in_full: InFull, room: Room) -> Iterator[Tracked]:
    for folder in _children(experiment):
        if not (folder / "meta.yaml").is_file() or not (_is_run(folder) or (folder / "tags").is_dir()):
            continue
        meta = read_yaml(folder / "meta.yaml")[0]
        if meta.get("lifecycle_stage") != "deleted":
            if not room.takes("runs"):
                return
            yield _run(folder, meta, in_full, room)


def _run(folder: Path, meta: Mapping[str, Any], in_full: InFull, room: Room) -> Tracked:
    tags, facts = ({key: _text(file) for key, file in _files(folder / part, room)} for part in ("tags", "params"))
    metrics = _files(folder / "metrics", room)
    status = str(meta.get("status", ""))
    return Tracked(
        name=str(meta.get("run_name") or tags.get("mlflow.runName") or folder.name),
        status=STATUS.get(status, status),
        facts=facts,
        scores={key: _series(key, file, room) if in_full(key) else _last(key, file) for key, file in metrics},
        key=str(meta.get("run_id") or folder.name),
        began=moment(meta.get("start_time")),
        ended=moment(meta.get("end_time")),
        tags=tags,
    )


def _files(folder: Path, room: Room) -> Iterator[tuple[str, Path]]:
    """Files below a folder by their name in the store; a name with slashes is a path of folders."""
    for file in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if file.is_file() and not file.is_symlink():
            if not room.takes("values"):
                return
            yield file.relative_to(folder).as_posix(), file


def _text(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(MOST_TEXT).strip()


def _series(metric: str, path: Path, room: Room) -> Series:
    """Every (step, value) of a metric's file that there is room for, in the order of step, then time."""
    if path.stat().st_size > MOST_BYTES:
        raise InputError(Problem(str(path), f"{path.stat().st_size:,} bytes", f"at most {MOST_BYTES:,}", "log less"))
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    # The file itself counts as its first line.
    return _points(metric, lines[:1] + [line for line in lines[1:] if room.takes("values")])


def _last(metric: str, path: Path) -> Series:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LAST_BYTES))
        return _points(metric, file.read().decode("utf-8", "replace").strip().splitlines()[-1:])


def _points(metric: str, lines: list[str]) -> Series:
    """Lines of time, value and step, those of fewer words left out."""
    points = []
    for words in map(str.split, lines):
        if len(words) >= 2:
            step, value = point("the folder", metric, words[2] if len(words) > 2 else 0, words[1])
            points.append((step, number_or_nan(words[0]), value))
    return [(step, value) for step, _, value in sorted(points, key=lambda at: at[:2])]
