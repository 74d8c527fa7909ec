"""Holds what a command printed against its schema, no field that the schema does not know allowed."""

from functools import cache
from typing import Any

import jsonschema

from tunecase.records import schema_of


@cache
def strict(command: str) -> dict[str, Any]:
    """A command's schema that refuses fields that it does not know; the schema itself lets them through."""
    schema = schema_of(command)
    roots = {one["$ref"] for one in [schema, *schema.get("anyOf", ())] if "$ref" in one}
    shared = {
        name: part
        if f"#/$defs/{name}" in roots or "properties" not in part
        else {**part, "additionalProperties": False}
        for name, part in schema["$defs"].items()
    }
    return {**schema, "$defs": shared, "unevaluatedProperties": False}


def faults(printed: Any, schema: dict[str, Any]) -> list[str]:
    """Where and why something printed does not keep to a schema."""
    checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message[:200]}" for error in checker.iter_errors(printed)]


def kinds_of(printed: Any, command: str) -> set[str]:
    """The records of a command, by name, that something printed may be; all of them where nothing is given."""
    schema = strict(command)
    if not (kinds := schema.get("anyOf")):
        return {schema.get("$ref", schema.get("type", "")).rpartition("/")[2]}
    plain = {name: value for name, value in schema.items() if name != "anyOf"}
    return {
        kind.get("$ref", kind.get("type", "")).rpartition("/")[2]
        for kind in kinds
        if printed is None or not faults(printed, {**plain, "anyOf": [kind]})
    }
