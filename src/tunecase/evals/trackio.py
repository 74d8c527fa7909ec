"""Scores of items in Trackio's local store, where they were logged as traces, as lm-evaluation-harness does.

A trace is one item; its metadata hold the task, the item, the filter and what it scored.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tunecase.errors import InputError, Problem
from tunecase.evals.files import listed, one_of_several, one_task
from tunecase.evals.log import Asked, Log
from tunecase.evals.sheet import Sheet
from tunecase.evals.values import text, turns
from tunecase.io.trackers import cell, is_trackio, opened_trackio

FORM = "Trackio"
ABOUT = ("task", "doc_id", "id", "sample_id", "target", "filter", "output_type", "epoch", "model", "version")
AGGREGATES = (
    "log each item as a trace (lm_eval: --trackio_args with --log_samples), or read its curve: "
    "`tunecase forecast PROJECT.db --score-column NAME`"
)


def trackio_log(path: Path, asked: Asked) -> Log | None:
    """The traces of one run on one task as a log; None for another file.

    Raises: InputError for a store of a later version, one without traces of items, several runs or tasks without one
        chosen, and as `Sheet.name`.
    """
    if not is_trackio(path):
        return None
    with opened_trackio(path) as (store, key):
        tables = {str(name) for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        runs = _runs(store, key) if "traces" in tables else {}
        if not runs:
            raise InputError(Problem(str(path), "scores by step, and of no item", "a trace of each item", AGGREGATES))
        run = _chosen(path, runs, asked.run)
        query = f"SELECT metadata, messages, timestamp FROM traces WHERE {key} = ? ORDER BY step, rowid"  # noqa: S608
        traces = list(_traces(path, store.execute(query, (run,))))
    return _log(path, runs[run], _of_task(path, traces, asked.task), asked)


def _runs(store: Any, key: str) -> dict[str, str]:
    """The runs that have traces: names by key, as they began."""
    query = f"SELECT {key}, run_name FROM traces GROUP BY {key} ORDER BY MIN(timestamp)"  # noqa: S608
    return {str(run): text(name) for run, name in store.execute(query)}


def _chosen(path: Path, runs: Mapping[str, str], wanted: str) -> str:
    """The key of the run that is asked for by name or key, or the only one."""
    fitting = [run for run, name in runs.items() if wanted in ("", run, name)]
    names = [name if list(runs.values()).count(name) == 1 else run for run, name in runs.items()]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        got, fix = f"no run {wanted!r} with traces (it has {listed(names)})", f"name it so: {path}::{names[0]}"
        raise InputError(Problem(str(path), got, "one of its runs", fix))
    options = [name for run, name in zip(runs, names, strict=True) if run in fitting]
    raise one_of_several(str(path), "run", options, f"name one: {path}::{options[-1]}")


def _traces(path: Path, rows: Any) -> Iterator[tuple[Mapping[str, Any], Any, str]]:
    import json

    for metadata, messages, when in rows:
        try:
            chat = json.loads(messages)
        except (ValueError, TypeError, RecursionError):
            chat = None
        yield cell(path, metadata), chat, text(when)


def _of_task(path: Path, traces: list[tuple[Mapping[str, Any], Any, str]], wanted: str) -> Any:
    """The traces of the task that is asked for, or of the only one."""
    task = one_task(str(path), (text(about.get("task")) for about, _, _ in traces), wanted)
    return [one for one in traces if text(one[0].get("task")) == task]


def _log(path: Path, run: str, traces: list[tuple[Mapping[str, Any], Any, str]], asked: Asked) -> Log:
    sheet, seen = Sheet(str(path)), set[tuple[str, int, str]]()
    for number, (about, chat, _) in enumerate(traces):
        item = next((text(about.get(one), 1000) for one in ("doc_id", "sample_id", "id") if text(about.get(one))), "")
        chosen, epoch = text(about.get("filter")), about.get("epoch")
        at = (item or str(number), epoch if isinstance(epoch, int) else 1)
        row = sheet.row(*at, texts=turns(chat))
        sheet.repeated += (*at, chosen) in seen
        seen.add((*at, chosen))
        for metric, value in about.items():
            if metric not in ABOUT and value is not None:
                sheet.put(row, (chosen, str(metric)), value)
    last = traces[-1]
    about = {
        "tool": FORM, "version": "", "model": text(last[0].get("model")) or run, "task": text(last[0].get("task")),
        "date": last[2][:10], "paired_by": "doc_id",
    }  # fmt: skip
    return sheet.log(sheet.name(asked), about)
