"""Logs of lm-evaluation-harness: samples_TASK_DATE.jsonl beside results_DATE.json, or the folder that holds both.

One line is one item under one filter; the file is opened to append. Seen: version 0.4.13.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tunecase.errors import InputError, Problem
from tunecase.evals.files import TIME, Naming, first_line, lines_of, one_run, one_task, whole
from tunecase.evals.log import Asked, Log, digest, direction_of, is_of_corpus
from tunecase.evals.sheet import Name, Sheet, refuse_part
from tunecase.evals.values import facts_of, fields, finite, text

FORM = "lm-evaluation-harness"
NAMING = Naming(
    re.compile(rf"samples_(?P<task>.+)_{TIME}\.jsonl"), re.compile(rf"(?:.+_|)results_{TIME}\.json"),
    lambda begin: b'"config_general"' not in begin and b'"results"' in begin,
)  # fmt: skip
NO_SAMPLES = "run it again with --log_samples, and name the folder or the samples file"


def lm_eval_log(path: Path, asked: Asked) -> Log | None:
    """The log of one task; None for another file, and for a folder without any of its files.

    Raises: InputError for several tasks or runs in a folder without one chosen, for lines of two tasks in one file, and
        as `Sheet.name`.
    """
    if path.is_dir():
        samples, results = NAMING.below(path, "*.json*")
        if samples:
            return _of_samples(NAMING.one(path, samples, asked.task), asked)
        return _of_results(one_run(path, results), asked) if results else None
    if path.suffix == ".json" and NAMING.of_results(path):
        return _of_results(path, asked)
    first = first_line(path) if path.suffix == ".jsonl" and path.is_file() else None
    if first is None or "doc_id" not in first or not ("metrics" in first or "filtered_resps" in first):
        return None
    return _of_samples(path, asked)


def _of_samples(path: Path, asked: Asked) -> Log:
    place, sheet = str(path), Sheet(str(path))
    seen: set[tuple[str, str]] = set()
    documents: dict[str, str | bytes] = {}
    hashed = True
    for number, line in lines_of(path):
        item, pair = text(line.get("doc_id")), _pair(line)
        hashed = hashed and bool(pair)
        _refuse_line(f"{place}:{number}", item, pair or _document(line), documents)
        row = sheet.row(item, pair=pair, texts=tuple(_texts(line.get("doc"))))
        chosen = text(line.get("filter"))
        sheet.repeated += (item, chosen) in seen
        seen.add((item, chosen))
        for metric in _metrics(line):
            sheet.put(row, (chosen, metric), line.get(metric))
    name = sheet.name(asked)
    results = NAMING.same_run(path, sorted(path.parent.glob("*results_*.json")))
    about = _about(path, results, name, by_hash=hashed)
    refuse_part(place, sum(chosen == name[0] for _, chosen in seen), about["aggregate_items"])
    return sheet.log(name, about)


def _refuse_line(where: str, item: str, document: str | bytes, documents: dict[str, str | bytes]) -> None:
    """Raises InputError for a line without an item, and for one of another document than the item had before."""
    if not item:
        fix = "name a samples file as the tool wrote it"
        raise InputError(Problem(where, "a line without a doc_id", "the doc_id of each line", fix))
    if documents.setdefault(item, document) != document:
        got = f"doc_id {item} again, of another document: lines of two tasks"
        raise InputError(Problem(where, got, "the samples of one task", "name the samples file of one task"))


def _document(line: Mapping[str, Any]) -> bytes:
    """What tells the document of a line without hashes from others."""
    return digest(json.dumps([line.get("doc"), line.get("target")], sort_keys=True, default=str))


def _pair(line: Mapping[str, Any]) -> str:
    document, target = text(line.get("doc_hash")), text(line.get("target_hash"))
    return f"{document}:{target}" if document else ""


def _metrics(line: Mapping[str, Any]) -> list[str]:
    """The names of a line's metrics; older files do not list them, and then they are its numbers."""
    listed = line.get("metrics")
    if isinstance(listed, list):
        return [one for one in listed if isinstance(one, str) and one in line]
    own = ("doc_id", "prompt_hash", "doc_hash", "target_hash")
    return [key for key, value in line.items() if key not in own and isinstance(value, bool | int | float)]


def _texts(doc: Any) -> Iterator[str]:
    """The texts of a document, whatever their columns are called."""
    for value in doc.values() if isinstance(doc, dict) else ():
        if isinstance(value, str) and value.strip():
            yield value


def _about(path: Path, results: Mapping[str, Any], name: Name, *, by_hash: bool, task: str = "") -> dict[str, Any]:
    task = task or NAMING.part(path, "task")
    config = fields(results.get("config"))
    own = fields(fields(results.get("results")).get(task))
    aggregate = finite(own.get(f"{name[1]},{name[0] or 'none'}", own.get(name[1])))
    counts = fields(fields(results.get("n-samples")).get(task))
    effective = counts.get("effective")
    limit, given = config.get("limit"), fields(config.get("model_args"))
    return {
        "tool": FORM,
        "version": text(results.get("lm_eval_version")),
        "model": text(results.get("model_name") or given.get("pretrained")) or path.parent.name,
        "task": task,
        "date": NAMING.part(path, "time")[:10],
        "paired_by": "doc_hash and target_hash" if by_hash else "doc_id",
        "direction": direction_of(name[1], fields(fields(results.get("higher_is_better")).get(task)).get(name[1])),
        "aggregate": aggregate,
        "aggregate_items": effective if isinstance(effective, int) else 0,
        "facts": facts_of({"model_args": config.get("model_args"), "metadata": config.get("metadata")}),
        "notes": (f"the run was limited (--limit {limit})",) if limit else (),
    }  # fmt: skip


def _of_results(path: Path, asked: Asked) -> Log:
    """The log of a results file: by its samples where they lie beside it, else of a corpus metric alone."""
    samples = sorted(path.parent.glob(f"samples_*_{NAMING.part(path, 'time')}.jsonl"))
    if samples:
        return _of_samples(NAMING.one(path, samples, asked.task), asked)
    results = whole(path)
    return _aggregate(path, results, one_task(str(path), fields(results.get("results")), asked.task), asked)


def _aggregate(path: Path, results: Mapping[str, Any], task: str, asked: Asked) -> Log:
    """The score of a corpus metric as the results tell it.

    Raises: InputError for a metric that needs the samples, which are missing.
    """
    sheet = Sheet(str(path))
    for key, value in fields(fields(results.get("results")).get(task)).items():
        metric, _, chosen = str(key).partition(",")
        if not metric.endswith("_stderr") and isinstance(value, int | float):
            sheet.put(0, ("" if chosen == "none" else chosen, metric), value)
    name = sheet.name(asked)
    if not is_of_corpus(name[1]):
        got = f"the score of {name[1]}, and of no item"
        raise InputError(Problem(str(path), got, "a log with a score for each item", NO_SAMPLES))
    return sheet.log(name, _about(path, results, name, by_hash=False, task=task))
