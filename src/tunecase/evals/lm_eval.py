"""Logs of lm-evaluation-harness: samples_TASK_DATE.jsonl beside results_DATE.json, or the folder that holds both.

One line is one item under one filter; the file is opened to append. Seen: version 0.4.13.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tunecase.errors import InputError, Problem
from tunecase.evals.files import first_line, lines_of, one_of_several, one_task, whole
from tunecase.evals.log import Asked, Log, digest, direction_of, is_of_corpus
from tunecase.evals.sheet import Name, Sheet, refuse_part
from tunecase.evals.values import facts_of, fields, finite, text

FORM = "lm-evaluation-harness"
SAMPLES = re.compile(r"samples_(?P<task>.+)_(?P<date>\d{4}-\d{2}-\d{2}T[\d.-]+)\.jsonl")
RESULTS = re.compile(r"(?:.+_|)results_(?P<date>\d{4}-\d{2}-\d{2}T[\d.-]+)\.json")
MOST_FILES = 10_000
NO_SAMPLES = "run it again with --log_samples, and name the folder or the samples file"


def lm_eval_log(path: Path, asked: Asked) -> Log | None:
    """The log of one task; None for another file, and for a folder without any of its files.

    Raises: InputError for several tasks or runs in a folder without one chosen, for lines of two tasks in one file, and
        as `Sheet.name`.
    """
    if path.is_dir():
        return _of_folder(path, asked)
    if path.suffix == ".json" and _is_results(path):
        return _of_results(path, asked)
    first = first_line(path) if path.suffix == ".jsonl" and path.is_file() else None
    if first is None or "doc_id" not in first or not ("metrics" in first or "filtered_resps" in first):
        return None
    return _of_samples(path, asked)


def _is_results(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(200_000)
    return RESULTS.fullmatch(path.name) is not None and b'"config_general"' not in head and b'"results"' in head


def _of_folder(path: Path, asked: Asked) -> Log | None:
    files = [one for _, one in zip(range(MOST_FILES), sorted(path.rglob("*.json*")), strict=False)]
    samples = [one for one in files if SAMPLES.fullmatch(one.name)]
    results = [one for one in files if one.suffix == ".json" and RESULTS.fullmatch(one.name) and _is_results(one)]
    if not samples:
        return _chosen_results(path, results, asked) if results else None
    task = one_task(str(path), map(_task, samples), asked.task)
    wanted = [one for one in samples if _task(one) == task]
    if len(wanted) > 1:
        names = [str(one.relative_to(path)) for one in wanted]
        raise one_of_several(str(path), "run", names, f"name one: {wanted[-1]}")
    return _of_samples(wanted[0], asked)


def _chosen_results(path: Path, results: list[Path], asked: Asked) -> Log:
    if len(results) > 1:
        names = [str(one.relative_to(path)) for one in results]
        raise one_of_several(str(path), "run", names, f"name one: {results[-1]}")
    return _of_results(results[0], asked)


def _task(path: Path) -> str:
    named = SAMPLES.fullmatch(path.name)
    return named["task"] if named else ""


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
    results = _results_beside(path)
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


def _results_beside(path: Path) -> dict[str, Any]:
    """The results file of the same run; empty where there is none."""
    named = SAMPLES.fullmatch(path.name)
    if named is None:
        return {}
    for one in sorted(path.parent.glob("*results_*.json")):
        other = RESULTS.fullmatch(one.name)
        if other is not None and other["date"] == named["date"]:
            return whole(one)
    return {}


def _about(path: Path, results: Mapping[str, Any], name: Name, *, by_hash: bool, task: str = "") -> dict[str, Any]:
    task = task or _task(path)
    named = SAMPLES.fullmatch(path.name) or RESULTS.fullmatch(path.name)
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
        "date": (named["date"] if named else "")[:10],
        "paired_by": "doc_hash and target_hash" if by_hash else "doc_id",
        "direction": direction_of(name[1], fields(fields(results.get("higher_is_better")).get(task)).get(name[1])),
        "aggregate": aggregate,
        "aggregate_items": effective if isinstance(effective, int) else 0,
        "facts": facts_of({"model_args": config.get("model_args"), "metadata": config.get("metadata")}),
        "notes": (f"the run was limited (--limit {limit})",) if limit else (),
    }  # fmt: skip


def _of_results(path: Path, asked: Asked) -> Log:
    """The log of a results file: by its samples where they lie beside it, else of a corpus metric alone."""
    results = whole(path)
    named = RESULTS.fullmatch(path.name)
    date = named["date"] if named else ""
    samples = sorted(path.parent.glob(f"samples_*_{date}.jsonl"))
    if samples:
        task = one_task(str(path), map(_task, samples), asked.task)
        return _of_samples(next(one for one in samples if _task(one) == task), asked)
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
