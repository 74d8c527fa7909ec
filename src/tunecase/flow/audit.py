"""Audits the files of a case."""

from pathlib import Path
from typing import Any, cast

from tunecase.flow.opened import Flow, Progress
from tunecase.records import Audit


def audit(
    flow: Flow, progress: Progress | None = None, tokenizer: Path | None = None, fast: bool = False, **told: Any
) -> Audit:
    """Are these the right data, and good enough? A fast one is not kept: other verbs rest on a whole one."""
    record = audit_files(flow, progress=progress, tokenizer=tokenizer, fast=fast, **told)
    return record if fast else cast(Audit, flow.keep("audit", record))


def audit_files(flow: Flow, **asked: Any) -> Audit:
    """The audit of a case's files, with what is asked besides."""
    from tunecase.data.audit import audit as audit_data

    data = flow.project.data
    test, production = (flow.folder / name if name else None for name in (data.test, data.production))
    return audit_data(
        flow.project, flow.train_path, test, basis=flow.basis(), input=data.input, output=data.output,
        production=production, quarantine=flow.folder / "quarantine.jsonl" if flow.writes else None, seed=flow.seed,
        **asked,
    )  # fmt: skip
