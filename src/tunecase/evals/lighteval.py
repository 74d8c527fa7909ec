"""Logs of lighteval: details_TASK_TIME.parquet under details/, and results_TIME.json under results/.

The columns are called doc, metric and model_response (0.13), or __doc__, __metric__ and __model_response__.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tunecase.errors import InputError, Problem
from tunecase.evals.files import TIME, Naming
from tunecase.evals.log import Asked, Log, digest
from tunecase.evals.sheet import Name, Sheet
from tunecase.evals.values import facts_of, fields, finite, text

FORM = "lighteval"
NAMING = Naming(
    re.compile(rf"details_(?P<task>.+)_{TIME}\.parquet"), re.compile(rf"results_{TIME}\.json"),
    lambda begin: b'"config_general"' in begin and b'"results"' in begin,
)  # fmt: skip
MOST_UP = 6  # folders above a file, in which those of the same run are looked for
NO_DETAILS = "run it again with --save-details, and name the output folder or the details file"
METRIC, DOC = ("metric", "__metric__"), ("doc", "__doc__")


def lighteval_log(path: Path, asked: Asked) -> Log | None:
    """The log of one task; None for another file, and for a folder without any of its files.

    Raises: InputError for several tasks or runs in a folder without one chosen, a table that is cut off or broken, one
        without scores, and as `Sheet.name`; MissingExtraError without pyarrow.
    """
    if path.is_file():
        if NAMING.of_items(path):
            return _of_details(path, asked)
        return _of_results(path, asked) if NAMING.of_results(path) else None
    details, results = NAMING.below(path, "*_*") if path.is_dir() else ([], [])
    if details:
        return _of_details(NAMING.one(path, details, asked.task), asked)
    return _of_results(results[-1], asked) if results else None


def _of_results(path: Path, asked: Asked) -> Log:
    """The log that the details of the same run hold. Raises: InputError where there are none."""
    time = NAMING.part(path, "time")
    details = dict.fromkeys(one for one in _near(path, "details") if NAMING.part(one, "time") == time)
    if not details:
        raise InputError(
            Problem(str(path), "scores of whole tasks, and of no item", "details of the items", NO_DETAILS)
        )
    return _of_details(NAMING.one(path, list(details), asked.task), asked)


def _near(path: Path, folder: str) -> Iterator[Path]:
    """The files of a folder of this name that lies beside or above a file."""
    for root in [*path.parents][:MOST_UP]:
        yield from sorted((root / folder).rglob(f"{folder}_*"))


def _of_details(path: Path, asked: Asked) -> Log:
    sheet = Sheet(str(path))
    for number, (metric, doc) in enumerate(_rows(path)):
        query, gold = text(doc.get("query"), 1_000_000), text(doc.get("gold_index")) or str(doc.get("gold_index"))
        pair = f"{query}\0{gold}" if query else text(doc.get("id"))
        row = sheet.row(str(number), pair=digest(pair).hex() if pair else str(number), texts=_texts(doc))
        for key, value in metric.items():
            if value is not None:
                sheet.put(row, ("", str(key)), value)
    name = sheet.name(asked)
    return sheet.log(name, _about(path, name))


def _texts(doc: Mapping[str, Any]) -> tuple[str, ...]:
    given = (doc.get("query"), doc.get("original_query"))
    return tuple(one for one in given if isinstance(one, str) and one.strip())


def _rows(path: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The scores and the document of each row; nothing else of the table is read.

    Raises: InputError for a table without scores, and for one that cannot be read within bounds.
    """
    from tunecase.data.reading import batch_rows, source_of

    source = source_of(path)
    assert source is not None  # the ending is .parquet
    most = batch_rows(source)
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as table:
        names = set(table.schema_arrow.names)
        metric, doc = (next((one for one in options if one in names), "") for options in (METRIC, DOC))
        if not metric or not doc:
            got = f"a table without the column metric (it has {', '.join(sorted(names)[:12])})"
            raise InputError(Problem(str(path), got, "the details of lighteval 0.9 or later", NO_DETAILS))
        for batch in table.iter_batches(most, columns=[metric, doc], use_threads=False):
            for scores, document in zip(batch[metric].to_pylist(), batch[doc].to_pylist(), strict=True):
                yield scores if isinstance(scores, dict) else {}, document if isinstance(document, dict) else {}


def _about(path: Path, name: Name) -> dict[str, Any]:
    task, time = NAMING.part(path, "task"), NAMING.part(path, "time")
    results = NAMING.same_run(path, _near(path, "results"))
    general = fields(results.get("config_general"))
    own = fields(fields(results.get("results")).get(task))
    aggregate = finite(own.get(name[1]))
    config = fields(general.get("model_config"))
    limit = general.get("max_samples")
    return {
        "tool": FORM,
        "version": text(general.get("lighteval_sha"))[:12].strip("?"),
        "model": text(general.get("model_name") or config.get("model_name")) or path.parent.parent.name,
        "task": task,
        "date": time[:10],
        "paired_by": "query and gold index",
        "aggregate": aggregate,
        "facts": facts_of({"model_config": config}),
        "notes": (f"the run was limited (max_samples {limit})",) if limit else (),
    }  # fmt: skip
