"""Logs of Inspect: a zip of JSON (.eval), whose entries are packed by Zstandard as a rule, or one JSON file.

Of a zip only header.json and the summaries of the samples are opened, never the samples themselves. Seen: version 2 of
the log format, as written by inspect-ai 0.3.285.
"""

import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tunecase.errors import InputError, MissingExtraError, Problem
from tunecase.evals.files import HALF, elements, head, object_of, whole
from tunecase.evals.log import Asked, Log
from tunecase.evals.sheet import Name, Sheet, refuse_part
from tunecase.evals.values import facts_of, fields, finite, number_of, text, turns

FORM = "Inspect"
LATEST = 2  # version of its log format that is known here
ZSTD, ZIP = 93, b"PK\x03\x04"
HEADER, BEGUN, SUMMARIES, JOURNAL = "header.json", "_journal/start.json", "summaries.json", "_journal/summaries/"
MOST_RATIO, LEAST_BOMB_BYTES = 150, 50_000_000
CONVERT = "`inspect log convert --to eval`"


def inspect_log(path: Path, asked: Asked) -> Log | None:
    """The log of one Inspect run; None for another file.

    Raises: InputError for a run that has not ended well, a file that is cut off, and as `Sheet.name`.
    """
    if not path.is_file():
        return None
    begin = head(path, 4096)
    if begin.startswith(ZIP) or path.suffix == ".eval":
        return _of_zip(path, asked)
    if path.suffix != ".json" or not (begin.lstrip()[:1] == b"{" and b'"status"' in begin and b'"eval"' in begin):
        return None
    body = whole(path)
    return _log(path, body, body.get("samples") or (), asked)


