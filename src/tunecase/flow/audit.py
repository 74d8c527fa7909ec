"""Audits the files of a case."""

from pathlib import Path
from typing import TYPE_CHECKING, Unpack, cast

from tunecase.flow.opened import Flow
from tunecase.records import Audit

if TYPE_CHECKING:
    from tunecase.data.audit import Audited, Watch


def audit(flow: Flow, tokenizer: Path | None = None, fast: bool = False, **watch: "Unpack[Watch]") -> Audit:
    """Are these the right data, and good enough? A fast one is not kept: other verbs rest on a whole one."""
    record = audit_files(flow, tokenizer, fast, **watch).record
    return record if fast else cast(Audit, flow.keep("audit", record))


def audit_files(flow: Flow, tokenizer: Path | None = None, fast: bool = False, **watch: "Unpack[Watch]") -> "Audited":
    """The audit of a case's files, with all it rests on; it is not kept."""
    from tunecase.data.audit import Files
    from tunecase.data.audit import audit as audit_data

    data = flow.project.data
    test, production = (flow.folder / name if name else None for name in (data.test, data.production))
    quarantine = flow.folder / "quarantine.jsonl" if flow.writes else None
    files = Files(flow.train_path, test, data.input, data.output, production, tokenizer, quarantine)
    return audit_data(flow.project, files, basis=flow.basis(), seed=flow.seed, fast=fast, **watch)
