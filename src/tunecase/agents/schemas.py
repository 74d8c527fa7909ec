"""The JSON Schema of what each verb answers."""

from typing import Any

from tunecase.errors import InputError, one_of
from tunecase.records import RECORDS, SCHEMAS

# Commands whose record has another name than they have.
NAMES = {"spend add": "spend", "spend import": "imported", "spend list": "charges", "audit --fix": "clean"}


def schema_of(command: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the record that a command prints with --json.

    Raises: InputError for a command without a record.
    """
    from pydantic import TypeAdapter

    name = NAMES.get(command, command)
    if name not in RECORDS:
        raise InputError(one_of("verb", command, sorted({*RECORDS, *NAMES})))
    made = TypeAdapter(RECORDS[name]).json_schema(mode="serialization")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"tunecase:{command}:{SCHEMAS[name]}"}
    return head | made