def _of_zip(path: Path, asked: Asked) -> Log | None:
    with _opened(path) as archive:
        names = set(archive.namelist())
        if HEADER not in names:
            if BEGUN not in names and path.suffix != ".eval":
                return None
            raise InputError(Problem(str(path), "a run that has not ended (no header.json)", "a finished run", HALF))
        with archive.open(HEADER) as file:
            header = object_of(f"{path}: {HEADER}", _Bounded(file, path).read())
        return _log(path, header, _summaries(path, archive, names), asked)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The zip, by a library that knows how it is packed.

    Raises: MissingExtraError without one for Zstandard; InputError for a zip that is cut off or broken.
    """
    import zipfile

    broken = (
        zipfile.BadZipFile,
        NotImplementedError,
        EOFError,
        zlib.error,
        RuntimeError,
        OSError,
        ValueError,
        KeyError,
    )
    try:
        with zipfile.ZipFile(path) as archive:
            packed = {entry.compress_type for entry in archive.infolist()}
            if ZSTD not in packed or sys.version_info >= (3, 14):
                yield archive
                return
        with _zstd_zip(path).ZipFile(path) as archive:
            yield archive
    except (InputError, MissingExtraError):
        raise
    except Exception as error:
        if not isinstance(error, broken) and type(error).__name__ not in ("ZstdError", "BadZipFile"):  # of the backport
            raise
        why = str(error).partition("\n")[0] or type(error).__name__
        got = f"a zip that is cut off or broken ({why})"
        raise InputError(Problem(str(path), got, "a whole log of Inspect", HALF)) from None


def _zstd_zip(path: Path) -> Any:
    import importlib

    try:
        return importlib.import_module("backports.zstd.zipfile")
    except ImportError:
        raise MissingExtraError(f"reading {path.name}, packed by Zstandard,", "zstd") from None


class _Bounded:
    """The bytes of an entry, refused where they are far more than its packed bytes explain."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self.file, self.path, self.given, self.packed = file, path, 0, path.stat().st_size

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; all that is left without it."""
        pieces: list[bytes] = []
        while size < 0 or not pieces:
            piece = self.file.read(min(size, 1 << 20) if size > 0 else 1 << 20)
            self.given += len(piece)
            if self.given > LEAST_BOMB_BYTES and self.given > MOST_RATIO * self.packed:
                got = f"packed data that grow more than {MOST_RATIO:,} times, to over {LEAST_BOMB_BYTES / 1e6:.0f} MB"
                raise InputError(Problem(str(self.path), got, "a log of an evaluation", f"unpack it with {CONVERT}"))
            pieces.append(piece)
            if not piece:
                break
        return b"".join(pieces)


def _summaries(path: Path, archive: Any, names: set[str]) -> Iterator[dict[str, Any]]:
    """The summary of each sample, the consolidated ones or else those of the journal."""
    journal = sorted((name for name in names if name.startswith(JOURNAL)), key=lambda name: (len(name), name))
    for name in [SUMMARIES] if SUMMARIES in names else journal:
        with archive.open(name) as file:
            yield from elements(f"{path}: {name}", _Bounded(file, path))


def _log(path: Path, header: Mapping[str, Any], samples: Iterable[Any], asked: Asked) -> Log:
    """The log of a header and its samples, or of their summaries, which have the same fields."""
    place, spec = str(path), fields(header.get("eval"))
    _refuse(place, header)
    sheet, read = Sheet(place), 0
    for sample in samples:
        if isinstance(sample, dict):
            _take(sheet, sample)
            read += 1
    results = fields(header.get("results"))
    if not sheet.columns and sheet.failed:
        got = f"{len(sheet.failed):,} samples that ended in an error, and none with a score"
        raise InputError(Problem(place, got, "samples with scores", "look at the errors, and run it again"))
    refuse_part(place, read, results.get("completed_samples"), "sample")
    name = sheet.name(asked)
    aggregate, counted_items = _own_score(results, name)
    about = {
        "tool": FORM, "version": text(fields(spec.get("packages")).get("inspect_ai")),
        "model": text(spec.get("model")), "task": text(spec.get("task")), "date": text(spec.get("created"))[:10],
        "paired_by": "sample id", "aggregate": aggregate, "aggregate_items": counted_items,
        "notes": tuple(_notes(header, spec)),
        "facts": facts_of({key: spec.get(key) for key in ("task_args", "model_args", "metadata")}),
    }  # fmt: skip
    log = sheet.log(name, about, held=False)
    if log.per_item:
        refuse_part(place, log.items, counted_items, "scored sample")
    return log


def _refuse(place: str, header: Mapping[str, Any]) -> None:
    """Raises InputError for a run of a later form, of another task than asked for, or that has not ended well."""
    version = finite(header.get("version"))
    if version is not None and version > LATEST:
        fix = f"name a log in JSON of an older version, or write one with {CONVERT}; or take a newer tunecase"
        raise InputError(Problem(place, f"version {version:g} of Inspect's log", f"version {LATEST} or below", fix))
    status = text(header.get("status"))
    if status == "started" or not fields(header.get("results")):
        told = text(fields(header.get("error")).get("message"))
        got = f"a run with the status {status or 'unknown'} and no results" + (f" ({told})" if told else "")
        fix = "finish it with `inspect eval-retry LOG`, and name the log that this writes"
        raise InputError(Problem(place, got, "a run that ended with results", fix))


def _take(sheet: Sheet, sample: Mapping[str, Any]) -> None:
    """The scores of one sample in one epoch, each value of an object under its own name."""
    epoch, given = sample.get("epoch"), sample.get("id")
    name = text(given, 1000)
    if not name:
        fix = "name a log as Inspect wrote it"
        raise InputError(Problem(sheet.place, "a sample without an id", "the id of each sample", fix))
    item = name if isinstance(given, str) else f"{type(given).__name__} {name}"  # 1 and "1" are two items
    row = sheet.row(item, epoch if isinstance(epoch, int) else 1, pair=name, texts=turns(sample.get("input")))
    if sample.get("error"):
        sheet.failed.add(row)
        return
    for scorer, score in fields(sample.get("scores")).items():
        value = score.get("value") if isinstance(score, dict) else score
        if isinstance(value, dict):
            for metric, one in value.items():
                sheet.put(row, (str(scorer), str(metric)), one)
        elif number_of(value) is not None or isinstance(value, list):
            sheet.put(row, ("", str(scorer)), value)


def _own_score(results: Mapping[str, Any], name: Name) -> tuple[float | None, int]:
    """The score that the log tells of a scorer, by its accuracy or mean, and of how many samples it is."""
    for score in results.get("scores") or ():
        score = fields(score)
        if name[1] in (score.get("name"), score.get("scorer")) or name[0] == score.get("scorer"):
            metrics = fields(score.get("metrics"))
            for wanted in ("accuracy", "mean"):
                value = finite(fields(metrics.get(wanted)).get("value"))
                if value is not None:
                    scored = score.get("scored_samples")
                    return value, scored if isinstance(scored, int) else 0
    return None, 0


def _notes(header: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[str]:
    status, config = text(header.get("status")), fields(spec.get("config"))
    if status != "success":
        yield f"the run has the status {status}: what it did not come to is missing"
    reducers = config.get("epochs_reducer")
    if isinstance(reducers, list) and reducers and "mean" not in map(str, reducers):
        yield f"Inspect reduces its epochs by {', '.join(map(text, reducers))}; here they are averaged for each item"
    if (limit := config.get("limit")) is not None:
        yield f"the run was limited to {text(limit) or 'some'} samples"
