"""The commands whose --json a tool answers with, and the JSON Schema of its answer."""

from typing import Any

from tunecase.records import schema_of

_ALIKE = (
    "define", "audit", "estimate", "forecast", "decide", "next", "check", "books", "prices", "fit", "inference",
    "compare", "sources", "scorecard", "init", "pilot", "approve",
)  # fmt: skip
# One command for each tool; a second one where it answers otherwise without training rows.
COMMANDS: dict[str, tuple[str, ...]] = {verb: (verb,) for verb in _ALIKE} | {
    "charges": ("spend list",), "approvals": ("approve",), "run": ("decide", "estimate"), "add_round": ("next",),
    "spend_add": ("spend add",), "write_report": ("report",), "audit_fix": ("audit",),
}  # fmt: skip


def told(tool: str) -> str:
    """The command that prints what a tool answers, in words.

    Example:
        >>> told("charges"), told("run")
        ('`tunecase spend list --json`', '`tunecase decide --json` (`tunecase estimate --json` without training rows)')
    """
    usual, *otherwise = (f"`tunecase {command} --json`" for command in COMMANDS[tool])
    return usual + "".join(f" ({one} without training rows)" for one in otherwise)


def schema_of_tool(tool: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the structured content that a tool answers with."""
    made = [schema_of(command) for command in COMMANDS[tool]]
    if len(made) == 1:
        return made[0]
    shared = {name: part for one in made for name, part in one["$defs"].items()}
    either = [{name: part for name, part in one.items() if name not in ("$schema", "$id", "$defs")} for one in made]
    words = f"What {told(tool)} prints."
    return {"$schema": made[0]["$schema"], "description": words, "type": "object", "anyOf": either, "$defs": shared}
