"""What an entry may hold: bounds on every line, and a body that reads as the record of its verb.

Whoever can hash can write any line. One that is longer, deeper or larger than tunecase writes would stop or slow down
whoever reads it, so each is named with what was got and what was wanted, and can be set aside.

*Left out:* a forged line with plausible values. No check tells it from a true one; the books and version control do.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple, get_args

from tunecase.records import RECORDS, SCHEMAS, from_json, quick_spending, reading_fault

Kind = Literal["record", "run", "spend"]
KINDS = get_args(Kind)

MOST_BYTES = 16 * 2**20  # of a line; the largest records have some hundred kilobytes
MOST_DEPTH = 32  # of objects within objects
MOST_WHOLE = 2**53  # the largest whole number that every reader of JSON keeps

FIELDS: dict[str, type] = {"body": dict, "kind": str, "meta": dict, "recorded_at": str, "verb": str}
META: dict[str, type] = {
    "face": str,
    "seen": str,
    "person": str,
    "key": str,
    "version": str,
    "seed": int,
    "schema": int,
    "phase": str,
    "price_book": str,
    "rests_on": dict,
    "made_from": dict,
    "plan": dict,
}
# Records that are made again where they cannot be read; all others are what happened, and must be read.
MADE_AGAIN = frozenset(
    "define audit estimate pilot judge forecast decide next books compare report labelling fit prices sources".split()
)


class Fault(NamedTuple):
    """What is wrong with a line by itself: what was got, and what is wanted."""

    got: str
    wanted: str


class FaultError(ValueError):
    """A line that is no entry; carries its Fault."""

    def __init__(self, got: str, wanted: str) -> None:
        super().__init__(f"{got}; wanted {wanted}")
        self.fault = Fault(got, wanted)


def fields_of(line: bytes) -> dict[str, Any]:
    """The fields of a line, within bounds. Raises FaultError where it holds others or passes a bound."""
    import orjson

    if len(line) > MOST_BYTES:
        raise FaultError(f"a line of {len(line) / 2**20:,.0f} MiB", f"at most {MOST_BYTES // 2**20} MiB")
    try:
        fields = orjson.loads(line)
    except ValueError as error:
        raise FaultError(f"text that is no JSON ({str(error).partition(':')[0]})", "a line of JSON") from None
    return bounded(fields)


def bounded(fields: Any) -> dict[str, Any]:
    """The fields of an entry from parsed JSON, the moment and a charge read. Raises FaultError as `fields_of` does."""
    if not isinstance(fields, dict) or not all(map(isinstance, map(fields.get, FIELDS), FIELDS.values())):
        raise FaultError("a line that tunecase did not write", f"the fields {', '.join(FIELDS)}")
    if fields["kind"] not in KINDS:
        raise FaultError(f"the kind {shortened(fields['kind'])}", f"one of {', '.join(KINDS)}")
    for name, value in fields["meta"].items():
        kind = META.get(name)
        if kind is not None and not isinstance(value, kind):
            raise FaultError(f"meta.{name} {shortened(value)}", _words_of(kind))
    made = quick_spending(fields["body"]) if fields["kind"] == "spend" else None
    _within_bounds(fields if made is None else fields["meta"])
    fields["recorded_at"], fields["made"] = _moment(fields["recorded_at"]), made
    return fields


def _within_bounds(fields: Mapping[str, Any]) -> None:
    level: list[Any] = [fields]
    for _ in range(MOST_DEPTH):
        below = []
        for container in level:
            for value in container.values() if type(container) is dict else container:
                if type(value) is dict or type(value) is list:
                    below.append(value)
                elif type(value) is int and not -MOST_WHOLE <= value <= MOST_WHOLE:
                    raise FaultError(f"the whole number {value:.3g}", f"at most {MOST_WHOLE:,}")
        level = below
        if not level:
            return
    raise FaultError(f"objects nested more than {MOST_DEPTH} deep", f"at most {MOST_DEPTH}")


@lru_cache(16)
def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise FaultError(f"recorded_at {shortened(text)}", "a moment") from None
    if moment.tzinfo is None:
        raise FaultError(f"recorded_at {shortened(text)}", "a moment with its time zone")
    return moment


def form_of(kind: str, verb: str) -> str:
    """The name in RECORDS of the record that an entry holds; a pilot's runs carry the pilot's verb."""
    return verb if kind == "record" else kind


def record_in(kind: str, verb: str, meta: Mapping[str, Any], body: Mapping[str, Any]) -> Any:
    """The record that a body must be; None where nobody has to read it. Raises FaultError where it is no such record.

    A record of another schema, or one written before there were schemas, is made again where that can be.
    """
    form = form_of(kind, verb)
    if form not in RECORDS:
        return None
    other = meta["schema"] != SCHEMAS[form] if "schema" in meta else "version" in meta
    if other and form in MADE_AGAIN:
        return None
    try:
        return from_json(RECORDS[form], body)
    except ValueError as error:
        raise FaultError(*reading_fault(form, error)) from None


def shortened(value: Any) -> str:
    """A value as it is quoted in a message.

    Example:
        >>> shortened("1e999999"), shortened("x" * 100)
        ("'1e999999'", "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…")
    """
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _words_of(kind: type) -> str:
    return {str: "text", int: "a whole number", dict: "an object"}[kind]
