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
    if types == ["object"]:
        seen = Counter(name for value in values for name in value)
        named = {name: [value[name] for value in values if name in value] for name in seen}
        shared, closed = [name for name in seen if seen[name] == len(values)], _is_closed(seen)
        schema["properties"] = {name: _schema(named[name]) for name in (seen if closed else shared)}
        schema |= {"required": shared, "additionalProperties": not closed}
    elif types == ["array"] and (items := [item for value in values for item in value]):
        schema["items"] = _schema(items)
    elif types == ["string"] and _is_closed(Counter(values)):
        schema["enum"] = sorted(set(values))
    return schema


def _is_closed(seen: Counter[str]) -> bool:
    again = seen.total() >= FEWEST_SEEN and min(seen.values()) > 1 and len(seen) <= MOST_VALUES
    return again and not Mask([*seen]).found
