"""How an audit grows with its rows: seconds, processor seconds, memory and scratch disk, by size, engine and stage.

Every audit is a whole process, `tunecase audit FILE --fast --json`, watched with all processes that it starts
(process_tree.py). Its record says what each stage took. Two records are the same when they agree in everything but
seconds, stages and the names of the files beside them, whose contents are compared.
"""

import argparse
import hashlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from peers.rows import write_rows
from process_tree import MB, NotRunError, Usage, Watch, watched

SOURCE = Path(__file__).parents[1] / "src"
FIGURES = Path(__file__).with_name("auditing_growth.json")
NEAR_STAGES = ("same", "meet", "carry", "compare")
NOT_COMPARED = ("seconds", "stages")
MOST_DIFFERENCES = 20
SEED = 3
UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "kB": 10**3, "MB": 10**6, "GB": 10**9}


@dataclass(frozen=True, slots=True)
class Way:
    """How the audit is run: on which engine, whole or fast, in which memory, told which memory, and for how long."""

    engine: str = "local"
    full: bool = False
    cgroup_bytes: int | None = None
    memory: str | None = None
    limit_s: float = 3600.0
    sampled: bool = True


@dataclass(frozen=True, slots=True)
class Audited:
    """One audit: what it used, its record where it ended, and the last line that it said where it did not."""

    usage: Usage
    record: dict[str, Any] | None
    last_line: str = ""


def audited(train: Path, way: Way = Way(), test: Path | None = None, scratch: Path | None = None) -> Audited:
    """One audit in processes of its own; scratch files lie in a new folder inside `scratch`, and go with it.

    Raises: NotRunError when this tunecase lacks what is asked for, or when it cannot be limited.
    """
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        folder = Path(name)
        watch = Watch(way.sampled, way.limit_s, way.cgroup_bytes, (folder,))
        kept_nowhere_else = {} if way.full else {"XDG_CACHE_HOME": name}
        environment = {**os.environ, "PYTHONPATH": str(SOURCE), "TMPDIR": name} | kept_nowhere_else
        with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as errors:
            usage = watched(command(train, way, folder, test), watch, env=environment, stdout=said, stderr=errors)
            said.seek(0)
            errors.seek(0)
            if usage.returncode in (0, 1):
                return Audited(usage, compared(json.load(said)))
            lines = errors.read().decode(errors="replace").strip().splitlines()
            return Audited(usage, None, lines[-1][:300] if lines else "no message")


def command(train: Path, way: Way, scratch: Path, test: Path | None = None) -> list[str]:
    """The audit as one types it, with the options that this tunecase has.

    Raises: NotRunError when it has no engine to choose, or takes no memory, and one is asked for.
    """
    parts = [sys.executable, "-m", "tunecase", "audit", str(train), "--json"]
    parts += [] if way.full else ["--fast"]
    parts += ["--test", str(test)] if test else []
    wanted = {"--engine": way.engine, "--memory": way.memory, "--scratch": str(scratch)}
    for option, value in wanted.items():
        if option in options():
            parts += [option, value] if value else []
        elif value and (option, value) != ("--engine", "local") and option != "--scratch":
            raise NotRunError(f"this tunecase has no {option}")
    return parts


@cache
def options() -> frozenset[str]:
    """The options of `tunecase audit`."""
    sys.path.insert(0, str(SOURCE))
    from typer.main import get_command

    from tunecase.cli.commands import app

    audit = get_command(app).get_command(None, "audit")  # type: ignore[attr-defined,arg-type]
    return frozenset(option for parameter in audit.params for option in parameter.opts)


def compared(record: dict[str, Any]) -> dict[str, Any]:
    """A record whose files beside it are told by what they hold, for their names change from run to run."""
    for name, value in record.items():
        if name.endswith("_file") and isinstance(value, str) and Path(value).is_file():
            record[name] = hashlib.sha256(Path(value).read_bytes()).hexdigest()
    return record


