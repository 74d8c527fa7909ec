"""Audits the files of a case, or files without one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Unpack, cast

from tunecase.errors import Problem, nearest, refuse_any
from tunecase.flow.dropped import keep_dropped, list_dropped
from tunecase.flow.opened import Flow
from tunecase.quantities import UnitError, Worlds, memory_bytes
from tunecase.records import Audit

if TYPE_CHECKING:
    from tunecase.data.audit import Audited, Running, Watch


@dataclass(frozen=True, slots=True)
class AuditAsked:
    """An audit as it is wanted: how far it goes, and where it runs where the project does not say so.

    Args:
        tokenizer: a tokenizer.json, to count tokens.
        production: a sample of real inputs, in place of the project's.
        fast: only what one pass tells.
        engine, address, scratch: see `Running`.
        memory: what all processes may hold together, such as 2GB.
        workers: how many tasks run at once.
    """

    tokenizer: Path | None = None
    production: Path | None = None
    fast: bool = False
    engine: str | None = None
    address: str | None = None
    scratch: str | None = None
    memory: str | None = None
    workers: int | None = None


@dataclass(frozen=True, slots=True)
class DataFiles:
    """Data files without a project: the held-out test, if any, and the columns where they are not recognised."""

    train: Path
    test: Path | None = None
    input: str | None = None
    output: str | None = None


WHOLE = AuditAsked()


def audit(flow: Flow, wanted: AuditAsked = WHOLE, **watch: "Unpack[Watch]") -> Audit:
    """Are these the right data, and good enough? A fast one is not kept: other verbs rest on a whole one."""
    with auditing_case(flow, wanted, **watch) as audited:
        record = audited.record
    return record if wanted.fast else cast(Audit, flow.keep("audit", record))


@contextmanager
def auditing_case(flow: Flow, wanted: AuditAsked = WHOLE, **watch: "Unpack[Watch]") -> "Iterator[Audited]":
    """The audit of a case's files, with all it rests on while the block lasts.

    It is not kept, but the rows that a whole one leaves out are (see `keep_dropped`); a fast one lists them.
    """
    from tunecase.data.audit import Files, auditing

    data = flow.project.data
    test, production = (flow.folder / name if name else None for name in (data.test, data.production))
    quarantine = flow.folder / "quarantine.jsonl" if flow.writes else None
    files = Files(
        flow.train_path, test, data.input, data.output, wanted.production or production, wanted.tokenizer, quarantine
    )
    with auditing(
        flow.project, files, basis=flow.basis(), seed=flow.seed, fast=wanted.fast,
        running=running(wanted, flow), **watch,
    ) as audited:  # fmt: skip
        many = flow.folder / "dropped.txt" if flow.writes else None
        yield list_dropped(audited, many) if wanted.fast else keep_dropped(flow, audited)


def audit_file(
    data: DataFiles,
    wanted: AuditAsked = WHOLE,
    *,
    seed: int,
    today: date,
    writes: bool = True,
    **watch: "Unpack[Watch]",
) -> Audit:
    """An audit without a project file; nothing is kept.

    What cannot be read goes to a file in the current folder; see `list_dropped` for the rows to drop. With `writes` off
    no file is written.
    """
    quarantine = Path(f"{data.train.stem}.quarantine.jsonl") if writes else None
    with auditing_file(data, wanted, quarantine, seed, today, **watch) as audited:
        return audited.record


@contextmanager
def auditing_file(
    data: DataFiles, wanted: AuditAsked, quarantine: Path | None, seed: int, today: date, **watch: "Unpack[Watch]"
) -> "Iterator[Audited]":
    """An audit without a project file, with all it rests on while the block lasts.

    The record lists all rows to drop, or names a file of them; without a quarantine nothing is written.
    """
    from tunecase.data.audit import Files, auditing
    from tunecase.prices import Basis

    basis = Basis(None, today, Worlds(seed, Flow.DRAWS))
    files = Files(data.train, data.test, data.input, data.output, wanted.production, wanted.tokenizer, quarantine)
    with auditing(
        None, files, basis=basis, seed=seed, fast=wanted.fast, running=running(wanted, None), **watch
    ) as audited:
        yield list_dropped(audited, quarantine and quarantine.with_name(f"{data.train.stem}.dropped.txt"))


def _scratch_of(flow: Flow) -> str | None:
    """The scratch that the project file names; a folder lies where the file does, unless its path says where."""
    named = flow.project.scratch
    return named if named is None or "://" in named else str(flow.folder / Path(named).expanduser())


def running(wanted: AuditAsked, flow: Flow | None) -> "Running":
    """Where an audit runs: as asked, else as the project file says, else on this machine.

    Raises: InputError with everything in it that cannot be read.
    """
    from tunecase.data.audit import Running
    from tunecase.engine import ENGINES, Engine

    own = (flow.project.engine, flow.project.address, _scratch_of(flow)) if flow else (None, None, None)
    engine, address, scratch = (
        given or stated for given, stated in zip((wanted.engine, wanted.address, wanted.scratch), own, strict=True)
    )
    problems, memory = [], None
    if engine not in (None, *ENGINES):
        problems.append(Problem("--engine", repr(engine), "local or ray", nearest(str(engine), list(ENGINES))))
    elif engine != "ray" and wanted.address:
        problems.append(Problem("--address", "no --engine ray", "a cluster to run on", "add --engine ray"))
    elif engine == "ray" and address and not scratch:
        fix = "name a folder that all nodes see under the same path, or an object store such as s3://bucket/scratch"
        problems.append(Problem("--scratch", "nothing", "a place that this machine and the cluster share", fix))
    if wanted.memory is not None:
        try:
            memory = memory_bytes(wanted.memory)
        except UnitError as error:
            problems.append(Problem("--memory", error.got, error.wanted, error.fix))
    refuse_any(problems)
    kind: Engine = "ray" if engine == "ray" else "local"
    return Running(kind, address if engine == "ray" else None, scratch, memory, wanted.workers)
