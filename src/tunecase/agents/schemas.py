"""The JSON Schema of what each command prints with --json, which the tools answer with."""

from typing import Any

from tunecase.errors import InputError, Problem, nearest
from tunecase.ledger import Entry
from tunecase.records import RECORDS, SCHEMAS, Audit, Begun, Cleaned

# The command whose --json each tool answers with.
_ALIKE = (
    "define", "audit", "estimate", "forecast", "decide", "next", "check", "books", "prices", "fit", "inference",
    "compare", "sources", "scorecard", "init", "pilot", "approve",
)  # fmt: skip
COMMANDS: dict[str, str] = dict(zip(_ALIKE, _ALIKE, strict=True)) | {
    "charges": "spend list", "approvals": "approve", "run": "decide", "add_round": "next", "spend_add": "spend add",
    "write_report": "report", "audit_fix": "audit",
}  # fmt: skip
# Commands whose record has another name than they have.
KINDS: dict[str, Any] = {
    **RECORDS, "approve": RECORDS["approvals"], "spend list": RECORDS["charges"], "init": Begun, "spend add": Entry,
    "audit": Audit | Cleaned,
}  # fmt: skip


def schema_of(command: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of what a command prints with --json.

    Raises: InputError for a command without a record.
    """
    from pydantic import TypeAdapter

    if command not in KINDS:
        wanted = "a command that prints a record"
        raise InputError(Problem("schema", repr(command), wanted, nearest(command, list(KINDS))))
    made = TypeAdapter(KINDS[command]).json_schema(mode="serialization")
    form = SCHEMAS.get(command, 1)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"tunecase:{command}:{form}", **made}
