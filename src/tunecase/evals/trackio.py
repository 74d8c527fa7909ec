"""Scores of items in Trackio's local store, where they were logged as traces, as lm-evaluation-harness does.

A trace is one item; its metadata hold the task, the item, the filter and what it scored.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tunecase.errors import InputError, Problem
from tunecase.evals.files import listed, one_of_several, one_task, value_of
from tunecase.evals.log import Asked, Log
from tunecase.evals.sheet import Sheet
from tunecase.evals.values import text, turns
from tunecase.io.trackers import cell, is_trackio, opened_trackio, tables_of

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
        runs = _runs(store, key) if "traces" in tables_of(store) else {}
        if not runs:
            raise InputError(Problem(str(path), "scores by step, and of no item", "a trace of each item", AGGREGATES))
        run = _chosen(path, runs, asked.run)

        def traces(columns: str) -> Iterator[tuple[Mapping[str, Any], *tuple[Any, ...]]]:
            query = f"SELECT {columns} FROM traces WHERE {key} = ? ORDER BY step, rowid"  # noqa: S608
            for metadata, *others in store.execute(query, (run,)):
                yield cell(path, metadata), *others

        task = one_task(str(path), (text(about.get("task")) for about, *_ in traces("metadata")), asked.task)
        chosen = (one for one in traces("metadata, messages, timestamp") if text(one[0].get("task")) == task)
        return _log(path, runs[run], chosen, asked)


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


def _log(path: Path, run: str, traces: Iterable[Any], asked: Asked) -> Log:
    sheet, seen, told = Sheet(str(path)), set[tuple[str, int, str]](), dict.fromkeys(("model", "task", "date"), "")
    for number, (about, messages, when) in enumerate(traces):
        item = next((text(about.get(one), 1000) for one in ("doc_id", "sample_id", "id") if text(about.get(one))), "")
        chosen, epoch = text(about.get("filter")), about.get("epoch")
        at = (item or str(number), epoch if isinstance(epoch, int) else 1)
        row = sheet.row(*at, texts=turns(value_of(messages)))
        sheet.repeated += (*at, chosen) in seen
        seen.add((*at, chosen))
        for metric, value in about.items():
            if metric not in ABOUT and value is not None:
                sheet.put(row, (chosen, str(metric)), value)
        told = {"model": text(about.get("model")) or run, "task": text(about.get("task")), "date": text(when)[:10]}
    return sheet.log(sheet.name(asked), {"tool": FORM, "version": "", "paired_by": "doc_id", **told})