def differences(one: Any, other: Any, at: str = "") -> Iterator[str]:
    """Where two records differ, bar seconds and stages, as paths such as findings.3.count; nothing if they agree."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            if name not in NOT_COMPARED:
                yield from differences(one.get(name), other.get(name), f"{at}.{name}" if at else name)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from differences(left, right, f"{at}.{number}")
    elif one != other:
        yield at


def figures(rows: int, way: Way, file: Path, done: Audited) -> dict[str, Any]:
    """All that is kept of one audit, in plain values."""
    record = done.record or {}
    used = {name: _rounded(value) for name, value in asdict(done.usage).items()}
    kept = {
        "rows": rows,
        "row_bytes": round(file.stat().st_size / rows),
        "engine": way.engine,
        "full": way.full,
        "cgroup_mb": way.cgroup_bytes and round(way.cgroup_bytes / MB),
        "memory": way.memory,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "date": date.today().isoformat(),
        "ended": done.record is not None,
        **used,
        "stages": record.get("stages", []),
        "near": near_stage(record.get("stages", [])),
    }
    return kept if done.record else kept | {"last_line": done.last_line}


def near_stage(stages: list[dict[str, Any]]) -> dict[str, Any]:
    """The search for copies alone, from the stages of a record; empty where it has none."""
    near = [stage for stage in stages if stage["name"].split()[0] in NEAR_STAGES]
    if not near:
        return {}
    return {
        "cpu_seconds": round(sum(stage["cpu_seconds"] for stage in near), 2),
        "peak_mb": max(stage["peak_mb"] for stage in near),
    }


def grown(sizes: list[int], ways: list[Way], data: Path, path: Path = FIGURES) -> list[dict[str, Any]]:
    """Every size in every way, the ways of one size one after the other; the records of a size are compared.

    Files of rows lie in `data` and are taken again from there; figures are kept in `path` one by one.
    """
    for way in ways:
        command(data, way, data)
    found = []
    for rows in sizes:
        file = rows_file(rows, data)
        first: dict[str, Any] | None = None
        for way in ways:
            done = audited(file, way, scratch=data)
            kept = figures(rows, way, file, done)
            if first is not None and done.record is not None:
                kept["differs_at"] = list(differences(first, done.record))[:MOST_DIFFERENCES]
            first = first or done.record
            found.append(kept)
            keep([kept], path)
            print(said(kept), flush=True)
    return found


def quantity(text: str) -> int:
    """A number of rows or bytes as people type it: 100000, 100k, 1M, 1G, 4GB.

    Raises: argparse.ArgumentTypeError where it is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([a-zA-Z]*)", text)
    if found is None or found[2] not in UNITS:
        raise argparse.ArgumentTypeError(f"{text} is no number such as 100k, 1M or 4GB")
    return round(float(found[1]) * UNITS[found[2]])


def rows_file(rows: int, data: Path) -> Path:
    """The file of so many made-up rows, written unless it is there."""
    file = data / f"rows-{SEED}-{rows}.jsonl"
    if not file.exists():
        part = file.with_suffix(".part")
        write_rows(part, rows, SEED, truth=False)
        part.replace(file)
    return file


def said(kept: dict[str, Any]) -> str:
    """One audit's figures in a line."""
    words = [f"{kept['rows']:,} rows, {kept['engine']}: {kept['seconds']} s, {kept['cpu_seconds']} CPU s"]
    names = {"peak_mb": "PSS", "held_peak_mb": "held", "driver_peak_mb": "driver", "charged_peak_mb": "with page cache",
             "disk_peak_mb": "scratch"}  # fmt: skip
    words += [f"{kept[name]:,.0f} MB {what}" for name, what in names.items() if kept[name] is not None]
    if kept["cgroup_mb"]:
        words.append(f"limit {kept['cgroup_mb']:,} MB hit {kept['limit_hits']} times")
    if not kept["ended"]:
        how = "time ran out" if kept["returncode"] is None else f"exit {kept['returncode']}"
        words.append(f"did not end ({how}; {kept['killed']} killed): {kept['last_line']}")
    if "differs_at" in kept:
        words.append(f"differs at {', '.join(kept['differs_at'])}" if kept["differs_at"] else "same record")
    return ", ".join(words)


def keep(found: list[dict[str, Any]], path: Path = FIGURES) -> None:
    """Writes the figures, in place of those of the same size and way; `sizing.py` reads them."""
    named = ("rows", "engine", "full", "cgroup_mb")
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    new = {tuple(each[name] for name in named): each for each in [*old, *found]}
    ordered = sorted(
        new.values(), key=lambda each: (each["full"], each["engine"], each["rows"], each["cgroup_mb"] or 0)
    )
    path.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    return round(value, 1) if isinstance(value, float) else value


def _place(kept: dict[str, Any]) -> tuple[bool, str, int, int]:
    return kept["full"], kept["engine"], kept["rows"], kept["cgroup_mb"] or 0
