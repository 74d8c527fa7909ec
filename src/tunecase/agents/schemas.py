"""The command whose --json each tool answers with, in whose schema its answer is."""

_ALIKE = (
    "define", "audit", "estimate", "forecast", "decide", "next", "check", "books", "prices", "fit", "inference",
    "compare", "sources", "scorecard", "init", "pilot", "approve",
)  # fmt: skip
COMMANDS: dict[str, str] = dict(zip(_ALIKE, _ALIKE, strict=True)) | {
    "charges": "spend list", "approvals": "approve", "run": "decide", "add_round": "next", "spend_add": "spend add",
    "write_report": "report", "audit_fix": "audit",
}  # fmt: skip
