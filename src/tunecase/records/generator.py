"""Turns records into JSON Schemas of what `to_json` makes of them; loads pydantic, so import it where it is needed."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue

DECIMAL = r"^-?[0-9]+(\.[0-9]+)?(E[+-]?[0-9]+)?$"
_ARGS = re.compile(r"\nArgs:\n(?P<lines>(?:[ ]{4}.*\n?|\n)+)")
_FIELD = re.compile(r"^    (?P<names>\w+(?:, \w+)*): (?P<words>.*(?:\n[ ]{5,}.*)*)", re.MULTILINE)


class Printed(GenerateJsonSchema):
    """The schema of a record as `to_json` prints it: every field there, no defaults, floats that may be null."""

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        """The schema without its default: what is printed is printed whole."""
        return self.generate_inner(schema["schema"])

    def field_is_required(self, field: Any, total: bool) -> bool:
        """Every field is printed; of a dict with named keys those that it must have."""
        return bool(field.get("required", total)) if field["type"] == "typed-dict-field" else True

    def field_title_should_be_set(self, schema: Any) -> bool:
        """A field's title would say its name once more."""
        return False

    def float_schema(self, schema: Any) -> JsonSchemaValue:
        """A number, or null where it is not finite."""
        return {**super().float_schema(schema), "type": ["number", "null"]}

    def nullable_schema(self, schema: Any) -> JsonSchemaValue:
        """The schema or null, which a float may be anyway."""
        inner = self.generate_inner(schema["schema"])
        kinds = inner.get("type")
        if isinstance(kinds, str) and "enum" not in inner and "const" not in inner:
            return {**inner, "type": [kinds, "null"]}
        return inner if isinstance(kinds, list) else {"anyOf": [inner, {"type": "null"}]}

    def decimal_schema(self, schema: Any) -> JsonSchemaValue:
        """The digits as text."""
        return {"type": "string", "pattern": DECIMAL}

    def lax_or_strict_schema(self, schema: Any) -> JsonSchemaValue:
        """Without the format of a path, which is none of JSON Schema."""
        made = super().lax_or_strict_schema(schema)
        return {name: value for name, value in made.items() if (name, value) != ("format", "path")}

    def dataclass_schema(self, schema: Any) -> JsonSchemaValue:
        """The record with what its docstring says of it and of its fields."""
        made = super().dataclass_schema(schema)
        text, fields = told(schema["cls"].__doc__ or "")
        for name in fields.keys() & made.get("properties", {}).keys():
            made["properties"][name] = {**made["properties"][name], "description": fields[name]}
        return {**made, "description": text}


def told(docstring: str) -> tuple[str, dict[str, str]]:
    """What a docstring says of a record, and what its Args say of each field, every line break of a paragraph gone.

    Example:
        >>> told("A box.\\n\\n    Args:\\n        wide, high: its sides\\n            [cm].\\n    ")
        ('A box.', {'wide': 'its sides [cm].', 'high': 'its sides [cm].'})
    """
    from inspect import cleandoc

    text = cleandoc(docstring) + "\n"
    args = _ARGS.search(text)
    fields = {
        name: " ".join(match["words"].split())
        for match in _FIELD.finditer(args["lines"] if args else "")
        for name in match["names"].split(", ")
    }
    whole = text[: args.start()] if args else text
    return "\n\n".join(" ".join(part.split()) for part in whole.strip().split("\n\n")), fields


def generated(kinds: Mapping[str, Any]) -> tuple[dict[str, JsonSchemaValue], dict[str, JsonSchemaValue]]:
    """The schemas of several kinds, by their keys, and what they have in common, by name.

    Example:
        >>> generated({"share": float})
        ({'share': {'type': ['number', 'null']}}, {})
    """
    mode: JsonSchemaMode = "serialization"
    inputs = [(key, mode, TypeAdapter(kind)) for key, kind in kinds.items()]
    made, shared = TypeAdapter.json_schemas(inputs, schema_generator=Printed, ref_template="#/$defs/{model}")
    return {key: value for (key, _), value in made.items()}, shared.get("$defs", {})
