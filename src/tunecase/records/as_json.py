"""A record as JSON."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from pathlib import PurePath
from typing import Any


def to_json(record: Any, beside: Mapping[str, Any] | None = None) -> bytes:
    """A record as JSON, Decimals and paths as text, non-finite floats as null.

    A byte of a file name that is no UTF-8 is spelled out, as in `caf\\udce9.csv`.

    Args:
        record: any record, or plain values.
        beside: what stands beside the fields of a record, by name; what is empty is left out.
    """
    import orjson

    if extra := {name: value for name, value in (beside or {}).items() if value}:
        record = {**orjson.loads(to_json(record)), **extra}
    try:
        return orjson.dumps(record, default=_plain)
    except orjson.JSONEncodeError as error:
        if "surrogates" not in str(error):
            raise
        return orjson.dumps(_spelled(record), default=_plain)


def utf_8(text: str) -> str:
    """Text in letters that UTF-8 has: a byte of a file's name may be any."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _spelled(value: Any) -> Any:
    """The same with every text in letters that UTF-8 has."""
    match value:
        case str() | PurePath():
            return utf_8(str(value))
        case dict():
            return {_spelled(name): _spelled(item) for name, item in value.items()}
        case list() | tuple():
            return [_spelled(item) for item in value]
    if is_dataclass(value):
        return {field.name: _spelled(getattr(value, field.name)) for field in fields(value)}
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal | PurePath):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not part of a record")
