"""Logs of OpenAI's evals (oaieval): one JSONL file of events, its first line the spec, its last the final report.

Seen: the source of version 3.0.1.post1.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tunecase.errors import InputError, Problem
from tunecase.evals.files import HALF, first_line, lines_of
from tunecase.evals.log import Asked, Log, digest
from tunecase.evals.sheet import MOST_TEXTS, Name, Sheet
from tunecase.evals.values import facts_of, fields, finite, number_of, text, turns

FORM = "OpenAI evals"
ACCURACY = ("", "accuracy")


def oaieval_log(path: Path, asked: Asked) -> Log | None:
    """The log of one run; None for another file.

    Raises: InputError for a run without a final report, for two runs in one file, and as `Sheet.name`.
    """
    first = first_line(path) if path.is_file() and path.suffix in (".jsonl", ".json") else None
    if first is None or not isinstance(first.get("spec"), dict):
        return None
    sheet, report = Sheet(str(path)), None
    matched: set[str] = set()
    for number, line in lines_of(path):
        if "spec" in line and number > 1:
            got, fix = "the spec of a second run in one file", "name a file that holds one run"
            raise InputError(Problem(f"{path}:{number}", got, "the events of one run", fix))
        if "final_report" in line:
            report = fields(line["final_report"])
        elif isinstance(line.get("data"), dict):
            _take(sheet, line, matched)
    if report is None:
        raise InputError(Problem(str(path), "no final report: the run has not ended", "a finished run", HALF))
    name = sheet.name(asked)
    return sheet.log(name, _about(first["spec"], report, name))


def _take(sheet: Sheet, event: Mapping[str, Any], matched: set[str]) -> None:
    """What one event says of its sample; a second match of the same sample is counted, and the last one counts."""
    item, kind, data = text(event.get("sample_id"), 1000), event.get("type"), event["data"]
    if not item:
        return
    if kind == "match":
        sheet.repeated += item in matched
        matched.add(item)
        sheet.put(sheet.row(item), ACCURACY, data.get("correct"))
    elif kind == "metrics":
        row = sheet.row(item)
        for metric, value in data.items():
            if number_of(value) is not None:
                sheet.put(row, ("", str(metric)), value)
    elif kind == "error":
        sheet.failed.add(sheet.row(item))
    elif kind in ("sampling", "raw_sample") and item not in sheet.texts:
        sheet.row(item)  # of an answer that may never be matched
        sheet.texts[item] = tuple(map(digest, turns(data.get("prompt", data.get("input")))[:MOST_TEXTS]))


def _about(spec: Mapping[str, Any], report: Mapping[str, Any], name: Name) -> dict[str, Any]:
    models = spec.get("completion_fns")
    model = ", ".join(map(text, models)) if isinstance(models, list) else text(spec.get("model_name"))
    return {
        "tool": FORM,
        "version": "",
        "model": model,
        "task": text(spec.get("eval_name") or spec.get("base_eval")),
        "date": text(spec.get("created_at"))[:10],
        "paired_by": "sample_id",
        "aggregate": finite(report.get(name[1])),
        "facts": facts_of({"run_config": spec.get("run_config")}),
    }
