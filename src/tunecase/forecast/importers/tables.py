"""Tables of runs as CSV: anybody's n and score, exports of Weights & Biases, exports of MLflow, any row per run."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tunecase.errors import InputError, Problem
from tunecase.forecast.importers.imported import Asked, Imported
from tunecase.forecast.importers.tracked import import_runs, plain
from tunecase.forecast.points import SIZE_NAMES, read_points
from tunecase.io import read_number, read_table
from tunecase.io.trackers import Tracked

Rows = Sequence[tuple[int, dict[str, str]]]

STEP_NAMES = ("step", "train_global_step", "global_step")
NAMES = ("tags.mlflow.runName", "run_name", "name", "run", "run_id", "run id", "id")
STATUS_NAMES = ("state", "status")
DASH = " - "  # between run and metric in the header of a chart's export
ENDS = ("__MIN", "__MAX")


def points_table(place: str, request: Asked) -> Imported | None:
    """A CSV with the columns n (or n_train) and score, one row per run; see `points.read_points`."""
    path = Path(place)
    if not _is_table(path) or request.size_column or request.score_column:
        return None
    header = [name.casefold() for name in read_table(path)[0]]
    is_named = bool({"n", "score"} & set(header)) and not (_is_history(header) or _is_mlflow(header))
    if header and not is_named and not (set(header) & set(SIZE_NAMES) and "score" in header):
        return None
    return Imported(read_points(path, request.direction), "points")


def history_table(place: str, request: Asked) -> Imported | None:
    """The history of runs, one row per step: a chart's export of Weights & Biases, or `run.history()` as CSV.

    A chart's export names run and metric in each column; a history is of one run (named after the file) unless a
    column holds the run's name. Neither says how many examples were trained on unless a column or the names do.
    """
    path = Path(place)
    if not _is_table(path):
        return None
    header, rows = read_table(path)
    step, is_chart = _axis(header), any(DASH in name for name in header)
    if step is None or not (is_chart or "_step" in header or plain(step) in STEP_NAMES[1:]):
        return None
    runs = _chart_runs(header, rows, step) if is_chart else list(_history_runs(header, rows, step, path.stem))
    form = "a chart's export of Weights & Biases" if is_chart else "run history"
    return import_runs(runs, request, place=path.name, form=form)


def run_table(place: str, request: Asked) -> Imported | None:
    """One row per run: the runs table of Weights & Biases, `mlflow experiments csv`, MLflow's download, any other."""
    path = Path(place)
    if not _is_table(path):
        return None
    header, rows = read_table(path)
    if not rows:
        got = "a header and no rows" if header else "an empty file"
        raise InputError(Problem(path.name, got, "a row for each run", "export the runs again"))
    form = "an export of MLflow" if _is_mlflow([name.casefold() for name in header]) else "a table of runs"
    if {"Name", "State"} <= set(header):
        form = "an export of Weights & Biases"
    name, status = _column(header, NAMES), _column(header, STATUS_NAMES)
    runs = [_row_run(line, cells, name, status) for line, cells in rows]
    return import_runs(runs, request, place=path.name, form=form)


def _row_run(line: int, cells: Mapping[str, str], name: str | None, status: str | None) -> Tracked:
    """The run of a row; what is a number may be a score, what is filled a fact."""
    facts = {key: cell for key, cell in cells.items() if cell.strip() and not key.startswith("metrics.")}
    scores = {
        key: ((0.0, read_number(cell)),)
        for key, cell in cells.items()
        if key not in (name, status) and not key.startswith(("params.", "tags.")) and _is_number(cell)
    }
    own_name = cells[name].strip() if name else ""
    return Tracked(own_name or f"line {line}", cells[status] if status else "", facts, scores)


def _is_table(path: Path) -> bool:
    return path.is_file() and path.suffix.casefold() in (".csv", ".tsv", ".txt")


def _is_mlflow(lowered: Sequence[str]) -> bool:
    has_parts = any(name.startswith(("metrics.", "params.")) for name in lowered)
    return has_parts or {"run id", "source type"} <= set(lowered)


def _is_history(lowered: Sequence[str]) -> bool:
    return "_step" in lowered or any(DASH in name for name in lowered)


def _axis(header: Sequence[str]) -> str | None:
    """The column of steps. A chart may be drawn over epochs or time, too: what stands before its runs is its axis."""
    step = next((name for name in header if plain(name) in STEP_NAMES), None)
    is_chart = any(DASH in name and name.endswith(ENDS) for name in header)
    return header[0] if step is None and is_chart else step


def _column(header: Sequence[str], names: Sequence[str]) -> str | None:
    lowered = {name.casefold(): name for name in reversed(header)}
    return next((lowered[name.casefold()] for name in names if name.casefold() in lowered), None)


def _is_number(cell: str) -> bool:
    number = read_number(cell)
    return number == number or cell.strip().casefold() == "nan"


def _chart_runs(header: Sequence[str], rows: Rows, step: str) -> list[Tracked]:
    """The runs of a chart's export, a column for each run and metric."""
    by_run: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for column in header:
        run, dash, metric = column.rpartition(DASH)
        if not dash or column.endswith(ENDS) or metric.startswith("_"):
            continue
        points = [
            (read_number(cells[step]), read_number(cells[column])) for _, cells in rows if _is_number(cells[column])
        ]
        scores = by_run.setdefault(run.strip(), {})
        if points:
            scores.setdefault(metric.strip(), []).extend(points)
    return [Tracked(run, "", {}, scores) for run, scores in by_run.items()]


def _history_runs(header: Sequence[str], rows: Rows, step: str, stem: str) -> Iterator[Tracked]:
    name = _column(header, NAMES)
    by_run: dict[str, list[dict[str, str]]] = {}
    for _, cells in rows:
        by_run.setdefault((cells[name].strip() if name else "") or stem, []).append(cells)
    for run, steps in by_run.items():
        scores: dict[str, list[tuple[float, float]]] = {}
        facts: dict[str, str] = {}
        for cells in steps:
            for key, cell in cells.items():
                if key in (step, name) or not cell.strip():
                    continue
                facts[key] = cell
                if _is_number(cell):
                    scores.setdefault(key, []).append((read_number(cells[step]), read_number(cell)))
        yield Tracked(run, "", facts, scores)
