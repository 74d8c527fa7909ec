"""The reference of the site that schemas hold: the fields of the project file, and what each command prints as JSON."""

import json
import re
from collections.abc import Mapping
from typing import Any

import site_reference

from tunecase import records
from tunecase.flow.init import schema as project_schema


def project_page() -> str:
    """Every field of the project file, section by section, from its schema."""
    schema = json.loads(project_schema())
    parts = [
        "# The project file",
        "`tunecase init` writes a project file, and beside it `tunecase.schema.json`, by which an editor completes and "
        "checks it. Every field but `name` and `data` may be left out. Numbers carry their unit, and a range such as "
        f"`5k to 12k` means 90% sure that it lies between. {site_reference.MADE}",
        "## All sections\n\n" + _fields(schema, schema, places := _places(schema)),
    ]
    for name, place in places.items():
        section = schema["$defs"][name]
        parts.append(f"## {place}\n\n{section.get('description', '').strip()}\n\n{_fields(schema, section, places)}")
    return "\n\n".join(parts) + "\n"


def _places(schema: dict[str, Any]) -> dict[str, str]:
    """Where each section of the schema stands in a project file, by the section's name, in reading order."""
    places: dict[str, str] = {}
    waiting = [("", schema)]
    while waiting:
        above, section = waiting.pop(0)
        for field, about in section.get("properties", {}).items():
            for name in re.findall(r'"#/\$defs/(\w+)"', json.dumps(about)):
                if name not in places and "properties" in schema["$defs"][name]:
                    places[name] = f"{above}{field}"
                    waiting.append((f"{above}{field}.", schema["$defs"][name]))
    return places


def _fields(schema: dict[str, Any], section: dict[str, Any], places: Mapping[str, str]) -> str:
    """A table of a section's fields, where a section inside is linked by its place."""
    rows = []
    for name, field in section["properties"].items():
        kind = re.sub(r"\[(\w+)\]\(#\w+\)", lambda found: _place_link(places.get(found[1], found[1])), _type(field))
        rows.append(f"| `{name}` | {kind} | {site_reference.cell(_says(schema, field))} |")
    return "| field | value | means |\n|---|---|---|\n" + "\n".join(rows)


def _says(schema: dict[str, Any], field: dict[str, Any]) -> str:
    """What a field says of itself, or what the section that it is says."""
    inside = re.search(r'"#/\$defs/(\w+)"', json.dumps(field))
    return str(field.get("description") or (schema["$defs"][inside[1]].get("description", "") if inside else ""))


def _place_link(place: str) -> str:
    return f"[{place}](#{re.sub('[^a-z_-]', '', place)})"


PLAIN = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "mapping",
    "array": "list",
}


def _type(field: Mapping[str, Any]) -> str:
    """The values of a field, in words; that it may be null is left out."""
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "enum" in field or "const" in field:
        return ", ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]) if value is not None)
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_type(part) for part in field["anyOf"] if part.get("type") != "null"))
    if field.get("type") == "array" and field.get("items"):
        return f"list of {_type(field['items'])}"
    kinds = field["type"] if isinstance(field.get("type"), list) else [field.get("type")]
    if len(kinds) > 1 and "description" in field:
        return site_reference.cell(field["description"])
    return " or ".join(PLAIN.get(str(kind), "any") for kind in kinds if kind != "null")


def schema_of(command: str) -> dict[str, Any]:
    """The JSON Schema of what a command prints with --json."""
    if hasattr(records, "schema_of"):
        return dict(records.schema_of(command))
    from pydantic import TypeAdapter

    return dict(TypeAdapter(records.RECORDS[command]).json_schema(mode="serialization"))


def printing() -> list[str]:
    """The commands whose record has a JSON Schema, by their paths."""
    told = [
        path
        for path, command in site_reference.all_commands().items()
        if any("--json" in one.opts for one in command.params)
    ]
    return [path for path in told if hasattr(records, "schema_of") or path in records.RECORDS]


def record_pages() -> dict[str, str]:
    """A page with the fields of what each command prints with `--json`, and each one's JSON Schema as a file."""
    parts = [
        "# Records\n\nEvery command prints its record as JSON with `--json`. Each has a JSON Schema to check it by. "
        + site_reference.MADE
    ]
    files: dict[str, str] = {}
    for command in printing():
        schema, file = schema_of(command), f"{command.replace(' ', '-')}.json"
        files[f"reference/schemas/{file}"] = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
        link = f"[JSON Schema](schemas/{file})" + (f", `{schema['$id']}`." if "$id" in schema else ".")
        parts += [f"## {command}", link, *map(_record, _printed(schema))]
    return {"reference/records.md": "\n\n".join(parts) + "\n", **files}


def _printed(schema: Mapping[str, Any], part: Mapping[str, Any] | None = None) -> list[Mapping[str, Any]]:
    """The objects that a command may print, each as the schema of its fields; what stands beside one is its own."""
    part = schema if part is None else part
    found = [
        one for key in ("anyOf", "oneOf", "allOf") for inner in part.get(key, ()) for one in _printed(schema, inner)
    ]
    if "$ref" in part:
        found += _printed(schema, schema["$defs"][part["$ref"].rsplit("/", 1)[-1]])
    return [*found, part] if part.get("properties") else found


def _record(section: Mapping[str, Any]) -> str:
    about = " ".join(section.get("description", "").split("\n\n")[0].split())
    rows = [f"| `{field}` | {_outline(kind)} |" for field, kind in section.get("properties", {}).items()]
    return f"{site_reference.cell(about)}\n\n| field | value |\n|---|---|\n" + "\n".join(rows)


def _outline(field: dict[str, Any]) -> str:
    return re.sub(r"\[(\w+)\]\(#\w+\)", r"\1", _type(field))
