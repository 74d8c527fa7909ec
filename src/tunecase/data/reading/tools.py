"""Tools that a row declares: one form whatever the spelling, as a part of what goes in."""

from functools import lru_cache
from typing import Any

import orjson

from tunecase.data.reading.chat import BadTurnsError, as_json

COLUMNS = ("tools", "functions", "available_tools", "tool_definitions", "function_definitions")


def tools_text(value: object, name: str) -> str:
    """The declared tools as JSON with sorted keys, "" for none.

    Args:
        value: a list of tools, one tool, or either as JSON text.
        name: of the column, for error messages.
    Raises: BadTurnsError where it is neither.
    Example:
        >>> tools_text('[{"name": "add", "description": "Adds."}]', "tools")
        '[{"description":"Adds.","name":"add"}]'
    """
    if isinstance(value, str):
        return _opened(value, name)
    if value is None or value == []:
        return ""
    if not isinstance(value, list | dict):
        raise BadTurnsError(f"{name!r} is no list of tools")
    return as_json(value)


@lru_cache(maxsize=64)
def _opened(text: str, name: str) -> str:
    if not text.strip():
        return ""
    try:
        value: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadTurnsError(f"{name!r} is not JSON") from None
    return tools_text(value if not isinstance(value, str) else None, name)


def looks_like_tools(value: object) -> bool:
    """True for a list of objects or one object, or for text that begins as either does."""
    if isinstance(value, str):
        return value.lstrip()[:1] in ("[", "{")
    return isinstance(value, dict) or (isinstance(value, list) and all(isinstance(each, dict | str) for each in value))
