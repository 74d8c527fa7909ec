"""The JSON Schema of answers that are JSON objects, drawn from the training answers, for endpoints that hold to one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tunecase.data import Mask
from tunecase.pilot.scoring.fields import read_json

TYPES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
FEWEST_SEEN = 10  # with fewer, a set looks closed by chance
MOST_VALUES = 100  # of a closed set, so that the schema stays within what endpoints take


def answer_format(labels: Sequence[str]) -> Mapping[str, Any]:
    """The `response_format` that answers share as a field of a request; none where one of them is no JSON object.

    Example:
        >>> answer_format(['{"to": "Ann"}'] * 2)["response_format"]["json_schema"]["schema"]["required"]
        ['to']
    """
    held = [read_json(label) for label in labels]
    if not held or not all(isinstance(value, dict) for value in held):
        return {}
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": _schema(held)}}}


def _schema(values: Sequence[Any]) -> dict[str, Any]:
    """What values have in common: types, names and items; names or texts that all come again are a closed set."""
    types = sorted({TYPES.get(type(value), "null") for value in values})
    schema: dict[str, Any] = {"type": types[0] if len(types) == 1 else types}
    seen = Counter(name for value in values if isinstance(value, dict) for name in value)
    if types == ["object"] and seen:
        named = {name: [value[name] for value in values if name in value] for name in seen}
        required = [name for name in named if seen[name] == len(values)]
        closed = _is_closed(seen)
        schema["properties"] = {name: _schema(held) for name, held in named.items() if closed or name in required}
        schema |= {"required": required, "additionalProperties": not closed}
    items = [item for value in values if isinstance(value, list) for item in value]
    if types == ["array"] and items:
        schema["items"] = _schema(items)
    if types == ["string"] and _is_closed(Counter(values)):
        schema["enum"] = sorted(set(values))
    return schema


def _is_closed(seen: Counter[str]) -> bool:
    again = seen.total() >= FEWEST_SEEN and min(seen.values()) > 1 and len(seen) <= MOST_VALUES
    return again and not Mask.of([*seen]).found
